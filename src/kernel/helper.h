/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What another program says: for what only it can know, such as what the machine's name services
 * answer, since pale itself is linked statically and loads none of them. The program gets no
 * descriptor of ours, no variable of the environment but LC_ALL and PATH, and a deadline.
 */
#ifndef PALE_KERNEL_HELPER_H
#define PALE_KERNEL_HELPER_H

#include <stddef.h>

/*
 * Run a program and take what it writes to its standard output. To be called where nobody else
 * waits for children of ours.
 *
 *   path         absolute
 *   argv         NULL-terminated
 *   deadline_ms  after that it is killed
 *   buf          where to; NUL-terminated
 *   size         of buf; output that does not fit is a failure
 *   ret_status   its exit code; 0 where our caller has its children reaped by the kernel
 *
 * Returns 0, -ENOENT (no such program), -ETIMEDOUT, -E2BIG, -ECHILD (killed by a signal), or
 * another -errno.
 */
int pale_helper_output(
    const char *path, char *const *argv, int deadline_ms, char *buf, size_t size, int *ret_status);

#endif
