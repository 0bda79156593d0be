/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The raw mechanism of a supervisor: a call that a filter answers with SECCOMP_RET_USER_NOTIF
 * stands still until whoever holds the filter's listener has answered. Nothing here decides
 * anything.
 *
 * The listener must come from a filter with WAIT_KILLABLE_RECV: without it a signal makes the
 * kernel repeat a call that the supervisor has already performed (seen on Linux 6.18). Before
 * Linux 6.17 an answer that meets a signal in the same instant can still be lost, and the call is
 * repeated.
 *
 * To let the caller's own call continue (pale_notify_go_on) is for those who only watch what the
 * kernel itself decides: its arguments may have changed since they were looked at.
 * Source: seccomp_unotify(2).
 */
#ifndef PALE_KERNEL_NOTIFY_H
#define PALE_KERNEL_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/err.h"

/* One call that stands still. */
struct pale_notify {
	uint64_t id; /* cookie of this very call; never that of another */
	pid_t tid;   /* the thread, as our own pid namespace numbers it */
	int nr;
	uint64_t args[6];
};

/*
 * Take the next call from a listener that poll(2) says has one.
 *
 * Returns 0, or
 *   -ENOENT, -EINTR  the caller is gone, or a signal came: poll again
 *   others           the listener cannot be used
 */
int pale_notify_take(int listener, struct pale_notify *ret);

/*
 * Let a caller and whoever answers it take turns on one processor (Linux 6.6): both wait for each
 * other anyway, and waking another processor takes longer. Elsewhere it does nothing.
 */
void pale_notify_take_turns(int listener);

/*
 * Does the call still stand still? To be asked after anything was opened by the number in .tid and
 * before it is used: the thread may be gone and the number somebody else's.
 */
bool pale_notify_holds(int listener, uint64_t id);

/*
 * Answer a call.
 *
 *   result  what the call returns: 0 or more, or -errno; also -PALE_ERESTARTSYS where the caller
 *           certainly has a signal pending, which then decides between EINTR and another try
 *
 * Returns 0, or -ENOENT if the caller is gone.
 */
int pale_notify_answer(int listener, uint64_t id, int64_t result);

/*
 * Let the caller's own call go on, unjudged. Only for a call that the filter would have allowed had
 * nobody watched: what its pointers hold by now is the kernel's to judge.
 */
int pale_notify_go_on(int listener, uint64_t id);

/*
 * Put a copy of a descriptor of ours into the caller, and answer the call with its number: in one
 * step, so that a caller that goes away in between has nothing.
 *
 *   flags  O_CLOEXEC or 0, of the caller's descriptor
 *
 * Returns 0, -ENOENT if the caller is gone, -EMFILE if it has no number free (then it still waits).
 */
int pale_notify_give(int listener, uint64_t id, int fd, int flags);

enum {
	PALE_ERESTARTSYS = 512, /* the kernel's own ERESTARTSYS, which no program sees */
};

/*
 * Pass descriptors over a socket, and take them at its other end: how the listener gets from the
 * process that installed the filter to its supervisor. They arrive close-on-exec, in their order.
 *
 *   count  1 to PALE_NOTIFY_PASS_MAX; taking fails with -EPROTO unless exactly so many are there
 *
 * Taking does not wait: -EAGAIN if nothing was sent.
 */
enum {
	PALE_NOTIFY_PASS_MAX = 4,
};
int pale_notify_pass(int sock, const int *fds, size_t count, struct pale_err *err);
/*
 * Where the filter itself asks about sendmsg, nobody would answer: a helper, made before the filter
 * is installed and therefore without it, shares the table of descriptors and passes them. Its end
 * is waited for; to be told of it (pale_notify_helper_pass) is the last that it does.
 *
 * pale_notify_helper_end ends one that has nothing to pass; it is harmless after passing.
 */
struct pale_notify_helper;
int pale_notify_helper_start(int sock, struct pale_notify_helper **ret, struct pale_err *err);
int pale_notify_helper_pass(
    struct pale_notify_helper *helper, const int *fds, size_t count, struct pale_err *err);
void pale_notify_helper_end(struct pale_notify_helper *helper);

int pale_notify_receive(int sock, int *ret_fds, size_t max, size_t *ret_count);

#endif
