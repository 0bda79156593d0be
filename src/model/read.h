/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A scenario, from the text of a *.pale file. Words in model/read/words.def; man/pale-scenario.5.
 */
#ifndef PALE_MODEL_READ_H
#define PALE_MODEL_READ_H

#include "core/err.h"
#include "model/model.h"

/* What the command line says over the file; zeroed: nothing. */
struct pale_read_options {
	const struct pale_walker *walker; /* for all compartments that do not name one; and what the
					   * file calls by this name is this */
	const char *property;             /* replaces the file's; may be a list: "union,call" */
	unsigned processes, calls;        /* of each vocabulary; 0: as the file says */
	bool plays; /* it is played, and proves nothing: take it where room or what the model leaves
		     * out could decide */
};

/*
 * Read and compile.
 *
 *   name       what messages call the text
 *   ret_model  give it to pale_model_free
 *
 * Returns 0; -EINVAL with "NAME:LINE: ..." ; -E2BIG where there is no room for it, with what it
 * needs; -ENOMEM. Not for two threads at once (libConfuse).
 * Test: tests/unit/model_read.c, fuzz/scenario.c
 */
int pale_model_read(const char *name, const char *text, size_t size,
    const struct pale_read_options *options, struct pale_model **ret_model, struct pale_err *err);

void pale_model_free(struct pale_model *model);

/*
 * What the first comment promises: "Expected: violated in 6 steps.", "Expected: holds.". false
 * where it promises nothing.
 */
bool pale_model_expected(const char *text, bool *ret_violated, unsigned *ret_length);

#endif
