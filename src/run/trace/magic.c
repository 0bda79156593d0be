/* SPDX-License-Identifier: BSD-2-Clause */
/* Names below /proc as the caller means them; see magic.h. */
#include "run/trace/magic.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/path.h"
#include "kernel/caller.h"

enum {
	LINK_BYTES = 64,
};

int
pale_magic_place(const struct pale_heard_call *heard, const char *link, char *buf, size_t size)
{
	char name[LINK_BYTES];
	struct stat meant;
	struct stat there;
	ssize_t len;

	snprintf(name, sizeof(name), "%d/%s", heard->call.tid, link);
	len = readlinkat(heard->proc, name, buf, size - 1);
	if (len > 0)
		buf[len] = '\0';
	/* What lies in a mount of the outside has a text all the same, and another meaning. */
	if (len > 0 && buf[0] == '/' && fstatat(heard->proc, name, &meant, AT_NO_AUTOMOUNT) == 0 &&
	    lstat(buf, &there) == 0 && meant.st_dev == there.st_dev && meant.st_ino == there.st_ino)
		return 0;
	buf[0] = '\0';
	return -ENOENT;
}

/* Is this part a word, or the number of the caller's process or thread? */
static bool
is_own(const struct pale_heard_call *heard, const struct pale_part *part)
{
	struct pale_caller_status status;
	char *end;
	long number;

	if ((part->len == strlen("self") && memcmp(part->text, "self", part->len) == 0) ||
	    (part->len == strlen("thread-self") &&
		memcmp(part->text, "thread-self", part->len) == 0))
		return true;
	if (*part->text < '1' || *part->text > '9')
		return false;
	number = strtol(part->text, &end, 10);
	return end == part->text + part->len &&
	    pale_caller_status(heard->proc, heard->call.tid, &status) == 0 &&
	    status.inner_tgid == number;
}

static bool
is_word(const struct pale_part *part, const char *word)
{
	return part->len == strlen(word) && memcmp(part->text, word, part->len) == 0;
}

/* Read "/proc/self/" off a path; what is left, or NULL. */
static const char *
skip_own(const struct pale_heard_call *heard, const char *path)
{
	struct pale_part part;
	const char *at = path;

	if (pale_path_next(&at, &part) <= 0 || !is_word(&part, "proc") ||
	    pale_path_next(&at, &part) <= 0 || !is_own(heard, &part))
		return NULL;
	return at;
}

bool
pale_magic_expand(const struct pale_heard_call *heard, bool follow, char io_path[PATH_MAX])
{
	const char *at = skip_own(heard, io_path);
	char link[LINK_BYTES];
	char place[PATH_MAX];
	char whole[PATH_MAX];
	struct pale_part part;

	if (at == NULL || pale_path_next(&at, &part) <= 0)
		return false;
	if (is_word(&part, "fd")) {
		if (pale_path_next(&at, &part) <= 0 || part.len > LINK_BYTES / 2 ||
		    *part.text < '0' || *part.text > '9')
			return false;
		snprintf(link, sizeof(link), "fd/%.*s", (int)part.len, part.text);
	} else if (is_word(&part, "cwd") || is_word(&part, "exe") || is_word(&part, "root")) {
		snprintf(link, sizeof(link), "%.*s", (int)part.len, part.text);
	} else {
		return false;
	}
	if (*at == '\0' && !follow)
		return false;
	if (strcmp(link, "root") == 0)
		snprintf(place, sizeof(place), "/"); /* nobody changes it inside */
	else if (pale_magic_place(heard, link, place, sizeof(place)) < 0)
		return false;
	while (*at == '/')
		at++;
	if (pale_path_join(place, at, whole, sizeof(whole)) < 0)
		return false;
	snprintf(io_path, PATH_MAX, "%s", whole);
	return true;
}

bool
pale_magic_exists(const struct pale_heard_call *heard, const char *path)
{
	const char *rest = skip_own(heard, path);
	struct pale_caller_status status;
	char name[PATH_MAX];
	struct stat st;

	if (rest == NULL)
		return lstat(path, &st) == 0 || errno != ENOENT;
	/* The cage's /proc knows it by its number, and us not at all. */
	if (pale_caller_status(heard->proc, heard->call.tid, &status) < 0 ||
	    status.inner_tgid <= 0 ||
	    snprintf(name, sizeof(name), "/proc/%d/%s", status.inner_tgid, rest) >=
		(int)sizeof(name))
		return true;
	return lstat(name, &st) == 0 || errno != ENOENT;
}
