/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of `pale run`; see run_options.h. */
#include "cli/run_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/scope.h"
#include "core/suggest.h"
#include "kernel/landlock.h"
#include "policy/endpoint.h"

enum {
	WORD_BYTES = 64,
	PATH_BYTES = 8192,
	LANDLOCK_ABI_MAX = 99,
};

static int
grant(struct pale_run_args *args, enum pale_grant_kind kind, const char *with, const char *path,
    pale_rights rights, struct pale_err *err)
{
	struct pale_grant one = {
		.kind = kind,
		.path = (char *)(uintptr_t)path,
		.rights = rights,
		.fd = -1,
		.origin = (char *)(uintptr_t)with,
	};

	if (path[0] == '\0')
		return pale_fail(err, -EINVAL, "option %s: the path is empty", with);
	return pale_compartment_grant(args->line, &one, err);
}

static int
take_read(void *state, const char *with, const char *arg, struct pale_err *err)
{
	return grant(state, PALE_GRANT_PATH, with, arg, pale_rights_preset_read(), err);
}

static int
take_write(void *state, const char *with, const char *arg, struct pale_err *err)
{
	return grant(state, PALE_GRANT_PATH, with, arg, pale_rights_preset_write(), err);
}

static int
take_execute(void *state, const char *with, const char *arg, struct pale_err *err)
{
	return grant(state, PALE_GRANT_PATH, with, arg, pale_rights_preset_execute(), err);
}

static int
take_hide(void *state, const char *with, const char *arg, struct pale_err *err)
{
	return grant(state, PALE_GRANT_HIDE, with, arg, 0, err);
}

static int
take_tmp(void *state, const char *with, const char *arg, struct pale_err *err)
{
	return grant(state, PALE_GRANT_TMP, with, arg, 0, err);
}

/* PATH:RIGHTS; the last colon parts them, so that a path may hold colons. */
static int
take_rights(struct pale_run_args *args, enum pale_grant_kind kind, const char *with,
    const char *arg, struct pale_err *err)
{
	const char *colon = strrchr(arg, ':');
	char path[PATH_BYTES];
	pale_rights rights;
	int result;

	if (colon == NULL || colon == arg || (size_t)(colon - arg) >= sizeof(path)) {
		pale_fail(err, -EINVAL, "option %s: '%s' is not PATH:RIGHTS", with, arg);
		return pale_remedy(err, "for example %s build:lookup,read,write,create", with);
	}
	memcpy(path, arg, (size_t)(colon - arg));
	path[colon - arg] = '\0';
	result = pale_rights_parse(colon + 1, &rights, err);
	return result < 0 ? result : grant(args, kind, with, path, rights, err);
}

static int
take_dir(void *state, const char *with, const char *arg, struct pale_err *err)
{
	return take_rights(state, PALE_GRANT_DIR, with, arg, err);
}

static int
take_file(void *state, const char *with, const char *arg, struct pale_err *err)
{
	return take_rights(state, PALE_GRANT_FILE, with, arg, err);
}

static int
take_fd(void *state, const char *with, const char *arg, struct pale_err *err)
{
	struct pale_run_args *args = state;
	struct pale_grant one = { .kind = PALE_GRANT_FD, .origin = (char *)(uintptr_t)with };
	char *end;
	long fd = strtol(arg, &end, 10);
	int result;

	if (end == arg || *end != ':' || fd < 0 || fd > 1 << 20) {
		pale_fail(err, -EINVAL, "option %s: '%s' is not N:RIGHTS", with, arg);
		return pale_remedy(err, "for example %s 3:read", with);
	}
	one.fd = (int)fd;
	result = pale_rights_parse(end + 1, &one.rights, err);
	return result < 0 ? result : pale_compartment_grant(args->line, &one, err);
}

/* --unix, --fifo, --sysv, --mq, --tcp, --udp: NAME:USES, by the name of the option. */
static int
take_endpoint(void *state, const char *with, const char *arg, struct pale_err *err)
{
	struct pale_run_args *args = state;
	struct pale_grant one = { .fd = -1, .origin = (char *)(uintptr_t)with };
	struct pale_err inner = { 0 };
	int result = pale_endpoint_parse_word(with, arg, &one, &inner);

	if (result < 0) {
		pale_fail(err, result, "option %s: %s", with, inner.text);
		return inner.remedy[0] == '\0' ? result : pale_remedy(err, "%s", inner.remedy);
	}
	result = pale_compartment_grant(args->line, &one, err);
	free(one.path);
	return result;
}

static int
take_net(void *state, const char *with PALE_UNUSED, const char *arg, struct pale_err *err)
{
	return pale_compartment_net(((struct pale_run_args *)state)->line, arg, err);
}

static int
take_notify(void *state, const char *with PALE_UNUSED, const char *arg PALE_UNUSED,
    struct pale_err *err PALE_UNUSED)
{
	((struct pale_run_args *)state)->line->notify = true;
	return 0;
}

static int
take_listen_fds(void *state, const char *with PALE_UNUSED, const char *arg PALE_UNUSED,
    struct pale_err *err PALE_UNUSED)
{
	((struct pale_run_args *)state)->line->activation = true;
	return 0;
}

static int
add_word(struct pale_run_words *words, const char *word, struct pale_err *err)
{
	const char **grown = reallocarray(words->list, words->count + 1, sizeof(*grown));

	if (grown == NULL)
		return pale_fail(err, -ENOMEM, "out of memory");
	words->list = grown;
	grown[words->count++] = word;
	return 0;
}

static int
take_profile(void *state, const char *with PALE_UNUSED, const char *arg, struct pale_err *err)
{
	struct pale_run_args *args = state;
	int result = pale_profile_read(&args->base, arg, err);

	return result < 0 ? result : add_word(&args->profiles, arg, err);
}

static int
take_policy(void *state, const char *with PALE_UNUSED, const char *arg, struct pale_err *err)
{
	struct pale_run_args *args = state;
	int result = pale_policy_read_file(&args->policy, arg, err);

	return result < 0 ? result : add_word(&args->policies, arg, err);
}

static int
take_learn(void *state, const char *with, const char *arg, struct pale_err *err)
{
	if (*arg == '\0')
		return pale_fail(err, -EINVAL, "option %s: the file has no name", with);
	((struct pale_run_args *)state)->learn = arg;
	return 0;
}

static int
take_learn_within(void *state, const char *with, const char *arg, struct pale_err *err)
{
	if (*arg == '\0')
		return pale_fail(err, -EINVAL, "option %s: the path is empty", with);
	return add_word(&((struct pale_run_args *)state)->within, arg, err);
}

/* For "#!": what follows a script's own name is not for us. */
static int
take_script(void *state, const char *with, const char *arg, struct pale_err *err)
{
	int result = take_policy(state, with, arg, err);

	return result < 0 ? result : 1;
}

static int
take_compartment(
    void *state, const char *with PALE_UNUSED, const char *arg, struct pale_err *err PALE_UNUSED)
{
	((struct pale_run_args *)state)->compartment = arg;
	return 0;
}

static int
take_env(void *state, const char *with PALE_UNUSED, const char *arg, struct pale_err *err)
{
	return pale_compartment_env(((struct pale_run_args *)state)->line, arg, err);
}

static int
take_clear_env(void *state, const char *with PALE_UNUSED, const char *arg PALE_UNUSED,
    struct pale_err *err PALE_UNUSED)
{
	((struct pale_run_args *)state)->line->clear_env = true;
	return 0;
}

static int
take_limit(void *state, const char *with PALE_UNUSED, const char *arg, struct pale_err *err)
{
	return pale_compartment_limit(((struct pale_run_args *)state)->line, arg, err);
}

static int
take_chdir(void *state, const char *with PALE_UNUSED, const char *arg, struct pale_err *err)
{
	struct pale_run_args *args = state;

	free(args->line->chdir);
	args->line->chdir = strdup(arg);
	return args->line->chdir == NULL ? pale_fail(err, -ENOMEM, "out of memory") : 0;
}

static int
take_proc(void *state, const char *with, const char *arg, struct pale_err *err)
{
	static const char *const words[] = { "none", "self", "full" };
	struct pale_run_args *args = state;

	for (size_t i = 0; i < PALE_COUNT(words); i++) {
		if (strcmp(arg, words[i]) == 0) {
			free(args->line->proc);
			args->line->proc = strdup(arg);
			return args->line->proc == NULL ? pale_fail(err, -ENOMEM, "out of memory")
							: 0;
		}
	}
	return pale_fail(err, -EINVAL, "option %s: '%s' is not one of none, self, full", with, arg);
}

static int
take_paranoid(void *state, const char *with PALE_UNUSED, const char *arg PALE_UNUSED,
    struct pale_err *err PALE_UNUSED)
{
	((struct pale_run_args *)state)->plan.paranoid = true;
	return 0;
}

static int
take_bare(void *state, const char *with PALE_UNUSED, const char *arg PALE_UNUSED,
    struct pale_err *err PALE_UNUSED)
{
	((struct pale_run_args *)state)->plan.bare = true;
	return 0;
}

static int
take_strict(void *state, const char *with PALE_UNUSED, const char *arg PALE_UNUSED,
    struct pale_err *err PALE_UNUSED)
{
	((struct pale_run_args *)state)->plan.best_effort = 0;
	return 0;
}

static int
take_best_effort(void *state, const char *with, const char *arg, struct pale_err *err)
{
	struct pale_run_args *args = state;
	const char *names[WORD_BYTES];
	size_t count = 0;

	for (; pale_losses[count].name != NULL; count++)
		names[count] = pale_losses[count].name;
	while (*arg != '\0') {
		size_t len = strcspn(arg, ",");
		char word[WORD_BYTES];
		const char *near;
		size_t i;

		for (i = 0; i < count; i++) {
			if (strlen(names[i]) == len && strncmp(names[i], arg, len) == 0)
				break;
		}
		if (i == count) {
			if (len >= sizeof(word))
				len = sizeof(word) - 1;
			memcpy(word, arg, len);
			word[len] = '\0';
			pale_fail(err, -EINVAL, "option %s: there is no layer '%s'", with, word);
			near = pale_suggest(word, names, count);
			if (near != NULL)
				return pale_remedy(err, "did you mean '%s'?", near);
			return pale_remedy(err, "the layers are listed in pale-run(1)");
		}
		args->plan.best_effort |= pale_losses[i].bit;
		arg += len + (arg[len] == ',');
	}
	return 0;
}

static int
take_assume(void *state, const char *with, const char *arg, struct pale_err *err)
{
	struct pale_run_args *args = state;
	char *end;
	long abi;

	if (strcmp(arg, "userns=no") == 0) {
		args->assume_no_userns = true;
		return 0;
	}
	if (strcmp(arg, "passrights=no") == 0) {
		args->plan.no_passrights = true;
		return 0;
	}
	if (strncmp(arg, "landlock=", strlen("landlock=")) == 0) {
		abi = strtol(arg + strlen("landlock="), &end, 10);
		if (*end == '\0' && abi >= 0 && abi <= LANDLOCK_ABI_MAX) {
			args->assume_landlock = (int)abi;
			return 0;
		}
	}
	return pale_fail(err, -EINVAL,
	    "option %s: '%s' is not landlock=N, passrights=no or userns=no", with, arg);
}

static int
take_explain(void *state, const char *with PALE_UNUSED, const char *arg PALE_UNUSED,
    struct pale_err *err PALE_UNUSED)
{
	((struct pale_run_args *)state)->explain = true;
	return 0;
}

static int
take_why(
    void *state, const char *with PALE_UNUSED, const char *arg, struct pale_err *err PALE_UNUSED)
{
	((struct pale_run_args *)state)->why = arg;
	return 0;
}

static int
take_json(void *state, const char *with PALE_UNUSED, const char *arg PALE_UNUSED,
    struct pale_err *err PALE_UNUSED)
{
	((struct pale_run_args *)state)->json = true;
	return 0;
}

static int
take_trace(void *state, const char *with, const char *arg, struct pale_err *err)
{
	struct pale_run_args *args = state;

	if (arg != NULL && *arg == '\0')
		return pale_fail(err, -EINVAL, "option %s: the file has no name", with);
	args->trace = true;
	args->trace_file = arg;
	return 0;
}

static int
take_report(void *state, const char *with, const char *arg, struct pale_err *err)
{
	struct pale_run_args *args = state;

	args->json = strcmp(arg, "json") == 0;
	if (args->json || strcmp(arg, "text") == 0)
		return 0;
	pale_fail(err, -EINVAL, "option %s: there is no form '%s'", with, arg);
	return pale_remedy(err, "the forms are text and json");
}

static int
take_list_profiles(void *state, const char *with PALE_UNUSED, const char *arg PALE_UNUSED,
    struct pale_err *err PALE_UNUSED)
{
	((struct pale_run_args *)state)->list_profiles = true;
	return 1;
}

static int
take_print_profile(
    void *state, const char *with PALE_UNUSED, const char *arg, struct pale_err *err PALE_UNUSED)
{
	((struct pale_run_args *)state)->print_profile = arg;
	return 1;
}

static int
take_help(void *state, const char *with PALE_UNUSED, const char *arg PALE_UNUSED,
    struct pale_err *err PALE_UNUSED)
{
	((struct pale_run_args *)state)->help = true;
	return 1;
}

static int
take_version(void *state, const char *with PALE_UNUSED, const char *arg PALE_UNUSED,
    struct pale_err *err PALE_UNUSED)
{
	((struct pale_run_args *)state)->version = true;
	return 1;
}

/* clang-format off */
const struct pale_option pale_run_options[] = {
	{ NULL, 0, NULL, "Grants (repeatable; nothing else exists for the program):", NULL },
	{ "read", 'r', "PATH", "read a file or directory and all below it", take_read },
	{ "execute", 'x', "PATH", "read and run what lies there", take_execute },
	{ "write", 'w', "PATH", "read, write, create, remove ('.' is allowed)", take_write },
	{ "dir", 0, "PATH:RIGHTS", "a directory with rights by name, e.g. build:lookup,read,create", take_dir },
	{ "file", 0, "PATH:RIGHTS", "the same for a file", take_file },
	{ "fd", 0, "N:RIGHTS", "keep an open descriptor; all others above 2 are closed", take_fd },
	{ "hide", 0, "PATH", "show something empty instead", take_hide },
	{ "tmp", 0, "PATH", "an empty directory of its own, gone at the end", take_tmp },
	{ "profile", 'p', "NAME", "what a kind of program needs; --list-profiles", take_profile },
	{ "policy", 0, "FILE", "grants from a file, pale-policy(5)", take_policy },
	{ "script", 0, "FILE", "the same, and what follows are its command's arguments", take_script },
	{ "compartment", 0, "NAME", "the one to run, where a policy has several", take_compartment },
	{ "bare", 0, NULL, "without the system profile, devices and /proc", take_bare },
	{ NULL, 0, NULL, "Communication (nothing of it is open without):", NULL },
	{ "unix", 0, "PATH|@NAME:USE,...", "connect bind follow scm-in scm-out: a UNIX socket", take_endpoint },
	{ "fifo", 0, "PATH:USE", "read write: a FIFO", take_endpoint },
	{ "sysv", 0, "shm|msg|sem:KEY:USE", "read write: one object of System V", take_endpoint },
	{ "mq", 0, "NAME:USE", "read write: a POSIX message queue", take_endpoint },
	{ "tcp", 0, "HOST:PORT[:USE]", "connect bind: one address; * is any host or port", take_endpoint },
	{ "udp", 0, "HOST:PORT[:USE]", "the same", take_endpoint },
	{ "net", 0, "host|none|loopback", "the machine's network, none, or one of its own", take_net },
	{ "notify", 0, NULL, "tell the service manager of readiness, sd_notify(3)", take_notify },
	{ "listen-fds", 0, NULL, "keep the sockets of socket activation", take_listen_fds },
	{ NULL, 0, NULL, "Surroundings:", NULL },
	{ "env", 0, "NAME[=VALUE]", "pass or set a variable (few are passed otherwise)", take_env },
	{ "clear-env", 0, NULL, "pass no variable but those of --env", take_clear_env },
	{ "limit", 0, "NAME=N", "nproc nofile as cpu fsize; K M G T; or unlimited", take_limit },
	{ "chdir", 0, "PATH", "where to start inside (default: here if granted, else /)", take_chdir },
	{ "proc", 0, "none|self|full", "how much of /proc (default: the own processes)", take_proc },
	{ NULL, 0, NULL, "How strict:", NULL },
	{ "strict", 0, NULL, "refuse what cannot be enforced exactly (the default)", take_strict },
	{ "best-effort", 0, "LAYER,...", "accept a loss by name: overlap landlock nproc queue passing queue", take_best_effort },
	{ "paranoid", 0, NULL, "a full second fence and a network of its own (costs more)", take_paranoid },
	{ "assume", 0, "landlock=N|passrights=no|userns=no", "pretend an older kernel, to test a policy", take_assume },
	{ NULL, 0, NULL, "Reports of the run:", NULL },
	{ "trace", 0, "FILE", "each distinct denial, and the grant that would allow it", take_trace, true },
	{ "report", 0, "text|json", "how it is told", take_report },
	{ "learn", 0, "FILE", "write the policy that the command needs; several runs add up", take_learn },
	{ "learn-within", 0, "PATH", "where it may learn: all is open there but secrets (default: here)", take_learn_within },
	{ NULL, 0, NULL, "Questions (nothing is run):", NULL },
	{ "explain", 0, NULL, "what is granted, and what enforces it", take_explain },
	{ "why", 0, "CALL PATH", "would this call be allowed, and by what", take_why },
	{ "json", 0, NULL, "answer in JSON", take_json },
	{ "list-profiles", 0, NULL, "the built-in profiles", take_list_profiles },
	{ "print-profile", 0, "NAME", "the text of one", take_print_profile },
	{ "help", 'h', NULL, "this text", take_help },
	{ "version", 'V', NULL, "the version", take_version },
};
/* clang-format on */
const size_t pale_run_option_count = PALE_COUNT(pale_run_options);

int
pale_run_args_init(struct pale_run_args *args)
{
	*args = (struct pale_run_args){ .assume_landlock = -1 };
	pale_policy_init(&args->base);
	pale_policy_init(&args->policy);
	pale_policy_init(&args->line_policy);
	return pale_policy_compartment(&args->line_policy, "line", &args->line);
}

void
pale_run_args_done(struct pale_run_args *args)
{
	pale_policy_done(&args->line_policy);
	pale_policy_done(&args->policy);
	pale_policy_done(&args->base);
	free(args->within.list);
	free(args->profiles.list);
	free(args->policies.list);
}

static int
choose(struct pale_run_args *args, struct pale_compartment **ret, struct pale_err *err)
{
	struct pale_policy *policy = &args->policy;
	const char *name = args->compartment != NULL ? args->compartment : "main";
	const char *names[WORD_BYTES];
	size_t count = 0;
	const char *near;

	for (size_t i = 0; i < policy->compartment_count; i++) {
		if (strcmp(policy->compartments[i].name, name) == 0) {
			*ret = &policy->compartments[i];
			return 0;
		}
		if (count < PALE_COUNT(names))
			names[count++] = policy->compartments[i].name;
	}
	if (args->compartment == NULL)
		return pale_policy_compartment(policy, "main", ret);
	pale_fail(err, -ENOENT, "the policy has no compartment '%s'", name);
	near = pale_suggest(name, names, count);
	return near == NULL ? err->code : pale_remedy(err, "did you mean '%s'?", near);
}

/* A policy may name the command; what is on the command line are then its arguments. */
static int
set_command(struct pale_compartment *compartment, int argc, char **argv, bool need_command,
    struct pale_err *err)
{
	PALE_FREE const char **vector = NULL;
	size_t named = 0;

	while (compartment->command != NULL && compartment->command[named] != NULL)
		named++;
	if (named == 0 && argc == 0) {
		if (!need_command)
			return 0;
		pale_fail(err, -EINVAL, "there is no command to run");
		return pale_remedy(err, "put it behind the options: pale run -w . -- make");
	}
	vector = calloc(named + (size_t)argc + 1, sizeof(*vector));
	if (vector == NULL)
		return pale_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < named; i++)
		vector[i] = compartment->command[i];
	for (int i = 0; i < argc; i++)
		vector[named + (size_t)i] = argv[i];
	return pale_compartment_command(compartment, vector, err);
}

int
pale_run_args_compartment(struct pale_run_args *args, int argc, char **argv, bool need_command,
    struct pale_compartment **ret_compartment, struct pale_err *err)
{
	struct pale_compartment *compartment;
	struct pale_compartment *chosen;
	int abi = pale_landlock_abi();
	int result = 0;

	if (!args->plan.bare)
		result = pale_profile_read(&args->base, "system", err);
	if (result == 0)
		result = choose(args, &chosen, err);
	if (result == 0)
		result = pale_policy_compartment(&args->base, "main", &compartment);
	if (result == 0)
		result = pale_compartment_merge(compartment, chosen, err);
	if (result == 0)
		result = pale_compartment_merge(compartment, args->line, err);
	/* An option may only pretend less than there is: more would be a boundary that is not
	 * there. */
	args->plan.landlock_abi =
	    args->assume_landlock >= 0 && args->assume_landlock < abi ? args->assume_landlock : abi;
	if (result == 0)
		result = set_command(compartment, argc, argv, need_command, err);
	if (result == 0)
		*ret_compartment = compartment;
	return result;
}
