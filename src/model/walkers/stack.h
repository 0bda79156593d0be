/* SPDX-License-Identifier: BSD-2-Clause */
/* A stack in a walker's slots: from `first` on, `room` of them; 0 ends it. */
#ifndef PALE_MODEL_WALKERS_STACK_H
#define PALE_MODEL_WALKERS_STACK_H

#include <stdbool.h>
#include <stdint.h>

struct pale_slot_stack {
	unsigned first, room;
};

static inline unsigned
pale_stack_depth(const struct pale_slot_stack *stack, const uint16_t *slots)
{
	unsigned depth = 0;

	while (depth < stack->room && slots[stack->first + depth] != 0)
		depth++;
	return depth;
}

/* false: there is no room. */
static inline bool
pale_stack_push(const struct pale_slot_stack *stack, uint16_t *slots, uint16_t what)
{
	unsigned depth = pale_stack_depth(stack, slots);

	if (depth == stack->room)
		return false;
	slots[stack->first + depth] = what;
	return true;
}

/* 0: it is empty. */
static inline uint16_t
pale_stack_pop(const struct pale_slot_stack *stack, uint16_t *slots)
{
	unsigned depth = pale_stack_depth(stack, slots);
	uint16_t what;

	if (depth == 0)
		return 0;
	what = slots[stack->first + depth - 1];
	slots[stack->first + depth - 1] = 0;
	return what;
}

static inline void
pale_stack_clear(const struct pale_slot_stack *stack, uint16_t *slots)
{
	for (unsigned i = 0; i < stack->room; i++)
		slots[stack->first + i] = 0;
}

#endif
