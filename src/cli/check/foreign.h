/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A walker from a shared object (include/pale/walker.h). It is code that nobody has proved anything
 * about, so all that uses it happens in a process of its own, which the parent watches: a crash or
 * a step that does not end is told in a sentence, and nothing is left of it. Each call of it is
 * looked at: what it returns, what it leaves in its slots and beside them, what it asks for, and
 * whether the same slots give the same step again.
 *
 * That holds mistakes, not malice: it runs with the caller's authority. One from a stranger belongs
 * into `pale run`.
 */
#ifndef PALE_CLI_CHECK_FOREIGN_H
#define PALE_CLI_CHECK_FOREIGN_H

#include <stdint.h>

#include "core/err.h"
#include "pale/walker.h"

/*
 * Call work(arg) in a process of its own, and watch it.
 *
 *   file   of the walker, for the sentence
 *   work   returns an exit code; it writes what it has to say itself, and through
 *          pale_check_answer()
 *
 * Returns the exit code, PALE_CHECK_UNABLE where the walker did not behave.
 */
int pale_foreign_contain(const char *file, int (*work)(void *arg), void *arg);

/*
 * Load the walker; only inside of work. Every one of its steps is then held to what walker.h says:
 * one that breaks it ends this process.
 *
 * Returns 0; -ENOENT, -ELIBBAD (no shared object), -EPROTO (no such symbol, another version, slots
 * that cannot be).
 */
int pale_foreign_load(
    const char *file, const struct pale_walker **ret_walker, struct pale_err *err);

/* No more memory than this for the process: a walker that leaks must not take the machine's. */
void pale_foreign_limit(uint64_t bytes);

#endif
