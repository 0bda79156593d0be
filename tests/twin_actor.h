/* SPDX-License-Identifier: BSD-2-Clause */
/* The real process behind one of the model's: does what it is told, and says what came of it. */
#ifndef PALE_TESTS_TWIN_ACTOR_H
#define PALE_TESTS_TWIN_ACTOR_H

#include <stdint.h>
#include <sys/stat.h>

#include "model/state.h"

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

/* ---- for twin_actor.c and twin_sysv.c ---- */

enum {
	PAGE = 4096,
	ATTACHMENTS = 16,
};

struct actor {
	const struct pale_model *model;
	const struct pale_site *site;
	const struct actor_order *order;
	struct actor_answer *answer;
	unsigned p;
	int fds[PALE_MODEL_FDS];
	struct {
		enum pale_var_kind kind;
		uint8_t value;
		struct stat st;
		enum pale_sysv_kind sysv;
		int id;
	} vars[PALE_MODEL_VARS + 1];
	struct {
		int id;
		char *memory;
		bool writes;
	} attached[ATTACHMENTS];
	const int *orders, *answers;
};

/* A value as a letter. */
char actor_letter(unsigned value);

/* What a `v` of the call at hand stands for; 0: nothing. */
unsigned actor_value(const struct actor *a, unsigned which);

/* Keep what was read: a letter, 0 for nothing. Returns 0. */
int actor_learn(struct actor *a, char c);

/* 0, or -errno of a system call that has just returned. */
int actor_result(long r);

/* A call on a System V object. 0 or -errno. */
int actor_sysv(struct actor *a);

#endif
