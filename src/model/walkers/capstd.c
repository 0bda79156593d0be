/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cap-std of Rust where it resolves by itself (without openat2): a stack of directories, `..` pops.
 * A component that cannot be opened with O_NOFOLLOW is asked about (fstatat) where a directory was
 * wanted, and read as a link (readlinkat), by its name each time.
 *
 *   cap-std        as it is since August 2026
 *   cap-std-2026   before: a slash behind the last name was handed to openat, which then follows a
 *                  link in spite of O_NOFOLLOW, wherever it leads (GHSA-hp8f-xmx4-4qrg)
 *
 * Source: cap-primitives/src/fs/manually/open.rs (Context), rustix/fs/open_unchecked.rs;
 * bytecodealliance/cap-std pull requests 419 to 421.
 */
#include "model/walkers/part.h"
#include "model/walkers/rows.h"
#include "model/walkers/stack.h"

enum { LINKS = PALE_WALKER_OWN, PHASE, HELD, SLOTS = HELD + PALE_WALKER_HELD };

enum phase {
	OPENS,
	ASKS,   /* it was no directory: is it a link? */
	READS,  /* it was a link */
	KERNEL, /* openat follows by itself: all further is the kernel's plain walk */
	PHASES,
};

/* clang-format off */
static const struct pale_walker_slot slots_of[SLOTS] = {
	[PALE_WALKER_AT]   = { PALE_WALKER_NODE },
	[PALE_WALKER_LEFT] = { PALE_WALKER_REST },
	[LINKS]            = { PALE_WALKER_LINKS, PALE_PART_LINKS },
	[PHASE]            = { PALE_WALKER_NUMBER, PHASES - 1 },
	[HELD ... SLOTS - 1] = { PALE_WALKER_NODE },
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

static const struct pale_part_rule in_cap = {
	.links = LINKS,
	.slots = SLOTS,
	.up = up_held,
	.absolute = pale_part_refuse,
};

static const struct pale_part_rule in_kernel = {
	.links = LINKS,
	.slots = SLOTS,
	.up = pale_part_up_tree,
	.absolute = pale_part_to_root,
};

static int
cap_begin(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	return pale_part_begin(&(struct pale_part_walk){ slots, flags, ops, ctx, &in_cap });
}

static int
open_name(
    const struct pale_part_walk *walk, const struct pale_walker_part *part, bool follows_slash)
{
	uint16_t *slots = walk->slots;
	pale_walker_node from = slots[PALE_WALKER_AT], node;
	bool result = part->last && !part->slash;
	enum pale_walker_type type;
	int r = walk->ops->lookup(walk->ctx, from, part->name, &node);

	if (r < 0)
		return r;
	type = walk->ops->type(walk->ctx, node);
	if (type == PALE_WALKER_IS_LINK && part->last && part->slash && follows_slash) {
		slots[PHASE] = KERNEL;
		r = pale_part_follow(&(struct pale_part_walk){ slots, walk->flags, walk->ops,
					 walk->ctx, &in_kernel },
		    part, node);
		return r < 0 ? r : pale_part_left(walk);
	}
	if (result && !(walk->flags & PALE_WALKER_DIRECTORY) && type == PALE_WALKER_IS_LINK &&
	    !(walk->flags & PALE_WALKER_NOFOLLOW)) {
		slots[PHASE] = READS;
		return PALE_WALKER_MORE;
	}
	if (type != PALE_WALKER_IS_DIR && (!result || (walk->flags & PALE_WALKER_DIRECTORY))) {
		slots[PHASE] = ASKS;
		return PALE_WALKER_MORE;
	}
	slots[PALE_WALKER_AT] = node;
	slots[PALE_WALKER_LEFT] = part->rest;
	if (!part->last && !pale_stack_push(&held, slots, from))
		return -ENAMETOOLONG;
	return pale_part_left(walk);
}

/* fstatat, of what the name leads to by now; where that is no link the first error stands. */
static int
ask_name(const struct pale_part_walk *walk, const struct pale_walker_part *part)
{
	bool result = part->last && !part->slash;
	pale_walker_node node;
	int r = walk->ops->lookup(walk->ctx, walk->slots[PALE_WALKER_AT], part->name, &node);

	if (r < 0 || walk->ops->type(walk->ctx, node) != PALE_WALKER_IS_LINK)
		return -ENOTDIR;
	if (result && (walk->flags & PALE_WALKER_NOFOLLOW))
		return -ENOTDIR;
	walk->slots[PHASE] = READS;
	return PALE_WALKER_MORE;
}

static int
read_name(const struct pale_part_walk *walk, const struct pale_walker_part *part)
{
	pale_walker_node node;
	int r = walk->ops->lookup(walk->ctx, walk->slots[PALE_WALKER_AT], part->name, &node);

	if (r < 0)
		return r;
	if (walk->ops->type(walk->ctx, node) != PALE_WALKER_IS_LINK)
		return -EINVAL;
	walk->slots[PHASE] = OPENS;
	r = pale_part_follow(walk, part, node);
	return r < 0 ? r : pale_part_left(walk);
}

static int
take(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx,
    bool follows_slash)
{
	struct pale_part_walk walk = { slots, flags, ops, ctx,
		slots[PHASE] == KERNEL ? &in_kernel : &in_cap };
	struct pale_walker_part part;
	int r;

	if (slots[PHASE] == KERNEL)
		return pale_part_step(&walk);
	r = pale_part_absolute(&walk);
	if (r < 0)
		return r;
	ops->part(ctx, slots[PALE_WALKER_LEFT], &part);
	if (part.kind != PALE_WALKER_NAME)
		return pale_part_step(&walk);
	switch ((enum phase)slots[PHASE]) {
	case OPENS:
		return open_name(&walk, &part, follows_slash);
	case ASKS:
		return ask_name(&walk, &part);
	case READS:
		return read_name(&walk, &part);
	case KERNEL:
	case PHASES:
	default:
		return -EINVAL;
	}
}

static int
cap_step(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	return take(slots, flags, ops, ctx, false);
}

static int
cap_2026_step(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	return take(slots, flags, ops, ctx, true);
}

const struct pale_walker pale_walker_cap_std = {
	.version = PALE_WALKER_VERSION,
	.name = "cap-std",
	.says = "cap-std of Rust where it resolves by itself: a stack of directories",
	.reach = "an error: a path led outside of the filesystem",
	.slot_count = SLOTS,
	.slots = slots_of,
	.begin = cap_begin,
	.step = cap_step,
};

const struct pale_walker pale_walker_cap_std_2026 = {
	.version = PALE_WALKER_VERSION,
	.name = "cap-std-2026",
	.says = "cap-std before August 2026: a slash behind a link makes the kernel follow it "
		"(GHSA-hp8f-xmx4-4qrg)",
	.reach = "an error: a path led outside of the filesystem",
	.slot_count = SLOTS,
	.slots = slots_of,
	.begin = cap_begin,
	.step = cap_2026_step,
};
