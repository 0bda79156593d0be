/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the answer goes: standard output, kept from what a foreign walker prints there. */
#ifndef PALE_CLI_CHECK_ANSWER_H
#define PALE_CLI_CHECK_ANSWER_H

#include "core/err.h"
#include "report/text.h"

struct pale_text pale_check_answer(void);

/* Write out what is buffered. Returns 0 or -errno: an answer that did not arrive is no answer. */
int pale_check_answer_flush(struct pale_err *err);

/* From now on who prints to standard output prints to standard error; answers still go where they
 * went. Returns 0 or -errno. */
int pale_check_answer_apart(void);

#endif
