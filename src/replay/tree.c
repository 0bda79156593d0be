/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scenario's tree, made in the scratch directory, and held to the model's after each call: the
 * same names, each of the same inode, type, mode and content. Owners only where users can be had.
 *
 * All names are single components below descriptors that were made here: nothing leaves the
 * scratch directory.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/scope.h"
#include "replay/play.h"

enum { PATH_BYTES = PATH_MAX };

/* What is no directory: its first name. */
static const struct pale_entry *
entry_of(const struct pale_state *state, unsigned inode)
{
	for (unsigned i = 0; i < PALE_MODEL_ENTRIES; i++)
		if (state->entries[i].dir != 0 && state->entries[i].inode == inode)
			return &state->entries[i];
	return NULL;
}

int
pale_play_path(const struct pale_model *model, const struct pale_state *state, unsigned inode,
    char *buf, size_t size)
{
	const char *names[PALE_MODEL_INODES];
	unsigned count = 0;
	size_t at = 0;

	if (inode != PALE_MODEL_ROOT && state->inodes[inode].type != PALE_INODE_DIR) {
		const struct pale_entry *entry = entry_of(state, inode);

		if (entry == NULL)
			return -ENOENT;
		names[count++] = model->names[entry->name];
		inode = entry->dir;
	}
	while (inode != PALE_MODEL_ROOT) {
		const struct pale_inode *dir = &state->inodes[inode];

		if (inode == 0 || !dir->linked || count == PALE_COUNT(names))
			return -ENOENT;
		names[count++] = model->names[dir->name];
		inode = dir->parent;
	}
	if (count == 0)
		at = (size_t)snprintf(buf, size, "/");
	while (count-- > 0 && at < size)
		at += (size_t)snprintf(buf + at, size - at, "/%s", names[count]);
	return at < size ? 0 : -ENAMETOOLONG;
}

/* ---- values ---- */

void
pale_play_record(
    const struct pale_model *model, unsigned value, char record[PALE_PLAY_RECORD_BYTES])
{
	memset(record, 0, PALE_PLAY_RECORD_BYTES);
	if (value != 0)
		snprintf(record, PALE_PLAY_RECORD_BYTES, "%s", model->values[value]);
}

int
pale_play_value(const struct pale_model *model, const char *record, size_t size)
{
	if (size == 0 || record[0] == '\0')
		return 0;
	for (unsigned i = 1; i <= model->value_count; i++) {
		const char *value = model->values[i];
		size_t length = strlen(value);

		if (length < size && memcmp(record, value, length) == 0 && record[length] == '\0')
			return (int)i;
	}
	return -1;
}

/* ---- made ---- */

/* The place of a directory, opened from the top by names that were made here. */
static int
open_dir(const struct pale_play *play, const struct pale_state *state, unsigned dir)
{
	char path[PATH_BYTES];

	if (pale_play_path(play->model, state, dir, path, sizeof(path)) < 0) {
		errno = ENOENT;
		return -1;
	}
	return openat(play->tree, dir == PALE_MODEL_ROOT ? "." : path + 1,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int
make_file(const struct pale_play *play, int dir, const char *name, unsigned value)
{
	char record[PALE_PLAY_RECORD_BYTES];
	PALE_CLOSE int fd =
	    openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	pale_play_record(play->model, value, record);
	if (value != 0 && write(fd, record, sizeof(record)) != (ssize_t)sizeof(record))
		return -EIO;
	return 0;
}

static int
make_inode(const struct pale_play *play, const struct pale_inode *inode, int dir, const char *name)
{
	switch ((enum pale_inode_type)inode->type) {
	case PALE_INODE_DIR:
		return mkdirat(dir, name, 0700) < 0 ? -errno : 0;
	case PALE_INODE_FILE:
		return make_file(play, dir, name, inode->content);
	case PALE_INODE_LINK:
		return symlinkat(play->model->rests[inode->target].text, dir, name) < 0 ? -errno
											: 0;
	case PALE_INODE_FIFO:
		return mknodat(dir, name, S_IFIFO | 0600, 0) < 0 ? -errno : 0;
	case PALE_INODE_SOCKET:
		return mknodat(dir, name, S_IFSOCK | 0600, 0) < 0 ? -errno : 0;
	case PALE_INODE_FREE:
		break;
	}
	return -EINVAL;
}

/* The first name of an inode is made, further ones are hard links. */
static int
make_name(const struct pale_play *play, const struct pale_state *state, unsigned in,
    const char *name, unsigned inode)
{
	PALE_CLOSE int dir = open_dir(play, state, in);
	const struct pale_entry *first = entry_of(state, inode);
	PALE_CLOSE int first_dir = -1;

	if (dir < 0)
		return -errno;
	if (state->inodes[inode].type == PALE_INODE_DIR || first == NULL ||
	    (first->dir == in && strcmp(play->model->names[first->name], name) == 0))
		return make_inode(play, &state->inodes[inode], dir, name);
	first_dir = open_dir(play, state, first->dir);
	if (first_dir < 0 || linkat(first_dir, play->model->names[first->name], dir, name, 0) < 0)
		return -errno;
	return 0;
}

/* Owner and mode, once everything is made: from below upwards is not needed, nobody else is here
 * and we may do everything. */
static int
dress(const struct pale_play *play, const struct pale_state *state, unsigned inode)
{
	const struct pale_inode *it = &state->inodes[inode];
	uid_t uid = play->model->users[it->owner];
	char path[PATH_BYTES];
	const char *name = path + 1;
	int result = pale_play_path(play->model, state, inode, path, sizeof(path));

	if (result < 0)
		return result;
	if (inode == PALE_MODEL_ROOT)
		name = ".";
	if (play->users && fchownat(play->tree, name, uid, uid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (it->type != PALE_INODE_LINK && fchmodat(play->tree, name, it->mode, 0) < 0)
		return -errno;
	return 0;
}

static int
make_all(const struct pale_play *play, const struct pale_state *state)
{
	const struct pale_model *model = play->model;
	bool made[PALE_MODEL_INODES] = { [PALE_MODEL_ROOT] = true };
	bool more = true;
	int result = 0;

	/* A directory comes once the one above it is there. */
	while (more && result == 0) {
		more = false;
		for (unsigned i = 1; i < PALE_MODEL_INODES && result == 0; i++) {
			const struct pale_inode *inode = &state->inodes[i];

			if (inode->type != PALE_INODE_DIR || made[i] || !made[inode->parent] ||
			    !inode->linked)
				continue;
			result =
			    make_name(play, state, inode->parent, model->names[inode->name], i);
			made[i] = more = true;
		}
	}
	for (unsigned i = 0; i < PALE_MODEL_ENTRIES && result == 0; i++) {
		const struct pale_entry *entry = &state->entries[i];

		if (entry->dir != 0)
			result = make_name(
			    play, state, entry->dir, model->names[entry->name], entry->inode);
	}
	for (unsigned i = PALE_MODEL_INODES - 1; i > 0 && result == 0; i--) {
		const struct pale_inode *inode = &state->inodes[i];

		if (inode->type != PALE_INODE_FREE &&
		    (inode->type != PALE_INODE_DIR || inode->linked || i == PALE_MODEL_ROOT))
			result = dress(play, state, i);
	}
	return result;
}

int
pale_play_make_tree(const struct pale_play *play, struct pale_err *err)
{
	int result = make_all(play, play->model->initial);

	if (result < 0)
		return pale_fail(
		    err, result, "cannot make the scenario's tree: %s", strerror(-result));
	return 0;
}

/* ---- compared ---- */

struct comparing {
	const struct pale_play *play;
	const struct pale_state *state;
	struct pale_play_inodes *inodes;
	char *words;
	size_t size;
};

static mode_t
type_of(const struct pale_inode *inode)
{
	static const mode_t types[] = {
		[PALE_INODE_DIR] = S_IFDIR,
		[PALE_INODE_FILE] = S_IFREG,
		[PALE_INODE_LINK] = S_IFLNK,
		[PALE_INODE_FIFO] = S_IFIFO,
		[PALE_INODE_SOCKET] = S_IFSOCK,
	};

	return types[inode->type];
}

static bool
same_content(const struct comparing *c, int dir, const char *name, const struct pale_inode *inode)
{
	char record[PALE_PLAY_RECORD_BYTES] = "";
	PALE_CLOSE int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, record, sizeof(record));

	/* Files are for us to read, whatever their mode; but not where we are no root of theirs. */
	return got < 0 || pale_play_value(c->play->model, record, (size_t)got) == inode->content;
}

/* One name: what it leads to, here and in the model. */
static bool
same_name(const struct comparing *c, unsigned in, const char *name, unsigned number)
{
	const struct pale_inode *inode = &c->state->inodes[number];
	PALE_CLOSE int dir = open_dir(c->play, c->state, in);
	const char *what = NULL;
	struct stat st;

	if (dir < 0 || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		snprintf(c->words, c->size, "'%s' is not there", name);
		return false;
	}
	if (c->inodes->of[number] == 0)
		c->inodes->of[number] = st.st_ino;
	if (c->inodes->of[number] != st.st_ino)
		what = "is another object";
	else if ((st.st_mode & S_IFMT) != type_of(inode))
		what = "is of another type";
	else if (inode->type != PALE_INODE_LINK && (st.st_mode & 07777) != inode->mode)
		what = "has another mode";
	else if (c->play->users && st.st_uid != c->play->model->users[inode->owner])
		what = "belongs to another user";
	else if (inode->type == PALE_INODE_FILE && !same_content(c, dir, name, inode))
		what = "has other contents";
	if (what != NULL)
		snprintf(c->words, c->size, "'%s' %s than the model has", name, what);
	return what == NULL;
}

size_t
pale_play_count(int dir)
{
	DIR *names = dir < 0 ? NULL : fdopendir(dir);
	const struct dirent *entry;
	size_t count = 0;

	if (names == NULL) {
		if (dir >= 0)
			close(dir);
		return 0;
	}
	while ((entry = readdir(names)) != NULL)
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(names);
	return count;
}

/* How many names there are, here and in the model. */
static bool
same_counts(const struct comparing *c)
{
	for (unsigned i = 1; i < PALE_MODEL_INODES; i++) {
		const struct pale_inode *inode = &c->state->inodes[i];
		size_t here, there = 0;

		if (inode->type != PALE_INODE_DIR || (!inode->linked && i != PALE_MODEL_ROOT))
			continue;
		for (unsigned k = 1; k < PALE_MODEL_INODES; k++)
			there += c->state->inodes[k].linked && c->state->inodes[k].parent == i &&
			    k != PALE_MODEL_ROOT;
		for (unsigned k = 0; k < PALE_MODEL_ENTRIES; k++)
			there += c->state->entries[k].dir == i;
		here = pale_play_count(open_dir(c->play, c->state, i));
		if (here == there)
			continue;
		snprintf(
		    c->words, c->size, "a directory has %zu names, the model's %zu", here, there);
		return false;
	}
	return true;
}

bool
pale_play_compare(const struct pale_play *play, const struct pale_state *state,
    struct pale_play_inodes *inodes, char *words, size_t size)
{
	const struct comparing c = { play, state, inodes, words, size };
	bool same = true;

	for (unsigned i = 1; i < PALE_MODEL_INODES; i++)
		if (state->inodes[i].type == PALE_INODE_FREE)
			inodes->of[i] = 0;
	if (inodes->of[PALE_MODEL_ROOT] == 0) {
		struct stat st;

		if (fstat(play->tree, &st) == 0)
			inodes->of[PALE_MODEL_ROOT] = st.st_ino;
	}
	for (unsigned i = PALE_MODEL_ROOT + 1; i < PALE_MODEL_INODES && same; i++) {
		const struct pale_inode *inode = &state->inodes[i];

		/* What lies below a removed directory has no path. */
		if (inode->type == PALE_INODE_DIR && inode->linked)
			same = same_name(&c, inode->parent, play->model->names[inode->name], i);
	}
	for (unsigned i = 0; i < PALE_MODEL_ENTRIES && same; i++) {
		const struct pale_entry *entry = &state->entries[i];

		if (entry->dir != 0)
			same = same_name(
			    &c, entry->dir, play->model->names[entry->name], entry->inode);
	}
	return same && same_counts(&c);
}
