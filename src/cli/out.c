/* SPDX-License-Identifier: BSD-2-Clause */
/* Where answers go; see out.h. */
#include "cli/out.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	WIDTH_ELSEWHERE = 100, /* into a pipe or file */
	WIDTH_LEAST = 60,      /* narrower, the columns no longer stand beside each other */
};

struct pale_text
pale_cli_out(void)
{
	const char *no_color = getenv("NO_COLOR");
	struct pale_text text = { .out = stdout, .width = WIDTH_ELSEWHERE };
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return text;
	text.colour = no_color == NULL || *no_color == '\0';
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		text.width = size.ws_col < WIDTH_LEAST ? WIDTH_LEAST : size.ws_col;
	return text;
}

int
pale_cli_flush(struct pale_err *err)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	return pale_fail_errno(err, "cannot write the answer");
}
