/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Facts about IPC as plays: the programs of two processes, whose turn it is, and what each call
 * answers; in the model and, as root, on the kernel of this machine (twin.h). So no sentence that
 * is proved like this is only ours.
 */
#ifndef PALE_TESTS_PLAY_H
#define PALE_TESTS_PLAY_H

#include <errno.h>

#include "harness.h"
#include "model/ops.h"
#include "twin.h"

/* The programs of two processes, a and b, users 100 and 200; what the world has before them. */
#define SCENE(world, a, b) \
	world "compartment a { user('100') program(" a \
	      ") } compartment b { user('200') program(" b ") }"
#define ROOTS(world, a, b) \
	world "compartment a { program(" a ") } compartment b { user('200') program(" b ") }"

/*
 * Play calls, "abba": the answers in turn must be those. A process that waits answers WAITS once,
 * and its call's answer when it is named again.
 */
static inline void
play(const char *text, const char *turns, const int *answers)
{
	struct twin *twin = twin_open(text);

	for (size_t i = 0; turns[i] != '\0'; i++) {
		int answer = twin_call(twin, (char[]){ turns[i], '\0' });

		ck_assert_msg(answer == answers[i], "call %zu of %s, by %c: %d, not %d", i + 1,
		    turns, turns[i], answer, answers[i]);
	}
	twin_close(twin);
}
#define PLAY(text, turns, ...) play(text, turns, (const int[]){ __VA_ARGS__ })

enum { WAITS = TWIN_WAITS, KILLED = TWIN_KILLED };

#endif
