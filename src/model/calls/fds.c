/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors: the table of a process, and what ends when the last of them is closed. Nothing is
 * counted: who holds a pipe or a connection is found by looking, so that no count can be wrong.
 */
#include "model/calls/ipc.h"

enum {
	NONE = -1,
};

/* Sockets and pipes that are held: a bit each. */
struct held {
	uint32_t sockets, pipes;
};

static void
hold(struct held *held, const struct pale_fd *fd)
{
	if (fd->kind == PALE_FD_SOCKET)
		held->sockets |= 1u << (fd->of - 1);
	if (fd->kind == PALE_FD_PIPE)
		held->pipes |= 1u << (fd->of - 1);
}

/* What can be received from a socket that is held is held, too: passed descriptors, and the ends
 * of connections that wait to be accepted. */
static void
hold_queued(struct held *held, const struct pale_socket *socket)
{
	for (unsigned i = 0; i < PALE_MODEL_BACKLOG; i++) {
		if (socket->waiting[i] != 0)
			held->sockets |= 1u << (socket->waiting[i] - 1);
	}
	for (unsigned i = 0; i < socket->count; i++)
		hold(held, &socket->passed[i]);
}

static struct held
held_by_anybody(const struct pale_model *model, const struct pale_state *state)
{
	struct held held = { 0 }, before;

	for (unsigned p = 0; p < model->process_count; p++) {
		unsigned pipe = pale_fifo_awaited(model, state, p);

		if (pipe != 0)
			held.pipes |= 1u << (pipe - 1);
		for (unsigned i = 0; i < PALE_MODEL_FDS; i++)
			hold(&held, &state->processes[p].fds[i]);
	}
	do {
		before = held;
		for (unsigned i = 0; i < PALE_MODEL_SOCKETS; i++) {
			if (held.sockets & 1u << i)
				hold_queued(&held, &state->sockets[i]);
		}
	} while (held.sockets != before.sockets);
	return held;
}

static void
end_socket(struct pale_state *state, unsigned end)
{
	struct pale_socket *socket = &state->sockets[end];
	bool unread = socket->count > 0;

	if (socket->inode != 0 && state->inodes[socket->inode].content == end + 1)
		state->inodes[socket->inode].content = 0;
	for (unsigned i = 0; i < PALE_MODEL_SOCKETS && !unread; i++) {
		for (unsigned j = 0; j < PALE_MODEL_BACKLOG; j++)
			unread |= state->sockets[i].waiting[j] == end + 1;
	}
	if (socket->state == PALE_SOCKET_CONNECTED) {
		struct pale_socket *peer = &state->sockets[socket->peer - 1];

		peer->state = unread ? PALE_SOCKET_RESET : PALE_SOCKET_BROKEN;
		peer->peer = 0;
		/* SO_PEERCRED still says who that was. */
		peer->user = socket->user;
		peer->process = socket->process;
	}
	*socket = (struct pale_socket){ 0 };
}

void
pale_fd_sweep(const struct pale_model *model, struct pale_state *state)
{
	struct held held = held_by_anybody(model, state);

	/* A listener keeps its queue until those in it have ended: their peers are reset. */
	for (unsigned listeners = 0; listeners < 2; listeners++) {
		for (unsigned i = 0; i < PALE_MODEL_SOCKETS; i++) {
			unsigned kind = state->sockets[i].state;

			if (kind != PALE_SOCKET_FREE && !(held.sockets & 1u << i) &&
			    (kind == PALE_SOCKET_LISTENS) == (listeners == 1))
				end_socket(state, i);
		}
	}
	for (unsigned i = 0; i < PALE_MODEL_PIPES; i++) {
		struct pale_pipe *pipe = &state->pipes[i];

		if (!pipe->used || held.pipes & 1u << i)
			continue;
		if (pipe->inode != 0)
			state->inodes[pipe->inode].content = 0;
		*pipe = (struct pale_pipe){ 0 };
	}
}

void
pale_fd_drop(const struct pale_model *model, struct pale_state *state, struct pale_fd *fd)
{
	bool holds_more = fd->kind == PALE_FD_PIPE || fd->kind == PALE_FD_SOCKET;

	*fd = (struct pale_fd){ 0 };
	if (holds_more)
		pale_fd_sweep(model, state);
}

/* The slot for a new descriptor, other than `taken`. One with a name waits for what the scenario
 * puts there, as long as there is another. */
static int
free_slot(const struct pale_op *op, unsigned which, int taken)
{
	const struct pale_model_compartment *compartment =
	    &op->model->compartments[op->model->compartment_of[op->p]];
	int named = NONE;

	if (op->site->to_fd[which] < PALE_MODEL_FDS)
		return op->site->to_fd[which];
	for (int i = 0; i < PALE_MODEL_FDS; i++) {
		if (i == taken || op->process->fds[i].kind != PALE_FD_NONE)
			continue;
		if (compartment->fd_names[i] == NULL)
			return i;
		if (named == NONE)
			named = i;
	}
	return named;
}

int
pale_op_give_fd(struct pale_op *op, unsigned which, struct pale_fd fd)
{
	int slot = free_slot(op, which, NONE);
	struct pale_fd old;

	if (slot < 0)
		return -EMFILE;
	old = op->process->fds[slot];
	op->process->fds[slot] = fd;
	op->event->got_fd[which] = slot;
	pale_fd_drop(op->model, op->state, &old);
	return 0;
}

int
pale_fd_give_two(struct pale_op *op, struct pale_fd first, struct pale_fd second)
{
	int slots[2] = { free_slot(op, 0, NONE), NONE };
	struct pale_fd old[2];

	slots[1] = free_slot(op, 1, slots[0]);
	if (slots[0] < 0 || slots[1] < 0)
		return -EMFILE;
	for (unsigned i = 0; i < 2; i++) {
		old[i] = op->process->fds[slots[i]];
		op->process->fds[slots[i]] = i == 0 ? first : second;
		op->event->got_fd[i] = slots[i];
	}
	pale_fd_drop(op->model, op->state, &old[0]);
	pale_fd_drop(op->model, op->state, &old[1]);
	return 0;
}

/* Index 0 is all rights. */
static pale_rights
rights_of(const struct pale_op *op, unsigned index)
{
	return index == 0 ? ~(pale_rights)0 : op->model->rights[index];
}

int
pale_op_rights(const struct pale_op *op, unsigned slot, pale_rights need)
{
	const struct pale_fd *fd;

	if (slot == PALE_FD_CWD)
		return 0;
	if (slot >= PALE_MODEL_FDS || op->process->fds[slot].kind == PALE_FD_NONE)
		return -EBADF;
	fd = &op->process->fds[slot];
	return (need & ~rights_of(op, fd->rights)) != 0 ? -PALE_ENOTCAPABLE : 0;
}

int
pale_fd_get(const struct pale_op *op, unsigned slot, pale_rights need, struct pale_fd *ret_fd)
{
	int r;

	if (slot == PALE_FD_CWD)
		return -EBADF;
	r = pale_op_rights(op, slot, need);
	if (r < 0)
		return r;
	if (op->process->fds[slot].flags & PALE_F_PATH)
		return -EBADF;
	*ret_fd = op->process->fds[slot];
	return 0;
}

int
pale_op_close(struct pale_op *op)
{
	if (op->fd[0] >= PALE_MODEL_FDS || op->process->fds[op->fd[0]].kind == PALE_FD_NONE)
		return -EBADF;
	pale_fd_drop(op->model, op->state, &op->process->fds[op->fd[0]]);
	return 0;
}

int
pale_op_dup(struct pale_op *op)
{
	struct pale_fd fd;
	int r = pale_op_rights(op, op->fd[0], 0);

	if (r < 0 || op->fd[0] == PALE_FD_CWD)
		return -EBADF;
	fd = op->process->fds[op->fd[0]];
	fd.flags = (uint16_t)(fd.flags & ~PALE_F_CLOEXEC);
	return pale_op_give_fd(op, 0, fd);
}

int
pale_op_limit(struct pale_op *op)
{
	struct pale_fd *fd;
	int r = pale_op_rights(op, op->fd[0], 0);

	if (r < 0 || op->fd[0] == PALE_FD_CWD)
		return -EBADF;
	fd = &op->process->fds[op->fd[0]];
	if ((rights_of(op, op->site->rights) & ~rights_of(op, fd->rights)) != 0)
		return -PALE_ENOTCAPABLE;
	fd->rights = op->site->rights;
	return 0;
}
