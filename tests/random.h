/* SPDX-License-Identifier: BSD-2-Clause */
/* Random numbers that a test can repeat: splitmix64 from a seed that the test prints. */
#ifndef PALE_TESTS_RANDOM_H
#define PALE_TESTS_RANDOM_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Seed from PALE_TEST_SEED or `fixed`, printed, so that a failure can be repeated. */
static inline uint64_t
test_seed(uint64_t fixed)
{
	const char *text = getenv("PALE_TEST_SEED");
	uint64_t seed = text == NULL ? fixed : strtoull(text, NULL, 0);

	printf("# seed %" PRIu64 "\n", seed);
	return seed;
}

static inline uint64_t
test_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15U;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
	z = (z ^ z >> 27) * 0x94d049bb133111ebU;
	return z ^ z >> 31;
}

/* A number below `bound`, which is above 0. */
static inline unsigned
test_below(uint64_t *state, unsigned bound)
{
	return (unsigned)(test_random(state) % bound);
}

#endif
