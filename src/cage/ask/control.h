/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control messages that a program sends: held to the kernel's own rules, then to those of the cage.
 * What refers to the caller is rewritten for whoever sends them in its stead.
 */
#ifndef PALE_CAGE_ASK_CONTROL_H
#define PALE_CAGE_ASK_CONTROL_H

#include <stddef.h>
#include <sys/socket.h>

#include "cage/ask/ask.h"

enum {
	PALE_CONTROL_MAX_BYTES = 16384, /* 253 descriptors take 1028 */
	PALE_CONTROL_MAX_FDS = 253,     /* SCM_MAX_FD of the kernel */
};

struct pale_ask_control {
	_Alignas(struct cmsghdr) char bytes[PALE_CONTROL_MAX_BYTES]; /* as it was copied */
	size_t size;
	size_t cred_at; /* where credentials lie in it; 0: none */
	size_t fd_count;
	int fds[PALE_CONTROL_MAX_FDS + 1]; /* ours; one more than there can be */
};

/*
 * Check all, fetch the descriptors that are to be passed, and name ours in their place. Whether
 * they may be passed is not asked here.
 *
 *   domain  of the socket: AF_UNIX and so on
 *
 * Returns 0, -EINVAL as the kernel would, -EBADF, -EPERM. In any case pale_ask_control_done.
 */
int pale_ask_control(struct pale_supervisor *supervisor, const struct pale_notify *call, int domain,
    struct pale_ask_control *control);

/* In a worker, which is another process: name that. */
void pale_ask_control_is_mine(struct pale_ask_control *control);

/* Close what was fetched. */
void pale_ask_control_done(struct pale_ask_control *control);

#endif
