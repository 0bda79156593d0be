/* SPDX-License-Identifier: BSD-2-Clause */
/* One node of a plan made real, in the new root, while the old root is still there. */
#ifndef PALE_CAGE_NODE_H
#define PALE_CAGE_NODE_H

#include "cage/cage.h"

enum {
	PALE_SITE_PATH_BYTES = 4096, /* PATH_MAX */
};

/* Where nodes are put. */
struct pale_site {
	int root;      /* top directory of the new root, as the program will see it */
	int scratch;   /* top directory of a tmpfs of our own, attached and writable meanwhile */
	bool mirrored; /* the root shows the names of scratch and cannot be written: skeleton.h */
	int ruleset;   /* Landlock ruleset that gets the node's rule, or -1 */
	uint64_t handled; /* what that ruleset handles; a rule may carry nothing else */

	/* The directory that the last node went to, for its neighbours; -1 = none yet. */
	int parent;
	bool parent_is_scratch; /* in the tree that the root shows */
	char parent_path[PALE_SITE_PATH_BYTES];
};

/*
 * Put a node. Nodes come sorted, with .cover set; .made_* are set here. What the kernel refuses of
 * an optional node is noted in the cage.
 *
 * Returns 0, or -errno: -ESTALE where a name was replaced since it was granted.
 */
int pale_node_put(
    struct pale_cage *cage, struct pale_site *site, struct pale_node *node, struct pale_err *err);

#endif
