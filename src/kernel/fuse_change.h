/* SPDX-License-Identifier: BSD-2-Clause */
/* What fuse.c shares with fuse_change.c. */
#ifndef PALE_KERNEL_FUSE_CHANGE_H
#define PALE_KERNEL_FUSE_CHANGE_H

#include <linux/fuse.h>

#include "kernel/fuse.h"

/*
 * A request to read or write a file, or to change names or attributes.
 *
 * Returns 0, -ENOSYS for any other, -EINVAL for one that is cut off; then it is to be refused.
 */
int pale_fuse_parse_change(const struct fuse_in_header *head, const char *body, size_t size,
    struct pale_fuse_request *ret);

#endif
