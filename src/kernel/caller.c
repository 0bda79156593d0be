/* SPDX-License-Identifier: BSD-2-Clause */
/* What a thread has; see caller.h. */
#include "kernel/caller.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/scope.h"
#include "kernel/uapi.h"

enum {
	NAME_BYTES = 32,
	STATUS_BYTES = 16384, /* 1.4 KiB on Linux 6.18, and up to 11 for each group of the user */
};

static int
copy_fd(int pidfd, int fd)
{
	int copy = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);

	return copy < 0 ? -errno : copy;
}

/* Before Linux 6.9 only a process has a pidfd; and it says nothing of the thread, so it goes. */
static int
copy_from_process(int proc, pid_t tid, int fd)
{
	PALE_CLOSE int pidfd = -1;
	struct pale_caller_status status;

	if (pale_caller_status(proc, tid, &status) < 0)
		return -ESRCH;
	pidfd = (int)syscall(SYS_pidfd_open, status.tgid, 0);
	return pidfd < 0 ? -errno : copy_fd(pidfd, fd);
}

int
pale_caller_fd(struct pale_caller_last *last, int proc, pid_t tid, int fd, int *ret_fd)
{
	int copy = -ESRCH;

	if (last->tid == tid && last->pidfd >= 0)
		copy = copy_fd(last->pidfd, fd);
	if (copy == -ESRCH) {
		if (last->pidfd >= 0)
			close(last->pidfd);
		last->tid = tid;
		last->pidfd = (int)syscall(SYS_pidfd_open, tid, PIDFD_THREAD);
		if (last->pidfd >= 0)
			copy = copy_fd(last->pidfd, fd);
		else
			copy = errno == EINVAL ? copy_from_process(proc, tid, fd) : -errno;
	}
	if (copy < 0)
		return copy;
	*ret_fd = copy;
	return 0;
}

int
pale_caller_pidfd(int proc, pid_t tid, int *ret_fd)
{
	int pidfd = (int)syscall(SYS_pidfd_open, tid, PIDFD_THREAD);
	struct pale_caller_status status;

	if (pidfd < 0 && errno == EINVAL && pale_caller_status(proc, tid, &status) == 0)
		pidfd = (int)syscall(SYS_pidfd_open, status.tgid, 0);
	if (pidfd < 0)
		return -errno;
	*ret_fd = pidfd;
	return 0;
}

int
pale_caller_read(pid_t tid, uint64_t address, void *buf, size_t size)
{
	struct iovec here = { buf, size };
	struct iovec there = { (void *)(uintptr_t)address, size };

	return process_vm_readv(tid, &here, 1, &there, 1, 0) == (ssize_t)size ? 0 : -EFAULT;
}

int
pale_caller_memory(int proc, pid_t tid, int *ret_fd)
{
	char name[NAME_BYTES];
	int fd;

	snprintf(name, sizeof(name), "%d/mem", tid);
	fd = openat(proc, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int
pale_caller_cwd(int proc, pid_t tid, int *ret_fd)
{
	char name[NAME_BYTES];
	int fd;

	snprintf(name, sizeof(name), "%d/cwd", tid);
	/* A magic link of the kernel's, so it is followed. */
	fd = openat(proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

/* The number behind a key at the start of a line, or 0. */
static uint64_t
find_number(const char *text, const char *key, int base)
{
	const char *at = strstr(text, key);

	return at == NULL ? 0 : strtoull(at + strlen(key), NULL, base);
}

/* The last of the numbers on a line: that of the innermost pid namespace. */
static pid_t
find_last_number(const char *text, const char *key)
{
	const char *at = strstr(text, key);
	uint64_t number = 0;
	char *end;

	for (at = at == NULL ? "" : at + strlen(key); *at >= '0' && *at <= '9'; at = end + 1) {
		number = strtoull(at, &end, 10);
		if (*end != '\t')
			break;
	}
	return (pid_t)number;
}

int
pale_caller_status(int proc, pid_t tid, struct pale_caller_status *ret)
{
	PALE_CLOSE int fd = -1;
	char text[STATUS_BYTES];
	char name[NAME_BYTES];
	uint64_t blocked;
	ssize_t got;

	snprintf(name, sizeof(name), "%d/status", tid);
	fd = openat(proc, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (got <= 0)
		return got < 0 ? -errno : -ESRCH;
	text[got] = '\0';
	/* The name of the program stands first, with its newlines escaped. */
	blocked = find_number(text, "\nSigBlk:\t", 16);
	*ret = (struct pale_caller_status){
		.tgid = (pid_t)find_number(text, "\nTgid:\t", 10),
		.inner_tgid = find_last_number(text, "\nNStgid:\t"),
		.ppid = (pid_t)find_number(text, "\nPPid:\t", 10),
		.umask = (mode_t)find_number(text, "\nUmask:\t", 8),
		.threads = (unsigned)find_number(text, "\nThreads:\t", 10),
		.pending = find_number(text, "\nSigPnd:\t", 16) & ~blocked,
		.shared = find_number(text, "\nShdPnd:\t", 16) & ~blocked,
		.ignored = find_number(text, "\nSigIgn:\t", 16),
	};
	return ret->tgid > 0 ? 0 : -ESRCH;
}
