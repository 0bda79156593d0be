/* SPDX-License-Identifier: BSD-2-Clause */
/* One component of a path; see part.h. */
#include "model/walkers/part.h"

#include "model/ops.h"

int
pale_part_left(const struct pale_part_walk *walk)
{
	struct pale_walker_part part;

	walk->ops->part(walk->ctx, walk->slots[PALE_WALKER_LEFT], &part);
	if (part.kind == PALE_WALKER_END && !(walk->flags & PALE_WALKER_PARENT))
		for (unsigned i = PALE_WALKER_OWN; i < walk->rule->slots; i++)
			walk->slots[i] = 0;
	if (part.kind == PALE_WALKER_END)
		return PALE_WALKER_DONE;
	if (part.last && (walk->flags & PALE_WALKER_PARENT))
		return PALE_WALKER_DONE;
	return PALE_WALKER_MORE;
}

int
pale_part_absolute(const struct pale_part_walk *walk)
{
	if (!walk->ops->is_absolute(walk->ctx, walk->slots[PALE_WALKER_LEFT]))
		return 0;
	return walk->rule->absolute(walk);
}

int
pale_part_begin(const struct pale_part_walk *walk)
{
	struct pale_walker_part part;
	pale_walker_rest left = walk->slots[PALE_WALKER_LEFT];
	int r;

	walk->ops->part(walk->ctx, left, &part);
	if (part.kind == PALE_WALKER_END && !walk->ops->is_absolute(walk->ctx, left))
		return -ENOENT;
	r = pale_part_absolute(walk);
	return r < 0 ? r : pale_part_left(walk);
}

int
pale_part_follow(
    const struct pale_part_walk *walk, const struct pale_walker_part *part, pale_walker_node link)
{
	uint16_t *links = &walk->slots[walk->rule->links];
	unsigned most = walk->rule->most != 0 ? walk->rule->most : PALE_PART_LINKS;
	pale_walker_rest rest;
	int r;

	if (*links >= most)
		return -ELOOP;
	r = walk->ops->read_link(walk->ctx, link, part->rest, part->slash, &rest);
	if (r < 0)
		return r;
	(*links)++;
	walk->slots[PALE_WALKER_LEFT] = rest;
	return pale_part_absolute(walk);
}

int
pale_part_found(
    const struct pale_part_walk *walk, const struct pale_walker_part *part, pale_walker_node node)
{
	enum pale_walker_type type = walk->ops->type(walk->ctx, node);
	bool result = part->last && !part->slash;

	if (type == PALE_WALKER_IS_LINK && !(result && (walk->flags & PALE_WALKER_NOFOLLOW)))
		return pale_part_follow(walk, part, node);
	if (type != PALE_WALKER_IS_DIR && (!result || (walk->flags & PALE_WALKER_DIRECTORY)))
		return -ENOTDIR;
	walk->slots[PALE_WALKER_AT] = node;
	walk->slots[PALE_WALKER_LEFT] = part->rest;
	if (type == PALE_WALKER_IS_DIR && walk->rule->entered != NULL)
		return walk->rule->entered(walk);
	return 0;
}

int
pale_part_name(const struct pale_part_walk *walk, const struct pale_walker_part *part)
{
	pale_walker_node node;
	int r = walk->ops->lookup(walk->ctx, walk->slots[PALE_WALKER_AT], part->name, &node);

	return r < 0 ? r : pale_part_found(walk, part, node);
}

int
pale_part_step(const struct pale_part_walk *walk)
{
	struct pale_walker_part part;
	int r = pale_part_absolute(walk);

	if (r < 0)
		return r;
	walk->ops->part(walk->ctx, walk->slots[PALE_WALKER_LEFT], &part);
	/* O_CREAT put the target of a link here, and nothing of it but the last is left. */
	if (part.last && (walk->flags & PALE_WALKER_PARENT))
		return PALE_WALKER_DONE;
	switch (part.kind) {
	case PALE_WALKER_NAME:
		r = pale_part_name(walk, &part);
		break;
	case PALE_WALKER_DOT:
		r = walk->ops->search(walk->ctx, walk->slots[PALE_WALKER_AT]);
		break;
	case PALE_WALKER_DOTDOT:
		r = walk->ops->search(walk->ctx, walk->slots[PALE_WALKER_AT]);
		if (r == 0)
			r = walk->rule->up(walk);
		break;
	case PALE_WALKER_END:
	default:
		return PALE_WALKER_DONE;
	}
	if (r < 0)
		return r;
	if (part.kind != PALE_WALKER_NAME)
		walk->slots[PALE_WALKER_LEFT] = part.rest;
	return pale_part_left(walk);
}

int
pale_part_up_tree(const struct pale_part_walk *walk)
{
	return walk->ops->parent(
	    walk->ctx, walk->slots[PALE_WALKER_AT], &walk->slots[PALE_WALKER_AT]);
}

int
pale_part_refuse(const struct pale_part_walk *walk)
{
	(void)walk;
	return -EXDEV;
}

int
pale_part_not_capable(const struct pale_part_walk *walk)
{
	(void)walk;
	return -PALE_ENOTCAPABLE;
}

int
pale_part_to_root(const struct pale_part_walk *walk)
{
	walk->slots[PALE_WALKER_AT] = walk->ops->root(walk->ctx);
	return 0;
}

int
pale_part_to_start(const struct pale_part_walk *walk)
{
	walk->slots[PALE_WALKER_AT] = walk->ops->start(walk->ctx);
	return 0;
}
