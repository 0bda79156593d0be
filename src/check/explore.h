/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every state that a system can reach, level by level: first all that one step leads to, then all
 * that two do. So the first violation is one that the fewest steps lead to, and that level is
 * finished before the search ends: verdict, counts, length and witness are the same for every
 * number of threads and in every run.
 *
 * Nothing is printed here, no clock is read: the caller brings one, and is told how far it is.
 * A search that ends early says at which limit, and that is never "safe".
 */
#ifndef PALE_CHECK_EXPLORE_H
#define PALE_CHECK_EXPLORE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "check/store.h"
#include "check/system.h"
#include "core/err.h"

enum pale_verdict {
	PALE_SAFE,     /* every state was reached, nothing violates */
	PALE_VIOLATED, /* also where a limit was reached later */
	PALE_LIMIT,    /* nothing proved */
};

enum pale_limit {
	PALE_LIMIT_NONE,
	PALE_LIMIT_STATES,
	PALE_LIMIT_MEMORY,
	PALE_LIMIT_TIME,
	PALE_LIMIT_LEVELS,
	PALE_LIMIT_STOPPED, /* by the caller's flag */
};

/* When to end, once a level has violated. */
enum pale_until {
	PALE_UNTIL_FIRST, /* any property: at the end of this level */
	PALE_UNTIL_EACH,  /* once each property has been violated */
	PALE_UNTIL_END,   /* never: all violations are counted */
};

struct pale_progress {
	uint64_t states, transitions, bytes;
	uint64_t frontier; /* states of the level whose steps are being taken */
	unsigned level;
	uint64_t elapsed_ns;
	double states_per_second; /* since the last report */
	bool asked;               /* by `tell`, not because time has passed */
};

struct pale_explore_options {
	unsigned threads; /* 1..PALE_CREW_MAX */
	bool reduce;   /* take the system's reduced steps: lengths are those of the witness only */
	bool symmetry; /* let one state stand for all like it, if the system can */
	bool fingerprint;    /* keep 64 bits of each state: the result is probabilistic */
	uint64_t seed;       /* of the fingerprints: another one misses other states */
	uint32_t properties; /* those to look at; 0: all */
	enum pale_until until;

	/* Limits; 0: none. */
	uint64_t max_states, max_bytes, max_ns;
	unsigned max_levels; /* no longer witness is looked for */

	/* The caller's clock, in nanoseconds; NULL: no time limit and no reports by time. */
	uint64_t (*now_ns)(void);
	/* Called in the caller's thread, at most ten times a second, and once for each `tell`. */
	void (*progress)(void *arg, const struct pale_progress *progress);
	void *progress_arg;
	const atomic_bool *stop; /* set (by a signal handler, say): end soon. May be NULL */
	atomic_bool *tell;       /* set: report at once; it is cleared. May be NULL */
};

/* The first violation of one property: of the shortest the smallest, by the states. */
struct pale_violation {
	bool found;
	bool is_state;    /* the source itself violates (a deadlock), no step does */
	unsigned length;  /* steps from the initial state */
	uint32_t source;  /* number of the state before the step */
	uint32_t label;   /* of the step */
	uint64_t count;   /* violating steps and states met */
	uint64_t *states; /* the source, then where the step leads */
};

/*
 * What a search found. States are counted once, transitions as often as a step leads anywhere, be
 * it to where it started; ends are states without steps, deadlocks those of them that are not
 * final.
 */
struct pale_explored {
	enum pale_verdict verdict;
	enum pale_limit limit; /* the first that was reached */
	uint64_t states, transitions, ends, deadlocks;
	unsigned levels;   /* steps to the state that is farthest away */
	uint32_t violated; /* properties */
	unsigned length;   /* of the shortest witness; 0 where the initial state violates */
	struct pale_violation violations[PALE_PROPERTIES_MAX];

	uint64_t bytes; /* the most that states and tables took at one time */
	double bytes_per_state;
	uint64_t elapsed_ns; /* 0 without a clock */
	unsigned threads;    /* fewer than wanted where the machine gave no more */
	bool probabilistic;  /* fingerprints: states may have been missed */
	/* Upper bound of the chance that any state was, for fingerprints that are random numbers.
	 */
	double collision_bound;

	struct pale_store store; /* for the witness */
	uint64_t *violation_states;
};

/*
 * Explore a system.
 *
 *   system        must stay until *ret is done with
 *   ret           set also on failure, then empty; pale_explored_done gives it back
 *
 * Returns 0, whatever the verdict; -EINVAL for options or a system that cannot be; -E2BIG where a
 * state has more than PALE_STEPS_MAX steps; -ENOMEM where not even the first state has room,
 * and no memory limit that says so.
 * Test: tests/unit/explore.c, tests/law/explore.c
 */
int pale_explore(const struct pale_system *system, const struct pale_explore_options *options,
    struct pale_explored *ret, struct pale_err *err);

/* The limit in words, for "limit: ...": "memory", "states". */
const char *pale_limit_name(enum pale_limit limit);

void pale_explored_done(struct pale_explored *explored);

#endif
