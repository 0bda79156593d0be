/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plan: a compartment's grants resolved on this machine, and each right of each grant given to
 * the mechanism that enforces it exactly. What no mechanism here enforces is refused, by name,
 * unless the caller accepted that loss.
 */
#ifndef PALE_RUN_PLAN_H
#define PALE_RUN_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "cage/cage.h"
#include "core/err.h"
#include "core/rights.h"
#include "core/sys.h"
#include "policy/policy.h"
#include "run/net.h"
#include "run/doors.h"
#include "run/ipc.h"
#include "run/resolve.h"

/* What --best-effort may accept, one bit each; names and meanings in pale_losses. */
enum pale_loss_bit {
	PALE_LOSS_OVERLAP =
	    1, /* a narrower grant beneath a wider one whose name others can replace */
	PALE_LOSS_LANDLOCK = 2, /* rights that need a newer Landlock than this kernel has */
	PALE_LOSS_NPROC = 4,    /* no limit on processes where this kernel has none for root */
	PALE_LOSS_PASSING =
	    16, /* descriptors passed by sockets where this kernel cannot refuse them */
	PALE_LOSS_QUEUE = 8, /* the mode, owner and times of a POSIX queue of the caller's own */
};

struct pale_loss {
	const char *name;
	unsigned bit;
	const char *means; /* what is lost, a sentence without full stop */
};

/* Every loss that can be accepted; ends with a NULL name. */
extern const struct pale_loss pale_losses[];

struct pale_plan;
struct pale_outer; /* run/nested/narrow.h */

/* Who hears of the calls of a cage (cage/watch.h), and of which. Borrowed until the run is over. */
struct pale_watcher {
	struct pale_watch_hook hook;
	enum pale_watch watch;
	/* Called with the hook's state when the plan is made, which stays until the run is over and
	 * has .machine open. Returns 0, or -errno and the program is not run. */
	int (*start)(void *state, const struct pale_plan *plan, struct pale_err *err);
	/* So many looked for names were not heard of, because they came too fast; may be NULL. */
	void (*missed)(void *state, uint64_t count);
};

struct pale_plan_options {
	bool paranoid;        /* Landlock handles everything it knows, not only what is needed */
	bool bare;            /* no devices, terminal or /proc of our own accord */
	unsigned best_effort; /* enum pale_loss_bit */
	int landlock_abi;     /* what this kernel has, or less to pretend an older one */
	bool no_passrights;   /* pretend a kernel before Linux 6.16 */
	const struct pale_plan *outside;    /* made where owners are seen as they are; or NULL */
	const struct pale_watcher *watcher; /* or NULL */
	const struct pale_net *net;         /* found already, or NULL */
	const struct pale_ipc *ipc;     /* queues that are pinned already, or NULL: they are then */
	const struct pale_outer *outer; /* the cage that this one is made in, or NULL */
};

/* One grant as it holds here. */
struct pale_entry {
	enum pale_grant_kind kind;
	/* PATH DIR FILE COPY DEV HIDE UNIX FIFO; fd is O_PATH. UNIX, .absent: of its directory. */
	struct pale_resolved at;
	char *path;         /* canonical name inside the cage; owned */
	char *target;       /* LINK; owned */
	pale_rights asked;  /* as written, closed */
	pale_rights rights; /* as enforced: with what the wider grant around it gives */
	uint64_t attr;      /* MOUNT_ATTR_* of its mount */
	uint64_t landlock;  /* LANDLOCK_ACCESS_FS_* it allows */
	bool exec;          /* TMP */
	bool absent;        /* UNIX: nothing has the name yet, only a way to it is made */
	bool is_dir;
	bool safe;          /* narrower than what is around it, and nobody else can replace it */
	bool redundant;     /* the wider grant around it gives as much: no mount of its own */
	const char *origin; /* borrowed from the policy */
	size_t cover;       /* index of the nearest wider entry, or PALE_NO_COVER */
	int fd;             /* FD: its number */
	mode_t fd_mode;     /* FD: what it is */
	bool reopen;        /* FD: a file or directory, opened anew through its own mount */
	int open_flags;     /* FD: for that */
	off_t offset;       /* FD: for that */
};

#define PALE_NO_COVER SIZE_MAX

struct pale_plan {
	struct pale_entry *entries; /* sorted by path, parents first */
	size_t entry_count;
	struct pale_endpoint *endpoints; /* every grant of one, those with entries too */
	size_t endpoint_count;
	struct pale_doors doors; /* what the supervisor is handed; its arrays are the next ones */
	struct pale_door_socket *door_sockets;
	struct pale_ipc ipc;        /* queues, unless the options have them */
	struct pale_net net_found;  /* where the options have none */
	const struct pale_net *net; /* found before, or that */
	char *native_not; /* why connect is asked about although sockets are granted, or NULL */
	struct pale_sys_policy sys;      /* what the call filter is made from */
	struct pale_sys_object *objects; /* of it; owned */
	uint64_t landlock_fs;            /* handled */
	uint64_t landlock_root;          /* allowed on the empty root */
	uint64_t landlock_net;           /* handled: TCP, where hosts are granted one by one */
	uint64_t landlock_scope;
	int landlock_abi;
	char **notices; /* what was lost and accepted, sentences; owned */
	size_t notice_count;
	char *cwd;          /* working directory inside; owned */
	bool proc;          /* a fresh /proc of the cage's own processes */
	bool proc_full;     /* all of it, dangerous files masked */
	bool proc_optional; /* go on without where the kernel refuses one */
	bool terminal;      /* pseudo-terminals of its own, and the caller's as /dev/console */
	int terminal_fd;    /* O_PATH, owned; -1 = none */
	int machine;        /* O_PATH of the machine's root, owned; -1 = it is still ours */
	int outside;        /* who answers for the machine's ipc namespace; borrowed; 0: nobody */
	int64_t began_ns;   /* when it was started, by the clock that files have; 0: not yet */
	int stdio_fd[3]; /* of devices among 0 to 2 to be opened anew: O_PATH, owned; -1 = none */
};

/*
 * Make a plan.
 *
 *   plan         zeroed; to be given to pale_plan_done, also after a failure
 *   compartment  borrowed, must outlive the plan
 *
 * Returns 0 or -errno with one sentence: -ENOENT, -ENOTDIR and such for a grant that is not there,
 * -EOPNOTSUPP for a right without an exact mechanism, -EBUSY for an overlap that would fail open.
 * Test: tests/cli/run.bats, tests/live/overlap.bats
 */
int pale_plan_make(struct pale_plan *plan, const struct pale_compartment *compartment,
    const struct pale_plan_options *options, struct pale_err *err);

void pale_plan_done(struct pale_plan *plan);

/* Does a cage need a network namespace, because Landlock cannot close abstract sockets here? */
bool pale_plan_wants_net(const struct pale_plan_options *options);

/* Does the entry carry rights (a path, or a descriptor opened anew), or is it a thing of our own?
 */
bool pale_entry_has_rights(const struct pale_entry *entry);

/* Compare two paths in tree order: a directory first, then all that lies in it. For qsort. */
int pale_plan_compare(const char *a, const char *b);

/* The entry that covers a canonical path: the longest that is it or above it; NULL if none. */
const struct pale_entry *pale_plan_find(const struct pale_plan *plan, const char *path);

/*
 * The nodes of a cage from a plan. Strings and descriptors are borrowed from the plan.
 *
 *   ret_nodes  owned by the caller (free)
 */
int pale_plan_nodes(
    struct pale_plan *plan, struct pale_node **ret_nodes, size_t *ret_count, struct pale_err *err);

/* Add a notice, a sentence; a failure to remember it is -ENOMEM. */
int pale_plan_notice(struct pale_plan *plan, struct pale_err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
