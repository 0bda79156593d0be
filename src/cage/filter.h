/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The call filter of a cage: the rows of core/sys.def under a policy, made into one seccomp
 * program. A call without a row, another architecture, the x32 numbers and what comes after the
 * table answer ENOSYS, as an older kernel would. The program answers every call as pale_sys_answer
 * does, and PALE_CONTROL_NR in a way by which a pale inside knows that it is inside.
 */
#ifndef PALE_CAGE_FILTER_H
#define PALE_CAGE_FILTER_H

#include <stddef.h>
#include <linux/filter.h>

#include "core/err.h"
#include "core/sys.h"
#include "kernel/bpf.h"
#include "kernel/seccomp.h"

/*
 * Build the program; about 20 us.
 *
 *   policy     gates and withheld rights
 *   prog       where to; room for max instructions, PALE_BPF_MAX is always enough
 *   ret_count  instructions written
 *
 * Returns 0, -E2BIG (max is too small) or -EINVAL (a mistake in sys.def, which its tests find).
 * Test: tests/unit/filter.c, tests/live/filter.c
 */
int pale_filter_build(const struct pale_sys_policy *policy, struct sock_filter *prog, size_t max,
    size_t *ret_count, struct pale_err *err);

/*
 * As pale_filter_build, but without building anything for the policies that were thought of when
 * pale was built.
 *
 *   room      where to build, if it has to be
 *   ret_prog  the program: in `room`, or static
 *
 * Test: tests/unit/filter.c
 */
int pale_filter_choose(const struct pale_sys_policy *policy, struct sock_filter *room, size_t max,
    const struct sock_filter **ret_prog, size_t *ret_count, struct pale_err *err);

#endif
