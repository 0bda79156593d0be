/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first look at the text of a policy, before libConfuse sees it. What libConfuse would do
 * silently is refused here with file and line: expanding ${NAME} from the environment, cutting a
 * string at an escaped NUL, dropping characters it does not know, taking a file that ends inside a
 * block. What is left is a language small enough that libConfuse reads it exactly as written.
 */
#ifndef PALE_POLICY_SCAN_H
#define PALE_POLICY_SCAN_H

#include <stddef.h>

#include "core/err.h"

/* A text that passed. */
struct pale_scan {
	char *text;      /* NUL-terminated, comments blanked, lines kept */
	unsigned *lines; /* for each call in turn: line of its name, then of each argument */
	size_t line_count;
};

/*
 * Look at a text.
 *
 *   name      what messages call it
 *   text      size bytes, any; need not end with NUL
 *   ret_scan  untouched on failure; give it to pale_scan_done
 *
 * Returns 0, -EINVAL with "NAME:LINE: ..." in err, -ENOMEM.
 * Test: tests/unit/policy.c, fuzz/policy.c
 */
int pale_scan(const char *name, const char *text, size_t size, struct pale_scan *ret_scan,
    struct pale_err *err);

void pale_scan_done(struct pale_scan *scan);

#endif
