/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hands the key to a helper of its own through a FIFO; here it is its own helper.
 * Safe: the FIFO is born with 0600, and what was opened is a FIFO of ours with one name; the
 * helper uses the descriptor, not the name.
 * CWE-732 avoided. 0777: silent. 1777: silent.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int
main(void)
{
	struct stat st;
	char key[64];
	ssize_t n;
	int in, out, fd = open("home/secret", O_RDONLY);

	umask(077);
	n = fd < 0 ? -1 : read(fd, key, sizeof(key));
	if (n < 0 || mkfifo("shared/keys", 0600) < 0)
		return 1;
	out = open("shared/keys", O_RDWR | O_NONBLOCK | O_NOFOLLOW);
	if (out < 0 || fstat(out, &st) < 0)
		return 1;
	if (!S_ISFIFO(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1)
		return 1;
	if (write(out, key, (size_t)n) != n)
		return 1;
	in = dup(out);
	return in < 0 || read(in, key, sizeof(key)) < 0;
}
