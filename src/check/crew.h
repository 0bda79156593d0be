/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that do one job together: the caller is the first of them, the others sleep between jobs
 * and are started with the first job that wants them. Signals are the caller's alone, so that a
 * handler for Ctrl-C runs there.
 */
#ifndef PALE_CHECK_CREW_H
#define PALE_CHECK_CREW_H

#include <pthread.h>
#include <stdbool.h>

enum {
	PALE_CREW_MAX = 256,
};

typedef void pale_crew_job(void *arg, unsigned thread);

struct pale_crew {
	unsigned wanted, count; /* threads, the caller too */
	struct pale_crew_hand *hands;
	pthread_mutex_t lock;
	pthread_cond_t begin, end;
	/* Under the lock. */
	unsigned job_number, running;
	bool leave;
	pale_crew_job *job;
	void *arg;
};

/*
 * A crew of so many threads, 1..PALE_CREW_MAX.
 *
 * Returns 0, -EINVAL or -ENOMEM. Test: tests/unit/explore.c
 */
int pale_crew_init(struct pale_crew *crew, unsigned wanted);

/*
 * Run job(arg, number) in every thread and return when all have. Number 0 is the caller. Where the
 * machine gives fewer threads than wanted those that there are do it all; crew->count says so. So a
 * job takes its work from a shared counter, not by its number.
 */
void pale_crew_run(struct pale_crew *crew, pale_crew_job *job, void *arg);

/* End the threads. Harmless on a zeroed crew. */
void pale_crew_done(struct pale_crew *crew);

#endif
