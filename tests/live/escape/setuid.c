/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Set-user-id and set-group-id bits on files of the writable grant: whoever runs such a file later
 * runs the contained program's code as its user, outside of the cage. Every strict launcher lets
 * these through. What counts is the mode that the file has afterwards, not the answer of the call.
 */
#include "probe.h"

enum {
	NR_FCHMODAT2_ = 452, /* 6.6 */
	SUID = 04755,
	SGID = 02755,
};

struct how_ {
	uint64_t flags, mode, resolve;
};

/* Set up a file, hand it to the attempt, and look at its mode. */
static int
judge(const char *path, long ret)
{
	int error = errno;
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 06000) != 0) {
		unlink(path);
		return ESCAPED;
	}
	unlink(path);
	errno = ret < 0 ? error : EPERM;
	return got(-1);
}

static const char *
fresh(const char *name)
{
	const char *path = rw(name);

	unlink(path);
	make_file(path);
	return path;
}

static const char *
absent(const char *name)
{
	const char *path = rw(name);

	unlink(path);
	return path;
}

static long
by_descriptor(const char *path, mode_t mode)
{
	return fchmod(open(path, O_RDONLY | O_CLOEXEC), mode);
}

static long
by_name_descriptor(const char *path)
{
	return syscall(NR_FCHMODAT2_, open(path, O_PATH | O_CLOEXEC), "", SUID, AT_EMPTY_PATH);
}

static long
by_openat2(const char *path)
{
	struct how_ how = { .flags = O_CREAT | O_WRONLY, .mode = SUID };

	return syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
}

static long
by_nameless(const char *path)
{
	int fd = open(rw(""), O_TMPFILE | O_WRONLY, SUID);

	return fd < 0 ? -1 : linkat(AT_FDCWD, fd_path(fd), AT_FDCWD, path, AT_SYMLINK_FOLLOW);
}

/* mode is unsigned short in the kernel: bits beyond 16 must not hide the low ones from a filter. */
static long
with_high_bits(const char *path)
{
	return syscall(SYS_chmod, path, 0xdead0000UL | SUID);
}

#define BITS(sentence, native, made, call) \
	ATTEMPT("setuid", sentence, native) \
	{ \
		const char *path = made; \
		long ret; \
\
		umask(0); \
		errno = 0; \
		ret = (long)(call); \
		return judge(path, ret); \
	}

/* clang-format off */
BITS("chmod 04755", ANYONE, fresh("suid"), syscall(SYS_chmod, path, SUID))
BITS("chmod 02755", ANYONE, fresh("suid"), syscall(SYS_chmod, path, SGID))
BITS("chmod 06777", ANYONE, fresh("suid"), syscall(SYS_chmod, path, 06777))
BITS("chmod 04000, without any other bit", ANYONE, fresh("suid"), syscall(SYS_chmod, path, 04000))
BITS("chmod with bits set that the kernel ignores", ANYONE, fresh("suid"), with_high_bits(path))
BITS("fchmod 04755", ANYONE, fresh("suid"), by_descriptor(path, SUID))
BITS("fchmod 02755", ANYONE, fresh("suid"), by_descriptor(path, SGID))
BITS("fchmodat 04755", ANYONE, fresh("suid"), syscall(SYS_fchmodat, AT_FDCWD, path, SUID))
BITS("fchmodat 02755", ANYONE, fresh("suid"), syscall(SYS_fchmodat, AT_FDCWD, path, SGID))
BITS("fchmodat2 04755", MAYBE("needs Linux 6.6"), fresh("suid"), syscall(NR_FCHMODAT2_, AT_FDCWD, path, SUID, 0))
BITS("fchmodat2 04755 on an O_PATH descriptor", MAYBE("needs Linux 6.6"), fresh("suid"), by_name_descriptor(path))
BITS("chmod through /proc/self/fd", ANYONE, fresh("suid"), syscall(SYS_chmod, fd_path(open(path, O_PATH)), SUID))
BITS("open with O_CREAT and 04755", ANYONE, absent("suid"), syscall(SYS_open, path, O_CREAT | O_WRONLY, SUID))
BITS("open with O_CREAT and 02755", ANYONE, absent("suid"), syscall(SYS_open, path, O_CREAT | O_WRONLY, SGID))
BITS("openat with O_CREAT and 04755", ANYONE, absent("suid"), syscall(SYS_openat, AT_FDCWD, path, O_CREAT | O_WRONLY, SUID))
BITS("openat with O_CREAT, O_EXCL and 06755", ANYONE, absent("suid"), syscall(SYS_openat, AT_FDCWD, path, O_CREAT | O_EXCL | O_RDWR, 06755))
BITS("openat with flags that the kernel ignores", ANYONE, absent("suid"), syscall(SYS_openat, AT_FDCWD, path, (1UL << 35) | O_CREAT | O_WRONLY, SUID))
BITS("openat with mode bits that the kernel ignores", ANYONE, absent("suid"), syscall(SYS_openat, AT_FDCWD, path, O_CREAT | O_WRONLY, 0xdead0000UL | SUID))
BITS("openat2 with O_CREAT and 04755", ANYONE, absent("suid"), by_openat2(path))
BITS("creat with 04755", ANYONE, absent("suid"), syscall(SYS_creat, path, SUID))
BITS("mknod of a plain file with 04755", ANYONE, absent("suid"), syscall(SYS_mknod, path, S_IFREG | SUID, 0))
BITS("mknod of a plain file with 04755 and no type", ANYONE, absent("suid"), syscall(SYS_mknod, path, SUID, 0))
BITS("mknodat of a plain file with 02755", ANYONE, absent("suid"), syscall(SYS_mknodat, AT_FDCWD, path, S_IFREG | SGID, 0))
BITS("a nameless file with 04755, linked afterwards", ANYONE, absent("suid"), by_nameless(path))
/* clang-format on */
