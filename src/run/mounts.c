/* SPDX-License-Identifier: BSD-2-Clause */
/* The mounts of a process; see mounts.h. */
#include "run/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/path.h"
#include "core/scope.h"

enum {
	MOUNTS_MAX = 4000, /* a grant may show the mounts of a whole machine; more is refused */
};

void
pale_mounts_done(struct pale_mounts *mounts)
{
	for (size_t i = 0; i < mounts->count; i++)
		free(mounts->list[i].path);
	free(mounts->list);
	*mounts = (struct pale_mounts){ 0 };
}

/* Blanks, newlines and backslashes stand as three octal digits. */
static void
unescape(char *text)
{
	char *to = text;

	for (const char *at = text; *at != '\0'; to++) {
		if (at[0] == '\\' && at[1] >= '0' && at[1] <= '3' && at[2] >= '0' && at[2] <= '7' &&
		    at[3] >= '0' && at[3] <= '7') {
			*to = (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
			at += 4;
		} else {
			*to = *at++;
		}
	}
	*to = '\0';
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw" */
static bool
parse_line(char *line, struct pale_mount *ret, uint64_t *ret_parent)
{
	char *save = NULL;
	char *words[5];

	for (size_t i = 0; i < PALE_COUNT(words); i++) {
		words[i] = strtok_r(i == 0 ? line : NULL, " ", &save);
		if (words[i] == NULL)
			return false;
	}
	*ret = (struct pale_mount){ .id = strtoull(words[0], NULL, 10), .path = strdup(words[4]) };
	*ret_parent = strtoull(words[1], NULL, 10);
	if (ret->path != NULL)
		unescape(ret->path);
	return ret->path != NULL;
}

static int
read_lines(FILE *file, struct pale_mounts *mounts, uint64_t **ret_parents)
{
	PALE_FREE char *line = NULL;
	size_t room = 0;
	size_t size = 0;

	while (getline(&line, &size, file) > 0) {
		if (mounts->count == room) {
			size_t more = room * 2 + 64;
			struct pale_mount *list =
			    reallocarray(mounts->list, more, sizeof(*mounts->list));
			uint64_t *parents;

			if (list != NULL)
				mounts->list = list;
			parents = reallocarray(*ret_parents, more, sizeof(**ret_parents));
			if (parents != NULL)
				*ret_parents = parents;
			if (list == NULL || parents == NULL)
				return -ENOMEM;
			room = more;
		}
		if (mounts->count == MOUNTS_MAX)
			return -E2BIG;
		if (!parse_line(line, &mounts->list[mounts->count], &(*ret_parents)[mounts->count]))
			return -EPROTO;
		mounts->count++;
	}
	return ferror(file) ? -EIO : 0;
}

/* Is `above` an ancestor of `at`, or the same? Parents come before their children are mounted, but
 * need not in the list; its length bounds the way. */
static bool
is_ancestor(const struct pale_mounts *mounts, size_t above, size_t at)
{
	for (size_t steps = 0; steps <= mounts->count; steps++) {
		if (at == above)
			return true;
		if (mounts->list[at].parent == at)
			return false;
		at = mounts->list[at].parent;
	}
	return false;
}

/* Does `over` hang above the place of `at`, in a mount that both hang in? */
static bool
buries(const struct pale_mounts *mounts, size_t over, size_t at)
{
	return pale_path_is_beneath(mounts->list[at].path, mounts->list[over].path) &&
	    mounts->list[over].parent != over && !is_ancestor(mounts, over, at) &&
	    is_ancestor(mounts, mounts->list[over].parent, at);
}

/* Who hangs where, and who is hidden by another. */
static void
link_up(struct pale_mounts *mounts, const uint64_t *parents)
{
	for (size_t i = 0; i < mounts->count; i++) {
		mounts->list[i].parent = i;
		for (size_t j = 0; j < mounts->count; j++) {
			if (j != i && mounts->list[j].id == parents[i])
				mounts->list[i].parent = j;
		}
	}
	for (size_t i = 0; i < mounts->count; i++) {
		struct pale_mount *one = &mounts->list[i];

		for (size_t j = 0; j < mounts->count; j++) {
			if (j == i || !buries(mounts, j, i))
				continue;
			one->buried = true;
			if (mounts->list[j].parent == i &&
			    strcmp(mounts->list[j].path, one->path) == 0)
				one->covered = true;
		}
	}
}

/* What its name leads to must be the mount itself, or the name is another's by now. */
static int
look_at_top(struct pale_mount *mount)
{
	PALE_CLOSE int fd = open(mount->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct statx st;
	struct statvfs vfs;

	if (fd < 0)
		return -errno;
	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS | STATX_MNT_ID,
		&st) < 0 ||
	    fstatvfs(fd, &vfs) < 0)
		return -errno;
	if (st.stx_mnt_id != mount->id)
		return -ESTALE;
	mount->dev = makedev(st.stx_dev_major, st.stx_dev_minor);
	mount->ino = st.stx_ino;
	mount->read_only = (vfs.f_flag & ST_RDONLY) != 0;
	mount->no_exec = (vfs.f_flag & ST_NOEXEC) != 0;
	return 0;
}

int
pale_mounts_read(int proc, struct pale_mounts *ret_mounts, struct pale_err *err)
{
	struct pale_mounts mounts = { 0 };
	PALE_FREE uint64_t *parents = NULL;
	int fd = openat(proc, "self/mountinfo", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "re");
	int result = file == NULL ? -errno : read_lines(file, &mounts, &parents);

	if (file != NULL)
		fclose(file);
	else if (fd >= 0)
		close(fd);
	if (result == 0)
		link_up(&mounts, parents);
	for (size_t i = 0; i < mounts.count && result == 0; i++) {
		if (!mounts.list[i].covered && !mounts.list[i].buried)
			result = look_at_top(&mounts.list[i]);
	}
	if (result < 0) {
		pale_mounts_done(&mounts);
		return pale_fail(
		    err, result, "cannot look at the mounts inside: %s", strerror(-result));
	}
	*ret_mounts = mounts;
	return 0;
}

const struct pale_mount *
pale_mounts_of_fd(const struct pale_mounts *mounts, int fd)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &st) < 0)
		return NULL;
	for (size_t i = 0; i < mounts->count; i++) {
		if (mounts->list[i].id == st.stx_mnt_id)
			return &mounts->list[i];
	}
	return NULL;
}
