/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of a replay share. Processes, each a child of the one above:
 *
 *   caller    waits; reads what came of it from shared memory
 *   director  makes the namespaces; sees the caller or the stage end, and cleans up
 *   stage     process 1 of a new pid namespace, so that all actors end with it; makes the tree,
 *             says who takes the next step, serves the FUSE directory
 *   actors    a process of the scenario each, with its user, root and descriptors
 */
#ifndef PALE_REPLAY_PLAY_H
#define PALE_REPLAY_PLAY_H

#include <limits.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "replay/replay.h"

enum {
	PALE_PLAY_SECONDS = 30, /* a replay takes milliseconds: after this something is wrong */
	PALE_PLAY_RECORD_BYTES = 2048, /* of a value in a pipe, file, message: two fill a pipe of
					* 4096, as two fill the model's */
};

/* In memory that all processes share. */
struct pale_play_shared {
	bool done;  /* there is a verdict */
	int failed; /* or -errno: the machinery's, in words */
	struct pale_err err;
	enum pale_replay_verdict verdict;
	char why[256];
	_Atomic uint32_t renames; /* so far, for walkers that ask */
	_Atomic uint32_t lock;    /* process + 1 */
	size_t count;
	struct pale_replay_line lines[];
};

struct pale_play {
	const struct pale_model *model;
	const struct pale_replay_step *steps;
	size_t count;
	unsigned property;
	enum pale_replay_by by;
	bool stepped; /* the kernel's walks are stopped by FUSE */
	bool users;   /* the scenario's users can be had; else all are ours */
	int tree;     /* the top of the scratch tree, O_PATH */
	int front;    /* what actors see of it: the same, or the FUSE mount */
	int proc;     /* /proc, O_PATH */
	struct pale_play_shared *shared;
};

/* Order to an actor, and its answer. */
enum pale_play_verb {
	PALE_PLAY_STEP, /* the step `index` of the witness */
	PALE_PLAY_CALL, /* all of the call that begins in step `index`, by the kernel's own walk */
	PALE_PLAY_FORK, /* step `index`; the child says hello */
	PALE_PLAY_TRY,  /* the call of the site `index`, that is to block */
};

struct pale_play_order {
	enum pale_play_verb verb;
	size_t index;
};

enum { PALE_PLAY_HELLO = 2 }; /* beyond PALE_WALKER_DONE and MORE */

struct pale_play_answer {
	int result; /* DONE (the call returned), MORE (walks), HELLO */
	int error;  /* DONE: 0 or errno */
	pid_t pid;  /* HELLO, by an actor that has taken its place: here, and as `proc` has it */
	char seen_as[16];
	uint64_t ino;     /* of what was obtained, or where the walk is; 0 none */
	uint16_t left;    /* MORE: the walker's */
	int value;        /* that was read; -1 none */
	bool is_lookup;   /* ino is of what a lookup gave */
	char unable[160]; /* it cannot be played, and why; else "" */
};

/* tree.c */

/* Make the scenario's initial tree below play->tree. -errno with words. */
int pale_play_make_tree(const struct pale_play *play, struct pale_err *err);

/* Which inode of the machine is which of the model: 0 where there is none. */
struct pale_play_inodes {
	uint64_t of[PALE_MODEL_INODES];
};

/*
 * Compare the tree with the model's, and learn what was made.
 *
 * Returns true where they are alike; else what differs is put into words.
 */
bool pale_play_compare(const struct pale_play *play, const struct pale_state *state,
    struct pale_play_inodes *inodes, char *words, size_t size);

/* The path of an inode from the top of the tree, "/" for the top itself. -ENOENT where it has
 * none. */
int pale_play_path(const struct pale_model *model, const struct pale_state *state, unsigned inode,
    char *buf, size_t size);

/* How many names a directory has; takes the descriptor. */
size_t pale_play_count(int dir);

/* A value as it is written, and back: -1 where it is none. */
void pale_play_record(
    const struct pale_model *model, unsigned value, char record[PALE_PLAY_RECORD_BYTES]);
int pale_play_value(const struct pale_model *model, const char *record, size_t size);

/* System V objects that are there at the start. */
int pale_play_make_sysv(const struct pale_play *play, struct pale_err *err);

/* scratch.c: a directory in `dir`, or -errno with words and ""; with all that is in it away. */
int pale_scratch_make(const char *dir, char ret_path[PATH_MAX], struct pale_err *err);
void pale_scratch_remove(const char *path);

/* stage.c: never returns. */
void pale_play_stage(struct pale_play *play) __attribute__((noreturn));

/* actor.c: never returns. sock: orders come from there. socks: of all actors, for those that are
 * born later. */
void pale_play_actor(const struct pale_play *play, unsigned p, const int *socks)
    __attribute__((noreturn));

#endif
