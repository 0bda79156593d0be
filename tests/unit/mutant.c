/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/walk.c without one of its checks, as the walker `pale`: the search must find what that check
 * was for, by a witness or by a lookup that does not come to its end. Whole, it must find nothing.
 * The build makes one program for each mutation of mutate.py.
 */
#include <errno.h>

#include "check/explore.h"
#include "check/world/world.h"
#include "core/scope.h"
#include "harness.h"
#include "model/property.h"
#include "model/read.h"
#include "model/walkers.h"

#ifndef MUTATION
#define MUTATION "none"
#endif

/* What races: the ladder of the matrix. What needs nobody else: */
static const char links[] =
    "scenario('What links and paths may not do')\n"
    "directory('/etc')\nfile('/etc/passwd')\n"
    "directory('/box/sub')\nfile('/box/file')\n"
    "directory('/box/shut', 'mode=744')\n"
    "symlink('/box/passwd', '/etc/passwd')\n"
    "symlink('/box/above', '../etc')\n"
    "symlink('/box/loop', 'loop')\n"
    "symlink('/box/in', 'sub')\n"
    "symlink('/box/absolute', '/sub')\n"
    "property('union', 'root', 'call', 'rights', 'progress', 'never')\n"
    "never('holds(outside, /box/sub)')\n"
    "never('holds(outside, /box/file)')\n"
    "never('holds(outside, /box/shut)')\n"
    "compartment user {\n"
    "user(100)\nopen('box', '/box')\ncalls(1)\n"
    "may('openat(box, passwd|above|above/passwd|loop|in|in/|in/..|sub/..|..)',\n"
    "'openat(box, /etc/passwd)',\n"
    "'fstatat(box, ./in|./in/, AT_SYMLINK_NOFOLLOW)')\n}\n"
    /* Nothing of this leads anywhere. */
    "compartment outside {\n"
    "user(100)\nopen('box', '/box')\ncalls(1)\n"
    "may('openat(box, ../sub|absolute|/sub|file/|file/..|file/../sub|shut/.)',\n"
    "'openat(box, file, O_DIRECTORY)')\n}\n";

/* Where ".." leads once bar has been moved up. */
static const char moved[] =
    "scenario('A directory that is moved while a lookup is in it')\n"
    "directory('/srv/own/sub/deep')\n"
    "property('union', 'root', 'call', 'rights', 'progress')\n"
    "compartment worker {\n"
    "open('own', '/srv/own')\ncalls(1)\n"
    "may('openat(own, sub/..|sub/deep/..|sub/deep/../..)')\n}\n"
    "compartment keeper {\n"
    "open('all', '/srv')\nopen('own', '/srv/own')\ncalls(2)\n"
    "may('renameat(own, sub, all, sub)', 'renameat(all, sub, own, sub)')\n}\n";

/* What each mutation must violate, at least. */
static const struct expected {
	const char *mutation, *property;
} expected[] = {
	{ "dotdot", "union" },
	{ "dotdot-stays", "never:1" },
	{ "stack", "call" },
	{ "absolute", "union" },
	{ "absolute-link", "never:1" },
	{ "absolute-path", "never:1" },
	{ "final", "never:2" },
	{ "slash", "never:2" },
	{ "link-limit", "progress" },
	{ "nofollow", "progress" },
	{ "nofollow-slash", "progress" },
	{ "search", "never:3" },
	{ "retry", "progress" },
};

/* Properties of this scenario that core/walk.c, as it was built here, violates; by name: bits. */
static uint32_t
violated(const char *name, const char *text, const char *property, uint32_t *ret_property)
{
	struct pale_read_options options = { .walker = pale_walker_find("pale") };
	struct pale_explore_options search = {
		.threads = 1, .symmetry = true, .until = PALE_UNTIL_EACH
	};
	struct pale_model *model = NULL;
	struct pale_explored explored;
	struct pale_system system;
	struct pale_err err = { 0 };
	uint32_t bits;

	if (pale_model_read(name, text, strlen(text), &options, &model, &err) < 0)
		ck_abort_msg("%s", err.text);
	bits = pale_property_find(model, property);
	if (bits != 0)
		*ret_property = bits;
	pale_world_system(model, &system);
	ck_assert_int_eq(pale_explore(&system, &search, &explored, &err), 0);
	ck_assert_int_ne(explored.verdict, PALE_LIMIT);
	bits = explored.violated;
	pale_explored_done(&explored);
	pale_model_free(model);
	return bits;
}

/* The ladder, with all that the matrix holds the walker to; `call` is not among it: what is made in
 * a directory that was moved out meanwhile is found there, docs/matrix.md. */
static char *
read_ladder(void)
{
	const char *source = getenv("PALE_SOURCE");
	FILE *file;
	char path[4096], *text = calloc(1, 65536), *property;

	snprintf(path, sizeof(path), "%s/scenarios/ladder.pale",
	    source != NULL ? source : PALE_SOURCE_DIR);
	file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_gt(fread(text, 1, 65535, file), 0);
	fclose(file);
	property = strstr(text, "\nproperty('union')");
	ck_assert_ptr_nonnull(property);
	strcat(text, "\n");
	/* In the place of a line of the same length or longer. */
	memcpy(property, "\n                  ", strlen("\nproperty('union')"));
	strcat(text, "property('union', 'root', 'rights', 'progress')\n");
	return text;
}

TEST(mutant, "core/walk.c is found out without " MUTATION)
{
	PALE_FREE char *ladder = read_ladder();
	const char *property = "union";
	uint32_t wanted = 0, found;

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		if (strcmp(expected[i].mutation, MUTATION) == 0)
			property = expected[i].property;
	found = violated("links", links, property, &wanted) |
	    violated("moved", moved, property, &wanted) |
	    violated("ladder.pale", ladder, property, &wanted);
	if (strcmp(MUTATION, "none") == 0)
		ck_assert_msg(found == 0, "the walk as it ships violates properties %#x", found);
	else
		ck_assert_msg((found & wanted) != 0,
		    "without '%s' nothing violates %s: all in all %#x", MUTATION, property, found);
}

TEST_MAIN("mutant", mutant)
