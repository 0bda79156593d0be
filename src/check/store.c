/* SPDX-License-Identifier: BSD-2-Clause */
/* The states that were reached; see store.h. */
#include "check/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
	FIRST_SLOT_BITS = 12,
	LAST_SLOT_BITS = 32, /* numbers have no more */
	FIRST_SPANS = 64,
	ROOM_BLOCK = 256, /* states a writer asks room for at once, at most */
	HUGE_PAGE = 2 << 20,
	AHEAD = 16, /* states whose slots are fetched before the first is written */
};

/* Take bytes from what may be used; false, and nothing taken, where it is not enough. */
static bool
take_bytes(struct pale_store *store, uint64_t bytes)
{
	uint64_t before = atomic_fetch_add_explicit(&store->bytes, bytes, memory_order_relaxed);

	if (store->options.max_bytes == 0 || before + bytes <= store->options.max_bytes)
		return true;
	atomic_fetch_sub_explicit(&store->bytes, bytes, memory_order_relaxed);
	return false;
}

static void
give_bytes(struct pale_store *store, uint64_t bytes)
{
	atomic_fetch_sub_explicit(&store->bytes, bytes, memory_order_relaxed);
}

static void
note_peak(struct pale_store *store)
{
	uint64_t bytes = atomic_load_explicit(&store->bytes, memory_order_relaxed);

	if (bytes > store->bytes_peak)
		store->bytes_peak = bytes;
}

/*
 * Slots, all free. The table is read at random, one miss of the translation cache for each look
 * with small pages; hence a mapping of its own, on large ones where the machine has them.
 */
static void *
map_slots(uint64_t count)
{
	size_t bytes = count * sizeof(uint32_t);
	void *slots = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (slots == MAP_FAILED)
		return NULL;
	if (bytes >= 2 * HUGE_PAGE)
		(void)madvise(slots, bytes, MADV_HUGEPAGE);
	return slots;
}

static void
unmap_slots(struct pale_store *store)
{
	uint64_t bytes = store->slot_count * sizeof(uint32_t);

	if (store->slots == NULL)
		return;
	munmap(store->table, bytes);
	give_bytes(store, bytes);
	store->table = NULL;
	store->slots = NULL;
}

/* States that the table may hold: at 3/4 a state that is not there is found out after 8 slots. */
static uint64_t
table_limit(uint64_t slot_count)
{
	return slot_count / 4 * 3;
}

/* Make a table of 1 << bits free slots in the place of the old one, which need not be copied: all
 * that it says is in the chunks. So the two never take memory at the same time. */
static int
new_table(struct pale_store *store, unsigned bits)
{
	uint64_t count = UINT64_C(1) << bits, numbers;
	uint64_t more = (count - (store->slots == NULL ? 0 : store->slot_count)) * sizeof(uint32_t);
	void *table;

	if (!take_bytes(store, more))
		return -ENOMEM;
	give_bytes(store, more);
	unmap_slots(store);
	table = map_slots(count);
	if (table == NULL)
		return -ENOMEM;
	(void)atomic_fetch_add_explicit(
	    &store->bytes, count * sizeof(uint32_t), memory_order_relaxed);
	store->table = table;
	store->slots = table;
	store->slot_count = count;
	store->slot_shift = 64 - bits;
	/* The last number that can be given: every writer may have an open chunk. */
	numbers = table_limit(count) + (store->options.writers + 1) * (uint64_t)PALE_CHUNK_STATES;
	store->number_bits = 1;
	while (store->number_bits < 32 && numbers >> store->number_bits != 0)
		store->number_bits++;
	return 0;
}

/* The bits of a slot that are not the number; from the low end of the hash, the place from the
 * high one. */
static uint32_t
slot_tag(const struct pale_store *store, uint64_t hash)
{
	return (uint32_t)((hash & UINT32_MAX) << store->number_bits);
}

int
pale_store_init(struct pale_store *store, const struct pale_store_options *options)
{
	memset(store, 0, sizeof(*store));
	store->options = *options;
	if (options->max_states == 0 ||
	    options->max_states > table_limit(UINT64_C(1) << LAST_SLOT_BITS))
		store->options.max_states = table_limit(UINT64_C(1) << LAST_SLOT_BITS);
	store->key_words = options->fingerprint ? 1 : options->words;
	store->writers =
	    aligned_alloc(_Alignof(struct pale_writer), options->writers * sizeof(*store->writers));
	if (store->writers == NULL)
		return -ENOMEM;
	memset(store->writers, 0, options->writers * sizeof(*store->writers));
	for (unsigned i = 0; i < options->writers; i++)
		store->writers[i].level_chunk = PALE_NO_STATE;
	if (new_table(store, FIRST_SLOT_BITS) < 0) {
		pale_store_done(store);
		return -ENOMEM;
	}
	return 0;
}

uint64_t
pale_store_hash(const struct pale_store *store, const uint64_t *state)
{
	return XXH3_64bits_withSeed(
	    state, store->options.words * sizeof(*state), store->options.seed);
}

static bool
is_equal(const uint64_t *a, const uint64_t *b, unsigned words)
{
	for (unsigned i = 0; i < words; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

static bool
is_less(const uint64_t *a, const uint64_t *b, unsigned words)
{
	for (unsigned i = 0; i < words; i++)
		if (a[i] != b[i])
			return a[i] < b[i];
	return false;
}

/* The chunk, its states and its parents are one block. */
static int
new_chunk(struct pale_store *store, struct pale_writer *writer)
{
	size_t keys = PALE_CHUNK_STATES * (size_t)store->key_words * sizeof(uint64_t);
	size_t full = !store->options.fingerprint
	    ? 0
	    : PALE_CHUNK_STATES * (size_t)store->options.words * sizeof(uint64_t);
	size_t parents = PALE_CHUNK_STATES * sizeof(uint32_t);
	size_t bytes = sizeof(struct pale_chunk) + keys + parents;
	struct pale_chunk *chunk;
	uint32_t number;

	if (!take_bytes(store, bytes + full))
		return -ENOMEM;
	chunk = malloc(bytes);
	if (chunk == NULL || (full > 0 && (chunk->full = malloc(full)) == NULL)) {
		free(chunk);
		give_bytes(store, bytes + full);
		return -ENOMEM;
	}
	chunk->filled = 0;
	chunk->taken = 0;
	chunk->parents = (_Atomic uint32_t *)(chunk->keys + PALE_CHUNK_STATES * store->key_words);
	if (full == 0)
		chunk->full = NULL;
	number = atomic_fetch_add_explicit(&store->chunk_count, 1, memory_order_relaxed);
	store->chunks[number] = chunk;
	writer->chunk = chunk;
	writer->chunk_number = number;
	return 0;
}

/* Have room for one more state in the writer's chunk. */
static int
have_room(struct pale_store *store, struct pale_writer *writer)
{
	int64_t room, block;

	if (writer->room == 0) {
		room = atomic_load_explicit(&store->room, memory_order_relaxed);
		do {
			if (room <= 0)
				return -ENOSPC;
			/* Less at a time when little is left, so that all have something. */
			block = room / (2 * (int64_t)store->options.writers);
			block = block > ROOM_BLOCK ? ROOM_BLOCK : block < 1 ? 1 : block;
		} while (!atomic_compare_exchange_weak_explicit(
		    &store->room, &room, room - block, memory_order_relaxed, memory_order_relaxed));
		writer->room = (uint64_t)block;
	}
	if (writer->chunk == NULL || writer->chunk->filled == PALE_CHUNK_STATES)
		return new_chunk(store, writer);
	return 0;
}

/*
 * One of several parents, the same whoever came first: the smallest. Only for a state of the next
 * level; for others the step is one back, or sideways.
 */
static void
settle_parent(struct pale_store *store, uint32_t number, uint32_t parent)
{
	struct pale_chunk *chunk = pale_store_chunk(store, number);
	uint32_t at = number & (PALE_CHUNK_STATES - 1);
	const uint64_t *key;
	uint32_t old;

	if (at < chunk->taken)
		return;
	key = pale_store_key(store, parent);
	old = atomic_load_explicit(&chunk->parents[at], memory_order_relaxed);
	while (old != parent && is_less(key, pale_store_key(store, old), store->key_words))
		if (atomic_compare_exchange_weak_explicit(&chunk->parents[at], &old, parent,
			memory_order_relaxed, memory_order_relaxed))
			break;
}

int
pale_store_add(struct pale_store *store, struct pale_writer *writer, const uint64_t *state,
    uint64_t hash, uint32_t parent, uint32_t *ret_number)
{
	const uint64_t *key = store->options.fingerprint ? &hash : state;
	uint32_t number_mask = (uint32_t)((UINT64_C(1) << store->number_bits) - 1);
	uint32_t tag = slot_tag(store, hash), number = PALE_NO_STATE;
	uint64_t at = hash >> store->slot_shift;
	int r;

	for (;; at = (at + 1) & (store->slot_count - 1)) {
		uint32_t slot = atomic_load_explicit(&store->slots[at], memory_order_acquire);

		if (slot == 0) {
			/* Written in full before it can be found; whoever loses the race for the
			 * slot uses the place for its next state. */
			if (number == PALE_NO_STATE) {
				struct pale_chunk *chunk;
				uint32_t filled;

				r = have_room(store, writer);
				if (r < 0)
					return r;
				chunk = writer->chunk;
				filled = chunk->filled;
				memcpy(chunk->keys + (size_t)filled * store->key_words, key,
				    store->key_words * sizeof(*key));
				if (chunk->full != NULL)
					memcpy(chunk->full + (size_t)filled * store->options.words,
					    state, store->options.words * sizeof(*state));
				atomic_store_explicit(
				    &chunk->parents[filled], parent, memory_order_relaxed);
				number = (writer->chunk_number << PALE_CHUNK_BITS) + filled;
			}
			if (atomic_compare_exchange_strong_explicit(&store->slots[at], &slot,
				tag | (number + 1), memory_order_acq_rel, memory_order_acquire)) {
				writer->chunk->filled++;
				writer->room--;
				atomic_store_explicit(&writer->added,
				    atomic_load_explicit(&writer->added, memory_order_relaxed) + 1,
				    memory_order_relaxed);
				*ret_number = number;
				return PALE_STORE_NEW;
			}
		}
		if ((slot & ~number_mask) != tag)
			continue;
		slot = (slot & number_mask) - 1;
		if (is_equal(pale_store_key(store, slot), key, store->key_words)) {
			if (parent != PALE_NO_STATE)
				settle_parent(store, slot, parent);
			*ret_number = slot;
			return PALE_STORE_OLD;
		}
	}
}

uint64_t
pale_store_count(const struct pale_store *store)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < store->options.writers; i++)
		count += atomic_load_explicit(&store->writers[i].added, memory_order_relaxed);
	return count;
}

/* The list of chunks has room for what may come: it must not move while writers are at work. */
static int
make_chunk_room(struct pale_store *store, uint64_t room)
{
	size_t count = atomic_load_explicit(&store->chunk_count, memory_order_relaxed);
	size_t need = count + (size_t)(room >> PALE_CHUNK_BITS) + store->options.writers + 1;
	uint64_t bytes;
	struct pale_chunk **chunks;

	if (need <= store->chunk_size)
		return 0;
	bytes = (need - store->chunk_size) * sizeof(struct pale_chunk *);
	if (!take_bytes(store, bytes))
		return -ENOMEM;
	chunks = realloc(store->chunks, need * sizeof(struct pale_chunk *));
	if (chunks == NULL) {
		give_bytes(store, bytes);
		return -ENOMEM;
	}
	store->chunks = chunks;
	store->chunk_size = need;
	return 0;
}

int
pale_store_make_room(struct pale_store *store)
{
	uint64_t count = pale_store_count(store), limit = table_limit(store->slot_count), room;
	int r, grown = 0;

	if (store->slots == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < store->options.writers; i++)
		store->writers[i].room = 0;
	atomic_store_explicit(&store->room, 0, memory_order_relaxed);
	if (count >= store->options.max_states)
		return -ENOSPC;
	/* Not for the last few: to stop the world for each of them would take longer. */
	if (limit - count <= store->options.writers && limit < store->options.max_states) {
		r = new_table(store, 64 - store->slot_shift + 1);
		if (r == 0)
			grown = 1;
		else if (limit == count)
			return r;
		else if (store->slots == NULL)
			return r;
		limit = table_limit(store->slot_count);
		atomic_store_explicit(&store->refill, 0, memory_order_relaxed);
	}
	room = (limit < store->options.max_states ? limit : store->options.max_states) - count;
	r = make_chunk_room(store, room);
	if (r < 0)
		return r;
	note_peak(store);
	atomic_store_explicit(&store->room, (int64_t)room, memory_order_relaxed);
	return grown;
}

/* All states differ, so nothing is compared. */
static void
put(struct pale_store *store, uint64_t hash, uint32_t number)
{
	uint32_t value = slot_tag(store, hash) | (number + 1), slot;
	uint64_t at = hash >> store->slot_shift;

	for (;; at = (at + 1) & (store->slot_count - 1)) {
		slot = 0;
		if (atomic_compare_exchange_strong_explicit(&store->slots[at], &slot, value,
			memory_order_relaxed, memory_order_relaxed))
			return;
	}
}

void
pale_store_refill(struct pale_store *store)
{
	uint64_t count = atomic_load_explicit(&store->chunk_count, memory_order_relaxed);
	uint64_t hashes[AHEAD], number;

	while (
	    (number = atomic_fetch_add_explicit(&store->refill, 1, memory_order_relaxed)) < count) {
		const struct pale_chunk *chunk = store->chunks[number];

		for (uint32_t first = 0; first < chunk->filled; first += AHEAD) {
			uint32_t end =
			    first + AHEAD < chunk->filled ? first + AHEAD : chunk->filled;

			for (uint32_t i = first; i < end; i++) {
				const uint64_t *key = chunk->keys + (size_t)i * store->key_words;

				hashes[i - first] =
				    store->options.fingerprint ? *key : pale_store_hash(store, key);
				pale_store_prefetch(store, hashes[i - first]);
			}
			for (uint32_t i = first; i < end; i++)
				put(store, hashes[i - first],
				    ((uint32_t)number << PALE_CHUNK_BITS) + i);
		}
	}
}

/* A chunk all of whose states have taken their steps keeps only the fingerprints. */
static void
forget_full(struct pale_store *store)
{
	for (size_t i = 0; i < store->span_count; i++) {
		struct pale_chunk *chunk = pale_store_chunk(store, store->spans[i].first);

		if (chunk->full == NULL || chunk->taken < PALE_CHUNK_STATES)
			continue;
		free(chunk->full);
		chunk->full = NULL;
		give_bytes(
		    store, PALE_CHUNK_STATES * (uint64_t)store->options.words * sizeof(uint64_t));
	}
}

static int
add_span(struct pale_store *store, uint32_t first, uint32_t count)
{
	if (store->span_count == store->span_size) {
		size_t size = store->span_size == 0 ? FIRST_SPANS : store->span_size * 2;
		uint64_t bytes = (size - store->span_size) * sizeof(*store->spans);
		struct pale_span *spans;

		if (!take_bytes(store, bytes))
			return -ENOMEM;
		spans = realloc(store->spans, size * sizeof(*store->spans));
		if (spans == NULL) {
			give_bytes(store, bytes);
			return -ENOMEM;
		}
		store->spans = spans;
		store->span_size = size;
	}
	store->spans[store->span_count++] = (struct pale_span){ first, count };
	return 0;
}

/* What was added to a chunk in this level becomes spans. */
static int
take_chunk(struct pale_store *store, uint32_t number, uint32_t grain, uint64_t *states)
{
	struct pale_chunk *chunk = store->chunks[number];

	*states += chunk->filled - chunk->taken;
	while (chunk->taken < chunk->filled) {
		uint32_t count = chunk->filled - chunk->taken;
		int r;

		count = count > grain ? grain : count;
		r = add_span(store, (number << PALE_CHUNK_BITS) + chunk->taken, count);
		if (r < 0)
			return r;
		chunk->taken += count;
	}
	return 0;
}

int
pale_store_next_level(struct pale_store *store, uint32_t grain, uint64_t *ret_states)
{
	uint32_t count = atomic_load_explicit(&store->chunk_count, memory_order_relaxed);
	uint64_t states = 0;
	int r;

	note_peak(store);
	forget_full(store);
	store->span_count = 0;
	for (unsigned i = 0; i < store->options.writers; i++) {
		struct pale_writer *writer = &store->writers[i];

		if (writer->level_chunk != PALE_NO_STATE) {
			r = take_chunk(store, writer->level_chunk, grain, &states);
			if (r < 0)
				return r;
		}
		writer->level_chunk = writer->chunk == NULL ? PALE_NO_STATE : writer->chunk_number;
	}
	for (uint32_t i = store->level_chunks; i < count; i++) {
		r = take_chunk(store, i, grain, &states);
		if (r < 0)
			return r;
	}
	store->level_chunks = count;
	*ret_states = states;
	return 0;
}

void
pale_store_done(struct pale_store *store)
{
	uint32_t count = atomic_load_explicit(&store->chunk_count, memory_order_relaxed);

	for (uint32_t i = 0; i < count; i++) {
		free(store->chunks[i]->full);
		free(store->chunks[i]);
	}
	free(store->chunks);
	free(store->spans);
	free(store->writers);
	unmap_slots(store);
	memset(store, 0, sizeof(*store));
}
