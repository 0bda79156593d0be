/* SPDX-License-Identifier: BSD-2-Clause */
/* While it searches: Ctrl-C ends it with what it has, SIGUSR1 asks how far it is. */
#ifndef PALE_CLI_CHECK_PROGRESS_H
#define PALE_CLI_CHECK_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "check/explore.h"

enum pale_progress_how {
	PALE_PROGRESS_ASKED, /* only for SIGUSR1 */
	PALE_PROGRESS_LINE,  /* one line, written over and over: on a terminal */
	PALE_PROGRESS_LINES, /* a line each second */
};

/* How far it is, on standard error. */
struct pale_progress_shown {
	enum pale_progress_how how;
	const char *what; /* of several searches the one; NULL */
	uint64_t last_ns; /* of the last line */
	bool there;       /* a line stands on the terminal and is not ended */
};

/* Set by SIGINT, SIGTERM, SIGHUP; by SIGUSR1. A second SIGINT ends the program as usual. */
extern atomic_bool pale_check_stop;
extern atomic_bool pale_check_tell;

void pale_check_signals(void);

/* The handler itself. */
void pale_check_on_stop(int number);

/* Put clock, flags and this into the options of a search. */
void pale_progress_set(struct pale_progress_shown *shown, struct pale_explore_options *options);

/* Take the line away before anything else is said. */
void pale_progress_clear(struct pale_progress_shown *shown);

#endif
