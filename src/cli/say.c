/* SPDX-License-Identifier: BSD-2-Clause */
/* What pale says to people; see say.h. */
#include "cli/say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/escape.h"

enum {
	SAY_BYTES = 4 * PALE_ERR_TEXT_BYTES, /* an escape is four bytes long */
};

static void
say(const char *colour, const char *head, const char *text)
{
	char safe[SAY_BYTES + 1];
	const char *no_color = getenv("NO_COLOR");
	int colours = isatty(STDERR_FILENO) && (no_color == NULL || *no_color == '\0');

	pale_escape(text, strlen(text), safe, sizeof(safe));
	fprintf(stderr, "%s%s%s%s\n", colours ? colour : "", head, colours ? "\033[0m" : "", safe);
}

void
pale_say_err(const struct pale_err *err)
{
	say("\033[1;31m", "pale: ", err->text);
	if (err->remedy[0] != '\0')
		say("\033[1m", "      ", err->remedy);
}

void
pale_say(const char *sentence)
{
	say("\033[1m", "pale: ", sentence);
}

void
pale_say_note(const char *sentence)
{
	say("\033[1;33m", "pale: note: ", sentence);
}
