/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libpathrs where it resolves by itself (without openat2): each component is opened with O_PATH |
 * O_NOFOLLOW, `..` too. After each `..` and at the end what /proc/self/fd says of the descriptor is
 * compared with the path that the components so far make; another one is an error. The root is the
 * start, as for RESOLVE_IN_ROOT.
 *
 * Source: src/resolvers/opath/imp.rs (do_resolve, check_current).
 *
 * What is simpler here: the three readings of /proc that make one comparison are one step. They
 * differ only where the root itself is moved, which the library asks its callers to prevent. A path
 * is the one expected where walking down along it leads to what is held.
 */
#include "model/model.h"
#include "model/walkers/part.h"
#include "model/walkers/rows.h"
#include "model/walkers/stack.h"

enum {
	LINKS = PALE_WALKER_OWN,
	PHASE,
	LINK,  /* opened, to be read in the next step */
	NAMES, /* the path that is expected */
	SLOTS = NAMES + PALE_WALKER_HELD,
};

enum phase {
	OPENS,
	CHECKS, /* `..` was opened */
	PHASES,
};

/* clang-format off */
static const struct pale_walker_slot slots_of[SLOTS] = {
	[PALE_WALKER_AT]   = { PALE_WALKER_NODE },
	[PALE_WALKER_LEFT] = { PALE_WALKER_REST },
	[LINKS]            = { PALE_WALKER_LINKS, PALE_PART_LINKS },
	[PHASE]            = { PALE_WALKER_NUMBER, PHASES - 1 },
	[LINK]             = { PALE_WALKER_NODE },
	[NAMES ... SLOTS - 1] = { PALE_WALKER_NUMBER, PALE_MODEL_NAMES - 1 },
};
/* clang-format on */

static const struct pale_slot_stack names = { NAMES, PALE_WALKER_HELD };

static int
to_start(const struct pale_part_walk *walk)
{
	pale_stack_clear(&names, walk->slots);
	return pale_part_to_start(walk);
}

static int
up(const struct pale_part_walk *walk)
{
	if (pale_stack_pop(&names, walk->slots) == 0)
		return pale_part_to_start(walk);
	walk->slots[PHASE] = CHECKS;
	return pale_part_up_tree(walk);
}

static const struct pale_part_rule rule = {
	.links = LINKS,
	.slots = SLOTS,
	.up = up,
	.absolute = to_start,
};

/* Does the path that is expected lead to what is held, at this instant? */
static bool
is_expected(const struct pale_part_walk *walk)
{
	pale_walker_node node = walk->ops->start(walk->ctx);

	for (unsigned i = 0; i < pale_stack_depth(&names, walk->slots); i++)
		if (walk->ops->lookup(walk->ctx, node, walk->slots[NAMES + i], &node) < 0)
			return false;
	return node == walk->slots[PALE_WALKER_AT];
}

/* What is left once a component has been taken: the end is a step of its own, the comparison. */
static int
left(const struct pale_part_walk *walk)
{
	struct pale_walker_part part;

	walk->ops->part(walk->ctx, walk->slots[PALE_WALKER_LEFT], &part);
	if (part.kind != PALE_WALKER_END && !(part.last && (walk->flags & PALE_WALKER_PARENT)))
		return PALE_WALKER_MORE;
	walk->slots[PHASE] = CHECKS;
	return PALE_WALKER_MORE;
}

static int
pathrs_begin(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	struct pale_part_walk walk = { slots, flags, ops, ctx, &rule };
	int r = pale_part_begin(&walk);

	return r < 0 ? r : left(&walk);
}

static int
open_name(const struct pale_part_walk *walk, const struct pale_walker_part *part)
{
	uint16_t *slots = walk->slots;
	bool result = part->last && !part->slash;
	enum pale_walker_type type;
	pale_walker_node node;
	int r = walk->ops->lookup(walk->ctx, slots[PALE_WALKER_AT], part->name, &node);

	if (r < 0)
		return r;
	type = walk->ops->type(walk->ctx, node);
	if (type == PALE_WALKER_IS_LINK && !(result && (walk->flags & PALE_WALKER_NOFOLLOW))) {
		slots[LINK] = node;
		return PALE_WALKER_MORE;
	}
	if (!pale_stack_push(&names, slots, part->name))
		return -ENAMETOOLONG;
	r = pale_part_found(walk, part, node);
	return r < 0 ? r : left(walk);
}

static int
check(const struct pale_part_walk *walk)
{
	walk->slots[PHASE] = OPENS;
	return is_expected(walk) ? pale_part_left(walk) : -EXDEV;
}

static int
pathrs_step(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	struct pale_part_walk walk = { slots, flags, ops, ctx, &rule };
	pale_walker_node link = slots[LINK];
	struct pale_walker_part part;
	int r;

	if (slots[PHASE] == CHECKS)
		return check(&walk);
	ops->part(ctx, slots[PALE_WALKER_LEFT], &part);
	if (link != 0) {
		slots[LINK] = 0;
		r = pale_part_follow(&walk, &part, link);
		return r < 0 ? r : left(&walk);
	}
	r = pale_part_absolute(&walk);
	if (r < 0)
		return r;
	if (part.kind == PALE_WALKER_NAME)
		return open_name(&walk, &part);
	r = part.kind == PALE_WALKER_DOTDOT ? up(&walk) : ops->search(ctx, slots[PALE_WALKER_AT]);
	if (r < 0)
		return r;
	slots[PALE_WALKER_LEFT] = part.rest;
	return slots[PHASE] == CHECKS ? PALE_WALKER_MORE : left(&walk);
}

const struct pale_walker pale_walker_libpathrs = {
	.version = PALE_WALKER_VERSION,
	.name = "libpathrs",
	.says = "libpathrs where it resolves by itself: what /proc says of each `..` and of the "
		"result must be the path expected",
	.reach = "the start",
	.slot_count = SLOTS,
	.slots = slots_of,
	.begin = pathrs_begin,
	.step = pathrs_step,
};
