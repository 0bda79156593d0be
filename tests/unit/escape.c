/* SPDX-License-Identifier: BSD-2-Clause */
/* Hostile bytes made harmless, and back. */
#include "core/escape.h"

#include <errno.h>

#include "harness.h"
#include "random.h"

static char out[256];

static const char *
shown(const char *text)
{
	size_t need = pale_escape(text, strlen(text), out, sizeof(out));

	ck_assert_uint_eq(need, strlen(out));
	return out;
}

static const char *
encoded(const char *text)
{
	size_t need = pale_escape_utf8(text, strlen(text), out, sizeof(out));

	ck_assert_uint_eq(need, strlen(out));
	return out;
}

TEST(plain, "plain text and printable UTF-8 stay as they are")
{
	ck_assert_str_eq(shown("/srv/a b/caf\xc3\xa9"), "/srv/a b/caf\xc3\xa9");
	ck_assert_str_eq(shown("\xf0\x9f\x90\xa7\xe2\x82\xac"), "\xf0\x9f\x90\xa7\xe2\x82\xac");
	ck_assert_str_eq(shown(""), "");
}

TEST(controls, "control characters become escapes, so no terminal obeys them")
{
	ck_assert_str_eq(shown("a\nb\tc\rd"), "a\\nb\\tc\\rd");
	ck_assert_str_eq(shown("\x1b]0;x\x07\x7f"), "\\x1b]0;x\\x07\\x7f");
	ck_assert_str_eq(shown("\xc2\x9b"
			       "31m"),
	    "\\xc2\\x9b31m");
}

TEST(backslash, "a backslash is doubled, so an escape cannot be forged")
{
	ck_assert_str_eq(shown("\\x41"), "\\\\x41");
	ck_assert_str_eq(encoded("\\x41"), "\\\\x41");
}

TEST(bidi, "marks that reorder or hide text are escaped on a terminal only")
{
	ck_assert_str_eq(shown("a\xe2\x80\xae"
			       "b"),
	    "a\\xe2\\x80\\xae"
	    "b");
	ck_assert_str_eq(shown("\xe2\x80\x8b\xef\xbb\xbf"), "\\xe2\\x80\\x8b\\xef\\xbb\\xbf");
	ck_assert_str_eq(encoded("\xe2\x80\xae"), "\xe2\x80\xae");
	ck_assert_str_eq(encoded("a\nb"), "a\nb");
}

TEST(invalid, "bytes that are no UTF-8 become escapes in both notations")
{
	static const char *const bad[][2] = {
		{ "\xff", "\\xff" }, { "\xc0\xaf", "\\xc0\\xaf" }, /* overlong '/' */
		{ "\xe0\x80\xaf", "\\xe0\\x80\\xaf" },             /* overlong '/' */
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },             /* surrogate */
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },    /* above U+10FFFF */
		{ "\xe2\x82", "\\xe2\\x82" },                      /* cut short */
		{ "\x80", "\\x80" },                               /* continuation alone */
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_str_eq(shown(bad[i][0]), bad[i][1]);
		ck_assert_str_eq(encoded(bad[i][0]), bad[i][1]);
	}
}

TEST(cut, "what does not fit is left out whole, and the length needed is told")
{
	char buf[8];

	ck_assert_uint_eq(pale_escape("ab\x01z", 4, buf, 6), 7);
	ck_assert_str_eq(buf, "ab");
	ck_assert_uint_eq(pale_escape("\xe2\x82\xac", 3, buf, 3), 3);
	ck_assert_str_eq(buf, "");
	ck_assert_uint_eq(pale_escape("abc", 3, NULL, 0), 3);
	ck_assert_uint_eq(pale_escape("abc", 3, buf, 1), 3);
	ck_assert_str_eq(buf, "");
}

TEST(nul, "a NUL inside is escaped, never the end")
{
	ck_assert_uint_eq(pale_escape_utf8("a\0b", 3, out, sizeof(out)), 6);
	ck_assert_str_eq(out, "a\\x00b");
}

TEST(reversed, "every text of random bytes comes back from both notations")
{
	static const char traps[] = "\\xn\xe2\x80\xae\xf4\n";
	uint64_t seed = test_seed(20100621);
	char text[40], back[sizeof(text) + 1];

	for (int round = 0; round < 20000; round++) {
		size_t len = test_below(&seed, sizeof(text)), got;

		/* Half of them from the bytes where decoders go wrong. */
		for (size_t i = 0; i < len; i++)
			text[i] = test_below(&seed, 2) ? (char)test_random(&seed)
						       : traps[test_below(&seed, sizeof(traps))];
		got = (round & 1 ? pale_escape : pale_escape_utf8)(text, len, out, sizeof(out));
		ck_assert_uint_lt(got, sizeof(out));
		ck_assert_int_eq(pale_unescape(out, got, back, sizeof(back)), (int)len);
		ck_assert_mem_eq(back, text, len);
	}
}

TEST(forged, "a backslash that starts no escape is refused")
{
	ck_assert_int_eq(pale_unescape("\\", 1, out, sizeof(out)), -EINVAL);
	ck_assert_int_eq(pale_unescape("\\q", 2, out, sizeof(out)), -EINVAL);
	ck_assert_int_eq(pale_unescape("\\x4", 3, out, sizeof(out)), -EINVAL);
	ck_assert_int_eq(pale_unescape("\\x4G", 4, out, sizeof(out)), -EINVAL);
}

TEST_MAIN("escape", plain, controls, backslash, bidi, invalid, cut, nul, reversed, forged)
