/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a scenario says, compiled: everything that never changes while it is explored. Names, paths
 * and values are numbers; the texts are kept for printing. Built by model/read.h, borrowed by all
 * who step, pack and print.
 *
 * In all numbers of the model 0 is "none", so that what means nothing is 0 without anybody's help.
 */
#ifndef PALE_MODEL_MODEL_H
#define PALE_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/rights.h"
#include "pale/walker.h"

/* Room. A scenario that needs more is refused with the number it needs. */
enum {
	PALE_MODEL_INODES = 32,  /* 1..31 */
	PALE_MODEL_ROOT = 1,     /* the inode of / */
	PALE_MODEL_ENTRIES = 24, /* names of what is no directory */
	PALE_MODEL_NAMES = 64,   /* components */
	PALE_MODEL_RESTS = 2048, /* suffixes of paths, with links put in */
	PALE_MODEL_PROCESSES = 6,
	PALE_MODEL_CALLS = 15,     /* of a process that has a vocabulary */
	PALE_MODEL_FDS = 8,        /* of a process */
	PALE_MODEL_VARS = 6,       /* of a process: values, inodes, System V objects */
	PALE_MODEL_PIPES = 4,      /* FIFOs that are open included */
	PALE_MODEL_PIPE_DEPTH = 2, /* writes that a pipe holds before it is full */
	PALE_MODEL_SOCKETS = 8,    /* ends */
	PALE_MODEL_BACKLOG = 2,
	PALE_MODEL_SYSV = 4,
	PALE_MODEL_SEM_MAX = 3, /* value of a semaphore: more is ERANGE */
	PALE_MODEL_SITES = 512, /* calls in programs and vocabularies, alternatives counted */
	PALE_MODEL_COMPARTMENTS = 6,
	PALE_MODEL_USERS = 7,   /* 1..7; what is written in the scenario stands in users[] */
	PALE_MODEL_VALUES = 15, /* 1..15 */
	PALE_MODEL_RIGHTS = 15, /* different sets of rights: 1..15; 0 is all */
	PALE_MODEL_NEVERS = 16,
};

enum pale_model_op {
	PALE_CALL_NONE,
#define CALL(name, signature, walks, sys, summary) PALE_CALL_##name,
#include "model/calls.def"
	PALE_CALL_COUNT,
};

struct pale_model_call {
	const char *name, *signature, *walks, *sys, *summary;
};

/* The rows of calls.def, PALE_CALL_NONE first. */
extern const struct pale_model_call pale_model_calls[PALE_CALL_COUNT];

enum pale_inode_type {
	PALE_INODE_FREE,
	PALE_INODE_DIR,
	PALE_INODE_FILE,
	PALE_INODE_LINK,
	PALE_INODE_FIFO,
	PALE_INODE_SOCKET,
};

/* What `protect` has, as fs.protected_* are where they are 1. */
enum {
	PALE_PROTECT_SYMLINKS = 1,
	PALE_PROTECT_HARDLINKS = 2,
	PALE_PROTECT_FIFOS = 4,
	PALE_PROTECT_REGULAR = 8,
};

/* How a call names a descriptor. Slots of a process's table are 0..PALE_MODEL_FDS-1. */
enum {
	PALE_FD_ANY = 0xfe, /* "*": each that is held in turn */
	PALE_FD_CWD = 0xff,
};

/* Flags of a call; of open and of the others together, as no call has two of one meaning. */
enum {
	PALE_F_READ = 1,
	PALE_F_WRITE = 2,
	PALE_F_CREAT = 4,     /* O_CREAT, IPC_CREAT */
	PALE_F_EXCL = 8,      /* O_EXCL, IPC_EXCL, RENAME_NOREPLACE */
	PALE_F_NOFOLLOW = 16, /* O_NOFOLLOW, AT_SYMLINK_NOFOLLOW, no AT_SYMLINK_FOLLOW of linkat */
	PALE_F_PATH = 32,     /* O_PATH */
	PALE_F_NONBLOCK = 64,
	PALE_F_CLOEXEC = 128,
	PALE_F_DIRECTORY = 256, /* O_DIRECTORY, AT_REMOVEDIR */
	PALE_F_EXCHANGE = 512,
	PALE_F_UNDO = 1024,
	PALE_F_RDONLY = 2048, /* SHM_RDONLY */
	PALE_F_TRUNC = 4096,
};

/* What kind of thing a `v`, `f` or `x` names where several can stand. */
enum pale_ref_kind {
	PALE_REF_NONE,
	PALE_REF_VALUE, /* .of is a value */
	PALE_REF_VAR,   /* .of is a variable of the process */
	PALE_REF_FD,    /* .of is a slot */
};

struct pale_ref {
	enum pale_ref_kind kind;
	uint8_t of;
};

/* A call as a program or vocabulary has it; alternatives ("a|b") are sites of their own. */
struct pale_site {
	enum pale_model_op op;
	uint8_t fd[2];            /* d, f: slot, PALE_FD_ANY, PALE_FD_CWD */
	struct pale_ref ref[2];   /* v, x, and f of `same` */
	pale_walker_rest path[2]; /* p, in turn */
	bool atomic;              /* its paths are single names: one step (never of openat) */
	uint16_t flags;           /* PALE_F_* */
	uint16_t mode;            /* m */
	int8_t number;            /* n */
	uint8_t user;             /* u */
	uint8_t rights;           /* r: index into model->rights */
	uint8_t key;              /* k: 1.., keys[] has what was written; 0 IPC_PRIVATE */
	uint16_t type;            /* of `is`: S_IF*, or 0 for OWNER */
	uint8_t to_fd[2];         /* slots that the result goes to; PALE_FD_ANY: lowest free */
	uint8_t to_var;           /* variable that it goes to, 1..; 0 none */
	bool may_fail;            /* `try`: a failure is passed over; else it ends the process */
	uint8_t child;            /* fork: the process that begins to live, index + 1 */
	unsigned line;            /* in the scenario */
	const char *text;         /* as it was written, the alternative chosen */
};

struct pale_model_compartment {
	const char *name;
	const char *walker_name; /* NULL: that of the scenario */
	const struct pale_walker *walker;
	uint8_t user; /* at start */
	uint16_t umask;
	uint8_t processes; /* alike */
	uint8_t calls;     /* of the vocabulary, each; 0 where it has a program */
	bool adversary;    /* has a vocabulary: it may stop at any time */
	bool ignores_sigpipe;
	uint16_t first_site, site_count;   /* vocabulary, or program in its order */
	uint8_t delegated[PALE_MODEL_FDS]; /* inodes it was given at start, by slot; 0 none */
	uint8_t delegated_rights[PALE_MODEL_FDS];
	const char *fd_names[PALE_MODEL_FDS]; /* NULL: has no name */
	const char *var_names[PALE_MODEL_VARS + 1];
};

/* Of a rest: its first component, and what is behind. 0 is none; the empty rest exists, too. */
struct pale_model_rest {
	const char *text;
	struct pale_walker_part part;
	bool absolute;
	bool single; /* one name, nothing else: no slash */
};

/* The rest that comes of a link's target put before another: model/rest.h. */
struct pale_model_splice {
	uint32_t key; /* 0: free */
	pale_walker_rest rest;
};

struct pale_state;
struct pale_model_text;
struct pale_model_layout;

/* What may be violated; a bit each. */
enum pale_property {
	PALE_PROPERTY_UNION,
	PALE_PROPERTY_ROOT,
	PALE_PROPERTY_CALL,
	PALE_PROPERTY_RIGHTS,
	PALE_PROPERTY_PROGRESS,
	PALE_PROPERTY_NEVER, /* the first assertion; PALE_MODEL_NEVERS bits from here on */
	PALE_PROPERTY_COUNT = PALE_PROPERTY_NEVER + PALE_MODEL_NEVERS,
};

/* An assertion: all of its terms hold at one instant, and that must never be. */
enum pale_term_kind {
#define TERM(name, signature, summary) PALE_TERM_##name,
#include "model/terms.def"
	PALE_TERM_COUNT,
};

struct pale_term {
	enum pale_term_kind kind;
	bool negated;          /* "not ..." */
	uint8_t who[2];        /* compartments, index + 1; 0 none */
	struct pale_ref ref;   /* a variable or descriptor of who[0] */
	uint8_t inode;         /* that the path named at start; 0 none */
	pale_walker_rest path; /* as written, for what is made later: looked up in the state */
	uint8_t value, user, key;
	uint16_t mode; /* of `holds`: PALE_F_READ, PALE_F_WRITE */
};

struct pale_never {
	const char *text;
	unsigned line;
	struct pale_term *terms;
	size_t count;
};

/* A scenario. Everything in it is owned by it. */
struct pale_model {
	const char *file, *title;         /* title: the words of scenario(...) */
	const struct pale_walker *walker; /* of compartments that do not name one */

	const char *names[PALE_MODEL_NAMES];
	size_t name_count; /* names[0] is unused */
	struct pale_model_rest *rests;
	size_t rest_count;                 /* rests[0] is unused */
	struct pale_model_splice *splices; /* a hash table of splice_mask + 1 */
	uint32_t splice_mask;
	uint8_t links; /* that may lie within each other in one path; more are -ELOOP */
	struct pale_model_text *texts;        /* that all others point into; the reader's */
	uint32_t users[PALE_MODEL_USERS + 1]; /* uid; groups are alike: gid = uid */
	size_t user_count;
	const char *values[PALE_MODEL_VALUES + 1];
	size_t value_count;
	pale_rights rights[PALE_MODEL_RIGHTS + 1]; /* rights[0] is all */
	size_t right_count;
	int32_t keys[PALE_MODEL_SYSV + 1];
	size_t key_count;

	struct pale_model_compartment compartments[PALE_MODEL_COMPARTMENTS];
	size_t compartment_count;
	uint8_t compartment_of[PALE_MODEL_PROCESSES]; /* by process */
	bool born_later[PALE_MODEL_PROCESSES];        /* child_of: begins with a fork */
	size_t process_count;

	struct pale_site *sites; /* sites[0] is unused */
	size_t site_count;

	uint8_t inode_count; /* that the tree has, 1.. of them */
	uint8_t
	    inode_room;       /* with the spare ones: what is made goes there, and nowhere else: an
			       * inode of the tree keeps its number for itself, even once it is gone */
	uint16_t inode_short; /* so many more could be made by all calls together, and find no room:
			       * ENOSPC. What was proved is proved of a disk that small */
	uint8_t entry_room;   /* entries that can be in use at one time; 0: PALE_MODEL_ENTRIES */
	uint8_t protect;      /* PALE_PROTECT_*: fs.protected_* of sysctl */
	const char *inode_paths[PALE_MODEL_INODES]; /* of those of the tree, for printing */
	struct pale_state *initial;
	uint32_t lasting; /* inodes whose names never change: a bit each; by pale_model_lay_out */

	uint32_t properties; /* that are looked at: bits of enum pale_property */
	/* Directories that are delegated to it, a bit each; by pale_property_prepare. */
	uint32_t delegated[PALE_MODEL_COMPARTMENTS];
	struct pale_never nevers[PALE_MODEL_NEVERS];
	size_t never_count;

	struct pale_model_layout *layout; /* model/pack.h */
};

#endif
