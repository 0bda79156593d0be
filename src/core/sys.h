/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls: every call of x86-64 Linux up to 6.18, one row each in sys.def, with sub-rows for
 * calls whose meaning lies in an argument. The call filter, the manual's table of what is denied,
 * `--why`, the supervisor, and later the model, the race gate and the adversary are all made from
 * these rows. A call without a row is denied.
 */
#ifndef PALE_CORE_SYS_H
#define PALE_CORE_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/rights.h"

enum {
	PALE_SYS_ARGS = 6,
	PALE_SYS_NEEDS = 2,        /* descriptors or paths a call names at most */
	PALE_SYS_CONDS = 2,        /* conditions in one sub-row at most, beside that of .each */
	PALE_SYS_OBJECTS_MAX = 32, /* objects that are granted one by one */
};

/* What an argument is. */
enum pale_arg {
	ARG_NONE,
	ARG_INT,   /* a number with no further meaning here */
	ARG_FD,    /* a descriptor that is acted on */
	ARG_DIRFD, /* where the path in the next argument starts */
	ARG_PATH,  /* pointer to a path */
	ARG_FLAGS,
	ARG_MODE, /* permission bits */
	ARG_CMD,  /* selects what the call does: ioctl, fcntl, prctl ... */
	ARG_PID,
	ARG_UID, /* user or group id */
	ARG_SIG,
	ARG_SIZE, /* bytes or entries of the pointer before */
	ARG_IN,   /* pointer the kernel reads */
	ARG_OUT,  /* pointer the kernel writes */
	ARG_INOUT,
	ARG_ADDR, /* pointer to a socket address */
	ARG_MEM,  /* an address in the caller's map */
	ARG_KEY,  /* System V key */
	ARG_ID,   /* System V identifier */
};

/* What a call does to the namespace or the process, for model, race and audit. */
enum pale_does {
	DO_NOTHING, /* acts on what the process already holds, or only on itself */
	DO_OPEN,
	DO_MKDIR,
	DO_MKNOD,
	DO_UNLINK,
	DO_RENAME,
	DO_LINK,
	DO_SYMLINK,
	DO_READLINK,
	DO_STAT, /* also access, statfs */
	DO_CHMOD,
	DO_CHOWN,
	DO_UTIME,
	DO_XATTR,
	DO_TRUNCATE,
	DO_CHDIR,
	DO_ROOT, /* chroot, pivot_root, mount API */
	DO_EXEC,
	DO_WATCH, /* inotify, fanotify */
	DO_SOCKET,
	DO_BIND,
	DO_CONNECT,
	DO_LISTEN,
	DO_ACCEPT,
	DO_SEND,
	DO_RECV,
	DO_PIPE,
	DO_DUP,
	DO_CLOSE,
	DO_SYSV,
	DO_MQ,
	DO_FORK,
	DO_EXIT,
	DO_IDENTITY, /* uids, gids, capabilities, namespaces, no_new_privs, filters */
	DO_SIGNAL,   /* reaches another process: kill, ptrace, priorities */
	DO_WAIT,     /* blocks for another: poll, futex, wait4, flock */
	DO_MEMORY,
	DO_KERNEL, /* machine-wide: reboot, modules, clocks, quotas, keys, bpf */
};

/* How capability mode (libcaprights) meets the call. */
enum pale_capmode {
	MODE_NO,  /* ECAPMODE */
	MODE_YES, /* allowed */
	MODE_AT,  /* allowed relative to a real dirfd, never AT_FDCWD */
	MODE_ARG, /* depends on an argument: see the sub-rows */
};

/* Which mechanisms enforce the rights a call needs (bits). */
enum pale_by {
	BY_MOUNT = 1, /* the grant's own mount: nothing else exists, read-only, noexec */
	BY_LANDLOCK = 2,
	BY_FILTER = 4, /* the seccomp program alone */
	BY_NS = 8,     /* a private pid, ipc, mount or user namespace */
	BY_SUPERVISOR = 16,
	BY_DAC = 32, /* the kernel's own permission check, with no capability held */
};

/* What the filter of `pale run` answers. */
enum pale_verdict {
	RUN_DENY,  /* errno in .error (EPERM if 0); the default, so that a row left blank is denied
		    */
	RUN_ALLOW, /* unless a right of .need that only the filter can withhold is withheld */
	RUN_ASK,   /* the supervisor decides and performs it */
};

/*
 * A gate lifts a denial when the policy grants what it stands for: RUN_DENY with an open gate is
 * passed over (a sub-row) or becomes RUN_ALLOW (a row). RUN_ASK with an open gate is not asked. A
 * sub-row of RUN_ALLOW with a gate stands before one of RUN_DENY with the same gate, which is all
 * that it excepts from: open, both are passed over.
 */
enum pale_gate {
	GATE_NONE,     /* never lifted */
	GATE_INET,     /* AF_INET and AF_INET6 sockets, of the kinds that the next ones leave */
	GATE_NETLINK,  /* AF_NETLINK sockets */
	GATE_DGRAM,    /* AF_UNIX datagram sockets */
	GATE_SYSV,     /* System V calls: open where the ipc namespace is private (the default) */
	GATE_MQ,       /* what is done with an open POSIX queue: likewise, or one is granted */
	GATE_SIGSCOPE, /* signals to process groups: open where Landlock scopes signals */
	GATE_PASS,     /* descriptor passing */
	/* Of RUN_ASK: what need not be asked, because the kernel's own answer is exact here. */
	GATE_CONNECT,   /* no socket but the granted ones can be reached */
	GATE_LISTEN,    /* no socket takes an address by listening */
	GATE_SENDTO,    /* no socket can send to an address */
	GATE_SENDMSG,   /* nor pass descriptors to somebody outside */
	GATE_SOCKET,    /* a new UNIX socket may be sent descriptors */
	GATE_MQ_OPEN,   /* all queues are the cage's own */
	GATE_MQ_NOTIFY, /* no queue is granted for writing alone */
	/* Of the network, where some of it is granted. */
	GATE_TCP,     /* with GATE_INET: TCP sockets */
	GATE_UDP,     /* with GATE_INET: UDP sockets */
	GATE_OPTIONS, /* every socket option: no socket is held to granted addresses */
	GATE_NET,     /* what network interfaces there are: all of a network is granted */
	GATE_COUNT,
};

/*
 * When a gate is open, in words that follow "where"; NULL for GATE_NONE and for the gates that no
 * policy opens yet. Static.
 */
const char *pale_gate_unless(enum pale_gate gate);

/* One condition: (argument & mask) == value, all 64 bits counted. */
struct pale_sys_cond {
	uint8_t arg;
	uint64_t mask; /* 0 ends the list */
	uint64_t value;
};

/*
 * The texts of the tables lie in their rows: a pointer to each would have to be relocated at every
 * start of a position-independent program, some twenty pages of them, and most starts read none.
 */
enum {
	PALE_SYS_NAME_BYTES = 28,
	PALE_SYS_LABEL_BYTES = 44,
	PALE_SYS_WHY_BYTES = 128,
	PALE_SYS_NOTE_BYTES = 168,
};

/* A row: one system call. */
struct pale_sys_row {
	char name[PALE_SYS_NAME_BYTES];
	int32_t nr_x86_64; /* -1 where there is none */
	enum pale_arg arg[PALE_SYS_ARGS];
	pale_rights need[PALE_SYS_NEEDS]; /* for the first and the second descriptor or path */
	enum pale_does does;
	enum pale_capmode mode;
	unsigned by; /* enum pale_by bits */
	enum pale_verdict run;
	enum pale_gate gate;
	int error;                      /* errno of RUN_DENY, 0 = EPERM */
	char why[PALE_SYS_WHY_BYTES];   /* RUN_DENY: one sentence for the manual, no full stop */
	char note[PALE_SYS_NOTE_BYTES]; /* RUN_ALLOW: what it still makes possible; RUN_ASK:
					 * what the supervisor does; or "" */
};

/* System V objects that are granted one by one. */
enum pale_object_kind {
	PALE_OBJECT_NONE,
	PALE_OBJECT_SHM,
	PALE_OBJECT_MSG,
	PALE_OBJECT_SEM,
};

enum pale_object_use {
	PALE_OBJECT_READ = 1,
	PALE_OBJECT_WRITE = 2,
};

struct pale_sys_object {
	enum pale_object_kind kind;
	int32_t key;  /* never 0, which stands for no key */
	int32_t id;   /* in the ipc namespace of the machine, when the cage started */
	unsigned use; /* enum pale_object_use bits */
};

/*
 * A sub-row: what a row becomes for some values of its arguments. The first that matches decides.
 * One with .each stands for as many as objects of that kind were granted with .use: it matches
 * where the call's key or identifier is the object's.
 */
struct pale_sys_sub {
	uint16_t sys;                     /* index of its row */
	uint8_t each;                     /* enum pale_object_kind */
	uint8_t use;                      /* of .each: enum pale_object_use bits that it takes */
	char label[PALE_SYS_LABEL_BYTES]; /* what the value is called: "TIOCSTI", "AF_VSOCK",
					     "O_CREAT" */
	struct pale_sys_cond when[PALE_SYS_CONDS];
	pale_rights need; /* rights in addition to the row's first .need; set-wise, every matching
			   * sub-row that has .adds set counts, and matching goes on */
	bool adds;        /* only adds rights; is no verdict, and matching goes on behind it */
	enum pale_verdict run;
	enum pale_gate gate;
	int error;
	char why[PALE_SYS_WHY_BYTES];
};

enum pale_sys {
#define SYS(name, ...) PALE_SYS_##name,
#define SUB(name, ...)
#include "core/sys.def"
#undef SYS
#undef SUB
	PALE_SYS_COUNT,
};

/* The row of a call; never NULL for sys < PALE_SYS_COUNT. Borrowed, static. */
const struct pale_sys_row *pale_sys_row(enum pale_sys sys);

/* The sub-rows of a call, in order; NULL and 0 where there are none. Borrowed, static. */
const struct pale_sys_sub *pale_sys_subs(enum pale_sys sys, size_t *ret_count);

/* The number of a call on the machine this was built for, or -1 where it does not exist. */
int pale_sys_nr(enum pale_sys sys);

/* The call of a number on this machine, or of a name; -ENOENT if there is none. */
int pale_sys_find_nr(int nr, enum pale_sys *ret_sys);
int pale_sys_find(const char *name, enum pale_sys *ret_sys);

/*
 * The rights a call needs on its first descriptor or path with these arguments: the row's first
 * .need and what its .adds sub-rows add.
 */
pale_rights pale_sys_need(enum pale_sys sys, const uint64_t args[PALE_SYS_ARGS]);

/* Do all conditions of a sub-row hold, but for the object of one with .each? */
bool pale_sys_sub_matches(const struct pale_sys_sub *sub, const uint64_t args[PALE_SYS_ARGS]);

/*
 * What a sub-row with .each asks of the call's arguments for one object; false if it does not stand
 * for this object.
 */
bool pale_sys_sub_object(const struct pale_sys_sub *sub, const struct pale_sys_object *object,
    struct pale_sys_cond *ret_cond);

/* Which calls the supervisor hears of beside those that it is asked about. */
enum pale_watch {
	PALE_WATCH_NONE,
	PALE_WATCH_DENIALS, /* what the filter denies, and would not have older twins for */
	PALE_WATCH_WRITES,  /* and what opens to write, executes, or changes names or metadata */
	PALE_WATCH_CHANGES, /* and what opens to read */
	PALE_WATCH_PATHS,   /* and every other call that takes a path */
};

/* What a filter is made for. */
struct pale_sys_policy {
	pale_rights withheld;                  /* HOW_SECCOMP rights that nobody in the cage has */
	uint32_t gates;                        /* open gates, bit 1 << enum pale_gate */
	enum pale_watch watch;                 /* what is asked only to be heard of */
	const struct pale_sys_object *objects; /* borrowed */
	size_t object_count;
};

/* Gates that are open in every cage, unless a grant needs that the supervisor is asked. */
#define PALE_GATES_QUIET \
	(1U << GATE_LISTEN | 1U << GATE_SENDTO | 1U << GATE_SENDMSG | 1U << GATE_SOCKET | \
	    1U << GATE_MQ_OPEN | 1U << GATE_MQ_NOTIFY | 1U << GATE_TCP | 1U << GATE_UDP | \
	    1U << GATE_OPTIONS)

/* The answer of the filter for one call, by walking the rows: the reference for the BPF program. */
struct pale_sys_answer {
	enum pale_verdict run;
	int error;
	const char *label; /* of the sub-row that decided, or NULL */
	const char *why;
};
struct pale_sys_answer pale_sys_answer(
    enum pale_sys sys, const uint64_t args[PALE_SYS_ARGS], const struct pale_sys_policy *policy);

/*
 * Is a call that gets this answer told to the supervisor under this watch? Then the filter asks,
 * and the supervisor gives the answer itself: an errno, or "go on" where the kernel decides.
 */
bool pale_sys_is_watched(
    enum pale_sys sys, const struct pale_sys_answer *answer, enum pale_watch watch);

/*
 * The two halves of it, for whoever compiles the rows: what a sub-row answers where it matches
 * (false: it is no verdict under this policy, go on behind it), and what is left for the row.
 */
bool pale_sys_sub_answer(const struct pale_sys_sub *sub, const struct pale_sys_policy *policy,
    struct pale_sys_answer *ret_answer);
struct pale_sys_answer pale_sys_row_answer(enum pale_sys sys, const struct pale_sys_policy *policy);

#endif
