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
note(struct pale_search *search, struct pale_worker *worker, uint32_t bits, uint32_t source,
    size_t step, bool is_state)
{
	unsigned words = search->system->words;
	uint64_t states[2 * PALE_STATE_WORDS_MAX];
	struct pale_violation found = {
		.found = true,
		.is_state = is_state,
		.length = search->level + !is_state,
		.source = source,
		.label = is_state ? 0 : worker->steps.labels[step],
		.count = 1,
		.states = states,
	};

	memcpy(states, pale_store_state(search->store, source), words * sizeof(*states));
	memcpy(states + words, is_state ? states : worker->steps.states + step * words,
	    words * sizeof(*states));
	worker->violated |= bits;
	for (; bits != 0; bits &= bits - 1)
		pale_violation_keep(&worker->violations[__builtin_ctz(bits)], &found, words);
}

static int
hash_steps(struct pale_search *search, struct pale_worker *worker)
{
	const struct pale_system *system = search->system;
	struct pale_steps *steps = &worker->steps;
	bool canonical = search->options->symmetry && system->canonical != NULL;

	if (worker->hash_size < steps->count) {
		uint64_t *hashes = realloc(worker->hashes, steps->size * sizeof(*hashes));

		if (hashes == NULL)
			return -ENOMEM;
		worker->hashes = hashes;
		worker->hash_size = steps->size;
	}
	for (size_t i = 0; i < steps->count; i++) {
		uint64_t *state = steps->states + i * steps->words;

		if (canonical)
			system->canonical(system->ctx, worker->scratch, state);
		worker->hashes[i] = pale_store_hash(search->store, state);
		pale_store_prefetch(search->store, worker->hashes[i]);
	}
	return 0;
}

/*
 * Take the steps from one state. What fails has added some of the states and counted nothing, so
 * that it can be done again.
 */
static int
expand(struct pale_search *search, struct pale_worker *worker, uint32_t source)
{
	const struct pale_system *system = search->system;
	struct pale_steps *steps = &worker->steps;
	uint32_t here, number;
	int r;

	pale_steps_clear(steps);
	system->successors(system->ctx, worker->scratch, pale_store_state(search->store, source),
	    search->options->reduce ? PALE_STEPS_REDUCED : 0, steps);
	if (steps->failed != 0)
		return steps->failed;
	if (!search->last) {
		r = hash_steps(search, worker);
		if (r < 0)
			return r;
		for (size_t i = 0; i < steps->count; i++) {
			r = pale_store_add(search->store, worker->writer,
			    steps->states + i * steps->words, worker->hashes[i], source, &number);
			if (r < 0)
				return r;
		}
		for (size_t i = 0; i < steps->count; i++)
			if ((steps->violates[i] & search->properties) != 0)
				note(search, worker, steps->violates[i] & search->properties,
				    source, i, false);
	} else if (steps->count > 0) {
		atomic_store_explicit(&search->cut, true, memory_order_relaxed);
	}
	here = steps->here;
	if (steps->count == 0) {
		worker->ends++;
		if (!steps->final) {
			worker->deadlocks++;
			here |= system->deadlock;
		}
	}
	if ((here & search->properties) != 0)
		note(search, worker, here & search->properties, source, 0, true);
	atomic_store_explicit(&worker->transitions,
	    atomic_load_explicit(&worker->transitions, memory_order_relaxed) +
		(search->last ? 0 : steps->count),
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

/* A thread's part of a level. It may be left and entered again. */
static void
work(void *arg, unsigned thread)
{
	struct pale_search *search = arg;
	struct pale_worker *worker = &search->workers[thread];
	const atomic_bool *stop = search->options->stop;
	size_t span;
	int r;

	for (;;) {
		for (; worker->at < worker->end; worker->at++) {
			if (stop != NULL && atomic_load_explicit(stop, memory_order_relaxed))
				pale_search_limit(search, PALE_LIMIT_STOPPED);
			if (atomic_load_explicit(&search->halt, memory_order_relaxed) != PALE_GO_ON)
				return;
			r = expand(search, worker, worker->at);
			if (r < 0) {
				stop_for(search, r);
				return;
			}
		}
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
