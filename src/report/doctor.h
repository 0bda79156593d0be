/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a machine can enforce: the answer of `pale doctor`.
 *
 * The keys of the JSON, which stay as they are (new ones may come):
 *
 *   kernel     release
 *   works      will `pale run` work here
 *   features   id, name, state (yes no partly info), value, purpose, needed (by every cage),
 *              because and remedy (null where nothing is wrong)
 *   landlock   abi, and the abis that are missing: abi, kernel (first with it), brings, loses
 */
#ifndef PALE_REPORT_DOCTOR_H
#define PALE_REPORT_DOCTOR_H

#include <stdio.h>

#include "core/err.h"
#include "report/text.h"

enum pale_check_state {
	PALE_CHECK_YES,
	PALE_CHECK_NO,
	PALE_CHECK_PARTLY,
	PALE_CHECK_INFO, /* neither good nor bad */
};

/* One feature. */
struct pale_check {
	const char *id;   /* stable, for programs */
	const char *name; /* for people */
	enum pale_check_state state;
	char value[80];        /* "yes", "ABI 7 of 9", "4096" */
	const char *purpose;   /* what it is for, a phrase */
	bool needed;           /* without it no cage can be built */
	struct pale_err words; /* why not and what to do, "" where nothing is wrong */
};

struct pale_doctor {
	const char *kernel;
	int landlock_abi;
	const struct pale_check *checks;
	size_t count;
	bool works;
	const struct pale_check *obstacle; /* the first that is needed and missing, or NULL */
};

void pale_report_doctor(const struct pale_doctor *doctor, const struct pale_text *text);
/* Returns 0, -ENOMEM or -EIO. Test: tests/cli/doctor.bats */
int pale_report_doctor_json(const struct pale_doctor *doctor, FILE *out, struct pale_err *err);

#endif
