/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes a FIFO for everybody's messages with mknod, and opens it to all with chmod.
 * Flaw: chmod by name follows a link that was put there after mknod: a private file becomes
 * public.
 * CWE-367. 0777: found. 1777: silent (nobody else may remove our name).
 * Wins: symlink before chmod.
 */
#include <sys/stat.h>

int
main(void)
{
	if (mknod("shared/box", S_IFIFO | 0600, 0) < 0)
		return 1;
	return chmod("shared/box", 0622) < 0;
}
