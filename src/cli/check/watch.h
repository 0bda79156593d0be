/* SPDX-License-Identifier: BSD-2-Clause */
/* What the process of a foreign walker lets its parent see; in memory that both have. */
#ifndef PALE_CLI_CHECK_WATCH_H
#define PALE_CLI_CHECK_WATCH_H

#include <stdatomic.h>
#include <stdbool.h>

#include "check/crew.h"

enum {
	PALE_WATCH_THREADS = PALE_CREW_MAX + 1,
	PALE_WATCH_TEXT_BYTES = 96,
	PALE_WATCH_SENTENCE_BYTES = 512,
};

/* A thread of the search, and whether it is in the walker. */
struct pale_watch_thread {
	atomic_ulong calls;           /* begun and ended */
	_Atomic(const char *) inside; /* "begin", "step" ...; NULL: it is not. A constant, and the
				       * parent is a fork: the same there */
	char left[PALE_WATCH_TEXT_BYTES]; /* of the path */
};

struct pale_watch {
	atomic_bool said; /* sentence is being written, by whoever set this */
	atomic_bool ready;
	atomic_bool done; /* the search came to its end: the exit code is ours, not the walker's */
	char sentence[PALE_WATCH_SENTENCE_BYTES]; /* how it misbehaved: "its step ..." */
	char walker[PALE_WATCH_TEXT_BYTES];       /* its name, once it is known */
	atomic_uint threads;
	atomic_int crashed; /* thread + 1; 0: not known */
	struct pale_watch_thread thread[PALE_WATCH_THREADS];
};

/* The one of this process; NULL where nothing foreign is contained. */
extern struct pale_watch *pale_watch;

/* This thread's; with a stack for signals, so that an endless recursion can be told of. */
struct pale_watch_thread *pale_watch_me(void);

/* The walker broke its contract: say how, and end this process. */
_Noreturn void pale_watch_broken(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
