/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scenario's walker, the same code that the search runs, over operations that act on real
 * descriptors: a lookup is an openat of one name, the parent an openat of "..", both O_PATH and
 * O_NOFOLLOW. Nodes are numbers of descriptors that are held for as long as the replay lasts; two
 * with one device and inode are one node, so a walker may compare them.
 *
 * What only a kernel has (is it beneath? has a name moved?) is asked of the tree by the way up,
 * while nobody else moves: the stage lets one actor act at a time.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/scope.h"
#include "model/ops.h"
#include "model/rest.h"
#include "replay/actor.h"

enum {
	PLACE = O_PATH | O_NOFOLLOW | O_CLOEXEC,
	DEPTH_MAX = 2 * PALE_MODEL_INODES, /* no tree of a scenario is deeper */
};

const struct pale_walker *
pale_actor_walker(const struct pale_actor *actor)
{
	const struct pale_model *model = actor->play->model;
	const struct pale_walker *own = model->compartments[model->compartment_of[actor->p]].walker;

	return own != NULL ? own : model->walker;
}

uint16_t
pale_actor_node(struct pale_actor *actor, int fd)
{
	PALE_CLOSE int owned = fd;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return 0;
	for (unsigned i = 1; i <= actor->node_count; i++)
		if (actor->nodes[i].ino == st.st_ino && actor->nodes[i].dev == st.st_dev)
			return (uint16_t)i;
	if (actor->node_count + 1 == PALE_ACTOR_NODES) {
		errno = ENFILE;
		return 0;
	}
	actor->nodes[++actor->node_count] = (struct pale_actor_node){
		.fd = pale_take_fd(&owned),
		.dev = st.st_dev,
		.ino = st.st_ino,
		.type = S_ISDIR(st.st_mode) ? PALE_WALKER_IS_DIR
		    : S_ISLNK(st.st_mode)   ? PALE_WALKER_IS_LINK
					    : PALE_WALKER_IS_OTHER,
	};
	return (uint16_t)actor->node_count;
}

static int
node_at(struct pale_actor *actor, pale_walker_node dir, const char *name, int flags,
    pale_walker_node *ret_node)
{
	pale_walker_node node =
	    pale_actor_node(actor, openat(actor->nodes[dir].fd, name, PLACE | flags));

	if (node == 0)
		return -errno;
	*ret_node = node;
	return 0;
}

static int
real_lookup(void *ctx, pale_walker_node dir, uint16_t name, pale_walker_node *ret_node)
{
	struct pale_actor *actor = ctx;

	return node_at(actor, dir, actor->play->model->names[name], 0, ret_node);
}

static int
real_search(void *ctx, pale_walker_node dir)
{
	struct pale_actor *actor = ctx;
	pale_walker_node same;

	return node_at(actor, dir, ".", O_DIRECTORY, &same);
}

/* The path that is walked starts at this slot, or PALE_FD_CWD. */
static unsigned
start_slot(const struct pale_actor *actor)
{
	const struct pale_site *site = actor->site;

	if (pale_model_calls[site->op].signature[0] != 'd' && site->op != PALE_CALL_symlinkat)
		return PALE_FD_CWD;
	return actor->fd[site->op == PALE_CALL_symlinkat ? 0 : actor->walk];
}

static pale_walker_node
real_root(void *ctx)
{
	struct pale_actor *actor = ctx;
	unsigned slot = start_slot(actor);
	uint16_t mount = slot < PALE_MODEL_FDS ? actor->mounts[slot] : actor->cwd_mount;

	return pale_actor_walker(actor)->is_root && mount != 0 ? mount : actor->root;
}

static pale_walker_node
real_start(void *ctx)
{
	struct pale_actor *actor = ctx;
	unsigned slot = start_slot(actor);
	int fd = slot < PALE_MODEL_FDS ? actor->fds[slot] : actor->cwd;

	return pale_actor_node(actor, fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

static int
real_parent(void *ctx, pale_walker_node dir, pale_walker_node *ret_node)
{
	if (dir == real_root(ctx)) {
		int result = real_search(ctx, dir);

		if (result == 0)
			*ret_node = dir;
		return result;
	}
	return node_at(ctx, dir, "..", O_DIRECTORY, ret_node);
}

static enum pale_walker_type
real_type(void *ctx, pale_walker_node node)
{
	return ((const struct pale_actor *)ctx)->nodes[node].type;
}

static void
real_part(void *ctx, pale_walker_rest rest, struct pale_walker_part *ret_part)
{
	*ret_part = ((const struct pale_actor *)ctx)->play->model->rests[rest].part;
}

static bool
real_is_absolute(void *ctx, pale_walker_rest rest)
{
	return ((const struct pale_actor *)ctx)->play->model->rests[rest].absolute;
}

static int
real_read_link(void *ctx, pale_walker_node link, pale_walker_rest behind, bool slash,
    pale_walker_rest *ret_rest)
{
	const struct pale_actor *actor = ctx;
	const struct pale_model *model = actor->play->model;
	char text[PATH_MAX];
	ssize_t got = readlinkat(actor->nodes[link].fd, "", text, sizeof(text) - 1);

	if (got < 0)
		return -errno;
	text[got] = '\0';
	for (size_t i = 1; i < model->rest_count; i++) {
		pale_walker_rest rest;

		if (strcmp(model->rests[i].text, text) != 0)
			continue;
		rest = pale_rest_splice(model, (pale_walker_rest)i, behind, slash);
		if (rest == 0)
			continue;
		*ret_rest = rest;
		return 0;
	}
	return -ELOOP;
}

static bool
is_same(const struct stat *a, const struct pale_actor_node *b)
{
	return a->st_dev == b->dev && a->st_ino == b->ino;
}

/* Does the directory, taken, have the node in the tree below it? */
static bool
has_below(int dir, const struct pale_actor_node *node, unsigned depth)
{
	DIR *names = dir < 0 ? NULL : fdopendir(dir);
	const struct dirent *entry;
	bool found = false;
	struct stat st;

	if (names == NULL) {
		if (dir >= 0)
			close(dir);
		return false;
	}
	while (!found && (entry = readdir(names)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    fstatat(dirfd(names), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		found = is_same(&st, node);
		if (!found && S_ISDIR(st.st_mode) && depth > 0)
			found = has_below(openat(dirfd(names), entry->d_name,
					      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
			    node, depth - 1);
	}
	closedir(names);
	return found;
}

static bool
is_beneath(const struct pale_actor *actor, pale_walker_node top, pale_walker_node node)
{
	const struct pale_actor_node *it = &actor->nodes[node];
	PALE_CLOSE int at = -1;

	if (top == node)
		return true;
	if (it->type != PALE_WALKER_IS_DIR)
		return has_below(
		    openat(actor->nodes[top].fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), it,
		    DEPTH_MAX);
	at = openat(it->fd, ".", PLACE);
	for (unsigned i = 0; i < DEPTH_MAX && at >= 0; i++) {
		int up = openat(at, "..", PLACE | O_DIRECTORY);
		struct stat here, above;

		if (fstat(at, &here) < 0 || is_same(&here, &actor->nodes[top])) {
			if (up >= 0)
				close(up);
			return is_same(&here, &actor->nodes[top]);
		}
		close(at);
		at = up;
		if (up < 0 || fstat(up, &above) < 0 ||
		    (above.st_ino == here.st_ino && above.st_dev == here.st_dev))
			break;
	}
	return false;
}

static bool
real_beneath(void *ctx, pale_walker_node top, pale_walker_node node)
{
	const struct pale_actor *actor = ctx;
	bool result;

	if (pale_actor_use_caps(true) < 0)
		return false;
	result = is_beneath(actor, top, node);
	if (actor->euid != 0 && pale_actor_use_caps(false) < 0)
		_exit(1);
	return result;
}

static void
real_mark(void *ctx)
{
	struct pale_actor *actor = ctx;

	actor->mark = actor->play->shared->renames;
}

static bool
real_moved(void *ctx)
{
	const struct pale_actor *actor = ctx;

	return actor->play->shared->renames != actor->mark;
}

static bool
real_lock(void *ctx)
{
	const struct pale_actor *actor = ctx;
	uint32_t nobody = 0;

	return atomic_compare_exchange_strong(&actor->play->shared->lock, &nobody, actor->p + 1) ||
	    nobody == actor->p + 1;
}

static void
real_unlock(void *ctx)
{
	const struct pale_actor *actor = ctx;
	uint32_t own = actor->p + 1;

	atomic_compare_exchange_strong(&actor->play->shared->lock, &own, 0);
}

static const struct pale_walker_ops real_ops = {
	.lookup = real_lookup,
	.search = real_search,
	.parent = real_parent,
	.type = real_type,
	.part = real_part,
	.is_absolute = real_is_absolute,
	.read_link = real_read_link,
	.start = real_start,
	.root = real_root,
	.beneath = real_beneath,
	.mark = real_mark,
	.moved = real_moved,
	.lock = real_lock,
	.unlock = real_unlock,
};

/* ---- the machine ---- */

static unsigned
walk_flags(const struct pale_actor *actor)
{
	const struct pale_site *site = actor->site;
	bool opens = site->op == PALE_CALL_openat || site->op == PALE_CALL_open;
	unsigned flags = 0;

	if (pale_model_calls[site->op].walks[actor->walk] == 'P' || pale_site_creates(site))
		flags |= PALE_WALKER_PARENT;
	else if ((site->flags & PALE_F_NOFOLLOW) != 0)
		flags |= PALE_WALKER_NOFOLLOW;
	if (site->op == PALE_CALL_chdir || site->op == PALE_CALL_chroot ||
	    (opens && !pale_site_creates(site) && (site->flags & PALE_F_DIRECTORY) != 0))
		flags |= PALE_WALKER_DIRECTORY;
	return flags;
}

/* Whose last component is not taken yet must be able to search where it lies: as step.c has it. */
static int
check_parent(struct pale_actor *actor, int result)
{
	struct pale_walker_part part;

	real_part(actor, actor->slots[PALE_WALKER_LEFT], &part);
	if (result != PALE_WALKER_DONE || (walk_flags(actor) & PALE_WALKER_PARENT) == 0 ||
	    part.kind == PALE_WALKER_END)
		return result;
	return real_search(actor, actor->slots[PALE_WALKER_AT]);
}

int
pale_actor_walk_begin(struct pale_actor *actor)
{
	const struct pale_walker *walker = pale_actor_walker(actor);
	const struct pale_site *site = actor->site;
	unsigned slot = start_slot(actor);

	memset(actor->slots, 0, sizeof(actor->slots));
	actor->slots[PALE_WALKER_LEFT] =
	    site->path[site->op == PALE_CALL_symlinkat ? 1 : actor->walk];
	if (slot < PALE_MODEL_FDS && actor->fds[slot] < 0)
		return -EBADF;
	actor->slots[PALE_WALKER_AT] = real_start(actor);
	if (actor->slots[PALE_WALKER_AT] == 0)
		return -errno;
	if (real_type(actor, actor->slots[PALE_WALKER_AT]) != PALE_WALKER_IS_DIR &&
	    !real_is_absolute(actor, actor->slots[PALE_WALKER_LEFT]))
		return -ENOTDIR;
	if (walker->begin == NULL)
		return PALE_WALKER_MORE;
	return check_parent(
	    actor, walker->begin(actor->slots, walk_flags(actor), &real_ops, actor));
}

int
pale_actor_walk_step(struct pale_actor *actor)
{
	return check_parent(actor,
	    pale_actor_walker(actor)->step(actor->slots, walk_flags(actor), &real_ops, actor));
}

int
pale_actor_walk_finish(struct pale_actor *actor)
{
	const struct pale_walker *walker = pale_actor_walker(actor);
	unsigned flags = walk_flags(actor);

	/* What was made by this call is not looked at again. */
	if (walker->finish == NULL || actor->made >= 0)
		return PALE_WALKER_DONE;
	if (pale_site_creates(actor->site))
		flags &= ~(unsigned)PALE_WALKER_PARENT;
	return walker->finish(actor->slots, flags, &real_ops, actor);
}

/* As pale_walker_follow does in the model. */
static int
follow(struct pale_actor *actor, pale_walker_node link)
{
	const struct pale_walker *walker = pale_actor_walker(actor);
	uint16_t *slots = actor->slots, *links = NULL;
	struct pale_walker_part part;
	pale_walker_rest rest;
	int result;

	for (unsigned i = 0; i < walker->slot_count; i++) {
		if (walker->slots[i].kind != PALE_WALKER_LINKS)
			continue;
		links = &slots[i];
		if (*links >= walker->slots[i].max)
			return -ELOOP;
	}
	real_part(actor, slots[PALE_WALKER_LEFT], &part);
	result = real_read_link(actor, link, part.rest, part.slash, &rest);
	if (result < 0)
		return result;
	if (links != NULL)
		++*links;
	slots[PALE_WALKER_LEFT] = rest;
	return PALE_WALKER_MORE;
}

int
pale_actor_walk_take(struct pale_actor *actor)
{
	uint16_t *slots = actor->slots;
	const struct pale_site *site = actor->site;
	struct pale_walker_part part;
	pale_walker_node node;
	int dir = actor->nodes[slots[PALE_WALKER_AT]].fd;
	int fd, result;

	real_part(actor, slots[PALE_WALKER_LEFT], &part);
	if (part.kind != PALE_WALKER_NAME) {
		pale_walker_rest kept = slots[PALE_WALKER_LEFT];

		if (part.kind == PALE_WALKER_DOTDOT) {
			result = pale_actor_walker(actor)->step(slots, 0, &real_ops, actor);
			if (result < 0)
				return result;
			if (slots[PALE_WALKER_LEFT] == kept || result == PALE_WALKER_MORE)
				return PALE_WALKER_DONE;
		}
		slots[PALE_WALKER_LEFT] = 0;
		return PALE_WALKER_DONE;
	}
	if (part.slash)
		return -EISDIR;
	fd = openat(dir, part.text, PLACE);
	if (fd < 0 && errno != ENOENT)
		return -errno;
	if (fd < 0) {
		int access = (site->flags & PALE_F_WRITE) == 0 ? O_RDONLY
		    : (site->flags & PALE_F_READ) != 0         ? O_RDWR
							       : O_WRONLY;

		actor->made = openat(dir, part.text,
		    access | O_CREAT | O_EXCL | O_NOFOLLOW |
			((site->flags & PALE_F_CLOEXEC) != 0 ? O_CLOEXEC : 0),
		    site->mode);
		if (actor->made < 0)
			return -errno;
		fd = openat(dir, part.text, PLACE);
	}
	node = pale_actor_node(actor, fd);
	if (node == 0)
		return -errno;
	if (actor->nodes[node].type == PALE_WALKER_IS_LINK &&
	    (site->flags & (PALE_F_EXCL | PALE_F_NOFOLLOW)) == 0)
		return follow(actor, node);
	slots[PALE_WALKER_AT] = node;
	slots[PALE_WALKER_LEFT] = 0;
	return PALE_WALKER_DONE;
}
