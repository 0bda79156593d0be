/* SPDX-License-Identifier: BSD-2-Clause */
/* Secrets in a tree; see secrets.h. */
#include "run/learn/secrets.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/path.h"
#include "core/scope.h"

enum {
	KEY_BYTES = 8192, /* of a file, where "PRIVATE KEY" is looked for */
	DEPTH_MAX = 128,  /* directories within each other, each holding a descriptor */
};

static const struct {
	const char *pattern;
	const char *what;
	bool if_key;
} rows[] = {
#define SECRET(pattern_, what_) { .pattern = pattern_, .what = what_ },
#define KEY(pattern_, what_) { .pattern = pattern_, .what = what_, .if_key = true },
#include "run/learn/secrets.def"
};

/* The end of a path that has as many components as the pattern; NULL if it has fewer. */
static const char *
tail(const char *path, const char *pattern)
{
	const char *at = path + strlen(path);
	size_t count = 1;

	for (const char *p = pattern; *p != '\0'; p++)
		count += *p == '/';
	while (count > 0) {
		if (at == path)
			return NULL;
		if (*--at == '/')
			count--;
	}
	return at + 1;
}

const char *
pale_secret_name(const char *path, bool *ret_if_key)
{
	for (size_t i = 0; i < PALE_COUNT(rows); i++) {
		const char *at = rows[i].pattern[0] == '/' ? path : tail(path, rows[i].pattern);

		if (at == NULL || fnmatch(rows[i].pattern, at, FNM_PATHNAME | FNM_NOESCAPE) != 0)
			continue;
		/* Public halves and lists have the names of keys. */
		if (rows[i].if_key && strlen(at) > 4 && strcmp(at + strlen(at) - 4, ".pub") == 0)
			continue;
		if (ret_if_key != NULL)
			*ret_if_key = rows[i].if_key;
		return rows[i].what;
	}
	return NULL;
}

bool
pale_secret_above(const char *path)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (len >= sizeof(part))
		return true;
	memcpy(part, path, len + 1);
	for (char *slash = part + len; slash != NULL && slash != part; slash = strrchr(part, '/')) {
		*slash = '\0';
		if (pale_secret_name(part, NULL) != NULL)
			return true;
	}
	return false;
}

/* A tree that is looked at. */
struct look {
	struct pale_secrets *secrets;
	const char *const *named;
	size_t named_count;
	char path[PATH_MAX];
	struct pale_err *err;
};

static bool
is_named(const struct look *look)
{
	for (size_t i = 0; i < look->named_count; i++)
		if (strcmp(look->named[i], look->path) == 0)
			return true;
	return false;
}

static bool
has_named(const struct look *look)
{
	for (size_t i = 0; i < look->named_count; i++)
		if (pale_path_is_beneath(look->named[i], look->path))
			return true;
	return false;
}

static int
add(struct look *look, const char *what)
{
	struct pale_secrets *secrets = look->secrets;
	struct pale_secret *grown;

	if (secrets->count >= PALE_SECRETS_MAX) {
		pale_fail(look->err, -E2BIG,
		    "more than %d secrets, '%s' among them, would have "
		    "to be hidden",
		    PALE_SECRETS_MAX, look->path);
		return pale_remedy(look->err, "name smaller trees with --learn-within");
	}
	grown = reallocarray(secrets->list, secrets->count + 1, sizeof(*grown));
	if (grown != NULL)
		secrets->list = grown;
	if (grown == NULL || (grown[secrets->count].path = strdup(look->path)) == NULL)
		return pale_fail(look->err, -ENOMEM, "out of memory");
	grown[secrets->count++].what = what;
	return 0;
}

/* Does a file say that it is a private key? One that cannot be read may be. */
static bool
says_key(int dir, const char *name)
{
	PALE_CLOSE int fd =
	    openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	char bytes[KEY_BYTES];
	struct stat st;
	ssize_t len;

	if (fd < 0)
		return errno != ELOOP && errno != ENOENT;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	len = read(fd, bytes, sizeof(bytes));
	return len < 0 || memmem(bytes, (size_t)len, "PRIVATE KEY", strlen("PRIVATE KEY")) != NULL;
}

static int look_in(struct look *look, int fd, unsigned depth, bool all);

/* One name of a directory; with `all` everything is a secret that nobody named. */
static int
look_at(struct look *look, int dir, const struct dirent *entry, unsigned depth, bool all)
{
	bool if_key = false;
	const char *what = all ? "part of a secret" : pale_secret_name(look->path, &if_key);
	struct stat st;
	int fd;

	if (++look->secrets->looked > PALE_SECRETS_LOOK_MAX) {
		pale_fail(look->err, -E2BIG,
		    "more than %d names would have to be looked at for secrets, the last in '%s'",
		    PALE_SECRETS_LOOK_MAX, look->path);
		return pale_remedy(look->err, "name smaller trees with --learn-within");
	}
	if (what != NULL && is_named(look))
		return 0; /* and so all of it */
	if (what != NULL && has_named(look))
		all = true;
	else if (what != NULL && (!if_key || says_key(dir, entry->d_name)))
		return add(look, what);
	if (entry->d_type != DT_DIR &&
	    (entry->d_type != DT_UNKNOWN ||
		fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode)))
		return 0;
	fd = openat(dir, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* What we may not list the program cannot list either; known names it could still open. */
	return fd < 0 ? 0 : look_in(look, fd, depth + 1, all);
}

/* All names of a directory; takes the descriptor. */
static int
look_in(struct look *look, int fd, unsigned depth, bool all)
{
	DIR *list = depth < DEPTH_MAX ? fdopendir(fd) : NULL;
	size_t len = strlen(look->path);
	struct dirent *entry;
	int result = 0;

	if (list == NULL) {
		close(fd);
		if (depth < DEPTH_MAX)
			return pale_fail_errno(look->err, "cannot list '%s'", look->path);
		return pale_fail(
		    look->err, -E2BIG, "'%s' is too deep to be looked at for secrets", look->path);
	}
	while (result == 0 && (entry = readdir(list)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (len + strlen(entry->d_name) + 2 > sizeof(look->path)) {
			result = pale_fail(look->err, -ENAMETOOLONG,
			    "'%s' is too deep to be looked at for secrets", look->path);
			break;
		}
		look->path[len] = '/';
		strcpy(look->path + len + 1, entry->d_name);
		result = look_at(look, fd, entry, depth, all);
		look->path[len] = '\0';
	}
	closedir(list);
	return result;
}

int
pale_secrets_find(struct pale_secrets *secrets, const char *tree, const char *const *named,
    size_t named_count, struct pale_err *err)
{
	struct look look = {
		.secrets = secrets, .named = named, .named_count = named_count, .err = err
	};
	int fd = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return pale_fail_errno(err, "cannot list '%s'", tree);
	if (strlen(tree) >= sizeof(look.path)) {
		close(fd);
		return pale_fail(err, -ENAMETOOLONG, "'%s' is too long", tree);
	}
	strcpy(look.path, strcmp(tree, "/") == 0 ? "" : tree);
	return look_in(&look, fd, 0, false);
}

void
pale_secrets_done(struct pale_secrets *secrets)
{
	for (size_t i = 0; i < secrets->count; i++)
		free(secrets->list[i].path);
	free(secrets->list);
	*secrets = (struct pale_secrets){ 0 };
}
