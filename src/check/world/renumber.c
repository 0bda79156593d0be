/* SPDX-License-Identifier: BSD-2-Clause */
/* Other numbers for what was made; see renumber.h. */
#include "check/world/renumber.h"

#include <string.h>

#include "model/walkers.h"

#define BIT(n) (UINT32_C(1) << (n))

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

static bool
is_identity(const struct pale_model *model, const uint8_t *map)
{
	for (unsigned i = model->inode_count + 1U; i <= model->inode_room; i++)
		if (map[i] != i)
			return false;
	return true;
}

void
pale_renumber(
    const struct pale_model *model, struct pale_state *state, const uint8_t map[PALE_MODEL_INODES])
{
	if (is_identity(model, map))
		return;
	map_inodes(model, state, map);
	map_rest(state, map);
	for (unsigned p = 0; p < model->process_count; p++)
		map_process(&state->processes[p], pale_model_walker(model, p), map);
}

bool
pale_renumber_has_fresh(const struct pale_model *model, const struct pale_state *state)
{
	for (unsigned i = model->inode_count + 1U; i <= model->inode_room; i++)
		if (state->inodes[i].type != PALE_INODE_FREE)
			return true;
	return false;
}

unsigned
pale_renumber_named(const struct pale_model *model, struct pale_state *state)
{
	struct fresh fresh = { .model = model, .state = state, .next = model->inode_count + 1U };
	unsigned inode, named;

	for (unsigned i = 1; i <= model->inode_count; i++)
		fresh.map[i] = (uint8_t)i;
	while ((inode = first_named(&fresh)) != 0)
		number(&fresh, inode);
	named = fresh.next;
	for (unsigned i = model->inode_count + 1U; i <= model->inode_room; i++)
		if (state->inodes[i].type != PALE_INODE_FREE)
			number(&fresh, i);
	inode = fresh.next;
	/* What is free last, so that the lowest free number comes next. */
	for (unsigned i = model->inode_count + 1U; i <= model->inode_room; i++)
		number(&fresh, i);
	pale_renumber(model, state, fresh.map);
	return inode - named;
}
