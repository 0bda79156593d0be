/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An abstract system, as the search sees it: a state is a fixed number of 64-bit words, a step
 * leads from a state to another. The model of UNIX is one such system; the tests have others.
 *
 * The functions of a system are pure: the same state gives the same steps, in the same order, in
 * every thread and in every run. They keep what they need meanwhile in a scratch of their own, one
 * for each thread. States are compared word by word: bits that mean nothing must be zero.
 */
#ifndef PALE_CHECK_SYSTEM_H
#define PALE_CHECK_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PALE_STATE_WORDS_MAX = 64, /* a state of 512 bytes: more would not be searched anyway */
	PALE_PROPERTIES_MAX = 32,  /* one bit each */
	PALE_STEPS_MAX = 1 << 16,  /* steps from one state; a system with more is a mistake */
};

/* How the steps of a state are asked for. */
enum {
	PALE_STEPS_REDUCED = 1, /* those that suffice (see successors); else all of them */
};

/* The steps from one state. Filled by a system, with pale_steps_add, and its last three members. */
struct pale_steps {
	unsigned words; /* of a state */
	size_t count, size;
	uint64_t *states;   /* count states, and room for one more than size */
	uint32_t *labels;   /* what the step is: the system's own */
	uint32_t *violates; /* bits of the properties that the step violates */
	int failed;         /* -ENOMEM, or -E2BIG: more than PALE_STEPS_MAX */

	bool final;    /* out: to have no steps is no deadlock here */
	uint32_t here; /* out: properties that the state itself violates, however it is reached */
};

struct pale_system {
	const void *ctx;      /* borrowed; given to every function, never changed by one */
	unsigned words;       /* of a state, 1..PALE_STATE_WORDS_MAX */
	size_t scratch_bytes; /* 0: none. Zeroed before its first use, never after */
	uint32_t properties;  /* those that exist, a bit each */
	uint32_t deadlock;    /* those that a deadlock violates: no steps, and not final */

	/* The state that everything begins with; ret_state is zeroed. */
	void (*initial)(const void *ctx, uint64_t *ret_state);
	/*
	 * The steps from a state. `steps` is empty; what is added may point to the state itself.
	 *
	 * With PALE_STEPS_REDUCED a system that can may leave out steps, if for each property that
	 * can be violated from here it still can be by what is left: persistent sets. It must
	 * leave out none of the ends (states without steps), and where the states form cycles
	 * see to it that no step is left out for ever. It may also make one step of several in a
	 * row, where nobody sees the states between; that one violates whatever they do. What is
	 * left is always made of steps without the flag, up to `canonical`.
	 */
	void (*successors)(const void *ctx, void *scratch, const uint64_t *state, unsigned flags,
	    struct pale_steps *steps);
	/*
	 * The steps of which the reduced step of this label was made, in their order, into `steps`
	 * (empty). NULL: none is ever made of several.
	 */
	void (*parts)(const void *ctx, void *scratch, const uint64_t *state, uint32_t label,
	    struct pale_steps *steps);
	/*
	 * Replace a state by the one that stands for all that are like it (identical processes in
	 * another order). Like states have like steps, with the same violations. NULL: none are.
	 */
	void (*canonical)(const void *ctx, void *scratch, uint64_t *state);
	/* Who takes the step; borrowed for as long as the system is. */
	const char *(*actor)(const void *ctx, uint32_t label);
	/*
	 * The step in words, as snprintf: before and after are the states around it.
	 * Only the search itself does without the last two.
	 */
	int (*print)(const void *ctx, const uint64_t *before, uint32_t label, const uint64_t *after,
	    char *buf, size_t size);
};

/* Make room for the steps of states of so many words. Returns 0 or -ENOMEM. */
int pale_steps_init(struct pale_steps *steps, unsigned words);

/* Forget the steps, keep the room. */
void pale_steps_clear(struct pale_steps *steps);

void pale_steps_done(struct pale_steps *steps);

/* Make room for more; false, with `failed` set, where there is none. */
bool pale_steps_grow(struct pale_steps *steps);

/*
 * Add a step.
 *
 *   label      whatever print and actor understand
 *   violates   bits of the properties it violates
 *
 * Returns where the state it leads to must be written, all its words; never NULL (where no room is
 * left, `failed` says so, and what is written is forgotten). Good until the next step is added.
 */
static inline uint64_t *
pale_steps_add(struct pale_steps *steps, uint32_t label, uint32_t violates)
{
	size_t at;

	if (steps->count == steps->size && !pale_steps_grow(steps))
		return steps->states + steps->size * steps->words;
	at = steps->count++;
	steps->labels[at] = label;
	steps->violates[at] = violates;
	return steps->states + at * steps->words;
}

#endif
