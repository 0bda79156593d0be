/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The filters of common policies, as tools/filter.c builds them from the table at build: building
 * one is a thirtieth of a whole start.
 */
#ifndef PALE_CAGE_READY_H
#define PALE_CAGE_READY_H

#include "cage/filter.h"

struct pale_filter_ready {
	struct pale_sys_policy policy;
	const struct sock_filter *prog;
	size_t count;
};

/* Ends with a NULL program. */
extern const struct pale_filter_ready pale_filter_ready[];

#endif
