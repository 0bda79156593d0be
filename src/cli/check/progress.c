/* SPDX-License-Identifier: BSD-2-Clause */
/* While it searches; see progress.h. */
#include "cli/check/progress.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/check/machine.h"
#include "cli/say.h"
#include "core/scope.h"
#include "report/check.h"

/* A search that is over sooner needs no line: it would only flicker. */
#define FIRST_NS 300000000U
#define EACH_NS 1000000000U

atomic_bool pale_check_stop;
atomic_bool pale_check_tell;

void
pale_check_on_stop(int number PALE_UNUSED)
{
	atomic_store(&pale_check_stop, true);
}

static void
on_tell(int number PALE_UNUSED)
{
	atomic_store(&pale_check_tell, true);
}

void
pale_check_signals(void)
{
	static const int stops[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction had;

	for (size_t i = 0; i < PALE_COUNT(stops); i++) {
		struct sigaction action = { .sa_handler = pale_check_on_stop,
			.sa_flags = SA_RESTART | (int)SA_RESETHAND };

		/* What nohup(1) has set stays. */
		if (sigaction(stops[i], NULL, &had) == 0 && had.sa_handler != SIG_IGN)
			sigaction(stops[i], &action, NULL);
	}
	sigaction(
	    SIGUSR1, &(struct sigaction){ .sa_handler = on_tell, .sa_flags = SA_RESTART }, NULL);
}

static void
show(void *arg, const struct pale_progress *progress)
{
	struct pale_progress_shown *shown = arg;
	struct pale_string line = { 0 };
	uint64_t least = shown->how == PALE_PROGRESS_LINE ? FIRST_NS : EACH_NS;

	if (!progress->asked &&
	    (shown->how == PALE_PROGRESS_ASKED || progress->elapsed_ns < least ||
		(shown->how == PALE_PROGRESS_LINES &&
		    progress->elapsed_ns < shown->last_ns + EACH_NS)))
		return;
	if (!progress->asked)
		shown->last_ns = progress->elapsed_ns;
	if (shown->what != NULL)
		pale_string_add(&line, "%s: ", shown->what);
	pale_report_check_number(progress->states, &line);
	pale_string_add(&line, " states, ");
	pale_report_check_number((uint64_t)progress->states_per_second, &line);
	pale_string_add(&line, "/s, depth %u, frontier ", progress->level);
	pale_report_check_number(progress->frontier, &line);
	pale_string_add(&line, ", ");
	pale_report_check_bytes((double)progress->bytes, &line);
	pale_string_add(&line, ", ");
	pale_report_check_time(progress->elapsed_ns, &line);
	if (shown->how == PALE_PROGRESS_LINE) {
		fprintf(
		    stderr, "\r\033[K%s%s", pale_string_get(&line), progress->asked ? "\n" : "");
		shown->there = !progress->asked;
	} else {
		pale_say(pale_string_get(&line));
	}
	pale_string_done(&line);
}

void
pale_progress_clear(struct pale_progress_shown *shown)
{
	if (shown->there)
		fputs("\r\033[K", stderr);
	shown->there = false;
}

void
pale_progress_set(struct pale_progress_shown *shown, struct pale_explore_options *options)
{
	options->now_ns = pale_machine_now_ns;
	options->progress = show;
	options->progress_arg = shown;
	options->stop = &pale_check_stop;
	options->tell = &pale_check_tell;
}
