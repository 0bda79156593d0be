/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cage inside a cage: whoever runs inside asks the supervisor for it (PALE_CONTROL_NEST), and
 * gets a socket to a process that was made for that alone. It is the supervisor's child, lies in
 * the cage's pid namespace and so ends with it, has the cage's root and the caller's process group,
 * is under no filter and holds no capability. All that is said, it is told over the socket; the
 * call has no argument that could be changed meanwhile, and the supervisor does not wait.
 *
 * Attacks stopped here: more of them than PALE_NEST_MAX, a caller that is somebody else by now, a
 * process of the cage that looks at the new one (it cannot be dumped), one that keeps the filter's
 * listener (it has no descriptor but its own).
 *
 * docs/internals/nested.md has the whole of it.
 */
#ifndef PALE_CAGE_NEST_H
#define PALE_CAGE_NEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

enum {
	PALE_NEST_MAX = 64, /* cages in one cage at a time; those inside of them have their own */
	PALE_NEST_LIMITS = RLIM_NLIMITS,
};

/* Who asks, as it was while the call stood still. Descriptors are close on exec. */
struct pale_nest_caller {
	int sock;  /* to it */
	int pidfd; /* its own */
	int cwd;   /* its working directory, O_PATH */
	int maps;  /* a /proc that is not read-only and knows the new process */
	mode_t mask;
	bool joined; /* the new process is in its process group */
	struct rlimit limits[PALE_NEST_LIMITS];
};

struct pale_nest_hook {
	void *state;
	/*
	 * Runs in the new process, which ends when it returns. All signals are blocked. Borrows the
	 * caller and owns its descriptors.
	 */
	void (*serve)(void *state, struct pale_nest_caller *caller);
};

struct pale_supervisor;

/* Give back what has ended; and end all, and close .maps. */
void pale_nest_reap(struct pale_supervisor *supervisor);
void pale_nest_end(struct pale_supervisor *supervisor);

#endif
