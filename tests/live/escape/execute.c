/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Executing what was granted for writing or reading only: by exec in all its forms, through the
 * dynamic loader, by mapping, and by a file that has no name.
 */
#include "probe.h"

#include <sys/mman.h>
#include <sys/wait.h>

extern char **environ;

static int
plain(const char *path)
{
	char *const argv[] = { strdup(path), NULL };

	return execv(path, argv);
}

static int
by_descriptor(const char *path)
{
	char *const argv[] = { strdup(path), NULL };
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return (int)syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
}

static int
by_name_descriptor(const char *path)
{
	char *const argv[] = { strdup(path), NULL };
	int fd = open(path, O_PATH | O_CLOEXEC);

	return (int)syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
}

static int
by_magic_link(const char *path)
{
	char *const argv[] = { strdup(path), NULL };

	return execv(fd_path(open(path, O_RDONLY)), argv);
}

static int
by_loader(const char *path)
{
	static const char *const loaders[] = { "/lib64/ld-linux-x86-64.so.2",
		"/lib/ld-linux-aarch64.so.1", "/lib/ld-musl-x86_64.so.1" };
	char *argv[] = { NULL, strdup(path), NULL };
	int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);

	dup2(quiet, 2);
	for (size_t i = 0; i < sizeof(loaders) / sizeof(loaders[0]); i++) {
		argv[0] = strdup(loaders[i]);
		execv(loaders[i], argv);
	}
	return -1;
}

static long
make_copy(int to)
{
	int from = open("/bin/true", O_RDONLY | O_CLOEXEC);
	char buffer[65536];
	ssize_t n;

	while ((n = read(from, buffer, sizeof(buffer))) > 0)
		if (write(to, buffer, (size_t)n) != n)
			return -1;
	close(from);
	return n;
}

static int
memfd(void)
{
	int fd = memfd_create("pale", MFD_CLOEXEC);

	make_copy(fd);
	return fd;
}

static int
exec_memfd(const char *unused)
{
	char *const argv[] = { strdup("true"), NULL };

	(void)unused;
	return (int)syscall(SYS_execveat, memfd(), "", argv, environ, AT_EMPTY_PATH);
}

static int
exec_memfd_by_name(const char *unused)
{
	char *const argv[] = { strdup("true"), NULL };

	(void)unused;
	return execv(fd_path(memfd()), argv);
}

static int
exec_written(const char *path)
{
	char *const argv[] = { strdup(path), NULL };
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0755);

	if (fd < 0 || make_copy(fd) < 0)
		return -1;
	close(fd);
	return execv(path, argv);
}

/* Run `act` in a child: 0 if a program replaced it and ended with 0. */
static long
run_child(int (*act)(const char *), const char *path)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		act(path);
		_exit(errno > 0 && errno < 128 ? errno : 127);
	}
	status = wait_child(pid);
	if (act == exec_written)
		unlink(path);
	errno = status;
	return status == 0 ? 0 : -1;
}

static long
map(const char *path, int protection)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *memory;

	if (fd < 0)
		return -1;
	memory = mmap(NULL, 4096, protection, MAP_PRIVATE, fd, 0);
	if (memory == MAP_FAILED)
		return -1;
	return mprotect(memory, 4096, PROT_READ | PROT_EXEC);
}

/* clang-format off */
TRY("execute", "a program in the writable grant", ANYONE, run_child(plain, rw("elf")))
TRY("execute", "a script in the writable grant", ANYONE, run_child(plain, rw("script")))
TRY("execute", "a program that was just written", ANYONE, run_child(exec_written, rw("written")))
TRY("execute", "a program in the read-only grant", ANYONE, run_child(plain, ro("elf")))
TRY("execute", "a program in the writable grant by its descriptor", ANYONE, run_child(by_descriptor, rw("elf")))
TRY("execute", "a program in the writable grant by an O_PATH descriptor", ANYONE, run_child(by_name_descriptor, rw("elf")))
TRY("execute", "a program in the writable grant through /proc/self/fd", ANYONE, run_child(by_magic_link, rw("elf")))
TRY("execute", "a program in the writable grant through the loader", ANYONE, run_child(by_loader, rw("elf")))
TRY("execute", "a program in the read-only grant through the loader", ANYONE, run_child(by_loader, ro("elf")))
TRY("execute", "a program in /tmp that was just written", ANYONE, run_child(exec_written, text("/tmp/pale-escape-written.%d", getpid())))
TRY("execute", "a program in /dev/shm that was just written", MAYBE("/dev/shm is mounted without execution"), run_child(exec_written, text("/dev/shm/pale-escape-written.%d", getpid())))
TRY("execute", "map a file of the writable grant as code", ANYONE, map(rw("elf"), PROT_READ | PROT_EXEC))
TRY("execute", "map a file of the writable grant, then make it code", ANYONE, map(rw("elf"), PROT_READ))
TRY("execute", "map a file of the read-only grant as code", ANYONE, map(ro("elf"), PROT_READ | PROT_EXEC))
STATED("execute", "a file without a name by its descriptor", "memory can be run (vm.memfd_noexec)", run_child(exec_memfd, ""))
STATED("execute", "a file without a name through /proc/self/fd", "memory can be run (vm.memfd_noexec)", run_child(exec_memfd_by_name, ""))
/* clang-format on */
