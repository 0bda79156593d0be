/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes a temporary directory and a file in it, by the directory's descriptor.
 * Safe: the directory that was opened, not through a link, is of our uid and mode 0700, so nobody
 * else can have made anything in it; the file is made in that directory, whatever its name means
 * by now.
 * CWE-379 avoided. 0777: silent. 1777: silent.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int
main(void)
{
	char name[] = "shared/job.XXXXXX";
	struct stat st;
	int dir, fd;

	if (mkdtemp(name) == NULL)
		return 1;
	dir = open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0 || fstat(dir, &st) < 0 || st.st_uid != geteuid() || (st.st_mode & 0777) != 0700)
		return 1;
	fd = openat(dir, "out", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 || write(fd, "part\n", 5) != 5;
}
