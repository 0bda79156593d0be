/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptors that a cage inherits; see fds.h. */
#include "run/fds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/scope.h"

enum {
	STDIO_COUNT = 3,
	PATH_BYTES = 4096,
	/* linux/Documentation/admin-guide/devices.txt */
	MEMORY_MAJOR = 1,
	NULL_MINOR = 3,
	CONSOLE_MAJOR = 4,
	SERIAL_MINOR = 64,
	TERMINAL_MAJOR = 5, /* /dev/tty and /dev/console */
	TERMINAL_MINORS = 2,
	UNIX98_MAJOR_FIRST = 136,
	UNIX98_MAJOR_LAST = 143,
};

static const char *
type_name(mode_t mode, int flags)
{
	if ((flags & O_PATH) != 0)
		return "an O_PATH descriptor";
	if (S_ISDIR(mode))
		return "a directory";
	if (S_ISSOCK(mode))
		return "a socket";
	if (S_ISFIFO(mode))
		return "a pipe";
	if (S_ISCHR(mode))
		return "a device";
	if (S_ISBLK(mode))
		return "a block device";
	if (!S_ISREG(mode))
		return "a handle of the kernel's (a process, a queue of events ...)";
	return "a file";
}

static bool
is_granted(const struct pale_compartment *compartment, int fd)
{
	for (size_t i = 0; i < compartment->grant_count; i++) {
		if (compartment->grants[i].kind == PALE_GRANT_FD && compartment->grants[i].fd == fd)
			return true;
	}
	return false;
}

/* Would it open a way out, unless it was granted? */
static bool
leads_out(mode_t mode, int flags)
{
	return (flags & O_PATH) != 0 || !(S_ISREG(mode) || S_ISFIFO(mode) || S_ISCHR(mode));
}

void
pale_fds_look(const struct pale_compartment *compartment, int fd, struct pale_fd_look *ret_look)
{
	int flags = fcntl(fd, F_GETFL);
	char link[64];
	struct stat st;
	ssize_t len;

	*ret_look = (struct pale_fd_look){ .type = "closed" };
	if (flags < 0 || fstat(fd, &st) < 0)
		return;
	ret_look->open = true;
	ret_look->granted = is_granted(compartment, fd);
	ret_look->refused = leads_out(st.st_mode, flags) && !ret_look->granted;
	ret_look->is_file = S_ISREG(st.st_mode);
	ret_look->reads = (flags & O_ACCMODE) != O_WRONLY;
	ret_look->writes = (flags & O_ACCMODE) != O_RDONLY;
	ret_look->appends = (flags & O_APPEND) != 0;
	ret_look->type = isatty(fd) ? "a terminal" : type_name(st.st_mode, flags);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, ret_look->name, sizeof(ret_look->name) - 1);
	ret_look->name[len < 0 ? 0 : len] = '\0';
	if (ret_look->name[0] != '/')
		ret_look->name[0] = '\0';
}

static int
check_open(const struct pale_grant *grant, struct pale_err *err)
{
	if (grant->kind != PALE_GRANT_FD || fcntl(grant->fd, F_GETFD) >= 0)
		return 0;
	pale_fail(err, -EBADF, "%s: descriptor %d is not open", grant->origin, grant->fd);
	return pale_remedy(err, "open it in the shell, for example %d<FILE", grant->fd);
}

int
pale_fds_open(const struct pale_compartment *compartment, struct pale_err *err)
{
	int result = 0;

	for (size_t i = 0; i < compartment->grant_count && result == 0; i++)
		result = check_open(&compartment->grants[i], err);
	return result;
}

int
pale_fds_check(const struct pale_compartment *compartment, struct pale_err *err)
{
	for (int fd = 0; fd < STDIO_COUNT; fd++) {
		int flags = fcntl(fd, F_GETFL);
		struct stat st;

		if (flags < 0 || fstat(fd, &st) < 0 || is_granted(compartment, fd))
			continue;
		if (!leads_out(st.st_mode, flags))
			continue;
		pale_fail(err, -EBADF,
		    "descriptor %d is %s, which would open a way out of the cage", fd,
		    type_name(st.st_mode, flags));
		if (S_ISSOCK(st.st_mode))
			return pale_remedy(
			    err, "grant it with --fd %d:read,write, or put a pipe before it", fd);
		return pale_remedy(
		    err, "redirect it from somewhere else, or grant it with --fd %d:RIGHTS", fd);
	}
	return 0;
}

/* The name of what a descriptor refers to, as an O_PATH descriptor in our own mount namespace. */
static int
reopen(int fd, const struct stat *st, struct pale_resolved *ret, struct pale_err *err)
{
	char link[64];
	char path[PATH_BYTES];
	ssize_t len;
	int result;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	if (len < 0)
		return pale_fail_errno(err, "cannot tell the name of descriptor %d", fd);
	path[len] = '\0';
	result = path[0] == '/' ? pale_resolve(AT_FDCWD, path, ret, NULL) : -ENOENT;
	if (result < 0 || ret->dev != st->st_dev || ret->ino != st->st_ino) {
		pale_fail(err, -ESTALE,
		    "descriptor %d has no name any more that leads to it ('%s')", fd, path);
		return pale_remedy(err, "grant the path instead, or pass it through a pipe");
	}
	return 0;
}

/* A pipe, terminal or socket: what it is open for must be what is granted. */
static int
check_mode(const struct pale_grant *grant, pale_rights asked, int flags, const char *type,
    struct pale_err *err)
{
	bool reads = (flags & O_ACCMODE) != O_WRONLY;
	bool writes = (flags & O_ACCMODE) != O_RDONLY;
	static const char *const words[] = { "read", "write" };
	const bool has[] = { reads, writes };
	const bool wants[] = { (asked & RS(READ)) != 0, (asked & RS(WRITE)) != 0 };

	for (size_t i = 0; i < PALE_COUNT(words); i++) {
		if (wants[i] && !has[i])
			return pale_fail(err, -EACCES, "%s: descriptor %d is not open for '%s'",
			    grant->origin, grant->fd, words[i]);
		if (has[i] && !wants[i]) {
			pale_fail(err, -EOPNOTSUPP,
			    "%s: descriptor %d is %s that is open for '%s', and nothing here "
			    "withholds that",
			    grant->origin, grant->fd, type, words[i]);
			return pale_remedy(
			    err, "grant '%s' too, or open it otherwise before", words[i]);
		}
	}
	return 0;
}

int
pale_fds_entry(const struct pale_grant *grant, struct pale_entry *entry, struct pale_err *err)
{
	int flags = fcntl(grant->fd, F_GETFL);
	char name[32];
	struct stat st;

	if (flags < 0 || fstat(grant->fd, &st) < 0)
		return check_open(grant, err) < 0
		    ? -EBADF
		    : pale_fail_errno(err, "cannot look at descriptor %d", grant->fd);
	snprintf(name, sizeof(name), "fd %d", grant->fd);
	entry->path = strdup(name);
	if (entry->path == NULL)
		return pale_fail(err, -ENOMEM, "out of memory");
	entry->fd = grant->fd;
	entry->fd_mode = st.st_mode;
	entry->is_dir = S_ISDIR(st.st_mode);
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode)) {
		if ((flags & O_PATH) != 0 || S_ISBLK(st.st_mode))
			return pale_fail(err, -EOPNOTSUPP,
			    "%s: descriptor %d is %s, which cannot be granted", grant->origin,
			    grant->fd, type_name(st.st_mode, flags));
		return check_mode(grant, entry->asked, flags, type_name(st.st_mode, flags), err);
	}
	if (S_ISREG(st.st_mode) && (flags & O_PATH) == 0) {
		bool writes = (flags & O_ACCMODE) != O_RDONLY;
		bool reads = (flags & O_ACCMODE) != O_WRONLY;

		if (((entry->asked & RS(WRITE)) != 0 && !writes) ||
		    ((entry->asked & RS(READ)) != 0 && !reads))
			return pale_fail(err, -EACCES, "%s: descriptor %d is open for %s only",
			    grant->origin, grant->fd, writes ? "writing" : "reading");
	}
	entry->reopen = true;
	entry->open_flags = flags & (O_APPEND | O_NONBLOCK);
	if (S_ISREG(st.st_mode) && (flags & O_PATH) == 0)
		entry->offset = lseek(grant->fd, 0, SEEK_CUR);
	if (S_ISDIR(st.st_mode))
		entry->open_flags = O_DIRECTORY;
	else if ((entry->asked & RS(READ)) == 0)
		entry->open_flags |= O_WRONLY;
	else
		entry->open_flags |= (entry->asked & RS(WRITE)) != 0 ? O_RDWR : O_RDONLY;
	return reopen(grant->fd, &st, &entry->at, err);
}

/* Opening it once more does nothing but that. */
static bool
opens_plainly(dev_t dev)
{
	if (major(dev) == MEMORY_MAJOR)
		return minor(dev) >= NULL_MINOR;
	if (major(dev) == CONSOLE_MAJOR)
		return minor(dev) < SERIAL_MINOR;
	if (major(dev) == TERMINAL_MAJOR)
		return minor(dev) < TERMINAL_MINORS;
	return major(dev) >= UNIX98_MAJOR_FIRST && major(dev) <= UNIX98_MAJOR_LAST;
}

int
pale_fds_device(int fd, int *ret_open_flags)
{
	int flags = fcntl(fd, F_GETFL);
	PALE_CLOSE int named = -1;
	char link[64];
	char path[PATH_BYTES];
	struct stat st;
	struct stat there;
	ssize_t len;

	if (flags < 0 || (flags & O_PATH) != 0 || fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode) ||
	    st.st_uid != geteuid() || !opens_plainly(st.st_rdev))
		return -1;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	path[len < 0 ? 0 : len] = '\0';
	named = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (named < 0 || fstat(named, &there) < 0 || there.st_dev != st.st_dev ||
	    there.st_ino != st.st_ino || there.st_rdev != st.st_rdev)
		return -1;
	*ret_open_flags = flags & (O_ACCMODE | O_APPEND | O_NONBLOCK);
	return pale_take_fd(&named);
}

/* What opening a file again by /dev/fd could be for. */
static const uint64_t file_bits =
    PALE_LL_READ_FILE | PALE_LL_WRITE_FILE | PALE_LL_TRUNCATE | PALE_LL_EXECUTE;

uint64_t
pale_fds_must_handle(void)
{
	uint64_t bits = 0;

	for (int fd = 0; fd < STDIO_COUNT; fd++) {
		int flags = fcntl(fd, F_GETFL);
		struct stat st;

		if (flags < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		bits |= (file_bits & ~pale_fds_allow(fd));
	}
	return bits;
}

uint64_t
pale_fds_allow(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	uint64_t bits = PALE_LL_IOCTL_DEV;

	if (flags < 0 || (flags & O_PATH) != 0)
		return 0;
	if ((flags & O_ACCMODE) != O_WRONLY)
		bits |= PALE_LL_READ_FILE;
	if ((flags & O_ACCMODE) != O_RDONLY)
		bits |= PALE_LL_WRITE_FILE | ((flags & O_APPEND) == 0 ? PALE_LL_TRUNCATE : 0);
	return bits;
}
