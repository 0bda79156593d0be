/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Denials: what is heard of a cage (cage/watch.h), turned into the distinct refusals that are ours:
 * each once, with the right that is missing, the nearest grant, and the grant that would allow it.
 * What the kernel decides is predicted by run/why/why.h from the plan. No denial is what fails
 * without a cage just as well: a name that the machine has not either, ordinary permissions, a name
 * that is taken.
 *
 * A report decides nothing, and all in it comes from the program: bytes of any kind, names that
 * changed meanwhile, as many as it likes. So memory is bounded by count and by bytes; what is
 * beyond is counted.
 */
#ifndef PALE_RUN_TRACE_TRACE_H
#define PALE_RUN_TRACE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/err.h"
#include "run/plan.h"
#include "run/why/why.h"

enum {
	PALE_TRACE_MAX = 4096,           /* distinct denials; a program has some dozens */
	PALE_TRACE_BYTES_MAX = 16 << 20, /* of all their texts */
};

/* A grant as far as a denial tells of it. */
struct pale_denial_grant {
	char *path; /* NULL: there is none */
	char *origin;
	enum pale_grant_kind kind;
	bool has_rights;
	pale_rights rights;
};

/* One distinct denial. Texts are not escaped but .call. */
struct pale_denial {
	char *program; /* the thread's name */
	pid_t pid;     /* inside; 0 where it could not be told */
	enum pale_sys sys;
	char *call;    /* as people write it, escaped */
	char *path;    /* inside, canonical; or NULL */
	char *address; /* of a socket or queue; or NULL */
	pale_rights missing;
	struct pale_denial_grant grant; /* what shows the path, or is nearest to it */
	enum pale_why_by by;
	char *reason;   /* why, a sentence without full stop */
	char *allow;    /* the option that would allow it, or advice; "" where nothing helps */
	bool is_option; /* .allow is an option of `pale run` as it stands */
	int error;      /* what the program sees */
	uint64_t count; /* calls so far */
};

/* Called for each distinct denial when it is met first. The denial is borrowed for the call. */
typedef void pale_trace_tell(void *state, const struct pale_denial *denial);

struct pale_trace;

/*
 * Make one.
 *
 *   tell  may be NULL: then they are only collected
 *
 * Returns 0 or -ENOMEM.
 */
int pale_trace_new(pale_trace_tell *tell, void *state, struct pale_trace **ret);
/* Not before the run is over. NULL is fine. */
void pale_trace_free(struct pale_trace *trace);

/* For struct pale_plan_options; borrowed from the trace. */
const struct pale_watcher *pale_trace_watcher(const struct pale_trace *trace);

/* What was met so far, also when the run is over. */
struct pale_trace_totals {
	size_t distinct; /* that are kept */
	uint64_t calls;  /* of all denials */
	uint64_t untold; /* calls of denials beyond what is kept */
};
struct pale_trace_totals pale_trace_totals(const struct pale_trace *trace);
/* The denials in the order they were met, at < .distinct; borrowed. */
const struct pale_denial *pale_trace_get(const struct pale_trace *trace, size_t at);

#endif
