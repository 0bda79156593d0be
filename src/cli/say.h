/* SPDX-License-Identifier: BSD-2-Clause */
/* What pale says to people, on standard error: escaped, in colour only on a terminal. */
#ifndef PALE_CLI_SAY_H
#define PALE_CLI_SAY_H

#include <signal.h>
#include <stdbool.h>

#include "core/err.h"

/* "pale: what failed and why", and below it what to do about it. */
void pale_say_err(const struct pale_err *err);

/* "pale: sentence". */
void pale_say(const char *sentence);

/* "pale: note: sentence". */
void pale_say_note(const char *sentence);

/*
 * Between these two, writing to a pipe or socket that nobody reads any more fails, and sends no
 * signal: it would end a command that runs, or take the place of how it ended.
 */
struct pale_quiet {
	sigset_t had;
	bool pending; /* a signal of somebody else's waits, and stays */
};

void pale_quiet_begin(struct pale_quiet *ret_quiet);
void pale_quiet_end(const struct pale_quiet *quiet);

#endif
