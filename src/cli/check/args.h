/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of `pale check`. */
#ifndef PALE_CLI_CHECK_ARGS_H
#define PALE_CLI_CHECK_ARGS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/options.h"
#include "replay/replay.h"

/* What the program ends with. */
enum {
	PALE_CHECK_HOLDS = 0,
	PALE_CHECK_VIOLATED = 1,
	PALE_CHECK_USAGE = 2,  /* the command line or the scenario cannot be meant */
	PALE_CHECK_UNABLE = 3, /* could not work: memory, disk, a walker that crashed */
	PALE_CHECK_LIMIT = 4,  /* nothing proved */
};

/* Where an answer goes that may be asked for with or without a file. */
struct pale_check_form {
	bool wanted;
	const char *file; /* NULL: standard output */
};

/* All strings are borrowed from the command line. */
struct pale_check_args {
	const char *file; /* or the name of a scenario; NULL: none was given */
	const char *walker, *property, *scope;
	unsigned processes, calls; /* of --scope; 0: as the file says */

	unsigned threads; /* 0: as many as there are processors */
	bool no_reduce, no_symmetry, fingerprint;
	uint64_t max_bytes, max_states, max_ns; /* 0: not said */
	unsigned max_levels;
	bool limited; /* --memory or --limit was given */

	struct pale_check_form json, markdown;
	bool quiet, progress;
	const char *promela, *script;
	bool no_replay, replay_chosen;
	unsigned replay; /* a bit for each enum pale_replay_by */

	bool matrix;
	bool list_walkers, list_scenarios;
	const char *print_scenario;
	bool mpi;
	bool help, version;
};

extern const struct pale_option pale_check_options[];
extern const size_t pale_check_option_count;

/*
 * Read the command line; the file may stand before, between or behind the options.
 *
 * Returns 0, or -EINVAL with a sentence. After --help and the like nothing more is looked at.
 */
int pale_check_args_read(
    int argc, char **argv, struct pale_check_args *ret_args, struct pale_err *err);

#endif
