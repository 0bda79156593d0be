/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls on names and inodes, but for open: each after the function of Linux 6.18's fs/namei.c or
 * fs/open.c that is named before it, with its order of errors.
 */
#include <errno.h>
#include <sys/stat.h>

#include "model/ops.h"
#include "model/walkers.h"

enum { MODE_BITS = 07777 };

bool
pale_op_is_locked_out(const struct pale_op *op)
{
	return op->state->lock != 0 && op->state->lock != op->p + 1;
}

static const struct pale_walker_part *
last_part(const struct pale_op *op, unsigned which)
{
	return &op->model->rests[op->last[which]].part;
}

/* Has the directory been removed? Nothing can be made in it. */
static bool
is_dead(const struct pale_op *op, unsigned dir)
{
	return dir != PALE_MODEL_ROOT && !op->state->inodes[dir].linked;
}

static bool
is_dir(const struct pale_op *op, unsigned inode)
{
	return op->state->inodes[inode].type == PALE_INODE_DIR;
}

static bool
is_empty(const struct pale_op *op, unsigned dir)
{
	for (unsigned i = 1; i < pale_tree_inode_end(op->model); i++) {
		if (op->state->inodes[i].parent == dir && op->state->inodes[i].linked &&
		    i != PALE_MODEL_ROOT)
			return false;
	}
	for (unsigned i = 0; i < pale_tree_entry_end(op->model); i++) {
		if (op->state->entries[i].dir == dir)
			return false;
	}
	return true;
}

/* may_create */
static int
may_create(const struct pale_op *op, unsigned dir)
{
	if (is_dead(op, dir))
		return -ENOENT;
	return pale_tree_access(op->model, op->state, op->p, dir, PALE_DAC_W | PALE_DAC_X);
}

/* may_delete */
static int
may_delete(const struct pale_op *op, unsigned dir, unsigned victim, bool as_dir)
{
	struct pale_cred cred = pale_tree_cred(op->model, op->state, op->p);
	struct pale_inode_attr dir_attr = pale_tree_attr(op->model, op->state, dir);
	struct pale_inode_attr attr = pale_tree_attr(op->model, op->state, victim);
	int r = pale_dac_delete(&cred, &dir_attr, &attr);

	if (r < 0)
		return r;
	if (as_dir && !is_dir(op, victim))
		return -ENOTDIR;
	if (!as_dir && is_dir(op, victim))
		return -EISDIR;
	return is_dead(op, dir) ? -ENOENT : 0;
}

/* filename_create, and what vfs_mkdir, vfs_mknod and vfs_symlink have in common. */
int
pale_op_make(struct pale_op *op, unsigned which, enum pale_inode_type type, unsigned mode,
    unsigned *ret_inode)
{
	const struct pale_walker_part *last = last_part(op, which);
	struct pale_state *state = op->state;
	unsigned dir = op->node[which], made;
	int r;

	if (pale_op_is_locked_out(op))
		return PALE_OP_BLOCKED;
	if (last->kind != PALE_WALKER_NAME || pale_tree_find(op->model, state, dir, last->name))
		return -EEXIST;
	if (last->slash && type != PALE_INODE_DIR)
		return -ENOENT;
	r = may_create(op, dir);
	if (r < 0)
		return r;
	if (type != PALE_INODE_LINK)
		mode &= ~(unsigned)op->process->umask;
	made = pale_tree_make(op->model, state, type, op->process->euid, mode & MODE_BITS);
	if (made == 0)
		return -ENOSPC;
	if (type == PALE_INODE_DIR) {
		state->inodes[made].parent = (uint8_t)dir;
		state->inodes[made].name = (uint8_t)last->name;
		state->inodes[made].linked = 1;
	} else if (!pale_tree_link(op->model, state, dir, last->name, made)) {
		state->inodes[made] = (struct pale_inode){ 0 };
		return -ENOSPC;
	}
	op->event->names_changed = true;
	op->event->got_inode = (uint8_t)made;
	*ret_inode = made;
	return 0;
}

int
pale_op_mkdirat(struct pale_op *op)
{
	unsigned made;

	/* Setuid and setgid bits mean nothing to mkdir. */
	return pale_op_make(op, 0, PALE_INODE_DIR, op->site->mode & 01777U, &made);
}

int
pale_op_mkfifoat(struct pale_op *op)
{
	unsigned made;

	return pale_op_make(op, 0, PALE_INODE_FIFO, op->site->mode, &made);
}

int
pale_op_symlinkat(struct pale_op *op)
{
	unsigned made;
	int r = pale_op_make(op, 0, PALE_INODE_LINK, 0777, &made);

	if (r == 0)
		op->state->inodes[made].target = op->site->path[0];
	return r;
}

/* The mount in which path `which` was walked, where the walker makes of delegated directories
 * mounts; else 0. */
static unsigned
mount_of(const struct pale_op *op, unsigned which)
{
	const struct pale_model_rest *path = &op->model->rests[op->site->path[which]];
	const struct pale_fd *fd;

	if (!pale_model_walker(op->model, op->p)->is_root || path->absolute)
		return 0;
	if (op->fd[which] == PALE_FD_CWD)
		return op->process->cwd_mount;
	fd = &op->process->fds[op->fd[which]];
	return fd->mount != 0 ? fd->mount : fd->of;
}

/* do_linkat, vfs_link, may_linkat */
int
pale_op_linkat(struct pale_op *op)
{
	const struct pale_walker_part *last = last_part(op, 1);
	unsigned node = op->node[0], dir = op->node[1];
	const struct pale_inode *inode = &op->state->inodes[node];
	int r;

	if (pale_op_is_locked_out(op))
		return PALE_OP_BLOCKED;
	if (last->kind != PALE_WALKER_NAME ||
	    pale_tree_find(op->model, op->state, dir, last->name) != 0)
		return -EEXIST;
	if (last->slash || is_dead(op, dir))
		return -ENOENT;
	if (mount_of(op, 0) != mount_of(op, 1))
		return -EXDEV;
	if ((op->model->protect & PALE_PROTECT_HARDLINKS) != 0 &&
	    op->model->users[op->process->euid] != 0 && inode->owner != op->process->euid &&
	    (inode->type != PALE_INODE_FILE || (inode->mode & S_ISUID) != 0 ||
		(inode->mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) ||
		pale_tree_access(op->model, op->state, op->p, node, PALE_DAC_R | PALE_DAC_W) < 0))
		return -EPERM;
	r = may_create(op, dir);
	if (r < 0)
		return r;
	if (inode->type == PALE_INODE_DIR)
		return -EPERM;
	if (!pale_tree_is_named(op->model, op->state, node))
		return -ENOENT;
	if (!pale_tree_link(op->model, op->state, dir, last->name, node))
		return -ENOSPC;
	op->event->names_changed = true;
	op->event->got_inode = (uint8_t)node;
	return 0;
}

/* do_rmdir and do_unlinkat */
int
pale_op_unlinkat(struct pale_op *op)
{
	const struct pale_walker_part *last = last_part(op, 0);
	bool removes_dir = (op->site->flags & PALE_F_DIRECTORY) != 0;
	unsigned dir = op->node[0], victim;
	int r;

	if (pale_op_is_locked_out(op))
		return PALE_OP_BLOCKED;
	if (last->kind != PALE_WALKER_NAME) {
		if (!removes_dir)
			return -EISDIR;
		return last->kind == PALE_WALKER_END ? -EBUSY
		    : last->kind == PALE_WALKER_DOT  ? -EINVAL
						     : -ENOTEMPTY;
	}
	victim = pale_tree_find(op->model, op->state, dir, last->name);
	if (victim == 0)
		return -ENOENT;
	if (!removes_dir && last->slash)
		return is_dir(op, victim) ? -EISDIR : -ENOTDIR;
	r = may_delete(op, dir, victim, removes_dir);
	if (r < 0)
		return r;
	if (removes_dir && !is_empty(op, victim))
		return -ENOTEMPTY;
	pale_tree_unlink(op->model, op->state, dir, last->name);
	op->event->names_changed = true;
	return 0;
}

/* One side of a rename. */
struct side {
	unsigned dir, name, inode;
	bool slash;
};

/* The directory just below `top` on the way up from `from`, or `from` itself; 0 where top is not
 * on it: lock_rename. */
static unsigned
ancestor_below(const struct pale_op *op, unsigned top, unsigned from)
{
	for (unsigned i = 0; i <= op->model->inode_room && from != PALE_MODEL_ROOT; i++) {
		if (op->state->inodes[from].parent == top)
			return from;
		from = op->state->inodes[from].parent;
	}
	return 0;
}

/* do_renameat2, up to vfs_rename */
static int
check_rename_names(struct pale_op *op, const struct side *from, const struct side *to)
{
	bool exchange = (op->site->flags & PALE_F_EXCHANGE) != 0;
	unsigned trap = 0;

	if (from->inode == 0)
		return -ENOENT;
	if (to->inode == 0 && (exchange || is_dead(op, to->dir)))
		return -ENOENT;
	if (to->inode != 0 && (op->site->flags & PALE_F_EXCL) != 0)
		return -EEXIST;
	if (exchange && !is_dir(op, to->inode) && to->slash)
		return -ENOTDIR;
	if (!is_dir(op, from->inode) && (from->slash || (!exchange && to->slash)))
		return -ENOTDIR;
	if (from->dir != to->dir) {
		trap = ancestor_below(op, from->dir, to->dir);
		if (trap == 0)
			trap = ancestor_below(op, to->dir, from->dir);
	}
	if (trap != 0 && from->inode == trap)
		return -EINVAL;
	if (trap != 0 && to->inode == trap)
		return exchange ? -EINVAL : -ENOTEMPTY;
	return 0;
}

/* vfs_rename; a rename of one inode to another name of it does nothing. */
static int
check_rename(struct pale_op *op, const struct side *from, const struct side *to)
{
	bool exchange = (op->site->flags & PALE_F_EXCHANGE) != 0;
	bool moves_dir = is_dir(op, from->inode);
	int r = may_delete(op, from->dir, from->inode, moves_dir);

	if (r < 0)
		return r;
	if (to->inode == 0)
		r = may_create(op, to->dir);
	else
		r = may_delete(
		    op, to->dir, to->inode, exchange ? is_dir(op, to->inode) : moves_dir);
	if (r < 0)
		return r;
	/* Whose `..` changes must be writable. */
	if (from->dir != to->dir && moves_dir)
		r = pale_tree_access(op->model, op->state, op->p, from->inode, PALE_DAC_W);
	if (r == 0 && from->dir != to->dir && exchange && is_dir(op, to->inode))
		r = pale_tree_access(op->model, op->state, op->p, to->inode, PALE_DAC_W);
	if (r < 0)
		return r;
	if (!exchange && to->inode != 0 && is_dir(op, to->inode) && !is_empty(op, to->inode))
		return -ENOTEMPTY;
	return 0;
}

/* Give an inode the name that is free there; one that had just been let go has room. */
static void
put_name(struct pale_op *op, const struct side *at, unsigned inode)
{
	struct pale_inode *it = &op->state->inodes[inode];

	if (it->type != PALE_INODE_DIR) {
		(void)pale_tree_link(op->model, op->state, at->dir, at->name, inode);
		return;
	}
	it->parent = (uint8_t)at->dir;
	it->name = (uint8_t)at->name;
	it->linked = 1;
}

int
pale_op_renameat(struct pale_op *op)
{
	bool exchange = (op->site->flags & PALE_F_EXCHANGE) != 0;
	struct side side[2];
	int r;

	if (pale_op_is_locked_out(op))
		return PALE_OP_BLOCKED;
	if (exchange && (op->site->flags & PALE_F_EXCL) != 0)
		return -EINVAL;
	if (mount_of(op, 0) != mount_of(op, 1))
		return -EXDEV;
	if (last_part(op, 0)->kind != PALE_WALKER_NAME)
		return -EBUSY;
	if (last_part(op, 1)->kind != PALE_WALKER_NAME)
		return (op->site->flags & PALE_F_EXCL) != 0 ? -EEXIST : -EBUSY;
	for (unsigned i = 0; i < 2; i++) {
		side[i] = (struct side){
			.dir = op->node[i],
			.name = last_part(op, i)->name,
			.slash = last_part(op, i)->slash,
		};
		side[i].inode = pale_tree_find(op->model, op->state, side[i].dir, side[i].name);
	}
	r = check_rename_names(op, &side[0], &side[1]);
	if (r < 0 || side[0].inode == side[1].inode)
		return r;
	r = check_rename(op, &side[0], &side[1]);
	if (r < 0)
		return r;
	pale_tree_unlink(op->model, op->state, side[0].dir, side[0].name);
	if (side[1].inode != 0)
		pale_tree_unlink(op->model, op->state, side[1].dir, side[1].name);
	put_name(op, &side[1], side[0].inode);
	if (exchange)
		put_name(op, &side[0], side[1].inode);
	op->event->names_changed = true;
	op->event->names_moved = true;
	return 0;
}

/* chmod_common, notify_change */
static int
change_mode(struct pale_op *op, unsigned node)
{
	struct pale_cred cred = pale_tree_cred(op->model, op->state, op->p);
	struct pale_inode_attr attr = pale_tree_attr(op->model, op->state, node);
	int r = pale_dac_chmod(&cred, &attr);

	if (r < 0)
		return r;
	op->state->inodes[node].mode = op->site->mode & MODE_BITS;
	op->event->got_inode = (uint8_t)node;
	return 0;
}

/* The inode of a descriptor; 0 where the tree has none: of a pipe, and of a socket, whose own is
 * not the one that it is bound to. */
static unsigned
inode_of_fd(const struct pale_fd *fd)
{
	if (fd->kind == PALE_FD_INODE)
		return fd->of;
	return fd->kind == PALE_FD_PIPE ? fd->inode : 0;
}

int
pale_op_fchmodat(struct pale_op *op)
{
	return change_mode(op, op->node[0]);
}

int
pale_op_fchmod(struct pale_op *op)
{
	const struct pale_fd *fd;
	int r = pale_op_rights(op, op->fd[0], RS(FCHMOD));

	if (r < 0 || op->fd[0] == PALE_FD_CWD)
		return r < 0 ? r : -EBADF;
	fd = &op->process->fds[op->fd[0]];
	if ((fd->flags & PALE_F_PATH) != 0)
		return -EBADF;
	if (fd->kind == PALE_FD_SOCKET)
		op->state->sockets[fd->of - 1].chmod = 0777 ^ (op->site->mode & MODE_BITS);
	return inode_of_fd(fd) == 0 ? 0 : change_mode(op, inode_of_fd(fd));
}

/* What was found is remembered, as its numbers: it holds nothing. */
static void
remember(struct pale_op *op, unsigned node)
{
	op->event->got_inode = (uint8_t)node;
	if (op->site->to_var != 0)
		op->process->vars[op->site->to_var] = (struct pale_var){
			.kind = PALE_VAR_INODE,
			.of = (uint8_t)node,
			.also = op->state->inodes[node].type,
		};
}

int
pale_op_fstatat(struct pale_op *op)
{
	remember(op, op->node[0]);
	return 0;
}

int
pale_op_fstat(struct pale_op *op)
{
	int r = pale_op_rights(op, op->fd[0], RS(FSTAT));
	unsigned node;

	if (r < 0 || op->fd[0] == PALE_FD_CWD)
		return r < 0 ? r : -EBADF;
	node = inode_of_fd(&op->process->fds[op->fd[0]]);
	if (node != 0)
		remember(op, node);
	return 0;
}

int
pale_op_chdir(struct pale_op *op)
{
	struct pale_walk_ctx ctx = pale_walk_ctx_of(op->model, op->state, op->p);
	int r = pale_tree_access(op->model, op->state, op->p, op->node[0], PALE_DAC_X);

	if (r < 0)
		return r;
	op->process->cwd = op->node[0];
	op->process->cwd_mount = (uint8_t)ctx.mount;
	op->event->got_inode = op->node[0];
	return 0;
}

int
pale_op_fchdir(struct pale_op *op)
{
	const struct pale_walker *walker = pale_model_walker(op->model, op->p);
	int r = pale_op_rights(op, op->fd[0], RS(FCHDIR));
	const struct pale_fd *fd;

	if (r < 0 || op->fd[0] == PALE_FD_CWD)
		return r < 0 ? r : -EBADF;
	fd = &op->process->fds[op->fd[0]];
	if (fd->kind != PALE_FD_INODE || !is_dir(op, fd->of))
		return -ENOTDIR;
	r = pale_tree_access(op->model, op->state, op->p, fd->of, PALE_DAC_X);
	if (r < 0)
		return r;
	op->process->cwd = fd->of;
	if (walker->is_root)
		op->process->cwd_mount = fd->mount != 0 ? fd->mount : fd->of;
	op->event->got_inode = fd->of;
	return 0;
}

int
pale_op_chroot(struct pale_op *op)
{
	int r = pale_tree_access(op->model, op->state, op->p, op->node[0], PALE_DAC_X);

	if (r < 0)
		return r;
	if (op->model->users[op->process->euid] != 0)
		return -EPERM;
	op->process->root = op->node[0];
	op->event->got_inode = op->node[0];
	return 0;
}

int
pale_op_umask(struct pale_op *op)
{
	op->process->umask = op->site->mode & 0777;
	return 0;
}
