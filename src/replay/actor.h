/* SPDX-License-Identifier: BSD-2-Clause */
/* An actor: a process of the scenario, as a process of this machine. */
#ifndef PALE_REPLAY_ACTOR_H
#define PALE_REPLAY_ACTOR_H

#include <sys/stat.h>

#include "replay/play.h"

enum {
	PALE_ACTOR_NODES = 256, /* that walks come by in one replay: a witness is short */
};

/* A file or directory that a walk came by: held by O_PATH, so that its number stays its own. */
struct pale_actor_node {
	int fd;
	dev_t dev;
	ino_t ino;
	enum pale_walker_type type;
};

/* What a variable of the scenario holds here. */
struct pale_actor_var {
	enum pale_var_kind kind;
	int value; /* VALUE */
	int id;    /* SYSV; else -1 */
	enum pale_sysv_kind of;
	struct stat stat; /* INODE */
};

struct pale_actor_segment {
	int id;
	void *at; /* NULL: not attached */
	bool writable;
};

struct pale_actor {
	const struct pale_play *play;
	unsigned p;
	int socks[PALE_MODEL_PROCESSES]; /* its own, and of those that may come of it; else -1 */
	bool born[PALE_MODEL_PROCESSES]; /* came of it, or of whom it came */

	int fds[PALE_MODEL_FDS];         /* by slot; -1 */
	int lookup_fds[PALE_MODEL_FDS];  /* where lookups set out: BY_MOUNT a mount; else -1 */
	uint16_t mounts[PALE_MODEL_FDS]; /* nodes, for walkers with is_root */
	int cwd;                         /* O_PATH */
	uint16_t cwd_mount, root;        /* nodes */
	struct pale_actor_var vars[PALE_MODEL_VARS + 1];
	struct pale_actor_segment segments[PALE_MODEL_SYSV];
	uid_t ruid, euid;
	uid_t suid; /* as UNIX would have it; here it stays 0 */

	struct pale_actor_node nodes[PALE_ACTOR_NODES]; /* [0] unused */
	unsigned node_count;

	/* The call under way. */
	const struct pale_site *site;
	uint8_t fd[2];
	unsigned walk;
	uint16_t slots[PALE_WALKER_SLOTS];
	uint16_t node[2]; /* results of walks */
	pale_walker_rest last[2];
	int made; /* descriptor of what O_CREAT made, opened; -1 */
	unsigned operations;
	uint32_t mark; /* renames when the walker marked */
};

/* ---- walk.c: the scenario's walker on descriptors ---- */

const struct pale_walker *pale_actor_walker(const struct pale_actor *actor);

/* The node of what a descriptor refers to, which is taken; 0 and errno where there is none. */
uint16_t pale_actor_node(struct pale_actor *actor, int fd);

/*
 * Set out on the path number actor->walk, take a step, finish. PALE_WALKER_DONE, MORE, -errno, or
 * PALE_WALKER_WAIT where somebody holds the lock, which a witness never has.
 */
int pale_actor_walk_begin(struct pale_actor *actor);
int pale_actor_walk_step(struct pale_actor *actor);
int pale_actor_walk_finish(struct pale_actor *actor);
/* O_CREAT: find or make the last component. DONE: nothing more to find; MORE: walk on. */
int pale_actor_walk_take(struct pale_actor *actor);

/* ---- calls.c, calls_ipc.c ---- */

/* Where a call's path is for the kernel: a directory and text, both walked by nobody yet or by us.
 */
struct pale_actor_place {
	int dir;
	const char *path;
	bool walked; /* our walker did: path leads to its result and is to be followed */
};

struct pale_actor_done {
	int error;
	uint64_t ino;
	bool is_lookup;
	int value; /* -1 */
	const char *unable;
};

/* Do the work of a call, at these places. */
void pale_actor_call(
    struct pale_actor *actor, struct pale_actor_place place[2], struct pale_actor_done *ret);
/* Of calls about descriptors, processes and IPC; false where it is none of those. */
bool pale_actor_call_ipc(struct pale_actor *actor, struct pale_actor_done *ret);
bool pale_actor_call_sysv(struct pale_actor *actor, struct pale_actor_done *ret);
/* A value, or that of a variable; and the variable that the call's result goes to. */
int pale_actor_value(const struct pale_actor *actor, struct pale_ref ref);
void pale_actor_keep_value(struct pale_actor *actor, int value);
/* What exec of a file does to descriptors, segments and user. 0 or -1 and errno. */
int pale_actor_executes(struct pale_actor *actor, const struct stat *file);
/* All capabilities that are permitted in force, or none: a kernel may look where its caller may
 * not. 0 or -1 and errno. */
int pale_actor_use_caps(bool all);
/* Take these user ids, and group ids of the same numbers; 0 or -1 and errno. */
int pale_actor_become(struct pale_actor *actor, uid_t ruid, uid_t euid);

/* Put a descriptor, taken, in the slot that the site says. */
void pale_actor_give(struct pale_actor *actor, unsigned which, int fd, bool from_lookup);
/* The real descriptor of the n-th "d" or "f"; AT_FDCWD; -1 where there is none. */
int pale_actor_fd(const struct pale_actor *actor, unsigned n);
void pale_actor_close(struct pale_actor *actor, unsigned slot);

/* Run what takes a path in a place that has only a name, AF_UNIX: with the working directory
 * there. 0 or -errno. */
int pale_actor_enter(struct pale_actor *actor, int dir);
void pale_actor_leave(struct pale_actor *actor);

#endif
