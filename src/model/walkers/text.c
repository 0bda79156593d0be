/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Resolvers that decide by the text of a path and let the kernel walk: what most programs do that
 * were never reviewed, and what reviews keep finding.
 *
 *   realpath-open   is realpath(path) beneath the start? Then open it: between the two everything
 *                   may change
 *   clean-open      "a/../b" is made "b" in the text, "../b" and "/b" are refused, and the rest is
 *                   opened: a link leads anywhere
 *
 * Source: realpath(3); CWE-22, CWE-59, CWE-367.
 */
#include "model/model.h"
#include "model/walkers/part.h"
#include "model/walkers/rows.h"
#include "model/walkers/stack.h"

enum {
	LINKS = PALE_WALKER_OWN,
	PHASE,
	LAST,  /* what is left when all names have been opened */
	INDEX, /* of the names, how many have been walked */
	NAMES, /* what realpath says, from the start on */
	SLOTS = NAMES + PALE_WALKER_HELD,
};

enum { BEHIND = LINKS + 1, CLEAN_SLOTS };

enum phase {
	RESOLVES,
	OPENS,
	PHASES,
};

/* clang-format off */
static const struct pale_walker_slot slots_of[SLOTS] = {
	[PALE_WALKER_AT]   = { PALE_WALKER_NODE },
	[PALE_WALKER_LEFT] = { PALE_WALKER_REST },
	[LINKS]            = { PALE_WALKER_LINKS, PALE_PART_LINKS },
	[PHASE]            = { PALE_WALKER_NUMBER, PHASES - 1 },
	[LAST]             = { PALE_WALKER_REST },
	[INDEX]            = { PALE_WALKER_NUMBER, PALE_WALKER_HELD },
	[NAMES ... SLOTS - 1] = { PALE_WALKER_NUMBER, PALE_MODEL_NAMES - 1 },
};
static const struct pale_walker_slot clean_slots[CLEAN_SLOTS] = {
	[PALE_WALKER_AT]   = { PALE_WALKER_NODE },
	[PALE_WALKER_LEFT] = { PALE_WALKER_REST },
	[LINKS]            = { PALE_WALKER_LINKS, PALE_PART_LINKS },
	[BEHIND]           = { PALE_WALKER_REST }, /* LEFT is a link's: what was behind the link */
};
/* clang-format on */

static const struct pale_slot_stack names = { NAMES, PALE_WALKER_HELD };

/* realpath strikes the name from its text; what it asks next it asks along the names that remain.
 */
static int
up_named(const struct pale_part_walk *walk)
{
	if (pale_stack_pop(&names, walk->slots) == 0)
		return -EXDEV;
	walk->slots[INDEX] = 0;
	return pale_part_to_start(walk);
}

static const struct pale_part_rule resolving = {
	.links = LINKS,
	.up = up_named,
	.absolute = pale_part_refuse,
};

/* The kernel's own walk. */
static const struct pale_part_rule opening = {
	.links = LINKS,
	.up = pale_part_up_tree,
	.absolute = pale_part_to_root,
};

/* All names have been walked: what was put off is left. From a parent the kernel may walk on. */
static int
arrive(const struct pale_part_walk *walk)
{
	uint16_t *slots = walk->slots;

	slots[PALE_WALKER_LEFT] = slots[LAST];
	for (unsigned i = PALE_WALKER_OWN; i < SLOTS; i++)
		slots[i] = 0;
	if (walk->flags & PALE_WALKER_PARENT)
		slots[PHASE] = OPENS;
	return PALE_WALKER_DONE;
}

/* What realpath found is good: the kernel sets out on it. */
static int
set_out(const struct pale_part_walk *walk)
{
	uint16_t *slots = walk->slots;

	slots[LAST] = slots[PALE_WALKER_LEFT];
	if (pale_stack_depth(&names, slots) == 0)
		return arrive(walk);
	slots[PHASE] = OPENS;
	slots[LINKS] = slots[INDEX] = 0;
	slots[PALE_WALKER_LEFT] = 0;
	slots[PALE_WALKER_AT] = walk->ops->start(walk->ctx);
	return PALE_WALKER_MORE;
}

static int
realpath_begin(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	struct pale_part_walk walk = { slots, flags & PALE_WALKER_PARENT, ops, ctx, &resolving };
	int r = pale_part_begin(&walk);

	return r == PALE_WALKER_DONE ? set_out(&walk) : r;
}

/*
 * Along the names so far, once more. A link in the place of one is an error here, where readlink
 * would follow it: what comes of that comes of it when the names are opened, too.
 */
static int
go_along(const struct pale_part_walk *walk)
{
	uint16_t *slots = walk->slots;
	pale_walker_node node;
	int r =
	    walk->ops->lookup(walk->ctx, slots[PALE_WALKER_AT], slots[NAMES + slots[INDEX]], &node);

	if (r < 0)
		return r;
	if (walk->ops->type(walk->ctx, node) != PALE_WALKER_IS_DIR)
		return -ENOTDIR;
	slots[PALE_WALKER_AT] = node;
	slots[INDEX]++;
	return PALE_WALKER_MORE;
}

/* One component of realpath: readlink says whether it is a link and where it leads. */
static int
resolve(const struct pale_part_walk *walk)
{
	uint16_t *slots = walk->slots, links = slots[LINKS];
	struct pale_walker_part part;
	int r;

	if (slots[INDEX] < pale_stack_depth(&names, slots))
		return go_along(walk);
	walk->ops->part(walk->ctx, slots[PALE_WALKER_LEFT], &part);
	r = pale_part_step(walk);
	if (r >= 0 && part.kind == PALE_WALKER_NAME && links == slots[LINKS]) {
		if (!pale_stack_push(&names, slots, part.name))
			return -ENAMETOOLONG;
		slots[INDEX]++;
	}
	return r == PALE_WALKER_DONE ? set_out(walk) : r;
}

/* The kernel walks the next of the names; a link in its place leads away. */
static int
open_name(const struct pale_part_walk *walk)
{
	uint16_t *slots = walk->slots, name = slots[NAMES + slots[INDEX]];
	struct pale_walker_part last, part = { .kind = PALE_WALKER_NAME, .name = name };

	walk->ops->part(walk->ctx, slots[LAST], &last);
	part.rest = last.kind == PALE_WALKER_END ? slots[LAST] : last.rest;
	part.last = true;
	slots[INDEX]++;
	return pale_part_name(walk, &part);
}

static int
open_next(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	unsigned depth = pale_stack_depth(&names, slots);
	unsigned taken = slots[INDEX] + (slots[PALE_WALKER_LEFT] == 0 ? 1U : 0U);
	bool is_last = taken >= depth && !(flags & PALE_WALKER_PARENT);
	/* In the middle links are followed, and directories wanted. */
	struct pale_part_walk walk = { slots, is_last ? flags : PALE_WALKER_DIRECTORY, ops, ctx,
		&opening };
	struct pale_walker_part part;
	int r;

	r = slots[PALE_WALKER_LEFT] == 0 ? open_name(&walk) : pale_part_step(&walk);
	if (r < 0)
		return r;
	ops->part(ctx, slots[PALE_WALKER_LEFT], &part);
	if (part.kind != PALE_WALKER_END)
		return PALE_WALKER_MORE;
	slots[PALE_WALKER_LEFT] = 0;
	walk.flags = flags;
	return slots[INDEX] == depth ? arrive(&walk) : PALE_WALKER_MORE;
}

static int
realpath_step(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	struct pale_part_walk walk = { slots, flags & PALE_WALKER_PARENT, ops, ctx, &resolving };

	if (slots[PHASE] == RESOLVES)
		return resolve(&walk);
	if (slots[LAST] != 0)
		return open_next(slots, flags, ops, ctx);
	/* O_CREAT met a link. */
	walk.rule = &opening;
	return pale_part_step(&walk);
}

const struct pale_walker pale_walker_realpath_open = {
	.version = PALE_WALKER_VERSION,
	.name = "realpath-open",
	.says = "sees that realpath() of the path is beneath the start, and opens what it said",
	.reach = "EXDEV",
	.slot_count = SLOTS,
	.slots = slots_of,
	.begin = realpath_begin,
	.step = realpath_step,
};

/* A name that a later `..` strikes out is not there: the rest behind that `..`, or 0. */
static pale_walker_rest
struck(const struct pale_part_walk *walk, pale_walker_rest rest)
{
	struct pale_walker_part part;
	unsigned depth = 0;

	for (;;) {
		walk->ops->part(walk->ctx, rest, &part);
		if (part.kind == PALE_WALKER_END)
			return 0;
		if (part.kind == PALE_WALKER_NAME)
			depth++;
		if (part.kind == PALE_WALKER_DOTDOT && depth-- == 0)
			return 0;
		rest = part.rest;
		if (depth == 0 && part.kind == PALE_WALKER_DOTDOT)
			return rest;
	}
}

/* Of the path as it is written, what is left when the text is cleaned. -EXDEV: it goes up. */
static int
clean(const struct pale_part_walk *walk)
{
	struct pale_walker_part part;

	for (;;) {
		pale_walker_rest left = walk->slots[PALE_WALKER_LEFT], behind;

		walk->ops->part(walk->ctx, left, &part);
		if (part.kind == PALE_WALKER_DOTDOT)
			return -EXDEV;
		behind = part.kind == PALE_WALKER_NAME ? struck(walk, left)
		    : part.kind == PALE_WALKER_DOT     ? part.rest
						       : 0;
		if (behind == 0)
			return 0;
		walk->slots[PALE_WALKER_LEFT] = behind;
	}
}

/* What the kernel is given: absolute paths are refused before, links lead anywhere. */
static const struct pale_part_rule cleaned = {
	.links = LINKS,
	.up = pale_part_up_tree,
	.absolute = pale_part_to_root,
};

static const struct pale_part_rule cleaning = { .absolute = pale_part_refuse };

/* The first component of what is left, as it stands in the cleaned text. */
static void
clean_part(const struct pale_part_walk *walk, struct pale_walker_part *ret_part)
{
	pale_walker_rest left = walk->slots[PALE_WALKER_LEFT];
	struct pale_walker_part behind;

	walk->ops->part(walk->ctx, left, ret_part);
	if (ret_part->kind != PALE_WALKER_NAME)
		return;
	walk->slots[PALE_WALKER_LEFT] = ret_part->rest;
	clean(walk);
	ret_part->rest = walk->slots[PALE_WALKER_LEFT];
	walk->slots[PALE_WALKER_LEFT] = left;
	walk->ops->part(walk->ctx, ret_part->rest, &behind);
	ret_part->last = behind.kind == PALE_WALKER_END;
	ret_part->slash = !ret_part->last;
}

/* The rest of which nothing is left. */
static pale_walker_rest
end_of(const struct pale_part_walk *walk, pale_walker_rest rest)
{
	struct pale_walker_part part;

	for (;;) {
		walk->ops->part(walk->ctx, rest, &part);
		if (part.kind == PALE_WALKER_END)
			return rest;
		rest = part.rest;
	}
}

/* Is the walk over? From a parent the kernel may walk on, as behind a link. */
static int
clean_left(const struct pale_part_walk *walk)
{
	uint16_t *slots = walk->slots;
	struct pale_walker_part part;

	clean_part(walk, &part);
	if (part.kind == PALE_WALKER_END)
		slots[LINKS] = slots[BEHIND] = 0;
	if (part.kind == PALE_WALKER_END)
		return PALE_WALKER_DONE;
	if (!part.last || !(walk->flags & PALE_WALKER_PARENT))
		return PALE_WALKER_MORE;
	slots[BEHIND] = end_of(walk, part.rest);
	return PALE_WALKER_DONE;
}

static int
clean_begin(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	struct pale_part_walk walk = { slots, flags, ops, ctx, &cleaning };
	int r = pale_part_begin(&walk);

	if (r >= 0)
		r = clean(&walk);
	return r < 0 ? r : clean_left(&walk);
}

/* In the target of a link, which nobody has cleaned: the kernel walks it as it is. */
static int
step_in_link(struct pale_part_walk *walk)
{
	uint16_t *slots = walk->slots;
	unsigned flags = walk->flags;
	struct pale_walker_part part, behind;
	int r = pale_part_absolute(walk);

	walk->ops->part(walk->ctx, slots[BEHIND], &behind);
	if (behind.kind != PALE_WALKER_END)
		walk->flags = PALE_WALKER_DIRECTORY;
	if (r == 0)
		r = pale_part_step(walk);
	walk->flags = flags;
	if (r != PALE_WALKER_DONE)
		return r;
	walk->ops->part(walk->ctx, slots[PALE_WALKER_LEFT], &part);
	if (part.kind != PALE_WALKER_END)
		return PALE_WALKER_DONE;
	slots[PALE_WALKER_LEFT] = slots[BEHIND];
	slots[BEHIND] = 0;
	return clean_left(walk);
}

static int
clean_step(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	struct pale_part_walk walk = { slots, flags, ops, ctx, &cleaned };
	struct pale_walker_part part;
	pale_walker_rest behind;
	pale_walker_node node;
	int r;

	if (slots[BEHIND] != 0)
		return step_in_link(&walk);
	clean_part(&walk, &part);
	r = ops->lookup(ctx, slots[PALE_WALKER_AT], part.name, &node);
	if (r < 0)
		return r;
	if (ops->type(ctx, node) != PALE_WALKER_IS_LINK ||
	    (part.last && (flags & PALE_WALKER_NOFOLLOW))) {
		r = pale_part_found(&walk, &part, node);
		return r < 0 ? r : clean_left(&walk);
	}
	behind = part.rest;
	part.rest = end_of(&walk, part.rest);
	part.slash = false;
	r = pale_part_follow(&walk, &part, node);
	if (r < 0)
		return r;
	slots[BEHIND] = behind;
	return PALE_WALKER_MORE;
}

const struct pale_walker pale_walker_clean_open = {
	.version = PALE_WALKER_VERSION,
	.name = "clean-open",
	.says =
	    "strikes each `..` from the text of the path with the name before it, and opens what "
	    "is left",
	.reach = "EXDEV",
	.slot_count = CLEAN_SLOTS,
	.slots = clean_slots,
	.begin = clean_begin,
	.step = clean_step,
};
