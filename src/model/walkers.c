/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of walkers, and the operations that the model's tree gives them. */
#include "model/walkers.h"

#include <errno.h>
#include <string.h>

#include "core/dac.h"
#include "model/ops.h"
#include "model/rest.h"
#include "model/tree.h"
#include "model/walkers/rows.h"

#define ROW(name) &pale_walker_##name,
const struct pale_walker *const pale_walkers[] = { PALE_WALKER_ROWS(ROW) };
#undef ROW
const size_t pale_walker_count = sizeof(pale_walkers) / sizeof(pale_walkers[0]);

const struct pale_walker *
pale_walker_find(const char *name)
{
	for (size_t i = 0; i < pale_walker_count; i++)
		if (strcmp(pale_walkers[i]->name, name) == 0)
			return pale_walkers[i];
	return NULL;
}

static bool
is_name(const char *name)
{
	if (name == NULL || name[0] == '\0' || strlen(name) > 40)
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name);
}

static const char *
check_slots(const struct pale_walker *walker)
{
	unsigned links = 0;

	if (walker->slots == NULL)
		return "it does not say what its slots hold";
	if (walker->slot_count < PALE_WALKER_OWN || walker->slot_count > PALE_WALKER_SLOTS)
		return "it has too few or too many slots (2 to 24)";
	if (walker->slots[PALE_WALKER_AT].kind != PALE_WALKER_NODE)
		return "its first slot is no PALE_WALKER_NODE";
	if (walker->slots[PALE_WALKER_LEFT].kind != PALE_WALKER_REST)
		return "its second slot is no PALE_WALKER_REST";
	for (unsigned i = 0; i < walker->slot_count; i++) {
		switch (walker->slots[i].kind) {
		case PALE_WALKER_NODE:
		case PALE_WALKER_REST:
			break;
		case PALE_WALKER_LINKS:
			links++;
			__attribute__((fallthrough));
		case PALE_WALKER_NUMBER:
			if (walker->slots[i].max == 0)
				return "a slot for a number has the greatest value 0";
			break;
		default:
			return "a slot holds what there is not";
		}
	}
	return links > 1 ? "it has more than one slot that counts links" : NULL;
}

const char *
pale_walker_check(const struct pale_walker *walker)
{
	if (walker->version != PALE_WALKER_VERSION)
		return "it was built for another version of pale/walker.h";
	if (!is_name(walker->name))
		return "its name is not 1 to 40 lower-case letters, digits and '-'";
	if (walker->says == NULL)
		return "it does not say what it does (.says)";
	if (walker->step == NULL)
		return "it has no function that takes a step";
	if ((walker->sequence || walker->locks) && !walker->kernel)
		return "it asks what only a kernel has and does not say that it is one (.kernel)";
	return check_slots(walker);
}

struct pale_walk_ctx
pale_walk_ctx_of(const struct pale_model *model, struct pale_state *state, unsigned p)
{
	const struct pale_process *process = &state->processes[p];
	const struct pale_site *site = &model->sites[process->site];
	unsigned fd = pale_site_has_dirfd(site) ? site->fd[process->path] : PALE_FD_CWD;
	struct pale_walk_ctx walk = {
		.model = model,
		.state = state,
		.walker = pale_model_walker(model, p),
		.p = p,
		.start = process->cwd,
		.root = process->root,
	};
	unsigned mount = process->cwd_mount;

	if (fd == PALE_FD_ANY)
		fd = process->fd[process->path];
	if (fd != PALE_FD_CWD) {
		walk.start =
		    process->fds[fd].inode != 0 ? process->fds[fd].inode : process->fds[fd].of;
		/* What was delegated at the start is its own mount. */
		mount = process->fds[fd].mount != 0 ? process->fds[fd].mount : walk.start;
	}
	if (walk.walker->scoped)
		walk.root = walk.start;
	if (walk.walker->is_root && mount != 0)
		walk.root = walk.mount = (pale_walker_node)mount;
	return walk;
}

int
pale_walker_follow(struct pale_walk_ctx *walk, uint16_t *slots, pale_walker_node link)
{
	const struct pale_walker *walker = walk->walker;
	struct pale_walker_part part;
	unsigned links = PALE_WALKER_SLOTS;
	pale_walker_rest rest;
	int r;

	for (unsigned i = 0; i < walker->slot_count; i++)
		if (walker->slots[i].kind == PALE_WALKER_LINKS)
			links = i;
	if (links < PALE_WALKER_SLOTS && slots[links] >= walker->slots[links].max)
		return -ELOOP;
	pale_model_walker_ops.part(walk, slots[PALE_WALKER_LEFT], &part);
	r = pale_model_walker_ops.read_link(walk, link, part.rest, part.slash, &rest);
	if (r < 0)
		return r;
	if (links < PALE_WALKER_SLOTS)
		slots[links]++;
	slots[PALE_WALKER_LEFT] = rest;
	return 0;
}

static const struct pale_inode *
inode_of(const struct pale_walk_ctx *walk, pale_walker_node node)
{
	return &walk->state->inodes[node];
}

static int
may_search(const struct pale_walk_ctx *walk, pale_walker_node dir)
{
	if (inode_of(walk, dir)->type != PALE_INODE_DIR)
		return -ENOTDIR;
	return pale_tree_access(walk->model, walk->state, walk->p, dir, PALE_DAC_X);
}

static int
tree_lookup(void *ctx, pale_walker_node dir, uint16_t name, pale_walker_node *ret_node)
{
	struct pale_walk_ctx *walk = ctx;
	int r = may_search(walk, dir);
	unsigned node;

	walk->operations++;
	walk->reads.names |= UINT64_C(1) << name;
	if (r < 0)
		return r;
	node = pale_tree_find(walk->model, walk->state, dir, name);
	if (node == 0)
		return -ENOENT;
	*ret_node = (pale_walker_node)node;
	return 0;
}

static int
tree_search(void *ctx, pale_walker_node dir)
{
	struct pale_walk_ctx *walk = ctx;

	walk->operations++;
	return may_search(walk, dir);
}

static int
tree_parent(void *ctx, pale_walker_node dir, pale_walker_node *ret_node)
{
	struct pale_walk_ctx *walk = ctx;
	int r = may_search(walk, dir);

	walk->operations++;
	walk->reads.parents |= UINT32_C(1) << dir;
	if (r < 0)
		return r;
	*ret_node = dir == walk->root ? dir : inode_of(walk, dir)->parent;
	return 0;
}

static enum pale_walker_type
tree_type(void *ctx, pale_walker_node node)
{
	switch (inode_of(ctx, node)->type) {
	case PALE_INODE_DIR:
		return PALE_WALKER_IS_DIR;
	case PALE_INODE_LINK:
		return PALE_WALKER_IS_LINK;
	default:
		return PALE_WALKER_IS_OTHER;
	}
}

static void
tree_part(void *ctx, pale_walker_rest rest, struct pale_walker_part *ret_part)
{
	const struct pale_walk_ctx *walk = ctx;

	*ret_part = walk->model->rests[rest].part;
}

static bool
tree_is_absolute(void *ctx, pale_walker_rest rest)
{
	const struct pale_walk_ctx *walk = ctx;

	return walk->model->rests[rest].absolute;
}

/* fs.protected_symlinks, of a link that is the last component: the directory is the one where the
 * walk is; or, for walkers that are elsewhere by then, the one where the link has its first name.
 */
static int
may_follow(const struct pale_walk_ctx *walk, pale_walker_node link)
{
	const struct pale_process *process = &walk->state->processes[walk->p];
	const struct pale_inode *inode = inode_of(walk, link), *dir = NULL;
	const uint32_t *users = walk->model->users;

	for (unsigned i = 0; i < PALE_MODEL_ENTRIES; i++) {
		const struct pale_entry *entry = &walk->state->entries[i];

		if (entry->dir == 0 || entry->inode != link)
			continue;
		if (dir == NULL || entry->dir == process->slots[PALE_WALKER_AT])
			dir = inode_of(walk, entry->dir);
	}
	if (dir == NULL)
		return 0;
	return pale_dac_follow(&(struct pale_cred){ .uid = users[process->euid] },
	    &(struct pale_inode_attr){ .uid = users[dir->owner], .mode = S_IFDIR | dir->mode },
	    &(struct pale_inode_attr){ .uid = users[inode->owner], .mode = S_IFLNK | 0777 });
}

static int
tree_read_link(void *ctx, pale_walker_node link, pale_walker_rest behind, bool slash,
    pale_walker_rest *ret_rest)
{
	struct pale_walk_ctx *walk = ctx;
	const struct pale_inode *inode = inode_of(walk, link);
	pale_walker_rest rest;
	int r = 0;

	walk->operations++;
	if (inode->type != PALE_INODE_LINK)
		return -EINVAL;
	if ((walk->model->protect & PALE_PROTECT_SYMLINKS) && walk->walker->kernel &&
	    walk->model->rests[behind].part.kind == PALE_WALKER_END) {
		walk->reads.names = UINT64_MAX; /* where it lies matters: any name of it */
		r = may_follow(walk, link);
	}
	if (r < 0)
		return r;
	rest = pale_rest_splice(walk->model, inode->target, behind, slash);
	if (rest == 0)
		return -ELOOP;
	*ret_rest = rest;
	return 0;
}

static pale_walker_node
tree_start(void *ctx)
{
	return ((const struct pale_walk_ctx *)ctx)->start;
}

static pale_walker_node
tree_root(void *ctx)
{
	return ((const struct pale_walk_ctx *)ctx)->root;
}

/* All on the way up from a node, as far as the way goes. Of what is no directory anything matters
 * that has a name. */
static uint32_t
way_up(const struct pale_walk_ctx *walk, pale_walker_node top, pale_walker_node node)
{
	uint32_t way = inode_of(walk, node)->type == PALE_INODE_DIR ? 0 : UINT32_MAX;

	while (node != top && node != PALE_MODEL_ROOT && (way >> node & 1U) == 0) {
		way |= UINT32_C(1) << node;
		node = inode_of(walk, node)->parent;
	}
	return way;
}

static bool
tree_beneath(void *ctx, pale_walker_node top, pale_walker_node node)
{
	struct pale_walk_ctx *walk = ctx;

	walk->operations++;
	walk->reads.parents |= way_up(walk, top, node);
	return pale_tree_is_beneath(walk->model, walk->state, top, node);
}

static void
tree_mark(void *ctx)
{
	struct pale_walk_ctx *walk = ctx;

	walk->state->processes[walk->p].moved = 0;
	walk->reads.sequence = true;
}

static bool
tree_moved(void *ctx)
{
	struct pale_walk_ctx *walk = ctx;

	walk->reads.sequence = true;
	return walk->state->processes[walk->p].moved != 0;
}

static bool
tree_lock(void *ctx)
{
	struct pale_walk_ctx *walk = ctx;

	walk->reads.lock = true;
	if (walk->state->lock != 0 && walk->state->lock != walk->p + 1)
		return false;
	walk->state->lock = (uint8_t)(walk->p + 1);
	return true;
}

static void
tree_unlock(void *ctx)
{
	struct pale_walk_ctx *walk = ctx;

	walk->reads.lock = true;
	if (walk->state->lock == walk->p + 1)
		walk->state->lock = 0;
}

const struct pale_walker_ops pale_model_walker_ops = {
	.lookup = tree_lookup,
	.search = tree_search,
	.parent = tree_parent,
	.type = tree_type,
	.part = tree_part,
	.is_absolute = tree_is_absolute,
	.read_link = tree_read_link,
	.start = tree_start,
	.root = tree_root,
	.beneath = tree_beneath,
	.mark = tree_mark,
	.moved = tree_moved,
	.lock = tree_lock,
	.unlock = tree_unlock,
};
