/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The supervisor, from both sides: supervisor.c starts `pale run` around this same executable,
 * which then runs one probe of supervisor_flock.c, _sockets.c or _send.c inside. A probe returns 0
 * or the line where it found something wrong. The world is a directory with `ro` and `rw`, each
 * with a `file` and a server called `host` that listens outside. Beside it is `outside`, whose
 * `host` does what the letters say that it gets: `i`: answer with a descriptor; `v`: come to rw/own
 * with one. It says `n` where that is refused.
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
	const char *grant; /* of rw: "" for -w, "-" for neither ro nor rw, else rights for --dir */
	const char *uses;  /* of the socket outside/host, for --unix; NULL: not granted */
	const char *door;  /* another name for it, of nothing that is there; NULL: none */
};

extern const struct probe flock_probes[];
extern const struct probe socket_probes[];
extern const struct probe send_probes[];

#define WORLD_BYTES 64
extern char world[WORLD_BYTES]; /* its path, the same inside and outside */

/* A socket of AF_UNIX, close on exec; an address of a path; connect to a path. */
int sock(int type);
struct sockaddr_un named(const char *path);
int reach(int fd, const char *path);

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
