/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes a spool directory, puts a job into it, and takes it out again.
 * Safe: the spool is born 0700; the directory that was opened is ours, and the job in it is
 * reached by its descriptor alone. Nobody else can write there, whatever becomes of the spool's
 * name.
 * CWE-276 avoided. 0777: silent. 1777: silent.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int
main(void)
{
	struct stat st;
	char job[64] = "";
	int dir, fd;

	umask(077);
	if (mkdir("shared/spool", 0700) < 0)
		return 1;
	dir = open("shared/spool", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	if (dir < 0 || fstat(dir, &st) < 0 || st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		return 1;
	fd = openat(dir, "job", O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || write(fd, "print a page", 12) != 12)
		return 1;
	if (pread(fd, job, sizeof(job) - 1, 0) < 0)
		return 1;
	printf("job: %s\n", job);
	return 0;
}
