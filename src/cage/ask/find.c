/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an address of AF_UNIX leads to. A path is resolved as the caller would, from its working
 * directory and in the root that it shares with us, to an inode that is then pinned: what is judged
 * is what is used, whatever is renamed meanwhile. Magic links of /proc are not followed, for they
 * would be ours; those to the caller's descriptors are understood by their name.
 *
 * It may be used if its mount is not read-only, or if it is a door: a socket outside that is
 * granted by name. A door is known by its inode, which is mounted inside, or, where its server may
 * come later or be another one, by the directory inside and the last name; the socket is then
 * looked up in the machine's own directory, where nothing but that one name is ever asked for.
 */
#include "cage/ask/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/scope.h"
#include "kernel/caller.h"

enum {
	RESOLVE_TRIES = 64, /* renames elsewhere can disturb a walk with ".."; 7 were ever needed */
};

/* Pin what the path leads to. */
static int
resolve(int dir, const char *path, uint64_t flags, uint64_t how_to, int *ret_fd)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC | flags, .resolve = how_to };
	long fd = -1;

	for (int i = 0; i < RESOLVE_TRIES; i++) {
		fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	if (fd < 0)
		return -errno;
	*ret_fd = (int)fd;
	return 0;
}

/* Pin what the caller means. */
static int
pin(struct pale_supervisor *supervisor, const struct pale_notify *call, const char *path,
    int *ret_fd)
{
	PALE_CLOSE int dir = -1;
	const char *rest = path;
	int number;
	int result = 0;

	if (pale_ask_names_fd(path, &number, &rest)) {
		result =
		    pale_caller_fd(&supervisor->last, supervisor->proc, call->tid, number, &dir);
		if (result == -EBADF)
			result = -ENOENT; /* as /proc answers */
		if (result == 0 && *rest == '\0')
			*ret_fd = pale_take_fd(&dir);
		else if (result == 0)
			result = resolve(dir, rest, 0, RESOLVE_NO_MAGICLINKS, ret_fd);
	} else if (path[0] == '/') {
		result = resolve(AT_FDCWD, path, 0, RESOLVE_NO_MAGICLINKS, ret_fd);
	} else {
		result = pale_caller_cwd(supervisor->proc, call->tid, &dir);
		if (result == 0)
			result = resolve(dir, path, 0, RESOLVE_NO_MAGICLINKS, ret_fd);
	}
	return result;
}

/* Pin the directory that a path's last name is in; NULL where it has none of its own. */
static const char *
pin_parent(struct pale_supervisor *supervisor, const struct pale_notify *call, const char *path,
    int *ret_dir)
{
	char parent[sizeof(((struct pale_ask_addr *)0)->path)];
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	size_t len = (size_t)(name - path);

	if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return NULL;
	memcpy(parent, path, len);
	memcpy(parent + len, "", 1);
	if (pin(supervisor, call, len == 0 ? "." : parent, ret_dir) < 0)
		return NULL;
	return name;
}

static bool
is_same(int dir, const struct stat *st)
{
	struct stat other;

	return fstat(dir, &other) == 0 && other.st_dev == st->st_dev && other.st_ino == st->st_ino;
}

/* Is this the directory inside that the door's path names? */
static bool
is_parent(const struct pale_door_socket *door, const struct stat *dir)
{
	PALE_CLOSE int fd = -1;
	char parent[PATH_MAX];
	const char *slash = strrchr(door->path, '/');

	if (slash == NULL || (size_t)(slash - door->path) >= sizeof(parent) - 1)
		return false;
	memcpy(parent, door->path, (size_t)(slash - door->path));
	memcpy(parent + (slash - door->path), "/", 2);
	return resolve(AT_FDCWD, parent, O_DIRECTORY, RESOLVE_NO_SYMLINKS, &fd) == 0 &&
	    is_same(fd, dir);
}

/* The door of which the path is the name, with one of these uses. */
static const struct pale_door_socket *
door_by_name(struct pale_supervisor *supervisor, const struct pale_notify *call, const char *path,
    unsigned use)
{
	PALE_CLOSE int dir = -1;
	const char *name = NULL;
	struct stat st;

	for (size_t i = 0; i < supervisor->doors->socket_count; i++) {
		const struct pale_door_socket *door = &supervisor->doors->sockets[i];
		const char *slash = strrchr(path, '/');

		/* The name inside may be another than that outside, if a link was granted. */
		if ((door->use & use) != use || door->dir < 0 ||
		    strcmp(strrchr(door->path, '/') + 1, slash == NULL ? path : slash + 1) != 0)
			continue;
		if (name == NULL) {
			name = pin_parent(supervisor, call, path, &dir);
			if (name == NULL || fstat(dir, &st) < 0)
				return NULL;
		}
		if (is_parent(door, &st))
			return door;
	}
	return NULL;
}

const struct pale_door_socket *
pale_ask_bind_door(
    struct pale_supervisor *supervisor, const struct pale_notify *call, const char *path)
{
	return door_by_name(supervisor, call, path, PALE_DOOR_BIND);
}

int
pale_ask_open_door(const struct pale_door_socket *door, int *ret_fd)
{
	PALE_CLOSE int fd = -1;
	struct stat st;
	int result = resolve(door->dir, door->name, O_NOFOLLOW,
	    RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS, &fd);

	if (result < 0)
		return result == -ENOENT ? -ENOENT : -EACCES;
	if (fstat(fd, &st) < 0)
		return -errno;
	/* A link is not followed, so it is what was opened. */
	if (S_ISLNK(st.st_mode))
		return -EACCES;
	if (!S_ISSOCK(st.st_mode))
		return -ECONNREFUSED;
	if (door->ino != 0 && st.st_uid != door->owner)
		return -EACCES;
	*ret_fd = pale_take_fd(&fd);
	return 0;
}

/* The inode of a door, which is what its mount inside shows. */
static const struct pale_door_socket *
door_by_inode(const struct pale_supervisor *supervisor, const struct stat *st)
{
	for (size_t i = 0; i < supervisor->doors->socket_count; i++) {
		const struct pale_door_socket *door = &supervisor->doors->sockets[i];

		if ((door->use & PALE_DOOR_CONNECT) != 0 && door->ino != 0 &&
		    door->ino == st->st_ino && door->dev == st->st_dev)
			return door;
	}
	return NULL;
}

const struct pale_door_socket *
pale_ask_abstract_door(const struct pale_supervisor *supervisor, const struct pale_ask_addr *addr,
    enum pale_door_use use)
{
	const char *name = addr->un.sun_path + 1;
	size_t len = addr->size - offsetof(struct sockaddr_un, sun_path) - 1;

	for (size_t i = 0; i < supervisor->doors->socket_count; i++) {
		const struct pale_door_socket *door = &supervisor->doors->sockets[i];

		if (door->path[0] == '@' && (door->use & (unsigned)use) != 0 &&
		    strlen(door->name) == len && memcmp(door->name, name, len) == 0)
			return door;
	}
	return NULL;
}

/* What has the name of a door now, where that is what was granted. */
static int
open_named(const struct pale_door_socket *door, int *ret_fd)
{
	PALE_CLOSE int fd = -1;
	struct stat st;
	int result = pale_ask_open_door(door, &fd);

	if (result < 0)
		return result;
	if ((door->use & (PALE_DOOR_FOLLOW | PALE_DOOR_BIND)) == 0 &&
	    (fstat(fd, &st) < 0 || st.st_ino != door->ino || st.st_dev != door->dev))
		return -EACCES;
	*ret_fd = pale_take_fd(&fd);
	return 0;
}

/* The path is not there, or not to be used: is it the name of a door? */
static int
find_named(struct pale_supervisor *supervisor, const struct pale_notify *call, const char *path,
    int otherwise, struct pale_ask_target *ret)
{
	if (supervisor->doors->socket_count > 0)
		ret->door = door_by_name(supervisor, call, path, PALE_DOOR_CONNECT);
	if (!pale_ask_holds(supervisor, call))
		return -EINTR;
	return ret->door == NULL ? otherwise : open_named(ret->door, &ret->fd);
}

/* Does any door let descriptors in? */
static bool
anything_comes_in(const struct pale_supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->doors->socket_count; i++) {
		if ((supervisor->doors->sockets[i].use & PALE_DOOR_SCM_IN) != 0)
			return true;
	}
	return false;
}

int
pale_ask_find(struct pale_supervisor *supervisor, const struct pale_notify *call,
    const struct pale_ask_addr *addr, enum pale_ask_name name, struct pale_ask_target *ret)
{
	PALE_CLOSE int fd = -1;
	struct pale_ask_target target = { .fd = -1 };
	struct statfs fs;
	struct stat st;
	int result;

	if (name == PALE_ASK_NAMELESS)
		return -EINVAL;
	if (name == PALE_ASK_ABSTRACT) {
		if (!pale_ask_holds(supervisor, call))
			return -EINTR;
		/* As if nobody listened: such names belong to the machine, and the cage has none.
		 */
		target.door = pale_ask_abstract_door(supervisor, addr, PALE_DOOR_CONNECT);
		*ret = target;
		return target.door == NULL ? -ECONNREFUSED : 0;
	}
	result = pin(supervisor, call, addr->path, &fd);
	if (result == -ENOENT || result == -EACCES || result == -EROFS) {
		result = find_named(supervisor, call, addr->path, result, &target);
		*ret = target;
		return result;
	}
	if (!pale_ask_holds(supervisor, call))
		return -EINTR;
	if (result < 0)
		return result;
	if (fstatfs(fd, &fs) < 0)
		return -errno;
	/* Who it is matters only where there are doors, or a boundary to cross. */
	if (supervisor->doors->socket_count > 0 || supervisor->doors->crosses) {
		if (fstat(fd, &st) < 0)
			return -errno;
		target.door = door_by_inode(supervisor, &st);
		target.hidden = pale_ask_is_hidden(supervisor, st.st_dev);
	}
	if ((fs.f_flags & ST_RDONLY) == 0) {
		/* A directory that was passed in leads on to the machine. */
		if (anything_comes_in(supervisor) && !pale_ask_is_cage_mount(supervisor, fd))
			return -EACCES;
		target.fd = pale_take_fd(&fd);
		*ret = target;
		return 0;
	}
	target.is_mount = target.door != NULL;
	if (target.door == NULL)
		result = find_named(supervisor, call, addr->path, -EACCES, &target);
	else if ((target.door->use & PALE_DOOR_FOLLOW) != 0)
		result = pale_ask_open_door(target.door, &target.fd);
	else
		target.fd = pale_take_fd(&fd);
	*ret = target;
	return result;
}

void
pale_ask_name_target(struct pale_ask_addr *addr, const struct pale_ask_target *target)
{
	if (target->fd < 0)
		return;
	memset(&addr->un, 0, sizeof(addr->un));
	addr->un.sun_family = AF_UNIX;
	snprintf(addr->un.sun_path, sizeof(addr->un.sun_path), "%d", target->fd);
	addr->size = sizeof(addr->un);
}

bool
pale_ask_is_hidden(struct pale_supervisor *supervisor, dev_t dev)
{
	struct stat st;

	if (supervisor->hidden_path == NULL)
		return false;
	/* A mount of the cage's: it is never replaced. */
	if (supervisor->hidden_dev == 0 && stat(supervisor->hidden_path, &st) == 0)
		supervisor->hidden_dev = st.st_dev;
	return supervisor->hidden_dev != 0 && supervisor->hidden_dev == dev;
}
