/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A child writes its result into a file, and the parent reads it after the child has ended.
 * Safe: the file is made before the fork with O_EXCL and 0600; both use the one descriptor, so the
 * parent reads what the child wrote, whatever becomes of the name.
 * CWE-367 avoided. 0777: silent. 1777: silent.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int
main(void)
{
	char result[64] = "";
	int status, fd = open("shared/result", O_RDWR | O_CREAT | O_EXCL, 0600);
	pid_t pid = fd < 0 ? -1 : fork();

	if (pid < 0)
		return 1;
	if (pid == 0)
		_exit(write(fd, "42", 2) != 2);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		return 1;
	if (pread(fd, result, sizeof(result) - 1, 0) < 0)
		return 1;
	printf("result: %s\n", result);
	return 0;
}
