/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes a temporary directory and a file in it, by path.
 * Flaw: without a sticky bit the directory's name is anybody's: by the time the file is made it
 * may be a link to a directory of ours, where the file then appears, or truncates one.
 * CWE-379. 0777: found. 1777: silent (the directory cannot be renamed).
 * Wins: dir_symlink before openat.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int
main(void)
{
	char dir[] = "shared/job.XXXXXX", path[64];
	int fd;

	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/out", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	return fd < 0 || write(fd, "part\n", 5) != 5;
}
