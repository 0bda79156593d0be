/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A walker of your own: a resolver in user space that opens one component after the other beneath
 * the descriptor before, holds them all, and goes back along them for `..`. Links are refused.
 *
 *     cc -shared -fPIC -o held.so held.c
 *     pale check ladder --walker ./held.so --property union
 *
 * (-I of pale's include directory where pale is not installed.) Expected: holds. With `--property
 * call` it falls, as every resolver does that looks at nothing again in the end (docs/matrix.md
 * says why); with `progress`, where there are links, since it refuses them. compare.c, beside this,
 * is one that falls where it matters.
 *
 * To make it yours: give it another name, say in .says what it does, and write step() so that each
 * call of it is one system call of your resolver. All that it knows between two calls lies in its
 * slots. "Holds" means: in every state of the scope that was searched; so climb, --scope 2x3, 3x2.
 * pale/walker.h is the manual, docs/howto-add-a-walker.md the way.
 */
#include <errno.h>
#include <stddef.h>

#include <pale/walker.h>

enum {
	AT = PALE_WALKER_AT,
	LEFT = PALE_WALKER_LEFT,
	HELD = PALE_WALKER_OWN, /* directories that AT was reached through, 0 behind the last */
	SLOTS = HELD + PALE_WALKER_HELD,
};

static const struct pale_walker_slot slots_of[SLOTS] = {
	[AT] = { PALE_WALKER_NODE, 0 },
	[LEFT] = { PALE_WALKER_REST, 0 },
	[HELD... SLOTS - 1] = { PALE_WALKER_NODE, 0 },
};

static unsigned
count_held(const uint16_t *slots)
{
	unsigned count = 0;

	while (count < PALE_WALKER_HELD && slots[HELD + count] != 0)
		count++;
	return count;
}

/* Is that all? Then what is held is given back: slots that mean nothing are 0. */
static int
is_that_all(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	struct pale_walker_part part;

	ops->part(ctx, slots[LEFT], &part);
	if (part.kind != PALE_WALKER_END && !(part.last && (flags & PALE_WALKER_PARENT)))
		return PALE_WALKER_MORE;
	for (unsigned i = HELD; i < SLOTS; i++)
		slots[i] = 0;
	return PALE_WALKER_DONE;
}

static int
begin(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	if (ops->is_absolute(ctx, slots[LEFT]))
		return -EXDEV;
	return is_that_all(slots, flags, ops, ctx);
}

/* openat(AT, name, O_PATH | O_NOFOLLOW), and what fstat says of it. */
static int
open_name(uint16_t *slots, unsigned flags, const struct pale_walker_part *part,
    const struct pale_walker_ops *ops, void *ctx)
{
	int is_result = part->last && !part->slash;
	unsigned held = count_held(slots);
	enum pale_walker_type type;
	pale_walker_node node;
	int r = ops->lookup(ctx, slots[AT], part->name, &node);

	if (r < 0)
		return r;
	type = ops->type(ctx, node);
	if (type == PALE_WALKER_IS_LINK && !(is_result && (flags & PALE_WALKER_NOFOLLOW)))
		return -ELOOP;
	if (type != PALE_WALKER_IS_DIR && (!is_result || (flags & PALE_WALKER_DIRECTORY)))
		return -ENOTDIR;
	if (type == PALE_WALKER_IS_DIR) {
		if (held == PALE_WALKER_HELD)
			return -ENAMETOOLONG;
		slots[HELD + held] = slots[AT];
	}
	slots[AT] = node;
	return 0;
}

static int
step(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	unsigned held = count_held(slots);
	struct pale_walker_part part;
	int r;

	ops->part(ctx, slots[LEFT], &part);
	if (part.kind == PALE_WALKER_NAME)
		r = open_name(slots, flags, &part, ops, ctx);
	else
		r = ops->search(ctx, slots[AT]);
	if (r < 0)
		return r;
	if (part.kind == PALE_WALKER_DOTDOT) {
		if (held == 0)
			return -EXDEV;
		slots[AT] = slots[HELD + held - 1];
		slots[HELD + held - 1] = 0;
	}
	slots[LEFT] = part.rest;
	return is_that_all(slots, flags, ops, ctx);
}

const struct pale_walker pale_walker = {
	.version = PALE_WALKER_VERSION,
	.name = "held",
	.says = "holds a descriptor of each directory on its way, and refuses links",
	.reach = "EXDEV",
	.slot_count = SLOTS,
	.slots = slots_of,
	.begin = begin,
	.step = step,
};
