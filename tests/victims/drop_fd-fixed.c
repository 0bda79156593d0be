/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Root's service: opens its private file, becomes a user and runs that user's hook, if there is
 * one.
 * Safe: O_CLOEXEC closes the descriptor at exec, and close_range whatever else a careless parent
 * left; the hook has no more than the user whom it runs as.
 * CWE-403 avoided. 0777: silent. 1777: silent.
 */
#include <fcntl.h>
#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534 };

int
main(void)
{
	int fd = open("home/secret", O_RDONLY | O_CLOEXEC);
	int status;
	pid_t pid = fd < 0 ? -1 : fork();

	if (pid < 0)
		return 1;
	if (pid == 0) {
		if (setgroups(0, NULL) < 0 || setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
			_exit(1);
		if (close_range(3, ~0U, 0) < 0)
			_exit(1);
		execl("shared/hook", "hook", (char *)NULL);
		_exit(0);
	}
	return waitpid(pid, &status, 0) != pid;
}
