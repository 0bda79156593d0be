/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names drawn by chance: mkstemp and its like also ask the clock, which no gate sees, so that the
 * same stop has another name in each run. What a call that makes a name alone (O_EXCL, a private
 * directory) puts at its end is learned, and stands as X in every id from then on.
 */
#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>

#include "core/sys.h"
#include "kernel/notify.h"
#include "race/names.h"

enum {
	DRAWN_MIN = 6, /* what mkstemp(3) replaces */
};

/* Does the call look like mkstemp's or mkdtemp's? */
static bool
draws(const struct pale_notify *call)
{
	uint64_t own = O_CREAT | O_EXCL | O_RDWR;

	switch (call->nr) {
	case SYS_openat:
		return (call->args[2] & own) == own && (call->args[3] & 0777) == 0600;
	case SYS_mkdirat:
		return (call->args[2] & 0777) == 0700;
#ifdef SYS_open
	case SYS_open:
		return (call->args[1] & own) == own && (call->args[2] & 0777) == 0600;
	case SYS_mkdir:
		return (call->args[1] & 0777) == 0700;
#endif
	default:
		return false;
	}
}

void
pale_race_names_learn(
    struct pale_race_names *names, const struct pale_notify *call, const char *path)
{
	const char *last = strrchr(path, '/'), *end = path + strlen(path), *start;
	size_t len;

	if (last == NULL || !draws(call) || names->count == PALE_RACE_NAMES_MAX)
		return;
	for (; end > last; end = start) {
		while (end > last && !isalnum((unsigned char)end[-1]) && end[-1] != '_')
			end--;
		start = end;
		while (start > last && (isalnum((unsigned char)start[-1]) || start[-1] == '_'))
			start--;
		len = (size_t)(end - start);
		if (len < DRAWN_MIN || len >= sizeof(names->list[0]))
			continue;
		memcpy(names->list[names->count], start, len);
		names->list[names->count++][len] = '\0';
		return;
	}
}

void
pale_race_names_hide(const struct pale_race_names *names, char *path)
{
	for (unsigned i = 0; i < names->count; i++) {
		size_t len = strlen(names->list[i]);

		for (char *at = strstr(path, names->list[i]); at != NULL;
		     at = strstr(at + len, names->list[i]))
			memset(at, 'X', len);
	}
}
