/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A walker of your own, for `pale check --walker ./mine.so`: the algorithm by which a path is
 * resolved, as a machine that takes one step at a time. Between any two steps anybody else may act:
 * so put into one step what the real thing does atomically, and no more. For user space that is one
 * system call, one operation below.
 *
 * The shared object defines one symbol:
 *
 *     const struct pale_walker pale_walker = { .version = PALE_WALKER_VERSION, ... };
 *
 * All that a walk knows between two steps lies in its slots; they are part of the state that is
 * searched. So no static variables, no heap, no clock, no randomness, and the same slots must give
 * the same step. Slots that mean nothing are 0.
 *
 * examples/walker/ has one to start from.
 */
#ifndef PALE_WALKER_H
#define PALE_WALKER_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	PALE_WALKER_VERSION = 1,
	PALE_WALKER_SLOTS = 24, /* at most, the two fixed ones included */
	PALE_WALKER_HELD = 8,   /* directories a stack of held ones has room for, in ours */
};

/* Nodes (files, directories, links) and rests of paths are numbers; 0 is none. */
typedef uint16_t pale_walker_node;
typedef uint16_t pale_walker_rest;

/* What a slot holds: it is stored in as many bits as that takes, and a node that is held in one
 * stays even if its last name is removed. */
enum pale_walker_kind {
	PALE_WALKER_NODE,
	PALE_WALKER_REST,
	PALE_WALKER_NUMBER, /* 0..max */
	PALE_WALKER_LINKS,  /* 0..max: symbolic links followed so far. At most one slot; it takes no
			     * room where a scenario has no links */
};

struct pale_walker_slot {
	enum pale_walker_kind kind;
	uint16_t max; /* NUMBER, LINKS */
};

/* The slots that every walker has. */
enum {
	PALE_WALKER_AT = 0,   /* NODE: where the walk is; when it is done, the result */
	PALE_WALKER_LEFT = 1, /* REST: what is left of the path; when it is done under
			       * PALE_WALKER_PARENT, the last component, not yet taken */
	PALE_WALKER_OWN = 2,  /* the first of the walker's own */
};

/* How the result is wanted. */
enum {
	PALE_WALKER_NOFOLLOW =
	    1, /* a link as last component is the result, unless a slash follows */
	PALE_WALKER_DIRECTORY = 2, /* the result must be a directory, else -ENOTDIR */
	PALE_WALKER_PARENT =
	    4, /* stop before the last component: for calls that create or remove */
};

enum pale_walker_type {
	PALE_WALKER_IS_DIR,
	PALE_WALKER_IS_LINK,
	PALE_WALKER_IS_OTHER,
};

/* One component of a path. */
enum pale_walker_part_kind {
	PALE_WALKER_END, /* nothing is left */
	PALE_WALKER_NAME,
	PALE_WALKER_DOT,
	PALE_WALKER_DOTDOT,
};

struct pale_walker_part {
	enum pale_walker_part_kind kind;
	uint16_t name;         /* NAME: for lookup */
	const char *text;      /* NUL-terminated; "" at the end */
	bool slash;            /* a slash stands behind it: it must be a directory */
	bool last;             /* nothing but slashes stands behind it */
	pale_walker_rest rest; /* what is left behind it; never 0, also where nothing is */
};

/* What start, step and finish return, beside -errno. */
enum {
	PALE_WALKER_DONE = 0,
	PALE_WALKER_MORE = 1,
	PALE_WALKER_WAIT =
	    2, /* cannot go on before somebody else acts; the slots are as they were */
};

/*
 * What a walk may ask of the tree. All return 0 or -errno unless said otherwise; outputs are
 * untouched on failure. ctx is what the walker was given.
 */
struct pale_walker_ops {
	/* One name in a directory; follows nothing. -ENOENT, -ENOTDIR, -EACCES. */
	int (*lookup)(void *ctx, pale_walker_node dir, uint16_t name, pale_walker_node *ret_node);
	/* May names be looked up in dir? -EACCES, -ENOTDIR. */
	int (*search)(void *ctx, pale_walker_node dir);
	/* The directory above, as the tree has it now; of a removed one where it was; of the root
	 * of the process, itself. -EACCES where dir may not be searched. */
	int (*parent)(void *ctx, pale_walker_node dir, pale_walker_node *ret_node);
	enum pale_walker_type (*type)(void *ctx, pale_walker_node node);

	/* Of a rest the first component. */
	void (*part)(void *ctx, pale_walker_rest rest, struct pale_walker_part *ret_part);
	/* Does it begin with a slash? */
	bool (*is_absolute)(void *ctx, pale_walker_rest rest);
	/* The target of a link, with what is left of the path behind it. slash: one stood behind
	 * the link. -ELOOP where the model has no room for so many links in one path. */
	int (*read_link)(void *ctx, pale_walker_node link, pale_walker_rest behind, bool slash,
	    pale_walker_rest *ret_rest);

	/* Where the walk set out, and the root directory of the process. */
	pale_walker_node (*start)(void *ctx);
	pale_walker_node (*root)(void *ctx);

	/*
	 * What only a kernel has, atomically. A resolver in user space must not ask these.
	 * beneath: is node top, or in the tree below it, at this instant? By the way up from node,
	 * so that a removed directory is where it was.
	 */
	bool (*beneath)(void *ctx, pale_walker_node top, pale_walker_node node);
	/* mark: from now on; moved: has anybody renamed anything since? (Linux's rename sequence:
	 * what is made or removed does not count.) Only of a walker that says `sequence`. */
	void (*mark)(void *ctx);
	bool (*moved)(void *ctx);
	/* The lock that every call which changes names takes, too. false: somebody has it: return
	 * PALE_WALKER_WAIT. It is given back by unlock or by the end of the call. Only of a walker
	 * that says `locks`. */
	bool (*lock)(void *ctx);
	void (*unlock)(void *ctx);
};

struct pale_walker {
	unsigned version;  /* PALE_WALKER_VERSION */
	const char *name;  /* lower case, letters, digits, '-' */
	const char *says;  /* one sentence: what it does, and who does it so */
	const char *reach; /* where `..` or an absolute path ends that would leave; may be NULL */
	bool kernel;   /* it runs in a kernel: a lookup is one system call, whatever it takes, and
			* it may ask what only a kernel has */
	bool sequence; /* it asks mark and moved */
	bool locks;    /* it asks lock */
	bool scoped;   /* the root of the walk is its start, not that of the process: `parent` does
			* not stop at the latter */
	bool reroots;  /* an absolute path begins at the start, too, and so needs it */
	bool is_root;  /* start is the root of what is opened from there, later too (a mount):
			* a descriptor that was reached from one never leaves its tree */

	unsigned slot_count;                  /* with the two fixed ones */
	const struct pale_walker_slot *slots; /* of all of them */

	/*
	 * Set out: the fixed slots are set (AT: the start or, where the path is absolute, still the
	 * start), the others 0. NULL: nothing to do. Returns DONE where the walk has ended (an
	 * atomic one), MORE, WAIT, -errno.
	 */
	int (*begin)(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx);
	/* One step. Returns DONE, MORE, WAIT, -errno. */
	int (*step)(uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx);
	/*
	 * The last look at the result, in one step with the call's own work (the descriptor is
	 * made, the name is removed). NULL: none. Returns DONE, MORE (walk on), WAIT, -errno.
	 */
	int (*finish)(
	    uint16_t *slots, unsigned flags, const struct pale_walker_ops *ops, void *ctx);
};

#ifdef __cplusplus
}
#endif
#endif
