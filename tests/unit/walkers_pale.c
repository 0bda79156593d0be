/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walker `pale` is core/walk.c: what its slots keep of a walk between two steps is all that
 * matters. A walk in slots and one in a context of its own, on the same tree, go side by side,
 * while names move at random between any two steps; they must stand, hold and end alike.
 */
#include "core/walk.h"

#include <errno.h>

#include "core/scope.h"
#include "harness.h"
#include "model/ops.h"
#include "model/read.h"
#include "model/walkers.h"
#include "random.h"

enum { ROUNDS = 60000, STEPS_MAX = 400 };

static const char scenario[] =
    "scenario('side by side')\nwalker('pale')\nproperty('progress')\n"
    "directory('/base/a/b/c')\ndirectory('/base/d')\nfile('/base/a/f')\nfile('/base/b')\n"
    "symlink('/base/l', 'a/b')\nsymlink('/base/a/up', '../d/')\nsymlink('/base/c', 'l/../up')\n"
    "symlink('/base/a/b/d', '/base')\nsymlink('/base/loop', './loop')\n"
    "compartment c {\nopen('base', '/base')\ncalls(1)\n"
    "may('openat(base, a/b/c/../../f|a/b/../..|l/c|l/../f|c/../a|a/up/../l|loop|a/up/|a/./b/d)',\n"
    "'openat(base, b/|a/f/..|l/d/a|d/../a/b/c|c/a|a/b/c/..|/base|..|.|a/../..|l)')\n}\n";

/* The tree under a walk in a context of its own: by text. */
struct tree {
	const struct pale_model *model;
	struct pale_state *state;
};

static unsigned
name_of(const struct pale_model *model, const char *text)
{
	for (unsigned i = 1; i < model->name_count; i++)
		if (strcmp(model->names[i], text) == 0)
			return i;
	return 0;
}

static int
look(void *ctx, uint32_t dir, const char *name, bool dir_only, uint32_t *ret_node)
{
	struct tree *tree = ctx;
	unsigned node = tree->state->inodes[dir].type == PALE_INODE_DIR
	    ? pale_tree_find(tree->model, tree->state, dir, name_of(tree->model, name))
	    : 0;

	if (node == 0)
		return -ENOENT;
	if (dir_only && tree->state->inodes[node].type != PALE_INODE_DIR)
		return -ENOTDIR;
	*ret_node = node;
	return 0;
}

static int
identify(void *ctx, uint32_t node, struct pale_walk_id *ret_id)
{
	unsigned type = ((struct tree *)ctx)->state->inodes[node].type;

	*ret_id = (struct pale_walk_id){ .type = type == PALE_INODE_DIR ? PALE_WALK_IS_DIR
		    : type == PALE_INODE_LINK                           ? PALE_WALK_IS_LINK
									: PALE_WALK_IS_OTHER };
	return 0;
}

static ssize_t
read_link(void *ctx, uint32_t link, char *buf, size_t size)
{
	struct tree *tree = ctx;
	const char *text = tree->model->rests[tree->state->inodes[link].target].text;

	ck_assert_uint_lt(strlen(text), size);
	memcpy(buf, text, strlen(text));
	return (ssize_t)strlen(text);
}

static void
release(void *ctx, uint32_t node)
{
	(void)ctx;
	(void)node;
}

static const struct pale_walk_ops ops = {
	.lookup = look, .identify = identify, .read_link = read_link, .release = release
};

/* Two texts of a rest, slashes that mean nothing apart. */
static bool
is_same_rest(const char *one, const char *other)
{
	struct pale_part a, b;

	if ((one[0] == '/') != (other[0] == '/'))
		return false;
	do {
		pale_path_next(&one, &a);
		pale_path_next(&other, &b);
		if (a.kind != b.kind || a.slash != b.slash || a.len != b.len ||
		    memcmp(a.text, b.text, a.len) != 0)
			return false;
	} while (a.kind != PALE_PART_END);
	return true;
}

/* Give a name another place, if that may be: the two walks see the same. */
static void
move_something(struct tree *tree, uint64_t *random)
{
	unsigned node = 3 + test_below(random, tree->model->inode_count - 2U);
	unsigned to = 1 + test_below(random, tree->model->inode_count);
	struct pale_inode *inode = &tree->state->inodes[node];

	if (inode->type != PALE_INODE_DIR || tree->state->inodes[to].type != PALE_INODE_DIR ||
	    pale_tree_is_beneath(tree->model, tree->state, node, to) ||
	    pale_tree_find(tree->model, tree->state, to, inode->name) != 0)
		return;
	inode->parent = (uint8_t)to;
}

/* One step of the walk in its own context, as the walker counts: the end asks nothing. */
static int
step_native(struct pale_walk *native, struct tree *tree, unsigned flags)
{
	int r = pale_walk_step(native, &ops, tree);
	const char *left = native->rest + native->rest_at;
	struct pale_part part;

	if (r != 1 || native->phase != 0)
		return r;
	pale_path_next(&left, &part);
	if (part.kind == PALE_PART_END || (part.last && (flags & PALE_WALK_PARENT)))
		r = pale_walk_step(native, &ops, tree);
	return r;
}

/* One lookup, both ways, with flags of pale/walker.h. Returns how it ended. */
static int
walk_both(const struct pale_model *model, uint64_t *random, pale_walker_rest path, unsigned flags)
{
	static struct pale_walk native;
	static struct pale_state state;
	struct tree tree = { model, &state };
	const struct pale_walker *walker = pale_walker_find("pale");
	unsigned start = model->compartments[0].delegated[0];
	uint16_t slots[PALE_WALKER_SLOTS] = { (uint16_t)start, path };
	struct pale_walk_ctx ctx = { .model = model,
		.state = &state,
		.walker = walker,
		.start = (pale_walker_node)start,
		.root = PALE_MODEL_ROOT };
	unsigned wanted = (flags & PALE_WALKER_NOFOLLOW ? PALE_WALK_NOFOLLOW : 0U) |
	    (flags & PALE_WALKER_DIRECTORY ? PALE_WALK_DIRECTORY : 0U) |
	    (flags & PALE_WALKER_PARENT ? PALE_WALK_PARENT : 0U);
	int own, r;

	state = *model->initial;
	own = pale_walk_init(
	    &native, PALE_WALK_BENEATH, start, PALE_MODEL_ROOT, model->rests[path].text, wanted);
	own = own < 0 ? own : 1;
	if (own == 1 && (wanted & PALE_WALK_PARENT) && model->rests[path].part.last)
		own = pale_walk_step(&native, &ops, &tree);
	r = walker->begin(slots, flags, &pale_model_walker_ops, &ctx);
	for (unsigned steps = 0; steps < STEPS_MAX; steps++) {
		ck_assert_msg(own == r, "'%s': %d in slots, %d in its context",
		    model->rests[path].text, r, own);
		if (r != PALE_WALKER_MORE)
			break;
		ck_assert_uint_eq(slots[PALE_WALKER_AT], pale_walk_here(&native));
		ck_assert_uint_eq(slots[PALE_WALKER_OWN], native.links);
		if (native.phase == 0)
			ck_assert(is_same_rest(model->rests[slots[PALE_WALKER_LEFT]].text,
			    native.rest + native.rest_at));
		if (test_below(random, 2) == 0)
			move_something(&tree, random);
		own = step_native(&native, &tree, wanted);
		r = walker->step(slots, flags, &pale_model_walker_ops, &ctx);
	}
	if (r == PALE_WALKER_DONE) {
		uint32_t node;

		if (wanted & PALE_WALK_PARENT)
			ck_assert(is_same_rest(model->rests[slots[PALE_WALKER_LEFT]].text,
			    native.rest + native.rest_at));
		pale_walk_take(&native, &node);
		ck_assert_uint_eq(slots[PALE_WALKER_AT], node);
	}
	pale_walk_done(&native, &ops, &tree);
	return r;
}

TEST(alike, "a walk in slots goes as one in a context of its own, whatever moves meanwhile")
{
	unsigned ended[4] = { 0 };
	struct pale_model *model = NULL;
	struct pale_err err = { 0 };
	uint64_t random = test_seed(20261122);

	if (pale_model_read("test", scenario, strlen(scenario), NULL, &model, &err) < 0)
		ck_abort_msg("%s", err.text);
	for (unsigned round = 0; round < ROUNDS; round++) {
		const struct pale_model_compartment *c = &model->compartments[0];
		unsigned site = c->first_site + test_below(&random, c->site_count);
		int r =
		    walk_both(model, &random, model->sites[site].path[0], test_below(&random, 8));

		ended[r == 0 ? 0 : r == -EXDEV ? 1 : r == -ELOOP ? 2 : 3]++;
	}
	/* All ends were met, or it proves little. */
	for (unsigned i = 0; i < 4; i++)
		ck_assert_uint_gt(ended[i], ROUNDS / 100);
	pale_model_free(model);
}

TEST_MAIN("walkers_pale", alike)
