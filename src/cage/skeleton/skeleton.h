/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The empty root as a file system of our own, for --trace and --learn: it shows exactly what the
 * tmpfs of root.c shows, and every name that was looked up in it and is not there is told to the
 * waiter, with the call that did it. Whatever is granted is a native mount on top, as ever.
 *
 * Its server is a process outside of the cage's namespaces, a child of the waiter, forked before
 * those were made: one that is made later would be in the cage's pid namespace. It answers by
 * itself, from the tmpfs that the command's process builds, because the waiter stands still until
 * that has executed; and the waiter walks paths in that root, so it cannot be the server.
 *
 * Attacks stopped here: a program that misses names without end (records that do not fit are
 * counted and dropped, what was told is not told again, a name that is missed often and brings no
 * news is kept by the kernel as missing, every table has a bound); a server that is killed (the
 * kernel then refuses every walk in the root, and the waiter ends the cage); memory of a caller
 * that changes (it is copied once, and only told).
 */
#ifndef PALE_CAGE_SKELETON_SKELETON_H
#define PALE_CAGE_SKELETON_SKELETON_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cage/watch.h"
#include "core/err.h"

enum {
	PALE_SKELETON_PATH_BYTES = 4096, /* PATH_MAX */
	PALE_SKELETON_PROGRAM_BYTES = 16,
	PALE_SKELETON_TEXTS = 2 + PALE_SYS_NEEDS, /* what is missing, the directory, paths */
	/* Missed so often in a row by what was told before, a name is kept by the kernel as
	 * missing:
	 * "/home" is missed by every path below it, and each is news. */
	PALE_SKELETON_MISSES = 1024,
	PALE_SKELETON_TICK_MS = 500, /* how often the server is looked at */
	PALE_SKELETON_STUCK = 6,     /* looks in a row at one request */
};

/* The record of a miss, as it goes to the waiter: this, then the texts with their NULs. */
struct pale_skeleton_miss {
	pid_t tid;
	pid_t pid;  /* its process's number inside; 0: not known */
	int32_t nr; /* -1: not known */
	uint64_t args[PALE_SYS_ARGS];
	char program[PALE_SKELETON_PROGRAM_BYTES];
	uint16_t size[PALE_SKELETON_TEXTS]; /* with the NUL; 0: not known */
};

enum {
	PALE_SKELETON_RECORD_BYTES =
	    (int)sizeof(struct pale_skeleton_miss) + PALE_SKELETON_TEXTS * PALE_SKELETON_PATH_BYTES,
};

/* What server and waiter share. */
struct pale_skeleton_shared {
	uint64_t unheard; /* misses that could not be told */
	uint64_t asked;   /* requests that were taken and answered: odd while one is answered */
	/* What the command's process is about to execute, and where: until then it shares the
	 * waiter's memory, which is closed to the server. */
	char trying[PALE_SKELETON_PATH_BYTES];
	char cwd[PALE_SKELETON_PATH_BYTES];
};

struct pale_skeleton {
	pid_t server; /* -1: there is none */
	int sock;     /* to the server and from it, one message each */
	int mount;    /* its mount, until it is attached */
	struct pale_skeleton_shared *shared;
	uint64_t seen_asked; /* at the last look */
	uint64_t next_look_ms;
	unsigned stuck_looks;
};

/* Owner: end it with pale_skeleton_done, on every path. */
#define PALE_SKELETON_NONE ((struct pale_skeleton){ .server = -1, .sock = -1, .mount = -1 })

/* May this process use /dev/fuse? Else whoever wants to hear has to watch every call with a path.
 */
bool pale_skeleton_available(void);

/* Start the server. To be called before pale_cage_unshare, by what becomes the waiter. */
int pale_skeleton_start(struct pale_skeleton *skeleton, struct pale_err *err);

/*
 * Make the mount. To be called after pale_cage_unshare, in the same process; then the skeleton can
 * be given to a cage. On failure a cage without it is still possible.
 */
int pale_skeleton_mount(struct pale_skeleton *skeleton, struct pale_err *err);

/*
 * For the process that builds the root. Both wait until the server has understood, and fail if it
 * is gone.
 *
 *   tree  top directory of a tmpfs: what is made in there is shown from now on
 *
 * pale_skeleton_go says that it is complete, and that misses are told from now on.
 */
int pale_skeleton_show(const struct pale_skeleton *skeleton, int tree, struct pale_err *err);
int pale_skeleton_go(const struct pale_skeleton *skeleton, struct pale_err *err);

/* Likewise: say what will be executed next, in which directory. */
void pale_skeleton_trying(const struct pale_skeleton *skeleton, const char *path, const char *cwd);

/*
 * Take one miss and tell it. Does not wait.
 *
 *   watch  who hears; NULL: nobody
 *   proc   for pale_heard_call.proc
 *
 * Returns 0, -EAGAIN if there is none, -EPIPE if the server has ended.
 */
int pale_skeleton_hear(
    const struct pale_skeleton *skeleton, const struct pale_watch_hook *watch, int proc);

/*
 * To be called now and then: a server that has not answered a request for PALE_SKELETON_STUCK looks
 * is killed, for whoever waits for it cannot be.
 *
 *   now_ms  monotonic
 */
void pale_skeleton_look(struct pale_skeleton *skeleton, uint64_t now_ms);

/* Misses that could not be told, because they came faster than they were heard. */
uint64_t pale_skeleton_unheard(const struct pale_skeleton *skeleton);

/* End the server; what it told can still be heard. Whoever walks in the root now gets ENOTCONN. */
void pale_skeleton_stop(struct pale_skeleton *skeleton);

/* End the server and close everything; may be called again. */
void pale_skeleton_done(struct pale_skeleton *skeleton);

/* The server: serve.c. Never returns. `sock` is its end of the socket. */
void pale_skeleton_serve(int sock, struct pale_skeleton_shared *shared, pid_t waiter)
    __attribute__((noreturn));

/* Who is in the root, as its server knows it. */
struct pale_skeleton_people {
	int proc;      /* a /proc that numbers threads as requests do */
	pid_t waiter;  /* its own workers are no news */
	pid_t command; /* but this child of it is */
	char
	    own_name[PALE_SKELETON_PROGRAM_BYTES]; /* comm of pale, and of the command until exec */
	const struct pale_skeleton_shared *shared;
};

/*
 * Put together what the thread that missed a name is doing: miss.c.
 *
 *   record    room of PALE_SKELETON_RECORD_BYTES
 *   ret_same  a number that is the same for records that say the same, whichever thread it was
 *
 * Returns the size of the record, or 0 if it is nobody's business.
 */
size_t pale_skeleton_record(const struct pale_skeleton_people *people, pid_t tid,
    const char *missing, char *record, uint64_t *ret_same);

#endif
