/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Linux has: openat2 with RESOLVE_BENEATH and RESOLVE_IN_ROOT, and the root of a detached
 * mount.
 *
 * Source: fs/namei.c of Linux 6.18: handle_dots (any rename on the machine since the walk began
 * makes
 * `..` answer EAGAIN), follow_dotdot (path_connected: ENOENT), complete_walk (path_is_under: EXDEV;
 * not for a file that this call has made).
 */
#include "model/walkers/part.h"
#include "model/walkers/rows.h"

enum { LINKS = PALE_WALKER_OWN, SLOTS };

/* clang-format off */
static const struct pale_walker_slot slots_of[SLOTS] = {
	[PALE_WALKER_AT]   = { PALE_WALKER_NODE },
	[PALE_WALKER_LEFT] = { PALE_WALKER_REST },
	[LINKS]            = { PALE_WALKER_LINKS, PALE_PART_LINKS },
};
/* clang-format on */

/* The parent is taken first, then the rename sequence is looked at. */
static int
up_if_still(const struct pale_part_walk *walk)
{
	int r = pale_part_up_tree(walk);

	if (r == 0 && walk->ops->moved(walk->ctx))
		r = -EAGAIN;
	return r;
}

static int
up_beneath(const struct pale_part_walk *walk)
{
	if (walk->slots[PALE_WALKER_AT] == walk->ops->start(walk->ctx))
		return -EXDEV;
	return up_if_still(walk);
}

static int
up_in_root(const struct pale_part_walk *walk)
{
	if (walk->slots[PALE_WALKER_AT] == walk->ops->start(walk->ctx))
		return walk->ops->moved(walk->ctx) ? -EAGAIN : 0;
	return up_if_still(walk);
}

static int
is_under_root(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	(void)flags;
	return ops->beneath(ctx, ops->start(ctx), slots[PALE_WALKER_AT]) ? PALE_WALKER_DONE
									 : -EXDEV;
}

static const struct pale_part_rule beneath = {
	.links = LINKS,
	.slots = SLOTS,
	.up = up_beneath,
	.absolute = pale_part_refuse,
};

static int
beneath_begin(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	ops->mark(ctx);
	return pale_part_begin(&(struct pale_part_walk){ slots, flags, ops, ctx, &beneath });
}

static int
beneath_step(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	return pale_part_step(&(struct pale_part_walk){ slots, flags, ops, ctx, &beneath });
}

const struct pale_walker pale_walker_beneath = {
	.version = PALE_WALKER_VERSION,
	.name = "beneath",
	.says = "openat2 with RESOLVE_BENEATH: `..` fails if anything was renamed meanwhile, and "
		"the result must be beneath the start",
	.reach = "EXDEV",
	.kernel = true,
	.sequence = true,
	.scoped = true,
	.slot_count = SLOTS,
	.slots = slots_of,
	.begin = beneath_begin,
	.step = beneath_step,
	.finish = is_under_root,
};

const struct pale_walker pale_walker_beneath_nofinal = {
	.version = PALE_WALKER_VERSION,
	.name = "beneath-nofinal",
	.says = "RESOLVE_BENEATH without the look at the result: what that look is worth",
	.reach = "EXDEV",
	.kernel = true,
	.sequence = true,
	.scoped = true,
	.slot_count = SLOTS,
	.slots = slots_of,
	.begin = beneath_begin,
	.step = beneath_step,
};

static const struct pale_part_rule in_root = {
	.links = LINKS,
	.slots = SLOTS,
	.up = up_in_root,
	.absolute = pale_part_to_start,
};

static int
in_root_begin(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	ops->mark(ctx);
	return pale_part_begin(&(struct pale_part_walk){ slots, flags, ops, ctx, &in_root });
}

static int
in_root_step(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	return pale_part_step(&(struct pale_part_walk){ slots, flags, ops, ctx, &in_root });
}

const struct pale_walker pale_walker_in_root = {
	.version = PALE_WALKER_VERSION,
	.name = "in-root",
	.says = "openat2 with RESOLVE_IN_ROOT: the start is the root for `..` and for absolute "
		"paths",
	.reach = "the start",
	.reroots = true,
	.kernel = true,
	.sequence = true,
	.scoped = true,
	.slot_count = SLOTS,
	.slots = slots_of,
	.begin = in_root_begin,
	.step = in_root_step,
	.finish = is_under_root,
};

/* In the tree of a mount; it has been moved out where the parent is not beneath the mount's root.
 */
static int
up_in_mount(const struct pale_part_walk *walk)
{
	pale_walker_node root = walk->ops->root(walk->ctx);
	int r;

	if (walk->slots[PALE_WALKER_AT] == root)
		return 0;
	r = pale_part_up_tree(walk);
	if (r == 0 && !walk->ops->beneath(walk->ctx, root, walk->slots[PALE_WALKER_AT]))
		r = -ENOENT;
	return r;
}

/* The root of a process in a cage is empty. */
static int
nothing_there(const struct pale_part_walk *walk)
{
	(void)walk;
	return -ENOENT;
}

static const struct pale_part_rule mount = {
	.links = LINKS,
	.slots = SLOTS,
	.up = up_in_mount,
	.absolute = nothing_there,
};
PALE_PART_WALKER(mount)

const struct pale_walker pale_walker_mount_root = {
	.version = PALE_WALKER_VERSION,
	.name = "mount-root",
	.says = "each delegated directory is a detached mount, in a process whose own root is "
		"empty: pale run",
	.reach = "the root of the mount; ENOENT for an absolute path",
	.kernel = true,
	.is_root = true,
	.slot_count = SLOTS,
	.slots = slots_of,
	.begin = mount_begin,
	.step = mount_step,
};
