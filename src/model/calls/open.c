/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * open and openat, after do_open and lookup_open of Linux 6.18 (fs/namei.c): with O_CREAT the last
 * component is found or made in one step, under the lock of its directory, and what comes of it is
 * opened in the next. Nothing keeps others from acting between the two, as in the kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "core/sys.h"
#include "model/ops.h"
#include "model/walkers.h"

static bool
is_open(const struct pale_site *site)
{
	return site->op == PALE_CALL_openat || site->op == PALE_CALL_open;
}

bool
pale_site_creates(const struct pale_site *site)
{
	return is_open(site) && (site->flags & (PALE_F_CREAT | PALE_F_PATH)) == PALE_F_CREAT;
}

static uint64_t
open_flags(const struct pale_site *site)
{
	static const struct {
		unsigned ours, real;
	} flags[] = {
		{ PALE_F_CREAT, O_CREAT },
		{ PALE_F_EXCL, O_EXCL },
		{ PALE_F_TRUNC, O_TRUNC },
		{ PALE_F_PATH, O_PATH },
		{ PALE_F_DIRECTORY, O_DIRECTORY },
	};
	uint64_t real = 0;

	if ((site->flags & PALE_F_WRITE) != 0)
		real = (site->flags & PALE_F_READ) != 0 ? O_RDWR : O_WRONLY;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if ((site->flags & flags[i].ours) != 0)
			real |= flags[i].real;
	}
	return real;
}

pale_rights
pale_path_rights(const struct pale_site *site, unsigned walk)
{
	uint64_t args[PALE_SYS_ARGS] = { 0 };
	enum pale_sys sys;

	if (pale_sys_find(pale_model_calls[site->op].sys, &sys) < 0)
		return 0;
	if (is_open(site))
		args[2] = open_flags(site);
	if (site->op == PALE_CALL_mkfifoat)
		args[2] = S_IFIFO;
	/* The target of symlinkat is an argument there, and none of the paths here. */
	if (walk == 0 && site->op != PALE_CALL_symlinkat)
		return pale_sys_need(sys, args);
	return pale_sys_row(sys)->need[1];
}

/* may_create_in_sticky: what fs.protected_fifos and _regular say of theirs goes for sockets always.
 */
static int
check_sticky(const struct pale_op *op, unsigned dir, unsigned node)
{
	static const uint8_t guard[] = {
		[PALE_INODE_FIFO] = PALE_PROTECT_FIFOS,
		[PALE_INODE_FILE] = PALE_PROTECT_REGULAR,
		[PALE_INODE_SOCKET] = 0, /* and links */
	};
	const struct pale_inode *inode = &op->state->inodes[node];
	const struct pale_inode *in = &op->state->inodes[dir];

	if ((in->mode & (S_ISVTX | S_IWOTH)) != (S_ISVTX | S_IWOTH) || inode->owner == in->owner ||
	    inode->owner == op->process->euid)
		return 0;
	return (op->model->protect & guard[inode->type]) == guard[inode->type] ? -EACCES : 0;
}

/* O_CREAT, the component before the finish: lookup_open. */
static int
take_last(struct pale_op *op)
{
	const struct pale_model_rest *last = &op->model->rests[op->last[0]];
	unsigned dir = op->node[0], made, node;
	uint16_t *slots = op->process->slots;
	int r;

	/* "/", ".", "..": nothing is made; the finish finds a directory. */
	if (last->part.kind != PALE_WALKER_NAME) {
		if (last->part.kind == PALE_WALKER_DOTDOT) {
			struct pale_walk_ctx ctx = pale_walk_ctx_of(op->model, op->state, op->p);

			/* Where that leads, the walker says. */
			r = ctx.walker->step(slots, 0, &pale_model_walker_ops, &ctx);
			if (r == PALE_WALKER_WAIT)
				return PALE_OP_BLOCKED;
			if (r != PALE_WALKER_DONE)
				return r < 0 ? r : PALE_OP_TAKEN;
		}
		slots[PALE_WALKER_LEFT] = 0;
		return PALE_OP_TAKEN;
	}
	if (last->part.slash)
		return -EISDIR;
	node = pale_tree_find(op->model, op->state, dir, last->part.name);
	if (node == 0) {
		r = pale_op_make(op, 0, PALE_INODE_FILE, op->site->mode, &made);
		if (r != 0)
			return r;
		op->event->got_inode = 0;
		op->process->made = 1;
		node = made;
	} else if (op->state->inodes[node].type == PALE_INODE_LINK &&
	    (op->site->flags & (PALE_F_EXCL | PALE_F_NOFOLLOW)) == 0) {
		struct pale_walk_ctx ctx = pale_walk_ctx_of(op->model, op->state, op->p);

		r = pale_walker_follow(&ctx, slots, (pale_walker_node)node);
		return r < 0 ? r : PALE_OP_WALK_ON;
	} else if (op->state->inodes[node].type != PALE_INODE_DIR &&
	    (op->site->flags & PALE_F_EXCL) == 0) {
		r = check_sticky(op, dir, node);
		if (r < 0)
			return r;
	}
	slots[PALE_WALKER_AT] = (uint16_t)node;
	slots[PALE_WALKER_LEFT] = 0;
	return PALE_OP_TAKEN;
}

/* may_open, and what open refuses before it. */
static int
check_open(const struct pale_op *op, unsigned node)
{
	const struct pale_inode *inode = &op->state->inodes[node];
	unsigned flags = op->site->flags, want = 0;

	if (pale_site_creates(op->site)) {
		if ((flags & PALE_F_EXCL) != 0 && !op->process->made)
			return -EEXIST;
		if (inode->type == PALE_INODE_DIR)
			return -EISDIR;
	}
	/* O_DIRECTORY is the walker's to see to: one that does not is found out so. */
	if (inode->type == PALE_INODE_LINK)
		return -ELOOP;
	if ((flags & PALE_F_READ) != 0)
		want |= PALE_DAC_R;
	if ((flags & (PALE_F_WRITE | PALE_F_TRUNC)) != 0)
		want |= PALE_DAC_W;
	if (inode->type == PALE_INODE_DIR && (want & PALE_DAC_W) != 0)
		return -EISDIR;
	if (op->process->made)
		return 0;
	/* O_TRUNC asks for writing even of what cannot be cut. */
	return pale_tree_access(op->model, op->state, op->p, node, want);
}

void
pale_op_drop_setid(const struct pale_op *op, struct pale_inode *inode)
{
	if (op->model->users[op->process->euid] == 0)
		return;
	inode->mode &= (uint16_t)~S_ISUID;
	if ((inode->mode & S_IXGRP) != 0)
		inode->mode &= (uint16_t)~S_ISGID;
}

/* handle_truncate */
static void
cut(struct pale_op *op, struct pale_inode *inode)
{
	inode->content = 0;
	pale_op_drop_setid(op, inode);
}

/* The descriptor has what the one had from which the path was walked. */
static void
inherit(const struct pale_op *op, struct pale_fd *fd)
{
	unsigned from = op->site->op == PALE_CALL_openat ? op->fd[0] : PALE_FD_CWD;
	const struct pale_model_rest *path = &op->model->rests[op->site->path[0]];
	struct pale_walk_ctx ctx = pale_walk_ctx_of(op->model, op->state, op->p);

	if (from != PALE_FD_CWD && (!path->absolute || ctx.walker->reroots))
		fd->rights = op->process->fds[from].rights;
	if (ctx.walker->is_root)
		fd->mount = (uint8_t)ctx.mount;
}

static int
open_node(struct pale_op *op)
{
	unsigned node = op->node[0], flags = op->site->flags;
	struct pale_inode *inode = &op->state->inodes[node];
	struct pale_fd fd = { .kind = PALE_FD_INODE, .of = (uint8_t)node };
	int r;

	op->event->got_inode = (uint8_t)node;
	if ((flags & PALE_F_PATH) != 0) {
		fd.flags = (uint16_t)(flags & (PALE_F_PATH | PALE_F_CLOEXEC));
		inherit(op, &fd);
		return pale_op_give_fd(op, 0, fd);
	}
	/* What waits has been found to be allowed. */
	r = op->again ? 0 : check_open(op, node);
	if (r < 0)
		return r;
	if (inode->type == PALE_INODE_SOCKET)
		return -ENXIO;
	fd.flags =
	    (uint16_t)(flags & (PALE_F_READ | PALE_F_WRITE | PALE_F_NONBLOCK | PALE_F_CLOEXEC));
	if (inode->type == PALE_INODE_FIFO) {
		r = pale_fifo_open(op, node, &fd);
		if (r != 0)
			return r;
	}
	if (inode->type == PALE_INODE_FILE && (flags & PALE_F_TRUNC) != 0 && !op->process->made)
		cut(op, inode);
	inherit(op, &fd);
	return pale_op_give_fd(op, 0, fd);
}

int
pale_op_openat(struct pale_op *op)
{
	int r;

	if (pale_site_creates(op->site) && op->last[0] != 0)
		return take_last(op);
	r = open_node(op);
	/* Who gets no descriptor has obtained nothing. */
	if (r != 0)
		op->event->got_inode = 0;
	return r;
}

int
pale_op_open(struct pale_op *op)
{
	return pale_op_openat(op);
}
