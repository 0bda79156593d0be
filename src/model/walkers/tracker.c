/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capsicum since FreeBSD 11.1: every directory that was passed is kept in a list, and `..` may lead
 * only to one of them. Later versions also forget what lies behind the one that `..` led to; that
 * only refuses more, so what holds here holds there.
 *
 * Source: sys/kern/vfs_lookup.c, nameicap_tracker_add, nameicap_check_dotdot;
 * vfs.lookup_cap_dotdot.
 */
#include "model/ops.h"
#include "model/walkers/part.h"
#include "model/walkers/rows.h"

enum { LINKS = PALE_WALKER_OWN, PASSED, SLOTS = PASSED + PALE_WALKER_HELD };

/* clang-format off */
static const struct pale_walker_slot slots_of[SLOTS] = {
	[PALE_WALKER_AT]   = { PALE_WALKER_NODE },
	[PALE_WALKER_LEFT] = { PALE_WALKER_REST },
	[LINKS]            = { PALE_WALKER_LINKS, PALE_PART_LINKS },
	[PASSED ... SLOTS - 1] = { PALE_WALKER_NODE },
};
/* clang-format on */

static bool
is_passed(const struct pale_part_walk *walk, pale_walker_node node)
{
	for (unsigned i = PASSED; i < SLOTS; i++)
		if (walk->slots[i] == node)
			return true;
	return false;
}

static int
pass(const struct pale_part_walk *walk)
{
	pale_walker_node node = walk->slots[PALE_WALKER_AT];

	if (is_passed(walk, node))
		return 0;
	for (unsigned i = PASSED; i < SLOTS; i++)
		if (walk->slots[i] == 0) {
			walk->slots[i] = node;
			return 0;
		}
	return -ENAMETOOLONG;
}

static int
up_to_passed(const struct pale_part_walk *walk)
{
	int r = pale_part_up_tree(walk);

	if (r == 0 && !is_passed(walk, walk->slots[PALE_WALKER_AT]))
		r = -PALE_ENOTCAPABLE;
	return r;
}

static const struct pale_part_rule tracked = {
	.links = LINKS,
	.slots = SLOTS,
	.up = up_to_passed,
	.absolute = pale_part_not_capable,
	.entered = pass,
};

static int
tracker_begin(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	slots[PASSED] = slots[PALE_WALKER_AT];
	return pale_part_begin(&(struct pale_part_walk){ slots, flags, ops, ctx, &tracked });
}

static int
tracker_step(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	return pale_part_step(&(struct pale_part_walk){ slots, flags, ops, ctx, &tracked });
}

const struct pale_walker pale_walker_tracker = {
	.version = PALE_WALKER_VERSION,
	.name = "tracker",
	.says = "lets `..` lead only to a directory that this lookup has passed: Capsicum since "
		"FreeBSD 11.1",
	.reach = "ENOTCAPABLE",
	.kernel = true,
	.slot_count = SLOTS,
	.slots = slots_of,
	.begin = tracker_begin,
	.step = tracker_step,
};

static int
final(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	(void)flags;
	return ops->beneath(ctx, ops->start(ctx), slots[PALE_WALKER_AT]) ? PALE_WALKER_DONE
									 : -PALE_ENOTCAPABLE;
}

const struct pale_walker pale_walker_tracker_final = {
	.version = PALE_WALKER_VERSION,
	.name = "tracker-final",
	.says = "tracker, and sees at the finish that the result is still beneath the start",
	.reach = "ENOTCAPABLE",
	.kernel = true,
	.slot_count = SLOTS,
	.slots = slots_of,
	.begin = tracker_begin,
	.step = tracker_step,
	.finish = final,
};
