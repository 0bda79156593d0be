/* SPDX-License-Identifier: BSD-2-Clause */
/* Trees of the system that we cannot change; see closed_tree.h. */
#include "run/closed_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/path.h"
#include "core/scope.h"

enum {
	DEPTH_MAX = 32,
};

struct look {
	bool (*is_known)(const void *state, const char *socket);
	const void *state;
	unsigned dirs;
	char path[4096]; /* of the directory or entry at hand */
};

static bool look_into(struct look *look, int fd, unsigned depth);

/* Can we, or everybody, put something there? Root can, everywhere, and does not count. */
static bool
is_ours(int dir, const struct stat *st)
{
	if ((st->st_mode & S_IWOTH) != 0)
		return true;
	return geteuid() != 0 &&
	    (st->st_uid == geteuid() || faccessat(dir, ".", W_OK, AT_EACCESS) == 0);
}

/* One entry of a directory; its name is appended to the path already. */
static bool
look_at(struct look *look, int dir, const struct dirent *entry, unsigned depth)
{
	struct stat st;
	int fd;

	if (entry->d_type != DT_DIR && entry->d_type != DT_SOCK && entry->d_type != DT_UNKNOWN)
		return true;
	if (fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return true;
	if (S_ISSOCK(st.st_mode))
		return look->is_known(look->state, look->path);
	if (!S_ISDIR(st.st_mode))
		return true;
	fd = openat(
	    dir, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 || look_into(look, fd, depth + 1);
}

/* Takes the descriptor over. */
static bool
look_into(struct look *look, int fd, unsigned depth)
{
	const size_t len = strlen(look->path);
	const struct dirent *entry;
	struct stat st;
	bool closed = true;
	DIR *dir = fdopendir(fd);

	if (dir == NULL) {
		close(fd);
		return false;
	}
	if (fstat(fd, &st) < 0 || is_ours(fd, &st) || ++look->dirs > PALE_CLOSED_TREE_DIRS_MAX ||
	    depth > DEPTH_MAX)
		closed = false;
	while (closed && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if ((size_t)snprintf(look->path + len, sizeof(look->path) - len, "/%s",
			entry->d_name) >= sizeof(look->path) - len)
			closed = false;
		else
			closed = look_at(look, fd, entry, depth);
		/* What was found stays to be told. */
		if (closed)
			look->path[len] = '\0';
	}
	closedir(dir);
	return closed;
}

int
pale_closed_tree_look(const char *from, bool (*is_known)(const void *state, const char *socket),
    const void *state, char **ret_path)
{
	struct look look = { .is_known = is_known, .state = state };
	int fd;

	if (strlen(from) >= sizeof(look.path))
		return -ENAMETOOLONG;
	fd = open(from, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return 0;
	strcpy(look.path, from);
	if (look_into(&look, fd, 0))
		return 0;
	*ret_path = strdup(look.path);
	return *ret_path == NULL ? -ENOMEM : 1;
}

int
pale_closed_tree_opening(const char *path, bool (*is_known)(const void *state, const char *socket),
    const void *state, char **ret_path)
{
	static const char *const anybodys[] = { "/usr/local", "/opt", "/etc" };

	for (size_t i = 0; i < PALE_COUNT(anybodys); i++) {
		const char *from = pale_path_is_beneath(path, anybodys[i]) ? path
		    : pale_path_is_beneath(anybodys[i], path)              ? anybodys[i]
									   : NULL;
		int result =
		    from == NULL ? 0 : pale_closed_tree_look(from, is_known, state, ret_path);

		if (result != 0)
			return result;
	}
	return 0;
}
