/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How fast a scenario is searched: all of it, from the text to the verdict.
 *
 *   states FILE WALKER PROCESSES CALLS THREADS [reduced]
 *   states FILE WALKER PROCESSES CALLS promela OUTPUT
 *
 * Prints: states, seconds of the search, states a second, bytes a state, seconds with the reading;
 * or writes the scenario for SPIN.
 */
#include "check/explore.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check/promela/promela.h"
#include "check/world/world.h"
#include "model/read.h"
#include "model/walkers.h"

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int
fail(const struct pale_err *err)
{
	fprintf(stderr, "states: %s\n", err->text);
	return EXIT_FAILURE;
}

static int
write_promela(const struct pale_model *model, const char *name)
{
	struct pale_err err = { 0 };
	char *text;
	FILE *file;

	if (pale_promela_write(model, &text, &err) < 0)
		return fail(&err);
	file = fopen(name, "w");
	if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
		perror(name);
		return EXIT_FAILURE;
	}
	free(text);
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	static char text[1 << 16];
	struct pale_read_options options = { 0 };
	struct pale_explore_options explore = { .now_ns = now_ns };
	struct pale_explored explored;
	struct pale_system system;
	struct pale_model *model;
	struct pale_err err = { 0 };
	uint64_t begin = now_ns();
	size_t size;
	FILE *file;

	if (argc < 6) {
		fprintf(stderr, "usage: states FILE WALKER PROCESSES CALLS THREADS [reduced]\n");
		return EXIT_FAILURE;
	}
	file = fopen(argv[1], "r");
	if (file == NULL) {
		perror(argv[1]);
		return EXIT_FAILURE;
	}
	size = fread(text, 1, sizeof(text), file);
	fclose(file);
	options.walker = pale_walker_find(argv[2]);
	options.processes = (unsigned)strtoul(argv[3], NULL, 10);
	options.calls = (unsigned)strtoul(argv[4], NULL, 10);
	if (pale_model_read(argv[1], text, size, &options, &model, &err) < 0)
		return fail(&err);
	if (argc > 6 && strcmp(argv[5], "promela") == 0)
		return write_promela(model, argv[6]);
	explore.threads = (unsigned)strtoul(argv[5], NULL, 10);
	explore.reduce = explore.symmetry = argc > 6;
	pale_world_system(model, &system);
	if (pale_explore(&system, &explore, &explored, &err) < 0)
		return fail(&err);
	printf("%" PRIu64 " %.6f %.0f %.1f %.6f\n", explored.states,
	    (double)explored.elapsed_ns / 1e9,
	    (double)explored.states * 1e9 / (double)explored.elapsed_ns, explored.bytes_per_state,
	    (double)(now_ns() - begin) / 1e9);
	pale_explored_done(&explored);
	pale_model_free(model);
	return EXIT_SUCCESS;
}
