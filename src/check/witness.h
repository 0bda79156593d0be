/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way to a violation, step by step. The search keeps no steps, only who came from whom; so the
 * way is walked again from the initial state, through all the steps that the system has there.
 * It is walked with the states as they are, not with those that stand for them: who did what keeps
 * its meaning from the first step to the last.
 *
 * Every step counts one, also where a reduction has made one of several. In a search without
 * reduction and with full states no way is shorter. Otherwise a second search, without either,
 * tries to find a shorter one.
 */
#ifndef PALE_CHECK_WITNESS_H
#define PALE_CHECK_WITNESS_H

#include "check/explore.h"

/* Zeroed is none. */
struct pale_witness {
	unsigned length;  /* steps */
	unsigned words;   /* of a state */
	uint64_t *states; /* length + 1 of them, the initial one first; owned */
	uint32_t *labels; /* length; owned */
};

/*
 * Find the way to the first violation of a property.
 *
 *   explored   the result of the search in the same system with the same options
 *   property   its bit's number; explored->violations[property].found
 *
 * Returns 0; -EINVAL where that has not been found; -ENOMEM; -EPROTO where the system contradicts
 * itself: no step of its own leads from a state to the next, because its canonical states or its
 * reduced steps are wrong, or because two states have one fingerprint.
 * Test: tests/unit/witness.c
 */
int pale_witness_find(const struct pale_system *system, const struct pale_explore_options *options,
    const struct pale_explored *explored, unsigned property, struct pale_witness *ret,
    struct pale_err *err);

/* How a witness became the shortest. */
struct pale_shortening {
	bool shortest;          /* there is no shorter one */
	bool searched;          /* a second search was needed to know */
	enum pale_limit limit;  /* that ended it, where `shortest` is not known */
	unsigned before, after; /* lengths */
	uint64_t before_ns;     /* of the search that found the first one */
	uint64_t after_ns;      /* of the second search */
	uint64_t states;        /* that it met */
};

/*
 * Make a witness the shortest: search once more, with full states and all steps, no deeper than
 * would be shorter. Symmetry stays on, as it keeps every length.
 *
 *   options    of the first search; limits count anew. A limit that is reached leaves the witness
 *              as it is
 *   witness    replaced where a shorter one is found
 *
 * Returns 0, or as pale_explore and pale_witness_find; the witness is then as it was.
 */
int pale_witness_shorten(const struct pale_system *system,
    const struct pale_explore_options *options, const struct pale_explored *explored,
    unsigned property, struct pale_witness *witness, struct pale_shortening *ret,
    struct pale_err *err);

/* The state before step i, or after the last. */
static inline const uint64_t *
pale_witness_state(const struct pale_witness *witness, unsigned i)
{
	return witness->states + (size_t)i * witness->words;
}

void pale_witness_done(struct pale_witness *witness);

#endif
