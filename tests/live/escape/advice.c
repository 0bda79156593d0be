/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What --trace says of each attempt, held against what then happens. Every attempt that succeeds
 * natively runs by itself in a world as new, traced. What is told has to name the call, its path or
 * address, and the missing right or why nothing allows it; what it proposes is added, and the
 * attempt runs again: it has to succeed, in up to three rounds, for it may make several calls. And
 * of a control that works nothing may be told at all.
 */
#include "driver.h"

#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum {
	LINE_SIZE = 1024,
	OUTPUT_SIZE = 16384,
	RUN_MS = 30000,
	ROUNDS = 3,
	ADDED_MAX = 48,
	DENIALS_MAX = 64,
	ENTRIES_MAX = 1024,
	PASS_PERCENT = 95,
	ATTEMPTS_MIN = 200, /* fewer: the world is not as it should be */
};

struct entry {
	int index;
	char kind;
	char name[256];
};

struct denial {
	char line[LINE_SIZE]; /* for people */
	char key[LINE_SIZE];  /* who is it again? */
	char allow[LINE_SIZE];
	bool full;      /* call, path or address, right, and a grant or why there is none */
	bool has_grant; /* .allow is an option, or names one that can be filled in */
};

struct told {
	struct denial all[DENIALS_MAX];
	size_t count;
};

/* Options that were proposed, one word each. */
struct added {
	char words[ADDED_MAX][PATH_SIZE];
	const char *argv[ADDED_MAX + 2];
	size_t count;
};

enum verdict {
	STOPPED,
	SUCCEEDS, /* it escapes; a control works */
	LEFT_OUT,
	NOT_RUN, /* pale refused to start, or the probe died */
};

struct outcome {
	enum verdict verdict;
	char detail[LINE_SIZE];
};

static struct {
	unsigned stopped, ours, told, full, with_grant, works, comes_to_nothing, nothing, fails;
	unsigned denials, controls, false_reports, not_working;
} n;

static struct entry entries[ENTRIES_MAX];
static size_t entry_count;

/* Why an attempt is stopped without any denial: nothing is refused, there just is nothing. */
static const struct {
	const char *name; /* begins so */
	const char *detail;
	const char *why;
} not_denied[] = {
	{ "descriptor: read a secret from the environment", "", "the variable was not passed" },
	{ "descriptor:", "EBADF", "the descriptor was not handed over" },
	{ "descriptor:", "ENOENT", "the descriptor was not handed over" },
	{ "signal: pidfd_send_signal", "EBADF", "processes outside have no number inside" },
	{ "granted port: send many messages", "EACCES",
	    "the first is sent, and so the call succeeds" },
	{ "", "ESRCH", "processes outside have no number inside" },
	{ "", "ENOSYS", "it is sent to an older call, which other attempts try" },
	{ "absolute: list what lies beside", "", "the list is read, and has only what is granted" },
	{ "kernel: live without the no_new_privs lock", "", "nothing is called" },
	{ "passing: take a descriptor", "", "it is the peer's call that is refused" },
	{ "kernel: hold a capability", "", "the kernel refuses it without a capability" },
	{ "kernel: set a capability", "EPERM", "the kernel refuses it without a capability" },
	{ "schedule: lower the own nice", "", "the kernel refuses it without a capability" },
	{ "trace: suspend the filter", "EPERM", "the kernel refuses it without a capability" },
	{ "granted port: route", "EPERM", "the kernel refuses it without a capability" },
};

static const char *
why_not_denied(const struct entry *entry, const struct outcome *outcome)
{
	for (size_t i = 0; i < sizeof(not_denied) / sizeof(not_denied[0]); i++)
		if (strncmp(entry->name, not_denied[i].name, strlen(not_denied[i].name)) == 0 &&
		    strncmp(outcome->detail, not_denied[i].detail, strlen(not_denied[i].detail)) ==
			0)
			return not_denied[i].why;
	return NULL;
}

/* One run. */

static void
become_command(int output, const char *const *more, const char *const *run_options)
{
	const char *argv[RUN_ARGS];

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	run_leave_open();
	if (dup2(state->slave, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0 ||
	    chdir(at("rw")) < 0)
		_exit(120);
	command_for(argv, RUN_ARGS, more, run_options);
	run_execute(argv);
}

static void
wait_for(pid_t pid)
{
	struct pollfd ended = { (int)syscall(SYS_pidfd_open, pid, 0), POLLIN, 0 };

	if (poll(&ended, 1, RUN_MS) == 0)
		kill(pid, SIGKILL);
	close(ended.fd);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void
judge(const struct entry *entry, char *text, struct outcome *ret)
{
	ret->verdict = NOT_RUN;
	ret->detail[0] = '\0';
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		char *bar = strrchr(line, '|');

		if (strchr("ACL", line[0]) == NULL || line[1] != ' ' || bar == NULL) {
			if (ret->detail[0] == '\0')
				snprintf(ret->detail, sizeof(ret->detail), "%s", line);
			continue;
		}
		snprintf(ret->detail, sizeof(ret->detail), "%s", bar + 1);
		if (strncmp(line + 2, "skip", 4) == 0)
			ret->verdict = LEFT_OUT;
		else if (entry->kind == 'C')
			ret->verdict = strncmp(line + 2, "ok", 2) == 0 ? SUCCEEDS : STOPPED;
		else if (strncmp(line + 2, "ok", 2) == 0)
			ret->verdict = STOPPED;
		else if (strncmp(bar + 1, "escaped", 7) == 0)
			ret->verdict = SUCCEEDS;
		return;
	}
}

static void
run(const struct entry *entry, struct added *added, bool traced, struct outcome *ret)
{
	char trace[PATH_SIZE + 16], index[32], text[OUTPUT_SIZE];
	ssize_t size;
	const char *const more[] = { index, NULL };
	int output, outer_end;
	pid_t pid;

	snprintf(trace, sizeof(trace), "--trace=%s", at("trace"));
	snprintf(index, sizeof(index), "index=%d", entry->index);
	added->argv[added->count] = traced ? trace : NULL;
	added->argv[added->count + 1] = traced ? "--report=json" : NULL;
	added->argv[added->count + 2] = NULL;
	unlink(at("trace"));
	restore_world();
	run_queue_descriptor(&state->pair_inner, &outer_end);
	/* A file that lies in no grant, as shells redirect to: what uses it is no denial. */
	output = open(at("output"), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	must(output >= 0, "output");
	pid = fork();
	if (pid == 0)
		become_command(output, more, added->argv);
	must(pid > 0, "fork");
	wait_for(pid);
	size = pread(output, text, sizeof(text) - 1, 0);
	text[size > 0 ? size : 0] = '\0';
	close(output);
	close(state->pair_inner);
	close(outer_end);
	judge(entry, text, ret);
}

/* What was told. */

static const char *
get(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

static void
take(const json_t *object, struct denial *ret)
{
	const char *call = get(object, "call"), *path = get(object, "path");
	const char *address = get(object, "address"), *allow = get(object, "allow");
	bool named = path[0] != '\0' || address[0] != '\0' || strchr(call, '"') == NULL;
	bool missing = json_array_size(json_object_get(object, "missing")) > 0;
	bool nothing = strncmp(allow, "nothing", 7) == 0;
	bool option = json_is_true(json_object_get(object, "option"));
	char *rights = json_dumps(json_object_get(object, "missing"), JSON_COMPACT);

	ret->has_grant = !nothing && allow[0] != '\0' &&
	    (option || strstr(allow, "--") != NULL || strstr(allow, "policy file") != NULL);
	ret->full = call[0] != '\0' && get(object, "program")[0] != '\0' && named &&
	    ((missing && ret->has_grant) || nothing);
	snprintf(ret->allow, sizeof(ret->allow), "%s%s", option ? "" : "?", allow);
	snprintf(ret->key, sizeof(ret->key), "%s %s %s %s", call, path, address, allow);
	snprintf(ret->line, sizeof(ret->line), "%s -> %s%s missing %s by %s: %s%s", call, path,
	    address, rights, get(object, "by"), option ? "" : "in words: ", allow);
	free(rights);
}

static void
read_told(struct told *ret)
{
	FILE *file = fopen(at("trace"), "re");
	json_error_t error;
	json_t *object;

	ret->count = 0;
	while (file != NULL && ret->count < DENIALS_MAX &&
	    (object = json_loadf(file, JSON_DISABLE_EOF_CHECK, &error)) != NULL) {
		take(object, &ret->all[ret->count++]);
		json_decref(object);
	}
	if (file != NULL)
		fclose(file);
}

static bool
holds(const struct told *told, const char *key)
{
	for (size_t i = 0; i < told->count; i++)
		if (strcmp(told->all[i].key, key) == 0)
			return true;
	return false;
}

static void
add_words(struct added *added, const char *text)
{
	size_t len;

	for (; *text != '\0' && added->count < ADDED_MAX - 1; text += len + (text[len] != '\0')) {
		char *word = added->words[added->count];

		len = strcspn(text, " ");
		snprintf(word, PATH_SIZE, "%.*s", (int)len, text);
		added->argv[added->count++] = word;
	}
}

/* What is said in words is filled in as somebody would who knows what the attempt is about. */
static void
add_grant(struct added *added, const char *allow)
{
	char option[LINE_SIZE];

	if (allow[0] != '?')
		add_words(added, allow);
	else if (strstr(allow, "--net=host") != NULL)
		add_words(added, "--net=host");
	else if (strstr(allow, " in a policy file") != NULL) {
		FILE *policy = fopen(at("added.pale"), "ae");

		must(policy != NULL &&
			fprintf(policy, "%.*s\n",
			    (int)(strstr(allow, " in a policy file") - allow - 1), allow + 1) > 0 &&
			fclose(policy) == 0,
		    "policy");
		snprintf(option, sizeof(option), "--policy %s", at("added.pale"));
		add_words(added, option);
	} else if (strstr(allow, "--unix PATH:connect") != NULL) {
		snprintf(option, sizeof(option), "--unix %s:connect", at("outside/dgram"));
		add_words(added, option);
	}
}

/* An attempt, from its first refusal to its success. */

static void
note_entry(const char *what, const struct entry *entry, const struct outcome *outcome,
    const struct told *told)
{
	char line[2 * LINE_SIZE];

	snprintf(line, sizeof(line), "%s: %s (%s)", what, entry->name, outcome->detail);
	tap_note(line);
	for (size_t i = 0; told != NULL && i < told->count; i++) {
		snprintf(line, sizeof(line), "    %s", told->all[i].line);
		tap_note(line);
	}
}

static bool
any_grant(const struct told *told)
{
	for (size_t i = 0; i < told->count; i++)
		if (told->all[i].has_grant)
			return true;
	return false;
}

static void
follow(const struct entry *entry, struct outcome *outcome, const struct told *first)
{
	static struct told told, before;
	struct added added = { .count = 0 };
	bool again;

	told = *first;
	unlink(at("added.pale"));
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < told.count; i++)
			if (told.all[i].has_grant)
				add_grant(&added, told.all[i].allow);
		run(entry, &added, false, outcome);
		if (outcome->verdict == SUCCEEDS) {
			n.works++;
			return;
		}
		before = told;
		run(entry, &added, true, outcome);
		read_told(&told);
		again = false;
		for (size_t i = 0; i < before.count; i++)
			again =
			    again || (before.all[i].has_grant && holds(&told, before.all[i].key));
		if (again || outcome->verdict != STOPPED)
			break;
		if (told.count > 0 ? !any_grant(&told) : why_not_denied(entry, outcome) != NULL) {
			n.comes_to_nothing++;
			note_entry("comes to what no grant allows", entry, outcome, &told);
			return;
		}
		if (told.count == 0)
			break;
	}
	n.fails++;
	note_entry("GRANT DOES NOT HELP", entry, outcome, first);
	for (size_t i = 0; i < added.count; i += 2)
		tap_note(added.words[i + 1]);
	for (size_t i = 0; i < told.count; i++) {
		char line[LINE_SIZE + 16];

		snprintf(line, sizeof(line), "    then: %s", told.all[i].line);
		tap_note(line);
	}
}

static void
try_attempt(const struct entry *entry)
{
	static struct told told;
	struct added none = { .count = 0 };
	struct outcome outcome;
	bool full = true;

	run(entry, &none, true, &outcome);
	read_told(&told);
	if (outcome.verdict == LEFT_OUT)
		return;
	if (outcome.verdict != STOPPED) {
		note_entry("NOT STOPPED", entry, &outcome, &told);
		return;
	}
	n.stopped++;
	if (told.count == 0) {
		const char *why = why_not_denied(entry, &outcome);

		n.ours += why == NULL;
		note_entry(why == NULL ? "NOT TOLD" : why, entry, &outcome, NULL);
		return;
	}
	n.ours++;
	n.told++;
	n.denials += (unsigned)told.count;
	for (size_t i = 0; i < told.count; i++)
		full = full && told.all[i].full;
	n.full += full;
	if (!full)
		note_entry("NOT IN FULL", entry, &outcome, &told);
	if (any_grant(&told)) {
		n.with_grant++;
		follow(entry, &outcome, &told);
	} else {
		n.nothing++;
		note_entry("no grant allows", entry, &outcome, &told);
	}
}

static void
try_control(const struct entry *entry)
{
	static struct told told;
	struct added none = { .count = 0 };
	struct outcome outcome;

	run(entry, &none, true, &outcome);
	read_told(&told);
	if (outcome.verdict == LEFT_OUT)
		return;
	n.controls++;
	if (told.count == 0 && outcome.verdict == SUCCEEDS)
		return;
	n.false_reports += (unsigned)told.count;
	n.not_working += outcome.verdict != SUCCEEDS;
	note_entry(outcome.verdict == SUCCEEDS ? "FALSE REPORT" : "DOES NOT WORK TRACED", entry,
	    &outcome, &told);
}

static void
read_list(void)
{
	char command[2 * PATH_SIZE], line[LINE_SIZE], who[16];
	struct entry *e = entries;
	FILE *list;
	int race, used;

	snprintf(command, sizeof(command), "%s %s list", options.probe, state->dir);
	list = popen(command, "re");
	must(list != NULL, "list of attempts");
	while (e < entries + ENTRIES_MAX && fgets(line, sizeof(line), list) != NULL) {
		if (sscanf(line, "%d %c %d %15[a-z]|%n", &e->index, &e->kind, &race, who, &used) !=
			4 ||
		    race != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(e->name, sizeof(e->name), "%s", line + used);
		if (e->kind == 'L' ||
		    (e->kind == 'A' && strcmp(who, "anyone") != 0 &&
			(strcmp(who, "root") != 0 || options.uid != 0)) ||
		    (options.only != NULL && strstr(e->name, options.only) == NULL))
			continue;
		e++;
	}
	entry_count = (size_t)(e - entries);
	must(pclose(list) == 0 && entry_count > 0, "list of attempts");
}

/* Returns whether all are as they must be. */
static bool
print_figures(void)
{
	unsigned good = n.works + n.comes_to_nothing;
	unsigned least = options.only != NULL ? 0 : ATTEMPTS_MIN;
	bool helps =
	    n.works * 100 >= (n.with_grant - n.comes_to_nothing) * PASS_PERCENT && n.works >= least;
	bool told = n.full * 100 >= n.ours * PASS_PERCENT && n.full >= least;
	bool quiet = n.false_reports == 0 && n.not_working == 0;

	tap_line(helps,
	    "of %u attempts that were told with a grant %u succeed with it, %u come to a call that "
	    "no grant allows, %u fail",
	    n.with_grant, n.works, n.comes_to_nothing, n.with_grant - good);
	tap_line(told,
	    "of %u attempts that pale denies %u are told, %u in full (%u denials); %u of them as "
	    "what no grant allows",
	    n.ours, n.told, n.full, n.denials, n.nothing);
	tap_line(quiet, "of %u controls %u denials are told falsely, and %u do not work traced",
	    n.controls, n.false_reports, n.not_working);
	printf(
	    "1..3\n# attempts: %u stopped, %u denied, %u told, %u in full, %u with a grant, %u of "
	    "these succeed, %u come to nothing; %u no grant allows\n",
	    n.stopped, n.ours, n.told, n.full, n.with_grant, n.works, n.comes_to_nothing,
	    n.nothing);
	fflush(stdout);
	return helps && told && quiet;
}

/* As the leader of a session on the terminal, for all runs. */
static void
lead(int go)
{
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (setsid() < 0 || ioctl(state->slave, TIOCSCTTY, 0) < 0 || read(go, &byte, 1) != 1)
		_exit(120);
	outside_count_signals(true);
	signal(SIGHUP, SIG_IGN);
	keep_world();
	for (size_t i = 0; i < entry_count; i++) {
		if (entries[i].kind == 'C')
			try_control(&entries[i]);
		else
			try_attempt(&entries[i]);
	}
	_exit(print_figures() ? 0 : 1);
}

bool
run_advice(int outer)
{
	int ask_fd = open(at("rw/.ask"), O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int answer_fd = open(at("rw/.answer"), O_RDWR | O_NONBLOCK | O_CLOEXEC);
	struct pollfd all[3] = { { ask_fd, POLLIN, 0 }, { state->master, POLLIN, 0 },
		{ -1, POLLIN, 0 } };
	char buffer[4096];
	int go[2], status = 0;
	pid_t leader;

	must(ask_fd >= 0 && answer_fd >= 0 && pipe2(go, O_CLOEXEC) == 0, "pipes");
	read_list();
	fflush(stdout);
	leader = fork();
	if (leader == 0)
		lead(go[0]);
	must(leader > 0, "leader");
	state->world.leader = leader;
	world_write();
	must(write(go[1], "g", 1) == 1, "start");
	all[2].fd = (int)syscall(SYS_pidfd_open, leader, 0);
	while ((poll(all, 3, -1) > 0 || errno == EINTR) && all[2].revents == 0) {
		if (all[0].revents & POLLIN)
			outside_answer(ask_fd, answer_fd, outer);
		if (all[1].revents & POLLIN && read(state->master, buffer, sizeof(buffer)) < 0)
			all[1].fd = -1;
		if (all[1].revents & POLLHUP)
			all[1].fd = -1;
	}
	waitpid(leader, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
