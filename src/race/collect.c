/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is there at the end. The victim's processes may still run and the adversary owns part of the
 * tree, so that every name may be replaced while it is looked at: nothing is followed, and what is
 * no regular file is not opened.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/scope.h"
#include "race/room.h"

enum {
	READ_MAX = 65536, /* of one file: more is not hashed */
};

bool
pale_race_holds(const char *buf, size_t size, const char *what)
{
	return memmem(buf, size, what, strlen(what)) != NULL;
}

static uint64_t
hash(const char *buf, size_t size)
{
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < size; i++)
		h = (h ^ (unsigned char)buf[i]) * 0x100000001b3;
	return h;
}

static void
look(int dir, const char *name, const struct stat *st, struct pale_race_object *object)
{
	static char buf[READ_MAX];
	ssize_t got = 0;

	object->mode = st->st_mode;
	object->uid = st->st_uid;
	object->ino = st->st_ino;
	object->size = S_ISDIR(st->st_mode) ? 0 : (uint64_t)st->st_size;
	if (S_ISLNK(st->st_mode)) {
		got = readlinkat(dir, name, buf, sizeof(buf));
	} else if (S_ISREG(st->st_mode) && st->st_size > 0) {
		PALE_CLOSE int fd =
		    openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

		if (fd >= 0)
			got = read(fd, buf, sizeof(buf));
	}
	if (got <= 0)
		return;
	object->hash = hash(buf, (size_t)got);
	object->has_secret = pale_race_holds(buf, (size_t)got, PALE_RACE_SECRET);
	object->has_mark = pale_race_holds(buf, (size_t)got, PALE_RACE_MARK);
}

static void
walk(struct pale_race_room *room, int at, const char *name, const char *path, unsigned depth)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		struct pale_race_object *object = &room->objects[room->outcome.object_count];
		struct stat st;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (room->outcome.object_count == PALE_RACE_OBJECTS_MAX ||
		    depth == PALE_RACE_WALK_DEPTH) {
			room->outcome.limited = true;
			snprintf(room->outcome.limit, sizeof(room->outcome.limit),
			    "more objects than are looked at");
			break;
		}
		if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		memset(object, 0, sizeof(*object));
		if ((size_t)snprintf(object->path, sizeof(object->path), "%s/%s", path,
			entry->d_name) >= sizeof(object->path))
			continue;
		look(dirfd(dir), entry->d_name, &st, object);
		room->outcome.object_count++;
		if (S_ISDIR(st.st_mode))
			walk(room, dirfd(dir), entry->d_name, object->path, depth + 1);
	}
	closedir(dir);
}

void
pale_race_collect(struct pale_race_room *room, pid_t init)
{
	static const char *const tops[] = { "/tmp", "/dev/shm", "/run" };
	char path[64];

	for (size_t i = 0; i < sizeof(tops) / sizeof(tops[0]); i++) {
		snprintf(path, sizeof(path), "/proc/%d/root%s", (int)init, tops[i]);
		walk(room, AT_FDCWD, path, tops[i], 0);
	}
}
