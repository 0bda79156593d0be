/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The world in which a victim runs: namespaces of its own (mount, pid, ipc; user where pale is not
 * root; network on demand), two users, a tree that is as it was at each start. The machine's files
 * are there to be read and executed, read-only; /tmp, /dev/shm, /run and the world's directory are
 * a fresh tmpfs each time. Nothing that happens inside is left.
 *
 * A world is made once for each thread that searches (a template of mounts), and entered anew for
 * each execution: what is costly is done once.
 */
#ifndef PALE_RACE_WORLD_H
#define PALE_RACE_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/err.h"

enum {
	PALE_RACE_PATHS_MAX = 64, /* of each kind that the command line names */
};

/* Where everything lies inside: the victim's working directory. */
#define PALE_RACE_DIR "/tmp/world"

/* What is run, and in what. All borrowed. */
struct pale_race_setup {
	char *const *argv;  /* NULL-terminated */
	char *const *env;   /* the victim's whole environment; PALE_WORLD is added */
	const char *script; /* run as the world's root before each execution; NULL: the empty world:
			     * shared/ (0777), home/ (victim's, 0700) with secret (0600) */
	const char *const *shared;    /* directories, made 0777 in the world; relative to it */
	const char *const *private;   /* protected: a change or disclosure is a violation */
	const char *const *public;    /* may change, may be read by anybody */
	const char *const *untrusted; /* the adversary may write them: input that is not trusted */
	size_t shared_count, private_count, public_count, untrusted_count;
	uid_t victim, adversary;
	bool sticky;          /* shared directories are 1777 */
	bool net;             /* a network namespace of its own: abstract sockets matter */
	bool root_victim;     /* the victim is the world's root: setuid tools, logrotate */
	uint64_t patience_ns; /* without any call for so long it hangs (default 2 s; a call that
			       * blocks on a FIFO, lock or pipe is seen at once) */
	const char *drive;    /* --drive: a script that is the workload of a daemon; may be NULL */
	bool until_idle;      /* the run is over when all its processes wait for somebody */
};

struct pale_race_world;

/*
 * Returns 0; -EPERM, -ENOTSUP where this machine does not let us (no subordinate ids, no user
 * namespaces), with the remedy.
 */
int pale_race_world_new(
    const struct pale_race_setup *setup, struct pale_race_world **ret, struct pale_err *err);
void pale_race_world_free(struct pale_race_world *world);

#endif
