/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bind(2), AF_UNIX. What is judged is the kind of the name; an abstract one is refused (EACCES),
 * because it belongs to the whole machine and somebody outside may look for it there. A path is
 * bound by the kernel's own rules: in a child that has what the caller has, that is the cage's
 * Landlock layer, no capability, the caller's working directory and umask, the same root, and no
 * descriptor but the socket. So mounts, Landlock and permissions decide as they do natively, and
 * the socket gets the very name that was given, for programs ask for it and remove it by that.
 *
 * The name of a door that is granted for bind belongs into a directory outside: there a child binds
 * the door's own name, and nothing else. What a server that ended left there, a socket of the same
 * owner to which nobody listens, is taken away first, because the program itself cannot.
 *
 * A program that confined itself further with Landlock inside is not in that layer here; see
 * docs/internals/warts.md.
 */
#include "cage/ask/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cage/ask/inet.h"
#include "cage/ask/pass.h"
#include "core/scope.h"
#include "kernel/caller.h"
#include "kernel/caps.h"
#include "kernel/landlock.h"

struct binding {
	int sock;
	int cwd;
	int ruleset;
	int dir;    /* what the name's /proc/self/fd/N is, or -1 */
	int number; /* that N */
	mode_t mask;
	const struct pale_ask_addr *addr;
	const struct pale_door_socket *door; /* whose directory it is, with no Landlock layer */
};

/* Leave only two descriptors open; low < high, or -1. */
static void
close_all_but(int low, int high)
{
	if (low > 0)
		close_range(0, (unsigned)low - 1, 0);
	if (high > low + 1)
		close_range((unsigned)low + 1, (unsigned)high - 1, 0);
	close_range((unsigned)high + 1, ~0U, 0);
}

static int
bind_inside(const struct binding *b)
{
	int sock;

	if (fchdir(b->cwd) < 0)
		return -errno;
	umask(b->mask);
	if (pale_caps_keep(0, NULL) < 0)
		return -EACCES;
	if (b->door == NULL && b->ruleset >= 0 && pale_landlock_enforce(b->ruleset, NULL) < 0)
		return -EACCES;
	sock = fcntl(b->sock, F_DUPFD_CLOEXEC, b->number + 1);
	if (sock < 0)
		return -errno;
	if (b->number >= 0 && b->number != b->dir && dup2(b->dir, b->number) < 0)
		return -errno;
	/* Links of /proc that the name leads through are this process's, so it has nothing else. */
	close_all_but(b->number, sock);
	return bind(sock, &b->addr->generic, b->addr->size) < 0 ? -errno : 0;
}

/*
 * A bind does not wait, so we do not look elsewhere meanwhile. But the child has a number inside,
 * and without Landlock's scope for signals a program can stop it: then it is killed. (vfork would
 * have us stand still with it.)
 */
static int
bind_in_child(const struct binding *b)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(-bind_inside(b));
	if (pid < 0)
		return -EAGAIN;
	for (;;) {
		if (waitpid(pid, &status, WUNTRACED) < 0) {
			if (errno != EINTR)
				return -EIO;
		} else if (WIFSTOPPED(status)) {
			kill(pid, SIGKILL);
		} else {
			return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
		}
	}
}

/* Nobody listens there, and it is ours: what a server left. */
static bool
is_left_over(const struct pale_door_socket *door)
{
	PALE_CLOSE int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pale_ask_target target = { .fd = -1 };
	struct pale_ask_addr addr = { 0 };
	PALE_CLOSE int fd = -1;
	struct stat st;

	if (probe < 0 || pale_ask_open_door(door, &fd) < 0 || fstat(fd, &st) < 0)
		return false;
	target.fd = fd;
	pale_ask_name_target(&addr, &target);
	return st.st_uid == geteuid() && connect(probe, &addr.generic, addr.size) < 0 &&
	    errno == ECONNREFUSED;
}

static int
bind_door(
    struct pale_supervisor *supervisor, const struct pale_door_socket *door, int sock, mode_t mask)
{
	struct pale_ask_addr addr = { .un.sun_family = AF_UNIX };
	struct binding b = { .sock = sock,
		.cwd = door->dir,
		.ruleset = -1,
		.dir = -1,
		.number = -1,
		.mask = mask,
		.addr = &addr,
		.door = door };
	size_t len = strlen(door->name);
	int result;

	if (len >= sizeof(addr.un.sun_path))
		return -EINVAL;
	memcpy(addr.un.sun_path, door->name, len);
	addr.size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
	result = pale_pass_before_bind(supervisor, sock, door);
	if (result < 0)
		return result;
	result = bind_in_child(&b);
	if (result == -EADDRINUSE && is_left_over(door) && unlinkat(door->dir, door->name, 0) == 0)
		result = bind_in_child(&b);
	return result;
}

/* A name without a path. It is the kernel's choice, or one that is granted. */
static int
bind_abstract(struct pale_supervisor *supervisor, const struct pale_notify *call, int sock,
    const struct pale_ask_addr *addr, enum pale_ask_name name)
{
	const struct pale_door_socket *door = NULL;
	int result;

	if (name == PALE_ASK_ABSTRACT) {
		door = pale_ask_abstract_door(supervisor, addr, PALE_DOOR_BIND);
		if (door == NULL)
			return -EACCES;
	}
	if (!pale_ask_holds(supervisor, call))
		return -EINTR;
	result = pale_pass_before_bind(supervisor, sock, door);
	if (result < 0)
		return result;
	return bind(sock, &addr->generic, addr->size) < 0 ? -errno : 0;
}

static int
bind_path(struct pale_supervisor *supervisor, const struct pale_notify *call, int sock,
    const struct pale_ask_addr *addr)
{
	const struct pale_door_socket *door = NULL;
	PALE_CLOSE int cwd = -1;
	PALE_CLOSE int dir = -1;
	struct pale_caller_status status;
	struct binding b;
	const char *rest;
	int number = -1;
	int result = pale_caller_cwd(supervisor->proc, call->tid, &cwd);

	if (result == 0)
		result = pale_caller_status(supervisor->proc, call->tid, &status);
	if (result == 0 && pale_ask_names_fd(addr->path, &number, &rest))
		result =
		    pale_caller_fd(&supervisor->last, supervisor->proc, call->tid, number, &dir);
	if (result == 0 && supervisor->doors->socket_count > 0)
		door = pale_ask_bind_door(supervisor, call, addr->path);
	if (!pale_ask_holds(supervisor, call))
		return -EINTR;
	if (result < 0)
		return result;
	if (door != NULL)
		return bind_door(supervisor, door, sock, status.umask);
	result = pale_pass_before_bind(supervisor, sock, NULL);
	if (result < 0)
		return result;
	b = (struct binding){ .sock = sock,
		.cwd = cwd,
		.ruleset = supervisor->ruleset,
		.dir = dir,
		.number = dir >= 0 ? number : -1,
		.mask = status.umask,
		.addr = addr };
	result = bind_in_child(&b);
	if (result == 0)
		pale_pass_bound(supervisor, sock);
	return result;
}

int
pale_ask_bind(struct pale_supervisor *supervisor, const struct pale_notify *call)
{
	PALE_CLOSE int sock = -1;
	struct pale_ask_addr addr;
	int domain;
	int name;
	int result = pale_ask_socket(supervisor, call, &sock, &domain, &addr);

	if (result < 0)
		return result;
	if (domain == AF_INET || domain == AF_INET6)
		return pale_ask_inet_bind(supervisor, call, pale_take_fd(&sock), &addr);
	if (domain == AF_NETLINK && supervisor->doors->net_open)
		return !pale_ask_holds(supervisor, call)       ? -EINTR
		    : bind(sock, &addr.generic, addr.size) < 0 ? -errno
							       : 0;
	if (domain != AF_UNIX)
		return -EACCES;
	name = pale_ask_unix_name(&addr);
	if (name < 0)
		return name;
	if (name == PALE_ASK_PATH)
		return bind_path(supervisor, call, sock, &addr);
	return bind_abstract(supervisor, call, sock, &addr, (enum pale_ask_name)name);
}
