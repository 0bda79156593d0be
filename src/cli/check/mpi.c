/* SPDX-License-Identifier: BSD-2-Clause */
/* One search by many processes; see mpi.h. */
#include "cli/check/mpi.h"

#include <errno.h>
#include <fcntl.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/check/machine.h"
#include "cli/check/mpi_share.h"
#include "core/scope.h"

enum {
	BATCH_STATES = 4096, /* whose steps are taken between two exchanges */
};

static int mpi_rank;
static bool agreed; /* all have come to the search, or one has not */

void
pale_mpi_begin(int *argc, char ***argv)
{
	int null;

	MPI_Init(argc, argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &mpi_rank);
	if (mpi_rank == 0)
		return;
	null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (null >= 0) {
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		close(null);
	}
}

/* Whoever cannot even begin tells the others, who would wait for it. */
void
pale_mpi_end(void)
{
	if (!agreed)
		pale_mpi_most(1);
	MPI_Finalize();
}

bool
pale_mpi_add_words(struct pale_mpi_words *words, const uint64_t *list, size_t count)
{
	if (words->size - words->count < count) {
		size_t size = 2 * words->size + count + 1024;
		uint64_t *grown = realloc(words->list, size * sizeof(*grown));

		if (grown == NULL)
			return false;
		words->list = grown;
		words->size = size;
	}
	if (list != NULL)
		memcpy(words->list + words->count, list, count * sizeof(*list));
	words->count += count;
	return true;
}

static void
set_limit(struct pale_mpi_share *share, enum pale_limit limit)
{
	if (share->limit == PALE_LIMIT_NONE)
		share->limit = (int)limit;
}

/* Keep a state of this process, unless it is there. */
static void
keep(struct pale_mpi_share *share, const uint64_t *state, struct pale_mpi_origin origin)
{
	uint64_t hash = pale_store_hash(&share->store, state);
	uint32_t number;
	int r;

	while ((r = pale_store_add(&share->store, share->store.writers, state, hash, PALE_NO_STATE,
		    &number)) == -ENOSPC) {
		r = pale_store_make_room(&share->store);
		if (r < 0)
			break;
		if (r == 1)
			pale_store_refill(&share->store);
	}
	if (r < 0) {
		set_limit(share, r == -ENOSPC ? PALE_LIMIT_STATES : PALE_LIMIT_MEMORY);
		return;
	}
	if (r != PALE_STORE_NEW)
		return;
	if (number >= share->origin_size) {
		size_t size = 2 * (size_t)number + 1024;
		struct pale_mpi_origin *grown = realloc(share->origins, size * sizeof(*grown));

		if (grown == NULL) {
			set_limit(share, PALE_LIMIT_MEMORY);
			return;
		}
		share->origins = grown;
		share->origin_size = size;
	}
	share->origins[number] = origin;
}

static int
owner(const struct pale_mpi_share *share, const uint64_t *state)
{
	return (int)((pale_store_hash(&share->store, state) & UINT32_MAX) % (uint32_t)share->ranks);
}

static void
note(struct pale_mpi_share *share, uint32_t bits, struct pale_violation found,
    const uint64_t *source, const uint64_t *target)
{
	unsigned words = share->system->words;
	uint64_t states[2 * PALE_STATE_WORDS_MAX];

	memcpy(states, source, words * sizeof(*states));
	memcpy(states + words, target, words * sizeof(*states));
	found.found = true;
	found.count = 1;
	found.states = states;
	share->violated |= bits;
	for (; bits != 0; bits &= bits - 1)
		pale_violation_keep(&share->violations[__builtin_ctz(bits)], &found, words);
}

/* Take the steps of one state: as explore.c counts them. */
static void
expand(struct pale_mpi_share *share, uint32_t number)
{
	const struct pale_system *system = share->system;
	struct pale_steps *steps = &share->steps;
	const uint64_t *source = pale_store_state(&share->store, number);
	struct pale_violation found = { .source = number, .length = share->level + 1 };
	uint32_t here;

	pale_steps_clear(steps);
	system->successors(system->ctx, share->scratch, source,
	    share->options->reduce ? PALE_STEPS_REDUCED : 0, steps);
	if (steps->failed != 0) {
		share->error = steps->failed;
		return;
	}
	here = steps->here;
	for (size_t i = 0; i < steps->count && !share->last; i++) {
		uint64_t *state = steps->states + i * steps->words;
		uint64_t before = number;
		struct pale_mpi_words *to;

		if (share->options->symmetry && system->canonical != NULL)
			system->canonical(system->ctx, share->scratch, state);
		to = &share->to[owner(share, state)];
		if (!pale_mpi_add_words(to, state, steps->words) ||
		    !pale_mpi_add_words(to, &before, 1))
			set_limit(share, PALE_LIMIT_MEMORY);
		found.label = steps->labels[i];
		if ((steps->violates[i] & share->properties) != 0)
			note(share, steps->violates[i] & share->properties, found, source, state);
	}
	if (steps->count == 0 && !steps->final)
		here |= system->deadlock;
	found.is_state = true;
	found.length = share->level;
	found.label = 0;
	if ((here & share->properties) != 0)
		note(share, here & share->properties, found, source, source);
	if (steps->count == 0) {
		share->ends++;
		share->deadlocks += !steps->final;
	} else if (share->last) {
		share->cut = true;
		return;
	}
	share->transitions += steps->count;
}

/* Send what is somebody else's, and keep what is sent here. */
static void
exchange(struct pale_mpi_share *share)
{
	size_t record = share->system->words + 1;
	int *send = share->counts, *receive = send + share->ranks;
	int *send_at = receive + share->ranks, *receive_at = send_at + share->ranks;
	struct pale_mpi_words all = { 0 };
	size_t count = 0;

	for (int i = 0; i < share->ranks; i++) {
		send[i] = (int)share->to[i].count;
		send_at[i] = (int)all.count;
		if (!pale_mpi_add_words(&all, share->to[i].list, share->to[i].count)) {
			set_limit(share, PALE_LIMIT_MEMORY);
			send[i] = 0;
		}
		share->to[i].count = 0;
	}
	MPI_Alltoall(send, 1, MPI_INT, receive, 1, MPI_INT, MPI_COMM_WORLD);
	for (int i = 0; i < share->ranks; i++) {
		receive_at[i] = (int)count;
		count += (size_t)receive[i];
	}
	share->from.count = 0;
	if (!pale_mpi_add_words(&share->from, NULL, count))
		MPI_Abort(MPI_COMM_WORLD, PALE_CHECK_UNABLE);
	MPI_Alltoallv(all.list, send, send_at, MPI_UINT64_T, share->from.list, receive, receive_at,
	    MPI_UINT64_T, MPI_COMM_WORLD);
	for (int i = 0; i < share->ranks; i++) {
		for (size_t at = 0; at + record <= (size_t)receive[i]; at += record) {
			const uint64_t *state = share->from.list + receive_at[i] + at;
			struct pale_mpi_origin origin = { (uint32_t)i,
				(uint32_t)state[record - 1] };

			keep(share, state, origin);
		}
	}
	free(all.list);
}

uint64_t
pale_mpi_sum(uint64_t number)
{
	uint64_t sum;

	MPI_Allreduce(&number, &sum, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
	return sum;
}

int
pale_mpi_most(int number)
{
	int most;

	MPI_Allreduce(&number, &most, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
	return most;
}

/* Limits that all look at together. True: end. */
static bool
is_over(struct pale_mpi_share *share)
{
	const struct pale_explore_options *options = share->options;
	uint64_t states = pale_mpi_sum(pale_store_count(&share->store));

	if (options->max_states != 0 && states > options->max_states)
		set_limit(share, PALE_LIMIT_STATES);
	if (options->max_ns != 0 && options->now_ns() - share->begin_ns >= options->max_ns)
		set_limit(share, PALE_LIMIT_TIME);
	if (options->stop != NULL && atomic_load(options->stop))
		set_limit(share, PALE_LIMIT_STOPPED);
	share->limit = pale_mpi_most(share->limit);
	share->error = -pale_mpi_most(-share->error);
	return share->limit != PALE_LIMIT_NONE || share->error != 0;
}

/* All steps of one level. False where it was ended before. */
static bool
take_level(struct pale_mpi_share *share)
{
	size_t span = 0;
	uint32_t at = 0;
	bool more;

	do {
		unsigned taken = 0;

		while (
		    taken < BATCH_STATES && span < share->store.span_count && share->error == 0) {
			const struct pale_span *now = &share->store.spans[span];

			if (at < now->count) {
				expand(share, now->first + at++);
				taken++;
			} else {
				span++;
				at = 0;
			}
		}
		exchange(share);
		more = pale_mpi_most(span < share->store.span_count) != 0;
		if (is_over(share))
			return false;
	} while (more);
	return true;
}

static void
search_levels(struct pale_mpi_share *share)
{
	uint64_t before = 0, count;
	uint32_t violated;

	for (share->level = 0;; share->level++) {
		uint64_t frontier;

		count = pale_mpi_sum(pale_store_count(&share->store));
		if (count == before)
			return;
		before = count;
		share->levels = share->level;
		if (pale_store_next_level(&share->store, BATCH_STATES, &frontier) < 0)
			set_limit(share, PALE_LIMIT_MEMORY);
		share->last =
		    share->options->max_levels != 0 && share->level == share->options->max_levels;
		if (is_over(share) || !take_level(share))
			break;
		if (pale_mpi_most(share->cut))
			set_limit(share, PALE_LIMIT_LEVELS);
		MPI_Allreduce(
		    &share->violated, &violated, 1, MPI_UINT32_T, MPI_BOR, MPI_COMM_WORLD);
		if (share->last || (violated != 0 && violated == share->properties))
			break;
	}
	if (pale_mpi_sum(pale_store_count(&share->store)) > before)
		share->levels = share->level + 1;
}

static int
init(struct pale_mpi_share *share)
{
	const struct pale_store_options store = {
		.words = share->system->words,
		.max_bytes = share->options->max_bytes,
		.writers = 1,
	};
	uint64_t state[PALE_STATE_WORDS_MAX] = { 0 };

	MPI_Comm_rank(MPI_COMM_WORLD, &share->rank);
	MPI_Comm_size(MPI_COMM_WORLD, &share->ranks);
	share->begin_ns = pale_machine_now_ns();
	share->properties = share->system->properties;
	share->scratch = calloc(1, share->system->scratch_bytes + 1);
	share->to = calloc((size_t)share->ranks, sizeof(*share->to));
	share->counts = calloc(4 * (size_t)share->ranks, sizeof(*share->counts));
	if (share->scratch == NULL || share->to == NULL || share->counts == NULL ||
	    pale_steps_init(&share->steps, share->system->words) < 0 ||
	    pale_violations_init(
		share->violations, share->system->words, &share->violation_states) < 0 ||
	    pale_store_init(&share->store, &store) < 0)
		return -ENOMEM;
	share->system->initial(share->system->ctx, state);
	if (share->options->symmetry && share->system->canonical != NULL)
		share->system->canonical(share->system->ctx, share->scratch, state);
	if (owner(share, state) == share->rank)
		keep(share, state, (struct pale_mpi_origin){ UINT32_MAX, 0 });
	return 0;
}

static void
done(struct pale_mpi_share *share)
{
	for (int i = 0; share->to != NULL && i < share->ranks; i++)
		free(share->to[i].list);
	free(share->to);
	free(share->from.list);
	free(share->counts);
	free(share->scratch);
	free(share->origins);
	free(share->violation_states);
	pale_steps_done(&share->steps);
	pale_store_done(&share->store);
}

int
pale_mpi_search(const struct pale_model *model, const struct pale_explore_options *options,
    struct pale_check_search *ret, struct pale_err *err)
{
	struct pale_mpi_share share = { .system = &ret->system, .options = &ret->options };
	int ranks, result;
	MPI_Comm here;

	agreed = true;
	if (pale_mpi_most(0) != 0)
		return pale_fail(err, -EIO, "another of the processes could not begin");
	ret->model = model;
	ret->options = *options;
	/* Who share a machine share its memory. */
	MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &here);
	MPI_Comm_size(here, &ranks);
	MPI_Comm_free(&here);
	ret->options.max_bytes /= (unsigned)ranks;
	ret->options.until = PALE_UNTIL_EACH;
	pale_world_system(model, &ret->system);
	result = init(&share);
	if (pale_mpi_most(result != 0) != 0) {
		done(&share);
		return pale_fail(err, -ENOMEM, "out of memory");
	}
	search_levels(&share);
	if (share.error != 0)
		result = pale_fail(err, share.error, "a state cannot be searched");
	else
		result = pale_mpi_conclude(&share, &ret->explored);
	done(&share);
	if (result < 0)
		return result == share.error ? result : pale_fail(err, result, "out of memory");
	return mpi_rank == 0 ? pale_check_search_witness(ret, err) : 1;
}
