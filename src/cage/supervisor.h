/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The supervisor of a cage: the waiter's other half. What the table says is asked (RUN_ASK in
 * core/sys.def) stands still until it was judged here, and what is allowed is performed here, on
 * copies: the descriptor that was fetched is the one that is used, the address that was read is the
 * one that is passed. Nothing that a second thread changes meanwhile matters.
 *
 * Attacks stopped here: an address or a descriptor's number changed between check and use; a thread
 * number that belongs to somebody else by now; a caller that makes the supervisor wait (what would
 * block goes to a process of its own, of which there is a bounded number); a killed supervisor (the
 * kernel then answers ENOSYS). It acts without any capability but the one to look at callers.
 *
 * docs/internals/supervisor.md has the whole of it.
 */
#ifndef PALE_CAGE_SUPERVISOR_H
#define PALE_CAGE_SUPERVISOR_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cage/doors.h"
#include "cage/nest.h"
#include "cage/skeleton/skeleton.h"
#include "cage/watch.h"
#include "core/sys.h"
#include "kernel/caller.h"

enum {
	PALE_WAITING_MAX = 64,     /* calls that wait at a time; the next gets ENOLCK or EAGAIN */
	PALE_WAITING_TICK_MS = 10, /* how often those are looked at: gone, or a signal pending? */
	PALE_PASSING_MAX = 64,     /* sockets known to be connected by a door with SCM_OUT */
	PALE_INHERITED_MAX = 64,   /* sockets that the program comes with; with more none is told */
	PALE_PATIENCE_MS = 10,     /* how long a call may sleep in the supervisor itself */
};

struct pale_supervisor;

/* A call that blocks, in a process of its own. */
struct pale_waiting {
	uint64_t id;
	pid_t tid;
	pid_t worker; /* 0: the slot is free */
	int fd;       /* what it waits on; ours */
	bool seen;    /* a signal of the whole process was pending at the last look */
	/* Called when the worker was killed: undo what it may have done; returns what then holds.
	 * NULL: it is asked to stop, and says itself how far it came. */
	int (*undo)(int fd);
	/* Called before the answer, which it may change; see struct pale_ask_job. */
	int (*done)(struct pale_supervisor *supervisor, const struct pale_notify *call, uint64_t at,
	    int result);
	uint64_t done_at;
	int stopping;   /* what the call is to return if the worker achieved nothing; 0: go on */
	unsigned asked; /* how often the worker was asked to stop */
};

enum {
	PALE_JUDGED_BYTES = 160, /* an address of a socket has at most 110 bytes and a prefix */
};

struct pale_supervisor {
	const struct pale_doors *doors;      /* never NULL while there is a listener */
	const struct pale_watch_hook *watch; /* or NULL */
	const struct pale_nest_hook *nest;   /* or NULL: no cages inside */
	pid_t nested[PALE_NEST_MAX];         /* processes that make them; 0: the slot is free */
	int maps; /* a /proc that is not read-only, where the one below is; else 0 */
	const struct pale_sys_policy *policy; /* the filter's, for what is only watched */
	struct pale_skeleton *skeleton;       /* whose misses are heard; NULL: none, or lost */
	int listener;                         /* -1: nobody asks, or nobody is left */
	int proc; /* /proc of our own pid namespace; from before the cage's root, which hides it */
	int ruleset; /* the cage's Landlock ruleset, or -1 */
	int signals; /* signalfd of every signal; -1 until it is needed */
	int timer;   /* of the kernel's; set while a call is performed, see supervisor.c */
	struct pale_caller_last last;
	bool ready;       /* the first call has been prepared for */
	bool broken;      /* and that failed: everything is refused */
	uint64_t *mounts; /* ids of the cage's mounts, sorted; NULL until they are needed */
	size_t mount_count;
	/* Of the passing of descriptors; see ask/pass.c. */
	const char *hidden_path; /* a directory that the cage has for itself, or NULL; borrowed */
	dev_t hidden_dev;        /* its file system; 0 until it is needed */
	int diag;                /* the kernel's socket diagnosis; -1 until it is needed */
	ino_t pid_namespace;     /* that of the callers; 0 until it is needed */
	ino_t own_number;    /* our process, as pidfds tell it; 0 until it is needed, or unknown */
	ino_t inside_number; /* the last peer that was found to be in the cage; 0: none */
	uint64_t passing[PALE_PASSING_MAX];
	size_t passing_next;
	ino_t inherited[PALE_INHERITED_MAX];
	size_t inherited_count;
	size_t waiting_count;
	uint64_t next_look_ms;          /* monotonic */
	char judged[PALE_JUDGED_BYTES]; /* what the call is about, if somebody watches; ask.h */
	struct pale_waiting waiting[PALE_WAITING_MAX];
	int64_t *results; /* of the workers, shared with them; NULL until there is one */
};

/* Owner: PALE_SUPERVISOR struct pale_supervisor s = PALE_SUPERVISOR_NONE. */
#define PALE_SUPERVISOR_NONE \
	((struct pale_supervisor){ .listener = -1, \
	    .proc = -1, \
	    .ruleset = -1, \
	    .signals = -1, \
	    .diag = -1, \
	    .last.pidfd = -1 })

/*
 * Wait for a signal, and answer calls meanwhile.
 *
 *   blocked   the signals to wait for: all of them are blocked
 *   ret_info  .si_signo and .si_code of the signal, nothing else
 *
 * Returns the signal, or 0 when there is no signal but children may have changed.
 */
int pale_supervisor_wait(
    struct pale_supervisor *supervisor, const sigset_t *blocked, siginfo_t *ret_info);

/* End every call that still waits, and close everything. */
void pale_supervisor_done(struct pale_supervisor *supervisor);

/* Is this call performed here? True for exactly the calls that the table says are asked. */
bool pale_supervisor_serves(enum pale_sys sys);

#endif
