/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree that merge.c works on: each name that was seen, and the directories on the way to
 * it from the tree's root. node.c makes it, merge.c decides what goes up into which
 * directory, settle.c makes it a set of grants that pale enforces exactly. Pure.
 */
#ifndef PALE_RUN_LEARN_NODE_H
#define PALE_RUN_LEARN_NODE_H

#include <limits.h>

#include "run/learn/merge.h"

#define PALE_NODE_NONE SIZE_MAX

/* A name, or a directory on the way to one. Nodes are in tree order: parents first. */
struct pale_learn_node {
	const char *path;             /* borrowed from what was seen */
	size_t len;                   /* of path that is this node's */
	size_t parent;                /* index, or PALE_NODE_NONE above the trees */
	size_t end;                   /* index behind the last node beneath it */
	const struct pale_seen *seen; /* NULL: only on the way */
	const char *first;
	const char *target;
	const char *notes;
	enum pale_seen_type type;
	pale_rights need;
	pale_rights added;
	pale_rights given; /* by it and all above it */
	bool moves;        /* names in it are made, removed or renamed */
	bool link;
	bool closed; /* no grant may be of it: a home, or it shows a secret */
	bool fan;
	bool exposed; /* refused, because somebody else's grant lets its name be replaced */
	uint64_t count;
	size_t reach;
	struct pale_learn_names names[PALE_LEARN_REASON_COUNT];
	pale_rights refused; /* rights that it would need and must not have */
};

struct pale_learn_nodes {
	struct pale_learn_node *nodes;
	size_t count;
	const struct pale_learn_around *around;
};

/* The last component of a node's path. */
const char *pale_node_last(const struct pale_learn_node *node, char buf[static NAME_MAX + 1]);

/* Count a node's name among those that are a reason. */
void pale_node_add_name(struct pale_learn_names *names, const struct pale_learn_node *node);

/* Does a list of paths have the one of a node, or with `beneath` one beneath it? */
bool pale_node_has(
    const char *const *list, size_t count, const struct pale_learn_node *node, bool beneath);

/* The nodes of all that was seen in the trees. -ENOMEM; free(nodes->nodes) in both cases. */
int pale_nodes_make(struct pale_learn_nodes *nodes, const struct pale_seen_list *seen);

/* Take away what a wider grant gives, and give each what is around it. Returns how many are left.
 */
size_t pale_nodes_settle(struct pale_learn_nodes *nodes);

/*
 * A name that the program can replace must not be what a grant goes by: a link in its place would
 * lead the next run anywhere. Such a directory gets the rights itself. True if one did.
 */
bool pale_nodes_flatten(struct pale_learn_nodes *nodes);

/*
 * Add what nothing withholds from a grant because others have it: rights that only the filter could
 * withhold, for the whole cage, and those that Landlock unites on the way up.
 */
void pale_nodes_add_leaks(struct pale_learn_nodes *nodes);

/* The grants. -ENOMEM. */
int pale_nodes_list(const struct pale_learn_nodes *nodes, struct pale_learn_grants *ret);

#endif
