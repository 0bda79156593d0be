/* SPDX-License-Identifier: BSD-2-Clause */
/* Random programs of three processes that use IPC. */
#ifndef PALE_TESTS_LAW_MODEL_IPC_H
#define PALE_TESTS_LAW_MODEL_IPC_H

#include <stdbool.h>
#include <stdint.h>

enum {
	CALLS = 20, /* of each process */
	FDS = 4,    /* that a program has names for */
	TEXT_BYTES = 8192,
	CALL_BYTES = 96,
	TURNS = 4 * CALLS,
};

/* Calls of each of three processes, and whose turn it is. */
struct drama {
	char calls[3][CALLS][CALL_BYTES];
	unsigned counts[3];
	bool bold; /* a call that fails ends its process */
	bool may;  /* the second does any of its calls at any time, three in all */
	uint8_t turns[TURNS];
	unsigned turn_count;
};

/* Write one. */
void drama_write(struct drama *drama, uint64_t *seed);

/* It as the text of a scenario, TEXT_BYTES at most. */
void drama_print(const struct drama *drama, char *text);

#endif
