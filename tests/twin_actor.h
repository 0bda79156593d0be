/* SPDX-License-Identifier: BSD-2-Clause */
/* The real process behind one of the model's: does what it is told, and says what came of it. */
#ifndef PALE_TESTS_TWIN_ACTOR_H
#define PALE_TESTS_TWIN_ACTOR_H

#include <stdint.h>

#include "model/model.h"

enum {
	ACTOR_EXIT = 0, /* a site that is none: end */
};

struct actor_order {
	uint16_t site;
	uint8_t fd[2];    /* slots, or PALE_FD_CWD */
	uint8_t to_fd[2]; /* slots that the model put descriptors into */
};

struct actor_answer {
	int error;     /* 0 or errno */
	int child;     /* of fork: its process id */
	uint8_t value; /* that was read, 0: none */
	int made;      /* System V: the identifier that was got, -1 */
};

/*
 * Become process p, with its user, umask and descriptors, in the root and working directory of
 * now; and do what is ordered, until the orders end.
 *
 *   orders, answers   descriptors to read and to write, by process: a child of fork has its own
 */
_Noreturn void actor_run(
    const struct pale_model *model, unsigned p, const int *orders, const int *answers);

#endif
