/* SPDX-License-Identifier: BSD-2-Clause */
/* What the cage around gives at one place, for the parts of narrow.h. */
#ifndef PALE_RUN_NESTED_NARROW_PLACE_H
#define PALE_RUN_NESTED_NARROW_PLACE_H

#include "run/mounts.h"
#include "run/nested/narrow.h"

struct pale_place {
	pale_rights rights;
	const struct pale_entry *entry; /* that gives it; NULL: a directory that only leads on */
};

/*
 * What is given in a mount: by the entry that it is the top of (by all, where two show the same
 * inode), or by what is around it, where the machine itself has a mount in a grant.
 */
struct pale_place pale_place_of(const struct pale_mounts *mounts, const struct pale_mount *mount,
    const struct pale_outer *outer);

/* Every endpoint and host of a plan: 0 or as pale_narrow. narrow_endpoint.c. */
int pale_narrow_endpoints(const struct pale_plan *plan, const struct pale_mounts *mounts,
    const struct pale_outer *outer, struct pale_err *err);

#endif
