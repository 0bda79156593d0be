/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * States in and out of their words, eight bytes at a time: the bits that change are gathered from
 * where they lie, and put back between those that do not. This is the hottest path of a search, and
 * has no branch that depends on what a state is.
 */
#include "model/pack.h"

#include "model/pack/facts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A build for tests holds every packed state to what was packed; others one of so many. */
#if defined(__SANITIZE_ADDRESS__) || defined(PALE_MODEL_CHECKED)
enum { CHECK_EACH = 1 };
#else
enum { CHECK_EACH = 4096 };
#endif

static uint64_t
load(const void *state, size_t offset)
{
	uint64_t bytes;

	memcpy(&bytes, (const unsigned char *)state + offset, sizeof(bytes));
	return bytes;
}

static void
store(void *state, size_t offset, uint64_t bytes)
{
	memcpy((unsigned char *)state + offset, &bytes, sizeof(bytes));
}

/* Bits of a chunk in and out of the words; a chunk may lie in two. */
struct words_out {
	uint64_t *next, word;
};

static inline void
put(struct words_out *out, const struct pale_layout_chunk *chunk, uint64_t bits)
{
	out->word |= bits << chunk->shift;
	if (chunk->shift + chunk->width < 64)
		return;
	*out->next++ = out->word;
	out->word = bits >> 1 >> (63 - chunk->shift);
}

static inline uint64_t
take(const uint64_t *words, const struct pale_layout_chunk *chunk)
{
	uint64_t bits = words[chunk->word] >> chunk->shift;

	if (chunk->shift + chunk->width > 64)
		bits |= words[chunk->word + 1] << (64 - chunk->shift);
	return bits;
}

#ifdef __x86_64__
__attribute__((target("bmi2"))) static void
pack_gathering(
    const struct pale_model_layout *layout, const struct pale_state *state, uint64_t *words)
{
	struct words_out out = { words, 0 };

	for (size_t i = 0; i < layout->chunk_count; i++) {
		const struct pale_layout_chunk *chunk = &layout->chunks[i];

		put(&out, chunk, __builtin_ia32_pext_di(load(state, chunk->offset), chunk->mask));
	}
	if (out.next < words + layout->words)
		*out.next = out.word;
}

__attribute__((target("bmi2"))) static void
unpack_scattering(
    const struct pale_model_layout *layout, const uint64_t *words, struct pale_state *state)
{
	for (size_t i = 0; i < layout->chunk_count; i++) {
		const struct pale_layout_chunk *chunk = &layout->chunks[i];

		store(state, chunk->offset,
		    chunk->constant | __builtin_ia32_pdep_di(take(words, chunk), chunk->mask));
	}
}
#else
#define pack_gathering pack_by_runs
#define unpack_scattering unpack_by_runs
#endif

static void
pack_by_runs(
    const struct pale_model_layout *layout, const struct pale_state *state, uint64_t *words)
{
	struct words_out out = { words, 0 };
	const struct pale_layout_run *run = layout->runs;

	for (size_t i = 0; i < layout->chunk_count; i++) {
		const struct pale_layout_chunk *chunk = &layout->chunks[i];
		uint64_t bytes = load(state, chunk->offset), bits = 0;

		for (const struct pale_layout_run *end = run + chunk->runs; run < end; run++)
			bits |= bytes >> run->shift & run->mask;
		put(&out, chunk, bits);
	}
	if (out.next < words + layout->words)
		*out.next = out.word;
}

static void
unpack_by_runs(
    const struct pale_model_layout *layout, const uint64_t *words, struct pale_state *state)
{
	const struct pale_layout_run *run = layout->runs;

	for (size_t i = 0; i < layout->chunk_count; i++) {
		const struct pale_layout_chunk *chunk = &layout->chunks[i];
		uint64_t bits = take(words, chunk), bytes = chunk->constant;

		for (const struct pale_layout_run *end = run + chunk->runs; run < end; run++)
			bytes |= (bits & run->mask) << run->shift;
		store(state, chunk->offset, bytes);
	}
}

void
pale_model_pack(const struct pale_model *model, const struct pale_state *state, uint64_t *ret_words)
{
	const struct pale_model_layout *layout = model->layout;

	if (layout->gathers)
		pack_gathering(layout, state, ret_words);
	else
		pack_by_runs(layout, state, ret_words);
#ifndef NDEBUG
	static _Thread_local unsigned turn;

	if (++turn % CHECK_EACH == 0) {
		const char *lost = pale_model_lost(model, state);

		if (lost != NULL) /* the field's name says more than the line */
			__assert_fail(lost, __FILE__, __LINE__, __func__);
	}
#endif
}

void
pale_model_unpack_again(
    const struct pale_model *model, const uint64_t *words, struct pale_state *ret_state)
{
	const struct pale_model_layout *layout = model->layout;

	if (layout->gathers)
		unpack_scattering(layout, words, ret_state);
	else
		unpack_by_runs(layout, words, ret_state);
	for (size_t i = 0; i < layout->repair_count; i++) {
		const struct pale_layout_repair *repair = &layout->repairs[i];
		unsigned char *at = (unsigned char *)ret_state + repair->offset;
		uint16_t value = 0;

		memcpy(&value, at, repair->size);
		value = repair->values[value];
		memcpy(at, &value, repair->size);
	}
}

void
pale_model_unpack(
    const struct pale_model *model, const uint64_t *words, struct pale_state *ret_state)
{
	*ret_state = *model->layout->constant;
	pale_model_unpack_again(model, words, ret_state);
}

void
pale_model_copy(
    const struct pale_model *model, struct pale_state *ret_to, const struct pale_state *from)
{
	(void)model;
	*ret_to = *from;
}

void
pale_model_copy_again(
    const struct pale_model *model, struct pale_state *ret_to, const struct pale_state *from)
{
	const struct pale_model_layout *layout = model->layout;

	for (size_t i = 0; i < layout->chunk_count; i++)
		store(ret_to, layout->chunks[i].offset, load(from, layout->chunks[i].offset));
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

bool
pale_model_is_local(const struct pale_model *model)
{
	return model->layout->local;
}

const uint64_t *
pale_model_region(const struct pale_model *model, unsigned p)
{
	return model->layout->regions[p < model->process_count ? p : PALE_MODEL_PROCESSES];
}

bool
pale_model_changes(const struct pale_model *model, size_t offset, size_t size)
{
	for (size_t i = 0; i < model->layout->chunk_count; i++) {
		const struct pale_layout_chunk *chunk = &model->layout->chunks[i];

		for (size_t at = 0; at < 8; at++)
			if ((chunk->mask >> 8 * at & 0xff) != 0 && chunk->offset + at >= offset &&
			    chunk->offset + at < offset + size)
				return true;
	}
	return false;
}

const char *
pale_model_lost(const struct pale_model *model, const struct pale_state *state)
{
	uint64_t words[PALE_LAYOUT_WORDS_MAX];
	struct pale_state copy;
	const unsigned char *a = (const unsigned char *)state;
	const unsigned char *b = (const unsigned char *)&copy;

	if (model->layout->gathers)
		pack_gathering(model->layout, state, words);
	else
		pack_by_runs(model->layout, state, words);
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
	free(layout->chunks);
	free(layout->runs);
	free(layout->repairs);
	free(layout->constant);
	free(layout);
}
