/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * connect(2). Where a path leads is found and judged in find.c; the connection goes to what was
 * pinned there, by way of our own descriptor. All else is the kernel's own answer, given to us
 * without capabilities as it would be to the caller.
 *
 * Abstract names answer ECONNREFUSED, as if nobody listened, unless one is granted: then the very
 * bytes that were compared are connected to.
 *
 * What differs from a native call: the peer sees the waiter as the other end's process
 * (SO_PEERCRED; user and group are right), which inside has no number and shows as 0. Where no
 * socket outside but granted ones can be reached (doors.native), the caller's own call goes on.
 */
#include "cage/ask/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "cage/ask/inet.h"
#include "cage/ask/pass.h"
#include "core/scope.h"

struct connecting {
	int sock;
	struct pale_ask_addr addr;
	bool open; /* it may be sent descriptors then */
};

/* In a worker or here; we and it stand in a directory of our own descriptors. */
static int64_t
connect_to(const void *data)
{
	const struct connecting *c = data;

	if (connect(c->sock, &c->addr.generic, c->addr.size) < 0)
		return -errno;
	if (c->open)
		pale_pass_open(c->sock);
	return 0;
}

/* The worker may have been done when it was killed. */
static int
is_connected(int sock)
{
	return pale_pass_is_connected(sock) ? 0 : -EINTR;
}

/*
 * Connect without waiting for a server whose queue is full. Whether to wait is a flag of the open
 * file, so it is set for the moment: other threads of the program can see that.
 */
static int
connect_now(const struct connecting *c, int flags)
{
	int result;

	if ((flags & O_NONBLOCK) == 0 && fcntl(c->sock, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	result = (int)connect_to(c);
	if ((flags & O_NONBLOCK) == 0)
		fcntl(c->sock, F_SETFL, flags);
	return result;
}

static int
connect_unix(struct pale_supervisor *supervisor, const struct pale_notify *call, int *sock,
    const struct pale_ask_addr *addr, const struct pale_ask_target *target)
{
	struct connecting what = {
		.sock = *sock, .addr = *addr, .open = pale_pass_opens(supervisor, target)
	};
	struct pale_ask_job job;
	int flags = fcntl(*sock, F_GETFL);
	int result;

	if (flags < 0 || (flags & O_PATH) != 0)
		return -EBADF;
	pale_ask_name_target(&what.addr, target);
	result = pale_pass_before_connect(supervisor, *sock, target);
	if (result < 0)
		return result;
	result = connect_now(&what, flags);
	if (result == 0)
		pale_pass_connected(supervisor, call, *sock, target);
	/* EINTR: the flag was taken away again, so it began to wait. */
	if (result != -EINTR && (result != -EAGAIN || (flags & O_NONBLOCK) != 0))
		return result;
	/* A connection through this door is known by the socket, whenever it comes about. */
	pale_pass_may_connect(supervisor, *sock, target);
	job = (struct pale_ask_job){ .fd = pale_take_fd(sock),
		.keep = &target->fd,
		.keep_count = 1,
		.act = connect_to,
		.data = &what,
		.undo = is_connected,
		.full = -EAGAIN };
	return pale_ask_wait(supervisor, call, &job);
}

int
pale_ask_connect(struct pale_supervisor *supervisor, const struct pale_notify *call)
{
	PALE_CLOSE int sock = -1;
	PALE_CLOSE int pinned = -1;
	struct pale_ask_target target;
	struct pale_ask_addr addr;
	int domain;
	int name;
	int result = pale_ask_socket(supervisor, call, &sock, &domain, &addr);

	if (result < 0)
		return result;
	if (domain == AF_INET || domain == AF_INET6)
		return pale_ask_inet_connect(supervisor, call, pale_take_fd(&sock), &addr);
	/* A netlink socket reaches the kernel, which asks for capabilities. */
	if (domain == AF_NETLINK && supervisor->doors->net_open) {
		if (!pale_ask_holds(supervisor, call))
			return -EINTR;
		return connect(sock, &addr.generic, addr.size) < 0 ? -errno : 0;
	}
	if (domain != AF_UNIX)
		return -EACCES;
	name = pale_ask_unix_name(&addr);
	if (name < 0)
		return name;
	result = pale_ask_find(supervisor, call, &addr, (enum pale_ask_name)name, &target);
	if (result < 0)
		return result;
	pinned = target.fd;
	if (pale_pass_is_native(supervisor, &target)) {
		/* Whatever its arguments have become by now, they lead nowhere else. */
		(void)pale_notify_go_on(supervisor->listener, call->id);
		return PALE_ASK_WAITS;
	}
	return connect_unix(supervisor, call, &sock, &addr, &target);
}
