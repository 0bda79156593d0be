/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls that stand still for a supervisor; see notify.h. */
#include "kernel/notify.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/scope.h"
#include "kernel/uapi.h"

/*
 * The kernel may know a longer structure and writes only what fits its own; it takes no pointer to
 * less than that. Linux 6.18 has what the headers of 6.1 have (80 and 24 bytes); the room is for
 * what may come.
 */
union call {
	struct seccomp_notif notif;
	char room[256];
};

union answer {
	struct seccomp_notif_resp resp;
	char room[256];
};

int
pale_notify_take(int listener, struct pale_notify *ret)
{
	union call call;

	/* The kernel insists on zeroes. */
	memset(&call, 0, sizeof(call));
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call.notif) < 0)
		return -errno;
	ret->id = call.notif.id;
	ret->tid = (pid_t)call.notif.pid;
	ret->nr = call.notif.data.nr;
	_Static_assert(sizeof(ret->args) == sizeof(call.notif.data.args), "six arguments");
	memcpy(ret->args, call.notif.data.args, sizeof(ret->args));
	return 0;
}

void
pale_notify_take_turns(int listener)
{
	(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
}

bool
pale_notify_holds(int listener, uint64_t id)
{
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

int
pale_notify_answer(int listener, uint64_t id, int64_t result)
{
	union answer answer;

	memset(&answer, 0, sizeof(answer));
	answer.resp.id = id;
	answer.resp.error = result < 0 ? (int)result : 0;
	answer.resp.val = result < 0 ? 0 : result;
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer.resp) < 0 ? -errno : 0;
}

int
pale_notify_go_on(int listener, uint64_t id)
{
	union answer answer;

	memset(&answer, 0, sizeof(answer));
	answer.resp.id = id;
	answer.resp.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer.resp) < 0 ? -errno : 0;
}

int
pale_notify_give(int listener, uint64_t id, int fd, int flags)
{
	struct seccomp_notif_addfd give = {
		.id = id,
		.flags = SECCOMP_ADDFD_FLAG_SEND,
		.srcfd = (uint32_t)fd,
		.newfd_flags = (uint32_t)flags,
	};
	sigset_t all;
	sigset_t old;
	int result;

	/*
	 * Interrupted, the kernel takes the descriptor back but lets the call return, with 0 (seen
	 * on Linux 6.18): the caller would take its standard input for what it asked for. It waits
	 * for the caller to be woken, which stands still in a killable sleep.
	 */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	result = ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &give) < 0 ? -errno : 0;
	sigprocmask(SIG_SETMASK, &old, NULL);
	return result;
}

int
pale_notify_pass(int sock, const int *fds, size_t count, struct pale_err *err)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int) * PALE_NOTIFY_PASS_MAX)];
	} control;
	struct iovec byte = { (char[1]){ 0 }, 1 };
	struct msghdr message = {
		.msg_iov = &byte,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(sizeof(int) * count),
	};

	if (count == 0 || count > PALE_NOTIFY_PASS_MAX)
		return pale_fail(err, -EINVAL, "%zu descriptors to pass", count);
	memset(&control, 0, sizeof(control));
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int) * count);
	memcpy(CMSG_DATA(&control.head), fds, sizeof(int) * count);
	if (sendmsg(sock, &message, MSG_NOSIGNAL) != 1)
		return pale_fail_errno(err, "cannot pass descriptors to the supervisor");
	return 0;
}

enum {
	HELPER_STACK_BYTES = 32768,
};

struct pale_notify_helper {
	int sock;
	int wake[2]; /* a byte: pass; its end: go */
	int fds[PALE_NOTIFY_PASS_MAX];
	size_t count;
	int result;
	pid_t pid;
	_Alignas(16) char stack[HELPER_STACK_BYTES];
};

/* It shares memory and descriptors with who made it, so it touches nothing but its own. */
static int
help(void *data)
{
	struct pale_notify_helper *helper = data;
	char byte;

	if (read(helper->wake[0], &byte, 1) == 1)
		helper->result = pale_notify_pass(helper->sock, helper->fds, helper->count, NULL);
	return 0;
}

int
pale_notify_helper_start(int sock, struct pale_notify_helper **ret, struct pale_err *err)
{
	/* The process that waits in vfork has this memory, too, and goes on with it: no heap. */
	static struct pale_notify_helper helper;

	helper = (struct pale_notify_helper){ .sock = sock, .result = -EIO };
	if (pipe2(helper.wake, O_CLOEXEC) < 0)
		return pale_fail_errno(err, "cannot make a pipe for the supervisor");
	helper.pid =
	    clone(help, helper.stack + HELPER_STACK_BYTES, CLONE_VM | CLONE_FILES, &helper);
	if (helper.pid < 0)
		return pale_fail_errno(err, "cannot start a helper for the supervisor");
	*ret = &helper;
	return 0;
}

void
pale_notify_helper_end(struct pale_notify_helper *helper)
{
	if (helper->pid <= 0)
		return;
	close(helper->wake[1]);
	while (waitpid(helper->pid, NULL, __WALL) < 0 && errno == EINTR)
		continue;
	close(helper->wake[0]);
	helper->pid = 0;
}

int
pale_notify_helper_pass(
    struct pale_notify_helper *helper, const int *fds, size_t count, struct pale_err *err)
{
	if (count == 0 || count > PALE_NOTIFY_PASS_MAX)
		return pale_fail(err, -EINVAL, "%zu descriptors to pass", count);
	memcpy(helper->fds, fds, sizeof(*fds) * count);
	helper->count = count;
	if (write(helper->wake[1], "", 1) != 1)
		return pale_fail_errno(err, "cannot wake the supervisor's helper");
	pale_notify_helper_end(helper);
	if (helper->result < 0)
		return pale_fail(err, helper->result, "cannot pass descriptors to the supervisor");
	return 0;
}

int
pale_notify_receive(int sock, int *ret_fds, size_t max, size_t *ret_count)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int) * PALE_NOTIFY_PASS_MAX)];
	} control;
	char byte;
	struct iovec part = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	size_t count;

	if (recvmsg(sock, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0)
		return -errno;
	if (CMSG_FIRSTHDR(&message) == NULL || control.head.cmsg_type != SCM_RIGHTS)
		return -EPROTO;
	count = (control.head.cmsg_len - CMSG_LEN(0)) / sizeof(int);
	if (count > max)
		return -EPROTO;
	memcpy(ret_fds, CMSG_DATA(&control.head), sizeof(int) * count);
	*ret_count = count;
	return 0;
}
