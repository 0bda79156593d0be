/* SPDX-License-Identifier: BSD-2-Clause */
/* Random walks through every scenario there is: what must be true of all states is true of these,
 * and no field of them is lost when they are packed. */
#include "model_sane.h"

#include <dirent.h>

#include "core/scope.h"
#include "harness.h"
#include "model/read.h"
#include "random.h"

enum {
	TEXT_BYTES = 1 << 16,
	WALKS = 60, /* through each scenario */
	STEPS = 120,
	STUCK = 8, /* steps in a row that could not be taken: mostly all is over then */
};

static uint64_t seed, taken, blocked;

static void
walk(const char *name, const struct pale_model *model)
{
	struct pale_state state = *model->initial;
	unsigned stuck = 0;

	for (int i = 0; i < STEPS && stuck < STUCK; i++) {
		bool was_taken;
		const char *why =
		    sane_step(model, &state, (unsigned)test_random(&seed), &was_taken);

		ck_assert_msg(why == NULL, "%s: %s", name, why);
		stuck = was_taken ? 0 : stuck + 1;
		taken += was_taken;
		blocked += !was_taken;
	}
}

static void
walk_all(const char *name, const char *text, const char *walker)
{
	struct pale_read_options options = { .walker =
						 walker == NULL ? NULL : pale_walker_find(walker) };
	struct pale_err err = { 0 };
	struct pale_model *model;
	const char *why;

	ck_assert_msg(
	    pale_model_read(name, text, strlen(text), &options, &model, &err) == 0, "%s", err.text);
	ck_assert_ptr_nonnull(model->layout);
	why = insane(model, model->initial);
	ck_assert_msg(why == NULL, "%s: at the start, %s", name, why);
	for (int i = 0; i < WALKS; i++)
		walk(name, model);
	pale_model_free(model);
}

TEST(walks, "states of all scenarios are sane, under their own walker and under any other")
{
	static char text[TEXT_BYTES];
	struct dirent *entry;
	unsigned count = 0;
	DIR *dir = opendir(PALE_SCENARIOS);

	ck_assert_msg(dir != NULL, "no scenarios in %s", PALE_SCENARIOS);
	seed = test_seed(20261122);
	while ((entry = readdir(dir)) != NULL) {
		char path[4096];
		FILE *in;
		size_t length;

		if (strstr(entry->d_name, ".pale") == NULL)
			continue;
		snprintf(path, sizeof(path), "%s/%s", PALE_SCENARIOS, entry->d_name);
		in = fopen(path, "r");
		ck_assert_ptr_nonnull(in);
		length = fread(text, 1, sizeof(text) - 1, in);
		text[length] = '\0';
		fclose(in);
		walk_all(entry->d_name, text, NULL);
		walk_all(entry->d_name, text,
		    pale_walkers[test_below(&seed, (unsigned)pale_walker_count)]->name);
		count++;
	}
	closedir(dir);
	ck_assert_uint_gt(count, 20);
	ck_assert_uint_gt(taken, 1000);
	printf("# %u scenarios, %llu steps, %llu that could not be taken\n", count,
	    (unsigned long long)taken, (unsigned long long)blocked);
}

TEST_MAIN("model_sane", walks)
