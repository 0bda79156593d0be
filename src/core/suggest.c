/* SPDX-License-Identifier: BSD-2-Clause */
/* The nearest known word; see suggest.h. */
#include "core/suggest.h"

#include <string.h>

enum {
	WORD_MAX_BYTES = 64, /* no name of ours is longer; a longer word is no slip of the finger */
};

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Case and the choice of dash do not make another word. */
static char
fold(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return c == '_' ? '-' : c;
}

/* Edits that turn a into b (optimal string alignment), three rows of the usual table at a time. */
static unsigned
distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned rows[3][WORD_MAX_BYTES + 1];
	unsigned *before = rows[0], *last = rows[1], *now = rows[2], *spare;

	memset(rows, 0, sizeof(rows));
	for (size_t j = 0; j <= b_len; j++)
		last[j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			char x = fold(a[i - 1]), y = fold(b[j - 1]);

			now[j] = least(last[j - 1] + (x != y), 1 + least(last[j], now[j - 1]));
			if (i > 1 && j > 1 && x == fold(b[j - 2]) && y == fold(a[i - 2]))
				now[j] = least(now[j], before[j - 2] + 1);
		}
		spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[b_len];
}

static unsigned
forgiven(size_t len)
{
	if (len <= 1)
		return 0;
	return len <= 4 ? 1 : len <= 9 ? 2 : 3;
}

const char *
pale_suggest(const char *word, const char *const *names, size_t count)
{
	const char *best = NULL;
	unsigned best_distance = 0;
	size_t word_len;

	if (word == NULL)
		return NULL;
	word_len = strnlen(word, WORD_MAX_BYTES + 1);
	if (word_len == 0 || word_len > WORD_MAX_BYTES)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t len = names[i] == NULL ? 0 : strnlen(names[i], WORD_MAX_BYTES + 1);
		unsigned edits;

		if (len == 0 || len > WORD_MAX_BYTES)
			continue;
		edits = distance(word, word_len, names[i], len);
		if (edits > forgiven(word_len) || (best != NULL && edits >= best_distance))
			continue;
		best = names[i];
		best_distance = edits;
	}
	return best;
}
