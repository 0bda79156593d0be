/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Appends to a document, after it has made sure that the document lies in the shared directory.
 * Flaw: realpath resolves the name now, open resolves it again later.
 * CWE-367. 0777: found. 1777: silent (nobody else may remove our name).
 * Wins: symlink before openat.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
main(void)
{
	char real[PATH_MAX], top[PATH_MAX];
	int fd = open("shared/doc", O_WRONLY | O_CREAT | O_EXCL, 0644);

	if (fd < 0 || realpath("shared", top) == NULL || realpath("shared/doc", real) == NULL)
		return 1;
	close(fd);
	if (strncmp(real, top, strlen(top)) != 0)
		return 1;
	fd = open(real, O_WRONLY | O_APPEND);
	return fd < 0 || write(fd, "line\n", 5) != 5;
}
