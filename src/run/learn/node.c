/* SPDX-License-Identifier: BSD-2-Clause */
/* The tree of what was seen; see node.h. */
#include "run/learn/node.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/escape.h"
#include "core/path.h"
#include "core/scope.h"
#include "run/plan.h"

const char *
pale_node_last(const struct pale_learn_node *node, char buf[static NAME_MAX + 1])
{
	size_t start = node->len;

	while (start > 0 && node->path[start - 1] != '/')
		start--;
	snprintf(buf, NAME_MAX + 1, "%.*s", (int)(node->len - start), node->path + start);
	return buf;
}

void
pale_node_add_name(struct pale_learn_names *names, const struct pale_learn_node *node)
{
	char name[NAME_MAX + 1];
	char escaped[PALE_LEARN_EXAMPLE_BYTES];
	size_t used = strlen(names->examples);
	size_t len;

	if (names->count++ >= PALE_LEARN_EXAMPLES)
		return;
	pale_node_last(node, name);
	len = pale_escape(name, strlen(name), escaped, sizeof(escaped));
	if (used + len + 3 < sizeof(names->examples))
		snprintf(names->examples + used, sizeof(names->examples) - used, "%s%s",
		    used > 0 ? ", " : "", escaped);
}

/* Does a list of paths have the one of a node, or one beneath it? */
bool
pale_node_has(
    const char *const *list, size_t count, const struct pale_learn_node *node, bool beneath)
{
	for (size_t i = 0; i < count; i++) {
		if (strncmp(list[i], node->path, node->len) == 0 &&
		    (list[i][node->len] == '\0' || (beneath && list[i][node->len] == '/')))
			return true;
	}
	return false;
}

/* In which tree is a path? The length of that tree's own; 0 if in none. */
static size_t
root_len(const struct pale_learn_nodes *m, const char *path)
{
	size_t len = 0;

	for (size_t i = 0; i < m->around->root_count; i++) {
		const char *root = m->around->roots[i];

		if (strlen(root) > len &&
		    (strcmp(path, root) == 0 || pale_path_is_beneath(path, root)))
			len = strlen(root);
	}
	return len;
}

static int
compare_seen(const void *a, const void *b)
{
	const struct pale_seen *const *x = a;
	const struct pale_seen *const *y = b;

	return pale_plan_compare((*x)->path, (*y)->path);
}

/* Append the node of the first len bytes of a path. */
static int
add_node(struct pale_learn_nodes *m, const char *path, size_t len, size_t parent)
{
	struct pale_learn_node *grown = m->nodes;

	if ((m->count & (m->count - 1)) == 0)
		grown = reallocarray(m->nodes, m->count == 0 ? 1 : m->count * 2, sizeof(*grown));
	if (grown == NULL)
		return -ENOMEM;
	m->nodes = grown;
	grown += m->count++;
	*grown = (struct pale_learn_node){
		.path = path, .len = len, .parent = parent, .type = PALE_SEEN_DIR, .reach = SIZE_MAX
	};
	grown->closed = len == 0 ||
	    pale_node_has(m->around->never, m->around->never_count, grown, true) ||
	    pale_node_has(m->around->secrets, m->around->secret_count, grown, true);
	return 0;
}

static void
fill_node(struct pale_learn_node *node, const struct pale_seen *seen)
{
	node->seen = seen;
	node->type = seen->type;
	node->first = seen->first[0] == '\0' ? NULL : seen->first;
	node->target = seen->target;
	node->notes = seen->notes;
	node->need = pale_rights_close(seen->rights);
	node->count = seen->count;
	node->reach = seen->reach;
	/* A grant of a link would be one of what it leads to. */
	node->link = seen->type == PALE_SEEN_LINK && seen->target != NULL && !seen->passing;
	if (node->link)
		node->need = 0;
	node->names[PALE_LEARN_FLOOD].count = seen->folded;
}

/* The nodes of all that was seen in the trees, and of the directories on the way from their roots.
 */
int
pale_nodes_make(struct pale_learn_nodes *m, const struct pale_seen_list *seen)
{
	PALE_FREE const struct pale_seen **order = calloc(seen->count + 1, sizeof(*order));
	size_t at = PALE_NODE_NONE;

	if (order == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < seen->count; i++)
		order[i] = &seen->list[i];
	qsort(order, seen->count, sizeof(*order), compare_seen);
	for (size_t i = 0; i < seen->count; i++) {
		const char *path = order[i]->path;
		size_t root = root_len(m, path);
		size_t len;

		if (root == 0)
			continue;
		/* Back to the nearest node that is above or at it. */
		while (at != PALE_NODE_NONE &&
		    (strncmp(path, m->nodes[at].path, m->nodes[at].len) != 0 ||
			(path[m->nodes[at].len] != '/' && path[m->nodes[at].len] != '\0')))
			at = m->nodes[at].parent;
		len = at == PALE_NODE_NONE ? 0 : m->nodes[at].len;
		while (path[len] != '\0' || at == PALE_NODE_NONE) {
			size_t next =
			    at == PALE_NODE_NONE ? root : len + 1 + strcspn(path + len + 1, "/");

			if (add_node(m, path, next, at) < 0)
				return -ENOMEM;
			at = m->count - 1;
			len = next;
		}
		fill_node(&m->nodes[at], order[i]);
	}
	for (size_t i = m->count; i-- > 0;) {
		struct pale_learn_node *node = &m->nodes[i];

		if (node->end == 0)
			node->end = i + 1;
		if (node->parent == PALE_NODE_NONE)
			continue;
		m->nodes[node->parent].type = PALE_SEEN_DIR;
		if (m->nodes[node->parent].end < node->end)
			m->nodes[node->parent].end = node->end;
	}
	return 0;
}
