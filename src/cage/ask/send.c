/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sendto(2) with an address, sendmsg(2), sendmmsg(2): the address and the control messages lie in
 * memory, so all of the message is copied, judged as connect would be, and sent from the copy. Data
 * that a stream does not take at once, and what would wait, is sent on by a process of its own,
 * which is asked and not killed when the caller gets a signal: nothing is sent twice or lost.
 *
 * Bounds: a stream sends at most DATA_MAX at a time and says so, as it may; a datagram beyond it is
 * too long (EMSGSIZE), which is more than the kernel's default buffers take. 16 KiB of control
 * messages (ENOBUFS). One call of sendmmsg ends when it has copied DATA_MAX in all.
 *
 * Attacks: everything flipped by another thread (each thing is read once); a socket that is another
 * one by now (the copy is judged and used); buffers that the kernel reads later (MSG_ZEROCOPY is
 * not passed on). What differs from a native call: a receiver that asks for credentials
 * (SO_PASSCRED) sees the waiter's.
 */
#include "cage/ask/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "cage/ask/control.h"
#include "cage/ask/inet.h"
#include "cage/ask/pass.h"
#include "core/scope.h"
#include "kernel/caller.h"
#include "kernel/uapi.h"

enum {
	DATA_MAX = 256 * 1024,
	PIECES_MAX = 1024, /* UIO_MAXIOV */
	MESSAGES_MAX = 1024,
	ZEROCOPY = 0x4000000, /* MSG_ZEROCOPY */
};

/* The message at hand: there is only one at a time, and a worker has a copy of its own. */
static struct {
	char data[DATA_MAX];
	struct iovec pieces[PIECES_MAX];
	struct pale_ask_control control;
	struct pale_ask_addr addr;
} room;

/* A message that was copied. */
struct sending {
	int sock;
	bool given; /* to a worker, which closes it */
	int domain;
	int type;
	unsigned flags; /* as the caller gave them */
	struct msghdr msg;
	struct iovec piece; /* of room.data */
	size_t sent;        /* of it */
	struct pale_ask_target target;
	uint64_t length_at; /* sendmmsg: where the caller is told the length; 0: another call */
};

static int
option(int sock, int name)
{
	int value = -1;
	socklen_t size = sizeof(value);

	return getsockopt(sock, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

/* --- Copying --- */

/* The three lists that a msghdr points to, at once. */
static int
copy_lists(pid_t tid, const struct msghdr *msg)
{
	struct iovec here[3];
	struct iovec there[3];
	unsigned long count = 0;
	size_t size = 0;
	const struct {
		void *to;
		void *from;
		size_t size;
	} parts[] = {
		{ room.pieces, msg->msg_iov, msg->msg_iovlen * sizeof(struct iovec) },
		{ room.addr.room, msg->msg_name, msg->msg_namelen },
		{ room.control.bytes, msg->msg_control, msg->msg_controllen },
	};

	for (size_t i = 0; i < PALE_COUNT(parts); i++) {
		if (parts[i].size == 0)
			continue;
		here[count] = (struct iovec){ parts[i].to, parts[i].size };
		there[count++] = (struct iovec){ parts[i].from, parts[i].size };
		size += parts[i].size;
	}
	if (count == 0)
		return 0;
	return process_vm_readv(tid, here, count, there, count, 0) == (ssize_t)size ? 0 : -EFAULT;
}

/* The data, in one piece. */
static int
copy_data(pid_t tid, struct sending *s, size_t count)
{
	struct iovec here = { room.data, 0 };
	size_t size = 0;

	for (size_t i = 0; i < count; i++) {
		if ((ssize_t)room.pieces[i].iov_len < 0)
			return -EINVAL;
		if (room.pieces[i].iov_len > DATA_MAX - size) {
			s->type = option(s->sock, SO_TYPE);
			if (s->type != SOCK_STREAM)
				return s->type < 0 ? -ENOTSOCK : -EMSGSIZE;
			room.pieces[i].iov_len = DATA_MAX - size;
			count = i + 1;
		}
		size += room.pieces[i].iov_len;
	}
	here.iov_len = size;
	s->piece = here;
	if (size == 0)
		return 0;
	return process_vm_readv(tid, &here, 1, room.pieces, count, 0) == (ssize_t)size ? 0
										       : -EFAULT;
}

/* As the kernel copies it, and with its errors. */
static int
copy_message(const struct pale_notify *call, uint64_t at, struct sending *s)
{
	struct msghdr msg;
	int result = pale_caller_read(call->tid, at, &msg, sizeof(msg));

	if (result < 0)
		return result;
	if (msg.msg_name == NULL)
		msg.msg_namelen = 0;
	if ((int)msg.msg_namelen < 0)
		return -EINVAL;
	if (msg.msg_namelen > sizeof(room.addr.room))
		msg.msg_namelen = sizeof(room.addr.room);
	if (msg.msg_iovlen > PIECES_MAX)
		return -EMSGSIZE;
	if (msg.msg_controllen > sizeof(room.control.bytes))
		return -ENOBUFS;
	result = copy_lists(call->tid, &msg);
	if (result < 0)
		return result;
	room.addr.size = msg.msg_namelen;
	room.control.size = msg.msg_controllen;
	return copy_data(call->tid, s, msg.msg_iovlen);
}

/* --- Judging --- */

/* Where an address leads, for the kinds of sockets that look at it. */
static int
judge_address(struct pale_supervisor *supervisor, const struct pale_notify *call, struct sending *s)
{
	int name;
	int result;

	if (room.addr.size > 0)
		pale_ask_judged(supervisor, room.addr.room, room.addr.size);
	if (s->domain == AF_INET || s->domain == AF_INET6) {
		if (supervisor->doors->net_open ||
		    pale_ask_inet_may_send(
			supervisor->doors, s->sock, room.addr.size > 0 ? &room.addr : NULL))
			return 0;
		return -EACCES;
	}
	if (room.addr.size == 0)
		return 0;
	if (s->domain == AF_NETLINK)
		return supervisor->doors->net_open ? 0 : -EACCES;
	if (s->domain != AF_UNIX)
		return -EACCES;
	/* Others have a peer, and answer that there is an address, or do not look. */
	if (s->type != SOCK_DGRAM)
		return 0;
	memset(room.addr.path, 0, sizeof(room.addr.path));
	name = pale_ask_unix_name(&room.addr);
	if (name < 0)
		return name;
	result = pale_ask_find(supervisor, call, &room.addr, (enum pale_ask_name)name, &s->target);
	if (result < 0)
		return result;
	result = pale_pass_before_send(supervisor, s->sock);
	pale_ask_name_target(&room.addr, &s->target);
	return result;
}

static int
judge(struct pale_supervisor *supervisor, const struct pale_notify *call, struct sending *s)
{
	bool plain = room.addr.size == 0 && room.control.size == 0;
	int result = 0;

	/* What a connected socket sends says nothing that is to be judged. */
	if (!plain || supervisor->doors->host_count > 0 || (s->flags & ZEROCOPY) != 0) {
		s->domain = option(s->sock, SO_DOMAIN);
		if (s->type < 0)
			s->type = option(s->sock, SO_TYPE);
		if (s->domain < 0)
			return -ENOTSOCK;
		/* The program waits for the kernel to say that it is done with the buffers. */
		if ((s->flags & ZEROCOPY) != 0 && s->domain != AF_UNIX &&
		    option(s->sock, SO_ZEROCOPY) == 1)
			return -ENOBUFS;
		result = judge_address(supervisor, call, s);
	}
	if (result == 0 && room.control.size > 0)
		result = pale_ask_control(supervisor, call, s->domain, &room.control);
	if (!pale_ask_holds(supervisor, call))
		return -EINTR;
	if (result == 0 && room.control.fd_count > 0)
		result = pale_pass_judge(supervisor, call, s->sock, s->type,
		    s->target.fd >= 0 || s->target.door != NULL ? &s->target : NULL,
		    room.control.fds, room.control.fd_count);
	return result;
}

/* --- Sending --- */

static int64_t
send_on(const void *data)
{
	struct sending s = *(const struct sending *)data;
	ssize_t sent;

	pale_ask_control_is_mine(&room.control);
	s.msg.msg_iov = &s.piece;
	s.piece.iov_base = room.data + s.sent;
	s.piece.iov_len -= s.sent;
	sent = sendmsg(s.sock, &s.msg, (int)(s.flags | MSG_NOSIGNAL) & ~ZEROCOPY);
	if (sent < 0)
		return s.sent > 0 ? (int64_t)s.sent : -errno;
	return (int64_t)s.sent + sent;
}

/* A stream whose other end is gone: the kernel would have sent a signal. */
static int
tell_broken(struct pale_supervisor *supervisor, const struct pale_notify *call, int result)
{
	PALE_CLOSE int pidfd = -1;

	if (result != -EPIPE || pale_caller_pidfd(supervisor->proc, call->tid, &pidfd) < 0 ||
	    !pale_ask_holds(supervisor, call))
		return result;
	/* Before Linux 6.9 it is of the process, and takes no flag. */
	if (syscall(SYS_pidfd_send_signal, pidfd, SIGPIPE, NULL, PIDFD_SIGNAL_THREAD) < 0 &&
	    errno == EINVAL)
		syscall(SYS_pidfd_send_signal, pidfd, SIGPIPE, NULL, 0);
	return result;
}

/* Where sendmmsg says how much of a message was sent. */
static int
write_length(
    struct pale_supervisor *supervisor, const struct pale_notify *call, uint64_t at, int sent)
{
	PALE_CLOSE int memory = -1;
	uint32_t length = (uint32_t)sent;

	if (pale_caller_memory(supervisor->proc, call->tid, &memory) < 0)
		return -EFAULT;
	/* What was opened is the caller's if it still stands now, and stays so. */
	if (!pale_ask_holds(supervisor, call))
		return -EINTR;
	return pwrite(memory, &length, sizeof(length), (off_t)at) == (ssize_t)sizeof(length)
	    ? 0
	    : -EFAULT;
}

/* It had to wait: the caller of sendmsg or sendto, or of sendmmsg, is to be told. */
static int
sent_quietly(
    struct pale_supervisor *supervisor, const struct pale_notify *call, uint64_t at, int result)
{
	if (result < 0 || at == 0)
		return result;
	result = write_length(supervisor, call, at, result);
	return result < 0 ? result : 1;
}

static int
sent_noisily(
    struct pale_supervisor *supervisor, const struct pale_notify *call, uint64_t at, int result)
{
	return tell_broken(supervisor, call, sent_quietly(supervisor, call, at, result));
}

static bool
is_noisy(const struct sending *s)
{
	return (s->flags & MSG_NOSIGNAL) == 0 && option(s->sock, SO_TYPE) == SOCK_STREAM;
}

/* Send what there is room for; if that is not all and the socket waits, the rest is sent on. */
static int
send_now(struct pale_supervisor *supervisor, const struct pale_notify *call, struct sending *s,
    bool may_wait)
{
	struct pale_ask_job job;
	int flags;
	ssize_t sent;
	size_t count;

	s->msg = (struct msghdr){ .msg_iov = &s->piece,
		.msg_iovlen = 1,
		.msg_name = room.addr.size > 0 ? room.addr.room : NULL,
		.msg_namelen = room.addr.size,
		.msg_control = room.control.size > 0 ? room.control.bytes : NULL,
		.msg_controllen = room.control.size };
	sent = sendmsg(s->sock, &s->msg, (int)(s->flags | MSG_NOSIGNAL | MSG_DONTWAIT) & ~ZEROCOPY);
	if (sent < 0 && errno == EPIPE && is_noisy(s))
		return tell_broken(supervisor, call, -EPIPE);
	if (sent < 0 && errno != EAGAIN)
		return -errno;
	if (sent >= 0 && (size_t)sent >= s->piece.iov_len)
		return (int)sent;
	flags = fcntl(s->sock, F_GETFL);
	if (!may_wait || (s->flags & MSG_DONTWAIT) != 0 || flags < 0 || (flags & O_NONBLOCK) != 0)
		return sent < 0 ? -EAGAIN : (int)sent;
	if (sent >= 0) {
		s->sent = (size_t)sent;
		s->msg.msg_control = NULL;
		s->msg.msg_controllen = 0;
	}
	count = room.control.fd_count;
	room.control.fds[count] = s->target.fd;
	job = (struct pale_ask_job){ .fd = s->sock,
		.keep = room.control.fds,
		.keep_count = count + 1,
		.act = send_on,
		.data = s,
		.so_far = sent < 0 ? PALE_ASK_UNDONE : sent,
		.done = is_noisy(s) ? sent_noisily : sent_quietly,
		.done_at = s->length_at,
		.full = sent < 0 ? -EAGAIN : (int)sent };
	s->given = true;
	return pale_ask_wait(supervisor, call, &job);
}

/* Judge what was copied, and send it. */
static int
send_copied(struct pale_supervisor *supervisor, const struct pale_notify *call, struct sending *s,
    bool may_wait)
{
	int result = judge(supervisor, call, s);

	if (result == 0)
		result = send_now(supervisor, call, s, may_wait);
	pale_ask_control_done(&room.control);
	if (s->target.fd >= 0)
		close(s->target.fd);
	s->target = (struct pale_ask_target){ .fd = -1 };
	return result;
}

static struct sending
start(int sock, uint64_t flags)
{
	room.addr.size = 0;
	room.control.size = 0;
	room.control.cred_at = 0;
	room.control.fd_count = 0;
	return (struct sending){ .sock = sock,
		.domain = -1,
		.type = -1,
		.flags = (unsigned)flags,
		.target = { .fd = -1 } };
}

int
pale_ask_sendto(struct pale_supervisor *supervisor, const struct pale_notify *call)
{
	struct sending s = start(-1, call->args[3]);
	PALE_CLOSE int sock = -1;
	int result = pale_caller_fd(
	    &supervisor->last, supervisor->proc, call->tid, (int)call->args[0], &sock);

	if (result < 0)
		return result;
	s.sock = sock;
	room.pieces[0] = (struct iovec){ (void *)(uintptr_t)call->args[1],
		call->args[2] > INT_MAX ? INT_MAX : (size_t)call->args[2] };
	if (call->args[4] != 0)
		result = pale_ask_address(
		    supervisor, call, call->args[4], (int)call->args[5], &room.addr);
	if (result == 0)
		result = copy_data(call->tid, &s, 1);
	if (result == 0) {
		result = send_copied(supervisor, call, &s, true);
		if (s.given)
			sock = -1;
	}
	return result;
}

int
pale_ask_sendmsg(struct pale_supervisor *supervisor, const struct pale_notify *call)
{
	struct sending s = start(-1, call->args[2]);
	PALE_CLOSE int sock = -1;
	int result = pale_caller_fd(
	    &supervisor->last, supervisor->proc, call->tid, (int)call->args[0], &sock);

	if (result < 0)
		return result;
	s.sock = sock;
	result = copy_message(call, call->args[1], &s);
	if (result == 0) {
		result = send_copied(supervisor, call, &s, true);
		if (s.given)
			sock = -1;
	}
	return result;
}

/* Only the first message may wait; what then is left, the program sends with its next call. */
int
pale_ask_sendmmsg(struct pale_supervisor *supervisor, const struct pale_notify *call)
{
	PALE_CLOSE int sock = -1;
	uint64_t count = (uint32_t)call->args[2];
	uint64_t sent = 0;
	size_t copied = 0;
	int result = pale_caller_fd(
	    &supervisor->last, supervisor->proc, call->tid, (int)call->args[0], &sock);

	if (result < 0)
		return result;
	if (count > MESSAGES_MAX)
		count = MESSAGES_MAX;
	if (count == 0)
		return option(sock, SO_TYPE) < 0 ? -ENOTSOCK : 0;
	while (sent < count && copied < DATA_MAX) {
		uint64_t at = call->args[1] + sent * sizeof(struct mmsghdr);
		struct sending s = start(sock, call->args[3]);

		s.length_at = at + offsetof(struct mmsghdr, msg_len);
		result = copy_message(call, at, &s);
		if (result == 0)
			result = send_copied(supervisor, call, &s, sent == 0);
		if (s.given)
			sock = -1;
		if (result == PALE_ASK_WAITS)
			return result;
		if (result < 0)
			break;
		copied += (size_t)result;
		result = write_length(supervisor, call, s.length_at, result);
		if (result < 0)
			break;
		sent++;
	}
	return sent > 0 ? (int)sent : result;
}
