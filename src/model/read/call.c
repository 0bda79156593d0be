/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text of a call, taken apart: `try a, b = name(argument, ...)`. An argument is a word or
 * stands in double quotes, in which only the quote means anything; alternatives are separated by
 * '|'.
 */
#include "model/read/reading.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { ALTERNATIVES_MAX = 64 };

const char *
pale_written_gives(enum pale_model_op op)
{
	static const char *const gives[PALE_CALL_COUNT] = {
#define GIVES(call, what) [PALE_CALL_##call] = what,
#include "model/read/words.def"
	};

	return gives[op] == NULL ? "" : gives[op];
}

/* A part of a text. */
struct span {
	const char *at, *end;
};

static struct span
trim(struct span span)
{
	while (span.at < span.end && isspace((unsigned char)span.at[0]))
		span.at++;
	while (span.at < span.end && isspace((unsigned char)span.end[-1]))
		span.end--;
	return span;
}

static const char *
keep(struct pale_reading *in, struct span span)
{
	return pale_reading_keep(in, span.at, (size_t)(span.end - span.at));
}

/* Up to the first of the bytes outside of double quotes; NULL for a quote that is not closed. */
static const char *
until(const char *at, const char *end, const char *bytes)
{
	bool quoted = false;

	for (; at < end; at++) {
		if (*at == '"')
			quoted = !quoted;
		else if (!quoted && strchr(bytes, *at) != NULL)
			return at;
	}
	return quoted ? NULL : end;
}

static int
unknown_call(struct pale_reading *in, unsigned line, const char *name)
{
	const char *names[PALE_CALL_COUNT];

	for (size_t i = 1; i < PALE_CALL_COUNT; i++)
		names[i - 1] = pale_model_calls[i].name;
	pale_reading_fail(in, line, "'%s' is no call that a process can do here", name);
	pale_reading_suggest(in, name, names, PALE_CALL_COUNT - 1);
	if (in->err != NULL && in->err->remedy[0] == '\0')
		pale_remedy(in->err, "pale-scenario(5) lists the calls");
	return -EINVAL;
}

/* `try`, the names of the results, the name of the call. */
static int
read_head(struct pale_reading *in, unsigned line, struct span head, struct pale_written *ret)
{
	const char *gives, *name;
	struct span names;

	head = trim(head);
	if (head.end - head.at > 4 && strncmp(head.at, "try", 3) == 0 &&
	    isspace((unsigned char)head.at[3])) {
		ret->is_try = true;
		head.at += 3;
	}
	names.end = memchr(head.at, '=', (size_t)(head.end - head.at));
	names.at = head.at;
	if (names.end != NULL)
		head.at = names.end + 1;
	name = keep(in, trim(head));
	if (name == NULL)
		return pale_reading_no_memory(in);
	ret->op = PALE_CALL_NONE;
	for (enum pale_model_op op = 1; op < PALE_CALL_COUNT; op++)
		if (strcmp(pale_model_calls[op].name, name) == 0)
			ret->op = op;
	if (ret->op == PALE_CALL_NONE)
		return unknown_call(in, line, name);
	if (names.end == NULL)
		return 0;

	gives = pale_written_gives(ret->op);
	while (true) {
		const char *end = until(names.at, names.end, ",");
		struct span one = { names.at, end == NULL ? names.end : end };

		if (ret->give_count == strlen(gives)) {
			pale_reading_fail(in, line, "%s() gives %s, so nothing can be named here",
			    name,
			    gives[0] == '\0'       ? "nothing"
				: gives[1] == '\0' ? "one result"
						   : "two results");
			return pale_remedy(in->err, "leave out what stands before '='");
		}
		ret->gives[ret->give_count] = keep(in, trim(one));
		if (ret->gives[ret->give_count] == NULL)
			return pale_reading_no_memory(in);
		if (!pale_reading_is_word(ret->gives[ret->give_count]))
			return pale_reading_fail(in, line,
			    "'%s' is no name for a result: it is a word that begins with a letter",
			    ret->gives[ret->give_count]);
		ret->give_count++;
		if (one.end == names.end)
			break;
		names.at = one.end + 1;
	}
	if (ret->give_count < strlen(gives))
		return pale_reading_fail(
		    in, line, "%s() gives two results: name both, or none", name);
	return 0;
}

/* Letters of which an argument cannot have alternatives: '|' joins, there. */
static bool
is_joined(char letter)
{
	return letter == 'o' || letter == 's' || letter == 'r';
}

static int
read_alternatives(
    struct pale_reading *in, unsigned line, struct span span, struct pale_written_arg *arg)
{
	const char *alts[ALTERNATIVES_MAX], *raws[ALTERNATIVES_MAX];
	size_t count = 0;
	const char **kept;

	while (true) {
		const char *end = is_joined(arg->letter) ? span.end : until(span.at, span.end, "|");
		struct span one = trim((struct span){ span.at, end });
		bool quoted = one.end - one.at >= 2 && one.at[0] == '"' && one.end[-1] == '"';

		if (count == ALTERNATIVES_MAX)
			return pale_reading_fail(in, line,
			    "more than %d alternatives for one argument", ALTERNATIVES_MAX);
		if (one.at == one.end)
			return pale_reading_fail(in, line, "an argument is missing");
		raws[count] = keep(in, one);
		if (quoted) {
			one.at++;
			one.end--;
		}
		if (memchr(one.at, '"', (size_t)(one.end - one.at)) != NULL)
			return pale_reading_fail(
			    in, line, "a double quote in the middle of an argument");
		alts[count] = keep(in, one);
		if (raws[count] == NULL || alts[count] == NULL)
			return pale_reading_no_memory(in);
		for (size_t i = 0; i < count; i++)
			if (strcmp(alts[i], alts[count]) == 0)
				return pale_reading_fail(
				    in, line, "'%s' is said twice", alts[count]);
		count++;
		if (end == span.end)
			break;
		span.at = end + 1;
	}
	/* Kept as bytes: two arrays of pointers, aligned as malloc aligns. */
	kept = pale_reading_bytes(in, 2 * count * sizeof(*kept));
	if (kept == NULL)
		return pale_reading_no_memory(in);
	memcpy(kept, alts, count * sizeof(*kept));
	memcpy(kept + count, raws, count * sizeof(*kept));
	arg->alts = kept;
	arg->raws = kept + count;
	arg->count = count;
	return 0;
}

/* Could the text be what may be left out here? Modes are digits, flags are words. */
static bool
looks_like(char letter, struct span span)
{
	span = trim(span);
	if (span.at == span.end)
		return false;
	if (letter == 'm')
		return isdigit((unsigned char)span.at[0]) != 0;
	if (letter == 'o' || letter == 's')
		return isupper((unsigned char)span.at[0]) != 0;
	return true;
}

static int
wrong_count(struct pale_reading *in, unsigned line, enum pale_model_op op)
{
	char usage[PALE_ERR_TEXT_BYTES];

	pale_written_usage(op, usage, sizeof(usage));
	pale_reading_fail(
	    in, line, "%s() has too many or too few arguments", pale_model_calls[op].name);
	return pale_remedy(in->err, "it is written %s", usage);
}

/* Each argument finds its letter; what may be left out and does not look like it, is. */
static int
read_args(struct pale_reading *in, unsigned line, struct span args, struct pale_written *ret)
{
	const char *letter = pale_model_calls[ret->op].signature;
	bool more = trim(args).at != args.end;

	for (; *letter != '\0'; letter += letter[1] == '?' ? 2 : 1) {
		const char *end = more ? until(args.at, args.end, ",") : args.end;
		struct span span = { args.at, end };
		int rc;

		if (!more || (letter[1] == '?' && !looks_like(*letter, span))) {
			if (letter[1] != '?')
				return wrong_count(in, line, ret->op);
			continue;
		}
		ret->args[ret->arg_count].letter = *letter;
		rc = read_alternatives(in, line, span, &ret->args[ret->arg_count++]);
		if (rc < 0)
			return rc;
		more = end != args.end;
		args.at = more ? end + 1 : end;
	}
	return more ? wrong_count(in, line, ret->op) : 0;
}

int
pale_written_read(
    struct pale_reading *in, unsigned line, const char *text, struct pale_written *ret)
{
	const char *end = text + strlen(text);
	const char *open = until(text, end, "("), *close;
	struct pale_written written = { 0 };
	struct span tail;
	int rc;

	if (open == NULL || open == end) {
		pale_reading_fail(in, line, "'%s' is no call", text);
		return pale_remedy(
		    in->err, "a call is written name(argument, ...), or result = name(...)");
	}
	close = until(open + 1, end, "()");
	if (close == NULL || close == end || *close == '(')
		return pale_reading_fail(in, line, "'%s' has a %s that is not closed", text,
		    close == NULL ? "quote" : "parenthesis");
	tail = trim((struct span){ close + 1, end });
	if (tail.at != tail.end)
		return pale_reading_fail(
		    in, line, "'%s' stands behind the call of '%s'", tail.at, text);
	rc = read_head(in, line, (struct span){ text, open }, &written);
	if (rc == 0)
		rc = read_args(in, line, (struct span){ open + 1, close }, &written);
	if (rc == 0)
		*ret = written;
	return rc;
}
