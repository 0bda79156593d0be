/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The answer of `pale run --why CALL PATH`.
 *
 * The keys of the JSON, which stay as they are (new ones may come):
 *
 *   call       name of the system call
 *   path       as asked, or null
 *   inside     where it leads in the cage, or null
 *   exists     is something there (inside)
 *   allowed    true or false
 *   by         what decides: grant call filter absent mount landlock own permissions
 *   errno      what the program would see, or null
 *   because    a sentence
 *   need       rights that the call needs there
 *   missing    those that are not held
 *   grant      what shows the path: path, origin, rights; or null
 *   nearest    otherwise the grant that comes nearest, likewise
 *   allow      what would allow it, or null
 *   option     true if that is an option of `pale run` as it stands
 *   note       what else to know, or null
 */
#ifndef PALE_REPORT_WHY_H
#define PALE_REPORT_WHY_H

#include <stdio.h>

#include "core/err.h"
#include "report/text.h"
#include "run/why/why.h"

/* call, path: as they were asked. */
void pale_report_why(
    const struct pale_why *why, const char *call, const char *path, const struct pale_text *text);
/* Returns 0, -ENOMEM or -EIO. Test: tests/cli/why.bats */
int pale_report_why_json(
    const struct pale_why *why, const char *path, FILE *out, struct pale_err *err);

#endif
