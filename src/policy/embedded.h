/* SPDX-License-Identifier: BSD-2-Clause */
/* The profiles as data, as tools/embed.py writes them at build. */
#ifndef PALE_POLICY_EMBEDDED_H
#define PALE_POLICY_EMBEDDED_H

#include <stddef.h>

struct pale_embedded {
	const char *text; /* size bytes and a NUL */
	size_t size;
};

/* Names sorted and NULL-terminated; the texts in the same order. */
extern const char *const pale_embedded_names[];
extern const struct pale_embedded pale_embedded_texts[];

#endif
