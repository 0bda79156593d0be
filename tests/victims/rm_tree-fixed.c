/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes a tree and removes it again, by descriptors.
 * Safe: the directory is opened without following a link and is ours; names are removed relative
 * to its descriptor. rmdir of the name removes an empty directory at the most, and follows
 * nothing.
 * CWE-367 avoided. 0777: silent. 1777: silent.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int
main(void)
{
	struct dirent *e;
	struct stat st;
	DIR *dir;
	int fd;

	if (mkdir("shared/tree", 0755) < 0)
		return 1;
	fd = open("shared/tree", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != geteuid())
		return 1;
	if (mknodat(fd, "leaf", S_IFREG | 0600, 0) < 0)
		return 1;
	dir = fdopendir(fd);
	if (dir == NULL)
		return 1;
	while ((e = readdir(dir)) != NULL)
		if (e->d_name[0] != '.' && unlinkat(fd, e->d_name, 0) < 0)
			return 1;
	closedir(dir);
	return rmdir("shared/tree") < 0;
}
