/* SPDX-License-Identifier: BSD-2-Clause */
/* Slide 28, "limit `..`" and "limit namespace concurrency": what refuses, counts or locks. */
#include "model/ops.h"
#include "model/walkers/part.h"
#include "model/walkers/rows.h"

enum { LINKS = PALE_WALKER_OWN, COUNT, SLOTS };
enum { LESS = COUNT }; /* slots of those that count nothing */
enum { DEPTH_MAX = 31 };

/* clang-format off */
static const struct pale_walker_slot slots_of[SLOTS] = {
	[PALE_WALKER_AT]   = { PALE_WALKER_NODE },
	[PALE_WALKER_LEFT] = { PALE_WALKER_REST },
	[LINKS]            = { PALE_WALKER_LINKS, PALE_PART_LINKS },
	[COUNT]            = { PALE_WALKER_NUMBER, DEPTH_MAX },
};
static const struct pale_walker_slot once_slots[SLOTS] = {
	[PALE_WALKER_AT]   = { PALE_WALKER_NODE },
	[PALE_WALKER_LEFT] = { PALE_WALKER_REST },
	[LINKS]            = { PALE_WALKER_LINKS, PALE_PART_LINKS },
	[COUNT]            = { PALE_WALKER_NUMBER, 1 },
};
/* clang-format on */

/*
 * Source: FreeBSD 9 to 11.0, sys/kern/vfs_lookup.c (ni_strictrelative: any `..` is ENOTCAPABLE);
 * capsicum-linux, fs/namei.c.
 */
static const struct pale_part_rule reject = {
	.links = LINKS,
	.slots = LESS,
	.up = pale_part_not_capable,
	.absolute = pale_part_not_capable,
};
PALE_PART_WALKER(reject)

const struct pale_walker pale_walker_reject_dotdot = {
	.version = PALE_WALKER_VERSION,
	.name = "reject-dotdot",
	.says = "refuses every `..`: Capsicum in FreeBSD 9 to 11.0, capsicum-linux",
	.reach = "ENOTCAPABLE",
	.kernel = true,
	.slot_count = LESS,
	.slots = slots_of,
	.begin = reject_begin,
	.step = reject_step,
};

static int
up_once(const struct pale_part_walk *walk)
{
	if (walk->slots[COUNT] != 0 || walk->slots[PALE_WALKER_AT] == walk->ops->start(walk->ctx))
		return -PALE_ENOTCAPABLE;
	walk->slots[COUNT] = 1;
	return pale_part_up_tree(walk);
}

static const struct pale_part_rule once = {
	.links = LINKS,
	.slots = SLOTS,
	.up = up_once,
	.absolute = pale_part_not_capable,
};
PALE_PART_WALKER(once)

const struct pale_walker pale_walker_one_dotdot = {
	.version = PALE_WALKER_VERSION,
	.name = "one-dotdot",
	.says = "allows one `..` in a lookup, not in the directory where it started: what the "
		"assertion of slide 27 asks for",
	.reach = "ENOTCAPABLE",
	.kernel = true,
	.slot_count = SLOTS,
	.slots = once_slots,
	.begin = once_begin,
	.step = once_step,
};

static int
count_in(const struct pale_part_walk *walk)
{
	if (walk->slots[COUNT] >= DEPTH_MAX)
		return -ENAMETOOLONG;
	walk->slots[COUNT]++;
	return 0;
}

static int
count_out(const struct pale_part_walk *walk)
{
	if (walk->slots[COUNT] == 0)
		return -EXDEV;
	walk->slots[COUNT]--;
	return pale_part_up_tree(walk);
}

static const struct pale_part_rule depth = {
	.links = LINKS,
	.slots = SLOTS,
	.up = count_out,
	.absolute = pale_part_refuse,
	.entered = count_in,
};
PALE_PART_WALKER(depth)

const struct pale_walker pale_walker_depth_count = {
	.version = PALE_WALKER_VERSION,
	.name = "depth-count",
	.says = "counts the directories that were entered, and allows as many `..`: the check that "
		"is made on the text of a path",
	.reach = "EXDEV",
	.kernel = true,
	.slot_count = SLOTS,
	.slots = slots_of,
	.begin = depth_begin,
	.step = depth_step,
};

static int
up_locked(const struct pale_part_walk *walk)
{
	if (walk->slots[PALE_WALKER_AT] == walk->ops->start(walk->ctx))
		return -PALE_ENOTCAPABLE;
	return pale_part_up_tree(walk);
}

static const struct pale_part_rule locked = {
	.links = LINKS,
	.slots = LESS,
	.up = up_locked,
	.absolute = pale_part_not_capable,
};

/* The lock is given back when the call ends: what was found is acted upon under it. */
static int
lock_begin(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	if (!ops->lock(ctx))
		return PALE_WALKER_WAIT;
	return pale_part_begin(&(struct pale_part_walk){ slots, flags, ops, ctx, &locked });
}

static int
lock_step(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	return pale_part_step(&(struct pale_part_walk){ slots, flags, ops, ctx, &locked });
}

const struct pale_walker pale_walker_lock = {
	.version = PALE_WALKER_VERSION,
	.name = "lock",
	.says = "holds one lock of all names from start to finish, and refuses `..` in the "
		"directory where it started",
	.reach = "ENOTCAPABLE",
	.kernel = true,
	.locks = true,
	.slot_count = LESS,
	.slots = slots_of,
	.begin = lock_begin,
	.step = lock_step,
};
