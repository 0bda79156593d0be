/* SPDX-License-Identifier: BSD-2-Clause */
/* Which violation is told of, and how many there are; see search.h. */
#include "check/search.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int
compare(const uint64_t *a, const uint64_t *b, size_t words)
{
	for (size_t i = 0; i < words; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

/* Is a violation to be told of rather than another? The source counts last: many steps lead to one
 * state. The numbers of states differ from run to run and say nothing. */
static bool
is_before(const struct pale_violation *a, const struct pale_violation *b, unsigned words)
{
	int order;

	if (!b->found || a->length != b->length)
		return !b->found || a->length < b->length;
	if (a->is_state != b->is_state)
		return a->is_state;
	order = compare(a->states + words, b->states + words, words);
	if (order == 0)
		order = compare(a->states, b->states, words);
	return order != 0 ? order < 0 : a->label < b->label;
}

void
pale_violation_keep(struct pale_violation *kept, const struct pale_violation *found, unsigned words)
{
	uint64_t *states = kept->states, count = kept->count + found->count;

	if (is_before(found, kept, words)) {
		memcpy(states, found->states, 2 * words * sizeof(*states));
		*kept = *found;
		kept->states = states;
	}
	kept->count = count;
}

int
pale_violations_init(struct pale_violation *violations, unsigned words, uint64_t **ret_block)
{
	uint64_t *block = calloc((size_t)PALE_PROPERTIES_MAX * 2 * words, sizeof(*block));

	if (block == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < PALE_PROPERTIES_MAX; i++)
		violations[i].states = block + (size_t)i * 2 * words;
	*ret_block = block;
	return 0;
}
