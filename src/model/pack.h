/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A state in as few bits as its scenario needs: what can never change takes none, an inode as many
 * as tell them apart. What can change is found out once, from the calls that the scenario has.
 * A packed state is 1 to PALE_STATE_WORDS_MAX words; equal states are equal words.
 */
#ifndef PALE_MODEL_PACK_H
#define PALE_MODEL_PACK_H

#include "core/err.h"
#include "model/state.h"

/* Find out what changes; sets model->layout. -E2BIG where a state does not fit, with the number. */
int pale_model_lay_out(struct pale_model *model, struct pale_err *err);
void pale_model_layout_free(struct pale_model_layout *layout);

/* Words of a packed state. */
unsigned pale_model_words(const struct pale_model *model);
/* Bits in use of them, for the report. */
unsigned pale_model_bits(const struct pale_model *model);

/* In a build with assertions, a field that was thought constant and is not is a bug of ours. */
void pale_model_pack(
    const struct pale_model *model, const struct pale_state *state, uint64_t *ret_words);
void pale_model_unpack(
    const struct pale_model *model, const uint64_t *words, struct pale_state *ret_state);

/*
 * The same into a state that was unpacked before, and since then changed by nothing but steps: what
 * never changes is there already. For the search, which does little else.
 */
void pale_model_unpack_again(
    const struct pale_model *model, const uint64_t *words, struct pale_state *ret_state);

void pale_model_copy(
    const struct pale_model *model, struct pale_state *ret_to, const struct pale_state *from);

/* The same to a state that was unpacked or copied to before. */
void pale_model_copy_again(
    const struct pale_model *model, struct pale_state *ret_to, const struct pale_state *from);

/*
 * Do processes meet only in inodes and names? Where no name changes, and nothing is let go that has
 * none, a step of a process is then told by its own part of the state and that of all, and changes
 * no other.
 */
bool pale_model_is_local(const struct pale_model *model);

/* The bits of the words that are of process p; of process_count: of all. As many as words. */
const uint64_t *pale_model_region(const struct pale_model *model, unsigned p);

/* Can any of these bytes of a state change? */
bool pale_model_changes(const struct pale_model *model, size_t offset, size_t size);

/* Do all fields survive? For tests: the first that does not, by name; NULL if all do. */
const char *pale_model_lost(const struct pale_model *model, const struct pale_state *state);

#endif
