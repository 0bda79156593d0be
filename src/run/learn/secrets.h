/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Secrets that lie in a tree: names of secrets.def, found by looking before a program is let into
 * the tree. What is not there yet cannot be found.
 */
#ifndef PALE_RUN_LEARN_SECRETS_H
#define PALE_RUN_LEARN_SECRETS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

enum {
	PALE_SECRETS_MAX = 512,         /* to hide in one run: each is a mount */
	PALE_SECRETS_LOOK_MAX = 500000, /* names that are looked at: about two seconds */
};

/* One that was found. */
struct pale_secret {
	char *path; /* canonical */
	const char *what;
};

struct pale_secrets {
	struct pale_secret *list;
	size_t count;
	size_t looked; /* at so many names */
};

/*
 * What a path is as a secret, by its name alone; NULL if it is none. Pure.
 *
 *   ret_if_key  true: only if the file says that it is a private key; may be NULL
 *
 * Test: tests/unit/secrets.c
 */
const char *pale_secret_name(const char *path, bool *ret_if_key);

/* Is a path a secret, or in one, by the names on its way? Keys that must say so count. Pure. */
bool pale_secret_above(const char *path);

/*
 * Add the secrets of a tree. Links are not followed, other file systems are looked at too.
 *
 *   tree     canonical path of a directory
 *   named    canonical paths that somebody named: of a secret that is one of them or has one
 *            beneath it, only the rest is found
 *
 * Returns 0, -ENOMEM, -E2BIG with a sentence where the tree is too large to be looked at, or has
 * too many secrets.
 */
int pale_secrets_find(struct pale_secrets *secrets, const char *tree, const char *const *named,
    size_t named_count, struct pale_err *err);

void pale_secrets_done(struct pale_secrets *secrets);

#endif
