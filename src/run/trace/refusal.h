/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is a call that was heard of refused by us? What the filter's rows and the supervisor deny is
 * known; what the kernel decides is foretold from the plan (run/why/why.h). What would fail without
 * a cage as well is no refusal of ours: a name that the machine has not either, one that is taken,
 * what ordinary permissions forbid.
 */
#ifndef PALE_RUN_TRACE_REFUSAL_H
#define PALE_RUN_TRACE_REFUSAL_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel/caller.h"
#include "run/trace/heard.h"
#include "run/plan.h"
#include "run/why/why.h"

/* What is needed to tell; one call at a time. */
struct pale_refusals {
	const struct pale_plan *plan; /* borrowed */
	struct pale_why why;
	struct pale_caller_last last;
	char call[PALE_HEARD_CALL_BYTES];
};

void pale_refusals_init(struct pale_refusals *refusals);
void pale_refusals_done(struct pale_refusals *refusals);

/* One refusal; everything in it is borrowed, and good until the next. */
struct pale_refusal {
	enum pale_sys sys;
	struct pale_heard_who who;
	const char *call;    /* escaped */
	const char *path;    /* inside, canonical; NULL: it concerns none */
	const char *address; /* or NULL */
	const struct pale_why *why;
};

/*
 * The next refusal of a call: one that names two paths may have two.
 *
 *   which  0 at first
 *
 * Returns false when there is none (left).
 * Test: tests/live/trace.c
 */
bool pale_refusal_next(struct pale_refusals *refusals, const struct pale_heard_call *heard,
    const struct pale_heard_facts *facts, size_t *which, struct pale_refusal *ret);

#endif
