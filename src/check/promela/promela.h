/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A scenario for SPIN, for a second opinion: the same tree, processes, calls and steps, one state
 * there for each state here, the properties as assertions.
 *
 * Said in Promela are trees of directories and files, compartments with vocabularies of openat,
 * renameat, mkdirat and unlinkat on single names, run by root, under the walkers that
 * check/promela/walkers.def has; and the properties union, root and call. Anything else is refused.
 */
#ifndef PALE_CHECK_PROMELA_H
#define PALE_CHECK_PROMELA_H

#include "core/err.h"
#include "model/model.h"

/*
 * Write it.
 *
 *   ret_text   the model, NUL-terminated; give it to free()
 *
 * Its first comment says how SPIN is run over it. With -DNO_ASSERT for pan, no property is looked
 * at, and all states are met.
 *
 * Returns 0; -ENOTSUP with a sentence that names what cannot be said; -ENOMEM.
 * Test: tests/law/promela.c
 */
int pale_promela_write(const struct pale_model *model, char **ret_text, struct pale_err *err);

#endif
