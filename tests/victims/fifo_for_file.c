/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the notes that users may leave in a shared directory, and tells how many bytes they are.
 * Flaw: who opens a FIFO for reading waits for its writer, who need never come.
 * CWE-667. 0777: found. 1777: found.
 * Wins: fifo before openat.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int
main(void)
{
	char text[256];
	int fd = open("shared/notes", O_RDONLY);

	if (fd >= 0 && read(fd, text, sizeof(text)) < 0)
		return 1;
	puts(fd < 0 ? "no notes" : "read");
	return 0;
}
