/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Launch: three processes. The waiter (ours) stays outside the pid namespace. Its first child is
 * init: it does nothing, reaps what the kernel gives it, and ends with the waiter, which ends
 * everything in the cage. Its second child becomes the command; being the waiter's own child, its
 * status, stops and resource use need no relay. It is made by vfork, so it reports what failed by
 * writing to the waiter's memory.
 *
 * Attacks stopped here: a descriptor left open (all above 2 that no grant names get close-on-exec
 * at once), a tracer that finds init (not dumpable, no capability), a cage that outlives its waiter
 * (the leash: a pipe that only the waiter holds, and the parent-death signal).
 */
#include "cage/cage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cage/ask/pass.h"
#include "cage/exec.h"
#include "cage/root.h"
#include "core/scope.h"
#include "kernel/caps.h"
#include "kernel/landlock.h"
#include "kernel/mountcap.h"
#include "kernel/notify.h"
#include "kernel/ns.h"
#include "kernel/seccomp.h"
#include "kernel/uapi.h"

enum {
	EXIT_UNUSED = 125,
	INIT_STACK_BYTES = 32768,
};

/* What the command's process and the waiter share while the waiter stands still in vfork. */
struct child {
	struct pale_cage *cage;
	sigset_t mask;     /* to restore before exec */
	bool ignore_chld;  /* likewise: our caller ignored SIGCHLD */
	int ruleset;       /* Landlock ruleset, or -1 */
	int proc;          /* the supervisor's /proc, or -1 */
	int to_supervisor; /* socket to pass the filter's listener over, or -1 */
	enum pale_cage_stage stage;
	int result;
	struct pale_err *err;
};

static int
clone_flags(unsigned spaces)
{
	int flags = CLONE_NEWNS | CLONE_NEWPID;

	if ((spaces & PALE_CAGE_MACHINE_IPC) == 0)
		flags |= CLONE_NEWIPC;
	if ((spaces & PALE_CAGE_OWN_NET) != 0)
		flags |= CLONE_NEWNET;
	return flags;
}

static int
isolate(struct pale_err *err)
{
	int result = pale_mountcap_isolate(err);

	/* Some machines let namespaces be made and refuse what they are for. */
	if (result == -EPERM || result == -EACCES)
		return pale_ns_explain(result, "make mounts in a user namespace", err);
	return result;
}

int
pale_cage_unshare(unsigned spaces, struct pale_err *err)
{
	int result = pale_ns_enter(clone_flags(spaces), err);

	return result < 0 ? result : isolate(err);
}

int
pale_cage_unshare_inside(unsigned spaces, int maps, struct pale_err *err)
{
	const uint32_t keep = 1U << CAP_SYS_ADMIN | 1U << CAP_SETPCAP | 1U << CAP_SYS_PTRACE |
	    1U << CAP_NET_ADMIN | (getuid() == 0 ? 1U << CAP_SETFCAP : 0);
	int result = pale_ns_enter_inside(clone_flags(spaces), maps, err);

	if (result == 0)
		result = pale_caps_keep(keep, err);
	return result < 0 ? result : isolate(err);
}

/* Init of the pid namespace. Never returns. */
static void
be_init(int leash)
{
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_NAME, "pale-init", 0, 0, 0);
	/* Ignored children are reaped by the kernel. */
	signal(SIGCHLD, SIG_IGN);
	if (leash != 0 && dup2(leash, 0) < 0)
		_exit(EXIT_UNUSED);
	if (close_range(1, ~0U, 0) < 0 || pale_caps_drop(NULL) < 0)
		_exit(EXIT_UNUSED);
	/* The write end is the waiter's alone, once the command has been executed. */
	while (read(0, &byte, 1) < 0 && errno == EINTR)
		continue;
	_exit(0);
}

static int
init_main(void *leash)
{
	be_init(*(int *)leash);
	return 0;
}

/*
 * Init shares our memory, as the command does until it executes: copying page tables would be a
 * tenth of the whole start. It touches nothing of ours but the descriptor's number, which it takes
 * before the write end of the leash can be closed.
 */
static int
start_init(struct pale_launch *launch, struct pale_err *err)
{
	static char stack[INIT_STACK_BYTES] __attribute__((aligned(64)));
	static int leash;
	PALE_CLOSE int leash_read = -1;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return pale_fail_errno(err, "cannot make a pipe");
	leash_read = fds[0];
	launch->leash = fds[1];
	leash = leash_read;
	launch->init = clone(init_main, stack + sizeof(stack), CLONE_VM | SIGCHLD, &leash);
	if (launch->init < 0) {
		close(pale_take_fd(&launch->leash));
		return pale_fail_errno(err, "cannot start the cage's first process");
	}
	return 0;
}

static int
allow_stdio(const struct pale_cage *cage, int ruleset, struct pale_err *err)
{
	for (int fd = 0; fd < (int)PALE_COUNT(cage->landlock_fd); fd++) {
		int result = pale_landlock_allow(
		    ruleset, fd, false, cage->landlock_fd[fd] & cage->landlock_fs, err);

		/* A pipe or socket is no business of Landlock; a closed descriptor needs no rule.
		 */
		if (result < 0 && result != -EBADFD && result != -EBADF)
			return result;
	}
	return 0;
}

/* Ports of hosts; which host it is, only the supervisor can tell. */
static int
allow_ports(const struct pale_cage *cage, int ruleset, struct pale_err *err)
{
	int result = 0;

	for (size_t i = 0; cage->landlock_net != 0 && i < cage->doors->host_count; i++) {
		const struct pale_door_host *host = &cage->doors->hosts[i];
		uint64_t access = 0;

		if ((host->use & PALE_DOOR_CONNECT) != 0)
			access |= LANDLOCK_ACCESS_NET_CONNECT_TCP;
		if ((host->use & PALE_DOOR_BIND) != 0)
			access |= LANDLOCK_ACCESS_NET_BIND_TCP;
		if (host->tcp && result == 0)
			result = pale_landlock_allow_port(
			    ruleset, host->port, access & cage->landlock_net, err);
	}
	return result;
}

static int
close_others(const struct pale_cage *cage, struct pale_err *err)
{
	if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return pale_fail_errno(err, "cannot close descriptors");
	for (size_t i = 0; i < cage->keep_fd_count; i++) {
		if (fcntl(cage->keep_fds[i], F_SETFD, 0) < 0)
			return pale_fail_errno(err, "cannot keep descriptor %d", cage->keep_fds[i]);
	}
	return 0;
}

/* The ruleset stays open until exec: the supervisor gets it, for what it does on our behalf. */
static int
confine(struct pale_cage *cage, int proc, int *ret_ruleset, struct pale_err *err)
{
	int ruleset = -1;
	bool landlocked =
	    cage->landlock_fs != 0 || cage->landlock_net != 0 || cage->landlock_scope != 0;
	int result = 0;

	if (landlocked)
		result = pale_landlock_new(
		    cage->landlock_fs, cage->landlock_net, cage->landlock_scope, &ruleset, err);
	if (result == 0)
		result = pale_root_build(cage, ruleset, err);
	*ret_ruleset = ruleset;
	if (result == 0 && cage->inspect != NULL)
		result = cage->inspect(cage, proc, err);
	if (result == 0 && landlocked)
		result = allow_stdio(cage, ruleset, err);
	if (result == 0 && landlocked)
		result = allow_ports(cage, ruleset, err);
	if (result < 0)
		return result;
	if (chdir(cage->chdir) < 0) {
		pale_fail_errno(err, "cannot change to '%s' inside the cage", cage->chdir);
		return pale_remedy(err, "grant it, for example with -r");
	}
	result = close_others(cage, err);
	if (result == 0)
		result = pale_caps_drop(err);
	if (result == 0 && landlocked)
		result = pale_landlock_enforce(ruleset, err);
	if (result == 0 && cage->skeleton != NULL)
		result = pale_skeleton_go(cage->skeleton, err);
	return result;
}

/* Does the filter ask about the call by which its listener is passed? */
static bool
asks_about_passing(const struct pale_cage *cage)
{
	static const uint64_t args[PALE_SYS_ARGS];

	return cage->policy == NULL ||
	    pale_sys_answer(PALE_SYS_sendmsg, args, cage->policy).run != RUN_ALLOW;
}

/*
 * The filter, and its listener on the way to the waiter: it lies in the socket until the waiter,
 * which stands still until we have executed, can take it.
 */
static int
install_filter(struct child *child)
{
	const struct pale_cage *cage = child->cage;
	struct pale_notify_helper *helper = NULL;
	int fds[2] = { -1, child->ruleset };
	size_t count = child->ruleset >= 0 ? 2 : 1;
	int result = 0;

	if (child->to_supervisor < 0)
		return pale_seccomp_install(cage->filter, cage->filter_count, 0, NULL, child->err);
	if (asks_about_passing(cage))
		result = pale_notify_helper_start(child->to_supervisor, &helper, child->err);
	if (result == 0)
		result = pale_seccomp_install(cage->filter, cage->filter_count,
		    SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &fds[0], child->err);
	if (result == 0 && helper != NULL)
		result = pale_notify_helper_pass(helper, fds, count, child->err);
	else if (result == 0)
		result = pale_notify_pass(child->to_supervisor, fds, count, child->err);
	if (helper != NULL)
		pale_notify_helper_end(helper);
	return result;
}

/* Last, for the filter's listener takes a number that the limit on descriptors may not have. */
static int
set_limits(const struct pale_cage *cage, struct pale_err *err)
{
	for (size_t i = 0; i < cage->limit_count; i++) {
		if (setrlimit(cage->limits[i].resource, &cage->limits[i].value) < 0)
			return pale_fail_errno(err, "cannot set a limit");
	}
	return 0;
}

static void
be_command(struct child *child)
{
	struct pale_cage *cage = child->cage;
	mode_t mask;

	child->stage = PALE_STAGE_SETUP;
	/* What is made for the program is as it should be, whatever its own files get. */
	mask = umask(S_IWGRP | S_IWOTH);
	child->result = confine(cage, child->proc, &child->ruleset, child->err);
	if (child->result < 0)
		_exit(EXIT_UNUSED);
	umask(mask);
	if (sigprocmask(SIG_SETMASK, &child->mask, NULL) < 0) {
		child->result = pale_fail_errno(child->err, "cannot restore the signal mask");
		_exit(EXIT_UNUSED);
	}
	if (child->ignore_chld)
		signal(SIGCHLD, SIG_IGN);
	child->result = install_filter(child);
	if (child->result == 0)
		child->result = set_limits(cage, child->err);
	if (child->result < 0)
		_exit(EXIT_UNUSED);
	if (cage->pid_slot != NULL)
		snprintf(cage->pid_slot, PALE_CAGE_PID_BYTES, "%d", getpid());
	child->result = pale_cage_exec(cage);
	child->stage = child->result == -ENOENT ? PALE_STAGE_NOT_FOUND : PALE_STAGE_NOT_RUN;
	_exit(EXIT_UNUSED);
}

/*
 * What the supervisor needs of the machine, opened while it can be: its own /proc, which the cage's
 * root hides. Opened first, so that none of the cage's descriptors can have their numbers.
 */
static int
open_supervisor(const struct pale_cage *cage, struct pale_launch *launch, int *ret_ours,
    int *ret_theirs, struct pale_err *err)
{
	int ends[2];

	launch->supervisor.doors = cage->doors != NULL ? cage->doors : &pale_doors_none;
	launch->supervisor.watch = cage->watch;
	launch->supervisor.policy = cage->policy;
	launch->supervisor.skeleton = cage->skeleton;
	for (size_t i = 0; i < cage->node_count; i++) {
		if (cage->nodes[i].kind == PALE_PUT_TMP)
			launch->supervisor.hidden_path = cage->nodes[i].path;
	}
	for (int fd = 0; fd < 3; fd++)
		pale_pass_inherit(&launch->supervisor, fd);
	for (size_t i = 0; i < cage->keep_fd_count; i++)
		pale_pass_inherit(&launch->supervisor, cage->keep_fds[i]);
	launch->supervisor.proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (launch->supervisor.proc < 0)
		return pale_fail_errno(err, "cannot open /proc");
	launch->supervisor.nest = cage->nest;
	if (cage->nested) {
		launch->supervisor.maps = fcntl(cage->maps, F_DUPFD_CLOEXEC, 3);
		if (launch->supervisor.maps <= 0)
			return pale_fail_errno(err, "cannot keep a descriptor");
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return pale_fail_errno(err, "cannot make a socket for the supervisor");
	*ret_ours = ends[0];
	*ret_theirs = ends[1];
	return 0;
}

static int
take_listener(struct pale_launch *launch, int sock, struct pale_err *err)
{
	int fds[2] = { -1, -1 };
	size_t count;
	int result = pale_notify_receive(sock, fds, PALE_COUNT(fds), &count);

	if (result < 0)
		return pale_fail(
		    err, result, "cannot take the filter's listener: %s", strerror(-result));
	launch->supervisor.listener = fds[0];
	launch->supervisor.ruleset = fds[1];
	return 0;
}

static void
end_all(struct pale_launch *launch)
{
	pale_supervisor_done(&launch->supervisor);
	if (launch->init > 0) {
		kill(launch->init, SIGKILL);
		while (waitpid(launch->init, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	if (launch->leash >= 0)
		close(pale_take_fd(&launch->leash));
}

/* On its own, so that no variable of the caller's is at the mercy of vfork. */
static __attribute__((noinline)) pid_t
start_command(struct child *child)
{
	pid_t pid = vfork();

	if (pid == 0)
		be_command(child);
	return pid;
}

int
pale_cage_launch(struct pale_cage *cage, struct pale_launch *ret_launch,
    enum pale_cage_stage *ret_stage, struct pale_err *err)
{
	struct pale_err words = { 0 };
	struct pale_launch launch = {
		.init = -1, .command = -1, .leash = -1, .supervisor = PALE_SUPERVISOR_NONE
	};
	PALE_CLOSE int ours = -1;
	PALE_CLOSE int theirs = -1;
	struct child child = { .cage = cage,
		.stage = PALE_STAGE_SETUP,
		.ruleset = -1,
		.proc = -1,
		.to_supervisor = -1,
		.err = &words };
	sigset_t all;
	pid_t pid;
	int result;

	*ret_stage = PALE_STAGE_SETUP;
	if (pale_root_is_granted(cage))
		cage->skeleton = NULL;
	/* From here to the waiter's loop no signal may part us from our children. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &child.mask);
	/* A caller that ignores SIGCHLD would have the kernel reap the command before us. */
	child.ignore_chld = signal(SIGCHLD, SIG_DFL) == SIG_IGN;
	result = cage->ask ? open_supervisor(cage, &launch, &ours, &theirs, err) : 0;
	if (result == 0)
		result = start_init(&launch, err);
	child.proc = launch.supervisor.proc;
	child.to_supervisor = theirs;
	if (result < 0) {
		pale_supervisor_done(&launch.supervisor);
		sigprocmask(SIG_SETMASK, &child.mask, NULL);
		return result;
	}
	pid = start_command(&child);
	if (pid < 0)
		child.result = pale_fail_errno(&words, "cannot start the command's process");
	if (child.result == 0 && cage->ask) {
		child.result = take_listener(&launch, ours, &words);
		if (child.result < 0)
			kill(pid, SIGKILL);
	}
	if (child.result < 0) {
		while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			continue;
		/* What the command itself missed, when it was to be executed. */
		while (cage->skeleton != NULL &&
		    pale_skeleton_hear(cage->skeleton, cage->watch, launch.supervisor.proc) == 0)
			continue;
		end_all(&launch);
		sigprocmask(SIG_SETMASK, &child.mask, NULL);
		*ret_stage = child.stage;
		if (child.stage != PALE_STAGE_SETUP) {
			pale_fail(err, child.result, "cannot run '%s' in the cage: %s",
			    cage->argv[0], strerror(-child.result));
			return pale_remedy(err,
			    child.stage == PALE_STAGE_NOT_FOUND
				? "what is to be found and run is granted with -x; --explain shows "
				  "what is"
				: "what may be run is granted with -x, also in a tree granted with "
				  "-w");
		}
		if (err != NULL)
			*err = words;
		return child.result;
	}
	launch.command = pid;
	/* It is attached: from here on what holds it is the cage. */
	if (cage->skeleton != NULL && cage->skeleton->mount >= 0)
		close(pale_take_fd(&cage->skeleton->mount));
	*ret_launch = launch;
	return 0;
}
