/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the running kernel offers, found by using it where that leaves nothing behind: in children
 * that end, on descriptors that are closed. Nothing here changes the caller or the machine.
 */
#ifndef PALE_KERNEL_PROBE_H
#define PALE_KERNEL_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* Is it this version or later? A kernel that does not say is not. */
bool pale_probe_kernel_at_least(unsigned major, unsigned minor);

/* Its release, "6.18.2-arch1", NUL-terminated. */
void pale_probe_release(char *buf, size_t size);

/* What a cage is built from, tried in a child. Each: code 0 if it works, else the words of why not;
 * -ECANCELED for what could not be tried because something before it failed. */
struct pale_probe_ns {
	struct pale_err userns; /* user, mount, pid and ipc namespaces, and the id maps */
	struct pale_err mounts; /* a new file system, a read-only clone of "/", attaching */
	struct pale_err derive; /* a clone of a detached mount, Linux 6.15 */
	struct pale_err proc;   /* a fresh /proc of the new pid namespace */
	struct pale_err devpts; /* pseudo-terminals of one's own */
};

/* Try. Returns 0 or -errno if the child could not be started. Test: tests/cli/doctor.bats */
int pale_probe_namespaces(struct pale_probe_ns *ret, struct pale_err *err);

/* Does seccomp(2) take a filter with these SECCOMP_FILTER_FLAG_*? */
bool pale_probe_seccomp(unsigned flags);

/* Can a socket refuse every descriptor sent to it (SO_PASSRIGHTS, Linux 6.16)? */
bool pale_probe_passrights(void);

/* A number from /proc/sys, or -1: "user/max_user_namespaces". */
int64_t pale_probe_sysctl(const char *name);

/* What looks like a container from inside, in a few words, or NULL. Borrowed, static. */
const char *pale_probe_container(void);

/* What an ABI of Landlock brought. */
struct pale_probe_landlock {
	int abi;
	const char *kernel;  /* first version with it */
	const char *brings;  /* a few words */
	const char *without; /* what a cage loses without it, a sentence; NULL: nothing */
};

/* Every ABI, oldest first; ends with abi 0. */
extern const struct pale_probe_landlock pale_probe_landlock[];

#endif
