/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mq_open(2) and mq_unlink(2), in a cage to which a queue of the machine is granted. The name is
 * copied and then looked for among the granted ones. Such a queue was pinned when the cage started;
 * it is opened anew, for no more than it is granted for, so that the program has an open file of
 * its own (O_NONBLOCK is a flag of it), and never made or removed. Every other name is that of a
 * queue in the cage's own ipc namespace, in which the waiter is too: it is opened there, with the
 * caller's umask and no capability. Where that namespace is the machine's (--sysv), no other name
 * opens.
 *
 * Attacks stopped here: a name that changes between check and use, a queue removed and made anew
 * under a granted name, a read-only queue opened for writing.
 */
#include "cage/ask/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mqueue.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/scope.h"
#include "kernel/caller.h"

enum {
	/* A longer name than that of a file is none, wherever it ends. */
	NAME_BYTES = NAME_MAX + 2,
};

/* Copy the name, page by page: what lies behind its end need not be there. */
static int
read_name(const struct pale_notify *call, char name[NAME_BYTES])
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t address = call->args[0];

	for (size_t used = 0; used < NAME_BYTES;) {
		size_t part = (size_t)(page - (address + used) % page);
		int result;

		if (part > NAME_BYTES - used)
			part = NAME_BYTES - used;
		result = pale_caller_read(call->tid, address + used, name + used, part);
		if (result < 0)
			return result;
		if (memchr(name + used, '\0', part) != NULL)
			return name[0] == '\0' ? -ENOENT : 0;
		used += part;
	}
	return -ENAMETOOLONG;
}

static const struct pale_door_queue *
find_door(const struct pale_supervisor *supervisor, const char *name)
{
	const struct pale_doors *doors = supervisor->doors;

	for (size_t i = 0; i < doors->queue_count; i++) {
		if (strcmp(doors->queues[i].name, name) == 0)
			return &doors->queues[i];
	}
	return NULL;
}

/* Open a granted queue as the kernel would open one that is there. */
static int
open_door(const struct pale_door_queue *door, int flags)
{
	static const unsigned needs[] = {
		[O_RDONLY] = PALE_DOOR_READ,
		[O_WRONLY] = PALE_DOOR_WRITE,
		[O_RDWR] = PALE_DOOR_READ | PALE_DOOR_WRITE,
	};
	int access = flags & O_ACCMODE;
	char link[16];
	int fd;

	if (access >= (int)PALE_COUNT(needs))
		return -EINVAL;
	if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		return -EEXIST;
	if ((needs[access] & ~door->use) != 0)
		return -EACCES;
	/* We stand in the directory of our own descriptors; see supervisor.c. */
	snprintf(link, sizeof(link), "%d", door->fd);
	fd = open(link, access | (flags & O_NONBLOCK) | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Open or make one of the cage's own. */
static int
open_own(struct pale_supervisor *supervisor, const struct pale_notify *call, const char *name,
    const struct mq_attr *attr)
{
	struct pale_caller_status status;
	mode_t mask;
	long fd;

	if (pale_caller_status(supervisor->proc, call->tid, &status) < 0 ||
	    !pale_ask_holds(supervisor, call))
		return -EINTR;
	mask = umask(status.umask);
	fd = syscall(SYS_mq_open, name, (int)call->args[1], (mode_t)call->args[2], attr);
	if (fd < 0)
		fd = -errno;
	umask(mask);
	return (int)fd;
}

int
pale_ask_mq_open(struct pale_supervisor *supervisor, const struct pale_notify *call)
{
	PALE_CLOSE int fd = -1;
	const struct pale_door_queue *door;
	struct mq_attr attr;
	char name[NAME_BYTES];
	int result = 0;

	/* The attributes come first, as in the kernel. */
	if (call->args[3] != 0)
		result = pale_caller_read(call->tid, call->args[3], &attr, sizeof(attr));
	if (result == 0)
		result = read_name(call, name);
	if (!pale_ask_holds(supervisor, call))
		return -EINTR;
	if (result < 0)
		return result;
	pale_ask_judged_text(supervisor, name);
	door = find_door(supervisor, name);
	if (door != NULL)
		fd = open_door(door, (int)call->args[1]);
	else if (supervisor->doors->machine_ipc)
		fd = -EACCES;
	else
		fd = open_own(supervisor, call, name, call->args[3] != 0 ? &attr : NULL);
	if (fd < 0)
		return fd;
	/* The kernel's own mq_open closes it at exec too, asked or not. */
	result = pale_notify_give(supervisor->listener, call->id, fd, O_CLOEXEC);
	return result == 0 || result == -ENOENT ? PALE_ASK_WAITS : result;
}

int
pale_ask_mq_unlink(struct pale_supervisor *supervisor, const struct pale_notify *call)
{
	char name[NAME_BYTES];
	int result = read_name(call, name);

	if (!pale_ask_holds(supervisor, call))
		return -EINTR;
	if (result < 0)
		return result;
	pale_ask_judged_text(supervisor, name);
	if (supervisor->doors->machine_ipc || find_door(supervisor, name) != NULL)
		return -EACCES;
	return syscall(SYS_mq_unlink, name) < 0 ? -errno : 0;
}
