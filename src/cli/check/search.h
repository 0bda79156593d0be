/* SPDX-License-Identifier: BSD-2-Clause */
/* One search, from the options to the witness that is told. */
#ifndef PALE_CLI_CHECK_SEARCH_H
#define PALE_CLI_CHECK_SEARCH_H

#include "check/world/world.h"
#include "cli/check/args.h"
#include "cli/check/progress.h"

/* Zeroed is none. */
struct pale_check_search {
	const struct pale_model *model; /* borrowed */
	struct pale_system system;
	struct pale_explore_options options;
	struct pale_explored explored;
	/* Where it is violated: */
	unsigned lengths[PALE_PROPERTIES_MAX]; /* of the shortest witness of each that is */
	unsigned property;                     /* the one of the shortest of all */
	struct pale_witness witness;
	struct pale_shortening shortening;
	struct pale_trace trace;
	bool traced;
};

/* What the command line says about searching; limits that it does not say are set to what this
 * machine has. */
void pale_check_search_options(
    const struct pale_check_args *args, struct pale_explore_options *ret_options);

/*
 * Search, and where the model is violated make the shortest witness.
 *
 *   options   as above, with progress set
 *
 * Returns 0 whatever the verdict, or -errno with a sentence; give *ret to _done in both cases.
 */
int pale_check_search(const struct pale_model *model, const struct pale_explore_options *options,
    struct pale_check_search *ret, struct pale_err *err);

/* The second half of it: witnesses of what was explored. */
int pale_check_search_witness(struct pale_check_search *search, struct pale_err *err);

/* Who searches: pale_check_search, or many processes, of which all but one get 1. */
typedef int (*pale_check_searcher)(const struct pale_model *model,
    const struct pale_explore_options *options, struct pale_check_search *ret,
    struct pale_err *err);
extern pale_check_searcher pale_check_search_by;

void pale_check_search_done(struct pale_check_search *search);

#endif
