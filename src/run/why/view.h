/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a path would mean inside a cage, found without making one: the walker of core/walk.h over
 * the plan's entries, the links that are rebuilt, the directories that lead to them, and below a
 * grant the machine itself. It is for answers (`--why`); nothing is opened or enforced by it.
 */
#ifndef PALE_RUN_WHY_VIEW_H
#define PALE_RUN_WHY_VIEW_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "core/err.h"
#include "run/plan.h"

/* What a name inside is. */
enum pale_view_kind {
	PALE_VIEW_GRANT,    /* an object of the machine, shown by a path grant */
	PALE_VIEW_SKELETON, /* a directory of the empty root that leads to something */
	PALE_VIEW_LINK,     /* a symbolic link of the empty root */
	PALE_VIEW_THING,    /* a copy, device, private or hidden thing: see the entry's kind */
	PALE_VIEW_OWN,      /* /proc or pseudo-terminals of the cage: known only when it runs */
};

/* A path resolved inside. */
struct pale_view {
	char path[PATH_MAX]; /* canonical, inside; where nothing is there, what would be made */
	bool exists;
	bool named;     /* an entry or link of the plan is at exactly this path */
	bool is_dir;    /* of what exists */
	bool is_device; /* a character or block device, which a grant's mount does not open */
	mode_t mode;    /* GRANT: of what exists, else 0 */
	uid_t uid;
	gid_t gid;
	enum pale_view_kind kind;       /* of it, or of its directory where nothing is there */
	enum pale_view_kind above_kind; /* of the directory that it is in */
	const struct pale_entry *entry; /* likewise: the entry that shows it, or NULL */
	const struct pale_entry *above; /* of the directory that it is in, or NULL */
};

/*
 * Resolve a path inside.
 *
 *   path    absolute
 *   follow  whether a symbolic link as last component is followed
 *   ret     filled on success; on failure .path is where the walk ended, the rest is meaningless
 *
 * Returns 0, also where only the last component does not exist, or -errno: -ENOENT (a directory on
 * the way is not there), -ENOTDIR, -ELOOP, -ENAMETOOLONG, -EACCES (this user may not look there).
 * Test: tests/cli/why.bats
 */
int pale_view_resolve(
    const struct pale_plan *plan, const char *path, bool follow, struct pale_view *ret);

/*
 * The machine's own object of a name, whether granted or not: for advice. Links are followed within
 * the machine's root, also when ours is that of a cage by now (plan->machine).
 *
 *   path  absolute
 *
 * Returns an O_PATH descriptor that the caller closes, or -errno.
 */
int pale_view_machine(const struct pale_plan *plan, const char *path);

#endif
