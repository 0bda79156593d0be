/* SPDX-License-Identifier: BSD-2-Clause */
/* The supervisor's loop and its table of calls; see supervisor.h. */
#include "cage/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cage/ask/ask.h"
#include "cage/hear.h"
#include "core/scope.h"
#include "kernel/caps.h"
#include "kernel/seccomp.h"

static const struct {
	enum pale_sys sys;
	pale_ask_act *act;
} acts[] = {
	{ PALE_SYS_flock, pale_ask_flock },
	{ PALE_SYS_socket, pale_ask_new_socket },
	{ PALE_SYS_connect, pale_ask_connect },
	{ PALE_SYS_sendto, pale_ask_sendto },
	{ PALE_SYS_sendmsg, pale_ask_sendmsg },
	{ PALE_SYS_bind, pale_ask_bind },
	{ PALE_SYS_listen, pale_ask_listen },
	{ PALE_SYS_sendmmsg, pale_ask_sendmmsg },
	{ PALE_SYS_shmget, pale_ask_shmget },
	{ PALE_SYS_msgget, pale_ask_msgget },
	{ PALE_SYS_semget, pale_ask_semget },
	{ PALE_SYS_mq_open, pale_ask_mq_open },
	{ PALE_SYS_mq_unlink, pale_ask_mq_unlink },
};

bool
pale_supervisor_serves(enum pale_sys sys)
{
	for (size_t i = 0; i < PALE_COUNT(acts); i++) {
		if (acts[i].sys == sys)
			return true;
	}
	return false;
}

/* Do paths mean the same to us and to the caller? When the cage's root came, it came to both. */
static bool
shares_root(const struct pale_supervisor *supervisor, pid_t tid)
{
	PALE_CLOSE int root = -1;
	struct statx ours;
	struct statx theirs;
	char name[32];

	snprintf(name, sizeof(name), "%d/root", tid);
	root = openat(supervisor->proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root >= 0 && statx(AT_FDCWD, "/", 0, STATX_INO | STATX_MNT_ID, &ours) == 0 &&
	    statx(root, "", AT_EMPTY_PATH, STATX_INO | STATX_MNT_ID, &theirs) == 0 &&
	    ours.stx_mnt_id == theirs.stx_mnt_id && ours.stx_ino == theirs.stx_ino &&
	    ours.stx_dev_major == theirs.stx_dev_major &&
	    ours.stx_dev_minor == theirs.stx_dev_minor;
}

/*
 * Two threads can make a system call of ours sleep that was not to: one clears O_NONBLOCK of the
 * socket that we connect, one closes what we have copied, so that our close is the last and
 * lingers. A timer's signal ends such sleep, and is unblocked nowhere else.
 */
enum {
	PATIENCE_SIGNAL = 64,
};

static volatile sig_atomic_t patience_foreign;

static void
on_patience(int signo, siginfo_t *info, void *context)
{
	(void)signo;
	(void)context;
	if (info->si_code != SI_TIMER)
		patience_foreign = 1;
}

static int
make_timer(struct pale_supervisor *supervisor)
{
	struct sigaction action = { .sa_sigaction = on_patience, .sa_flags = SA_SIGINFO };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = PATIENCE_SIGNAL };

	if (sigaction(PATIENCE_SIGNAL, &action, NULL) < 0)
		return -errno;
	return syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &supervisor->timer) < 0 ? -errno
											  : 0;
}

static void
set_patience(const struct pale_supervisor *supervisor, bool on)
{
	const struct timespec tick = { .tv_nsec = on ? PALE_PATIENCE_MS * 1000000L : 0 };
	const struct itimerspec every = { tick, tick };
	sigset_t one;

	if (!supervisor->ready || supervisor->broken)
		return;
	sigemptyset(&one);
	sigaddset(&one, PATIENCE_SIGNAL);
	syscall(SYS_timer_settime, supervisor->timer, 0, &every, NULL);
	sigprocmask(on ? SIG_UNBLOCK : SIG_BLOCK, &one, NULL);
	/* Somebody else's is for the command. */
	if (!on && patience_foreign) {
		patience_foreign = 0;
		raise(PATIENCE_SIGNAL);
	}
}

/*
 * Before the first call. Whatever may be done on files is done without capabilities, as the callers
 * are without: the one that is kept lets us look at a program that hides from its own user. What is
 * pinned gets a name by its number, relative to the /proc that knows us, so we stand there.
 */
static int
prepare(struct pale_supervisor *supervisor, pid_t tid)
{
	uint32_t keep = 1U << CAP_SYS_PTRACE;
	char self[16];
	ssize_t len = readlinkat(supervisor->proc, "self", self, sizeof(self) - 1);
	int result;

	self[len < 0 ? 0 : len] = '\0';
	/* The /proc of another pid namespace would number other threads. */
	if (len <= 0 || atoi(self) != getpid() || !shares_root(supervisor, tid))
		return -ENOTSUP;
	if (fchdir(supervisor->proc) < 0 || chdir("self/fd") < 0)
		return -errno;
	pale_notify_take_turns(supervisor->listener);
	result = make_timer(supervisor);
	/* The kernel lets root be mapped once more, for a cage inside, only where this was held. */
	if (getuid() == 0)
		keep |= 1U << CAP_SETFCAP;
	return result < 0 ? result : pale_caps_keep(keep, NULL);
}

static int
perform(struct pale_supervisor *supervisor, const struct pale_notify *call)
{
	for (size_t i = 0; i < PALE_COUNT(acts); i++) {
		if (pale_sys_nr(acts[i].sys) == call->nr)
			return acts[i].act(supervisor, call);
	}
	if (call->nr == PALE_CONTROL_NR && call->args[0] == PALE_CONTROL_NEST)
		return pale_ask_nested(supervisor, call);
	return -ENOSYS;
}

/* A call that the filter asks about. */
static int
act_on(struct pale_supervisor *supervisor, const struct pale_notify *call, enum pale_sys sys)
{
	int result;

	if (supervisor->broken)
		return -EACCES;
	supervisor->judged[0] = '\0';
	set_patience(supervisor, true);
	result = perform(supervisor, call);
	if (sys < PALE_SYS_COUNT)
		pale_hear_performed(supervisor, call, sys, result);
	set_patience(supervisor, false);
	return result;
}

/* A call that is only heard of: what becomes of it was decided by its row. */
static void
overhear(struct pale_supervisor *supervisor, const struct pale_notify *call, enum pale_sys sys,
    const struct pale_sys_answer *answer)
{
	bool denied = answer->run == RUN_DENY;

	if (!supervisor->broken) {
		set_patience(supervisor, true);
		if (denied)
			pale_hear_denied(supervisor, call, sys, answer);
		else
			pale_hear_going_on(supervisor, call, sys);
		set_patience(supervisor, false);
	}
	if (denied)
		(void)pale_notify_answer(supervisor->listener, call->id, -answer->error);
	else
		(void)pale_notify_go_on(supervisor->listener, call->id);
}

static void
serve(struct pale_supervisor *supervisor)
{
	struct pale_sys_answer answer;
	struct pale_notify call;
	enum pale_sys sys;
	int result = pale_notify_take(supervisor->listener, &call);

	if (result == -ENOENT || result == -EINTR || result == -EAGAIN)
		return;
	if (result < 0) {
		/* Nothing can be answered any more: with the listener gone the kernel does it. */
		close(pale_take_fd(&supervisor->listener));
		return;
	}
	if (!supervisor->ready) {
		supervisor->broken = prepare(supervisor, call.tid) < 0;
		/* A caller that was killed meanwhile proves nothing: the next one is looked at. */
		supervisor->ready = !supervisor->broken || pale_ask_holds(supervisor, &call);
	}
	answer = pale_hear_classify(supervisor, &call, &sys);
	if (answer.run != RUN_ASK) {
		overhear(supervisor, &call, sys, &answer);
		return;
	}
	result = act_on(supervisor, &call, sys);
	/* A caller that is gone needs no answer. */
	if (result != PALE_ASK_WAITS)
		(void)pale_notify_answer(supervisor->listener, call.id, result);
}

static void
look(struct pale_supervisor *supervisor)
{
	if (supervisor->waiting_count == 0)
		return;
	set_patience(supervisor, true);
	pale_ask_look(supervisor);
	set_patience(supervisor, false);
}

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int
pale_supervisor_wait(
    struct pale_supervisor *supervisor, const sigset_t *blocked, siginfo_t *ret_info)
{
	struct signalfd_siginfo info;
	struct pollfd polled[3];

	if ((supervisor->listener >= 0 || supervisor->skeleton != NULL) && supervisor->signals < 0)
		supervisor->signals = signalfd(-1, blocked, SFD_CLOEXEC | SFD_NONBLOCK);
	if (supervisor->signals < 0 && supervisor->listener >= 0)
		close(pale_take_fd(&supervisor->listener));
	if (supervisor->listener < 0 && supervisor->waiting_count == 0 &&
	    supervisor->skeleton == NULL)
		return sigwaitinfo(blocked, ret_info) < 0 ? 0 : ret_info->si_signo;
	for (;;) {
		polled[0] = (struct pollfd){ .fd = supervisor->signals, .events = POLLIN };
		polled[1] = (struct pollfd){ .fd = supervisor->listener, .events = POLLIN };
		polled[2] = (struct pollfd){
			.fd = supervisor->skeleton == NULL ? -1 : supervisor->skeleton->sock,
			.events = POLLIN
		};
		if (poll(polled, PALE_COUNT(polled),
			supervisor->waiting_count > 0      ? PALE_WAITING_TICK_MS
			    : supervisor->skeleton != NULL ? PALE_SKELETON_TICK_MS
							   : -1) < 0)
			return 0;
		if (supervisor->skeleton != NULL)
			pale_skeleton_look(supervisor->skeleton, now_ms());
		/* Signals first: a flood of calls does not keep them from being heard. */
		if (polled[0].revents != 0) {
			look(supervisor);
			pale_nest_reap(supervisor);
			if (read(supervisor->signals, &info, sizeof(info)) != sizeof(info))
				return 0;
			*ret_info = (siginfo_t){ .si_signo = (int)info.ssi_signo,
				.si_code = info.ssi_code };
			return ret_info->si_signo;
		}
		if (polled[2].revents != 0 &&
		    pale_skeleton_hear(supervisor->skeleton, supervisor->watch, supervisor->proc) ==
			-EPIPE) {
			supervisor->skeleton = NULL;
			return 0;
		}
		if ((polled[1].revents & POLLIN) != 0)
			serve(supervisor);
		else if (polled[1].revents != 0) /* POLLHUP: nobody is left who could ask */
			close(pale_take_fd(&supervisor->listener));
		if (supervisor->waiting_count > 0 && now_ms() >= supervisor->next_look_ms) {
			look(supervisor);
			supervisor->next_look_ms = now_ms() + PALE_WAITING_TICK_MS;
		}
	}
}

void
pale_supervisor_done(struct pale_supervisor *supervisor)
{
	int *const fds[] = { &supervisor->listener, &supervisor->proc, &supervisor->ruleset,
		&supervisor->signals, &supervisor->diag, &supervisor->last.pidfd };

	pale_ask_end(supervisor);
	pale_nest_end(supervisor);
	for (size_t i = 0; i < PALE_COUNT(fds); i++) {
		if (*fds[i] >= 0)
			close(pale_take_fd(fds[i]));
	}
	free(supervisor->mounts);
	supervisor->mounts = NULL;
}
