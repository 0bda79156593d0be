/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Installing a seccomp program, and asking whether the caller already runs under one of pale's.
 * A program is inherited by every child and can never be taken off again; whoever installs it
 * ends all that it denies, so it is the last step before exec.
 */
#ifndef PALE_KERNEL_SECCOMP_H
#define PALE_KERNEL_SECCOMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/filter.h>

#include "core/err.h"

enum {
	/* A number that no kernel uses, and what only a filter of pale answers it with. */
	PALE_CONTROL_NR = 10001,
	PALE_CONTROL_ERRNO = 2010,
	/*
	 * In the last register of execve, which the kernel does not read: this call is not to be
	 * heard of. A cage's own first one has it, for nobody can listen yet. That a program can
	 * say it too is no matter, since hearing decides nothing.
	 */
	PALE_UNHEARD_EXEC = 0x70616c65,
};

/*
 * First argument of that call by which a supervisor is asked for a cage inside its own; what
 * follows then is said over the socket that it returns (run/nested/nested.h). No other argument
 * counts, so there is nothing that could change while it is looked at.
 */
#define PALE_CONTROL_NEST UINT64_C(0x70616c656e657374)

/*
 * Install a program on the calling thread. no_new_privs must be set before (or CAP_SYS_ADMIN held).
 *
 *   prog, count      instructions; borrowed
 *   flags            SECCOMP_FILTER_FLAG_* but NEW_LISTENER
 *   ret_listener_fd  NULL, or where the descriptor of the supervisor goes (close on exec)
 *
 * Returns 0, or
 *   -EINVAL  the kernel does not take the program or a flag: too old, or built without seccomp
 *   -EACCES  no_new_privs is not set
 *   -EBUSY   a supervisor is there already, and the kernel allows one
 *   -ENOMEM  the filters of this process are together too long
 *   -ESRCH   SECCOMP_FILTER_FLAG_TSYNC, and a thread has another filter
 *
 * Source: seccomp(2), Linux 6.18.
 * Test: tests/live/filter.c
 */
int pale_seccomp_install(const struct sock_filter *prog, size_t count, unsigned flags,
    int *ret_listener_fd, struct pale_err *err);

/*
 * Does the caller run under a call filter of pale's (cage/filter.h)? What asks it is not a secret:
 * a program can also find out by what is refused. A foreign filter that kills for unknown numbers
 * kills here.
 * Test: tests/live/filter.c
 */
bool pale_filter_inside(void);

/*
 * The same, where it is not yet known that there is a filter at all: asks that first, of the
 * kernel, and then what a foreign filter lets pass wherever pale can run (openat2). Costs one
 * system call outside.
 */
bool pale_filter_is_ours(void);

/*
 * Ask the supervisor of the cage that the caller runs in for another cage.
 *
 *   ret_fd  socket to whoever will make it, SOCK_SEQPACKET, close on exec, owned by the caller
 *
 * Returns 0, or -errno: -EAGAIN if too many run already, -ENOSYS if nobody answers any more.
 * Test: tests/live/nested.bats
 */
int pale_filter_ask_nested(int *ret_fd);

#endif
