/* SPDX-License-Identifier: BSD-2-Clause */
/* What the running kernel offers; see probe.h. */
#include "kernel/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/scope.h"
#include "kernel/mountcap.h"
#include "kernel/ns.h"
#include "kernel/uapi.h"

const struct pale_probe_landlock pale_probe_landlock[] = {
	{ 1, "5.13", "files and directories",
	    "a FIFO in a read-only grant can be written to, and single rights of a writable grant "
	    "cannot be withheld" },
	{ 2, "5.19", "moving between directories",
	    "nothing can be renamed or linked from one directory to another" },
	{ 3, "6.2", "truncation", "ftruncate cannot be withheld from a writable grant" },
	{ 4, "6.7", "TCP ports", NULL },
	{ 5, "6.10", "commands to devices", "ioctl cannot be withheld from devices in a grant" },
	{ 6, "6.12", "signals and abstract sockets",
	    "a network namespace closes abstract sockets instead, which starts slower, and no "
	    "signal reaches a process group" },
	{ 7, "6.15", "the audit log", NULL },
	{ 8, "7.0", "all threads at once", NULL },
	{ 9, "7.1", "connecting to UNIX sockets by name",
	    "the supervisor connects for the program, so that peers see it in the program's "
	    "place" },
	{ 0, NULL, NULL, NULL },
};

bool
pale_probe_kernel_at_least(unsigned major, unsigned minor)
{
	struct utsname name;
	unsigned have_major;
	unsigned have_minor;

	if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &have_major, &have_minor) != 2)
		return false;
	return have_major > major || (have_major == major && have_minor >= minor);
}

void
pale_probe_release(char *buf, size_t size)
{
	struct utsname name;

	snprintf(buf, size, "%s", uname(&name) < 0 ? "unknown" : name.release);
}

/* In the new pid namespace, whose /proc it has to be. */
static void
try_pid_mounts(struct pale_probe_ns *ret)
{
	static const struct pale_fsopt proc[] = { { "subset", "pid" }, { "hidepid", "invisible" },
		{ NULL, NULL } };
	static const struct pale_fsopt pts[] = { { "ptmxmode", "0666" }, { NULL, NULL } };
	PALE_CLOSE int proc_mount = -1;
	PALE_CLOSE int pts_mount = -1;

	ret->proc.code = pale_mountcap_new("proc", proc, 0, &proc_mount, &ret->proc);
	ret->devpts.code = pale_mountcap_new("devpts", pts, 0, &pts_mount, &ret->devpts);
}

static void
try_mounts(struct pale_probe_ns *ret)
{
	static const struct pale_fsopt none[] = { { NULL, NULL } };
	PALE_CLOSE int here = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	PALE_CLOSE int scratch = -1;
	PALE_CLOSE int clone = -1;
	PALE_CLOSE int derived = -1;
	int r = pale_mountcap_isolate(&ret->mounts);

	if (r == 0)
		r = pale_mountcap_new("tmpfs", none, 0, &scratch, &ret->mounts);
	if (r == 0)
		r = pale_mountcap_clone(here, "", MOUNT_ATTR_RDONLY, &clone, &ret->mounts);
	if (r == 0)
		r = pale_mountcap_attach(scratch, here, "", &ret->mounts);
	if (r == -EPERM || r == -EACCES)
		pale_ns_explain(r, "make mounts in a user namespace", &ret->mounts);
	ret->mounts.code = r;
	if (r == 0)
		ret->derive.code = pale_mountcap_clone(clone, "", 0, &derived, &ret->derive);
}

static void
try_namespaces(struct pale_probe_ns *ret)
{
	int r = pale_ns_enter(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC, &ret->userns);
	pid_t inner;

	ret->userns.code = r;
	if (r < 0)
		return;
	try_mounts(ret);
	inner = fork();
	if (inner == 0) {
		try_pid_mounts(ret);
		_exit(0);
	}
	while (inner > 0 && waitpid(inner, NULL, 0) < 0 && errno == EINTR)
		continue;
}

int
pale_probe_namespaces(struct pale_probe_ns *ret, struct pale_err *err)
{
	struct pale_probe_ns *shared =
	    mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child;

	if (shared == MAP_FAILED)
		return pale_fail_errno(err, "cannot share memory with a child");
	shared->userns.code = -ECANCELED;
	shared->mounts.code = -ECANCELED;
	shared->derive.code = -ECANCELED;
	shared->proc.code = -ECANCELED;
	shared->devpts.code = -ECANCELED;
	child = fork();
	if (child == 0) {
		try_namespaces(shared);
		_exit(0);
	}
	if (child < 0) {
		munmap(shared, sizeof(*shared));
		return pale_fail_errno(err, "cannot start a child");
	}
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		continue;
	*ret = *shared;
	munmap(shared, sizeof(*shared));
	return 0;
}

bool
pale_probe_seccomp(unsigned flags)
{
	/* A filter at address 0: EFAULT says that the flags were understood first. */
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL) < 0 && errno == EFAULT;
}

bool
pale_probe_passrights(void)
{
	PALE_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int value;
	socklen_t size = sizeof(value);

	return fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, &value, &size) == 0;
}

int64_t
pale_probe_sysctl(const char *name)
{
	PALE_CLOSE int fd = -1;
	char path[128];
	char text[32];
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (got <= 0)
		return -1;
	text[got] = '\0';
	return strtoll(text, NULL, 10);
}

const char *
pale_probe_container(void)
{
	if (access("/.dockerenv", F_OK) == 0)
		return "docker";
	if (access("/run/.containerenv", F_OK) == 0)
		return "podman";
	if (access("/run/systemd/container", F_OK) == 0)
		return "a container";
	if (getenv("container") != NULL || getenv("KUBERNETES_SERVICE_HOST") != NULL)
		return "a container";
	return NULL;
}
