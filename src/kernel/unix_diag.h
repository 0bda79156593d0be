/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a UNIX socket is bound, by the kernel's socket diagnosis. Its name says what somebody once
 * called it; this says which inode has it. The socket is asked for by its cookie, which no other
 * socket ever has.
 *
 * Source: sock_diag(7), Linux net/unix/diag.c.
 */
#ifndef PALE_KERNEL_UNIX_DIAG_H
#define PALE_KERNEL_UNIX_DIAG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The kernel's own name of a socket; 0 if it is none. */
uint64_t pale_unix_cookie(int sock);

/*
 * The inode of a path that a socket, or the one it was accepted from, is bound to.
 *
 *   io_diag  a socket for asking, or -1: made then, and kept for the next time
 *   ret_ino  the lower 32 bits of its number, which is all that the kernel tells
 *
 * Returns false where it has no path, or the kernel does not tell.
 */
bool pale_unix_bound_at(int *io_diag, int sock, dev_t *ret_dev, ino_t *ret_ino);

#endif
