/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors that a cage inherits. 0 to 2 come along if they are what a terminal, a pipe or a
 * redirection gives; a directory, an O_PATH descriptor or a socket would open a way out and must be
 * granted by number, as must every descriptor above 2.
 *
 * A granted directory or regular file is opened anew through a mount of its own, so that ".." stops
 * at it and that a read-only one cannot be changed by fchmod(2) and the like. Its file offset is
 * then its own. A pipe, terminal or socket is passed as it is, and must be open as granted.
 */
#ifndef PALE_RUN_FDS_H
#define PALE_RUN_FDS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "policy/policy.h"
#include "run/plan.h"

/*
 * Is every descriptor that is granted open? To be asked before anything is opened: a number that is
 * free then would come to be one of our own. Returns 0 or -EBADF.
 */
int pale_fds_open(const struct pale_compartment *compartment, struct pale_err *err);

/*
 * Fill the entry of a descriptor grant: what it is, and where a new one is to be opened from.
 * Returns 0, or -EBADF, -EACCES (open otherwise than granted), -ESTALE (its name is gone).
 * Test: tests/cli/fds.bats
 */
int pale_fds_entry(const struct pale_grant *grant, struct pale_entry *entry, struct pale_err *err);

/* What a descriptor among 0 to 2 is, for answers. */
struct pale_fd_look {
	bool open;
	bool granted; /* named by --fd or fd(): an entry of the plan says the rest */
	bool refused; /* `pale run` would not start with it */
	bool is_file; /* a regular file: metadata can be changed through it */
	bool reads;
	bool writes;
	bool appends;
	const char *type; /* "a pipe"; static */
	char name[256];   /* what it is called, cut if longer; "" where that says nothing */
};

/* Look at one. */
void pale_fds_look(
    const struct pale_compartment *compartment, int fd, struct pale_fd_look *ret_look);

/* Look at descriptors 0 to 2; refuse what would open a way out and is not granted. */
int pale_fds_check(const struct pale_compartment *compartment, struct pale_err *err);

/*
 * A device among 0 to 2 that the caller owns could be changed by fchmod(2) and the like: root's
 * /dev/null, or a terminal, which others could then read. Terminals and the devices of memory
 * (null, zero ...) can be opened anew, through a read-only mount, and nothing else is lost by it.
 *
 * Returns an O_PATH descriptor of it, owned by the caller, or -1 where there is nothing to do.
 */
int pale_fds_device(int fd, int *ret_open_flags);

/*
 * What Landlock must handle so that a descriptor among 0 to 2 cannot be opened again, by way of
 * /dev/fd, for more than it was opened for; and what it must allow on the one that is given.
 */
uint64_t pale_fds_must_handle(void);
uint64_t pale_fds_allow(int fd);

#endif
