/* SPDX-License-Identifier: BSD-2-Clause */
/* A witness in columns, one for each actor. */
#ifndef PALE_REPORT_CHECK_WITNESS_H
#define PALE_REPORT_CHECK_WITNESS_H

#include "check/world/world.h"
#include "report/text.h"

/* Where the columns would be too narrow, each line names its actor instead. */
void pale_report_witness(const struct pale_trace *trace, const struct pale_text *text);

#endif
