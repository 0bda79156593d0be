/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control messages; see control.h. Attacks: lengths below a head, beyond the buffer, or odd;
 * more descriptors than the kernel takes; credentials of somebody else; messages of the network
 * that choose a packet's way.
 */
#include "cage/ask/control.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cage/ask/inet.h"
#include "core/scope.h"
#include "kernel/caller.h"

/* The numbers of the caller's descriptors become those of our copies. */
static int
fetch_fds(struct pale_supervisor *supervisor, const struct pale_notify *call,
    struct pale_ask_control *control, char *data, size_t size)
{
	size_t count = size / sizeof(int);

	if (count > PALE_CONTROL_MAX_FDS - control->fd_count)
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		int copy = -1;
		int fd;
		int result;

		memcpy(&fd, data + i * sizeof(fd), sizeof(fd));
		result = pale_caller_fd(&supervisor->last, supervisor->proc, call->tid, fd, &copy);
		if (result < 0)
			return result;
		control->fds[control->fd_count++] = copy;
		memcpy(data + i * sizeof(copy), &copy, sizeof(copy));
	}
	return 0;
}

void
pale_ask_control_is_mine(struct pale_ask_control *control)
{
	const pid_t pid = getpid();

	if (control->cred_at != 0)
		memcpy(control->bytes + control->cred_at + offsetof(struct ucred, pid), &pid,
		    sizeof(pid));
}

/* A program may name itself; the process that is then told of is the waiter. */
static int
rewrite_credentials(const struct pale_supervisor *supervisor, const struct pale_notify *call,
    struct pale_ask_control *control, const char *data)
{
	struct pale_caller_status status;
	struct ucred cred;

	memcpy(&cred, data, sizeof(cred));
	if (pale_caller_status(supervisor->proc, call->tid, &status) < 0)
		return -EPERM;
	if (cred.pid != status.inner_tgid || (cred.uid != getuid() && cred.uid != geteuid()) ||
	    (cred.gid != getgid() && cred.gid != getegid()))
		return -EPERM;
	control->cred_at = (size_t)(data - control->bytes);
	pale_ask_control_is_mine(control);
	return 0;
}

static int
judge_unix(struct pale_supervisor *supervisor, const struct pale_notify *call,
    struct pale_ask_control *control, const struct cmsghdr *head, char *data, size_t size)
{
	/* Messages of another level are passed over by the kernel. */
	if (head->cmsg_level != SOL_SOCKET)
		return 0;
	switch (head->cmsg_type) {
	case SCM_RIGHTS:
		return fetch_fds(supervisor, call, control, data, size);
	case SCM_CREDENTIALS:
		if (size != sizeof(struct ucred))
			return -EINVAL;
		return control->cred_at != 0 ? -EINVAL
					     : rewrite_credentials(supervisor, call, control, data);
	default:
		return -EINVAL;
	}
}

int
pale_ask_control(struct pale_supervisor *supervisor, const struct pale_notify *call, int domain,
    struct pale_ask_control *control)
{
	size_t at = 0;

	while (control->size - at >= sizeof(struct cmsghdr)) {
		struct cmsghdr head;
		char *data = control->bytes + at + CMSG_LEN(0);
		size_t size;
		int result = 0;

		memcpy(&head, control->bytes + at, sizeof(head));
		if (head.cmsg_len < sizeof(head) || head.cmsg_len > control->size - at)
			return -EINVAL;
		size = head.cmsg_len - CMSG_LEN(0);
		if (domain == AF_UNIX)
			result = judge_unix(supervisor, call, control, &head, data, size);
		else if (domain == AF_INET || domain == AF_INET6)
			result = supervisor->doors->net_open ||
				pale_ask_inet_may_control(
				    supervisor->doors, head.cmsg_level, head.cmsg_type, data, size)
			    ? 0
			    : -EPERM;
		else
			result = -EPERM;
		if (result < 0)
			return result;
		/* The last one need not be padded. */
		if (CMSG_ALIGN(head.cmsg_len) >= control->size - at)
			break;
		at += CMSG_ALIGN(head.cmsg_len);
	}
	return 0;
}

void
pale_ask_control_done(struct pale_ask_control *control)
{
	while (control->fd_count > 0)
		close(control->fds[--control->fd_count]);
}
