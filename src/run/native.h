/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * May the kernel be left to connect to granted UNIX sockets, so that their servers see the program
 * itself at the other end? Only where the sockets that it could connect to by a path are exactly
 * the granted ones and its own: the address lies in memory, and nobody judges it then.
 */
#ifndef PALE_RUN_NATIVE_H
#define PALE_RUN_NATIVE_H

#include <stdbool.h>
#include <sys/types.h>

#include "run/plan.h"

/*
 * Can this entry lead the program to no socket that it may not connect to anyway? A read-only mount
 * does not stop connect, so a directory that is shown without connectat could lead to one; but not
 * where it belongs to root, can be changed by nobody else, and is where systems keep programs and
 * settings: nobody puts a socket there that is not meant for all, and those that are there at the
 * start are looked for in the kernel's list.
 *
 *   owner  of the entry's object, as it is outside of every user namespace of ours
 *
 * Test: tests/unit/native.c
 */
bool pale_native_harmless(const struct pale_entry *entry, uid_t owner);

/* Has every granted UNIX socket one of these uses? */
bool pale_native_all(const struct pale_plan *plan, unsigned use);
/* Has none of them any of these uses? */
bool pale_native_none(const struct pale_plan *plan, unsigned use);

/*
 * Say why not.
 *
 *   options  .outside, if there is one, has seen owners as they are
 *   ret_why  a phrase behind "because", owned by the caller; NULL if the kernel may connect
 *
 * Returns 0 or -ENOMEM.
 */
int pale_native_why_not(const struct pale_plan *plan, const struct pale_compartment *compartment,
    const struct pale_plan_options *options, char **ret_why);

#endif
