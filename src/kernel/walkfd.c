/* SPDX-License-Identifier: BSD-2-Clause */
/* The walker on real descriptors; see walkfd.h. */
#include "kernel/walkfd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/scope.h"

enum {
	PLACE = O_PATH | O_NOFOLLOW | O_CLOEXEC,
};

static int
open_place(uint32_t dir, const char *name, int flags, uint32_t *ret_node)
{
	int fd = openat((int)dir, name, PLACE | flags);

	if (fd < 0)
		return -errno;
	*ret_node = (uint32_t)fd;
	return 0;
}

static int
fd_lookup(void *ctx PALE_UNUSED, uint32_t dir, const char *name, bool dir_only, uint32_t *ret_node)
{
	return open_place(dir, name, dir_only ? O_DIRECTORY : 0, ret_node);
}

static int
fd_parent(void *ctx PALE_UNUSED, uint32_t dir, uint32_t *ret_node)
{
	return open_place(dir, "..", O_DIRECTORY, ret_node);
}

static int
fd_search(void *ctx PALE_UNUSED, uint32_t dir)
{
	/* The library's faccessat would guess from the mode where this call is missing (5.8). */
	return syscall(SYS_faccessat2, (int)dir, ".", X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

static int
fd_identify(void *ctx, uint32_t node, struct pale_walk_id *ret_id)
{
	struct pale_walkfd *walkfd = ctx;
	struct stat st;

	if (fstat((int)node, &st) < 0)
		return -errno;
	walkfd->stat = st;
	*ret_id = (struct pale_walk_id){
		.type = S_ISDIR(st.st_mode) ? PALE_WALK_IS_DIR
		    : S_ISLNK(st.st_mode)   ? PALE_WALK_IS_LINK
					    : PALE_WALK_IS_OTHER,
		.dev = st.st_dev,
		.ino = st.st_ino,
	};
	return 0;
}

/*
 * A link that another user planted in /tmp must not lead us. Reading it through O_PATH passes by
 * the kernel's own check (fs.protected_symlinks), so it is made here.
 */
static int
fd_may_follow(void *ctx, uint32_t dir, uint32_t link PALE_UNUSED)
{
	const struct pale_walkfd *walkfd = ctx;
	struct stat st;

	if (walkfd->stat.st_uid == walkfd->euid)
		return 0;
	/* An empty path with AT_FDCWD is the working directory. */
	if (fstatat((int)dir, "", &st, AT_EMPTY_PATH) < 0)
		return -errno;
	if ((st.st_mode & (S_ISVTX | S_IWOTH)) != (S_ISVTX | S_IWOTH))
		return 0;
	return st.st_uid == walkfd->stat.st_uid ? 0 : -EACCES;
}

static ssize_t
fd_read_link(void *ctx PALE_UNUSED, uint32_t link, char *buf, size_t size)
{
	ssize_t len = readlinkat((int)link, "", buf, size);

	return len < 0 ? -errno : len;
}

static void
fd_release(void *ctx PALE_UNUSED, uint32_t node)
{
	close((int)node);
}

const struct pale_walk_ops pale_walkfd_ops = {
	.lookup = fd_lookup,
	.parent = fd_parent,
	.search = fd_search,
	.identify = fd_identify,
	.may_follow = fd_may_follow,
	.read_link = fd_read_link,
	.release = fd_release,
};

void
pale_walkfd_init(struct pale_walkfd *walkfd)
{
	*walkfd = (struct pale_walkfd){ .euid = geteuid() };
}

/* The result of a walk as a descriptor of our own. */
static int
take(struct pale_walk *walk, int *ret_fd)
{
	uint32_t node, own = PALE_WALK_NO_NODE;
	int r;

	if (pale_walk_take(walk, &node)) {
		*ret_fd = (int)node;
		return 0;
	}
	r = open_place(node, ".", O_DIRECTORY, &own);
	if (r == 0)
		*ret_fd = (int)own;
	return r;
}

static int
explain(struct pale_err *err, int r, const char *path, const struct pale_walk *walk)
{
	switch (r) {
	case -EXDEV:
		return pale_fail(err, r, "'%s' leads out of the directory it starts in", path);
	case -ELOOP:
		return pale_fail(
		    err, r, "too many symbolic links in '%s', at '%s'", path, walk->name);
	default:
		errno = -r;
		if (walk->name[0] == '\0' || strcmp(walk->name, path) == 0)
			return pale_fail_errno(err, "cannot walk to '%s'", path);
		return pale_fail_errno(err, "cannot walk to '%s', at '%s'", path, walk->name);
	}
}

int
pale_walkfd_open(int root, const char *path, enum pale_walk_policy policy, unsigned flags,
    int *ret_fd, struct pale_err *err)
{
	PALE_CLOSE int top = -1;
	struct pale_walkfd walkfd;
	struct pale_walk walk;
	int r;

	if (policy == PALE_WALK_NONE) {
		top = open("/", PLACE | O_DIRECTORY);
		if (top < 0)
			return pale_fail_errno(err, "cannot open '/'");
	}
	pale_walkfd_init(&walkfd);
	r = pale_walk_init(&walk, policy, (uint32_t)root, (uint32_t)top, path, flags);
	if (r == 0)
		r = pale_walk_run(&walk, &pale_walkfd_ops, &walkfd);
	if (r == 0)
		r = take(&walk, ret_fd);
	pale_walk_done(&walk, &pale_walkfd_ops, &walkfd);
	return r < 0 ? explain(err, r, path, &walk) : 0;
}
