/* SPDX-License-Identifier: BSD-2-Clause */
/* The attempts of trace.c, made inside; see trace.h. */
#include "trace.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The attempts: 0, or -1 with errno. Each gets the path that its row names. */
static int
try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0600);

	return fd < 0 ? -1 : close(fd);
}

static int
do_read(const char *p)
{
	return try_open(p, O_RDONLY);
}
static int
do_write(const char *p)
{
	return try_open(p, O_WRONLY);
}
static int
do_rdwr(const char *p)
{
	return try_open(p, O_RDWR);
}
static int
do_append(const char *p)
{
	return try_open(p, O_WRONLY | O_APPEND);
}
static int
do_trunc(const char *p)
{
	return try_open(p, O_WRONLY | O_TRUNC);
}
static int
do_create(const char *p)
{
	return try_open(p, O_WRONLY | O_CREAT);
}
static int
do_excl(const char *p)
{
	return try_open(p, O_RDWR | O_CREAT | O_EXCL);
}
static int
do_tmpfile(const char *p)
{
	return try_open(p, O_RDWR | O_TMPFILE);
}
static int
do_list(const char *p)
{
	return try_open(p, O_RDONLY | O_DIRECTORY);
}
static int
do_path(const char *p)
{
	return try_open(p, O_PATH);
}
static int
do_truncate(const char *p)
{
	return truncate(p, 0);
}
static int
do_unlink(const char *p)
{
	return unlink(p);
}
static int
do_rmdir(const char *p)
{
	return rmdir(p);
}
static int
do_mkdir(const char *p)
{
	return mkdir(p, 0700);
}
static int
do_symlink(const char *p)
{
	return symlink("x", p);
}
static int
do_mkfifo(const char *p)
{
	return mkfifo(p, 0600);
}
static int
do_chmod(const char *p)
{
	return chmod(p, 0640);
}
static int
do_setuid(const char *p)
{
	return chmod(p, 04755);
}
static int
do_chown(const char *p)
{
	return chown(p, getuid(), getgid());
}
static int
do_utimes(const char *p)
{
	return utimensat(AT_FDCWD, p, NULL, 0);
}
static int
do_setxattr(const char *p)
{
	return setxattr(p, "user.pale", "1", 1, 0);
}
static int
do_chdir(const char *p)
{
	return chdir(p);
}
static int
do_access(const char *p)
{
	return access(p, R_OK);
}

static int
do_rename(const char *path)
{
	char to[PATH_MAX];

	snprintf(to, sizeof(to), "%s.new", path);
	return rename(path, to);
}

static int
do_link(const char *path)
{
	char to[PATH_MAX];

	snprintf(to, sizeof(to), "%s.new", path);
	return link(path, to);
}

static int
do_rename_out(const char *path)
{
	return rename(path, at("rw2/file2"));
}

static int
do_stat(const char *path)
{
	struct stat st;

	return stat(path, &st);
}

static int
do_lstat(const char *path)
{
	struct stat st;

	return lstat(path, &st);
}

static int
do_statx(const char *path)
{
	struct statx st;

	return statx(AT_FDCWD, path, 0, STATX_BASIC_STATS, &st);
}

static int
do_statfs(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs);
}

static int
do_readlink(const char *path)
{
	char buf[8];

	return readlink(path, buf, sizeof(buf)) < 0 ? -1 : 0;
}

static int
do_listxattr(const char *path)
{
	return listxattr(path, NULL, 0) < 0 ? -1 : 0;
}

static int
do_inotify(const char *path)
{
	return inotify_add_watch(inotify_init1(IN_CLOEXEC), path, IN_OPEN) < 0 ? -1 : 0;
}

/* Over a directory that is there, and up again. */
static int
do_relative(const char *path)
{
	char name[PATH_MAX];
	int dir = open(at("in/sub"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	snprintf(name, sizeof(name), "../..%s", path + strlen(world));
	return openat(dir, name, O_RDONLY | O_CLOEXEC) < 0 ? -1 : 0;
}

static int
do_fchmod(const char *path)
{
	return fchmod(open(path, O_RDONLY | O_CLOEXEC), 0640);
}

static int
do_flock(const char *path)
{
	return flock(open(path, O_RDONLY | O_CLOEXEC), LOCK_SH | LOCK_NB);
}

static int
do_exec(const char *path)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execl(path, path, (char *)NULL);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	errno = EACCES;
	return status == 0 ? 0 : -1;
}

static int
unix_socket(const char *name, bool binds, int type)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	socklen_t size = sizeof(addr);
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", name);
	if (name[0] == '@') {
		addr.sun_path[0] = '\0';
		size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
	}
	return binds ? bind(fd, (const struct sockaddr *)&addr, size)
		     : connect(fd, (const struct sockaddr *)&addr, size);
}

const char *
abstract_name(void)
{
	static char name[64];

	snprintf(name, sizeof(name), "@pale-trace%s", strrchr(world, '.'));
	return name;
}

static int
do_connect(const char *p)
{
	return unix_socket(p, false, SOCK_STREAM);
}
static int
do_bind(const char *p)
{
	return unix_socket(p, true, SOCK_STREAM);
}

static int
do_abstract(const char *path)
{
	(void)path;
	return unix_socket(abstract_name(), false, SOCK_STREAM);
}

static int
do_abstract_bind(const char *path)
{
	char name[80];

	(void)path;
	snprintf(name, sizeof(name), "%s-new", abstract_name());
	return unix_socket(name, true, SOCK_STREAM);
}

static int
only_socket(int family, int type, int protocol)
{
	int fd = socket(family, type | SOCK_CLOEXEC, protocol);

	return fd < 0 ? -1 : close(fd);
}

static int
do_tcp(const char *p)
{
	(void)p;
	return only_socket(AF_INET, SOCK_STREAM, 0);
}
static int
do_tcp6(const char *p)
{
	(void)p;
	return only_socket(AF_INET6, SOCK_STREAM, 0);
}
static int
do_udp(const char *p)
{
	(void)p;
	return only_socket(AF_INET, SOCK_DGRAM, 0);
}
static int
do_vsock(const char *p)
{
	(void)p;
	return only_socket(AF_VSOCK, SOCK_STREAM, 0);
}
static int
do_packet(const char *p)
{
	(void)p;
	return only_socket(AF_PACKET, SOCK_RAW, 0);
}
static int
do_alg(const char *p)
{
	(void)p;
	return only_socket(AF_ALG, SOCK_SEQPACKET, 0);
}

static int
do_netlink(const char *path)
{
	(void)path;
	return only_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}

struct sockaddr_in
loopback(int port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
}

static int
do_tcp_connect(const char *path)
{
	struct sockaddr_in addr = loopback(tcp_port);

	(void)path;
	return connect(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
	    (const struct sockaddr *)&addr, sizeof(addr));
}

static int
do_udp_send(const char *path)
{
	struct sockaddr_in addr = loopback(udp_port);

	(void)path;
	return sendto(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "x", 1, 0,
		   (const struct sockaddr *)&addr, sizeof(addr)) == 1
	    ? 0
	    : -1;
}

static int
do_shmget(const char *path)
{
	(void)path;
	return shmget(KEY, 0, 0) < 0 ? -1 : 0;
}

static int
do_msgget(const char *path)
{
	(void)path;
	return msgget(KEY, 0) < 0 ? -1 : 0;
}

static int
do_mount(const char *path)
{
	return mount("none", path, "tmpfs", 0, NULL);
}

static int
do_unshare(const char *path)
{
	(void)path;
	return unshare(CLONE_NEWUSER);
}

#define RO "in/"
#define OUT "out/"
#define RW "rw/"
#define STAT_CALLS " newfstatat stat statx lstat "
#define OPEN_CALLS " openat open creat "

const struct attempt attempts[] = {
	/* Names that were not granted. */
	{ "read outside", do_read, OUT "file", OPEN_CALLS },
	{ "read outside over ..", do_relative, OUT "file", OPEN_CALLS },
	{ "write outside", do_write, OUT "file", OPEN_CALLS },
	{ "rdwr outside", do_rdwr, OUT "file", OPEN_CALLS },
	{ "truncating open outside", do_trunc, OUT "file", OPEN_CALLS },
	{ "create outside", do_create, OUT "new", OPEN_CALLS },
	{ "create anew outside", do_excl, OUT "new", OPEN_CALLS },
	{ "a nameless file outside", do_tmpfile, OUT "dir", OPEN_CALLS },
	{ "list outside", do_list, OUT "dir", OPEN_CALLS },
	{ "a place outside", do_path, OUT "file", OPEN_CALLS },
	{ "stat outside", do_stat, OUT "file", STAT_CALLS },
	{ "lstat outside", do_lstat, OUT "file", STAT_CALLS },
	{ "statx outside", do_statx, OUT "file", STAT_CALLS },
	{ "stat of a directory outside", do_stat, OUT "dir", STAT_CALLS },
	{ "access outside", do_access, OUT "file", " access faccessat faccessat2 " },
	{ "statfs outside", do_statfs, OUT "dir", " statfs " },
	{ "readlink outside", do_readlink, OUT "link", " readlink readlinkat " },
	{ "listxattr outside", do_listxattr, OUT "file", " listxattr " },
	{ "watch outside", do_inotify, OUT "dir", " inotify_add_watch " },
	{ "chdir outside", do_chdir, OUT "dir", " chdir " },
	{ "truncate outside", do_truncate, OUT "file", " truncate " },
	{ "unlink outside", do_unlink, OUT "file", " unlink unlinkat " },
	{ "rmdir outside", do_rmdir, OUT "dir", " rmdir unlinkat " },
	{ "mkdir outside", do_mkdir, OUT "new", " mkdir mkdirat " },
	{ "rename outside", do_rename, OUT "file", " rename renameat renameat2 " },
	{ "link outside", do_link, OUT "file", " link linkat " },
	{ "symlink outside", do_symlink, OUT "new", " symlink symlinkat " },
	{ "mkfifo outside", do_mkfifo, OUT "new", " mknod mknodat " },
	{ "chmod outside", do_chmod, OUT "file", " chmod fchmodat " },
	{ "chown outside", do_chown, OUT "file", " chown fchownat " },
	{ "utimes outside", do_utimes, OUT "file", " utimensat " },
	{ "exec outside", do_exec, OUT "exe", " execve " },
	{ "connect outside", do_connect, OUT "host", " connect " },
	{ "bind outside", do_bind, OUT "new", " bind " },
	{ "read a FIFO outside", do_read, OUT "fifo", OPEN_CALLS },
	{ "read and write a FIFO outside", do_rdwr, OUT "fifo", OPEN_CALLS },
	/* In a grant that can only be read. */
	{ "write, read-only", do_write, RO "file", OPEN_CALLS },
	{ "rdwr, read-only", do_rdwr, RO "file", OPEN_CALLS },
	{ "append, read-only", do_append, RO "file", OPEN_CALLS },
	{ "truncating open, read-only", do_trunc, RO "file", OPEN_CALLS },
	{ "create, read-only", do_create, RO "new", OPEN_CALLS },
	{ "create anew, read-only", do_excl, RO "new", OPEN_CALLS },
	{ "a nameless file, read-only", do_tmpfile, RO "dir", OPEN_CALLS },
	{ "truncate, read-only", do_truncate, RO "file", " truncate " },
	{ "unlink, read-only", do_unlink, RO "file", " unlink unlinkat " },
	{ "rmdir, read-only", do_rmdir, RO "dir", " rmdir unlinkat " },
	{ "mkdir, read-only", do_mkdir, RO "new", " mkdir mkdirat " },
	{ "rename, read-only", do_rename, RO "file", " rename renameat renameat2 " },
	{ "link, read-only", do_link, RO "file", " link linkat " },
	{ "symlink, read-only", do_symlink, RO "new", " symlink symlinkat " },
	{ "mkfifo, read-only", do_mkfifo, RO "new", " mknod mknodat " },
	{ "chmod, read-only", do_chmod, RO "file", " chmod fchmodat " },
	{ "fchmod, read-only", do_fchmod, RO "file", " fchmod " },
	{ "chown, read-only", do_chown, RO "file", " chown fchownat " },
	{ "utimes, read-only", do_utimes, RO "file", " utimensat " },
	{ "setxattr, read-only", do_setxattr, RO "file", " setxattr " },
	{ "exec, read-only", do_exec, RO "exe", " execve " },
	{ "flock, read-only", do_flock, RO "file", " flock " },
	{ "connect, read-only", do_connect, RO "host", " connect " },
	{ "bind, read-only", do_bind, RO "new", " bind " },
	{ "write to a FIFO, read-only", do_rdwr, RO "fifo", OPEN_CALLS },
	/* In a grant that can be written to, but not changed. */
	{ "unlink, writable", do_unlink, RW "file", " unlink unlinkat " },
	{ "rmdir, writable", do_rmdir, RW "dir", " rmdir unlinkat " },
	{ "mkdir, writable", do_mkdir, RW "new", " mkdir mkdirat " },
	{ "create, writable", do_create, RW "new", OPEN_CALLS },
	{ "symlink, writable", do_symlink, RW "new", " symlink symlinkat " },
	{ "rename, writable", do_rename, RW "file", " rename renameat renameat2 " },
	{ "rename between two grants", do_rename_out, RW "file", " rename renameat renameat2 ",
	    "--dir WORLD/rw2:renameat_target,write", true },
	{ "link, writable", do_link, RW "file", " link linkat " },
	{ "mkfifo, writable", do_mkfifo, RW "new", " mknod mknodat " },
	{ "chmod, writable", do_chmod, RW "file", " chmod fchmodat " },
	{ "exec, writable", do_exec, RW "exe", " execve " },
	{ "read, where only names may be seen", do_read, "look/file", OPEN_CALLS,
	    "--dir WORLD/look:lookup" },
	/* No path. */
	{ "connect to an abstract name", do_abstract, "", " connect " },
	{ "bind an abstract name", do_abstract_bind, "", " bind " },
	{ "a socket of TCP", do_tcp, "", " socket " },
	{ "a socket of TCP over IPv6", do_tcp6, "", " socket " },
	{ "a socket of UDP", do_udp, "", " socket " },
	{ "netlink", do_netlink, "", " socket " },
	{ "connect to a host", do_tcp_connect, "", " connect ", "--tcp 192.0.2.1:80" },
	{ "send to a host", do_udp_send, "", " sendto ", "--udp 192.0.2.1:80" },
	{ "a segment of System V", do_shmget, "", " shmget ", "--sysv msg:0x70a1e:read" },
	{ "a queue of System V", do_msgget, "", " msgget ", "--sysv shm:0x70a1e:read" },
	{ "a socket of a virtual machine", do_vsock, "", " socket ", "", true },
	{ "a raw socket", do_packet, "", " socket ", "", true },
	{ "the kernel's ciphers", do_alg, "", " socket ", "", true },
	{ "the set-user-ID bit", do_setuid, RW "file", " chmod fchmodat ", "", true },
	{ "a mount", do_mount, RW "dir", " mount ", "", true },
	{ "a namespace", do_unshare, "", " unshare ", "", true },
	{ NULL },
};
