/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Denials, for people (two lines each) and for programs (one JSON object a line). Every name comes
 * from the program that was denied and is escaped.
 */
#ifndef PALE_REPORT_DENIAL_H
#define PALE_REPORT_DENIAL_H

#include <stdio.h>

#include "core/err.h"
#include "report/text.h"
#include "run/trace/trace.h"

/*
 *   pale: denied cc1[412] openat("../outside/secret", O_RDONLY) -> /srv/outside/secret
 *         missing: read   nearest grant: -w /srv/inside   to allow: --file /srv/outside/secret:read
 */
void pale_report_denial(const struct pale_denial *denial, const struct pale_text *text);

/* Returns 0, -ENOMEM or -EIO. Test: tests/cli/trace.bats */
int pale_report_denial_json(const struct pale_denial *denial, FILE *out, struct pale_err *err);

#endif
