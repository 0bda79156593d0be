/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes a FIFO for its status and opens it by the same name. The chapter's first sample.
 * Flaw: mkfifo gives no descriptor, so what is opened may be something else: a link to a file of
 * ours.
 * CWE-367. 0777: found. 1777: silent (nobody else may remove our name).
 * Wins: symlink before openat.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int
open_pipe(const char *name)
{
	if (mkfifo(name, S_IRWXU) < 0)
		return -1;
	/* A reader of its own, so that the writer need not wait for one. */
	if (open(name, O_RDONLY | O_NONBLOCK) < 0)
		return -1;
	return open(name, O_WRONLY);
}

int
main(void)
{
	int fd = open_pipe("shared/pipe");

	return fd < 0 || write(fd, "status: well\n", 13) != 13;
}
