/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starts the command under test for the tables: as a foreground job of a terminal, and with
 * descriptors of the outside left open on purpose. Reads what the probe prints, answers what it
 * asks, and keeps the terminal drained.
 */
#include "driver.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum {
	LINE_SIZE = 1024,
	RUN_SECONDS = 150, /* beside the races */
	RACES = 24,        /* at most */
};

static size_t
add(const char *argv[], size_t used, size_t size, const char *const *more)
{
	for (; more != NULL && *more != NULL && used + 1 < size; more++)
		argv[used++] = *more;
	argv[used] = NULL;
	return used;
}

size_t
command_for(
    const char *argv[], size_t size, const char *const *more, const char *const *run_options)
{
	/* Before the paths below, which are lent for a while only. */
	const char *const *doors = options.doors ? doors_options() : NULL;
	const char *const pale[] = { options.pale, "run", "-x", at("bin"), "-r", at("ro"), "-w",
		at("rw"), NULL };
	const char *const bwrap[] = { "bwrap", "--unshare-pid", "--unshare-ipc", "--ro-bind",
		"/usr", "/usr", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64",
		"--symlink", "usr/bin", "/bin", "--ro-bind", "/etc", "/etc", "--proc", "/proc",
		"--dev", "/dev", "--tmpfs", "/tmp", "--ro-bind", at("bin"), at("bin"), "--ro-bind",
		at("ro"), at("ro"), "--bind", at("rw"), at("rw"), NULL };
	const char *const end[] = { "--", at("bin/probe"), state->dir, NULL };
	const char *const wide[] = { options.pale, "run", "-x", state->dir, "-w", state->dir,
		NULL };
	const char *const inner[] = { "-x", options.pale, "--", NULL };
	size_t used = 0;

	/* The cage around, in which the one of the attempts is made. */
	if (options.around != AROUND_NOTHING) {
		used = add(argv, used, size, options.around == AROUND_WIDE ? wide : pale);
		used = add(argv, used, size, run_options);
		used = add(argv, used, size, inner);
	}

	if (options.engine == ENGINE_PALE) {
		used = add(argv, used, size, pale);
		used = add(argv, used, size, doors);
		used = add(argv, used, size, run_options);
	} else if (options.engine == ENGINE_BWRAP) {
		used = add(argv, used, size, bwrap);
	}
	used = add(argv, used, size, options.engine == ENGINE_NATIVE ? end + 1 : end);
	return add(argv, used, size, more);
}

void
run_execute(const char *const argv[])
{
	setenv("PALE_ESCAPE_SECRET", SECRET, 1);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	printf("cannot execute %s: %s\n", argv[0], strerror(errno));
	fflush(stdout);
	_exit(127);
}

/* Everything a careless parent could leave open, without FD_CLOEXEC. */
void
run_leave_open(void)
{
	/* First out of the way of the numbers that are set below. */
	int inner = fcntl(state->pair_inner, F_DUPFD_CLOEXEC, FD_HIGH + 1);
	int listener = fcntl(state->servers[6], F_DUPFD_CLOEXEC, FD_HIGH + 1);

	dup2(open(at("outside"), O_RDONLY | O_DIRECTORY), FD_DIR);
	dup2(open(at("outside/secret"), O_RDONLY), FD_SECRET);
	dup2(open(at("outside/public"), O_PATH), FD_PATH);
	dup2(inner, FD_SOCKET);
	dup2(open(at("outside/prey.16"), O_RDWR), FD_WRITABLE);
	dup2((int)syscall(SYS_pidfd_open, state->world.victim, 0), FD_PIDFD);
	dup2(open(at("ro/prey.21"), O_RDWR), FD_RO_WRITABLE);
	dup2(listener, FD_LISTEN);
	dup2(FD_DIR, FD_HIGH);
}

/* A directory of the outside waits in the socket pair that the program inherits. */
void
run_queue_descriptor(int *ret_inner, int *ret_outer)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char byte = 'd';
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	int ends[2], fd = open(at("outside"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	must(fd >= 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0,
	    "socket pair");
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	must(sendmsg(ends[1], &message, 0) == 1, "socket pair");
	close(fd);
	*ret_inner = ends[0];
	*ret_outer = ends[1];
}

/* The leader of a session on the terminal, as a shell is; the command is its foreground job. */
static void
lead(int go, int output)
{
	char seconds[32], only[128];
	const char *more[4] = { seconds, NULL, NULL, NULL };
	const char *argv[RUN_ARGS];
	size_t used = 1;
	int status;
	char byte;
	pid_t pid;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (setsid() < 0 || ioctl(state->slave, TIOCSCTTY, 0) < 0 || read(go, &byte, 1) != 1)
		_exit(120);
	outside_count_signals(true);
	signal(SIGHUP, SIG_IGN);
	pid = fork();
	if (pid == 0) {
		for (int i = 1; i < NSIG; i++)
			signal(i, SIG_DFL);
		run_leave_open();
		if (dup2(state->slave, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0 ||
		    chdir(at("rw")) < 0)
			_exit(120);
		snprintf(seconds, sizeof(seconds), "seconds=%u", options.seconds);
		if (options.engine == ENGINE_NATIVE)
			more[used++] = "native";
		if (options.only != NULL) {
			snprintf(only, sizeof(only), "only=%s", options.only);
			more[used++] = only;
		}
		command_for(argv, RUN_ARGS, more, NULL);
		run_execute(argv);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

struct reading {
	char line[LINE_SIZE];
	size_t used;
	long expected, seen;
	bool ended;
};

static void
take_line(struct reading *r)
{
	char *name, *detail;

	if (sscanf(r->line, "N %ld", &r->expected) == 1)
		return;
	if (strcmp(r->line, "E") == 0) {
		r->ended = true;
		return;
	}
	if (strchr("ACL", r->line[0]) == NULL || r->line[1] != ' ' ||
	    (name = strchr(r->line + 2, ' ')) == NULL || (detail = strchr(name, '|')) == NULL) {
		tap_note(r->line);
		return;
	}
	*name++ = '\0';
	*detail++ = '\0';
	r->seen++;
	if (r->line[0] == 'A' || (r->line[0] == 'L' && options.engine == ENGINE_NATIVE))
		tap_attempt(r->line + 2, name, detail);
	else if (r->line[0] == 'C')
		tap_control(r->line + 2, name, detail);
	else
		tap_skip(detail, "later: %s", name);
}

static void
take_output(struct reading *r, const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (data[i] == '\n' || r->used == sizeof(r->line) - 1) {
			r->line[r->used] = '\0';
			r->used = 0;
			take_line(r);
		} else {
			r->line[r->used++] = data[i];
		}
	}
}

void
run_tables(int outer)
{
	struct reading r = { .expected = -1 };
	struct pollfd all[4];
	int go[2], output[2], ask_fd, answer_fd, outer_end, status = 0;
	char buffer[4096];
	pid_t leader;
	ssize_t n;

	run_queue_descriptor(&state->pair_inner, &outer_end);
	ask_fd = open(at("rw/.ask"), O_RDWR | O_NONBLOCK | O_CLOEXEC);
	answer_fd = open(at("rw/.answer"), O_RDWR | O_NONBLOCK | O_CLOEXEC);
	must(ask_fd >= 0 && answer_fd >= 0 && pipe2(go, O_CLOEXEC) == 0 &&
		pipe2(output, O_CLOEXEC) == 0,
	    "pipes");
	leader = fork();
	if (leader == 0)
		lead(go[0], output[1]);
	must(leader > 0, "leader");
	state->world.leader = leader;
	close(output[1]);
	world_write();
	audit_before();
	must(write(go[1], "g", 1) == 1, "start");

	all[0] = (struct pollfd){ output[0], POLLIN, 0 };
	all[1] = (struct pollfd){ ask_fd, POLLIN, 0 };
	all[2] = (struct pollfd){ state->master, POLLIN, 0 };
	all[3] = (struct pollfd){ (int)syscall(SYS_pidfd_open, state->world.leader, 0), POLLIN, 0 };
	alarm(RUN_SECONDS + RACES * options.seconds);
	while (poll(all, 4, -1) > 0 || errno == EINTR) {
		if (all[0].revents & POLLIN) {
			n = read(output[0], buffer, sizeof(buffer));
			if (n > 0)
				take_output(&r, buffer, (size_t)n);
			continue;
		}
		if (all[0].revents & POLLHUP || all[3].revents != 0)
			break;
		if (all[1].revents & POLLIN)
			outside_answer(ask_fd, answer_fd, outer);
		if (all[2].revents & POLLIN && read(state->master, buffer, sizeof(buffer)) < 0)
			all[2].fd = -1;
		if (all[2].revents & POLLHUP)
			all[2].fd = -1;
	}
	waitpid(state->world.leader, &status, 0);
	alarm(0);
	if (!r.ended || (r.seen != r.expected && options.only == NULL)) {
		snprintf(buffer, sizeof(buffer), "%ld of %ld lines, status %d", r.seen, r.expected,
		    WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
		tap_outside(false, "the probe ran to its end", buffer);
	}
	close(output[0]);
	close(ask_fd);
	close(answer_fd);
	close(outer_end);
	close(state->pair_inner);
}
