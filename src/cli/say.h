/* SPDX-License-Identifier: BSD-2-Clause */
/* What pale says to people, on standard error: escaped, in colour only on a terminal. */
#ifndef PALE_CLI_SAY_H
#define PALE_CLI_SAY_H

#include "core/err.h"

/* "pale: what failed and why", and below it what to do about it. */
void pale_say_err(const struct pale_err *err);

/* "pale: sentence". */
void pale_say(const char *sentence);

/* "pale: note: sentence". */
void pale_say_note(const char *sentence);

#endif
