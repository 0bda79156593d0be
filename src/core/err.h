/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of a failure. A function that can fail returns 0 or -errno and takes, last, a pointer
 * to a struct pale_err on its caller's stack, which may be NULL. Libraries fill it and never print
 * or exit; only src/cli prints. Text from outside (paths, names) is put in with pale_escape
 * (core/escape.h) by whoever prints, never trusted to be plain here.
 */
#ifndef PALE_CORE_ERR_H
#define PALE_CORE_ERR_H

#include <stddef.h>

enum {
	PALE_ERR_TEXT_BYTES = 1024, /* a longer sentence is cut, with "..." at its end */
};

struct pale_err {
	int code;                         /* -errno of the failure, 0 while there is none */
	char text[PALE_ERR_TEXT_BYTES];   /* what and why: "cannot open '/x': Permission denied" */
	char remedy[PALE_ERR_TEXT_BYTES]; /* what to do about it, or "" */
};

/*
 * Record a failure.
 *
 *   err   where to; may be NULL
 *   code  negative errno, returned as it is
 *   fmt   one sentence without full stop: what failed and why
 *
 * Returns code. An earlier text is replaced and an earlier remedy forgotten.
 * Test: tests/unit/err.c
 */
int pale_fail(struct pale_err *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* As pale_fail with -errno, and ": " and the words of errno behind the sentence. Returns -errno. */
int pale_fail_errno(struct pale_err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Add what the user can do about the failure just recorded. Returns its code, also where err is
 * NULL: the code is remembered by the thread. */
int pale_remedy(struct pale_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
