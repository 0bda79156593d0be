/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every file in scenarios/ is held to its first comment: the verdict, and the number of steps of
 * the shortest witness; with one thread and with two, with every step and with reductions only.
 */
#include <dirent.h>
#include <stdarg.h>

#include "check/explore.h"
#include "check/witness.h"
#include "check/world/world.h"
#include "harness.h"
#include "model/property.h"
#include "model/read.h"

enum {
	FILES_MAX = 256,
	TEXT_BYTES = 1 << 16,
	PARTS = 4,
	STATES_MAX = 4000000, /* of one search: what takes longer is no example */
	STATES_SANITIZED = 3000,
};

struct file {
	char name[256];
	char text[TEXT_BYTES];
	bool violated;
	unsigned length;
};

static struct file files[FILES_MAX];
static size_t file_count;
static char wrong[4096];

/* Add a line to what is said at the end. */
static void __attribute__((format(printf, 2, 3)))
is_wrong(const struct file *file, const char *fmt, ...)
{
	size_t length = strlen(wrong);
	va_list args;

	length += (size_t)snprintf(wrong + length, sizeof(wrong) - length, "\n%s: ", file->name);
	if (length >= sizeof(wrong))
		return;
	va_start(args, fmt);
	vsnprintf(wrong + length, sizeof(wrong) - length, fmt, args);
	va_end(args);
}

static void
read_text(const char *path, char *buf, size_t size)
{
	FILE *in = fopen(path, "r");
	size_t length;

	ck_assert_msg(in != NULL, "cannot open %s", path);
	length = fread(buf, 1, size - 1, in);
	buf[length] = '\0';
	ck_assert_msg(length > 0 && length < size - 1, "%s is empty or too long", path);
	fclose(in);
}

static void
read_files(void)
{
	DIR *dir = opendir(PALE_SCENARIOS);
	const struct dirent *entry;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)) != NULL) {
		struct file *file = &files[file_count];
		const char *dot = strrchr(entry->d_name, '.');
		char path[1024];

		if (dot == NULL || strcmp(dot, ".pale") != 0)
			continue;
		ck_assert_uint_lt(++file_count, FILES_MAX);
		snprintf(file->name, sizeof(file->name), "%s", entry->d_name);
		snprintf(path, sizeof(path), PALE_SCENARIOS "/%s", entry->d_name);
		read_text(path, file->text, sizeof(file->text));
	}
	closedir(dir);
	ck_assert_uint_gt(file_count, 0);
}

static struct pale_model *
read_model(const struct file *file, const struct pale_read_options *options)
{
	struct pale_model *model = NULL;
	struct pale_err err = { 0 };

	if (pale_model_read(file->name, file->text, strlen(file->text), options, &model, &err) < 0)
		is_wrong(file, "%s", err.text);
	return model;
}

/* The shortest witness of all that is violated. */
static unsigned
shortest(const struct pale_system *system, const struct pale_explore_options *options,
    const struct pale_explored *explored)
{
	unsigned length = 0;

	for (unsigned i = 0; i < PALE_PROPERTIES_MAX; i++) {
		struct pale_witness witness = { 0 };
		struct pale_shortening shortening;
		struct pale_err err;

		if ((explored->violated >> i & 1) == 0)
			continue;
		ck_assert_int_eq(
		    pale_witness_find(system, options, explored, i, &witness, &err), 0);
		ck_assert_int_eq(
		    pale_witness_shorten(system, options, explored, i, &witness, &shortening, &err),
		    0);
		ck_assert(shortening.shortest || IS_SANITIZED);
		if (length == 0 || witness.length < length)
			length = witness.length;
		pale_witness_done(&witness);
	}
	return length;
}

/* Search one; returns how many states there were. */
static uint64_t
hold(const struct file *file, unsigned threads, bool reduce)
{
	struct pale_model *model = read_model(file, NULL);
	struct pale_explore_options options = { .threads = threads,
		.reduce = reduce,
		.symmetry = reduce,
		.max_states = IS_SANITIZED ? STATES_SANITIZED : STATES_MAX };
	struct pale_explored explored = { 0 };
	struct pale_system system;
	struct pale_err err = { 0 };
	uint64_t states;

	if (model == NULL)
		return 0;
	pale_world_system(model, &system);
	ck_assert_msg(pale_explore(&system, &options, &explored, &err) == 0, "%s", err.text);
	if (explored.limit != PALE_LIMIT_NONE && IS_SANITIZED) {
		explored.states = 0; /* where it was cut differs */
	} else if (explored.verdict == PALE_LIMIT) {
		is_wrong(file, "more than %d states", STATES_MAX);
	} else if ((explored.verdict == PALE_VIOLATED) != file->violated) {
		is_wrong(file, "%s", file->violated ? "holds" : "is violated");
	} else if (file->violated) {
		unsigned length = shortest(&system, &options, &explored);

		if (length != file->length && !IS_SANITIZED)
			is_wrong(file, "violated in %u steps, and not %u", length, file->length);
	}
	states = explored.states;
	pale_explored_done(&explored);
	pale_model_free(model);
	return states;
}

/* What is promised is read first, so that each case fails by itself where it is not. */
static void
hold_all(bool reduce, size_t part)
{
	read_files();
	for (size_t i = part; i < file_count; i += PARTS) {
		struct file *file = &files[i];
		uint64_t states;

		if (!pale_model_expected(file->text, &file->violated, &file->length)) {
			is_wrong(file, "does not say what is expected");
			continue;
		}
		states = hold(file, 1, reduce);
		/* After a violation the counts are those up to the end of its level, too. */
		if (states != hold(file, 2, reduce))
			is_wrong(file, "another number of states with two threads");
	}
	ck_assert_msg(wrong[0] == '\0', "%s", wrong);
}

/* In parts, as a case has its time. */
#define PART(n) \
	TEST(every_step_##n, "each scenario has the verdict and length of its first comment, " #n) \
	{ \
		hold_all(false, n); \
	} \
	TEST(reduced_##n, "reductions change neither verdict nor length of any scenario, " #n) \
	{ \
		hold_all(true, n); \
	}

PART(0)
PART(1)
PART(2)
PART(3)

TEST(pairs, "what is safe stands beside its mistake")
{
	read_files();
	for (size_t i = 0; i < file_count; i++) {
		const char *dash = strstr(files[i].name, "-safe.pale");
		bool found = dash == NULL;
		char mistake[sizeof(files[0].name) + 8];

		ck_assert(pale_model_expected(files[i].text, &files[i].violated, &files[i].length));
		if (dash == NULL)
			continue;
		if (files[i].violated)
			is_wrong(&files[i], "is not safe");
		snprintf(mistake, sizeof(mistake), "%.*s.pale", (int)(dash - files[i].name),
		    files[i].name);
		for (size_t k = 0; k < file_count; k++)
			found |= strcmp(files[k].name, mistake) == 0;
		if (!found)
			is_wrong(&files[i], "stands alone");
	}
	ck_assert_msg(wrong[0] == '\0', "%s", wrong);
}

TEST(listed, "each scenario is installed, and known to pale check by its name")
{
	static char list[TEXT_BYTES];

	read_files();
	read_text(PALE_SCENARIOS "/meson.build", list, sizeof(list));
	for (size_t i = 0; i < file_count; i++) {
		char quoted[sizeof(files[0].name) + 2];

		snprintf(quoted, sizeof(quoted), "'%.255s'", files[i].name);
		if (strstr(list, quoted) == NULL)
			is_wrong(&files[i], "is not in scenarios/meson.build");
	}
	ck_assert_msg(wrong[0] == '\0', "%s", wrong);
}

TEST_MAIN("scenarios", every_step_0, every_step_1, every_step_2, every_step_3, reduced_0, reduced_1,
    reduced_2, reduced_3, pairs, listed)
