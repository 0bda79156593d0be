/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One search by many processes, on many machines: each state has one owner, by its hash, who alone
 * keeps it and takes its steps. Steps are sent in batches to whose they are, level by level, so
 * that states, transitions, levels and lengths are those of one process.
 */
#ifndef PALE_CLI_CHECK_MPI_H
#define PALE_CLI_CHECK_MPI_H

#include "cli/check/search.h"

/* Begin and end; the former before the command line is read. Only the first process speaks. */
void pale_mpi_begin(int *argc, char ***argv);
void pale_mpi_end(void);

/* As pale_check_search, in all processes together. Returns 1 in all but the first one, which has
 * the result. */
int pale_mpi_search(const struct pale_model *model, const struct pale_explore_options *options,
    struct pale_check_search *ret, struct pale_err *err);

#endif
