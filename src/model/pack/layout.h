/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a packed state is made of: the bits of a struct pale_state that change, in the order in
 * which they lie there, and a state that has all that never changes. Made by layout.c, used by
 * pack.c.
 */
#ifndef PALE_MODEL_LAYOUT_H
#define PALE_MODEL_LAYOUT_H

#include "model/pack.h"

enum { PALE_LAYOUT_WORDS_MAX = 64 }; /* of check/system.h, which this layer does not see */

/* Eight bytes of a state, those bits of them that change, and where they go. */
struct pale_layout_chunk {
	uint16_t offset; /* in struct pale_state */
	uint8_t width;   /* bits that change; 0 where others tell them */
	uint8_t word, shift;
	uint8_t runs;      /* of neighbouring bits; see below */
	uint64_t mask;     /* the bits */
	uint64_t constant; /* the others */
};

/* For processors that cannot gather bits: a run of them in a chunk, in their order. */
struct pale_layout_run {
	uint8_t shift; /* down, so that it lies where it is gathered */
	uint64_t mask; /* there */
};

/* A field of few values is stored by the bits that tell them apart; the others follow from those.
 */
struct pale_layout_repair {
	uint16_t offset;
	uint8_t size; /* 1 or 2 */
	const uint16_t *values;
};

/* Values that a field can have; 0 is always one. */
struct pale_layout_set {
	uint16_t mask;    /* bits that tell them apart */
	uint16_t *values; /* by those; NULL where there are no other bits */
};

struct pale_model_layout {
	unsigned words, bits;
	bool gathers; /* the processor has PEXT and PDEP, and they are fast */
	struct pale_layout_chunk *chunks;
	struct pale_layout_run *runs;
	struct pale_layout_repair *repairs;
	size_t chunk_count, run_count, repair_count;
	struct pale_layout_set *sets;
	size_t set_count;
	/* Bits of the words that are of one process, and, behind them, those of all. */
	uint64_t regions[PALE_MODEL_PROCESSES + 1][PALE_LAYOUT_WORDS_MAX];
	bool local;                  /* see pale_model_is_local */
	struct pale_state *constant; /* fields that change are 0 in it */
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
