/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes its report into a file that it makes.
 * Safe: O_CREAT with O_EXCL makes a new file or fails, and follows no link; nothing was looked at
 * before.
 * CWE-367 avoided. 0777: silent. 1777: silent.
 */
#include <fcntl.h>
#include <unistd.h>

int
main(void)
{
	int fd = open("shared/report", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644);

	return fd < 0 || write(fd, "report\n", 7) != 7;
}
