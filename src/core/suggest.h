/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The nearest known word to one that is not known, for "unknown right 'raed': did you mean
 * 'read'?". Pure; no allocation.
 */
#ifndef PALE_CORE_SUGGEST_H
#define PALE_CORE_SUGGEST_H

#include <stddef.h>

/*
 * Find the name nearest to a word.
 *
 *   word    what was typed; may be anything, NULL too
 *   names   the words that are known; NULL entries are passed over; borrowed
 *   count   entries of names
 *
 * An insertion, a deletion, a substitution and a swap of neighbours cost one each; ASCII case
 * and the difference of '-' and '_' cost nothing. One error is forgiven in a word of up to four
 * bytes, two up to nine, three in a longer one, and never every byte of a word. The first of
 * equals is taken.
 *
 * Returns one of names, or NULL where none is near enough to be meant.
 * Test: tests/unit/suggest.c
 */
const char *pale_suggest(const char *word, const char *const *names, size_t count);

#endif
