/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Somebody who stays in the machine's ipc namespace, for reports: a cage has one of its own, so
 * whether the machine has a System V object or a queue of some name can be asked of nobody inside.
 * A process of its own, as powerless as the caller, that answers this and does nothing else. What
 * it looks for it neither makes, opens for longer, nor changes.
 */
#ifndef PALE_RUN_TRACE_OUTSIDE_H
#define PALE_RUN_TRACE_OUTSIDE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "policy/policy.h"

struct pale_outside {
	int sock; /* owned; -1: there is none */
	pid_t pid;
};

#define PALE_OUTSIDE_NONE ((struct pale_outside){ .sock = -1 })

/* What is looked for. */
struct pale_outside_question {
	enum pale_grant_kind kind; /* SHM, MSG, SEM, MQ */
	bool by_id;                /* an identifier, not a key */
	int32_t number;            /* it, or the key */
	int access;                /* MQ: O_RDONLY, O_WRONLY or O_RDWR */
	char name[NAME_MAX + 1];   /* MQ: without the slash */
};

/* Start it, before another ipc namespace is entered. Returns 0 or -errno: then there is none. */
int pale_outside_start(struct pale_outside *ret);
/* End it; NONE is fine. */
void pale_outside_done(struct pale_outside *outside);

/*
 * Is there such an object, that this user may use?
 *
 *   sock     of a started one; below 0: the answer is no
 *   ret_key  its key, 0 if it has none
 */
bool pale_outside_has(int sock, const struct pale_outside_question *question, int32_t *ret_key);

/* The same where we are ourselves: for what is in the cage's own namespace. */
bool pale_outside_look(const struct pale_outside_question *question, int32_t *ret_key);

#endif
