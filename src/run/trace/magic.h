/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names below /proc as the caller of a call that was heard of means them: /proc/self/fd/3/x is a
 * path, but its link is one that only the caller can follow, and "self" would be us. For reports
 * and for learning, as all of run/trace/heard.h; nothing is opened.
 */
#ifndef PALE_RUN_TRACE_MAGIC_H
#define PALE_RUN_TRACE_MAGIC_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "cage/watch.h"

/*
 * Where a link of the caller's own /proc leads, as a path inside.
 *
 *   link  below its directory: "cwd", "exe", "fd/3"
 *
 * Returns 0, or -ENOENT where that has no name inside (a pipe, a file that was handed over, one
 * that is removed): then buf is "".
 */
int pale_magic_place(const struct pale_heard_call *heard, const char *link, char *buf, size_t size);

/*
 * Follow the magic link at the start of a path, if there is one: /proc/self/cwd/x becomes what it
 * means. What has no name inside stays as it is.
 *
 *   follow  whether a link that is the whole path is followed
 *   io_path absolute, not normalised
 *
 * Returns whether it was changed; call it again, for one can lead to another.
 */
bool pale_magic_expand(const struct pale_heard_call *heard, bool follow, char io_path[PATH_MAX]);

/* Has a path below /proc something inside, as the caller sees it? true where that is not known. */
bool pale_magic_exists(const struct pale_heard_call *heard, const char *path);

#endif
