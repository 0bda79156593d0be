/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Endpoints of communication in the answer of --explain: what is granted, what enforces it, and
 * whom the other side sees.
 */
#ifndef PALE_REPORT_ENDPOINTS_H
#define PALE_REPORT_ENDPOINTS_H

#include <jansson.h>

#include "report/text.h"
#include "run/plan.h"

/* An item for each; none where nothing is granted. */
void pale_report_endpoints(const struct pale_plan *plan, const struct pale_text *text);

/* The same as a list of objects; see report/explain.h. */
json_t *pale_report_endpoints_json(const struct pale_plan *plan, bool *failed);

#endif
