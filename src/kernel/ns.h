/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Namespaces and their id maps. A refusal is told apart by its cause, because each cause has its
 * own remedy: a container's filter, a limit of zero, nesting too deep, a chroot, a distribution's
 * AppArmor rule, a kernel built without.
 * Source: user_namespaces(7), pid_namespaces(7); causes tried on Linux 6.18.
 */
#ifndef PALE_KERNEL_NS_H
#define PALE_KERNEL_NS_H

#include <stdbool.h>

#include "core/err.h"

/*
 * Move the calling process (single-threaded) into a new user namespace and into new namespaces of
 * `flags` (CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWIPC ...), and write the maps: root (CAP_SETUID and
 * CAP_SETGID held) keeps every id that its own namespace knows, anybody else only the own user and
 * group id, as themselves.
 *
 * Returns 0, or -errno with the cause and a remedy in err; then the process may be in the new
 * namespaces without maps and should end.
 * Test: tests/live/refusals.c
 */
int pale_ns_enter(int flags, struct pale_err *err);

/*
 * The same for a process that was made inside a cage by its waiter, without any capability and not
 * to be looked at by those inside: it keeps only the own user and group id, root too.
 *
 *   proc  a /proc that knows the process and is not read-only; the one of the cage is
 *
 * Test: tests/live/nested.bats
 */
int pale_ns_enter_inside(int flags, int proc, struct pale_err *err);

/*
 * Put a refusal that comes after the namespaces were made (some distributions let them be made and
 * refuse what they are for) into words.
 *
 *   code  the negative errno of the refusal
 *   what  what could not be done: "mount a tmpfs"
 *
 * Returns code.
 */
int pale_ns_explain(int code, const char *what, struct pale_err *err);

/* Does the caller run under a filter on system calls, as in containers? */
bool pale_ns_is_filtered(void);

/* Does it look like a chroot? One onto a mount point is not recognised. */
bool pale_ns_in_chroot(void);

#endif
