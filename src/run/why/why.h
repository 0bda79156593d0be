/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Would a call be allowed, by what, and what would allow it? Answered from the plan alone: the
 * rights that sys.def says the call needs, held against the grant that the path leads to inside
 * (run/why/view.h). Ordinary permissions (mode, owner) still apply on top and are not asked.
 */
#ifndef PALE_RUN_WHY_WHY_H
#define PALE_RUN_WHY_WHY_H

#include <stdbool.h>

#include "core/err.h"
#include "run/why/call.h"
#include "run/plan.h"
#include "run/why/view.h"

/* What decides. */
enum pale_why_by {
	PALE_WHY_GRANT,       /* allowed: a grant */
	PALE_WHY_CALL,        /* allowed: the call concerns no path */
	PALE_WHY_FILTER,      /* the call filter, whatever the path */
	PALE_WHY_ABSENT,      /* nothing of that name exists inside */
	PALE_WHY_MOUNT,       /* an attribute of the grant's mount */
	PALE_WHY_LANDLOCK,    /* a Landlock rule */
	PALE_WHY_SUPERVISOR,  /* the supervisor, by the grant's mount */
	PALE_WHY_THING,       /* a copy, a hidden name, a device, a directory of the empty root */
	PALE_WHY_PERMISSIONS, /* the caller's own permissions keep it from looking */
};

/* The name of it in JSON: "grant", "filter" ... Borrowed, static. */
const char *pale_why_by_name(enum pale_why_by by);

enum {
	PALE_WHY_TEXT_BYTES = 2 * PATH_MAX,
};

struct pale_why {
	bool allowed;
	enum pale_why_by by;
	int error;                            /* what the program would see, 0 if allowed */
	struct pale_call call;                /* the question */
	bool has_path;                        /* the path mattered */
	struct pale_view view;                /* where it leads inside; .path "" if nowhere */
	pale_rights need;                     /* what the call needs there */
	pale_rights missing;                  /* what of it is not held */
	const struct pale_entry *grant;       /* what shows the path, or NULL */
	const struct pale_endpoint *endpoint; /* what stands for the address, or NULL */
	const struct pale_entry *nearest; /* if none: the grant that is nearest to it, or NULL */
	char reason[PALE_WHY_TEXT_BYTES]; /* why, a sentence without full stop */
	char allow[PALE_WHY_TEXT_BYTES];  /* the option or advice that would allow it, or "" */
	bool is_option;                   /* .allow is an option of `pale run` as it stands */
	bool nowhere;                     /* the machine has nothing of that name either */
	char note[PALE_WHY_TEXT_BYTES];   /* what else to know, or "" */
};

/*
 * Ask.
 *
 *   plan  made, and kept as long as the answer: grants are borrowed from it
 *   path  absolute, a name inside; for connect, bind and the sends also "@NAME" and "HOST:PORT";
 *         NULL for a call without a path
 *
 * Returns 0 with an answer, or -EINVAL where the call needs a path and none is given.
 * Test: tests/cli/why.bats
 */
int pale_why(const struct pale_plan *plan, const struct pale_call *call, const char *path,
    struct pale_why *ret, struct pale_err *err);

/* The same for one of the paths of a call that has two: see pale_call_needed. */
int pale_why_one(const struct pale_plan *plan, const struct pale_call *call, int which,
    const char *path, struct pale_why *ret, struct pale_err *err);

#endif
