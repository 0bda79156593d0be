/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a thread that stands still in a call has: its descriptors, memory, working directory, umask
 * and pending signals. Everything is copied or pinned; nothing is looked at twice. A thread is
 * named by its number, so whoever uses a result asks first whether the call still stands
 * (pale_notify_holds), or it may be that of another thread with the same number.
 *
 *   proc  directory of a /proc that numbers threads as our own pid namespace does
 *
 * Source: pidfd_getfd(2), process_vm_readv(2), proc_pid_status(5).
 */
#ifndef PALE_KERNEL_CALLER_H
#define PALE_KERNEL_CALLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The last thread that a descriptor was copied from, kept because the same one often asks again. A
 * pidfd is of one thread and no other: when that is gone, so is the number, until it is opened
 * anew.
 */
struct pale_caller_last {
	pid_t tid; /* 0: none */
	int pidfd; /* -1: none; owned by whoever has the structure */
};

/*
 * A copy of the thread's descriptor, referring to the same open file; close on exec, owned by the
 * caller. Before Linux 6.9 it is that of the thread's process.
 *
 * Returns 0, -EBADF if there is no such descriptor, or -errno where we may not look.
 */
int pale_caller_fd(struct pale_caller_last *last, int proc, pid_t tid, int fd, int *ret_fd);

/* A pidfd of the thread, or, before Linux 6.9, of its process; owned by the caller, or -errno. */
int pale_caller_pidfd(int proc, pid_t tid, int *ret_fd);

/* Copy memory. Returns 0, or -EFAULT if not all of it can be read. */
int pale_caller_read(pid_t tid, uint64_t address, void *buf, size_t size);

/*
 * Its memory, to be written to with pwrite: that of this process for good, whoever gets its number.
 * Owned by the caller, or -errno.
 */
int pale_caller_memory(int proc, pid_t tid, int *ret_fd);

/* The working directory, as an O_PATH descriptor owned by the caller. */
int pale_caller_cwd(int proc, pid_t tid, int *ret_fd);

/* What /proc/TID/status tells. */
struct pale_caller_status {
	pid_t tgid;
	pid_t inner_tgid; /* as its own pid namespace numbers it */
	pid_t ppid;
	mode_t umask;
	unsigned threads;
	uint64_t
	    pending; /* signals that are pending for the thread alone and not blocked; bit n-1 */
	uint64_t shared; /* likewise for its process */
	uint64_t ignored;
};

int pale_caller_status(int proc, pid_t tid, struct pale_caller_status *ret);

#endif
