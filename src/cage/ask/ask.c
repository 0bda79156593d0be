/* SPDX-License-Identifier: BSD-2-Clause */
/* What the functions of the supervisor share; see ask.h. */
#include "cage/ask/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/scope.h"
#include "kernel/caller.h"

enum {
	MOUNTINFO_MAX_BYTES = 16 << 20, /* 100,000 mounts, the kernel's own default limit */
};

bool
pale_ask_holds(const struct pale_supervisor *supervisor, const struct pale_notify *call)
{
	return pale_notify_holds(supervisor->listener, call->id);
}

int
pale_ask_address(struct pale_supervisor *supervisor, const struct pale_notify *call, uint64_t at,
    int size, struct pale_ask_addr *ret)
{
	int result = 0;

	memset(ret, 0, sizeof(*ret));
	if (size < 0 || (size_t)size > sizeof(ret->room))
		return -EINVAL;
	ret->size = (socklen_t)size;
	if (size > 0)
		result = pale_caller_read(call->tid, at, ret->room, (size_t)size);
	if (result == 0)
		pale_ask_judged(supervisor, ret->room, ret->size);
	return result;
}

/* The order of the kernel's own checks is kept: the descriptor, the address, the family. */
int
pale_ask_socket(struct pale_supervisor *supervisor, const struct pale_notify *call, int *ret_sock,
    int *ret_domain, struct pale_ask_addr *ret_addr)
{
	PALE_CLOSE int sock = -1;
	socklen_t size = sizeof(*ret_domain);
	int result = pale_caller_fd(
	    &supervisor->last, supervisor->proc, call->tid, (int)call->args[0], &sock);

	if (result < 0)
		return result;
	if (getsockopt(sock, SOL_SOCKET, SO_DOMAIN, ret_domain, &size) < 0)
		return -errno;
	result = pale_ask_address(supervisor, call, call->args[1], (int)call->args[2], ret_addr);
	if (result < 0)
		return result;
	*ret_sock = pale_take_fd(&sock);
	return 0;
}

int
pale_ask_unix_name(struct pale_ask_addr *addr)
{
	const size_t head = offsetof(struct sockaddr_un, sun_path);

	if (addr->size < head || addr->size > sizeof(addr->un) || addr->family != AF_UNIX)
		return -EINVAL;
	if (addr->size == head)
		return PALE_ASK_NAMELESS;
	if (addr->un.sun_path[0] == '\0')
		return PALE_ASK_ABSTRACT;
	memcpy(addr->path, addr->un.sun_path, addr->size - head);
	return PALE_ASK_PATH;
}

bool
pale_ask_names_fd(const char *path, int *ret_fd, const char **ret_rest)
{
	static const char *const heads[] = { "/proc/self/fd/", "/proc/thread-self/fd/",
		"/dev/fd/" };

	for (size_t i = 0; i < PALE_COUNT(heads); i++) {
		size_t len = strlen(heads[i]);
		size_t digits;

		if (strncmp(path, heads[i], len) != 0)
			continue;
		digits = strspn(path + len, "0123456789");
		if (digits == 0 || digits > 9)
			return false;
		if (path[len + digits] != '/' && path[len + digits] != '\0')
			return false;
		*ret_fd = atoi(path + len);
		path += len + digits;
		*ret_rest = path + strspn(path, "/");
		return true;
	}
	return false;
}

static int
compare_ids(const void *a, const void *b)
{
	const uint64_t *left = a;
	const uint64_t *right = b;

	return (*left > *right) - (*left < *right);
}

/* A text of /proc has no size; it is read until it ends. */
static char *
read_all(int fd)
{
	PALE_FREE char *text = NULL;
	size_t used = 0;
	size_t room = 0;

	for (;;) {
		ssize_t got;

		if (room - used < 4096) {
			char *more = room >= MOUNTINFO_MAX_BYTES
			    ? NULL
			    : realloc(text, room = room * 2 + 16384);

			if (more == NULL)
				return NULL;
			text = more;
		}
		got = read(fd, text + used, room - used - 1);
		if (got < 0)
			return NULL;
		used += (size_t)got;
		text[used] = '\0';
		if (got == 0)
			return pale_take_ptr(text);
	}
}

/* Each line begins with the id of a mount that the root of the cage reaches. */
static bool
read_mounts(struct pale_supervisor *supervisor)
{
	PALE_CLOSE int fd =
	    openat(supervisor->proc, "self/mountinfo", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	PALE_FREE char *text = fd < 0 ? NULL : read_all(fd);
	size_t lines = 0;
	uint64_t *ids;

	if (text == NULL)
		return false;
	for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	ids = calloc(lines + 1, sizeof(*ids));
	if (ids == NULL)
		return false;
	lines = 0;
	for (const char *at = text; at != NULL && *at != '\0'; lines++) {
		ids[lines] = strtoull(at, NULL, 10);
		at = strchr(at, '\n');
		at = at == NULL ? NULL : at + 1;
	}
	qsort(ids, lines, sizeof(*ids), compare_ids);
	supervisor->mounts = ids;
	supervisor->mount_count = lines;
	return true;
}

bool
pale_ask_is_cage_mount(struct pale_supervisor *supervisor, int fd)
{
	struct statx st;
	uint64_t id;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &st) < 0 ||
	    (st.stx_mask & STATX_MNT_ID) == 0)
		return false;
	if (supervisor->mounts == NULL && !read_mounts(supervisor))
		return false;
	id = st.stx_mnt_id;
	return bsearch(&id, supervisor->mounts, supervisor->mount_count, sizeof(id), compare_ids) !=
	    NULL;
}
