/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Search a scenario, and play its witness: for replay.bats.
 *
 *   replay-tool FILE [WAY] [--random N --seed S] [--walker NAME] [--property NAME] [--script FILE]
 * [--dir DIR] [--times N]
 *
 * Prints "WAY: N of N VERDICT: WHY", with -v the lines; exits 0 where each was played, 3 where not.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check/world/world.h"
#include "model/property.h"
#include "model/read.h"
#include "model/walkers.h"
#include "replay/replay.h"

static const char *const verdicts[] = { "reproduced", "not reproduced", "refused", "unable" };

struct tool {
	const char *file, *way, *script, *dir;
	struct pale_read_options read;
	unsigned times, runs, seed;
	bool verbose;
	struct pale_model *model;
	struct pale_trace trace;
	struct pale_replay_step *steps;
	unsigned property;
};

__attribute__((noreturn)) static void
die(const char *what, const struct pale_err *err)
{
	fprintf(stderr, "%s: %s\n", what, err->text);
	exit(3);
}

static char *
read_all(const char *file, size_t *ret_size)
{
	FILE *in = fopen(file, "r");
	char *text = malloc(1 << 16);

	if (in == NULL || text == NULL) {
		perror(file);
		exit(3);
	}
	*ret_size = fread(text, 1, (1 << 16) - 1, in);
	text[*ret_size] = '\0';
	fclose(in);
	return text;
}

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* The shortest witness, without reductions: what is wanted here is a witness, not speed. */
static bool
search(struct tool *tool)
{
	const struct pale_explore_options options = {
		.threads = 1, .symmetry = true, .now_ns = now_ns, .max_states = 20000000
	};
	struct pale_witness witness = { 0 };
	struct pale_explored explored;
	struct pale_system system;
	struct pale_err err = { 0 };

	pale_world_system(tool->model, &system);
	if (pale_explore(&system, &options, &explored, &err) < 0)
		die("search", &err);
	for (unsigned i = 0; i < PALE_PROPERTY_COUNT; i++) {
		if (!explored.violations[i].found)
			continue;
		if (pale_witness_find(&system, &options, &explored, i, &witness, &err) < 0)
			die("witness", &err);
		tool->property = i;
		break;
	}
	pale_explored_done(&explored);
	if (witness.states == NULL)
		return false;
	if (pale_trace_make(tool->model, &witness, &tool->trace) < 0)
		die("trace", &err);
	pale_witness_done(&witness);
	tool->steps = calloc(tool->trace.count + 1, sizeof(*tool->steps));
	for (size_t i = 0; i < tool->trace.count; i++)
		tool->steps[i] = (struct pale_replay_step){ tool->trace.steps[i].move,
			tool->trace.steps[i].event, &tool->trace.steps[i].before,
			&tool->trace.steps[i].after };
	return true;
}

/* Descriptors that are open in this process. */
static int
count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (dir != NULL && readdir(dir) != NULL)
		count++;
	if (dir != NULL)
		closedir(dir);
	return count;
}

/* All verdicts must be the first one. */
static void
play(struct tool *tool, enum pale_replay_by by)
{
	struct pale_replayed first = { 0 }, replayed;
	struct pale_err err = { 0 };
	int fds = count_fds();
	unsigned same = 0;
	uint64_t ns = 0;

	for (unsigned i = 0; i < tool->times; i++) {
		if (pale_replay(tool->model, tool->steps, tool->trace.count, tool->property, by,
			tool->dir, &replayed, &err) < 0)
			die(pale_replay_names[by], &err);
		ns += replayed.elapsed_ns;
		if (i == 0)
			first = replayed;
		same += replayed.verdict == first.verdict;
		if (i != 0)
			pale_replayed_done(&replayed);
	}
	printf("%s: %u of %u %s: %s\n", pale_replay_names[by], same, tool->times,
	    verdicts[first.verdict], first.why);
	if (tool->verbose)
		printf("%llu us each\n", (unsigned long long)(ns / 1000 / tool->times));
	for (size_t k = 0; tool->verbose && k < first.count; k++)
		printf("  %s: %s%s\n", first.lines[k].actor, first.lines[k].text,
		    first.lines[k].as_expected ? "" : "  <-- not as in the model");
	pale_replayed_done(&first);
	if (count_fds() != fds)
		printf("descriptors are left: %d\n", count_fds() - fds);
}

/* A number below `below`. */
static unsigned
pick(struct tool *tool, unsigned below)
{
	tool->seed = tool->seed * 1103515245 + 12345;
	return (tool->seed >> 16) % below;
}

enum { RANDOM_STEPS = 40 };

/* Some way through the model, whatever it violates. Returns its length. */
static size_t
wander(struct tool *tool, struct pale_state *states, struct pale_replay_step *steps)
{
	static struct pale_move moves[PALE_MOVES_MAX];
	size_t count = 0;

	states[0] = *tool->model->initial;
	for (unsigned tries = 0; count < RANDOM_STEPS && tries < 4 * RANDOM_STEPS; tries++) {
		unsigned p = pick(tool, (unsigned)tool->model->process_count);
		unsigned n =
		    pale_model_moves(tool->model, &states[count], p, moves, PALE_MOVES_MAX);
		struct pale_replay_step *step = &steps[count];

		if (n == 0)
			continue;
		step->move = moves[pick(tool, n)];
		states[count + 1] = states[count];
		if (!pale_model_step(tool->model, &states[count + 1], &step->move, &step->event))
			continue;
		step->before = &states[count];
		step->after = &states[count + 1];
		count++;
	}
	return count;
}

/* Model and kernel, in random orders of steps: the law that witnesses rest on. */
static int
play_random(struct tool *tool, enum pale_replay_by by)
{
	static struct pale_state states[RANDOM_STEPS + 1];
	static struct pale_replay_step steps[RANDOM_STEPS];
	struct pale_replayed replayed;
	struct pale_err err = { 0 };
	size_t all = 0;

	for (unsigned i = 0; i < tool->runs; i++) {
		unsigned seed = tool->seed;
		size_t count = wander(tool, states, steps);

		if (pale_replay(tool->model, steps, count, PALE_PROPERTY_UNION, by, tool->dir,
			&replayed, &err) < 0)
			die(pale_replay_names[by], &err);
		all += count;
		/* A machine may protect more than the scenario says. */
		if (replayed.verdict != PALE_REPLAYED &&
		    strstr(replayed.why, "fs.protected_") == NULL) {
			printf("seed %u: %s: %s: %s\n", seed, pale_replay_names[by],
			    verdicts[replayed.verdict], replayed.why);
			for (size_t k = 0; k < replayed.count; k++)
				printf("  %s: %s%s\n", replayed.lines[k].actor,
				    replayed.lines[k].text,
				    replayed.lines[k].as_expected ? ""
								  : "  <-- not as in the model");
			return 1;
		}
		pale_replayed_done(&replayed);
	}
	printf("%s: %u runs, %zu steps\n", pale_replay_names[by], tool->runs, all);
	return 0;
}

static void
write_script(const struct tool *tool)
{
	struct pale_err err = { 0 };
	char *text = NULL;
	FILE *out;

	if (pale_replay_script(
		tool->model, tool->steps, tool->trace.count, tool->property, &text, &err) < 0) {
		printf("script: unable: %s\n", err.text);
		return;
	}
	out = fopen(tool->script, "w");
	if (out == NULL || fputs(text, out) < 0 || fclose(out) != 0) {
		perror(tool->script);
		exit(3);
	}
	printf("script: written\n");
	free(text);
}

int
main(int argc, char **argv)
{
	struct tool tool = { .times = 1 };
	struct pale_err err = { 0 };
	size_t size;
	char *text;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-v") == 0)
			tool.verbose = true;
		else if (strcmp(argv[i], "--walker") == 0)
			tool.read.walker = pale_walker_find(argv[++i]);
		else if (strcmp(argv[i], "--property") == 0)
			tool.read.property = argv[++i];
		else if (strcmp(argv[i], "--script") == 0)
			tool.script = argv[++i];
		else if (strcmp(argv[i], "--dir") == 0)
			tool.dir = argv[++i];
		else if (strcmp(argv[i], "--random") == 0)
			tool.runs = (unsigned)atoi(argv[++i]);
		else if (strcmp(argv[i], "--seed") == 0)
			tool.seed = (unsigned)strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--mark") == 0)
			i++; /* for who looks for our processes */
		else if (strcmp(argv[i], "--times") == 0)
			tool.times = (unsigned)atoi(argv[++i]);
		else if (tool.file == NULL)
			tool.file = argv[i];
		else
			tool.way = argv[i];
	}
	text = read_all(tool.file, &size);
	if (pale_model_read(tool.file, text, size, &tool.read, &tool.model, &err) < 0)
		die(tool.file, &err);
	free(text);
	if (tool.runs > 0) {
		int status = play_random(&tool,
		    tool.way != NULL && strcmp(tool.way, "kernel") == 0 ? PALE_REPLAY_KERNEL
									: PALE_REPLAY_WALKER);

		pale_model_free(tool.model);
		return status;
	}
	if (!search(&tool)) {
		printf("holds\n");
		pale_model_free(tool.model);
		return 0;
	}
	printf("length %zu\n", tool.trace.count);
	if (tool.script != NULL)
		write_script(&tool);
	for (unsigned by = 0; by < PALE_REPLAY_COUNT; by++) {
		if (tool.way != NULL
			? strcmp(tool.way, pale_replay_names[by]) == 0
			: (pale_replay_ways(tool.model, tool.steps, tool.trace.count) >> by & 1) !=
			    0)
			play(&tool, by);
	}
	pale_trace_done(&tool.trace);
	free(tool.steps);
	pale_model_free(tool.model);
	return 0;
}
