/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Namespaces and mounts: a program that gets a user namespace regains every capability in it, and
 * with that the mounts of its cage. Natively each mount call is tried inside such a namespace.
 */
#include "probe.h"

#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

enum {
	MS_RDONLY_ = 1,
	MS_REMOUNT_ = 32,
	MS_BIND_ = 4096,
	MS_REC_ = 16384,
	MS_PRIVATE_ = 1 << 18,
	DETACH = 2,
	NR_OPEN_TREE_ATTR = 467, /* 6.15 */
};

static long
new_space(int flags)
{
	return unshare(flags);
}

/* The raw call: the low 32 bits of the flags are all that the kernel looks at. */
static long
clone_with(unsigned long flags)
{
	long pid = syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		wait_child((pid_t)pid);
	return pid;
}

static long
clone3_with(uint64_t flags)
{
	struct {
		uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	} args = { .flags = flags, .exit_signal = SIGCHLD };
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		wait_child((pid_t)pid);
	return pid;
}

static long
enter(const char *what, int type)
{
	int fd = open(text("/proc/self/ns/%s", what), O_RDONLY | O_CLOEXEC);

	enter_namespace(CLONE_NEWUTS | CLONE_NEWIPC);
	if (type == CLONE_NEWUTS)
		fd = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -1 : syscall(SYS_setns, fd, type);
}

static long
mount_raw(const char *from, const char *to, const char *type, unsigned long flags)
{
	return syscall(SYS_mount, from, to, type, flags, NULL);
}

static long
mount_in(const char *from, const char *to, const char *type, unsigned long flags)
{
	enter_namespace(0);
	return mount_raw(from, to, type, flags);
}

static long
mount_proc(void)
{
	pid_t pid;

	enter_namespace(CLONE_NEWPID);
	pid = fork();
	if (pid == 0)
		_exit(mount_raw("p", rw("dir"), "proc", 0) < 0 ? errno : 0);
	errno = wait_child(pid);
	return errno == 0 ? 0 : -1;
}

/* Natively a read-only bind mount stands in for the grant. */
static void
stand_in(void)
{
	enter_namespace(0);
	if (mount_raw(ro(""), ro(""), NULL, MS_BIND_) == 0)
		mount_raw(NULL, ro(""), NULL, MS_REMOUNT_ | MS_BIND_ | MS_RDONLY_);
}

static long
remount_writable(void)
{
	stand_in();
	return mount_raw(NULL, ro(""), NULL, MS_REMOUNT_ | MS_BIND_);
}

static long
unmount(const char *path)
{
	stand_in();
	return syscall(SYS_umount2, path, DETACH);
}

static long
clear_read_only(void)
{
	struct mount_attr attr = { .attr_clr = MOUNT_ATTR_RDONLY };

	stand_in();
	return syscall(SYS_mount_setattr, AT_FDCWD, ro(""), 0, &attr, sizeof(attr));
}

static long
clear_no_exec(void)
{
	struct mount_attr attr = { .attr_clr = MOUNT_ATTR_NOEXEC };

	enter_namespace(0);
	mount_raw(rw(""), rw(""), NULL, MS_BIND_);
	return syscall(SYS_mount_setattr, AT_FDCWD, rw(""), 0, &attr, sizeof(attr));
}

static long
new_root(void)
{
	enter_namespace(0);
	mount_raw(NULL, "/", NULL, MS_REC_ | MS_PRIVATE_);
	mount_raw(rw(""), rw(""), NULL, MS_BIND_);
	if (chdir(rw("")) < 0)
		return -1;
	return syscall(SYS_pivot_root, ".", ".");
}

static long
tree(const char *path, unsigned flags)
{
	enter_namespace(0);
	return syscall(SYS_open_tree, AT_FDCWD, path, flags | OPEN_TREE_CLOEXEC);
}

static long
tree_attr(void)
{
	struct mount_attr attr = { 0 };

	stand_in();
	return syscall(NR_OPEN_TREE_ATTR, AT_FDCWD, rw(""), OPEN_TREE_CLONE, &attr, sizeof(attr));
}

static long
move_tree(void)
{
	long fd = tree(ro(""), OPEN_TREE_CLONE);

	return syscall(SYS_move_mount, (int)fd, "", AT_FDCWD, rw("dir"), MOVE_MOUNT_F_EMPTY_PATH);
}

static long
open_fs(const char *type)
{
	enter_namespace(0);
	return syscall(SYS_fsopen, type, 0);
}

static long
own_root(void)
{
	enter_namespace(0);
	return chroot(rw(""));
}

/* A handle names an inode for whoever holds CAP_DAC_READ_SEARCH, wherever the inode lies. */
static long
by_handle(void)
{
	struct {
		struct file_handle head;
		unsigned char bytes[HANDLE_SIZE];
	} handle = { .head.handle_bytes = w.handle_bytes, .head.handle_type = w.handle_type };
	int dir = open(rw(""), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	memcpy(handle.bytes, w.handle, sizeof(handle.bytes));
	return open_by_handle_at(dir, &handle.head, O_RDONLY);
}

/* clang-format off */
TRY("namespace", "unshare the user namespace", ANYONE, new_space(CLONE_NEWUSER))
TRY("namespace", "unshare the mount namespace", ANYONE, new_space(CLONE_NEWUSER | CLONE_NEWNS))
TRY("namespace", "unshare the mount namespace alone", ROOT, new_space(CLONE_NEWNS))
TRY("namespace", "unshare the network namespace", ANYONE, new_space(CLONE_NEWUSER | CLONE_NEWNET))
TRY("namespace", "unshare the process namespace", ANYONE, new_space(CLONE_NEWUSER | CLONE_NEWPID))
TRY("namespace", "unshare the IPC namespace", ANYONE, new_space(CLONE_NEWUSER | CLONE_NEWIPC))
TRY("namespace", "unshare the host name", ANYONE, new_space(CLONE_NEWUSER | CLONE_NEWUTS))
TRY("namespace", "unshare the control groups", ANYONE, new_space(CLONE_NEWUSER | CLONE_NEWCGROUP))
TRY("namespace", "unshare the time namespace", ANYONE, new_space(CLONE_NEWUSER | 0x80))
TRY("namespace", "clone into a user namespace", ANYONE, clone_with(CLONE_NEWUSER))
TRY("namespace", "clone into a user and mount namespace", ANYONE, clone_with(CLONE_NEWUSER | CLONE_NEWNS))
TRY("namespace", "clone into a user namespace with bits set that the kernel ignores", ANYONE, clone_with(0xabc00000000UL | CLONE_NEWUSER))
TRY("namespace", "clone3 into a user namespace", ANYONE, clone3_with(CLONE_NEWUSER))
TRY("namespace", "clone3 into a time namespace", ROOT, clone3_with(0x80))
TRY("namespace", "enter the own mount namespace again", ROOT, syscall(SYS_setns, open("/proc/self/ns/mnt", O_RDONLY), CLONE_NEWNS))
TRY("namespace", "enter a host name namespace again", ANYONE, enter("uts", CLONE_NEWUTS))
TRY("namespace", "enter the namespaces of a process outside", ROOT, syscall(SYS_setns, syscall(SYS_pidfd_open, w.victim, 0), CLONE_NEWNS))

TRY("mount", "mount a new file system", ANYONE, mount_in("none", rw("dir"), "tmpfs", 0))
TRY("mount", "mount the processes' file system", MAYBE("another /proc is masked"), mount_proc())
TRY("mount", "mount a directory on another", ANYONE, mount_in(ro(""), rw("dir"), NULL, MS_BIND_))
TRY("mount", "change the propagation of the root", ANYONE, mount_in(NULL, "/", NULL, MS_REC_ | MS_PRIVATE_))
TRY("mount", "make the read-only grant writable (remount)", ANYONE, remount_writable())
TRY("mount", "make the read-only grant writable (mount_setattr)", ANYONE, clear_read_only())
TRY("mount", "make the writable grant executable (mount_setattr)", ANYONE, clear_no_exec())
TRY("mount", "unmount the read-only grant", ANYONE, unmount(ro("")))
TRY("mount", "unmount the root", NEVER("cannot work natively"), unmount("/"))
TRY("mount", "change the root (pivot_root)", ANYONE, new_root())
TRY("mount", "change the root (chroot)", ANYONE, own_root())
TRY("mount", "clone a tree of mounts", ANYONE, tree(ro(""), OPEN_TREE_CLONE))
TRY("mount", "clone a tree of mounts with other attributes", MAYBE("needs Linux 6.15"), tree_attr())
TRY("mount", "move a cloned tree elsewhere", ANYONE, move_tree())
TRY("mount", "open a new file system (fsopen)", ANYONE, open_fs("tmpfs"))
REFUSE("mount", "pick a mounted file system (fspick)", ROOT, syscall(SYS_fspick, AT_FDCWD, "/", 0))
REFUSE("mount", "make a mount of a file system (fsmount)", ROOT, syscall(SYS_fsmount, -1, 0, 0))
TRY("mount", "open an outside file by its handle", ROOT, by_handle())
/* clang-format on */

ATTEMPT("mount", "see what somebody mounts later beneath a read-only grant",
    MAYBE("the suite does not run as root"))
{
	char answer[ASK_SIZE];

	if (!w.can_mount)
		return skipped("needs root outside");
	if (!ask(answer, "mount") || strcmp(answer, "ok") != 0)
		return broken("nobody mounted anything");
	return got(open(ro("later/file"), O_RDONLY));
}

ATTEMPT("mount", "see what somebody mounts later beneath a writable grant",
    MAYBE("the suite does not run as root"))
{
	if (!w.can_mount)
		return skipped("needs root outside");
	return got(open(rw("later/file"), O_RDONLY));
}
