/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is true of every state that the model can be in, and of every step: for the fuzzer, and for
 * random walks over all scenarios.
 */
#ifndef PALE_TESTS_MODEL_SANE_H
#define PALE_TESTS_MODEL_SANE_H

#include <string.h>

#include "model/pack.h"
#include "model/step.h"
#include "model/tree.h"
#include "model/walkers.h"

/* The names: each once, in a directory, of something that is there; directories make a tree. */
static inline const char *
insane_names(const struct pale_model *model, const struct pale_state *state)
{
	for (unsigned i = 1; i < pale_tree_inode_end(model); i++) {
		const struct pale_inode *inode = &state->inodes[i];

		if (inode->type == PALE_INODE_FREE &&
		    memcmp(inode, &(struct pale_inode){ 0 }, sizeof(*inode)) != 0)
			return "a free inode is not empty";
		if (inode->type != PALE_INODE_FREE && !pale_tree_is_held(model, state, i))
			return "an inode that nothing leads to is not free";
		if (inode->type != PALE_INODE_DIR) {
			if (inode->linked || inode->parent != 0)
				return "what is no directory has a directory's name";
			continue;
		}
		if (state->inodes[inode->parent].type != PALE_INODE_DIR)
			return "`..` of a directory leads to none";
		if (!pale_tree_is_beneath(model, state, PALE_MODEL_ROOT, i))
			return "a directory is not beneath the root";
		if (i != PALE_MODEL_ROOT && inode->linked && inode->parent != PALE_MODEL_ROOT &&
		    !state->inodes[inode->parent].linked)
			return "there is a name in a removed directory";
		if (i != PALE_MODEL_ROOT && inode->linked &&
		    pale_tree_find(model, state, inode->parent, inode->name) != i)
			return "a directory's name leads to another";
	}
	for (unsigned i = 0; i < PALE_MODEL_ENTRIES; i++) {
		const struct pale_entry *entry = &state->entries[i];

		if (entry->dir == 0) {
			if (entry->name != 0 || entry->inode != 0)
				return "a free entry is not empty";
			continue;
		}
		if (i >= pale_tree_entry_end(model))
			return "an entry lies behind the room for them";
		if (state->inodes[entry->dir].type != PALE_INODE_DIR ||
		    (!state->inodes[entry->dir].linked && entry->dir != PALE_MODEL_ROOT))
			return "an entry lies in what is no directory, or a removed one";
		if (state->inodes[entry->inode].type <= PALE_INODE_DIR)
			return "an entry leads to a directory, or to nothing";
		if (pale_tree_find(model, state, entry->dir, entry->name) != entry->inode)
			return "a name is there twice";
	}
	return NULL;
}

static inline const char *
insane_process(const struct pale_model *model, const struct pale_state *state, unsigned p)
{
	const struct pale_process *process = &state->processes[p];
	const struct pale_walker *walker = pale_model_walker(model, p);

	if (process->status == PALE_PROCESS_RUNS &&
	    (state->inodes[process->cwd].type != PALE_INODE_DIR ||
		state->inodes[process->root].type != PALE_INODE_DIR))
		return "a process has no working or no root directory";
	for (unsigned i = 0; i < PALE_MODEL_FDS; i++) {
		const struct pale_fd *fd = &process->fds[i];

		if (fd->kind == PALE_FD_NONE &&
		    memcmp(fd, &(struct pale_fd){ 0 }, sizeof(*fd)) != 0)
			return "a descriptor that is none is not empty";
		if (fd->kind == PALE_FD_INODE && state->inodes[fd->of].type == PALE_INODE_FREE)
			return "a descriptor leads to a free inode";
		if (fd->kind == PALE_FD_PIPE && !state->pipes[fd->of - 1].used)
			return "a descriptor leads to a free pipe";
		if (fd->kind == PALE_FD_SOCKET &&
		    state->sockets[fd->of - 1].state == PALE_SOCKET_FREE)
			return "a descriptor leads to a free socket";
	}
	for (unsigned i = 0; i < PALE_WALKER_SLOTS; i++) {
		bool known = process->phase != PALE_PHASE_IDLE && i < walker->slot_count;

		if (!known && process->slots[i] != 0)
			return "a slot of no walk is not empty";
		if (known && walker->slots[i].kind == PALE_WALKER_NODE && process->slots[i] != 0 &&
		    state->inodes[process->slots[i]].type == PALE_INODE_FREE)
			return "a walk is at a free inode";
	}
	if (process->phase == PALE_PHASE_IDLE &&
	    (process->site | process->path | process->fd[0] | process->fd[1] | process->made |
		process->first_node | process->first_rest | process->moved | process->seen_call |
		process->seen_union) != 0)
		return "of a call that has returned something is left";
	return NULL;
}

/* NULL, or what cannot be. */
static inline const char *
insane(const struct pale_model *model, const struct pale_state *state)
{
	const char *why = insane_names(model, state);

	for (unsigned p = 0; p < model->process_count && why == NULL; p++)
		why = insane_process(model, state, p);
	if (why == NULL && model->layout != NULL && pale_model_lost(model, state) != NULL)
		why = pale_model_lost(model, state);
	return why;
}

/*
 * Take one of the steps that there are, chosen by a number. Returns NULL or what is wrong;
 * *ret_taken: was there one that could be taken?
 */
static inline const char *
sane_step(
    const struct pale_model *model, struct pale_state *state, unsigned choice, bool *ret_taken)
{
	static struct pale_move moves[PALE_MODEL_PROCESSES * PALE_MOVES_MAX];
	struct pale_state before = *state, twin = *state;
	struct pale_event event, other;
	unsigned count = 0;

	*ret_taken = false;
	for (unsigned p = 0; p < model->process_count; p++)
		count += pale_model_moves(model, state, p, moves + count, PALE_MOVES_MAX);
	if (count == 0)
		return NULL;
	*ret_taken = pale_model_step(model, state, &moves[choice % count], &event);
	if (!*ret_taken)
		return memcmp(&before, state, sizeof(before)) == 0
		    ? NULL
		    : "a step that cannot be taken has changed something";
	if (!pale_model_step(model, &twin, &moves[choice % count], &other) ||
	    memcmp(&twin, state, sizeof(twin)) != 0)
		return "a step is not the same when it is taken again";
	if (!event.names_changed &&
	    memcmp(before.entries, state->entries, sizeof(before.entries)) != 0)
		return "names changed, and the step does not say so";
	return insane(model, state);
}

#endif
