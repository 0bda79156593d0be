/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads that do one job together; see crew.h. */
#include "check/crew.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

struct pale_crew_hand {
	struct pale_crew *crew;
	unsigned number;
	pthread_t thread;
};

static void *
serve(void *arg)
{
	struct pale_crew_hand *hand = arg;
	struct pale_crew *crew = hand->crew;
	unsigned done = 0;

	pthread_mutex_lock(&crew->lock);
	for (;;) {
		while (!crew->leave && crew->job_number == done)
			pthread_cond_wait(&crew->begin, &crew->lock);
		if (crew->leave)
			break;
		done = crew->job_number;
		pthread_mutex_unlock(&crew->lock);
		crew->job(crew->arg, hand->number);
		pthread_mutex_lock(&crew->lock);
		if (--crew->running == 0)
			pthread_cond_signal(&crew->end);
	}
	pthread_mutex_unlock(&crew->lock);
	return NULL;
}

/* Before the first job: job_number is 0, so a new thread waits for it. */
static void
start(struct pale_crew *crew)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (crew->count < crew->wanted) {
		struct pale_crew_hand *hand = &crew->hands[crew->count];

		hand->crew = crew;
		hand->number = crew->count;
		if (pthread_create(&hand->thread, NULL, serve, hand) != 0)
			break;
		crew->count++;
	}
	crew->wanted = crew->count;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

int
pale_crew_init(struct pale_crew *crew, unsigned wanted)
{
	*crew = (struct pale_crew){ 0 };
	if (wanted == 0 || wanted > PALE_CREW_MAX)
		return -EINVAL;
	crew->hands = calloc(wanted, sizeof(*crew->hands));
	if (crew->hands == NULL)
		return -ENOMEM;
	crew->wanted = wanted;
	crew->count = 1;
	pthread_mutex_init(&crew->lock, NULL);
	pthread_cond_init(&crew->begin, NULL);
	pthread_cond_init(&crew->end, NULL);
	return 0;
}

void
pale_crew_run(struct pale_crew *crew, pale_crew_job *job, void *arg)
{
	if (crew->count < crew->wanted)
		start(crew);
	if (crew->count > 1) {
		pthread_mutex_lock(&crew->lock);
		crew->job = job;
		crew->arg = arg;
		crew->running = crew->count - 1;
		crew->job_number++;
		pthread_cond_broadcast(&crew->begin);
		pthread_mutex_unlock(&crew->lock);
	}
	job(arg, 0);
	if (crew->count == 1)
		return;
	pthread_mutex_lock(&crew->lock);
	while (crew->running > 0)
		pthread_cond_wait(&crew->end, &crew->lock);
	pthread_mutex_unlock(&crew->lock);
}

void
pale_crew_done(struct pale_crew *crew)
{
	if (crew->hands == NULL)
		return;
	pthread_mutex_lock(&crew->lock);
	crew->leave = true;
	pthread_cond_broadcast(&crew->begin);
	pthread_mutex_unlock(&crew->lock);
	for (unsigned i = 1; i < crew->count; i++)
		pthread_join(crew->hands[i].thread, NULL);
	pthread_cond_destroy(&crew->end);
	pthread_cond_destroy(&crew->begin);
	pthread_mutex_destroy(&crew->lock);
	free(crew->hands);
	*crew = (struct pale_crew){ 0 };
}
