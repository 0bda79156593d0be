/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The least that a launcher with pale's namespaces can do, and no boundary at all: user, mount,
 * pid and ipc namespaces, id maps of the own ids, a first process, the command by vfork. It builds
 * no root, drops nothing and filters nothing, so its start is the floor that pale's is held
 * against.
 *
 *   bare COMMAND [ARGUMENT...]
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	EXIT_SETUP = 125,
	EXIT_EXEC = 127,
};

static int
write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t put = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return put < 0 ? -errno : 0;
}

static int
map_own_ids(unsigned uid, unsigned gid)
{
	char text[64];
	int result = write_text("/proc/self/setgroups", "deny");

	snprintf(text, sizeof(text), "%u %u 1\n", uid, uid);
	if (result == 0)
		result = write_text("/proc/self/uid_map", text);
	snprintf(text, sizeof(text), "%u %u 1\n", gid, gid);
	if (result == 0)
		result = write_text("/proc/self/gid_map", text);
	return result;
}

int
main(int argc, char **argv, char **env)
{
	unsigned uid = getuid(), gid = getgid();
	int status = 0;
	pid_t init, command;

	if (argc < 2)
		return EXIT_SETUP;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC) < 0 ||
	    map_own_ids(uid, gid) < 0)
		return EXIT_SETUP;
	init = fork();
	if (init == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		for (;;)
			pause();
	}
	command = init < 0 ? -1 : vfork();
	if (command == 0) {
		execve(argv[1], argv + 1, env);
		_exit(EXIT_EXEC);
	}
	if (command < 0 || waitpid(command, &status, 0) < 0)
		return EXIT_SETUP;
	kill(init, SIGKILL);
	waitpid(init, NULL, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SETUP;
}
