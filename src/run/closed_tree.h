/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trees of the system that whoever starts a cage cannot change. Programs and settings are in /usr
 * and /etc, but what a machine's owner adds beneath /usr/local, /opt and /etc may belong to
 * anybody, and a service that runs there may have a socket beside its files.
 */
#ifndef PALE_RUN_CLOSED_TREE_H
#define PALE_RUN_CLOSED_TREE_H

#include <stdbool.h>

enum {
	PALE_CLOSED_TREE_DIRS_MAX = 1024, /* directories looked at; of more, nothing is said */
};

/*
 * Look through the parts of a directory that lie beneath /usr/local, /opt or /etc, mounts included,
 * and nothing else of it. A directory that we cannot open is passed over: nor can the program.
 *
 *   is_known  says of a socket, by its path, that it may be there
 *
 * Returns 0 if neither we nor everybody can write there, and no other socket is there; 1 if not,
 * with what is not as its path, owned by the caller (beyond the bound: what was looked at last);
 * -ENOMEM. Test: tests/unit/native.c
 */
int pale_closed_tree_opening(const char *path,
    bool (*is_known)(const void *state, const char *socket), const void *state, char **ret_path);

/* The same of one whole directory, wherever it is. */
int pale_closed_tree_look(const char *from, bool (*is_known)(const void *state, const char *socket),
    const void *state, char **ret_path);

#endif
