/* SPDX-License-Identifier: BSD-2-Clause */
/* A path inside a cage that is not there; see view.h. */
#include "run/why/view.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/path.h"
#include "core/scope.h"
#include "core/walk.h"

/* One node that the walk holds. */
struct node {
	char *path; /* canonical, inside; NULL: the slot is free */
	enum pale_view_kind kind;
	const struct pale_entry *entry;
	const char *target; /* LINK */
	int fd;             /* GRANT: O_PATH, else -1 */
	bool is_dir;
	struct stat st; /* GRANT */
};

struct view {
	const struct pale_plan *plan;
	struct node *nodes;
	size_t count;
	char missing[PATH_MAX]; /* the last name that was not there */
};

static void
node_done(struct node *node)
{
	free(node->path);
	if (node->fd >= 0)
		close(node->fd);
	*node = (struct node){ .fd = -1 };
}

/* A slot for a node at a path; NULL without memory. */
static struct node *
node_new(struct view *view, const char *path, enum pale_view_kind kind, uint32_t *ret_node)
{
	size_t at = 0;

	while (at < view->count && view->nodes[at].path != NULL)
		at++;
	if (at == view->count) {
		size_t count = view->count * 2 + 8;
		struct node *grown = realloc(view->nodes, count * sizeof(*grown));

		if (grown == NULL)
			return NULL;
		for (size_t i = view->count; i < count; i++)
			grown[i] = (struct node){ .fd = -1 };
		view->nodes = grown;
		view->count = count;
	}
	view->nodes[at] = (struct node){ .path = strdup(path), .kind = kind, .fd = -1 };
	*ret_node = (uint32_t)at;
	return view->nodes[at].path == NULL ? NULL : &view->nodes[at];
}

/* An entry at exactly this path that is there for names; NULL if none. */
static const struct pale_entry *
entry_at(const struct pale_plan *plan, const char *path)
{
	for (size_t i = 0; i < plan->entry_count; i++) {
		const struct pale_entry *entry = &plan->entries[i];

		if (entry->kind != PALE_GRANT_FD && !entry->absent &&
		    strcmp(entry->path, path) == 0 &&
		    !(entry->redundant && !pale_entry_has_rights(entry)) &&
		    !(entry->kind == PALE_GRANT_HIDE && entry->cover == PALE_NO_COVER))
			return entry;
	}
	return NULL;
}

static const char *
rebuilt_link(const struct pale_plan *plan, const char *path)
{
	for (size_t i = 0; i < plan->entry_count; i++) {
		const struct pale_resolved *at = &plan->entries[i].at;

		for (size_t l = 0; l < at->link_count; l++) {
			if (strcmp(at->links[l].path, path) == 0)
				return at->links[l].target;
		}
	}
	return NULL;
}

static bool
is_above(const char *path, const char *below)
{
	return strcmp(path, below) != 0 && pale_path_is_beneath(below, path);
}

/* Does the empty root need this directory, because something lies below it? */
static bool
leads_somewhere(const struct pale_plan *plan, const char *path)
{
	if (plan->proc && is_above(path, "/proc"))
		return true;
	if (plan->terminal && is_above(path, "/dev/pts"))
		return true;
	for (size_t i = 0; i < plan->entry_count; i++) {
		const struct pale_entry *entry = &plan->entries[i];

		if (entry->kind != PALE_GRANT_FD && entry->path[0] == '/' &&
		    is_above(path, entry->path))
			return true;
		for (size_t l = 0; l < entry->at.link_count; l++) {
			if (is_above(path, entry->at.links[l].path))
				return true;
		}
	}
	return false;
}

static int
fill_grant(struct node *node, const struct pale_entry *entry, int fd)
{
	node->entry = entry;
	node->fd = fd;
	if (fd < 0 || fstat(fd, &node->st) < 0)
		return -errno;
	node->is_dir = S_ISDIR(node->st.st_mode);
	return 0;
}

/* Fill a node from an entry of its own path. */
static int
fill_entry(struct node *node, const struct pale_entry *entry)
{
	node->entry = entry;
	if (pale_entry_has_rights(entry)) {
		node->kind = PALE_VIEW_GRANT;
		return fill_grant(node, entry, fcntl(entry->at.fd, F_DUPFD_CLOEXEC, 3));
	}
	node->kind = entry->kind == PALE_GRANT_LINK ? PALE_VIEW_LINK : PALE_VIEW_THING;
	node->target = entry->target;
	node->is_dir = entry->is_dir;
	return 0;
}

/* Fill a node at .path that is looked up in dir. */
static int
fill(const struct pale_plan *plan, const struct node *dir, const char *name, struct node *node)
{
	const struct pale_entry *entry = entry_at(plan, node->path);
	const char *target = rebuilt_link(plan, node->path);

	if ((plan->proc && strcmp(node->path, "/proc") == 0) ||
	    (plan->terminal && strcmp(node->path, "/dev/pts") == 0)) {
		node->kind = PALE_VIEW_OWN;
		node->is_dir = true;
		return 0;
	}
	if (entry != NULL)
		return fill_entry(node, entry);
	if (dir != NULL && dir->kind == PALE_VIEW_GRANT)
		return fill_grant(
		    node, dir->entry, openat(dir->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
	if (target != NULL) {
		node->kind = PALE_VIEW_LINK;
		node->target = target;
		return 0;
	}
	if (dir != NULL && !leads_somewhere(plan, node->path))
		return -ENOENT;
	node->kind = PALE_VIEW_SKELETON;
	node->is_dir = true;
	return 0;
}

static int
view_lookup(void *ctx, uint32_t dir, const char *name, bool dir_only, uint32_t *ret_node)
{
	struct view *view = ctx;
	const char *above = view->nodes[dir].path;
	char path[PATH_MAX];
	struct node *node;
	uint32_t at;
	int r;

	r = snprintf(path, sizeof(path), "%s/%s", above[1] == '\0' ? "" : above, name);
	if (r < 0 || (size_t)r >= sizeof(path))
		return -ENAMETOOLONG;
	if (view->nodes[dir].kind == PALE_VIEW_OWN) {
		/* A name in /proc, where nothing can be known. */
		return -ENXIO;
	}
	/* The entry of the directory says what a missing name would be in. */
	snprintf(view->missing, sizeof(view->missing), "%s", path);
	node = node_new(view, path, PALE_VIEW_GRANT, &at);
	if (node == NULL)
		return -ENOMEM;
	r = fill(view->plan, &view->nodes[dir], name, node);
	if (r == 0 && dir_only && !node->is_dir)
		r = -ENOTDIR;
	if (r < 0)
		node_done(node);
	else
		*ret_node = at;
	return r;
}

static int
view_identify(void *ctx, uint32_t at, struct pale_walk_id *ret_id)
{
	const struct view *view = ctx;
	const struct node *node = &view->nodes[at];
	bool is_link = node->kind == PALE_VIEW_LINK ||
	    (node->kind == PALE_VIEW_GRANT && S_ISLNK(node->st.st_mode));

	*ret_id = (struct pale_walk_id){
		.type = is_link    ? PALE_WALK_IS_LINK
		    : node->is_dir ? PALE_WALK_IS_DIR
				   : PALE_WALK_IS_OTHER,
		.dev = node->st.st_dev,
		.ino = node->fd >= 0 ? node->st.st_ino : at,
	};
	return 0;
}

static ssize_t
view_read_link(void *ctx, uint32_t at, char *buf, size_t size)
{
	const struct view *view = ctx;
	const struct node *node = &view->nodes[at];
	ssize_t len;

	if (node->kind != PALE_VIEW_LINK) {
		len = readlinkat(node->fd, "", buf, size);
		return len < 0 ? -errno : len;
	}
	len = (ssize_t)strlen(node->target);
	memcpy(buf, node->target, (size_t)len < size ? (size_t)len : size);
	return (size_t)len < size ? len : (ssize_t)size;
}

static void
view_release(void *ctx, uint32_t at)
{
	struct view *view = ctx;

	node_done(&view->nodes[at]);
}

static const struct pale_walk_ops view_ops = {
	.lookup = view_lookup,
	.identify = view_identify,
	.read_link = view_read_link,
	.release = view_release,
};

static void
describe(const struct view *view, const struct node *node, struct pale_view *ret)
{
	const struct pale_plan *plan = view->plan;

	*ret = (struct pale_view){ .exists = true,
		.kind = node->kind,
		.above_kind = node->kind,
		.entry = node->entry,
		.above = node->entry,
		.is_dir = node->is_dir,
		.named =
		    entry_at(plan, node->path) != NULL || rebuilt_link(plan, node->path) != NULL };
	snprintf(ret->path, sizeof(ret->path), "%s", node->path);
	if (node->kind == PALE_VIEW_GRANT) {
		ret->mode = node->st.st_mode;
		ret->uid = node->st.st_uid;
		ret->gid = node->st.st_gid;
		ret->is_device = S_ISCHR(ret->mode) || S_ISBLK(ret->mode);
	}
}

/* What the directory of something is, from the plan alone. */
static void
describe_above(const struct view *view, struct pale_view *ret)
{
	char parent[PATH_MAX];
	char *slash;

	snprintf(parent, sizeof(parent), "%s", ret->path);
	slash = strrchr(parent, '/');
	slash[slash == parent ? 1 : 0] = '\0';
	ret->above = pale_plan_find(view->plan, parent);
	if (ret->above == NULL)
		ret->above_kind = PALE_VIEW_SKELETON;
	else
		ret->above_kind =
		    pale_entry_has_rights(ret->above) ? PALE_VIEW_GRANT : PALE_VIEW_THING;
}

static int
finish(struct view *view, struct pale_walk *walk, int r, const char *asked, struct pale_view *ret)
{
	uint32_t at;
	int owned;

	if (r == -ENXIO) {
		*ret = (struct pale_view){ .exists = true, .kind = PALE_VIEW_OWN };
		ret->above_kind = PALE_VIEW_OWN;
		snprintf(ret->path, sizeof(ret->path), "%s", asked);
		return 0;
	}
	if (r == -ENOENT && walk->is_last) {
		/* Only the last name is missing: the answer is about the directory it would be in.
		 */
		*ret = (struct pale_view){ .kind = PALE_VIEW_SKELETON };
		memcpy(ret->path, view->missing, sizeof(ret->path));
		describe_above(view, ret);
		ret->kind = ret->above_kind;
		ret->entry = ret->above;
		return 0;
	}
	if (r < 0) {
		memcpy(ret->path, view->missing, sizeof(ret->path));
		return r;
	}
	owned = pale_walk_take(walk, &at);
	describe(view, &view->nodes[at], ret);
	if (strcmp(ret->path, "/") != 0)
		describe_above(view, ret);
	if (owned)
		view_release(view, at);
	return 0;
}

int
pale_view_resolve(
    const struct pale_plan *plan, const char *path, bool follow, struct pale_view *ret)
{
	struct view view = { .plan = plan };
	struct pale_walk walk;
	struct node *top;
	uint32_t root;
	int r;

	top = node_new(&view, "/", PALE_VIEW_SKELETON, &root);
	if (top != NULL) {
		r = fill(plan, NULL, "", top);
		if (r == 0) {
			r = pale_walk_init(&walk, PALE_WALK_IN_ROOT, root, PALE_WALK_NO_NODE, path,
			    follow ? 0 : PALE_WALK_NOFOLLOW);
			if (r == 0)
				r = pale_walk_run(&walk, &view_ops, &view);
			r = finish(&view, &walk, r, path, ret);
			pale_walk_done(&walk, &view_ops, &view);
		}
	} else {
		r = -ENOMEM;
	}
	for (size_t i = 0; i < view.count; i++)
		node_done(&view.nodes[i]);
	free(view.nodes);
	return r;
}

int
pale_view_machine(const struct pale_plan *plan, const char *path)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	int fd = -1;

	if (plan->machine <= 0)
		fd = open(path, O_PATH | O_CLOEXEC);
	/* A rename elsewhere can disturb a walk with "..": as often as the supervisor tries. */
	for (int i = 0; plan->machine > 0 && i < PALE_WALK_TRIES; i++) {
		fd = (int)syscall(SYS_openat2, plan->machine, path, &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd < 0 ? -errno : fd;
}
