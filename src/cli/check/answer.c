/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the answer goes; see answer.h. */
#include "cli/check/answer.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cli/out.h"

static FILE *apart;
static struct pale_text apart_text;

struct pale_text
pale_check_answer(void)
{
	return apart != NULL ? apart_text : pale_cli_out();
}

int
pale_check_answer_flush(struct pale_err *err)
{
	struct pale_text text = pale_check_answer();

	if (fflush(text.out) == 0 && !ferror(text.out))
		return 0;
	return pale_fail_errno(err, "cannot write the answer");
}

int
pale_check_answer_apart(void)
{
	int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

	if (out == NULL)
		return -errno;
	apart_text = pale_cli_out();
	apart_text.out = out;
	apart = out;
	return dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ? -errno : 0;
}
