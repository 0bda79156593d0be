/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts that write a script share. */
#ifndef PALE_REPLAY_SCRIPT_H
#define PALE_REPLAY_SCRIPT_H

#include "replay/play.h"

/* The text, as it grows. */
struct pale_script {
	const struct pale_model *model;
	const struct pale_replay_step *steps;
	size_t count;
	char *text;
	size_t used, size;
	bool failed; /* no memory */
	struct pale_err *err;
};

/* Add to the text; as printf. */
void pale_script_add(struct pale_script *script, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A text as C has it, with its quotes. */
void pale_script_quote(struct pale_script *script, const char *text);
/* The name of an errno, given negative. */
void pale_script_error(struct pale_script *script, int result);
void pale_script_open_flags(struct pale_script *script, unsigned flags);
const char *pale_script_value(const struct pale_model *model, unsigned value);

/* script_walk.c: the step of a walk; of O_CREAT, the one that takes the last component. */
void pale_script_walk(struct pale_script *script, const struct pale_replay_step *step);
void pale_script_take(struct pale_script *script, const struct pale_replay_step *step);

/* script_calls.c: the work of a call. got_fd: the slot that an open gives. The others return false
 * where the call is none of theirs. */
void pale_script_open(struct pale_script *script, const struct pale_replay_step *step, int got_fd);
bool pale_script_call_at(struct pale_script *script, const struct pale_replay_step *step);
bool pale_script_call_fd(struct pale_script *script, const struct pale_replay_step *step);
/* script_ipc.c */
int pale_script_objects(struct pale_script *script); /* -ENOTSUP with words */
bool pale_script_call_ipc(struct pale_script *script, const struct pale_replay_step *step);
/* A value, or that of a variable before the step. */
const char *pale_script_value_of(
    const struct pale_script *script, const struct pale_replay_step *step, struct pale_ref ref);

#endif
