/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Would a call reach the other side that it names? The part of pale_why that is about addresses: a
 * path, "@NAME" for an abstract socket, "HOST:PORT" or "[V6]:PORT" for TCP and UDP.
 */
#ifndef PALE_RUN_WHY_SOCKET_H
#define PALE_RUN_WHY_SOCKET_H

#include <stdbool.h>

#include "run/why/why.h"

/* Does the call take an address: connect, bind, the sends? */
bool pale_why_takes_address(enum pale_sys sys);

/* Is this an address that is no path? A file of such a name is written "./a:80". */
bool pale_why_is_address(enum pale_sys sys, const char *text);

/*
 * Judge by the endpoints that are granted.
 *
 *   address  "@NAME", "HOST:PORT", or an absolute path
 *   path     the same, canonical inside, where it is a path; else NULL
 *   ret      .call is set
 *
 * Returns true with an answer; false for a path that no endpoint stands for: the grants of files
 * decide then. Test: tests/cli/endpoints.bats
 */
bool pale_why_address(
    const struct pale_plan *plan, const char *address, const char *path, struct pale_why *ret);

#endif
