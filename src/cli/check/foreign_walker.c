/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A foreign walker's steps, held to walker.h: in front of each of its functions stands one of ours,
 * and in front of each operation, too. A walker is one for the whole process, as its functions have
 * no argument that could tell several apart.
 */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/check/foreign.h"
#include "cli/check/watch.h"
#include "core/scope.h"
#include "model/pack.h"
#include "model/walkers.h"

enum {
	GUARDS = 32, /* slots before and behind those it has, that must stay as they are */
	GUARD = 0xa5c3,
	ERRNO_MAX = 4095, /* as the kernel's */
};

typedef int (*walker_function)(
    uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx);

static const struct pale_walker *theirs;
static struct pale_walker ours;

/* What their operations are called with: ours, and what it stands in front of. */
struct front {
	const struct pale_walker_ops *ops;
	void *ctx;
	const struct pale_model *model; /* NULL: not in the model, but on real descriptors */
	const struct pale_state *state;
	const char *inside;
};

static void
check_node(const struct front *front, const char *op, pale_walker_node node)
{
	if (front->model != NULL &&
	    (node == 0 || node > front->model->inode_room ||
		front->state->inodes[node].type == PALE_INODE_FREE))
		pale_watch_broken("%s asks %s of node %u, which does not exist", front->inside, op,
		    (unsigned)node);
}

static void
check_rest(const struct front *front, const char *op, pale_walker_rest rest)
{
	if (front->model != NULL && (rest == 0 || rest >= front->model->rest_count))
		pale_watch_broken("%s asks %s of the rest of path %u, which does not exist",
		    front->inside, op, (unsigned)rest);
}

static void
check_kernel(const struct front *front, const char *op, bool may, const char *says)
{
	if (!may)
		pale_watch_broken(
		    "%s asks %s, and the walker does not say .%s", front->inside, op, says);
}

static int
front_lookup(void *ctx, pale_walker_node dir, uint16_t name, pale_walker_node *ret_node)
{
	const struct front *front = ctx;

	check_node(front, "lookup", dir);
	if (front->model != NULL && (name == 0 || name >= front->model->name_count))
		pale_watch_broken(
		    "%s looks up name %u, which does not exist", front->inside, (unsigned)name);
	return front->ops->lookup(front->ctx, dir, name, ret_node);
}

static int
front_search(void *ctx, pale_walker_node dir)
{
	const struct front *front = ctx;

	check_node(front, "search", dir);
	return front->ops->search(front->ctx, dir);
}

static int
front_parent(void *ctx, pale_walker_node dir, pale_walker_node *ret_node)
{
	const struct front *front = ctx;

	check_node(front, "parent", dir);
	return front->ops->parent(front->ctx, dir, ret_node);
}

static enum pale_walker_type
front_type(void *ctx, pale_walker_node node)
{
	const struct front *front = ctx;

	check_node(front, "type", node);
	return front->ops->type(front->ctx, node);
}

static void
front_part(void *ctx, pale_walker_rest rest, struct pale_walker_part *ret_part)
{
	const struct front *front = ctx;

	check_rest(front, "part", rest);
	front->ops->part(front->ctx, rest, ret_part);
}

static bool
front_is_absolute(void *ctx, pale_walker_rest rest)
{
	const struct front *front = ctx;

	check_rest(front, "is_absolute", rest);
	return front->ops->is_absolute(front->ctx, rest);
}

static int
front_read_link(void *ctx, pale_walker_node link, pale_walker_rest behind, bool slash,
    pale_walker_rest *ret_rest)
{
	const struct front *front = ctx;

	check_node(front, "read_link", link);
	check_rest(front, "read_link", behind);
	return front->ops->read_link(front->ctx, link, behind, slash, ret_rest);
}

static pale_walker_node
front_start(void *ctx)
{
	const struct front *front = ctx;

	return front->ops->start(front->ctx);
}

static pale_walker_node
front_root(void *ctx)
{
	const struct front *front = ctx;

	return front->ops->root(front->ctx);
}

static bool
front_beneath(void *ctx, pale_walker_node top, pale_walker_node node)
{
	const struct front *front = ctx;

	check_kernel(front, "beneath", ours.kernel, "kernel");
	check_node(front, "beneath", top);
	check_node(front, "beneath", node);
	return front->ops->beneath(front->ctx, top, node);
}

static void
front_mark(void *ctx)
{
	const struct front *front = ctx;

	check_kernel(front, "mark", ours.sequence, "sequence");
	front->ops->mark(front->ctx);
}

static bool
front_moved(void *ctx)
{
	const struct front *front = ctx;

	check_kernel(front, "moved", ours.sequence, "sequence");
	return front->ops->moved(front->ctx);
}

static bool
front_lock(void *ctx)
{
	const struct front *front = ctx;

	check_kernel(front, "lock", ours.locks, "locks");
	return front->ops->lock(front->ctx);
}

static void
front_unlock(void *ctx)
{
	const struct front *front = ctx;

	check_kernel(front, "unlock", ours.locks, "locks");
	front->ops->unlock(front->ctx);
}

static const struct pale_walker_ops front_ops = {
	.lookup = front_lookup,
	.search = front_search,
	.parent = front_parent,
	.type = front_type,
	.part = front_part,
	.is_absolute = front_is_absolute,
	.read_link = front_read_link,
	.start = front_start,
	.root = front_root,
	.beneath = front_beneath,
	.mark = front_mark,
	.moved = front_moved,
	.lock = front_lock,
	.unlock = front_unlock,
};

/* What a slot may hold when their function has returned. */
static void
check_slot(const struct front *front, unsigned i, uint16_t value)
{
	const struct pale_walker_slot *slot = &ours.slots[i];
	const struct pale_model *model = front->model;

	switch (slot->kind) {
	case PALE_WALKER_NODE:
		if (model != NULL && value != 0 &&
		    (value > model->inode_room ||
			front->state->inodes[value].type == PALE_INODE_FREE))
			pale_watch_broken("%s leaves %u in slot %u: there is no such node",
			    front->inside, value, i);
		return;
	case PALE_WALKER_REST:
		if (model != NULL && value >= model->rest_count)
			pale_watch_broken(
			    "%s leaves %u in slot %u: there is no such rest of a path",
			    front->inside, value, i);
		return;
	case PALE_WALKER_NUMBER:
	case PALE_WALKER_LINKS:
		if (value > slot->max)
			pale_watch_broken("%s leaves %u in slot %u, whose greatest value is %u",
			    front->inside, value, i, slot->max);
		return;
	}
}

static void
check_result(const struct front *front, const uint16_t *before, const uint16_t *after, int result)
{
	unsigned count = ours.slot_count;

	if (result > PALE_WALKER_WAIT || result < -ERRNO_MAX)
		pale_watch_broken("%s returns %d, which means nothing", front->inside, result);
	for (unsigned i = 0; i < count; i++)
		check_slot(front, i, after[i]);
	if (result == PALE_WALKER_WAIT && memcmp(before, after, count * sizeof(*after)) != 0)
		pale_watch_broken("%s waits, and has changed its slots", front->inside);
	if ((result == PALE_WALKER_DONE || result == PALE_WALKER_MORE) &&
	    (after[PALE_WALKER_AT] == 0 || after[PALE_WALKER_LEFT] == 0))
		pale_watch_broken("%s leaves nothing in slot %d", front->inside,
		    after[PALE_WALKER_AT] == 0 ? PALE_WALKER_AT : PALE_WALKER_LEFT);
}

/* Call theirs, with guards around the slots. */
static int
call(walker_function function, struct front *front, uint16_t *slots, unsigned flags)
{
	struct pale_watch_thread *thread = pale_watch_me();
	uint16_t guarded[PALE_WALKER_SLOTS + 2 * GUARDS];
	unsigned count = ours.slot_count;
	const struct pale_model *model = front->model;
	int result;

	for (unsigned i = 0; i < PALE_COUNT(guarded); i++)
		guarded[i] = GUARD;
	memcpy(guarded + GUARDS, slots, count * sizeof(*slots));
	thread->left[0] = '\0';
	if (model != NULL && slots[PALE_WALKER_LEFT] < model->rest_count &&
	    model->rests[slots[PALE_WALKER_LEFT]].text != NULL)
		snprintf(thread->left, sizeof(thread->left), "%s",
		    model->rests[slots[PALE_WALKER_LEFT]].text);
	atomic_fetch_add_explicit(&thread->calls, 1, memory_order_relaxed);
	atomic_store_explicit(&thread->inside, front->inside, memory_order_release);
	result = function(guarded + GUARDS, flags, &front_ops, front);
	atomic_store_explicit(&thread->inside, NULL, memory_order_release);
	for (unsigned i = 0; i < PALE_COUNT(guarded); i++) {
		if ((i < GUARDS || i >= GUARDS + count) && guarded[i] != GUARD)
			pale_watch_broken("%s writes beside its slots, at slot %d of %u",
			    front->inside, (int)i - GUARDS, count);
	}
	check_result(front, slots, guarded + GUARDS, result);
	memcpy(slots, guarded + GUARDS, count * sizeof(*slots));
	return result;
}

/* A call of theirs with all that it could see, to be made once more. */
struct memory {
	walker_function function;
	const char *inside;
	const struct pale_model *model;
	struct pale_state state;
	struct pale_walk_ctx walk;
	unsigned flags;
	uint16_t before[PALE_WALKER_SLOTS], after[PALE_WALKER_SLOTS];
	int result;
};

/*
 * The call before this one is made again, after another one: what was kept in a static variable, a
 * clock or a random number now gives something else.
 */
static void
check_again(struct memory *last)
{
	struct pale_state state = last->state;
	struct pale_walk_ctx walk = last->walk;
	struct front front = { &pale_model_walker_ops, &walk, last->model, &state, last->inside };
	uint16_t slots[PALE_WALKER_SLOTS];
	int result;

	walk.state = &state;
	memcpy(slots, last->before, sizeof(slots));
	result = call(last->function, &front, slots, last->flags);
	if (result != last->result ||
	    memcmp(slots, last->after, ours.slot_count * sizeof(*slots)) != 0)
		pale_watch_broken("%s gives another result for the same slots the second time: all "
				  "that a walk knows must lie in its slots",
		    last->inside);
}

static int
hold(walker_function function, const char *inside, uint16_t *slots, unsigned flags,
    const struct pale_walker_ops *ops, void *ctx)
{
	static _Thread_local struct memory last;
	static _Thread_local struct memory this;
	struct front front = { ops, ctx, NULL, NULL, inside };
	const struct pale_walk_ctx *walk = ctx;
	int result;

	/* On real descriptors (replay) there is no model to look at. */
	if (ops != &pale_model_walker_ops)
		return call(function, &front, slots, flags);
	front.model = walk->model;
	front.state = walk->state;
	this = (struct memory){ function, inside, walk->model, *walk->state, *walk, flags };
	memcpy(this.before, slots, sizeof(this.before));
	result = call(function, &front, slots, flags);
	memcpy(this.after, slots, sizeof(this.after));
	this.result = result;
	if (last.model == walk->model)
		check_again(&last);
	last = this;
	return result;
}

static int
hold_begin(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	return hold(theirs->begin, "begin", slots, flags, ops, ctx);
}

static int
hold_step(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	return hold(theirs->step, "step", slots, flags, ops, ctx);
}

static int
hold_finish(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
{
	return hold(theirs->finish, "finish", slots, flags, ops, ctx);
}

/* Has the object the size that this version gives it? Where that is not known, yes. */
static bool
has_size(const void *symbol)
{
	ElfW(Sym) *entry = NULL;
	Dl_info info;

	if (dladdr1(symbol, &info, (void **)&entry, RTLD_DL_SYMENT) == 0 || entry == NULL)
		return true;
	return entry->st_size == 0 || entry->st_size == sizeof(struct pale_walker);
}

int
pale_foreign_load(const char *file, const struct pale_walker **ret_walker, struct pale_err *err)
{
	struct pale_watch_thread *thread = pale_watch_me();
	const char *wrong;
	void *object;

	if (access(file, F_OK) != 0)
		return pale_fail_errno(err, "cannot load the walker '%s'", file);
	atomic_fetch_add(&thread->calls, 1);
	atomic_store(&thread->inside, "while it was loaded");
	object = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	if (object == NULL) {
		atomic_store(&thread->inside, NULL);
		pale_fail(err, -ELIBBAD, "cannot load the walker: %s", dlerror());
		return pale_remedy(err,
		    "cc -shared -fPIC -o mine.so mine.c makes one; "
		    "examples/walker has one to start from");
	}
	theirs = dlsym(object, "pale_walker");
	if (theirs == NULL) {
		atomic_store(&thread->inside, NULL);
		pale_fail(err, -EPROTO, "'%s' is no walker: it has no symbol 'pale_walker'", file);
		return pale_remedy(
		    err, "it defines: const struct pale_walker pale_walker = { ... };");
	}
	if (theirs->version == PALE_WALKER_VERSION && !has_size(theirs))
		wrong = "it was built with another pale/walker.h";
	else
		wrong = pale_walker_check(theirs);
	if (wrong != NULL) {
		atomic_store(&thread->inside, NULL);
		pale_fail(err, -EPROTO, "the walker '%s' cannot be used: %s", file, wrong);
		return pale_remedy(
		    err, "pale/walker.h says how it must be (version %d)", PALE_WALKER_VERSION);
	}
	ours = *theirs;
	ours.begin = theirs->begin == NULL ? NULL : hold_begin;
	ours.step = hold_step;
	ours.finish = theirs->finish == NULL ? NULL : hold_finish;
	snprintf(pale_watch->walker, sizeof(pale_watch->walker), "%s", ours.name);
	atomic_store(&thread->inside, NULL);
	*ret_walker = &ours;
	return 0;
}
