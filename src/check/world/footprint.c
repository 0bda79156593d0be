/* SPDX-License-Identifier: BSD-2-Clause */
/* What a step reads and what others may still write; see footprint.h. */
#include "check/world/footprint.h"

#include <string.h>

#include "check/system.h"
#include "model/ops.h"
#include "model/pack.h"
#include "model/tree.h"
#include "model/walkers.h"

#define BIT(n) (UINT32_C(1) << (n))

/* The name at the end of a path: what a call makes, moves or removes. */
static uint64_t
last_name(const struct pale_model *model, pale_walker_rest path)
{
	for (size_t i = 0; i < PALE_MODEL_RESTS && path != 0; i++) {
		const struct pale_walker_part *part = &model->rests[path].part;

		if (part->last)
			return part->kind == PALE_WALKER_NAME ? UINT64_C(1) << part->name : 0;
		path = part->rest;
	}
	return 0;
}

/* O_CREAT makes what a dangling link leads to: any link there is or may be. */
static uint64_t
names_behind_links(const struct pale_model *model)
{
	uint64_t names = 0;

	for (unsigned i = 1; i <= model->inode_count; i++)
		names |= last_name(model, model->initial->inodes[i].target);
	for (size_t i = 1; i < model->site_count; i++)
		if (model->sites[i].op == PALE_CALL_symlinkat)
			names |= last_name(model, model->sites[i].path[0]);
	return names;
}

static struct pale_future
future_of(const struct pale_model *model, const struct pale_site *site)
{
	const char *walks = pale_model_calls[site->op].walks;
	struct pale_future future = { .any = true };

	for (unsigned i = 0; walks[i] != '\0'; i++)
		if (walks[i] == 'P')
			future.names |=
			    last_name(model, site->path[site->op == PALE_CALL_symlinkat ? 1 : i]);
	if (pale_site_creates(site))
		future.names |= last_name(model, site->path[0]) | names_behind_links(model);
	future.renames = site->op == PALE_CALL_renameat;
	future.modes = site->op == PALE_CALL_fchmod || site->op == PALE_CALL_fchmodat ||
	    (site->flags & PALE_F_TRUNC) != 0;
	return future;
}

static void
join(struct pale_future *to, const struct pale_future *from)
{
	to->names |= from->names;
	to->renames |= from->renames;
	to->modes |= from->modes;
	to->any |= from->any;
}

/* Do the assertions that are looked at have such a term? */
static bool
has_term(const struct pale_model *model, enum pale_term_kind kind)
{
	for (size_t i = 0; i < model->never_count; i++) {
		const struct pale_never *never = &model->nevers[i];

		if ((model->properties & BIT(PALE_PROPERTY_NEVER + i)) == 0)
			continue;
		for (size_t j = 0; j < never->count; j++)
			if (never->terms[j].kind == kind)
				return true;
	}
	return false;
}

/* A call in vain holds inodes meanwhile, so that another may find no room. Whoever may fail at that
 * without harm is an adversary. */
static bool
is_room_harmless(const struct pale_model *model)
{
	for (unsigned i = 0; i < model->compartment_count; i++) {
		const struct pale_model_compartment *c = &model->compartments[i];

		for (unsigned j = 0; j < c->site_count; j++) {
			const struct pale_site *site = &model->sites[c->first_site + j];

			if (!c->adversary &&
			    (pale_site_creates(site) || site->op == PALE_CALL_mkdirat ||
				site->op == PALE_CALL_mkfifoat || site->op == PALE_CALL_bind ||
				site->op == PALE_CALL_symlinkat))
				return false;
		}
	}
	return true;
}

void
pale_footprint_find(const struct pale_model *model, const struct pale_symmetry *symmetry,
    struct pale_footprint *ret)
{
	*ret = (struct pale_footprint){ 0 };
	memcpy(ret->once, symmetry->once, sizeof(ret->once));
	for (unsigned i = 0; i < model->compartment_count; i++) {
		const struct pale_model_compartment *c = &model->compartments[i];

		for (unsigned j = c->site_count; j-- > 0;) {
			unsigned site = c->first_site + j;

			ret->calls[site] = future_of(model, &model->sites[site]);
			join(&ret->all[i], &ret->calls[site]);
			ret->programs[site] = ret->all[i];
		}
	}
	ret->vain = is_room_harmless(model) && !has_term(model, PALE_TERM_blocked) &&
	    !has_term(model, PALE_TERM_finished);
	ret->starts = !has_term(model, PALE_TERM_blocked);
	ret->rights = (model->properties & BIT(PALE_PROPERTY_RIGHTS)) != 0;
	ret->sees_use = has_term(model, PALE_TERM_used);
}

struct pale_future
pale_footprint_others(const struct pale_model *model, const struct pale_footprint *footprint,
    const struct pale_state *state, unsigned p)
{
	struct pale_future future = { 0 };

	for (unsigned q = 0; q < model->process_count; q++) {
		const struct pale_process *process = &state->processes[q];
		unsigned compartment = model->compartment_of[q];
		const struct pale_model_compartment *c = &model->compartments[compartment];

		if (q == p || process->status > PALE_PROCESS_RUNS)
			continue;
		if (process->phase != PALE_PHASE_IDLE)
			join(&future, &footprint->calls[process->site]);
		if (!c->adversary && process->pc < c->site_count)
			join(&future, &footprint->programs[c->first_site + process->pc]);
		else if (c->adversary && process->calls != 0)
			join(&future, &footprint->all[compartment]);
	}
	return future;
}

bool
pale_future_is_same(const struct pale_future *a, const struct pale_future *b)
{
	return a->names == b->names && a->renames == b->renames && a->modes == b->modes &&
	    a->any == b->any;
}

/* Is all that the walk asked of the tree as it will always be, whatever others do? */
static bool
is_settled(const struct pale_taken *taken)
{
	const struct pale_reads *reads = &taken->event->reads;
	const struct pale_future *others = taken->others;

	if ((reads->names & others->names) != 0 || (reads->sequence && others->renames) ||
	    (reads->lock && others->any) || others->modes)
		return false;
	if (others->names == 0)
		return true;
	/* A directory moves by its name, and where it was removed never again. */
	for (uint32_t left = reads->parents; left != 0; left &= left - 1) {
		unsigned node = (unsigned)__builtin_ctz(left);
		const struct pale_inode *inode = &taken->before->inodes[node];

		if (node == 0 || node > taken->model->inode_room)
			return false;
		if (inode->type != PALE_INODE_DIR ||
		    (inode->linked && (others->names >> inode->name & 1) != 0))
			return false;
	}
	return true;
}

/* The end of a call that has looked something up, and changes nothing but its own process. */
static bool
is_own_finish(const struct pale_taken *taken)
{
	static const bool looks[PALE_CALL_COUNT] = {
		[PALE_CALL_openat] = true,
		[PALE_CALL_open] = true,
		[PALE_CALL_fstatat] = true,
		[PALE_CALL_chdir] = true,
	};
	const struct pale_site *site = &taken->model->sites[taken->move->site];
	const struct pale_process *process = &taken->before->processes[taken->move->process];
	unsigned type = taken->before->inodes[process->slots[PALE_WALKER_AT]].type;

	if (!looks[site->op] || taken->event->ended || pale_site_creates(site) ||
	    (site->flags & PALE_F_TRUNC) != 0)
		return false;
	if (taken->footprint->rights && taken->others->names != 0)
		return false;
	/* A FIFO or socket has others at its other end. */
	return type == PALE_INODE_DIR || type == PALE_INODE_FILE || type == PALE_INODE_LINK;
}

/* A call of one step that has to do with its own process only. */
static bool
is_own_call(const struct pale_taken *taken)
{
	static const bool own[PALE_CALL_COUNT] = {
		[PALE_CALL_umask] = true,
		[PALE_CALL_sigpipe_ignore] = true,
		[PALE_CALL_check] = true,
		[PALE_CALL_use] = true,
	};
	const struct pale_site *site = &taken->model->sites[taken->move->site];

	return own[site->op] && !taken->event->ended &&
	    (site->op != PALE_CALL_use || !taken->footprint->sees_use);
}

bool
pale_footprint_is_private(const struct pale_taken *taken)
{
	const struct pale_event *event = taken->event;
	unsigned phase = taken->move->phase;

	if (event->names_changed || event->kind == PALE_EVENT_WAITS || !is_settled(taken))
		return false;
	if (phase == PALE_PHASE_IDLE)
		return event->kind == PALE_EVENT_RESULT && is_own_call(taken);
	if (phase == PALE_PHASE_WALK)
		return event->kind == PALE_EVENT_STEP ||
		    (event->kind == PALE_EVENT_RESULT && !event->ended);
	if (phase != PALE_PHASE_FINISH)
		return false;
	/* The start of the second path; what O_CREAT does to the last component is no such. */
	if (event->kind == PALE_EVENT_START)
		return true;
	return event->kind == PALE_EVENT_RESULT && is_own_finish(taken);
}

bool
pale_footprint_is_mover(const struct pale_taken *taken)
{
	const struct pale_site *site = &taken->model->sites[taken->move->site];

	return taken->footprint->starts && taken->move->phase == PALE_PHASE_IDLE &&
	    taken->event->kind == PALE_EVENT_START && !site->atomic && is_settled(taken);
}

/* As if the call had not been made. */
static void
take_back(const struct pale_model *model, struct pale_state *state, unsigned p)
{
	struct pale_process *process = &state->processes[p];

	if (process->phase != PALE_PHASE_IDLE)
		process->calls++;
	process->phase = PALE_PHASE_IDLE;
	process->path = 0;
	process->site = 0;
	process->fd[0] = process->fd[1] = 0;
	process->first_node = 0;
	process->first_rest = 0;
	memset(process->slots, 0, sizeof(process->slots));
	process->moved = 0;
	process->seen_call = process->seen_union = 0;
	if (state->lock == p + 1)
		state->lock = 0;
	pale_tree_collect(model, state);
}

/* What it got it had already, and cannot close. */
static void
drop_double(const struct pale_taken *taken, struct pale_state *state)
{
	const struct pale_site *site = &taken->model->sites[taken->move->site];
	struct pale_process *process = &state->processes[taken->move->process];
	int slot = taken->event->got_fd[0];

	if (!taken->footprint->once[taken->model->compartment_of[taken->move->process]] ||
	    slot < 0 || site->to_fd[0] != PALE_FD_ANY || taken->event->got_fd[1] >= 0)
		return;
	for (int i = 0; i < PALE_MODEL_FDS; i++)
		if (i != slot &&
		    memcmp(&process->fds[i], &process->fds[slot], sizeof(process->fds[i])) == 0) {
			process->fds[slot] = (struct pale_fd){ 0 };
			return;
		}
}

bool
pale_footprint_is_vain(const struct pale_taken *taken)
{
	const struct pale_model *model = taken->model;
	unsigned p = taken->move->process;
	const struct pale_process *before = &taken->before->processes[p];
	const struct pale_model_compartment *c = &model->compartments[model->compartment_of[p]];
	uint64_t without[PALE_STATE_WORDS_MAX], with[PALE_STATE_WORDS_MAX];
	struct pale_process after = taken->after->processes[p];
	struct pale_state state;

	if (!taken->footprint->vain || !c->adversary || taken->event->kind != PALE_EVENT_RESULT ||
	    taken->event->ended || taken->event->names_changed || before->made != 0)
		return false;
	/* Most fail at once, and need no closer look. */
	after.calls++;
	if (taken->move->phase == PALE_PHASE_IDLE && taken->event->error != 0 &&
	    memcmp(&after, before, sizeof(after)) == 0)
		return true;
	pale_model_copy(model, &state, taken->before);
	take_back(model, &state, p);
	pale_model_pack(model, &state, without);
	pale_model_copy(model, &state, taken->after);
	state.processes[p].calls++;
	drop_double(taken, &state);
	pale_model_pack(model, &state, with);
	return memcmp(with, without, pale_model_words(model) * sizeof(*with)) == 0;
}
