/* SPDX-License-Identifier: BSD-2-Clause */
/* What was seen as grants; see learn_merge.h. */
#include "run/learn_merge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/escape.h"
#include "core/path.h"
#include "core/scope.h"
#include "run/compile.h"
#include "run/learn_name.h"
#include "run/plan.h"

#define NOWHERE SIZE_MAX

enum {
	GROUPS_MAX = 64, /* sets of rights that are told apart in one directory */
};

/* A name, or a directory on the way to one. Nodes are in tree order: parents first. */
struct node {
	const char *path;             /* borrowed from what was seen */
	size_t len;                   /* of path that is this node's */
	size_t parent;                /* index, or NOWHERE above the trees */
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
	uint64_t count;
	size_t reach;
	struct pale_learn_names names[PALE_LEARN_REASON_COUNT];
	pale_rights refused; /* rights that it would need and must not have */
};

struct merge {
	struct node *nodes;
	size_t count;
	const struct pale_learn_around *around;
};

static const char *
last_of(const struct node *node, char buf[static NAME_MAX + 1])
{
	size_t start = node->len;

	while (start > 0 && node->path[start - 1] != '/')
		start--;
	snprintf(buf, NAME_MAX + 1, "%.*s", (int)(node->len - start), node->path + start);
	return buf;
}

static void
add_name(struct pale_learn_names *names, const struct node *node)
{
	char name[NAME_MAX + 1];
	char escaped[PALE_LEARN_EXAMPLE_BYTES];
	size_t used = strlen(names->examples);
	size_t len;

	if (names->count++ >= PALE_LEARN_EXAMPLES)
		return;
	last_of(node, name);
	len = pale_escape(name, strlen(name), escaped, sizeof(escaped));
	if (used + len + 3 < sizeof(names->examples))
		snprintf(names->examples + used, sizeof(names->examples) - used, "%s%s",
		    used > 0 ? ", " : "", escaped);
}

/* Does a list of paths have the one of a node, or one beneath it? */
static bool
has_path(const char *const *list, size_t count, const struct node *node, bool beneath)
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
root_len(const struct merge *m, const char *path)
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
add_node(struct merge *m, const char *path, size_t len, size_t parent)
{
	struct node *grown = m->nodes;

	if ((m->count & (m->count - 1)) == 0)
		grown = reallocarray(m->nodes, m->count == 0 ? 1 : m->count * 2, sizeof(*grown));
	if (grown == NULL)
		return -ENOMEM;
	m->nodes = grown;
	grown += m->count++;
	*grown = (struct node){
		.path = path, .len = len, .parent = parent, .type = PALE_SEEN_DIR, .reach = SIZE_MAX
	};
	grown->closed = len == 0 ||
	    has_path(m->around->never, m->around->never_count, grown, true) ||
	    has_path(m->around->secrets, m->around->secret_count, grown, true);
	return 0;
}

static void
fill_node(struct node *node, const struct pale_seen *seen)
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
static int
make_nodes(struct merge *m, const struct pale_seen_list *seen)
{
	PALE_FREE const struct pale_seen **order = calloc(seen->count + 1, sizeof(*order));
	size_t at = NOWHERE;

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
		while (at != NOWHERE &&
		    (strncmp(path, m->nodes[at].path, m->nodes[at].len) != 0 ||
			(path[m->nodes[at].len] != '/' && path[m->nodes[at].len] != '\0')))
			at = m->nodes[at].parent;
		len = at == NOWHERE ? 0 : m->nodes[at].len;
		while (path[len] != '\0' || at == NOWHERE) {
			size_t next = at == NOWHERE ? root : len + 1 + strcspn(path + len + 1, "/");

			if (add_node(m, path, next, at) < 0)
				return -ENOMEM;
			at = m->count - 1;
			len = next;
		}
		fill_node(&m->nodes[at], order[i]);
	}
	for (size_t i = m->count; i-- > 0;) {
		struct node *node = &m->nodes[i];

		if (node->end == 0)
			node->end = i + 1;
		if (node->parent == NOWHERE)
			continue;
		m->nodes[node->parent].type = PALE_SEEN_DIR;
		if (m->nodes[node->parent].end < node->end)
			m->nodes[node->parent].end = node->end;
	}
	return 0;
}

/* Rights that make, remove or rename names in a directory. */
static pale_rights
name_rights(void)
{
	return RS(CREATE, MKDIRAT, MKFIFOAT, SYMLINKAT, BINDAT, UNLINKAT) |
	    RS(RENAMEAT_SOURCE, RENAMEAT_TARGET, LINKAT_SOURCE, LINKAT_TARGET);
}

/* Which names go up into their directory? First, in which directories names come and go. */
static void
mark_moves(struct merge *m)
{
	for (size_t i = 0; i < m->count; i++) {
		struct node *node = &m->nodes[i];

		if (node->type == PALE_SEEN_DIR && (node->need & name_rights()) != 0)
			node->moves = true;
		if (node->seen != NULL && node->seen->passing && node->parent != NOWHERE)
			m->nodes[node->parent].moves = true;
	}
}

/* Why a node has to go up into its directory; REASON_COUNT if it need not. */
static enum pale_learn_reason
reason_to_lift(const struct merge *m, const struct node *node)
{
	const struct node *parent = &m->nodes[node->parent];
	char name[NAME_MAX + 1];
	enum pale_name_kind kind = pale_name_kind(last_of(node, name));

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
lift(struct merge *m, struct node *node, enum pale_learn_reason reason)
{
	struct node *parent = &m->nodes[node->parent];
	char name[NAME_MAX + 1];
	enum pale_name_kind kind = pale_name_kind(last_of(node, name));

	parent->need |= node->need;
	parent->count += node->count;
	if (parent->first == NULL)
		parent->first = node->first;
	if (node->reach < parent->len && node->reach < parent->reach)
		parent->reach = node->reach;
	if (kind == PALE_NAME_HEX || kind == PALE_NAME_RANDOM)
		parent->fan = true;
	add_name(&parent->names[reason], node);
	parent->names[PALE_LEARN_FLOOD].count += node->names[PALE_LEARN_FLOOD].count;
	node->need = 0;
	node->count = 0;
	node->link = false;
}

/* From the leaves: what is not to be granted by its own name goes up. */
static void
lift_all(struct merge *m)
{
	for (size_t i = m->count; i-- > 0;) {
		struct node *node = &m->nodes[i];
		enum pale_learn_reason reason;

		if (node->parent == NOWHERE)
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
			add_name(&m->nodes[node->parent].names[reason], node);
			node->need = 0;
			node->link = false;
		}
	}
}

/* Is a node a secret, or in one? */
static bool
in_secret(const struct merge *m, const struct node *node)
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
refuse_closed(struct merge *m)
{
	pale_rights seen = pale_rights_close(RS(LOOKUP));

	for (size_t i = 0; i < m->count; i++) {
		struct node *node = &m->nodes[i];

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
largest_group(const struct merge *m, size_t parent, pale_rights *ret_rights)
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
absorb(struct merge *m, size_t parent, pale_rights rights)
{
	struct node *dir = &m->nodes[parent];

	dir->need |= rights;
	for (size_t i = parent + 1; i < dir->end; i = m->nodes[i].end) {
		struct node *node = &m->nodes[i];

		if (node->need == 0 || (node->need & ~dir->need) != 0)
			continue;
		add_name(&dir->names[PALE_LEARN_MANY], node);
		dir->count += node->count;
		if (dir->first == NULL)
			dir->first = node->first;
		node->need = 0;
	}
}

static void
merge_siblings(struct merge *m, size_t least)
{
	for (size_t i = m->count; i-- > 0;) {
		pale_rights rights = 0;

		if (m->nodes[i].type != PALE_SEEN_DIR || m->nodes[i].closed)
			continue;
		while (largest_group(m, i, &rights) >= least)
			absorb(m, i, rights);
	}
}

/* Take away what a wider grant gives, and give each what is around it. */
static size_t
settle(struct merge *m)
{
	size_t count = 0;

	for (size_t i = 0; i < m->count; i++) {
		struct node *node = &m->nodes[i];
		pale_rights above = node->parent == NOWHERE ? 0 : m->nodes[node->parent].given;

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

/* The widest directory around a node that is granted, if names in it can be replaced; or NOWHERE.
 */
static size_t
replaceable_around(const struct merge *m, const struct node *node)
{
	static const pale_rights replaces =
	    RS(SYMLINKAT, UNLINKAT, RENAMEAT_SOURCE) | RS(RENAMEAT_TARGET, LINKAT_TARGET);
	size_t found = NOWHERE;

	for (size_t at = node->parent; at != NOWHERE; at = m->nodes[at].parent)
		if (m->nodes[at].need != 0 && (m->nodes[at].given & replaces) != 0)
			found = at;
	return found;
}

/*
 * A name that the program can replace must not be what a grant goes by: a link in its place would
 * lead the next run anywhere. Such a directory gets the rights itself.
 */
static bool
flatten(struct merge *m)
{
	bool changed = false;

	for (size_t i = 0; i < m->count; i++) {
		struct node *node = &m->nodes[i];
		size_t above = node->need == 0 ? NOWHERE : replaceable_around(m, node);

		if (above == NOWHERE)
			continue;
		if ((node->need & ~m->nodes[above].need) != 0)
			add_name(&m->nodes[above].names[PALE_LEARN_INNER], node);
		m->nodes[above].need |= node->need;
		m->nodes[above].count += node->count;
		node->need = 0;
		changed = true;
	}
	return changed;
}

/* All that Landlock allows around a path by grants of others. */
static uint64_t
landlock_around(const struct merge *m, const struct node *node)
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
from_around(const struct merge *m, const struct node *node)
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
static void
add_leaks(struct merge *m)
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
			struct node *node = &m->nodes[i];
			pale_rights had = node->need;
			pale_rights above =
			    node->parent == NOWHERE ? 0 : m->nodes[node->parent].given;

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
		struct node *node = &m->nodes[i];

		if (node->need != 0 && node->parent != NOWHERE &&
		    (node->need & ~m->nodes[node->parent].given) == 0)
			node->need = 0;
	}
}

static int
add_grant(struct pale_learn_grants *ret, const struct merge *m, const struct node *node,
    pale_rights rights, const char *refused)
{
	struct pale_learn_grant *grown = reallocarray(ret->list, ret->count + 1, sizeof(*grown));
	pale_rights above = node->parent == NOWHERE ? 0 : m->nodes[node->parent].given;
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
is_shown(const struct merge *m, const struct node *node)
{
	return node->parent != NOWHERE && m->nodes[node->parent].given != 0;
}

static int
list_grants(const struct merge *m, struct pale_learn_grants *ret)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < m->count; i++) {
		const struct node *node = &m->nodes[i];
		bool secret = has_path(m->around->secrets, m->around->secret_count, node, true);

		if (node->need != 0 || (node->link && !is_shown(m, node)))
			result = add_grant(ret, m, node, node->link ? 0 : node->need, NULL);
		if (result == 0 && node->refused != 0)
			result = add_grant(ret, m, node, node->refused,
			    secret ? "it would show a secret" : "it would show all of a home");
	}
	return result;
}

int
pale_learn_merge(const struct pale_seen_list *seen, const struct pale_learn_around *around,
    struct pale_learn_grants *ret)
{
	struct merge m = { .around = around };
	struct pale_learn_grants grants = { 0 };
	int result = make_nodes(&m, seen);

	if (result == 0) {
		mark_moves(&m);
		lift_all(&m);
		refuse_closed(&m);
		merge_siblings(&m, PALE_LEARN_SIBLINGS);
		for (size_t least = PALE_LEARN_SIBLINGS;
		     settle(&m) > PALE_LEARN_GRANTS && least > 2;)
			merge_siblings(&m, --least);
		do {
			settle(&m);
			add_leaks(&m);
		} while (flatten(&m));
		result = list_grants(&m, &grants);
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
