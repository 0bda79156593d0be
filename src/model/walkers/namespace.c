/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Slide 28, "namespace walk": whether a directory is beneath the start is found out by a walk up
 * from it. It costs what the way up is long, and what it is worth depends on when it is made: in
 * one instant with the step or in many, before the step or after it, at each `..` or at the end.
 */
#include "model/walkers/part.h"
#include "model/walkers/rows.h"

enum { LINKS = PALE_WALKER_OWN, PROBE, SLOTS, LESS = PROBE };

/* clang-format off */
static const struct pale_walker_slot slots_of[SLOTS] = {
	[PALE_WALKER_AT]   = { PALE_WALKER_NODE },
	[PALE_WALKER_LEFT] = { PALE_WALKER_REST },
	[LINKS]            = { PALE_WALKER_LINKS, PALE_PART_LINKS },
	[PROBE]            = { PALE_WALKER_NODE },
};
static const struct pale_walker_slot then_slots[SLOTS] = {
	[PALE_WALKER_AT]   = { PALE_WALKER_NODE },
	[PALE_WALKER_LEFT] = { PALE_WALKER_REST },
	[LINKS]            = { PALE_WALKER_LINKS, PALE_PART_LINKS },
	[PROBE]            = { PALE_WALKER_NUMBER, 1 }, /* checked, not gone yet */
};
/* clang-format on */

static int
up_checked(const struct pale_part_walk *walk)
{
	pale_walker_node start = walk->ops->start(walk->ctx);
	int r;

	if (walk->slots[PALE_WALKER_AT] == start)
		return -EXDEV;
	r = pale_part_up_tree(walk);
	if (r == 0 && !walk->ops->beneath(walk->ctx, start, walk->slots[PALE_WALKER_AT]))
		r = -EXDEV;
	return r;
}

static const struct pale_part_rule atomic = {
	.links = LINKS,
	.slots = LESS,
	.up = up_checked,
	.absolute = pale_part_refuse,
};
PALE_PART_WALKER(atomic)

const struct pale_walker pale_walker_walk_atomic = {
	.version = PALE_WALKER_VERSION,
	.name = "walk-atomic",
	.says = "takes each `..` and walks up from there to see that it is still beneath the "
		"start, all in one instant",
	.reach = "EXDEV",
	.kernel = true,
	.slot_count = LESS,
	.slots = slots_of,
	.begin = atomic_begin,
	.step = atomic_step,
};

static const struct pale_part_rule stepwise = {
	.links = LINKS,
	.slots = SLOTS,
	.up = pale_part_up_tree,
	.absolute = pale_part_refuse,
};

static int
stepwise_begin(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	return pale_part_begin(&(struct pale_part_walk){ slots, flags, ops, ctx, &stepwise });
}

/* PROBE is as far up as is known; names may move between any two parents. */
static int
probe(const struct pale_part_walk *walk)
{
	pale_walker_node above;
	int r = walk->ops->parent(walk->ctx, walk->slots[PROBE], &above);

	if (r < 0)
		return r;
	if (above == walk->slots[PROBE])
		return -EXDEV;
	walk->slots[PROBE] = above == walk->ops->start(walk->ctx) ? 0 : above;
	return walk->slots[PROBE] != 0 ? PALE_WALKER_MORE : pale_part_left(walk);
}

static int
stepwise_step(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	struct pale_part_walk walk = { slots, flags, ops, ctx, &stepwise };
	struct pale_walker_part part;
	int r;

	if (slots[PROBE] != 0)
		return probe(&walk);
	ops->part(ctx, slots[PALE_WALKER_LEFT], &part);
	if (part.kind != PALE_WALKER_DOTDOT)
		return pale_part_step(&walk);
	if (slots[PALE_WALKER_AT] == ops->start(ctx))
		return -EXDEV;
	r = pale_part_up_tree(&walk);
	if (r < 0)
		return r;
	slots[PALE_WALKER_LEFT] = part.rest;
	if (slots[PALE_WALKER_AT] == ops->start(ctx))
		return pale_part_left(&walk);
	slots[PROBE] = slots[PALE_WALKER_AT];
	return PALE_WALKER_MORE;
}

const struct pale_walker pale_walker_walk_stepwise = {
	.version = PALE_WALKER_VERSION,
	.name = "walk-stepwise",
	.says = "takes each `..` and walks up from there to see that it is beneath the start, a "
		"parent a step",
	.reach = "EXDEV",
	.kernel = true,
	.slot_count = SLOTS,
	.slots = slots_of,
	.begin = stepwise_begin,
	.step = stepwise_step,
};

/* Is there room above? Found out in one instant, and used in the next. */
static const struct pale_part_rule then = {
	.links = LINKS,
	.slots = SLOTS,
	.up = pale_part_up_tree,
	.absolute = pale_part_refuse,
};

static int
then_begin(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	return pale_part_begin(&(struct pale_part_walk){ slots, flags, ops, ctx, &then });
}

static int
then_step(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	pale_walker_node start = ops->start(ctx);
	struct pale_walker_part part;

	ops->part(ctx, slots[PALE_WALKER_LEFT], &part);
	if (part.kind == PALE_WALKER_DOTDOT && slots[PROBE] == 0) {
		if (slots[PALE_WALKER_AT] == start ||
		    !ops->beneath(ctx, start, slots[PALE_WALKER_AT]))
			return -EXDEV;
		slots[PROBE] = 1;
		return PALE_WALKER_MORE;
	}
	slots[PROBE] = 0;
	return pale_part_step(&(struct pale_part_walk){ slots, flags, ops, ctx, &then });
}

const struct pale_walker pale_walker_walk_then_step = {
	.version = PALE_WALKER_VERSION,
	.name = "walk-then-step",
	.says = "sees that it stands strictly beneath the start, and takes `..` in the next step",
	.reach = "EXDEV",
	.kernel = true,
	.slot_count = SLOTS,
	.slots = then_slots,
	.begin = then_begin,
	.step = then_step,
};

static const struct pale_part_rule anywhere = {
	.links = LINKS,
	.slots = LESS,
	.up = pale_part_up_tree,
	.absolute = pale_part_to_root,
};
PALE_PART_WALKER(anywhere)

static int
final(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	(void)flags;
	return ops->beneath(ctx, ops->start(ctx), slots[PALE_WALKER_AT]) ? PALE_WALKER_DONE
									 : -EXDEV;
}

const struct pale_walker pale_walker_walk_final = {
	.version = PALE_WALKER_VERSION,
	.name = "walk-final",
	.says = "walks wherever the path leads, and sees at the finish, in one instant with the "
		"call's work, that the result is beneath the start",
	.reach = "EXDEV, at the finish",
	.kernel = true,
	.slot_count = LESS,
	.slots = slots_of,
	.begin = anywhere_begin,
	.step = anywhere_step,
	.finish = final,
};
