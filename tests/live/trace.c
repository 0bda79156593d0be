/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Denials, each tried: an attempt is made in a cage that refuses it, the report has to name call,
 * path or address and the missing right, and the grant that it proposes, when added, has to make
 * exactly that attempt succeed. As root and as an ordinary user.
 *
 *   PALE  the program under test; default: ../../pale beside this one
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

enum {
	PROBE_SECONDS = 20,
	ARGS_MAX = 40,
	TEXT_BYTES = 256,
	PASS_PERCENT = 95,
	EXIT_REFUSED = 9,
	KEY = 0x70a1e,
};

static char world[64];
static int tcp_port;
static int udp_port;
static unsigned count;
static unsigned failed;

static const char *
at(const char *name)
{
	static char ring[8][128];
	static unsigned next;
	char *slot = ring[next++ % 8];

	snprintf(slot, sizeof(ring[0]), "%s/%s", world, name);
	return slot;
}

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

static const char *
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

static struct sockaddr_in
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

struct attempt {
	const char *name;
	int (*act)(const char *path);
	const char *path;  /* in the world */
	const char *calls; /* by which of them it is made, one after the other with spaces around */
	const char *grant; /* options beside those that all have, separated by spaces */
	bool never;        /* no grant allows it */
};

#define RO "in/"
#define OUT "out/"
#define RW "rw/"
#define STAT_CALLS " newfstatat stat statx lstat "
#define OPEN_CALLS " openat open creat "

static const struct attempt attempts[] = {
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
};

enum {
	ATTEMPT_COUNT = sizeof(attempts) / sizeof(attempts[0]),
};

/* From outside. */

static void run_shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void
run_shell(const char *format, ...)
{
	char command[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	if (system(command) != 0) {
		printf("Bail out! %s\n", command);
		exit(1);
	}
}

static void
make_world(uid_t uid)
{
	run_shell("cd %s && rm -rf in out rw rw2 look trace && mkdir in out rw rw2 look && "
		  "mkdir in/sub && cp /bin/true in/exe && touch in/file && mkdir in/dir && "
		  "ln -s file in/link && mkfifo in/fifo && "
		  "cp -a in/. out && cp -a in/. rw && touch look/file && chown -Rh %u:%u . && "
		  "chmod 755 .",
	    world, uid, uid);
	for (int i = 0; i < 2; i++) {
		const char *name = at(i == 0 ? "in/host" : "out/host");
		struct sockaddr_un addr = { .sun_family = AF_UNIX };
		static int fds[2] = { -1, -1 };

		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", name);
		if (bind(fds[i], (const struct sockaddr *)&addr, sizeof(addr)) < 0 ||
		    listen(fds[i], 8) < 0 || chown(name, uid, uid) < 0)
			abort();
	}
}

/* Split options at spaces, with the world's name in its place. */
static size_t
split(const char *text, char room[][TEXT_BYTES], const char **argv, size_t n)
{
	for (size_t i = 0; *text != '\0' && n < ARGS_MAX - 8; i++) {
		size_t len = strcspn(text, " ");
		const char *here = strstr(text, "WORLD");

		if (here != NULL && here < text + len)
			snprintf(room[i], TEXT_BYTES, "%.*s%s%.*s", (int)(here - text), text, world,
			    (int)(text + len - here - 5), here + 5);
		else
			snprintf(room[i], TEXT_BYTES, "%.*s", (int)len, text);
		argv[n++] = room[i];
		text += len + (text[len] != '\0');
	}
	return n;
}

/* Returns the exit code of the attempt; its report is in the world's `trace`. */
static int
run_attempt(const struct attempt *attempt, uid_t uid, const char *added)
{
	char room[2][8][TEXT_BYTES];
	char report[128];
	char rw[128];
	const char *argv[ARGS_MAX] = { at("pale"), "run", "--report=json", "-r", at("in"), "-x",
		at("self") };
	size_t n = 7;
	int status = -1;
	pid_t pid;

	snprintf(report, sizeof(report), "--trace=%s/trace", world);
	snprintf(rw, sizeof(rw), "%s:lookup,read,write", at("rw"));
	unlink(at("trace"));
	argv[n++] = report;
	argv[n++] = "--dir";
	argv[n++] = rw;
	n = split(attempt->grant == NULL ? "" : attempt->grant, room[0], argv, n);
	n = split(added, room[1], argv, n);
	argv[n++] = "--";
	argv[n++] = at("self");
	argv[n++] = attempt->name;
	argv[n++] = world;
	argv[n] = NULL;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (uid != geteuid() &&
		    (syscall(SYS_setgroups, 0, NULL) < 0 || setresgid(uid, uid, uid) < 0 ||
			setresuid(uid, uid, uid) < 0))
			_exit(125);
		if (getenv("TRACE_VERBOSE") == NULL)
			dup2(open("/dev/null", O_WRONLY), 2);
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(125);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static const char *
text_of(const json_t *denial, const char *key)
{
	const char *text = json_string_value(json_object_get(denial, key));

	return text == NULL ? "" : text;
}

/* The denial that is about this attempt, owned by the caller; NULL if none is. */
static json_t *
find_denial(const struct attempt *attempt)
{
	FILE *file = fopen(at("trace"), "re");
	json_t *found = NULL;
	char *line = NULL;
	size_t size = 0;

	while (file != NULL && found == NULL && getline(&line, &size, file) > 0) {
		json_t *denial = json_loads(line, 0, NULL);
		char call[64];

		snprintf(call, sizeof(call), " %s ", text_of(denial, "syscall"));
		if (strstr(attempt->calls, call) != NULL &&
		    (attempt->path[0] == '\0' ||
			strcmp(text_of(denial, "path"), at(attempt->path)) == 0))
			found = denial;
		else
			json_decref(denial);
	}
	free(line);
	if (file != NULL)
		fclose(file);
	return found;
}

/* What is proposed for whatever host is put to the test with one. */
static const char *
proposal(const json_t *denial)
{
	static char text[TEXT_BYTES];
	const char *allow = text_of(denial, "allow");

	if (strncmp(allow, "--tcp HOST:PORT or --udp", 24) == 0)
		snprintf(text, sizeof(text), "%s",
		    strstr(text_of(denial, "call"), "SOCK_DGRAM") != NULL
			? "--udp 127.0.0.1:9"
			: "--tcp 127.0.0.1:9 --tcp [::1]:9");
	else
		snprintf(text, sizeof(text), "%s", allow);
	return text;
}

/* NULL, or what is wrong. */
static const char *
judge(const struct attempt *attempt, uid_t uid, json_t **ret_denial)
{
	json_t *denial;

	make_world(uid);
	if (run_attempt(attempt, uid, "") != EXIT_REFUSED)
		return "it was not refused";
	denial = *ret_denial = find_denial(attempt);
	if (denial == NULL)
		return "the report does not have it";
	if (text_of(denial, "program")[0] == '\0' ||
	    json_integer_value(json_object_get(denial, "pid")) <= 0)
		return "who made it is not told";
	if (attempt->never)
		return strncmp(text_of(denial, "allow"), "nothing: ", 9) == 0
		    ? NULL
		    : "it is not told that no grant allows it";
	if (json_array_size(json_object_get(denial, "missing")) == 0 &&
	    strcmp(text_of(denial, "errno"), "EXDEV") != 0)
		return "no right is missing";
	if (strncmp(proposal(denial), "--", 2) != 0)
		return "no option is proposed";
	make_world(uid);
	if (run_attempt(attempt, uid, proposal(denial)) != 0)
		return "with what is proposed it is still refused";
	return NULL;
}

static unsigned
judge_all(uid_t uid, const char *only)
{
	unsigned passed = 0;
	unsigned tried = 0;

	for (size_t i = 0; i < ATTEMPT_COUNT; i++) {
		json_t *denial = NULL;
		const char *wrong;

		if (strstr(attempts[i].name, only) == NULL)
			continue;
		tried++;
		wrong = judge(&attempts[i], uid, &denial);
		if (wrong != NULL)
			printf("# uid %u, %s: %s; %s; %s\n", uid, attempts[i].name, wrong,
			    text_of(denial, "call"), text_of(denial, "allow"));
		passed += wrong == NULL;
		json_decref(denial);
	}
	printf("# uid %u: %u of %u denials named, allowed as proposed\n", uid, passed, tried);
	count++;
	if (passed * 100 < tried * PASS_PERCENT) {
		failed++;
		printf("not ");
	}
	printf("ok %u - of what is denied to uid %u, 95 %% is named and allowed as proposed\n",
	    count, uid);
	return passed;
}

static int
listen_inet(int type, int *ret_port)
{
	struct sockaddr_in addr = loopback(0);
	socklen_t size = sizeof(addr);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    (type == SOCK_STREAM && listen(fd, 8) < 0) ||
	    getsockname(fd, (struct sockaddr *)&addr, &size) < 0)
		abort();
	*ret_port = ntohs(addr.sin_port);
	return fd;
}

static int
listen_abstract(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const char *name = abstract_name();
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(addr.sun_path + 1, name + 1, strlen(name) - 1);
	if (bind(fd, (const struct sockaddr *)&addr,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))) < 0 ||
	    listen(fd, 8) < 0)
		abort();
	return fd;
}

/* Inside: one attempt. */
static int
be_attempt(const char *name)
{
	alarm(PROBE_SECONDS);
	for (size_t i = 0; i < ATTEMPT_COUNT; i++) {
		if (strcmp(attempts[i].name, name) != 0)
			continue;
		if (attempts[i].act(at(attempts[i].path)) == 0)
			return 0;
		fprintf(stderr, "%s: %s\n", name, strerror(errno));
		return EXIT_REFUSED;
	}
	return 2;
}

int
main(int argc, char **argv)
{
	const char *given = getenv("PALE");
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	/* The name of the world ends in the ports. */
	if (argc == 3) {
		snprintf(world, sizeof(world), "%s", argv[2]);
		if (sscanf(strchr(world, '.'), ".%d.%d", &tcp_port, &udp_port) != 2)
			return 2;
		return be_attempt(argv[1]);
	}
	if (len < 0)
		return 1;
	self[len] = '\0';
	listen_inet(SOCK_STREAM, &tcp_port);
	listen_inet(SOCK_DGRAM, &udp_port);
	snprintf(
	    world, sizeof(world), "/var/tmp/pale-trace-%d.%d.%d", getpid(), tcp_port, udp_port);
	run_shell(
	    "mkdir -m 755 %s && cp %s %s/self && chmod 755 %s/self", world, self, world, world);
	if (given != NULL)
		run_shell("cp %s %s/pale", given, world);
	else
		run_shell(
		    "cp %.*s/../../pale %s/pale", (int)(strrchr(self, '/') - self), self, world);
	listen_abstract();
	shmget(KEY, 4096, IPC_CREAT | 0666);
	msgget(KEY, IPC_CREAT | 0666);
	judge_all(geteuid(), argc == 2 ? argv[1] : "");
	if (geteuid() == 0)
		judge_all(1000, argc == 2 ? argv[1] : "");
	shmctl(shmget(KEY, 0, 0), IPC_RMID, NULL);
	msgctl(msgget(KEY, 0), IPC_RMID, NULL);
	run_shell("rm -rf %s", world);
	printf("1..%u\n", count);
	return failed > 0;
}
