/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a packed state is made of: a list of pieces of fields, each with its place in the words, and
 * a state that has all that never changes. Made by layout.c, used by pack.c.
 */
#ifndef PALE_MODEL_LAYOUT_H
#define PALE_MODEL_LAYOUT_H

#include "model/pack.h"

/* Values of a field that are few, and their codes: 0 is 0. */
struct pale_layout_map {
	uint16_t *codes;  /* by value; PALE_LAYOUT_NO_CODE where it cannot occur */
	uint16_t *values; /* by code */
	unsigned limit;   /* values are less */
	unsigned count;   /* codes are less */
};
enum { PALE_LAYOUT_NO_CODE = UINT16_MAX };
enum { PALE_LAYOUT_WORDS_MAX = 64 }; /* of check/system.h, which this layer does not see */

/* A run of bits of a field, at most up to the end of a word. Of a mapped field: of its code. */
struct pale_layout_piece {
	uint16_t offset; /* of the field in struct pale_state */
	uint8_t size;    /* of the field: 1, 2 or 4 bytes */
	uint8_t map;     /* index + 1; 0 none */
	uint8_t low;     /* the first bit */
	uint8_t word, shift;
	uint8_t width;
};

enum pale_layout_kind { PALE_LAYOUT_8, PALE_LAYOUT_16, PALE_LAYOUT_32, PALE_LAYOUT_KINDS };

struct pale_layout_range {
	uint16_t offset, size;
};

struct pale_model_layout {
	unsigned words, bits;
	/* Pieces of plain fields by size, then those of mapped ones; ends[] is where each kind
	 * ends. */
	struct pale_layout_piece *pieces;
	size_t ends[PALE_LAYOUT_KINDS], count;
	struct pale_layout_map *maps;
	size_t map_count;
	struct pale_state *constant;      /* fields that change are 0 in it */
	struct pale_layout_range used[4]; /* of a state: the rest is 0 for ever */
	size_t used_count;
};

/* The fields of a state, for those who go through all of them. */
struct pale_layout_field {
	const char *name;
	uint16_t offset, size; /* of one; 1, 2 or 4 */
	uint16_t count;
};
struct pale_layout_group {
	uint16_t offset, stride, count;
	const struct pale_layout_field *fields;
	size_t field_count;
};
extern const struct pale_layout_group pale_layout_groups[];
extern const size_t pale_layout_group_count;

#endif
