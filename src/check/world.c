/* SPDX-License-Identifier: BSD-2-Clause */
/* A scenario as a system; see world.h. */
#include "check/world.h"

#include <math.h>
#include <stdio.h>

#include "check/symmetry.h"
#include "model/pack.h"
#include "model/property.h"

/*
 * A label: process, phase, site and the two descriptors. Of those only "*" is chosen by the move;
 * what the site says anyway is left out, so that a label has room.
 */
enum {
	PHASE_BITS = 3,
	SITE_BITS = 10,
	FD_BITS = 8,
	PHASE_AT = 2 * FD_BITS + SITE_BITS,
	PROCESS_AT = PHASE_AT + PHASE_BITS,
};
_Static_assert(PALE_MODEL_SITES <= 1 << SITE_BITS, "a site does not fit into a label");
_Static_assert(PALE_PHASE_WOKEN < 1 << PHASE_BITS, "a phase does not fit into a label");
_Static_assert(PALE_MODEL_PROCESSES <= 1 << (32 - PROCESS_AT), "a process does not fit");

uint32_t
pale_world_label(const struct pale_model *model, const struct pale_move *move)
{
	(void)model;
	return (uint32_t)move->process << PROCESS_AT | (uint32_t)move->phase << PHASE_AT |
	    (uint32_t)move->site << (2 * FD_BITS) | (uint32_t)move->fd[0] << FD_BITS | move->fd[1];
}

struct pale_move
pale_world_move(const struct pale_model *model, uint32_t label)
{
	(void)model;
	return (struct pale_move){
		.process = (uint8_t)(label >> PROCESS_AT),
		.phase = label >> PHASE_AT & ((1 << PHASE_BITS) - 1),
		.site = label >> (2 * FD_BITS) & ((1 << SITE_BITS) - 1),
		.fd = { (uint8_t)(label >> FD_BITS), (uint8_t)label },
	};
}

/* What a thread needs meanwhile. */
struct scratch {
	bool ready; /* what is found out once, is */
	struct pale_symmetry symmetry;
	struct pale_state state, next;
	struct pale_move moves[PALE_MOVES_MAX];
};

static void
initial(const void *ctx, uint64_t *ret_state)
{
	const struct pale_model *model = ctx;

	pale_model_pack(model, model->initial, ret_state);
}

static void
take(const struct pale_model *model, struct scratch *scratch, const struct pale_move *move,
    struct pale_steps *steps)
{
	struct pale_event event;

	pale_model_copy(model, &scratch->next, &scratch->state);
	if (!pale_model_step(model, &scratch->next, move, &event))
		return;
	pale_model_pack(model, &scratch->next,
	    pale_steps_add(steps, pale_world_label(model, move),
		pale_property_judge(model, &scratch->state, move, &event, &scratch->next)));
}

static void
successors(
    const void *ctx, void *memory, const uint64_t *state, unsigned flags, struct pale_steps *steps)
{
	const struct pale_model *model = ctx;
	struct scratch *scratch = memory;

	(void)flags;
	pale_model_unpack(model, state, &scratch->state);
	steps->final = pale_model_is_over(model, &scratch->state);
	steps->here = pale_property_here(model, &scratch->state);
	for (unsigned p = 0; p < model->process_count; p++) {
		unsigned count =
		    pale_model_moves(model, &scratch->state, p, scratch->moves, PALE_MOVES_MAX);

		for (unsigned i = 0; i < count && i < PALE_MOVES_MAX; i++)
			take(model, scratch, &scratch->moves[i], steps);
	}
}

static void
canonical(const void *ctx, void *memory, uint64_t *state)
{
	const struct pale_model *model = ctx;
	struct scratch *scratch = memory;

	if (!scratch->ready) {
		pale_symmetry_find(model, &scratch->symmetry);
		scratch->ready = true;
	}
	pale_model_unpack(model, state, &scratch->next);
	pale_symmetry_canonical(model, &scratch->symmetry, &scratch->next);
	pale_model_pack(model, &scratch->next, state);
}

static const char *
actor(const void *ctx, uint32_t label)
{
	const struct pale_model *model = ctx;

	return pale_model_actor(model, pale_world_move(model, label).process);
}

static int
print(const void *ctx, const uint64_t *before, uint32_t label, const uint64_t *after, char *buf,
    size_t size)
{
	const struct pale_model *model = ctx;
	struct pale_move move = pale_world_move(model, label);
	struct pale_state from = { 0 }, next, to = { 0 };
	struct pale_event event;

	pale_model_unpack(model, before, &from);
	pale_model_unpack(model, after, &to);
	next = from;
	if (!pale_model_step(model, &next, &move, &event))
		return snprintf(buf, size, "a step that cannot be taken");
	return pale_model_print(model, &from, &move, &event, &to, buf, size);
}

void
pale_world_system(const struct pale_model *model, struct pale_system *ret_system)
{
	uint32_t properties = (UINT32_C(1) << PALE_PROPERTY_NEVER) - 1;
	struct pale_symmetry symmetry;

	properties |= ((UINT32_C(1) << model->never_count) - 1) << PALE_PROPERTY_NEVER;
	pale_symmetry_find(model, &symmetry);
	*ret_system = (struct pale_system){
		.ctx = model,
		.words = pale_model_words(model),
		.scratch_bytes = sizeof(struct scratch),
		.properties = properties,
		.initial = initial,
		.successors = successors,
		.canonical = symmetry.any ? canonical : NULL,
		.actor = actor,
		.print = print,
	};
}

double
pale_world_estimate(const struct pale_model *model, double *ret_bytes)
{
	double states =
	    ldexp(1, pale_model_bits(model) < 1000 ? (int)pale_model_bits(model) : 1000);

	if (ret_bytes != NULL)
		*ret_bytes = states * (8.0 * pale_model_words(model) + 12);
	return states;
}
