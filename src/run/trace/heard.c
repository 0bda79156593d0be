/* SPDX-License-Identifier: BSD-2-Clause */
/* What a call that was heard of says; see heard.h. */
#include "run/trace/heard.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/path.h"
#include "core/scope.h"
#include "kernel/caller.h"
#include "kernel/walkfd.h"
#include "run/trace/magic.h"

enum {
	PAGE_BYTES = 4096, /* the least there is: memory is readable by whole pages */
	NAME_BYTES = 48,
	MAGIC_MAX = 8, /* links of /proc on the way of one path */
};

/* A text of the caller's; "" with -EFAULT where it cannot be read, -ENAMETOOLONG without an end. */
static int
read_text(pid_t tid, uint64_t address, char *buf, size_t size)
{
	size_t used = 0;

	while (used < size) {
		size_t part = PAGE_BYTES - (address + used) % PAGE_BYTES;

		if (part > size - used)
			part = size - used;
		if (pale_caller_read(tid, address + used, buf + used, part) < 0) {
			buf[0] = '\0';
			return -EFAULT;
		}
		if (memchr(buf + used, '\0', part) != NULL)
			return 0;
		used += part;
	}
	buf[0] = '\0';
	return -ENAMETOOLONG;
}

/* Where a link of /proc leads, as a path inside; -ENOENT where that has no name here. */
static int
read_place(int proc, const char *link, char *buf, size_t size)
{
	static const char gone[] = " (deleted)";
	ssize_t len = readlinkat(proc, link, buf, size - 1);
	size_t tail = sizeof(gone) - 1;

	if (len <= 0 || buf[0] != '/') {
		buf[0] = '\0';
		return -ENOENT;
	}
	buf[len] = '\0';
	if ((size_t)len > tail && strcmp(buf + len - tail, gone) == 0)
		buf[(size_t)len - tail] = '\0';
	return 0;
}

static int
read_fd_place(const struct pale_heard_call *heard, int fd, char *buf, size_t size)
{
	char link[NAME_BYTES];

	if (fd == AT_FDCWD && heard->cwd != NULL)
		return snprintf(buf, size, "%s", heard->cwd) < (int)size ? 0 : -ENAMETOOLONG;
	if (fd == AT_FDCWD)
		snprintf(link, sizeof(link), "cwd");
	else
		snprintf(link, sizeof(link), "fd/%d", fd);
	return pale_magic_place(heard, link, buf, size);
}

/* A walk through the cage's root that remembers its way. */
struct way {
	struct pale_walkfd walkfd; /* first, for the operations */
	struct pale_walk walk;
	char path[PATH_MAX]; /* "" is the root */
	size_t len;
};

static int
way_push(struct way *way, const char *name)
{
	size_t len = strlen(name);

	if (way->len + 1 + len >= sizeof(way->path))
		return -ENAMETOOLONG;
	way->path[way->len++] = '/';
	memcpy(way->path + way->len, name, len + 1);
	way->len += len;
	return 0;
}

static int
way_observe(void *ctx, enum pale_walk_event event, const char *name, const char *target PALE_UNUSED)
{
	struct way *way = ctx;

	switch (event) {
	case PALE_WALK_ENTERED:
		return way_push(way, name);
	case PALE_WALK_LEFT:
		while (way->len > 0 && way->path[--way->len] != '/')
			;
		way->path[way->len] = '\0';
		break;
	case PALE_WALK_RESTARTED:
		way->len = 0;
		way->path[0] = '\0';
		break;
	case PALE_WALK_CROSSED:
		break;
	}
	return 0;
}

/*
 * What a path that does not open means: as far as it can be walked, and the rest as written. Links
 * that dangle are followed, as a call that creates would.
 */
static int
walk_way(const char *path, bool follow, char *buf, size_t size)
{
	PALE_FREE struct way *way = malloc(sizeof(*way));
	PALE_CLOSE int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct pale_walk_ops ops = pale_walkfd_ops;
	int result;

	if (way == NULL || root < 0)
		return -ENOMEM;
	ops.observe = way_observe;
	pale_walkfd_init(&way->walkfd);
	way->len = 0;
	way->path[0] = '\0';
	result = pale_walk_init(&way->walk, PALE_WALK_IN_ROOT, (uint32_t)root, PALE_WALK_NO_NODE,
	    path, follow ? 0 : PALE_WALK_NOFOLLOW);
	if (result < 0)
		return result;
	result = pale_walk_run(&way->walk, &ops, way);
	if (result == 0 && way->walk.id.type != PALE_WALK_IS_DIR) {
		result = way_push(way, way->walk.name);
	} else if (result == -ENOENT || result == -EACCES || result == -ENOTDIR) {
		const char *rest = way->walk.is_last ? "" : way->walk.rest + way->walk.rest_at;

		result = way_push(way, way->walk.name);
		if (result == 0 && *rest != '\0')
			result = way_push(way, rest);
	}
	if (result == 0)
		result = pale_path_normalise(way->len == 0 ? "/" : way->path, buf, size);
	pale_walk_done(&way->walk, &ops, way);
	return result;
}

/* What a path of the caller's means; .text is filled. */
static void
find_meaning(const struct pale_heard_call *heard, const char *base, bool follow,
    struct pale_heard_path *path)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC | (follow ? 0U : (unsigned)O_NOFOLLOW),
		.resolve = RESOLVE_NO_MAGICLINKS };
	char whole[PATH_MAX];
	char link[NAME_BYTES];
	struct stat st;

	if (pale_path_join(base, path->text, whole, sizeof(whole)) < 0)
		return;
	for (int links = 0; links < MAGIC_MAX; links++) {
		PALE_CLOSE int fd = -1;

		/* Links of /proc would be ours, and are the caller's. */
		if (pale_magic_expand(heard, follow, whole))
			continue;
		if (pale_path_is_beneath(whole, "/proc")) {
			if (pale_path_normalise(whole, path->path, sizeof(path->path)) < 0)
				path->path[0] = '\0';
			path->exists = pale_magic_exists(heard, path->path);
			return;
		}
		fd = (int)syscall(SYS_openat2, AT_FDCWD, whole, &how, sizeof(how));
		if (fd >= 0 && fstat(fd, &st) == 0) {
			path->exists = true;
			path->mode = st.st_mode;
			snprintf(link, sizeof(link), "self/fd/%d", fd);
			if (read_place(heard->proc, link, path->path, sizeof(path->path)) == 0)
				return;
		}
		if (walk_way(whole, follow, path->path, sizeof(path->path)) < 0) {
			path->path[0] = '\0';
			return;
		}
		/* A link to /proc, as /dev/fd and /dev/stdin are. */
		if (!pale_path_is_beneath(path->path, "/proc"))
			return;
		memcpy(whole, path->path, sizeof(whole));
	}
}

/*
 * Behind the name that is not there, what the call had still to walk: what follows that name in its
 * text.
 */
static void
find_missing(const struct pale_heard_call *heard, struct pale_heard_path *path)
{
	const char *name = pale_path_last(heard->missing);
	const char *at = path->text;
	struct pale_part part;
	char whole[PATH_MAX];

	path->exists = false;
	snprintf(path->path, sizeof(path->path), "%s", heard->missing);
	while (pale_path_next(&at, &part) > 0) {
		if (part.len != strlen(name) || memcmp(part.text, name, part.len) != 0)
			continue;
		if (pale_path_join(heard->missing, at, whole, sizeof(whole)) == 0 &&
		    pale_path_normalise(whole, whole, sizeof(whole)) == 0 &&
		    pale_path_is_beneath(whole, heard->missing))
			snprintf(path->path, sizeof(path->path), "%s", whole);
		return;
	}
}

/* The name is in the text of which path? That of the last that has it, else the first. */
static size_t
which_missing(const struct pale_heard_call *heard, const struct pale_heard_facts *facts)
{
	const char *name = pale_path_last(heard->missing);

	for (size_t i = facts->path_count; i > 1; i--) {
		if (strstr(facts->paths[i - 1].text, name) != NULL)
			return i - 1;
	}
	return 0;
}

/* Is a link followed that is the whole of this path? */
static bool
follows(const struct pale_call *call, unsigned arg)
{
	int flags = pale_call_arg(call->sys, ARG_FLAGS);

	if (pale_sys_row(call->sys)->does == DO_LINK && flags >= 0 && arg <= 1)
		return (call->args[flags] & AT_SYMLINK_FOLLOW) != 0;
	return pale_call_follows(call);
}

static void
read_path(const struct pale_heard_call *heard, unsigned arg, const char *given,
    struct pale_heard_path *path, const struct pale_call *call)
{
	const struct pale_sys_row *row = pale_sys_row(call->sys);
	bool relative = arg > 0 && row->arg[arg - 1] == ARG_DIRFD;
	char base[PATH_MAX] = "/";
	int fd = relative ? (int)call->args[arg - 1] : AT_FDCWD;

	path->on_name = pale_call_acts_on_name(call->sys);
	if (given != NULL)
		snprintf(path->text, sizeof(path->text), "%s", given);
	else if (heard->how == PALE_HEARD_MISSING)
		return; /* it may be gone, and its number somebody else's */
	else if (relative && call->args[arg] == 0)
		path->text[0] = '\0'; /* futimens: the descriptor itself */
	else if (read_text(heard->call.tid, call->args[arg], path->text, sizeof(path->text)) < 0)
		return;
	if (heard->how == PALE_HEARD_MISSING)
		return;
	if (path->text[0] != '/' && read_fd_place(heard, fd, base, sizeof(base)) < 0)
		return;
	if (path->text[0] != '/')
		memcpy(path->base, base, sizeof(path->base));
	if (path->text[0] != '\0')
		find_meaning(heard, base, follows(call, arg), path);
	else if (relative) /* AT_EMPTY_PATH, or ENOENT whatever is granted */
		find_meaning(heard, base, true, path);
}

/* A call without a path names what a descriptor refers to. */
static void
read_descriptor(const struct pale_heard_call *heard, unsigned arg, struct pale_heard_path *path)
{
	char base[PATH_MAX];

	if (read_fd_place(heard, (int)heard->call.args[arg], base, sizeof(base)) == 0)
		find_meaning(heard, base, false, path);
}

static void
read_paths(const struct pale_heard_call *heard, struct pale_heard_facts *ret)
{
	const struct pale_sys_row *row = pale_sys_row(ret->call.sys);
	int fd = pale_call_arg(ret->call.sys, ARG_FD);

	for (unsigned i = 0; i < PALE_SYS_ARGS && ret->path_count < PALE_SYS_NEEDS; i++) {
		if (row->arg[i] != ARG_PATH)
			continue;
		read_path(heard, i, heard->text[ret->path_count], &ret->paths[ret->path_count],
		    &ret->call);
		ret->path_count++;
	}
	if (ret->path_count == 0 && heard->address != NULL &&
	    (heard->address[0] == '/' || heard->address[0] == '.')) {
		read_path(heard, 0, heard->address, &ret->paths[0], &ret->call);
		ret->path_count = 1;
	}
	if (ret->path_count == 0 && fd >= 0 && heard->how != PALE_HEARD_MISSING &&
	    heard->address == NULL) {
		read_descriptor(heard, (unsigned)fd, &ret->paths[0]);
		ret->path_count = 1;
	}
}

static bool
is_still_there(const struct pale_heard_call *heard)
{
	return heard->listener < 0 || pale_notify_holds(heard->listener, heard->call.id);
}

int
pale_heard_read(const struct pale_heard_call *heard, struct pale_heard_facts *ret)
{
	if (heard->sys >= PALE_SYS_COUNT && heard->how != PALE_HEARD_MISSING)
		return -ENOENT;
	ret->call = (struct pale_call){ .sys = heard->sys >= PALE_SYS_COUNT ? PALE_SYS_openat
									    : heard->sys };
	ret->address = heard->address;
	ret->path_count = 0;
	for (size_t i = 0; i < PALE_SYS_NEEDS; i++) {
		ret->paths[i].text[0] = '\0';
		ret->paths[i].base[0] = '\0';
		ret->paths[i].path[0] = '\0';
		ret->paths[i].on_name = false;
		ret->paths[i].exists = false;
		ret->paths[i].mode = 0;
		ret->paths[i].need = 0;
	}
	/* What it was that looked a name up cannot be told: as if it were to be read. */
	if (heard->sys >= PALE_SYS_COUNT) {
		ret->call.args[0] = (uint64_t)AT_FDCWD;
		ret->call.args[2] = O_PATH;
	} else {
		memcpy(ret->call.args, heard->call.args, sizeof(ret->call.args));
	}
	read_paths(heard, ret);
	/* A queue's name is no path. */
	if (heard->how == PALE_HEARD_GOES_ON && ret->call.sys < PALE_SYS_COUNT &&
	    pale_sys_row(ret->call.sys)->does == DO_MQ && ret->address == NULL &&
	    read_text(heard->call.tid, ret->call.args[0], ret->name, sizeof(ret->name)) == 0)
		ret->address = ret->name;
	if (heard->how == PALE_HEARD_MISSING) {
		if (ret->path_count == 0)
			ret->path_count = 1;
		find_missing(heard, &ret->paths[which_missing(heard, ret)]);
	}
	for (size_t i = 0; i < ret->path_count; i++)
		ret->paths[i].need = pale_call_needed(&ret->call,
		    ret->path_count == 1 ? PALE_CALL_WHOLE : (int)i, ret->paths[i].exists);
	return is_still_there(heard) ? 0 : -ESRCH;
}

int
pale_heard_who(const struct pale_heard_call *heard, struct pale_heard_who *ret)
{
	PALE_CLOSE int comm = -1;
	struct pale_caller_status status;
	char name[NAME_BYTES];
	ssize_t len;

	*ret = (struct pale_heard_who){ .program = "?", .pid = heard->pid };
	if (ret->pid == 0 && pale_caller_status(heard->proc, heard->call.tid, &status) == 0)
		ret->pid = status.inner_tgid;
	if (heard->program != NULL) {
		snprintf(ret->program, sizeof(ret->program), "%s", heard->program);
		return 0;
	}
	snprintf(name, sizeof(name), "%d/comm", heard->call.tid);
	comm = openat(heard->proc, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	len = comm < 0 ? -1 : read(comm, ret->program, sizeof(ret->program) - 1);
	if (len > 0)
		ret->program[len - 1] = '\0'; /* a newline ends it */
	if (len > 1 && is_still_there(heard))
		return 0;
	*ret = (struct pale_heard_who){ .program = "?" };
	return -ESRCH;
}

size_t
pale_heard_print(const struct pale_heard_facts *facts, char *buf, size_t size)
{
	const char *texts[PALE_SYS_NEEDS] = { 0 };

	for (size_t i = 0; i < facts->path_count; i++)
		texts[i] = facts->paths[i].text;
	return pale_call_print(&facts->call, texts, facts->address, buf, size);
}
