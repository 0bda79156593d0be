/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes its report, unless the name is a link.
 * Flaw: lstat looks at the name, open uses it: the link comes in between.
 * CWE-367. 0777: found. 1777: found where fs.protected_symlinks is 0 (the name is not there at
 * first).
 * Wins: symlink before openat.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int
main(void)
{
	struct stat st;
	int fd;

	if (lstat("shared/report", &st) == 0 && !S_ISREG(st.st_mode))
		return 1;
	fd = open("shared/report", O_WRONLY | O_CREAT | O_TRUNC, 0644);
	return fd < 0 || write(fd, "report\n", 7) != 7;
}
