/* SPDX-License-Identifier: BSD-2-Clause */
/* The nearest known word. */
#include "core/suggest.h"

#include "core/scope.h"
#include "harness.h"

static const char *const names[] = { "read", "write", "lookup", NULL, "renameat_source",
	"renameat_target", "fchmod", "fchown", "x" };

static const char *
near(const char *word)
{
	return pale_suggest(word, names, PALE_COUNT(names));
}

TEST(swap, "two swapped letters suggest the word")
{
	ck_assert_str_eq(near("raed"), "read");
	ck_assert_str_eq(near("wirte"), "write");
}

TEST(slips, "a missing, an extra and a wrong letter suggest the word")
{
	ck_assert_str_eq(near("lokup"), "lookup");
	ck_assert_str_eq(near("loookup"), "lookup");
	ck_assert_str_eq(near("lookip"), "lookup");
}

TEST(folded, "case and the choice of dash cost nothing")
{
	ck_assert_str_eq(near("READ"), "read");
	ck_assert_str_eq(near("RenameAt-Target"), "renameat_target");
}

TEST(nearest, "the nearest of several is taken, the first of equals")
{
	ck_assert_str_eq(near("renameat_sourc"), "renameat_source");
	ck_assert_str_eq(near("fchwod"), "fchmod");
}

TEST(far, "a word that is near nothing suggests nothing")
{
	ck_assert_ptr_null(near("banana"));
	ck_assert_ptr_null(near("rd"));
	ck_assert_ptr_null(near("y"));
}

TEST(odd, "no word, an empty word and an endless word suggest nothing")
{
	char endless[4096];

	memset(endless, 'r', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	ck_assert_ptr_null(near(NULL));
	ck_assert_ptr_null(near(""));
	ck_assert_ptr_null(near(endless));
	ck_assert_ptr_null(pale_suggest("read", NULL, 0));
}

TEST_MAIN("suggest", swap, slips, folded, nearest, far, odd)
