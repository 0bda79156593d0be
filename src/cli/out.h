/* SPDX-License-Identifier: BSD-2-Clause */
/* Where answers go: standard output, in colour only on a terminal. */
#ifndef PALE_CLI_OUT_H
#define PALE_CLI_OUT_H

#include "core/err.h"
#include "report/text.h"

/* Standard output as it is: its width if it is a terminal, else 100 columns. */
struct pale_text pale_cli_out(void);

/* Write out what is buffered. Returns 0 or -EIO: an answer that did not arrive is no answer. */
int pale_cli_flush(struct pale_err *err);

#endif
