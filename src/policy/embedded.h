/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The profiles as data, as tools/embed.c writes them at build: their texts to show, and their calls
 * as the reader found them, so that no start of a program reads the same text again.
 */
#ifndef PALE_POLICY_EMBEDDED_H
#define PALE_POLICY_EMBEDDED_H

#include "policy/reader.h"

struct pale_embedded {
	const char *text; /* size bytes and a NUL */
	size_t size;
	const struct pale_call *calls;
	size_t call_count;
};

/* Names sorted and NULL-terminated; the rest in the same order. */
extern const char *const pale_embedded_names[];
extern const struct pale_embedded pale_embedded[];

/* The profile of a name, or NULL. */
const struct pale_embedded *pale_embedded_find(const char *name);

#endif
