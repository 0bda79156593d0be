/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile bytes made harmless and kept whole: file names come from whoever made the file, and may
 * hold terminal commands, line ends, text that runs right to left, or no text at all.
 *
 * One notation, two strengths, one way back:
 *
 *   \\               a backslash
 *   \n \t \r         these three
 *   \xNN             any other byte, two lower-case hexadecimal digits
 *
 * pale_escape is for people's terminals and logs; pale_escape_utf8 is the rule for JSON, SARIF and
 * HTML, whose strings must be UTF-8: whatever is valid UTF-8 stays as it is, but a backslash is
 * doubled and a byte that is no part of valid UTF-8 (or is NUL) becomes \xNN. pale_unescape
 * reverses both exactly: for every text, unescape(escape(text)) is text.
 */
#ifndef PALE_CORE_ESCAPE_H
#define PALE_CORE_ESCAPE_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Escape for a terminal. Printable UTF-8 stays; control characters (C0, DEL, C1), bytes that are no
 * valid UTF-8, line and paragraph separators, marks that reorder or hide text, and the
 * backslash are escaped.
 *
 *   text   len bytes, need not end in NUL
 *   buf    size bytes, always NUL-terminated if size > 0; may be NULL if size is 0. What does not
 *          fit is left out, and neither an escape nor a character is ever cut in two
 *
 * Returns the length without the NUL that the whole result needs: cut if that is >= size.
 * Test: tests/unit/escape.c
 */
size_t pale_escape(const char *text, size_t len, char *buf, size_t size);

/* Escape only what cannot stand in a UTF-8 string, reversibly. Otherwise as pale_escape. */
size_t pale_escape_utf8(const char *text, size_t len, char *buf, size_t size);

/*
 * The bytes that were escaped. buf takes at most size bytes and a NUL if there is room for one; it
 * may be text itself. Returns the length needed, without NUL, or -EINVAL where a backslash starts
 * none of the escapes above.
 */
ssize_t pale_unescape(const char *text, size_t len, char *buf, size_t size);

#endif
