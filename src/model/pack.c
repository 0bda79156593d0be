/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * States in and out of their words. Both ways are loops over the pieces that layout.c has found,
 * a loop for each size of field, so that none of them asks what a piece is.
 */
#include "model/pack.h"

#include "model/facts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A build for tests holds every packed state to what was packed; others one of so many. */
#if defined(__SANITIZE_ADDRESS__) || defined(PALE_MODEL_CHECKED)
enum { CHECK_EACH = 1 };
#else
enum { CHECK_EACH = 1024 };
#endif

static uint64_t
mask_of(unsigned width)
{
	return (UINT64_C(1) << width) - 1; /* no field has 64 bits */
}

static unsigned
get16(const unsigned char *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint32_t
get32(const unsigned char *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static void
put16(unsigned char *at, unsigned value)
{
	uint16_t narrow = (uint16_t)value;

	memcpy(at, &narrow, sizeof(narrow));
}

static void
put32(unsigned char *at, uint32_t value)
{
	memcpy(at, &value, sizeof(value));
}

/* Any field, by the slow way. */
static uint32_t
get(const unsigned char *at, unsigned size)
{
	return size == 1 ? *at : size == 2 ? get16(at) : get32(at);
}

static uint64_t
place(const struct pale_layout_piece *piece, uint64_t value)
{
	return (value >> piece->low & mask_of(piece->width)) << piece->shift;
}

static unsigned
code_of(const struct pale_layout_map *map, unsigned value)
{
	return value < map->limit ? map->codes[value] : PALE_LAYOUT_NO_CODE;
}

/* Returns whether each mapped field had a value that it can have. */
static bool
pack(const struct pale_model_layout *layout, const struct pale_state *state, uint64_t *words)
{
	const unsigned char *base = (const unsigned char *)state;
	const struct pale_layout_piece *piece = layout->pieces;
	const struct pale_layout_piece *end = layout->pieces + layout->ends[PALE_LAYOUT_8];
	bool known = true;

	memset(words, 0, layout->words * sizeof(*words));
	for (; piece < end; piece++)
		words[piece->word] |= place(piece, base[piece->offset]);
	for (end = layout->pieces + layout->ends[PALE_LAYOUT_16]; piece < end; piece++)
		words[piece->word] |= place(piece, get16(base + piece->offset));
	for (end = layout->pieces + layout->ends[PALE_LAYOUT_32]; piece < end; piece++)
		words[piece->word] |= place(piece, get32(base + piece->offset));
	for (end = layout->pieces + layout->count; piece < end; piece++) {
		unsigned code =
		    code_of(&layout->maps[piece->map - 1], get(base + piece->offset, piece->size));

		known &= code != PALE_LAYOUT_NO_CODE;
		words[piece->word] |= place(piece, code);
	}
	return known;
}

void
pale_model_pack(const struct pale_model *model, const struct pale_state *state, uint64_t *ret_words)
{
	bool known = pack(model->layout, state, ret_words);

	(void)known;
	assert(known);
#ifndef NDEBUG
	static _Thread_local unsigned turn;

	if (++turn % CHECK_EACH == 0) {
		const char *lost = pale_model_lost(model, state);

		if (lost != NULL) /* the field's name says more than the line */
			__assert_fail(lost, __FILE__, __LINE__, __func__);
	}
#endif
}

static uint64_t
taken(const struct pale_layout_piece *piece, const uint64_t *words)
{
	return (words[piece->word] >> piece->shift & mask_of(piece->width)) << piece->low;
}

void
pale_model_unpack(
    const struct pale_model *model, const uint64_t *words, struct pale_state *ret_state)
{
	const struct pale_model_layout *layout = model->layout;
	unsigned char *base = (unsigned char *)ret_state;
	const struct pale_layout_piece *piece = layout->pieces;
	const struct pale_layout_piece *end = layout->pieces + layout->ends[PALE_LAYOUT_8];
	const struct pale_layout_piece *mapped;

	memcpy(ret_state, layout->constant, sizeof(*ret_state));
	for (; piece < end; piece++)
		base[piece->offset] |= (unsigned char)taken(piece, words);
	for (end = layout->pieces + layout->ends[PALE_LAYOUT_16]; piece < end; piece++)
		put16(base + piece->offset,
		    get16(base + piece->offset) | (unsigned)taken(piece, words));
	for (end = layout->pieces + layout->ends[PALE_LAYOUT_32]; piece < end; piece++)
		put32(base + piece->offset,
		    get32(base + piece->offset) | (uint32_t)taken(piece, words));

	/* The pieces of one mapped field are neighbours: first its code, then what that means. */
	mapped = piece;
	for (end = layout->pieces + layout->count; piece < end; piece++) {
		unsigned char *at = base + piece->offset;
		unsigned code = 0;

		for (mapped = piece; piece < end && piece->offset == mapped->offset; piece++)
			code |= (unsigned)taken(piece, words);
		piece--;
		code = layout->maps[mapped->map - 1].values[code];
		if (mapped->size == 1)
			*at = (unsigned char)code;
		else
			put16(at, code);
	}
}

void
pale_model_copy(
    const struct pale_model *model, struct pale_state *ret_to, const struct pale_state *from)
{
	const struct pale_model_layout *layout = model->layout;

	for (size_t i = 0; i < layout->used_count; i++)
		memcpy((unsigned char *)ret_to + layout->used[i].offset,
		    (const unsigned char *)from + layout->used[i].offset, layout->used[i].size);
}

unsigned
pale_model_words(const struct pale_model *model)
{
	return model->layout->words;
}

unsigned
pale_model_bits(const struct pale_model *model)
{
	return model->layout->bits;
}

const char *
pale_model_lost(const struct pale_model *model, const struct pale_state *state)
{
	uint64_t words[PALE_LAYOUT_WORDS_MAX];
	struct pale_state copy;
	const unsigned char *a = (const unsigned char *)state;
	const unsigned char *b = (const unsigned char *)&copy;

	if (!pack(model->layout, state, words))
		return "a value without a code";
	pale_model_unpack(model, words, &copy);
	for (size_t g = 0; g < pale_layout_group_count; g++) {
		const struct pale_layout_group *group = &pale_layout_groups[g];

		for (size_t i = 0; i < group->count; i++)
			for (size_t f = 0; f < group->field_count; f++) {
				const struct pale_layout_field *field = &group->fields[f];
				size_t at = group->offset + i * group->stride + field->offset;

				if (memcmp(a + at, b + at, (size_t)field->size * field->count) != 0)
					return field->name;
			}
	}
	return NULL;
}

void
pale_model_layout_free(struct pale_model_layout *layout)
{
	if (layout == NULL)
		return;
	pale_facts_forget(layout);
	free(layout->pieces);
	free(layout->constant);
	free(layout);
}
