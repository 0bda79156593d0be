/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Run a program over and over in a world of its own; in the n-th run stop it before its n-th system
 * call, and let somebody else run a command there. The corpus is held to its table with this, by
 * other means than pale's: ptrace, every call, one command of shell.
 *
 *   step [-s] [-r] DIR VICTIM-UID ADVERSARY-UID COMMAND CHECK PROGRAM
 *
 *   -s   shared/ is sticky;  -r   the program runs as root
 *   DIR  an empty directory: the world is mounted there, for each run alone
 *   COMMAND   run by sh as the adversary, in the world
 *   CHECK     run by sh as root afterwards; succeeds if the program has fallen. It sees HUNG ("" or
 *             1), STATUS (128 and the signal, if one ended it), ADVERSARY; "out" is what it said
 *
 * Prints a line for each run: n, the call, "fell" or "held", and the status; the first is n = 0,
 * without a command. Needs root. All that runs is in a pid namespace that ends with its run.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

enum {
	RUNS_MAX = 500,     /* a program of the corpus makes some 50 such calls */
	TASKS_MAX = 16,     /* processes and threads of one program */
	PATIENCE_MS = 200,  /* asleep for so long without a call: it hangs */
	AFTERMATH_MS = 100, /* for what the adversary has left in the background */
};

struct step {
	const char *dir, *command, *check, *program;
	uid_t victim, adversary;
	bool sticky, as_root;
};

/*
 * Calls that use no name and touch no object that others see: who acts before one of these might as
 * well act before the next other call, and the last, exit, is none of them.
 */
static const char *const dull[] = { "brk", "mmap", "mprotect", "munmap", "arch_prctl", "prlimit64",
	"set_tid_address", "set_robust_list", "rseq", "getrandom", "rt_sigaction", "rt_sigprocmask",
	"rt_sigreturn", "futex", "pread64", "madvise", "read", "close", "fcntl", "dup", "dup2",
	"lseek", "getuid", "geteuid", "getgid", "getegid", "getpid", "getppid", "getcwd", "wait4",
	"clone", "clone3", "vfork", "pipe2", "ioctl", "exit" };

__attribute__((noreturn, format(printf, 1, 2))) static void
fail(const char *what, ...)
{
	va_list ap;

	va_start(ap, what);
	vfprintf(stderr, what, ap);
	va_end(ap);
	fprintf(stderr, ": %s\n", strerror(errno));
	_exit(3);
}

static void
become(uid_t uid)
{
	if (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
		fail("setresuid %u", uid);
}

static void
make_file(const char *name, mode_t mode, uid_t uid, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	if (fd < 0 || write(fd, text, strlen(text)) < 0 || fchown(fd, uid, uid) < 0)
		fail("%s", name);
	close(fd);
}

static void
make_dir(const char *name, mode_t mode, uid_t uid)
{
	if (mkdir(name, 0700) < 0 || chmod(name, mode) < 0 || chown(name, uid, uid) < 0)
		fail("%s", name);
}

static void
make_world(const struct step *s)
{
	umask(0);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", s->dir, "tmpfs", 0, "mode=755") < 0 ||
	    mount("proc", "/proc", "proc", 0, NULL) < 0 || chdir(s->dir) < 0)
		fail("cannot make a world in %s", s->dir);
	make_dir("shared", s->sticky ? 01777 : 0777, 0);
	make_dir("home", 0700, s->victim);
	make_dir("rival", 0700, s->adversary);
	make_file("home/secret", 0600, s->victim, "PALE-SECRET\n");
	make_file("out", 0600, 0, "");
	umask(022);
	if (setenv("PALE_WORLD", s->dir, 1) < 0)
		fail("setenv");
}

/* Run a command of shell to its end; what it leaves in the background stays. */
static int
shell(const char *command, uid_t uid)
{
	int status, null;
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid == 0) {
		null = open("/dev/null", O_RDWR);
		if (dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
			_exit(126);
		close(null);
		if (uid != 0)
			become(uid);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			fail("waitpid");
	return status;
}

static pid_t
start(const struct step *s)
{
	pid_t pid = fork();
	sigset_t none;
	int out, null;

	if (pid < 0)
		fail("fork");
	if (pid > 0)
		return pid;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	null = open("/dev/null", O_RDONLY);
	out = open("out", O_WRONLY | O_APPEND);
	if (dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		fail("dup2");
	close_range(3, ~0U, 0);
	if (!s->as_root)
		become(s->victim);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		fail("ptrace");
	raise(SIGSTOP);
	execl(s->program, s->program, (char *)NULL);
	_exit(127);
}

struct tasks {
	pid_t pid[TASKS_MAX];
	unsigned count;
};

static void
tasks_add(struct tasks *t, pid_t pid)
{
	for (unsigned i = 0; i < t->count; i++)
		if (t->pid[i] == pid)
			return;
	if (t->count == TASKS_MAX)
		fail("too many tasks");
	t->pid[t->count++] = pid;
}

static bool
tasks_remove(struct tasks *t, pid_t pid)
{
	for (unsigned i = 0; i < t->count; i++)
		if (t->pid[i] == pid) {
			t->pid[i] = t->pid[--t->count];
			return true;
		}
	return false;
}

/* Whether every task is asleep: then nothing but somebody else can wake one. */
static bool
tasks_asleep(const struct tasks *t)
{
	char path[64], line[512], *state;
	ssize_t n;
	int fd;

	for (unsigned i = 0; i < t->count; i++) {
		snprintf(path, sizeof(path), "/proc/%d/stat", t->pid[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		n = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
		if (fd >= 0)
			close(fd);
		if (n <= 0)
			return false;
		line[n] = '\0';
		state = strrchr(line, ')');
		if (state == NULL || state[1] == '\0' || state[2] != 'S')
			return false;
	}
	return true;
}

/* Wait for news of a child. False: there was none for so long. */
static bool
await(unsigned ms)
{
	struct timespec limit = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (;;) {
		if (sigtimedwait(&set, NULL, &limit) >= 0)
			return true;
		if (errno != EINTR)
			return false;
	}
}

/*
 * Whether one of the first two arguments is an absolute path outside of the world, or none, as
 * fstat is made.
 */
static bool
is_elsewhere(pid_t pid, const uint64_t args[6], const char *world, bool is_stat)
{
	char mem[64], text[PATH_MAX];
	bool elsewhere = false;
	ssize_t n;
	int fd;

	snprintf(mem, sizeof(mem), "/proc/%d/mem", pid);
	fd = open(mem, O_RDONLY | O_CLOEXEC);
	for (unsigned i = 0; fd >= 0 && i < 2 && !elsewhere; i++) {
		n = pread(fd, text, sizeof(text) - 1, (off_t)args[i]);
		if (n <= 0)
			continue;
		text[n] = '\0';
		elsewhere = text[0] == '/' ? strncmp(text, world, strlen(world)) != 0
					   : is_stat && text[0] == '\0';
	}
	if (fd >= 0)
		close(fd);
	return elsewhere;
}

static bool
is_dull(const char *call, pid_t pid, const struct __ptrace_syscall_info *info, const char *world)
{
	for (size_t i = 0; i < sizeof(dull) / sizeof(dull[0]); i++)
		if (strcmp(dull[i], call) == 0)
			return true;
	return is_elsewhere(pid, info->entry.args, world, strcmp(call, "newfstatat") == 0);
}

/* One run. Its line goes to stdout; the status is 0 if the n-th call was reached, else 1. */
static int
run(const struct step *s, unsigned n)
{
	struct __ptrace_syscall_info info;
	struct tasks tasks = { 0 };
	bool hung = false, begun = false, reached = n == 0;
	char *at = NULL, text[32], *call;
	int status, first_status = 0;
	unsigned calls = 0;
	pid_t first, pid;
	long sig;

	make_world(s);
	first = start(s);
	if (waitpid(first, &status, 0) != first || !WIFSTOPPED(status))
		fail("the program did not start");
	tasks_add(&tasks, first);
	if (ptrace(PTRACE_SETOPTIONS, first, NULL,
		PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
		    PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL) < 0 ||
	    ptrace(PTRACE_SYSCALL, first, NULL, NULL) < 0)
		fail("ptrace");
	while (tasks.count > 0) {
		pid = waitpid(-1, &status, WNOHANG | __WALL);
		if (pid == 0) {
			if (!await(PATIENCE_MS) && tasks_asleep(&tasks)) {
				hung = true;
				break;
			}
			continue;
		}
		if (pid < 0)
			fail("waitpid");
		if (!WIFSTOPPED(status)) {
			if (tasks_remove(&tasks, pid) && pid == first)
				first_status = status;
			continue;
		}
		tasks_add(&tasks, pid);
		sig = WSTOPSIG(status);
		if (sig == (SIGTRAP | 0x80)) {
			sig = 0;
			if (begun &&
			    ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0 &&
			    info.op == PTRACE_SYSCALL_INFO_ENTRY) {
				call = seccomp_syscall_resolve_num_arch(
				    SCMP_ARCH_NATIVE, (int)info.entry.nr);
				if (call != NULL && !is_dull(call, pid, &info, s->dir) &&
				    ++calls == n) {
					reached = true;
					at = strdup(call);
					shell(s->command, s->adversary);
				}
				free(call);
			}
		} else if (status >> 16 != 0 || sig == SIGSTOP) {
			begun = begun || status >> 16 == PTRACE_EVENT_EXEC;
			sig = 0;
		}
		ptrace(PTRACE_SYSCALL, pid, NULL, sig);
	}
	if (!reached)
		return 1;
	/* What the adversary left behind may still be writing down what it got. */
	while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) >= 0)
		if (pid == 0 && (hung || !await(AFTERMATH_MS)))
			break;
	status =
	    WIFSIGNALED(first_status) ? 128 + WTERMSIG(first_status) : WEXITSTATUS(first_status);
	snprintf(text, sizeof(text), "%d", status);
	if (setenv("STATUS", text, 1) < 0 || setenv("HUNG", hung ? "1" : "", 1) < 0)
		fail("setenv");
	snprintf(text, sizeof(text), "%u", s->adversary);
	if (setenv("ADVERSARY", text, 1) < 0)
		fail("setenv");
	printf("%u %s %s %s%d\n", n, at == NULL ? "-" : at,
	    shell(s->check, 0) == 0 ? "fell" : "held", hung ? "hung " : "", status);
	fflush(stdout);
	free(at);
	return 0;
}

int
main(int argc, char **argv)
{
	struct step s = { 0 };
	sigset_t set;
	int opt, status;
	pid_t pid;

	while ((opt = getopt(argc, argv, "sr")) > 0) {
		s.sticky = s.sticky || opt == 's';
		s.as_root = s.as_root || opt == 'r';
	}
	if (argc - optind != 6) {
		fprintf(stderr, "step [-s] [-r] DIR VICTIM ADVERSARY COMMAND CHECK PROGRAM\n");
		return 2;
	}
	argv += optind;
	s.dir = argv[0];
	s.victim = (uid_t)atoi(argv[1]);
	s.adversary = (uid_t)atoi(argv[2]);
	s.command = argv[3];
	s.check = argv[4];
	s.program = argv[5];
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (unsigned n = 0; n < RUNS_MAX; n++) {
		/* The first of a pid namespace: with it all ends that is in there. */
		pid = fork();
		if (pid == 0) {
			if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
			    unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWPID) < 0)
				fail("unshare");
			pid = fork();
			if (pid == 0) {
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				exit(run(&s, n));
			}
			if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
				fail("a run");
			_exit(WEXITSTATUS(status));
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
			fail("a run");
		if (WEXITSTATUS(status) != 0)
			return WEXITSTATUS(status) == 1 ? 0 : WEXITSTATUS(status);
	}
	fprintf(stderr, "step: more than %d calls\n", RUNS_MAX);
	return 4;
}
