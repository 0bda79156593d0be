/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The call filter on this kernel: the program of the default policy is installed in a child, one
 * child a fact, and the child reports by a pipe what the kernel answered. Each refusal is tried
 * without the filter too: where the kernel refuses with the same errno by itself, nothing would be
 * proved, and the fact fails unless it says so.
 */
#include "cage/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "core/scope.h"
#include "core/sys.h"
#include "kernel/uapi.h"

enum {
	ALLOWED = 0,
	AS_TABLE = -1, /* refused, with the errno that sys.def says */
	NO_ANSWER = -2,
	STRANGER = 1000, /* an ordinary user id */
};

/* Above the bits that the kernel reads of an int, a mode or a command. */
#define GARBAGE (UINT64_C(0xdead) << 32)
#define ARG(pointer) ((uint64_t)(uintptr_t)(pointer))

/* One thing that a program in a cage may try: a call by name, or a function. */
struct fact {
	const char *sentence;
	const char *name;
	uint64_t args[PALE_SYS_ARGS];
	int (*act)(void); /* returns 0 or a positive errno */
	int want;         /* ALLOWED, AS_TABLE or an errno */
	bool same_without;
};

static const struct pale_sys_policy policy = {
	.gates = PALE_GATES_QUIET | 1U << GATE_SYSV | 1U << GATE_MQ | 1U << GATE_SIGSCOPE,
};
static char file[] = "/tmp/pale-filter-XXXXXX"; /* ours, mode 0600 */
static char fresh[sizeof(file) + 2];            /* does not exist */
static unsigned facts_run, facts_failed;

static void tell(bool ok, const char *sentence, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
tell(bool ok, const char *sentence, const char *fmt, ...)
{
	va_list args;

	printf("%s %u - %s\n", ok ? "ok" : "not ok", ++facts_run, sentence);
	if (ok)
		return;
	facts_failed++;
	printf("# ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
}

static int
act_of(const struct fact *fact)
{
	enum pale_sys sys;
	const uint64_t *a = fact->args;

	if (fact->act != NULL)
		return fact->act();
	if (pale_sys_find(fact->name, &sys) < 0)
		return NO_ANSWER;
	return syscall(pale_sys_nr(sys), a[0], a[1], a[2], a[3], a[4], a[5]) < 0 ? errno : 0;
}

static int
install(void)
{
	struct sock_filter prog[PALE_BPF_MAX];
	size_t count;
	int rc = pale_filter_build(&policy, prog, PALE_COUNT(prog), &count, NULL);

	if (rc < 0)
		return rc;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return pale_seccomp_install(prog, count, 0, NULL, NULL);
}

/* Run an act in a child, under the filter or not. Returns what it returned, or NO_ANSWER. */
static int
in_child(const struct fact *fact, bool caged)
{
	int answer = NO_ANSWER;
	int ends[2];
	pid_t pid;

	fflush(stdout);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return NO_ANSWER;
	pid = fork();
	if (pid == 0) {
		if (!caged || install() == 0) {
			answer = act_of(fact);
			if (write(ends[1], &answer, sizeof(answer)) < 0)
				_exit(1);
		}
		_exit(0);
	}
	close(ends[1]);
	if (pid < 0 || read(ends[0], &answer, sizeof(answer)) != sizeof(answer))
		answer = NO_ANSWER;
	close(ends[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	unlink(fresh);
	return answer;
}

static void
check_fact(const struct fact *fact)
{
	int want = fact->want;
	int without, with;

	if (want == AS_TABLE) {
		struct pale_sys_answer answer;
		enum pale_sys sys;

		if (pale_sys_find(fact->name, &sys) < 0) {
			tell(false, fact->sentence, "no row for %s", fact->name);
			return;
		}
		answer = pale_sys_answer(sys, fact->args, &policy);
		if (answer.run != RUN_DENY) {
			tell(false, fact->sentence, "the table allows it");
			return;
		}
		want = answer.error;
	}
	without = in_child(fact, false);
	with = in_child(fact, true);
	tell(with == want && (want == ALLOWED || without != want || fact->same_without),
	    fact->sentence, "with the filter %d, without %d, wanted %d", with, without, want);
}

/* --- acts that are more than one call --- */

static int
act_unknown(void)
{
	return syscall(9999) < 0 ? errno : 0;
}

static int
act_inside(void)
{
	return pale_filter_inside() ? 0 : 1;
}

static int
act_outside(void)
{
	return pale_filter_inside() ? 1 : 0;
}

static int
act_fork(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(7);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 7 ? 0 : ECHILD;
}

static int
act_exec(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(7);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : ENOEXEC;
}

static int
act_files(void)
{
	char buf[4];
	PALE_CLOSE int fd = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, "pale", 4) != 4 || lseek(fd, 0, SEEK_SET) != 0 ||
	    read(fd, buf, sizeof(buf)) != sizeof(buf) || fchmod(fd, 0755) < 0 || unlink(fresh) < 0)
		return errno;
	return 0;
}

static int
act_pair(void)
{
	int ends[2];

	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0 ? errno : 0;
}

static int
act_memory(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED || mprotect(at, 4096, PROT_READ) < 0 || munmap(at, 4096) < 0)
		return errno;
	return 0;
}

/* The errno of the kernel, not of the filter, comes from an ioctl on what is no terminal. */
static int
act_winsize(void)
{
	PALE_CLOSE int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct winsize size;

	return ioctl(fd, TIOCGWINSZ, &size) < 0 && errno == ENOTTY ? 0 : 1;
}

#ifdef __x86_64__
/* getpid by the 32-bit entry, where the number means another call. */
static int
act_int80(void)
{
	int rc;

	__asm__ volatile("int $0x80" : "=a"(rc) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
	return rc < 0 ? -rc : 0;
}

static int
act_x32(void)
{
	return syscall(0x40000000 | SYS_getpid) < 0 ? errno : 0;
}
#endif

static const struct sock_filter allow_all[] = { { BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW } };

/* Answers the errno, and EPROTO where it comes without words on what to do. */
static int
install_errno(unsigned flags, int *ret_listener)
{
	struct pale_err err = { 0 };
	int rc = pale_seccomp_install(allow_all, 1, flags, ret_listener, &err);

	return rc < 0 && err.remedy[0] == '\0' ? EPROTO : -rc;
}

static int
act_install_privs(void)
{
	if (geteuid() == 0 && setresuid(STRANGER, STRANGER, STRANGER) < 0)
		return errno;
	return install_errno(0, NULL);
}

static int
act_install_twice(void)
{
	int listener = -1, second = 77, rc;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return errno;
	rc = install_errno(0, &listener);
	if (rc != 0 || listener < 0 || (fcntl(listener, F_GETFD) & FD_CLOEXEC) == 0)
		return rc != 0 ? rc : EBADF;
	rc = install_errno(0, &second);
	return second == 77 ? rc : EBADF;
}

static int
act_install_flags(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return errno;
	return install_errno(1U << 30, NULL);
}

static int
act_install_empty(void)
{
	return -pale_seccomp_install(allow_all, 0, 0, NULL, NULL);
}

int
main(void)
{
	/* No terminal: without the filter TIOCSTI would type into the one that this runs in. */
	const uint64_t null = (uint64_t)open("/dev/null", O_RDWR | O_CLOEXEC);
	const struct fact without[] = {
		{ "outside of a cage a program learns that it is outside", .act = act_outside },
		{ "a filter without no_new_privs is refused, with a remedy",
		    .act = act_install_privs, .want = EACCES },
		{ "a second supervisor is refused, with a remedy", .act = act_install_twice,
		    .want = EBUSY },
		{ "an unknown flag is refused, with a remedy", .act = act_install_flags,
		    .want = EINVAL },
		{ "an empty program is refused", .act = act_install_empty, .want = EINVAL },
	};
	const struct fact within[] = {
		{ "inside of a cage a program learns that it is inside", .act = act_inside },
		/* What has an older twin, or is not there. */
		{ "openat2 answers ENOSYS", "openat2", { (uint64_t)AT_FDCWD, ARG("/"), 0, 0 },
		    .want = ENOSYS },
		{ "clone3 answers ENOSYS", "clone3", { 0 }, .want = ENOSYS },
		{ "a number without a call answers ENOSYS", .act = act_unknown, .want = ENOSYS,
		    .same_without = true },
#ifdef __x86_64__
		{ "a call by the 32-bit entry answers ENOSYS", .act = act_int80, .want = ENOSYS },
		{ "a call with the x32 bit answers ENOSYS", .act = act_x32, .want = ENOSYS,
		    .same_without = true },
#endif
		/* Rights that lie in an argument. */
		{ "fchmodat with the setuid bit answers EPERM", "fchmodat",
		    { (uint64_t)AT_FDCWD, ARG(file), 04755 }, .want = EPERM },
		{ "fchmodat with the setgid bit answers EPERM", "fchmodat",
		    { (uint64_t)AT_FDCWD, ARG(file), 02755 }, .want = EPERM },
		{ "fchmodat with the setuid bit below garbage answers EPERM", "fchmodat",
		    { (uint64_t)AT_FDCWD, ARG(file), GARBAGE | 04755 }, .want = EPERM },
		{ "openat that makes a setuid file answers EPERM", "openat",
		    { (uint64_t)AT_FDCWD, ARG(fresh), O_CREAT | O_WRONLY, 04755 }, .want = EPERM },
		{ "mknodat of a setuid file answers EPERM", "mknodat",
		    { (uint64_t)AT_FDCWD, ARG(fresh), S_IFREG | 04755, 0 }, .want = EPERM },
		{ "fchmodat without such bits is allowed", "fchmodat",
		    { (uint64_t)AT_FDCWD, ARG(file), 0644 } },
		/* Terminals. */
		{ "TIOCSTI answers EPERM", "ioctl", { null, TIOCSTI, ARG("x") }, .want = EPERM },
		{ "TIOCSTI below garbage answers EPERM", "ioctl",
		    { null, GARBAGE | TIOCSTI, ARG("x") }, .want = EPERM },
		{ "TIOCLINUX answers EPERM", "ioctl", { null, TIOCLINUX, ARG("\2") },
		    .want = EPERM },
		{ "TIOCSETD answers EPERM", "ioctl", { null, TIOCSETD, ARG("\0\0\0") },
		    .want = EPERM },
		{ "asking for the size of a window is allowed", .act = act_winsize },
		/* Sockets. */
		{ "an INET socket is refused", "socket", { AF_INET, SOCK_STREAM },
		    .want = AS_TABLE },
		{ "an INET socket with garbage above its family is refused", "socket",
		    { GARBAGE | AF_INET, SOCK_STREAM }, .want = AS_TABLE },
		{ "an INET6 datagram socket is refused", "socket", { AF_INET6, SOCK_DGRAM },
		    .want = AS_TABLE },
		{ "a netlink socket is refused", "socket", { AF_NETLINK, SOCK_RAW },
		    .want = AS_TABLE },
		{ "a socket of an unknown family is refused", "socket", { 45, SOCK_STREAM },
		    .want = AS_TABLE, .same_without = true },
		{ "a path datagram socket is refused", "socket", { AF_UNIX, SOCK_DGRAM },
		    .want = AS_TABLE },
		{ "a path datagram socket with flags is refused", "socket",
		    { AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK }, .want = AS_TABLE },
		{ "a path stream socket is allowed", "socket",
		    { AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC } },
		{ "a pair of path stream sockets is allowed", .act = act_pair },
		/* Kernel interfaces. */
		{ "io_uring_setup is refused", "io_uring_setup", { 1, 0 }, .want = AS_TABLE },
		{ "userfaultfd is refused", "userfaultfd", { 1 }, .want = AS_TABLE },
		{ "perf_event_open is refused", "perf_event_open", { 0 }, .want = AS_TABLE },
		{ "bpf is refused", "bpf", { 0 }, .want = AS_TABLE, .same_without = true },
		{ "keyctl is refused", "keyctl", { 0 }, .want = AS_TABLE },
		{ "a user namespace is refused", "unshare", { CLONE_NEWUSER }, .want = AS_TABLE },
		{ "a user namespace by clone is refused", "clone", { CLONE_NEWUSER | SIGCHLD },
		    .want = AS_TABLE },
		{ "mount is refused", "mount", { 0 }, .want = AS_TABLE, .same_without = true },
		{ "open_tree is refused", "open_tree", { (uint64_t)AT_FDCWD, ARG("/"), 0 },
		    .want = AS_TABLE },
		{ "mount_setattr is refused", "mount_setattr", { 0 }, .want = AS_TABLE },
		{ "open_by_handle_at is refused", "open_by_handle_at", { 0 }, .want = AS_TABLE,
		    .same_without = true },
		{ "pidfd_getfd is refused", "pidfd_getfd", { UINT64_MAX }, .want = AS_TABLE },
		/* What every program does. */
		{ "getpid is allowed", "getpid", { 0 } },
		{ "fork and wait are allowed", .act = act_fork },
		{ "exec is allowed", .act = act_exec },
		{ "making, writing, reading and removing a file are allowed", .act = act_files },
		{ "mapping memory is allowed", .act = act_memory },
	};
	int fd = mkstemp(file);

	if (fd < 0) {
		printf("Bail out! cannot make %s\n", file);
		return EXIT_FAILURE;
	}
	close(fd);
	snprintf(fresh, sizeof(fresh), "%s.2", file);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..%zu\n", PALE_COUNT(without) + PALE_COUNT(within));
	for (size_t i = 0; i < PALE_COUNT(without); i++) {
		int got = in_child(&without[i], false);

		tell(got == without[i].want, without[i].sentence, "got %d, wanted %d", got,
		    without[i].want);
	}
	for (size_t i = 0; i < PALE_COUNT(within); i++)
		check_fact(&within[i]);
	unlink(file);
	return facts_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
