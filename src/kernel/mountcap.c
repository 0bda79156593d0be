/* SPDX-License-Identifier: BSD-2-Clause */
/* Mount capabilities; see mountcap.h. */
#include "kernel/mountcap.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/scope.h"

enum {
	STACK_MAX = 8, /* mounts on top of each other at the root; pale makes three at most */
};

int
pale_mountcap_clone(int fd, const char *name, uint64_t attr, int *ret_fd, struct pale_err *err)
{
	PALE_CLOSE int mount = -1;
	struct mount_attr set = { .attr_set = attr, .propagation = MS_PRIVATE };

	/* Without AT_RECURSIVE the kernel refuses: what is mounted below would be uncovered. */
	mount = open_tree(fd, name,
	    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE | AT_NO_AUTOMOUNT |
		AT_SYMLINK_NOFOLLOW);
	if (mount < 0)
		return pale_fail_errno(err, "cannot make a mount of it");
	if (mount_setattr(mount, "", AT_EMPTY_PATH | AT_RECURSIVE, &set, sizeof(set)) < 0)
		return pale_fail_errno(err, "cannot restrict its mount");
	*ret_fd = pale_take_fd(&mount);
	return 0;
}

int
pale_mountcap_set(int fd, uint64_t attr, struct pale_err *err)
{
	struct mount_attr set = { .attr_set = attr };

	if (mount_setattr(fd, "", AT_EMPTY_PATH, &set, sizeof(set)) < 0)
		return pale_fail_errno(err, "cannot restrict a mount");
	return 0;
}

int
pale_mountcap_attach(int mount, int where, const char *name, struct pale_err *err)
{
	if (move_mount(mount, "", where, name, MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) <
	    0)
		return pale_fail_errno(err, "cannot attach a mount");
	return 0;
}

int
pale_mountcap_new(const char *type, const struct pale_fsopt *opts, uint64_t attr, int *ret_fd,
    struct pale_err *err)
{
	PALE_CLOSE int fs = -1;
	PALE_CLOSE int mount = -1;

	fs = fsopen(type, FSOPEN_CLOEXEC);
	if (fs < 0)
		return pale_fail_errno(err, "cannot make a %s", type);
	for (; opts->key != NULL; opts++) {
		unsigned cmd = opts->value == NULL ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING;

		if (fsconfig(fs, cmd, opts->key, opts->value, 0) < 0)
			return pale_fail_errno(err, "cannot set '%s' of a %s", opts->key, type);
	}
	if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return pale_fail_errno(err, "cannot create a %s", type);
	mount = fsmount(fs, FSMOUNT_CLOEXEC, (unsigned)attr);
	if (mount < 0)
		return pale_fail_errno(err, "cannot mount a %s", type);
	*ret_fd = pale_take_fd(&mount);
	return 0;
}

int
pale_mountcap_isolate(struct pale_err *err)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return pale_fail_errno(err, "cannot make the mount namespace private");
	return 0;
}

/*
 * Take off what is stacked on the root: the old root, and on that whatever the new one was stacked
 * on. ".." of the root leads to the top of the stack, so nothing may stay.
 */
static int
clear_root(int root, struct pale_err *err)
{
	struct statx ours;
	struct statx top;

	if (statx(root, "", AT_EMPTY_PATH, STATX_MNT_ID, &ours) < 0)
		return pale_fail_errno(err, "cannot look at the new root");
	for (int i = 0; i < STACK_MAX; i++) {
		if (statx(AT_FDCWD, "/..", 0, STATX_MNT_ID, &top) < 0)
			return pale_fail_errno(err, "cannot look at the old root");
		if (top.stx_mnt_id == ours.stx_mnt_id)
			return 0;
		if (umount2("/..", MNT_DETACH) < 0)
			return pale_fail_errno(err, "cannot let go of the old root");
	}
	return pale_fail(err, -ELOOP, "cannot let go of the old root: too much is mounted on it");
}

int
pale_mountcap_pivot(int root, struct pale_err *err)
{
	int result;

	if (fchdir(root) < 0)
		return pale_fail_errno(err, "cannot enter the new root");
	/* The same directory twice: the old root is stacked on the new one, then taken off. */
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return pale_fail_errno(err, "cannot change the root");
	result = clear_root(root, err);
	if (result < 0)
		return result;
	if (chdir("/") < 0)
		return pale_fail_errno(err, "cannot enter the new root");
	return 0;
}
