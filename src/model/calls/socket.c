/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UNIX stream sockets. A connection is two ends, each with what its owner has not read yet; a
 * listener has the server's ends of those that wait to be accepted. Who a peer is (SO_PEERCRED) was
 * settled when it called listen, connect or socketpair, and stays so whoever has its descriptor.
 *
 * Source: net/unix/af_unix.c of Linux 6.18.
 */
#include "model/calls/ipc.h"

static struct pale_socket *
end_of(struct pale_state *state, struct pale_fd fd)
{
	return &state->sockets[fd.of - 1];
}

/* The socket in a slot. -ENOTSOCK: it is something else. */
static int
get_socket(const struct pale_op *op, unsigned which, pale_rights need, struct pale_fd *ret_fd)
{
	int r = pale_fd_get(op, op->fd[which], need, ret_fd);

	if (r < 0)
		return r;
	return ret_fd->kind == PALE_FD_SOCKET ? 0 : -ENOTSOCK;
}

/* An end that nobody has, + 1; 0 if all are taken. */
static unsigned
make_end(struct pale_op *op, unsigned kind)
{
	for (unsigned i = 0; i < PALE_MODEL_SOCKETS; i++) {
		struct pale_socket *end = &op->state->sockets[i];

		if (end->state != PALE_SOCKET_FREE)
			continue;
		end->state = (uint8_t)kind;
		end->user = op->process->euid;
		end->process = (uint8_t)(op->p + 1);
		return i + 1;
	}
	return 0;
}

static struct pale_fd
descriptor(const struct pale_op *op, unsigned end)
{
	unsigned flags = op->site->flags & (PALE_F_NONBLOCK | PALE_F_CLOEXEC);

	return (struct pale_fd){
		.kind = PALE_FD_SOCKET,
		.of = (uint8_t)end,
		.flags = (uint16_t)(flags | PALE_F_READ | PALE_F_WRITE),
	};
}

int
pale_op_socket(struct pale_op *op)
{
	unsigned end = make_end(op, PALE_SOCKET_NEW);
	int r;

	if (end == 0)
		return -ENFILE;
	r = pale_op_give_fd(op, 0, descriptor(op, end));
	if (r < 0)
		op->state->sockets[end - 1] = (struct pale_socket){ 0 };
	return r;
}

int
pale_op_socketpair(struct pale_op *op)
{
	unsigned a = make_end(op, PALE_SOCKET_CONNECTED);
	unsigned b = a == 0 ? 0 : make_end(op, PALE_SOCKET_CONNECTED);
	int r = -ENFILE;

	if (b != 0) {
		op->state->sockets[a - 1].peer = (uint8_t)b;
		op->state->sockets[b - 1].peer = (uint8_t)a;
		r = pale_fd_give_two(op, descriptor(op, a), descriptor(op, b));
	}
	if (r < 0 && a != 0)
		op->state->sockets[a - 1] = (struct pale_socket){ 0 };
	if (r < 0 && b != 0)
		op->state->sockets[b - 1] = (struct pale_socket){ 0 };
	return r;
}

/* All copies of a descriptor know the inode that the socket is bound to. */
static void
tell_descriptors(struct pale_op *op, unsigned end, unsigned inode)
{
	for (unsigned p = 0; p < op->model->process_count; p++) {
		for (unsigned i = 0; i < PALE_MODEL_FDS; i++) {
			struct pale_fd *fd = &op->state->processes[p].fds[i];

			if (fd->kind == PALE_FD_SOCKET && fd->of == end)
				fd->inode = (uint8_t)inode;
		}
	}
	for (unsigned s = 0; s < PALE_MODEL_SOCKETS; s++) {
		for (unsigned i = 0; i < op->state->sockets[s].count; i++) {
			struct pale_fd *fd = &op->state->sockets[s].passed[i];

			if (fd->kind == PALE_FD_SOCKET && fd->of == end)
				fd->inode = (uint8_t)inode;
		}
	}
}

int
pale_op_bind(struct pale_op *op)
{
	struct pale_fd fd;
	unsigned inode;
	int r = get_socket(op, 0, RS(BIND), &fd);

	if (r < 0)
		return r;
	r = pale_op_make(op, 0, PALE_INODE_SOCKET, 0777u ^ end_of(op->state, fd)->chmod, &inode);
	if (r != 0)
		return r == -EEXIST ? -EADDRINUSE : r;
	/* The kernel makes the name first, finds that there is one already, and removes it again.
	 */
	if (end_of(op->state, fd)->inode != 0) {
		pale_tree_unlink(
		    op->model, op->state, op->node[0], op->model->rests[op->last[0]].part.name);
		op->state->inodes[inode] = (struct pale_inode){ 0 };
		op->event->names_changed = false;
		op->event->got_inode = 0;
		return -EINVAL;
	}
	op->state->inodes[inode].content = fd.of;
	end_of(op->state, fd)->inode = (uint8_t)inode;
	tell_descriptors(op, fd.of, inode);
	return 0;
}

int
pale_op_listen(struct pale_op *op)
{
	struct pale_socket *end;
	struct pale_fd fd;
	int r = get_socket(op, 0, RS(LISTEN), &fd);

	if (r < 0)
		return r;
	end = end_of(op->state, fd);
	if (end->inode == 0 || (end->state != PALE_SOCKET_NEW && end->state != PALE_SOCKET_LISTENS))
		return -EINVAL;
	end->state = PALE_SOCKET_LISTENS;
	end->user = op->process->euid;
	end->process = (uint8_t)(op->p + 1);
	return 0;
}

static unsigned
waiting(const struct pale_socket *listener)
{
	unsigned count = 0;

	while (count < PALE_MODEL_BACKLOG && listener->waiting[count] != 0)
		count++;
	return count;
}

int
pale_op_connect(struct pale_op *op)
{
	const struct pale_inode *inode = &op->state->inodes[op->node[0]];
	struct pale_socket *client, *listener;
	struct pale_fd fd;
	unsigned server;
	int r = get_socket(op, 0, RS(CONNECT), &fd);

	if (r < 0)
		return r;
	if (pale_tree_access(op->model, op->state, op->p, op->node[0], PALE_DAC_W) < 0)
		return -EACCES;
	if (inode->type != PALE_INODE_SOCKET || inode->content == 0)
		return -ECONNREFUSED;
	listener = &op->state->sockets[inode->content - 1];
	if (listener->state != PALE_SOCKET_LISTENS)
		return -ECONNREFUSED;
	if (waiting(listener) == PALE_MODEL_BACKLOG)
		return fd.flags & PALE_F_NONBLOCK ? -EAGAIN : PALE_OP_BLOCKED;
	client = end_of(op->state, fd);
	if (client->state != PALE_SOCKET_NEW)
		return client->state == PALE_SOCKET_LISTENS ? -EINVAL : -EISCONN;

	server = make_end(op, PALE_SOCKET_CONNECTED);
	if (server == 0)
		return -ENFILE;
	op->state->sockets[server - 1].user = listener->user;
	op->state->sockets[server - 1].process = listener->process;
	op->state->sockets[server - 1].peer = fd.of;
	/* It has the listener's name, and cannot be bound again; who connects finds the listener.
	 */
	op->state->sockets[server - 1].inode = listener->inode;
	listener->waiting[waiting(listener)] = (uint8_t)server;
	client->state = PALE_SOCKET_CONNECTED;
	client->peer = (uint8_t)server;
	client->user = op->process->euid;
	client->process = (uint8_t)(op->p + 1);
	return 0;
}

int
pale_op_accept(struct pale_op *op)
{
	struct pale_socket *listener;
	struct pale_fd fd, accepted;
	unsigned end;
	int r = get_socket(op, 0, RS(ACCEPT), &fd);

	if (r < 0)
		return r;
	listener = end_of(op->state, fd);
	if (listener->state != PALE_SOCKET_LISTENS)
		return -EINVAL;
	if (listener->waiting[0] == 0)
		return fd.flags & PALE_F_NONBLOCK ? -EAGAIN : PALE_OP_BLOCKED;
	end = listener->waiting[0];
	accepted = descriptor(op, end);
	r = pale_op_give_fd(op, 0, accepted);
	if (r < 0)
		return r;
	/* For assertions: it is the process that accepts who is connected. Whom SO_PEERCRED names
	 * to the peer stays who listened. Where the descriptor replaced was the listener's last,
	 * this end is all that is left of it. */
	op->state->sockets[end - 1].process = (uint8_t)(op->p + 1);
	if (listener->state == PALE_SOCKET_LISTENS) {
		for (unsigned i = 0; i < PALE_MODEL_BACKLOG; i++)
			listener->waiting[i] =
			    i + 1 < PALE_MODEL_BACKLOG ? listener->waiting[i + 1] : 0;
	}
	return 0;
}

/* Is the peer, whoever that was when the connection was made, this user? */
int
pale_op_peer(struct pale_op *op)
{
	const struct pale_socket *end;
	unsigned user;
	struct pale_fd fd;
	int r = get_socket(op, 0, RS(GETSOCKOPT), &fd);

	if (r < 0)
		return r;
	end = end_of(op->state, fd);
	switch ((enum pale_socket_state)end->state) {
	case PALE_SOCKET_CONNECTED:
		user = op->state->sockets[end->peer - 1].user;
		break;
	case PALE_SOCKET_BROKEN:
	case PALE_SOCKET_RESET:
	case PALE_SOCKET_LISTENS:
		user = end->user;
		break;
	case PALE_SOCKET_FREE:
	case PALE_SOCKET_NEW:
	default:
		return -EPERM; /* the kernel says "user -1" */
	}
	return user == op->site->user ? 0 : -EPERM;
}

int
pale_socket_write(struct pale_op *op, struct pale_fd fd, unsigned value, struct pale_fd passed)
{
	struct pale_socket *end = end_of(op->state, fd), *peer;

	if (end->state == PALE_SOCKET_BROKEN || end->state == PALE_SOCKET_RESET)
		return pale_process_sigpipe(op);
	if (end->state != PALE_SOCKET_CONNECTED)
		return -ENOTCONN;
	if (value == 0 && passed.kind == PALE_FD_NONE)
		return 0;
	peer = &op->state->sockets[end->peer - 1];
	if (peer->count == PALE_MODEL_PIPE_DEPTH)
		return fd.flags & PALE_F_NONBLOCK ? -EAGAIN : PALE_OP_BLOCKED;
	peer->values[peer->count] = (uint8_t)value;
	peer->passed[peer->count] = passed;
	peer->count++;
	return 0;
}

/* A message; or the end, which is none. */
struct message {
	bool is_end;
	unsigned value;
	struct pale_fd passed;
};

/* Take the first message. 0, PALE_OP_BLOCKED or -errno, as read. */
static int
take_message(struct pale_op *op, struct pale_fd fd, struct message *ret)
{
	struct pale_socket *end = end_of(op->state, fd);

	if (end->count == 0) {
		switch ((enum pale_socket_state)end->state) {
		case PALE_SOCKET_RESET:
			end->state = PALE_SOCKET_BROKEN;
			return -ECONNRESET;
		case PALE_SOCKET_BROKEN:
			*ret = (struct message){ .is_end = true };
			return 0;
		case PALE_SOCKET_CONNECTED:
			return fd.flags & PALE_F_NONBLOCK ? -EAGAIN : PALE_OP_BLOCKED;
		case PALE_SOCKET_FREE:
		case PALE_SOCKET_NEW:
		case PALE_SOCKET_LISTENS:
		default:
			return -EINVAL;
		}
	}
	*ret = (struct message){ .value = end->values[0], .passed = end->passed[0] };
	end->count--;
	for (unsigned i = 0; i < PALE_MODEL_PIPE_DEPTH; i++) {
		bool left = i + 1 < PALE_MODEL_PIPE_DEPTH;

		end->values[i] = left ? end->values[i + 1] : 0;
		end->passed[i] = left ? end->passed[i + 1] : (struct pale_fd){ 0 };
	}
	return 0;
}

int
pale_socket_read(struct pale_op *op, struct pale_fd fd)
{
	struct message message;
	int r = take_message(op, fd, &message);

	if (r != 0)
		return r;
	pale_process_learn(op, message.value);
	/* Who reads without asking for a passed descriptor closes it. */
	if (message.passed.kind != PALE_FD_NONE)
		pale_fd_drop(op->model, op->state, &message.passed);
	return 0;
}

int
pale_op_sendfd(struct pale_op *op)
{
	struct pale_fd fd, passed;
	int r = get_socket(op, 0, RS(WRITE), &fd);

	if (r < 0)
		return r;
	r = pale_op_rights(op, op->fd[1], 0);
	if (r < 0 || op->fd[1] == PALE_FD_CWD)
		return -EBADF;
	passed = op->process->fds[op->fd[1]];
	passed.flags = (uint16_t)(passed.flags & ~PALE_F_CLOEXEC);
	return pale_socket_write(op, fd, 0, passed);
}

int
pale_op_recvfd(struct pale_op *op)
{
	struct message message;
	struct pale_fd fd;
	int r = get_socket(op, 0, RS(READ), &fd);

	if (r < 0)
		return r;
	r = take_message(op, fd, &message);
	if (r != 0)
		return r;
	/* The program finds no descriptor in what it has got, or the end of it. */
	if (message.passed.kind == PALE_FD_NONE) {
		pale_process_learn(op, message.value);
		return -ENOMSG;
	}
	r = pale_op_give_fd(op, 0, message.passed);
	/* The kernel leaves out what has no room (MSG_CTRUNC); the message is gone. */
	if (r < 0)
		pale_fd_drop(op->model, op->state, &message.passed);
	return r;
}
