/* SPDX-License-Identifier: BSD-2-Clause */
/* Worlds at random: a small tree in which names collide, and calls that meet each other there. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/scope.h"
#include "model.h"
#include "random.h"

enum { CALLS = 60, DIRS_MAX = 7, PATHS_MAX = 24 };

struct writer {
	char *text;
	size_t length;
	uint64_t seed;
	bool users;
	char dirs[DIRS_MAX][64];
	unsigned dir_count;
	char paths[PATHS_MAX][96]; /* of all that there is at first */
	unsigned path_count;
};

static void __attribute__((format(printf, 2, 3))) say(struct writer *w, const char *format, ...)
{
	va_list list;
	int length;

	va_start(list, format);
	length = vsnprintf(w->text + w->length, WORLD_BYTES - w->length, format, list);
	va_end(list);
	if (length > 0 && (size_t)length < WORLD_BYTES - w->length)
		w->length += (size_t)length;
}

static const char *
pick(struct writer *w, const char *const *of, size_t count)
{
	return of[test_below(&w->seed, (unsigned)count)];
}

#define PICK(w, ...) \
	pick(w, (const char *const[]){ __VA_ARGS__ }, \
	    sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))

static const char *
user(struct writer *w)
{
	return w->users ? PICK(w, "0", "100", "100", "200") : "0";
}

static const char *
dir_mode(struct writer *w)
{
	return PICK(w, "777", "777", "777", "777", "777", "755", "755", "1777", "1777", "1777",
	    "1770", "711", "733", "700", "311", "500", "000");
}

static const char *
file_mode(struct writer *w)
{
	return PICK(w, "666", "666", "666", "644", "600", "606", "200", "4755", "000", "755");
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
write_tree(struct writer *w)
{
	char path[96], other[96];

	w->dir_count = 1; /* "" is the root */
	for (int i = 0; i < 9 && w->dir_count < DIRS_MAX; i++) {
		if (!new_path(w, PICK(w, "a", "b", "c"), path) || strlen(path) >= 60)
			continue;
		strcpy(w->dirs[w->dir_count++], path);
		say(w, "directory('%s', 'user=%s', 'mode=%s')\n", path, user(w), dir_mode(w));
	}
	for (int i = 0; i < 4; i++) {
		if (new_path(w, PICK(w, "a", "b", "f", "g"), path))
			say(w, "file('%s', 'user=%s', 'mode=%s', 'content=v1')\n", path, user(w),
			    file_mode(w));
	}
	for (int i = 0; i < 3; i++) {
		if (new_path(w, PICK(w, "l", "m"), path))
			say(w, "symlink('%s', '%s', 'user=%s')\n", path,
			    PICK(w, "a", "b/", "l", "..", "/a", "f", "../b"), user(w));
	}
	if (new_path(w, PICK(w, "p", "f"), path))
		say(w, "fifo('%s', 'user=%s', 'mode=%s')\n", path, user(w), file_mode(w));
	if (new_path(w, PICK(w, "s", "f"), path))
		say(w, "socket('%s', 'user=%s', 'mode=%s')\n", path, user(w), file_mode(w));
	if (new_path(w, "h", path)) {
		say(w, "file('%s', 'user=%s', 'mode=%s')\n", path, user(w), file_mode(w));
		if (new_path(w, "i", other))
			say(w, "hardlink('%s', '%s')\n", other, path);
	}
	say(w, "spare('1')\n");
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
	char path[96];
	bool creates = test_below(&w->seed, 3) == 0;

	path_word(w, path);
	/* What may exist and be a FIFO must not block, so O_NONBLOCK; a new file never does. */
	if (creates)
		say(w, "'openat(%s, \"%s\", %s|O_NONBLOCK, 0%s)'", dirfd_word(w), path,
		    open_words(w, true), file_mode(w));
	else
		say(w, "'openat(%s, \"%s\", %s)'", dirfd_word(w), path, open_words(w, false));
}

static void
write_names(struct writer *w)
{
	char path[96], other[96];
	const char *dirfd = dirfd_word(w), *other_dirfd = dirfd_word(w);

	path_word(w, path);
	path_word(w, other);
	switch (test_below(&w->seed, 16)) {
	case 0:
	case 1:
		say(w, "'mkdirat(%s, \"%s\", 0%s)'", dirfd, path, dir_mode(w));
		break;
	case 2:
	case 3:
		say(w, "'unlinkat(%s, \"%s\")'", dirfd, path);
		break;
	case 4:
	case 5:
		say(w, "'unlinkat(%s, \"%s\", AT_REMOVEDIR)'", dirfd, path);
		break;
	case 6:
	case 7:
	case 8:
		say(w, "'renameat(%s, \"%s\", %s, \"%s\")'", dirfd, path, other_dirfd, other);
		break;
	case 9:
		say(w, "'renameat(%s, \"%s\", %s, \"%s\", %s)'", dirfd, path, other_dirfd, other,
		    PICK(w, "RENAME_NOREPLACE", "RENAME_EXCHANGE"));
		break;
	case 10:
	case 11:
		say(w, "'linkat(%s, \"%s\", %s, \"%s\"%s)'", dirfd, path, other_dirfd, other,
		    PICK(w, "", ", AT_SYMLINK_FOLLOW"));
		break;
	case 12:
		say(w, "'symlinkat(\"%s\", %s, \"%s\")'", PICK(w, "a", "..", "/a", "f", "m"), dirfd,
		    PICK(w, "l", "m", "a/l", "l/", "f"));
		break;
	case 13:
		say(w, "'mkfifoat(%s, \"%s\", 0%s)'", dirfd, path, file_mode(w));
		break;
	default:
		say(w, "'fchmodat(%s, \"%s\", 0%s)'", dirfd, path, dir_mode(w));
		break;
	}
}

static void
write_other(struct writer *w)
{
	char path[96];

	path_word(w, path);
	switch (test_below(&w->seed, 14)) {
	case 0:
	case 1:
		say(w, "'fstatat(%s, \"%s\"%s)'", dirfd_word(w), path,
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

/* An object in a variable: mostly of the right kind. */
static const char *
object(struct writer *w, const char *usual)
{
	return test_below(&w->seed, 8) == 0 ? PICK(w, "q", "t", "m") : usual;
}

static void
write_sysv(struct writer *w)
{
	const char *key = PICK(w, "0x10", "0x10", "0x11");
	const char *flags =
	    PICK(w, "IPC_CREAT", "IPC_CREAT", "IPC_CREAT|IPC_EXCL", "IPC_EXCL", "IPC_CREAT");
	const char *mode = PICK(w, "0600", "0666", "0622", "0644", "0", "0060", "0006", "0200");

	switch (test_below(&w->seed, 18)) {
	case 0:
		say(w, "'q = msgget(IPC_PRIVATE, IPC_CREAT, %s)'", mode);
		break;
	case 1:
		say(w, "'q = msgget(%s, %s, %s)'", key, flags, mode);
		break;
	case 2:
	case 3:
		say(w, "'t = semget(%s, %s, %s)'", key, flags, mode);
		break;
	case 4:
	case 5:
		say(w, "'m = shmget(%s, %s, %s)'", key, flags, mode);
		break;
	case 6:
		say(w, "'msgsnd(%s, v2)'", object(w, "q"));
		break;
	case 7:
	case 8:
		say(w, "'v = msgrcv(%s)'", object(w, "q"));
		break;
	case 9:
	case 10:
		say(w, "'semop(%s, %s, IPC_NOWAIT)'", object(w, "t"), PICK(w, "-1", "1"));
		break;
	case 11:
		say(w, "'shmat(%s%s)'", object(w, "m"), PICK(w, "", ", SHM_RDONLY"));
		break;
	case 12:
		say(w, "'shmdt(%s)'", object(w, "m"));
		break;
	case 13:
		say(w, "'v = load(%s)'", object(w, "m"));
		break;
	case 14:
		say(w, "'store(%s, %s)'", object(w, "m"), PICK(w, "v1", "v2"));
		break;
	case 15:
		say(w, "'ipcset(%s, %s, %s)'", PICK(w, "q", "t", "m"), user(w), mode);
		break;
	case 16:
		say(w, "'ipcrm(%s)'", PICK(w, "q", "t", "m"));
		break;
	default:
		say(w, "'ipcstat(%s, %s)'", PICK(w, "q", "t", "m"), user(w));
		break;
	}
}

static void
write_socket(struct writer *w)
{
	const char *name = PICK(w, "s", "a/s", "/s", "/a/s", "b/s", "s/", "l", "/f");

	switch (test_below(&w->seed, 20)) {
	case 0:
	case 1:
		say(w, "'socket(%s)'", PICK(w, "", "SOCK_CLOEXEC"));
		break;
	case 2:
		say(w, "'socketpair(%s)'", PICK(w, "", "SOCK_CLOEXEC"));
		break;
	case 3:
	case 4:
	case 5:
		say(w, "'bind(*, \"%s\")'", name);
		break;
	case 6:
	case 7:
		say(w, "'listen(*)'");
		break;
	case 8:
	case 9:
	case 10:
		say(w, "'connect(*, \"%s\")'", name);
		break;
	case 11:
	case 12:
		say(w, "'accept(*)'");
		break;
	case 13:
		say(w, "'peer(*, %s)'", user(w));
		break;
	case 14:
		say(w, "'sendfd(*, *)'");
		break;
	case 15:
		say(w, "'recvfd(*)'");
		break;
	case 16:
		say(w, "'pipe(%s)'", PICK(w, "", "O_CLOEXEC", "O_NONBLOCK"));
		break;
	case 17:
		say(w, "'v = read(*)'");
		break;
	default:
		say(w, "'write(*, v2)'");
		break;
	}
}

static void
write_calls(struct writer *w, enum world_kind kind, bool opens_only)
{
	say(w, "\tmay(\n");
	for (int i = 0; i < CALLS; i++) {
		unsigned which = test_below(&w->seed, 10);
		char path[96];

		say(w, "\t\t");
		if (opens_only) {
			path_word(w, path);
			if (test_below(&w->seed, 4) == 0)
				say(w, "'close(*)'");
			else
				say(w, "'openat(%s, \"%s\", %s)'", PICK(w, "top", "sub", "*"), path,
				    open_words(w, false));
		} else if (kind == WORLD_IPC && which < 6) {
			if (test_below(&w->seed, 2) == 0)
				write_socket(w);
			else
				write_sysv(w);
		} else if (which < 3) {
			write_open(w);
		} else if (which < 8) {
			write_names(w);
		} else {
			write_other(w);
		}
		say(w, ",\n");
	}
	if (kind == WORLD_IPC)
		say(w, "\t\t'q = msgget(0x10, IPC_CREAT, 0600)', 't = semget(0x10, IPC_CREAT, 0600)',\n"
		       "\t\t'm = shmget(0x10, IPC_CREAT, 0600)',\n");
	/* A name that nothing in the text could make is refused. */
	for (const char *name = "abcfglmpshi"; *name != '\0'; name++)
		say(w, "\t\t'mkdirat(sub, %c)'%s\n", *name, name[1] != '\0' ? "," : ")");
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
		say(w, "\tcwd('%s')\n", w->dirs[test_below(&w->seed, w->dir_count)]);
	if (test_below(&w->seed, 6) == 0)
		say(w, "\tchroot('%s')\n", w->dirs[test_below(&w->seed, w->dir_count)]);
	say(w, "\topen('top', '%s')\n",
	    w->dir_count > 1 ? w->dirs[1 + test_below(&w->seed, w->dir_count - 1)] : "/");
	say(w, "\topen('sub', '%s')\n",
	    w->dir_count > 1 ? w->dirs[1 + test_below(&w->seed, w->dir_count - 1)] : "/");
	if (kind == WORLD_BENEATH || kind == WORLD_IN_ROOT)
		say(w, "\twalker('%s')\n",
		    !looks                      ? "none"
			: kind == WORLD_BENEATH ? "beneath"
						: "in-root");
	write_calls(w, kind, looks);
	say(w, "}\n");
}

void
world_write(char text[WORLD_BYTES], enum world_kind kind, uint64_t seed, bool users)
{
	struct writer w = { .text = text, .seed = seed, .users = users };

	text[0] = '\0';
	say(&w, "scenario('seed %llu')\nwalker('none')\nproperty('root')\n",
	    (unsigned long long)seed);
	write_tree(&w);
	/* An empty path of a directory is the root. */
	strcpy(w.dirs[0], "/");
	for (unsigned i = 0; i < 3; i++)
		write_side(&w, kind, i);
}
