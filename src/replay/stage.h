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

/* A step, as it is taken here. */
struct pale_scene {
	struct pale_stage *stage;
	size_t index;
	const struct pale_replay_step *step;
	const struct pale_site *site;
	unsigned p;
	struct pale_stage_actor *actor;
	bool by_walker;
};

/* outcome.c */

/* The replay is over. */
void pale_stage_end(struct pale_stage *stage, enum pale_replay_verdict verdict, const char *why)
    __attribute__((noreturn));
void pale_stage_fail(struct pale_stage *stage, const struct pale_err *err)
    __attribute__((noreturn));
void pale_stage_broken(struct pale_stage *stage, int result, unsigned p) __attribute__((noreturn));
/* It came otherwise than in the model. */
void pale_scene_end(const struct pale_scene *scene, const struct pale_play_answer *answer)
    __attribute__((noreturn));

/* Which inode of the model the number of one here is; 0 for none. */
unsigned pale_scene_inode(const struct pale_stage *stage, uint64_t ino);
/* What a call returned, in words. */
void pale_scene_say(
    const struct pale_scene *scene, const struct pale_play_answer *answer, char *buf, size_t size);
/* Add a line; outcome: what came instead of what the model says, or NULL. */
void pale_scene_line(
    const struct pale_scene *scene, int error, bool as_expected, const char *outcome);

/* Wait for what comes of the step, and hold it to the model: the call returns; our walker is in the
 * middle of it; it waits for somebody. */
void pale_scene_result(const struct pale_scene *scene);
void pale_scene_middle(const struct pale_scene *scene);
void pale_scene_wait(const struct pale_scene *scene);

/* stage.c */
void pale_scene_tell(const struct pale_scene *scene, enum pale_play_verb verb, size_t index);

/* by_kernel.c */
void pale_scene_by_kernel(const struct pale_scene *scene);

#endif
