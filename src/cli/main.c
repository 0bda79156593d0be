/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `pale`: looks at the first word and does what it says. What is light lives here; a verb that
 * needs libraries is an executable of its own, pale-VERB, beside this one.
 */
#include <stdio.h>
#include <string.h>

#include "cli/apart.h"
#include "cli/doctor.h"
#include "cli/run.h"
#include "core/path.h"
#include "core/scope.h"
#include "core/suggest.h"

extern char **environ;

struct verb {
	const char *name;
	const char *help;
	int (*run)(
	    int argc, char **argv, char **env); /* NULL: pale-VERB, an executable of its own */
};

static const struct verb verbs[] = {
	{ "run", "run a program that finds only what you grant it", pale_cli_run },
	{ "check", "visit every interleaving of calls against a boundary", NULL },
	{ "doctor", "say what this machine can enforce", pale_cli_doctor },
};

static void
print_help(void)
{
	printf("pale keeps UNIX programs within the authority they were given.\n\n"
	       "Usage: pale VERB [ARGUMENT...]\n\n");
	for (size_t i = 0; i < PALE_COUNT(verbs); i++)
		printf("  %-10s %s\n", verbs[i].name, verbs[i].help);
	printf(
	    "\nStart here:\n"
	    "  pale doctor                      can this machine enforce it\n"
	    "  pale run -- ls /                 what every program finds, and nothing else\n"
	    "  pale run -p cc -w . -- make -j2  build here, touch nothing else\n"
	    "  pale check dotdots               how a walk escapes by a race, and what stops it\n"
	    "  pale VERB --help                 more about one; pale(1) about all\n");
}

static const struct verb *
find_verb(const char *name)
{
	for (size_t i = 0; i < PALE_COUNT(verbs); i++) {
		if (strcmp(name, verbs[i].name) == 0)
			return &verbs[i];
	}
	return NULL;
}

static int
run_verb(const struct verb *verb, int argc, char **argv)
{
	if (verb->run == NULL)
		return pale_cli_apart(verb->name, argc, argv, environ);
	return verb->run(argc, argv, environ);
}

int
main(int argc, char **argv)
{
	const char *called = argc > 0 ? pale_path_last(argv[0]) : "";
	const struct verb *verb = NULL;
	const char *names[PALE_COUNT(verbs)];
	const char *near;

	/* By a name of its own, pale-run, the program is that verb. */
	if (strncmp(called, "pale-", strlen("pale-")) == 0)
		verb = find_verb(called + strlen("pale-"));
	if (verb != NULL && verb->run != NULL)
		return run_verb(verb, argc - 1, argv + 1);
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_help();
		return argc < 2 ? 2 : 0;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("pale %s\n", PALE_VERSION);
		return 0;
	}
	verb = find_verb(argv[1]);
	if (verb != NULL)
		return run_verb(verb, argc - 2, argv + 2);
	for (size_t i = 0; i < PALE_COUNT(verbs); i++)
		names[i] = verbs[i].name;
	near = pale_suggest(argv[1], names, PALE_COUNT(names));
	fprintf(stderr, "pale: there is no verb of this name");
	if (near != NULL)
		fprintf(stderr, "; did you mean `pale %s`?", near);
	fprintf(stderr, "\n      `pale --help` lists them\n");
	return 2;
}
