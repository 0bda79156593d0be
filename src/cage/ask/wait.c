/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that block, each in a process of its own: it shares the open file with the caller, so a
 * lock that it gets is the caller's. The kernel tells nobody that a caller was killed or has a
 * signal while it stands still, so those that wait are looked at every few milliseconds; as long as
 * nobody waits, nobody looks.
 *
 * What such a process achieved it writes into a page that both have. One that sends is not killed
 * for a signal of its caller, because what it had sent by then would be sent again: it is asked to
 * stop, and the kernel tells it how far it came.
 */
#include "cage/ask/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/scope.h"
#include "kernel/caller.h"
#include "kernel/caps.h"

enum {
	ASK_TO_STOP_MAX = 20, /* times that a worker is asked, a tick each, before it is killed */
};

/* Asks a worker to stop; a send that it interrupts returns what it has sent. */
enum {
	STOP_SIGNAL = SIGUSR1,
};

static void
on_stop(int number)
{
	(void)number;
}

static int
compare_fds(const void *a, const void *b)
{
	const int *left = a;
	const int *right = b;

	return (*left > *right) - (*left < *right);
}

/* In the worker: everything of ours but what it works on goes. */
static void
close_all_but(int fd, const int *keep, size_t count)
{
	int all[PALE_ASK_KEEP_MAX + 1] = { fd };
	unsigned next = 0;

	if (count > 0)
		memcpy(all + 1, keep, count * sizeof(*keep));
	qsort(all, count + 1, sizeof(all[0]), compare_fds);
	for (size_t i = 0; i <= count; i++) {
		if (all[i] < 0)
			continue;
		if ((unsigned)all[i] > next)
			close_range(next, (unsigned)all[i] - 1, 0);
		next = (unsigned)all[i] + 1;
	}
	close_range(next, ~0U, 0);
}

/* Never returns. */
static void
be_worker(int proc, const struct pale_ask_job *job, volatile int64_t *result)
{
	struct sigaction action = { .sa_handler = on_stop };
	sigset_t one;

	/* Our parent's descriptors, where we stand, need not be ours to look through. */
	if (fchdir(proc) < 0 || chdir("self/fd") < 0)
		_exit(1);
	close_all_but(job->fd, job->keep, job->keep_count);
	if (pale_caps_keep(0, NULL) < 0)
		_exit(1);
	sigaction(STOP_SIGNAL, &action, NULL);
	sigemptyset(&one);
	sigaddset(&one, STOP_SIGNAL);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	*result = job->act(job->data);
	_exit(0);
}

/* One page, for a number of each worker. */
static int
make_results(struct pale_supervisor *supervisor)
{
	void *page;

	if (supervisor->results != NULL)
		return 0;
	page = mmap(NULL, PALE_WAITING_MAX * sizeof(*supervisor->results), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return -ENOMEM;
	supervisor->results = page;
	return 0;
}

int
pale_ask_wait(struct pale_supervisor *supervisor, const struct pale_notify *call,
    const struct pale_ask_job *job)
{
	PALE_CLOSE int own = job->fd;
	struct pale_waiting *slot = supervisor->waiting;
	volatile int64_t *result;
	pid_t worker;

	if (supervisor->waiting_count == PALE_WAITING_MAX)
		pale_ask_look(supervisor);
	while (slot < supervisor->waiting + PALE_WAITING_MAX && slot->worker != 0)
		slot++;
	if (slot == supervisor->waiting + PALE_WAITING_MAX || make_results(supervisor) < 0)
		return job->full;
	result = &supervisor->results[slot - supervisor->waiting];
	*result = job->so_far > 0 ? job->so_far : PALE_ASK_UNDONE;
	worker = fork();
	if (worker == 0)
		be_worker(supervisor->proc, job, result);
	if (worker < 0)
		return job->full;
	*slot = (struct pale_waiting){ .id = call->id,
		.tid = call->tid,
		.worker = worker,
		.fd = pale_take_fd(&own),
		.undo = job->undo,
		.done = job->done,
		.done_at = job->done_at };
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

/* What a worker that has ended achieved: what its work returned, or -EINTR if it was killed. */
static int
outcome(const struct pale_supervisor *supervisor, const struct pale_waiting *slot)
{
	int64_t result = supervisor->results[slot - supervisor->waiting];

	if (result != PALE_ASK_UNDONE)
		return (int)result;
	return slot->undo != NULL && slot->undo(slot->fd) == 0 ? 0 : -EINTR;
}

/* Kill the worker. It may have been done in the same instant; then that holds. */
static int
stop(const struct pale_supervisor *supervisor, const struct pale_waiting *slot)
{
	kill(slot->worker, SIGKILL);
	while (waitpid(slot->worker, NULL, 0) < 0) {
		if (errno != EINTR)
			return -EINTR;
	}
	return outcome(supervisor, slot);
}

/* Tell the caller, and whoever has something left to do then. */
static void
answer(struct pale_supervisor *supervisor, struct pale_waiting *slot, int result)
{
	const struct pale_notify call = { .id = slot->id, .tid = slot->tid };

	if (result == -EINTR && slot->stopping != 0)
		result = slot->stopping;
	if (slot->done != NULL)
		result = slot->done(supervisor, &call, slot->done_at, result);
	(void)pale_notify_answer(supervisor->listener, slot->id, result);
	release(supervisor, slot);
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
	int result;

	if (waitpid(slot->worker, NULL, WNOHANG) == slot->worker) {
		answer(supervisor, slot, outcome(supervisor, slot));
		return;
	}
	if (!pale_notify_holds(supervisor->listener, slot->id)) {
		(void)stop(supervisor, slot);
		release(supervisor, slot);
		return;
	}
	if (slot->stopping == 0) {
		result = signalled(supervisor, slot);
		/* Ours until it is answered, so the status was that of the caller. */
		if (result == 0 || !pale_notify_holds(supervisor->listener, slot->id))
			return;
		slot->stopping = result;
	}
	if (slot->undo != NULL || slot->asked == ASK_TO_STOP_MAX) {
		answer(supervisor, slot, stop(supervisor, slot));
		return;
	}
	/* It can come before the worker sleeps, so it comes again. */
	slot->asked++;
	kill(slot->worker, STOP_SIGNAL);
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
		(void)stop(supervisor, &supervisor->waiting[i]);
		release(supervisor, &supervisor->waiting[i]);
	}
	if (supervisor->results != NULL)
		munmap(supervisor->results, PALE_WAITING_MAX * sizeof(*supervisor->results));
	supervisor->results = NULL;
}
