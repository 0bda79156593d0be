/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The path lexer and the walker under arbitrary paths, link targets and renames: components are
 * what they should be, escaped text comes back, and no walk ends above its start, holds a handle
 * twice, or goes on for ever.
 *
 * Input: policy and flags (1 byte), renames (8), path, NUL, target, NUL, target ...
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/escape.h"
#include "core/path.h"
#include "core/scope.h"
#include "core/walk.h"

enum {
	ROOT,
	START, /* what is above it never moves */
	DIR_A,
	DIR_B,
	DIR_C,
	LINK_L,
	LINK_M,
	FILE_F,
	NODES,
	RENAMES = 8,
	/* 40 links, each putting at most PATH_MAX / 2 components, each at most three steps. */
	STEPS_MAX = 41 * PATH_MAX * 3,
};

struct world {
	uint32_t parent[NODES];
	int held[NODES];
	const char *target[NODES];
	uint8_t renames[RENAMES];
	unsigned rename;
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void
check(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "not so: %s\n", what);
	abort();
}

static enum pale_walk_type
type_of(uint32_t node)
{
	if (node == LINK_L || node == LINK_M)
		return PALE_WALK_IS_LINK;
	return node == FILE_F ? PALE_WALK_IS_OTHER : PALE_WALK_IS_DIR;
}

static bool
is_beneath(const struct world *world, uint32_t node, uint32_t top)
{
	while (node != top && node != ROOT)
		node = world->parent[node];
	return node == top;
}

/* Before an operation the adversary may move a node to where it can be moved to. */
static void
move_something(struct world *world)
{
	uint8_t move = world->renames[world->rename++ % RENAMES];
	uint32_t node = DIR_A + move % (NODES - DIR_A), to = move / 16 % LINK_L;

	if ((move & 8) != 0 && !is_beneath(world, to, node))
		world->parent[node] = to;
}

static int
fuzz_lookup(void *ctx, uint32_t dir, const char *name, bool dir_only, uint32_t *ret_node)
{
	static const char *const names[NODES] = { "", "s", "a", "b", "c", "l", "m", "f" };
	struct world *world = ctx;

	check(type_of(dir) == PALE_WALK_IS_DIR, "names are looked up in directories only");
	check(name[0] != '\0' && strchr(name, '/') == NULL && strlen(name) <= NAME_MAX,
	    "one name at a time");
	check(strcmp(name, ".") != 0 && strcmp(name, "..") != 0, "no dots are looked up");
	move_something(world);
	for (uint32_t i = START; i < NODES; i++) {
		if (world->parent[i] != dir || strcmp(names[i], name) != 0)
			continue;
		if (dir_only && type_of(i) != PALE_WALK_IS_DIR)
			return -ENOTDIR;
		world->held[i]++;
		*ret_node = i;
		return 0;
	}
	return -ENOENT;
}

static int
fuzz_parent(void *ctx, uint32_t dir, uint32_t *ret_node)
{
	struct world *world = ctx;

	move_something(world);
	*ret_node = world->parent[dir];
	world->held[world->parent[dir]]++;
	return 0;
}

static int
fuzz_identify(void *ctx PALE_UNUSED, uint32_t node, struct pale_walk_id *ret_id)
{
	*ret_id = (struct pale_walk_id){ .type = type_of(node), .ino = node };
	return 0;
}

static ssize_t
fuzz_read_link(void *ctx, uint32_t link, char *buf, size_t size)
{
	struct world *world = ctx;
	size_t len = strlen(world->target[link]);

	move_something(world);
	memcpy(buf, world->target[link], len < size ? len : size);
	return (ssize_t)(len < size ? len : size);
}

static void
fuzz_release(void *ctx, uint32_t node)
{
	struct world *world = ctx;

	check(world->held[node]-- > 0, "a handle is given back once");
}

static const struct pale_walk_ops ops = {
	.lookup = fuzz_lookup,
	.parent = fuzz_parent,
	.identify = fuzz_identify,
	.read_link = fuzz_read_link,
	.release = fuzz_release,
};

static void
walk_it(struct world *world, const char *path, uint8_t how)
{
	static struct pale_walk walk;
	enum pale_walk_policy policy = how % PALE_WALK_POLICY_COUNT;
	int r = pale_walk_init(&walk, policy, START, ROOT, path, how >> 4);
	uint32_t node;
	long steps = 0;

	if (r == 0) {
		do {
			r = pale_walk_step(&walk, &ops, world);
			check(++steps < STEPS_MAX, "a walk ends");
		} while (r > 0);
	}
	if (r == 0) {
		if (pale_walk_take(&walk, &node))
			fuzz_release(world, node);
		check(policy == PALE_WALK_NONE || node != ROOT, "no walk ends above its start");
	}
	pale_walk_done(&walk, &ops, world);
	for (int i = 0; i < NODES; i++)
		check(world->held[i] == 0, "every handle is given back");
}

static void
lex_it(const char *path)
{
	char normal[PATH_MAX], again[PATH_MAX];
	const char *at = path;
	struct pale_part part;

	while (pale_path_next(&at, &part) != 0) {
		check(part.len > 0 && memchr(part.text, '/', part.len) == NULL, "a component");
		check(part.text + part.len <= at, "a component lies behind");
		check(part.last == (*at == '\0'), "the last is the last");
	}
	check(*at == '\0', "the end is the end");
	if (pale_path_normalise(path, normal, sizeof(normal)) < 0)
		return;
	check(pale_path_normalise(normal, again, sizeof(again)) == 0 && strcmp(normal, again) == 0,
	    "a normal path stays as it is");
	if (normal[0] == '/')
		check(strstr(normal, "/../") == NULL, "no dot-dot stays in an absolute path");
	check(pale_path_is_beneath(normal, normal) ==
		(strncmp(normal, "..", 2) != 0 || (normal[2] != '/' && normal[2] != '\0')),
	    "a path is beneath itself");
}

static void
escape_it(const char *text, size_t len)
{
	char small[64], *back = malloc(len + 1), *escaped = malloc(4 * len + 1);
	size_t got;

	check(back != NULL && escaped != NULL, "memory");
	for (int round = 0; round < 2; round++) {
		got = (round ? pale_escape : pale_escape_utf8)(text, len, escaped, 4 * len + 1);
		check(got <= 4 * len && strlen(escaped) == got, "an escape has no NUL");
		check(pale_unescape(escaped, got, back, len + 1) == (ssize_t)len &&
			memcmp(back, text, len) == 0,
		    "escaped text comes back");
		(round ? pale_escape : pale_escape_utf8)(text, len, small, sizeof(small));
		check(strncmp(small, escaped, strlen(small)) == 0, "a cut escape is its beginning");
	}
	pale_unescape(text, len, small, sizeof(small));
	free(back);
	free(escaped);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct world world = { .parent = { ROOT, ROOT, START, DIR_A, START, START, DIR_A, DIR_B } };
	char *text, *at;

	if (size < 1 + RENAMES)
		return 0;
	escape_it((const char *)bytes, size);
	memcpy(world.renames, bytes + 1, RENAMES);
	/* Two more NULs, so that there are three strings whatever comes. */
	text = calloc(1, size - RENAMES + 2);
	check(text != NULL, "memory");
	memcpy(text, bytes + 1 + RENAMES, size - 1 - RENAMES);
	at = text + strlen(text) + 1;
	world.target[LINK_L] = at;
	world.target[LINK_M] = at + strlen(at) + (at + strlen(at) < text + size - RENAMES);
	lex_it(text);
	walk_it(&world, text, bytes[0]);
	free(text);
	return 0;
}
