/* SPDX-License-Identifier: BSD-2-Clause */
/* A witness, played on this kernel, and written as a program. */
#ifndef PALE_CLI_CHECK_PLAY_H
#define PALE_CLI_CHECK_PLAY_H

#include "cli/check/search.h"
#include "report/check.h"

/* Zeroed is none. */
struct pale_played {
	struct pale_report_replay replays[PALE_REPLAY_COUNT];
	size_t count;
};

/*
 * Play the witness of a search in the ways that were asked for; where none was, in
 * all that are worth it.
 *
 * Returns 0; what could not be played is told in the report. Give *ret to _done.
 */
int pale_play(const struct pale_check_args *args, const struct pale_check_search *search,
    struct pale_played *ret, struct pale_err *err);
void pale_play_done(struct pale_played *played);

/* Write it to the file of --script. Returns 0 or -errno. */
int pale_play_script(const struct pale_check_args *args, const struct pale_check_search *search,
    struct pale_err *err);

#endif
