/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls of an actor that take paths: what the model's row stands for, made for real. A path
 * that our walker has walked is followed through /proc/self/fd, so that the call acts on the very
 * inode that was found, or on one name in the very directory.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/scope.h"
#include "model/ops.h"
#include "replay/actor.h"

int
pale_actor_fd(const struct pale_actor *actor, unsigned n)
{
	unsigned slot = actor->fd[n];

	if (slot == PALE_FD_CWD)
		return AT_FDCWD;
	return slot < PALE_MODEL_FDS ? actor->fds[slot] : -1;
}

void
pale_actor_close(struct pale_actor *actor, unsigned slot)
{
	if (actor->fds[slot] >= 0)
		close(actor->fds[slot]);
	if (actor->lookup_fds[slot] >= 0 && actor->lookup_fds[slot] != actor->fds[slot])
		close(actor->lookup_fds[slot]);
	actor->fds[slot] = actor->lookup_fds[slot] = -1;
	actor->mounts[slot] = 0;
}

void
pale_actor_give(struct pale_actor *actor, unsigned which, int fd, bool from_lookup)
{
	unsigned slot = actor->site->to_fd[which];
	unsigned from = actor->fd[0];

	for (unsigned i = 0; slot == PALE_FD_ANY && i < PALE_MODEL_FDS; i++)
		if (actor->fds[i] < 0)
			slot = i;
	if (slot >= PALE_MODEL_FDS) {
		close(fd);
		return;
	}
	pale_actor_close(actor, slot);
	actor->fds[slot] = fd;
	if (from_lookup && actor->site->op == PALE_CALL_openat && from < PALE_MODEL_FDS)
		actor->mounts[slot] = actor->mounts[from];
	else if (from_lookup)
		actor->mounts[slot] = actor->cwd_mount;
}

int
pale_actor_enter(struct pale_actor *actor, int dir)
{
	(void)actor;
	if (dir == AT_FDCWD)
		return 0;
	return fchdir(dir) < 0 ? -errno : 0;
}

void
pale_actor_leave(struct pale_actor *actor)
{
	/* It was there before, so it is there now. */
	if (fchdir(actor->cwd) < 0)
		_exit(1);
}

/* ---- open ---- */

static int
open_flags(const struct pale_site *site)
{
	static const struct {
		unsigned ours;
		int real;
	} flags[] = {
		{ PALE_F_CREAT, O_CREAT },
		{ PALE_F_EXCL, O_EXCL },
		{ PALE_F_NOFOLLOW, O_NOFOLLOW },
		{ PALE_F_PATH, O_PATH },
		{ PALE_F_NONBLOCK, O_NONBLOCK },
		{ PALE_F_CLOEXEC, O_CLOEXEC },
		{ PALE_F_DIRECTORY, O_DIRECTORY },
		{ PALE_F_TRUNC, O_TRUNC },
	};
	int real = O_NOCTTY;

	if ((site->flags & PALE_F_WRITE) != 0)
		real |= (site->flags & PALE_F_READ) != 0 ? O_RDWR : O_WRONLY;
	for (size_t i = 0; i < PALE_COUNT(flags); i++)
		if ((site->flags & flags[i].ours) != 0)
			real |= flags[i].real;
	return real;
}

static int
open_walked(struct pale_actor *actor, const struct pale_actor_place *place)
{
	const struct pale_site *site = actor->site;
	const struct pale_actor_node *node =
	    &actor->nodes[actor->node[actor->walk] == 0 ? 0 : actor->node[actor->walk]];
	int flags = open_flags(site) & ~(O_CREAT | O_EXCL | O_NOFOLLOW);

	if (actor->made >= 0)
		return pale_take_fd(&actor->made);
	if (pale_site_creates(site)) {
		if ((site->flags & PALE_F_EXCL) != 0)
			return errno = EEXIST, -1;
		if (node->type == PALE_WALKER_IS_DIR)
			return errno = EISDIR, -1;
	}
	if (node->type == PALE_WALKER_IS_LINK && (flags & O_PATH) == 0)
		return errno = (flags & O_DIRECTORY) != 0 ? ENOTDIR : ELOOP, -1;
	return openat(place->dir, place->path, flags);
}

static uint64_t
resolve_of(const struct pale_actor *actor)
{
	if (actor->play->by == PALE_REPLAY_BENEATH)
		return RESOLVE_BENEATH;
	return actor->play->by == PALE_REPLAY_IN_ROOT ? RESOLVE_IN_ROOT : 0;
}

/* The kernel's walk, as this replay has it. From the working directory it is always the plain one:
 * a program that is confined to a directory has a descriptor of it. */
static int
open_plain(const struct pale_actor *actor, const struct pale_actor_place *place)
{
	const struct pale_site *site = actor->site;
	struct open_how how = {
		.flags = (unsigned)open_flags(site),
		.resolve = resolve_of(actor),
	};

	if (how.resolve == 0 || place->dir == AT_FDCWD)
		return openat(place->dir, place->path, open_flags(site), site->mode);
	if (pale_site_creates(site))
		how.mode = site->mode;
	if ((how.flags & O_PATH) != 0) /* openat2 refuses what openat ignores */
		how.flags &= (unsigned)(O_PATH | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW);
	return (int)syscall(SYS_openat2, place->dir, place->path, &how, sizeof(how));
}

static void
call_open(
    struct pale_actor *actor, const struct pale_actor_place *place, struct pale_actor_done *ret)
{
	int fd = place->walked ? open_walked(actor, place) : open_plain(actor, place);
	struct stat st;

	ret->is_lookup = true;
	if (fd < 0) {
		ret->error = errno;
		return;
	}
	if (fstat(fd, &st) == 0)
		ret->ino = st.st_ino;
	pale_actor_give(actor, 0, fd, true);
}

/* ---- others that follow to the end ---- */

static int
at_flags(const struct pale_actor *actor, const struct pale_actor_place *place)
{
	return !place->walked && (actor->site->flags & PALE_F_NOFOLLOW) != 0 ? AT_SYMLINK_NOFOLLOW
									     : 0;
}

static int
change_dir(struct pale_actor *actor, int fd, uint16_t mount)
{
	if (fd < 0 || fchdir(fd) < 0) {
		int error = errno;

		if (fd >= 0)
			close(fd);
		return errno = error, -1;
	}
	close(actor->cwd);
	actor->cwd = fd;
	actor->cwd_mount = mount;
	return 0;
}

static int
change_root(struct pale_actor *actor, int fd)
{
	PALE_CLOSE int owned = fd;

	if (fd < 0 || fchdir(fd) < 0)
		return -1;
	if (chroot(".") < 0) {
		int error = errno;

		pale_actor_leave(actor);
		return errno = error, -1;
	}
	pale_actor_leave(actor);
	actor->root = pale_actor_node(actor, pale_take_fd(&owned));
	return 0;
}

static int
open_place(const struct pale_actor_place *place, int flags)
{
	return openat(place->dir, place->path, O_PATH | O_CLOEXEC | flags);
}

static int
socket_at(struct pale_actor *actor, const struct pale_actor_place *place, bool binds)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = pale_actor_fd(actor, 0);
	int result, error;

	if (strlen(place->path) >= sizeof(address.sun_path))
		return errno = ENAMETOOLONG, -1;
	memcpy(address.sun_path, place->path, strlen(place->path) + 1);
	if (pale_actor_enter(actor, place->dir) < 0)
		return -1;
	result = binds ? bind(fd, (struct sockaddr *)&address, sizeof(address))
		       : connect(fd, (struct sockaddr *)&address, sizeof(address));
	error = errno;
	if (place->dir != AT_FDCWD)
		pale_actor_leave(actor);
	return errno = error, result;
}

/*
 * What exec does to a process as the model has it: descriptors, segments, user. The program itself
 * is not run: this process has to hear what comes next.
 */
static int
call_exec(struct pale_actor *actor, const struct pale_actor_place *place)
{
	PALE_CLOSE int fd = open_place(place, 0);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode) ||
	    syscall(SYS_faccessat2, fd, "", X_OK, AT_EACCESS | AT_EMPTY_PATH) < 0)
		return errno = EACCES, -1;
	return pale_actor_executes(actor, &st);
}

static int
call_fstatat(struct pale_actor *actor, const struct pale_actor_place *place)
{
	struct pale_actor_var var = { .kind = PALE_VAR_INODE };

	if (fstatat(place->dir, place->path, &var.stat, at_flags(actor, place)) < 0)
		return -1;
	if (actor->site->to_var != 0)
		actor->vars[actor->site->to_var] = var;
	return 0;
}

/* ---- names ---- */

/* Two descriptors of different mounts, where the scenario's walker has them: such a walker is
 * played without mounts. */
static bool
are_apart(const struct pale_actor *actor)
{
	uint16_t mounts[2];

	if (actor->play->by != PALE_REPLAY_WALKER || !pale_actor_walker(actor)->is_root)
		return false;
	for (unsigned i = 0; i < 2; i++)
		mounts[i] =
		    actor->fd[i] < PALE_MODEL_FDS ? actor->mounts[actor->fd[i]] : actor->cwd_mount;
	return mounts[0] != mounts[1];
}

static int
call_rename(struct pale_actor *actor, const struct pale_actor_place place[2])
{
	unsigned flags = actor->site->flags;
	unsigned real = ((flags & PALE_F_EXCL) != 0 ? RENAME_NOREPLACE : 0U) |
	    ((flags & PALE_F_EXCHANGE) != 0 ? RENAME_EXCHANGE : 0U);
	int result;

	if (are_apart(actor))
		return errno = EXDEV, -1;
	result = renameat2(place[0].dir, place[0].path, place[1].dir, place[1].path, real);

	if (result == 0)
		actor->play->shared->renames++;
	return result;
}

static int
call_link(struct pale_actor *actor, const struct pale_actor_place place[2])
{
	int follow =
	    place[0].walked || (actor->site->flags & PALE_F_NOFOLLOW) == 0 ? AT_SYMLINK_FOLLOW : 0;

	if (are_apart(actor))
		return errno = EXDEV, -1;
	return linkat(place[0].dir, place[0].path, place[1].dir, place[1].path, follow);
}

/* Of what was made, for the model makes it the result. */
static void
look_at(const struct pale_actor_place *place, struct pale_actor_done *ret)
{
	struct stat st;

	if (fstatat(place->dir, place->path, &st, AT_SYMLINK_NOFOLLOW) == 0)
		ret->ino = st.st_ino;
}

void
pale_actor_call(
    struct pale_actor *actor, struct pale_actor_place place[2], struct pale_actor_done *ret)
{
	const struct pale_site *site = actor->site;
	bool makes = false;
	int result = 0;

	*ret = (struct pale_actor_done){ .value = -1 };
	errno = 0;
	switch ((int)site->op) {
	case PALE_CALL_openat:
	case PALE_CALL_open:
		call_open(actor, &place[0], ret);
		return;
	case PALE_CALL_mkdirat:
		makes = true;
		result = mkdirat(place[0].dir, place[0].path, site->mode);
		break;
	case PALE_CALL_unlinkat:
		result = unlinkat(place[0].dir, place[0].path,
		    (site->flags & PALE_F_DIRECTORY) != 0 ? AT_REMOVEDIR : 0);
		break;
	case PALE_CALL_renameat:
		result = call_rename(actor, place);
		break;
	case PALE_CALL_linkat:
		result = call_link(actor, place);
		break;
	case PALE_CALL_symlinkat:
		makes = true;
		result = symlinkat(
		    actor->play->model->rests[site->path[0]].text, place[0].dir, place[0].path);
		break;
	case PALE_CALL_mkfifoat:
		makes = true;
		result = mknodat(place[0].dir, place[0].path, S_IFIFO | site->mode, 0);
		break;
	case PALE_CALL_fchmodat:
		result = fchmodat(place[0].dir, place[0].path, site->mode, 0);
		break;
	case PALE_CALL_fstatat:
		result = call_fstatat(actor, &place[0]);
		break;
	case PALE_CALL_chdir:
		result = change_dir(actor, open_place(&place[0], O_DIRECTORY), actor->cwd_mount);
		break;
	case PALE_CALL_fchdir:
		result = change_dir(actor, openat(pale_actor_fd(actor, 0), ".", O_PATH | O_CLOEXEC),
		    actor->fd[0] < PALE_MODEL_FDS ? actor->mounts[actor->fd[0]] : 0);
		break;
	case PALE_CALL_chroot:
		result = change_root(actor, open_place(&place[0], O_DIRECTORY));
		break;
	case PALE_CALL_bind:
		makes = true;
		result = socket_at(actor, &place[0], true);
		break;
	case PALE_CALL_connect:
		result = socket_at(actor, &place[0], false);
		break;
	case PALE_CALL_exec:
		result = call_exec(actor, &place[0]);
		break;
	default:
		if (!pale_actor_call_ipc(actor, ret))
			ret->unable = "this call cannot be replayed";
		return;
	}
	if (result < 0)
		ret->error = errno == 0 ? EIO : errno;
	else if (makes)
		look_at(&place[0], ret);
}
