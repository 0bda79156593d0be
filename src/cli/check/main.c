/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `pale check`: every interleaving of system calls against a boundary. An executable of its own,
 * pale-check, so that `pale` stays as small as a program that is started often should be.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/apart.h"
#include "cli/check/args.h"
#include "cli/check/matrix.h"
#include "cli/check/mpi.h"
#include "cli/check/one.h"
#include "cli/check/scenario.h"
#include "cli/out.h"
#include "cli/say.h"
#include "core/scope.h"
#include "model/walkers.h"

extern char **environ;

static void
print_first_screen(FILE *out)
{
	fputs(
	    "pale check visits every state that a scenario can reach, and says whether what must\n"
	    "never happen can: with the shortest way to it, played on this kernel, or not at all.\n"
	    "\n"
	    "  pale check dotdots                     the race of 2010: foo/bar/../.. against "
	    "rename\n"
	    "  pale check dotdots --walker beneath    the same against openat2 RESOLVE_BENEATH\n"
	    "  pale check dotdots --scope 3x2         three processes, two calls each\n"
	    "  pale check dotdots --walker ./mine.so  against your own resolver\n"
	    "  pale check dotdots --script race.c     the witness as a C program\n"
	    "  pale check --matrix                    all walkers, all properties\n"
	    "\n"
	    "  pale check --list-scenarios            what else can be checked by name\n"
	    "  pale check --print-scenario dotdots    how one is written\n"
	    "  pale check --list-walkers              how paths may be resolved\n"
	    "  pale check --help                      all options\n"
	    "\n"
	    "Exit code: 0 it holds, in a complete search; 1 violated; 2 usage or a bad scenario;\n"
	    "3 could not work; 4 a limit was reached, nothing is proved.\n"
	    "More: pale-check(1), pale-scenario(5).\n",
	    out);
}

static void
print_help(void)
{
	printf("Usage: pale check FILE|NAME [OPTION...]\n"
	       "Visit every state that a scenario can reach; say what is violated, and how.\n");
	pale_options_help(pale_check_options, pale_check_option_count);
	printf("\nExit code: 0 holds; 1 violated; 2 usage; 3 could not work; 4 limit, nothing "
	       "proved.\nMore: pale-check(1), pale-scenario(5); `pale check` alone shows "
	       "examples.\n");
}

static void
list_walkers(void)
{
	struct pale_text text = pale_cli_out();

	for (size_t i = 0; i < pale_walker_count; i++)
		pale_text_item(&text, pale_walkers[i]->name, pale_walkers[i]->says);
}

static void
list_scenarios(void)
{
	for (const struct pale_scenario *at = pale_scenarios; at->name != NULL; at++)
		printf("%s\n", at->name);
}

static int
print_scenario(const char *name, struct pale_err *err)
{
	struct pale_scenario_text text = { 0 };
	int result;

	if (pale_scenario_find(name) == NULL)
		name = strpbrk(name, "/.") == NULL ? name : "";
	result = pale_scenario_open(name, &text, err);
	if (result == 0)
		fwrite(text.text, 1, text.size, stdout);
	pale_scenario_done(&text);
	return result;
}

static int
fail(const struct pale_err *err, int code)
{
	pale_say_err(err);
	return code;
}

/* What is asked for without a search; false if nothing is. */
static bool
answer(const struct pale_check_args *args, int *ret_status, struct pale_err *err)
{
	int result = 0;

	*ret_status = 0;
	if (args->help)
		print_help();
	else if (args->version)
		printf("pale %s\n", PALE_VERSION);
	else if (args->list_walkers)
		list_walkers();
	else if (args->list_scenarios)
		list_scenarios();
	else if (args->print_scenario != NULL)
		result = print_scenario(args->print_scenario, err);
	else
		return false;
	if (result < 0)
		*ret_status = fail(err, PALE_CHECK_USAGE);
	else if (pale_cli_flush(err) < 0)
		*ret_status = fail(err, PALE_CHECK_UNABLE);
	return true;
}

static int
check(const struct pale_check_args *args)
{
	return args->matrix ? pale_check_matrix(args) : pale_check_one(args);
}

#ifdef PALE_MPI
static int
check_mpi(int argc, char **argv, const struct pale_check_args *args)
{
	int status;

	/* mpirun gives the first process a terminal, wherever its output goes. */
	setenv("NO_COLOR", "1", 1);
	pale_mpi_begin(&argc, &argv);
	pale_check_search_by = pale_mpi_search;
	status = check(args);
	pale_mpi_end();
	return status;
}
#else
/* What is linked with Open MPI takes long to start: it is a program of its own. */
static int
check_mpi(int argc, char **argv, const struct pale_check_args *args PALE_UNUSED)
{
	return pale_cli_apart("check-mpi", argc - 1, argv + 1, environ);
}
#endif

int
main(int argc, char **argv)
{
	struct pale_err err = { 0 };
	struct pale_check_args args = { 0 };
	int status;

	if (argc < 2) {
		print_first_screen(stdout);
		return PALE_CHECK_USAGE;
	}
	if (pale_check_args_read(argc - 1, argv + 1, &args, &err) < 0)
		return fail(&err, PALE_CHECK_USAGE);
	if (answer(&args, &status, &err))
		return status;
	if (args.file == NULL && !args.matrix) {
		pale_fail(&err, -EINVAL, "there is no scenario to check");
		pale_remedy(&err, "name a file or a scenario: pale check dotdots");
		return fail(&err, PALE_CHECK_USAGE);
	}
	return args.mpi ? check_mpi(argc, argv, &args) : check(&args);
}
