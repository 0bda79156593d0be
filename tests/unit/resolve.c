/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths of grants on a real tree: canonical names, links met, sentences of what fails. */
#include "run/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/scope.h"
#include "harness.h"

enum {
	USER = 1000,
};

static char top[PATH_MAX]; /* canonical name of the tree */
static struct pale_resolved got;
static struct pale_err err;

/* A canonical name beneath the tree, in one of a few places. */
static const char *
in(const char *name)
{
	static char names[4][PATH_MAX + 64];
	static int turn;
	char *text = names[turn++ % 4];

	snprintf(text, sizeof(names[0]), "%s%s%s", top, name[0] == '\0' ? "" : "/", name);
	return text;
}

static void
make_tree(void)
{
	char made[] = "/tmp/pale-resolve-XXXXXX";

	ck_assert_ptr_nonnull(mkdtemp(made));
	ck_assert_ptr_nonnull(realpath(made, top));
	ck_assert_int_eq(chdir(top), 0);
	ck_assert_int_eq(chmod(".", 0755) | mkdir("a", 0755) | mkdir("a/b", 0755), 0);
	close(open("a/b/f", O_CREAT | O_WRONLY | O_CLOEXEC, 0640));
	ck_assert_int_eq(symlink("a", "l") | symlink("../l/b", "a/m"), 0);
	ck_assert_int_eq(symlink("nowhere", "gone") | symlink("loop", "loop"), 0);
	ck_assert_int_eq(symlink(in("a/b"), "abs"), 0);
}

static void
remove_tree(void)
{
	static const char *const names[] = { "a/b/f", "a/b", "a/m", "a", "l", "gone", "loop",
		"abs" };

	pale_resolved_done(&got);
	ck_assert_int_eq(chdir(top), 0);
	for (size_t i = 0; i < PALE_COUNT(names); i++)
		remove(names[i]);
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(rmdir(top), 0);
}

static int
resolve(const char *path)
{
	pale_resolved_done(&got);
	return pale_resolve(AT_FDCWD, path, &got, &err);
}

static void
check_link(size_t i, const char *path, const char *target)
{
	ck_assert_uint_lt(i, got.link_count);
	ck_assert_str_eq(got.links[i].path, in(path));
	ck_assert_str_eq(got.links[i].target, target);
}

TEST(canonical, "a path becomes canonical, with slashes, dots and dot-dots")
{
	make_tree();
	ck_assert_int_eq(resolve("a//./b/../b/f"), 0);
	ck_assert_str_eq(got.path, in("a/b/f"));
	ck_assert_uint_eq(got.link_count, 0);
	ck_assert_int_eq(resolve(in("a/b/")), 0);
	ck_assert_str_eq(got.path, in("a/b"));
	ck_assert_int_eq(resolve("."), 0);
	ck_assert_str_eq(got.path, in(""));
	ck_assert_int_eq(resolve("/"), 0);
	ck_assert_str_eq(got.path, "/");
	ck_assert_int_eq(resolve("/../.."), 0);
	ck_assert_str_eq(got.path, "/");
	remove_tree();
}

TEST(one_answer, "an absolute path and the same one with a detour give one answer")
{
	static const char *const plain[] = { "a/b/f", "a//b/.", "a", "a/b/f/", "a/no", "gone",
		"l/b" };
	char path[PATH_MAX + 64], want[PATH_MAX];

	make_tree();
	for (size_t i = 0; i < PALE_COUNT(plain); i++) {
		int r = resolve(in(plain[i]));
		ino_t ino = got.ino;

		snprintf(want, sizeof(want), "%s", r == 0 ? got.path : err.text);
		snprintf(path, sizeof(path), "%s/a/../%s", top, plain[i]);
		ck_assert_int_eq(resolve(path), r);
		ck_assert_str_eq(r == 0 ? got.path : err.text, want);
		ck_assert(r < 0 || got.ino == ino);
	}
	remove_tree();
}

TEST(object, "the object itself is held and described")
{
	struct stat st, held;

	make_tree();
	ck_assert_int_eq(resolve("a/b/f"), 0);
	ck_assert_int_eq(stat("a/b/f", &st), 0);
	ck_assert_int_eq(fstat(got.fd, &held), 0);
	ck_assert(st.st_ino == got.ino && st.st_dev == got.dev && st.st_mode == got.mode);
	ck_assert(st.st_uid == got.uid && st.st_gid == got.gid && held.st_ino == st.st_ino);
	ck_assert_int_eq(fcntl(got.fd, F_GETFL) & O_PATH, O_PATH);
	ck_assert_int_eq(fcntl(got.fd, F_GETFD), FD_CLOEXEC);
	remove_tree();
}

TEST(links, "each link on the way is recorded by its canonical name, the last one too")
{
	make_tree();
	ck_assert_int_eq(resolve("l/b/f"), 0);
	ck_assert_str_eq(got.path, in("a/b/f"));
	ck_assert_uint_eq(got.link_count, 1);
	check_link(0, "l", "a");
	ck_assert_int_eq(resolve("l/m"), 0);
	ck_assert_str_eq(got.path, in("a/b"));
	ck_assert_uint_eq(got.link_count, 3);
	check_link(0, "l", "a");
	check_link(1, "a/m", "../l/b");
	check_link(2, "l", "a");
	ck_assert_int_eq(resolve("abs/f"), 0);
	ck_assert_str_eq(got.path, in("a/b/f"));
	check_link(0, "abs", in("a/b"));
	remove_tree();
}

TEST(from_base, "a relative path starts at a base directory")
{
	int base;

	make_tree();
	base = open("a", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(chdir("/"), 0);
	pale_resolved_done(&got);
	ck_assert_int_eq(pale_resolve(base, "b/../../l", &got, &err), 0);
	ck_assert_str_eq(got.path, in("a"));
	close(base);
	remove_tree();
}

TEST(lost_base, "a base that was removed is refused")
{
	make_tree();
	ck_assert_int_eq(mkdir("d", 0755) | chdir("d") | rmdir("../d"), 0);
	ck_assert_int_lt(resolve("x"), 0);
	ck_assert_str_eq(err.text, "the working directory has no name any more");
	remove_tree();
}

TEST(missing, "the first missing name is told, and what is above it")
{
	char want[PALE_ERR_TEXT_BYTES];

	make_tree();
	ck_assert_int_eq(resolve("a/no/f"), -ENOENT);
	snprintf(want, sizeof(want), "'%s': no such file or directory ('%s' exists)", in("a/no"),
	    in("a"));
	ck_assert_str_eq(err.text, want);
	ck_assert_int_eq(resolve("gone"), -ENOENT);
	snprintf(want, sizeof(want),
	    "'%s': no such file or directory ('%s' exists, by the symbolic link '%s')",
	    in("nowhere"), in(""), in("gone"));
	ck_assert_str_eq(err.text, want);
	ck_assert_int_eq(resolve(""), -ENOENT);
	remove_tree();
}

TEST(no_directory, "a file on the way is told to be no directory")
{
	char want[PALE_ERR_TEXT_BYTES];

	make_tree();
	snprintf(want, sizeof(want), "'%s' is not a directory", in("a/b/f"));
	ck_assert_int_eq(resolve("a/b/f/x"), -ENOTDIR);
	ck_assert_str_eq(err.text, want);
	ck_assert_int_eq(resolve("a/b/f/"), -ENOTDIR);
	ck_assert_str_eq(err.text, want);
	remove_tree();
}

TEST(loop, "a loop of links is told with the link that was too many")
{
	char want[PALE_ERR_TEXT_BYTES];

	make_tree();
	ck_assert_int_eq(resolve("loop"), -ELOOP);
	snprintf(want, sizeof(want), "'loop': too many symbolic links, at '%s'", in("loop"));
	ck_assert_str_eq(err.text, want);
	remove_tree();
}

TEST(odd_names, "names that are no UTF-8 or hold line ends are kept byte for byte")
{
	make_tree();
	ck_assert_int_eq(symlink("a", "\xff\n\\"), 0);
	ck_assert_int_eq(resolve("\xff\n\\/b"), 0);
	ck_assert_str_eq(got.path, in("a/b"));
	check_link(0, "\xff\n\\", "a");
	ck_assert_int_eq(unlink("\xff\n\\"), 0);
	remove_tree();
}

TEST(many, "two thousand paths are resolved, and no descriptor is left")
{
	int before;

	make_tree();
	before = dup(0);
	close(before);
	for (int i = 0; i < 2000; i++)
		ck_assert_int_eq(resolve("l/m/f"), 0);
	pale_resolved_done(&got);
	ck_assert_int_eq(dup(0), before);
	close(before);
	remove_tree();
}

TEST(done_twice, "giving back twice, or what never was, is harmless")
{
	struct pale_resolved never = { 0 };

	pale_resolved_done(&never);
	pale_resolved_done(&never);
	ck_assert_int_ge(fcntl(0, F_GETFD), 0);
}

TEST(from_root, "the way may begin at the root, and who need not be wanted")
{
	bool ret = false;

	ck_assert_int_eq(resolve("/proc/self/status"), 0);
	ck_assert_int_eq(pale_resolve_replaceable("/", &got, &ret, NULL, 0), 0);
	ck_assert_int_eq(resolve("/etc/passwd"), 0);
	ck_assert_int_eq(pale_resolve_replaceable("/", &got, &ret, NULL, 0), 0);
	ck_assert(!ret);
	ck_assert_int_eq(pale_resolve_replaceable("/etc/passwd", &got, &ret, NULL, 0), 0);
	ck_assert(!ret);
}

/* Who can replace a/b/f, when asked from the tree on? */
static bool
replaceable(char *who, size_t size)
{
	bool ret = false;

	ck_assert_int_eq(resolve("a/b/f"), 0);
	ck_assert_int_eq(pale_resolve_replaceable(top, &got, &ret, who, size), 0);
	ck_assert_int_eq(ret, who[0] != '\0');
	return ret;
}

TEST(replaced_by, "who can replace a name on the way: owners, groups, everybody, in sticky ones")
{
	char who[PATH_MAX + 64], want[PATH_MAX + 64];

	make_tree();
	if (geteuid() != 0) {
		/* Everything here is the user's own. */
		ck_assert(replaceable(who, sizeof(who)));
		remove_tree();
		return;
	}
	ck_assert(!replaceable(who, sizeof(who)));
	ck_assert_int_eq(chown("a/b/f", USER, USER) | chmod("a/b/f", 0666), 0);
	ck_assert(!replaceable(who, sizeof(who)));
	ck_assert_int_eq(chmod("a/b", 01777), 0);
	ck_assert(replaceable(who, sizeof(who)));
	snprintf(want, sizeof(want), "uid 1000 owns an entry of the sticky '%s'", in("a/b"));
	ck_assert_str_eq(who, want);
	ck_assert_int_eq(chown("a/b/f", 0, 0), 0);
	ck_assert(!replaceable(who, sizeof(who)));
	ck_assert_int_eq(chmod("a", 0777), 0);
	ck_assert(replaceable(who, sizeof(who)));
	snprintf(want, sizeof(want), "everybody may write to '%s'", in("a"));
	ck_assert_str_eq(who, want);
	ck_assert_int_eq(chmod("a", 0775) | chown("a", 0, 50), 0);
	ck_assert(replaceable(who, sizeof(who)));
	snprintf(want, sizeof(want), "gid 50 may write to '%s'", in("a"));
	ck_assert_str_eq(who, want);
	ck_assert_int_eq(chmod("a", 0755) | chown("a", USER, 0), 0);
	ck_assert(replaceable(who, sizeof(who)));
	snprintf(want, sizeof(want), "uid 1000 owns '%s'", in("a"));
	ck_assert_str_eq(who, want);
	ck_assert_int_eq(chown("a", 0, 0) | chmod(".", 0777), 0);
	ck_assert(replaceable(who, sizeof(who)));
	snprintf(want, sizeof(want), "everybody may write to '%s'", top);
	ck_assert_str_eq(who, want);
	remove_tree();
}

TEST(replaced_meanwhile, "an object whose name went to another is told, one outside refused")
{
	bool ret = false;
	char who[64];

	make_tree();
	ck_assert_int_eq(resolve("a/b/f"), 0);
	ck_assert_int_eq(pale_resolve_replaceable("/etc", &got, &ret, who, sizeof(who)), -EINVAL);
	ck_assert_int_eq(rename("a/b/f", "a/b/g"), 0);
	ck_assert_int_eq(
	    pale_resolve_replaceable(in("a/b"), &got, &ret, who, sizeof(who)), -ENOENT);
	close(open("a/b/f", O_CREAT | O_WRONLY | O_CLOEXEC, 0640));
	ck_assert_int_eq(
	    pale_resolve_replaceable(in("a/b"), &got, &ret, who, sizeof(who)), -ESTALE);
	ck_assert_int_eq(unlink("a/b/g"), 0);
	remove_tree();
}

TEST_MAIN("resolve", canonical, one_answer, object, links, from_base, lost_base, missing,
    no_directory, loop, odd_names, many, done_twice, from_root, replaced_by, replaced_meanwhile)
