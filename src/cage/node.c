/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What exists in a cage, one kind of node after the other; see node.h. Every path below the new
 * root is opened without following a link, so that a link in the plan cannot lead a later node out
 * of the root while the old one is there. What a mount is put on is compared with what was granted:
 * a name that moved since is refused.
 */
#include "cage/node.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/scope.h"
#include "kernel/landlock.h"
#include "kernel/mountcap.h"

enum {
	COPY_MAX = 4 << 20, /* a larger file is a mistake: grant it with read() */
	COPY_STEP = 1 << 14,
	PATH_BYTES = 4096,
};

static const uint64_t base_attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;

/* Files of /proc that tell about the machine or act on it: covered under proc('full'). */
static const char *const proc_masked[] = {
	"acpi",
	"asound",
	"bus",
	"config.gz",
	"interrupts",
	"irq",
	"kallsyms",
	"kcore",
	"key-users",
	"keys",
	"kmsg",
	"kpagecount",
	"kpageflags",
	"kpagecgroup",
	"latency_stats",
	"modules",
	"sched_debug",
	"scsi",
	"sysrq-trigger",
	"sysvipc",
	"timer_list",
	"vmallocinfo",
	"slabinfo",
	"fs",
};

static int
open_inside(int root, const char *path, uint64_t flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC | O_NOFOLLOW,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};

	while (*path == '/')
		path++;
	return (int)syscall(SYS_openat2, root, *path == '\0' ? "." : path, &how, sizeof(how));
}

/* Make every directory of a path that is missing. No recursion: a path has up to 2,047 of them. */
static int
make_dirs(int root, const char *path, struct pale_err *err)
{
	PALE_CLOSE int above = -1;

	for (const char *at = path;;) {
		char name[NAME_MAX + 1];
		size_t len;
		int below;

		at += strspn(at, "/");
		len = strcspn(at, "/");
		if (len == 0)
			return 0;
		if (len >= sizeof(name))
			return pale_fail(err, -ENAMETOOLONG, "'%s' is too long", path);
		memcpy(name, at, len);
		name[len] = '\0';
		at += len;
		below = open_inside(above < 0 ? root : above, name, O_PATH | O_DIRECTORY);
		if (below < 0 && errno == ENOENT) {
			if (mkdirat(above < 0 ? root : above, name, 0755) < 0 && errno != EEXIST)
				return pale_fail_errno(err, "cannot make '%s' inside", path);
			below = open_inside(above < 0 ? root : above, name, O_PATH | O_DIRECTORY);
		}
		if (below < 0)
			return -errno;
		if (above >= 0)
			close(above);
		above = below;
	}
}

/* Open a directory of the root, making what is missing of it. */
static int
open_dir(int root, const char *path, int *ret_fd, struct pale_err *err)
{
	int fd = open_inside(root, path, O_PATH | O_DIRECTORY);

	if (fd < 0 && errno == ENOENT) {
		struct pale_err words = { 0 };
		int result = make_dirs(root, path, &words);

		if (result < 0 && words.code != 0) {
			if (err != NULL)
				*err = words;
			return result;
		}
		fd = result < 0 ? -1 : open_inside(root, path, O_PATH | O_DIRECTORY);
		if (result < 0)
			errno = -result;
	}
	if (fd < 0) {
		pale_fail_errno(err, "cannot reach '%s' inside", path);
		return pale_remedy(err,
		    "it lies behind a symbolic link or file of another grant; grant its real path");
	}
	*ret_fd = fd;
	return 0;
}

/* Does the node's name lie in the empty root itself, of which another tree holds the names? */
static bool
is_mirrored(const struct pale_site *site, const struct pale_node *node)
{
	return site->mirrored && node->cover == NULL;
}

/* The directory that a node's name is made in, borrowed from the site, and that name. */
static int
find_parent(struct pale_site *site, const struct pale_node *node, int *ret_fd,
    const char **ret_name, struct pale_err *err)
{
	const char *slash = strrchr(node->path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - node->path);
	bool mirrored = is_mirrored(site, node);
	int result;

	if (slash == NULL || len >= sizeof(site->parent_path))
		return pale_fail(err, -ENAMETOOLONG, "'%s' is too long", node->path);
	if (site->parent < 0 || strncmp(site->parent_path, node->path, len) != 0 ||
	    site->parent_path[len] != '\0' || site->parent_is_scratch != mirrored) {
		if (site->parent >= 0)
			close(pale_take_fd(&site->parent));
		memcpy(site->parent_path, node->path, len);
		site->parent_path[len] = '\0';
		site->parent_is_scratch = mirrored;
		result = open_dir(
		    mirrored ? site->scratch : site->root, site->parent_path, &site->parent, err);
		if (result < 0)
			return result;
	}
	*ret_fd = site->parent;
	*ret_name = slash + 1;
	return 0;
}

/* Make an empty file or directory for something to be mounted on; one that is there serves too. */
static int
make_place(int parent, const struct pale_node *node, const char *name, struct pale_err *err)
{
	int result;

	if (node->is_dir)
		result = mkdirat(parent, name, 0755);
	else
		result = mknodat(parent, name, S_IFREG | 0444, 0);
	if (result == 0 || errno == EEXIST)
		return 0;
	pale_fail_errno(err, "cannot make '%s' inside", node->path);
	if (errno == EROFS)
		return pale_remedy(
		    err, "it lies in a grant that has no such name; make it there first");
	return err == NULL ? -errno : err->code;
}

/* On what the root shows of a place that was made in scratch. */
static int
attach_mirrored(
    struct pale_site *site, const struct pale_node *node, int mount, struct pale_err *err)
{
	PALE_CLOSE int place = open_inside(site->root, node->path, O_PATH);

	if (place < 0)
		return pale_fail_errno(err, "cannot reach '%s' inside", node->path);
	return pale_mountcap_attach(mount, place, "", err);
}

/*
 * Attach a mount where its node says: on a new name in our own root, or on the name that a wider
 * grant shows, which must still be what was granted (for what the machine has).
 */
static int
attach(struct pale_site *site, const struct pale_node *node, int mount, struct pale_err *err)
{
	PALE_CLOSE int place = -1;
	const char *name;
	struct stat st;
	int parent;
	int result;

	if (node->cover == NULL || node->cover->kind == PALE_PUT_TMP) {
		result = find_parent(site, node, &parent, &name, err);
		if (result == 0)
			result = make_place(parent, node, name, err);
		if (result < 0 || !is_mirrored(site, node))
			return result < 0 ? result : pale_mountcap_attach(mount, parent, name, err);
		return attach_mirrored(site, node, mount, err);
	}
	/* A grant shows this place: nothing is ever made there, it would stay on the machine. */
	place = open_inside(site->root, node->path, O_PATH);
	if (place < 0 && errno == ENOENT && node->ino == 0) {
		pale_fail_errno(err, "cannot put anything at '%s' inside", node->path);
		return pale_remedy(
		    err, "it lies in a grant that has no such name; make it there first");
	}
	if (place < 0 || fstat(place, &st) < 0)
		return pale_fail_errno(err, "cannot reach '%s' inside", node->path);
	if (node->ino != 0 && node->cover->kind == PALE_PUT_MOUNT &&
	    (st.st_dev != node->dev || st.st_ino != node->ino))
		return pale_fail(
		    err, -ESTALE, "'%s' was replaced while pale was starting", node->path);
	return pale_mountcap_attach(mount, place, "", err);
}

static int
allow(struct pale_site *site, int fd, const struct pale_node *node, struct pale_err *err)
{
	if (site->ruleset < 0)
		return 0;
	return pale_landlock_allow(
	    site->ruleset, fd, node->is_dir, node->landlock & site->handled, err);
}

static int
put_mount(struct pale_site *site, const struct pale_node *node, struct pale_err *err)
{
	PALE_CLOSE int mount = -1;
	int result = pale_mountcap_clone(node->fd, "", node->attr, &mount, err);

	if (result == 0)
		result = attach(site, node, mount, err);
	return result < 0 ? result : allow(site, mount, node, err);
}

static int
put_link(struct pale_site *site, const struct pale_node *node, struct pale_err *err)
{
	char there[PATH_BYTES];
	const char *name;
	int parent;
	ssize_t got;
	int result = find_parent(site, node, &parent, &name, err);

	if (result < 0)
		return result;
	if (symlinkat(node->target, parent, name) == 0)
		return 0;
	if (errno == EEXIST || errno == EROFS) {
		got = readlinkat(parent, name, there, sizeof(there) - 1);
		there[got < 0 ? 0 : got] = '\0';
		if (got > 0 && strcmp(there, node->target) == 0)
			return 0;
		return pale_fail(err, -EEXIST, "'%s' is to be a link to '%s', but is there already",
		    node->path, node->target);
	}
	return pale_fail_errno(err, "cannot make link '%s' inside", node->path);
}

/* The root shows names and kinds; a file with something in it is a mount of scratch's own. */
static int
show_file(struct pale_site *site, const struct pale_node *node, int file, struct pale_err *err)
{
	PALE_CLOSE int mount = -1;
	int result = pale_mountcap_clone(
	    file, "", base_attr | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY, &mount, err);

	return result < 0 ? result : attach_mirrored(site, node, mount, err);
}

static int
put_copy(struct pale_site *site, const struct pale_node *node, struct pale_err *err)
{
	PALE_CLOSE int from = -1;
	PALE_CLOSE int to = -1;
	const char *name;
	int parent;
	struct stat st;
	char buf[COPY_STEP];
	ssize_t got;
	int result = find_parent(site, node, &parent, &name, err);

	if (result < 0)
		return result;
	/* Opened by name, but only what was granted is copied: its identity is compared. */
	from = open(node->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (from < 0 || fstat(from, &st) < 0)
		return pale_fail_errno(err, "cannot copy '%s'", node->path);
	if (st.st_dev != node->dev || st.st_ino != node->ino)
		return pale_fail(
		    err, -ESTALE, "'%s' was replaced while pale was starting", node->path);
	if (!S_ISREG(st.st_mode) || st.st_size > COPY_MAX)
		return pale_fail(
		    err, -EFBIG, "cannot copy '%s': it is not a small regular file", node->path);
	to = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (to < 0)
		return pale_fail_errno(err, "cannot make '%s' inside", node->path);
	for (;;) {
		got = read(from, buf, sizeof(buf));
		if (got == 0)
			break;
		if (got < 0 || write(to, buf, (size_t)got) != got)
			return pale_fail_errno(err, "cannot copy '%s'", node->path);
	}
	result = allow(site, to, node, err);
	return result < 0 || !is_mirrored(site, node) ? result : show_file(site, node, to, err);
}

static int
put_dir(struct pale_site *site, const struct pale_node *node, struct pale_err *err)
{
	PALE_CLOSE int dir = -1;

	return open_dir(
	    is_mirrored(site, node) ? site->scratch : site->root, node->path, &dir, err);
}

/* For cages inside, which tell what lies where by it. */
static int
remember(struct pale_node *node, int mount, struct pale_err *err)
{
	struct stat st;

	if (fstat(mount, &st) < 0)
		return pale_fail_errno(err, "cannot look at '%s'", node->path);
	node->made_dev = st.st_dev;
	node->made_ino = st.st_ino;
	return 0;
}

/* A private writable directory; on a file system of its own where it covers part of a grant. */
static int
put_tmp(struct pale_site *site, struct pale_node *node, struct pale_err *err)
{
	static const struct pale_fsopt opts[] = { { "mode", "1777" }, { NULL, NULL } };
	PALE_CLOSE int mount = -1;
	const char *name;
	int parent;
	int result;

	if (node->cover != NULL) {
		result = pale_mountcap_new("tmpfs", opts, node->attr, &mount, err);
	} else {
		result = find_parent(site, node, &parent, &name, err);
		if (result == 0)
			result = make_place(parent, node, name, err);
		if (result == 0 && fchmodat(parent, name, 01777, 0) < 0)
			result =
			    pale_fail_errno(err, "cannot open '%s' to the program", node->path);
		if (result == 0)
			result = pale_mountcap_clone(parent, name, node->attr, &mount, err);
	}
	if (result == 0)
		result = attach(site, node, mount, err);
	if (result == 0)
		result = remember(node, mount, err);
	return result < 0 ? result : allow(site, mount, node, err);
}

/* An empty read-only thing over a name that a wider node shows. */
static int
put_hide(struct pale_site *site, struct pale_node *node, struct pale_err *err)
{
	static const struct pale_fsopt opts[] = { { "size", "4k" }, { "mode", "0555" },
		{ NULL, NULL } };
	static const char empty[] = ".empty";
	const uint64_t attr = base_attr | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY;
	PALE_CLOSE int file = -1;
	PALE_CLOSE int mount = -1;
	int result = 0;

	if (node->is_dir) {
		result = pale_mountcap_new("tmpfs", opts, attr, &mount, err);
	} else {
		/* A file of our own file system; the mount keeps it when its name goes. */
		file = openat(site->scratch, empty, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
		if (file < 0)
			return pale_fail_errno(err, "cannot hide '%s'", node->path);
		result = pale_mountcap_clone(file, "", attr, &mount, err);
	}
	if (result == 0)
		result = attach(site, node, mount, err);
	if (result == 0)
		result = remember(node, mount, err);
	/* The kernel attaches no mount whose root has lost its name, so the name goes last. */
	if (file >= 0 && unlinkat(site->scratch, empty, 0) < 0 && result == 0)
		result = pale_fail_errno(err, "cannot hide '%s'", node->path);
	return result;
}

/* A file of our own file system, as a mount, so that it can also cover what a grant shows. */
static int
put_text(struct pale_site *site, const struct pale_node *node, struct pale_err *err)
{
	static const char made[] = ".text";
	const uint64_t attr = base_attr | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY;
	size_t len = strlen(node->target);
	PALE_CLOSE int file =
	    openat(site->scratch, made, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	PALE_CLOSE int mount = -1;
	int result = 0;

	if (file < 0 || write(file, node->target, len) != (ssize_t)len)
		result = pale_fail_errno(err, "cannot make '%s' inside", node->path);
	if (result == 0)
		result = pale_mountcap_clone(file, "", attr, &mount, err);
	if (result == 0)
		result = attach(site, node, mount, err);
	if (result == 0)
		result = allow(site, mount, node, err);
	if (file >= 0 && unlinkat(site->scratch, made, 0) < 0 && result == 0)
		result = pale_fail_errno(err, "cannot make '%s' inside", node->path);
	return result == -ENOENT && node->optional ? 0 : result;
}

/* Cover the files of a full /proc that tell about the machine; make the rest of them read-only. */
static int
mask_proc(struct pale_site *site, const struct pale_node *node, struct pale_err *err)
{
	char path[PATH_BYTES];
	PALE_CLOSE int sys = -1;
	PALE_CLOSE int sys_mount = -1;
	int result = 0;

	for (size_t i = 0; i < PALE_COUNT(proc_masked) && result == 0; i++) {
		struct pale_node cover = { .kind = PALE_PUT_HIDE, .path = path, .cover = node };
		PALE_CLOSE int there = -1;
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", node->path, proc_masked[i]);
		there = open_inside(site->root, path, O_PATH);
		if (there < 0 || fstat(there, &st) < 0)
			continue; /* this kernel does not have it */
		cover.is_dir = S_ISDIR(st.st_mode);
		result = put_hide(site, &cover, err);
	}
	if (result < 0)
		return result;
	snprintf(path, sizeof(path), "%s/sys", node->path);
	sys = open_inside(site->root, path, O_PATH | O_DIRECTORY);
	if (sys < 0)
		return pale_fail_errno(err, "cannot protect '%s'", path);
	result = pale_mountcap_clone(
	    sys, "", base_attr | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY, &sys_mount, err);
	return result < 0 ? result : pale_mountcap_attach(sys_mount, sys, "", err);
}

static int
put_proc(struct pale_site *site, const struct pale_node *node, bool *ret_lost, struct pale_err *err)
{
	static const struct pale_fsopt pids[] = { { "subset", "pid" }, { "hidepid", "ptraceable" },
		{ NULL, NULL } };
	static const struct pale_fsopt full[] = { { "hidepid", "ptraceable" }, { NULL, NULL } };
	/* Read-only: writing to autogroup would renice the whole session, those outside included.
	 */
	const uint64_t attr = base_attr | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY;
	PALE_CLOSE int mount = -1;
	int result = pale_mountcap_new("proc", node->proc_full ? full : pids, attr, &mount, err);

	if (result == -EPERM && node->optional) {
		/* A container that covers files of its own /proc: the kernel then refuses a fresh
		 * one. */
		*ret_lost = true;
		return 0;
	}
	if (result == -EPERM) {
		pale_fail(
		    err, result, "cannot mount a fresh /proc: files of the one here are covered");
		return pale_remedy(err, "ask for less with --proc=self or --proc=none");
	}
	if (result == 0)
		result = attach(site, node, mount, err);
	if (result == 0)
		result = allow(site, mount, node, err);
	if (result == 0 && node->proc_full)
		result = mask_proc(site, node, err);
	return result;
}

static int
put_devpts(struct pale_site *site, const struct pale_node *node, struct pale_err *err)
{
	static const struct pale_fsopt opts[] = { { "ptmxmode", "0666" }, { "mode", "0620" },
		{ NULL, NULL } };
	PALE_CLOSE int mount = -1;
	int result =
	    pale_mountcap_new("devpts", opts, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, &mount, err);

	if (result == 0)
		result = attach(site, node, mount, err);
	if (result == 0)
		result = allow(site, mount, node, err);
	return result;
}

/*
 * A descriptor: opened anew through a mount of its own, so that ".." stops at it and a read-only
 * one cannot be changed through it. The number is free: it is the granted descriptor's own.
 */
static int
put_fd(struct pale_site *site, const struct pale_node *node, struct pale_err *err)
{
	PALE_CLOSE int mount = -1;
	PALE_CLOSE int fd = -1;
	char name[64];
	int result = pale_mountcap_clone(node->fd, "", node->attr, &mount, err);

	if (result < 0)
		return result;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", mount);
	fd = open(name, node->open_flags | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return pale_fail_errno(err, "cannot open descriptor %d anew", node->number);
	if (node->offset > 0 && lseek(fd, node->offset, SEEK_SET) < 0)
		return pale_fail_errno(err, "cannot set the offset of descriptor %d", node->number);
	result = allow(site, mount, node, err);
	/* Those above 2 close in exec unless they are kept; 0 to 2 always stay. */
	if (result == 0 && dup3(fd, node->number, node->number > 2 ? O_CLOEXEC : 0) < 0)
		result = pale_fail_errno(err, "cannot put descriptor %d in place", node->number);
	return result;
}

int
pale_node_put(
    struct pale_cage *cage, struct pale_site *site, struct pale_node *node, struct pale_err *err)
{
	switch (node->kind) {
	case PALE_PUT_MOUNT:
		return put_mount(site, node, err);
	case PALE_PUT_LINK:
		return put_link(site, node, err);
	case PALE_PUT_COPY:
		return put_copy(site, node, err);
	case PALE_PUT_DIR:
		return put_dir(site, node, err);
	case PALE_PUT_TEXT:
		return put_text(site, node, err);
	case PALE_PUT_TMP:
		return put_tmp(site, node, err);
	case PALE_PUT_HIDE:
		return put_hide(site, node, err);
	case PALE_PUT_PROC:
		return put_proc(site, node, &cage->lost_proc, err);
	case PALE_PUT_DEVPTS:
		return put_devpts(site, node, err);
	case PALE_PUT_FD:
		return put_fd(site, node, err);
	}
	return pale_fail(err, -EINVAL, "unknown kind of node");
}
