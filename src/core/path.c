/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths as text; see path.h. */
#include "core/path.h"

#include <errno.h>
#include <string.h>

int
pale_path_check(const char *path)
{
	if (path[0] == '\0')
		return -ENOENT;
	return strnlen(path, PATH_MAX) >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static enum pale_part_kind
kind_of(const char *text, size_t len)
{
	if (len == 0)
		return PALE_PART_END;
	if (len == 1 && text[0] == '.')
		return PALE_PART_DOT;
	return len == 2 && memcmp(text, "..", 2) == 0 ? PALE_PART_DOTDOT : PALE_PART_NAME;
}

int
pale_path_next(const char **at, struct pale_part *ret_part)
{
	const char *text = *at + strspn(*at, "/");
	size_t len = strcspn(text, "/");
	const char *behind = text + len + strspn(text + len, "/");

	ret_part->kind = kind_of(text, len);
	ret_part->text = text;
	ret_part->len = len;
	ret_part->slash = text[len] == '/';
	ret_part->last = *behind == '\0';
	*at = behind;
	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	return len > 0;
}

int
pale_path_join(const char *dir, const char *path, char *buf, size_t size)
{
	size_t dir_len = path[0] == '/' ? 0 : strlen(dir), path_len = strlen(path);
	bool slash = dir_len > 0 && path_len > 0 && dir[dir_len - 1] != '/';

	if (dir_len + slash + path_len >= size)
		return -ENAMETOOLONG;
	memcpy(buf, dir, dir_len);
	if (slash)
		buf[dir_len] = '/';
	memcpy(buf + dir_len + slash, path, path_len + 1);
	return 0;
}

/* Length of out without its last component; `least` bytes stay whatever happens. */
static size_t
without_last(const char *out, size_t len, size_t least)
{
	while (len > least && out[len - 1] != '/')
		len--;
	return len > least ? len - 1 : len;
}

static bool
ends_in_dotdot(const char *out, size_t len, size_t least)
{
	if (len < least + 2 || memcmp(out + len - 2, "..", 2) != 0)
		return false;
	return len == least + 2 || out[len - 3] == '/';
}

int
pale_path_normalise(const char *path, char *buf, size_t size)
{
	bool absolute = path[0] == '/';
	size_t least = absolute, len = least;
	struct pale_part part;
	char out[PATH_MAX] = "/";

	/* A component too long for a file system is still text. */
	while (pale_path_next(&path, &part) != 0) {
		if (part.kind == PALE_PART_DOT)
			continue;
		if (part.kind == PALE_PART_DOTDOT && len > least &&
		    !ends_in_dotdot(out, len, least)) {
			len = without_last(out, len, least);
			continue;
		}
		if (part.kind == PALE_PART_DOTDOT && absolute)
			continue;
		if (len + 1 + part.len >= sizeof(out))
			return -ENAMETOOLONG;
		if (len > least)
			out[len++] = '/';
		memcpy(out + len, part.text, part.len);
		len += part.len;
	}
	if (len == 0)
		out[len++] = '.';
	if (len >= size)
		return -ENAMETOOLONG;
	memcpy(buf, out, len);
	buf[len] = '\0';
	return 0;
}

/* The next component that is not ".", kind PALE_PART_END at the end. */
static struct pale_part
next_but_dot(const char **at)
{
	struct pale_part part;

	do {
		pale_path_next(at, &part);
	} while (part.kind == PALE_PART_DOT);
	return part;
}

bool
pale_path_is_beneath(const char *path, const char *dir)
{
	if ((path[0] == '/') != (dir[0] == '/'))
		return false;
	for (;;) {
		struct pale_part in_dir = next_but_dot(&dir), in_path = next_but_dot(&path);

		if (in_dir.kind == PALE_PART_DOTDOT || in_path.kind == PALE_PART_DOTDOT)
			return false;
		if (in_dir.kind == PALE_PART_END) {
			/* What follows must not climb either. */
			while (in_path.kind == PALE_PART_NAME)
				in_path = next_but_dot(&path);
			return in_path.kind == PALE_PART_END;
		}
		if (in_dir.len != in_path.len || memcmp(in_dir.text, in_path.text, in_dir.len) != 0)
			return false;
	}
}

const char *
pale_path_last(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}
