/* SPDX-License-Identifier: BSD-2-Clause */
/* What is heard of a cage, as distinct denials; see trace.h. */
#include "run/trace/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/scope.h"
#include "run/trace/heard.h"
#include "run/trace/refusal.h"

enum {
	SLOTS = 2 * PALE_TRACE_MAX, /* a power of two */
};

struct pale_trace {
	struct pale_watcher watcher;
	pale_trace_tell *tell;
	void *tell_state;
	struct pale_denial denials[PALE_TRACE_MAX];
	uint16_t slots[SLOTS]; /* index of a denial plus one; 0: free */
	uint64_t seed;         /* so that nobody can choose names that share their slots */
	size_t bytes;          /* of all texts */
	struct pale_trace_totals totals;
	struct pale_refusals refusals;
	struct pale_heard_facts facts;
};

/* FNV-1a. */
static uint64_t
add_hash(uint64_t hash, const void *bytes, size_t size)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ at[i]) * 0x100000001b3;
	return hash;
}

static uint64_t
add_hash_text(uint64_t hash, const char *text)
{
	return text == NULL ? add_hash(hash, "\377", 1) : add_hash(hash, text, strlen(text) + 1);
}

static uint64_t
hash_of(const struct pale_trace *trace, const struct pale_refusal *refusal)
{
	uint64_t hash = add_hash(trace->seed, &refusal->sys, sizeof(refusal->sys));

	hash = add_hash(hash, &refusal->why->missing, sizeof(refusal->why->missing));
	hash = add_hash_text(hash, refusal->who.program);
	hash = add_hash_text(hash, refusal->path);
	hash = add_hash_text(hash, refusal->address);
	/* What concerns no path differs by its arguments: socket(AF_VSOCK), socket(AF_INET). */
	return refusal->path == NULL ? add_hash_text(hash, refusal->call) : hash;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
is_same(const struct pale_denial *denial, const struct pale_refusal *refusal)
{
	return denial->sys == refusal->sys && denial->missing == refusal->why->missing &&
	    same_text(denial->program, refusal->who.program) &&
	    same_text(denial->path, refusal->path) &&
	    same_text(denial->address, refusal->address) &&
	    (denial->path != NULL || same_text(denial->call, refusal->call));
}

static char *
copy(struct pale_trace *trace, const char *text, bool *failed)
{
	char *own = text == NULL ? NULL : strdup(text);

	if (text == NULL)
		return NULL;
	if (own == NULL)
		*failed = true;
	else
		trace->bytes += strlen(own) + 1;
	return own;
}

static void
denial_done(struct pale_denial *denial)
{
	free(denial->program);
	free(denial->call);
	free(denial->path);
	free(denial->address);
	free(denial->grant.path);
	free(denial->grant.origin);
	free(denial->reason);
	free(denial->allow);
	*denial = (struct pale_denial){ 0 };
}

static bool
fill(struct pale_trace *trace, const struct pale_refusal *refusal, struct pale_denial *denial)
{
	const struct pale_why *why = refusal->why;
	const struct pale_entry *grant = why->grant != NULL ? why->grant : why->nearest;
	bool failed = false;

	*denial = (struct pale_denial){ .program = copy(trace, refusal->who.program, &failed),
		.pid = refusal->who.pid,
		.sys = refusal->sys,
		.call = copy(trace, refusal->call, &failed),
		.path = copy(trace, refusal->path, &failed),
		.address = copy(trace, refusal->address, &failed),
		.missing = why->missing,
		.by = why->by,
		.reason = copy(trace, why->reason, &failed),
		.allow = copy(trace, why->allow, &failed),
		.is_option = why->is_option,
		.error = why->error,
		.count = 1 };
	if (grant != NULL) {
		denial->grant = (struct pale_denial_grant){
			.path = copy(trace, grant->path, &failed),
			.origin = copy(trace, grant->origin, &failed),
			.kind = grant->kind,
			.has_rights = pale_entry_has_rights(grant),
			.rights = grant->rights,
		};
	}
	return !failed;
}

/* Count it, and tell of it if it is new. */
static void
add(struct pale_trace *trace, const struct pale_refusal *refusal)
{
	size_t at = hash_of(trace, refusal) % SLOTS;
	size_t index = trace->totals.distinct;

	for (; trace->slots[at] != 0; at = (at + 1) % SLOTS) {
		struct pale_denial *denial = &trace->denials[trace->slots[at] - 1];

		if (is_same(denial, refusal)) {
			denial->count++;
			trace->totals.calls++;
			return;
		}
	}
	if (index == PALE_TRACE_MAX || trace->bytes >= PALE_TRACE_BYTES_MAX) {
		trace->totals.untold++;
		return;
	}
	if (!fill(trace, refusal, &trace->denials[index])) {
		denial_done(&trace->denials[index]);
		trace->totals.untold++;
		return;
	}
	trace->slots[at] = (uint16_t)(index + 1);
	trace->totals.distinct++;
	trace->totals.calls++;
	if (trace->tell != NULL)
		trace->tell(trace->tell_state, &trace->denials[index]);
}

static void
hear(void *state, const struct pale_heard_call *heard)
{
	struct pale_trace *trace = state;
	struct pale_refusal refusal;

	if (heard->how == PALE_HEARD_ALLOWED || trace->refusals.plan == NULL ||
	    pale_heard_read(heard, &trace->facts) < 0)
		return;
	for (size_t which = 0;
	     pale_refusal_next(&trace->refusals, heard, &trace->facts, &which, &refusal);)
		add(trace, &refusal);
}

static int
start(void *state, const struct pale_plan *plan, struct pale_err *err PALE_UNUSED)
{
	struct pale_trace *trace = state;

	trace->refusals.plan = plan;
	return 0;
}

static void
missed(void *state, uint64_t count)
{
	struct pale_trace *trace = state;

	trace->totals.untold += count;
}

int
pale_trace_new(pale_trace_tell *tell, void *state, struct pale_trace **ret)
{
	struct pale_trace *trace = calloc(1, sizeof(*trace));

	if (trace == NULL)
		return -ENOMEM;
	trace->tell = tell;
	trace->tell_state = state;
	trace->watcher = (struct pale_watcher){
		.hook = { .state = trace, .hear = hear },
		.watch = PALE_WATCH_WRITES,
		.start = start,
		.missed = missed,
	};
	if (getrandom(&trace->seed, sizeof(trace->seed), GRND_NONBLOCK) < 0)
		trace->seed = (uint64_t)(uintptr_t)trace;
	pale_refusals_init(&trace->refusals);
	*ret = trace;
	return 0;
}

void
pale_trace_free(struct pale_trace *trace)
{
	if (trace == NULL)
		return;
	for (size_t i = 0; i < trace->totals.distinct; i++)
		denial_done(&trace->denials[i]);
	pale_refusals_done(&trace->refusals);
	free(trace);
}

const struct pale_watcher *
pale_trace_watcher(const struct pale_trace *trace)
{
	return &trace->watcher;
}

struct pale_trace_totals
pale_trace_totals(const struct pale_trace *trace)
{
	return trace->totals;
}

const struct pale_denial *
pale_trace_get(const struct pale_trace *trace, size_t at)
{
	return &trace->denials[at];
}
