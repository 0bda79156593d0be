/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walker: resolution of a path, one component a step, over operations that somebody else
 * provides. On real descriptors (kernel/walkfd.h) an operation is at most one system call; in the
 * model it is one atomic step. The same object code runs in both, so what is proved is what ships.
 *
 * It is a descriptor stack: every directory that was entered stays held until the walk leaves it,
 * and ".." pops. The tree is never asked for a parent (but for policy NONE above the start), so no
 * rename, whenever it happens, changes where ".." leads: it leads to the directory through which
 * this walk came in. That stops the race of "bar/x/../.." against a rename of bar.
 * What the stack does not promise: a directory that is moved out while the walk is in it is still
 * read below, as it would be through a descriptor that had been opened before.
 *
 * The context is flat: no heap, no pointer, no recursion; it may be copied while the handles of the
 * copies have only one releaser (the model's handles need none). Bytes beyond `depth`, `rest` and
 * `name` mean nothing.
 *
 * Limits, each an error and never a different answer:
 *   40 symbolic links (-ELOOP), as the kernel;
 *   PATH_MAX for what is left to walk after a link was put in its place (-ENAMETOOLONG; the
 *   kernel keeps each link apart and would go on);
 *   PALE_WALK_DEPTH directories below the start (-ENAMETOOLONG): a path of PATH_MAX bytes alone
 *   never gets there, links on top of it can. Real descriptors meet RLIMIT_NOFILE before
 *   (-EMFILE), at usually 1024: a walk holds one descriptor a level.
 */
#ifndef PALE_CORE_WALK_H
#define PALE_CORE_WALK_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/path.h"

enum {
	PALE_WALK_LINKS = 40,  /* symbolic links crossed; MAXSYMLINKS of Linux */
	PALE_WALK_TRIES = 64,  /* answers of -EAGAIN before the walk gives up */
	PALE_WALK_DEPTH = 2048 /* PATH_MAX / 2: "a/a/a/..." */
};

/* No handle. */
#define PALE_WALK_NO_NODE UINT32_MAX

/* What becomes of a walk that would leave its start. A row each in walk.c. */
enum pale_walk_policy {
	PALE_WALK_BENEATH, /* -EXDEV: ".." above the start, an absolute path or link */
	PALE_WALK_IN_ROOT, /* the start is the root: ".." stays there, absolute goes there */
	PALE_WALK_NONE,    /* no boundary: ".." asks ops->parent, absolute goes to root */
	PALE_WALK_POLICY_COUNT,
};

/* Flags of a walk. */
enum {
	PALE_WALK_NOFOLLOW = 1, /* a link as last component is the result, unless a slash follows */
	PALE_WALK_DIRECTORY = 2, /* the result must be a directory, else -ENOTDIR */
	PALE_WALK_NO_LINKS = 4,  /* -ELOOP for any link that would be followed */
	PALE_WALK_PARENT = 8,    /* stop before the last component: its directory is the result, and
				  * name, last and slash say what it is. For calls that create */
};

enum pale_walk_type {
	PALE_WALK_IS_DIR,
	PALE_WALK_IS_LINK,
	PALE_WALK_IS_OTHER,
};

/* Who a node is: two nodes with one dev and ino are one object. */
struct pale_walk_id {
	enum pale_walk_type type;
	uint64_t dev, ino;
};

/* What an observer is told. */
enum pale_walk_event {
	PALE_WALK_ENTERED,   /* a directory: name */
	PALE_WALK_LEFT,      /* the directory entered last, by ".." */
	PALE_WALK_RESTARTED, /* back at the start (IN_ROOT) or the root (NONE) */
	PALE_WALK_CROSSED,   /* a symbolic link in the directory of now: name and target */
};

/*
 * The operations. All return 0 or -errno; outputs are untouched on failure. A handle that an
 * operation returned is given back to release exactly once. -EAGAIN ("names moved") is tried
 * again, PALE_WALK_TRIES times in one walk.
 */
struct pale_walk_ops {
	/*
	 * Look one name up in a directory, following nothing. The name is never "", ".", "..", nor
	 * has it a slash. With dir_only anything that is no directory is -ENOTDIR.
	 */
	int (*lookup)(void *ctx, uint32_t dir, const char *name, bool dir_only, uint32_t *ret_node);
	/* The parent of a directory; only for PALE_WALK_NONE above the start, else may be NULL. */
	int (*parent)(void *ctx, uint32_t dir, uint32_t *ret_node);
	/* May names be looked up in dir? Asked for "." and ".."; NULL: always. */
	int (*search)(void *ctx, uint32_t dir);
	int (*identify)(void *ctx, uint32_t node, struct pale_walk_id *ret_id);
	/* May the link, identified just before and found in dir, be followed? NULL: always. */
	int (*may_follow)(void *ctx, uint32_t dir, uint32_t link);
	/* Target of a link into buf, without NUL; returns its length (size: cut) or -errno. */
	ssize_t (*read_link)(void *ctx, uint32_t link, char *buf, size_t size);
	void (*release)(void *ctx, uint32_t node);
	/*
	 * Optional. Told what the walk does, after it was done, so that a caller can keep the
	 * canonical path of the directory of now. -errno ends the walk.
	 */
	int (*observe)(void *ctx, enum pale_walk_event event, const char *name, const char *target);
};

/* A walk on its way. The first group is for callers, once the walk is done. */
struct pale_walk {
	struct pale_walk_id id;   /* of the result; dev and ino only if it was no directory */
	enum pale_part_kind last; /* of the component taken last */
	bool slash;               /* a slash stood behind it */

	uint8_t phase, policy, flags;
	uint8_t links, tries;
	bool is_last, base_owned;
	uint32_t start, root;    /* borrowed */
	uint32_t node;           /* looked up, not entered (yet) */
	uint32_t depth;          /* directories entered */
	uint16_t rest_at;        /* what is left to walk: rest + rest_at */
	char name[NAME_MAX + 1]; /* the component taken last; NUL-terminated */
	char rest[PATH_MAX];
	uint32_t stack[PALE_WALK_DEPTH]; /* the base, then the directories entered */
};

/*
 * Set out.
 *
 *   start   handle of the directory where a relative path starts; the boundary of BENEATH and
 *           IN_ROOT. Borrowed until the walk is done
 *   root    PALE_WALK_NONE: where an absolute path starts; otherwise not used
 *   path    copied
 *   flags   PALE_WALK_NOFOLLOW ...
 *
 * Returns 0, -ENOENT (empty path), -ENAMETOOLONG, or -EXDEV (absolute path, BENEATH); the walk then
 * holds nothing. Source: openat2(2). Test: tests/unit/walk.c
 */
int pale_walk_init(struct pale_walk *walk, enum pale_walk_policy policy, uint32_t start,
    uint32_t root, const char *path, unsigned flags);

/*
 * Take one step: at most one operation, releases and the observer not counted. A component that
 * is a directory takes one step where more must follow, two where it is the last.
 *
 * Returns 1 (more to do), 0 (done; again 0 if asked again), or -errno, after which only
 * pale_walk_done may follow:
 *   -EXDEV   it would leave the start
 *   -ELOOP   more than 40 links, or a link under PALE_WALK_NO_LINKS
 *   -EAGAIN  names moved PALE_WALK_TRIES times
 *   -ENOENT, -ENOTDIR, -EACCES, -ENAMETOOLONG and what the operations return
 * walk->name is the component where it failed.
 *
 * Source: path_resolution(7); fs/namei.c of Linux 6.18; "Connecting the Dot Dots" (2010), slide 15.
 * Test: tests/unit/walk.c (every case), tests/law/walk.c (against openat2, against renames)
 */
int pale_walk_step(struct pale_walk *walk, const struct pale_walk_ops *ops, void *ctx);

/* Step until the walk is done. Returns 0 or -errno as pale_walk_step. */
int pale_walk_run(struct pale_walk *walk, const struct pale_walk_ops *ops, void *ctx);

/*
 * The result of a walk that is done, taken out of it.
 *
 * Returns 1 if *ret_node now belongs to the caller, 0 if it is only borrowed: it is then the start
 * or the root.
 */
int pale_walk_take(struct pale_walk *walk, uint32_t *ret_node);

/*
 * Walk on from the directory where a done walk stands, keeping the stack, so that ".." leads back
 * the way it came. Not after pale_walk_take. Returns as pale_walk_init, -ENOTDIR where the walk
 * does not stand on a directory, -EINVAL for an absolute path.
 */
int pale_walk_continue(struct pale_walk *walk, const char *path, unsigned flags);

/* The directory where the walk stands; borrowed from it, and gone with its next step. */
uint32_t pale_walk_here(const struct pale_walk *walk);

/* Release what the walk holds, wherever it stands. Harmless twice. */
void pale_walk_done(struct pale_walk *walk, const struct pale_walk_ops *ops, void *ctx);

#endif
