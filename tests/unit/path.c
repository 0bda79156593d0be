/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths as text. */
#include "core/path.h"

#include <errno.h>

#include "harness.h"

static char out[PATH_MAX];

static const char *
normal(const char *path)
{
	ck_assert_int_eq(pale_path_normalise(path, out, sizeof(out)), 0);
	return out;
}

static const char *
joined(const char *dir, const char *path)
{
	ck_assert_int_eq(pale_path_join(dir, path, out, sizeof(out)), 0);
	return out;
}

TEST(empty, "an empty path is refused")
{
	ck_assert_int_eq(pale_path_check(""), -ENOENT);
}

TEST(longest, "a path of PATH_MAX bytes with its NUL is the longest")
{
	static char path[PATH_MAX + 2];

	memset(path, '/', PATH_MAX - 1);
	ck_assert_int_eq(pale_path_check(path), 0);
	path[PATH_MAX - 1] = '/';
	ck_assert_int_eq(pale_path_check(path), -ENAMETOOLONG);
}

TEST(components, "components come one by one, repeated slashes are one")
{
	const char *at = "//a///bc/./..";
	struct pale_part part;

	ck_assert_int_eq(pale_path_next(&at, &part), 1);
	ck_assert_mem_eq(part.text, "a", part.len);
	ck_assert_int_eq(part.kind, PALE_PART_NAME);
	ck_assert(part.slash && !part.last);
	ck_assert_int_eq(pale_path_next(&at, &part), 1);
	ck_assert_uint_eq(part.len, 2);
	ck_assert_int_eq(pale_path_next(&at, &part), 1);
	ck_assert_int_eq(part.kind, PALE_PART_DOT);
	ck_assert_int_eq(pale_path_next(&at, &part), 1);
	ck_assert_int_eq(part.kind, PALE_PART_DOTDOT);
	ck_assert(part.last && !part.slash);
	ck_assert_int_eq(pale_path_next(&at, &part), 0);
	ck_assert_int_eq(part.kind, PALE_PART_END);
}

TEST(trailing, "a trailing slash is told: the last component must be a directory")
{
	const char *at = "a//";
	struct pale_part part;

	ck_assert_int_eq(pale_path_next(&at, &part), 1);
	ck_assert(part.slash && part.last);
}

TEST(root, "a path of slashes has no component")
{
	const char *at = "///";
	struct pale_part part;

	ck_assert_int_eq(pale_path_next(&at, &part), 0);
	ck_assert(part.last);
}

TEST(dots, "three dots and dots with names are names")
{
	const char *at = ".../.a/..b";
	struct pale_part part;

	while (pale_path_next(&at, &part) == 1)
		ck_assert_int_eq(part.kind, PALE_PART_NAME);
}

TEST(long_component, "a component above NAME_MAX is refused, one of NAME_MAX is not")
{
	char name[NAME_MAX + 2];
	const char *at = name;
	struct pale_part part;

	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	ck_assert_int_eq(pale_path_next(&at, &part), 1);
	name[NAME_MAX] = 'n';
	name[NAME_MAX + 1] = '\0';
	at = name;
	ck_assert_int_eq(pale_path_next(&at, &part), -ENAMETOOLONG);
}

TEST(join, "joining puts one slash between, and an absolute path replaces")
{
	ck_assert_str_eq(joined("/a", "b"), "/a/b");
	ck_assert_str_eq(joined("/a/", "b"), "/a/b");
	ck_assert_str_eq(joined("/", "b"), "/b");
	ck_assert_str_eq(joined("/a", "/b"), "/b");
	ck_assert_str_eq(joined("", "b"), "b");
	ck_assert_str_eq(joined("/a", ""), "/a");
}

TEST(join_long, "a join that does not fit is refused and writes nothing")
{
	char small[5] = "keep";

	ck_assert_int_eq(pale_path_join("/a", "bc", small, sizeof(small)), -ENAMETOOLONG);
	ck_assert_str_eq(small, "keep");
	ck_assert_int_eq(pale_path_join("/a", "b", small, sizeof(small)), 0);
}

TEST(normalise, "normalising removes slashes, dots and dot-dots")
{
	ck_assert_str_eq(normal("//a/./b//../c/"), "/a/c");
	ck_assert_str_eq(normal("/../.."), "/");
	ck_assert_str_eq(normal("a/.."), ".");
	ck_assert_str_eq(normal("a/../../b"), "../b");
	ck_assert_str_eq(normal("../../a/.."), "../..");
	ck_assert_str_eq(normal("..a/.."), ".");
	ck_assert_str_eq(normal("a../.."), ".");
	ck_assert_str_eq(normal(""), ".");
}

TEST(normalise_twice, "normalising a normal path changes nothing")
{
	static const char *const paths[] = { "/", ".", "..", "../..", "/a/b", "a/b", "../a" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		ck_assert_str_eq(normal(paths[i]), paths[i]);
}

TEST(beneath, "beneath goes by components, not by bytes")
{
	ck_assert(pale_path_is_beneath("/a/b", "/a"));
	ck_assert(pale_path_is_beneath("/a", "/a"));
	ck_assert(pale_path_is_beneath("/a", "/"));
	ck_assert(pale_path_is_beneath("/a//./b/", "/a/"));
	ck_assert(!pale_path_is_beneath("/ab", "/a"));
	ck_assert(!pale_path_is_beneath("/a", "/a/b"));
	ck_assert(!pale_path_is_beneath("a/b", "/a"));
}

TEST(beneath_dotdot, "a path with dot-dot is never called beneath")
{
	ck_assert(!pale_path_is_beneath("/a/../b", "/a"));
	ck_assert(!pale_path_is_beneath("/a/b/..", "/a"));
	ck_assert(!pale_path_is_beneath("/a/b", "/a/../a"));
}

TEST(last, "the last component of a path")
{
	ck_assert_str_eq(pale_path_last("/a/b"), "b");
	ck_assert_str_eq(pale_path_last("b"), "b");
	ck_assert_str_eq(pale_path_last("/"), "");
}

TEST_MAIN("path", empty, longest, components, trailing, root, dots, long_component, join, join_long,
    normalise, normalise_twice, beneath, beneath_dotdot, last)
