/* SPDX-License-Identifier: BSD-2-Clause */
/* Assertions: what their terms say about one state. terms.def has what each means. */
#ifndef PALE_MODEL_TERM_H
#define PALE_MODEL_TERM_H

#include "model/state.h"

struct pale_term_row {
	const char *name, *signature, *summary;
};

/* The rows of terms.def. */
extern const struct pale_term_row pale_terms[PALE_TERM_COUNT];

/* Does the term hold, its "not" included? */
bool pale_term_holds(
    const struct pale_model *model, const struct pale_state *state, const struct pale_term *term);

/* Do all terms hold: is the assertion violated? One without terms never is. */
bool pale_term_all(
    const struct pale_model *model, const struct pale_state *state, const struct pale_never *never);

#endif
