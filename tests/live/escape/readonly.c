/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changing what was granted for reading only: contents, names and, what Landlock does not know,
 * metadata: modes, owners, times, attributes and inode flags, by name and by descriptor.
 */
#include "probe.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/xattr.h>

enum {
	NR_FCHMODAT2 = 452,    /* 6.6 */
	NR_SETXATTRAT = 463,   /* 6.13 */
	NR_FILE_SETATTR = 469, /* 6.17 */
};

static int
readable(const char *name)
{
	return open(ro(name), O_RDONLY | O_CLOEXEC);
}

static int
named(const char *name)
{
	return open(ro(name), O_PATH | O_CLOEXEC);
}

static long
set_flags(int fd)
{
	int flags = 0;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		return -1;
	flags |= FS_NODUMP_FL;
	return ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

static long
set_xflags(int fd)
{
	struct fsxattr attr = { 0 };

	if (ioctl(fd, FS_IOC_FSGETXATTR, &attr) < 0)
		return -1;
	attr.fsx_xflags |= FS_XFLAG_NODUMP;
	return ioctl(fd, FS_IOC_FSSETXATTR, &attr);
}

static long
set_xattr_at(int dir, const char *path)
{
	struct {
		uint64_t value;
		uint32_t size, flags;
	} args = { (uint64_t)(uintptr_t) "x", 1, 0 };

	return syscall(NR_SETXATTRAT, dir, path, 0, "user.pale", &args, sizeof(args));
}

static long
set_attr_at(const char *path)
{
	struct {
		uint64_t xflags;
		uint32_t extsize, nextents, projid, cowextsize;
	} attr = { .xflags = FS_XFLAG_NODUMP };

	return syscall(NR_FILE_SETATTR, AT_FDCWD, path, &attr, sizeof(attr), 0);
}

static long
bind_in(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	return fd < 0 ? -1 : bind(fd, (const struct sockaddr *)&addr, sizeof(addr));
}

static long
shared_write(const char *name)
{
	int fd = open(ro(name), O_RDWR | O_CLOEXEC);

	return fd < 0 ? -1 : write(fd, "x", 1);
}

static long
clone_over(void)
{
	int from = open(rw("data"), O_RDONLY | O_CLOEXEC),
	    to = open(ro("prey.9"), O_WRONLY | O_CLOEXEC);

	return to < 0 ? -1 : copy_file_range(from, NULL, to, NULL, 1, 0);
}

static const struct timespec some_time[2] = { { 1000, 0 }, { 2000, 0 } };

/* clang-format off */
TRY("read-only", "open for writing", ANYONE, open(ro("prey.6"), O_WRONLY))
TRY("read-only", "open for reading and writing, and write", ANYONE, shared_write("prey.6"))
TRY("read-only", "open for appending", ANYONE, open(ro("prey.6"), O_WRONLY | O_APPEND))
TRY("read-only", "open to read, emptying it", ANYONE, open(ro("prey.7"), O_RDONLY | O_TRUNC))
TRY("read-only", "truncate", ANYONE, truncate(ro("prey.7"), 0))
TRY("read-only", "copy a range of bytes into it", ANYONE, clone_over())
TRY("read-only", "create a file", ANYONE, open(ro("new"), O_CREAT | O_WRONLY, 0600))
TRY("read-only", "create a nameless file", ANYONE, open(ro(""), O_TMPFILE | O_RDWR, 0600))
TRY("read-only", "remove a file", ANYONE, unlink(ro("prey.10")))
TRY("read-only", "rename a file", ANYONE, rename(ro("prey.11"), ro("renamed")))
TRY("read-only", "make a directory", ANYONE, mkdir(ro("new-dir"), 0700))
TRY("read-only", "remove a directory", ANYONE, rmdir(ro("empty.0")))
TRY("read-only", "make a symbolic link", ANYONE, symlink("x", ro("new-link")))
TRY("read-only", "make a hard link within it", ANYONE, link(ro("prey.12"), ro("new-hard")))
TRY("read-only", "make a fifo", ANYONE, mkfifo(ro("new-fifo"), 0600))
TRY("read-only", "bind a socket", ANYONE, bind_in(ro("new-socket")))
TRY("read-only", "chmod", ANYONE, chmod(ro("prey.13"), 0600))
TRY("read-only", "fchmod on a descriptor opened for reading", ANYONE, fchmod(readable("prey.13"), 0644))
TRY("read-only", "chmod through /proc of an O_PATH descriptor", ANYONE, chmod(fd_path(named("prey.13")), 0600))
TRY("read-only", "fchmodat2 on an O_PATH descriptor", MAYBE("needs Linux 6.6"), syscall(NR_FCHMODAT2, named("prey.13"), "", 0644, AT_EMPTY_PATH))
TRY("read-only", "chmod of the granted directory itself", ANYONE, chmod(ro(""), 0755))
TRY("read-only", "chown", ANYONE, chown(ro("prey.14"), getuid(), getgid()))
TRY("read-only", "lchown", ANYONE, lchown(ro("prey.14"), getuid(), getgid()))
TRY("read-only", "fchown on a descriptor opened for reading", ANYONE, fchown(readable("prey.14"), getuid(), getgid()))
TRY("read-only", "fchownat on an O_PATH descriptor", ANYONE, fchownat(named("prey.14"), "", getuid(), getgid(), AT_EMPTY_PATH))
TRY("read-only", "utimensat", ANYONE, utimensat(AT_FDCWD, ro("prey.15"), some_time, 0))
TRY("read-only", "futimens on a descriptor opened for reading", ANYONE, futimens(readable("prey.15"), some_time))
TRY("read-only", "utimensat on an O_PATH descriptor", ANYONE, utimensat(AT_FDCWD, fd_path(named("prey.15")), some_time, 0))
TRY("read-only", "setxattr", MAYBE("no user attributes on this file system"), setxattr(ro("prey.16"), "user.pale", "x", 1, 0))
TRY("read-only", "fsetxattr on a descriptor opened for reading", MAYBE("no user attributes on this file system"), fsetxattr(readable("prey.16"), "user.pale", "x", 1, 0))
TRY("read-only", "setxattrat", MAYBE("needs Linux 6.13"), set_xattr_at(AT_FDCWD, ro("prey.16")))
TRY("read-only", "removexattr", MAYBE("no user attributes on this file system"), removexattr(ro("prey.17"), "user.given"))
TRY("read-only", "set inode flags on a descriptor opened for reading", MAYBE("no inode flags on this file system"), set_flags(readable("prey.18")))
TRY("read-only", "set extended inode flags on a descriptor opened for reading", MAYBE("no inode flags on this file system"), set_xflags(readable("prey.18")))
TRY("read-only", "file_setattr", MAYBE("needs Linux 6.17"), set_attr_at(ro("prey.18")))
TRY("read-only", "hold a lease that delays everybody who writes", ANYONE, fcntl(readable("prey.19"), F_SETLEASE, F_RDLCK))
TRY("read-only", "hold a lease, with bits set that the kernel ignores", ANYONE, syscall(SYS_fcntl, readable("prey.19"), (1UL << 32) | F_SETLEASE, F_RDLCK))
TRY("read-only", "write to a file of the program's own directory", ANYONE, open(in_world("bin/data"), O_WRONLY))
TRY("read-only", "create a file in the program's own directory", ANYONE, open(in_world("bin/new"), O_CREAT | O_WRONLY, 0700))
TRY("read-only", "write to the system's files", ROOT, open("/usr/lib/os-release", O_RDWR))
TRY("read-only", "create a file in /etc", ROOT, open("/etc", O_TMPFILE | O_WRONLY, 0600))
TRY("read-only", "create a file in the root directory", ROOT, open("/", O_TMPFILE | O_WRONLY, 0600))
/* clang-format on */
