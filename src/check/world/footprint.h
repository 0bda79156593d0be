/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a step reads and what others may still write: whether it matters when it is taken.
 *
 * A step is *private* where nothing that anybody else can ever do from here changes what it does or
 * sees, and it changes nothing that anybody else sees. It may be taken at once, alone: a persistent
 * set of one. So the tree is private to a walk once nobody else has a call left that could change
 * it; and before that, names that no call of others can make, move or remove, and the `..` of
 * directories that have such names.
 *
 * The start of a lookup is a *mover*: it reads nothing, so it can as well be put off until just
 * before the first step that reads. What has been beneath a directory since the start (union, call)
 * is then less, never more, so a violation stays one. In the same way a finish that only makes a
 * descriptor is private although it is judged: sooner, less has been seen. For `rights` it matters
 * what the object lies beneath at the finish: there it is not. `progress` judges a start by the
 * tree, and each tree is also met with nobody under way.
 *
 * A call of an adversary is in *vain* where all that comes of it is that it was made. Whatever can
 * be violated afterwards can be violated without it, in fewer steps.
 */
#ifndef PALE_CHECK_FOOTPRINT_H
#define PALE_CHECK_FOOTPRINT_H

#include "check/world/symmetry.h"
#include "model/step.h"

/* What somebody may do from some time on. */
struct pale_future {
	uint64_t names; /* that it may make, move or remove: a bit each */
	bool renames;   /* the rename sequence */
	bool modes;     /* of inodes */
	bool any;       /* anything at all */
};

/* What the calls of a scenario may do, found out once. */
struct pale_footprint {
	struct pale_future calls[PALE_MODEL_SITES];      /* each by itself */
	struct pale_future programs[PALE_MODEL_SITES];   /* from this one to the last */
	struct pale_future all[PALE_MODEL_COMPARTMENTS]; /* of the compartment */
	bool once[PALE_MODEL_COMPARTMENTS];              /* of symmetry.h */
	bool vain;                                       /* calls in vain may be left out */
	bool starts;                                     /* starts may be put off */
	bool rights;                                     /* the tree matters to each finish */
	bool sees_use;                                   /* an assertion speaks of `used` */
};

void pale_footprint_find(const struct pale_model *model, const struct pale_symmetry *symmetry,
    struct pale_footprint *ret);

/* What all but process p may do from a state on. */
struct pale_future pale_footprint_others(const struct pale_model *model,
    const struct pale_footprint *footprint, const struct pale_state *state, unsigned p);

bool pale_future_is_same(const struct pale_future *a, const struct pale_future *b);

/* A step as it was taken. */
struct pale_taken {
	const struct pale_model *model;
	const struct pale_footprint *footprint;
	const struct pale_state *before, *after;
	const struct pale_move *move;
	const struct pale_event *event;
	const struct pale_future *others; /* before */
};

bool pale_footprint_is_private(const struct pale_taken *taken);
bool pale_footprint_is_mover(const struct pale_taken *taken);
bool pale_footprint_is_vain(const struct pale_taken *taken);

#endif
