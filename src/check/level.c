/* SPDX-License-Identifier: BSD-2-Clause */
/* One level of a search, in all threads; see search.h. */
#include "check/search.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/scope.h"

enum {
	ALONE_MAX = 256, /* a level so small is done sooner than the others wake up */
	TENTH_NS = 100000000,
};

static void
halt_for(struct pale_search *search, int why)
{
	int before = PALE_GO_ON;

	/* A limit counts more than the want of room. */
	while (before < why && !atomic_compare_exchange_weak(&search->halt, &before, why))
		;
}

void
pale_search_limit(struct pale_search *search, enum pale_limit limit)
{
	int none = PALE_LIMIT_NONE;

	atomic_compare_exchange_strong(&search->limit, &none, (int)limit);
	halt_for(search, PALE_AT_LIMIT);
}

uint64_t
pale_search_transitions(const struct pale_search *search)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < search->options->threads; i++)
		sum += atomic_load_explicit(&search->workers[i].transitions, memory_order_relaxed);
	return sum;
}

static void
report(struct pale_search *search, uint64_t now, bool asked)
{
	struct pale_progress progress = {
		.states = pale_store_count(search->store),
		.transitions = pale_search_transitions(search),
		.bytes = atomic_load_explicit(&search->store->bytes, memory_order_relaxed),
		.frontier = search->frontier,
		.level = search->level,
		.elapsed_ns = now - search->begin_ns,
		.asked = asked,
	};

	if (now > search->told_ns)
		progress.states_per_second = (double)(progress.states - search->told_states) * 1e9 /
		    (double)(now - search->told_ns);
	search->told_ns = now;
	search->told_states = progress.states;
	search->options->progress(search->options->progress_arg, &progress);
}

/* In the caller's thread, between spans: the clock, and whoever asks. */
static void
tick(struct pale_search *search)
{
	const struct pale_explore_options *options = search->options;
	uint64_t now = options->now_ns == NULL ? 0 : options->now_ns();
	bool asked = options->tell != NULL && atomic_load(options->tell) &&
	    atomic_exchange(options->tell, false);

	if (options->max_ns != 0 && now - search->begin_ns >= options->max_ns)
		pale_search_limit(search, PALE_LIMIT_TIME);
	if (options->progress != NULL && (asked || now - search->told_ns >= TENTH_NS))
		report(search, now, asked);
}

static void
note(struct pale_search *search, struct pale_worker *worker, const struct pale_violation *what,
    uint32_t bits, const uint64_t *target)
{
	unsigned words = search->system->words;
	const uint64_t *source = pale_store_state(search->store, what->source);
	uint64_t states[2 * PALE_STATE_WORDS_MAX];
	struct pale_violation found = *what;

	found.found = true;
	found.count = 1;
	found.states = states;
	memcpy(states, source, words * sizeof(*states));
	memcpy(states + words, target != NULL ? target : source, words * sizeof(*states));
	worker->violated |= bits;
	for (; bits != 0; bits &= bits - 1)
		pale_violation_keep(&worker->violations[__builtin_ctz(bits)], &found, words);
}

/* What a batch violates: by its steps, and by the state itself. */
static void
note_all(struct pale_search *search, struct pale_worker *worker, const struct pale_batch *batch,
    uint32_t source)
{
	const struct pale_steps *steps = &batch->steps;
	uint32_t here = steps->here;
	struct pale_violation found = { .source = source, .length = search->level + 1 };

	for (size_t i = 0; i < steps->count && !search->last; i++) {
		uint32_t bits = steps->violates[i] & search->properties;

		found.label = steps->labels[i];
		if (bits != 0)
			note(search, worker, &found, bits, steps->states + i * steps->words);
	}
	if (steps->count == 0 && !steps->final)
		here |= search->system->deadlock;
	found.is_state = true;
	found.length = search->level;
	found.label = 0;
	if ((here & search->properties) != 0)
		note(search, worker, &found, here & search->properties, NULL);
}

static int
hash_steps(struct pale_search *search, struct pale_worker *worker, struct pale_batch *batch)
{
	const struct pale_system *system = search->system;
	struct pale_steps *steps = &batch->steps;
	bool canonical = search->options->symmetry && system->canonical != NULL;

	if (batch->hash_size < steps->count) {
		uint64_t *hashes = realloc(batch->hashes, steps->size * sizeof(*hashes));

		if (hashes == NULL)
			return -ENOMEM;
		batch->hashes = hashes;
		batch->hash_size = steps->size;
	}
	for (size_t i = 0; i < steps->count; i++) {
		uint64_t *state = steps->states + i * steps->words;

		if (canonical)
			system->canonical(system->ctx, worker->scratch, state);
		batch->hashes[i] = pale_store_hash(search->store, state);
		pale_store_prefetch(search->store, batch->hashes[i]);
	}
	return 0;
}

/* Have the system say what the steps from a state are. */
static void
prepare(struct pale_search *search, struct pale_worker *worker, struct pale_batch *batch,
    uint32_t source)
{
	const struct pale_system *system = search->system;

	pale_steps_clear(&batch->steps);
	system->successors(system->ctx, worker->scratch, pale_store_state(search->store, source),
	    search->options->reduce ? PALE_STEPS_REDUCED : 0, &batch->steps);
	batch->failed = batch->steps.failed;
	if (batch->failed == 0 && !search->last)
		batch->failed = hash_steps(search, worker, batch);
}

/*
 * Take the steps that were prepared. What fails has added some of the states and counted nothing,
 * so that it can be done again.
 */
static int
take(struct pale_search *search, struct pale_worker *worker, const struct pale_batch *batch,
    uint32_t source)
{
	const struct pale_steps *steps = &batch->steps;
	uint32_t number;
	int r;

	if (batch->failed != 0)
		return batch->failed;
	for (size_t i = 0; i < steps->count && !search->last; i++) {
		r = pale_store_add(search->store, worker->writer, steps->states + i * steps->words,
		    batch->hashes[i], source, &number);
		if (r < 0)
			return r;
	}
	note_all(search, worker, batch, source);
	if (steps->count == 0) {
		worker->ends++;
		worker->deadlocks += !steps->final;
	} else if (search->last) {
		atomic_store_explicit(&search->cut, true, memory_order_relaxed);
		return 0;
	}
	atomic_store_explicit(&worker->transitions,
	    atomic_load_explicit(&worker->transitions, memory_order_relaxed) + steps->count,
	    memory_order_relaxed);
	return 0;
}

static void
stop_for(struct pale_search *search, int error)
{
	if (error == -ENOSPC) {
		halt_for(search, PALE_NEED_ROOM);
	} else if (error == -ENOMEM) {
		pale_search_limit(search, PALE_LIMIT_MEMORY);
	} else {
		atomic_store(&search->error, error);
		halt_for(search, PALE_BROKEN);
	}
}

/*
 * Take the steps of the states of a thread's span; each state's are prepared before those of the
 * one before it are taken. True at its end. It may be left and entered again: what was prepared and
 * not taken is then prepared once more.
 */
static bool
work_span(struct pale_search *search, struct pale_worker *worker)
{
	const atomic_bool *stop = search->options->stop;
	unsigned now = 0;
	int r;

	if (worker->at < worker->end)
		prepare(search, worker, &worker->batches[now], worker->at);
	for (; worker->at < worker->end; worker->at++, now = 1 - now) {
		if (stop != NULL && atomic_load_explicit(stop, memory_order_relaxed))
			pale_search_limit(search, PALE_LIMIT_STOPPED);
		if (atomic_load_explicit(&search->halt, memory_order_relaxed) != PALE_GO_ON)
			return false;
		if (worker->at + 1 < worker->end)
			prepare(search, worker, &worker->batches[1 - now], worker->at + 1);
		r = take(search, worker, &worker->batches[now], worker->at);
		if (r < 0) {
			stop_for(search, r);
			return false;
		}
	}
	return true;
}

/* A thread's part of a level. It may be left and entered again. */
static void
work(void *arg, unsigned thread)
{
	struct pale_search *search = arg;
	struct pale_worker *worker = &search->workers[thread];
	size_t span;

	while (work_span(search, worker)) {
		if (thread == 0)
			tick(search);
		span = atomic_fetch_add_explicit(&search->span, 1, memory_order_relaxed);
		if (span >= search->store->span_count)
			return;
		worker->at = search->store->spans[span].first;
		worker->end = worker->at + search->store->spans[span].count;
	}
}

static void
refill(void *arg, PALE_UNUSED unsigned thread)
{
	struct pale_search *search = arg;

	pale_store_refill(search->store);
}

int
pale_search_room(struct pale_search *search)
{
	int r = pale_store_make_room(search->store);

	if (r <= 0)
		return r;
	if (pale_store_count(search->store) <= ALONE_MAX)
		refill(search, 0);
	else
		pale_crew_run(&search->crew, refill, search);
	return 0;
}

enum pale_halt
pale_search_level(struct pale_search *search)
{
	int halt, r;

	atomic_store(&search->span, 0);
	for (;;) {
		if (search->frontier <= ALONE_MAX)
			work(search, 0);
		else
			pale_crew_run(&search->crew, work, search);
		halt = atomic_load(&search->halt);
		if (halt != PALE_NEED_ROOM)
			return (enum pale_halt)halt;
		atomic_store(&search->halt, PALE_GO_ON);
		r = pale_search_room(search);
		if (r < 0) {
			pale_search_limit(
			    search, r == -ENOSPC ? PALE_LIMIT_STATES : PALE_LIMIT_MEMORY);
			return PALE_AT_LIMIT;
		}
	}
}
