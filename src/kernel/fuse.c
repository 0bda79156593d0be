/* SPDX-License-Identifier: BSD-2-Clause */
/* The protocol of FUSE; see fuse.h. */
#include "kernel/fuse.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/scope.h"
#include "kernel/fuse_change.h"
#include "kernel/mountcap.h"
#include "kernel/uapi.h"

/* The kernel takes what is longer than its clock for the end of its clock. */
static const uint64_t for_ever = UINT64_MAX / 2;

int
pale_fuse_open(int *ret_device)
{
	int fd = open("/dev/fuse", O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return -errno;
	*ret_device = fd;
	return 0;
}

int
pale_fuse_mount(int device, const char *name, uint64_t attr, int *ret_mount, struct pale_err *err)
{
	char fd[16];
	char uid[16];
	char gid[16];
	const struct pale_fsopt opts[] = { { "source", name }, { "fd", fd },
		{ "rootmode", "40755" }, { "user_id", uid }, { "group_id", gid },
		{ "allow_other", NULL }, { "default_permissions", NULL }, { NULL, NULL } };

	snprintf(fd, sizeof(fd), "%d", device);
	snprintf(uid, sizeof(uid), "%u", getuid());
	snprintf(gid, sizeof(gid), "%u", getgid());
	return pale_mountcap_new("fuse", opts, attr, ret_mount, err);
}

static int
answer(int device, uint64_t unique, int error, const void *body, size_t size)
{
	struct fuse_out_header head = {
		.len = (uint32_t)(sizeof(head) + size),
		.error = error,
		.unique = unique,
	};
	struct iovec parts[] = { { &head, sizeof(head) }, { (void *)(uintptr_t)body, size } };

	return writev(device, parts, size == 0 ? 1 : 2) < 0 ? -errno : 0;
}

/* Links are kept by the kernel, so that a walk through "/bin" costs nothing. */
static int
answer_init(int device, const struct fuse_in_header *head, const struct fuse_init_in *init)
{
	const uint64_t offered =
	    init->flags | ((init->flags & FUSE_INIT_EXT) == 0 ? 0 : (uint64_t)init->flags2 << 32);
	const uint64_t wanted = offered &
	    (FUSE_CACHE_SYMLINKS | FUSE_PARALLEL_DIROPS | FUSE_INIT_EXT | FUSE_REQUEST_TIMEOUT);
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.flags = (uint32_t)wanted,
		.flags2 = (uint32_t)(wanted >> 32),
		.max_write = 4096,
		.time_gran = 1,
	};
	const uint16_t seconds = PALE_FUSE_SECONDS;

	if (init->major != FUSE_KERNEL_VERSION)
		return answer(device, head->unique, -EPROTO, NULL, 0);
	if ((wanted & FUSE_REQUEST_TIMEOUT) != 0)
		memcpy((char *)&out + PALE_FUSE_TIMEOUT_AT, &seconds, sizeof(seconds));
	return answer(device, head->unique, 0, &out, sizeof(out));
}

/* An empty list: its size where that is asked for, else the list itself. */
static int
answer_no_xattrs(int device, uint64_t unique, const char *body, size_t size)
{
	const struct fuse_getxattr_out none = { .size = 0 };
	struct fuse_getxattr_in asked = { 0 };

	memcpy(&asked, body, size < sizeof(asked) ? size : sizeof(asked));
	return answer(device, unique, 0, &none, asked.size == 0 ? sizeof(none) : 0);
}

int
pale_fuse_take(int device, char room[PALE_FUSE_BYTES], struct pale_fuse_request *ret)
{
	ssize_t got = read(device, room, PALE_FUSE_BYTES);
	struct fuse_in_header head;
	struct fuse_init_in init = { 0 };
	struct fuse_read_in from;
	uint32_t flags = 0;
	const char *body = room + sizeof(head);
	size_t size;
	int result;

	if (got < 0)
		return -errno;
	if ((size_t)got < sizeof(head))
		return -ENODEV;
	memcpy(&head, room, sizeof(head));
	size = (size_t)got - sizeof(head);
	*ret = (struct pale_fuse_request){ .ask = PALE_FUSE_DONE,
		.unique = head.unique,
		.node = head.nodeid,
		.tid = (pid_t)head.pid };
	switch (head.opcode) {
	case FUSE_LOOKUP:
		if (size == 0 || memchr(body, '\0', size) == NULL)
			return answer(device, head.unique, -EINVAL, NULL, 0);
		ret->ask = PALE_FUSE_LOOKUP;
		ret->name = body;
		return 0;
	case FUSE_GETATTR:
		ret->ask = PALE_FUSE_GETATTR;
		memcpy(&flags, body, size < sizeof(flags) ? size : sizeof(flags));
		ret->is_open = (flags & FUSE_GETATTR_FH) != 0;
		return 0;
	case FUSE_READLINK:
		ret->ask = PALE_FUSE_READLINK;
		return 0;
	case FUSE_READDIR:
		if (size < sizeof(from))
			return answer(device, head.unique, -EINVAL, NULL, 0);
		memcpy(&from, body, sizeof(from));
		ret->ask = PALE_FUSE_READDIR;
		ret->offset = from.offset;
		ret->size = from.size;
		return 0;
	case FUSE_STATFS:
		ret->ask = PALE_FUSE_STATFS;
		return 0;
	case FUSE_INIT:
		memcpy(&init, body, size < sizeof(init) ? size : sizeof(init));
		return answer_init(device, &head, &init);
	case FUSE_GETXATTR:
		return answer(device, head.unique, -ENODATA, NULL, 0);
	case FUSE_LISTXATTR:
		return answer_no_xattrs(device, head.unique, body, size);
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
		return 0; /* no answer: nodes are never forgotten, and there are few */
	case FUSE_DESTROY:
		return -ENODEV;
	default:
		result = pale_fuse_parse_change(&head, body, size, ret);
		if (result == 0)
			return 0;
		ret->ask = PALE_FUSE_DONE;
		/* Of what the kernel can do without, it asks once. */
		return answer(device, head.unique, result, NULL, 0);
	}
}

static struct fuse_attr
make_attr(const struct stat *st)
{
	return (struct fuse_attr){
		.ino = st->st_ino,
		.size = (uint64_t)st->st_size,
		.blocks = (uint64_t)st->st_blocks,
		.atime = (uint64_t)st->st_atim.tv_sec,
		.mtime = (uint64_t)st->st_mtim.tv_sec,
		.ctime = (uint64_t)st->st_ctim.tv_sec,
		.atimensec = (uint32_t)st->st_atim.tv_nsec,
		.mtimensec = (uint32_t)st->st_mtim.tv_nsec,
		.ctimensec = (uint32_t)st->st_ctim.tv_nsec,
		.mode = st->st_mode,
		.nlink = (uint32_t)st->st_nlink,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.blksize = (uint32_t)st->st_blksize,
	};
}

static int
answer_entry(int device, const struct pale_fuse_request *request, uint64_t node,
    const struct stat *st, uint64_t valid)
{
	const struct fuse_entry_out out = {
		.nodeid = node,
		.entry_valid = valid,
		.attr_valid = valid,
		.attr = make_attr(st),
	};

	return answer(device, request->unique, 0, &out, sizeof(out));
}

int
pale_fuse_answer_entry(
    int device, const struct pale_fuse_request *request, uint64_t node, const struct stat *st)
{
	return answer_entry(device, request, node, st, for_ever);
}

int
pale_fuse_answer_entry_once(
    int device, const struct pale_fuse_request *request, uint64_t node, const struct stat *st)
{
	return answer_entry(device, request, node, st, 0);
}

int
pale_fuse_answer_missing(int device, const struct pale_fuse_request *request, bool keep)
{
	const struct fuse_entry_out out = { .entry_valid = for_ever };

	if (!keep)
		return pale_fuse_refuse(device, request, ENOENT);
	return answer(device, request->unique, 0, &out, sizeof(out));
}

int
pale_fuse_answer_attr(int device, const struct pale_fuse_request *request, const struct stat *st)
{
	const struct fuse_attr_out out = { .attr_valid = for_ever, .attr = make_attr(st) };

	return answer(device, request->unique, 0, &out, sizeof(out));
}

int
pale_fuse_answer_attr_once(
    int device, const struct pale_fuse_request *request, const struct stat *st)
{
	const struct fuse_attr_out out = { .attr = make_attr(st) };

	return answer(device, request->unique, 0, &out, sizeof(out));
}

int
pale_fuse_answer_written(int device, const struct pale_fuse_request *request, size_t size)
{
	const struct fuse_write_out out = { .size = (uint32_t)size };

	return answer(device, request->unique, 0, &out, sizeof(out));
}

int
pale_fuse_answer_text(
    int device, const struct pale_fuse_request *request, const void *text, size_t size)
{
	return answer(device, request->unique, 0, text, size);
}

int
pale_fuse_answer_statfs(
    int device, const struct pale_fuse_request *request, const struct statvfs *st)
{
	const struct fuse_statfs_out out = {
		.st.blocks = st->f_blocks,
		.st.bfree = st->f_bfree,
		.st.bavail = st->f_bavail,
		.st.files = st->f_files,
		.st.ffree = st->f_ffree,
		.st.bsize = (uint32_t)st->f_bsize,
		.st.namelen = (uint32_t)st->f_namemax,
		.st.frsize = (uint32_t)st->f_frsize,
	};

	return answer(device, request->unique, 0, &out, sizeof(out));
}

int
pale_fuse_refuse(int device, const struct pale_fuse_request *request, int error)
{
	return answer(device, request->unique, -error, NULL, 0);
}

bool
pale_fuse_put_entry(struct pale_fuse_entries *entries, const char *name, uint64_t ino,
    uint64_t offset, unsigned char type)
{
	struct fuse_dirent head = {
		.ino = ino,
		.off = offset,
		.namelen = (uint32_t)strlen(name),
		.type = type,
	};
	size_t whole = FUSE_NAME_OFFSET + head.namelen;
	size_t padded = FUSE_DIRENT_ALIGN(whole);

	if (padded > entries->max - entries->used)
		return false;
	memset(entries->bytes + entries->used, 0, padded);
	memcpy(entries->bytes + entries->used, &head, FUSE_NAME_OFFSET);
	memcpy(entries->bytes + entries->used + FUSE_NAME_OFFSET, name, head.namelen);
	entries->used += padded;
	return true;
}

void
pale_fuse_forget_attr(int device, uint64_t node)
{
	/* A negative offset leaves what is kept of its contents. */
	const struct fuse_notify_inval_inode_out out = { .ino = node, .off = -1 };

	(void)answer(device, 0, FUSE_NOTIFY_INVAL_INODE, &out, sizeof(out));
}
