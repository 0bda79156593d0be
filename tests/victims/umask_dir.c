/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes a spool directory, puts a job into it, and takes it out again.
 * Flaw: with a cleared umask the spool has 0777: the job that is read is not the one that was
 * written.
 * CWE-276. 0777: found. 1777: found (the spool itself has no sticky bit).
 * Wins: own_file before openat.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int
main(void)
{
	char job[64] = "";
	int fd;

	umask(0);
	if (mkdir("shared/spool", 0777) < 0)
		return 1;
	fd = open("shared/spool/job", O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || write(fd, "print a page", 12) != 12)
		return 1;
	close(fd);
	fd = open("shared/spool/job", O_RDONLY);
	if (fd < 0 || read(fd, job, sizeof(job) - 1) < 0)
		return 1;
	printf("job: %s\n", job);
	return 0;
}
