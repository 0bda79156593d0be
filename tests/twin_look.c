/* SPDX-License-Identifier: BSD-2-Clause */
#include "twin_look.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool
is_waiting_call(long nr)
{
	static const long all[] = { SYS_read, SYS_write, SYS_open, SYS_openat, SYS_accept,
		SYS_accept4, SYS_connect, SYS_recvmsg, SYS_sendmsg, SYS_msgsnd, SYS_msgrcv,
		SYS_semop, SYS_semtimedop };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (nr == all[i])
			return true;
	}
	return false;
}

bool
twin_look(pid_t pid, const char *name, char *buf, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return false;
	n = read(fd, buf, size - 1);
	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return n > 0;
}

char
twin_process_state(pid_t pid)
{
	char text[512];
	const char *end;

	if (!twin_look(pid, "stat", text, sizeof(text)))
		return 'Z';
	end = strrchr(text, ')');
	return end == NULL ? 'Z' : end[2];
}

bool
twin_is_asleep(pid_t pid, int orders)
{
	char text[256];
	long nr;
	unsigned long arg;

	if (!twin_look(pid, "syscall", text, sizeof(text)) ||
	    sscanf(text, "%ld %lx", &nr, &arg) != 2 || !is_waiting_call(nr))
		return false;
	if (nr == SYS_read && arg == (unsigned long)orders)
		return false;
	return twin_process_state(pid) == 'S';
}
