/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths as text: components, joining, and what a path would be if no symbolic link existed. Pure;
 * what a path *means* only a walk can say (core/walk.h). Names are bytes: no encoding is assumed,
 * only '/' and NUL are special.
 */
#ifndef PALE_CORE_PATH_H
#define PALE_CORE_PATH_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum pale_part_kind {
	PALE_PART_END, /* no component is left, or the path is "/" alone */
	PALE_PART_NAME,
	PALE_PART_DOT,    /* "." : the directory must be one that can be searched */
	PALE_PART_DOTDOT, /* ".." */
};

/* One component of a path: len bytes of somebody else's text, not NUL-terminated. */
struct pale_part {
	enum pale_part_kind kind;
	const char *text;
	size_t len;
	bool slash; /* a slash stands behind it: it must be a directory */
	bool last;  /* nothing but slashes stands behind it */
};

/*
 * Can this text be a path for the kernel?
 *
 * Returns 0, -ENOENT for an empty path, -ENAMETOOLONG where it does not fit PATH_MAX with its NUL.
 * Test: tests/unit/path.c
 */
int pale_path_check(const char *path);

/*
 * Take the next component.
 *
 *   at         in: the rest of the path; out: behind the component and the slashes after it, or at
 *              the NUL
 *   ret_part   the component; kind PALE_PART_END where there is none
 *
 * Returns 1 for a component, 0 at the end, -ENAMETOOLONG for one above NAME_MAX (ret_part is set
 * and `at` advanced all the same: the kernel finds "not a directory" first).
 * Test: tests/unit/path.c, fuzz/path.c
 */
int pale_path_next(const char **at, struct pale_part *ret_part);

/*
 * Put a path behind a directory with one slash; an absolute path replaces the directory, an empty
 * one leaves it. Nothing is normalised.
 *
 *   buf   size bytes, NUL-terminated on success, else untouched; may be none of the inputs
 *
 * Returns 0 or -ENAMETOOLONG.
 */
int pale_path_join(const char *dir, const char *path, char *buf, size_t size);

/*
 * Remove repeated and trailing slashes and ".", and each ".." with the name before it.
 *
 * For messages and for comparing what people typed only: where a symbolic link is on the way the
 * result names another object, so nothing may be decided or opened by it. ".." above "/" vanishes,
 * above a relative start it stays; nothing left is ".".
 *
 * Returns 0 or -ENAMETOOLONG; buf is untouched on failure and may be path itself.
 */
int pale_path_normalise(const char *path, char *buf, size_t size);

/*
 * Is path the directory dir or something in the tree beneath it? Both must be of one kind
 * (absolute or relative) and without ".."; canonical paths, or the answer means nothing for the
 * objects. "/ab" is not beneath "/a".
 */
bool pale_path_is_beneath(const char *path, const char *dir);

/* The last component of a path without trailing slashes; borrowed from path, "" for "/". */
const char *pale_path_last(const char *path);

#endif
