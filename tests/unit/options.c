/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of the command line as a table. */
#include "cli/options.h"

#include <errno.h>
#include <string.h>

#include "core/scope.h"
#include "harness.h"

/* What was taken, in order: "with=arg ". */
struct taken {
	char text[256];
};

static int
take(void *state, const char *with, const char *arg, struct pale_err *err)
{
	struct taken *taken = state;
	size_t len = strlen(taken->text);

	(void)err;
	snprintf(taken->text + len, sizeof(taken->text) - len, "%s=%s ", with,
	    arg == NULL ? "(none)" : arg);
	return 0;
}

static int
take_end(void *state, const char *with, const char *arg, struct pale_err *err)
{
	take(state, with, arg, err);
	return 1;
}

static int
take_fail(void *state, const char *with, const char *arg, struct pale_err *err)
{
	(void)state;
	return pale_fail(err, -ERANGE, "%s %s", with, arg);
}

/* clang-format off */
static const struct pale_option table[] = {
	{ NULL, 0, NULL, "Heading:", NULL },
	{ "read", 'r', "PATH", "help", take },
	{ "write", 'w', "PATH", "help", take },
	{ "bare", 'b', NULL, "help", take },
	{ "quiet", 0, NULL, "help", take },
	{ NULL, 'q', NULL, "help", take },
	{ "end", 'e', NULL, "help", take_end },
	{ "fail", 'f', "ARG", "help", take_fail },
};
/* clang-format on */

/* Parse words, which end with NULL; what was taken, how many words, what came back. */
static int
parse(const char *const *words, struct taken *taken, int *used, struct pale_err *err)
{
	char *argv[16];
	int argc = 0;

	for (; words[argc] != NULL; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc];
	*taken = (struct taken){ "" };
	*used = -1;
	*err = (struct pale_err){ 0 };
	return pale_options_parse(table, PALE_COUNT(table), argc, argv, taken, used, err);
}

#define PARSE(...) parse((const char *const[]){ __VA_ARGS__, NULL }, &taken, &used, &err)

static struct taken taken;
static struct pale_err err;
static int used;

TEST(names, "long names take their argument behind a blank or an equals sign")
{
	ck_assert_int_eq(PARSE("--read", "a", "--write=b", "--bare", "rest"), 0);
	ck_assert_str_eq(taken.text, "--read=a --write=b --bare=(none) ");
	ck_assert_int_eq(used, 4);
}

TEST(letters, "letters take their argument behind them or in the next word, and can be bundled")
{
	ck_assert_int_eq(PARSE("-ra", "-r", "b", "-bqw", "c", "rest"), 0);
	ck_assert_str_eq(taken.text, "-r=a -r=b -b=(none) -q=(none) -w=c ");
	ck_assert_int_eq(used, 5);
}

TEST(empty, "an argument may be empty, and may look like an option")
{
	ck_assert_int_eq(PARSE("--read=", "--read", "", "-r", "--", "--write", "-r"), 0);
	ck_assert_str_eq(taken.text, "--read= --read= -r=-- --write=-r ");
	ck_assert_int_eq(used, 7);
}

TEST(stop, "options end at the first word that is none, at '--', and at '-'")
{
	ck_assert_int_eq(PARSE("-b", "make", "-r", "x"), 0);
	ck_assert_int_eq(used, 1);
	ck_assert_int_eq(PARSE("-b", "--", "-r", "x"), 0);
	ck_assert_int_eq(used, 2);
	ck_assert_int_eq(PARSE("-b", "-", "-r"), 0);
	ck_assert_int_eq(used, 1);
	ck_assert_int_eq(PARSE("--"), 0);
	ck_assert_int_eq(used, 1);
}

TEST(none, "no words are no options")
{
	ck_assert_int_eq(
	    pale_options_parse(table, PALE_COUNT(table), 0, NULL, NULL, &used, NULL), 0);
	ck_assert_int_eq(used, 0);
}

TEST(unknown, "an unknown name is refused, and the nearest suggested")
{
	ck_assert_int_eq(PARSE("--raed", "x"), -EINVAL);
	ck_assert_str_eq(err.text, "unknown option '--raed'");
	ck_assert_str_eq(err.remedy, "did you mean --read?");
	ck_assert_int_eq(PARSE("--wriet=x"), -EINVAL);
	ck_assert_str_eq(err.text, "unknown option '--wriet'");
	ck_assert_str_eq(err.remedy, "did you mean --write?");
	ck_assert_int_eq(PARSE("--something-else"), -EINVAL);
	ck_assert_str_eq(err.remedy, "--help lists the options");
}

TEST(unknown_letter, "an unknown letter is refused by itself, also in a bundle")
{
	ck_assert_int_eq(PARSE("-x"), -EINVAL);
	ck_assert_str_eq(err.text, "unknown option '-x'");
	ck_assert_int_eq(PARSE("-bx"), -EINVAL);
	ck_assert_str_eq(err.text, "unknown option '-x'");
}

TEST(prefix, "part of a name is not the name, nor is a name with more behind it")
{
	ck_assert_int_eq(PARSE("--rea", "x"), -EINVAL);
	ck_assert_int_eq(PARSE("--readx", "x"), -EINVAL);
	ck_assert_int_eq(PARSE("--=x"), -EINVAL);
}

TEST(missing, "a missing argument is refused, and named")
{
	ck_assert_int_eq(PARSE("--read"), -EINVAL);
	ck_assert_str_eq(err.text, "option --read needs PATH behind it");
	ck_assert_int_eq(PARSE("-b", "-w"), -EINVAL);
	ck_assert_str_eq(err.text, "option -w needs PATH behind it");
}

TEST(surplus, "an argument where none belongs is refused")
{
	ck_assert_int_eq(PARSE("--bare=yes"), -EINVAL);
	ck_assert_str_eq(err.text, "option --bare takes no argument");
}

TEST(early, "an option that ends everything ends the parsing")
{
	ck_assert_int_eq(PARSE("-b", "--end", "--raed"), 1);
	ck_assert_str_eq(taken.text, "-b=(none) --end=(none) ");
	ck_assert_int_eq(PARSE("-eb"), 1);
	ck_assert_str_eq(taken.text, "-e=(none) ");
}

TEST(failing, "what an option says about its argument comes back")
{
	ck_assert_int_eq(PARSE("--fail=x", "-b"), -ERANGE);
	ck_assert_str_eq(err.text, "--fail x");
	ck_assert_str_eq(taken.text, "");
}

TEST_MAIN("options", names, letters, empty, stop, none, unknown, unknown_letter, prefix, missing,
    surplus, early, failing)
