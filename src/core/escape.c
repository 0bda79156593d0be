/* SPDX-License-Identifier: BSD-2-Clause */
/* Hostile bytes made harmless; see escape.h. */
#include "core/escape.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/scope.h"

/*
 * Code points that a terminal must not get: they move the cursor, break the line, reorder or hide
 * what stands beside them ("Trojan Source", CVE-2021-42574).
 */
/* clang-format off */
static const struct {
	uint32_t first, last;
} unprintable[] = {
	{ 0x0000, 0x001f },	/* C0 */
	{ 0x007f, 0x009f },	/* DEL, C1 */
	{ 0x00ad, 0x00ad },	/* soft hyphen */
	{ 0x034f, 0x034f },	/* combining grapheme joiner */
	{ 0x061c, 0x061c },	/* Arabic letter mark */
	{ 0x115f, 0x1160 },	/* Hangul fillers */
	{ 0x17b4, 0x17b5 },	/* Khmer inherent vowels */
	{ 0x180b, 0x180f },	/* Mongolian separators */
	{ 0x200b, 0x200f },	/* zero width, left-to-right and right-to-left marks */
	{ 0x2028, 0x202e },	/* line and paragraph separator, bidi embeddings and overrides */
	{ 0x2060, 0x206f },	/* word joiner, bidi isolates */
	{ 0x3164, 0x3164 },	/* Hangul filler */
	{ 0xfe00, 0xfe0f },	/* variation selectors */
	{ 0xfeff, 0xfeff },	/* byte order mark */
	{ 0xffa0, 0xffa0 },	/* half-width Hangul filler */
	{ 0xfff0, 0xffff },	/* specials */
	{ 0xe0000, 0xe0fff },	/* tags, more variation selectors */
};
/* clang-format on */

static bool
is_printable(uint32_t point)
{
	for (size_t i = 0; i < PALE_COUNT(unprintable); i++) {
		if (point >= unprintable[i].first && point <= unprintable[i].last)
			return false;
	}
	return true;
}

/*
 * Bytes of the well-formed UTF-8 sequence at text, 0 if there is none: no overlong forms, no
 * surrogates, nothing above U+10FFFF.
 */
static size_t
utf8_sequence(const unsigned char *text, size_t len, uint32_t *ret_point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t point;
	size_t want;

	if (text[0] < 0x80) {
		*ret_point = text[0];
		return 1;
	}
	if (text[0] >= 0xc0 && text[0] < 0xe0) {
		want = 2;
		point = text[0] & 0x1fU;
	} else if (text[0] >= 0xe0 && text[0] < 0xf0) {
		want = 3;
		point = text[0] & 0x0fU;
	} else if (text[0] >= 0xf0 && text[0] < 0xf8) {
		want = 4;
		point = text[0] & 0x07U;
	} else {
		return 0;
	}
	if (len < want)
		return 0;
	for (size_t i = 1; i < want; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (text[i] & 0x3fU);
	}
	if (point < least[want] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;
	*ret_point = point;
	return want;
}

/* Where the result grows; once something did not fit, nothing behind it is written. */
struct sink {
	char *buf;
	size_t size, at, need;
};

static void
put(struct sink *sink, const char *bytes, size_t len)
{
	if (sink->need == sink->at && sink->at + len < sink->size) {
		memcpy(sink->buf + sink->at, bytes, len);
		sink->at += len;
	}
	sink->need += len;
}

static void
put_byte_escaped(struct sink *sink, unsigned char byte)
{
	static const char digits[] = "0123456789abcdef";
	const char hex[] = { '\\', 'x', digits[byte >> 4], digits[byte & 15] };

	switch (byte) {
	case '\\':
		put(sink, "\\\\", 2);
		return;
	case '\n':
		put(sink, "\\n", 2);
		return;
	case '\t':
		put(sink, "\\t", 2);
		return;
	case '\r':
		put(sink, "\\r", 2);
		return;
	default:
		put(sink, hex, sizeof(hex));
	}
}

static size_t
escape(const char *text, size_t len, char *buf, size_t size, bool terminal)
{
	struct sink sink = { .buf = buf, .size = size };

	for (size_t i = 0; i < len;) {
		const unsigned char *at = (const unsigned char *)text + i;
		uint32_t point = 0;
		size_t got = utf8_sequence(at, len - i, &point);
		bool keep =
		    got > 0 && point != '\\' && (terminal ? is_printable(point) : point != 0);

		if (keep) {
			put(&sink, text + i, got);
			i += got;
			continue;
		}
		/* All bytes of an unwanted character: half of one would be invalid, and is escaped
		 * anyway. */
		put_byte_escaped(&sink, *at);
		i++;
	}
	if (size > 0)
		buf[sink.at] = '\0';
	return sink.need;
}

size_t
pale_escape(const char *text, size_t len, char *buf, size_t size)
{
	return escape(text, len, buf, size, true);
}

size_t
pale_escape_utf8(const char *text, size_t len, char *buf, size_t size)
{
	return escape(text, len, buf, size, false);
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Bytes of the escape at text (which starts with a backslash), 0 if it is none. */
static size_t
escape_sequence(const char *text, size_t len, char *ret_byte)
{
	if (len >= 4 && text[1] == 'x' && hex_digit(text[2]) >= 0 && hex_digit(text[3]) >= 0) {
		*ret_byte = (char)(hex_digit(text[2]) << 4 | hex_digit(text[3]));
		return 4;
	}
	if (len < 2)
		return 0;
	switch (text[1]) {
	case '\\':
		*ret_byte = '\\';
		return 2;
	case 'n':
		*ret_byte = '\n';
		return 2;
	case 't':
		*ret_byte = '\t';
		return 2;
	case 'r':
		*ret_byte = '\r';
		return 2;
	default:
		return 0;
	}
}

ssize_t
pale_unescape(const char *text, size_t len, char *buf, size_t size)
{
	size_t need = 0;

	for (size_t i = 0; i < len; need++) {
		char byte = text[i];
		size_t used = 1;

		if (byte == '\\') {
			used = escape_sequence(text + i, len - i, &byte);
			if (used == 0)
				return -EINVAL;
		}
		if (need < size)
			buf[need] = byte;
		i += used;
	}
	if (need < size)
		buf[need] = '\0';
	return (ssize_t)need;
}
