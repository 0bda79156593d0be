/* SPDX-License-Identifier: BSD-2-Clause */
/* The walk of a kernel without any boundary, and the one that Capsicum had in 2010. */
#include "model/ops.h"
#include "model/walkers/part.h"
#include "model/walkers/rows.h"

enum { LINKS = PALE_WALKER_OWN, SLOTS };

static const struct pale_walker_slot slots_of[SLOTS] = {
	[PALE_WALKER_AT] = { PALE_WALKER_NODE },
	[PALE_WALKER_LEFT] = { PALE_WALKER_REST },
	[LINKS] = { PALE_WALKER_LINKS, PALE_PART_LINKS },
};

static const struct pale_part_rule plain = {
	.links = LINKS, .slots = SLOTS, .up = pale_part_up_tree, .absolute = pale_part_to_root
};
PALE_PART_WALKER(plain)

const struct pale_walker pale_walker_none = {
	.version = PALE_WALKER_VERSION,
	.name = "none",
	.says = "the plain walk of UNIX: no boundary at all",
	.reach = "anywhere",
	.kernel = true,
	.slot_count = SLOTS,
	.slots = slots_of,
	.begin = plain_begin,
	.step = plain_step,
};

/* "If `..` is looked up relative to starting directory, return ENOTCAPABLE" (slide 15). */
static int
up_unless_start(const struct pale_part_walk *walk)
{
	if (walk->slots[PALE_WALKER_AT] == walk->ops->start(walk->ctx))
		return -PALE_ENOTCAPABLE;
	return pale_part_up_tree(walk);
}

static const struct pale_part_rule compare = {
	.links = LINKS, .slots = SLOTS, .up = up_unless_start, .absolute = pale_part_not_capable
};
PALE_PART_WALKER(compare)

const struct pale_walker pale_walker_start_compare = {
	.version = PALE_WALKER_VERSION,
	.name = "start-compare",
	.says = "refuses `..` in the directory where the lookup started: Capsicum in 2010",
	.reach = "ENOTCAPABLE",
	.kernel = true,
	.slot_count = SLOTS,
	.slots = slots_of,
	.begin = compare_begin,
	.step = compare_step,
};
