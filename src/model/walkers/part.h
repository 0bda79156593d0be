/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What most walkers have in common: one component a step, as the kernel takes it. They differ in
 * where `..` and absolute paths lead; a rule says that. A walker of more steps a component is made
 * of the pieces.
 *
 * A name is looked up and, if it is a link, read in one step: a link's target never changes, so
 * nobody could tell two steps from one.
 */
#ifndef PALE_MODEL_WALKERS_PART_H
#define PALE_MODEL_WALKERS_PART_H

#include <errno.h>
#include <stddef.h>

#include "pale/walker.h"

enum { PALE_PART_LINKS = 40 }; /* MAXSYMLINKS of Linux */

/* A walk at its step. */
struct pale_part_walk {
	uint16_t *slots;
	unsigned flags;
	const struct pale_walker_ops *ops;
	void *ctx;
	const struct pale_part_rule *rule;
};

struct pale_part_rule {
	unsigned links; /* the slot that counts them */
	unsigned most;  /* links that are followed; 0: PALE_PART_LINKS */
	unsigned slots; /* how many the walker has: its own are cleared at the end */
	/* `..`: sets AT, which may be searched. 0 or -errno. */
	int (*up)(const struct pale_part_walk *walk);
	/* An absolute path or link: sets AT. 0 or -errno. */
	int (*absolute)(const struct pale_part_walk *walk);
	/* A directory was entered by its name. 0 or -errno. NULL: nothing to do. */
	int (*entered)(const struct pale_part_walk *walk);
};

/* The beginning of every walk: an empty path is -ENOENT. Returns DONE where nothing is left. */
int pale_part_begin(const struct pale_part_walk *walk);

/* One component, whatever it is. Returns DONE, MORE, -errno. */
int pale_part_step(const struct pale_part_walk *walk);

/* Where LEFT is absolute, go there by the rule; also what O_CREAT put there. 0 or -errno. */
int pale_part_absolute(const struct pale_part_walk *walk);

/* DONE or MORE, by what is left. At the end what the walker knew is forgotten, unless it stands on
 * a parent, from where O_CREAT may walk on. */
int pale_part_left(const struct pale_part_walk *walk);

/* The step of a name: AT and LEFT are set, links taken. Returns 0 or -errno. */
int pale_part_name(const struct pale_part_walk *walk, const struct pale_walker_part *part);

/*
 * The same once the name was looked up: node is what it led to.
 *
 * Returns 0 or -errno.
 */
int pale_part_found(
    const struct pale_part_walk *walk, const struct pale_walker_part *part, pale_walker_node node);

/* Put a link's target where it stood; it is counted. Returns 0 or -errno. */
int pale_part_follow(
    const struct pale_part_walk *walk, const struct pale_walker_part *part, pale_walker_node link);

/* The functions NAME_begin and NAME_step of a walker that is nothing but the rule NAME. */
#define PALE_PART_WALKER(name) \
	static int name##_begin( \
	    uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx) \
	{ \
		return pale_part_begin(&(struct pale_part_walk){ slots, flags, ops, ctx, &name }); \
	} \
	static int name##_step( \
	    uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx) \
	{ \
		return pale_part_step(&(struct pale_part_walk){ slots, flags, ops, ctx, &name }); \
	}

/* Rules that several have. */
int pale_part_up_tree(const struct pale_part_walk *walk);     /* where the tree says */
int pale_part_refuse(const struct pale_part_walk *walk);      /* -EXDEV */
int pale_part_not_capable(const struct pale_part_walk *walk); /* -ENOTCAPABLE */
int pale_part_to_root(const struct pale_part_walk *walk);     /* the root of the process */
int pale_part_to_start(const struct pale_part_walk *walk);    /* the start is the root */

#endif
