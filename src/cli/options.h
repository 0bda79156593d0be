/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Command-line options as a table: one row says name, argument, help and what to do. Parsing, help
 * and completion are made from the rows.
 */
#ifndef PALE_CLI_OPTIONS_H
#define PALE_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

/* One option. A row without name is a heading of the help text. */
struct pale_option {
	const char *name; /* long name without dashes, or NULL */
	char letter;      /* short name, or 0 */
	const char *arg;  /* what its argument is called, or NULL for none */
	const char *help; /* what it does, a line */
	/* Take it. `with` is as it was written, for messages: "-r" or "--dir". */
	int (*take)(void *state, const char *with, const char *arg, struct pale_err *err);
	bool optional; /* its argument may be left out, and stands behind "=" only; NULL then */
};

/*
 * Take the options at the front of argv.
 *
 *   table, count  rows
 *   argc, argv    without the program's name
 *   ret_used      arguments taken, "--" included; what follows is not an option. Set unless refused
 *
 * Returns 0, -EINVAL for an unknown option (the nearest is suggested) or a missing argument, or
 * what a row's take returned; a positive return of take ends the parsing and is returned. Test:
 * tests/unit/options.c
 */
int pale_options_parse(const struct pale_option *table, size_t count, int argc, char **argv,
    void *state, int *ret_used, struct pale_err *err);

/* Print the rows as help to standard output. */
void pale_options_help(const struct pale_option *table, size_t count);

#endif
