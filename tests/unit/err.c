/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of a failure. */
#include "core/err.h"

#include <errno.h>

#include "harness.h"

TEST(code_is_returned, "a failure returns its code, with and without a place for the words")
{
	struct pale_err err = { 0 };

	ck_assert_int_eq(pale_fail(NULL, -EINVAL, "no"), -EINVAL);
	ck_assert_int_eq(pale_fail(&err, -EPERM, "cannot open '%s'", "x"), -EPERM);
	ck_assert_int_eq(err.code, -EPERM);
	ck_assert_str_eq(err.text, "cannot open 'x'");
}

TEST(errno_words, "the words of errno follow the sentence, and errno survives")
{
	struct pale_err err = { 0 };

	errno = ENOENT;
	ck_assert_int_eq(pale_fail_errno(&err, "cannot open '%s'", "x"), -ENOENT);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_str_eq(err.text, "cannot open 'x': No such file or directory");
}

TEST(long_text, "a sentence too long is cut and says so")
{
	struct pale_err err = { 0 };
	char text[PALE_ERR_TEXT_BYTES * 2];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	pale_fail(&err, -EINVAL, "%s", text);
	ck_assert_uint_eq(strlen(err.text), PALE_ERR_TEXT_BYTES - 1);
	ck_assert_str_eq(err.text + PALE_ERR_TEXT_BYTES - 4, "...");
}

TEST(remedy, "a new failure forgets the remedy of the old one")
{
	struct pale_err err = { 0 };

	pale_fail(&err, -EINVAL, "one");
	ck_assert_int_eq(pale_remedy(&err, "do this"), -EINVAL);
	ck_assert_str_eq(err.remedy, "do this");
	pale_fail(&err, -EPERM, "two");
	ck_assert_str_eq(err.remedy, "");
}

TEST(remedy_without_words, "a remedy returns the failure, also where nobody wants the words")
{
	pale_fail(NULL, -EINVAL, "no");
	ck_assert_int_eq(pale_remedy(NULL, "do this"), -EINVAL);
	errno = EPERM;
	pale_fail_errno(NULL, "no");
	ck_assert_int_eq(pale_remedy(NULL, "do this"), -EPERM);
}

TEST_MAIN("err", code_is_returned, errno_words, long_text, remedy, remedy_without_words)
