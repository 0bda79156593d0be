/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every walker on a tree that nobody disturbs: all paths of up to three components, and those of
 * four that have `..` and links in the middle, against a resolver of its own that works on text. So
 * it is known of each what it finds, and which lookups it refuses.
 */
#include "model/walkers.h"

#include <errno.h>

#include "core/scope.h"
#include "harness.h"
#include "model/read.h"
#include "model/step.h"
#include "model/tree.h"

enum { BATCH = 400, TEXT = 64, LINKS = 40 };

/* The tree, as the scenario has it. */
static const struct node {
	const char *path;
	int parent; /* index */
	const char *name;
	enum pale_walker_type type;
	const char *target;
} nodes[] = {
	{ "/", 0, "", PALE_WALKER_IS_DIR, NULL },
	{ "/base", 0, "base", PALE_WALKER_IS_DIR, NULL },
	{ "/base/a", 1, "a", PALE_WALKER_IS_DIR, NULL },
	{ "/base/a/b", 2, "b", PALE_WALKER_IS_DIR, NULL },
	{ "/base/d", 1, "d", PALE_WALKER_IS_DIR, NULL },
	{ "/base/f", 1, "f", PALE_WALKER_IS_OTHER, NULL },
	{ "/base/a/f", 2, "f", PALE_WALKER_IS_OTHER, NULL },
	{ "/base/l", 1, "l", PALE_WALKER_IS_LINK, "a/b" },
	{ "/base/a/l", 2, "l", PALE_WALKER_IS_LINK, "../d/" },
	{ "/base/a/up", 2, "up", PALE_WALKER_IS_LINK, ".." },
	{ "/base/a/b/up", 3, "up", PALE_WALKER_IS_LINK, "../../f" },
	{ "/base/abs", 1, "abs", PALE_WALKER_IS_LINK, "/base/d" },
	{ "/base/out", 1, "out", PALE_WALKER_IS_LINK, "../other" },
	{ "/base/loop", 1, "loop", PALE_WALKER_IS_LINK, "loop" },
	{ "/other", 0, "other", PALE_WALKER_IS_DIR, NULL },
	{ "/other/d", 14, "d", PALE_WALKER_IS_DIR, NULL },
	{ "/other/l", 14, "l", PALE_WALKER_IS_LINK, "../base/f" },
};
enum { NODES = sizeof(nodes) / sizeof(nodes[0]), BASE = 1 };

static const char *const many[] = { ".", "..", "a", "b", "d", "f", "l", "up", "abs", "out",
	"loop" };
static const char *const few[] = { "..", "a", "b", "l", "up" };

/* What becomes of a step that would leave. */
enum leaves { REFUSE, STAY, GO };

/* What is expected of a walker. */
struct rule {
	const char *name;
	enum leaves dotdot, absolute;
	int dotdots;       /* that are allowed; -1: any number */
	bool final;        /* the result must lie beneath */
	bool follows_all;  /* NOFOLLOW means nothing to it */
	bool slash_goes;   /* a link with a slash behind it at the end is followed anywhere */
	bool last_up_goes; /* "../" at the end, too */
	bool cleans;
};

/* clang-format off */
static const struct rule rules[] = {
	{ "none",             GO,     GO,     -1, .final = false },
	{ "start-compare",    REFUSE, REFUSE, -1, .final = false },
	{ "depth-count",      REFUSE, REFUSE, -1, .final = false },
	{ "reject-dotdot",    REFUSE, REFUSE,  0, .final = false },
	{ "one-dotdot",       REFUSE, REFUSE,  1, .final = false },
	{ "walk-atomic",      REFUSE, REFUSE, -1, .final = false },
	{ "walk-stepwise",    REFUSE, REFUSE, -1, .final = false },
	{ "walk-then-step",   REFUSE, REFUSE, -1, .final = false },
	{ "lock",             REFUSE, REFUSE, -1, .final = false },
	{ "tracker",          REFUSE, REFUSE, -1, .final = false },
	{ "tracker-final",    REFUSE, REFUSE, -1, .final = false },
	{ "beneath",          REFUSE, REFUSE, -1, .final = false },
	{ "beneath-nofinal",  REFUSE, REFUSE, -1, .final = false },
	{ "walk-final",       GO,     GO,     -1, .final = true },
	{ "in-root",          STAY,   STAY,   -1, .final = false },
	{ "mount-root",       STAY,   REFUSE, -1, .final = false },
	{ "fd-stack",         REFUSE, REFUSE, -1, .final = false },
	{ "pale",             REFUSE, REFUSE, -1, .final = false },
	{ "go-os-root",       REFUSE, REFUSE, -1, .final = false },
	{ "go-os-root-2026",  REFUSE, REFUSE, -1, .slash_goes = true },
	{ "go-os-root-2025",  REFUSE, REFUSE, -1, .slash_goes = true, .last_up_goes = true },
	{ "cap-std",          REFUSE, REFUSE, -1, .final = false },
	{ "cap-std-2026",     REFUSE, REFUSE, -1, .slash_goes = true },
	{ "libpathrs",        STAY,   STAY,   -1, .final = false },
	{ "realpath-open",    REFUSE, REFUSE, -1, .follows_all = true },
	{ "clean-open",       GO,     GO,     -1, .cleans = true },
};
/* clang-format on */

static int
child(int dir, const char *name, size_t len)
{
	for (int i = 1; i < NODES; i++)
		if (nodes[i].parent == dir && strlen(nodes[i].name) == len &&
		    memcmp(nodes[i].name, name, len) == 0)
			return i;
	return -1;
}

/* Strike "name/.." from a text; false where it leads above its start. */
static bool
cleaned(const char *path, char *buf)
{
	const char *parts[16];
	size_t lens[16], count = 0;

	if (path[0] == '/')
		return false;
	while (*path != '\0') {
		size_t len = strcspn(path, "/");

		if (len == 2 && memcmp(path, "..", 2) == 0) {
			if (count-- == 0)
				return false;
		} else if (len > 0 && !(len == 1 && path[0] == '.')) {
			parts[count] = path;
			lens[count++] = len;
		}
		path += len;
		path += strspn(path, "/");
	}
	buf[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		strncat(buf, parts[i], lens[i]);
		strcat(buf, i + 1 < count ? "/" : "");
	}
	if (count == 0)
		strcpy(buf, ".");
	return true;
}

/* A walk of the reference. */
struct look {
	struct rule rule;
	char left[4096];
	int at, links, dotdots;
};

/* An absolute path or target, or nothing to do. */
static bool
set_out(struct look *look)
{
	if (look->left[0] != '/')
		return true;
	look->at = look->rule.absolute == GO ? 0 : BASE;
	return look->rule.absolute != REFUSE;
}

/* What the path leads to by the rule, or -1. */
static int
resolve(const struct rule *rule, const char *path, unsigned flags)
{
	struct look look = { .rule = *rule, .at = BASE };

	if (rule->follows_all)
		flags &= ~(unsigned)PALE_WALKER_NOFOLLOW;
	strcpy(look.left, path);
	if (rule->cleans && !cleaned(path, look.left))
		return -1;
	if (!set_out(&look))
		return -1;
	for (;;) {
		char *part = look.left + strspn(look.left, "/"), *behind;
		size_t len = strcspn(part, "/");
		bool slash = part[len] == '/', last = part[len + strspn(part + len, "/")] == '\0';
		int node;

		if (len == 0)
			break;
		behind = part + len + strspn(part + len, "/");
		if (last && (flags & PALE_WALKER_PARENT))
			break;
		if (len == 2 && memcmp(part, "..", 2) == 0) {
			bool goes = look.rule.dotdot == GO || (last && slash && rule->last_up_goes);

			if (rule->dotdots >= 0 && ++look.dotdots > rule->dotdots)
				return -1;
			if (look.at == BASE && !goes && look.rule.dotdot == REFUSE)
				return -1;
			if (look.at != BASE || goes)
				look.at = nodes[look.at].parent;
			memmove(look.left, behind, strlen(behind) + 1);
			continue;
		}
		node = len == 1 && part[0] == '.' ? look.at : child(look.at, part, len);
		if (node < 0)
			return -1;
		if (nodes[node].type == PALE_WALKER_IS_LINK &&
		    !(last && !slash && (flags & PALE_WALKER_NOFOLLOW))) {
			char spliced[4096];

			if (++look.links > LINKS)
				return -1;
			if (last && slash && rule->slash_goes)
				look.rule.dotdot = look.rule.absolute = GO;
			snprintf(spliced, sizeof(spliced), "%s%s%s", nodes[node].target,
			    slash ? "/" : "", behind);
			strcpy(look.left, spliced);
			if (!set_out(&look))
				return -1;
			continue;
		}
		if (nodes[node].type != PALE_WALKER_IS_DIR &&
		    (!last || slash || (flags & PALE_WALKER_DIRECTORY)))
			return -1;
		look.at = node;
		memmove(look.left, behind, strlen(behind) + 1);
	}
	for (int up = look.at; rule->final && up != BASE; up = nodes[up].parent)
		if (up == 0)
			return -1;
	return look.at;
}

/* A scenario with the tree and these paths. */
static struct pale_model *
read_paths(char paths[][TEXT], size_t count)
{
	PALE_FREE char *text = calloc(1, (size_t)BATCH * TEXT + 4096);
	struct pale_model *model = NULL;
	struct pale_err err = { 0 };

	strcpy(text, "scenario('w')\nwalker('none')\nproperty('progress')\n");
	for (size_t i = 1; i < NODES; i++) {
		static const char *const calls[] = { "directory('%s')\n", "symlink('%s', '%s')\n",
			"file('%s')\n" };
		char line[TEXT * 2];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(line, sizeof(line), calls[nodes[i].type], nodes[i].path, nodes[i].target);
#pragma GCC diagnostic pop
		strcat(text, line);
	}
	strcat(text, "compartment c {\nopen('base', '/base')\ncalls(1)\nmay(");
	for (size_t i = 0; i < count; i++) {
		strcat(text,
		    i == 0            ? "'openat(base, \""
			: i % 60 == 0 ? ")', 'openat(base, \""
				      : "|\"");
		strcat(text, paths[i]);
		strcat(text, "\"");
	}
	strcat(text, ")')\n}\n");
	if (pale_model_read("test", text, strlen(text), NULL, &model, &err) < 0)
		ck_abort_msg("%s", err.text);
	return model;
}

static int
node_of(const struct pale_model *model, unsigned inode)
{
	for (int i = 0; i < NODES; i++)
		if (strcmp(model->inode_paths[inode], nodes[i].path) == 0)
			return i;
	return -1;
}

static const struct rule *
rule_of(const struct pale_walker *walker)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (strcmp(rules[i].name, walker->name) == 0)
			return &rules[i];
	ck_abort_msg("no rule for %s", walker->name);
}

/* Try one path with one walker. */
static void
compare(const struct pale_model *model, const struct pale_walker *walker, pale_walker_rest rest,
    const char *path, unsigned flags)
{
	const struct rule *rule = rule_of(walker);
	int expected = resolve(rule, path, flags);
	struct pale_walk_alone alone;
	int found;

	pale_walk_try(model, model->initial, 0, walker, model->compartments[0].delegated[0], rest,
	    flags, &alone);
	found = alone.error == 0 ? node_of(model, alone.node) : -1;
	if (found != expected || alone.endless)
		ck_abort_msg("%s: '%s' with flags %u: %s (%s), not %s", walker->name, path, flags,
		    found < 0 ? "nothing" : nodes[found].path, strerror(-alone.error),
		    expected < 0 ? "nothing" : nodes[expected].path);
}

/* All walkers over some paths, whose rests are those of the scenario's calls, in order. */
static void
compare_all(char paths[][TEXT], size_t count)
{
	struct pale_model *model = read_paths(paths, count);
	unsigned first = model->compartments[0].first_site;

	ck_assert_uint_eq(model->compartments[0].site_count, count);
	for (size_t w = 0; w < pale_walker_count; w++)
		for (size_t i = 0; i < count; i++) {
			pale_walker_rest rest = model->sites[first + i].path[0];

			for (unsigned flags = 0; flags < 8; flags++)
				compare(model, pale_walkers[w], rest, paths[i], flags);
		}
	pale_model_free(model);
}

/* Paths that wait for a scenario. */
struct paths {
	char all[BATCH][TEXT];
	size_t count, total;
};

static void
flush(struct paths *paths)
{
	if (paths->count > 0)
		compare_all(paths->all, paths->count);
	paths->total += paths->count;
	paths->count = 0;
}

static void
add(struct paths *paths, const char *text, const char *behind)
{
	if (paths->count == BATCH)
		flush(paths);
	snprintf(paths->all[paths->count++], TEXT, "%s%s", text, behind);
}

/* All paths of so many components. */
static void
add_all(struct paths *paths, const char *const *parts, size_t count, unsigned depth)
{
	size_t total = 1;

	for (unsigned i = 0; i < depth; i++)
		total *= count;
	for (size_t number = 0; number < total; number++) {
		char text[TEXT] = "";
		size_t left = number;

		for (unsigned i = 0; i < depth; i++, left /= count) {
			strcat(text, i > 0 ? "/" : "");
			strcat(text, parts[left % count]);
		}
		add(paths, text, "");
		add(paths, text, "/");
	}
}

TEST(listed, "this test knows every walker, in the order of the matrix")
{
	ck_assert_uint_eq(pale_walker_count, sizeof(rules) / sizeof(rules[0]));
	for (size_t i = 0; i < pale_walker_count; i++) {
		ck_assert_str_eq(pale_walkers[i]->name, rules[i].name);
		ck_assert_ptr_eq(pale_walker_find(rules[i].name), pale_walkers[i]);
		ck_assert_ptr_null(pale_walker_check(pale_walkers[i]));
	}
	ck_assert_ptr_null(pale_walker_find("nobody"));
}

TEST(short_paths, "every walker finds what its rule says, on all paths of up to three components")
{
	static struct paths paths;

	add(&paths, "/", "");
	add(&paths, "/base/a", "");
	add(&paths, "//base/../other/d", "");
	for (unsigned depth = 1; depth <= 3; depth++)
		add_all(&paths, many, sizeof(many) / sizeof(many[0]), depth);
	flush(&paths);
	ck_assert_uint_eq(paths.total, 3 + 2 * (11 + 121 + 1331));
}

TEST(long_paths, "and on all of four that are made of names, links and `..`")
{
	static struct paths paths;

	add_all(&paths, few, sizeof(few) / sizeof(few[0]), 4);
	flush(&paths);
	ck_assert_uint_eq(paths.total, 2 * 625);
}

/* Let the one process take all its steps. */
static void
run_to_end(const struct pale_model *model, struct pale_state *state)
{
	static struct pale_move moves[PALE_MOVES_MAX];

	for (unsigned steps = 0; steps < 1000; steps++)
		if (pale_model_moves(model, state, 0, moves, PALE_MOVES_MAX) == 0 ||
		    !pale_model_step(model, state, &moves[0], NULL))
			return;
	ck_abort_msg("it does not end");
}

/* Does a file come of openat(base, "l", O_CREAT) with this link? */
static bool
makes(const struct pale_walker *walker, const char *target, const char *made)
{
	char text[1024];
	struct pale_read_options options = { .walker = walker };
	struct pale_model *model = NULL;
	struct pale_err err = { 0 };
	struct pale_state state;
	bool is_made;

	snprintf(text, sizeof(text),
	    "scenario('w')\nproperty('union')\nnever('exists(%s)')\n"
	    "directory('/base/a')\ndirectory('/other')\nsymlink('/base/l', '%s')\n"
	    "symlink('/base/m', 'l')\n"
	    "compartment c {\nopen('base', '/base')\n"
	    "program('openat(base, m, O_WRONLY|O_CREAT)')\n}\n",
	    made, target);
	if (pale_model_read("test", text, strlen(text), &options, &model, &err) < 0)
		ck_abort_msg("%s", err.text);
	state = *model->initial;
	run_to_end(model, &state);
	is_made = pale_tree_resolve(model, &state, model->nevers[0].terms[0].path) != 0;
	pale_model_free(model);
	return is_made;
}

TEST(creates, "O_CREAT goes through a dangling link as far as the walker lets a path go")
{
	for (size_t i = 0; i < pale_walker_count; i++) {
		const struct pale_walker *walker = pale_walkers[i];
		const struct rule *rule = rule_of(walker);
		bool ups = rule->dotdots != 0;
		/* realpath() is asked about the directory, and the kernel follows the link. */
		bool open = rule->follows_all;

		ck_assert_msg(makes(walker, "a/new", "/base/a/new"), "%s", walker->name);
		ck_assert_msg(makes(walker, "a/../new", "/base/new") == ups, "%s", walker->name);
		ck_assert_msg(
		    makes(walker, "../other/new", "/other/new") == (rule->dotdot == GO || open),
		    "%s", walker->name);
		ck_assert_msg(
		    makes(walker, "/other/new", "/other/new") == (rule->absolute == GO || open),
		    "%s", walker->name);
		/* A link to itself: it comes to an end, and the link is still there. */
		ck_assert_msg(makes(walker, "l", "/base/l"), "%s", walker->name);
	}
}

TEST_MAIN("walkers", listed, short_paths, long_paths, creates)
