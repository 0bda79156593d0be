/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes a tree and removes it again, as rm -r once did: by path.
 * Flaw: lstat says directory, opendir follows a link that has taken its place, and unlink removes
 * what is behind it.
 * CWE-367. 0777: found. 1777: silent (the tree cannot be renamed).
 * Wins: dir_symlink before openat.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int
main(void)
{
	char path[300];
	struct dirent *e;
	struct stat st;
	DIR *dir;

	if (mkdir("shared/tree", 0755) < 0 || mknod("shared/tree/leaf", S_IFREG | 0600, 0) < 0)
		return 1;
	if (lstat("shared/tree", &st) < 0 || !S_ISDIR(st.st_mode))
		return 1;
	dir = opendir("shared/tree");
	if (dir == NULL)
		return 1;
	while ((e = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "shared/tree/%s", e->d_name);
		if (e->d_name[0] != '.' && unlink(path) < 0)
			return 1;
	}
	closedir(dir);
	return rmdir("shared/tree") < 0;
}
