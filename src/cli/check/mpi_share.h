/* SPDX-License-Identifier: BSD-2-Clause */
/* What one of many processes has of a search; for mpi.c and mpi_result.c only. */
#ifndef PALE_CLI_CHECK_MPI_SHARE_H
#define PALE_CLI_CHECK_MPI_SHARE_H

#include "check/search.h"

/* Where a state came from. */
struct pale_mpi_origin {
	uint32_t rank, number;
};

/* Words for one process, or from all. */
struct pale_mpi_words {
	uint64_t *list;
	size_t count, size;
};

struct pale_mpi_share {
	const struct pale_system *system;
	const struct pale_explore_options *options;
	int rank, ranks;
	struct pale_store store;         /* the states of this process */
	struct pale_mpi_origin *origins; /* by number */
	size_t origin_size;
	struct pale_steps steps;
	void *scratch;
	struct pale_mpi_words
	    *to; /* by process: words of a state, and the number of the one before */
	struct pale_mpi_words from;
	int *counts; /* 4 of each process, for the exchange */
	uint32_t properties, violated;
	struct pale_violation violations[PALE_PROPERTIES_MAX];
	uint64_t *violation_states;
	uint64_t transitions, ends, deadlocks;
	uint64_t begin_ns;
	unsigned level, levels;
	bool last, cut;
	int limit; /* enum pale_limit */
	int error;
};

/* Append; false without memory. list: NULL leaves room only. */
bool pale_mpi_add_words(struct pale_mpi_words *words, const uint64_t *list, size_t count);

/* Over all processes, in all of them; each must call. */
uint64_t pale_mpi_sum(uint64_t number);
int pale_mpi_most(int number);

/* What all of them found together: the counts in each, the ways to the violations in the first.
 * Returns 0 or -ENOMEM, in all or none. */
int pale_mpi_conclude(struct pale_mpi_share *share, struct pale_explored *explored);

#endif
