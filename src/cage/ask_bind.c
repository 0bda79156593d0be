/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bind(2), AF_UNIX. What is judged is the kind of the name; an abstract one is refused (EACCES),
 * because it belongs to the whole machine and somebody outside may look for it there. A path is
 * bound by the kernel's own rules: in a child that has what the caller has, that is the cage's
 * Landlock layer, no capability, the caller's working directory and umask, the same root, and no
 * descriptor but the socket. So mounts, Landlock and permissions decide as they do natively, and
 * the socket gets the very name that was given, for programs ask for it and remove it by that.
 *
 * A program that confined itself further with Landlock inside is not in that layer here; see
 * docs/internals/warts.md.
 */
#include "cage/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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
	if (b->ruleset >= 0 && pale_landlock_enforce(b->ruleset, NULL) < 0)
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

int
pale_ask_bind(struct pale_supervisor *supervisor, const struct pale_notify *call)
{
	PALE_CLOSE int sock = -1;
	PALE_CLOSE int cwd = -1;
	PALE_CLOSE int dir = -1;
	struct pale_caller_status status;
	struct pale_ask_addr addr;
	struct binding b;
	const char *rest;
	int number = -1;
	int result = pale_ask_socket(supervisor, call, &sock, &addr);

	if (result < 0)
		return result;
	if (result == PALE_ASK_ABSTRACT)
		return -EACCES;
	if (result == PALE_ASK_NAMELESS) {
		if (!pale_ask_holds(supervisor, call))
			return -EINTR;
		return bind(sock, &addr.generic, addr.size) < 0 ? -errno : 0;
	}
	result = pale_caller_cwd(supervisor->proc, call->tid, &cwd);
	if (result == 0)
		result = pale_caller_status(supervisor->proc, call->tid, &status);
	if (result == 0 && pale_ask_names_fd(addr.path, &number, &rest))
		result =
		    pale_caller_fd(&supervisor->last, supervisor->proc, call->tid, number, &dir);
	if (!pale_ask_holds(supervisor, call))
		return -EINTR;
	if (result < 0)
		return result;
	b = (struct binding){ .sock = sock,
		.cwd = cwd,
		.ruleset = supervisor->ruleset,
		.dir = dir,
		.number = dir >= 0 ? number : -1,
		.mask = status.umask,
		.addr = &addr };
	return bind_in_child(&b);
}
