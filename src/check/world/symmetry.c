/* SPDX-License-Identifier: BSD-2-Clause */
/* States that are alike; see symmetry.h. */
#include "check/world/symmetry.h"

#include <stddef.h>
#include <string.h>

#include "check/world/renumber.h"
#include "check/system.h"
#include "model/ops.h"
#include "model/pack.h"
#include "model/tree.h"

#define BIT(n) (UINT32_C(1) << (n))

enum {
	NAMELESS_MAX = 5, /* whose orders are all tried: 120. Of more some like states are kept */
};

static bool
is_lookup_only(enum pale_model_op op)
{
	return op == PALE_CALL_openat || op == PALE_CALL_open || op == PALE_CALL_mkdirat ||
	    op == PALE_CALL_unlinkat || op == PALE_CALL_renameat || op == PALE_CALL_linkat ||
	    op == PALE_CALL_symlinkat || op == PALE_CALL_mkfifoat || op == PALE_CALL_fstatat;
}

/* Slots that a scenario gives a meaning: by name, or from the start. */
static unsigned
named_slots(const struct pale_model *model, unsigned compartment)
{
	const struct pale_model_compartment *c = &model->compartments[compartment];
	unsigned named = 0;

	for (unsigned i = 0; i < PALE_MODEL_FDS; i++)
		if (c->delegated[i] != 0 || c->fd_names[i] != NULL)
			named |= 1U << i;
	for (unsigned i = 0; i < c->site_count; i++) {
		const struct pale_site *site = &model->sites[c->first_site + i];

		for (unsigned j = 0; j < 2; j++) {
			if (site->fd[j] < PALE_MODEL_FDS)
				named |= 1U << site->fd[j];
			if (site->to_fd[j] < PALE_MODEL_FDS)
				named |= 1U << site->to_fd[j];
			if (site->ref[j].kind == PALE_REF_FD)
				named |= 1U << site->ref[j].of;
		}
		/* A child names what its parent holds. */
		if (site->op == PALE_CALL_fork)
			return UINT8_MAX;
	}
	return named;
}

static bool
is_observed(const struct pale_model *model, unsigned compartment)
{
	for (size_t i = 0; i < model->never_count; i++) {
		if ((model->properties & BIT(PALE_PROPERTY_NEVER + i)) == 0)
			continue;
		for (size_t j = 0; j < model->nevers[i].count; j++) {
			const struct pale_term *term = &model->nevers[i].terms[j];

			if (term->who[0] == compartment + 1 || term->who[1] == compartment + 1)
				return true;
		}
	}
	return false;
}

/* Can the number of inodes that are held decide whether there is room for another? */
static bool
can_be_full(const struct pale_model *model)
{
	unsigned made = 0;

	for (unsigned p = 0; p < model->process_count; p++) {
		const struct pale_model_compartment *c =
		    &model->compartments[model->compartment_of[p]];
		unsigned makes = 0;

		for (unsigned i = 0; i < c->site_count; i++) {
			const struct pale_site *site = &model->sites[c->first_site + i];

			makes += site->op == PALE_CALL_mkdirat || site->op == PALE_CALL_mkfifoat ||
			    site->op == PALE_CALL_symlinkat || site->op == PALE_CALL_bind ||
			    pale_site_creates(site);
		}
		made += c->adversary ? (makes != 0 ? c->calls : 0) : makes;
	}
	return model->inode_count + made > model->inode_room;
}

static void
find_slots(const struct pale_model *model, struct pale_symmetry *s, unsigned compartment)
{
	const struct pale_model_compartment *c = &model->compartments[compartment];
	unsigned named = named_slots(model, compartment), held = 0, loose = 0;
	bool only = c->adversary, room;

	/* A free slot with a name must come before all that have none: the lowest is taken. */
	for (unsigned i = PALE_MODEL_FDS; i-- > 0 && (named >> i & 1) == 0;)
		loose |= 1U << i;
	for (unsigned i = 0; i < PALE_MODEL_FDS; i++)
		held += c->delegated[i] != 0;
	for (unsigned i = 0; i < c->site_count; i++)
		only &= is_lookup_only(model->sites[c->first_site + i].op);
	room = held + c->calls <= PALE_MODEL_FDS;
	s->loose[compartment] = (uint8_t)loose;
	s->once[compartment] = only && room && loose != 0;
	s->ends[compartment] = only && room && loose != 0 && !is_observed(model, compartment);
	s->last[compartment] =
	    s->ends[compartment] && (model->properties & BIT(PALE_PROPERTY_RIGHTS)) == 0;
	s->any |= (loose & (loose - 1)) != 0 || s->once[compartment];
}

static bool
is_like(const struct pale_model *model, unsigned p, unsigned q)
{
	const struct pale_model_compartment *c = &model->compartments[model->compartment_of[p]];

	if (model->compartment_of[p] != model->compartment_of[q] || model->born_later[p] ||
	    model->born_later[q])
		return false;
	for (unsigned i = 0; i < c->site_count; i++)
		if (model->sites[c->first_site + i].op == PALE_CALL_fork)
			return false;
	return memcmp(&model->initial->processes[p], &model->initial->processes[q],
		   sizeof(struct pale_process)) == 0;
}

/* Those that are stored: an entry that never changes has its place for ever. */
static uint32_t
changing_entries(const struct pale_model *model)
{
	uint32_t entries = 0;

	for (size_t i = 0; i < PALE_MODEL_ENTRIES; i++)
		if (pale_model_changes(model,
			offsetof(struct pale_state, entries) + i * sizeof(struct pale_entry),
			sizeof(struct pale_entry)))
			entries |= BIT(i);
	return entries;
}

void
pale_symmetry_find(const struct pale_model *model, struct pale_symmetry *ret)
{
	struct pale_symmetry s = { 0 };

	for (unsigned p = 0; p < model->process_count; p++)
		for (unsigned q = p + 1; q < model->process_count && s.like[p] == 0; q++)
			if (is_like(model, p, q)) {
				s.like[p] = (uint8_t)q;
				s.sorted = true;
			}
	for (unsigned i = 0; i < model->compartment_count; i++)
		find_slots(model, &s, i);
	s.fresh = model->inode_room > model->inode_count + 1;
	s.entries = changing_entries(model);
	if (can_be_full(model))
		for (unsigned i = model->inode_count + 1U; i <= model->inode_room; i++)
			s.held |= BIT(i);
	s.any |= s.sorted || s.fresh || (s.entries & (s.entries - 1)) != 0;
	*ret = s;
}

/* What no step will use any more. Returns whether anything was let go. */
static bool
let_go(const struct pale_model *model, const struct pale_symmetry *s, struct pale_state *state,
    unsigned p)
{
	struct pale_process *process = &state->processes[p];
	unsigned compartment = model->compartment_of[p], loose = s->loose[compartment];
	bool idle = process->phase == PALE_PHASE_IDLE, gone = false;
	const struct pale_site *site = &model->sites[process->site];
	uint8_t fd[2];

	if (process->calls != 0 || process->status != PALE_PROCESS_RUNS ||
	    !(idle ? s->ends[compartment] : s->last[compartment]))
		return false;
	pale_site_fds(site, process->fd, fd);
	for (unsigned i = 0; i < PALE_MODEL_FDS; i++) {
		const struct pale_fd *it = &process->fds[i];

		if ((loose >> i & 1) == 0 || it->kind != PALE_FD_INODE ||
		    (s->held >> it->of & 1) != 0 || (!idle && (fd[0] == i || fd[1] == i)))
			continue;
		process->fds[i] = (struct pale_fd){ 0 };
		gone = true;
	}
	return gone;
}

static bool
is_same_fd(const struct pale_fd *a, const struct pale_fd *b)
{
	return a->kind == b->kind && a->of == b->of && a->flags == b->flags &&
	    a->rights == b->rights && a->mount == b->mount && a->inode == b->inode;
}

/* One of two that are the same goes; a call under way that began with it began with the other. */
static void
drop_double(const struct pale_model *model, struct pale_process *process, unsigned slot)
{
	const struct pale_site *site = &model->sites[process->site];
	unsigned other = 0;

	while (other < PALE_MODEL_FDS &&
	    (other == slot || !is_same_fd(&process->fds[slot], &process->fds[other])))
		other++;
	if (other == PALE_MODEL_FDS)
		return;
	process->fds[slot] = (struct pale_fd){ 0 };
	for (unsigned i = 0; i < 2 && process->phase != PALE_PHASE_IDLE; i++)
		if (site->fd[i] == PALE_FD_ANY && process->fd[i] == slot)
			process->fd[i] = (uint8_t)other;
}

static void
hold_once(const struct pale_model *model, const struct pale_symmetry *s, struct pale_state *state,
    unsigned p)
{
	struct pale_process *process = &state->processes[p];
	unsigned loose = s->loose[model->compartment_of[p]];

	if (!s->once[model->compartment_of[p]])
		return;
	for (unsigned i = PALE_MODEL_FDS; i-- > 0;)
		if ((loose >> i & 1) != 0 && process->fds[i].kind == PALE_FD_INODE)
			drop_double(model, process, i);
}

/* The order of descriptors: what is there first; of equal ones that with which a call began. */
static uint64_t
order_of(const struct pale_model *model, const struct pale_process *process, unsigned slot)
{
	const struct pale_fd *fd = &process->fds[slot];
	const struct pale_site *site = &model->sites[process->site];
	unsigned began = 0;

	if (fd->kind == PALE_FD_NONE)
		return UINT64_MAX;
	for (unsigned i = 0; i < 2 && process->phase != PALE_PHASE_IDLE; i++)
		began |= (unsigned)(site->fd[i] == PALE_FD_ANY && process->fd[i] == slot) << i;
	return (uint64_t)fd->kind << 56 | (uint64_t)fd->of << 48 | (uint64_t)fd->flags << 32 |
	    (uint64_t)fd->rights << 24 | (uint64_t)fd->mount << 16 | (uint64_t)fd->inode << 8 |
	    (3 - began);
}

static void
swap_slots(const struct pale_model *model, struct pale_process *process, unsigned a, unsigned b)
{
	const struct pale_site *site = &model->sites[process->site];
	struct pale_fd fd = process->fds[a];

	process->fds[a] = process->fds[b];
	process->fds[b] = fd;
	for (unsigned i = 0; i < 2 && process->phase != PALE_PHASE_IDLE; i++) {
		if (site->fd[i] != PALE_FD_ANY)
			continue;
		if (process->fd[i] == a)
			process->fd[i] = (uint8_t)b;
		else if (process->fd[i] == b)
			process->fd[i] = (uint8_t)a;
	}
}

/* By insertion: they are few, and nearly sorted. */
static void
sort_slots(const struct pale_model *model, const struct pale_symmetry *s, struct pale_state *state,
    unsigned p)
{
	struct pale_process *process = &state->processes[p];
	unsigned loose = s->loose[model->compartment_of[p]];

	for (unsigned i = 1; i < PALE_MODEL_FDS; i++)
		for (unsigned j = i; j > 0 && (loose >> (j - 1) & 1) != 0 &&
		     order_of(model, process, j) < order_of(model, process, j - 1);
		     j--)
			swap_slots(model, process, j, j - 1);
}

static void
sort_entries(struct pale_state *state, uint32_t which)
{
	struct pale_entry sorted[PALE_MODEL_ENTRIES];
	unsigned count = 0, next = 0;

	for (uint32_t left = which; left != 0; left &= left - 1) {
		struct pale_entry entry = state->entries[__builtin_ctz(left)];
		unsigned i = count;

		if (entry.dir == 0)
			continue;
		for (; i > 0 &&
		     (sorted[i - 1].dir << 8 | sorted[i - 1].name) > (entry.dir << 8 | entry.name);
		     i--)
			sorted[i] = sorted[i - 1];
		sorted[i] = entry;
		count++;
	}
	for (; which != 0; which &= which - 1, next++)
		state->entries[__builtin_ctz(which)] =
		    next < count ? sorted[next] : (struct pale_entry){ 0 };
}

/* Two processes change places. */
static void
swap_processes(struct pale_state *state, unsigned p, unsigned q)
{
	struct pale_process process = state->processes[p];

	state->processes[p] = state->processes[q];
	state->processes[q] = process;
	if (state->lock == p + 1)
		state->lock = (uint8_t)(q + 1);
	else if (state->lock == q + 1)
		state->lock = (uint8_t)(p + 1);
	for (unsigned i = 0; i < PALE_MODEL_SOCKETS; i++) {
		uint8_t *of = &state->sockets[i].process;

		if (*of == p + 1)
			*of = (uint8_t)(q + 1);
		else if (*of == q + 1)
			*of = (uint8_t)(p + 1);
	}
}

/* What tells two processes apart beside themselves: the lock, and ends that they made. */
static uint32_t
marks_of(const struct pale_state *state, unsigned p)
{
	uint32_t marks = state->lock == p + 1;

	for (unsigned i = 0; i < PALE_MODEL_SOCKETS; i++)
		marks |= (uint32_t)(state->sockets[i].process == p + 1) << (i + 1);
	return marks;
}

static bool
is_after(const struct pale_state *state, unsigned p, unsigned q)
{
	int order = memcmp(&state->processes[p], &state->processes[q], sizeof(state->processes[p]));

	return order > 0 || (order == 0 && marks_of(state, p) > marks_of(state, q));
}

/* By neighbours of a kind: they are a handful. */
static void
sort_processes(
    const struct pale_model *model, const struct pale_symmetry *s, struct pale_state *state)
{
	for (bool moved = true; moved;) {
		moved = false;
		for (unsigned p = 0; p < model->process_count; p++) {
			if (s->like[p] == 0 || !is_after(state, p, s->like[p]))
				continue;
			swap_processes(state, p, s->like[p]);
			moved = true;
		}
	}
}

/* All that has an order, once inodes have their numbers. */
static void
arrange(const struct pale_model *model, const struct pale_symmetry *s, struct pale_state *state)
{
	if ((s->entries & (s->entries - 1)) != 0)
		sort_entries(state, s->entries);
	for (unsigned p = 0; p < model->process_count; p++)
		sort_slots(model, s, state, p);
	if (s->sorted)
		sort_processes(model, s, state);
}

/* The next order of so many numbers, as a sequence of words has one; false after the last. */
static bool
next_order(uint8_t *numbers, unsigned count)
{
	unsigned i = count - 1, j = count - 1;
	uint8_t number;

	while (i > 0 && numbers[i - 1] > numbers[i])
		i--;
	if (i == 0)
		return false;
	while (numbers[j] < numbers[i - 1])
		j--;
	number = numbers[i - 1];
	numbers[i - 1] = numbers[j];
	numbers[j] = number;
	for (j = count - 1; i < j; i++, j--) {
		number = numbers[i];
		numbers[i] = numbers[j];
		numbers[j] = number;
	}
	return true;
}

/*
 * Inodes without a name are told apart only by who holds them, and processes also by what they
 * hold: of all orders of such inodes the one whose state is the smallest.
 */
static void
arrange_nameless(const struct pale_model *model, const struct pale_symmetry *s,
    struct pale_state *state, unsigned count)
{
	uint64_t least[PALE_STATE_WORDS_MAX] = { 0 }, words[PALE_STATE_WORDS_MAX] = { 0 };
	uint8_t map[PALE_MODEL_INODES];
	unsigned first = model->inode_count + 1U;
	size_t bytes = pale_model_words(model) * sizeof(*words);
	struct pale_state other;
	bool any = false;

	while (state->inodes[first].linked || pale_tree_is_named(model, state, first))
		first++;
	for (unsigned i = 0; i < PALE_MODEL_INODES; i++)
		map[i] = (uint8_t)i;
	do {
		pale_model_copy(model, &other, state);
		pale_renumber(model, &other, map);
		arrange(model, s, &other);
		pale_model_pack(model, &other, words);
		if (!any || memcmp(words, least, bytes) < 0)
			memcpy(least, words, bytes);
		any = true;
	} while (next_order(map + first, count));
	pale_model_unpack(model, least, state);
}

void
pale_symmetry_canonical(
    const struct pale_model *model, const struct pale_symmetry *s, struct pale_state *state)
{
	unsigned nameless = 0;
	bool gone = false;

	for (unsigned p = 0; p < model->process_count; p++)
		gone |= let_go(model, s, state, p);
	if (gone)
		pale_tree_collect(model, state);
	if (s->fresh && pale_renumber_has_fresh(model, state))
		nameless = pale_renumber_named(model, state);
	for (unsigned p = 0; p < model->process_count; p++)
		hold_once(model, s, state, p);
	if (nameless > 1)
		arrange_nameless(
		    model, s, state, nameless < NAMELESS_MAX ? nameless : NAMELESS_MAX);
	else
		arrange(model, s, state);
}
