/* SPDX-License-Identifier: BSD-2-Clause */
/* The first look at the text of a policy; see scan.h. */
#include "policy/scan.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/scope.h"

/* Where the scanner stands. The copy it walks ends with a NUL and holds no other. */
struct scanner {
	const char *name;
	char *at;
	const char *end;
	unsigned line;
	unsigned word_line;  /* of the last word outside parentheses, 0 if there is none */
	bool word_quoted;    /* whether that word had quotes */
	unsigned paren_line; /* of the open parenthesis, 0 while none is open */
	unsigned brace_line; /* of the open brace, 0 while none is open */
	bool after_word;     /* inside parentheses: a comma or the end has to follow */
	unsigned *lines;
	size_t line_count;
	struct pale_err *err;
};

static const char name_bytes[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
static const char plain_escapes[] = "nrbfaetv";

static int __attribute__((format(printf, 3, 4)))
refuse(struct scanner *s, unsigned line, const char *fmt, ...)
{
	char words[PALE_ERR_TEXT_BYTES];
	va_list args;

	va_start(args, fmt);
	vsnprintf(words, sizeof(words), fmt, args);
	va_end(args);
	return pale_fail(s->err, -EINVAL, "%s:%u: %s", s->name, line, words);
}

/* The byte after the current one, NUL at the end. */
static char
peek(const struct scanner *s)
{
	return s->at[0] == '\0' ? '\0' : s->at[1];
}

static int
keep_line(struct scanner *s, unsigned line)
{
	/* Full exactly when the count is a power of two. */
	if ((s->line_count & (s->line_count - 1)) == 0) {
		size_t room = s->line_count == 0 ? 1 : s->line_count * 2;
		unsigned *grown = reallocarray(s->lines, room, sizeof(*grown));

		if (grown == NULL)
			return pale_fail(s->err, -ENOMEM, "out of memory");
		s->lines = grown;
	}
	s->lines[s->line_count++] = line;
	return 0;
}

/* A word, quoted or not, that began at line. */
static int
take_word(struct scanner *s, unsigned line, bool quoted)
{
	if (s->paren_line == 0) {
		if (quoted && s->word_line == 0)
			return refuse(s, line, "a statement cannot begin with a quoted word");
		s->word_line = line;
		s->word_quoted = quoted;
		return 0;
	}
	if (s->after_word) {
		refuse(s, line, "two words without a comma between them");
		return pale_remedy(s->err, "separate the arguments of a statement by commas");
	}
	s->after_word = true;
	return keep_line(s, line);
}

static void
blank_line_comment(struct scanner *s)
{
	for (; s->at < s->end && *s->at != '\n'; s->at++)
		*s->at = ' ';
}

static int
blank_block_comment(struct scanner *s)
{
	unsigned start = s->line;
	const char *close = strstr(s->at + 2, "*/");

	if (close == NULL)
		return refuse(s, start, "this comment is never closed");
	for (; s->at < close + 2; s->at++) {
		if (*s->at == '\n')
			s->line++;
		else
			*s->at = ' ';
	}
	return 0;
}

static int
skip_single_quoted(struct scanner *s)
{
	unsigned start = s->line;

	for (s->at++; s->at < s->end && *s->at != '\''; s->at++) {
		/* Only \' and \\ and a backslash before the end of a line mean anything here. */
		if (*s->at == '\\' && (peek(s) == '\'' || peek(s) == '\\' || peek(s) == '\n'))
			s->at++;
		if (*s->at == '\n')
			s->line++;
	}
	if (s->at >= s->end)
		return refuse(s, start, "this quoted string is never closed");
	s->at++;
	return take_word(s, start, true);
}

/* Leaves at on the last byte of the escape. */
static int
skip_escape(struct scanner *s)
{
	char kind = peek(s);
	char *number = s->at + 1;
	size_t digits;

	if (kind == '\n')
		s->line++;
	if (kind == 'x') {
		digits = strspn(++number, "0123456789abcdefABCDEF");
		digits = digits > 2 ? 2 : digits;
		if (digits == 0)
			return refuse(s, s->line, "'\\x' without a hexadecimal number");
	} else if (kind >= '0' && kind <= '9') {
		digits = strspn(number, "0123456789");
		if (digits > 3 || strspn(number, "01234567") < digits ||
		    (digits == 3 && number[0] > '3'))
			return refuse(s, s->line, "'\\%.*s' is no octal number of a byte",
			    digits > 8 ? 8 : (int)digits, number);
	} else if (((kind >= 'a' && kind <= 'z') || (kind >= 'A' && kind <= 'Z')) &&
	    strchr(plain_escapes, kind) == NULL) {
		refuse(s, s->line, "unknown escape '\\%c'", kind);
		return pale_remedy(s->err, "use single quotes, in which a backslash is plain");
	} else {
		s->at++;
		return 0;
	}
	if (strspn(number, "0") >= digits)
		return refuse(s, s->line, "a NUL byte cannot be part of a string");
	s->at = number + digits - 1;
	return 0;
}

static int
refuse_expansion(struct scanner *s)
{
	refuse(s, s->line, "nothing is taken from the environment, so '${' has no meaning here");
	return pale_remedy(
	    s->err, "write the value itself, or use single quotes if '${' is part of a name");
}

static int
skip_double_quoted(struct scanner *s)
{
	unsigned start = s->line;
	int rc = 0;

	for (s->at++; rc == 0 && s->at < s->end && *s->at != '"'; s->at++) {
		if (*s->at == '\n')
			s->line++;
		else if (*s->at == '$' && peek(s) == '{')
			rc = refuse_expansion(s);
		else if (*s->at == '\\' && s->at + 1 < s->end)
			rc = skip_escape(s);
	}
	if (rc < 0)
		return rc;
	if (s->at >= s->end)
		return refuse(s, start, "this quoted string is never closed");
	s->at++;
	return take_word(s, start, true);
}

/* Parentheses, braces and commas: only what libConfuse would pass over or leak on. */
static int
take_mark(struct scanner *s)
{
	char mark = *s->at++;

	switch (mark) {
	case '(':
		if (s->paren_line != 0)
			return refuse(s, s->line, "a parenthesis inside a parenthesis");
		if (s->word_line == 0)
			return refuse(s, s->line, "a parenthesis without a statement before it");
		if (s->word_quoted)
			return refuse(s, s->word_line, "the name of a statement in quotes");
		s->paren_line = s->line;
		s->after_word = false;
		return keep_line(s, s->word_line);
	case ')':
		if (s->paren_line == 0)
			return refuse(s, s->line, "')' closes nothing");
		s->paren_line = 0;
		s->word_line = 0;
		return 0;
	case ',':
		if (s->paren_line == 0 || !s->after_word)
			return refuse(s, s->line, "a comma without a word before it");
		s->after_word = false;
		return 0;
	case '{':
		if (s->paren_line != 0)
			return refuse(s, s->line, "a brace inside a parenthesis");
		if (s->brace_line != 0) {
			refuse(s, s->line, "a block inside the block of line %u", s->brace_line);
			return pale_remedy(s->err, "a compartment cannot be inside another");
		}
		s->brace_line = s->line;
		s->word_line = 0;
		return 0;
	default: /* '}' */
		if (s->paren_line != 0)
			return refuse(s, s->line, "a brace inside a parenthesis");
		if (s->brace_line == 0)
			return refuse(s, s->line, "'}' closes nothing");
		s->brace_line = 0;
		return 0;
	}
}

static int
refuse_byte(struct scanner *s)
{
	unsigned char byte = (unsigned char)*s->at;

	if (byte > ' ' && byte < 0x7f)
		refuse(s, s->line, "unexpected '%c'", byte);
	else
		refuse(s, s->line, "unexpected byte 0x%02x", byte);
	if (byte == ';')
		return pale_remedy(s->err, "statements need nothing between them");
	return pale_remedy(s->err, "put paths and other values in single quotes");
}

static int
scan_next(struct scanner *s)
{
	char c = *s->at;

	if (c == '#' || (c == '/' && peek(s) == '/')) {
		blank_line_comment(s);
		return 0;
	}
	if (c == '/' && peek(s) == '*')
		return blank_block_comment(s);
	if (c == '$' && peek(s) == '{')
		return refuse_expansion(s);
	if (c == '\'')
		return skip_single_quoted(s);
	if (c == '"')
		return skip_double_quoted(s);
	if (strchr("(){},", c) != NULL)
		return take_mark(s);
	if (strchr(name_bytes, c) != NULL) {
		s->at += strspn(s->at, name_bytes);
		return take_word(s, s->line, false);
	}
	if (c == '\n' || c == ' ' || c == '\t' || (c == '\r' && peek(s) == '\n')) {
		if (c == '\n')
			s->line++;
		s->at++;
		return 0;
	}
	return refuse_byte(s);
}

/* NUL bytes would end the text early for everyone behind us. */
static int
refuse_nul(struct scanner *s, const char *text, size_t size)
{
	const char *nul = memchr(text, '\0', size);
	unsigned line = 1;

	if (nul == NULL)
		return 0;
	for (const char *at = text; at < nul; at++)
		line += *at == '\n';
	return refuse(s, line, "a NUL byte: this is no text file");
}

int
pale_scan(const char *name, const char *text, size_t size, struct pale_scan *ret_scan,
    struct pale_err *err)
{
	PALE_FREE char *copy = NULL;
	struct scanner s = { .name = name, .line = 1, .err = err };
	int rc = refuse_nul(&s, text, size);

	if (rc < 0)
		return rc;
	copy = malloc(size + 1);
	if (copy == NULL)
		return pale_fail(err, -ENOMEM, "out of memory");
	memcpy(copy, text, size);
	copy[size] = '\0';

	s.at = copy;
	s.end = copy + size;
	while (rc == 0 && s.at < s.end)
		rc = scan_next(&s);
	if (rc == 0 && s.paren_line != 0)
		rc = refuse(&s, s.paren_line, "this parenthesis is never closed");
	if (rc == 0 && s.brace_line != 0)
		rc = refuse(&s, s.brace_line, "this block is never closed");
	if (rc < 0) {
		free(s.lines);
		return rc;
	}
	*ret_scan = (struct pale_scan){
		.text = pale_take_ptr(copy), .lines = s.lines, .line_count = s.line_count
	};
	return 0;
}

void
pale_scan_done(struct pale_scan *scan)
{
	free(scan->text);
	free(scan->lines);
	*scan = (struct pale_scan){ 0 };
}
