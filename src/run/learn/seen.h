/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was seen of a program that is learned: each name that it used, with the rights, how often,
 * and who used it first. Pure.
 *
 * Names come from the program, as many as it likes. What is kept is bounded by count and by bytes;
 * beyond that, what a name needs is added to the nearest directory that is kept, and counted.
 */
#ifndef PALE_RUN_LEARN_SEEN_H
#define PALE_RUN_LEARN_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/rights.h"

enum {
	PALE_SEEN_MAX = 20000,         /* names; a build uses some thousands */
	PALE_SEEN_BYTES_MAX = 4 << 20, /* of their texts */
	PALE_SEEN_FIRST_BYTES = 96,    /* "git (openat)", escaped */
};

enum pale_seen_type {
	PALE_SEEN_UNKNOWN, /* nothing has the name */
	PALE_SEEN_DIR,
	PALE_SEEN_FILE,
	PALE_SEEN_LINK,
	PALE_SEEN_FIFO,
	PALE_SEEN_SOCKET,
};

/* One name. */
struct pale_seen {
	char *path;   /* canonical; owned */
	char *target; /* LINK; owned */
	char *notes;  /* lines that an earlier run wrote about it, each with its newline; owned */
	char first[PALE_SEEN_FIRST_BYTES];
	pale_rights rights;
	enum pale_seen_type type;
	bool passing; /* it was made, removed or renamed: only its directory can be granted */
	uint64_t count;
	size_t reach; /* its rights belong into one grant with those of the directory that is this
			 long a start of its path; SIZE_MAX: nowhere else */
	uint64_t folded; /* names beneath it that were not kept */
};

struct pale_seen_list {
	struct pale_seen *list;
	size_t count;
	size_t bytes;
	uint64_t folded;
	uint32_t *slots; /* of a hash table, index + 1 each */
	size_t slot_count;
};

void pale_seen_init(struct pale_seen_list *seen);
void pale_seen_done(struct pale_seen_list *seen);

/*
 * Count a use.
 *
 *   path    canonical, absolute
 *   first   who and how, if it is the first; escaped
 *   keep    keep the name even where the bound is reached (for the trees themselves)
 *
 * Returns its place, good until the next is added; where it is not kept, that of the directory that
 * takes its rights. NULL if there is neither, or no memory.
 * Test: tests/unit/learn_merge.c
 */
struct pale_seen *pale_seen_use(struct pale_seen_list *seen, const char *path, pale_rights rights,
    enum pale_seen_type type, const char *first, bool keep);

/* Find a name; NULL. */
struct pale_seen *pale_seen_find(const struct pale_seen_list *seen, const char *path);

/* A name went from a to b, both in directories: the two belong into one grant. */
void pale_seen_join(struct pale_seen_list *seen, const char *a, const char *b);

#endif
