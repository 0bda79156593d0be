/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model held to the kernel: worlds that are made at random, calls done in the model and for
 * real, and everything compared after each. Parts: model_world*.c (the text of a scenario),
 * model_tmpfs.c (a world on a tmpfs), model_real*.c (calls in it), model_same.c (what must be the
 * same).
 */
#ifndef PALE_TESTS_LAW_MODEL_H
#define PALE_TESTS_LAW_MODEL_H

#include <sys/types.h>

#include "model/ops.h"
#include "model/read.h"
#include "model/step.h"
#include "model/walkers.h"

enum {
	WORLD_BYTES = 64 * 1024,
	WORLD_CALLS_MAX = 1, /* of a process; the law gives it new ones all the time */
	WHY_BYTES = 512,
	ATTACHED_MAX = 64, /* of one process in one sequence */
	RECORD_BYTES = 8,  /* what is written at once: a value, as the model's pipes hold */
};

/* What a world is about. */
enum world_kind {
	WORLD_FILES,   /* names, descriptors, modes, users; walker none */
	WORLD_BENEATH, /* openat2 against the walker of that name */
	WORLD_IN_ROOT,
	WORLD_STEPS, /* lookups one component at a time, and others in between; walker none */
	WORLD_IPC,   /* pipes, sockets, System V objects; walker none */
	WORLD_KINDS,
};

/* The text of a scenario; the same seed gives the same. users: several, or root alone. */
#define WORLD_NAMES "abcfglmpshi" /* what its inodes may be called */
enum {
	WORLD_MKDIRS = sizeof(WORLD_NAMES) - 1, /* calls that each vocabulary begins with */
	WORLD_FIRST = 8,                        /* of IPC; those that come next */
};
void world_write(char text[WORLD_BYTES], enum world_kind kind, uint64_t seed, bool users);

/* A world as it really is. */
struct real {
	const struct pale_model *model;
	enum world_kind kind;
	int base;                                                  /* its root directory */
	int fd[PALE_MODEL_PROCESSES][PALE_MODEL_FDS];              /* -1 */
	int cwd[PALE_MODEL_PROCESSES], root[PALE_MODEL_PROCESSES]; /* O_PATH */
	int at[PALE_MODEL_PROCESSES], first[PALE_MODEL_PROCESSES]; /* WORLD_STEPS: of a lookup
								    * that is under way, or -1 */
	ino_t ino[PALE_MODEL_INODES]; /* what an inode of the model is; 0 unknown */
	int ids[PALE_MODEL_PROCESSES][PALE_MODEL_VARS + 1]; /* of System V objects, by variable */
	int sysv[PALE_MODEL_SYSV];                          /* by slot of the model */
	struct attached {
		void *at;
		int id;
	} attached[PALE_MODEL_PROCESSES][ATTACHED_MAX];
};

/* What a call really gave. */
struct answer {
	int error;
	int fd[2];  /* new descriptors, -1 */
	ino_t ino;  /* of fstat and fstatat */
	int number; /* value read, or identifier */
};

/* A call while it is made: its words as the kernel wants them. */
struct call {
	struct real *real;
	const struct pale_state *state;
	const struct pale_site *site;
	unsigned p;
	int fd[2];
	const char *path[2];
	struct answer *answer;
};

/* Calls of IPC: as a system call, -1 with errno. */
int real_ipc(struct call *call);
void real_ipc_keep(struct real *real, const struct pale_state *state, const struct pale_move *move,
    const struct answer *answer);
void real_ipc_done(struct real *real);
bool same_ipc(const struct real *real, const struct pale_state *state, char why[WHY_BYTES]);

/* Once: a namespace of our own with a tmpfs, and back. false: not here. */
bool real_begin(void);
bool real_has_users(void);
/* fs.protected_* as they are: PALE_PROTECT_*. */
uint8_t real_protect(void);

/* What the test itself cannot do without; fails with errno. */
void must(bool good, const char *what);

void real_init(struct real *real, const struct pale_model *model, enum world_kind kind);
void real_done(struct real *real);

/* Do the call of a move. `state` is the model's before it. */
void real_call(struct real *real, const struct pale_state *state, const struct pale_move *move,
    struct answer *ret);

/* Be the model's process, and oneself again. */
void real_be(const struct real *real, const struct pale_state *state, unsigned p);
void real_be_self(const struct real *real, const struct pale_state *state, unsigned p);

/* Take a step that the model has taken; before and after are its states. Is it the same? */
bool real_step(struct real *real, const struct pale_state *before, const struct pale_move *move,
    const struct pale_event *event, const struct pale_state *after, char why[WHY_BYTES]);

/* Keep what came of it where the model put it. */
void real_keep(struct real *real, const struct pale_state *state, const struct pale_move *move,
    const struct pale_event *event, const struct answer *answer);

/* Is the whole as the model says? Else why not. Learns which inode is which. */
bool same_world(struct real *real, const struct pale_state *state, char why[WHY_BYTES]);

#endif
