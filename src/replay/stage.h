/* SPDX-License-Identifier: BSD-2-Clause */
/* The process that says who takes the next step. */
#ifndef PALE_REPLAY_STAGE_H
#define PALE_REPLAY_STAGE_H

#include "replay/pass.h"

struct pale_stage_actor {
	int sock; /* -1: has ended, or does not live yet */
	pid_t pid;
	char seen_as[16];
	bool answered;
	struct pale_play_answer answer;
	bool in_call;      /* of more than one step */
	size_t began;      /* step in which it began */
	bool told;         /* the kernel's walk of it has begun */
	bool blocked_once; /* it was seen to wait */
};

struct pale_stage {
	struct pale_play *play;
	struct pale_pass pass; /* .device -1: none */
	struct pale_stage_actor actors[PALE_MODEL_PROCESSES];
	struct pale_play_inodes inodes;
};

/* crew.c: actors, and waiting for them. All return 0 or -errno. */

/* Start those that live from the beginning; they take their places. */
int pale_stage_start(struct pale_stage *stage, struct pale_err *err);
int pale_stage_tell(struct pale_stage *stage, unsigned p, enum pale_play_verb verb, size_t index);
/* Until the actor has answered, or has ended (-EPIPE). */
int pale_stage_await(struct pale_stage *stage, unsigned p);
/* Until its walk is held at a stop, or it has answered: 0; 1: it waits for somebody else. */
int pale_stage_await_stop(struct pale_stage *stage, unsigned p);
/* Until it waits in a call for somebody else: 1; or has answered: 0. */
int pale_stage_await_blocked(struct pale_stage *stage, unsigned p);
/* Until it is gone. */
int pale_stage_await_end(struct pale_stage *stage, unsigned p, int *ret_status);

#endif
