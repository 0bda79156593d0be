/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process that writes one file when a run is over. It is made before the run enters its
 * namespaces and gives its privileges up, and has by then found out whether the file can be
 * written: what was learned for an hour must not be lost at its end.
 *
 * The file is only ever replaced as a whole, by a rename, and never followed: a link, a FIFO or
 * anything else that is no regular file is refused, before and at the end.
 */
#ifndef PALE_RUN_LEARN_SCRIBE_H
#define PALE_RUN_LEARN_SCRIBE_H

#include <stddef.h>
#include <sys/types.h>

#include "core/err.h"

struct pale_scribe {
	pid_t pid;
	int sock; /* -1: there is none */
};

#define PALE_SCRIBE_NONE ((struct pale_scribe){ .pid = -1, .sock = -1 })

/*
 * Read the file, if it is there, and get ready to write it.
 *
 *   path      the file; its directory must be there
 *   ret_text  what it holds, NUL behind its ret_size bytes; NULL if it is not there. Owned by the
 *             caller
 *
 * Returns 0 or -errno with a sentence: -EINVAL for what is no regular file, -ELOOP for a link,
 * -EACCES and such where it cannot be written, -EFBIG above PALE_POLICY_BYTES_MAX.
 * Test: tests/cli/learn.bats
 */
int pale_scribe_start(struct pale_scribe *scribe, const char *path, char **ret_text,
    size_t *ret_size, struct pale_err *err);

/* Write the file, mode 0600, and end. Returns 0 or -errno with a sentence; the file is then as it
 * was. */
int pale_scribe_write(
    struct pale_scribe *scribe, const char *text, size_t size, struct pale_err *err);

/* End without writing. Harmless twice. */
void pale_scribe_end(struct pale_scribe *scribe);

#endif
