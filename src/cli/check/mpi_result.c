/* SPDX-License-Identifier: BSD-2-Clause */
/* What many processes found together; see mpi_share.h. */
#include "cli/check/mpi_share.h"

#include <errno.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

#include "cli/check/args.h"
#include "cli/check/machine.h"
#include "core/scope.h"

enum {
	HEAD = 5, /* words of a violation that is sent, before its two states */
};

/* Of each property the violation that is told of, and the process that met it. Known to all. */
static void
choose(struct pale_mpi_share *share, struct pale_explored *explored, int *ret_ranks)
{
	unsigned words = share->system->words;
	size_t size = HEAD + 2 * (size_t)words;
	uint64_t mine[HEAD + 2 * PALE_STATE_WORDS_MAX] = { 0 };
	PALE_FREE uint64_t *all = calloc((size_t)share->ranks * size, sizeof(*all));

	if (all == NULL)
		MPI_Abort(MPI_COMM_WORLD, PALE_CHECK_UNABLE);
	for (unsigned p = 0; p < PALE_PROPERTIES_MAX; p++) {
		const struct pale_violation *kept = &share->violations[p];
		const uint64_t head[HEAD] = { kept->found | (uint64_t)kept->is_state << 1,
			kept->length, kept->source, kept->label, kept->count };

		memcpy(mine, head, sizeof(head));
		memcpy(mine + HEAD, kept->states, 2 * words * sizeof(*mine));
		MPI_Allgather(
		    mine, (int)size, MPI_UINT64_T, all, (int)size, MPI_UINT64_T, MPI_COMM_WORLD);
		for (int i = 0; i < share->ranks; i++) {
			uint64_t *one = all + (size_t)i * size;
			struct pale_violation found = {
				.found = true,
				.is_state = (one[0] & 2) != 0,
				.length = (unsigned)one[1],
				.source = (uint32_t)i, /* the process, for now */
				.label = (uint32_t)one[3],
				.count = one[4],
				.states = one + HEAD,
			};

			if ((one[0] & 1) == 0)
				continue;
			explored->violated |= 1U << p;
			pale_violation_keep(&explored->violations[p], &found, words);
		}
		if (explored->violations[p].found) {
			ret_ranks[p] = (int)explored->violations[p].source;
			explored->violations[p].source =
			    (uint32_t)all[(size_t)ret_ranks[p] * size + 2];
		}
	}
}

/*
 * The states on the way to a violation, put into a store of the first process as if it had found
 * them. Each process says of its own where they came from.
 */
static int
collect_way(
    struct pale_mpi_share *share, struct pale_explored *explored, int rank, unsigned property)
{
	unsigned words = share->system->words;
	uint32_t number = explored->violations[property].source, parent = PALE_NO_STATE;
	struct pale_mpi_words way = { 0 };
	uint64_t one[PALE_STATE_WORDS_MAX + 2];
	int result = 0;

	while (rank >= 0) {
		if (rank == share->rank) {
			struct pale_mpi_origin origin = share->origins[number];

			memcpy(one, pale_store_state(&share->store, number), words * sizeof(*one));
			one[words] = origin.rank;
			one[words + 1] = origin.number;
		}
		MPI_Bcast(one, (int)words + 2, MPI_UINT64_T, rank, MPI_COMM_WORLD);
		if (!pale_mpi_add_words(&way, one, words))
			result = -ENOMEM;
		rank = one[words] == UINT32_MAX ? -1 : (int)one[words];
		number = (uint32_t)one[words + 1];
	}
	for (size_t at = way.count; at >= words && share->rank == 0 && result == 0; at -= words) {
		const uint64_t *state = way.list + at - words;

		while (
		    (result = pale_store_add(&explored->store, explored->store.writers, state,
			 pale_store_hash(&explored->store, state), parent, &number)) == -ENOSPC) {
			result = pale_store_make_room(&explored->store);
			if (result < 0)
				break;
			if (result == 1)
				pale_store_refill(&explored->store);
		}
		parent = number;
		result = result < 0 ? result : 0;
	}
	explored->violations[property].source = parent;
	free(way.list);
	return result;
}

/* What all of them found together. */
int
pale_mpi_conclude(struct pale_mpi_share *share, struct pale_explored *explored)
{
	const struct pale_store_options store = { .words = share->system->words, .writers = 1 };
	uint64_t bytes = atomic_load(&share->store.bytes);
	int ranks[PALE_PROPERTIES_MAX] = { 0 };
	int result = 0;

	if (pale_store_init(&explored->store, &store) < 0 ||
	    pale_violations_init(
		explored->violations, share->system->words, &explored->violation_states) < 0)
		result = -ENOMEM;
	if (pale_mpi_most(result != 0) != 0)
		return -ENOMEM;
	choose(share, explored, ranks);
	explored->length = UINT32_MAX;
	for (unsigned p = 0; p < PALE_PROPERTIES_MAX; p++) {
		if ((explored->violated >> p & 1) == 0)
			continue;
		if (explored->violations[p].length < explored->length)
			explored->length = explored->violations[p].length;
		if (collect_way(share, explored, ranks[p], p) < 0)
			result = -ENOMEM;
	}
	explored->length = explored->violated == 0 ? 0 : explored->length;
	explored->states = pale_mpi_sum(pale_store_count(&share->store));
	explored->transitions = pale_mpi_sum(share->transitions);
	explored->ends = pale_mpi_sum(share->ends);
	explored->deadlocks = pale_mpi_sum(share->deadlocks);
	explored->bytes =
	    pale_mpi_sum(share->store.bytes_peak > bytes ? share->store.bytes_peak : bytes);
	explored->bytes_per_state = (double)explored->bytes / (double)explored->states;
	explored->elapsed_ns = pale_machine_now_ns() - share->begin_ns;
	explored->levels = share->levels;
	explored->threads = (unsigned)share->ranks;
	explored->limit = (enum pale_limit)share->limit;
	explored->verdict = explored->violated != 0 ? PALE_VIOLATED
	    : share->limit != PALE_LIMIT_NONE       ? PALE_LIMIT
						    : PALE_SAFE;
	return result;
}
