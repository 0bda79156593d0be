/* SPDX-License-Identifier: BSD-2-Clause */
/* A scenario in Promela's numbers, and what is made of them; between promela*.c alone. */
#ifndef PALE_CHECK_PROMELA_TEXT_H
#define PALE_CHECK_PROMELA_TEXT_H

#include <stdio.h>

#include "check/promela/promela.h"
#include "model/state.h"

/* What a walker remembers beside where it is and what is left. */
enum pale_pml_own { PALE_PML_NOTHING, PALE_PML_NUMBER, PALE_PML_NODE };

/* A walker's statements; see promela_walkers.def. */
struct pale_pml_walker {
	const char *name;
	enum pale_pml_own own;
	bool locks, sequence;
	const char *up, *entered, *probe, *stays, *finish;
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
	unsigned parent[PALE_MODEL_INODES], name[PALE_MODEL_INODES]; /* by inode, the model's */
	bool is_dir[PALE_MODEL_INODES];
	uint32_t wanders; /* inodes that may come to lie elsewhere */

	/* By compartment. */
	const struct pale_pml_walker *walker[PALE_MODEL_COMPARTMENTS];
	unsigned given[PALE_MODEL_COMPARTMENTS][PALE_MODEL_FDS]; /* nodes; 0 none */
	unsigned cwd[PALE_MODEL_COMPARTMENTS];
	uint8_t slots[PALE_MODEL_COMPARTMENTS]; /* of the table that change: a bit each */
};

/* Text that is being written. */
struct pale_pml_out {
	const struct pale_promela *it;
	FILE *to;       /* into memory */
	unsigned first; /* the first node that moves */
	unsigned moving;
	bool watches[2]; /* union, call: what was beneath is remembered */
	bool own, locks, sequence;
};

int pale_promela_text(const struct pale_promela *it, char **ret_text, struct pale_err *err);

void pale_pml_say(struct pale_pml_out *out, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

unsigned pale_pml_inode(const struct pale_pml_out *out, unsigned node);
bool pale_pml_is_made(const struct pale_pml_out *out, unsigned node);
/* Names that what moves can have; returns how many. They are kept only where there are several. */
unsigned pale_pml_names(const struct pale_pml_out *out, bool *ret_has);
bool pale_pml_has_names(const struct pale_pml_out *out);
/* Slots of the table: does one change; how many do, at most. */
bool pale_pml_is_variable(const struct pale_pml_out *out, unsigned c, unsigned slot);
unsigned pale_pml_slots(const struct pale_pml_out *out);
/* A descriptor of process P as an expression; slot PALE_MODEL_FDS is the working directory. */
const char *pale_pml_fd(const struct pale_pml_out *out, unsigned c, unsigned slot, char buf[32]);
bool pale_pml_is_delegated(const struct pale_pml_out *out, unsigned c, unsigned node);

/* promela_tree.c */
void pale_pml_say_nodes(struct pale_pml_out *out);
void pale_pml_say_find(struct pale_pml_out *out);
void pale_pml_say_beneath(struct pale_pml_out *out);
void pale_pml_say_watch(struct pale_pml_out *out, bool after);
void pale_pml_say_collect(struct pale_pml_out *out);

/* promela_calls.c */
void pale_pml_say_changes(struct pale_pml_out *out);
void pale_pml_say_site(
    struct pale_pml_out *out, unsigned c, const struct pale_site *site, unsigned number);
void pale_pml_say_walk(struct pale_pml_out *out, unsigned c);
void pale_pml_say_finish(struct pale_pml_out *out, unsigned c);

#endif
