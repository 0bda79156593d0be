/* SPDX-License-Identifier: BSD-2-Clause */
/* Inodes and names: what every call that walks or changes names is made of. */
#ifndef PALE_MODEL_TREE_H
#define PALE_MODEL_TREE_H

#include "core/dac.h"
#include "model/state.h"

/* The first inode and entry that the scenario cannot use: loops end here. */
static inline unsigned
pale_tree_inode_end(const struct pale_model *model)
{
	return model->inode_room < PALE_MODEL_INODES ? model->inode_room + 1u : PALE_MODEL_INODES;
}

static inline unsigned
pale_tree_entry_end(const struct pale_model *model)
{
	return model->entry_room != 0 && model->entry_room < PALE_MODEL_ENTRIES
	    ? model->entry_room
	    : PALE_MODEL_ENTRIES;
}

/* The inode of a name in a directory, 0 if there is none. */
unsigned pale_tree_find(
    const struct pale_model *model, const struct pale_state *state, unsigned dir, unsigned name);

/* Is node top, or in the tree below it? By the way up: a removed directory is where it was. Of what
 * is no directory any name counts; without one it is nowhere. */
bool pale_tree_is_beneath(
    const struct pale_model *model, const struct pale_state *state, unsigned top, unsigned node);

/* All inodes beneath top, top included: a bit each. */
uint32_t pale_tree_beneath(
    const struct pale_model *model, const struct pale_state *state, unsigned top);

/* Does any entry, `..`-parent, descriptor, walk, message or binding still hold the inode? */
bool pale_tree_is_held(
    const struct pale_model *model, const struct pale_state *state, unsigned inode);

/* Inodes that are there and have no name: those that can be freed. A bit each. */
uint32_t pale_tree_nameless(const struct pale_model *model, const struct pale_state *state);

/* What a process holds, of whatever kind; bit 0 means nothing. */
uint32_t pale_tree_held_by(
    const struct pale_model *model, const struct pale_state *state, unsigned p);

/* A free slot, given its type, owner and mode; 0 where there is no room: such a call fails with
 * ENOSPC in the model, and the reader makes room enough that it never does. */
unsigned pale_tree_make(const struct pale_model *model, struct pale_state *state,
    enum pale_inode_type type, unsigned owner, unsigned mode);

/* A name for what is no directory, at the lowest free entry. false: no room. */
bool pale_tree_link(const struct pale_model *model, struct pale_state *state, unsigned dir,
    unsigned name, unsigned inode);

/* Take away a name, of a directory or not. The inode stays until pale_tree_collect. */
void pale_tree_unlink(
    const struct pale_model *model, struct pale_state *state, unsigned dir, unsigned name);

/* Is there any name of what is no directory? */
bool pale_tree_is_named(
    const struct pale_model *model, const struct pale_state *state, unsigned inode);

/* Free what nothing holds any more. Called once at the end of each step that let go of anything. */
void pale_tree_collect(const struct pale_model *model, struct pale_state *state);

/* Who the process is, and what an inode is, for core/dac.h. */
struct pale_cred pale_tree_cred(
    const struct pale_model *model, const struct pale_state *state, unsigned p);
struct pale_inode_attr pale_tree_attr(
    const struct pale_model *model, const struct pale_state *state, unsigned inode);

/* May the process do this? PALE_DAC_*; 0 or -EACCES. Through core/dac.c. */
int pale_tree_access(const struct pale_model *model, const struct pale_state *state, unsigned p,
    unsigned inode, unsigned want);

/* Of a path as it is now, from the root, links not followed in the end, no DAC: 0 if nothing. For
 * assertions and the reader. */
unsigned pale_tree_resolve(
    const struct pale_model *model, const struct pale_state *state, pale_walker_rest path);

#endif
