/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A scratch directory in one of the user's: nobody else can search it, so whatever modes the
 * scenario's tree has, nobody else comes to it. What is removed is found by names below it, and
 * nothing is followed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replay/play.h"

int
pale_scratch_make(const char *dir, char ret_path[PATH_MAX], struct pale_err *err)
{
	int length = snprintf(ret_path, PATH_MAX, "%s/pale-replay-XXXXXX", dir);

	if (length < 0 || length >= PATH_MAX) {
		ret_path[0] = '\0';
		return pale_fail(err, -ENAMETOOLONG, "the scratch directory's name is too long");
	}
	if (mkdtemp(ret_path) == NULL) {
		ret_path[0] = '\0';
		return pale_fail_errno(err, "cannot make a scratch directory in '%s'", dir);
	}
	return 0;
}

/* Takes the descriptor. */
static void
remove_below(int dir, unsigned depth)
{
	DIR *names = dir < 0 ? NULL : fdopendir(dir);
	const struct dirent *entry;

	if (names == NULL) {
		if (dir >= 0)
			close(dir);
		return;
	}
	while ((entry = readdir(names)) != NULL) {
		const char *name = entry->d_name;
		struct stat st;

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
		    unlinkat(dirfd(names), name, 0) == 0 || depth == 0 ||
		    fstatat(dirfd(names), name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISDIR(st.st_mode) || fchmodat(dirfd(names), name, 0700, 0) < 0)
			continue;
		remove_below(
		    openat(dirfd(names), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
		    depth - 1);
		unlinkat(dirfd(names), name, AT_REMOVEDIR);
	}
	closedir(names);
}

void
pale_scratch_remove(const char *path)
{
	if (path[0] == '\0')
		return;
	remove_below(
	    open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), PALE_MODEL_INODES + 1);
	rmdir(path);
}
