/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A resolver in user space that holds a descriptor of every directory it has entered; `..` goes
 * back to the one before. openat(dir, name, O_PATH | O_NOFOLLOW) is a step, and so is the reading
 * of a link through the descriptor that was opened of it.
 */
#include "model/walkers/part.h"
#include "model/walkers/rows.h"
#include "model/walkers/stack.h"

enum { LINKS = PALE_WALKER_OWN, LINK, HELD, SLOTS = HELD + PALE_WALKER_HELD };

/* clang-format off */
static const struct pale_walker_slot slots_of[SLOTS] = {
	[PALE_WALKER_AT]   = { PALE_WALKER_NODE },
	[PALE_WALKER_LEFT] = { PALE_WALKER_REST },
	[LINKS]            = { PALE_WALKER_LINKS, PALE_PART_LINKS },
	[LINK]             = { PALE_WALKER_NODE }, /* opened, to be read in the next step */
	[HELD ... SLOTS - 1] = { PALE_WALKER_NODE }, /* that AT was reached through */
};
/* clang-format on */

static const struct pale_slot_stack held = { HELD, PALE_WALKER_HELD };

static int
up_held(const struct pale_part_walk *walk)
{
	pale_walker_node node = pale_stack_pop(&held, walk->slots);

	if (node == 0)
		return -EXDEV;
	walk->slots[PALE_WALKER_AT] = node;
	return 0;
}

static const struct pale_part_rule stacked = {
	.links = LINKS,
	.slots = SLOTS,
	.up = up_held,
	.absolute = pale_part_refuse,
};

static int
stack_begin(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	return pale_part_begin(&(struct pale_part_walk){ slots, flags, ops, ctx, &stacked });
}

static int
open_name(const struct pale_part_walk *walk, const struct pale_walker_part *part)
{
	pale_walker_node from = walk->slots[PALE_WALKER_AT], node;
	bool result = part->last && !part->slash;
	int r = walk->ops->lookup(walk->ctx, from, part->name, &node);

	if (r < 0)
		return r;
	if (walk->ops->type(walk->ctx, node) == PALE_WALKER_IS_LINK &&
	    !(result && (walk->flags & PALE_WALKER_NOFOLLOW))) {
		walk->slots[LINK] = node;
		return PALE_WALKER_MORE;
	}
	r = pale_part_found(walk, part, node);
	if (r == 0 && walk->ops->type(walk->ctx, node) == PALE_WALKER_IS_DIR &&
	    !pale_stack_push(&held, walk->slots, from))
		r = -ENAMETOOLONG;
	return r < 0 ? r : pale_part_left(walk);
}

static int
stack_step(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	struct pale_part_walk walk = { slots, flags, ops, ctx, &stacked };
	pale_walker_node link = slots[LINK];
	struct pale_walker_part part;
	int r = 0;

	ops->part(ctx, slots[PALE_WALKER_LEFT], &part);
	if (link != 0) {
		slots[LINK] = 0;
		r = pale_part_follow(&walk, &part, link);
		return r < 0 ? r : pale_part_left(&walk);
	}
	r = pale_part_absolute(&walk);
	if (r < 0)
		return r;
	return part.kind == PALE_WALKER_NAME ? open_name(&walk, &part) : pale_part_step(&walk);
}

const struct pale_walker pale_walker_fd_stack = {
	.version = PALE_WALKER_VERSION,
	.name = "fd-stack",
	.says = "a resolver in user space that holds a descriptor of each directory on its way, "
		"and goes back along them",
	.reach = "EXDEV",
	.slot_count = SLOTS,
	.slots = slots_of,
	.begin = stack_begin,
	.step = stack_step,
};
