/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Appends to a document that must lie in the shared directory.
 * Safe: openat2 with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS resolves once, and refuses in the
 * same step what leads out; fstat then says that it is a file of ours with one name.
 * CWE-367 avoided. 0777: silent. 1777: silent.
 */
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int
main(void)
{
	struct open_how how = { .flags = O_WRONLY | O_APPEND | O_NONBLOCK,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	struct stat st;
	int dir = open("shared", O_RDONLY | O_DIRECTORY);
	int fd = openat(dir, "doc", O_WRONLY | O_CREAT | O_EXCL, 0644);

	if (dir < 0 || fd < 0)
		return 1;
	close(fd);
	fd = (int)syscall(SYS_openat2, dir, "doc", &how, sizeof(how));
	if (fd < 0 || fstat(fd, &st) < 0)
		return 1;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1)
		return 1;
	return write(fd, "line\n", 5) != 5;
}
