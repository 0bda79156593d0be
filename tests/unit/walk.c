/* SPDX-License-Identifier: BSD-2-Clause */
/* The walker, on a tree in memory: every case, and every handle given back exactly once. */
#include "core/walk.h"

#include <errno.h>

#include "core/scope.h"
#include "harness.h"

enum {
	ROOT,
	TOP, /* the start */
	DIR_A,
	DIR_B,
	FILE_F,
	UP,       /* ../outside */
	ABS,      /* /top/a */
	SELF,     /* self */
	TO_A,     /* a */
	TO_A_DIR, /* a/ */
	TO_F,     /* a/b/f */
	TO_TO_A,  /* to-a */
	GONE,     /* nowhere */
	OUTSIDE,
	LOCKED,  /* may not be searched */
	FAR,     /* a link in a/b: ../../to-a/b */
	FOREIGN, /* a link that may not be followed */
	NODES,
};

/* clang-format off */
static const struct {
	int parent;
	const char *name;
	enum pale_walk_type type;
	const char *target;
} tree[NODES] = {
	[ROOT]     = { ROOT,  "",         PALE_WALK_IS_DIR, NULL },
	[TOP]      = { ROOT,  "top",      PALE_WALK_IS_DIR, NULL },
	[DIR_A]    = { TOP,   "a",        PALE_WALK_IS_DIR, NULL },
	[DIR_B]    = { DIR_A, "b",        PALE_WALK_IS_DIR, NULL },
	[FILE_F]   = { DIR_B, "f",        PALE_WALK_IS_OTHER, NULL },
	[UP]       = { TOP,   "up",       PALE_WALK_IS_LINK, "../outside" },
	[ABS]      = { TOP,   "abs",      PALE_WALK_IS_LINK, "/top/a" },
	[SELF]     = { TOP,   "self",     PALE_WALK_IS_LINK, "self" },
	[TO_A]     = { TOP,   "to-a",     PALE_WALK_IS_LINK, "a" },
	[TO_A_DIR] = { TOP,   "to-a-dir", PALE_WALK_IS_LINK, "a/" },
	[TO_F]     = { TOP,   "to-f",     PALE_WALK_IS_LINK, "a/b/f" },
	[TO_TO_A]  = { TOP,   "to-to-a",  PALE_WALK_IS_LINK, "to-a" },
	[GONE]     = { TOP,   "gone",     PALE_WALK_IS_LINK, "nowhere" },
	[OUTSIDE]  = { ROOT,  "outside",  PALE_WALK_IS_DIR, NULL },
	[LOCKED]   = { TOP,   "locked",   PALE_WALK_IS_DIR, NULL },
	[FAR]      = { DIR_B, "far",      PALE_WALK_IS_LINK, "../../to-a/b" },
	[FOREIGN]  = { TOP,   "foreign",  PALE_WALK_IS_LINK, "a" },
};
/* clang-format on */

/* The world of one walk. */
static struct {
	int held[NODES];  /* handles given out and not yet back */
	unsigned ops;     /* operations since the last step began */
	unsigned moved;   /* how often to say -EAGAIN before every lookup works */
	char story[1024]; /* what the observer was told */
} world;

static int
fake_lookup(
    void *ctx PALE_UNUSED, uint32_t dir, const char *name, bool dir_only, uint32_t *ret_node)
{
	world.ops++;
	ck_assert(name[0] != '\0' && strchr(name, '/') == NULL);
	ck_assert(strcmp(name, ".") != 0 && strcmp(name, "..") != 0);
	if (world.moved > 0) {
		world.moved--;
		return -EAGAIN;
	}
	if (tree[dir].type != PALE_WALK_IS_DIR)
		return -ENOTDIR;
	if (dir == LOCKED)
		return -EACCES;
	/* "deep" is for ever a directory within itself. */
	if (strcmp(name, "deep") == 0) {
		*ret_node = DIR_A;
		world.held[DIR_A]++;
		return 0;
	}
	for (uint32_t i = TOP; i < NODES; i++) {
		if (tree[i].parent != (int)dir || strcmp(tree[i].name, name) != 0)
			continue;
		if (dir_only && tree[i].type != PALE_WALK_IS_DIR)
			return -ENOTDIR;
		world.held[i]++;
		*ret_node = i;
		return 0;
	}
	return -ENOENT;
}

static int
fake_parent(void *ctx PALE_UNUSED, uint32_t dir, uint32_t *ret_node)
{
	world.ops++;
	*ret_node = (uint32_t)tree[dir].parent;
	world.held[tree[dir].parent]++;
	return 0;
}

static int
fake_search(void *ctx PALE_UNUSED, uint32_t dir)
{
	world.ops++;
	if (world.moved > 0) {
		world.moved--;
		return -EAGAIN;
	}
	return dir == LOCKED ? -EACCES : 0;
}

static int
fake_identify(void *ctx PALE_UNUSED, uint32_t node, struct pale_walk_id *ret_id)
{
	world.ops++;
	*ret_id = (struct pale_walk_id){ .type = tree[node].type, .dev = 1, .ino = node };
	return 0;
}

static int
fake_may_follow(void *ctx PALE_UNUSED, uint32_t dir PALE_UNUSED, uint32_t link)
{
	world.ops++;
	return link == FOREIGN ? -EACCES : 0;
}

static ssize_t
fake_read_link(void *ctx PALE_UNUSED, uint32_t link, char *buf, size_t size)
{
	size_t len = strlen(tree[link].target);

	world.ops++;
	memcpy(buf, tree[link].target, len < size ? len : size);
	return (ssize_t)len;
}

static void
fake_release(void *ctx PALE_UNUSED, uint32_t node)
{
	ck_assert_uint_lt(node, NODES);
	ck_assert_int_gt(world.held[node], 0);
	world.held[node]--;
}

static int
fake_observe(
    void *ctx PALE_UNUSED, enum pale_walk_event event, const char *name, const char *target)
{
	size_t at = strlen(world.story);
	char *end = world.story + at;
	size_t room = sizeof(world.story) - at;

	switch (event) {
	case PALE_WALK_ENTERED:
		snprintf(end, room, "+%s ", name);
		break;
	case PALE_WALK_LEFT:
		snprintf(end, room, "- ");
		break;
	case PALE_WALK_RESTARTED:
		snprintf(end, room, "/ ");
		break;
	case PALE_WALK_CROSSED:
		snprintf(end, room, "%s>%s ", name, target);
		break;
	default:
		ck_abort();
	}
	return 0;
}

static const struct pale_walk_ops ops = {
	.lookup = fake_lookup,
	.parent = fake_parent,
	.search = fake_search,
	.identify = fake_identify,
	.may_follow = fake_may_follow,
	.read_link = fake_read_link,
	.release = fake_release,
	.observe = fake_observe,
};

static struct pale_walk walk;

/* Walk from TOP; the node reached or -errno. All handles must have come back. */
static int
go(enum pale_walk_policy policy, const char *path, unsigned flags)
{
	uint32_t node;
	int r = pale_walk_init(&walk, policy, TOP, ROOT, path, flags);

	world.story[0] = '\0';
	if (r < 0)
		return r;
	do {
		world.ops = 0;
		r = pale_walk_step(&walk, &ops, NULL);
		ck_assert_uint_le(world.ops, 1);
	} while (r > 0);
	if (r == 0) {
		if (pale_walk_take(&walk, &node))
			fake_release(NULL, node);
		r = (int)node;
	}
	pale_walk_done(&walk, &ops, NULL);
	pale_walk_done(&walk, &ops, NULL);
	for (int i = 0; i < NODES; i++)
		ck_assert_int_eq(world.held[i], 0);
	return r;
}

static int
beneath(const char *path)
{
	return go(PALE_WALK_BENEATH, path, 0);
}

TEST(names, "names lead down, to directories and to files")
{
	ck_assert_int_eq(beneath("a"), DIR_A);
	ck_assert_int_eq(beneath("a/b/f"), FILE_F);
	ck_assert_int_eq(beneath("a//b///f"), FILE_F);
	ck_assert_int_eq(beneath("./a/./b/."), DIR_B);
	ck_assert_int_eq(beneath("."), TOP);
}

TEST(missing, "a missing name is told, and named")
{
	ck_assert_int_eq(beneath("a/nope/f"), -ENOENT);
	ck_assert_str_eq(walk.name, "nope");
	ck_assert_int_eq(beneath(""), -ENOENT);
}

TEST(file_inside, "a file is no directory, with a name, a slash or a dot behind it")
{
	ck_assert_int_eq(beneath("a/b/f/x"), -ENOTDIR);
	ck_assert_int_eq(beneath("a/b/f/"), -ENOTDIR);
	ck_assert_int_eq(beneath("a/b/f/."), -ENOTDIR);
	ck_assert_int_eq(beneath("a/b/f/.."), -ENOTDIR);
	ck_assert_int_eq(go(PALE_WALK_BENEATH, "a/b/f", PALE_WALK_DIRECTORY), -ENOTDIR);
	ck_assert_int_eq(go(PALE_WALK_BENEATH, "a/b", PALE_WALK_DIRECTORY), DIR_B);
}

TEST(dotdot, "dot-dot pops, and stays legal as long as it stays beneath")
{
	ck_assert_int_eq(beneath("a/.."), TOP);
	ck_assert_int_eq(beneath("a/b/../b/../../a"), DIR_A);
	ck_assert_str_eq(world.story, "+a +b - +b - - +a ");
}

TEST(beneath_out, "beneath: dot-dot above the start, absolute paths and links are refused")
{
	ck_assert_int_eq(beneath(".."), -EXDEV);
	ck_assert_int_eq(beneath("a/../.."), -EXDEV);
	ck_assert_int_eq(beneath("a/../../top/a"), -EXDEV);
	ck_assert_int_eq(beneath("/"), -EXDEV);
	ck_assert_int_eq(beneath("/top/a"), -EXDEV);
	ck_assert_int_eq(beneath("abs"), -EXDEV);
	ck_assert_int_eq(beneath("up"), -EXDEV);
}

TEST(in_root, "in-root: dot-dot stays at the start, absolute paths and links begin there")
{
	ck_assert_int_eq(go(PALE_WALK_IN_ROOT, "..", 0), TOP);
	ck_assert_int_eq(go(PALE_WALK_IN_ROOT, "a/../../../a/b", 0), DIR_B);
	ck_assert_int_eq(go(PALE_WALK_IN_ROOT, "/a/b", 0), DIR_B);
	ck_assert_int_eq(go(PALE_WALK_IN_ROOT, "/", 0), TOP);
	ck_assert_int_eq(go(PALE_WALK_IN_ROOT, "abs", 0), -ENOENT);
	ck_assert_int_eq(go(PALE_WALK_IN_ROOT, "up", 0), -ENOENT);
	ck_assert_str_eq(walk.name, "outside");
}

TEST(none, "none: dot-dot leads to the real parent, absolute paths and links to the root")
{
	ck_assert_int_eq(go(PALE_WALK_NONE, "..", 0), ROOT);
	ck_assert_int_eq(go(PALE_WALK_NONE, "../../../top/a", 0), DIR_A);
	ck_assert_int_eq(go(PALE_WALK_NONE, "/outside", 0), OUTSIDE);
	ck_assert_int_eq(go(PALE_WALK_NONE, "abs/b", 0), DIR_B);
	ck_assert_int_eq(go(PALE_WALK_NONE, "../top/abs/b", 0), DIR_B);
	ck_assert_int_eq(go(PALE_WALK_NONE, "up", 0), OUTSIDE);
}

TEST(links, "links are followed, in the middle, at the end and through each other")
{
	ck_assert_int_eq(beneath("to-a"), DIR_A);
	ck_assert_int_eq(beneath("to-a/b/f"), FILE_F);
	ck_assert_int_eq(beneath("to-to-a/b"), DIR_B);
	ck_assert_int_eq(beneath("to-f"), FILE_F);
	ck_assert_int_eq(beneath("to-a/.."), TOP);
	ck_assert_int_eq(beneath("gone"), -ENOENT);
}

TEST(links_told, "the observer is told each link in order, with its directory and target")
{
	ck_assert_int_eq(beneath("a/b/far"), DIR_B);
	ck_assert_str_eq(world.story, "+a +b far>../../to-a/b - - to-a>a +a +b ");
}

TEST(nofollow, "nofollow gives the last link itself, but a slash behind it follows")
{
	ck_assert_int_eq(go(PALE_WALK_BENEATH, "to-a", PALE_WALK_NOFOLLOW), TO_A);
	ck_assert_int_eq(walk.id.type, PALE_WALK_IS_LINK);
	ck_assert_int_eq(go(PALE_WALK_BENEATH, "to-a/", PALE_WALK_NOFOLLOW), DIR_A);
	ck_assert_int_eq(go(PALE_WALK_BENEATH, "to-to-a/b", PALE_WALK_NOFOLLOW), DIR_B);
	ck_assert_int_eq(
	    go(PALE_WALK_BENEATH, "to-a", PALE_WALK_NOFOLLOW | PALE_WALK_DIRECTORY), -ENOTDIR);
	ck_assert_int_eq(go(PALE_WALK_BENEATH, "abs", PALE_WALK_NOFOLLOW), ABS);
}

TEST(trailing, "a slash behind a link, or in its target, wants a directory")
{
	ck_assert_int_eq(beneath("to-f/"), -ENOTDIR);
	ck_assert_int_eq(beneath("to-a/"), DIR_A);
	ck_assert_int_eq(beneath("to-a-dir"), DIR_A);
	ck_assert_int_eq(beneath("to-a-dir/b"), DIR_B);
}

TEST(no_links, "no-links refuses every link that would be followed, but may return one")
{
	ck_assert_int_eq(go(PALE_WALK_BENEATH, "to-a/b", PALE_WALK_NO_LINKS), -ELOOP);
	ck_assert_int_eq(go(PALE_WALK_BENEATH, "to-a", PALE_WALK_NO_LINKS), -ELOOP);
	ck_assert_int_eq(
	    go(PALE_WALK_BENEATH, "to-a", PALE_WALK_NO_LINKS | PALE_WALK_NOFOLLOW), TO_A);
	ck_assert_int_eq(go(PALE_WALK_BENEATH, "a/b", PALE_WALK_NO_LINKS), DIR_B);
}

TEST(loop, "a link that leads to itself ends after forty")
{
	ck_assert_int_eq(beneath("self"), -ELOOP);
	ck_assert_int_eq(walk.links, PALE_WALK_LINKS);
}

TEST(forty, "forty links are crossed, forty-one are not")
{
	char path[PATH_MAX] = "";

	for (int i = 0; i < PALE_WALK_LINKS; i++)
		strcat(path, "to-a/../");
	ck_assert_int_eq(beneath(path), TOP);
	strcat(path, "to-a");
	ck_assert_int_eq(beneath(path), -ELOOP);
}

TEST(may_follow, "a link that may not be followed ends the walk, unless it is the result")
{
	ck_assert_int_eq(beneath("foreign/b"), -EACCES);
	ck_assert_int_eq(beneath("foreign"), -EACCES);
	ck_assert_int_eq(go(PALE_WALK_BENEATH, "foreign", PALE_WALK_NOFOLLOW), FOREIGN);
}

TEST(search, "dot and dot-dot need the right to search, as names do")
{
	ck_assert_int_eq(beneath("locked"), LOCKED);
	ck_assert_int_eq(beneath("locked/"), LOCKED);
	ck_assert_int_eq(beneath("locked/x"), -EACCES);
	ck_assert_int_eq(beneath("locked/."), -EACCES);
	ck_assert_int_eq(beneath("locked/.."), -EACCES);
}

TEST(parent, "parent stops before the last component and says what it is")
{
	ck_assert_int_eq(go(PALE_WALK_BENEATH, "a/new", PALE_WALK_PARENT), DIR_A);
	ck_assert_str_eq(walk.name, "new");
	ck_assert_int_eq(walk.last, PALE_PART_NAME);
	ck_assert(!walk.slash);
	ck_assert_int_eq(go(PALE_WALK_BENEATH, "to-a/new//", PALE_WALK_PARENT), DIR_A);
	ck_assert(walk.slash);
	ck_assert_int_eq(go(PALE_WALK_BENEATH, "a/to-a", PALE_WALK_PARENT), DIR_A);
	ck_assert_int_eq(go(PALE_WALK_BENEATH, "a/..", PALE_WALK_PARENT), DIR_A);
	ck_assert_int_eq(walk.last, PALE_PART_DOTDOT);
	ck_assert_int_eq(go(PALE_WALK_IN_ROOT, "/", PALE_WALK_PARENT), TOP);
	ck_assert_int_eq(walk.last, PALE_PART_END);
	ck_assert_int_eq(go(PALE_WALK_BENEATH, "a/b/f/new", PALE_WALK_PARENT), -ENOTDIR);
}

TEST(moved, "names that move are tried again, and the walk goes on")
{
	world.moved = PALE_WALK_TRIES - 1;
	ck_assert_int_eq(beneath("a/./b/.."), DIR_A);
}

TEST(moved_for_ever, "names that keep moving end the walk after a bounded number of tries")
{
	world.moved = PALE_WALK_TRIES;
	ck_assert_int_eq(beneath("a/b"), -EAGAIN);
	ck_assert_uint_eq(world.moved, 0);
	world.moved = PALE_WALK_TRIES;
	ck_assert_int_eq(beneath("./.."), -EAGAIN);
}

TEST(long_name, "a name above NAME_MAX is refused")
{
	char path[NAME_MAX + 8];

	memset(path, 'n', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(beneath(path), -ENAMETOOLONG);
}

TEST(long_path, "a path above PATH_MAX, given or grown by links, is refused")
{
	static char path[PATH_MAX + 1];

	memset(path, '/', sizeof(path) - 1);
	ck_assert_int_eq(go(PALE_WALK_IN_ROOT, path, 0), -ENAMETOOLONG);
	memset(path, '/', PATH_MAX - 1);
	path[PATH_MAX - 1] = '\0';
	ck_assert_int_eq(go(PALE_WALK_IN_ROOT, path, 0), TOP);
	memcpy(path, "to-a", 4);
	ck_assert_int_eq(beneath(path), DIR_A);
	for (size_t i = 0; i < PATH_MAX - 1; i++)
		path[i] = i % 2 ? '/' : '.';
	ck_assert_int_eq(go(PALE_WALK_IN_ROOT, path, 0), TOP);
	memcpy(path, "up/", 3);
	ck_assert_int_eq(go(PALE_WALK_IN_ROOT, path, 0), -ENAMETOOLONG);
}

TEST(deep, "more directories than the stack holds are refused, and all are given back")
{
	char path[PATH_MAX] = "";

	for (int i = 0; i < 800; i++)
		memcpy(path + i * 5, "deep/", 6);
	ck_assert_int_eq(beneath(path), DIR_A);
	ck_assert_int_eq(pale_walk_init(&walk, PALE_WALK_BENEATH, TOP, ROOT, path, 0), 0);
	ck_assert_int_eq(pale_walk_run(&walk, &ops, NULL), 0);
	ck_assert_int_eq(pale_walk_continue(&walk, path, 0), 0);
	ck_assert_int_eq(pale_walk_run(&walk, &ops, NULL), 0);
	ck_assert_int_eq(pale_walk_continue(&walk, path, 0), 0);
	ck_assert_int_eq(pale_walk_run(&walk, &ops, NULL), -ENAMETOOLONG);
	pale_walk_done(&walk, &ops, NULL);
	ck_assert_int_eq(world.held[DIR_A], 0);
}

TEST(again, "a walk that goes on keeps its way back")
{
	uint32_t node;

	ck_assert_int_eq(pale_walk_init(&walk, PALE_WALK_IN_ROOT, ROOT, ROOT, "/top/a", 0), 0);
	ck_assert_int_eq(pale_walk_run(&walk, &ops, NULL), 0);
	ck_assert_int_eq(pale_walk_continue(&walk, "../to-a/b/../..", 0), 0);
	ck_assert_int_eq(pale_walk_run(&walk, &ops, NULL), 0);
	ck_assert_int_eq(pale_walk_step(&walk, &ops, NULL), 0);
	ck_assert_int_eq(pale_walk_take(&walk, &node), 1);
	ck_assert_int_eq((int)node, TOP);
	fake_release(NULL, node);
	pale_walk_done(&walk, &ops, NULL);
}

TEST(again_file, "a walk that ended at a file does not go on")
{
	ck_assert_int_eq(pale_walk_init(&walk, PALE_WALK_BENEATH, TOP, ROOT, "to-f", 0), 0);
	ck_assert_int_eq(pale_walk_run(&walk, &ops, NULL), 0);
	ck_assert_int_eq(pale_walk_continue(&walk, "..", 0), -ENOTDIR);
	pale_walk_done(&walk, &ops, NULL);
	ck_assert_int_eq(world.held[FILE_F], 0);
}

TEST(left, "a walk that is left in the middle gives everything back")
{
	for (int stop = 0; stop < 20; stop++) {
		ck_assert_int_eq(pale_walk_init(&walk, PALE_WALK_NONE, TOP, ROOT,
				     "../top/to-to-a/b/far/../abs/b/f", 0),
		    0);
		for (int i = 0; i < stop && pale_walk_step(&walk, &ops, NULL) > 0; i++)
			;
		pale_walk_done(&walk, &ops, NULL);
		for (int i = 0; i < NODES; i++)
			ck_assert_int_eq(world.held[i], 0);
	}
}

TEST(copied, "a copy of a walk goes on by itself and ends at the same node")
{
	static struct pale_walk copy;
	uint32_t node;

	ck_assert_int_eq(pale_walk_init(&walk, PALE_WALK_BENEATH, TOP, ROOT, "to-a/b/far/f", 0), 0);
	for (int i = 0; i < 6; i++)
		ck_assert_int_eq(pale_walk_step(&walk, &ops, NULL), 1);
	copy = walk;
	ck_assert_int_eq(pale_walk_run(&copy, &ops, NULL), 0);
	ck_assert_int_eq(pale_walk_run(&walk, &ops, NULL), 0);
	pale_walk_take(&copy, &node);
	ck_assert_int_eq((int)node, FILE_F);
	pale_walk_take(&walk, &node);
	ck_assert_int_eq((int)node, FILE_F);
}

TEST_MAIN("walk", names, missing, file_inside, dotdot, beneath_out, in_root, none, links,
    links_told, nofollow, trailing, no_links, loop, forty, may_follow, search, parent, moved,
    moved_for_ever, long_name, long_path, deep, again, again_file, left, copied)
