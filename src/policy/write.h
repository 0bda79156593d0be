/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A compartment as the text of a policy, which the reader reads back to the same compartment. For
 * what is learned, and for a cage that is asked for from inside another.
 *
 * Paths and values hold any byte but NUL. Each is one quoted string on one line, without a byte
 * that a terminal would act on, and nothing in it is expanded or taken for a comment.
 */
#ifndef PALE_POLICY_WRITE_H
#define PALE_POLICY_WRITE_H

#include <stddef.h>

#include "core/err.h"
#include "policy/policy.h"

/*
 * Write all that a compartment says, one statement a line, in its order. A relative path stands
 * behind the directory that it starts from, unless that is the working directory. The main
 * compartment is written without a block around it. Where grants come from is not written.
 *
 *   ret_text  owned by the caller (free), NUL behind its ret_size bytes
 *
 * Returns 0, -ENOMEM, or with a sentence:
 *   -EINVAL        the policy language has no words for it, such as a path grant whose rights are
 *                  not those of one word
 *   -E2BIG         the reader takes no text of this size
 * Test: tests/law/policy_write.c
 */
int pale_policy_write(const struct pale_compartment *compartment, char **ret_text, size_t *ret_size,
    struct pale_err *err);

/* The same of one grant: a statement without a newline. */
int pale_policy_write_grant(const struct pale_grant *grant, char **ret_text, struct pale_err *err);

/*
 * A string as the reader takes it, with its quotes: single ones where all its characters can be
 * shown, else double ones with escapes. Returns the length, as snprintf.
 */
size_t pale_policy_quote(const char *text, char *buf, size_t size);

#endif
