/* SPDX-License-Identifier: BSD-2-Clause */
/* What was seen becomes grants: none wider than needed without a reason, none that is refused. */
#include "run/learn/merge.h"

#include <limits.h>

#include "core/scope.h"
#include "harness.h"

static const char *const roots[] = { "/w" };
static const char *const homes[] = { "/h" };

static const pale_rights read_file = RS(LOOKUP, READ);
static const pale_rights make_file = RS(LOOKUP, CREATE, WRITE);

struct world {
	struct pale_seen_list seen;
	struct pale_learn_around around;
	struct pale_learn_grants grants;
};

static void
start(struct world *w)
{
	*w = (struct world){ .around = { .roots = roots,
				 .root_count = 1,
				 .never = homes,
				 .never_count = 1,
				 .landlock_abi = 7 } };
	pale_seen_init(&w->seen);
}

static struct pale_seen *
use(struct world *w, const char *path, pale_rights rights, enum pale_seen_type type)
{
	struct pale_seen *seen = pale_seen_use(&w->seen, path, rights, type, "cc (open)", false);

	ck_assert_ptr_nonnull(seen);
	return seen;
}

/* A name that the program makes in a directory. */
static void
make(struct world *w, const char *dir, const char *path, pale_rights rights)
{
	use(w, dir, RS(LOOKUP, CREATE), PALE_SEEN_DIR);
	use(w, path, rights, PALE_SEEN_UNKNOWN)->passing = true;
}

static void
merge(struct world *w)
{
	ck_assert_int_eq(pale_learn_merge(&w->seen, &w->around, &w->grants), 0);
}

static const struct pale_learn_grant *
grant_of(const struct world *w, const char *path)
{
	static const struct pale_learn_grant none;

	for (size_t i = 0; i < w->grants.count; i++)
		if (strcmp(w->grants.list[i].path, path) == 0)
			return &w->grants.list[i];
	return &none;
}

static void
finish(struct world *w)
{
	pale_learn_grants_done(&w->grants);
	pale_seen_done(&w->seen);
}

TEST(exact, "a file that is read is granted for reading, and nothing else is")
{
	struct world w;

	start(&w);
	use(&w, "/w/a/b", read_file, PALE_SEEN_FILE);
	use(&w, "/elsewhere/c", read_file, PALE_SEEN_FILE);
	merge(&w);
	ck_assert_uint_eq(w.grants.count, 1);
	ck_assert_str_eq(w.grants.list[0].path, "/w/a/b");
	ck_assert(w.grants.list[0].type == PALE_SEEN_FILE);
	ck_assert(w.grants.list[0].rights == pale_rights_close(read_file));
	ck_assert_uint_eq(w.grants.widened, 0);
	finish(&w);
}

TEST(made, "a name that is made becomes its directory, with the exact union of rights")
{
	struct world w;

	start(&w);
	make(&w, "/w/d", "/w/d/new", RS(LOOKUP, WRITE));
	use(&w, "/w/d/old", read_file, PALE_SEEN_FILE);
	merge(&w);
	ck_assert_uint_eq(w.grants.count, 1);
	ck_assert_str_eq(w.grants.list[0].path, "/w/d");
	ck_assert(w.grants.list[0].type == PALE_SEEN_DIR);
	ck_assert(w.grants.list[0].rights == pale_rights_close(RS(LOOKUP, CREATE, WRITE, READ)));
	ck_assert_uint_gt(w.grants.list[0].names[PALE_LEARN_MADE].count, 0);
	ck_assert_uint_eq(w.grants.widened, 1);
	finish(&w);
}

TEST(made_tree, "what is made in a directory that is made becomes the directory that was there")
{
	struct world w;

	start(&w);
	make(&w, "/w/d", "/w/d/new", 0);
	make(&w, "/w/d/new", "/w/d/new/file", make_file);
	w.seen.list[0].rights |= RS(MKDIRAT);
	merge(&w);
	ck_assert_uint_eq(w.grants.count, 1);
	ck_assert_str_eq(w.grants.list[0].path, "/w/d");
	ck_assert(w.grants.list[0].rights == pale_rights_close(RS(LOOKUP, CREATE, WRITE, MKDIRAT)));
	finish(&w);
}

TEST(siblings, "three files with the same rights stay files, four become their directory")
{
	struct world w;
	char path[32];

	for (unsigned count = 3; count <= 4; count++) {
		start(&w);
		for (unsigned i = 0; i < count; i++) {
			snprintf(path, sizeof(path), "/w/d/f%c", 'a' + (int)i);
			use(&w, path, read_file, PALE_SEEN_FILE);
		}
		merge(&w);
		ck_assert_uint_eq(w.grants.count, count == 3 ? 3 : 1);
		if (count == 4) {
			ck_assert_str_eq(w.grants.list[0].path, "/w/d");
			ck_assert_uint_eq(w.grants.list[0].names[PALE_LEARN_MANY].count, 4);
			ck_assert_str_eq(
			    w.grants.list[0].names[PALE_LEARN_MANY].examples, "fa, fb, fc");
		}
		finish(&w);
	}
}

TEST(upwards, "directories merge upwards, but not above the tree and not onto a home")
{
	static const char *const both[] = { "/w", "/h" };
	struct world w;
	char path[32];

	start(&w);
	w.around.roots = both;
	w.around.root_count = 2;
	for (unsigned i = 0; i < 16; i++) {
		snprintf(path, sizeof(path), "/w/d%c/f%c", 'a' + (int)i / 4, 'a' + (int)i % 4);
		use(&w, path, read_file, PALE_SEEN_FILE);
		snprintf(path, sizeof(path), "/h/d%c/f%c", 'a' + (int)i / 4, 'a' + (int)i % 4);
		use(&w, path, read_file, PALE_SEEN_FILE);
	}
	merge(&w);
	ck_assert_uint_eq(w.grants.count, 5);
	ck_assert_str_eq(w.grants.list[0].path, "/h/da");
	ck_assert_str_eq(w.grants.list[4].path, "/w");
	finish(&w);
}

TEST(home, "what makes names in a home is told and not granted")
{
	static const char *const both[] = { "/h" };
	struct world w;

	start(&w);
	w.around.roots = both;
	make(&w, "/h", "/h/.new", make_file);
	use(&w, "/h/.old", read_file, PALE_SEEN_FILE);
	merge(&w);
	ck_assert_uint_eq(w.grants.refused, 1);
	ck_assert_ptr_nonnull(grant_of(&w, "/h")->refused);
	ck_assert_ptr_nonnull(grant_of(&w, "/h/.old")->path);
	ck_assert_ptr_null(grant_of(&w, "/h/.old")->refused);
	finish(&w);
}

TEST(secret, "no grant is made of a directory that shows a secret")
{
	static const char *const secrets[] = { "/w/d/key.pem" };
	struct world w;
	char path[32];

	start(&w);
	w.around.secrets = secrets;
	w.around.secret_count = 1;
	for (unsigned i = 0; i < 9; i++) {
		snprintf(path, sizeof(path), "/w/d/f%c", 'a' + (int)i);
		use(&w, path, read_file, PALE_SEEN_FILE);
	}
	make(&w, "/w/d", "/w/d/new", make_file);
	make(&w, "/w", "/w/new", make_file);
	use(&w, "/w/d/key.pem", read_file, PALE_SEEN_FILE);
	merge(&w);
	for (size_t i = 0; i < w.grants.count; i++) {
		const char *granted = w.grants.list[i].path;

		ck_assert(w.grants.list[i].refused != NULL ||
		    (strcmp(granted, "/w") != 0 && strcmp(granted, "/w/d") != 0 &&
			strcmp(granted, "/w/d/key.pem") != 0));
	}
	ck_assert_uint_eq(w.grants.refused, 2);
	finish(&w);
}

TEST(random_names, "a name that is another at the next run becomes its directory")
{
	struct world w;

	start(&w);
	use(&w, "/w/o/3f/2a9c04d1e5b6a7980c1d2e3f4a5b6c7d8e9fab", read_file, PALE_SEEN_FILE);
	use(&w, "/w/c/lock.12345", read_file, PALE_SEEN_FILE);
	use(&w, "/w/lib/libz.so.1.2", read_file, PALE_SEEN_FILE);
	merge(&w);
	ck_assert_uint_eq(w.grants.count, 3);
	ck_assert_ptr_nonnull(grant_of(&w, "/w/o")->path);
	ck_assert_ptr_nonnull(grant_of(&w, "/w/c")->path);
	ck_assert_ptr_nonnull(grant_of(&w, "/w/lib/libz.so.1.2")->path);
	ck_assert_uint_eq(grant_of(&w, "/w/c")->names[PALE_LEARN_RANDOM].count, 1);
	ck_assert_uint_eq(w.grants.widened, 2);
	finish(&w);
}

TEST(moved, "a rename between two directories puts both into one grant")
{
	struct world w;

	start(&w);
	use(&w, "/w/p/a", RS(LOOKUP, RENAMEAT_SOURCE), PALE_SEEN_DIR);
	use(&w, "/w/p/b", RS(LOOKUP, RENAMEAT_TARGET), PALE_SEEN_DIR);
	use(&w, "/w/p/a/x", 0, PALE_SEEN_UNKNOWN)->passing = true;
	use(&w, "/w/p/b/y", 0, PALE_SEEN_UNKNOWN)->passing = true;
	pale_seen_join(&w.seen, "/w/p/a/x", "/w/p/b/y");
	merge(&w);
	ck_assert_uint_eq(w.grants.count, 1);
	ck_assert_str_eq(w.grants.list[0].path, "/w/p");
	ck_assert_uint_gt(w.grants.list[0].names[PALE_LEARN_MOVED].count, 0);
	finish(&w);
}

TEST(nested, "what lies in a grant that can be written to is never narrower than it")
{
	struct world w;

	start(&w);
	make(&w, "/w/d", "/w/d/new", make_file);
	use(&w, "/w/d/sub", RS(LOOKUP), PALE_SEEN_DIR);
	use(&w, "/w/d/sub/tool", RS(LOOKUP, READ, FEXECVE), PALE_SEEN_FILE);
	merge(&w);
	ck_assert_uint_eq(w.grants.count, 2);
	ck_assert((w.grants.list[0].rights & ~w.grants.list[1].rights) == 0);
	ck_assert_str_eq(w.grants.list[1].path, "/w/d/sub/tool");
	finish(&w);
}

TEST(replaced, "what lies in a directory whose names can be replaced is not granted by its name")
{
	static const pale_rights ways[] = { RS(UNLINKAT), RS(RENAMEAT_SOURCE), RS(SYMLINKAT) };

	for (size_t i = 0; i < PALE_COUNT(ways); i++) {
		struct world w;

		start(&w);
		use(&w, "/w/d", RS(LOOKUP) | ways[i], PALE_SEEN_DIR);
		use(&w, "/w/d/sub/deep/tool", RS(LOOKUP, READ, FEXECVE), PALE_SEEN_FILE);
		merge(&w);
		ck_assert_uint_eq(w.grants.count, 1);
		ck_assert_str_eq(w.grants.list[0].path, "/w/d");
		ck_assert((w.grants.list[0].rights & RS(FEXECVE)) != 0);
		ck_assert_uint_eq(w.grants.list[0].names[PALE_LEARN_INNER].count, 1);
		finish(&w);
	}
}

TEST(leak, "a right that only the filter can withhold is given to every grant that would have it")
{
	struct world w;

	start(&w);
	use(&w, "/w/a/x", RS(LOOKUP, WRITE, FCHMOD), PALE_SEEN_FILE);
	use(&w, "/w/b/y", RS(LOOKUP, WRITE), PALE_SEEN_FILE);
	use(&w, "/w/c/z", RS(LOOKUP, READ), PALE_SEEN_FILE);
	merge(&w);
	ck_assert((grant_of(&w, "/w/b/y")->rights & RS(FCHMOD)) != 0);
	ck_assert((grant_of(&w, "/w/b/y")->added & RS(FCHMOD)) != 0);
	ck_assert((grant_of(&w, "/w/c/z")->rights & RS(FCHMOD)) == 0);
	for (size_t i = 0; i < w.grants.count; i++)
		ck_assert(pale_rights_leak(w.grants.list[i].rights,
			      pale_rights_close(RS(LOOKUP, READ, WRITE, FCHMOD)), 7) == 0);
	finish(&w);
}

TEST(private_around, "in a private directory a grant that can be changed has what Landlock unites")
{
	static const struct pale_learn_base base[] = {
		{ .path = "/w", .landlock = 0xffff, .is_dir = true }
	};
	static const char *const inner[] = { "/w/t" };
	struct world w;

	start(&w);
	w.around.roots = inner;
	w.around.base = base;
	w.around.base_count = 1;
	make(&w, "/w/t/d", "/w/t/d/new", RS(LOOKUP, WRITE));
	use(&w, "/w/t/r", read_file, PALE_SEEN_FILE);
	merge(&w);
	ck_assert(
	    (grant_of(&w, "/w/t/d")->rights & RS(UNLINKAT, FTRUNCATE)) == RS(UNLINKAT, FTRUNCATE));
	ck_assert((grant_of(&w, "/w/t/r")->rights & RS(WRITE)) == 0);
	finish(&w);
}

TEST(already_granted, "what somebody else grants is not granted again")
{
	struct pale_learn_base base[] = { { .path = "/w", .is_dir = true, .has_rights = true } };
	struct world w;

	base[0].rights = pale_rights_preset_read();
	start(&w);
	w.around.base = base;
	w.around.base_count = 1;
	use(&w, "/w/a", read_file, PALE_SEEN_FILE);
	use(&w, "/w/b", RS(LOOKUP, READ, FEXECVE), PALE_SEEN_FILE);
	merge(&w);
	ck_assert_uint_eq(w.grants.count, 1);
	ck_assert_str_eq(w.grants.list[0].path, "/w/b");
	finish(&w);
}

TEST(by_other_name,
    "nothing is granted by a name that somebody else's grant lets the program replace")
{
	struct pale_learn_base base[] = { { .path = "/w", .is_dir = true, .has_rights = true } };
	struct world w;

	base[0].rights = pale_rights_preset_write();
	start(&w);
	w.around.base = base;
	w.around.base_count = 1;
	use(&w, "/w/d/tool", RS(LOOKUP, READ, FEXECVE), PALE_SEEN_FILE);
	use(&w, "/w/d/text", read_file, PALE_SEEN_FILE);
	merge(&w);
	ck_assert_uint_eq(w.grants.count, 1);
	ck_assert_uint_eq(w.grants.refused, 1);
	ck_assert_ptr_nonnull(grant_of(&w, "/w/d/tool")->refused);
	finish(&w);
}

TEST(links, "a link is made anew where no grant shows it, and never granted itself")
{
	struct world w;

	start(&w);
	use(&w, "/w/l", RS(LOOKUP, READ), PALE_SEEN_LINK)->target = strdup("real/x");
	use(&w, "/w/d", RS(LOOKUP, READ), PALE_SEEN_DIR);
	use(&w, "/w/d/l", RS(LOOKUP), PALE_SEEN_LINK)->target = strdup("../x");
	merge(&w);
	ck_assert_uint_eq(w.grants.count, 2);
	ck_assert_str_eq(grant_of(&w, "/w/l")->target, "real/x");
	ck_assert(grant_of(&w, "/w/l")->rights == 0);
	finish(&w);
}

TEST(flood, "a flood of names is bounded, and what is not kept goes to its directory")
{
	struct world w;
	char path[64];

	start(&w);
	use(&w, "/w", RS(LOOKUP), PALE_SEEN_DIR);
	for (unsigned i = 0; i < PALE_SEEN_MAX * 3; i++) {
		snprintf(path, sizeof(path), "/w/x%u/plain", i);
		use(&w, path, read_file, PALE_SEEN_FILE);
	}
	ck_assert_uint_le(w.seen.count, PALE_SEEN_MAX);
	ck_assert_uint_ge(w.seen.folded, PALE_SEEN_MAX * 2);
	merge(&w);
	ck_assert_ptr_nonnull(grant_of(&w, "/w")->path);
	ck_assert((grant_of(&w, "/w")->rights & RS(READ)) != 0);
	ck_assert_uint_gt(grant_of(&w, "/w")->names[PALE_LEARN_FLOOD].count, 0);
	finish(&w);
}

TEST(again, "what was made of one run, seen again with more, only grows")
{
	struct world w;
	struct pale_learn_grants before;
	char path[32];

	start(&w);
	for (unsigned i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/w/d/f%c", 'a' + (int)i);
		use(&w, path, read_file, PALE_SEEN_FILE);
	}
	make(&w, "/w/e", "/w/e/new", make_file);
	merge(&w);
	before = w.grants;
	use(&w, "/w/d/fd", read_file, PALE_SEEN_FILE);
	use(&w, "/w/g", read_file, PALE_SEEN_FILE);
	merge(&w);
	for (size_t i = 0; i < before.count; i++) {
		bool covered = false;

		for (size_t k = 0; k < w.grants.count; k++) {
			size_t len = strlen(w.grants.list[k].path);
			const char *path_before = before.list[i].path;

			covered |= strncmp(w.grants.list[k].path, path_before, len) == 0 &&
			    (path_before[len] == '/' || path_before[len] == '\0') &&
			    (before.list[i].rights & ~w.grants.list[k].rights) == 0;
		}
		ck_assert_msg(covered, "%s", before.list[i].path);
	}
	pale_learn_grants_done(&before);
	finish(&w);
}

TEST_MAIN("learn_merge", exact, made, made_tree, siblings, upwards, home, secret, random_names,
    moved, nested, replaced, leak, private_around, already_granted, by_other_name, links, flood,
    again)
