/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plan as text for people; see explain.h. What is of one kind and comes from one source stands in
 * one line, so that the base of every cage does not hide what was asked for.
 */
#include "report/explain.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "core/scope.h"
#include "kernel/probe.h"
#include "report/endpoints.h"
#include "report/words.h"

enum {
	RIGHTS_COLUMNS = 20,
	BY_COLUMNS = 26,
	ORIGIN_COLUMNS = 16,
	PATHS_SHOWN = 8, /* of a group; --json has all */
	SETS_SHOWN = 8,  /* sets of accesses that are spelled out; more are rare */
};

/* Where a grant comes from, without the line: "profile system". */
static size_t
source_len(const char *origin)
{
	const char *colon = strrchr(origin, ':');

	return colon == NULL ? strlen(origin) : (size_t)(colon - origin);
}

static bool
same_source(const char *a, const char *b)
{
	size_t len = source_len(a);

	return len == source_len(b) && strncmp(a, b, len) == 0;
}

/* Do two entries differ by their path alone? */
static bool
same_group(const struct pale_entry *a, const struct pale_entry *b)
{
	if (!same_source(a->origin, b->origin) || a->redundant != b->redundant)
		return false;
	if (pale_entry_has_rights(a) && pale_entry_has_rights(b) && a->kind != PALE_GRANT_FD &&
	    b->kind != PALE_GRANT_FD)
		return a->rights == b->rights;
	return a->kind == b->kind && a->exec == b->exec;
}

static void
say_rights(struct pale_string *string, const struct pale_entry *entry)
{
	if (entry->redundant) {
		pale_string_add(string, "as around it");
		return;
	}
	switch (entry->kind) {
	case PALE_GRANT_COPY:
		pale_string_add(string, "read a copy");
		return;
	case PALE_GRANT_HIDE:
		pale_string_add(string, "hidden");
		return;
	case PALE_GRANT_TMP:
		pale_string_add(string, "private%s", entry->exec ? ", execute" : "");
		return;
	case PALE_GRANT_DEV:
		pale_string_add(string, "device: read write");
		return;
	case PALE_GRANT_FIFO:
		pale_words_names(string, entry->rights & RS(READ, WRITE));
		return;
	case PALE_GRANT_UNIX:
		pale_string_add(string, "socket: see below");
		return;
	case PALE_GRANT_LINK:
	case PALE_GRANT_SHM:
	case PALE_GRANT_MSG:
	case PALE_GRANT_SEM:
	case PALE_GRANT_MQ:
	case PALE_GRANT_TCP:
	case PALE_GRANT_UDP:
		pale_string_add(string, "link");
		return;
	case PALE_GRANT_FD:
		pale_words_rights(string, entry->reopen ? entry->rights : entry->asked);
		return;
	case PALE_GRANT_PATH:
	case PALE_GRANT_DIR:
	case PALE_GRANT_FILE:
		break;
	}
	pale_words_rights(string, entry->rights);
}

static void
say_by(struct pale_string *string, const struct pale_plan *plan, const struct pale_entry *entry)
{
	bool rdonly = (entry->attr & MOUNT_ATTR_RDONLY) != 0;
	bool noexec = (entry->attr & MOUNT_ATTR_NOEXEC) != 0;

	if (entry->redundant || entry->kind == PALE_GRANT_LINK) {
		pale_string_add(string, "-");
		return;
	}
	if (entry->kind == PALE_GRANT_FD && !entry->reopen) {
		pale_string_add(string, "how it was opened");
		return;
	}
	if (entry->kind == PALE_GRANT_UNIX) {
		pale_string_add(string, entry->absent ? "supervisor" : "ro noexec");
		return;
	}
	if (entry->kind == PALE_GRANT_COPY || entry->kind == PALE_GRANT_HIDE) {
		pale_string_add(string, "ro noexec");
		return;
	}
	pale_string_add(string, "%s%s, Landlock %d/%d",
	    entry->kind == PALE_GRANT_DEV || entry->kind == PALE_GRANT_FIFO ? "data only"
		: rdonly                                                    ? "ro"
									    : "rw",
	    noexec && entry->kind != PALE_GRANT_DEV && entry->kind != PALE_GRANT_FIFO ? " noexec"
										      : "",
	    __builtin_popcountll(entry->landlock & plan->landlock_fs),
	    __builtin_popcountll(plan->landlock_fs));
}

/* A cell of a table; the next line is used if it is too wide. */
static void
put_cell(const struct pale_text *text, const char *words, unsigned columns, unsigned at)
{
	unsigned taken = pale_text_columns(words);

	pale_text_put(text, PALE_TEXT_PLAIN, words);
	if (taken < columns)
		fprintf(text->out, "%*s", (int)(columns - taken), "");
	else
		fprintf(text->out, "\n%*s", (int)(at + columns), "");
}

static void
say_paths(struct pale_string *string, const struct pale_plan *plan, size_t first, bool *told)
{
	const struct pale_entry *entries = plan->entries;
	size_t shown = 0;
	size_t more = 0;

	for (size_t i = first; i < plan->entry_count; i++) {
		if (told[i] || !same_group(&entries[first], &entries[i]))
			continue;
		told[i] = true;
		if (shown == PATHS_SHOWN) {
			more++;
			continue;
		}
		pale_string_add(string, "%s%s", shown == 0 ? "" : " ", entries[i].path);
		shown++;
	}
	if (more > 0)
		pale_string_add(string, " and %zu more", more);
}

static void
put_group(const struct pale_text *text, const struct pale_plan *plan, size_t first, bool *told)
{
	const struct pale_entry *entry = &plan->entries[first];
	struct pale_string rights = { 0 };
	struct pale_string by = { 0 };
	struct pale_string origin = { 0 };
	struct pale_string paths = { 0 };

	say_rights(&rights, entry);
	say_by(&by, plan, entry);
	pale_string_add(&origin, "%.*s", (int)source_len(entry->origin), entry->origin);
	say_paths(&paths, plan, first, told);
	put_cell(text, pale_string_get(&rights), RIGHTS_COLUMNS, 0);
	put_cell(text, pale_string_get(&by), BY_COLUMNS, RIGHTS_COLUMNS);
	put_cell(text, pale_string_get(&origin), ORIGIN_COLUMNS, RIGHTS_COLUMNS + BY_COLUMNS);
	pale_text_wrap(text, RIGHTS_COLUMNS + BY_COLUMNS + ORIGIN_COLUMNS,
	    RIGHTS_COLUMNS + BY_COLUMNS + ORIGIN_COLUMNS, pale_string_get(&paths));
	pale_string_done(&rights);
	pale_string_done(&by);
	pale_string_done(&origin);
	pale_string_done(&paths);
}

/* What was asked for comes first, then its profiles, the base of every cage last. */
static int
rank(const struct pale_entry *entry)
{
	static const char profile[] = "profile ";
	static const char base[] = "profile system:";

	if (strncmp(entry->origin, base, sizeof(base) - 1) == 0)
		return 2;
	return strncmp(entry->origin, profile, sizeof(profile) - 1) == 0 ? 1 : 0;
}

static void
put_grants(const struct pale_text *text, const struct pale_plan *plan)
{
	PALE_FREE bool *told = calloc(plan->entry_count + 1, sizeof(*told));

	if (told == NULL) {
		pale_text_put(text, PALE_TEXT_BAD, "out of memory\n");
		return;
	}
	fprintf(text->out, "%s%-*s%-*s%-*s%s%s\n", text->colour ? "\033[1m" : "", RIGHTS_COLUMNS,
	    "MAY", BY_COLUMNS, "ENFORCED BY", ORIGIN_COLUMNS, "GRANTED BY", "WHAT",
	    text->colour ? "\033[0m" : "");
	for (int now = 0; now <= 2; now++) {
		for (size_t i = 0; i < plan->entry_count; i++) {
			const struct pale_entry *entry = &plan->entries[i];
			/* Parts of a profile that others of its parts show anyway. */
			bool noise = entry->redundant && rank(entry) > 0;

			if (!told[i] && rank(entry) == now && !noise)
				put_group(text, plan, i, told);
		}
	}
	fputc('\n', text->out);
}

/* Rights that hold somewhere only because nothing can part them from another. */
static void
put_along(const struct pale_text *text, const struct pale_plan *plan)
{
	pale_rights with_name = 0;
	pale_rights with_data = 0;
	pale_rights with_change = pale_rights_of_how(PALE_HOW_ASK);
	pale_rights all = 0;
	struct pale_string words = { 0 };

	for (size_t i = 0; i < plan->entry_count; i++) {
		if (pale_entry_has_rights(&plan->entries[i]))
			all |= plan->entries[i].rights;
	}
	for (unsigned i = 0; i < PALE_RIGHT_COUNT; i++) {
		const struct pale_right_row *row = pale_right_row(i);

		if (row->how != PALE_HOW_WITH || (all >> i & 1) == 0)
			continue;
		if (i == PALE_RIGHT_LOOKUP || (row->with & RS(LOOKUP)) != 0)
			with_name |= (pale_rights)1 << i;
		else
			with_data |= (pale_rights)1 << i;
	}
	if (all == 0)
		return;
	pale_string_add(&words, "with every name: ");
	pale_words_names(&words, with_name);
	pale_string_add(&words, "; with read or write: ");
	pale_words_names(&words, with_data);
	pale_string_add(&words, "; with any right to change something: ");
	pale_words_names(&words, with_change);
	pale_string_add(&words,
	    ". Of these, connectat reaches whoever listens on a socket there, and flock makes "
	    "others wait.");
	pale_text_item(text, "Comes along", pale_string_get(&words));
	pale_string_done(&words);
}

/* What stands still until the supervisor has performed it. */
static void
put_asked(const struct pale_text *text, const struct pale_plan *plan)
{
	struct pale_string words = { 0 };

	for (unsigned i = 0; i < PALE_SYS_COUNT; i++) {
		enum pale_sys sys = (enum pale_sys)i;

		if (pale_sys_row_answer(sys, &plan->sys).run == RUN_ASK && pale_sys_nr(sys) >= 0)
			pale_string_add(&words, "%s%s",
			    pale_string_get(&words)[0] == '\0' ? "" : ", ",
			    pale_sys_row(sys)->name);
	}
	pale_string_add(&words, ": performed on copied arguments, where the grant can be changed");
	pale_text_item(text, "Supervisor", pale_string_get(&words));
	pale_string_done(&words);
}

static void
put_filter(const struct pale_text *text, const struct pale_plan *plan)
{
	struct pale_string words = { 0 };
	const char *between = "";
	unsigned denied = 0;
	unsigned calls = 0;

	for (unsigned i = 0; i < PALE_SYS_COUNT; i++) {
		if (pale_sys_nr((enum pale_sys)i) < 0)
			continue;
		calls++;
		denied += pale_sys_row_answer((enum pale_sys)i, &plan->sys).run == RUN_DENY;
	}
	pale_string_add(&words,
	    "%u of %u calls are refused whatever they ask for, others by their "
	    "arguments; open: ",
	    denied, calls);
	for (unsigned gate = GATE_NONE + 1; gate < GATE_COUNT; gate++) {
		/* Those of calls that are asked about show below. */
		if ((plan->sys.gates >> gate & 1) == 0 || gate >= GATE_CONNECT)
			continue;
		pale_string_add(&words, "%s%s", between, pale_words_gate((enum pale_gate)gate));
		between = ", ";
	}
	if (between[0] == '\0')
		pale_string_add(&words, "none");
	pale_string_add(&words, " (the list: pale-run(1), or --json)");
	pale_text_item(text, "Call filter", pale_string_get(&words));
	pale_string_done(&words);
	put_asked(text, plan);
	if (plan->sys.withheld == 0)
		return;
	pale_words_names(&words, plan->sys.withheld);
	pale_string_add(&words, ": held by no grant, so taken from the whole cage by the filter");
	pale_text_item(text, "Withheld", pale_string_get(&words));
	pale_string_done(&words);
}

/* What the fractions of the table stand for: each set of accesses that some rule allows, once. */
static void
say_rules(struct pale_string *words, const struct pale_plan *plan)
{
	uint64_t told[SETS_SHOWN] = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < plan->entry_count && count < PALE_COUNT(told); i++) {
		uint64_t allowed = plan->entries[i].landlock & plan->landlock_fs;
		uint64_t denied = plan->landlock_fs & ~allowed;
		size_t seen = 0;

		while (seen < count && told[seen] != allowed)
			seen++;
		if (seen < count || plan->entries[i].redundant || allowed == 0 || denied == 0)
			continue;
		told[count++] = allowed;
		pale_string_add(words, "; %d/%d: %s", __builtin_popcountll(allowed),
		    __builtin_popcountll(plan->landlock_fs),
		    __builtin_popcountll(denied) <= 3 ? "all but " : "");
		pale_words_bits(words, pale_words_landlock_fs,
		    __builtin_popcountll(denied) <= 3 ? denied : allowed, " ");
	}
}

static void
put_landlock(const struct pale_text *text, const struct pale_plan *plan)
{
	struct pale_string words = { 0 };

	if (plan->landlock_fs == 0 && plan->landlock_scope == 0) {
		pale_text_item(text, "Landlock", "none: there is no second fence");
		return;
	}
	pale_string_add(&words, "ABI %d handles %d accesses: ", plan->landlock_abi,
	    __builtin_popcountll(plan->landlock_fs));
	pale_words_bits(&words, pale_words_landlock_fs, plan->landlock_fs, " ");
	say_rules(&words, plan);
	pale_string_add(&words, "; scopes ");
	pale_words_bits(&words, pale_words_landlock_scope, plan->landlock_scope, " ");
	pale_text_item(text, "Landlock", pale_string_get(&words));
	pale_string_done(&words);
}

static void
say_fd(struct pale_string *words, int fd, const struct pale_fd_look *look)
{
	pale_string_add(words, "%d %s", fd, look->type);
	if (look->name[0] != '\0')
		pale_string_add(words, " '%s'", look->name);
	if (!look->open)
		return;
	pale_string_add(words, ": %s%s%s", look->reads ? "read" : "",
	    look->reads && look->writes ? " " : "",
	    look->writes ? (look->appends ? "append" : "write") : "");
	if (look->refused)
		pale_string_add(words, "; REFUSED, for it would open a way out");
	else if (look->granted)
		pale_string_add(words, "; granted above");
	else if (look->is_file)
		pale_string_add(words,
		    "; it is passed as it is, so fchmod, fchown, futimes and extended attributes "
		    "of this file come with it");
}

static void
put_fds(const struct pale_text *text, const struct pale_explain *explain)
{
	for (int fd = 0; fd < (int)PALE_COUNT(explain->fds); fd++) {
		struct pale_string words = { 0 };

		say_fd(&words, fd, &explain->fds[fd]);
		pale_text_item(text, fd == 0 ? "Descriptors" : "", pale_string_get(&words));
		pale_string_done(&words);
	}
}

static void
put_limits(const struct pale_text *text, const struct pale_explain *explain)
{
	const struct pale_compartment *compartment = explain->compartment;
	struct pale_string words = { 0 };
	uint64_t nproc = compartment->limit_set[PALE_LIMIT_NPROC]
	    ? compartment->limit[PALE_LIMIT_NPROC]
	    : explain->nproc;

	for (unsigned i = 0; i < PALE_LIMIT_COUNT; i++) {
		uint64_t value = i == PALE_LIMIT_NPROC ? nproc : compartment->limit[i];

		if (i != PALE_LIMIT_NPROC && !compartment->limit_set[i])
			continue;
		if (value == UINT64_MAX)
			pale_string_add(&words, "%s unlimited, ", pale_limit_name(i));
		else
			pale_string_add(
			    &words, "%s %llu, ", pale_limit_name(i), (unsigned long long)value);
	}
	pale_string_add(&words, "no core files");
	pale_text_item(text, "Limits", pale_string_get(&words));
	pale_string_done(&words);
}

static void
put_env(const struct pale_text *text, const struct pale_explain *explain)
{
	struct pale_string words = { 0 };

	for (char *const *env = explain->env; *env != NULL; env++)
		pale_string_add(&words, "%s%.*s", env == explain->env ? "" : " ",
		    (int)strcspn(*env, "="), *env);
	if (explain->env[0] == NULL)
		pale_string_add(&words, "empty");
	pale_text_item(text, "Environment", pale_string_get(&words));
	pale_string_done(&words);
}

static void
put_losses(const struct pale_text *text, const struct pale_plan *plan)
{
	for (size_t i = 0; i < plan->notice_count; i++)
		pale_text_item(text, i == 0 ? "Accepted" : "", plan->notices[i]);
	for (const struct pale_probe_landlock *row = pale_probe_landlock; row->abi != 0; row++) {
		struct pale_string words = { 0 };

		if (row->abi <= plan->landlock_abi || row->without == NULL)
			continue;
		pale_string_add(&words, "%s (that takes Linux %s)", row->without, row->kernel);
		pale_text_item(text, "Not here", pale_string_get(&words));
		pale_string_done(&words);
	}
}

/* Single hosts are endpoints, and that there is none needs no words. */
static void
put_network(const struct pale_text *text, const struct pale_plan *plan)
{
	if (plan->net->loopback)
		pale_text_item(text, "Network", "its own, with a loopback interface: all of that");
	else if (plan->net->open)
		pale_text_item(
		    text, "Network", "the machine's, all of it, as its programs have it");
	else if (plan->net->own)
		pale_text_item(text, "Network", "its own, and nothing in it");
}

void
pale_report_explain(const struct pale_explain *explain, const struct pale_text *text)
{
	const struct pale_plan *plan = explain->plan;
	struct pale_string words = { 0 };

	put_grants(text, plan);
	pale_report_endpoints(plan, text);
	put_network(text, plan);
	put_along(text, plan);
	put_filter(text, plan);
	put_landlock(text, plan);
	pale_string_add(&words, "user, mount, pid%s%s; no capability; /proc: %s",
	    plan->doors.machine_ipc ? "" : ", ipc", plan->net->own ? ", net" : "",
	    !plan->proc           ? "none"
		: plan->proc_full ? "all of it, dangerous files masked"
				  : "the cage's own processes");
	pale_text_item(text, "Namespaces", pale_string_get(&words));
	pale_string_done(&words);
	put_fds(text, explain);
	put_limits(text, explain);
	put_env(text, explain);
	pale_text_item(text, "Starts in", plan->cwd);
	put_losses(text, plan);
}
