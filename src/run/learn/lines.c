/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts by lines; see lines.h. */
#include "run/learn/lines.h"

#include <stdlib.h>
#include <string.h>

/* The line that begins with a mark, in a text; NULL. */
const char *
pale_line_find(const char *text, const char *mark)
{
	size_t len = strlen(mark);

	for (const char *at = text; at != NULL && *at != '\0';) {
		if (strncmp(at, mark, len) == 0)
			return at;
		at = strchr(at, '\n');
		at = at == NULL ? NULL : at + 1;
	}
	return NULL;
}

const char *
pale_line_next(const char *line)
{
	const char *end = strchr(line, '\n');

	return end == NULL ? line + strlen(line) : end + 1;
}

/* Append bytes to a text that is owned. */
bool
pale_text_append(char **text, const char *bytes, size_t size)
{
	size_t used = *text == NULL ? 0 : strlen(*text);
	char *grown = realloc(*text, used + size + 1);

	if (grown == NULL)
		return false;
	memcpy(grown + used, bytes, size);
	grown[used + size] = '\0';
	*text = grown;
	return true;
}

/* Is a line, of so many bytes, in a text as a whole line? */
bool
pale_line_has(const char *text, const char *line, size_t len)
{
	for (const char *at = text; at != NULL && *at != '\0'; at = pale_line_next(at)) {
		if (strncmp(at, line, len) == 0 && (at[len] == '\n' || at[len] == '\0'))
			return true;
	}
	return false;
}

/* The part between the end of one line and the beginning of another. */
char *
pale_text_part(const char *from, const char *to)
{
	return strndup(from, to > from ? (size_t)(to - from) : 0);
}
