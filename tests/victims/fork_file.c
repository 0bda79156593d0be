/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A child writes its result into a file, and the parent reads it after the child has ended.
 * Flaw: the parent opens it by name: what it shows as its child's may be another's.
 * CWE-367. 0777: found. 1777: silent (nobody else may remove our name).
 * Wins: own_file before openat.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int
main(void)
{
	char result[64] = "";
	int fd, status;
	pid_t pid = fork();

	if (pid < 0)
		return 1;
	if (pid == 0) {
		fd = open("shared/result", O_WRONLY | O_CREAT | O_EXCL, 0600);
		_exit(fd < 0 || write(fd, "42", 2) != 2);
	}
	if (waitpid(pid, &status, 0) != pid || status != 0)
		return 1;
	fd = open("shared/result", O_RDONLY);
	if (fd < 0 || read(fd, result, sizeof(result) - 1) < 0)
		return 1;
	printf("result: %s\n", result);
	return 0;
}
