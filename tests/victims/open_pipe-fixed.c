/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes a FIFO for its status, and looks at what it has opened before it writes.
 * Safe: one open without following links, and fstat: a FIFO, of ours, with one name. Nobody else
 * can make a FIFO of our uid, and nothing is done by name afterwards.
 * CWE-367 avoided. 0777: silent. 1777: silent.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int
open_pipe(const char *name)
{
	struct stat st;
	int fd;

	if (mkfifo(name, S_IRUSR | S_IWUSR) < 0)
		return -1;
	fd = open(name, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	if (!S_ISFIFO(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1)
		return -1;
	return fd;
}

int
main(void)
{
	int fd = open_pipe("shared/pipe");

	return fd < 0 || write(fd, "status: well\n", 13) != 13;
}
