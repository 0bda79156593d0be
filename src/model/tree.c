/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inodes and names; see tree.h. Every loop runs over what the scenario has, not over what there is
 * room for: this is the hot path of the search.
 */
#include "model/tree.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "core/dac.h"
#include "model/rest.h"
#include "model/walkers.h"

unsigned
pale_tree_find(
    const struct pale_model *model, const struct pale_state *state, unsigned dir, unsigned name)
{
	for (unsigned i = 1; i < pale_tree_inode_end(model); i++) {
		const struct pale_inode *inode = &state->inodes[i];

		if (inode->name == name && inode->parent == dir && inode->linked)
			return i;
	}
	for (unsigned i = 0; i < pale_tree_entry_end(model); i++) {
		const struct pale_entry *entry = &state->entries[i];

		if (entry->name == name && entry->dir == dir)
			return entry->inode;
	}
	return 0;
}

static bool
is_dir_beneath(
    const struct pale_model *model, const struct pale_state *state, unsigned top, unsigned node)
{
	/* Bounded: a walk over broken states of a fuzzer ends, too. */
	for (unsigned i = 0; i <= model->inode_room && node != 0; i++) {
		if (node == top)
			return true;
		if (node == PALE_MODEL_ROOT)
			return false;
		node = state->inodes[node].parent;
	}
	return false;
}

bool
pale_tree_is_beneath(
    const struct pale_model *model, const struct pale_state *state, unsigned top, unsigned node)
{
	if (node == top || top == 0)
		return node == top && top != 0;
	if (state->inodes[node].type == PALE_INODE_DIR)
		return is_dir_beneath(model, state, top, node);
	for (unsigned i = 0; i < pale_tree_entry_end(model); i++) {
		const struct pale_entry *entry = &state->entries[i];

		if (entry->inode == node && entry->dir != 0 &&
		    is_dir_beneath(model, state, top, entry->dir))
			return true;
	}
	return false;
}

uint32_t
pale_tree_beneath(const struct pale_model *model, const struct pale_state *state, unsigned top)
{
	uint32_t found = UINT32_C(1) << top, before;

	if (top == 0)
		return 0;
	do {
		before = found;
		for (unsigned i = PALE_MODEL_ROOT + 1; i < pale_tree_inode_end(model); i++) {
			if (state->inodes[i].type == PALE_INODE_DIR)
				found |= (found >> state->inodes[i].parent & 1U) << i;
		}
	} while (found != before);
	for (unsigned i = 0; i < pale_tree_entry_end(model); i++) {
		const struct pale_entry *entry = &state->entries[i];

		if (entry->dir != 0)
			found |= (found >> entry->dir & 1U) << entry->inode;
	}
	return found;
}

/* Inodes with a name, and the root. */
static uint32_t
named_inodes(const struct pale_model *model, const struct pale_state *state)
{
	uint32_t named = UINT32_C(1) << PALE_MODEL_ROOT;

	for (unsigned i = 1; i < pale_tree_inode_end(model); i++)
		named |= (uint32_t)(state->inodes[i].linked != 0) << i;
	for (unsigned i = 0; i < pale_tree_entry_end(model); i++) {
		if (state->entries[i].dir != 0)
			named |= UINT32_C(1) << state->entries[i].inode;
	}
	return named;
}

static uint32_t
held_by_fd(const struct pale_fd *fd)
{
	uint32_t held = UINT32_C(1) << fd->mount | UINT32_C(1) << fd->inode;

	if (fd->kind == PALE_FD_INODE)
		held |= UINT32_C(1) << fd->of;
	return held;
}

uint32_t
pale_tree_held_by(const struct pale_model *model, const struct pale_state *state, unsigned p)
{
	const struct pale_process *process = &state->processes[p];
	const struct pale_walker *walker;
	uint32_t held = UINT32_C(1) << process->cwd | UINT32_C(1) << process->root |
	    UINT32_C(1) << process->cwd_mount | UINT32_C(1) << process->runs |
	    UINT32_C(1) << process->first_node;

	for (unsigned i = 0; i < PALE_MODEL_FDS; i++) {
		if (process->fds[i].kind != PALE_FD_NONE)
			held |= held_by_fd(&process->fds[i]);
	}
	if (process->phase == PALE_PHASE_IDLE)
		return held;
	walker = pale_model_walker(model, p);
	held |= UINT32_C(1) << process->slots[PALE_WALKER_AT];
	for (unsigned i = PALE_WALKER_OWN; i < walker->slot_count; i++) {
		if (walker->slots[i].kind == PALE_WALKER_NODE)
			held |= UINT32_C(1) << process->slots[i];
	}
	return held;
}

/* All that something leads to; bit 0 means nothing. */
static uint32_t
held_inodes(const struct pale_model *model, const struct pale_state *state, uint32_t named)
{
	uint32_t held = named, before;

	for (unsigned p = 0; p < model->process_count; p++)
		held |= pale_tree_held_by(model, state, p);
	for (unsigned i = 0; i < PALE_MODEL_PIPES; i++)
		held |= UINT32_C(1) << state->pipes[i].inode;
	for (unsigned i = 0; i < PALE_MODEL_SOCKETS; i++) {
		const struct pale_socket *socket = &state->sockets[i];

		held |= UINT32_C(1) << socket->inode;
		for (unsigned j = 0; j < socket->count; j++)
			held |= held_by_fd(&socket->passed[j]);
	}
	/* What is held keeps the directory that its `..` leads to. */
	do {
		before = held;
		for (unsigned i = 1; i < pale_tree_inode_end(model); i++)
			held |= (held >> i & 1U) << state->inodes[i].parent;
	} while (held != before);
	return held;
}

bool
pale_tree_is_held(const struct pale_model *model, const struct pale_state *state, unsigned inode)
{
	return (held_inodes(model, state, named_inodes(model, state)) >> inode & 1U) != 0;
}

unsigned
pale_tree_make(const struct pale_model *model, struct pale_state *state, enum pale_inode_type type,
    unsigned owner, unsigned mode)
{
	for (unsigned i = model->inode_count + 1U; i < pale_tree_inode_end(model); i++) {
		struct pale_inode *inode = &state->inodes[i];

		if (inode->type != PALE_INODE_FREE)
			continue;
		inode->type = (uint8_t)type;
		inode->owner = (uint8_t)owner;
		inode->mode = (uint16_t)mode;
		return i;
	}
	return 0;
}

bool
pale_tree_link(const struct pale_model *model, struct pale_state *state, unsigned dir,
    unsigned name, unsigned inode)
{
	for (unsigned i = 0; i < pale_tree_entry_end(model); i++) {
		struct pale_entry *entry = &state->entries[i];

		if (entry->dir != 0)
			continue;
		*entry = (struct pale_entry){ (uint8_t)dir, (uint8_t)name, (uint8_t)inode };
		return true;
	}
	return false;
}

void
pale_tree_unlink(
    const struct pale_model *model, struct pale_state *state, unsigned dir, unsigned name)
{
	for (unsigned i = 1; i < pale_tree_inode_end(model); i++) {
		struct pale_inode *inode = &state->inodes[i];

		if (inode->name == name && inode->parent == dir && inode->linked)
			inode->linked = 0;
	}
	for (unsigned i = 0; i < pale_tree_entry_end(model); i++) {
		struct pale_entry *entry = &state->entries[i];

		if (entry->name == name && entry->dir == dir)
			*entry = (struct pale_entry){ 0 };
	}
}

bool
pale_tree_is_named(const struct pale_model *model, const struct pale_state *state, unsigned inode)
{
	for (unsigned i = 0; i < pale_tree_entry_end(model); i++) {
		if (state->entries[i].dir != 0 && state->entries[i].inode == inode)
			return true;
	}
	return false;
}

/* A number that is free now means nothing to anybody. */
static void
forget(const struct pale_model *model, struct pale_state *state, uint32_t freed)
{
	for (unsigned p = 0; p < model->process_count; p++) {
		struct pale_process *process = &state->processes[p];

		process->seen_call &= ~freed;
		process->seen_union &= ~freed;
		for (unsigned i = 1; i <= PALE_MODEL_VARS; i++) {
			struct pale_var *var = &process->vars[i];

			if (var->kind == PALE_VAR_INODE && (freed >> var->of & 1U) != 0)
				*var =
				    (struct pale_var){ .kind = PALE_VAR_STALE, .also = var->also };
		}
	}
}

/* Of this, too, only what can lose its name is looked at. */
uint32_t
pale_tree_nameless(const struct pale_model *model, const struct pale_state *state)
{
	uint32_t end = UINT32_MAX >> (32 - pale_tree_inode_end(model)), nameless = 0;

	for (uint32_t left = end & ~model->lasting & ~1U; left != 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);

		nameless |=
		    (uint32_t)(state->inodes[i].type != PALE_INODE_FREE && !state->inodes[i].linked)
		    << i;
	}
	nameless &= ~(UINT32_C(1) << PALE_MODEL_ROOT);
	if (nameless == 0)
		return 0;
	for (unsigned i = 0; i < pale_tree_entry_end(model); i++)
		if (state->entries[i].dir != 0)
			nameless &= ~(UINT32_C(1) << state->entries[i].inode);
	return nameless;
}

void
pale_tree_collect(const struct pale_model *model, struct pale_state *state)
{
	uint32_t freed = pale_tree_nameless(model, state);

	/* Nearly always everything has a name, and nobody need be asked who holds it. */
	if (freed == 0)
		return;
	freed &= ~held_inodes(model, state, named_inodes(model, state));
	if (freed == 0)
		return;
	for (unsigned i = 1; i < pale_tree_inode_end(model); i++) {
		if ((freed >> i & 1U) != 0)
			memset(&state->inodes[i], 0, sizeof(state->inodes[i]));
	}
	forget(model, state, freed);
}

static mode_t
type_bits(unsigned type)
{
	static const mode_t bits[] = {
		[PALE_INODE_FREE] = 0,
		[PALE_INODE_DIR] = S_IFDIR,
		[PALE_INODE_FILE] = S_IFREG,
		[PALE_INODE_LINK] = S_IFLNK,
		[PALE_INODE_FIFO] = S_IFIFO,
		[PALE_INODE_SOCKET] = S_IFSOCK,
	};

	return bits[type];
}

struct pale_cred
pale_tree_cred(const struct pale_model *model, const struct pale_state *state, unsigned p)
{
	uid_t uid = model->users[state->processes[p].euid];

	return (struct pale_cred){
		.uid = uid,
		.gid = uid,
		.caps = uid == 0 ? PALE_DAC_OVERRIDE | PALE_DAC_READ_SEARCH | PALE_DAC_FOWNER : 0,
	};
}

struct pale_inode_attr
pale_tree_attr(const struct pale_model *model, const struct pale_state *state, unsigned inode)
{
	const struct pale_inode *it = &state->inodes[inode];

	return (struct pale_inode_attr){
		.uid = model->users[it->owner],
		.gid = model->users[it->owner],
		.mode = type_bits(it->type) | it->mode,
	};
}

int
pale_tree_access(const struct pale_model *model, const struct pale_state *state, unsigned p,
    unsigned inode, unsigned want)
{
	unsigned mode = state->inodes[inode].mode;
	struct pale_cred cred;
	struct pale_inode_attr attr;

	/* What everybody may needs no closer look. */
	if ((want & ~(mode & mode >> 3 & mode >> 6)) == 0)
		return 0;
	cred = pale_tree_cred(model, state, p);
	attr = pale_tree_attr(model, state, inode);
	return pale_dac_access(&cred, &attr, want);
}

unsigned
pale_tree_resolve(
    const struct pale_model *model, const struct pale_state *state, pale_walker_rest path)
{
	unsigned at = PALE_MODEL_ROOT;

	/* Bounded by the rests there are: links on the way are followed. */
	for (size_t i = 0; i < PALE_MODEL_RESTS && path != 0; i++) {
		const struct pale_walker_part *part = &model->rests[path].part;
		unsigned next;

		if (model->rests[path].absolute)
			at = PALE_MODEL_ROOT;
		if (part->kind == PALE_WALKER_END)
			return at;
		if (state->inodes[at].type != PALE_INODE_DIR)
			return 0;
		path = part->rest;
		if (part->kind == PALE_WALKER_DOTDOT)
			at = state->inodes[at].parent;
		if (part->kind != PALE_WALKER_NAME)
			continue;
		next = pale_tree_find(model, state, at, part->name);
		if (next == 0)
			return 0;
		if (state->inodes[next].type == PALE_INODE_LINK && (!part->last || part->slash)) {
			path =
			    pale_rest_splice(model, state->inodes[next].target, path, part->slash);
			continue;
		}
		at = next;
	}
	return 0;
}
