/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names: absolute paths to the outside, and ".." out of each grant, for every call that takes a
 * name. Landlock alone lets most of those through that only look, and those that change metadata.
 */
#include "probe.h"

#include <dirent.h>
#include <sched.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/xattr.h>

struct how { /* struct open_how, as old as openat2 itself (5.6) */
	uint64_t flags, mode, resolve;
};

static const struct timespec some_time[2] = { { 1000, 0 }, { 2000, 0 } };

static long
list_has(const char *path, const char *name)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	long ret = -1;

	if (dir == NULL)
		return -1;
	while (ret < 0 && (entry = readdir(dir)) != NULL)
		if (name == NULL ? entry->d_name[0] != '.' : strcmp(entry->d_name, name) == 0)
			ret = 0;
	closedir(dir);
	errno = ENOENT;
	return ret;
}

static long
exec_status(const char *path)
{
	char *const argv[] = { strdup(path), NULL };
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execv(path, argv);
		_exit(100 + (errno == ENOENT ? 1 : errno == EACCES ? 2 : errno == EPERM ? 3 : 4));
	}
	status = wait_child(pid);
	errno = status == 101 ? ENOENT : status == 103 ? EPERM : EACCES;
	return status == 0 ? 0 : -1;
}

static long
stat_of(const char *path, bool follow)
{
	struct stat st;

	return follow ? stat(path, &st) : lstat(path, &st);
}

static long
statx_of(int dir, const char *path)
{
	struct statx stx;

	return statx(dir, path, 0, STATX_BASIC_STATS, &stx);
}

static long
link_text(int dir, const char *path)
{
	char text[256];

	return readlinkat(dir, path, text, sizeof(text));
}

static long
watch(const char *path)
{
	int fd = inotify_init1(IN_CLOEXEC);

	return fd < 0 ? -1 : inotify_add_watch(fd, path, IN_ALL_EVENTS);
}

static int
dir_of(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int
rwd(void)
{
	return dir_of(rw(""));
}

static long
open2(int dir, const char *path)
{
	struct how how = { .flags = O_RDONLY };

	return syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

static long
fs_of(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs);
}

static long
times_at(int dir, const char *path)
{
	return utimensat(dir, path, some_time, 0);
}

static long
bind_at(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	return fd < 0 ? -1 : bind(fd, (const struct sockaddr *)&addr, sizeof(addr));
}

static long
handle_at(int dir, const char *path)
{
	struct {
		struct file_handle head;
		unsigned char bytes[HANDLE_SIZE];
	} handle = { .head.handle_bytes = HANDLE_SIZE };
	int mount_id;

	return name_to_handle_at(dir, path, &handle.head, &mount_id, 0);
}

/* clang-format off */
TRY("absolute", "open a secret", ANYONE, open(out("secret"), O_RDONLY))
TRY("absolute", "open a secret with openat2", ANYONE, open2(AT_FDCWD, out("secret")))
TRY("absolute", "open a file to write", ANYONE, open(out("prey.0"), O_WRONLY))
TRY("absolute", "open a name with O_PATH", ANYONE, open(out("secret"), O_PATH))
TRY("absolute", "create a file", ANYONE, open(out("new.0"), O_CREAT | O_WRONLY, 0600))
TRY("absolute", "create a nameless file with O_TMPFILE", ANYONE, open(out(""), O_TMPFILE | O_RDWR, 0600))
TRY("absolute", "list a directory", ANYONE, list_has(out(""), "secret"))
TRY("absolute", "list what lies beside the grants", ANYONE, list_has(world_dir, "outside"))
TRY("absolute", "list the host's /var/log", MAYBE("empty here"), list_has("/var/log", NULL))
TRY("absolute", "stat a secret", ANYONE, stat_of(out("secret"), true))
TRY("absolute", "lstat the shadow file", MAYBE("no shadow file"), stat_of("/etc/shadow", false))
TRY("absolute", "statx a secret", ANYONE, statx_of(AT_FDCWD, out("secret")))
TRY("absolute", "ask with access whether a file exists", ANYONE, access(out("public"), F_OK))
TRY("absolute", "ask with faccessat2 whether a file exists", ANYONE, faccessat(AT_FDCWD, out("public"), R_OK, AT_EACCESS))
TRY("absolute", "read a symbolic link", ANYONE, link_text(AT_FDCWD, out("link")))
TRY("absolute", "change the working directory", ANYONE, chdir(out("")))
TRY("absolute", "execute a program", ANYONE, exec_status(out("elf")))
TRY("absolute", "execute a script", ANYONE, exec_status(out("script")))
TRY("absolute", "truncate a file", ANYONE, truncate(out("prey.1"), 0))
TRY("absolute", "remove a file", ANYONE, unlink(out("prey.2")))
TRY("absolute", "rename a file", ANYONE, rename(out("prey.3"), out("renamed")))
TRY("absolute", "make a directory", ANYONE, mkdir(out("new-dir"), 0700))
TRY("absolute", "remove a directory", ANYONE, rmdir(out("empty.0")))
TRY("absolute", "make a symbolic link", ANYONE, symlink("x", out("new-link")))
TRY("absolute", "make a hard link", ANYONE, link(out("prey.4"), out("new-hard")))
TRY("absolute", "make a fifo", ANYONE, mkfifo(out("new-fifo"), 0600))
TRY("absolute", "bind a socket", ANYONE, bind_at(out("new-socket")))
TRY("absolute", "change a mode", ANYONE, chmod(out("prey.5"), 0600))
TRY("absolute", "change an owner", ANYONE, chown(out("prey.5"), getuid(), getgid()))
TRY("absolute", "change times", ANYONE, times_at(AT_FDCWD, out("prey.5")))
TRY("absolute", "set an extended attribute", MAYBE("no user attributes on this file system"), setxattr(out("prey.5"), "user.pale", "x", 1, 0))
TRY("absolute", "list extended attributes", ANYONE, listxattr(out("public"), NULL, 0))
TRY("absolute", "ask for the file system", ANYONE, fs_of(out("")))
TRY("absolute", "watch a directory", ANYONE, watch(out("")))
TRY("absolute", "take a file handle", ANYONE, handle_at(AT_FDCWD, out("secret")))
TRY("absolute", "open a file of the host's /tmp", ANYONE, open(w.tmp_path, O_RDONLY))
TRY("absolute", "make a file beside the grants", ANYONE, open(in_world("new-beside"), O_CREAT | O_WRONLY, 0600))
TRY("absolute", "make a link to the outside beside the grants", ANYONE, symlink("outside", in_world("link-beside")))
TRY("absolute", "move a grant away", NEVER("the rest of the run needs it"), rename(ro(""), in_world("gone")))

TRY("dotdot", "open a secret", ANYONE, openat(rwd(), "../outside/secret", O_RDONLY))
TRY("dotdot", "open a secret with openat2", ANYONE, open2(rwd(), "../outside/secret"))
TRY("dotdot", "open a secret from the read-only grant", ANYONE, openat(dir_of(ro("")), "../outside/secret", O_RDONLY))
TRY("dotdot", "open a secret from the program's own directory", ANYONE, openat(dir_of(in_world("bin")), "../outside/secret", O_RDONLY))
TRY("dotdot", "open a secret from deep below", ANYONE, openat(dir_of(ro("dir/deep")), "../../../outside/secret", O_RDONLY))
TRY("dotdot", "open a secret through in, out, and in again", ANYONE, openat(rwd(), "../rw/../ro/../outside/secret", O_RDONLY))
TRY("dotdot", "open a file of the host from /", MAYBE("no shadow file"), openat(rwd(), "../../../../../../../../../../etc/shadow", O_PATH))
TRY("dotdot", "create a file", ANYONE, openat(rwd(), "../outside/new.1", O_CREAT | O_WRONLY, 0600))
TRY("dotdot", "open with O_PATH", ANYONE, openat(rwd(), "../outside", O_PATH))
TRY("dotdot", "stat", ANYONE, fstatat(rwd(), "../outside/secret", &(struct stat){ 0 }, 0))
TRY("dotdot", "statx", ANYONE, statx_of(rwd(), "../outside/secret"))
TRY("dotdot", "access", ANYONE, faccessat(rwd(), "../outside/public", F_OK, 0))
TRY("dotdot", "faccessat2", ANYONE, faccessat(rwd(), "../outside/public", R_OK, AT_EACCESS))
TRY("dotdot", "read a symbolic link", ANYONE, link_text(rwd(), "../outside/link"))
TRY("dotdot", "make a directory", ANYONE, mkdirat(rwd(), "../outside/new-dir.1", 0700))
TRY("dotdot", "make a fifo", ANYONE, mknodat(rwd(), "../outside/new-fifo.1", S_IFIFO | 0600, 0))
TRY("dotdot", "remove a file", ANYONE, unlinkat(rwd(), "../outside/prey.6", 0))
TRY("dotdot", "remove a directory", ANYONE, unlinkat(rwd(), "../outside/empty.1", AT_REMOVEDIR))
TRY("dotdot", "make a symbolic link", ANYONE, symlinkat("x", rwd(), "../outside/new-link.1"))
TRY("dotdot", "change a mode", ANYONE, fchmodat(rwd(), "../outside/prey.7", 0600, 0))
TRY("dotdot", "change an owner", ANYONE, fchownat(rwd(), "../outside/prey.7", getuid(), getgid(), 0))
TRY("dotdot", "change times", ANYONE, times_at(rwd(), "../outside/prey.7"))
TRY("dotdot", "truncate", ANYONE, truncate("../outside/prey.8", 0))
TRY("dotdot", "take a file handle", ANYONE, handle_at(rwd(), "../outside/secret"))
TRY("dotdot", "watch", ANYONE, watch("../outside"))
TRY("dotdot", "list extended attributes", ANYONE, listxattr("../outside/public", NULL, 0))
TRY("dotdot", "bind a socket", ANYONE, bind_at("../outside/new-socket.1"))
TRY("dotdot", "execute", ANYONE, exec_status("../outside/elf"))
TRY("dotdot", "change the working directory in two steps", ANYONE, chdir("..") < 0 ? -1 : chdir("outside"))
TRY("dotdot", "climb by descriptors, one .. at a time", ANYONE, openat(openat(rwd(), "..", O_PATH), "outside/secret", O_RDONLY))
/* clang-format on */

ATTEMPT("dotdot", "leave an own chroot by a descriptor from before it", ANYONE)
{
	int fd = rwd();

	enter_namespace(0);
	if (chroot(rw("")) < 0 || fchdir(fd) < 0)
		return got(-1);
	for (int i = 0; i < 10; i++)
		ignore(chdir(".."));
	return got(open(out("secret") + 1, O_RDONLY));
}

ATTEMPT("dotdot", "go up from a directory that somebody moved outside", ANYONE)
{
	char answer[ASK_SIZE];
	int fd = dir_of(rw("mover/bar"));
	int verdict;

	if (fd < 0 || !ask(answer, "moveout") || strcmp(answer, "ok") != 0)
		return broken("nobody moved it");
	verdict = got(openat(fd, "../secret", O_RDONLY));
	if (verdict != ESCAPED && fchdir(fd) == 0)
		verdict = got(open("../secret", O_RDONLY));
	return ask(answer, "moveback") ? verdict : broken("not moved back");
}
