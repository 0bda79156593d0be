/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text for people: labels, wrapped words, columns, colour where asked for. Text from outside goes
 * in through pale_text_safe or an escaping function, so that a file name cannot give the terminal
 * commands.
 */
#ifndef PALE_REPORT_TEXT_H
#define PALE_REPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Where text goes, and how. */
struct pale_text {
	FILE *out;
	unsigned width; /* columns of a line */
	bool colour;
};

enum pale_text_style {
	PALE_TEXT_PLAIN,
	PALE_TEXT_STRONG,
	PALE_TEXT_GOOD,
	PALE_TEXT_BAD,
	PALE_TEXT_FAINT,
};

enum {
	PALE_TEXT_LABEL = 14, /* columns of a label */
};

/* Print words, escaped, without a line end. */
void pale_text_put(const struct pale_text *text, enum pale_text_style style, const char *words);

/*
 * Print words, escaped, broken at spaces to the width, and end the line.
 *
 *   at      columns of this line that are taken
 *   indent  columns in front of each line that follows
 */
void pale_text_wrap(const struct pale_text *text, unsigned at, unsigned indent, const char *words);

/* "Label         words", the words wrapped in their column; no label: a line that goes on. */
void pale_text_item(const struct pale_text *text, const char *label, const char *words);

/* The columns that a text takes once it is escaped. */
unsigned pale_text_columns(const char *words);

/* An escaped copy for the caller to free; NULL without memory. */
char *pale_text_safe(const char *words);

/* Append to a growing string; *at is NULL at first and the caller's to free. Without memory the
 * string becomes NULL and stays so. */
struct pale_string {
	char *bytes;
	size_t len;
	bool failed;
};
void pale_string_add(struct pale_string *string, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void pale_string_done(struct pale_string *string);
/* What was put together, "" if nothing; borrowed. */
const char *pale_string_get(const struct pale_string *string);

#endif
