/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the calls of a scenario can change, found out once, before anything is packed. A doubt is
 * settled for "it changes".
 */
#ifndef PALE_MODEL_FACTS_H
#define PALE_MODEL_FACTS_H

#include "model/pack/layout.h"

/* Sets of values that fields have, in the order in which the layout has them. */
enum pale_facts_set {
	PALE_SET_MODES,
	PALE_SET_NAMES, /* of what moves, or is made */
	PALE_SET_TARGETS,
	PALE_SET_SITES, /* one for each compartment: calls that take more than one step */
	PALE_SET_RESTS = PALE_SET_SITES + PALE_MODEL_COMPARTMENTS, /* likewise: what can be left */
	PALE_SET_COUNT = PALE_SET_RESTS + PALE_MODEL_COMPARTMENTS,
};

struct pale_compartment_facts {
	uint64_t calls; /* that it has: bits of enum pale_model_op */
	bool waits;     /* some call takes more than one step */
	bool two_walks;
	bool creates;   /* O_CREAT */
	bool fd_any[2]; /* a call of more than one step has "*" */
	bool ends;      /* status changes */
	bool changes_user, changes_umask, changes_cwd, changes_root, ignores_sigpipe, executes;
	uint8_t slots_change, vars_change; /* a bit each */
};

struct pale_facts {
	struct pale_compartment_facts compartments[PALE_MODEL_COMPARTMENTS];
	const struct pale_walker *walkers[PALE_MODEL_COMPARTMENTS];
	uint64_t calls;      /* of all */
	bool links;          /* there are links, or can be */
	uint32_t movable;    /* inodes of the tree whose name can change or go */
	uint32_t wanders;    /* inodes that can come to lie beneath something else: they or
			      * something above them is movable; and all that is made */
	uint32_t made_types; /* that spare inodes can have: bits of enum pale_inode_type */
	bool modes_change, contents_change, values_flow;
	unsigned entries;        /* that can be in use: 0..entries-1 */
	uint32_t entries_change; /* a bit each */
	uint32_t fd_flags;       /* that a descriptor can have which is not there from the start */
	bool mounts, locks, passes;
	bool local;                    /* nobody reads or writes what is another process's own */
	bool streams;                  /* pipes, FIFOs, sockets: kinds of descriptor, and waiting */
	unsigned pipes, sockets, sysv; /* that can be in use: the first ones */
};

/* Find out; layout->sets is set, too. Returns 0 or -ENOMEM. */
int pale_facts_find(
    const struct pale_model *model, struct pale_facts *ret, struct pale_model_layout *layout);

/* Give layout->sets back. */
void pale_facts_forget(struct pale_model_layout *layout);

#endif
