/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * socket(2), AF_UNIX, where nobody could close a socket for descriptors just before it crosses, so
 * it is made closed: one of datagrams, which gets a name without a bind (SO_PASSCRED) that
 * everybody can send to; and every one where the kernel itself connects to what is granted
 * (doors.native). The filter's row asks only for the kinds that it would allow.
 */
#include "cage/ask/ask.h"

#include <errno.h>
#include <fcntl.h>

#include "core/scope.h"
#include "kernel/uapi.h"

int
pale_ask_new_socket(struct pale_supervisor *supervisor, const struct pale_notify *call)
{
	PALE_CLOSE int sock = -1;
	int type = (int)call->args[1];
	int none = 0;
	int result;

	if ((int)call->args[0] != AF_UNIX)
		return -EACCES;
	sock = socket(AF_UNIX, type | SOCK_CLOEXEC, (int)call->args[2]);
	if (sock < 0)
		return -errno;
	if (setsockopt(sock, SOL_SOCKET, SO_PASSRIGHTS, &none, sizeof(none)) < 0)
		return -EACCES;
	result = pale_notify_give(
	    supervisor->listener, call->id, sock, (type & SOCK_CLOEXEC) != 0 ? O_CLOEXEC : 0);
	/* Given and answered in one; or the caller is gone, and needs none. */
	return result == 0 || result == -ENOENT ? PALE_ASK_WAITS : result;
}
