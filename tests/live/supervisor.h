/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The supervisor, from both sides: supervisor.c starts `pale run` around this same executable,
 * which then runs one probe of supervisor_flock.c or supervisor_sockets.c inside. A probe returns 0
 * or the line where it found something wrong. The world is a directory with `ro` and `rw`, each
 * with a `file` and a server called `host` that listens outside.
 */
#ifndef PALE_TESTS_LIVE_SUPERVISOR_H
#define PALE_TESTS_LIVE_SUPERVISOR_H

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

struct probe {
	const char *name;
	const char *sentence;
	int (*run)(void);
	const char *grant; /* of rw: "" for -w, else rights for --dir */
};

extern const struct probe flock_probes[];
extern const struct probe socket_probes[];

#define WORLD_BYTES 64
extern char world[WORLD_BYTES]; /* its path, the same inside and outside */

/* Leave the probe with the line unless the condition holds. */
#define HOLDS(condition) \
	do { \
		if (!(condition)) \
			return fail(__LINE__, #condition, errno); \
	} while (0)
#define FAILS(call, error) HOLDS((call) == -1 && errno == (error))

int fail(int line, const char *condition, int error);
/* A path in the world, good until eight more were asked for. */
const char *at(const char *name);

#endif
