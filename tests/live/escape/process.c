/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes outside, of the same user: signals, tracing, memory, descriptors, scheduling. The
 * launcher makes no process group of its own, so that job control works; whatever addresses "my
 * group" therefore meets somebody outside, whose number the program cannot even see.
 */
#include "probe.h"

#include <linux/kcmp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>

enum {
	IOPRIO_CLASS_BE_7 = (2 << 13) | 7,
	WHO_PROCESS = 1,
	WHO_GROUP = 2,
	WHO_USER = 3,
	NR_PROCESS_MADVISE = 440, /* 5.10 */
	NICER = 5,
	PR_SCHED_CORE_CREATE_ = 1,
};

/* Signals to the own group: the caller ignores SIGURG, so only the outside leader counts it. */
static int
signal_group(unsigned before, long ret, int error)
{
	if (ret < 0) {
		errno = error;
		return got(-1);
	}
	if (grew(&board->group_signals, before))
		return ESCAPED;
	errno = EPERM; /* only own processes got it */
	return got(-1);
}

static long
queue_signal(long number)
{
	siginfo_t info = { .si_signo = SIGURG, .si_code = SI_QUEUE };

	return number == SYS_rt_tgsigqueueinfo ? syscall(number, w.victim, w.victim, SIGURG, &info)
					       : syscall(number, w.victim, SIGURG, &info);
}

static int
victim_pidfd(void)
{
	return (int)syscall(SYS_pidfd_open, w.victim, 0);
}

static long
read_memory(pid_t pid, uint64_t address)
{
	char text[sizeof(SECRET)] = "";
	struct iovec here = { text, sizeof(text) },
		     there = { (void *)(uintptr_t)address, sizeof(text) };

	if (process_vm_readv(pid, &here, 1, &there, 1, 0) < 0)
		return -1;
	errno = ENODATA;
	return strcmp(text, SECRET) == 0 ? 0 : -1;
}

static long
write_memory(pid_t pid, uint64_t address)
{
	char text[sizeof(SECRET)] = SECRET;
	struct iovec here = { text, sizeof(text) },
		     there = { (void *)(uintptr_t)address, sizeof(text) };

	return process_vm_writev(pid, &here, 1, &there, 1, 0);
}

static long
open_memory(pid_t pid, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	return open(path, flags);
}

static long
trace(long how, pid_t pid)
{
	long ret = ptrace((enum __ptrace_request)how, pid, NULL, NULL);

	if (ret == 0 && how == PTRACE_ATTACH) {
		waitpid(pid, NULL, __WALL);
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
	}
	return ret;
}

static long
limit_of(pid_t pid, bool set)
{
	struct rlimit limit;

	if (prlimit(pid, RLIMIT_CORE, NULL, &limit) < 0)
		return -1;
	return set ? prlimit(pid, RLIMIT_CORE, &limit, NULL) : 0;
}

static long
pin(pid_t pid)
{
	cpu_set_t set;

	if (sched_getaffinity(pid, sizeof(set), &set) < 0)
		return -1;
	return sched_setaffinity(pid, sizeof(set), &set);
}

/* Changing "the group" says nothing of who was in it, so somebody outside looks at the leader. */
static int
leader_changed(long ret, int error, char what)
{
	char answer[ASK_SIZE];
	int nice_of = 0, io_of = 0;

	if (ret < 0) {
		errno = error;
		return got(-1);
	}
	if (!ask(answer, "leader") || sscanf(answer, "%d %d", &nice_of, &io_of) != 2)
		return broken("the outside does not answer");
	note("nice %d, io priority %d", nice_of, io_of);
	if (what == 'n' ? nice_of == NICER : io_of == IOPRIO_CLASS_BE_7)
		return ESCAPED;
	errno = EPERM;
	return got(-1);
}

static long
own_group(int fd)
{
	struct f_owner_ex owner = { F_OWNER_PGRP, w.leader };

	return fcntl(fd, F_SETOWN_EX, &owner);
}

/* clang-format off */
TRY("signal", "kill a process outside", ANYONE, kill(w.victim, SIGURG))
TRY("signal", "ask whether a process outside lives", ANYONE, kill(w.victim, 0))
TRY("signal", "kill the group of a process outside", ANYONE, kill(-w.victim, SIGURG))
TRY("signal", "kill the driver of this test", ANYONE, kill(w.driver, SIGURG))
TRY("signal", "tkill", ANYONE, syscall(SYS_tkill, w.victim, SIGURG))
TRY("signal", "tgkill", ANYONE, syscall(SYS_tgkill, w.victim, w.victim, SIGURG))
TRY("signal", "rt_sigqueueinfo", ANYONE, queue_signal(SYS_rt_sigqueueinfo))
TRY("signal", "rt_tgsigqueueinfo", ANYONE, queue_signal(SYS_rt_tgsigqueueinfo))
TRY("signal", "pidfd_open", ANYONE, victim_pidfd())
TRY("signal", "pidfd_send_signal", ANYONE, syscall(SYS_pidfd_send_signal, victim_pidfd(), SIGURG, NULL, 0))
TRY("signal", "make a process outside the owner of a descriptor", ANYONE, fcntl(0, F_SETOWN, w.victim))
TRY("signal", "make a group outside the owner of a descriptor", ANYONE, own_group(0))

TRY("trace", "attach", ANYONE, trace(PTRACE_ATTACH, w.victim))
TRY("trace", "seize", ANYONE, trace(PTRACE_SEIZE, w.victim))
TRY("trace", "seize the leader of the own group", ANYONE, trace(PTRACE_SEIZE, w.leader))
TRY("trace", "seize the first process", NEVER("it would stop the machine"), trace(PTRACE_SEIZE, 1))
TRY("trace", "attach to the first process", NEVER("it would stop the machine"), trace(PTRACE_ATTACH, 1))
TRY("trace", "read memory with process_vm_readv", ANYONE, read_memory(w.victim, w.victim_address))
TRY("trace", "write memory with process_vm_writev", ANYONE, write_memory(w.victim, w.victim_address))
TRY("trace", "open memory in /proc", ANYONE, open_memory(w.victim, O_RDWR))
TRY("trace", "open the first process's memory in /proc", POWER, open_memory(1, O_RDONLY))
REFUSE("trace", "read the memory of the first process with process_vm_readv", POWER, read_memory(1, 4096))
REFUSE("trace", "write the memory of the first process with process_vm_writev", POWER, write_memory(1, 4096))
TRY("trace", "take a descriptor with pidfd_getfd", ANYONE, syscall(SYS_pidfd_getfd, victim_pidfd(), w.victim_fd, 0))
TRY("trace", "take a descriptor of the first process", POWER, syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, 1, 0), 0, 0))
TRY("trace", "compare with kcmp", ANYONE, syscall(SYS_kcmp, getpid(), w.victim, KCMP_FILES, 0, 0))
TRY("trace", "move its pages", ANYONE, syscall(SYS_move_pages, w.victim, 0UL, NULL, NULL, NULL, 0))
TRY("trace", "advise its memory", MAYBE("needs more than the same user"), syscall(NR_PROCESS_MADVISE, victim_pidfd(), NULL, 0UL, 20, 0))
TRY("trace", "read its list of robust mutexes", ANYONE, syscall(SYS_get_robust_list, w.victim, &(void *){ NULL }, &(size_t){ 0 }))
TRY("trace", "find it in /proc", ANYONE, read_has(open(text("/proc/%d/status", w.victim), O_RDONLY), "Name"))
TRY("trace", "ask for its session", ANYONE, getsid(w.victim))
TRY("trace", "ask for its group", ANYONE, getpgid(w.victim))
TRY("trace", "open a namespace of a process outside", ANYONE, open(text("/proc/%d/ns/mnt", w.victim), O_RDONLY))

TRY("schedule", "renice a process outside", ANYONE, setpriority(PRIO_PROCESS, (id_t)w.victim, 0))
TRY("schedule", "renice a group outside", ANYONE, setpriority(PRIO_PGRP, (id_t)w.victim, 0))
TRY("schedule", "read the priority of a process outside", ANYONE, getpriority(PRIO_PROCESS, (id_t)w.victim))
TRY("schedule", "pin a process outside to processors", ANYONE, pin(w.victim))
TRY("schedule", "set the policy of a process outside", ANYONE, sched_setscheduler(w.victim, SCHED_OTHER, &(struct sched_param){ 0 }))
TRY("schedule", "read the policy of a process outside", ANYONE, sched_getscheduler(w.victim))
TRY("schedule", "set the i/o priority of a process outside", ANYONE, syscall(SYS_ioprio_set, WHO_PROCESS, w.victim, 4 | (2 << 13)))
TRY("schedule", "read the i/o priority of a process outside", ANYONE, syscall(SYS_ioprio_get, WHO_PROCESS, w.victim))
TRY("schedule", "set the limits of a process outside", ANYONE, limit_of(w.victim, true))
TRY("schedule", "read the limits of a process outside", ANYONE, limit_of(w.victim, false))
TRY("schedule", "take real-time priority", POWER, sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){ .sched_priority = 1 }))
TRY("schedule", "lower the own nice value", ROOT, setpriority(PRIO_PROCESS, 0, -5))
TRY("schedule", "take the real-time i/o class", POWER, syscall(SYS_ioprio_set, WHO_PROCESS, 0, (1 << 13) | 4))
/* clang-format on */

ATTEMPT("signal", "kill the own group with 0", ANYONE)
{
	unsigned before = board->group_signals;
	long ret = kill(0, SIGURG);

	return signal_group(before, ret, errno);
}

ATTEMPT("signal", "kill the own group by its number", ANYONE)
{
	unsigned before = board->group_signals;
	long ret = kill(-w.leader, SIGURG);

	return signal_group(before, ret, errno);
}

ATTEMPT("signal", "kill everybody with -1", NEVER("it would reach the whole machine"))
{
	unsigned before = board->victim_signals;
	long ret = kill(-1, SIGURG);

	if (ret == 0 && grew(&board->victim_signals, before))
		return ESCAPED;
	errno = ret < 0 ? errno : EPERM;
	return got(-1);
}

ATTEMPT("signal", "signal the own group by a pidfd", MAYBE("needs Linux 6.9"))
{
	unsigned before = board->group_signals;
	int fd = (int)syscall(SYS_pidfd_open, w.leader, 0);
	long ret =
	    syscall(SYS_pidfd_send_signal, fd, SIGURG, NULL, 4 /* PIDFD_SIGNAL_PROCESS_GROUP */);

	return signal_group(before, ret, errno);
}

ATTEMPT("signal", "signal the own group through SIGIO of a terminal", ANYONE)
{
	unsigned before = board->group_signals;
	int ends[2], pid = getpgrp();

	if (pipe2(ends, O_NONBLOCK) < 0)
		return broken("pipe");
	/* Where the leader cannot be seen getpgrp answers 0, and F_SETOWN has nobody to name. */
	if (fcntl(ends[0], F_SETOWN, pid > 0 ? -pid : -w.leader) < 0 ||
	    fcntl(ends[0], F_SETFL, O_ASYNC | O_NONBLOCK) < 0 || write(ends[1], "x", 1) != 1)
		return got(-1);
	if (grew(&board->group_signals, before))
		return ESCAPED;
	errno = EPERM;
	return got(-1);
}

ATTEMPT("schedule", "renice the own group", ANYONE)
{
	long ret = setpriority(PRIO_PGRP, 0, NICER);

	return leader_changed(ret, errno, 'n');
}

ATTEMPT("schedule", "renice the own group, with bits set that the kernel ignores", ANYONE)
{
	long ret = syscall(SYS_setpriority, (1UL << 32) | PRIO_PGRP, 0, NICER);

	return leader_changed(ret, errno, 'n');
}

/* The session is a group of the scheduler; the user's shell and its other jobs are in it. */
ATTEMPT(
    "schedule", "renice the whole session of the terminal in /proc", MAYBE("no automatic groups"))
{
	int fd = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);

	return got(fd < 0 ? -1 : write(fd, "7", 1));
}

ATTEMPT("schedule", "renice everything of the user", NEVER("it would reach the whole machine"))
{
	long ret = setpriority(PRIO_USER, 0, NICER);

	return leader_changed(ret, errno, 'n');
}

ATTEMPT("schedule", "set the i/o priority of the own group", ANYONE)
{
	long ret = syscall(SYS_ioprio_set, WHO_GROUP, 0, IOPRIO_CLASS_BE_7);

	return leader_changed(ret, errno, 'i');
}

ATTEMPT("schedule", "set the i/o priority of everything of the user",
    NEVER("it would reach the whole machine"))
{
	long ret = syscall(SYS_ioprio_set, WHO_USER, 0, IOPRIO_CLASS_BE_7);

	return leader_changed(ret, errno, 'i');
}

ATTEMPT("schedule", "read the i/o priority of the own group", MAYBE("not a secret here"))
{
	return got(syscall(SYS_ioprio_get, WHO_GROUP, w.leader));
}

ATTEMPT("schedule", "put the own group on a core of its own", MAYBE("needs core scheduling"))
{
	return got(prctl(PR_SCHED_CORE, PR_SCHED_CORE_CREATE_, 0, 2 /* PIDTYPE_PGID */, 0));
}

/* A tracer may change the number of a call at its stop; the filter has to judge the new one. */
static int
swap_call(long from, long to, long argument)
{
#ifdef __x86_64__
	struct {
		unsigned long r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi,
		    rdi, orig_rax, rip, cs, eflags, rsp, ss, fs_base, gs_base, ds, es, fs, gs;
	} regs;
	int status, verdict = BROKEN;
	pid_t pid = fork();

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(syscall(from, argument, 0, 0) == 0 ? 0 : errno);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return broken("an own child cannot be traced");
	for (int stops = 0; stops < 16; stops++) {
		ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
		if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
			break;
		ptrace(PTRACE_GETREGS, pid, NULL, &regs);
		if (regs.orig_rax == (unsigned long)from && (long)regs.rax == -ENOSYS) {
			regs.orig_rax = (unsigned long)to;
			ptrace(PTRACE_SETREGS, pid, NULL, &regs);
		}
	}
	if (WIFEXITED(status))
		verdict = WEXITSTATUS(status) == 0 ? ESCAPED : WEXITSTATUS(status);
	if (WIFSIGNALED(status))
		verdict = EPERM;
	kill(pid, SIGKILL);
	return verdict;
#else
	(void)from, (void)to, (void)argument;
	return skipped("written for x86-64");
#endif
}

ATTEMPT("trace", "change an allowed call into unshare at its stop", ANYONE)
{
	return swap_call(SYS_dup, SYS_unshare, CLONE_NEWUSER);
}

ATTEMPT("trace", "suspend the filter of an own child", ROOT)
{
	int status;
	long ret;
	pid_t pid = fork();

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return broken("an own child cannot be traced");
	ret = ptrace(
	    PTRACE_SETOPTIONS, pid, NULL, (void *)(1UL << 21)); /* PTRACE_O_SUSPEND_SECCOMP */
	status = errno;
	kill(pid, SIGKILL);
	errno = status;
	return got(ret);
}
