/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a path of a grant means on this machine: one object, held by an O_PATH descriptor, its
 * canonical name, and every symbolic link that was crossed on the way, so that a cage can rebuild
 * them. The path is walked once: by the kernel where it is absolute and holds no link and no "..",
 * which saves ten microseconds a grant, else by our own walker. What is mounted into the cage is
 * the descriptor, never the name again.
 */
#ifndef PALE_RUN_RESOLVE_H
#define PALE_RUN_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/err.h"

/* A symbolic link that was crossed. */
struct pale_link {
	char *path;   /* its own canonical name: absolute, no link on the way to it */
	char *target; /* its text as it stands */
};

/* A path resolved. Zeroed is empty; to be given to pale_resolved_done. */
struct pale_resolved {
	char *path; /* canonical: absolute, no ".", "..", link or doubled slash; "/" for the root */
	int fd;     /* O_PATH | O_CLOEXEC on the object itself, -1 if none */
	mode_t mode;
	dev_t dev;
	ino_t ino;
	uid_t uid;
	gid_t gid;
	struct pale_link
	    *links; /* in the order crossed; one that was crossed twice is in it twice */
	size_t link_count;
};

/*
 * Resolve a path of the host. Links are followed everywhere, the last component included; "/" is
 * the caller's root.
 *
 *   base   where a relative path starts: a directory descriptor (its name is then read from
 *          /proc) or AT_FDCWD; borrowed
 *   path   absolute or relative
 *   ret    overwritten on success, owned by the caller; untouched on failure
 *
 * Returns 0, or -errno with a sentence that names the first component that fails:
 *   -ENOENT, -ENOTDIR, -EACCES, -ELOOP, -ENAMETOOLONG   as path_resolution(7)
 *   -EACCES also for another user's link in a sticky directory (see kernel/walkfd.h)
 *   -ESTALE  base was moved or removed meanwhile, or is hidden beneath a mount
 *   -EMFILE  deeper than descriptors are to be had
 *
 * Test: tests/unit/resolve.c
 */
int pale_resolve(int base, const char *path, struct pale_resolved *ret, struct pale_err *err);

/* Give everything back and make it empty. Harmless twice, and on a zeroed one. */
void pale_resolved_done(struct pale_resolved *resolved);

/*
 * Can anybody but root rename, remove or replace a name on the way from a directory down to an
 * object? A mount upon such a name in a cage is gone when the name is, so it protects nothing.
 *
 * A directory lets them if it belongs to another than root (who may change its mode at will) or if
 * its group or others may write to it; in a sticky one the owner of the entry still can. Access
 * lists are covered: what they grant at most shows as the mode's group bits.
 *
 *   canonical_root  canonical path of the directory where the way starts, itself included
 *   inner           the object; its path must be beneath canonical_root
 *   ret             true if somebody can
 *   who             then who and where, a phrase such as "uid 1000 owns '/srv/x'"; else ""
 *
 * Returns 0, -EINVAL (not beneath), -ESTALE (something else has the name now), or -errno of
 * looking. Test: tests/unit/resolve.c
 */
int pale_resolve_replaceable(const char *canonical_root, const struct pale_resolved *inner,
    bool *ret, char *who, size_t size);

#endif
