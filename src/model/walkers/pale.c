/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/walk.c as a walker: the same object code that `run` links, under its policy BENEATH. Between
 * two steps all that its context knows lies in slots, and for a step the context is set up again
 * from them: 13 KB that a thread has once and that are never zeroed, since the walk itself says
 * that bytes beyond `depth`, `rest` and `name` mean nothing.
 *
 * What the slots need not say:
 *   name, slash, is_last   while a component is on its way LEFT still begins with it
 *   rest                   LEFT, or what is behind its first component
 *   tries                  below
 *
 * -EAGAIN: an operation that answers it has done nothing, so to ask again in the same step is what
 * others would see. Each first look into the start answers it once, as openat2 does while names
 * move: a walk that did not try again would fail where nobody disturbs it.
 */
#include <errno.h>
#include <string.h>

#include "core/walk.h"
#include "model/walkers/part.h"
#include "model/walkers/rows.h"

enum {
	LINKS = PALE_WALKER_OWN,
	PHASE, /* of core/walk.c, as a number */
	NODE,  /* looked up, not entered */
	DEPTH,
	HELD, /* the base and the directories entered after it, but for AT */
	SLOTS = HELD + PALE_WALKER_HELD,
};

/* Phases of core/walk.c have numbers below; 0 is between two components. */
enum { PHASE_STANDS = 15 }; /* done, on a parent: O_CREAT may walk on from here */

/* clang-format off */
static const struct pale_walker_slot slots_of[SLOTS] = {
	[PALE_WALKER_AT]   = { PALE_WALKER_NODE },
	[PALE_WALKER_LEFT] = { PALE_WALKER_REST },
	[LINKS]            = { PALE_WALKER_LINKS, PALE_WALK_LINKS },
	[PHASE]            = { PALE_WALKER_NUMBER, PHASE_STANDS },
	[NODE]             = { PALE_WALKER_NODE },
	[DEPTH]            = { PALE_WALKER_NUMBER, PALE_WALKER_HELD },
	[HELD ... SLOTS - 1] = { PALE_WALKER_NODE },
};
/* clang-format on */

/* A step on its way: what the operations of core/walk.h act on. */
struct bridge {
	const struct pale_walker_ops *ops;
	void *ctx;
	struct pale_walker_part part; /* that LEFT begins with */
	pale_walker_rest spliced;     /* what a link that was read left; 0: none was */
	bool again;                   /* the next look answers -EAGAIN */
};

static _Thread_local struct pale_walk walk_of_thread;

/* The text of a rest, as core/walk.c has it: slashes that mean nothing are not there. */
static size_t
text_of(const struct bridge *bridge, pale_walker_rest rest, char *buf, size_t size)
{
	struct pale_walker_part part;
	size_t used = 0;

	if (bridge->ops->is_absolute(bridge->ctx, rest))
		buf[used++] = '/';
	for (;;) {
		size_t len;

		bridge->ops->part(bridge->ctx, rest, &part);
		len = strlen(part.text);
		if (part.kind == PALE_WALKER_END || used + len + 2 > size)
			break;
		memcpy(buf + used, part.text, len);
		used += len;
		if (part.slash)
			buf[used++] = '/';
		rest = part.rest;
	}
	buf[used] = '\0';
	return used;
}

static int
model_lookup(void *ctx, uint32_t dir, const char *name, bool dir_only, uint32_t *ret_node)
{
	struct bridge *bridge = ctx;
	pale_walker_node node;
	int r;

	if (bridge->again) {
		bridge->again = false;
		return -EAGAIN;
	}
	/* It looks up what it took last, or it is not the walk that was proved. */
	if (bridge->part.kind != PALE_WALKER_NAME || strcmp(name, bridge->part.text) != 0)
		return -EBADMSG;
	r = bridge->ops->lookup(bridge->ctx, (pale_walker_node)dir, bridge->part.name, &node);
	if (r < 0)
		return r;
	if (dir_only && bridge->ops->type(bridge->ctx, node) != PALE_WALKER_IS_DIR)
		return -ENOTDIR;
	*ret_node = node;
	return 0;
}

static int
model_parent(void *ctx, uint32_t dir, uint32_t *ret_node)
{
	struct bridge *bridge = ctx;
	pale_walker_node node;
	int r = bridge->ops->parent(bridge->ctx, (pale_walker_node)dir, &node);

	if (r == 0)
		*ret_node = node;
	return r;
}

static int
model_search(void *ctx, uint32_t dir)
{
	struct bridge *bridge = ctx;

	return bridge->ops->search(bridge->ctx, (pale_walker_node)dir);
}

static int
model_identify(void *ctx, uint32_t node, struct pale_walk_id *ret_id)
{
	static const enum pale_walk_type types[] = {
		[PALE_WALKER_IS_DIR] = PALE_WALK_IS_DIR,
		[PALE_WALKER_IS_LINK] = PALE_WALK_IS_LINK,
		[PALE_WALKER_IS_OTHER] = PALE_WALK_IS_OTHER,
	};
	struct bridge *bridge = ctx;

	*ret_id = (struct pale_walk_id){
		.type = types[bridge->ops->type(bridge->ctx, (pale_walker_node)node)],
		.dev = 1,
		.ino = node,
	};
	return 0;
}

/*
 * The model puts target and rest together, and what core/walk.c wants is the target alone: what is
 * behind is taken off again, and the slash between.
 */
static ssize_t
model_read_link(void *ctx, uint32_t link, char *buf, size_t size)
{
	struct bridge *bridge = ctx;
	struct pale_walker_part *part = &bridge->part;
	char behind[PATH_MAX];
	size_t len, tail;
	int r = bridge->ops->read_link(
	    bridge->ctx, (pale_walker_node)link, part->rest, part->slash, &bridge->spliced);

	if (r < 0)
		return r;
	len = text_of(bridge, bridge->spliced, buf, size);
	tail = text_of(bridge, part->rest, behind, sizeof(behind));
	len -= tail;
	if (part->slash && len > 1 && buf[len - 1] == '/')
		len--;
	return (ssize_t)len;
}

static void
model_release(void *ctx, uint32_t node)
{
	(void)ctx;
	(void)node;
}

static const struct pale_walk_ops model_ops = {
	.lookup = model_lookup,
	.parent = model_parent,
	.search = model_search,
	.identify = model_identify,
	.read_link = model_read_link,
	.release = model_release,
};

/* NAME of core/walk.h by that of pale/walker.h. */
static unsigned
walk_flags(unsigned flags)
{
	return (flags & PALE_WALKER_NOFOLLOW ? PALE_WALK_NOFOLLOW : 0U) |
	    (flags & PALE_WALKER_DIRECTORY ? PALE_WALK_DIRECTORY : 0U) |
	    (flags & PALE_WALKER_PARENT ? PALE_WALK_PARENT : 0U);
}

/* Set the context up from the slots. */
static void
decode(struct pale_walk *walk, const uint16_t *slots, unsigned flags, struct bridge *bridge)
{
	const struct pale_walker_part *part = &bridge->part;
	bool begun = slots[PHASE] != 0;

	walk->id = (struct pale_walk_id){ .type = PALE_WALK_IS_DIR };
	if (slots[NODE] != 0)
		model_identify(bridge, slots[NODE], &walk->id);
	walk->last = PALE_PART_NAME;
	walk->slash = part->slash;
	walk->is_last = part->last;
	walk->phase = (uint8_t)slots[PHASE];
	walk->policy = PALE_WALK_BENEATH;
	walk->flags = (uint8_t)walk_flags(flags);
	walk->links = (uint8_t)slots[LINKS];
	walk->tries = 0;
	walk->base_owned = false;
	walk->start = bridge->ops->start(bridge->ctx);
	walk->root = bridge->ops->root(bridge->ctx);
	walk->node = slots[NODE] != 0 ? slots[NODE] : PALE_WALK_NO_NODE;
	walk->rest_at = 0;
	walk->name[0] = '\0';
	if (begun)
		memcpy(walk->name, part->text, strlen(part->text) + 1);
	text_of(
	    bridge, begun ? part->rest : slots[PALE_WALKER_LEFT], walk->rest, sizeof(walk->rest));
	walk->depth = slots[DEPTH];
	for (unsigned i = 0; i < walk->depth; i++)
		walk->stack[i] = slots[HELD + i];
	walk->stack[walk->depth] = slots[PALE_WALKER_AT];
}

/* What it stands on and holds, into the slots. */
static int
encode(const struct pale_walk *walk, uint16_t *slots)
{
	if (walk->depth > PALE_WALKER_HELD)
		return -ENAMETOOLONG;
	slots[DEPTH] = (uint16_t)walk->depth;
	for (unsigned i = 0; i < PALE_WALKER_HELD; i++)
		slots[HELD + i] = i < walk->depth ? (uint16_t)walk->stack[i] : 0;
	slots[PALE_WALKER_AT] = (uint16_t)pale_walk_here(walk);
	slots[NODE] = walk->node != PALE_WALK_NO_NODE ? (uint16_t)walk->node : 0;
	/* One that forgot its limit would count on for ever; here it then walks for ever. */
	slots[LINKS] = walk->links < PALE_WALK_LINKS ? walk->links : PALE_WALK_LINKS;
	return 0;
}

/* Does the next step ask nothing of the tree, because the walk is over? */
static bool
is_over(const struct bridge *bridge, pale_walker_rest left, unsigned flags)
{
	struct pale_walker_part part;

	bridge->ops->part(bridge->ctx, left, &part);
	return part.kind == PALE_WALKER_END || (part.last && (flags & PALE_WALKER_PARENT));
}

/* The walk is done. */
static int
settle(const struct pale_walk *walk, uint16_t *slots, unsigned flags)
{
	if (walk->node != PALE_WALK_NO_NODE)
		slots[PALE_WALKER_AT] = (uint16_t)walk->node;
	if (flags & PALE_WALKER_PARENT)
		slots[PHASE] = PHASE_STANDS;
	else
		memset(slots + PALE_WALKER_OWN, 0, (SLOTS - PALE_WALKER_OWN) * sizeof(slots[0]));
	return PALE_WALKER_DONE;
}

/*
 * pale_walk_step said r. Where it was the last that asks the tree, the one behind it is taken, too:
 * nobody can act between that would be seen.
 */
static int
after(struct pale_walk *walk, uint16_t *slots, unsigned flags, struct bridge *bridge, int r)
{
	bool begun = slots[PHASE] != 0;

	if (r < 0)
		return r;
	if (encode(walk, slots) < 0)
		return -ENAMETOOLONG;
	if (bridge->spliced != 0)
		slots[PALE_WALKER_LEFT] = bridge->spliced;
	else if ((r == 0 || walk->phase == 0) && (begun || walk->rest_at != 0))
		slots[PALE_WALKER_LEFT] = bridge->part.rest;
	slots[PHASE] = walk->phase;
	if (r == 1 && walk->phase == 0 && is_over(bridge, slots[PALE_WALKER_LEFT], flags))
		r = pale_walk_step(walk, &model_ops, bridge);
	if (r < 0)
		return r;
	return r == 0 ? settle(walk, slots, flags) : PALE_WALKER_MORE;
}

static int
pale_begin(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	struct pale_walk *walk = &walk_of_thread;
	struct bridge bridge = { .ops = ops, .ctx = ctx };
	char path[PATH_MAX];
	int r;

	text_of(&bridge, slots[PALE_WALKER_LEFT], path, sizeof(path));
	r = pale_walk_init(
	    walk, PALE_WALK_BENEATH, ops->start(ctx), ops->root(ctx), path, walk_flags(flags));
	return after(walk, slots, flags, &bridge, r < 0 ? r : 1);
}

static int
pale_step(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	struct pale_walk *walk = &walk_of_thread;
	struct bridge bridge = { .ops = ops, .ctx = ctx };
	bool first = slots[PHASE] == 0 && slots[DEPTH] == 0;
	int r;

	if (slots[PHASE] == PHASE_STANDS) {
		slots[PHASE] = 0;
		if (ops->is_absolute(ctx, slots[PALE_WALKER_LEFT]))
			return -EXDEV;
	}
	ops->part(ctx, slots[PALE_WALKER_LEFT], &bridge.part);
	bridge.again = first;
	decode(walk, slots, flags, &bridge);
	r = pale_walk_step(walk, &model_ops, &bridge);
	if (r == 1 && first && !bridge.again)
		r = pale_walk_step(walk, &model_ops, &bridge);
	return after(walk, slots, flags, &bridge, r);
}

const struct pale_walker pale_walker_pale = {
	.version = PALE_WALKER_VERSION,
	.name = "pale",
	.says = "core/walk.c, the code that pale run links: a stack of descriptors in user space",
	.reach = "EXDEV",
	.slot_count = SLOTS,
	.slots = slots_of,
	.begin = pale_begin,
	.step = pale_step,
};
