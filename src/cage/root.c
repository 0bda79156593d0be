/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The empty root; see root.h. It is a tmpfs of our own, or, where "/" itself is granted, a mount of
 * that; the tmpfs then only serves as a scratch place and goes with the old root.
 */
#include "cage/root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "cage/node.h"
#include "cage/skeleton/skeleton.h"
#include "core/scope.h"
#include "kernel/landlock.h"
#include "kernel/mountcap.h"
#include "kernel/ns.h"

static const uint64_t base_attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;

static bool
is_beneath(const char *path, const char *above)
{
	size_t len = strlen(above);

	if (strcmp(above, "/") == 0)
		return true;
	return strncmp(path, above, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static bool
shows_below(const struct pale_node *node)
{
	return (node->kind == PALE_PUT_MOUNT && node->is_dir) || node->kind == PALE_PUT_TMP ||
	    node->kind == PALE_PUT_PROC || node->kind == PALE_PUT_DEVPTS;
}

/*
 * The nearest earlier node below which this one lies and that shows something of its own. Nodes are
 * sorted, so it is the one before or covers that one too.
 */
static const struct pale_node *
find_cover(const struct pale_cage *cage, size_t at)
{
	const struct pale_node *above = at == 0 ? NULL : &cage->nodes[at - 1];

	if (above != NULL && !shows_below(above))
		above = above->cover;
	while (above != NULL && !is_beneath(cage->nodes[at].path, above->path))
		above = above->cover;
	return above;
}

/*
 * Hang a mount that was only made to be used once into the old root, to go with that: to close one
 * that hangs nowhere waits for RCU, a twentieth of a whole start (Linux 6.18). Where there is no
 * such place it waits.
 */
static void
leave_in_old_root(int mount, int old_root)
{
	pale_mountcap_attach(mount, old_root, "proc", NULL);
}

/*
 * Limit the processes of the pid namespace: for the real root the kernel does not count
 * RLIMIT_NPROC. The sysctl is one of each pid namespace since Linux 6.14.
 */
static int
limit_pids(uint64_t pid_max, int old_root, struct pale_err *err)
{
	static const struct pale_fsopt none[] = { { NULL, NULL } };
	PALE_CLOSE int proc = -1;
	PALE_CLOSE int file = -1;
	char text[32];
	int len = snprintf(text, sizeof(text), "%llu", (unsigned long long)pid_max);
	int result = pale_mountcap_new("proc", none, base_attr, &proc, err);

	if (result == -EPERM) {
		pale_fail(err, result,
		    "cannot limit the processes of root: that takes a fresh /proc, and files of "
		    "the one here are covered");
		return pale_remedy(
		    err, "run as another user, or accept it with --best-effort=nproc");
	}
	if (result < 0)
		return result;
	file = openat(proc, "sys/kernel/pid_max", O_WRONLY | O_CLOEXEC);
	if (file < 0 || write(file, text, (size_t)len) != len)
		return pale_fail_errno(err, "cannot limit the number of processes");
	leave_in_old_root(proc, old_root);
	return 0;
}

/*
 * POSIX queues are files of a file system that no path leads to, and Landlock asks about them all
 * the same. Those of the private ipc namespace are the cage's own; those of the machine must not be
 * opened again, by way of /proc, for more than a program has them open for.
 */
static int
allow_queues(const struct pale_site *site, int old_root, struct pale_err *err)
{
	static const struct pale_fsopt none[] = { { NULL, NULL } };
	PALE_CLOSE int mount = -1;
	int result = pale_mountcap_new("mqueue", none, 0, &mount, err);

	if (result == -ENODEV)
		return 0; /* a kernel without them */
	if (result == 0)
		result = pale_landlock_allow(site->ruleset, mount, true, site->handled, err);
	if (result == 0)
		leave_in_old_root(mount, old_root);
	return result;
}

/* Attach the grant of "/" over the scratch file system: it becomes the root. */
static int
grant_root(
    const struct pale_node *node, struct pale_site *site, int *ret_root, struct pale_err *err)
{
	PALE_CLOSE int mount = -1;
	int result = pale_mountcap_clone(node->fd, "", node->attr, &mount, err);

	if (result == 0)
		result = pale_mountcap_attach(mount, site->scratch, "", err);
	if (result == 0 && site->ruleset >= 0)
		result = pale_landlock_allow(
		    site->ruleset, mount, true, node->landlock & site->handled, err);
	if (result == 0)
		*ret_root = pale_take_fd(&mount);
	return result;
}

/* Let the names of the scratch file system be shown by another, that tells of what is missing. */
static int
enter_skeleton(struct pale_cage *cage, struct pale_site *site, struct pale_err *err)
{
	int result = pale_skeleton_show(cage->skeleton, site->scratch, err);

	if (result == 0)
		result = pale_mountcap_attach(cage->skeleton->mount, site->scratch, "", err);
	site->root = cage->skeleton->mount;
	site->mirrored = true;
	return result;
}

bool
pale_root_is_granted(const struct pale_cage *cage)
{
	return cage->node_count > 0 && cage->nodes[0].kind == PALE_PUT_MOUNT &&
	    strcmp(cage->nodes[0].path, "/") == 0;
}

int
pale_root_build(struct pale_cage *cage, int ruleset, struct pale_err *err)
{
	static const struct pale_fsopt opts[] = { { "mode", "0755" }, { NULL, NULL } };
	PALE_CLOSE int here = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	PALE_CLOSE int scratch = -1;
	PALE_CLOSE int granted = -1;
	struct pale_site site = { .ruleset = ruleset, .handled = cage->landlock_fs, .parent = -1 };
	bool whole = pale_root_is_granted(cage);
	size_t at = 0;
	int result;

	if (here < 0)
		return pale_fail_errno(err, "cannot open the root");
	result = pale_mountcap_new("tmpfs", opts, base_attr, &scratch, err);
	if (result == 0)
		result = pale_mountcap_attach(scratch, here, "", err);
	if (result == -EPERM || result == -EACCES)
		return pale_ns_explain(result, "make mounts in a user namespace", err);
	site.root = scratch;
	site.scratch = scratch;
	if (result == 0 && cage->skeleton != NULL)
		result = enter_skeleton(cage, &site, err);
	if (result == 0 && ruleset >= 0)
		result = pale_landlock_allow(
		    ruleset, site.root, true, cage->landlock_root & cage->landlock_fs, err);
	if (result == 0 && whole) {
		result = grant_root(&cage->nodes[at++], &site, &granted, err);
		site.root = granted;
	}
	for (; at < cage->node_count && result == 0; at++) {
		cage->nodes[at].cover = find_cover(cage, at);
		result = pale_node_put(cage, &site, &cage->nodes[at], err);
	}
	if (site.parent >= 0)
		close(site.parent);
	/* From here on nothing of the old root's /proc is used. */
	if (result == 0 && cage->pid_max != 0) {
		result = limit_pids(cage->pid_max, here, err);
		if (result == -EPERM && cage->pid_max_optional) {
			cage->lost_pid_max = true;
			result = 0;
		}
	}
	if (result == 0 && ruleset >= 0 && site.handled != 0 &&
	    (cage->doors == NULL || !cage->doors->machine_ipc))
		result = allow_queues(&site, here, err);
	if (result == 0)
		result = pale_mountcap_set(
		    scratch, base_attr | MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC, err);
	return result < 0 ? result : pale_mountcap_pivot(site.root, err);
}
