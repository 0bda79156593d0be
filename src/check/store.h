/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The states that were reached, each once, and how: full states in chunks that never move, a parent
 * for each, and a table that finds them. Many threads add at the same time without a lock.
 *
 * A state costs 8 bytes a word, 4 for its parent, and its share of the table: 5.3 to 10.7 bytes,
 * 4 for a slot of which at least 3/8 and at most 3/4 are taken. With fingerprints 8 bytes stand for
 * the whole state, which is kept only until its own steps are taken: two states with one
 * fingerprint are then taken for one, and what lies behind the second is never seen.
 *
 * States have 32-bit numbers. They are given in blocks to the writers, so they are not without
 * holes, and not the same in every run: nothing that is reported may depend on them. A parent is
 * therefore not whoever came first but the smallest (word by word) of all in the level before.
 *
 * The world stops (no writer adds) between levels, and when the room that was given out is used up;
 * only then the table grows. Its slots hold as many bits of the hash as the numbers leave free, so
 * that other states are seldom read for nothing.
 */
#ifndef PALE_CHECK_STORE_H
#define PALE_CHECK_STORE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PALE_CHUNK_BITS = 10,
	PALE_CHUNK_STATES = 1 << PALE_CHUNK_BITS,
};

/* No number; the parent of the initial state. */
#define PALE_NO_STATE UINT32_MAX

/* The states of one writer, in the order in which it found them. */
struct pale_chunk {
	uint32_t filled; /* states that are there; by its writer */
	uint32_t taken;  /* of these in a level before; while the world stands */
	uint64_t *full;  /* with fingerprints: states whose steps are not taken yet */
	_Atomic uint32_t *parents;
	uint64_t keys[]; /* PALE_CHUNK_STATES full states, or fingerprints; then as many parents */
};

/* One thread's way to add. */
struct pale_writer {
	_Alignas(64) struct pale_chunk *chunk; /* where it adds; NULL: none yet */
	uint32_t chunk_number;
	uint32_t level_chunk; /* the one of when the level began, or PALE_NO_STATE */
	uint64_t room;        /* states it may add before it must ask for more */
	_Atomic uint64_t added;
};

/* Part of a level: numbers first to first + count - 1. */
struct pale_span {
	uint32_t first, count;
};

struct pale_store_options {
	unsigned words; /* of a state */
	bool fingerprint;
	uint64_t seed;       /* of the fingerprints */
	uint64_t max_states; /* 0: as many as there are numbers */
	uint64_t max_bytes;  /* 0: as many as there are */
	unsigned writers;
};

struct pale_store {
	/* Fixed while writers are at work. */
	struct pale_store_options options;
	unsigned key_words;
	void *table;             /* the memory of the slots */
	_Atomic uint32_t *slots; /* 0: free; else a part of the hash, and the number + 1 */
	uint64_t slot_count;     /* a power of two */
	unsigned slot_shift, number_bits;
	struct pale_chunk **chunks; /* chunk_size of them */
	size_t chunk_size;
	uint32_t level_chunks; /* chunks when the level began */
	struct pale_writer *writers;
	struct pale_span *spans; /* the level whose steps are to be taken */
	size_t span_count, span_size;
	uint64_t bytes_peak;

	/* Shared by the writers; in cache lines that hold nothing of the above. Not by alignment,
	 * which a caller's malloc would not keep. */
	char apart[64];
	_Atomic int64_t room; /* states that may be added until the world stops */
	_Atomic uint32_t chunk_count;
	_Atomic uint64_t bytes;
	_Atomic uint64_t refill; /* next chunk to be put into a new table */
};

enum pale_store_answer {
	PALE_STORE_OLD, /* it was there */
	PALE_STORE_NEW,
};

/*
 * An empty store.
 *
 * Returns 0, or -ENOMEM, with nothing held, where the limit leaves no room for even one state.
 * Test: tests/unit/explore.c
 */
int pale_store_init(struct pale_store *store, const struct pale_store_options *options);

/* The hash of a state; with fingerprints it is all that is kept. */
uint64_t pale_store_hash(const struct pale_store *store, const uint64_t *state);

/* Have the processor fetch what pale_store_add will look at first: long before it is called. */
static inline void
pale_store_prefetch(const struct pale_store *store, uint64_t hash)
{
	__builtin_prefetch((const uint32_t *)store->table + (hash >> store->slot_shift));
}

/*
 * Add a state of the next level, unless it is there.
 *
 *   state        copied
 *   hash         of it
 *   parent       number of the state whose step led here, or PALE_NO_STATE
 *   ret_number   its number, given with both answers
 *
 * Returns PALE_STORE_NEW or PALE_STORE_OLD; -ENOSPC: the world must stop, and pale_store_make_room
 * be called, before this is tried again; -ENOMEM: a limit or the machine has no more memory.
 */
int pale_store_add(struct pale_store *store, struct pale_writer *writer, const uint64_t *state,
    uint64_t hash, uint32_t parent, uint32_t *ret_number);

/*
 * With the world stopped: give the writers room.
 *
 * Returns 0; 1: the table is a new, empty one, and pale_store_refill must run in every thread
 * before anything is added; -ENOSPC: max_states are there; -ENOMEM. After a failure what is
 * there stays readable, and nothing can be added.
 */
int pale_store_make_room(struct pale_store *store);

/* Put the states into the new table: each caller takes its part of the work. */
void pale_store_refill(struct pale_store *store);

/*
 * With the world stopped: make what was added since the last call the level whose steps are to be
 * taken, as spans of at most `grain` states; with fingerprints the full states of the level before
 * are forgotten.
 *
 *   ret_states   how many these are
 *
 * Returns 0 or -ENOMEM.
 */
int pale_store_next_level(struct pale_store *store, uint32_t grain, uint64_t *ret_states);

/* States that are there; may be asked while writers are at work. */
uint64_t pale_store_count(const struct pale_store *store);

void pale_store_done(struct pale_store *store);

static inline struct pale_chunk *
pale_store_chunk(const struct pale_store *store, uint32_t number)
{
	return store->chunks[number >> PALE_CHUNK_BITS];
}

/* What is kept of a state for ever: itself, or its fingerprint. */
static inline const uint64_t *
pale_store_key(const struct pale_store *store, uint32_t number)
{
	return pale_store_chunk(store, number)->keys +
	    (size_t)(number & (PALE_CHUNK_STATES - 1)) * store->key_words;
}

/* The state itself; with fingerprints only those of the level now. */
static inline const uint64_t *
pale_store_state(const struct pale_store *store, uint32_t number)
{
	const struct pale_chunk *chunk = pale_store_chunk(store, number);

	return (store->options.fingerprint ? chunk->full : chunk->keys) +
	    (size_t)(number & (PALE_CHUNK_STATES - 1)) * store->options.words;
}

static inline uint32_t
pale_store_parent(const struct pale_store *store, uint32_t number)
{
	return atomic_load_explicit(
	    &pale_store_chunk(store, number)->parents[number & (PALE_CHUNK_STATES - 1)],
	    memory_order_relaxed);
}

#endif
