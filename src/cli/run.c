/* SPDX-License-Identifier: BSD-2-Clause */
/* The verb `pale run`; see run.h. */
#include "cli/run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/explain.h"
#include "cli/learn.h"
#include "cli/run_options.h"
#include "cli/say.h"
#include "cli/trace.h"
#include "core/scope.h"
#include "kernel/seccomp.h"
#include "run/nested/nested.h"
#include "run/run.h"
#include "run/service.h"

enum {
	EXIT_NOT_RUN_OWN = 125, /* pale itself failed, nothing ran */
	EXIT_NOT_RUN = 126,     /* found, but cannot be executed */
	EXIT_NOT_FOUND = 127,
};

static void
print_help(void)
{
	printf("Usage: pale run [GRANT...] [--] COMMAND [ARGUMENT...]\n"
	       "Run a program that finds on this machine only what you grant it.\n\n"
	       "  pale run -- ls /                       see what every program gets\n"
	       "  pale run -r notes.txt -- cat notes.txt read one file\n"
	       "  pale run -p cc -w . -- make -j2        build here, touch nothing else\n"
	       "  pale run -p cc -w . --explain          what is granted, and what enforces it\n");
	pale_options_help(pale_run_options, pale_run_option_count);
	printf(
	    "\nExit code: the command's own; 125 pale failed; 126, 127 not executable, not found.\n"
	    "More: pale-run(1), pale-policy(5); `pale doctor` shows what this machine can "
	    "enforce.\n");
}

static int
fail(const struct pale_err *err, int code)
{
	pale_say_err(err);
	return code;
}

/* Descriptors 0 to 2 must be open: a file of ours must never become the program's input or output.
 */
static int
check_stdio(struct pale_err *err)
{
	static const char *const names[] = { "standard input", "standard output",
		"standard error" };

	for (int fd = 0; fd < (int)PALE_COUNT(names); fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		pale_fail(err, -EBADF, "%s (descriptor %d) is closed", names[fd], fd);
		return pale_remedy(err, "redirect it: %s", fd == 0 ? "</dev/null" : ">/dev/null");
	}
	return 0;
}

static int
list_profiles(void)
{
	for (const char *const *name = pale_profile_names(); *name != NULL; name++)
		printf("%s\n", *name);
	return 0;
}

static int
print_profile(const char *name, struct pale_err *err)
{
	size_t size;
	const char *text = pale_profile_text(name, &size);

	if (text == NULL) {
		struct pale_policy scratch;

		/* The reader knows the nearest name. */
		pale_policy_init(&scratch);
		pale_profile_read(&scratch, name, err);
		pale_policy_done(&scratch);
		return fail(err, EXIT_NOT_RUN_OWN);
	}
	fwrite(text, 1, size, stdout);
	return 0;
}

/* End as the command ended, so that whoever started us sees the same. */
static int
end_as(int status)
{
	struct rlimit no_core = { 0, 0 };
	sigset_t one;

	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	setrlimit(RLIMIT_CORE, &no_core);
	signal(WTERMSIG(status), SIG_DFL);
	sigemptyset(&one);
	sigaddset(&one, WTERMSIG(status));
	kill(getpid(), WTERMSIG(status));
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	return 128 + WTERMSIG(status);
}

static int
exit_code(enum pale_cage_stage stage)
{
	switch (stage) {
	case PALE_STAGE_NOT_FOUND:
		return EXIT_NOT_FOUND;
	case PALE_STAGE_NOT_RUN:
		return EXIT_NOT_RUN;
	case PALE_STAGE_SETUP:
		break;
	}
	return EXIT_NOT_RUN_OWN;
}

static int
answer(struct pale_run_args *args, const struct pale_compartment *compartment, struct pale_err *err)
{
	int result;

	if (args->why != NULL)
		result = pale_cli_why(
		    compartment, &args->plan, args->why, args->why_path, args->json, err);
	else
		result = pale_cli_explain(compartment, &args->plan, args->json, err);
	return result < 0 ? fail(err, EXIT_NOT_RUN_OWN) : result;
}

static int
run(struct pale_run_args *args, int argc, char **argv, char **env, struct pale_err *err)
{
	enum pale_cage_stage stage = PALE_STAGE_SETUP;
	struct pale_cli_trace trace = PALE_CLI_TRACE_NONE;
	struct pale_compartment *compartment;
	struct pale_learn *learn = NULL;
	bool asks;
	int used = 0;
	int status = 0;
	int learned;
	int result = pale_options_parse(
	    pale_run_options, pale_run_option_count, argc, argv, args, &used, err);

	if (result < 0)
		return fail(err, EXIT_NOT_RUN_OWN);
	if (args->help) {
		print_help();
		return 0;
	}
	if (args->version) {
		printf("pale %s\n", PALE_VERSION);
		return 0;
	}
	if (args->list_profiles)
		return list_profiles();
	if (args->print_profile != NULL)
		return print_profile(args->print_profile, err);
	/* Whether the call needs one is known where it is asked. */
	if (args->why != NULL && used < argc)
		args->why_path = argv[used++];
	asks = args->explain || args->why != NULL;
	result = pale_cli_learn_start(args, used < argc, &learn, err);
	if (result == 0)
		result = pale_run_args_compartment(
		    args, argc - used, argv + used, !asks, &compartment, err);
	if (result == 0)
		result = pale_service_grants(compartment, env, getpid(), err);
	if (result == 0 && !asks && args->assume_no_userns)
		result =
		    pale_fail(err, -EPERM, "no user namespaces, as --assume userns=no pretends");
	if (result < 0) {
		pale_learn_free(learn);
		return fail(err, EXIT_NOT_RUN_OWN);
	}
	if (asks)
		return answer(args, compartment, err);
	result = pale_cli_trace_start(&trace, args, compartment, err);
	if (result == 0)
		result = pale_cli_learn_open(learn, args, &compartment, err);
	if (result == 0)
		result = (pale_filter_is_ours() ? pale_nested_run : pale_run)(
		    compartment, &args->plan, env, pale_say_note, &status, &stage, err);
	pale_cli_trace_end(&trace, result == 0);
	learned = pale_cli_learn_end(learn, args, result == 0, result == 0 ? err : NULL);
	if (result < 0)
		return fail(err, exit_code(stage));
	return learned < 0 ? fail(err, EXIT_NOT_RUN_OWN) : end_as(status);
}

int
pale_cli_run(int argc, char **argv, char **env)
{
	struct pale_err err = { 0 };
	struct pale_run_args args;
	int result = check_stdio(&err);

	if (result < 0)
		return fail(&err, EXIT_NOT_RUN_OWN);
	result = pale_run_args_init(&args);
	if (result == 0)
		result = run(&args, argc, argv, env, &err);
	else
		result = EXIT_NOT_RUN_OWN;
	pale_run_args_done(&args);
	return result;
}
