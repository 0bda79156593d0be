/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Landlock: the second, independent fence, and the only one that withholds single write rights from
 * a writable grant or keeps a FIFO in a read-only one from being opened for writing.
 * Source: landlock(7), Linux 5.13 (ABI 1) to 7.1 (ABI 9).
 */
#ifndef PALE_KERNEL_LANDLOCK_H
#define PALE_KERNEL_LANDLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

/* The ABI version of the running kernel; 0 where there is no Landlock (not built, or disabled). */
int pale_landlock_abi(void);

/* The LANDLOCK_ACCESS_FS_* bits that an ABI knows; 0 for abi 0. Newer ABIs count as the newest
 * known. */
uint64_t pale_landlock_fs_bits(int abi);

/* The LANDLOCK_SCOPE_* bits, and LANDLOCK_ACCESS_NET_* bits, that an ABI knows. */
uint64_t pale_landlock_scope_bits(int abi);
uint64_t pale_landlock_net_bits(int abi);

/*
 * Make a ruleset.
 *
 *   fs, net, scope  what is handled, that is, denied unless a rule allows it; bits the running
 *                   kernel knows
 *   ret_fd          owned by the caller
 */
int pale_landlock_new(uint64_t fs, uint64_t net, uint64_t scope, int *ret_fd, struct pale_err *err);

/*
 * Allow `access` on the file or directory `fd` and all below it. Bits that make no sense for a file
 * are left out when is_dir is false; nothing is added when no bit is left.
 * Returns 0, or -errno; -EBADFD for pipes and sockets, which Landlock never refuses.
 */
int pale_landlock_allow(int ruleset, int fd, bool is_dir, uint64_t access, struct pale_err *err);

/*
 * Allow LANDLOCK_ACCESS_NET_* bits, which the ruleset handles, on a TCP port in host order; nothing
 * is added for no bit. A port of 0 is what bind(2) gives where it may choose.
 */
int pale_landlock_allow_port(int ruleset, uint16_t port, uint64_t access, struct pale_err *err);

/* Enforce the ruleset on the calling thread; no_new_privs must be set. */
int pale_landlock_enforce(int ruleset, struct pale_err *err);

#endif
