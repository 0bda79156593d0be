/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Privileges of a thread: none, for good. Raw calls, so that the small executables link no libcap.
 * Source: capabilities(7), PR_SET_NO_NEW_PRIVS(2const).
 */
#ifndef PALE_KERNEL_CAPS_H
#define PALE_KERNEL_CAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

/*
 * Empty the capability sets of the calling thread, and lock what could fill them again:
 * no_new_privs is set, and root by id gains nothing at exec (securebits). Needs CAP_SETPCAP in its
 * namespace.
 */
int pale_caps_drop(struct pale_err *err);

/*
 * Keep only these capabilities (bit 1 << CAP_*, of the first 32) of those that the calling thread
 * has, and set no_new_privs.
 */
int pale_caps_keep(uint32_t keep, struct pale_err *err);

/* Does the calling thread have this capability in its effective set? */
bool pale_caps_has(unsigned cap);

#endif
