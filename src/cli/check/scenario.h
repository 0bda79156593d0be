/* SPDX-License-Identifier: BSD-2-Clause */
/* Scenarios: those that pale brings, those in files; read with what the command line says. */
#ifndef PALE_CLI_CHECK_SCENARIO_H
#define PALE_CLI_CHECK_SCENARIO_H

#include "cli/check/args.h"
#include "model/read.h"

/* One that pale brings: scenarios/NAME.pale, put into the program at build. */
struct pale_scenario {
	const char *name;
	unsigned long size;
	const char *text;
};

extern const struct pale_scenario pale_scenarios[]; /* by name; ends with one without name */
extern const unsigned long pale_scenario_count;

/* By name; NULL if there is none. */
const struct pale_scenario *pale_scenario_find(const char *name);

/* The text of a scenario, and what messages call it. Zeroed is none. */
struct pale_scenario_text {
	const char *name; /* borrowed */
	char *text;       /* owned, NUL-terminated */
	size_t size;
};

/*
 * Get the text of a file, or of a scenario that pale brings: what has neither a slash nor a dot is
 * a name, unless there is a file of that name and no such scenario.
 *
 * Returns 0; -ENOENT with the nearest name, -EFBIG, or what the kernel says.
 */
int pale_scenario_open(const char *file, struct pale_scenario_text *ret, struct pale_err *err);
void pale_scenario_done(struct pale_scenario_text *text);

/* The walker of this name, pale's or NULL with the nearest in err. */
const struct pale_walker *pale_scenario_walker(const char *name, struct pale_err *err);

/* Is it the file of a walker, not a name? */
bool pale_scenario_is_foreign(const char *walker);

#endif
