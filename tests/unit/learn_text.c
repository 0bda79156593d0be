/* SPDX-License-Identifier: BSD-2-Clause */
/* The file of what is learned: what is written is read back, whatever the names; what is broken is
 * refused, and never crashes. */
#include "run/learn/text.h"

#include <errno.h>
#include <limits.h>

#include "core/scope.h"
#include "harness.h"
#include "random.h"

static const char *const within[] = { "/w" };
static const char *const command[] = { "git", "status", NULL };

/* A file with one grant of a path, written from an old text. */
static char *
write_one(const char *old_text, const char *path, const char *const *argv)
{
	struct pale_seen_list seen;
	struct pale_learn_old old;
	struct pale_learn_around around = { .roots = within, .root_count = 1, .landlock_abi = 7 };
	struct pale_learn_grants grants;
	struct pale_learn_new new = { .file = "f",
		.options = "profile('git')\n",
		.within = within,
		.within_count = 1,
		.command = argv,
		.chdir = "/w",
		.grants = &grants };
	struct pale_err err = { 0 };
	char *text = NULL;
	size_t size;
	int rc;

	pale_seen_init(&seen);
	rc = pale_learn_text_read("f", old_text, &old, &seen, &err);
	ck_assert_msg(rc == 0, "%s", err.text);
	if (path != NULL)
		ck_assert_ptr_nonnull(pale_seen_use(
		    &seen, path, RS(LOOKUP, READ), PALE_SEEN_FILE, "x\\n (open)", false));
	ck_assert_int_eq(pale_learn_merge(&seen, &around, &grants), 0);
	new.denied = old.denied;
	rc = pale_learn_text_write(&old, &new, &text, &size, &err);
	ck_assert_msg(rc == 0, "%s", err.text);
	ck_assert_uint_eq(strlen(text), size);
	pale_learn_grants_done(&grants);
	pale_learn_old_done(&old);
	pale_seen_done(&seen);
	return text;
}

static int
read_text(const char *text, struct pale_seen_list *seen, struct pale_learn_old *old)
{
	struct pale_err err = { 0 };
	int rc;

	pale_seen_init(seen);
	rc = pale_learn_text_read("f", text, old, seen, &err);
	ck_assert(rc == 0 || err.text[0] != '\0');
	return rc;
}

TEST(back, "what was written of any name is read back as that name, once")
{
	static const char *const names[] = { "/w/plain", "/w/a\nread('/etc')\n# x", "/w/*/ #'\"",
		"/w/${HOME}\\", "/w/\xff\x1b[0m", "/w/# >>> learned by pale run --learn" };

	for (size_t i = 0; i < PALE_COUNT(names); i++) {
		PALE_FREE char *text = write_one(NULL, names[i], command);
		struct pale_learn_old old;
		struct pale_seen_list seen;

		ck_assert_int_eq(read_text(text, &seen, &old), 0);
		ck_assert_uint_eq(seen.count, 1);
		ck_assert_str_eq(seen.list[0].path, names[i]);
		ck_assert_str_eq(seen.list[0].first, "x\\n (open)");
		ck_assert_uint_eq(seen.list[0].count, 1);
		ck_assert(seen.list[0].rights ==
		    pale_rights_essence(pale_rights_close(RS(LOOKUP, READ))));
		ck_assert_uint_eq(old.runs, 1);
		ck_assert_uint_eq(old.within_count, 1);
		ck_assert_str_eq(old.within[0], "/w");
		ck_assert_str_eq(old.options, "profile('git')\n");
		ck_assert_str_eq(old.command[1], "status");
		pale_learn_old_done(&old);
		pale_seen_done(&seen);
	}
}

TEST(again, "a file that is written again with nothing new stays, but for the number of runs")
{
	PALE_FREE char *once = write_one(NULL, "/w/a", command);
	PALE_FREE char *twice = write_one(once, NULL, command);
	PALE_FREE char *thrice = write_one(twice, NULL, command);
	char *runs = strstr(twice, "# runs 2");

	ck_assert_ptr_nonnull(runs);
	runs[strlen("# runs ")] = '3';
	ck_assert_str_eq(twice, thrice);
}

TEST(commands, "of several commands the words that they begin with alike are kept")
{
	static const char *const log[] = { "git", "log", "-1", NULL };
	static const char *const other[] = { "svn", "log", NULL };
	PALE_FREE char *once = write_one(NULL, "/w/a", command);
	PALE_FREE char *twice = write_one(once, NULL, log);
	PALE_FREE char *thrice = write_one(twice, NULL, other);

	ck_assert_ptr_nonnull(strstr(once, "\ncommand('git', 'status')\n"));
	ck_assert_ptr_nonnull(strstr(twice, "\ncommand('git')\n"));
	ck_assert_ptr_nonnull(strstr(thrice, "\ncommand('git')\n"));
}

TEST(own, "what people wrote is kept to the byte, and their command counts")
{
	static const char old[] = "# mine\ncommand('make')\nlimit('cpu=3')";
	PALE_FREE char *text = write_one(old, "/w/a", command);

	ck_assert(strncmp(text, old, strlen(old)) == 0);
	ck_assert_ptr_null(strstr(text, "command('git'"));
}

TEST(denied, "a denial is told once, and lines about them are bounded")
{
	PALE_FREE char *lines = NULL;
	char statement[64];
	bool room = true;

	ck_assert(pale_learn_text_add(&lines, "denied, cat", "read('/x')"));
	ck_assert(pale_learn_text_add(&lines, "denied, less", "read('/x')"));
	ck_assert_str_eq(lines, "# denied, cat\n# read('/x')\n");
	for (unsigned i = 0; room && i < 1000000; i++) {
		snprintf(statement, sizeof(statement), "read('/%u')", i);
		room = pale_learn_text_add(&lines, "denied, cat", statement);
		if (i > 4000)
			break;
	}
	ck_assert_uint_le(strlen(lines), PALE_LEARN_DENIED_BYTES_MAX);
}

TEST(no_marks, "a file whose marks are not whole is refused with the line that is missing")
{
	static const char *const marks[] = { "# >>> ", "# -- used", "# -- denied", "# <<< " };
	PALE_FREE char *text = write_one(NULL, "/w/a", command);

	for (size_t i = 0; i < PALE_COUNT(marks); i++) {
		PALE_FREE char *broken = strdup(text);
		struct pale_learn_old old;
		struct pale_seen_list seen;
		char *at = strstr(broken, marks[i]);

		ck_assert_ptr_nonnull(at);
		at[2] = 'x';
		ck_assert_int_eq(read_text(broken, &seen, &old), -EINVAL);
		pale_learn_old_done(&old);
		pale_seen_done(&seen);
	}
}

TEST(cut, "a file that was cut anywhere, or changed anywhere, is read or refused")
{
	PALE_FREE char *text = write_one(NULL, "/w/a\n'\"", command);
	uint64_t seed = test_seed(0x1ea57e87);
	size_t size = strlen(text);

	for (size_t i = 0; i < size + 4000; i++) {
		PALE_FREE char *broken = strdup(text);
		struct pale_learn_old old;
		struct pale_seen_list seen;

		if (i < size)
			broken[i] = '\0';
		for (unsigned k = 0; i >= size && k < 3; k++)
			broken[test_below(&seed, (unsigned)size)] =
			    (char)(test_below(&seed, 255) + 1);
		read_text(broken, &seen, &old);
		pale_learn_old_done(&old);
		pale_seen_done(&seen);
	}
}

TEST_MAIN("learn_text", back, again, commands, own, denied, no_marks, cut)
