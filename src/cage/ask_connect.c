/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * connect(2), AF_UNIX. A path is resolved as the caller would, from its working directory and in
 * the root that it shares with us, to an inode that is then pinned: what is judged is what is
 * connected to, whatever is renamed meanwhile. The mount it lies in must not be read-only (EACCES);
 * all else is the kernel's own answer, given to us without capabilities as it would be to the
 * caller.
 *
 * Abstract names answer ECONNREFUSED, as if nobody listened: they belong to the machine, and the
 * cage has none. Magic links of /proc are not followed, for they would be ours; those to the
 * caller's descriptors are understood by their name.
 *
 * What differs from a native call: the peer sees the waiter as the other end's process
 * (SO_PEERCRED; user and group are right), which inside has no number and shows as 0.
 */
#include "cage/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/scope.h"
#include "kernel/caller.h"

enum {
	RESOLVE_TRIES = 64, /* renames elsewhere can disturb a walk with ".."; 7 were ever needed */
};

/* Pin what the path leads to. */
static int
resolve(int dir, const char *path, int *ret_fd)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS };
	long fd = -1;

	for (int i = 0; i < RESOLVE_TRIES; i++) {
		fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	if (fd < 0)
		return -errno;
	*ret_fd = (int)fd;
	return 0;
}

/* Pin what the caller means. */
static int
find_target(struct pale_supervisor *supervisor, const struct pale_notify *call, const char *path,
    int *ret_target)
{
	PALE_CLOSE int dir = -1;
	const char *rest = path;
	int number;
	int result = 0;

	if (pale_ask_names_fd(path, &number, &rest)) {
		result =
		    pale_caller_fd(&supervisor->last, supervisor->proc, call->tid, number, &dir);
		if (result == -EBADF)
			result = -ENOENT; /* as /proc answers */
		if (result == 0 && *rest == '\0')
			*ret_target = pale_take_fd(&dir);
		else if (result == 0)
			result = resolve(dir, rest, ret_target);
	} else if (path[0] == '/') {
		result = resolve(AT_FDCWD, path, ret_target);
	} else {
		result = pale_caller_cwd(supervisor->proc, call->tid, &dir);
		if (result == 0)
			result = resolve(dir, path, ret_target);
	}
	return result;
}

/* Connect to the pinned inode; we and a worker stand in a directory of our own descriptors. */
struct connecting {
	int sock;
	int target;
};

static int64_t
connect_to(const void *data)
{
	const struct connecting *c = data;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%d", c->target);
	return connect(c->sock, (const struct sockaddr *)&addr, sizeof(addr)) < 0 ? -errno : 0;
}

/* The worker may have been done when it was killed. */
static int
is_connected(int sock)
{
	struct sockaddr_un peer;
	socklen_t size = sizeof(peer);

	return getpeername(sock, (struct sockaddr *)&peer, &size) == 0 ? 0 : -EINTR;
}

/*
 * Connect without waiting for a server whose queue is full. Whether to wait is a flag of the open
 * file, so it is set for the moment: other threads of the program can see that.
 */
static int
connect_now(const struct connecting *c, int flags)
{
	int result;

	if ((flags & O_NONBLOCK) == 0 && fcntl(c->sock, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	result = (int)connect_to(c);
	if ((flags & O_NONBLOCK) == 0)
		fcntl(c->sock, F_SETFL, flags);
	return result;
}

int
pale_ask_connect(struct pale_supervisor *supervisor, const struct pale_notify *call)
{
	PALE_CLOSE int sock = -1;
	PALE_CLOSE int target = -1;
	struct pale_ask_job job;
	struct connecting what;
	struct pale_ask_addr addr;
	struct statfs fs;
	int flags;
	int result = pale_ask_socket(supervisor, call, &sock, &addr);

	if (result < 0)
		return result;
	if (result == PALE_ASK_NAMELESS)
		return -EINVAL;
	if (result == PALE_ASK_ABSTRACT)
		return -ECONNREFUSED;
	result = find_target(supervisor, call, addr.path, &target);
	if (!pale_ask_holds(supervisor, call))
		return -EINTR;
	if (result < 0)
		return result;
	if (fstatfs(target, &fs) < 0)
		return -errno;
	if ((fs.f_flags & ST_RDONLY) != 0)
		return -EACCES;
	flags = fcntl(sock, F_GETFL);
	if (flags < 0 || (flags & O_PATH) != 0)
		return -EBADF;
	what = (struct connecting){ sock, target };
	result = connect_now(&what, flags);
	/* EINTR: the flag was taken away again, so it began to wait. */
	if (result != -EINTR && (result != -EAGAIN || (flags & O_NONBLOCK) != 0))
		return result;
	job = (struct pale_ask_job){ .fd = sock,
		.keep = &target,
		.keep_count = 1,
		.act = connect_to,
		.data = &what,
		.undo = is_connected,
		.full = -EAGAIN };
	sock = -1;
	return pale_ask_wait(supervisor, call, &job);
}
