/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cage: an empty root in which only the nodes of a plan exist, private pid, ipc and mount
 * namespaces, no capability, one Landlock layer, one call filter. The plan says what; nothing in
 * this layer decides about rights.
 */
#ifndef PALE_CAGE_CAGE_H
#define PALE_CAGE_CAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <linux/filter.h>

#include "cage/doors.h"
#include "cage/skeleton/skeleton.h"
#include "cage/supervisor.h"
#include "cage/watch.h"
#include "core/err.h"

enum pale_node_kind {
	PALE_PUT_MOUNT, /* a file or directory of the machine as a mount of its own */
	PALE_PUT_LINK,  /* a symbolic link in the empty root */
	PALE_PUT_COPY,  /* a read-only copy of a small file */
	PALE_PUT_TEXT,  /* a read-only file that was made up, also over what a wider node shows */
	PALE_PUT_DIR,   /* a directory of the empty root, which leads to what is not there yet */
	PALE_PUT_TMP,   /* an empty writable directory, private to the cage */
	PALE_PUT_HIDE,  /* an empty file or directory over what a wider node shows */
	PALE_PUT_PROC,
	PALE_PUT_DEVPTS,
	PALE_PUT_FD, /* a file or directory opened through a mount of its own, as a descriptor */
};

/* One thing that exists in the cage. Nodes are sorted by path, so that a parent comes first. */
struct pale_node {
	enum pale_node_kind kind;
	const char *path;   /* absolute, canonical: the name inside */
	const char *target; /* LINK: what it points to; TEXT: what it holds */
	int fd;      /* MOUNT, COPY: O_PATH descriptor in the cage's mount namespace, else -1 */
	bool is_dir; /* MOUNT, HIDE */
	dev_t dev;   /* MOUNT, HIDE: identity, held against the name that it covers; ino 0 = none */
	ino_t ino;
	uint64_t attr;     /* MOUNT_ATTR_* */
	uint64_t landlock; /* LANDLOCK_ACCESS_FS_* allowed here and below */
	bool proc_full;    /* PROC: the whole of it, dangerous files masked */
	bool optional;  /* PROC: go on without where the kernel refuses; TEXT: where it has no place
			 */
	int number;     /* FD: its number inside */
	int open_flags; /* FD: open(2) flags */
	off_t offset;   /* FD: where its offset starts */
	/* Set by the builder: TMP and HIDE, the identity of what was made; ino 0 = none. */
	dev_t made_dev;
	ino_t made_ino;
	const struct pale_node *cover; /* set by the builder: the nearest wider node, or NULL */
};

enum {
	PALE_CAGE_PID_BYTES = 12, /* a process number as text, with its NUL */
};

/* A limit to set; see setrlimit(2). */
struct pale_rlimit {
	unsigned resource; /* RLIMIT_* */
	struct rlimit value;
};

struct pale_cage {
	struct pale_node *nodes;
	size_t node_count;

	uint64_t landlock_fs; /* handled; 0 with the two below also 0: no Landlock */
	uint64_t landlock_net;
	uint64_t landlock_scope;
	uint64_t landlock_root;  /* allowed on the empty root, and so everywhere */
	uint64_t landlock_fd[3]; /* allowed on what 0 to 2 refer to: opened again by /dev/stderr */

	const struct sock_filter *filter;
	size_t filter_count;
	bool ask; /* the filter asks: start with a supervisor (supervisor.h) */
	const struct pale_doors *doors;      /* what the supervisor opens; must outlive the wait */
	const struct pale_watch_hook *watch; /* who hears of calls; NULL; must outlive the wait */
	const struct pale_nest_hook *nest;   /* who makes cages inside; NULL; likewise */
	const struct pale_sys_policy
	    *policy;                    /* the filter's; must outlive the wait where it watches */
	struct pale_skeleton *skeleton; /* mounted: tells the watch of missing names; or NULL */

	const struct pale_rlimit *limits;
	size_t limit_count;
	/* Processes of the whole cage, where RLIMIT_NPROC does not count; 0 = none. */
	uint64_t pid_max;
	bool pid_max_optional; /* go on without where the kernel refuses */

	const int *keep_fds; /* descriptors that stay, beside 0 to 2 */
	size_t keep_fd_count;

	/*
	 * A cage inside another: a /proc that is not read-only (borrowed for the launch), and who
	 * looks at the mounts once they are made, before the command runs, from inside.
	 */
	bool nested;
	int maps;
	int (*inspect)(const struct pale_cage *cage, int proc, struct pale_err *err);
	const void *inspect_state;

	const char *chdir; /* working directory inside */
	char *const *argv;
	char *const *envp;
	/* NULL, or where in .envp the command's number inside is written: PALE_CAGE_PID_BYTES */
	char *pid_slot;

	bool lost_proc;    /* out: /proc was refused and is not there */
	bool lost_pid_max; /* out: the limit was refused and does not hold */
};

/* Where a launch failed. */
enum pale_cage_stage {
	PALE_STAGE_SETUP,     /* nothing was run: exit code 125 */
	PALE_STAGE_NOT_FOUND, /* no such program in the cage: 127 */
	PALE_STAGE_NOT_RUN,   /* found but not executable: 126 */
};

/*
 * A running cage, held by the waiter. From the launch on, the root of the waiter is that of the
 * cage.
 */
struct pale_launch {
	pid_t init;    /* first process of the pid namespace, ours to kill */
	pid_t command; /* our own child */
	int leash;     /* write end of a pipe; when it closes, init ends and all with it */
	struct pale_supervisor supervisor;
	/* Out of the wait: */
	bool lost_root;   /* the skeleton's server ended, so everything was ended */
	uint64_t unheard; /* missing names that could not be told: they came too fast */
};

enum pale_cage_spaces {
	PALE_CAGE_OWN_NET = 1,     /* a network namespace of its own, too */
	PALE_CAGE_MACHINE_IPC = 2, /* the ipc namespace stays the machine's */
};

/*
 * Enter fresh namespaces (user, mount, pid, ipc). Grants are to be opened after this, because a
 * mount can only be cloned within its own mount namespace.
 *
 *   spaces  enum pale_cage_spaces bits
 */
int pale_cage_unshare(unsigned spaces, struct pale_err *err);

/*
 * The same inside a cage, in a process of its supervisor's (nest.h): of the capabilities in the new
 * user namespace only those stay that make mounts and look at callers, so that no permission of a
 * file is passed over.
 *
 *   maps  as in struct pale_nest_caller; borrowed
 */
int pale_cage_unshare_inside(unsigned spaces, int maps, struct pale_err *err);

/*
 * Build the cage and start its command. The process must be single-threaded and have called
 * pale_cage_unshare. On failure nothing is left running.
 *
 *   ret_stage  why it failed, for the exit code
 */
int pale_cage_launch(struct pale_cage *cage, struct pale_launch *ret_launch,
    enum pale_cage_stage *ret_stage, struct pale_err *err);

/*
 * Wait for the command: answers the calls that the filter asks about, forwards signals that were
 * sent to us, stops with it, gives the terminal back, ends everything that the command left.
 *
 * Returns the command's wait status, as wait(2) gives it.
 */
int pale_cage_wait(struct pale_launch *launch);

#endif
