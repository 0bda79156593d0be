/* SPDX-License-Identifier: BSD-2-Clause */
/* A scenario in Promela's numbers, and what is made of them; between promela*.c alone. */
#ifndef PALE_CHECK_PROMELA_TEXT_H
#define PALE_CHECK_PROMELA_TEXT_H

#include "check/promela.h"

/* A walker's statements; see promela_walkers.def. */
struct pale_promela_walker {
	const char *name;
	unsigned slots;
	const char *begin, *up, *entered;
};

/*
 * Nodes are numbered anew: those that stay are 1..fixed_count, those that move or are made follow
 * in the order of the model's own numbers, so that the lowest free one is taken in both.
 */
struct pale_promela {
	const struct pale_model *model;
	unsigned node_count, fixed_count;
	unsigned number[PALE_MODEL_INODES]; /* of an inode */
	unsigned node[PALE_MODEL_INODES];   /* back: the inode of a number */
	unsigned parent[PALE_MODEL_INODES],
	    name[PALE_MODEL_INODES]; /* by inode, both the model's */
	bool is_dir[PALE_MODEL_INODES];
	uint32_t wanders; /* inodes that may come to lie elsewhere */

	/* By compartment. */
	const struct pale_promela_walker *walker[PALE_MODEL_COMPARTMENTS];
	unsigned given[PALE_MODEL_COMPARTMENTS][PALE_MODEL_FDS]; /* nodes; 0 none */
	unsigned cwd[PALE_MODEL_COMPARTMENTS];
	uint8_t slots[PALE_MODEL_COMPARTMENTS]; /* of the table that change: a bit each */
};

int pale_promela_text(const struct pale_promela *it, char **ret_text, struct pale_err *err);

#endif
