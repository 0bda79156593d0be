/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes the key into a file that is private from the start.
 * Safe: the mode 0600 is given with O_CREAT and O_EXCL: no moment at which another could open it.
 * CWE-378 avoided. 0777: silent. 1777: silent.
 */
#include <fcntl.h>
#include <unistd.h>

int
main(void)
{
	char key[64];
	ssize_t n;
	int out, fd = open("home/secret", O_RDONLY);

	n = fd < 0 ? -1 : read(fd, key, sizeof(key));
	out = open("shared/key", O_WRONLY | O_CREAT | O_EXCL, 0600);
	return n < 0 || out < 0 || write(out, key, (size_t)n) != n;
}
