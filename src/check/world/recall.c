/* SPDX-License-Identifier: BSD-2-Clause */
/* Steps that were computed before; see recall.h. */
#include "check/world/recall.h"

#include <string.h>

#include "model/pack.h"
#include "model/tree.h"

bool
pale_recall_prepare(struct pale_recall *recall, const struct pale_model *model)
{
	unsigned words = pale_model_words(model);
	const uint64_t *all = pale_model_region(model, (unsigned)model->process_count);

	if (words > PALE_RECALL_WORDS || !pale_model_is_local(model))
		return false;
	recall->model = model;
	recall->words = words;
	recall->turn = 1;
	/* There is room for many states of two words, and for fewer of more. */
	recall->part_room = PALE_RECALL_KEY_WORDS / (words < 2 ? 2 : words);
	recall->step_room = PALE_RECALL_STEP_WORDS / (words < 2 ? 2 : words);
	for (unsigned p = 0; p < model->process_count; p++)
		for (unsigned w = 0; w < words; w++)
			recall->masks[p][w] = all[w] | pale_model_region(model, p)[w];
	return true;
}

static void
forget(struct pale_recall *recall)
{
	recall->turn++;
	recall->part_count = 0;
	recall->step_count = 0;
	if (recall->turn != 0)
		return;
	memset(recall->parts, 0, sizeof(recall->parts));
	recall->turn = 1;
}

static bool
is_same(const uint64_t *a, const uint64_t *b, unsigned words)
{
	for (unsigned w = 0; w < words; w++)
		if (a[w] != b[w])
			return false;
	return true;
}

bool
pale_recall_find(struct pale_recall *recall, const uint64_t *words, unsigned p,
    struct pale_recall_part **ret_part)
{
	const uint64_t *mask = recall->masks[p];
	uint64_t key[PALE_RECALL_WORDS], hash = p;
	uint32_t at;

	for (unsigned w = 0; w < recall->words; w++) {
		key[w] = words[w] & mask[w];
		hash = (hash ^ key[w]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	if (recall->part_count >= recall->part_room / 4 * 3 ||
	    recall->step_count + PALE_MOVES_MAX > recall->step_room)
		forget(recall);
	for (at = (uint32_t)((hash & UINT32_MAX) * recall->part_room >> 32);
	     recall->parts[at].turn == recall->turn; at = at + 1 == recall->part_room ? 0 : at + 1)
		if (is_same(recall->keys + (size_t)at * recall->words, key, recall->words) &&
		    recall->parts[at].process == p) {
			*ret_part = &recall->parts[at];
			return true;
		}
	recall->part_count++;
	recall->parts[at] = (struct pale_recall_part){
		.turn = recall->turn, .first = recall->step_count, .process = (uint8_t)p
	};
	memcpy(recall->keys + (size_t)at * recall->words, key, recall->words * sizeof(*key));
	*ret_part = &recall->parts[at];
	return false;
}

void
pale_recall_add(struct pale_recall *recall, struct pale_recall_part *part, uint32_t label,
    uint32_t violates, const uint64_t *words)
{
	const uint64_t *mask = recall->masks[part->process];
	uint32_t at = recall->step_count++;

	part->count++;
	recall->steps[at].label = label;
	recall->steps[at].violates = words == NULL ? PALE_RECALL_WHOLE : violates;
	for (unsigned w = 0; words != NULL && w < recall->words; w++)
		recall->states[(size_t)at * recall->words + w] = words[w] & mask[w];
}

bool
pale_recall_is_local(const struct pale_model *model, const struct pale_state *before,
    const struct pale_move *move, const struct pale_event *event, const struct pale_state *after)
{
	uint32_t nameless;

	/* Who makes a directory changes nothing that others have seen or hold. */
	if (event->names_changed && model->sites[move->site].op != PALE_CALL_mkdirat)
		return false;
	nameless = pale_tree_nameless(model, before);
	return nameless == 0 ||
	    (pale_tree_held_by(model, before, move->process) & nameless &
		~pale_tree_held_by(model, after, move->process)) == 0;
}
