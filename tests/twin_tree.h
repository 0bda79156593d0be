/* SPDX-License-Identifier: BSD-2-Clause */
/* The files and objects of a scenario as real ones. */
#ifndef PALE_TESTS_TWIN_TREE_H
#define PALE_TESTS_TWIN_TREE_H

#include "model/model.h"

/* Make all that the scenario has at its start below a directory; ends the test where it cannot. */
void twin_make_tree(const struct pale_model *model, const char *top);

/* Make the System V objects that it has at its start. */
void twin_make_objects(const struct pale_model *model);

/* End the test, with errno's words, unless something was done. */
void twin_must(bool done, const char *what, const char *name);

#endif
