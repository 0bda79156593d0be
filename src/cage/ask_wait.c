/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that block, each in a process of its own: it shares the open file with the caller, so a
 * lock that it gets is the caller's. The kernel tells nobody that a caller was killed or has a
 * signal while it stands still, so those that wait are looked at every few milliseconds; as long as
 * nobody waits, nobody looks.
 */
#include "cage/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/scope.h"
#include "kernel/caller.h"
#include "kernel/caps.h"

enum {
	WORKER_CONFUSED = EIO,
};

/* In the worker: everything of ours but its own two descriptors goes. Never returns. */
static void
be_worker(int proc, int fd, int other, int (*act)(int fd, int other, int number), int number)
{
	int low = other >= 0 && other < fd ? other : fd;
	int high = other > fd ? other : fd;

	/* Our parent's descriptors, where we stand, need not be ours to look through. */
	if (fchdir(proc) < 0 || chdir("self/fd") < 0)
		_exit(WORKER_CONFUSED);
	if (low > 0)
		close_range(0, (unsigned)low - 1, 0);
	if (high > low + 1)
		close_range((unsigned)low + 1, (unsigned)high - 1, 0);
	close_range((unsigned)high + 1, ~0U, 0);
	if (pale_caps_keep(0, NULL) < 0)
		_exit(WORKER_CONFUSED);
	_exit(-act(fd, other, number));
}

int
pale_ask_wait(struct pale_supervisor *supervisor, const struct pale_notify *call, int fd, int other,
    int (*act)(int fd, int other, int number), int number, int (*undo)(int fd), int full)
{
	PALE_CLOSE int own = fd;
	struct pale_waiting *slot = supervisor->waiting;
	pid_t worker;

	if (supervisor->waiting_count == PALE_WAITING_MAX)
		pale_ask_look(supervisor);
	while (slot < supervisor->waiting + PALE_WAITING_MAX && slot->worker != 0)
		slot++;
	if (slot == supervisor->waiting + PALE_WAITING_MAX)
		return full;
	worker = fork();
	if (worker == 0)
		be_worker(supervisor->proc, fd, other, act, number);
	if (worker < 0)
		return full;
	*slot = (struct pale_waiting){ .id = call->id,
		.tid = call->tid,
		.worker = worker,
		.fd = pale_take_fd(&own),
		.undo = undo };
	supervisor->waiting_count++;
	return PALE_ASK_WAITS;
}

static void
release(struct pale_supervisor *supervisor, struct pale_waiting *slot)
{
	close(slot->fd);
	*slot = (struct pale_waiting){ 0 };
	supervisor->waiting_count--;
}

/* What a worker that has ended achieved: 0, -errno, or -EINTR if it was killed. */
static int
outcome(const struct pale_waiting *slot, int status)
{
	if (WIFEXITED(status))
		return -WEXITSTATUS(status);
	return slot->undo(slot->fd) == 0 ? 0 : -EINTR;
}

/* Kill the worker. It may have been done in the same instant; then that holds. */
static int
stop(const struct pale_waiting *slot)
{
	int status = 0;

	kill(slot->worker, SIGKILL);
	while (waitpid(slot->worker, &status, 0) < 0) {
		if (errno != EINTR)
			return -EINTR;
	}
	return outcome(slot, status);
}

/*
 * Has the caller a signal that would end its wait? For one of the whole process another thread may
 * be about to take it, so it must be there at two looks.
 *
 * Returns 0 for no, or what the call is then to return.
 */
static int
signalled(const struct pale_supervisor *supervisor, struct pale_waiting *slot)
{
	struct pale_caller_status status;
	uint64_t shared;

	if (pale_caller_status(supervisor->proc, slot->tid, &status) < 0)
		return 0;
	shared = status.shared & ~status.ignored;
	if ((status.pending & ~status.ignored) != 0 || (shared != 0 && status.threads == 1))
		return -PALE_ERESTARTSYS;
	if (shared != 0 && slot->seen)
		return -EINTR;
	slot->seen = shared != 0;
	return 0;
}

static void
look_at(struct pale_supervisor *supervisor, struct pale_waiting *slot)
{
	int status;
	int result;

	if (waitpid(slot->worker, &status, WNOHANG) == slot->worker) {
		(void)pale_notify_answer(supervisor->listener, slot->id, outcome(slot, status));
		release(supervisor, slot);
		return;
	}
	if (!pale_notify_holds(supervisor->listener, slot->id)) {
		(void)stop(slot);
		release(supervisor, slot);
		return;
	}
	result = signalled(supervisor, slot);
	/* Ours until it is answered, so the status was that of the caller. */
	if (result == 0 || !pale_notify_holds(supervisor->listener, slot->id))
		return;
	status = stop(slot);
	(void)pale_notify_answer(
	    supervisor->listener, slot->id, status == -EINTR ? result : status);
	release(supervisor, slot);
}

void
pale_ask_look(struct pale_supervisor *supervisor)
{
	for (size_t i = 0; i < PALE_WAITING_MAX && supervisor->waiting_count > 0; i++) {
		if (supervisor->waiting[i].worker != 0)
			look_at(supervisor, &supervisor->waiting[i]);
	}
}

void
pale_ask_end(struct pale_supervisor *supervisor)
{
	for (size_t i = 0; i < PALE_WAITING_MAX && supervisor->waiting_count > 0; i++) {
		if (supervisor->waiting[i].worker == 0)
			continue;
		(void)stop(&supervisor->waiting[i]);
		release(supervisor, &supervisor->waiting[i]);
	}
}
