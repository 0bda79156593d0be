/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Root's mailer: makes a mailbox and gives it to its user.
 * Safe: fchown gives away what O_EXCL has made, whatever the name means by now.
 * CWE-367 avoided. 0777: silent. 1777: silent.
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
	return fchown(fd, USER, USER) < 0;
}
