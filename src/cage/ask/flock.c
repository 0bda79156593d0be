/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flock(2). A lock makes others wait, also those outside, so it takes a descriptor through which
 * something may be changed: one that is open for writing, or one in a mount of the cage that is not
 * read-only. Others get EPERM, which programs take for what it is; unlocking too, because a lock
 * that came along with an inherited descriptor belongs to whoever gave it.
 *
 * The lock is that of the open file, which our copy shares with the caller. It is first tried
 * without waiting; where it would block, a process of its own waits. Locking twice is locking once,
 * so it does no harm if a signal makes the kernel repeat the call.
 */
#include "cage/ask/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include "core/scope.h"
#include "kernel/caller.h"

/* File systems that ask a server, or a program, for a lock: that can take its time. */
static const uint32_t far_away[] = {
	0x6969,     /* NFS */
	0x65735546, /* FUSE */
	0xfe534d42, /* SMB2 */
	0xff534d42, /* CIFS */
	0x01021997, /* 9P */
	0x00c36400, /* Ceph */
	0x7461636f, /* OCFS2 */
	0x01161970, /* GFS2 */
	0x5346414f, /* AFS */
	0x47504653, /* GPFS */
};

static bool
is_far(const struct statfs *fs)
{
	for (size_t i = 0; i < PALE_COUNT(far_away); i++) {
		if ((uint32_t)fs->f_type == far_away[i])
			return true;
	}
	return false;
}

struct locking {
	int fd;
	int operation;
};

static int64_t
lock(const void *data)
{
	const struct locking *l = data;

	return flock(l->fd, l->operation) < 0 ? -errno : 0;
}

/* It waited, so the open file held no lock: what there is now came too late to be told of. */
static int
unlock(int fd)
{
	flock(fd, LOCK_UN);
	return -EINTR;
}

int
pale_ask_flock(struct pale_supervisor *supervisor, const struct pale_notify *call)
{
	PALE_CLOSE int fd = -1;
	int operation = (int)call->args[1];
	int result =
	    pale_caller_fd(&supervisor->last, supervisor->proc, call->tid, (int)call->args[0], &fd);
	struct pale_ask_job job;
	struct locking what;
	struct statfs fs;
	int flags;

	if (result < 0)
		return result;
	if (!pale_ask_holds(supervisor, call))
		return -EINTR;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || (flags & O_PATH) != 0)
		return -EBADF;
	if (fstatfs(fd, &fs) < 0)
		return -errno;
	/* A device or FIFO in a read-only mount can be open for writing. */
	if ((flags & O_ACCMODE) != O_WRONLY && (flags & O_ACCMODE) != O_RDWR &&
	    ((fs.f_flags & ST_RDONLY) != 0 || !pale_ask_is_cage_mount(supervisor, fd)))
		return -EPERM;
	if (!is_far(&fs)) {
		result = flock(fd, operation | LOCK_NB) < 0 ? -errno : 0;
		if (result != -EWOULDBLOCK || (operation & LOCK_NB) != 0)
			return result;
	}
	what = (struct locking){ fd, operation };
	job = (struct pale_ask_job){
		.fd = fd, .act = lock, .data = &what, .undo = unlock, .full = -ENOLCK
	};
	fd = -1;
	return pale_ask_wait(supervisor, call, &job);
}
