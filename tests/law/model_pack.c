/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is stored of a state is all of it, by walks at random through scenarios: those that come
 * with pale and such as are made up. And what the search does to be fast changes nothing: a
 * processor that gathers bits and a loop give the same words, a state that is unpacked over another
 * is the same, and steps that are recalled are those that are computed. PALE_TEST_SEED repeats,
 * PALE_TEST_ROUNDS says how many are made up of each walker.
 */
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "check/world/world.h"
#include "core/scope.h"
#include "harness.h"
#include "model/pack/layout.h"
#include "model/property.h"
#include "model/read.h"
#include "model/walkers.h"
#include "random.h"
#include "reductions_scenario.h"

enum {
	ROUNDS = 20,
	WALKS = 12, /* from the initial state */
	STEPS = 150,
	FILE_BYTES = 64 * 1024,
};

static char text[FILE_BYTES];

/* A scenario that is walked through. */
struct walked {
	struct pale_model *model;
	struct pale_system system;
	struct pale_steps steps;
	void *scratch;
	struct pale_move moves[PALE_MOVES_MAX];
	struct pale_state state, next, again, copied;
};

static void
assert_stored_whole(struct walked *w, const struct pale_state *state)
{
	uint64_t words[PALE_STATE_WORDS_MAX], other[PALE_STATE_WORDS_MAX];
	const char *lost = pale_model_lost(w->model, state);
	bool gathers = w->model->layout->gathers;
	size_t bytes = w->system.words * sizeof(words[0]);

	ck_assert_msg(lost == NULL, "%s is lost:\n%s", lost, text);
	pale_model_pack(w->model, state, words);
	w->model->layout->gathers = false;
	pale_model_pack(w->model, state, other);
	ck_assert_msg(memcmp(words, other, bytes) == 0, "other bits are gathered:\n%s", text);
	pale_model_unpack_again(w->model, words, &w->again);
	pale_model_pack(w->model, &w->again, other);
	lost = pale_model_lost(w->model, &w->again);
	w->model->layout->gathers = gathers;
	ck_assert_msg(
	    memcmp(words, other, bytes) == 0 && lost == NULL, "unpacked over another:\n%s", text);
	pale_model_copy_again(w->model, &w->copied, state);
	pale_model_pack(w->model, &w->copied, other);
	ck_assert_msg(memcmp(words, other, bytes) == 0, "copied over another:\n%s", text);
}

/* The steps that the system gives are those that are taken one by one. Returns how many. */
static unsigned
assert_same_steps(struct walked *w)
{
	uint64_t words[PALE_STATE_WORDS_MAX], next[PALE_STATE_WORDS_MAX];
	size_t bytes = w->system.words * sizeof(words[0]), at = 0;
	struct pale_event event;

	pale_model_pack(w->model, &w->state, words);
	pale_steps_clear(&w->steps);
	w->system.successors(w->system.ctx, w->scratch, words, 0, &w->steps);
	for (unsigned p = 0; p < w->model->process_count; p++) {
		unsigned count = pale_model_moves(w->model, &w->state, p, w->moves, PALE_MOVES_MAX);

		for (unsigned i = 0; i < count; i++) {
			pale_model_copy(w->model, &w->next, &w->state);
			if (!pale_model_step(w->model, &w->next, &w->moves[i], &event))
				continue;
			assert_stored_whole(w, &w->next);
			pale_model_pack(w->model, &w->next, next);
			ck_assert_msg(at < w->steps.count, "a step is missing:\n%s", text);
			ck_assert_msg(
			    w->steps.labels[at] == pale_world_label(w->model, &w->moves[i]) &&
				w->steps.violates[at] ==
				    pale_property_judge(
					w->model, &w->state, &w->moves[i], &event, &w->next) &&
				memcmp(w->steps.states + at * w->system.words, next, bytes) == 0,
			    "step %zu is another one:\n%s", at, text);
			at++;
		}
	}
	ck_assert_uint_eq(at, w->steps.count);
	ck_assert(w->steps.final == pale_model_is_over(w->model, &w->state));
	ck_assert_uint_eq(w->steps.here, pale_property_here(w->model, &w->state));
	return (unsigned)at;
}

static void
walk(struct walked *w, uint64_t *random)
{
	for (unsigned i = 0; i < WALKS; i++) {
		w->state = *w->model->initial;
		for (unsigned k = 0; k < STEPS; k++) {
			unsigned count = assert_same_steps(w);

			if (count == 0)
				break;
			pale_model_unpack(w->model,
			    w->steps.states + test_below(random, count) * w->system.words,
			    &w->state);
		}
	}
}

/* Returns whether the text is a scenario that can be walked through. */
static bool
walk_through(const char *name, const struct pale_read_options *options, uint64_t *random)
{
	static struct walked w;
	struct pale_err err;

	if (pale_model_read(name, text, strlen(text), options, &w.model, &err) < 0)
		return false;
	pale_world_system(w.model, &w.system);
	ck_assert_int_eq(pale_steps_init(&w.steps, w.system.words), 0);
	w.scratch = calloc(1, w.system.scratch_bytes);
	ck_assert_ptr_nonnull(w.scratch);
	w.again = w.copied = *w.model->initial;
	walk(&w, random);
	free(w.scratch);
	pale_steps_done(&w.steps);
	pale_model_free(w.model);
	return true;
}

TEST(scenarios, "every scenario that comes with pale, under every walker")
{
	DIR *dir = opendir(PALE_SCENARIOS);
	uint64_t random = test_seed(1);
	const struct dirent *entry;
	unsigned count = 0;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)) != NULL) {
		PALE_CLOSE int fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_CLOEXEC);
		struct pale_read_options options = { .property = NULL };
		ssize_t size;

		if (strstr(entry->d_name, ".pale") == NULL)
			continue;
		ck_assert_int_ge(fd, 0);
		size = read(fd, text, sizeof(text) - 1);
		ck_assert_int_gt(size, 0);
		text[size] = '\0';
		ck_assert_msg(walk_through(entry->d_name, &options, &random), "%s", entry->d_name);
		options.walker = pale_walkers[count++ % pale_walker_count];
		ck_assert_msg(walk_through(entry->d_name, &options, &random), "%s", entry->d_name);
	}
	closedir(dir);
	ck_assert_uint_gt(count, 20);
}

TEST(made_up, "scenarios that are made up, under every walker and every property")
{
	const char *rounds = getenv("PALE_TEST_ROUNDS");
	unsigned most = rounds == NULL ? ROUNDS : (unsigned)strtoul(rounds, NULL, 0), done = 0;
	uint64_t random = test_seed(2);

	for (size_t i = 0; i < pale_walker_count * most; i++) {
		struct pale_read_options options = { .property = NULL };

		make_scenario(&random, pale_walkers[i % pale_walker_count]->name, text);
		if (i % 2 == 0)
			options.property = "union,root,call,rights,progress";
		done += walk_through("made up", &options, &random);
	}
	ck_assert_uint_gt(done, most);
}

TEST_MAIN("model_pack", scenarios, made_up)
