/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A policy file into memory: the one place of this layer that makes system calls. A name that turns
 * out to be a FIFO, a terminal or a device neither blocks nor acts.
 */
#ifndef PALE_POLICY_FILE_H
#define PALE_POLICY_FILE_H

#include <stddef.h>

#include "core/err.h"

/*
 * Read a whole regular file.
 *
 *   path      file; symbolic links are followed, as the caller names what it trusts
 *   ret_text  *ret_size bytes, owned by the caller
 *
 * Returns 0, -EISDIR, -EINVAL (no regular file), -EFBIG (above PALE_POLICY_BYTES_MAX), or as
 * open(2) and read(2).
 * Test: tests/unit/policy.c
 */
int pale_policy_slurp(const char *path, char **ret_text, size_t *ret_size, struct pale_err *err);

#endif
