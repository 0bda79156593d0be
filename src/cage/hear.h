/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the supervisor tells whoever watches (watch.h). Telling decides nothing: the answer is the
 * same whether somebody listens or not.
 */
#ifndef PALE_CAGE_HEAR_H
#define PALE_CAGE_HEAR_H

#include <stdbool.h>
#include <stddef.h>

#include "cage/supervisor.h"
#include "kernel/notify.h"

/*
 * What becomes of a call that stands still, from the numbers in its registers alone, which no
 * thread can change any more: denied and allowed ones are only here because they are watched.
 * RUN_ASK for all others, and for every call where nobody watches.
 *
 *   ret_sys  the call, PALE_SYS_COUNT if no table knows it; it is then RUN_DENY with ENOSYS
 */
struct pale_sys_answer pale_hear_classify(const struct pale_supervisor *supervisor,
    const struct pale_notify *call, enum pale_sys *ret_sys);

/* Tell of a call that the filter's rows deny, that goes on, or that was performed here. */
void pale_hear_denied(struct pale_supervisor *supervisor, const struct pale_notify *call,
    enum pale_sys sys, const struct pale_sys_answer *answer);
void pale_hear_going_on(
    struct pale_supervisor *supervisor, const struct pale_notify *call, enum pale_sys sys);

/* result: what the call returns; a failure that is of the caller's own making is not told */
void pale_hear_performed(struct pale_supervisor *supervisor, const struct pale_notify *call,
    enum pale_sys sys, int result);

#endif
