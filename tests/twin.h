/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A scenario in the model and on the kernel at once, call by call. Each process of the scenario has
 * a real one, of the same user, in a tree of the same files on a tmpfs of its own and in an IPC
 * namespace of its own. What a call answers in the one it must answer in the other: the errno, that
 * it waits, that it ends the process, the value that was read.
 *
 * Needs root; without it only the model is asked (twin_is_real says so).
 *
 * Not on the kernel: exec, limit, and what waits because a socket is full.
 */
#ifndef PALE_TESTS_TWIN_H
#define PALE_TESTS_TWIN_H

#include <stdbool.h>
#include <stddef.h>

#include "model/step.h"

struct twin;

/* What a call answers, beside 0 and errno (positive). */
enum {
	TWIN_WAITS = 1000,  /* the same process is asked again with twin_call */
	TWIN_KILLED = 1001, /* SIGPIPE */
	TWIN_OVER = 1002,   /* the program has no more calls, or the process has ended */
};

/* Ends the test with words where the text is no scenario. */
struct twin *twin_open(const char *text);
/* The model alone. */
struct twin *twin_model_open(const char *text);
void twin_close(struct twin *twin);

/*
 * Let a compartment's process do its next call, or go on with the one it waits in, until it
 * answers. Where model and kernel do not say the same the test fails with both answers.
 */
int twin_call(struct twin *twin, const char *compartment);

/* As twin_call; a difference is told in words, NULL: none. Borrowed. */
const char *twin_try(struct twin *twin, unsigned process, int *ret_answer);

/* As twin_try; the call is the one of a move that the process may do now, of all that it may. */
const char *twin_move(struct twin *twin, const struct pale_move *move, int *ret_answer);

/*
 * Has each file of the start that still has a name the owner, mode and content that the model says?
 * NULL, or words. Borrowed.
 */
const char *twin_compare_files(struct twin *twin);

/*
 * What the model would answer to the next call of a process, without any of it being done.
 *
 *   ret_site  the call; may be NULL
 */
int twin_foresee(const struct twin *twin, unsigned process, const struct pale_site **ret_site);

/* Does any process wait in a call? */
bool twin_anybody_waits(const struct twin *twin);

bool twin_is_real(const struct twin *twin);
const struct pale_model *twin_model(const struct twin *twin);
const struct pale_state *twin_state(const struct twin *twin);

#endif
