/* SPDX-License-Identifier: BSD-2-Clause */
/* The mounts of a process, with the inode that each shows at its top. */
#ifndef PALE_RUN_MOUNTS_H
#define PALE_RUN_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/err.h"

struct pale_mount {
	uint64_t id;
	size_t parent; /* index; its own for the topmost */
	char *path;    /* where it hangs, now; owned */
	bool covered;  /* another hangs upon its top: nobody comes to it */
	bool buried;   /* another hangs above its place, so nobody does as long as that is so */
	dev_t dev;     /* of its top; not set if it is covered or buried, nor the rest */
	ino_t ino;
	bool read_only;
	bool no_exec;
};

struct pale_mounts {
	struct pale_mount *list;
	size_t count;
};

/*
 * Read the list of our own mount namespace.
 *
 *   proc        directory of a /proc that knows us
 *   ret_mounts  to be given to pale_mounts_done; untouched on failure
 *
 * Returns 0, -ESTALE if it changed meanwhile, or -errno.
 */
int pale_mounts_read(int proc, struct pale_mounts *ret_mounts, struct pale_err *err);
void pale_mounts_done(struct pale_mounts *mounts);

/* The mount that a descriptor lies in; NULL if it is none of the list. */
const struct pale_mount *pale_mounts_of_fd(const struct pale_mounts *mounts, int fd);

#endif
