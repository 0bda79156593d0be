/* SPDX-License-Identifier: BSD-2-Clause */
/* Walks that nobody disturbs; see walkers.h. */
#include <errno.h>
#include <string.h>

#include "core/dac.h"
#include "model/ops.h"
#include "model/pack.h"
#include "model/rest.h"
#include "model/walkers.h"

enum { LINKS = 40 }; /* MAXSYMLINKS of Linux */

unsigned
pale_walk_flags(const struct pale_site *site, unsigned walk)
{
	unsigned flags = 0;

	if (pale_model_calls[site->op].walks[walk] == 'P' || pale_site_creates(site))
		flags |= PALE_WALKER_PARENT;
	else if ((site->flags & PALE_F_NOFOLLOW) != 0)
		flags |= PALE_WALKER_NOFOLLOW;
	if (site->op == PALE_CALL_chdir || site->op == PALE_CALL_chroot ||
	    ((site->op == PALE_CALL_openat || site->op == PALE_CALL_open) &&
		(site->flags & PALE_F_DIRECTORY) != 0))
		flags |= PALE_WALKER_DIRECTORY;
	return flags;
}

/* Take steps until the walk is done or fails. r: what its last function said. */
static void
run(struct pale_walk_ctx *walk, uint16_t *slots, unsigned flags, int r, struct pale_walk_alone *ret)
{
	const struct pale_walker *walker = walk->walker;

	while (r >= 0 && ret->steps < PALE_WALK_ALONE_MAX) {
		if (r == PALE_WALKER_MORE) {
			r = walker->step(slots, flags, &pale_model_walker_ops, walk);
		} else if (r == PALE_WALKER_DONE) {
			if (walker->finish != NULL)
				r = walker->finish(slots, flags, &pale_model_walker_ops, walk);
			if (r == PALE_WALKER_DONE) {
				ret->steps++;
				ret->node = slots[PALE_WALKER_AT];
				break;
			}
		} else {
			r = -EAGAIN;
		}
		ret->steps++;
	}
	ret->error = r < 0 ? r : 0;
	ret->endless = ret->steps >= PALE_WALK_ALONE_MAX;
	ret->operations = walk->operations;
	ret->calls = walker->kernel ? 1 : walk->operations;
}

void
pale_walk_alone(const struct pale_model *model, const struct pale_state *state, unsigned p,
    struct pale_walk_alone *ret)
{
	struct pale_state copy;
	struct pale_walk_ctx walk;
	struct pale_process *process = &copy.processes[p];

	*ret = (struct pale_walk_alone){ 0 };
	pale_model_copy(model, &copy, state);
	walk = pale_walk_ctx_of(model, &copy, p);
	run(&walk, process->slots, pale_walk_flags(&model->sites[process->site], process->path),
	    process->phase == PALE_PHASE_FINISH ? PALE_WALKER_DONE : PALE_WALKER_MORE, ret);
}

void
pale_walk_try(const struct pale_model *model, const struct pale_state *state, unsigned p,
    const struct pale_walker *walker, unsigned start, pale_walker_rest path, unsigned flags,
    struct pale_walk_alone *ret)
{
	uint16_t slots[PALE_WALKER_SLOTS] = { (uint16_t)start, path };
	struct pale_state copy;
	struct pale_walk_ctx walk;
	int r = PALE_WALKER_MORE;

	*ret = (struct pale_walk_alone){ .steps = 1 };
	pale_model_copy(model, &copy, state);
	walk = (struct pale_walk_ctx){
		.model = model,
		.state = &copy,
		.walker = walker != NULL ? walker : pale_model_walker(model, p),
		.p = p,
		.start = (pale_walker_node)start,
		.root = copy.processes[p].root,
	};
	if (walk.walker->is_root || walk.walker->scoped)
		walk.root = (pale_walker_node)start;
	if (walk.walker->begin != NULL)
		r = walk.walker->begin(slots, flags, &pale_model_walker_ops, &walk);
	run(&walk, slots, flags, r, ret);
}

/* A legal lookup, component by component. */
struct legal {
	const struct pale_model *model;
	const struct pale_state *state;
	unsigned p, start, at, links;
	pale_walker_rest left;
};

/* One component of it: false where it is not legal. */
static bool
take(struct legal *legal, const struct pale_walker_part *part, unsigned flags)
{
	const struct pale_inode *inode;
	bool result = part->last && !part->slash;
	unsigned node = legal->at;

	if (pale_tree_access(legal->model, legal->state, legal->p, node, PALE_DAC_X) < 0)
		return false;
	if (part->kind == PALE_WALKER_DOTDOT) {
		if (node == legal->start)
			return false;
		node = legal->state->inodes[node].parent;
	} else if (part->kind == PALE_WALKER_NAME) {
		node = pale_tree_find(legal->model, legal->state, node, part->name);
		if (node == 0)
			return false;
	}
	inode = &legal->state->inodes[node];
	legal->left = part->rest;
	if (inode->type == PALE_INODE_LINK && !(result && (flags & PALE_WALKER_NOFOLLOW))) {
		legal->left =
		    pale_rest_splice(legal->model, inode->target, part->rest, part->slash);
		return ++legal->links <= LINKS && legal->left != 0 &&
		    !legal->model->rests[legal->left].absolute;
	}
	if (inode->type != PALE_INODE_DIR && (!result || (flags & PALE_WALKER_DIRECTORY)))
		return false;
	legal->at = node;
	return true;
}

unsigned
pale_walk_legal(const struct pale_model *model, const struct pale_state *state, unsigned p,
    unsigned start, pale_walker_rest path, unsigned flags)
{
	struct legal legal = { model, state, p, start, start, 0, path };
	struct pale_walker_part part = model->rests[path].part;

	if (part.kind == PALE_WALKER_END || model->rests[path].absolute ||
	    state->inodes[start].type != PALE_INODE_DIR)
		return 0;
	for (; part.kind != PALE_WALKER_END; part = model->rests[legal.left].part) {
		if (part.last && (flags & PALE_WALKER_PARENT))
			return part.kind == PALE_WALKER_NAME ? legal.at : 0;
		if (!take(&legal, &part, flags))
			return 0;
	}
	return legal.at;
}
