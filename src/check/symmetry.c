/* SPDX-License-Identifier: BSD-2-Clause */
/* States that are alike; see symmetry.h. */
#include "check/symmetry.h"

#include <stddef.h>
#include <string.h>

#include "model/ops.h"
#include "model/pack.h"
#include "model/tree.h"
#include "model/walkers.h"

#define BIT(n) (UINT32_C(1) << (n))

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

/* The order of descriptors: what is there first. */
static uint64_t
order_of(const struct pale_fd *fd, const uint8_t *map)
{
	unsigned of = fd->kind == PALE_FD_INODE ? map[fd->of] : fd->of;

	if (fd->kind == PALE_FD_NONE)
		return UINT64_MAX;
	return (uint64_t)fd->kind << 48 | (uint64_t)of << 40 | (uint64_t)fd->flags << 24 |
	    (uint64_t)fd->rights << 16 | (uint64_t)map[fd->mount] << 8 | map[fd->inode];
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

/* By insertion: they are few, and nearly sorted; equal ones stay as they are. */
static void
sort_slots(const struct pale_model *model, const struct pale_symmetry *s, struct pale_state *state,
    unsigned p, const uint8_t *map)
{
	struct pale_process *process = &state->processes[p];
	unsigned loose = s->loose[model->compartment_of[p]];

	for (unsigned i = 1; i < PALE_MODEL_FDS; i++)
		for (unsigned j = i; j > 0 && (loose >> (j - 1) & 1) != 0 &&
		     order_of(&process->fds[j], map) < order_of(&process->fds[j - 1], map);
		     j--)
			swap_slots(model, process, j, j - 1);
}

/* New numbers of inodes; map[0] is 0. */
static void
map_fd(struct pale_fd *fd, const uint8_t *map)
{
	if (fd->kind == PALE_FD_INODE)
		fd->of = map[fd->of];
	fd->mount = map[fd->mount];
	fd->inode = map[fd->inode];
}

static uint32_t
map_bits(uint32_t bits, const uint8_t *map)
{
	uint32_t mapped = 0;

	for (; bits != 0; bits &= bits - 1)
		mapped |= BIT(map[__builtin_ctz(bits)]);
	return mapped;
}

static void
map_process(struct pale_process *process, const struct pale_walker *walker, const uint8_t *map)
{
	process->cwd = map[process->cwd];
	process->root = map[process->root];
	process->cwd_mount = map[process->cwd_mount];
	process->runs = map[process->runs];
	process->first_node = map[process->first_node];
	process->seen_call = map_bits(process->seen_call, map);
	process->seen_union = map_bits(process->seen_union, map);
	for (unsigned i = 0; i < PALE_MODEL_FDS; i++)
		map_fd(&process->fds[i], map);
	for (unsigned i = 1; i <= PALE_MODEL_VARS; i++)
		if (process->vars[i].kind == PALE_VAR_INODE)
			process->vars[i].of = map[process->vars[i].of];
	for (unsigned i = 0; i < walker->slot_count; i++)
		if (walker->slots[i].kind == PALE_WALKER_NODE)
			process->slots[i] = map[process->slots[i]];
}

static void
map_rest(struct pale_state *state, const uint8_t *map)
{
	for (unsigned i = 0; i < PALE_MODEL_PIPES; i++)
		state->pipes[i].inode = map[state->pipes[i].inode];
	for (unsigned i = 0; i < PALE_MODEL_SOCKETS; i++) {
		struct pale_socket *socket = &state->sockets[i];

		socket->inode = map[socket->inode];
		for (unsigned j = 0; j < PALE_MODEL_PIPE_DEPTH; j++)
			map_fd(&socket->passed[j], map);
	}
	for (unsigned i = 0; i < PALE_MODEL_ENTRIES; i++) {
		state->entries[i].dir = map[state->entries[i].dir];
		state->entries[i].inode = map[state->entries[i].inode];
	}
}

static void
map_inodes(const struct pale_model *model, struct pale_state *state, const uint8_t *map)
{
	struct pale_inode inodes[PALE_MODEL_INODES];

	memcpy(inodes, state->inodes, sizeof(inodes));
	for (unsigned i = 1; i <= model->inode_room; i++) {
		inodes[i].parent = map[inodes[i].parent];
		state->inodes[map[i]] = inodes[i];
	}
}

/* The fresh inodes, while they get their numbers. */
struct fresh {
	const struct pale_model *model;
	const struct pale_state *state;
	uint8_t map[PALE_MODEL_INODES]; /* fresh ones: 0 until they have one */
	unsigned next;
};

static void
number(struct fresh *fresh, unsigned inode)
{
	if (inode > fresh->model->inode_count && fresh->map[inode] == 0)
		fresh->map[inode] = (uint8_t)fresh->next++;
}

/* Of the names in directories that have their numbers, the first that leads to one that has none.
 * Names are different in a directory, so the order depends on nothing else. */
static unsigned
first_named(const struct fresh *fresh)
{
	const struct pale_state *state = fresh->state;
	unsigned best = 0, best_key = UINT32_MAX;

	for (unsigned i = fresh->model->inode_count + 1U; i <= fresh->model->inode_room; i++) {
		const struct pale_inode *inode = &state->inodes[i];
		unsigned key = (unsigned)fresh->map[inode->parent] << 8 | inode->name;

		if (inode->linked && fresh->map[i] == 0 && fresh->map[inode->parent] != 0 &&
		    key < best_key) {
			best = i;
			best_key = key;
		}
	}
	for (unsigned i = 0; i < PALE_MODEL_ENTRIES; i++) {
		const struct pale_entry *entry = &state->entries[i];
		unsigned key = (unsigned)fresh->map[entry->dir] << 8 | entry->name;

		if (entry->dir != 0 && fresh->map[entry->inode] == 0 &&
		    fresh->map[entry->dir] != 0 && key < best_key) {
			best = entry->inode;
			best_key = key;
		}
	}
	return best;
}

/* What has no name is met in processes; where these are alike but for it, by their order. */
static void
number_held(struct fresh *fresh)
{
	for (unsigned p = 0; p < fresh->model->process_count; p++) {
		const struct pale_process *process = &fresh->state->processes[p];
		const struct pale_walker *walker = pale_model_walker(fresh->model, p);

		for (unsigned i = 0; i < walker->slot_count; i++)
			if (walker->slots[i].kind == PALE_WALKER_NODE)
				number(fresh, process->slots[i]);
		number(fresh, process->first_node);
		for (unsigned i = 0; i < PALE_MODEL_FDS; i++)
			if (process->fds[i].kind == PALE_FD_INODE)
				number(fresh, process->fds[i].of);
	}
	for (unsigned i = fresh->model->inode_count + 1U; i <= fresh->model->inode_room; i++)
		number(fresh, i);
}

static bool
is_identity(const struct pale_model *model, const uint8_t *map)
{
	for (unsigned i = model->inode_count + 1U; i <= model->inode_room; i++)
		if (map[i] != i)
			return false;
	return true;
}

static void
rename_inodes(const struct pale_model *model, struct pale_state *state, const uint8_t *map)
{
	if (is_identity(model, map))
		return;
	map_inodes(model, state, map);
	map_rest(state, map);
	for (unsigned p = 0; p < model->process_count; p++)
		map_process(&state->processes[p], pale_model_walker(model, p), map);
}

static bool
has_fresh(const struct pale_model *model, const struct pale_state *state)
{
	for (unsigned i = model->inode_count + 1U; i <= model->inode_room; i++)
		if (state->inodes[i].type != PALE_INODE_FREE)
			return true;
	return false;
}

/* Number what has a name; the rest follows, as it is. Then, with `held`, the rest by who has it. */
static void
number_fresh(const struct pale_model *model, struct pale_state *state, bool held)
{
	struct fresh fresh = { .model = model, .state = state, .next = model->inode_count + 1U };
	unsigned inode;

	for (unsigned i = 1; i <= model->inode_count; i++)
		fresh.map[i] = (uint8_t)i;
	while ((inode = first_named(&fresh)) != 0)
		number(&fresh, inode);
	if (held)
		number_held(&fresh);
	/* What is there before what is free, so that the lowest free number comes next. */
	for (unsigned i = model->inode_count + 1U; i <= model->inode_room; i++)
		if (state->inodes[i].type != PALE_INODE_FREE)
			number(&fresh, i);
	for (unsigned i = model->inode_count + 1U; i <= model->inode_room; i++)
		number(&fresh, i);
	rename_inodes(model, state, fresh.map);
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

/* What is fresh and has no name is left out of every order: its number means nothing yet. */
static void
mask_nameless(const struct pale_model *model, const struct pale_state *state, uint8_t *ret_map)
{
	for (unsigned i = 0; i < PALE_MODEL_INODES; i++)
		ret_map[i] = (uint8_t)i;
	for (unsigned i = model->inode_count + 1U; i <= model->inode_room; i++)
		if (!state->inodes[i].linked && !pale_tree_is_named(model, state, i))
			ret_map[i] = model->inode_room;
}

static void
sort_processes(const struct pale_model *model, const struct pale_symmetry *s,
    struct pale_state *state, const uint8_t *map)
{
	struct pale_process keys[PALE_MODEL_PROCESSES], key;

	memcpy(keys, state->processes, sizeof(keys));
	for (unsigned p = 0; map != NULL && p < model->process_count; p++)
		map_process(&keys[p], pale_model_walker(model, p), map);
	/* By neighbours of a kind: they are a handful. */
	for (bool moved = true; moved;) {
		moved = false;
		for (unsigned p = 0; p < model->process_count; p++) {
			unsigned q = s->like[p];

			if (q == 0 || memcmp(&keys[p], &keys[q], sizeof(keys[p])) <= 0)
				continue;
			swap_processes(state, p, q);
			key = keys[p];
			keys[p] = keys[q];
			keys[q] = key;
			moved = true;
		}
	}
}

void
pale_symmetry_canonical(
    const struct pale_model *model, const struct pale_symmetry *s, struct pale_state *state)
{
	bool gone = false, fresh;
	uint8_t map[PALE_MODEL_INODES];

	for (unsigned p = 0; p < model->process_count; p++)
		gone |= let_go(model, s, state, p);
	if (gone)
		pale_tree_collect(model, state);
	fresh = s->fresh && has_fresh(model, state);
	if (fresh)
		number_fresh(model, state, false);
	if ((s->entries & (s->entries - 1)) != 0)
		sort_entries(state, s->entries);
	mask_nameless(model, state, map);
	for (unsigned p = 0; p < model->process_count; p++) {
		hold_once(model, s, state, p);
		sort_slots(model, s, state, p, map);
	}
	if (s->sorted)
		sort_processes(model, s, state, fresh ? map : NULL);
	if (fresh)
		number_fresh(model, state, true);
}
