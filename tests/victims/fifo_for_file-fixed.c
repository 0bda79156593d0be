/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the notes that users may leave in a shared directory, if they are a regular file.
 * Safe: O_NONBLOCK opens a FIFO at once and O_NOFOLLOW no link; fstat then says what it is, and
 * only a regular file with one name is read, which never waits for anybody.
 * CWE-667 avoided. 0777: silent. 1777: silent.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int
main(void)
{
	struct stat st;
	char text[256];
	int fd = open("shared/notes", O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY);

	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1)) {
		close(fd);
		fd = -1;
	}
	if (fd >= 0 && read(fd, text, sizeof(text)) < 0)
		return 1;
	puts(fd < 0 ? "no notes" : "read");
	return 0;
}
