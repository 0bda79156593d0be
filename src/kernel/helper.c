/* SPDX-License-Identifier: BSD-2-Clause */
/* Another program's output; see helper.h. */
#include "kernel/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/scope.h"

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Wait until there is something to read, or an end. */
static int
wait_for(int fd, int64_t deadline)
{
	for (;;) {
		struct pollfd polled = { .fd = fd, .events = POLLIN };
		int64_t left = deadline - now_ms();
		int got = left <= 0 ? 0 : poll(&polled, 1, (int)left);

		if (got > 0)
			return 0;
		if (got == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

static int
read_all(int fd, int64_t deadline, char *buf, size_t size)
{
	size_t used = 0;

	for (;;) {
		int result = wait_for(fd, deadline);
		ssize_t got;

		if (result < 0)
			return result;
		got = read(fd, buf + used, size - used);
		if (got < 0 && errno != EINTR)
			return -errno;
		if (got == 0) {
			buf[used] = '\0';
			return 0;
		}
		if (got > 0)
			used += (size_t)got;
		if (used == size)
			return -E2BIG;
	}
}

static int
spawn(const char *path, char *const *argv, int out, pid_t *ret_pid)
{
	static char *const env[] = { (char *)(uintptr_t) "LC_ALL=C",
		(char *)(uintptr_t) "PATH=/usr/bin:/bin", NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none;
	int result;

	sigemptyset(&none);
	if (posix_spawn_file_actions_init(&actions) != 0 || posix_spawnattr_init(&attr) != 0)
		return -ENOMEM;
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	result = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (result == 0)
		result = posix_spawn_file_actions_addopen(
		    &actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (result == 0)
		result = posix_spawn_file_actions_addopen(
		    &actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (result == 0)
		result = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	if (result == 0)
		result = posix_spawn_file_actions_addchdir_np(&actions, "/");
	if (result == 0)
		result = posix_spawn(ret_pid, path, &actions, &attr, argv, env);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return -result;
}

/* Its end, by its own will or by ours. */
static int
reap(pid_t pid, int64_t deadline, int *ret_status)
{
	PALE_CLOSE int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int status = 0;
	int result = pidfd < 0 ? 0 : wait_for(pidfd, deadline);

	if (result < 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno == ECHILD)
			break;
		if (errno != EINTR)
			return -errno;
	}
	if (result == 0 && WIFSIGNALED(status))
		result = -ECHILD;
	*ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
	return result;
}

int
pale_helper_output(
    const char *path, char *const *argv, int deadline_ms, char *buf, size_t size, int *ret_status)
{
	PALE_CLOSE int from = -1;
	PALE_CLOSE int to = -1;
	int64_t deadline = now_ms() + deadline_ms;
	int ends[2];
	pid_t pid;
	int ended;
	int result;

	if (access(path, X_OK) < 0)
		return -errno;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	from = ends[0];
	/* Not one of those that it gets. */
	to = fcntl(ends[1], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	close(ends[1]);
	if (to < 0)
		return -errno;
	result = spawn(path, argv, to, &pid);
	if (result < 0)
		return result;
	close(pale_take_fd(&to));
	result = read_all(from, deadline, buf, size);
	ended = reap(pid, result < 0 ? 0 : deadline, ret_status);
	return result < 0 ? result : ended;
}
