/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tool with root's rights that writes to a file which its caller may write.
 * Flaw: access asks about the name as the caller, open uses the name as root: another file by
 * then.
 * CWE-367. 0777: found. 1777: silent (the caller's file cannot be removed).
 * Wins: symlink before openat.
 */
#include <fcntl.h>
#include <unistd.h>

enum { CALLER = 65534 };

int
main(void)
{
	int fd;

	/* As a setuid tool is begun: the caller's real uid, root's rights. */
	if (setresuid(CALLER, CALLER, 0) < 0)
		return 1;
	fd = open("shared/out", O_WRONLY | O_CREAT | O_EXCL, 0644);
	if (fd < 0 || setresuid(CALLER, 0, 0) < 0)
		return 1;
	close(fd);
	if (access("shared/out", W_OK) < 0)
		return 1;
	fd = open("shared/out", O_WRONLY);
	return fd < 0 || write(fd, "result\n", 7) != 7;
}
