/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes the key into a file, then makes the file private.
 * Flaw: until chmod the file has what the umask left of 0666; who opens it then keeps it open.
 * CWE-378. 0777: found. 1777: found.
 * Wins: open_read before fchmod.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int
main(void)
{
	char key[64];
	ssize_t n;
	int out, fd = open("home/secret", O_RDONLY);

	umask(022);
	n = fd < 0 ? -1 : read(fd, key, sizeof(key));
	out = open("shared/key", O_WRONLY | O_CREAT | O_EXCL, 0666);
	if (n < 0 || out < 0 || write(out, key, (size_t)n) != n)
		return 1;
	return fchmod(out, 0600) < 0;
}
