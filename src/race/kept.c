/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a process still holds after it gave up rights: descriptors of files that its new user could
 * not open and that the next program inherits, and shared memory attached as the former user.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <fcntl.h>

#include "race/tasks.h"

enum {
	FD_INFO_BYTES = 512,
};

static bool
is_inherited(pid_t tid, const char *fd)
{
	char path[64], line[FD_INFO_BYTES];
	bool inherited = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%.16s", (int)tid, fd);
	file = fopen(path, "re");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, "flags:", 6) == 0)
			inherited = (strtoul(line + 6, NULL, 8) & O_CLOEXEC) == 0;
	if (file != NULL)
		fclose(file);
	return inherited;
}

bool
pale_race_keeps_fd(pid_t tid)
{
	char path[64];
	struct dirent *entry;
	struct stat self, st;
	bool keeps = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d", (int)tid);
	if (stat(path, &self) < 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)tid);
	dir = opendir(path);
	while (dir != NULL && !keeps && (entry = readdir(dir)) != NULL) {
		/* The first three are what the world gave it. */
		if (atoi(entry->d_name) <= 2)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/fd/%.16s", (int)tid, entry->d_name);
		if (stat(path, &st) < 0 || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
			continue;
		keeps = self.st_uid != 0 && st.st_uid != self.st_uid && (st.st_mode & 0066) == 0 &&
		    is_inherited(tid, entry->d_name);
	}
	if (dir != NULL)
		closedir(dir);
	return keeps;
}

bool
pale_race_keeps_segment(pid_t tid)
{
	char path[64], line[FD_INFO_BYTES];
	bool keeps = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)tid);
	file = fopen(path, "re");
	while (file != NULL && !keeps && fgets(line, sizeof(line), file) != NULL)
		keeps = strstr(line, "/SYSV") != NULL;
	if (file != NULL)
		fclose(file);
	return keeps;
}
