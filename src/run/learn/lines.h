/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Texts by lines, for the file of what is learned: its marks, and small operations on texts that
 * end in a NUL. Pure.
 */
#ifndef PALE_RUN_LEARN_LINES_H
#define PALE_RUN_LEARN_LINES_H

#include <stdbool.h>
#include <stddef.h>

/* What stands between these lines is pale's; see text.h. */
#define PALE_LEARN_MARK_BEGIN "# >>> learned by pale run --learn"
#define PALE_LEARN_MARK_USED "# -- used"
#define PALE_LEARN_MARK_DENIED "# -- denied"
#define PALE_LEARN_MARK_END "# <<< learned by pale run --learn"

/* The first line that begins with some words; NULL. */
const char *pale_line_find(const char *text, const char *words);

/* The line behind the one that begins here: at the NUL, if there is none. */
const char *pale_line_next(const char *line);

/* Is a line of so many bytes in a text (or NULL), as a whole line? */
bool pale_line_has(const char *text, const char *line, size_t len);

/* Append bytes to a text that is owned, or NULL. False when there is no memory. */
bool pale_text_append(char **text, const char *bytes, size_t size);

/* What lies between two places of a text, owned; NULL when there is no memory. */
char *pale_text_part(const char *from, const char *to);

#endif
