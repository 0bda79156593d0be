/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls to try on a filter that was made from sys.def: every number, and around every condition of
 * every sub-row the values that meet it, miss it by one or by a bit, or carry garbage beside it.
 */
#ifndef PALE_TESTS_FILTER_PROBE_H
#define PALE_TESTS_FILTER_PROBE_H

#include <stddef.h>
#include <stdint.h>
#include <linux/filter.h>

#include "core/sys.h"

enum {
	PROBE_NR_MAX = 500, /* every number up to here is tried, and some beyond */
};

typedef void probe_fn(int nr, const uint64_t args[PALE_SYS_ARGS]);

/* Also try what these objects make special; borrowed until they are replaced. */
void probe_objects(const struct pale_sys_object *objects, size_t count);

/* Try one number with every argument that its sub-rows make special, and pairs of sub-rows. */
void probe_call(int nr, probe_fn *probe);

/* Try every number. */
void probe_all(probe_fn *probe);

/* What a program answers to a call on this machine. */
uint32_t probe_run(
    const struct sock_filter *prog, size_t count, int nr, const uint64_t args[PALE_SYS_ARGS]);

/* An answer of the table as a verdict of a program. */
uint32_t probe_ret(struct pale_sys_answer answer);

/* Every right that only the filter can withhold. */
pale_rights probe_filter_rights(void);

#endif
