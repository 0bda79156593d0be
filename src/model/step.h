/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What may happen next, and what comes of it. A lookup takes a step for its start, one for each
 * step of its walker, and one for its finish, in which the call does its work; a call without a
 * path, or with single names only (renameat(foo, "bar", ...); never openat), is one step.
 *
 * Pure: the same state and move give the same result, in every thread.
 */
#ifndef PALE_MODEL_STEP_H
#define PALE_MODEL_STEP_H

#include "model/state.h"

/* A step that may be possible. An idle process has one for each call and descriptor that it could
 * choose; one in a call has exactly one. */
struct pale_move {
	uint8_t process;
	uint8_t phase; /* in which it was taken: enum pale_phase */
	uint16_t site;
	uint8_t fd[2]; /* where the site says PALE_FD_ANY; else as the site says */
};

enum { PALE_MOVES_MAX = 4096 }; /* of one process in one state */

/* What the walk of a step asked of the tree: who changes none of it does not matter to the step. */
struct pale_reads {
	uint64_t names;   /* that were looked up in a directory: a bit each */
	uint32_t parents; /* directories of which it was asked what is above them: a bit each */
	bool sequence;    /* mark, moved */
	bool lock;        /* lock, unlock */
};

/* What a step did, for printing, replay, properties and laws. */
struct pale_event {
	enum {
		PALE_EVENT_START,  /* a lookup was begun */
		PALE_EVENT_STEP,   /* a component, or whatever else the walker did */
		PALE_EVENT_RESULT, /* the call returned: .error, or what it gave */
		PALE_EVENT_WAITS,  /* it now waits (registered as a FIFO's reader, say) */
	} kind;
	int error;               /* RESULT: 0 or errno (positive) */
	int got_fd[2];           /* slots of descriptors that came of it, -1 */
	uint8_t got_inode;       /* the inode that was obtained by a lookup: what `union` judges */
	uint8_t from_fd;         /* slot of the dirfd of that lookup, PALE_FD_CWD */
	bool ended;              /* and the process ended with it */
	bool names_moved;        /* an entry was renamed: what `moved` of walkers sees */
	bool names_changed;      /* any entry was changed, made ones included */
	uint8_t operations;      /* that the walker asked of the tree in this step */
	struct pale_reads reads; /* and which; of a call's own work nothing */
};

/*
 * List what process p may do: all that could be chosen, blocked or not.
 *
 * Returns how many; at most `max` are written (PALE_MOVES_MAX is enough).
 */
unsigned pale_model_moves(const struct pale_model *model, const struct pale_state *state,
    unsigned p, struct pale_move *ret_moves, unsigned max);

/*
 * Take a step.
 *
 *   state      changed; on false as it was
 *   ret_event  may be NULL
 *
 * Returns false where the step cannot be taken now: it waits for somebody else.
 * Test: tests/unit/model_*.c; tests/law/model.c (against the kernel)
 */
bool pale_model_step(const struct pale_model *model, struct pale_state *state,
    const struct pale_move *move, struct pale_event *ret_event);

/*
 * Is the process unable to go on unless somebody acts who need not (an adversary between two
 * calls), or at all? What `blocked` asserts.
 */
bool pale_model_is_stuck(
    const struct pale_model *model, const struct pale_state *state, unsigned p);

/* Has nobody anything left that must be done? To have no step is then no deadlock. */
bool pale_model_is_over(const struct pale_model *model, const struct pale_state *state);

/*
 * The step in the words of a witness: `openat(foo, "bar/../..")  starts`, `openat  bar -> foo/bar`,
 * `renameat(foo, "bar", sandbox, "bar") = 0`, `openat = fd 3, /tmp`. As snprintf.
 *
 *   after   the state that it led to
 */
int pale_model_print(const struct pale_model *model, const struct pale_state *before,
    const struct pale_move *move, const struct pale_event *event, const struct pale_state *after,
    char *buf, size_t size);

/* Where an inode is, as a path from the root: "/tmp/sandbox (removed)". As snprintf. */
int pale_model_path(const struct pale_model *model, const struct pale_state *state, unsigned inode,
    char *buf, size_t size);

/* "attacker", or "attacker 2" where a compartment has several processes. Borrowed. */
const char *pale_model_actor(const struct pale_model *model, unsigned p);

#endif
