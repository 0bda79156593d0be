/* SPDX-License-Identifier: BSD-2-Clause */
/* A cage inside a cage: the process that will make it, and the way to it; see nest.h. */
#include "cage/nest.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cage/ask/ask.h"
#include "core/scope.h"
#include "kernel/caller.h"

enum {
	OWN_FDS = 4,
};

static int
compare_fds(const void *a, const void *b)
{
	const int *left = a;
	const int *right = b;

	return (*left > *right) - (*left < *right);
}

/* In the new process: the listener above all, and what the waiter held of the machine. */
static void
close_others(const struct pale_nest_caller *caller)
{
	int keep[OWN_FDS] = { caller->sock, caller->pidfd, caller->cwd, caller->maps };
	unsigned next = 0;

	qsort(keep, OWN_FDS, sizeof(keep[0]), compare_fds);
	for (size_t i = 0; i < OWN_FDS; i++) {
		if ((unsigned)keep[i] > next)
			close_range(next, (unsigned)keep[i] - 1, 0);
		next = (unsigned)keep[i] + 1;
	}
	close_range(next, ~0U, 0);
}

/* Never returns. */
static void
be_server(const struct pale_nest_hook *nest, struct pale_nest_caller *caller)
{
	char joined;
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	/* With the waiter the whole pid namespace ends that we are in. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_NAME, "pale-nested", 0, 0, 0);
	close_others(caller);
	/* The waiter's first word, or its end. */
	if (recv(caller->sock, &joined, 1, 0) != 1)
		_exit(1);
	caller->joined = joined != 0;
	nest->serve(nest->state, caller);
	_exit(0);
}

/* What the caller has, and is about to be asked again. */
static int
look_at_caller(const struct pale_supervisor *supervisor, const struct pale_notify *call,
    struct pale_nest_caller *ret)
{
	struct pale_caller_status status;
	int result = pale_caller_status(supervisor->proc, call->tid, &status);

	if (result == 0)
		result = pale_caller_cwd(supervisor->proc, call->tid, &ret->cwd);
	if (result == 0)
		result = pale_caller_pidfd(supervisor->proc, call->tid, &ret->pidfd);
	if (result < 0)
		return result;
	ret->mask = status.umask;
	for (int i = 0; i < PALE_NEST_LIMITS; i++) {
		if (prlimit(call->tid, (enum __rlimit_resource)i, NULL, &ret->limits[i]) < 0)
			return -errno;
	}
	return 0;
}

static pid_t *
find_slot(struct pale_supervisor *supervisor)
{
	for (size_t i = 0; i < PALE_NEST_MAX; i++) {
		if (supervisor->nested[i] == 0)
			return &supervisor->nested[i];
	}
	return NULL;
}

static void
end(pid_t *slot)
{
	kill(*slot, SIGKILL);
	while (waitpid(*slot, NULL, 0) < 0 && errno == EINTR)
		continue;
	*slot = 0;
}

int
pale_ask_nested(struct pale_supervisor *supervisor, const struct pale_notify *call)
{
	PALE_CLOSE int ours = -1;
	PALE_CLOSE int theirs = -1;
	PALE_CLOSE int cwd = -1;
	PALE_CLOSE int pidfd = -1;
	struct pale_nest_caller caller = { .cwd = -1, .pidfd = -1 };
	pid_t group = getpgid(call->tid);
	pid_t *slot;
	char joined;
	int ends[2];
	int result;

	if (supervisor->nest == NULL)
		return -EOPNOTSUPP;
	slot = find_slot(supervisor);
	if (slot == NULL)
		return -EAGAIN;
	result = look_at_caller(supervisor, call, &caller);
	cwd = caller.cwd;
	pidfd = caller.pidfd;
	if (!pale_ask_holds(supervisor, call))
		return -EINTR;
	if (result < 0)
		return result;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	ours = ends[0];
	theirs = ends[1];
	caller.sock = ours;
	caller.maps = supervisor->maps > 0 ? supervisor->maps : supervisor->proc;
	*slot = fork();
	if (*slot == 0)
		be_server(supervisor->nest, &caller);
	if (*slot < 0) {
		*slot = 0;
		return -EAGAIN;
	}
	/* Another session's group cannot be joined; then signals are handed on one by one. */
	joined = group > 0 && setpgid(*slot, group) == 0;
	if (send(theirs, &joined, 1, MSG_NOSIGNAL | MSG_DONTWAIT) != 1)
		result = -EAGAIN;
	if (result == 0)
		result = pale_notify_give(supervisor->listener, call->id, theirs, O_CLOEXEC);
	if (result < 0) {
		end(slot);
		return result;
	}
	return PALE_ASK_WAITS;
}

void
pale_nest_reap(struct pale_supervisor *supervisor)
{
	for (size_t i = 0; i < PALE_NEST_MAX; i++) {
		pid_t *slot = &supervisor->nested[i];

		if (*slot != 0 && waitpid(*slot, NULL, WNOHANG) != 0)
			*slot = 0;
	}
}

void
pale_nest_end(struct pale_supervisor *supervisor)
{
	for (size_t i = 0; i < PALE_NEST_MAX; i++) {
		if (supervisor->nested[i] != 0)
			end(&supervisor->nested[i]);
	}
	if (supervisor->maps > 0)
		close(supervisor->maps);
	supervisor->maps = 0;
}
