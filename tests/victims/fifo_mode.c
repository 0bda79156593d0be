/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hands the key to a helper of its own through a FIFO; here it is its own helper.
 * Flaw: the FIFO is made with 0666 under a cleared umask, so anybody can open it and read first.
 * CWE-732. 0777: found. 1777: found.
 * Wins: drain before close, after the key was written.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int
main(void)
{
	char key[64];
	ssize_t n;
	int in, out, fd = open("home/secret", O_RDONLY);

	umask(0);
	n = fd < 0 ? -1 : read(fd, key, sizeof(key));
	if (n < 0 || mkfifo("shared/keys", 0666) < 0)
		return 1;
	out = open("shared/keys", O_RDWR | O_NONBLOCK | O_NOFOLLOW);
	if (out < 0 || write(out, key, (size_t)n) != n)
		return 1;
	in = open("shared/keys", O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
	return in < 0 || read(in, key, sizeof(key)) < 0;
}
