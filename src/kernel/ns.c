/* SPDX-License-Identifier: BSD-2-Clause */
/* Namespaces and their id maps; see ns.h. */
#include "kernel/ns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/scope.h"
#include "kernel/caps.h"
#include "kernel/seccomp.h"

enum {
	MAP_BYTES = 4096, /* at most 340 lines of a map; the kernel writes at most a page */
};

static int
write_text(int proc, const char *path, const char *text, size_t size)
{
	/* A /proc that is not at its place names its files without it. */
	PALE_CLOSE int fd =
	    openat(proc, proc == AT_FDCWD ? path : path + strlen("/proc/"), O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return write(fd, text, size) == (ssize_t)size ? 0 : -errno;
}

/* Read a small file of /proc; returns its length, or 0 if it cannot be read. */
static size_t
read_text(const char *path, char *buf, size_t size)
{
	PALE_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, buf, size - 1);

	buf[got < 0 ? 0 : got] = '\0';
	return got < 0 ? 0 : (size_t)got;
}

static bool
file_says(const char *path, const char *value)
{
	char text[64];
	size_t got = read_text(path, text, sizeof(text));

	text[strcspn(text, "\n")] = '\0';
	return got > 0 && strcmp(text, value) == 0;
}

bool
pale_ns_is_filtered(void)
{
	char text[MAP_BYTES];
	const char *line;

	read_text("/proc/self/status", text, sizeof(text));
	line = strstr(text, "\nSeccomp:\t");
	return line != NULL && line[strlen("\nSeccomp:\t")] == '2';
}

/* In a chroot "/" is not the root of a mount. A chroot onto a mount point is not recognised. */
bool
pale_ns_in_chroot(void)
{
	struct statx st;

	if (statx(AT_FDCWD, "/", AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &st) < 0)
		return false;
	return (st.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0 &&
	    (st.stx_attributes & STATX_ATTR_MOUNT_ROOT) == 0;
}

int
pale_ns_explain(int code, const char *what, struct pale_err *err)
{
	pale_fail(err, code, "cannot %s: %s", what, strerror(-code));
	if (code == -ENOSPC && file_says("/proc/sys/user/max_user_namespaces", "0")) {
		pale_fail(err, code, "cannot %s: user.max_user_namespaces is 0 here", what);
		return pale_remedy(err,
		    "as root: sysctl user.max_user_namespaces=15000, or run pale as root outside "
		    "this container");
	}
	if (code == -ENOSPC) {
		pale_fail(err, code, "cannot %s: too many of them, or nested deeper than 32", what);
		return pale_remedy(
		    err, "leave the namespaces you are in, or raise user.max_*_namespaces");
	}
	if (code == -ENOSYS || code == -EINVAL) {
		pale_fail(err, code, "cannot %s: this kernel was built without it", what);
		return pale_remedy(err,
		    "use a kernel with CONFIG_USER_NS, CONFIG_PID_NS and "
		    "CONFIG_IPC_NS; `pale doctor` lists what is missing");
	}
	if (code == -ENOENT) {
		pale_fail(err, code, "cannot %s: /proc is not mounted here", what);
		return pale_remedy(err, "as root: mount -t proc proc /proc");
	}
	if (code != -EPERM && code != -EACCES)
		return pale_remedy(err, "`pale doctor` shows what this machine offers");
	if (pale_ns_is_filtered() && pale_filter_inside()) {
		pale_fail(err, code, "this is the inside of `pale run`, where cannot %s", what);
		return pale_remedy(err, "a cage inside is asked for with `pale run`");
	}
	if (pale_ns_is_filtered()) {
		pale_fail(err, code,
		    "cannot %s: a filter on system calls refuses it, as containers have", what);
		return pale_remedy(err,
		    "run pale outside the container, or start the container with "
		    "a filter that allows unshare and mount");
	}
	if (pale_ns_in_chroot()) {
		pale_fail(err, code, "cannot %s: this is a chroot, where it is refused", what);
		return pale_remedy(err,
		    "use a mount namespace with pivot_root instead of chroot, or "
		    "run pale outside of it");
	}
	if (file_says("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1")) {
		pale_fail(err, code,
		    "cannot %s: AppArmor refuses user namespaces to programs without a profile",
		    what);
		return pale_remedy(err,
		    "install an AppArmor profile for pale with `userns,`, or as root: sysctl "
		    "kernel.apparmor_restrict_unprivileged_userns=0");
	}
	if (file_says("/proc/sys/kernel/unprivileged_userns_clone", "0")) {
		pale_fail(err, code, "cannot %s: kernel.unprivileged_userns_clone is 0 here", what);
		return pale_remedy(err, "as root: sysctl kernel.unprivileged_userns_clone=1");
	}
	return pale_remedy(err, "a security module refuses it; its log says which rule");
}

/* The identity map of all that our own namespace knows, from the lines of its own map. */
static size_t
identity_map(const char *path, char *buf, size_t size)
{
	char text[MAP_BYTES];
	char *save = NULL;
	size_t len = 0;

	read_text(path, text, sizeof(text));
	for (char *line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		unsigned inside;
		unsigned count;

		if (sscanf(line, "%u %*u %u", &inside, &count) != 2)
			continue;
		len += (size_t)snprintf(buf + len, size - len, "%u %u %u\n", inside, inside, count);
		if (len >= size)
			return 0;
	}
	return len;
}

/*
 * Write the maps of root from a child that stayed behind: the kernel wants the writer to hold
 * CAP_SETUID in the parent namespace, which unshare takes from us.
 */
static int
map_as_root(const char *self, const char *uids, size_t uid_size, const char *gids, size_t gid_size)
{
	char path[64];
	int result;

	snprintf(path, sizeof(path), "/proc/%s/gid_map", self);
	result = write_text(AT_FDCWD, path, gids, gid_size);
	if (result < 0)
		return result;
	snprintf(path, sizeof(path), "/proc/%s/uid_map", self);
	return write_text(AT_FDCWD, path, uids, uid_size);
}

static int
enter_as_root(int flags, struct pale_err *err)
{
	char uids[MAP_BYTES];
	char gids[MAP_BYTES];
	size_t uid_size = identity_map("/proc/self/uid_map", uids, sizeof(uids));
	size_t gid_size = identity_map("/proc/self/gid_map", gids, sizeof(gids));
	PALE_CLOSE int go_read = -1;
	PALE_CLOSE int go_write = -1;
	/* Our number in /proc, which may be of another pid namespace than ours. */
	char self[32] = { 0 };
	int pipe_fds[2];
	int refused = 0;
	int status;
	pid_t helper;

	if (readlink("/proc/self", self, sizeof(self) - 1) < 0)
		snprintf(self, sizeof(self), "self"); /* there is none: told when it is needed */
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return pale_fail_errno(err, "cannot make a pipe");
	go_read = pipe_fds[0];
	go_write = pipe_fds[1];
	helper = fork();
	if (helper < 0)
		return pale_fail_errno(err, "cannot start a helper");
	if (helper == 0) {
		char go;

		close(go_write);
		if (read(go_read, &go, 1) != 1)
			_exit(0);
		_exit(-map_as_root(self, uids, uid_size, gids, gid_size));
	}
	if (unshare(CLONE_NEWUSER | flags) < 0)
		refused = -errno;
	else if (write(go_write, "g", 1) != 1)
		refused = -EPIPE;
	close(pale_take_fd(&go_write));
	while (waitpid(helper, &status, 0) < 0 && errno == EINTR)
		continue;
	if (refused < 0)
		return pale_ns_explain(refused, "make namespaces", err);
	if (!WIFEXITED(status))
		return pale_fail(err, -ECHILD, "the helper that maps ids was killed");
	if (WEXITSTATUS(status) != 0)
		return pale_ns_explain(-WEXITSTATUS(status), "map user ids", err);
	return 0;
}

static int
map_as_user(int proc, uid_t uid, gid_t gid, struct pale_err *err)
{
	char uids[64];
	char gids[64];
	int uid_size = snprintf(uids, sizeof(uids), "%u %u 1\n", uid, uid);
	int gid_size = snprintf(gids, sizeof(gids), "%u %u 1\n", gid, gid);
	int result = write_text(proc, "/proc/self/setgroups", "deny", 4);

	if (result == 0 || result == -ENOENT)
		result = write_text(proc, "/proc/self/uid_map", uids, (size_t)uid_size);
	if (result == 0)
		result = write_text(proc, "/proc/self/gid_map", gids, (size_t)gid_size);
	if (result < 0)
		return pale_ns_explain(result, "map the own user id", err);
	return 0;
}

static int
enter_as_user(int flags, struct pale_err *err)
{
	/* Asked before: afterwards the ids have no numbers until they are mapped. */
	const uid_t uid = getuid();
	const gid_t gid = getgid();

	if (unshare(CLONE_NEWUSER | flags) < 0)
		return pale_ns_explain(-errno, "make namespaces", err);
	return map_as_user(AT_FDCWD, uid, gid, err);
}

int
pale_ns_enter_inside(int flags, int proc, struct pale_err *err)
{
	const uid_t uid = getuid();
	const gid_t gid = getgid();
	int result;

	/* Files of /proc of a process that cannot be dumped are root's, the maps too. */
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return pale_fail_errno(err, "cannot write id maps");
	result = unshare(CLONE_NEWUSER | flags) < 0
	    ? pale_ns_explain(-errno, "make namespaces", err)
	    : map_as_user(proc, uid, gid, err);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 && result == 0)
		result = pale_fail_errno(err, "cannot hide from other processes");
	return result;
}

int
pale_ns_enter(int flags, struct pale_err *err)
{
	if (pale_caps_has(CAP_SETUID) && pale_caps_has(CAP_SETGID))
		return enter_as_root(flags, err);
	return enter_as_user(flags, err);
}
