/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tool with root's rights that writes to a file which its caller may write.
 * Safe: it opens the file as the caller, so that the kernel asks and opens in one; a link leads
 * nowhere that the caller could not go himself, and is not followed either.
 * CWE-367 avoided. 0777: silent. 1777: silent.
 */
#include <fcntl.h>
#include <unistd.h>

enum { CALLER = 65534 };

int
main(void)
{
	int fd;

	if (setresuid(CALLER, CALLER, 0) < 0)
		return 1;
	fd = open("shared/out", O_WRONLY | O_CREAT | O_EXCL, 0644);
	if (fd < 0)
		return 1;
	close(fd);
	fd = open("shared/out", O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
	if (setresuid(CALLER, 0, 0) < 0)
		return 1;
	return fd < 0 || write(fd, "result\n", 7) != 7;
}
