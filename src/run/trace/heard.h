/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a call that was heard of (cage/watch.h) says: who makes it, which paths it names, what they
 * mean inside, which rights it needs there, and how people write it. For reports and for learning,
 * never for a decision: the caller's memory, names and descriptors can change while they are read,
 * and what is told is then the one or the other.
 *
 * Attacks stopped here: texts without end or that cannot be read, paths that lead nowhere or round
 * in circles, a thread that is gone and its number another's, links of /proc that would be ours.
 * Nothing is opened for more than its place (O_PATH), so nothing blocks and nothing is touched.
 */
#ifndef PALE_RUN_TRACE_HEARD_H
#define PALE_RUN_TRACE_HEARD_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cage/watch.h"
#include "core/rights.h"
#include "run/why/call.h"

enum {
	PALE_HEARD_PROGRAM_BYTES = 64, /* the kernel's name of a thread has 15, and a NUL */
	PALE_HEARD_CALL_BYTES = 1024,  /* a call as people write it; what is longer is cut */
};

/* Who: its name may hold any byte. */
struct pale_heard_who {
	char program[PALE_HEARD_PROGRAM_BYTES];
	pid_t pid; /* the process's number inside; 0 where it cannot be told */
};

/* One path that a call names. */
struct pale_heard_path {
	char text[PATH_MAX]; /* as the call gave it; "" where it names a descriptor instead */
	char base[PATH_MAX]; /* the directory where a relative text starts; "" elsewhere */
	/*
	 * What it means: absolute, inside, without links but the last where the call acts on that
	 * or on a name. Behind a name that is not there nothing can be walked, so the rest is as
	 * written. "" where it cannot be told, and the call fails whatever is granted.
	 */
	char path[PATH_MAX];
	bool on_name;     /* the call acts on the name, so the directory's rights count */
	bool exists;      /* inside, now */
	mode_t mode;      /* of what exists */
	pale_rights need; /* what the call needs there */
};

/* All of it. Large: keep it on the heap. */
struct pale_heard_facts {
	struct pale_call call;
	size_t path_count;
	struct pale_heard_path paths[PALE_SYS_NEEDS];
	const char *address;     /* as pale_heard_call.address, borrowed from it; or .name */
	char name[NAME_MAX + 1]; /* of a queue, where nobody had read it */
};

/*
 * Read the paths of a call.
 *
 * Returns 0, -ENOENT for a call that is in no table, -ESRCH if the caller is gone, so that what was
 * read may be somebody else's.
 * Test: tests/live/trace.c
 */
int pale_heard_read(const struct pale_heard_call *heard, struct pale_heard_facts *ret);

/* Read who makes it. Returns 0, or -ESRCH likewise: then .program is "?". */
int pale_heard_who(const struct pale_heard_call *heard, struct pale_heard_who *ret);

/*
 * The call as people write it: openat("../outside/secret", O_RDONLY). Escaped for a terminal; an
 * argument that is longer than a line is cut, with "..." behind it.
 *
 * Returns the length, as snprintf.
 */
size_t pale_heard_print(const struct pale_heard_facts *facts, char *buf, size_t size);

#endif
