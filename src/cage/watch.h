/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who hears of the calls of a cage, for reports and for learning. Hearing decides nothing: what is
 * heard of was answered by the filter's own rows, by the supervisor, or goes on to the kernel.
 */
#ifndef PALE_CAGE_WATCH_H
#define PALE_CAGE_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/sys.h"
#include "kernel/notify.h"

/* At the end of an abstract address: a NUL and more is behind it. */
#define PALE_HEARD_NUL "\\0"

/* How a call that was heard of ended. */
enum pale_heard {
	PALE_HEARD_DENIED,  /* the filter's row denies it, or the supervisor did: .error */
	PALE_HEARD_ALLOWED, /* the supervisor performed it */
	PALE_HEARD_GOES_ON, /* the kernel will decide; it stands still as long as one listens */
	PALE_HEARD_MISSING, /* a name of the empty root was looked up and is not there */
};

/*
 * One call that was heard of. Texts come from the program: escape them before they are printed.
 *
 * For MISSING, .call has the number and arguments of the call in which the name was looked up
 * (nr -1 where they cannot be told) and .missing the name that is not there.
 */
struct pale_heard_call {
	enum pale_heard how;
	enum pale_sys sys; /* PALE_SYS_COUNT where it cannot be told */
	struct pale_notify call;
	int error;                     /* DENIED: errno, positive */
	struct pale_sys_answer answer; /* DENIED by the filter: .label and .why; else zeroed */
	bool by_filter;                /* DENIED: by a row, not by the supervisor */
	const char *missing;           /* MISSING: absolute path inside */
	/*
	 * What of the caller was already read, because it may have gone on by the time this is
	 * heard; NULL: not read, and to be read from the caller while the call stands still.
	 * Borrowed.
	 *
	 *   pid      its process's number inside; 0: not read
	 *   program  its name (comm)
	 *   text     its path arguments, as the call gave them, in the call's order
	 *   cwd      its working directory, a path inside
	 */
	pid_t pid;
	const char *program;
	const char *text[PALE_SYS_NEEDS];
	const char *cwd;
	/* The other side of a socket call as it was copied: "/run/x.sock", "./x.sock", "@name",
	 * "192.0.2.1:80", "[::1]:80"; NULL where there is none. */
	const char *address;
	int proc;     /* a /proc that numbers threads as .call.tid does */
	int listener; /* for pale_notify_holds; -1 for MISSING */
};

struct pale_watch_hook {
	void *state;
	void (*hear)(void *state, const struct pale_heard_call *heard);
};

#endif
