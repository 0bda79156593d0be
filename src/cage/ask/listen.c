/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * listen(2). A TCP socket that has no address gets one by it, so it is asked where single hosts and
 * ports are granted. A socket of AF_UNIX that listens will never be connected itself, so this is
 * the moment to let it be sent descriptors, where only the cage can reach it; where descriptors
 * pass by a door it listens by no name that nobody granted.
 */
#include "cage/ask/ask.h"

#include <errno.h>

#include "cage/ask/inet.h"
#include "cage/ask/pass.h"
#include "core/scope.h"
#include "kernel/caller.h"

static bool
is_listening(int sock)
{
	int listens = 0;
	socklen_t size = sizeof(listens);

	return getsockopt(sock, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens != 0;
}

static int
listen_inet(struct pale_supervisor *supervisor, int sock, int backlog)
{
	struct sockaddr_storage own;
	socklen_t size = sizeof(own);

	if (getsockname(sock, (struct sockaddr *)&own, &size) == 0)
		pale_ask_judged(supervisor, &own, size);
	/* What listens already, as a socket that was handed over does, keeps its address. */
	if (supervisor->doors->net_open || is_listening(sock))
		return listen(sock, backlog) < 0 ? -errno : 0;
	if (!pale_ask_inet_may_listen(supervisor->doors, sock))
		return -EACCES;
	if (listen(sock, backlog) < 0)
		return -errno;
	if (pale_ask_inet_may_listen(supervisor->doors, sock))
		return 0;
	pale_ask_inet_unlisten(sock);
	return -EACCES;
}

static bool
passes_by_a_door(const struct pale_doors *doors)
{
	for (size_t i = 0; i < doors->socket_count; i++) {
		if ((doors->sockets[i].use & (PALE_DOOR_SCM_IN | PALE_DOOR_SCM_OUT)) != 0)
			return true;
	}
	return false;
}

/*
 * A name cannot be changed. One without a path was the kernel's choice (SO_PASSCRED gives it to a
 * socket that fails to connect), and only somebody outside could connect to it.
 */
static int
check_name(struct pale_supervisor *supervisor, int sock)
{
	struct pale_ask_addr addr = { .size = sizeof(addr.room) };
	int name;

	if (is_listening(sock))
		return 0;
	if (getsockname(sock, &addr.generic, &addr.size) < 0)
		return -errno;
	/* A path of 108 bytes is told with a NUL behind it. */
	if (addr.size > sizeof(addr.un))
		addr.size = sizeof(addr.un);
	name = pale_ask_unix_name(&addr);
	if (name == PALE_ASK_PATH)
		return 0;
	return name == PALE_ASK_ABSTRACT &&
		pale_ask_abstract_door(supervisor, &addr, PALE_DOOR_BIND) != NULL
	    ? 0
	    : name == PALE_ASK_ABSTRACT ? -EACCES
					: -EINVAL;
}

int
pale_ask_listen(struct pale_supervisor *supervisor, const struct pale_notify *call)
{
	PALE_CLOSE int sock = -1;
	int backlog = (int)call->args[1];
	int domain;
	socklen_t size = sizeof(domain);
	int result = pale_caller_fd(
	    &supervisor->last, supervisor->proc, call->tid, (int)call->args[0], &sock);

	if (result < 0)
		return result;
	if (!pale_ask_holds(supervisor, call))
		return -EINTR;
	if (getsockopt(sock, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0)
		return -errno;
	if (domain == AF_INET || domain == AF_INET6)
		return listen_inet(supervisor, sock, backlog);
	if (domain == AF_UNIX && passes_by_a_door(supervisor->doors)) {
		result = check_name(supervisor, sock);
		if (result < 0)
			return result;
	}
	if (listen(sock, backlog) < 0)
		return -errno;
	if (domain == AF_UNIX)
		pale_pass_listens(supervisor, sock);
	return 0;
}
