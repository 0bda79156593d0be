/* SPDX-License-Identifier: BSD-2-Clause */
/* What a path of a grant means on this machine; see resolve.h. */
#include "run/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/path.h"
#include "core/scope.h"
#include "core/walk.h"
#include "kernel/walkfd.h"

/* A resolution on its way. */
struct resolver {
	struct pale_walkfd walkfd; /* first: the operations take it for theirs */
	struct pale_walk walk;
	struct pale_walk_ops ops;
	char *path; /* canonical name of the directory of now, "" for "/"; len bytes and a NUL */
	size_t len, size;
	struct pale_link *links;
	size_t link_count, link_size;
	bool foreign_link; /* the walk ended at a link that may not be followed */
};

static void
free_links(struct pale_link *links, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(links[i].path);
		free(links[i].target);
	}
	free(links);
}

/* Put "/name" behind the path. */
static int
push(struct resolver *resolver, const char *name)
{
	size_t len = strlen(name), need = resolver->len + 1 + len + 1;

	if (need > resolver->size) {
		char *grown = realloc(resolver->path, need * 2);

		if (grown == NULL)
			return -ENOMEM;
		resolver->path = grown;
		resolver->size = need * 2;
	}
	resolver->path[resolver->len] = '/';
	memcpy(resolver->path + resolver->len + 1, name, len + 1);
	resolver->len = need - 1;
	return 0;
}

static void
pop(struct resolver *resolver)
{
	while (resolver->len > 0 && resolver->path[--resolver->len] != '/')
		;
	resolver->path[resolver->len] = '\0';
}

static int
record(struct resolver *resolver, const char *name, const char *target)
{
	struct pale_link *link;
	int r;

	if (resolver->link_count == resolver->link_size) {
		size_t size = resolver->link_size * 2 + 4;
		struct pale_link *grown = realloc(resolver->links, size * sizeof(*grown));

		if (grown == NULL)
			return -ENOMEM;
		resolver->links = grown;
		resolver->link_size = size;
	}
	r = push(resolver, name);
	if (r < 0)
		return r;
	link = &resolver->links[resolver->link_count];
	link->path = strdup(resolver->path);
	link->target = strdup(target);
	pop(resolver);
	resolver->link_count++;
	return link->path == NULL || link->target == NULL ? -ENOMEM : 0;
}

static int
observe(void *ctx, enum pale_walk_event event, const char *name, const char *target)
{
	struct resolver *resolver = ctx;

	switch (event) {
	case PALE_WALK_ENTERED:
		return push(resolver, name);
	case PALE_WALK_LEFT:
		pop(resolver);
		return 0;
	case PALE_WALK_RESTARTED:
		resolver->len = 0;
		resolver->path[0] = '\0';
		return 0;
	case PALE_WALK_CROSSED:
		return record(resolver, name, target);
	default:
		return -EINVAL;
	}
}

static int
may_follow(void *ctx, uint32_t dir, uint32_t link)
{
	struct resolver *resolver = ctx;
	int r = pale_walkfd_ops.may_follow(ctx, dir, link);

	resolver->foreign_link = r < 0;
	return r;
}

/* The sentence of a walk that failed: where, and what was still there. */
static int
explain(struct resolver *resolver, int r, const char *asked, struct pale_err *err)
{
	const char *name = resolver->walk.name;
	const struct pale_link *link =
	    resolver->link_count > 0 ? &resolver->links[resolver->link_count - 1] : NULL;
	const char *by = link == NULL ? "" : ", by the symbolic link ";
	const char *quote = link == NULL ? "" : "'", *link_path = link == NULL ? "" : link->path;
	PALE_FREE char *dir = strdup(resolver->len == 0 ? "/" : resolver->path);
	const char *where = asked;

	if (dir == NULL)
		return pale_fail(err, -ENOMEM, "cannot resolve '%s': out of memory", asked);
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		where = dir;
	else if (name[0] != '\0' && push(resolver, name) == 0)
		where = resolver->path;
	switch (r) {
	case -ENOENT:
		return pale_fail(err, r, "'%s': no such file or directory ('%s' exists%s%s%s%s)",
		    where, dir, by, quote, link_path, quote);
	case -ENOTDIR:
		return pale_fail(
		    err, r, "'%s' is not a directory%s%s%s%s", where, by, quote, link_path, quote);
	case -EACCES:
		if (resolver->foreign_link)
			return pale_fail(err, r,
			    "'%s' is another user's symbolic link in a sticky directory, and is "
			    "not "
			    "followed",
			    where);
		return pale_fail(err, r,
		    "'%s': permission denied ('%s' cannot be searched%s%s%s%s)", where, dir, by,
		    quote, link_path, quote);
	case -ELOOP:
		return pale_fail(err, r, "'%s': too many symbolic links, at '%s'", asked, where);
	default:
		errno = -r;
		return pale_fail_errno(err, "cannot resolve '%s', at '%s'", asked, where);
	}
}

/* The name that a base directory has now. */
static int
name_of_base(int base, char *buf, size_t size, struct pale_err *err)
{
	char proc[32];
	ssize_t len;

	if (base == AT_FDCWD) {
		if (getcwd(buf, size) == NULL || buf[0] != '/')
			return pale_fail(
			    err, -ESTALE, "the working directory has no name any more");
		return 0;
	}
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", base);
	len = readlink(proc, buf, size - 1);
	if (len < 0)
		return pale_fail_errno(err, "cannot find the name of descriptor %d", base);
	buf[len] = '\0';
	return 0;
}

/* Walk to the base first, and be sure that it is the base: its name may have gone to another. */
static int
walk_to_base(struct resolver *resolver, int base, int root, struct pale_err *err)
{
	char name[PATH_MAX];
	struct stat want, got;
	uint32_t at;
	int r = name_of_base(base, name, sizeof(name), err);

	if (r < 0)
		return r;
	r = pale_walk_init(&resolver->walk, PALE_WALK_IN_ROOT, (uint32_t)root, PALE_WALK_NO_NODE,
	    name, PALE_WALK_NO_LINKS | PALE_WALK_DIRECTORY);
	if (r == 0)
		r = pale_walk_run(&resolver->walk, &resolver->ops, resolver);
	if (r < 0)
		return explain(resolver, r, name, err);
	at = pale_walk_here(&resolver->walk);
	if (fstatat(base, "", &want, AT_EMPTY_PATH) < 0 || fstat((int)at, &got) < 0)
		return pale_fail_errno(err, "cannot look at '%s'", name);
	if (want.st_dev != got.st_dev || want.st_ino != got.st_ino)
		return pale_fail(err, -ESTALE,
		    "'%s' is not the directory that paths start in: it was moved, removed or "
		    "mounted over",
		    name);
	return 0;
}

static int
walk_path(struct resolver *resolver, int base, int root, const char *path, struct pale_err *err)
{
	int r;

	if (path[0] == '\0')
		return pale_fail(err, -ENOENT, "an empty path names nothing");
	if (path[0] == '/') {
		r = pale_walk_init(
		    &resolver->walk, PALE_WALK_IN_ROOT, (uint32_t)root, PALE_WALK_NO_NODE, path, 0);
	} else {
		r = walk_to_base(resolver, base, root, err);
		if (r < 0)
			return r;
		r = pale_walk_continue(&resolver->walk, path, 0);
	}
	if (r == 0)
		r = pale_walk_run(&resolver->walk, &resolver->ops, resolver);
	return r < 0 ? explain(resolver, r, path, err) : 0;
}

/* Turn a walk that is done into what the caller wants. */
static int
hand_over(struct resolver *resolver, struct pale_resolved *ret)
{
	PALE_CLOSE int fd = -1;
	struct stat st;
	uint32_t node;

	if (resolver->walk.id.type != PALE_WALK_IS_DIR && push(resolver, resolver->walk.name) < 0)
		return -ENOMEM;
	if (resolver->len == 0 && push(resolver, "") < 0)
		return -ENOMEM;
	if (pale_walk_take(&resolver->walk, &node))
		fd = (int)node;
	else
		fd = openat((int)node, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	*ret = (struct pale_resolved){
		.path = pale_take_ptr(resolver->path),
		.fd = pale_take_fd(&fd),
		.mode = st.st_mode,
		.dev = st.st_dev,
		.ino = st.st_ino,
		.uid = st.st_uid,
		.gid = st.st_gid,
		.links = pale_take_ptr(resolver->links),
		.link_count = resolver->link_count,
	};
	resolver->link_count = 0;
	return 0;
}

static int
resolve_walk(int base, const char *path, struct pale_resolved *ret, struct pale_err *err)
{
	PALE_CLOSE int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct resolver resolver = { .ops = pale_walkfd_ops };
	int r;

	if (root < 0)
		return pale_fail_errno(err, "cannot open '/'");
	resolver.size = 256;
	resolver.path = calloc(1, resolver.size);
	if (resolver.path == NULL)
		return pale_fail(err, -ENOMEM, "cannot resolve '%s': out of memory", path);
	pale_walkfd_init(&resolver.walkfd);
	resolver.ops.observe = observe;
	resolver.ops.may_follow = may_follow;
	resolver.walk.node = PALE_WALK_NO_NODE;

	r = walk_path(&resolver, base, root, path, err);
	if (r == 0) {
		r = hand_over(&resolver, ret);
		if (r < 0) {
			errno = -r;
			pale_fail_errno(err, "cannot resolve '%s'", path);
		}
	}
	pale_walk_done(&resolver.walk, &resolver.ops, &resolver);
	free(resolver.path);
	free_links(resolver.links, resolver.link_count);
	return r;
}

static bool
has_dotdot(const char *path)
{
	struct pale_part part;

	while (pale_path_next(&path, &part) > 0) {
		if (part.kind == PALE_PART_DOTDOT)
			return true;
	}
	return false;
}

/* Note a link at its canonical name, and put where it leads in its place. */
static bool
cross_plain(int fd, char name[PATH_MAX], struct pale_resolved *ret)
{
	char target[PATH_MAX];
	char joined[PATH_MAX];
	char *slash = strrchr(name, '/');
	const char *inner = target;
	struct pale_link *links;
	struct stat dir;
	ssize_t len = readlinkat(fd, "", target, sizeof(target) - 1);

	if (len <= 0)
		return false;
	target[len] = '\0';
	links = reallocarray(ret->links, ret->link_count + 1, sizeof(*links));
	if (links == NULL)
		return false;
	ret->links = links;
	links += ret->link_count++;
	links->path = strdup(name);
	links->target = strdup(target);
	*(slash == name ? slash + 1 : slash) = '\0';
	/*
	 * What leads up from a canonical name, as "../usr/lib" does, is what the text says. In a
	 * sticky directory it matters whose the link is: left to the walker.
	 */
	while (strncmp(inner, "../", strlen("../")) == 0)
		inner += strlen("../");
	return links->path != NULL && links->target != NULL && !has_dotdot(inner) &&
	    target[len - 1] != '/' && stat(name, &dir) == 0 && (dir.st_mode & S_ISVTX) == 0 &&
	    pale_path_join(name, target, joined, sizeof(joined)) == 0 &&
	    pale_path_normalise(joined, name, PATH_MAX) == 0;
}

/*
 * An absolute path without "..", whose links are at most last components, as nearly every path of a
 * policy is: the kernel answers in one call a link, and every name asked for is canonical, for
 * RESOLVE_NO_SYMLINKS leaves nothing that the two walks could see differently. The rest, and all
 * that fails, is left to our walker and its sentences.
 *
 * Returns true if ret was filled; what it holds is to be given back in both cases.
 */
static bool
resolve_plain(const char *path, struct pale_resolved *ret)
{
	static const struct open_how how = {
		.flags = O_PATH | O_CLOEXEC | O_NOFOLLOW,
		.resolve = RESOLVE_NO_SYMLINKS,
	};
	char name[PATH_MAX];

	if (path[0] != '/' || path[strlen(path) - 1] == '/' || has_dotdot(path) ||
	    pale_path_normalise(path, name, sizeof(name)) < 0)
		return false;
	for (unsigned crossed = 0; crossed <= PALE_WALK_LINKS; crossed++) {
		PALE_CLOSE int fd = (int)syscall(SYS_openat2, AT_FDCWD, name, &how, sizeof(how));
		struct stat st;

		if (fd < 0 || fstat(fd, &st) < 0)
			return false;
		if (S_ISLNK(st.st_mode)) {
			if (!cross_plain(fd, name, ret))
				return false;
			continue;
		}
		ret->path = strdup(name);
		ret->fd = ret->path == NULL ? -1 : pale_take_fd(&fd);
		ret->mode = st.st_mode;
		ret->dev = st.st_dev;
		ret->ino = st.st_ino;
		ret->uid = st.st_uid;
		ret->gid = st.st_gid;
		return ret->path != NULL;
	}
	return false;
}

int
pale_resolve(int base, const char *path, struct pale_resolved *ret, struct pale_err *err)
{
	struct pale_resolved plain = { .fd = -1 };

	if (resolve_plain(path, &plain)) {
		*ret = plain;
		return 0;
	}
	pale_resolved_done(&plain);
	return resolve_walk(base, path, ret, err);
}

void
pale_resolved_done(struct pale_resolved *resolved)
{
	/* Descriptor 0 of a zeroed one is not ours. */
	if (resolved->path != NULL && resolved->fd >= 0)
		close(resolved->fd);
	free(resolved->path);
	free_links(resolved->links, resolved->link_count);
	*resolved = (struct pale_resolved){ .fd = -1 };
}

/* Who but root can rename or replace the entry `st` of directory `dir`? "" if nobody. */
static void
who_can_replace(
    const struct stat *dir, const struct stat *st, const char *path, char *who, size_t size)
{
	who[0] = '\0';
	if (dir->st_uid != 0)
		snprintf(who, size, "uid %u owns '%s'", dir->st_uid, path);
	else if ((dir->st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return;
	else if ((dir->st_mode & S_ISVTX) && st->st_uid != 0)
		snprintf(who, size, "uid %u owns an entry of the sticky '%s'", st->st_uid, path);
	else if (dir->st_mode & S_ISVTX)
		return;
	else if (dir->st_mode & S_IWOTH)
		snprintf(who, size, "everybody may write to '%s'", path);
	else
		snprintf(who, size, "gid %u may write to '%s'", dir->st_gid, path);
}

/* Look at one directory of the way and go down to its entry `name`, unless somebody is found. */
static int
descend(int *dir, const char *path, const char *name, const struct pale_resolved *last, char *who,
    size_t size)
{
	struct stat dir_st, st;
	int below;

	if (fstat(*dir, &dir_st) < 0 || fstatat(*dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (last != NULL && (st.st_dev != last->dev || st.st_ino != last->ino))
		return -ESTALE;
	who_can_replace(&dir_st, &st, path, who, size);
	if (last != NULL || who[0] != '\0')
		return 0;
	below = openat(*dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (below < 0)
		return -errno;
	close(*dir);
	*dir = below;
	return 0;
}

int
pale_resolve_replaceable(const char *canonical_root, const struct pale_resolved *inner, bool *ret,
    char *who, size_t size)
{
	char found[PATH_MAX + 64] = "", name[NAME_MAX + 1];
	const char *at = inner->path + strlen(canonical_root);
	PALE_FREE char *path = strdup(inner->path);
	PALE_CLOSE int dir = -1;
	struct pale_part part;
	int r = 0;

	if (!pale_path_is_beneath(inner->path, canonical_root))
		return -EINVAL;
	dir = open(canonical_root, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (path == NULL || dir < 0)
		return -errno;
	while (r == 0 && found[0] == '\0' && pale_path_next(&at, &part) == 1) {
		size_t above = (size_t)(part.text - inner->path);

		memcpy(name, part.text, part.len);
		name[part.len] = '\0';
		/* The name of the directory looked at, without its slash unless it is "/". */
		memcpy(path, inner->path, above);
		path[above > 1 ? above - 1 : above] = '\0';
		r = descend(&dir, path, name, part.last ? inner : NULL, found, sizeof(found));
	}
	if (r < 0)
		return r;
	*ret = found[0] != '\0';
	if (size > 0)
		snprintf(who, size, "%s", found);
	return 0;
}
