/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walker on real descriptors: each directory on the way is held by an O_PATH descriptor, each
 * operation is one system call, and ".." never reaches the kernel (but for PALE_WALK_NONE above the
 * start). No foreign object is opened for more than its place (O_PATH), so no FIFO blocks the walk,
 * no device is touched and no lease is broken.
 *
 * Held to the kernel's own openat2(RESOLVE_BENEATH, RESOLVE_IN_ROOT) by tests/law/walk.c. It
 * differs in this, each on purpose:
 *   - it never answers -EAGAIN, and ".." leads the way it came in when a directory was moved;
 *   - a magic link of /proc is a link like any other: its text is followed, within the policy;
 *   - a link in a sticky directory writable by all is followed only if it belongs to the caller or
 *     to the directory's owner, whatever fs.protected_symlinks says (-EACCES);
 *   - the option nosymfollow of a mount is not seen;
 *   - limits of core/walk.h.
 */
#ifndef PALE_KERNEL_WALKFD_H
#define PALE_KERNEL_WALKFD_H

#include <sys/stat.h>

#include "core/err.h"
#include "core/walk.h"

/*
 * What the operations need to know; the ctx of pale_walkfd_ops, or the first member of it. Handles
 * are descriptors; AT_FDCWD is one, too.
 */
struct pale_walkfd {
	uid_t euid;       /* who follows links */
	struct stat stat; /* of the node identified last */
};

extern const struct pale_walk_ops pale_walkfd_ops;

void pale_walkfd_init(struct pale_walkfd *walkfd);

/*
 * Open a path as a place (O_PATH | O_CLOEXEC).
 *
 *   root    directory descriptor or AT_FDCWD: the start, and the boundary of the policy; borrowed
 *   path    NUL-terminated, at most PATH_MAX bytes with the NUL
 *   flags   PALE_WALK_NOFOLLOW | PALE_WALK_DIRECTORY | PALE_WALK_NO_LINKS; PALE_WALK_PARENT opens
 *           the directory above the last component
 *   ret_fd  on success the new descriptor, owned by the caller; else untouched
 *
 * Returns 0 or -errno as pale_walk_step; -EMFILE where the walk is deeper than descriptors are to
 * be had.
 *
 * Source: openat2(2); "Connecting the Dot Dots" (2010), slides 15 and 21.
 * Test: tests/law/walk.c
 */
int pale_walkfd_open(int root, const char *path, enum pale_walk_policy policy, unsigned flags,
    int *ret_fd, struct pale_err *err);

#endif
