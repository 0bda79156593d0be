/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A walker that is wrong: a resolver in user space that opens ".." like any other name, unless it
 * stands on the directory where it started. That looks right as long as nobody renames anything.
 *
 *     cc -shared -fPIC -o compare.so compare.c
 *     pale check dotdots --walker ./compare.so
 *
 * Expected: violated in 6 steps. While it is in bar, somebody moves bar up: its parent is then not
 * where it came from, and the start is never met on the way to the root. held.c is one that holds.
 */
#include <errno.h>
#include <stddef.h>

#include <pale/walker.h>

static const struct pale_walker_slot slots_of[] = {
	[PALE_WALKER_AT] = { PALE_WALKER_NODE, 0 },
	[PALE_WALKER_LEFT] = { PALE_WALKER_REST, 0 },
};

static int
is_that_all(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	struct pale_walker_part part;

	ops->part(ctx, slots[PALE_WALKER_LEFT], &part);
	return part.kind == PALE_WALKER_END || (part.last && (flags & PALE_WALKER_PARENT))
	    ? PALE_WALKER_DONE
	    : PALE_WALKER_MORE;
}

static int
begin(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	if (ops->is_absolute(ctx, slots[PALE_WALKER_LEFT]))
		return -EXDEV;
	return is_that_all(slots, flags, ops, ctx);
}

static int
step(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	pale_walker_node at = slots[PALE_WALKER_AT];
	struct pale_walker_part part;
	int r;

	ops->part(ctx, slots[PALE_WALKER_LEFT], &part);
	switch (part.kind) {
	case PALE_WALKER_NAME:
		r = ops->lookup(ctx, at, part.name, &at);
		break;
	case PALE_WALKER_DOTDOT:
		if (at == ops->start(ctx))
			return -EXDEV;
		r = ops->parent(ctx, at, &at);
		break;
	case PALE_WALKER_DOT:
	case PALE_WALKER_END:
	default:
		r = ops->search(ctx, at);
		break;
	}
	if (r < 0)
		return r;
	if (ops->type(ctx, at) == PALE_WALKER_IS_LINK &&
	    !(part.last && !part.slash && (flags & PALE_WALKER_NOFOLLOW)))
		return -ELOOP;
	if (ops->type(ctx, at) != PALE_WALKER_IS_DIR &&
	    (!part.last || part.slash || (flags & PALE_WALKER_DIRECTORY)))
		return -ENOTDIR;
	slots[PALE_WALKER_AT] = at;
	slots[PALE_WALKER_LEFT] = part.rest;
	return is_that_all(slots, flags, ops, ctx);
}

const struct pale_walker pale_walker = {
	.version = PALE_WALKER_VERSION,
	.name = "compare",
	.says = "refuses `..` only where it started",
	.reach = "EXDEV",
	.slot_count = 2,
	.slots = slots_of,
	.begin = begin,
	.step = step,
};
