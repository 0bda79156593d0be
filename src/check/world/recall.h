/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a process can do is the same in all states in which it and the tree are the same, whatever
 * the others are at; and there are far more states than that. So steps are computed once for each
 * such part, and recalled: the words of the others stay as they are.
 *
 * Not so where a step changes names (what others have seen, and what they hold, matters then), or
 * lets go of something that has none: it is remembered that there is a step, and it is computed in
 * each state. pale_model_is_local says for which scenarios all that is true.
 *
 * A thread has one; what is forgotten when it is full is computed again.
 */
#ifndef PALE_CHECK_RECALL_H
#define PALE_CHECK_RECALL_H

#include <stdbool.h>
#include <stdint.h>

#include "model/step.h"

enum {
	PALE_RECALL_WORDS = 4, /* wider states are not recalled */
	PALE_RECALL_PARTS = 1 << 15,
	PALE_RECALL_STEPS = 1 << 17,
	PALE_RECALL_KEY_WORDS = PALE_RECALL_PARTS * 2,
	PALE_RECALL_STEP_WORDS = PALE_RECALL_STEPS * 2,
};

struct pale_recall_step {
	uint32_t label;
	uint32_t violates; /* PALE_RECALL_WHOLE: to be computed */
};
#define PALE_RECALL_WHOLE UINT32_MAX

/* A part of a state that was met, and its steps. */
struct pale_recall_part {
	uint32_t turn; /* it is there if this is the recall's */
	uint32_t first;
	uint16_t count;
	uint8_t process;
};

/* Zeroed is empty; to be prepared before its first use. Pages that are never needed cost nothing.
 */
struct pale_recall {
	const struct pale_model *model;
	unsigned words;
	uint32_t turn; /* 0: not prepared */
	uint32_t part_count, part_room, step_count, step_room;
	uint64_t masks[PALE_MODEL_PROCESSES][PALE_RECALL_WORDS]; /* of a part */
	struct pale_recall_part parts[PALE_RECALL_PARTS];
	uint64_t keys[PALE_RECALL_KEY_WORDS];
	struct pale_recall_step steps[PALE_RECALL_STEPS];
	uint64_t states[PALE_RECALL_STEP_WORDS];
};

/* Prepare it; false where steps of this model cannot be recalled. */
bool pale_recall_prepare(struct pale_recall *recall, const struct pale_model *model);

/*
 * The steps of a process in a state, if they are known. false: they are not, and *ret_part is where
 * they go, all at once: there is room for PALE_MOVES_MAX.
 */
bool pale_recall_find(struct pale_recall *recall, const uint64_t *words, unsigned p,
    struct pale_recall_part **ret_part);

/*
 * Remember a step. words: the state it leads to, or NULL where it is to be computed each time.
 */
void pale_recall_add(struct pale_recall *recall, struct pale_recall_part *part, uint32_t label,
    uint32_t violates, const uint64_t *words);

/* Where recalled step number i of a part leads from a state. */
static inline void
pale_recall_apply(const struct pale_recall *recall, const uint64_t *words, unsigned p, uint32_t i,
    uint64_t *ret_words)
{
	const uint64_t *to = recall->states + (size_t)i * recall->words;
	const uint64_t *mask = recall->masks[p];

	for (unsigned w = 0; w < recall->words; w++)
		ret_words[w] = (words[w] & ~mask[w]) | to[w];
}

/* Is a step told by the process and the tree alone? Else it must be computed each time. */
bool pale_recall_is_local(const struct pale_model *model, const struct pale_state *before,
    const struct pale_move *move, const struct pale_event *event, const struct pale_state *after);

#endif
