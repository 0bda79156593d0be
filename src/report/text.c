/* SPDX-License-Identifier: BSD-2-Clause */
/* Text for people; see text.h. */
#include "report/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/escape.h"
#include "core/scope.h"

static const char *const styles[] = {
	[PALE_TEXT_PLAIN] = "",
	[PALE_TEXT_STRONG] = "\033[1m",
	[PALE_TEXT_GOOD] = "\033[1;32m",
	[PALE_TEXT_BAD] = "\033[1;31m",
	[PALE_TEXT_FAINT] = "\033[2m",
};

char *
pale_text_safe(const char *words)
{
	size_t len = strlen(words);
	size_t size = pale_escape(words, len, NULL, 0) + 1;
	char *safe = malloc(size);

	if (safe != NULL)
		pale_escape(words, len, safe, size);
	return safe;
}

/* Columns of escaped text: its characters, taken as one column each. */
static unsigned
columns_of(const char *safe, size_t len)
{
	unsigned columns = 0;

	for (size_t i = 0; i < len; i++)
		columns += (safe[i] & 0xc0) != 0x80;
	return columns;
}

unsigned
pale_text_columns(const char *words)
{
	PALE_FREE char *safe = pale_text_safe(words);

	return safe == NULL ? 0 : columns_of(safe, strlen(safe));
}

void
pale_text_put(const struct pale_text *text, enum pale_text_style style, const char *words)
{
	PALE_FREE char *safe = pale_text_safe(words);
	bool styled = text->colour && style != PALE_TEXT_PLAIN;

	fprintf(text->out, "%s%s%s", styled ? styles[style] : "",
	    safe == NULL ? "(out of memory)" : safe, styled ? "\033[0m" : "");
}

void
pale_text_wrap(const struct pale_text *text, unsigned at, unsigned indent, const char *words)
{
	PALE_FREE char *safe = pale_text_safe(words);
	const char *word = safe == NULL ? "(out of memory)" : safe;
	bool first = true;

	while (*word != '\0') {
		size_t len = strcspn(word, " ");
		unsigned columns = columns_of(word, len);

		if (!first && at + 1 + columns > text->width) {
			fprintf(text->out, "\n%*s", (int)indent, "");
			at = indent;
			first = true;
		}
		fprintf(text->out, "%s%.*s", first ? "" : " ", (int)len, word);
		at += columns + (first ? 0 : 1);
		first = false;
		word += len;
		while (*word == ' ')
			word++;
	}
	fputc('\n', text->out);
}

void
pale_text_item(const struct pale_text *text, const char *label, const char *words)
{
	unsigned taken = pale_text_columns(label);

	pale_text_put(text, PALE_TEXT_STRONG, label);
	fprintf(text->out, "%*s", (int)(taken < PALE_TEXT_LABEL ? PALE_TEXT_LABEL - taken : 1), "");
	pale_text_wrap(
	    text, taken < PALE_TEXT_LABEL ? PALE_TEXT_LABEL : taken + 1, PALE_TEXT_LABEL, words);
}

void
pale_string_add(struct pale_string *string, const char *fmt, ...)
{
	va_list args;
	char *grown;
	char *more;
	int len;

	va_start(args, fmt);
	len = vasprintf(&more, fmt, args);
	va_end(args);
	if (len < 0) {
		string->failed = true;
		return;
	}
	grown = realloc(string->bytes, string->len + (size_t)len + 1);
	if (grown == NULL) {
		string->failed = true;
	} else {
		memcpy(grown + string->len, more, (size_t)len + 1);
		string->bytes = grown;
		string->len += (size_t)len;
	}
	free(more);
}

const char *
pale_string_get(const struct pale_string *string)
{
	if (string->failed)
		return "(out of memory)";
	return string->bytes == NULL ? "" : string->bytes;
}

void
pale_string_done(struct pale_string *string)
{
	free(string->bytes);
	*string = (struct pale_string){ 0 };
}
