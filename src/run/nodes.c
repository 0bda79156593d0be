/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a plan to the nodes of a cage: entries that need something of their own, the symbolic links
 * that lead to grants, and what every cage has.
 */
#include "run/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/path.h"
#include "core/scope.h"
#include "run/fds.h"

enum {
	OWN_NODES = 8, /* /proc, /dev/pts, /dev/console, /etc/hosts, 0 to 2 and one to spare */
	UNIX98_MAJOR_FIRST =
	    136, /* pseudo-terminals, linux/Documentation/admin-guide/devices.txt */
	UNIX98_MAJOR_LAST = 143,
};

struct list {
	struct pale_node *nodes;
	size_t count;
};

static struct pale_node *
add(struct list *list, enum pale_node_kind kind, const char *path)
{
	struct pale_node *node = &list->nodes[list->count++];

	*node = (struct pale_node){ .kind = kind, .path = path, .fd = -1, .number = -1 };
	return node;
}

/* Is there something at this path already that a grant shows? */
static bool
is_shown(const struct pale_plan *plan, const char *path)
{
	const struct pale_entry *entry = pale_plan_find(plan, path);

	return entry != NULL && pale_entry_has_rights(entry);
}

static void
add_entry(struct list *list, const struct pale_plan *plan, const struct pale_entry *entry)
{
	static const enum pale_node_kind kinds[] = {
		[PALE_GRANT_PATH] = PALE_PUT_MOUNT,
		[PALE_GRANT_DIR] = PALE_PUT_MOUNT,
		[PALE_GRANT_FILE] = PALE_PUT_MOUNT,
		[PALE_GRANT_COPY] = PALE_PUT_COPY,
		[PALE_GRANT_HIDE] = PALE_PUT_HIDE,
		[PALE_GRANT_TMP] = PALE_PUT_TMP,
		[PALE_GRANT_DEV] = PALE_PUT_MOUNT,
		[PALE_GRANT_FD] = PALE_PUT_FD,
		[PALE_GRANT_LINK] = PALE_PUT_LINK,
		[PALE_GRANT_UNIX] = PALE_PUT_MOUNT,
		[PALE_GRANT_FIFO] = PALE_PUT_MOUNT,
	};
	struct pale_node *node;

	if (entry->redundant || (entry->kind == PALE_GRANT_FD && !entry->reopen))
		return;
	/* What is hidden where nothing shows it is not there anyway. */
	if (entry->kind == PALE_GRANT_HIDE && entry->cover == PALE_NO_COVER)
		return;
	/* A name that is not there yet: its directory is, or is made. */
	if (entry->absent) {
		if (!is_shown(plan, entry->at.path))
			add(list, PALE_PUT_DIR, entry->at.path)->is_dir = true;
		return;
	}
	node = add(list, kinds[entry->kind], entry->path);
	node->target = entry->target;
	node->fd = entry->at.fd;
	node->is_dir = entry->is_dir;
	node->dev = entry->at.dev;
	node->ino = entry->at.ino;
	node->attr = entry->attr;
	node->landlock = entry->landlock;
	node->number = entry->fd;
	node->open_flags = entry->open_flags;
	node->offset = entry->offset;
}

static void
add_links(struct list *list, const struct pale_plan *plan, const struct pale_entry *entry)
{
	for (size_t i = 0; i < entry->at.link_count; i++) {
		const struct pale_link *link = &entry->at.links[i];

		if (!is_shown(plan, link->path))
			add(list, PALE_PUT_LINK, link->path)->target = link->target;
	}
}

/*
 * The terminal that a descriptor is on, as /dev/console: its own name lies in a devpts that the
 * cage does not have, and ttyname(3) looks for it in /dev.
 */
static int
open_terminal(struct stat *ret_st)
{
	for (int fd = 0; fd < 3; fd++) {
		PALE_CLOSE int named = -1;
		char name[PATH_MAX];
		struct stat st;
		struct stat there;

		if (!isatty(fd) || fstat(fd, &st) < 0 || major(st.st_rdev) < UNIX98_MAJOR_FIRST ||
		    major(st.st_rdev) > UNIX98_MAJOR_LAST || ttyname_r(fd, name, sizeof(name)) != 0)
			continue;
		named = open(name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (named < 0 || fstat(named, &there) < 0 || there.st_rdev != st.st_rdev ||
		    there.st_ino != st.st_ino)
			continue;
		*ret_st = there;
		return pale_take_fd(&named);
	}
	return -1;
}

static void
add_own(struct list *list, const struct pale_plan *plan)
{
	static const uint64_t all_devices = PALE_LL_READ_FILE | PALE_LL_READ_DIR |
	    PALE_LL_WRITE_FILE | PALE_LL_TRUNCATE | PALE_LL_IOCTL_DEV;
	struct pale_node *node;
	struct stat st;

	if (plan->proc) {
		node = add(list, PALE_PUT_PROC, "/proc");
		node->is_dir = true;
		node->proc_full = plan->proc_full;
		node->optional = plan->proc_optional;
		node->landlock = all_devices;
	} else if (is_shown(plan, "/proc")) {
		add(list, PALE_PUT_HIDE, "/proc")->is_dir = true;
	}
	if (!plan->terminal)
		return;
	node = add(list, PALE_PUT_DEVPTS, "/dev/pts");
	node->is_dir = true;
	node->landlock = all_devices;
	/* Not over a console that a grant shows: that is another device. */
	if (plan->terminal_fd >= 0 && !is_shown(plan, "/dev/console") &&
	    fstat(plan->terminal_fd, &st) == 0) {
		node = add(list, PALE_PUT_MOUNT, "/dev/console");
		node->fd = plan->terminal_fd;
		node->dev = st.st_dev;
		node->ino = st.st_ino;
		node->attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY;
		node->landlock = all_devices;
	}
}

static bool
is_granted(const struct pale_plan *plan, int fd)
{
	for (size_t i = 0; i < plan->entry_count; i++) {
		if (plan->entries[i].kind == PALE_GRANT_FD && plan->entries[i].fd == fd)
			return true;
	}
	return false;
}

/* Devices among 0 to 2, through mounts of their own. */
static void
add_stdio(struct list *list, struct pale_plan *plan)
{
	static const char *const names[] = { "fd 0", "fd 1", "fd 2" };

	for (int fd = 0; fd < (int)PALE_COUNT(names); fd++) {
		struct pale_node *node;
		int flags;

		if (is_granted(plan, fd))
			continue;
		plan->stdio_fd[fd] = pale_fds_device(fd, &flags);
		if (plan->stdio_fd[fd] < 0)
			continue;
		node = add(list, PALE_PUT_FD, names[fd]);
		node->fd = plan->stdio_fd[fd];
		node->attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY;
		node->number = fd;
		node->open_flags = flags;
	}
}

/* Is this copy of the machine's file replaced by one of ours? */
static bool
is_replaced(const struct pale_plan *plan, const struct pale_entry *entry)
{
	return plan->net->file_path != NULL && entry->kind == PALE_GRANT_COPY &&
	    strcmp(entry->path, plan->net->file_path) == 0;
}

/* /etc/hosts, with the hosts that are granted by name; unless somebody wants it otherwise. */
static void
add_hosts(struct list *list, const struct pale_plan *plan)
{
	const struct pale_net *net = plan->net;
	const struct pale_entry *entry;
	struct pale_node *node;

	if (net->file_path == NULL)
		return;
	entry = pale_plan_find(plan, net->file_path);
	if (entry != NULL &&
	    (entry->kind == PALE_GRANT_HIDE ||
		(pale_entry_has_rights(entry) && strcmp(entry->path, net->file_path) == 0)))
		return;
	node = add(list, PALE_PUT_TEXT, net->file_path);
	node->target = net->file_text;
	node->landlock = PALE_LL_READ_FILE;
	node->optional = true;
}

static int
compare_node(const void *a, const void *b)
{
	const struct pale_node *x = a;
	const struct pale_node *y = b;

	return pale_plan_compare(x->path, y->path);
}

/* Somebody misses it where it is not there. */
static bool
is_meant(const struct pale_entry *entry)
{
	return entry->kind != PALE_GRANT_HIDE && entry->kind != PALE_GRANT_COPY &&
	    entry->kind != PALE_GRANT_LINK;
}

int
pale_plan_nodes(
    struct pale_plan *plan, struct pale_node **ret_nodes, size_t *ret_count, struct pale_err *err)
{
	const struct pale_entry *hide = NULL; /* entries are sorted: those in it follow it */
	struct list list = { 0 };
	size_t most = plan->entry_count + OWN_NODES;
	size_t kept = 0;
	struct stat st;

	if (plan->terminal)
		plan->terminal_fd = open_terminal(&st);
	for (size_t i = 0; i < plan->entry_count; i++)
		most += plan->entries[i].at.link_count;
	list.nodes = calloc(most, sizeof(*list.nodes));
	if (list.nodes == NULL)
		return pale_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < plan->entry_count; i++) {
		const struct pale_entry *entry = &plan->entries[i];
		bool hidden = hide != NULL && pale_path_is_beneath(entry->path, hide->path);

		if (hidden && !entry->redundant && is_meant(entry)) {
			free(list.nodes);
			pale_fail(err, -EEXIST, "'%s' (%s) lies in '%s' (%s), which is hidden",
			    entry->path, entry->origin, hide->path, hide->origin);
			return pale_remedy(err, "hide the other parts of it one by one");
		}
		if (hidden)
			continue;
		if (entry->kind == PALE_GRANT_HIDE && entry->cover != PALE_NO_COVER)
			hide = entry;
		if (!is_replaced(plan, entry))
			add_entry(&list, plan, entry);
		add_links(&list, plan, entry);
	}
	add_own(&list, plan);
	add_hosts(&list, plan);
	add_stdio(&list, plan);
	qsort(list.nodes, list.count, sizeof(*list.nodes), compare_node);
	/* A link met on the way to several grants is there once. */
	for (size_t i = 0; i < list.count; i++) {
		const struct pale_node *last = kept == 0 ? NULL : &list.nodes[kept - 1];

		if (last != NULL && last->kind == PALE_PUT_LINK &&
		    list.nodes[i].kind == PALE_PUT_LINK &&
		    strcmp(last->path, list.nodes[i].path) == 0 &&
		    strcmp(last->target, list.nodes[i].target) == 0)
			continue;
		list.nodes[kept++] = list.nodes[i];
	}
	*ret_nodes = list.nodes;
	*ret_count = kept;
	return 0;
}
