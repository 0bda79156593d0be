/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes: who they are, how they multiply, become another program, and end; and what a program
 * does with what it has read: compare, check and act.
 */
#include "model/calls/ipc.h"

#include <string.h>
#include <sys/stat.h>

unsigned
pale_op_value(const struct pale_op *op, struct pale_ref ref)
{
	const struct pale_var *var;

	if (ref.kind == PALE_REF_VALUE)
		return ref.of;
	if (ref.kind != PALE_REF_VAR)
		return 0;
	var = &op->process->vars[ref.of];
	return var->kind == PALE_VAR_VALUE ? var->of : 0;
}

void
pale_process_learn(struct pale_op *op, unsigned value)
{
	if (value != 0)
		op->process->knows |= (uint16_t)(1u << value);
	if (op->site->to_var == 0)
		return;
	op->process->vars[op->site->to_var] = (struct pale_var){
		.kind = value != 0 ? PALE_VAR_VALUE : PALE_VAR_NONE,
		.of = (uint8_t)value,
	};
}

/*
 * What is the process's own and ends with it is gone; who it was, what it knew, did and held in
 * variables stays for assertions.
 */
void
pale_process_end(const struct pale_model *model, struct pale_state *state, unsigned p,
    enum pale_process_status status)
{
	struct pale_process *process = &state->processes[p];

	process->status = (uint8_t)status;
	process->phase = PALE_PHASE_IDLE;
	process->path = process->made = process->first_node = process->moved = 0;
	process->site = process->first_rest = 0;
	process->seen_call = process->seen_union = 0;
	memset(process->fd, 0, sizeof(process->fd));
	memset(process->slots, 0, sizeof(process->slots));
	memset(process->fds, 0, sizeof(process->fds));
	pale_fd_sweep(model, state);
	pale_sysv_detach(model, state, p);
	pale_sysv_undo(model, state, p);
}

int
pale_process_sigpipe(struct pale_op *op)
{
	if (op->process->ignores_sigpipe)
		return -EPIPE;
	pale_process_end(op->model, op->state, op->p, PALE_PROCESS_KILLED);
	return PALE_OP_ENDED;
}

int
pale_op_sigpipe_ignore(struct pale_op *op)
{
	op->process->ignores_sigpipe = 1;
	return 0;
}

int
pale_op_setuid(struct pale_op *op)
{
	if (op->model->users[op->process->euid] == 0) {
		op->process->ruid = op->process->euid = op->process->suid = op->site->user;
		return 0;
	}
	/* Who has gone back may come again. */
	if (op->site->user != op->process->ruid && op->site->user != op->process->suid)
		return -EPERM;
	op->process->euid = op->site->user;
	return 0;
}

/*
 * The child has its parent's descriptors, memory, users and attachments. What it promised
 * (SEM_UNDO) is the parent's alone.
 */
int
pale_op_fork(struct pale_op *op)
{
	unsigned p = op->site->child - 1u;
	const struct pale_model_compartment *compartment;
	struct pale_process *child;

	if (op->site->child == 0 || op->state->processes[p].status != PALE_PROCESS_UNBORN)
		return -EAGAIN;
	compartment = &op->model->compartments[op->model->compartment_of[p]];
	child = &op->state->processes[p];
	*child = (struct pale_process){
		.status = PALE_PROCESS_RUNS,
		.calls = compartment->calls,
		.ruid = op->process->ruid,
		.euid = op->process->euid,
		.suid = op->process->suid,
		.umask = op->process->umask,
		.cwd = op->process->cwd,
		.cwd_mount = op->process->cwd_mount,
		.root = op->process->root,
		.ignores_sigpipe = op->process->ignores_sigpipe,
		.runs = op->process->runs,
		.knows = op->process->knows,
		.attached = op->process->attached,
		.attached_w = op->process->attached_w,
	};
	memcpy(child->fds, op->process->fds, sizeof(child->fds));
	memcpy(child->vars, op->process->vars, sizeof(child->vars));
	return 0;
}

/* Variables stay: they stand for what the program that follows is told, in arguments or in its
 * environment. */
int
pale_op_exec(struct pale_op *op)
{
	const struct pale_inode *file = &op->state->inodes[op->node[0]];

	if (file->type != PALE_INODE_FILE)
		return -EACCES;
	if (pale_tree_access(op->model, op->state, op->p, op->node[0], PALE_DAC_X) < 0)
		return -EACCES;
	if (file->mode & S_ISUID)
		op->process->euid = file->owner;
	op->process->suid = op->process->euid;
	for (unsigned i = 0; i < PALE_MODEL_FDS; i++) {
		if (op->process->fds[i].flags & PALE_F_CLOEXEC)
			op->process->fds[i] = (struct pale_fd){ 0 };
	}
	pale_fd_sweep(op->model, op->state);
	pale_sysv_detach(op->model, op->state, op->p);
	op->process->runs = op->node[0];
	return 0;
}

int
pale_op_exit(struct pale_op *op)
{
	pale_process_end(op->model, op->state, op->p, PALE_PROCESS_FINISHED);
	return PALE_OP_ENDED;
}

int
pale_op_check(struct pale_op *op)
{
	return pale_op_value(op, op->site->ref[0]) == pale_op_value(op, op->site->ref[1])
	    ? 0
	    : -PALE_EUNEXPECTED;
}

int
pale_op_use(struct pale_op *op)
{
	unsigned value = pale_op_value(op, op->site->ref[0]);

	if (value != 0)
		op->process->used |= (uint16_t)(1u << value);
	return 0;
}

/* The inode that fstat shows: 0 for pipe(), for sockets (theirs is not the one they are bound to),
 * and for what is no longer there. */
static unsigned
inode_of_fd(const struct pale_fd *fd)
{
	if (fd->kind == PALE_FD_INODE)
		return fd->of;
	return fd->kind == PALE_FD_PIPE ? fd->inode : 0;
}

static unsigned
inode_of(const struct pale_op *op, struct pale_ref ref)
{
	const struct pale_var *var;

	if (ref.kind == PALE_REF_FD)
		return ref.of < PALE_MODEL_FDS ? inode_of_fd(&op->process->fds[ref.of]) : 0;
	if (ref.kind != PALE_REF_VAR)
		return 0;
	var = &op->process->vars[ref.of];
	return var->kind == PALE_VAR_INODE ? var->of : 0;
}

int
pale_op_same(struct pale_op *op)
{
	unsigned a = inode_of(op, op->site->ref[0]);

	return a != 0 && a == inode_of(op, op->site->ref[1]) ? 0 : -PALE_EUNEXPECTED;
}

static const unsigned types[] = {
	[PALE_INODE_FREE] = 0,
	[PALE_INODE_DIR] = S_IFDIR,
	[PALE_INODE_FILE] = S_IFREG,
	[PALE_INODE_LINK] = S_IFLNK,
	[PALE_INODE_FIFO] = S_IFIFO,
	[PALE_INODE_SOCKET] = S_IFSOCK,
};

static unsigned
type_of(const struct pale_op *op, const struct pale_fd *fd)
{
	switch ((enum pale_fd_kind)fd->kind) {
	case PALE_FD_PIPE:
		return S_IFIFO;
	case PALE_FD_SOCKET:
		return S_IFSOCK;
	case PALE_FD_INODE:
		return types[op->state->inodes[fd->of].type];
	case PALE_FD_NONE:
	default:
		return 0;
	}
}

int
pale_op_is(struct pale_op *op)
{
	const struct pale_fd *fd;
	unsigned inode;
	int r;

	/* What fstat found, as it was then, wherever it is now. Owners are not kept: the reader
	 * lets only types be asked of these. */
	if (op->site->ref[0].kind == PALE_REF_VAR) {
		const struct pale_var *var = &op->process->vars[op->site->ref[0].of];
		bool found = var->kind == PALE_VAR_INODE || var->kind == PALE_VAR_STALE;

		return found && types[var->also] == op->site->type ? 0 : -PALE_EUNEXPECTED;
	}
	r = pale_op_rights(op, op->fd[0], RS(FSTAT));
	if (r < 0 || op->fd[0] == PALE_FD_CWD)
		return r < 0 ? r : -EBADF;
	fd = &op->process->fds[op->fd[0]];
	if (op->site->type != 0)
		return type_of(op, fd) == op->site->type ? 0 : -PALE_EUNEXPECTED;
	inode = inode_of_fd(fd);
	if (inode != 0)
		return op->state->inodes[inode].owner == op->process->euid ? 0 : -PALE_EUNEXPECTED;
	/* pipe() and socket() give what is the maker's, and only by inheritance or message
	 * anybody else's: of sockets that have a peer, or had none yet, the maker is known. */
	if (fd->kind == PALE_FD_SOCKET) {
		const struct pale_socket *end = &op->state->sockets[fd->of - 1];
		bool lost = end->state == PALE_SOCKET_BROKEN || end->state == PALE_SOCKET_RESET;

		if (!lost && end->user != op->process->euid)
			return -PALE_EUNEXPECTED;
	}
	return 0;
}
