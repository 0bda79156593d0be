/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests of FUSE that only a mount that may be written has; see fuse.h. */
#include "kernel/fuse_change.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* The bytes behind the fixed part of a request. */
struct tail {
	const char *at;
	size_t left;
};

/* Take the fixed part; false where the request is shorter. */
static bool
take_fixed(struct tail *tail, void *ret, size_t size)
{
	if (tail->left < size)
		return false;
	memcpy(ret, tail->at, size);
	tail->at += size;
	tail->left -= size;
	return true;
}

/* Take a text with its NUL; NULL where there is none. */
static const char *
take_text(struct tail *tail)
{
	const char *text = tail->at;
	const char *end = tail->left == 0 ? NULL : memchr(text, '\0', tail->left);

	if (end == NULL)
		return NULL;
	tail->left -= (size_t)(end + 1 - text);
	tail->at = end + 1;
	return text;
}

static int
parse_make(const struct fuse_in_header *head, struct tail *tail, struct pale_fuse_request *ret)
{
	struct fuse_mknod_in mknod = { 0 };
	struct fuse_mkdir_in mkdir;

	ret->change.kind = PALE_FUSE_MAKE;
	if (head->opcode == FUSE_MKDIR) {
		if (!take_fixed(tail, &mkdir, sizeof(mkdir)))
			return -EINVAL;
		ret->change.mode = (mkdir.mode & 07777) | S_IFDIR;
	} else {
		if (!take_fixed(tail, &mknod, sizeof(mknod)))
			return -EINVAL;
		ret->change.mode = mknod.mode;
		ret->change.rdev = mknod.rdev;
	}
	ret->name = take_text(tail);
	return ret->name == NULL ? -EINVAL : 0;
}

static int
parse_move(const struct fuse_in_header *head, struct tail *tail, struct pale_fuse_request *ret)
{
	struct fuse_rename2_in in = { 0 };
	size_t size = head->opcode == FUSE_RENAME2 ? sizeof(in)
						   : sizeof(struct fuse_rename_in); /* a prefix */

	if (!take_fixed(tail, &in, size))
		return -EINVAL;
	ret->change.kind = PALE_FUSE_MOVE;
	ret->change.other = in.newdir;
	ret->change.flags = in.flags;
	ret->name = take_text(tail);
	ret->change.target = take_text(tail);
	return ret->change.target == NULL ? -EINVAL : 0;
}

static int
parse_set(struct tail *tail, struct pale_fuse_request *ret)
{
	struct fuse_setattr_in in;

	if (!take_fixed(tail, &in, sizeof(in)))
		return -EINVAL;
	ret->change = (struct pale_fuse_change){
		.kind = PALE_FUSE_SET,
		.mode = in.mode & 07777,
		.uid = in.uid,
		.gid = in.gid,
		.length = in.size,
		.set_mode = (in.valid & FATTR_MODE) != 0,
		.set_uid = (in.valid & FATTR_UID) != 0,
		.set_gid = (in.valid & FATTR_GID) != 0,
		.set_length = (in.valid & FATTR_SIZE) != 0,
	};
	return 0;
}

static int
parse_data(const struct fuse_in_header *head, struct tail *tail, struct pale_fuse_request *ret)
{
	struct fuse_write_in in; /* begins as that of READ does */

	if (!take_fixed(tail, &in, sizeof(in)))
		return -EINVAL;
	ret->ask = head->opcode == FUSE_READ ? PALE_FUSE_READ : PALE_FUSE_WRITE;
	ret->offset = in.offset;
	ret->size = in.size;
	ret->bytes = tail->at;
	return head->opcode == FUSE_WRITE && in.size > tail->left ? -EINVAL : 0;
}

int
pale_fuse_parse_change(
    const struct fuse_in_header *head, const char *body, size_t size, struct pale_fuse_request *ret)
{
	struct tail tail = { body, size };
	struct fuse_link_in link;

	ret->ask = PALE_FUSE_CHANGE;
	ret->change = (struct pale_fuse_change){ .uid = head->uid, .gid = head->gid };
	switch (head->opcode) {
	case FUSE_MKDIR:
	case FUSE_MKNOD:
		return parse_make(head, &tail, ret);
	case FUSE_SYMLINK:
		ret->change.kind = PALE_FUSE_LINK;
		ret->name = take_text(&tail);
		ret->change.target = take_text(&tail);
		return ret->change.target == NULL ? -EINVAL : 0;
	case FUSE_LINK:
		if (!take_fixed(&tail, &link, sizeof(link)))
			return -EINVAL;
		ret->change.kind = PALE_FUSE_JOIN;
		ret->change.other = link.oldnodeid;
		ret->name = take_text(&tail);
		return ret->name == NULL ? -EINVAL : 0;
	case FUSE_UNLINK:
	case FUSE_RMDIR:
		ret->change.kind = PALE_FUSE_REMOVE;
		ret->change.directory = head->opcode == FUSE_RMDIR;
		ret->name = take_text(&tail);
		return ret->name == NULL ? -EINVAL : 0;
	case FUSE_RENAME:
	case FUSE_RENAME2:
		return parse_move(head, &tail, ret);
	case FUSE_SETATTR:
		return parse_set(&tail, ret);
	case FUSE_READ:
	case FUSE_WRITE:
		return parse_data(head, &tail, ret);
	default:
		return -ENOSYS;
	}
}
