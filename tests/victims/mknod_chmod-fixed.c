/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes a FIFO for everybody's messages with mknod, with the mode that it shall have.
 * Safe: with a cleared umask mknod alone sets the mode; no second call uses the name.
 * CWE-367 avoided. 0777: silent. 1777: silent.
 */
#include <sys/stat.h>

int
main(void)
{
	umask(0);
	return mknod("shared/box", S_IFIFO | 0622, 0) < 0;
}
