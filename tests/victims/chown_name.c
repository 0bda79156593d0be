/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Root's mailer: makes a mailbox and gives it to its user.
 * Flaw: chown by name follows a link that was put there after the mailbox was made.
 * CWE-367. 0777: found. 1777: silent (nobody else may remove our name).
 * Wins: symlink before chown.
 */
#include <fcntl.h>
#include <unistd.h>

enum { USER = 65534 };

int
main(void)
{
	int fd = open("shared/mail", O_WRONLY | O_CREAT | O_EXCL, 0600);

	if (fd < 0)
		return 1;
	close(fd);
	return chown("shared/mail", USER, USER) < 0;
}
