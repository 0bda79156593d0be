/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Removes an old file after it has looked at it.
 * Safe: the directory is opened once, without a link in its place, and is ours and writable by us
 * alone: between fstatat and unlinkat, both relative to it, nobody else can change what the name
 * means.
 * CWE-367 avoided. 0777: silent. 1777: silent.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int
main(void)
{
	struct stat st;
	int dir;

	if (mkdir("shared/old", 0755) < 0)
		return 1;
	dir = open("shared/old", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	if (dir < 0 || fstat(dir, &st) < 0 || st.st_uid != geteuid() || (st.st_mode & 022) != 0)
		return 1;
	if (mknodat(dir, "secret", S_IFREG | 0600, 0) < 0)
		return 1;
	if (fstatat(dir, "secret", &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_size != 0)
		return 1;
	return unlinkat(dir, "secret", 0) < 0;
}
