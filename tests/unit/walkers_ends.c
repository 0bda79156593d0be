/* SPDX-License-Identifier: BSD-2-Clause */
/* How walks end, what they cost, and which walkers from outside are refused. */
#include "model/walkers.h"

#include <errno.h>

#include "harness.h"
#include "model/read.h"

/* One path, one walker. */
static struct pale_walk_alone
walk_one(const char *name, const char *path, const char *more)
{
	char text[1024];
	struct pale_model *model = NULL;
	struct pale_walk_alone alone;
	struct pale_err err = { 0 };

	snprintf(text, sizeof(text),
	    "scenario('w')\nwalker('none')\nproperty('progress')\n"
	    "directory('/base/a/b/c')\nfile('/base/a/f')\nsymlink('/base/l', 'l')\n"
	    "symlink('/base/m', 'a')\n"
	    "directory('/base/shut', 'mode=700')\ndirectory('/base/shut/in')\n"
	    "compartment c {\nuser(100)\nopen('base', '/base')\ncalls(1)\n%s"
	    "may('openat(base, \"%s\")')\n}\n",
	    more, path);
	if (pale_model_read("test", text, strlen(text), NULL, &model, &err) < 0)
		ck_abort_msg("%s", err.text);
	pale_walk_try(model, model->initial, 0, pale_walker_find(name),
	    model->compartments[0].delegated[0],
	    model->sites[model->compartments[0].first_site].path[0], 0, &alone);
	pale_model_free(model);
	return alone;
}

TEST(loops, "a link that leads to itself ends every walk with ELOOP")
{
	for (size_t i = 0; i < pale_walker_count; i++) {
		struct pale_walk_alone alone = walk_one(pale_walkers[i]->name, "l", "");

		ck_assert_msg(!alone.endless && alone.error == -ELOOP, "%s: %s",
		    pale_walkers[i]->name, strerror(-alone.error));
	}
}

TEST(shut, "no walker looks a name up where it may not search")
{
	for (size_t i = 0; i < pale_walker_count; i++) {
		const char *name = pale_walkers[i]->name;

		ck_assert_int_eq(walk_one(name, "shut/in", "").error, -EACCES);
		ck_assert_int_eq(walk_one(name, "shut", "").error, 0);
		ck_assert_int_ne(walk_one(name, "shut/../shut/in", "").error, 0);
	}
}

TEST(costs, "what a lookup costs is counted: steps, and calls of who is no kernel")
{
	/* clang-format off */
	static const struct {
		const char *walker, *path;
		unsigned steps, calls;
	} rows[] = {
		/* start, a, b, finish */
		{ "none",          "a/b",      4, 1 },
		{ "none",          "a/./b",    5, 1 },
		{ "none",          "a/..",     4, 1 },
		{ "none",          "m/b",      5, 1 }, /* the link is one, what it says another */
		{ "walk-then-step", "a/..",    5, 1 },
		{ "walk-stepwise", "a/b/c/..", 8, 1 }, /* start is two above: two steps of the probe */
		{ "fd-stack",      "a/b/..",   5, 3 }, /* may `..` be looked up? */
		{ "fd-stack",      "m/b",      6, 4 },
		{ "pale",          "a/b/..",   5, 3 },
		{ "pale",          "a/b",      5, 2 }, /* what b is needs a step */
		{ "go-os-root",    "a/b/..",   6, 3 }, /* begins anew: a again */
		{ "libpathrs",     "a/..",     5, 2 }, /* the comparison asks nothing at the start */
		{ "realpath-open", "a/b",      6, 4 },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pale_walk_alone alone = walk_one(rows[i].walker, rows[i].path, "");

		ck_assert_msg(alone.error == 0 && alone.steps == rows[i].steps &&
			alone.calls == rows[i].calls,
		    "%s '%s': %u steps, %u calls", rows[i].walker, rows[i].path, alone.steps,
		    alone.calls);
	}
}

static int
no_step(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	(void)slots;
	(void)flags;
	(void)ops;
	(void)ctx;
	return PALE_WALKER_DONE;
}

TEST(insane, "a walker from outside that cannot be right is refused with the reason")
{
	static const struct pale_walker_slot good[] = { { PALE_WALKER_NODE, 0 },
		{ PALE_WALKER_REST, 0 }, { PALE_WALKER_NUMBER, 3 } };
	static const struct pale_walker_slot bad[] = { { PALE_WALKER_REST, 0 },
		{ PALE_WALKER_REST, 0 }, { PALE_WALKER_NUMBER, 0 } };
	static const struct pale_walker_slot zero[] = { { PALE_WALKER_NODE, 0 },
		{ PALE_WALKER_REST, 0 }, { PALE_WALKER_NUMBER, 0 } };
	static const struct pale_walker_slot twice[] = { { PALE_WALKER_NODE, 0 },
		{ PALE_WALKER_REST, 0 }, { PALE_WALKER_LINKS, 40 }, { PALE_WALKER_LINKS, 40 } };
	const struct pale_walker sane = { .version = PALE_WALKER_VERSION,
		.name = "mine",
		.says = "nothing",
		.slot_count = 3,
		.slots = good,
		.step = no_step };
	struct pale_walker walker = sane;

	ck_assert_ptr_null(pale_walker_check(&walker));
#define REFUSED(change) \
	do { \
		walker = sane; \
		change; \
		ck_assert_ptr_nonnull(pale_walker_check(&walker)); \
	} while (0)
	REFUSED(walker.version = 7);
	REFUSED(walker.name = NULL);
	REFUSED(walker.name = "My Walker");
	REFUSED(walker.name = "");
	REFUSED(walker.says = NULL);
	REFUSED(walker.step = NULL);
	REFUSED(walker.slots = NULL);
	REFUSED(walker.slots = bad);
	REFUSED(walker.slots = zero);
	REFUSED((walker.slots = twice, walker.slot_count = 4));
	REFUSED(walker.slot_count = 1);
	REFUSED(walker.slot_count = PALE_WALKER_SLOTS + 1);
	REFUSED(walker.locks = true);
	REFUSED(walker.sequence = true);
}

TEST_MAIN("walkers_ends", loops, shut, costs, insane)
