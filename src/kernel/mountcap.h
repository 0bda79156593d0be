/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mount capabilities: a directory or file as a mount of its own, that shows nothing else and whose
 * attributes (read-only, no execution) hold for every call and every descriptor opened through it.
 * The caller must have CAP_SYS_ADMIN in the user namespace that owns its mount namespace.
 * Source: open_tree(2), mount_setattr(2), move_mount(2), fsopen(2).
 */
#ifndef PALE_KERNEL_MOUNTCAP_H
#define PALE_KERNEL_MOUNTCAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/*
 * Clone what a descriptor refers to, with everything mounted below it, as a detached private mount.
 *
 *   fd      O_PATH or other descriptor of a file or directory in the caller's mount namespace
 *   name    entry of that directory to clone, not followed if it is a link; "" for fd itself
 *   attr    MOUNT_ATTR_* to set on the clone and all below it; propagation always becomes private,
 *           so that a later mount on the machine does not appear in the clone
 *   ret_fd  on success the detached mount, owned by the caller
 *
 * Returns 0 or -errno: -EINVAL for a mount of another namespace or one that may not be cloned.
 * Test: tests/live/mountcap.c
 */
int pale_mountcap_clone(int fd, const char *name, uint64_t attr, int *ret_fd, struct pale_err *err);

/* Set attributes of the mount at a descriptor, of it alone. */
int pale_mountcap_set(int fd, uint64_t attr, struct pale_err *err);

/*
 * Attach a detached mount on the directory or file that a descriptor refers to, or, if name is not
 * "", on that entry of the directory; a link there is not followed.
 */
int pale_mountcap_attach(int mount, int where, const char *name, struct pale_err *err);

/* One option of a new file system; value NULL for a flag. */
struct pale_fsopt {
	const char *key;
	const char *value;
};

/*
 * Make a file system and a detached mount of it.
 *
 *   type    "tmpfs", "proc", "devpts"
 *   opts    ends with a NULL key
 *   attr    MOUNT_ATTR_*
 */
int pale_mountcap_new(const char *type, const struct pale_fsopt *opts, uint64_t attr, int *ret_fd,
    struct pale_err *err);

/* Stop every propagation between this mount namespace and any other. */
int pale_mountcap_isolate(struct pale_err *err);

/*
 * Make the directory `root` (an attached mount) the root and working directory of every process of
 * this mount namespace and let go of everything that was mounted before.
 */
int pale_mountcap_pivot(int root, struct pale_err *err);

#endif
