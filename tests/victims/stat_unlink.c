/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Removes an old file after it has looked at it.
 * Flaw: both calls walk the same path, and the directory in the middle may be another by the
 * second.
 * CWE-367. 0777: found. 1777: silent (the directory cannot be renamed).
 * Wins: parent_link before unlink.
 */
#include <sys/stat.h>
#include <unistd.h>

int
main(void)
{
	struct stat st;

	if (mkdir("shared/old", 0755) < 0 || mknod("shared/old/secret", S_IFREG | 0600, 0) < 0)
		return 1;
	if (lstat("shared/old/secret", &st) < 0 || !S_ISREG(st.st_mode) || st.st_size != 0)
		return 1;
	return unlink("shared/old/secret") < 0;
}
