/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread makes the log with a name of its own; the main thread then writes to it.
 * Safe: the descriptor that mkstemp gave goes from thread to thread; the name is never used again.
 * CWE-367 avoided. 0777: silent. 1777: silent.
 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static int log_fd = -1;

static void *
make(void *arg)
{
	char name[] = "shared/log.XXXXXX";

	log_fd = mkstemp(name);
	return arg;
}

int
main(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, make, NULL) != 0 || pthread_join(thread, NULL) != 0)
		return 1;
	return log_fd < 0 || write(log_fd, "begun\n", 6) != 6;
}
