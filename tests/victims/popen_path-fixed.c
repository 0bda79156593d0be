/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asks a tool who it is, without a shell and without PATH; afterwards looks whether there is a
 * note.
 * Safe: the tool has an absolute name in a directory that only root writes, and a clean
 * environment; PATH is not used, nor is anything of the shared directory executed.
 * CWE-426 avoided. 0777: silent. 1777: silent.
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int
main(void)
{
	char tool[] = "/usr/bin/id", flag[] = "-u", clean[] = "PATH=/usr/bin:/bin";
	char *argv[] = { tool, flag, NULL }, *env[] = { clean, NULL };
	int status;
	pid_t pid;

	if (setenv("PATH", "shared:/usr/bin:/bin", 1) != 0)
		return 1;
	if (posix_spawn(&pid, tool, NULL, NULL, argv, env) != 0)
		return 1;
	if (waitpid(pid, &status, 0) != pid || status != 0)
		return 1;
	if (access("shared/note", F_OK) == 0)
		puts("there is a note");
	return 0;
}
