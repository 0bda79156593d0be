/* SPDX-License-Identifier: BSD-2-Clause */
/* The words for what a plan consists of: kinds, rights, mount attributes, Landlock accesses. */
#ifndef PALE_REPORT_WORDS_H
#define PALE_REPORT_WORDS_H

#include <stdint.h>

#include "report/text.h"
#include "run/plan.h"

/* A bit and what it is called. */
struct pale_word {
	uint64_t bit;
	const char *name;
};

/* End with bit 0. Names as in landlock(7), mount_setattr(2), lower case without the prefix. */
extern const struct pale_word pale_words_landlock_fs[];
extern const struct pale_word pale_words_landlock_scope[];
extern const struct pale_word pale_words_mount[];

/* "dir", "copy", "tmp" ... as in JSON. */
const char *pale_words_kind(enum pale_grant_kind kind);

/* "sysv", "inet" ... the gates of the call filter. */
const char *pale_words_gate(enum pale_gate gate);

/* Append "read write" or, if a set is none that -r -w -x give, the shortest list of names. */
void pale_words_rights(struct pale_string *string, pale_rights rights);

/* Append the names of bits, with this between them. */
void pale_words_bits(
    struct pale_string *string, const struct pale_word *words, uint64_t bits, const char *between);

/* Append "a, b, c": the names of a set. */
void pale_words_names(struct pale_string *string, pale_rights rights);

#endif
