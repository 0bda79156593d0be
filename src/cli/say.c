/* SPDX-License-Identifier: BSD-2-Clause */
/* What pale says to people; see say.h. */
#include "cli/say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/escape.h"

enum {
	SAY_BYTES = 4 * PALE_ERR_TEXT_BYTES, /* an escape is four bytes long */
};

void
pale_quiet_begin(struct pale_quiet *ret_quiet)
{
	sigset_t pipes;

	sigpending(&pipes);
	ret_quiet->pending = sigismember(&pipes, SIGPIPE) == 1;
	sigemptyset(&pipes);
	sigaddset(&pipes, SIGPIPE);
	sigprocmask(SIG_BLOCK, &pipes, &ret_quiet->had);
}

void
pale_quiet_end(const struct pale_quiet *quiet)
{
	static const struct timespec at_once = { 0, 0 };
	sigset_t pipes;

	sigemptyset(&pipes);
	sigaddset(&pipes, SIGPIPE);
	if (!quiet->pending)
		sigtimedwait(&pipes, NULL, &at_once);
	sigprocmask(SIG_SETMASK, &quiet->had, NULL);
}

static void
say(const char *colour, const char *head, const char *text)
{
	char safe[SAY_BYTES + 1];
	const char *no_color = getenv("NO_COLOR");
	struct pale_quiet quiet;
	int colours = isatty(STDERR_FILENO) && (no_color == NULL || *no_color == '\0');

	pale_escape(text, strlen(text), safe, sizeof(safe));
	pale_quiet_begin(&quiet);
	fprintf(stderr, "%s%s%s%s\n", colours ? colour : "", head, colours ? "\033[0m" : "", safe);
	pale_quiet_end(&quiet);
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
