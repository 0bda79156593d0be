/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A policy: compartments and their grants, as read from *.pale files, built-in profiles and the
 * command line. Nothing in it is resolved yet, and nothing is ever expanded from the environment.
 * Relative paths in a file are relative to the directory of that file; on the command line, to the
 * working directory ("." is allowed).
 */
#ifndef PALE_POLICY_POLICY_H
#define PALE_POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/rights.h"

enum {
	PALE_POLICY_GRANTS_MAX = 4096, /* more is a mistake, and each costs 22 us at start */
	PALE_POLICY_DEPTH_MAX = 8,     /* files included from files */
	PALE_POLICY_BYTES_MAX = 1 << 20,
};

enum pale_grant_kind {
	PALE_GRANT_PATH, /* file or directory, whichever is there */
	PALE_GRANT_DIR,  /* must be a directory */
	PALE_GRANT_FILE, /* must not be a directory */
	PALE_GRANT_COPY, /* a read-only copy of a small file, taken at start */
	PALE_GRANT_HIDE, /* an empty, read-only thing covers it */
	PALE_GRANT_TMP,  /* an empty private writable directory, gone with the cage */
	PALE_GRANT_DEV,  /* a character device node: open, read, write, ioctl of its own */
	PALE_GRANT_FD,   /* an inherited descriptor; number in .fd */
	PALE_GRANT_LINK, /* a symbolic link .path -> .target in the empty root */
	PALE_GRANT_UNIX, /* a UNIX socket by name: .path, or "@NAME" for an abstract one; .use */
	PALE_GRANT_FIFO, /* an existing FIFO: .path; .use */
	PALE_GRANT_SHM,  /* a System V segment of the machine by .key; .use */
	PALE_GRANT_MSG,  /* a System V message queue, likewise */
	PALE_GRANT_SEM,  /* a System V semaphore set, likewise */
	PALE_GRANT_MQ,   /* a POSIX message queue of the machine: .path is "/NAME"; .use */
	PALE_GRANT_TCP,  /* .path is a host name, an address or "*"; .port; .use */
	PALE_GRANT_UDP,  /* likewise */
};

/* What may be done with an endpoint of communication; names in policy/endpoint.h. */
enum pale_use {
	PALE_USE_READ = 1,
	PALE_USE_WRITE = 2,
	PALE_USE_CONNECT = 4,  /* UNIX: connect, and send to; TCP, UDP: likewise */
	PALE_USE_BIND = 8,     /* give it this name or address, listen and accept */
	PALE_USE_FOLLOW = 16,  /* UNIX: whoever has the name when it is connected to */
	PALE_USE_SCM_IN = 32,  /* UNIX: take descriptors that are passed */
	PALE_USE_SCM_OUT = 64, /* UNIX: pass descriptors */
};

struct pale_grant {
	enum pale_grant_kind kind;
	char *path;   /* absolute or relative to base, as written; NULL for FD */
	char *target; /* LINK only */
	char *base;   /* directory that a relative path starts from; NULL = working directory */
	pale_rights rights; /* as asked, not closed; 0 for COPY HIDE TMP DEV LINK */
	bool optional;      /* absent is fine */
	bool exec;          /* TMP: what is written may be run */
	int fd;             /* FD only, else -1 */
	unsigned use;       /* endpoints: enum pale_use bits */
	int32_t key;        /* SHM MSG SEM */
	uint16_t port;      /* TCP UDP; 0 = any, "*" */
	char *origin;       /* for messages: "-r" or "build.pale:12" or "profile cc:3" */
};

enum pale_limit {
	PALE_LIMIT_NPROC,
	PALE_LIMIT_NOFILE,
	PALE_LIMIT_AS,
	PALE_LIMIT_CPU,
	PALE_LIMIT_FSIZE,
	PALE_LIMIT_COUNT,
};

struct pale_env {
	char *name;
	char *value; /* NULL: passed through from the caller if set there */
};

/* One compartment. Owned by its policy. */
struct pale_compartment {
	char *name;
	struct pale_grant *grants;
	size_t grant_count;
	struct pale_env *env;
	size_t env_count;
	bool clear_env; /* not even the default allow-list */
	uint64_t limit[PALE_LIMIT_COUNT];
	bool limit_set[PALE_LIMIT_COUNT];
	char **command;     /* NULL-terminated, or NULL */
	char *chdir;        /* or NULL */
	char *proc;         /* "none", "self" (pids only), "full"; NULL = not said */
	char *net;          /* "host", "none", "loopback"; NULL = not said: see pale-run(1) */
	bool notify;        /* readiness: the socket of $NOTIFY_SOCKET is granted */
	bool activation;    /* the sockets of $LISTEN_FDS are kept, to be accepted from */
	bool exec_writable; /* every writable grant of the compartment, whoever gave it, gets
			       execute */
};

struct pale_policy {
	struct pale_compartment *compartments;
	size_t compartment_count;
	bool sealed; /* texts read into it may not include files: -EPERM */
};

void pale_policy_init(struct pale_policy *policy);
void pale_policy_done(struct pale_policy *policy);

/*
 * Add a compartment, or find the one of that name. -ENOMEM. The result is borrowed, and good until
 * the next compartment is added.
 */
int pale_policy_compartment(
    struct pale_policy *policy, const char *name, struct pale_compartment **ret_compartment);

/*
 * Append a grant; strings are copied.
 * Returns 0, -ENOMEM, -E2BIG (PALE_POLICY_GRANTS_MAX).
 * Test: tests/unit/policy.c
 */
int pale_compartment_grant(
    struct pale_compartment *compartment, const struct pale_grant *grant, struct pale_err *err);
/* NAME or NAME=VALUE; -EINVAL for an ill-formed one. A later one of the same name replaces. */
int pale_compartment_env(
    struct pale_compartment *compartment, const char *assignment, struct pale_err *err);
/*
 * "nproc=64", "as=2G" (K M G T suffixes, powers of 1024), "nofile=unlimited" (UINT64_MAX, which is
 * RLIM_INFINITY); -EINVAL with the nearest name. A later one of the same name replaces.
 */
int pale_compartment_limit(
    struct pale_compartment *compartment, const char *assignment, struct pale_err *err);
/* The name of a limit, as people write it: "nproc". Borrowed, static. */
const char *pale_limit_name(enum pale_limit limit);
/* "host", "none" or "loopback"; -EINVAL with the nearest word. A later one replaces. */
int pale_compartment_net(
    struct pale_compartment *compartment, const char *word, struct pale_err *err);
/* Replace the command by a NULL-terminated vector, copied. -ENOMEM. */
int pale_compartment_command(
    struct pale_compartment *compartment, const char *const *argv, struct pale_err *err);
/*
 * Append everything of from to to (the union of two policies); from is unchanged. What can be said
 * only once (a limit, an environment variable, the command, chdir, proc) is taken from from where
 * from says it.
 */
int pale_compartment_merge(
    struct pale_compartment *to, const struct pale_compartment *from, struct pale_err *err);

/*
 * Read a policy file into policy, behind what is there. Every error is -errno with "FILE:LINE: ..."
 * in err; what was read before it stays, and only pale_policy_done makes sense then.
 *
 *   path   file; opened O_NONBLOCK, must be a regular file of at most PALE_POLICY_BYTES_MAX bytes
 *
 * Statements outside a compartment belong to the compartment named "main", which is there
 * afterwards even if nothing was said. Test: tests/unit/policy.c, fuzz/policy.c
 */
int pale_policy_read_file(struct pale_policy *policy, const char *path, struct pale_err *err);

/* The same from memory; name is what messages call it, dir what relative paths start from. */
int pale_policy_read_text(struct pale_policy *policy, const char *name, const char *dir,
    const char *text, size_t size, struct pale_err *err);

/* A built-in profile (profiles/NAME.pale, embedded at build); -ENOENT with the nearest name. */
int pale_profile_read(struct pale_policy *policy, const char *name, struct pale_err *err);

/* Names of the built-in profiles, NULL-terminated, sorted; and the text of one (NULL if none). */
const char *const *pale_profile_names(void);
const char *pale_profile_text(const char *name, size_t *ret_size);

#endif
