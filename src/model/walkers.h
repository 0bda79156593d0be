/* SPDX-License-Identifier: BSD-2-Clause */
/* The walkers that pale brings, and how the model drives one; what one is: pale/walker.h. */
#ifndef PALE_MODEL_WALKERS_H
#define PALE_MODEL_WALKERS_H

#include <stddef.h>

#include "model/step.h"

/* All of them, in the order of the matrix; "none" is the first. */
extern const struct pale_walker *const pale_walkers[];
extern const size_t pale_walker_count;

/* By name; NULL if there is none. */
const struct pale_walker *pale_walker_find(const char *name);

/* Is it sane: version, name, slots, functions? NULL or what is wrong. For those from outside. */
const char *pale_walker_check(const struct pale_walker *walker);

/* What the operations act on; on the stack of a step. */
struct pale_walk_ctx {
	const struct pale_model *model;
	struct pale_state *state;
	const struct pale_walker *walker;
	unsigned p;             /* process */
	pale_walker_node start; /* PALE_FD_CWD: its cwd */
	pale_walker_node root; /* of the process; of the mount of the dirfd where walker->is_root */
	pale_walker_node mount;  /* of the dirfd or cwd, where walker->is_root; else 0 */
	unsigned operations;     /* asked so far */
	struct pale_reads reads; /* likewise */
};

extern const struct pale_walker_ops pale_model_walker_ops; /* ctx: struct pale_walk_ctx */

/* The walker of a process: its compartment's, or that of the scenario. */
static inline const struct pale_walker *
pale_model_walker(const struct pale_model *model, unsigned p)
{
	const struct pale_walker *walker = model->compartments[model->compartment_of[p]].walker;

	return walker != NULL ? walker : model->walker;
}

/* The context of the path that process p is at: its dirfd, cwd, root, mount. */
struct pale_walk_ctx pale_walk_ctx_of(
    const struct pale_model *model, struct pale_state *state, unsigned p);

/*
 * O_CREAT met a link where it would make: put its target in the place of the last component, so
 * that the walk goes on (PALE_OP_WALK_ON). It counts as a link that was followed. Returns 0 or
 * -ELOOP; the slots are then as they were.
 */
int pale_walker_follow(struct pale_walk_ctx *walk, uint16_t *slots, pale_walker_node link);

/* How a call walks its first or second path: PALE_WALKER_NOFOLLOW ... */
unsigned pale_walk_flags(const struct pale_site *site, unsigned walk);

/*
 * What a walk comes to when nobody disturbs it, for `progress` and the columns of the matrix.
 */
struct pale_walk_alone {
	int error;      /* 0 or -errno; -EAGAIN where somebody else has the lock */
	unsigned node;  /* the result; PARENT: the directory; 0 with an error */
	unsigned steps; /* from here to the finish, which is one; the start is not counted */
	unsigned operations, calls; /* of the tree; system calls: the same, or 1 of a kernel */
	bool endless;               /* more than PALE_WALK_ALONE_MAX steps */
};
enum { PALE_WALK_ALONE_MAX = 1024 }; /* 40 links of some components each take no more */

/*
 * Let the walk that process p has under way go on to its end, in a copy of the state; the call's
 * own work is not done.
 */
void pale_walk_alone(const struct pale_model *model, const struct pale_state *state, unsigned p,
    struct pale_walk_alone *ret);

/*
 * The same from the start, of a lookup that p could begin now: with another walker than its own
 * where `walker` is not NULL. steps has the start, too.
 */
void pale_walk_try(const struct pale_model *model, const struct pale_state *state, unsigned p,
    const struct pale_walker *walker, unsigned start, pale_walker_rest path, unsigned flags,
    struct pale_walk_alone *ret);

/*
 * What plain UNIX says to a lookup that stays beneath its start in every component, undisturbed:
 * the inode, or 0 where it does not exist, may not be searched, or leaves. Such a lookup is legal.
 * With PARENT the directory, where the last component is a name.
 */
unsigned pale_walk_legal(const struct pale_model *model, const struct pale_state *state, unsigned p,
    unsigned start, pale_walker_rest path, unsigned flags);

#endif
