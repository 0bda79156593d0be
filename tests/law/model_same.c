/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is a world really as the model has it? Names, types, modes, owners, targets, which names are one
 * inode, how many names it has, what every descriptor leads to and how it was opened.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "model.h"

/* The comparison under way. */
struct same {
	struct real *real;
	const struct pale_model *model;
	const struct pale_state *state;
	char *why;
};

static const mode_t types[] = {
	[PALE_INODE_DIR] = S_IFDIR,
	[PALE_INODE_FILE] = S_IFREG,
	[PALE_INODE_LINK] = S_IFLNK,
	[PALE_INODE_FIFO] = S_IFIFO,
	[PALE_INODE_SOCKET] = S_IFSOCK,
};

static bool
differs(const struct same *same, const char *what, const char *name, unsigned long model,
    unsigned long kernel)
{
	snprintf(same->why, WHY_BYTES, "%s of %s: the model has 0%lo, the kernel 0%lo", what, name,
	    model, kernel);
	return false;
}

/* Which inode it is: known, or learnt now; none of them is two. */
static bool
is_inode(const struct same *same, unsigned inode, ino_t ino, const char *name)
{
	ino_t *known = &same->real->ino[inode];

	if (*known == 0) {
		for (unsigned i = 1; i <= same->model->inode_room; i++) {
			if (same->real->ino[i] == ino) {
				snprintf(same->why, WHY_BYTES,
				    "%s: new inode %u of the model, really one with inode %u", name,
				    inode, i);
				return false;
			}
		}
		*known = ino;
	}
	if (*known == ino)
		return true;
	snprintf(same->why, WHY_BYTES, "%s is another inode than the model's %u", name, inode);
	return false;
}

static unsigned
link_count(const struct same *same, unsigned inode)
{
	const struct pale_inode *it = &same->state->inodes[inode];
	unsigned count = 0;

	if (it->type == PALE_INODE_DIR) {
		if (inode != PALE_MODEL_ROOT && !it->linked)
			return 0;
		for (unsigned i = 2; i <= same->model->inode_room; i++)
			count +=
			    same->state->inodes[i].linked && same->state->inodes[i].parent == inode;
		return count + 2;
	}
	for (unsigned i = 0; i < PALE_MODEL_ENTRIES; i++)
		count += same->state->entries[i].dir != 0 && same->state->entries[i].inode == inode;
	return count;
}

static bool
same_inode(const struct same *same, unsigned inode, const struct stat *st, const char *name)
{
	const struct pale_inode *it = &same->state->inodes[inode];

	if ((st->st_mode & S_IFMT) != types[it->type])
		return differs(same, "type", name, types[it->type], st->st_mode & S_IFMT);
	if (!is_inode(same, inode, st->st_ino, name))
		return false;
	if (it->type != PALE_INODE_LINK && (st->st_mode & 07777) != it->mode)
		return differs(same, "mode", name, it->mode, st->st_mode & 07777);
	if (st->st_uid != same->model->users[it->owner])
		return differs(same, "owner", name, same->model->users[it->owner], st->st_uid);
	if (st->st_nlink != link_count(same, inode))
		return differs(same, "names", name, link_count(same, inode), st->st_nlink);
	if (it->type == PALE_INODE_FILE && (st->st_size != 0) != (it->content != 0))
		return differs(same, "content", name, it->content, (unsigned long)st->st_size);
	return true;
}

static bool
same_target(const struct same *same, int dir, const char *name, unsigned inode)
{
	const char *target = same->model->rests[same->state->inodes[inode].target].text;
	char really[64] = "";
	ssize_t length = readlinkat(dir, name, really, sizeof(really) - 1);

	if (length < 0 || strcmp(really, target) != 0) {
		snprintf(same->why, WHY_BYTES, "link %s leads to '%s', in the model to '%s'", name,
		    really, target);
		return false;
	}
	return true;
}

static unsigned
find_text(const struct same *same, unsigned dir, const char *text)
{
	for (unsigned name = 1; name < same->model->name_count; name++) {
		if (strcmp(same->model->names[name], text) == 0)
			return pale_tree_find(same->model, same->state, dir, name);
	}
	return 0;
}

static unsigned
name_count(const struct same *same, unsigned dir)
{
	unsigned count = 0;

	for (unsigned i = 2; i <= same->model->inode_room; i++)
		count += same->state->inodes[i].linked && same->state->inodes[i].parent == dir;
	for (unsigned i = 0; i < PALE_MODEL_ENTRIES; i++)
		count += same->state->entries[i].dir == dir;
	return count;
}

static bool same_dir(const struct same *same, int fd, unsigned dir);

static bool
same_name(const struct same *same, int dir_fd, unsigned dir, const char *name, unsigned *seen)
{
	unsigned inode = find_text(same, dir, name);
	struct stat st;
	bool good;
	int fd;

	if (inode == 0) {
		snprintf(same->why, WHY_BYTES, "there is a name '%s' that the model has not", name);
		return false;
	}
	++*seen;
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !same_inode(same, inode, &st, name))
		return false;
	if (S_ISLNK(st.st_mode))
		return same_target(same, dir_fd, name, inode);
	if (!S_ISDIR(st.st_mode))
		return true;
	fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	good = fd >= 0 && same_dir(same, fd, inode);
	if (fd >= 0)
		close(fd);
	return good;
}

static bool
same_dir(const struct same *same, int fd, unsigned dir)
{
	char buf[4096] __attribute__((aligned(8)));
	unsigned seen = 0;
	long length;

	lseek(fd, 0, SEEK_SET);
	while ((length = syscall(SYS_getdents64, fd, buf, sizeof(buf))) > 0) {
		for (long at = 0; at < length;) {
			const struct dirent64 *entry = (const void *)(buf + at);
			const char *name = entry->d_name;

			at += entry->d_reclen;
			if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
				continue;
			if (!same_name(same, fd, dir, name, &seen))
				return false;
		}
	}
	if (seen == name_count(same, dir))
		return true;
	return differs(same, "number of names", "a directory", name_count(same, dir), seen);
}

static bool
same_fd(const struct same *same, unsigned p, unsigned slot)
{
	const struct pale_fd *fd = &same->state->processes[p].fds[slot];
	unsigned inode = fd->kind == PALE_FD_INODE ? fd->of : fd->inode;
	int real = same->real->fd[p][slot], flags;
	unsigned has = 0;
	char name[32];
	struct stat st;

	snprintf(name, sizeof(name), "descriptor %u of %u", slot, p);
	if ((fd->kind != PALE_FD_NONE) != (real >= 0))
		return differs(same, "presence", name, fd->kind, real >= 0);
	if (real < 0)
		return true;
	if (fstat(real, &st) < 0)
		return differs(same, "fstat", name, 0, (unsigned long)errno);
	/* A socket's own inode is not the one that it is bound to. */
	if (fd->kind != PALE_FD_SOCKET && inode != 0 && !same_inode(same, inode, &st, name))
		return false;
	flags = fcntl(real, F_GETFL);
	if (flags & O_PATH)
		has = PALE_F_PATH;
	else
		has = ((flags & O_ACCMODE) != O_WRONLY ? PALE_F_READ : 0) |
		    ((flags & O_ACCMODE) != O_RDONLY ? PALE_F_WRITE : 0) |
		    (flags & O_NONBLOCK && fd->kind == PALE_FD_PIPE ? PALE_F_NONBLOCK : 0);
	has |= fcntl(real, F_GETFD) & FD_CLOEXEC ? PALE_F_CLOEXEC : 0;
	flags = fd->flags;
	if (fd->kind != PALE_FD_PIPE)
		flags &= ~PALE_F_NONBLOCK;
	if (fd->kind == PALE_FD_SOCKET)
		flags = (int)has;
	return has == (unsigned)flags || differs(same, "flags", name, (unsigned)flags, has);
}

static bool
same_place(const struct same *same, int fd, unsigned inode, const char *name)
{
	struct stat st;

	return fstat(fd, &st) == 0 && same_inode(same, inode, &st, name);
}

bool
same_world(struct real *real, const struct pale_state *state, char why[WHY_BYTES])
{
	struct same same = { real, real->model, state, why };

	for (unsigned i = 1; i <= same.model->inode_room; i++) {
		if (state->inodes[i].type == PALE_INODE_FREE)
			real->ino[i] = 0;
	}
	snprintf(why, WHY_BYTES, "something failed");
	if (!same_place(&same, real->base, PALE_MODEL_ROOT, "/") ||
	    !same_dir(&same, real->base, PALE_MODEL_ROOT))
		return false;
	for (unsigned p = 0; p < same.model->process_count; p++) {
		if (!same_place(&same, real->cwd[p], state->processes[p].cwd, "the cwd") ||
		    !same_place(&same, real->root[p], state->processes[p].root, "the root"))
			return false;
		for (unsigned i = 0; i < PALE_MODEL_FDS; i++) {
			if (!same_fd(&same, p, i))
				return false;
		}
	}
	return same_ipc(real, state, why);
}
