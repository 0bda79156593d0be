/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pipes and FIFOs; read and write of anything. What waits in UNIX waits here: an empty pipe that
 * has writers, a full one, and the opening of a FIFO until its other side comes.
 */
#include "model/calls/ipc.h"

/* Where the result of the walk stands while a process waits. */
unsigned
pale_fifo_awaited(const struct pale_model *model, const struct pale_state *state, unsigned p)
{
	const struct pale_process *process = &state->processes[p];
	enum pale_model_op op;

	if (process->phase != PALE_PHASE_WAIT && process->phase != PALE_PHASE_WOKEN)
		return 0;
	op = model->sites[process->site].op;
	if (op != PALE_CALL_open && op != PALE_CALL_openat)
		return 0;
	return state->inodes[process->slots[PALE_WALKER_AT]].content;
}

unsigned
pale_pipe_users(
    const struct pale_model *model, const struct pale_state *state, unsigned pipe, unsigned flag)
{
	unsigned users = 0;

	for (unsigned p = 0; p < model->process_count; p++) {
		const struct pale_process *process = &state->processes[p];

		for (unsigned i = 0; i < PALE_MODEL_FDS; i++) {
			const struct pale_fd *fd = &process->fds[i];

			users += fd->kind == PALE_FD_PIPE && fd->of == pipe + 1 &&
			    (fd->flags & flag) != 0;
		}
		users += pale_fifo_awaited(model, state, p) == pipe + 1 &&
		    (model->sites[process->site].flags & flag) != 0;
	}
	for (unsigned i = 0; i < PALE_MODEL_SOCKETS; i++) {
		for (unsigned j = 0; j < state->sockets[i].count; j++) {
			const struct pale_fd *fd = &state->sockets[i].passed[j];

			users += fd->kind == PALE_FD_PIPE && fd->of == pipe + 1 &&
			    (fd->flags & flag) != 0;
		}
	}
	return users;
}

/* A pipe that nobody has, + 1; 0 if all are taken. */
static unsigned
make_pipe(struct pale_state *state, unsigned inode)
{
	for (unsigned i = 0; i < PALE_MODEL_PIPES; i++) {
		if (state->pipes[i].used)
			continue;
		state->pipes[i] = (struct pale_pipe){ .used = 1, .inode = (uint8_t)inode };
		return i + 1;
	}
	return 0;
}

/* Who waits for a side that has come is let go, whatever that side does next. */
static void
wake(const struct pale_op *op, unsigned pipe, unsigned came)
{
	for (unsigned p = 0; p < op->model->process_count; p++) {
		struct pale_process *process = &op->state->processes[p];
		unsigned has;

		if (p == op->p || process->phase != PALE_PHASE_WAIT ||
		    pale_fifo_awaited(op->model, op->state, p) != pipe)
			continue;
		has = op->model->sites[process->site].flags & (PALE_F_READ | PALE_F_WRITE);
		if ((came & ~has) != 0)
			process->phase = PALE_PHASE_WOKEN;
	}
}

int
pale_fifo_open(struct pale_op *op, unsigned inode, struct pale_fd *ret_fd)
{
	struct pale_inode *fifo = &op->state->inodes[inode];
	unsigned side = op->site->flags & (PALE_F_READ | PALE_F_WRITE);
	unsigned other = side ^ (PALE_F_READ | PALE_F_WRITE);
	bool waits = other != 0 && other != (PALE_F_READ | PALE_F_WRITE);
	bool alone;

	if (op->again && op->process->phase == PALE_PHASE_WAIT)
		return PALE_OP_BLOCKED;
	if (!op->again) {
		alone = fifo->content == 0 ||
		    pale_pipe_users(op->model, op->state, fifo->content - 1u, other) == 0;
		/* A reader that does not wait is content with no writer; a writer is not. */
		if (waits && alone && side == PALE_F_WRITE && op->site->flags & PALE_F_NONBLOCK)
			return -ENXIO;
		if (fifo->content == 0) {
			fifo->content = (uint8_t)make_pipe(op->state, inode);
			if (fifo->content == 0)
				return -ENFILE;
		}
		wake(op, fifo->content, side);
		if (waits && alone && !(op->site->flags & PALE_F_NONBLOCK))
			return PALE_OP_REGISTERED;
	}
	*ret_fd = (struct pale_fd){
		.kind = PALE_FD_PIPE,
		.of = fifo->content,
		.flags = (uint16_t)(side | (op->site->flags & (PALE_F_NONBLOCK | PALE_F_CLOEXEC))),
		.inode = (uint8_t)inode,
	};
	return 0;
}

int
pale_op_pipe(struct pale_op *op)
{
	unsigned pipe = make_pipe(op->state, 0);
	unsigned flags = op->site->flags & (PALE_F_NONBLOCK | PALE_F_CLOEXEC);
	struct pale_fd fd = { .kind = PALE_FD_PIPE, .of = (uint8_t)pipe };
	struct pale_fd ends[2] = { fd, fd };
	int r;

	if (pipe == 0)
		return -ENFILE;
	ends[0].flags = (uint16_t)(flags | PALE_F_READ);
	ends[1].flags = (uint16_t)(flags | PALE_F_WRITE);
	r = pale_fd_give_two(op, ends[0], ends[1]);
	if (r < 0)
		op->state->pipes[pipe - 1] = (struct pale_pipe){ 0 };
	return r;
}

int
pale_pipe_read(struct pale_op *op, struct pale_fd fd)
{
	struct pale_pipe *pipe = &op->state->pipes[fd.of - 1];
	unsigned value;

	if (pipe->count == 0) {
		if (pale_pipe_users(op->model, op->state, fd.of - 1u, PALE_F_WRITE) == 0) {
			pale_process_learn(op, 0);
			return 0;
		}
		return fd.flags & PALE_F_NONBLOCK ? -EAGAIN : PALE_OP_BLOCKED;
	}
	value = pipe->values[0];
	pipe->count--;
	for (unsigned i = 0; i < PALE_MODEL_PIPE_DEPTH; i++)
		pipe->values[i] = i + 1 < PALE_MODEL_PIPE_DEPTH ? pipe->values[i + 1] : 0;
	pale_process_learn(op, value);
	return 0;
}

int
pale_pipe_write(struct pale_op *op, struct pale_fd fd, unsigned value)
{
	struct pale_pipe *pipe = &op->state->pipes[fd.of - 1];

	/* write(fd, buf, 0) asks for nothing, not even a reader. */
	if (value == 0)
		return 0;
	if (pale_pipe_users(op->model, op->state, fd.of - 1u, PALE_F_READ) == 0)
		return pale_process_sigpipe(op);
	if (pipe->count == PALE_MODEL_PIPE_DEPTH)
		return fd.flags & PALE_F_NONBLOCK ? -EAGAIN : PALE_OP_BLOCKED;
	pipe->values[pipe->count++] = (uint8_t)value;
	return 0;
}

int
pale_op_read(struct pale_op *op)
{
	struct pale_fd fd;
	int r = pale_fd_get(op, op->fd[0], RS(READ), &fd);

	if (r < 0)
		return r;
	if (fd.kind == PALE_FD_SOCKET)
		return pale_socket_read(op, fd);
	if (!(fd.flags & PALE_F_READ))
		return -EBADF;
	if (fd.kind == PALE_FD_PIPE)
		return pale_pipe_read(op, fd);
	if (op->state->inodes[fd.of].type == PALE_INODE_DIR)
		return -EISDIR;
	pale_process_learn(op, op->state->inodes[fd.of].content);
	return 0;
}

int
pale_op_write(struct pale_op *op)
{
	unsigned value = pale_op_value(op, op->site->ref[0]);
	struct pale_fd fd;
	int r = pale_fd_get(op, op->fd[0], RS(WRITE), &fd);

	if (r < 0)
		return r;
	if (fd.kind == PALE_FD_SOCKET)
		return pale_socket_write(op, fd, value, (struct pale_fd){ 0 });
	if (!(fd.flags & PALE_F_WRITE))
		return -EBADF;
	if (fd.kind == PALE_FD_PIPE)
		return pale_pipe_write(op, fd, value);
	pale_op_drop_setid(op, &op->state->inodes[fd.of]);
	if (value != 0)
		op->state->inodes[fd.of].content = (uint8_t)value;
	return 0;
}
