/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must go on working, first half: files, directories, locks, mappings, attributes, devices.
 * A cage that stops attacks by stopping programs is no use.
 */
#include "probe.h"

#include <dirent.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <sys/xattr.h>

static int
rw_open(const char *name, int flags)
{
	return open(rw(name), flags | O_CLOEXEC, 0644);
}

static int
count_entries(const char *path)
{
	DIR *dir = opendir(path);
	int count = 0;

	if (dir == NULL)
		return -1;
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

static bool
lock_with(int command, short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET };
	int fd = rw_open("locked", O_RDWR | O_CREAT);
	bool good = fcntl(fd, command, &lock) == 0;

	return close(fd) == 0 && good;
}

static bool
map_shared(void)
{
	int fd = rw_open("mapped", O_RDWR | O_CREAT);
	char *memory, byte = 0;

	if (ftruncate(fd, 4096) < 0)
		return false;
	memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return false;
	memory[7] = 'm';
	return msync(memory, 4096, MS_SYNC) == 0 && pread(fd, &byte, 1, 7) == 1 && byte == 'm';
}

static bool
has_mode(const char *name, mode_t mode)
{
	struct stat st;

	return stat(rw(name), &st) == 0 && (st.st_mode & 07777) == mode;
}

static bool
copy_all(void)
{
	int from = rw_open("data", O_RDONLY), to = rw_open("copied", O_WRONLY | O_CREAT);
	int ends[2];
	off_t start = 0;

	return pipe2(ends, O_CLOEXEC) == 0 && sendfile(to, from, &start, 1) == 1 &&
	    copy_file_range(from, NULL, to, NULL, 1, 0) == 1 &&
	    splice(from, NULL, ends[1], NULL, 1, 0) == 1 &&
	    splice(ends[0], NULL, to, NULL, 1, 0) == 1;
}

static bool
link_nameless(void)
{
	int fd = open(rw(""), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	unlink(rw("named"));
	return fd >= 0 &&
	    linkat(AT_FDCWD, fd_path(fd), AT_FDCWD, rw("named"), AT_SYMLINK_FOLLOW) == 0;
}

static bool
watched(void)
{
	struct inotify_event event;
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char room[sizeof(event) + 256];

	return inotify_add_watch(fd, rw(""), IN_CREATE) >= 0 && make_file(rw("watched")) == 0 &&
	    read(fd, room, sizeof(room)) > 0 && unlink(rw("watched")) == 0;
}

static bool
attributes(void)
{
	char value[8] = "";

	if (make_file(rw("attributes")) < 0)
		return false;
	if (setxattr(rw("attributes"), "user.own", "v", 1, 0) < 0)
		return errno == ENOTSUP;
	return getxattr(rw("attributes"), "user.own", value, sizeof(value)) == 1 &&
	    removexattr(rw("attributes"), "user.own") == 0;
}

static bool
device(const char *path, int flags, ssize_t want)
{
	char byte = 'x';
	int fd = open(path, flags | O_CLOEXEC);

	return fd >= 0 && (flags == O_WRONLY ? write(fd, &byte, 1) : read(fd, &byte, 1)) == want;
}

static bool
vectors(void)
{
	char a = 'a', b = 'b';
	struct iovec parts[2] = { { &a, 1 }, { &b, 1 } };
	int fd = rw_open("vectors", O_RDWR | O_CREAT | O_TRUNC);

	return writev(fd, parts, 2) == 2 && preadv(fd, parts, 2, 0) == 2 && fsync(fd) == 0 &&
	    fdatasync(fd) == 0 && posix_fallocate(fd, 0, 100) == 0 && lseek(fd, 0, SEEK_END) == 100;
}

static bool
temporary(void)
{
	char path[] = "/tmp/pale-escape-own.XXXXXX";
	int fd = mkstemp(path);

	return fd >= 0 && write(fd, "t", 1) == 1 && unlink(path) == 0;
}

static bool
deep_tree(void)
{
	make_dir(rw("tree"));
	make_dir(rw("tree/a"));
	make_dir(rw("tree/a/b"));
	return make_file(rw("tree/a/b/c")) == 0 && chdir(rw("tree/a/b")) == 0 &&
	    access("../../../tree/a/../a/b/c", F_OK) == 0 && unlink("c") == 0 && chdir("..") == 0 &&
	    rmdir("b") == 0;
}

/* clang-format off */
SIMPLE("files", "read a file of the read-only grant", read_has(open(ro("file"), O_RDONLY), "readable") == 0)
SIMPLE("files", "list the read-only grant", count_entries(ro("")) > 5)
SIMPLE("files", "list and stat the root directory", count_entries("/") > 2 && access("/usr", X_OK) == 0)
SIMPLE("files", "read /etc/passwd", open("/etc/passwd", O_RDONLY) >= 0)
SIMPLE("files", "create, write and read back", make_file(rw("created")) == 0 && read_has(rw_open("created", O_RDONLY), "x") == 0)
SIMPLE("files", "append", write(rw_open("data", O_WRONLY | O_APPEND), "+", 1) == 1)
SIMPLE("files", "rename", make_file(rw("a")) == 0 && rename(rw("a"), rw("b")) == 0)
SIMPLE("files", "rename over another and exchange", make_file(rw("a")) == 0 && make_file(rw("b")) == 0 && renameat2(AT_FDCWD, rw("a"), AT_FDCWD, rw("b"), RENAME_EXCHANGE) == 0 && rename(rw("a"), rw("b")) == 0)
SIMPLE("files", "rename between directories", make_dir(rw("d1")) == 0 && make_dir(rw("d2")) == 0 && make_file(rw("d1/f")) == 0 && rename(rw("d1/f"), rw("d2/f")) == 0)
SIMPLE("files", "unlink", make_file(rw("c")) == 0 && unlink(rw("c")) == 0)
SIMPLE("files", "make and remove directories, and .. within the grant", deep_tree())
SIMPLE("files", "hard link", make_file(rw("h1")) == 0 && (unlink(rw("h2")), link(rw("h1"), rw("h2")) == 0))
SIMPLE("files", "symbolic link", (unlink(rw("s")), symlink("data", rw("s")) == 0) && access(rw("s"), R_OK) == 0)
SIMPLE("files", "change a mode", make_file(rw("m")) == 0 && chmod(rw("m"), 0640) == 0 && has_mode("m", 0640) && fchmod(rw_open("m", O_RDONLY), 0644) == 0)
SIMPLE("files", "make a file executable", make_file(rw("m")) == 0 && chmod(rw("m"), 0755) == 0 && has_mode("m", 0755))
SIMPLE("files", "make a directory with the sticky bit", make_dir(rw("sticky")) == 0 && chmod(rw("sticky"), 01777) == 0 && has_mode("sticky", 01777))
SIMPLE("files", "change times", utimensat(AT_FDCWD, rw("data"), NULL, 0) == 0 && futimens(rw_open("data", O_RDONLY), NULL) == 0)
SIMPLE("files", "change the owner to oneself", chown(rw("data"), getuid(), getgid()) == 0)
SIMPLE("files", "truncate", make_file(rw("t")) == 0 && truncate(rw("t"), 5) == 0 && ftruncate(rw_open("t", O_WRONLY), 0) == 0)
SIMPLE("files", "vectors, fsync, allocation", vectors())
SIMPLE("files", "flock", flock(rw_open("locked", O_RDWR | O_CREAT), LOCK_EX) == 0)
SIMPLE("files", "record locks", lock_with(F_SETLK, F_WRLCK) && lock_with(F_OFD_SETLK, F_WRLCK))
SIMPLE("files", "a shared mapping", map_shared())
SIMPLE("files", "sendfile, copy_file_range and splice", copy_all())
SIMPLE("files", "a nameless file that gets a name", link_nameless())
SIMPLE("files", "watch a directory", watched())
SIMPLE("files", "extended attributes", attributes())
SIMPLE("files", "a temporary file in /tmp", temporary())
SIMPLE("files", "ask for free space", statvfs(rw(""), &(struct statvfs){ 0 }) == 0)
SIMPLE("files", "/dev/null, zero, full, urandom", device("/dev/null", O_WRONLY, 1) && device("/dev/zero", O_RDONLY, 1) && device("/dev/full", O_WRONLY, -1) && device("/dev/urandom", O_RDONLY, 1))
SIMPLE("files", "open /dev/stdout and /dev/stderr again", open("/dev/stdout", O_WRONLY) >= 0 && open("/dev/stderr", O_WRONLY) >= 0)
SIMPLE("files", "read /proc/self/status and /proc/self/fd", read_has(open("/proc/self/status", O_RDONLY), "Name:") == 0 && count_entries("/proc/self/fd") >= 5)
/* clang-format on */

ATTEMPT("read-only", "lock a read-only file against those outside (flock)", ANYONE)
{
	return got(flock(open(ro("file"), O_RDONLY | O_CLOEXEC), LOCK_EX | LOCK_NB));
}

static long
lock_record(void)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

	return fcntl(open(ro("file"), O_RDONLY | O_CLOEXEC), F_SETLK, &lock);
}

STATED("read-only", "lock a read-only file against those outside (a record lock)",
    "the kernel asks nobody", lock_record())

ATTEMPT("read-only", "share a lock on a read-only file against those outside (flock)", ANYONE)
{
	return got(flock(open(ro("file"), O_RDONLY | O_CLOEXEC), LOCK_SH | LOCK_NB));
}

ATTEMPT("read-only", "lock the read-only directory against those outside (flock)", ANYONE)
{
	return got(flock(open(ro(""), O_RDONLY | O_DIRECTORY | O_CLOEXEC), LOCK_EX | LOCK_NB));
}
