/* SPDX-License-Identifier: BSD-2-Clause */
/* Worlds: each on a tmpfs of its own that is mounted nowhere. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "model.h"

static bool has_users;
static int outside = -1; /* the root before any chroot */

static bool
write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return good;
}

bool
real_begin(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char map[64];

	has_users = uid == 0;
	if (unshare((uid == 0 ? 0 : CLONE_NEWUSER) | CLONE_NEWNS | CLONE_NEWIPC) < 0)
		return false;
	if (uid != 0) {
		snprintf(map, sizeof(map), "0 %u 1", uid);
		if (!write_text("/proc/self/uid_map", map) ||
		    !write_text("/proc/self/setgroups", "deny"))
			return false;
		snprintf(map, sizeof(map), "0 %u 1", gid);
		if (!write_text("/proc/self/gid_map", map))
			return false;
	} else if (setgroups(0, NULL) < 0) {
		return false;
	}
	outside = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return outside >= 0;
}

bool
real_has_users(void)
{
	return has_users;
}

uint8_t
real_protect(void)
{
	static const struct {
		const char *path;
		uint8_t bit;
	} rows[] = {
		{ "/proc/sys/fs/protected_symlinks", PALE_PROTECT_SYMLINKS },
		{ "/proc/sys/fs/protected_hardlinks", PALE_PROTECT_HARDLINKS },
		{ "/proc/sys/fs/protected_fifos", PALE_PROTECT_FIFOS },
		{ "/proc/sys/fs/protected_regular", PALE_PROTECT_REGULAR },
	};
	uint8_t bits = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int fd = open(rows[i].path, O_RDONLY | O_CLOEXEC);
		char digit = '0';

		if (fd >= 0 && read(fd, &digit, 1) == 1 && digit != '0')
			bits |= rows[i].bit;
		if (fd >= 0)
			close(fd);
	}
	return bits;
}

void
must(bool good, const char *what)
{
	if (!good)
		ck_abort_msg("cannot %s: %s", what, strerror(errno));
}

static void
go_outside(void)
{
	must(fchdir(outside) == 0 && chroot(".") == 0, "leave the root of a world");
}

static mode_t
type_bits(unsigned type)
{
	return type == PALE_INODE_FIFO ? S_IFIFO : type == PALE_INODE_SOCKET ? S_IFSOCK : S_IFREG;
}

static void
set_attributes(const struct pale_model *model, const struct pale_inode *inode, const char *path)
{
	uid_t uid = model->users[inode->owner];

	must(lchown(path, uid, uid) == 0, "give an inode to its owner");
	if (inode->type != PALE_INODE_LINK)
		must(chmod(path, inode->mode) == 0, "set a mode");
}

static void
make_one(const struct pale_model *model, const struct pale_inode *inode, const char *path)
{
	int fd;

	if (inode->type == PALE_INODE_DIR)
		must(mkdir(path, 0700) == 0, "make a directory");
	else if (inode->type == PALE_INODE_LINK)
		must(symlink(model->rests[inode->target].text, path) == 0, "make a link");
	else
		must(mknod(path, type_bits(inode->type) | 0600, 0) == 0, "make a file");
	if (inode->type == PALE_INODE_FILE && inode->content != 0) {
		fd = open(path, O_WRONLY | O_CLOEXEC);
		must(
		    fd >= 0 && write(fd, "12345678", RECORD_BYTES) == RECORD_BYTES, "write a file");
		close(fd);
	}
	set_attributes(model, inode, path);
}

/* What is in a directory of the model, at its real path. */
static void
make_below(const struct real *real, unsigned dir, const char *path, char (*paths)[PATH_MAX])
{
	const struct pale_model *model = real->model;
	const struct pale_state *state = model->initial;

	for (unsigned i = 0; i < PALE_MODEL_ENTRIES; i++) {
		const struct pale_entry *entry = &state->entries[i];
		char *known = paths[entry->inode], at[PATH_MAX];

		if (entry->dir != dir)
			continue;
		snprintf(at, sizeof(at), "%s/%s", path, model->names[entry->name]);
		if (known[0] != '\0') {
			must(link(known, at) == 0, "make a hard link");
			continue;
		}
		strcpy(known, at);
		make_one(model, &state->inodes[entry->inode], at);
	}
	for (unsigned i = 2; i <= model->inode_room; i++) {
		const struct pale_inode *inode = &state->inodes[i];

		if (!inode->linked || inode->parent != dir)
			continue;
		snprintf(paths[i], PATH_MAX, "%s/%s", path, model->names[inode->name]);
		make_one(model, inode, paths[i]);
		make_below(real, i, paths[i], paths);
	}
}

static int
fd_flags(const struct pale_fd *fd)
{
	int flags = O_CLOEXEC;

	if (fd->flags & PALE_F_PATH)
		return flags | O_PATH | O_NOFOLLOW;
	flags |= !(fd->flags & PALE_F_WRITE) ? O_RDONLY
	    : (fd->flags & PALE_F_READ)      ? O_RDWR
					     : O_WRONLY;
	return (fd->flags & PALE_F_CLOEXEC) ? flags : flags & ~O_CLOEXEC;
}

/* A tmpfs that is mounted nowhere: `..` of its root is itself, and it goes with its last use. */
static int
new_tmpfs(void)
{
	int context = fsopen("tmpfs", FSOPEN_CLOEXEC), mount, root;

	must(context >= 0, "make a tmpfs");
	must(fsconfig(context, FSCONFIG_SET_STRING, "mode", "755", 0) == 0 &&
		fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0,
	    "make a tmpfs");
	mount = fsmount(context, FSMOUNT_CLOEXEC, 0);
	must(mount >= 0, "mount a tmpfs");
	root = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	close(mount);
	close(context);
	return root;
}

void
real_init(struct real *real, const struct pale_model *model, enum world_kind kind)
{
	static char paths[PALE_MODEL_INODES][PATH_MAX];
	const struct pale_state *state = model->initial;

	*real = (struct real){ .model = model, .kind = kind, .base = -1 };
	memset(real->fd, -1, sizeof(real->fd));
	memset(real->ids, -1, sizeof(real->ids));
	memset(real->sysv, -1, sizeof(real->sysv));
	memset(real->at, -1, sizeof(real->at));
	memset(real->first, -1, sizeof(real->first));
	memset(paths, 0, sizeof(paths));
	umask(0);
	real->base = new_tmpfs();
	must(real->base >= 0 && fchdir(real->base) == 0, "open a world");
	set_attributes(model, &state->inodes[PALE_MODEL_ROOT], ".");
	strcpy(paths[PALE_MODEL_ROOT], ".");
	make_below(real, PALE_MODEL_ROOT, ".", paths);
	for (unsigned p = 0; p < model->process_count; p++) {
		const struct pale_process *process = &state->processes[p];

		real->cwd[p] = open(paths[process->cwd], O_PATH | O_CLOEXEC);
		real->root[p] = open(paths[process->root], O_PATH | O_CLOEXEC);
		must(real->cwd[p] >= 0 && real->root[p] >= 0, "open directories");
		for (unsigned i = 0; i < PALE_MODEL_FDS; i++) {
			if (process->fds[i].kind != PALE_FD_INODE)
				continue;
			real->fd[p][i] =
			    open(paths[process->fds[i].of], fd_flags(&process->fds[i]));
			must(real->fd[p][i] >= 0, "open what is delegated");
		}
	}
}

void
real_done(struct real *real)
{
	go_outside();
	real_ipc_done(real);
	for (unsigned p = 0; p < real->model->process_count; p++) {
		close(real->cwd[p]);
		close(real->root[p]);
		if (real->at[p] >= 0)
			close(real->at[p]);
		if (real->first[p] >= 0)
			close(real->first[p]);
		for (unsigned i = 0; i < PALE_MODEL_FDS; i++) {
			if (real->fd[p][i] >= 0)
				close(real->fd[p][i]);
		}
	}
	close(real->base);
}
