/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside a search: what explore.c (from the first level to the verdict), level.c (one level, in all
 * threads) and violation.c (which violation is told of) share. For nobody else.
 */
#ifndef PALE_CHECK_SEARCH_H
#define PALE_CHECK_SEARCH_H

#include "check/crew.h"
#include "check/explore.h"

/* Why the threads leave a level before its end. */
enum pale_halt {
	PALE_GO_ON,
	PALE_NEED_ROOM, /* and come back */
	PALE_AT_LIMIT,  /* search.limit says which */
	PALE_BROKEN,    /* search.error */
};

/* The steps from one state, on their way into the store. */
struct pale_batch {
	struct pale_steps steps;
	uint64_t *hashes;
	size_t hash_size;
	int failed; /* -errno */
};

struct pale_worker {
	/* Two, so that the slots of one state's steps are fetched while another's are added. */
	_Alignas(64) struct pale_batch batches[2];
	struct pale_writer *writer;
	void *scratch;
	uint32_t at, end; /* what is left of its span */
	_Atomic uint64_t transitions;
	uint64_t ends, deadlocks;
	struct pale_violation violations[PALE_PROPERTIES_MAX]; /* of this level */
	uint32_t violated;
	uint64_t *violation_states;
};

struct pale_search {
	const struct pale_system *system;
	const struct pale_explore_options *options;
	struct pale_explored *result;
	struct pale_store *store;
	struct pale_crew crew;
	struct pale_worker *workers;
	uint32_t properties;
	unsigned level;
	bool last; /* only states are looked at, no step is taken */
	uint64_t frontier;

	_Alignas(64) _Atomic size_t span; /* the next to be taken */
	_Atomic int halt;
	_Atomic int limit, error;
	atomic_bool cut; /* the last level had steps that were not taken */

	/* The caller's thread only. */
	uint64_t begin_ns, told_ns, told_states;
};

/* End the search at a limit; the first one is kept. */
void pale_search_limit(struct pale_search *search, enum pale_limit limit);

/* With all threads at rest: room for more states. Returns 0, -ENOSPC or -ENOMEM. */
int pale_search_room(struct pale_search *search);

/* Take the steps of all states of the level that the store has set out. */
enum pale_halt pale_search_level(struct pale_search *search);

/* Steps counted so far; may be asked while threads are at work. */
uint64_t pale_search_transitions(const struct pale_search *search);

/* Give violations, one for each property, the room for their states: *ret_block, to be freed. */
int pale_violations_init(struct pale_violation *violations, unsigned words, uint64_t **ret_block);

/* Keep a violation if it is to be told of rather than the one that is kept, and count it. */
void pale_violation_keep(
    struct pale_violation *kept, const struct pale_violation *found, unsigned words);

#endif
