/* SPDX-License-Identifier: BSD-2-Clause */
/* From what is needed to grants that are enforced exactly; see node.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/scope.h"
#include "run/compile.h"
#include "run/learn/node.h"

/* Rights by which a name is made to lead elsewhere. */
static pale_rights
replacing(void)
{
	return RS(SYMLINKAT, UNLINKAT, RENAMEAT_SOURCE) | RS(RENAMEAT_TARGET, LINKAT_TARGET);
}

/* What the grants of others give at a node. */
static pale_rights
base_of(const struct pale_learn_nodes *m, const struct pale_learn_node *node)
{
	pale_rights rights = 0;

	for (size_t i = 0; i < m->around->base_count; i++) {
		const struct pale_learn_base *base = &m->around->base[i];
		size_t len = strlen(base->path);

		if (base->has_rights && len <= node->len &&
		    strncmp(base->path, node->path, len) == 0 &&
		    (len == node->len || (base->is_dir && node->path[len] == '/')))
			rights |= base->rights;
	}
	return rights;
}

/* Is a node what somebody else grants by this very path? That name cannot be replaced. */
static bool
is_base(const struct pale_learn_nodes *m, const struct pale_learn_node *node)
{
	for (size_t i = 0; i < m->around->base_count; i++)
		if (strlen(m->around->base[i].path) == node->len &&
		    strncmp(m->around->base[i].path, node->path, node->len) == 0)
			return true;
	return false;
}

/* What is given at a node before its own grant. */
static pale_rights
above_of(const struct pale_learn_nodes *m, const struct pale_learn_node *node)
{
	pale_rights base = base_of(m, node);

	return node->parent == PALE_NODE_NONE ? base : base | m->nodes[node->parent].given;
}

/* Take away what a wider grant gives, and give each what is around it. */
size_t
pale_nodes_settle(struct pale_learn_nodes *m)
{
	size_t count = 0;

	for (size_t i = 0; i < m->count; i++) {
		struct pale_learn_node *node = &m->nodes[i];
		pale_rights above = above_of(m, node);

		node->given = above;
		if (node->need == 0)
			continue;
		if ((node->need & ~above) == 0) {
			node->need = 0;
			continue;
		}
		node->need = pale_rights_close(node->need | above | RS(LOOKUP));
		if (node->type == PALE_SEEN_DIR)
			node->given = node->need;
		count++;
	}
	return count;
}

/* The widest directory around a node that is granted, if names in it can be replaced; or
 * PALE_NODE_NONE.
 */
static size_t
replaceable_around(const struct pale_learn_nodes *m, const struct pale_learn_node *node)
{
	size_t found = PALE_NODE_NONE;

	for (size_t at = node->parent; at != PALE_NODE_NONE; at = m->nodes[at].parent)
		if (m->nodes[at].need != 0 && (m->nodes[at].given & replacing()) != 0)
			found = at;
	return found;
}

/*
 * A name that the program can replace must not be what a grant goes by: a link in its place would
 * lead the next run anywhere. Such a directory gets the rights itself.
 */
bool
pale_nodes_flatten(struct pale_learn_nodes *m)
{
	bool changed = false;

	for (size_t i = 0; i < m->count; i++) {
		struct pale_learn_node *node = &m->nodes[i];
		size_t above = node->need == 0 ? PALE_NODE_NONE : replaceable_around(m, node);

		if (node->need != 0 && (base_of(m, node) & replacing()) != 0 &&
		    node->type != PALE_SEEN_UNKNOWN && !is_base(m, node)) {
			node->refused |= node->need;
			node->exposed = true;
			node->need = 0;
			changed = true;
			continue;
		}
		if (above == PALE_NODE_NONE)
			continue;
		if ((node->need & ~m->nodes[above].need) != 0)
			pale_node_add_name(&m->nodes[above].names[PALE_LEARN_INNER], node);
		m->nodes[above].need |= node->need;
		m->nodes[above].count += node->count;
		node->need = 0;
		changed = true;
	}
	return changed;
}

/* All that Landlock allows around a path by grants of others. */
static uint64_t
landlock_around(const struct pale_learn_nodes *m, const struct pale_learn_node *node)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < m->around->base_count; i++) {
		const struct pale_learn_base *base = &m->around->base[i];
		size_t len = strlen(base->path);

		if (base->is_dir && len < node->len && strncmp(base->path, node->path, len) == 0 &&
		    node->path[len] == '/')
			bits |= base->landlock;
	}
	return bits;
}

/*
 * What a grant gets back from around it. That a FIFO in a directory for reading can be written to
 * is told at each run, and refused by none.
 */
static pale_rights
from_around(const struct pale_learn_nodes *m, const struct pale_learn_node *node)
{
	pale_rights back = pale_compile_around(node->need, landlock_around(m, node),
	    node->type == PALE_SEEN_DIR, node->type == PALE_SEEN_FILE);

	return node->type == PALE_SEEN_DIR && back == RS(WRITE) &&
		(node->need & pale_rights_of_mount(PALE_MOUNT_RDONLY)) == 0
	    ? 0
	    : back;
}

/*
 * Add what nothing withholds from a grant because others have it: rights that only the filter could
 * withhold, for the whole cage, and those that Landlock unites on the way up.
 */
void
pale_nodes_add_leaks(struct pale_learn_nodes *m)
{
	pale_rights cage = 0;
	bool changed;

	for (size_t i = 0; i < m->around->base_count; i++)
		if (m->around->base[i].has_rights)
			cage |= m->around->base[i].rights;
	for (size_t i = 0; i < m->count; i++)
		cage |= m->nodes[i].need;
	do {
		changed = false;
		for (size_t i = 0; i < m->count; i++) {
			struct pale_learn_node *node = &m->nodes[i];
			pale_rights had = node->need;
			pale_rights above = above_of(m, node);

			node->given = above;
			if (node->need == 0)
				continue;
			node->need = pale_rights_close(node->need | above);
			cage |= node->need;
			node->need |= pale_rights_leak(node->need, cage, m->around->landlock_abi);
			node->need |= from_around(m, node);
			node->need = pale_rights_close(node->need);
			node->added |= node->need & ~had & ~above;
			changed |= node->need != had;
			cage |= node->need;
			if (node->type == PALE_SEEN_DIR)
				node->given = node->need;
		}
	} while (changed);
	/* Some are now as wide as what is around them: a mount less, and no rename is cut off. */
	for (size_t i = 0; i < m->count; i++) {
		struct pale_learn_node *node = &m->nodes[i];

		if (node->need != 0 && (node->need & ~above_of(m, node)) == 0)
			node->need = 0;
	}
}

static int
add_grant(struct pale_learn_grants *ret, const struct pale_learn_nodes *m,
    const struct pale_learn_node *node, pale_rights rights, const char *refused)
{
	struct pale_learn_grant *grown = reallocarray(ret->list, ret->count + 1, sizeof(*grown));
	pale_rights above = above_of(m, node);
	bool widened = node->added != 0;

	if (grown == NULL)
		return -ENOMEM;
	ret->list = grown;
	grown += ret->count;
	*grown = (struct pale_learn_grant){ .path = strndup(node->path, node->len),
		.target = node->link ? node->target : NULL,
		.notes = node->notes,
		.first = node->first,
		.type = node->type,
		.rights = rights | (refused == NULL ? above : 0),
		.added = node->added,
		.count = node->count,
		.refused = refused };
	if (grown->path == NULL)
		return -ENOMEM;
	memcpy(grown->names, node->names, sizeof(grown->names));
	for (size_t i = 0; i < PALE_LEARN_REASON_COUNT; i++)
		widened |= node->names[i].count > 0;
	ret->count++;
	ret->refused += refused != NULL;
	ret->widened += refused == NULL && widened && rights != 0;
	return 0;
}

/* Is a link seen anyway, in a directory that is granted? */
static bool
is_shown(const struct pale_learn_nodes *m, const struct pale_learn_node *node)
{
	return node->parent != PALE_NODE_NONE && m->nodes[node->parent].given != 0;
}

int
pale_nodes_list(const struct pale_learn_nodes *m, struct pale_learn_grants *ret)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < m->count; i++) {
		const struct pale_learn_node *node = &m->nodes[i];
		bool secret =
		    pale_node_has(m->around->secrets, m->around->secret_count, node, true);

		if (node->need != 0 || (node->link && !is_shown(m, node)))
			result = add_grant(ret, m, node, node->link ? 0 : node->need, NULL);
		if (result == 0 && node->refused != 0)
			result = add_grant(ret, m, node, node->refused,
			    node->exposed
				? "the command could replace its name, as a wider grant lets it"
				: secret ? "it would show a secret"
					 : "it would show all of a home");
	}
	return result;
}
