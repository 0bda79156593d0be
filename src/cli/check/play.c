/* SPDX-License-Identifier: BSD-2-Clause */
/* A witness, played; see play.h. */
#include "cli/check/play.h"

#include <errno.h>
#include <stdlib.h>

#include "cli/check/output.h"
#include "cli/check/progress.h"
#include "core/scope.h"

/* The steps without what replay need not know; NULL without memory. */
static struct pale_replay_step *
make_steps(const struct pale_trace *trace)
{
	struct pale_replay_step *steps = calloc(trace->count + 1, sizeof(*steps));

	for (size_t i = 0; steps != NULL && i < trace->count; i++) {
		const struct pale_trace_step *step = &trace->steps[i];

		steps[i] = (struct pale_replay_step){ step->move, step->event, &step->before,
			&step->after };
	}
	return steps;
}

/* That it cannot be played here takes nothing from the verdict. */
static void
set_unable(struct pale_report_replay *replay, const char *why)
{
	pale_replayed_done(&replay->replayed);
	replay->replayed = (struct pale_replayed){ .verdict = PALE_REPLAY_UNABLE };
	snprintf(replay->replayed.why, sizeof(replay->replayed.why), "%.255s", why);
}

int
pale_play(const struct pale_check_args *args, const struct pale_check_search *search,
    struct pale_played *ret, struct pale_err *err)
{
	PALE_FREE struct pale_replay_step *steps = make_steps(&search->trace);
	unsigned ways;

	if (steps == NULL)
		return pale_fail(err, -ENOMEM, "out of memory");
	ways = args->replay_chosen ? args->replay
				   : pale_replay_ways(search->model, steps, search->trace.count);
	for (unsigned by = 0; by < PALE_REPLAY_COUNT; by++) {
		struct pale_report_replay *replay = &ret->replays[ret->count];
		struct pale_err why = { 0 };

		if ((ways >> by & 1) == 0)
			continue;
		replay->by = (enum pale_replay_by)by;
		ret->count++;
		if (!atomic_load(&pale_check_stop) &&
		    pale_replay(search->model, steps, search->trace.count, search->property,
			replay->by, NULL, &replay->replayed, &why) < 0)
			set_unable(replay, why.text);
		/* Ctrl-C ends the actors, too: what they had come to means nothing. */
		if (atomic_load(&pale_check_stop))
			set_unable(replay, "it was stopped");
	}
	return 0;
}

void
pale_play_done(struct pale_played *played)
{
	for (size_t i = 0; i < played->count; i++)
		pale_replayed_done(&played->replays[i].replayed);
	*played = (struct pale_played){ 0 };
}

int
pale_play_script(const struct pale_check_args *args, const struct pale_check_search *search,
    struct pale_err *err)
{
	PALE_FREE struct pale_replay_step *steps = make_steps(&search->trace);
	PALE_FREE char *text = NULL;
	int result;

	if (steps == NULL)
		return pale_fail(err, -ENOMEM, "out of memory");
	result = pale_replay_script(
	    search->model, steps, search->trace.count, search->property, &text, err);
	return result < 0 ? result : pale_output_write(args->script, text, err);
}
