/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One instant of the model's UNIX, unpacked: plain small numbers, no pointer, copied by assignment.
 * What is stored of it is model/pack.h. Every field that means nothing is 0.
 */
#ifndef PALE_MODEL_STATE_H
#define PALE_MODEL_STATE_H

#include "model/model.h"

/* States are compared byte by byte, and copies (clang's) leave behind what lies between two fields:
 * so nothing does. */
#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wpadded"

/*
 * An inode. A directory has exactly one name or, once removed, none: it stands here. Names of
 * everything else are entries. A slot is free again when no name, descriptor, walk, variable or
 * message leads to it.
 */
struct pale_inode {
	uint8_t type;    /* enum pale_inode_type */
	uint8_t owner;   /* user */
	uint16_t mode;   /* 07777 */
	uint8_t parent;  /* DIR: the directory above; kept when removed. The root: itself */
	uint8_t name;    /* DIR: in parent; kept when removed, too */
	uint8_t linked;  /* DIR: has its name */
	uint8_t content; /* FILE: value; FIFO: pipe + 1 while anybody has it open; SOCKET: the end
			  * bound to it + 1 */
	uint16_t target; /* LINK: rest */
};

/* In no order; what becomes free is taken again from the lowest. Each (dir, name) is once. */
struct pale_entry {
	uint8_t dir, name, inode; /* dir 0: free */
};

enum pale_fd_kind {
	PALE_FD_NONE,
	PALE_FD_INODE,  /* .of is an inode; of a FIFO that is open see .pipe */
	PALE_FD_PIPE,   /* .of is pipe + 1: made by pipe(), or a FIFO opened without O_PATH */
	PALE_FD_SOCKET, /* .of is end + 1 */
};

/* A descriptor. Copies (dup, fork, SCM_RIGHTS) are alike: the model has no offsets. */
struct pale_fd {
	uint8_t kind, of;
	uint16_t flags; /* PALE_F_READ, WRITE, PATH, NONBLOCK, CLOEXEC */
	uint8_t rights; /* index into model->rights */
	uint8_t mount;  /* walkers with is_root: the inode of the tree's root; else 0 */
	uint8_t inode;  /* PIPE of a FIFO, SOCKET that is bound: its inode, else 0 */
	uint8_t unused;
};

struct pale_pipe {
	uint8_t used;  /* anybody has an end of it */
	uint8_t inode; /* of the FIFO; 0 for pipe() */
	uint8_t count;
	uint8_t values[PALE_MODEL_PIPE_DEPTH];
};

enum pale_socket_state {
	PALE_SOCKET_FREE,
	PALE_SOCKET_NEW,
	PALE_SOCKET_LISTENS,
	PALE_SOCKET_CONNECTED,
	PALE_SOCKET_BROKEN, /* the peer's last descriptor was closed; .user is now the peer's */
	PALE_SOCKET_RESET,  /* likewise, with something in it that it had not read: the next read
			     * here fails with ECONNRESET, once */
};

/* One end of a connection, or a listener. */
struct pale_socket {
	uint8_t state;
	uint8_t inode;   /* bound to */
	uint8_t peer;    /* CONNECTED: end + 1 */
	uint8_t user;    /* who made it, listened or connected: what SO_PEERCRED of the peer says */
	uint8_t process; /* likewise, + 1; for assertions */
	uint8_t waiting[PALE_MODEL_BACKLOG]; /* LISTENS: ends + 1 that are not accepted yet: each is
					      * the server's own, with its peer set */
	uint8_t count;                       /* messages to be read here */
	uint16_t chmod; /* 0777 xor the mode that fchmod gave it: what bind gives its name, less
			 * the umask */
	uint8_t values[PALE_MODEL_PIPE_DEPTH];
	struct pale_fd passed[PALE_MODEL_PIPE_DEPTH]; /* with each; kind NONE: none */
};

enum pale_sysv_kind {
	PALE_SYSV_FREE,
	PALE_SYSV_MSG,
	PALE_SYSV_SEM,
	PALE_SYSV_SHM,
};

struct pale_sysv {
	uint8_t kind;
	uint8_t key;            /* 0: IPC_PRIVATE */
	uint8_t owner, creator; /* users */
	uint16_t mode;
	uint8_t count;                         /* MSG: messages; SEM: its value */
	uint8_t values[PALE_MODEL_PIPE_DEPTH]; /* MSG; SHM: [0] is the cell */
	uint8_t removed;                       /* SHM: goes with the last attachment, and no key
						* finds it */
	uint8_t sequence; /* 0..3: an identifier of one that was removed does not name the next */
	uint8_t unused;
};

/* What a variable holds. */
enum pale_var_kind {
	PALE_VAR_NONE,
	PALE_VAR_VALUE,
	PALE_VAR_INODE, /* as fstat saw it: a number only, it holds nothing. .also is its type.
			 * Where the inode is freed meanwhile, the variable becomes STALE */
	PALE_VAR_STALE,
	PALE_VAR_SYSV, /* .of is the object's slot + 1, .also its sequence */
};

struct pale_var {
	uint8_t kind, of, also;
};

enum pale_process_status {
	PALE_PROCESS_UNBORN, /* a child before its fork */
	PALE_PROCESS_RUNS,
	PALE_PROCESS_FINISHED, /* end of program, or exit() */
	PALE_PROCESS_FAILED,   /* ended by a call that failed, or a check that did not hold */
	PALE_PROCESS_KILLED,   /* SIGPIPE */
};

/* Where a process is in its call. */
enum pale_phase {
	PALE_PHASE_IDLE,   /* between two calls */
	PALE_PHASE_WALK,   /* first or second path: see .path */
	PALE_PHASE_FINISH, /* the walks are done, the work is not */
	PALE_PHASE_WAIT,   /* registered with what it waits for: a FIFO's peer */
	PALE_PHASE_WOKEN,  /* the peer came, and may have left again: the call will succeed */
};

struct pale_process {
	uint8_t status;
	uint8_t pc;    /* of the program: calls done */
	uint8_t calls; /* of the vocabulary: calls left */
	uint8_t ruid, euid;
	uint8_t cwd; /* inode */
	uint16_t umask;
	uint8_t root;      /* inode */
	uint8_t cwd_mount; /* as pale_fd.mount: fchdir to such a descriptor keeps it */
	uint8_t ignores_sigpipe;
	uint8_t error; /* FAILED: errno of the call that ended it; for printing */
	uint8_t runs;  /* inode of the program that was executed; 0 that of the start */
	uint8_t phase; /* of the call under way */

	struct pale_fd fds[PALE_MODEL_FDS];
	struct pale_var vars[PALE_MODEL_VARS + 1]; /* [0] unused */
	uint8_t path;                              /* that is walked: 0 or 1 */
	uint16_t knows;                            /* values that were read: a bit each */
	uint16_t used;                             /* values that were acted on */
	uint8_t attached;                          /* System V slots: a bit each for reading */
	uint8_t attached_w;                        /* and for writing */
	int8_t undo[PALE_MODEL_SYSV];              /* SEM_UNDO: what is added at the end */

	/* The call under way. */
	uint16_t site;
	uint8_t fd[2];      /* descriptors that "*" stands for this time, by d or f in turn; 0 where
			     * the site has no "*" */
	uint8_t made;       /* O_CREAT: the walk's result was made by this call */
	uint8_t first_node; /* result of the first walk */
	uint16_t first_rest;               /* PARENT: its last component */
	uint16_t slots[PALE_WALKER_SLOTS]; /* the walker's */
	uint8_t moved;       /* a name was moved since mark; only if the walker says `sequence` */
	uint8_t suid;        /* the saved user: who may come again by setuid */
	uint32_t seen_call;  /* inodes that have been beneath the dirfd since the start and are no
			      * longer: a bit each; only if the property is looked at */
	uint32_t seen_union; /* likewise beneath anything delegated */
};

struct pale_state {
	struct pale_inode inodes[PALE_MODEL_INODES]; /* [0] unused */
	struct pale_entry entries[PALE_MODEL_ENTRIES];
	struct pale_process processes[PALE_MODEL_PROCESSES];
	uint8_t lock; /* process + 1 that holds the lock of all names */
	uint8_t unused_too;
	/* What only scenarios with IPC have; pale_model_copy leaves it out where there is none. */
	struct pale_pipe pipes[PALE_MODEL_PIPES];
	struct pale_socket sockets[PALE_MODEL_SOCKETS];
	struct pale_sysv sysv[PALE_MODEL_SYSV];
	uint8_t unused[10]; /* pack.c reads and writes eight bytes at a time */
};

#pragma GCC diagnostic pop

#endif
