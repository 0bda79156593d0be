/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread makes the log with a name of its own; the main thread then opens it and writes.
 * Flaw: the name, not the descriptor, goes from thread to thread: it may have become a link.
 * CWE-367. 0777: found. 1777: silent (nobody else may remove our name).
 * Wins: symlink before openat.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static char name[] = "shared/log.XXXXXX";

static void *
make(void *arg)
{
	int fd = mkstemp(name);

	(void)arg;
	return fd < 0 || close(fd) < 0 ? NULL : name;
}

int
main(void)
{
	pthread_t thread;
	void *made = NULL;
	int fd;

	if (pthread_create(&thread, NULL, make, NULL) != 0 || pthread_join(thread, &made) != 0)
		return 1;
	fd = made == NULL ? -1 : open(made, O_WRONLY | O_APPEND);
	return fd < 0 || write(fd, "begun\n", 6) != 6;
}
