/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names that mean something else: symbolic links out of a grant, hard links and renames across its
 * edge, and the magic links of /proc, which lead to objects and not to names.
 */
#include "probe.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

static int
open_made(const char *target, const char *name, const char *path)
{
	unlink(rw(name));
	if (symlink(target, rw(name)) < 0)
		return broken("symlink");
	return got(open(rw(path), O_RDONLY));
}

static long
connect_to(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	return fd < 0 ? -1 : connect(fd, (const struct sockaddr *)&addr, sizeof(addr));
}

static long
exec_here(const char *path)
{
	char *const argv[] = { strdup(path), NULL };
	pid_t pid = fork();

	if (pid == 0) {
		execv(path, argv);
		_exit(101);
	}
	errno = EACCES;
	return wait_child(pid) == 0 ? 0 : -1;
}

static int
own_file(const char *name)
{
	return make_file(rw(name)) < 0 ? -1 : 0;
}

/* clang-format off */
TRY("symlink", "through an absolute link in the writable grant", ANYONE, open(rw("link-abs/secret"), O_RDONLY))
TRY("symlink", "through a relative link in the writable grant", ANYONE, open(rw("link-rel/secret"), O_RDONLY))
TRY("symlink", "through a link to the file itself", ANYONE, open(rw("link-file"), O_RDONLY))
TRY("symlink", "through a link in a subdirectory", ANYONE, open(rw("dir/link/secret"), O_RDONLY))
TRY("symlink", "through an absolute link in the read-only grant", ANYONE, open(ro("link-abs"), O_RDONLY))
TRY("symlink", "through a relative link in the read-only grant", ANYONE, open(ro("link-rel/secret"), O_RDONLY))
TRY("symlink", "through a chain of links", ANYONE, open(rw("chain.0/secret"), O_RDONLY))
TRY("symlink", "with a trailing slash", ANYONE, open(rw("link-rel/"), O_RDONLY | O_DIRECTORY))
TRY("symlink", "stat through a link", ANYONE, stat(rw("link-file"), &(struct stat){ 0 }))
TRY("symlink", "create through a dangling link", ANYONE, open(rw("link-dangling"), O_CREAT | O_WRONLY, 0600))
TRY("symlink", "make a directory through a link", ANYONE, mkdir(rw("link-rel/new-dir.2"), 0700))
TRY("symlink", "remove through a link", ANYONE, unlink(rw("link-rel/prey.9")))
TRY("symlink", "rename through a link", ANYONE, rename(rw("link-rel/prey.10"), rw("link-rel/renamed.2")))
TRY("symlink", "truncate through a link", ANYONE, truncate(rw("link-rel/prey.11"), 0))
TRY("symlink", "change a mode through a link", ANYONE, chmod(rw("link-rel/prey.11"), 0600))
TRY("symlink", "change an owner through a link", ANYONE, chown(rw("link-rel/prey.11"), getuid(), getgid()))
TRY("symlink", "change times through a link", ANYONE, utimensat(AT_FDCWD, rw("link-file"), NULL, 0))
TRY("symlink", "execute through a link", ANYONE, exec_here(rw("link-rel/elf")))
TRY("symlink", "change the working directory through a link", ANYONE, chdir(rw("link-abs")))
TRY("symlink", "connect through a link", ANYONE, connect_to(rw("link-socket")))

TRY("rename", "move a file from the writable grant outside", ANYONE, own_file("mine.1") < 0 ? -1 : rename(rw("mine.1"), out("moved.1")))
TRY("rename", "move a file from outside into the writable grant", ANYONE, rename(out("prey.12"), rw("moved.2")))
TRY("rename", "move a file into the read-only grant", ANYONE, own_file("mine.3") < 0 ? -1 : rename(rw("mine.3"), ro("moved.3")))
TRY("rename", "move a file over one of the read-only grant", ANYONE, own_file("mine.4") < 0 ? -1 : rename(rw("mine.4"), ro("prey.0")))
TRY("rename", "move a file of the read-only grant into the writable one", ANYONE, rename(ro("prey.1"), rw("moved.5")))
TRY("rename", "exchange a file with one outside", ANYONE, own_file("mine.6") < 0 ? -1 : syscall(SYS_renameat2, AT_FDCWD, rw("mine.6"), AT_FDCWD, out("prey.13"), 2))
TRY("rename", "exchange a file with one of the read-only grant", ANYONE, own_file("mine.7") < 0 ? -1 : syscall(SYS_renameat2, AT_FDCWD, rw("mine.7"), AT_FDCWD, ro("prey.2"), 2))
TRY("rename", "move a directory outside by ..", ANYONE, make_dir(rw("mydir")) < 0 ? -1 : rename(rw("mydir"), rw("../outside/mydir")))

TRY("hard link", "to an outside file, into the writable grant", ANYONE, link(out("public"), rw("hard.1")))
TRY("hard link", "to a read-only file, into the writable grant", ANYONE, link(ro("prey.3"), rw("hard.2")))
TRY("hard link", "to an own file, outside", ANYONE, own_file("mine.8") < 0 ? -1 : link(rw("mine.8"), out("hard.3")))
TRY("hard link", "to an own file, into the read-only grant", ANYONE, own_file("mine.9") < 0 ? -1 : link(rw("mine.9"), ro("hard.4")))
TRY("hard link", "to the target of a symbolic link", ANYONE, linkat(AT_FDCWD, rw("link-file"), AT_FDCWD, rw("hard.5"), AT_SYMLINK_FOLLOW))
TRY("hard link", "to an open read-only file by its descriptor", ANYONE, linkat(AT_FDCWD, fd_path(open(ro("prey.4"), O_PATH)), AT_FDCWD, rw("hard.6"), AT_SYMLINK_FOLLOW))
/* clang-format on */

ATTEMPT("symlink", "through an absolute link that the program made", ANYONE)
{
	return open_made(out("secret"), "own-link.1", "own-link.1");
}

ATTEMPT("symlink", "through a relative link that the program made", ANYONE)
{
	return open_made("../outside", "own-link.2", "own-link.2/secret");
}

ATTEMPT("symlink", "through a link of many .. that the program made", ANYONE)
{
	char text[512] = "";

	for (int i = 0; i < 30; i++)
		strcat(text, "../");
	strcat(text, out("secret") + 1);
	return open_made(text, "own-link.3", "own-link.3");
}

ATTEMPT("symlink", "through a link to the root directory in /proc", ANYONE)
{
	char text[512];

	snprintf(text, sizeof(text), "/proc/self/root%s", out("secret"));
	return open_made(text, "own-link.4", "own-link.4");
}

/* What a process of the outside has open is within reach where /proc shows that process. */
static long
open_proc(pid_t pid, const char *what)
{
	char path[512];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, what);
	return open(path, O_RDONLY);
}

static long
open_victim_fd(void)
{
	char name[64];

	snprintf(name, sizeof(name), "fd/%d", w.victim_fd);
	return open_proc(w.victim, name);
}

static long
open_root_of(const char *who)
{
	char path[1024];

	snprintf(path, sizeof(path), "/proc/%s/root%s", who, out("secret"));
	return open(path, O_RDONLY);
}

static long
open_init(const char *what)
{
	return open_proc(1, what);
}

static long
reopen(int fd, int flags)
{
	return fd < 0 ? -1 : open(fd_path(fd), flags);
}

static long
ask_init(const char *what)
{
	char text[256], path[64];

	snprintf(path, sizeof(path), "/proc/1/%s", what);
	return readlink(path, text, sizeof(text));
}

/* clang-format off */
TRY("magic link", "the own root directory", ANYONE, open_root_of("self"))
TRY("magic link", "the own thread's root directory", ANYONE, open_root_of("thread-self"))
TRY("magic link", "the own working directory and ..", ANYONE, open("/proc/self/cwd/../outside/secret", O_RDONLY))
TRY("magic link", "the root directory of a process outside", ANYONE, open_proc(w.victim, "root"))
TRY("magic link", "the working directory of a process outside", ANYONE, open_proc(w.victim, "cwd/secret"))
TRY("magic link", "a descriptor of a process outside", ANYONE, open_victim_fd())
TRY("magic link", "the program of a process outside", ANYONE, open_proc(w.victim, "exe"))
TRY("magic link", "the environment of a process outside", ANYONE, open_proc(w.victim, "environ"))
TRY("magic link", "the root directory of the first process", POWER, open_init("root/etc"))
TRY("magic link", "the working directory of the first process", POWER, ask_init("cwd"))
TRY("magic link", "the program of the first process", POWER, ask_init("exe"))
TRY("magic link", "the descriptors of the first process", POWER, open_init("fd"))
TRY("magic link", "the memory map of the first process", POWER, read_has((int)open_init("maps"), "-"))
TRY("magic link", "the mount namespace of the first process", POWER, open_init("ns/mnt"))
TRY("magic link", "a read-only file opened again for writing", ANYONE, reopen(open(ro("prey.5"), O_RDONLY), O_RDWR))
TRY("magic link", "a read-only file opened by name only, again for writing", ANYONE, reopen(open(ro("prey.5"), O_PATH), O_WRONLY))
TRY("magic link", "a read-only file opened again through /dev/fd", ANYONE, open(strcat(strcpy((char[64]){ 0 }, "/dev/fd/"), strrchr(fd_path(open(ro("prey.5"), O_RDONLY)), '/') + 1), O_RDWR))
TRY("magic link", "the own program, to change its mode", ANYONE, chmod("/proc/self/exe", 0755))
TRY("magic link", "the own program, to change its times", ANYONE, utimensat(AT_FDCWD, "/proc/self/exe", NULL, 0))
/* clang-format on */
