/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Root's service: opens its private file, becomes a user and runs that user's hook, if there is
 * one.
 * Flaw: the descriptor lives through the change of uid and through exec: the hook reads it.
 * CWE-403. 0777: found. 1777: found.
 * Wins: plant_exec before execve.
 */
#include <fcntl.h>
#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534 };

int
main(void)
{
	int fd = open("home/secret", O_RDONLY);
	int status;
	pid_t pid = fd < 0 ? -1 : fork();

	if (pid < 0)
		return 1;
	if (pid == 0) {
		if (setgroups(0, NULL) < 0 || setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
			_exit(1);
		execl("shared/hook", "hook", (char *)NULL);
		_exit(0);
	}
	return waitpid(pid, &status, 0) != pid;
}
