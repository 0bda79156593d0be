/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walker as a machine; see walk.h. Phases, from component to component:
 *
 *     NEXT -> LOOK_DIR -(directory)-> NEXT
 *                \-(not one)-> LOOK_ANY -> IDENTIFY -(link)-> FOLLOW -> READ -> NEXT
 *     NEXT -> ASCEND (".." above the start, where the policy allows it) -> NEXT
 *
 * LOOK_DIR comes first where a directory is wanted, because it needs no look at the type, and
 * because only a lookup that asks for a directory makes the kernel mount what autofs holds there.
 * Between LOOK_DIR and LOOK_ANY the name may change; LOOK_ANY alone counts then.
 */
#include "core/walk.h"

#include <errno.h>
#include <string.h>

enum phase {
	PHASE_NEXT,
	PHASE_ASCEND,
	PHASE_LOOK_DIR,
	PHASE_LOOK_ANY,
	PHASE_IDENTIFY,
	PHASE_FOLLOW,
	PHASE_READ,
	PHASE_DONE,
	PHASE_FAILED,
};

/* Where ".." at the base, or an absolute path, leads. */
enum leads {
	LEADS_OUT, /* refused, -EXDEV */
	LEADS_START,
	LEADS_ROOT,   /* absolute: to the root */
	LEADS_PARENT, /* "..": to where the tree says */
};

/* clang-format off */
static const struct {
	enum leads dotdot, absolute;
} policies[PALE_WALK_POLICY_COUNT] = {
	[PALE_WALK_BENEATH] = { .dotdot = LEADS_OUT,    .absolute = LEADS_OUT },
	[PALE_WALK_IN_ROOT] = { .dotdot = LEADS_START,  .absolute = LEADS_START },
	[PALE_WALK_NONE]    = { .dotdot = LEADS_PARENT, .absolute = LEADS_ROOT },
};
/* clang-format on */

uint32_t
pale_walk_here(const struct pale_walk *walk)
{
	return walk->stack[walk->depth];
}

static int
tell(const struct pale_walk_ops *ops, void *ctx, enum pale_walk_event event, const char *name,
    const char *target)
{
	return ops->observe == NULL ? 0 : ops->observe(ctx, event, name, target);
}

/* The handle looked up last is not wanted any more. */
static void
drop_node(struct pale_walk *walk, const struct pale_walk_ops *ops, void *ctx)
{
	if (walk->node != PALE_WALK_NO_NODE)
		ops->release(ctx, walk->node);
	walk->node = PALE_WALK_NO_NODE;
}

/* Give all directories back and stand on a new base. */
static void
rebase(struct pale_walk *walk, const struct pale_walk_ops *ops, void *ctx, uint32_t base,
    bool base_owned)
{
	for (; walk->depth > 0; walk->depth--)
		ops->release(ctx, pale_walk_here(walk));
	if (walk->base_owned)
		ops->release(ctx, walk->stack[0]);
	walk->stack[0] = base;
	walk->base_owned = base_owned;
}

/* The node looked up last is a directory: go in. */
static int
enter(struct pale_walk *walk, const struct pale_walk_ops *ops, void *ctx)
{
	if (walk->depth + 1 >= PALE_WALK_DEPTH)
		return -ENAMETOOLONG;
	walk->stack[++walk->depth] = walk->node;
	walk->node = PALE_WALK_NO_NODE;
	walk->phase = PHASE_NEXT;
	return tell(ops, ctx, PALE_WALK_ENTERED, walk->name, NULL);
}

static int
finish(struct pale_walk *walk)
{
	if (walk->node == PALE_WALK_NO_NODE)
		walk->id.type = PALE_WALK_IS_DIR;
	else if (walk->flags & PALE_WALK_DIRECTORY)
		return -ENOTDIR;
	walk->phase = PHASE_DONE;
	return 0;
}

static int
go_up(struct pale_walk *walk, const struct pale_walk_ops *ops, void *ctx)
{
	if (walk->depth > 0) {
		ops->release(ctx, pale_walk_here(walk));
		walk->depth--;
		return tell(ops, ctx, PALE_WALK_LEFT, NULL, NULL);
	}
	switch (policies[walk->policy].dotdot) {
	case LEADS_START:
		return 0;
	case LEADS_PARENT:
		walk->phase = PHASE_ASCEND;
		return 0;
	case LEADS_OUT:
	case LEADS_ROOT:
	default:
		return -EXDEV;
	}
}

static int
ascend(struct pale_walk *walk, const struct pale_walk_ops *ops, void *ctx)
{
	uint32_t parent;
	int r = ops->parent(ctx, pale_walk_here(walk), &parent);

	if (r < 0)
		return r;
	rebase(walk, ops, ctx, parent, true);
	walk->phase = PHASE_NEXT;
	return tell(ops, ctx, PALE_WALK_LEFT, NULL, NULL);
}

static int
look(struct pale_walk *walk, const struct pale_walk_ops *ops, void *ctx, bool dir_only)
{
	int r = ops->lookup(ctx, pale_walk_here(walk), walk->name, dir_only, &walk->node);

	if (r == -ENOTDIR && dir_only) {
		walk->phase = PHASE_LOOK_ANY;
		return 0;
	}
	if (r < 0)
		return r;
	if (dir_only)
		return enter(walk, ops, ctx);
	walk->phase = PHASE_IDENTIFY;
	return 0;
}

/* Take the next component and, if it is a name, look it up. */
static int
next(struct pale_walk *walk, const struct pale_walk_ops *ops, void *ctx)
{
	const char *at = walk->rest + walk->rest_at;
	struct pale_part part;
	int r, taken = pale_path_next(&at, &part);

	/* "/" alone, or nothing left behind a directory: the component taken last stays named. */
	if (part.kind == PALE_PART_END)
		return finish(walk);
	walk->last = part.kind;
	walk->slash = part.slash;
	walk->is_last = part.last;
	memcpy(walk->name, part.text, taken < 0 ? 0 : part.len);
	walk->name[taken < 0 ? 0 : part.len] = '\0';
	if (taken < 0)
		return taken;
	if (part.last && (walk->flags & PALE_WALK_PARENT))
		return finish(walk);
	if (part.kind == PALE_PART_NAME) {
		bool dir = part.slash || (walk->flags & PALE_WALK_DIRECTORY) != 0;

		walk->rest_at = (uint16_t)(at - walk->rest);
		walk->phase = dir ? PHASE_LOOK_DIR : PHASE_LOOK_ANY;
		return look(walk, ops, ctx, dir);
	}
	r = ops->search == NULL ? 0 : ops->search(ctx, pale_walk_here(walk));
	if (r < 0)
		return r;
	walk->rest_at = (uint16_t)(at - walk->rest);
	return part.kind == PALE_PART_DOTDOT ? go_up(walk, ops, ctx) : 0;
}

static int
identify(struct pale_walk *walk, const struct pale_walk_ops *ops, void *ctx)
{
	int r = ops->identify(ctx, walk->node, &walk->id);

	if (r < 0)
		return r;
	switch (walk->id.type) {
	case PALE_WALK_IS_DIR:
		return enter(walk, ops, ctx);
	case PALE_WALK_IS_LINK:
		if (walk->is_last && !walk->slash && (walk->flags & PALE_WALK_NOFOLLOW))
			return finish(walk);
		if ((walk->flags & PALE_WALK_NO_LINKS) || walk->links >= PALE_WALK_LINKS)
			return -ELOOP;
		walk->links++;
		walk->phase = ops->may_follow == NULL ? PHASE_READ : PHASE_FOLLOW;
		return 0;
	case PALE_WALK_IS_OTHER:
	default:
		return walk->is_last && !walk->slash ? finish(walk) : -ENOTDIR;
	}
}

static int
follow(struct pale_walk *walk, const struct pale_walk_ops *ops, void *ctx)
{
	int r = ops->may_follow(ctx, pale_walk_here(walk), walk->node);

	if (r == 0)
		walk->phase = PHASE_READ;
	return r;
}

/* Put target before what is left of the path, which keeps its slash: "l/" wants a directory. */
static int
splice(struct pale_walk *walk, const char *target, size_t len)
{
	const char *rest = walk->rest + walk->rest_at;
	size_t rest_len = strlen(rest);

	if (len + walk->slash + rest_len >= sizeof(walk->rest))
		return -ENAMETOOLONG;
	memmove(walk->rest + len + walk->slash, rest, rest_len + 1);
	memcpy(walk->rest, target, len);
	if (walk->slash)
		walk->rest[len] = '/';
	walk->rest_at = 0;
	return 0;
}

/* An absolute path or link: to where the policy says. */
static int
go_absolute(struct pale_walk *walk, const struct pale_walk_ops *ops, void *ctx)
{
	enum leads leads = policies[walk->policy].absolute;

	if (leads == LEADS_OUT)
		return -EXDEV;
	rebase(walk, ops, ctx, leads == LEADS_ROOT ? walk->root : walk->start, false);
	return tell(ops, ctx, PALE_WALK_RESTARTED, NULL, NULL);
}

static int
cross(struct pale_walk *walk, const struct pale_walk_ops *ops, void *ctx)
{
	char target[PATH_MAX];
	ssize_t len = ops->read_link(ctx, walk->node, target, sizeof(target));
	int r;

	if (len < 0)
		return (int)len;
	if (len == 0)
		return -ENOENT;
	if ((size_t)len >= sizeof(target))
		return -ENAMETOOLONG;
	target[len] = '\0';
	drop_node(walk, ops, ctx);
	r = tell(ops, ctx, PALE_WALK_CROSSED, walk->name, target);
	if (r == 0)
		r = splice(walk, target, (size_t)len);
	if (r == 0 && target[0] == '/')
		r = go_absolute(walk, ops, ctx);
	walk->phase = PHASE_NEXT;
	return r;
}

static int
step(struct pale_walk *walk, const struct pale_walk_ops *ops, void *ctx)
{
	switch ((enum phase)walk->phase) {
	case PHASE_NEXT:
		return next(walk, ops, ctx);
	case PHASE_ASCEND:
		return ascend(walk, ops, ctx);
	case PHASE_LOOK_DIR:
		return look(walk, ops, ctx, true);
	case PHASE_LOOK_ANY:
		return look(walk, ops, ctx, false);
	case PHASE_IDENTIFY:
		return identify(walk, ops, ctx);
	case PHASE_FOLLOW:
		return follow(walk, ops, ctx);
	case PHASE_READ:
		return cross(walk, ops, ctx);
	case PHASE_DONE:
		return 0;
	case PHASE_FAILED:
	default:
		return -EINVAL;
	}
}

int
pale_walk_step(struct pale_walk *walk, const struct pale_walk_ops *ops, void *ctx)
{
	int r = step(walk, ops, ctx);

	/* The phase is still that of the operation which said so. */
	if (r == -EAGAIN && ++walk->tries < PALE_WALK_TRIES)
		return 1;
	if (r < 0) {
		walk->phase = PHASE_FAILED;
		return r;
	}
	return walk->phase != PHASE_DONE;
}

int
pale_walk_run(struct pale_walk *walk, const struct pale_walk_ops *ops, void *ctx)
{
	int r;

	do {
		r = pale_walk_step(walk, ops, ctx);
	} while (r > 0);
	return r;
}

/* A new path to walk from where the walk stands. */
static int
set_path(struct pale_walk *walk, const char *path, unsigned flags)
{
	int r = pale_path_check(path);

	walk->phase = PHASE_FAILED;
	walk->name[0] = '\0';
	if (r < 0)
		return r;
	if (path[0] == '/' && policies[walk->policy].absolute == LEADS_OUT)
		return -EXDEV;
	memcpy(walk->rest, path, strlen(path) + 1);
	walk->rest_at = 0;
	walk->flags = (uint8_t)flags;
	walk->last = PALE_PART_END;
	walk->slash = false;
	walk->links = walk->tries = 0;
	walk->phase = PHASE_NEXT;
	return 0;
}

int
pale_walk_init(struct pale_walk *walk, enum pale_walk_policy policy, uint32_t start, uint32_t root,
    const char *path, unsigned flags)
{
	bool at_root = path[0] == '/' && policies[policy].absolute == LEADS_ROOT;

	walk->policy = (uint8_t)policy;
	walk->start = start;
	walk->root = root;
	walk->node = PALE_WALK_NO_NODE;
	walk->depth = 0;
	walk->base_owned = false;
	walk->is_last = false;
	walk->stack[0] = at_root ? root : start;
	walk->id = (struct pale_walk_id){ .type = PALE_WALK_IS_DIR };
	return set_path(walk, path, flags);
}

int
pale_walk_continue(struct pale_walk *walk, const char *path, unsigned flags)
{
	if (walk->phase != PHASE_DONE || walk->node != PALE_WALK_NO_NODE)
		return -ENOTDIR;
	if (path[0] == '/')
		return -EINVAL;
	return set_path(walk, path, flags);
}

int
pale_walk_take(struct pale_walk *walk, uint32_t *ret_node)
{
	int owned = 1;

	if (walk->node != PALE_WALK_NO_NODE) {
		*ret_node = walk->node;
		walk->node = PALE_WALK_NO_NODE;
	} else if (walk->depth > 0) {
		*ret_node = walk->stack[walk->depth--];
	} else {
		*ret_node = walk->stack[0];
		owned = walk->base_owned;
		walk->base_owned = false;
	}
	walk->phase = PHASE_FAILED;
	return owned;
}

void
pale_walk_done(struct pale_walk *walk, const struct pale_walk_ops *ops, void *ctx)
{
	drop_node(walk, ops, ctx);
	rebase(walk, ops, ctx, walk->start, false);
	walk->phase = PHASE_FAILED;
}
