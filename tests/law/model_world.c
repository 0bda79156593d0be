/* SPDX-License-Identifier: BSD-2-Clause */
/* Worlds at random: a small tree in which names collide, and calls that meet each other there. */
#include <stdarg.h>
#include <stdio.h>

#include "model_world.h"

enum {
	CALLS = 60,
	SOCKET_SIDES = 2, /* compartments with sockets: there is room for so many ends */
};

void
say(struct writer *w, const char *format, ...)
{
	va_list list;
	int length;

	va_start(list, format);
	length = vsnprintf(w->text + w->length, WORLD_BYTES - w->length, format, list);
	va_end(list);
	if (length > 0 && (size_t)length < WORLD_BYTES - w->length)
		w->length += (size_t)length;
}

const char *
pick(struct writer *w, const char *const *of, size_t count)
{
	return of[test_below(&w->seed, (unsigned)count)];
}

const char *
world_user(struct writer *w)
{
	return w->users ? PICK(w, "0", "100", "100", "200") : "0";
}

static const char *
dir_mode(struct writer *w)
{
	return PICK(w, "777", "777", "777", "777", "777", "755", "755", "1777", "1777", "1777",
	    "1770", "711", "733", "700", "311", "500", "000");
}

const char *
world_file_mode(struct writer *w)
{
	/* Setuid bits go when user 0 of a namespace writes, which the model knows nothing of. */
	return PICK(w, "666", "666", "666", "644", "600", "606", "200", w->users ? "4755" : "755",
	    "000", "755");
}

/* A path where nothing is yet; false where it is taken. */
static bool
new_path(struct writer *w, const char *name, char path[96])
{
	char quoted[100];

	snprintf(path, 96, "%s/%s", w->dirs[test_below(&w->seed, w->dir_count)], name);
	snprintf(quoted, sizeof(quoted), "'%s'", path);
	if (strstr(w->text, quoted) != NULL)
		return false;
	strcpy(w->paths[w->path_count++], path);
	return true;
}

static void
write_tree(struct writer *w, enum world_kind kind)
{
	char path[96], other[96];

	w->dir_count = 1; /* "" is the root */
	for (int i = 0; i < 9 && w->dir_count < WORLD_DIRS; i++) {
		if (!new_path(w, PICK(w, "a", "b", "c"), path) || strlen(path) >= 60)
			continue;
		strcpy(w->dirs[w->dir_count++], path);
		say(w, "directory('%s', 'user=%s', 'mode=%s')\n", path, world_user(w), dir_mode(w));
	}
	for (int i = 0; i < 4; i++) {
		if (new_path(w, PICK(w, "a", "b", "f", "g"), path))
			say(w, "file('%s', 'user=%s', 'mode=%s', 'content=v1')\n", path,
			    world_user(w), world_file_mode(w));
	}
	for (int i = 0; i < 3; i++) {
		if (new_path(w, PICK(w, "l", "m"), path))
			say(w, "symlink('%s', '%s', 'user=%s')\n", path,
			    PICK(w, "a", "b/", "l", "..", "/a", "f", "../b"), world_user(w));
	}
	if (new_path(w, PICK(w, "p", "f"), path))
		say(w, "fifo('%s', 'user=%s', 'mode=%s')\n", path, world_user(w),
		    world_file_mode(w));
	if (new_path(w, PICK(w, "s", "f"), path))
		say(w, "socket('%s', 'user=%s', 'mode=%s')\n", path, world_user(w),
		    world_file_mode(w));
	if (new_path(w, "h", path)) {
		say(w, "file('%s', 'user=%s', 'mode=%s')\n", path, world_user(w),
		    world_file_mode(w));
		if (new_path(w, "i", other))
			say(w, "hardlink('%s', '%s')\n", other, path);
	}
	if (kind == WORLD_IPC)
		say(w, "directory('/w', 'mode=777')\n");
}

static const char *
dirfd_word(struct writer *w)
{
	return PICK(w, "AT_FDCWD", "top", "sub", "*", "*");
}

/* Mostly one or two components, so that calls meet. */
static void
path_word(struct writer *w, char path[96])
{
	unsigned count = 1 + test_below(&w->seed, 6) / 3 + (test_below(&w->seed, 8) == 0);

	/* What is there, or was at first; else anything. */
	if (test_below(&w->seed, 2) == 0) {
		const char *from = w->paths[test_below(&w->seed, w->path_count)];

		/* From the root, or the end of it. */
		if (test_below(&w->seed, 3) != 0)
			from = strrchr(from, '/') + 1;
		strcpy(path, from);
		return;
	}
	path[0] = '\0';
	if (test_below(&w->seed, 6) == 0)
		strcat(path, "/");
	for (unsigned i = 0; i < count; i++) {
		strcat(path,
		    PICK(w, "a", "b", "c", "a", "b", "c", "f", "l", "m", "p", "s", "h", "..", "."));
		if (i + 1 < count)
			strcat(path, "/");
	}
	if (test_below(&w->seed, 12) == 0)
		strcat(path, "/");
}

/* Where a call acts: a descriptor and a path from it. */
struct where {
	const char *dirfd;
	char path[160];
};

/* Mostly what is there, or a name where there is a directory; as it is called from a descriptor
 * above it, or from the root. */
static struct where
anywhere(struct writer *w, bool is_new)
{
	struct where where = { .dirfd = dirfd_word(w), .path = "" };
	const char *above = test_below(&w->seed, 2) == 0 ? w->top : w->sub;
	size_t length = strlen(above);
	char full[160];

	if (test_below(&w->seed, 3) == 0) {
		path_word(w, where.path);
		return where;
	}
	if (is_new)
		snprintf(full, sizeof(full), "%s/%s", w->dirs[test_below(&w->seed, w->dir_count)],
		    PICK(w, "a", "b", "c", "f", "g", "l", "p"));
	else
		snprintf(full, sizeof(full), "%s", w->paths[test_below(&w->seed, w->path_count)]);
	if (strncmp(full, above, length) == 0 && full[length] == '/') {
		where.dirfd = above == w->top ? "top" : "sub";
		snprintf(where.path, sizeof(where.path), "%s", full + length + 1);
	} else {
		snprintf(where.path, sizeof(where.path), "%s", full);
	}
	return where;
}

static const char *
open_words(struct writer *w, bool creates)
{
	return creates ? PICK(w, "O_WRONLY|O_CREAT", "O_RDONLY|O_CREAT|O_EXCL",
			     "O_RDWR|O_CREAT|O_TRUNC|O_NONBLOCK", "O_RDONLY|O_CREAT|O_NOFOLLOW",
			     "O_WRONLY|O_CREAT|O_EXCL|O_NONBLOCK|O_CLOEXEC")
		       : PICK(w, "O_RDONLY|O_NONBLOCK", "O_RDONLY|O_NONBLOCK|O_CLOEXEC",
			     "O_WRONLY|O_NONBLOCK", "O_RDWR", "O_PATH", "O_PATH|O_NOFOLLOW",
			     "O_RDONLY|O_DIRECTORY", "O_RDONLY|O_DIRECTORY|O_NOFOLLOW",
			     "O_RDONLY|O_NOFOLLOW|O_NONBLOCK", "O_WRONLY|O_TRUNC|O_NONBLOCK",
			     "O_RDONLY|O_TRUNC|O_NONBLOCK", "O_PATH|O_DIRECTORY");
}

static void
write_open(struct writer *w)
{
	bool creates = test_below(&w->seed, 3) == 0;
	struct where at = anywhere(w, creates && test_below(&w->seed, 2) == 0);

	if (test_below(&w->seed, 8) == 0)
		say(w, "'open(\"%s\", ", at.path);
	else
		say(w, "'openat(%s, \"%s\", ", at.dirfd, at.path);
	/* What may exist and be a FIFO must not block, so O_NONBLOCK; a new file never does. */
	if (creates)
		say(w, "%s|O_NONBLOCK, 0%s)'", open_words(w, true), world_file_mode(w));
	else
		say(w, "%s)'", open_words(w, false));
}

static void
write_names(struct writer *w)
{
	unsigned which = test_below(&w->seed, 16);
	struct where from = anywhere(w, which < 2 || which == 13);
	struct where to = anywhere(w, test_below(&w->seed, 2) == 0);

	switch (which) {
	case 0:
	case 1:
		say(w, "'mkdirat(%s, \"%s\", 0%s)'", from.dirfd, from.path, dir_mode(w));
		break;
	case 2:
	case 3:
		say(w, "'unlinkat(%s, \"%s\")'", from.dirfd, from.path);
		break;
	case 4:
	case 5:
		say(w, "'unlinkat(%s, \"%s\", AT_REMOVEDIR)'", from.dirfd, from.path);
		break;
	case 6:
	case 7:
	case 8:
		say(w, "'renameat(%s, \"%s\", %s, \"%s\")'", from.dirfd, from.path, to.dirfd,
		    to.path);
		break;
	case 9:
		say(w, "'renameat(%s, \"%s\", %s, \"%s\", %s)'", from.dirfd, from.path, to.dirfd,
		    to.path, PICK(w, "RENAME_NOREPLACE", "RENAME_EXCHANGE"));
		break;
	case 10:
	case 11:
		say(w, "'linkat(%s, \"%s\", %s, \"%s\"%s)'", from.dirfd, from.path, to.dirfd,
		    to.path, PICK(w, "", ", AT_SYMLINK_FOLLOW"));
		break;
	case 12:
		say(w, "'symlinkat(\"%s\", %s, \"%s\")'", PICK(w, "a", "..", "/a", "f", "m"),
		    from.dirfd, PICK(w, "l", "m", "a/l", "l/", "f"));
		break;
	case 13:
		say(w, "'mkfifoat(%s, \"%s\", 0%s)'", from.dirfd, from.path, world_file_mode(w));
		break;
	default:
		say(w, "'fchmodat(%s, \"%s\", 0%s)'", from.dirfd, from.path, dir_mode(w));
		break;
	}
}

static void
write_other(struct writer *w)
{
	struct where at;
	char path[96];

	path_word(w, path);
	switch (test_below(&w->seed, 14)) {
	case 0:
	case 1:
		at = anywhere(w, false);
		say(w, "'fstatat(%s, \"%s\"%s)'", at.dirfd, at.path,
		    PICK(w, "", ", AT_SYMLINK_NOFOLLOW"));
		break;
	case 2:
		say(w, "'fstat(*)'");
		break;
	case 3:
		say(w, "'fchmod(*, 0%s)'", dir_mode(w));
		break;
	case 4:
		say(w, "'chdir(\"%s\")'", path);
		break;
	case 5:
		say(w, "'fchdir(*)'");
		break;
	case 6:
		say(w, "'chroot(\"%s\")'", path);
		break;
	case 7:
		say(w, "'umask(0%s)'", PICK(w, "0", "0", "0", "022", "077", "002", "777"));
		break;
	case 8:
		say(w, "'dup(*)'");
		break;
	case 9:
		say(w, "'read(*)'");
		break;
	case 10:
		say(w, "'write(*, v2)'");
		break;
	default:
		say(w, "'close(*)'");
		break;
	}
}

/* Lookups that can be finished by hand, and what gets into their way. */
static void
write_step(struct writer *w)
{
	struct where at = anywhere(w, false), to = anywhere(w, test_below(&w->seed, 2) == 0);

	switch (test_below(&w->seed, 12)) {
	case 0:
	case 1:
	case 2:
		say(w, "'openat(%s, \"%s\", %s)'", at.dirfd, at.path,
		    PICK(w, "O_PATH", "O_PATH|O_NOFOLLOW", "O_PATH|O_DIRECTORY",
			"O_PATH|O_CLOEXEC"));
		break;
	case 3:
		say(w, "'mkdirat(%s, \"%s\", 0%s)'", to.dirfd, to.path, dir_mode(w));
		break;
	case 4:
		say(w, "'unlinkat(%s, \"%s\")'", at.dirfd, at.path);
		break;
	case 5:
		say(w, "'unlinkat(%s, \"%s\", AT_REMOVEDIR)'", at.dirfd, at.path);
		break;
	case 6:
	case 7:
		say(w, "'renameat(%s, \"%s\", %s, \"%s\"%s)'", at.dirfd, at.path, to.dirfd, to.path,
		    PICK(w, "", "", ", RENAME_EXCHANGE"));
		break;
	case 8:
		say(w, "'symlinkat(\"%s\", %s, \"%s\")'", PICK(w, "a", "..", "/a"), to.dirfd,
		    to.path);
		break;
	case 9:
		say(w, "'fstatat(%s, \"%s\")'", at.dirfd, at.path);
		break;
	case 10:
		say(w, "'fchmod(*, 0%s)'", dir_mode(w));
		break;
	default:
		say(w, "'%s(*)'", PICK(w, "close", "close", "fchdir", "dup"));
		break;
	}
}

static void
write_calls(struct writer *w, enum world_kind kind, unsigned number, bool opens_only)
{
	say(w, "\tmay(\n");
	/* A name that nothing in the text could make is refused. */
	for (const char *name = WORLD_NAMES; *name != '\0'; name++)
		say(w, "\t\t'mkdirat(sub, %c)',\n", *name);
	if (kind == WORLD_IPC)
		world_write_ipc_first(w, number < SOCKET_SIDES);
	for (int i = 0; i < CALLS; i++) {
		unsigned which = test_below(&w->seed, 10);

		say(w, "\t\t");
		if (opens_only && test_below(&w->seed, 5) == 0) {
			say(w, "'close(*)'");
		} else if (kind == WORLD_STEPS) {
			write_step(w);
		} else if (opens_only) {
			write_open(w);
		} else if (kind == WORLD_IPC && which < 6) {
			world_write_ipc(w, number < SOCKET_SIDES);
		} else if (which < 3) {
			write_open(w);
		} else if (which < 8) {
			write_names(w);
		} else {
			write_other(w);
		}
		say(w, "%s\n", i + 1 < CALLS ? "," : ")");
	}
}

static void
write_side(struct writer *w, enum world_kind kind, unsigned number)
{
	static const char *const users[] = { "100", "200", "0" };
	bool looks = (kind == WORLD_BENEATH || kind == WORLD_IN_ROOT) && number == 0;

	say(w, "compartment c%u {\n\tuser('%s')\n\tcalls('%d')\n\tignore('SIGPIPE')\n", number,
	    w->users ? users[number] : "0", WORLD_CALLS_MAX);
	say(w, "\tumask('%s')\n", PICK(w, "0", "0", "022", "077"));
	if (test_below(&w->seed, 2) == 0)
		say(w, "\tcwd('/%s')\n", w->dirs[test_below(&w->seed, w->dir_count)]);
	if (test_below(&w->seed, 6) == 0)
		say(w, "\tchroot('/%s')\n", w->dirs[test_below(&w->seed, w->dir_count)]);
	w->top = w->dirs[test_below(&w->seed, w->dir_count)];
	w->sub = w->dirs[test_below(&w->seed, w->dir_count)];
	say(w, "\topen('top', '%s')\n\topen('sub', '%s')\n", w->top[0] == '\0' ? "/" : w->top,
	    w->sub[0] == '\0' ? "/" : w->sub);
	if (kind == WORLD_BENEATH || kind == WORLD_IN_ROOT)
		say(w, "\twalker('%s')\n",
		    !looks                      ? "none"
			: kind == WORLD_BENEATH ? "beneath"
						: "in-root");
	write_calls(w, kind, number, looks);
	say(w, "}\n");
}

void
world_write(char text[WORLD_BYTES], enum world_kind kind, uint64_t seed, bool users)
{
	struct writer w = { .text = text, .seed = seed, .users = users };

	text[0] = '\0';
	say(&w, "scenario('seed %llu')\nwalker('none')\nproperty('root')\n",
	    (unsigned long long)seed);
	write_tree(&w, kind);
	for (unsigned i = 0; i < 3; i++)
		write_side(&w, kind, i);
}
