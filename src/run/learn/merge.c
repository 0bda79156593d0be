/* SPDX-License-Identifier: BSD-2-Clause */
/* What was seen as grants; see merge.h. */
#include "run/learn/merge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/scope.h"
#include "run/learn/name.h"
#include "run/learn/node.h"

enum {
	GROUPS_MAX = 64, /* sets of rights that are told apart in one directory */
};

/* Rights that make, remove or rename names in a directory. */
static pale_rights
name_rights(void)
{
	return RS(CREATE, MKDIRAT, MKFIFOAT, SYMLINKAT, BINDAT, UNLINKAT) |
	    RS(RENAMEAT_SOURCE, RENAMEAT_TARGET, LINKAT_SOURCE, LINKAT_TARGET);
}

/* Which names go up into their directory? First, in which directories names come and go. */
static void
mark_moves(struct pale_learn_nodes *m)
{
	for (size_t i = 0; i < m->count; i++) {
		struct pale_learn_node *node = &m->nodes[i];

		if (node->type == PALE_SEEN_DIR && (node->need & name_rights()) != 0)
			node->moves = true;
		if (node->seen != NULL && node->seen->passing && node->parent != PALE_NODE_NONE)
			m->nodes[node->parent].moves = true;
	}
}

/* Why a node has to go up into its directory; REASON_COUNT if it need not. */
static enum pale_learn_reason
reason_to_lift(const struct pale_learn_nodes *m, const struct pale_learn_node *node)
{
	const struct pale_learn_node *parent = &m->nodes[node->parent];
	char name[NAME_MAX + 1];
	enum pale_name_kind kind = pale_name_kind(pale_node_last(node, name));

	if (node->seen != NULL && node->seen->passing)
		return PALE_LEARN_MADE;
	/* What is in a directory that comes and goes does so too. */
	if (parent->seen != NULL && parent->seen->passing && (node->need != 0 || node->link))
		return PALE_LEARN_MADE;
	if (node->reach < node->len)
		return PALE_LEARN_MOVED;
	if (node->need == 0)
		return PALE_LEARN_REASON_COUNT;
	if (parent->moves && node->type != PALE_SEEN_DIR && !node->link)
		return PALE_LEARN_MADE;
	if (parent->closed)
		return PALE_LEARN_REASON_COUNT;
	if (kind == PALE_NAME_RANDOM || kind == PALE_NAME_HEX || kind == PALE_NAME_UUID ||
	    (kind == PALE_NAME_PID && node->type != PALE_SEEN_DIR))
		return PALE_LEARN_RANDOM;
	if (node->type == PALE_SEEN_DIR && node->fan && pale_name_is_fan(name))
		return PALE_LEARN_RANDOM;
	return PALE_LEARN_REASON_COUNT;
}

/* Put what a node needs into its directory. */
static void
lift(struct pale_learn_nodes *m, struct pale_learn_node *node, enum pale_learn_reason reason)
{
	struct pale_learn_node *parent = &m->nodes[node->parent];
	char name[NAME_MAX + 1];
	enum pale_name_kind kind = pale_name_kind(pale_node_last(node, name));

	parent->need |= node->need;
	parent->count += node->count;
	if (parent->first == NULL)
		parent->first = node->first;
	if (node->reach < parent->len && node->reach < parent->reach)
		parent->reach = node->reach;
	if (kind == PALE_NAME_HEX || kind == PALE_NAME_RANDOM)
		parent->fan = true;
	pale_node_add_name(&parent->names[reason], node);
	parent->names[PALE_LEARN_FLOOD].count += node->names[PALE_LEARN_FLOOD].count;
	node->need = 0;
	node->count = 0;
	node->link = false;
}

/* From the leaves: what is not to be granted by its own name goes up. */
static void
lift_all(struct pale_learn_nodes *m)
{
	for (size_t i = m->count; i-- > 0;) {
		struct pale_learn_node *node = &m->nodes[i];
		enum pale_learn_reason reason;

		if (node->parent == PALE_NODE_NONE)
			continue;
		reason = reason_to_lift(m, node);
		if (reason == PALE_LEARN_REASON_COUNT)
			continue;
		if (!m->nodes[node->parent].closed) {
			lift(m, node, reason);
			continue;
		}
		/* What is there all the same can be granted as it is; what comes and goes cannot.
		 */
		if (node->seen != NULL && node->seen->passing) {
			m->nodes[node->parent].refused |= node->need;
			pale_node_add_name(&m->nodes[node->parent].names[reason], node);
			node->need = 0;
			node->link = false;
		}
	}
}

/* Is a node a secret, or in one? */
static bool
in_secret(const struct pale_learn_nodes *m, const struct pale_learn_node *node)
{
	for (size_t i = 0; i < m->around->secret_count; i++) {
		size_t len = strlen(m->around->secrets[i]);

		if (len <= node->len && strncmp(m->around->secrets[i], node->path, len) == 0 &&
		    (len == node->len || node->path[len] == '/'))
			return true;
	}
	return false;
}

/* A home shows as far as there are grants in it; more would show all of it. */
static void
refuse_closed(struct pale_learn_nodes *m)
{
	pale_rights seen = pale_rights_close(RS(LOOKUP));

	for (size_t i = 0; i < m->count; i++) {
		struct pale_learn_node *node = &m->nodes[i];

		if (in_secret(m, node)) {
			node->need = 0;
			node->link = false;
		}
		if (!node->closed || node->type != PALE_SEEN_DIR)
			continue;
		node->refused |= node->need;
		node->need = 0;
		if ((node->refused & ~seen) == 0)
			node->refused = 0;
	}
}

/* The largest group of children with the same rights, and how many it has. */
static size_t
largest_group(const struct pale_learn_nodes *m, size_t parent, pale_rights *ret_rights)
{
	struct {
		pale_rights rights;
		size_t count;
	} groups[GROUPS_MAX];
	size_t count = 0;
	size_t best = 0;

	for (size_t i = parent + 1; i < m->nodes[parent].end; i = m->nodes[i].end) {
		pale_rights need = m->nodes[i].need;
		size_t at = 0;

		if (need == 0)
			continue;
		while (at < count && groups[at].rights != need)
			at++;
		if (at == GROUPS_MAX)
			continue;
		if (at == count) {
			groups[count].count = 0;
			groups[count++].rights = need;
		}
		if (++groups[at].count > best) {
			best = groups[at].count;
			*ret_rights = need;
		}
	}
	return best;
}

/* Children that a directory covers need no grant of their own. */
static void
absorb(struct pale_learn_nodes *m, size_t parent, pale_rights rights)
{
	struct pale_learn_node *dir = &m->nodes[parent];

	dir->need |= rights;
	for (size_t i = parent + 1; i < dir->end; i = m->nodes[i].end) {
		struct pale_learn_node *node = &m->nodes[i];

		if (node->need == 0 || (node->need & ~dir->need) != 0)
			continue;
		pale_node_add_name(&dir->names[PALE_LEARN_MANY], node);
		dir->count += node->count;
		if (dir->first == NULL)
			dir->first = node->first;
		node->need = 0;
	}
}

static void
merge_siblings(struct pale_learn_nodes *m, size_t least)
{
	for (size_t i = m->count; i-- > 0;) {
		pale_rights rights = 0;

		if (m->nodes[i].type != PALE_SEEN_DIR || m->nodes[i].closed)
			continue;
		while (largest_group(m, i, &rights) >= least)
			absorb(m, i, rights);
	}
}

int
pale_learn_merge(const struct pale_seen_list *seen, const struct pale_learn_around *around,
    struct pale_learn_grants *ret)
{
	struct pale_learn_nodes m = { .around = around };
	struct pale_learn_grants grants = { 0 };
	int result = pale_nodes_make(&m, seen);

	if (result == 0) {
		mark_moves(&m);
		lift_all(&m);
		refuse_closed(&m);
		merge_siblings(&m, PALE_LEARN_SIBLINGS);
		for (size_t least = PALE_LEARN_SIBLINGS;
		     pale_nodes_settle(&m) > PALE_LEARN_GRANTS && least > 2;)
			merge_siblings(&m, --least);
		do {
			pale_nodes_settle(&m);
			pale_nodes_add_leaks(&m);
		} while (pale_nodes_flatten(&m));
		result = pale_nodes_list(&m, &grants);
	}
	free(m.nodes);
	if (result < 0)
		pale_learn_grants_done(&grants);
	else
		*ret = grants;
	return result;
}

void
pale_learn_grants_done(struct pale_learn_grants *grants)
{
	for (size_t i = 0; i < grants->count; i++)
		free(grants->list[i].path);
	free(grants->list);
	*grants = (struct pale_learn_grants){ 0 };
}
