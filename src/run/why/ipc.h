/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Would a call reach the System V object or the POSIX queue that it names? The part of pale_why
 * that is about keys, as ipcs(1) shows them or decimal, and about "/NAME".
 */
#ifndef PALE_RUN_WHY_IPC_H
#define PALE_RUN_WHY_IPC_H

#include <stdbool.h>

#include "core/err.h"
#include "run/why/why.h"

/* Does the call name such a thing? What is then written behind it is no path. */
bool pale_why_names_ipc(enum pale_sys sys);

/*
 * Judge by the endpoints that are granted.
 *
 *   name  the key, also for a call that takes an identifier; or the name of a queue
 *   ret   .call is set
 *
 * Returns 0 with an answer, or -EINVAL for what is no key or name. Test: tests/cli/sysv.bats
 */
int pale_why_ipc(
    const struct pale_plan *plan, const char *name, struct pale_why *ret, struct pale_err *err);

/*
 * The same for a call that was refused, by its own arguments, in the ipc namespace where it was
 * made. The key of an identifier is looked up.
 *
 *   queue  the name that mq_open(2) was given, without the slash; NULL for other calls
 *   ret    .call is set
 *
 * Returns false if it would be allowed. Test: tests/cli/sysv.bats
 */
bool pale_why_ipc_heard(const struct pale_plan *plan, const char *queue, struct pale_why *ret);

/*
 * Of a call that the kernel decides in the cage's own namespace: does it look for what the machine
 * has, and only there? Arguments as above. Returns false if not, or if nobody can tell.
 * Test: tests/live/advice.sh
 */
bool pale_why_ipc_hidden(const struct pale_plan *plan, const char *queue, struct pale_why *ret);

#endif
