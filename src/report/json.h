/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON of what pale talks about. Text that may hold any bytes is written by the rule of
 * core/escape.h: valid UTF-8 as it is, a backslash doubled, any other byte as \xNN; pale_unescape
 * gives the bytes back.
 */
#ifndef PALE_REPORT_JSON_H
#define PALE_REPORT_JSON_H

#include <jansson.h>
#include <stdio.h>

#include "core/err.h"
#include "core/rights.h"

struct pale_word; /* report/words.h */

/* New values, the caller's to give away; NULL without memory. */
json_t *pale_json_bytes(const char *bytes); /* NULL: null */
json_t *pale_json_rights(pale_rights rights);
json_t *pale_json_bits(const struct pale_word *words, uint64_t bits);

/* Put a value into an object or behind an array, taking it; what fails is remembered. */
void pale_json_set(json_t *object, const char *key, json_t *value, bool *failed);
void pale_json_add(json_t *array, json_t *value, bool *failed);

/* Write a value and a line end, and let go of it. Returns 0, -ENOMEM (failed, or NULL), -EIO. */
int pale_json_write(FILE *out, json_t *value, bool failed, struct pale_err *err);

#endif
