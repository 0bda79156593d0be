/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Other numbers for inodes that were made (spare ones): which number such a one has says nothing.
 * Part of symmetry.h.
 */
#ifndef PALE_CHECK_RENUMBER_H
#define PALE_CHECK_RENUMBER_H

#include "model/state.h"

/* Is any there that was made? */
bool pale_renumber_has_fresh(const struct pale_model *model, const struct pale_state *state);

/*
 * Give those that have names the lowest numbers, by their names; then come those that are held
 * without one, then what is free.
 *
 * Returns how many are held without a name: their order is still the one they had.
 */
unsigned pale_renumber_named(const struct pale_model *model, struct pale_state *state);

/* Give each inode the number map[its number]; map[0] is 0, and inodes of the tree keep theirs. */
void pale_renumber(
    const struct pale_model *model, struct pale_state *state, const uint8_t map[PALE_MODEL_INODES]);

#endif
