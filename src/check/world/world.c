/* SPDX-License-Identifier: BSD-2-Clause */
/* A scenario as a system; see world.h. */
#include "check/world/world.h"

#include <stdio.h>

#include "check/world/footprint.h"
#include "check/world/recall.h"
#include "check/world/symmetry.h"
#include "model/pack.h"
#include "model/property.h"

/* A label: process, phase, site and the two descriptors, from the highest bit on. */
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

enum {
	FUSED_MAX = 512, /* steps made one; a walk that never ends is met again as a state */
};

/* What a thread needs meanwhile. */
struct scratch {
	bool ready; /* what is found out once, is */
	struct pale_symmetry symmetry;
	struct pale_footprint footprint;
	struct pale_state state, next[2];
	struct pale_future others[PALE_MODEL_PROCESSES]; /* in the state whose steps are taken */
	struct pale_move moves[PALE_MOVES_MAX];
	bool programs; /* there is somebody who must go on */
	bool recalls;
	struct pale_recall recall;
};

static void
get_ready(const struct pale_model *model, struct scratch *scratch)
{
	if (scratch->ready)
		return;
	pale_symmetry_find(model, &scratch->symmetry);
	pale_footprint_find(model, &scratch->symmetry, &scratch->footprint);
	scratch->recalls = pale_recall_prepare(&scratch->recall, model);
	for (size_t c = 0; c < model->compartment_count; c++)
		scratch->programs |= !model->compartments[c].adversary;
	pale_model_copy(model, &scratch->state, model->initial);
	for (unsigned i = 0; i < 2; i++)
		pale_model_copy(model, &scratch->next[i], model->initial);
	scratch->ready = true;
}

static void
initial(const void *ctx, uint64_t *ret_state)
{
	const struct pale_model *model = ctx;

	pale_model_pack(model, model->initial, ret_state);
}

/* A step; part: where it is remembered, or NULL. */
static void
take(const struct pale_model *model, struct scratch *scratch, const struct pale_move *move,
    struct pale_recall_part *part, struct pale_steps *steps)
{
	struct pale_state *next = &scratch->next[0];
	uint32_t label = pale_world_label(model, move), violates;
	struct pale_event event;
	uint64_t *to;
	bool local;

	pale_model_copy_again(model, next, &scratch->state);
	if (!pale_model_step(model, next, move, &event))
		return;
	violates = pale_property_judge(model, &scratch->state, move, &event, next);
	to = pale_steps_add(steps, label, violates);
	pale_model_pack(model, next, to);
	if (part == NULL)
		return;
	local = pale_recall_is_local(model, &scratch->state, move, &event, next);
	pale_recall_add(&scratch->recall, part, label, violates, local ? to : NULL);
}

/* The state whose steps are taken, unpacked when it is first needed. */
static void
unpack_once(
    const struct pale_model *model, struct scratch *scratch, const uint64_t *words, bool *unpacked)
{
	if (!*unpacked)
		pale_model_unpack_again(model, words, &scratch->state);
	*unpacked = true;
}

/* All steps of a process, computed or recalled. */
static void
take_all(const struct pale_model *model, struct scratch *scratch, const uint64_t *words, unsigned p,
    bool *unpacked, struct pale_steps *steps)
{
	struct pale_recall *recall = &scratch->recall;
	struct pale_recall_part *part = NULL;
	unsigned count;

	if (scratch->recalls && pale_recall_find(recall, words, p, &part)) {
		for (uint32_t i = part->first; i < part->first + part->count; i++) {
			const struct pale_recall_step *step = &recall->steps[i];
			struct pale_move move;

			if (step->violates != PALE_RECALL_WHOLE) {
				pale_recall_apply(recall, words, p, i,
				    pale_steps_add(steps, step->label, step->violates));
				continue;
			}
			move = pale_world_move(model, step->label);
			unpack_once(model, scratch, words, unpacked);
			take(model, scratch, &move, NULL, steps);
		}
		return;
	}
	unpack_once(model, scratch, words, unpacked);
	count = pale_model_moves(model, &scratch->state, p, scratch->moves, PALE_MOVES_MAX);
	for (unsigned i = 0; i < count && i < PALE_MOVES_MAX; i++)
		take(model, scratch, &scratch->moves[i], part, steps);
}

/* Several steps in a row that become one. */
struct fusing {
	const struct pale_model *model;
	struct scratch *scratch;
	struct pale_steps *parts; /* NULL: nobody wants to know them */
	const struct pale_state *at;
	unsigned which; /* of scratch->next is free */
	unsigned count;
	uint32_t violates;
	bool names_changed;
};

/* What became of an attempt. */
enum fused {
	FUSED_NOT, /* it cannot be taken, or not at once */
	FUSED_STEP,
	FUSED_VAIN, /* all that was done so far is not worth a state */
};

/*
 * Take a step more. always: also one that is not private; whether it was (or can be put off) is
 * returned there.
 */
static enum fused
fuse(struct fusing *f, const struct pale_move *move, const struct pale_future *others, bool always,
    bool *ret_more)
{
	const struct pale_model *model = f->model;
	struct pale_state *next = &f->scratch->next[f->which];
	struct pale_event event;
	struct pale_taken taken = {
		.model = model,
		.footprint = &f->scratch->footprint,
		.before = f->at,
		.after = next,
		.move = move,
		.event = &event,
		.others = others,
	};
	uint32_t violates;

	pale_model_copy_again(model, next, f->at);
	if (!pale_model_step(model, next, move, &event))
		return FUSED_NOT;
	*ret_more = pale_footprint_is_mover(&taken) || pale_footprint_is_private(&taken);
	if (!always && !*ret_more)
		return FUSED_NOT;
	violates = pale_property_judge(model, f->at, move, &event, next);
	if (violates == 0 && pale_footprint_is_vain(&taken))
		return FUSED_VAIN;
	f->violates = violates;
	f->names_changed |= event.names_changed;
	f->at = next;
	f->which = 1 - f->which;
	f->count++;
	if (f->parts != NULL)
		pale_model_pack(
		    model, next, pale_steps_add(f->parts, pale_world_label(model, move), violates));
	return FUSED_STEP;
}

/* Whatever is violated is violated by the last step, or by the state behind it. */
static bool
may_go_on(const struct fusing *f)
{
	return f->count < FUSED_MAX && f->violates == 0 && pale_property_here(f->model, f->at) == 0;
}

/* The one step that a process has which is under way, or in a program. */
static bool
only_move(const struct fusing *f, unsigned p, struct pale_move *ret_move)
{
	const struct pale_process *process = &f->at->processes[p];

	if (process->status != PALE_PROCESS_RUNS ||
	    (process->phase == PALE_PHASE_IDLE &&
		f->model->compartments[f->model->compartment_of[p]].adversary))
		return false;
	return pale_model_moves(f->model, f->at, p, ret_move, 1) == 1;
}

/* Of one process the private steps that it has now. */
static enum fused
settle(struct fusing *f, unsigned p)
{
	struct pale_future others;
	enum fused fused = FUSED_NOT, last = FUSED_STEP;
	struct pale_move move;
	bool more;

	while (last == FUSED_STEP && may_go_on(f) && only_move(f, p, &move)) {
		others = pale_footprint_others(f->model, &f->scratch->footprint, f->at, p);
		last = fuse(f, &move, &others, false, &more);
		if (last != FUSED_NOT)
			fused = last;
	}
	return fused;
}

/* What was not private before became so only by what has been done since. */
static bool
is_news(const struct fusing *f, unsigned p)
{
	struct pale_future others;

	if (f->names_changed)
		return true;
	others = pale_footprint_others(f->model, &f->scratch->footprint, f->at, p);
	return !pale_future_is_same(&others, &f->scratch->others[p]);
}

/*
 * A step, and at once all those behind it that nobody can see between: of a lookup the start, then
 * one step that reads what others may change, then whatever is private. False: there is none, or
 * it is in vain.
 */
static bool
reduce(struct fusing *f, const struct pale_move *move)
{
	unsigned p = move->process;
	const struct pale_future *others = &f->scratch->others[p];
	struct pale_move next = *move;
	bool more = false;
	enum fused fused = fuse(f, move, others, true, &more);

	if (fused != FUSED_STEP)
		return false;
	while (more && f->at->processes[p].phase != PALE_PHASE_IDLE && may_go_on(f) &&
	    fused == FUSED_STEP && only_move(f, p, &next))
		fused = fuse(f, &next, others, true, &more);
	if (fused == FUSED_VAIN || settle(f, p) == FUSED_VAIN)
		return false;
	for (bool any = true; any;) {
		any = false;
		for (unsigned q = 0; q < f->model->process_count; q++) {
			struct pale_move unused;

			if (q == p || !only_move(f, q, &unused) || !is_news(f, q))
				continue;
			fused = settle(f, q);
			if (fused == FUSED_VAIN)
				return false;
			any |= fused == FUSED_STEP;
		}
	}
	return true;
}

static void
take_reduced(const struct pale_model *model, struct scratch *scratch, const struct pale_move *move,
    struct pale_steps *steps)
{
	struct fusing f = { .model = model, .scratch = scratch, .at = &scratch->state };

	if (!reduce(&f, move))
		return;
	pale_model_pack(
	    model, f.at, pale_steps_add(steps, pale_world_label(model, move), f.violates));
}

/* The state whose steps are taken. */
static void
stand_at(const struct pale_model *model, struct scratch *scratch, const uint64_t *state)
{
	get_ready(model, scratch);
	pale_model_unpack_again(model, state, &scratch->state);
	for (unsigned p = 0; p < model->process_count; p++)
		scratch->others[p] =
		    pale_footprint_others(model, &scratch->footprint, &scratch->state, p);
}

static void
successors_reduced(const struct pale_model *model, struct scratch *scratch, const uint64_t *state,
    struct pale_steps *steps)
{
	stand_at(model, scratch, state);
	steps->final = pale_model_is_over(model, &scratch->state);
	steps->here = pale_property_here(model, &scratch->state);
	for (unsigned p = 0; p < model->process_count; p++) {
		unsigned count =
		    pale_model_moves(model, &scratch->state, p, scratch->moves, PALE_MOVES_MAX);

		for (unsigned i = 0; i < count && i < PALE_MOVES_MAX; i++)
			take_reduced(model, scratch, &scratch->moves[i], steps);
	}
}

static void
successors(
    const void *ctx, void *memory, const uint64_t *state, unsigned flags, struct pale_steps *steps)
{
	const struct pale_model *model = ctx;
	struct scratch *scratch = memory;
	bool unpacked = false;

	if ((flags & PALE_STEPS_REDUCED) != 0) {
		successors_reduced(model, scratch, state, steps);
		return;
	}
	get_ready(model, scratch);
	steps->final = true;
	if (scratch->programs || model->never_count > 0) {
		unpack_once(model, scratch, state, &unpacked);
		steps->final = pale_model_is_over(model, &scratch->state);
		steps->here = pale_property_here(model, &scratch->state);
	}
	for (unsigned p = 0; p < model->process_count; p++)
		take_all(model, scratch, state, p, &unpacked, steps);
}

static void
parts(
    const void *ctx, void *memory, const uint64_t *state, uint32_t label, struct pale_steps *steps)
{
	const struct pale_model *model = ctx;
	struct scratch *scratch = memory;
	struct pale_move move = pale_world_move(model, label);
	struct fusing f = {
		.model = model, .scratch = scratch, .at = &scratch->state, .parts = steps
	};

	stand_at(model, scratch, state);
	reduce(&f, &move);
}

static void
canonical(const void *ctx, void *memory, uint64_t *state)
{
	const struct pale_model *model = ctx;
	struct scratch *scratch = memory;

	get_ready(model, scratch);
	pale_model_unpack_again(model, state, &scratch->next[0]);
	pale_symmetry_canonical(model, &scratch->symmetry, &scratch->next[0]);
	pale_model_pack(model, &scratch->next[0], state);
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
		.parts = parts,
		.canonical = symmetry.any ? canonical : NULL,
		.actor = actor,
		.print = print,
	};
}
