/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starts the command under test: once for the tables, as a foreground job of a terminal and with
 * descriptors of the outside left open on purpose, and once for each act that has to be watched
 * from outside: odd descriptors 0 to 2, daemons, the death of the launcher, too many processes.
 */
#include "driver.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum {
	ARGS = 96,
	LINE_SIZE = 1024,
	RUN_SECONDS = 150, /* beside the races */
	SINGLE_MS = 20000,
	DEATH_MS = 4000, /* how long a process may outlive the cage before it counts */
	OWN_FAILURE = 125,
	LEAK_STATUS = 42,
};

static const char *const no_options[] = { NULL };

static size_t
add(const char *argv[], size_t used, size_t size, const char *const *more)
{
	for (; *more != NULL && used + 1 < size; more++)
		argv[used++] = *more;
	argv[used] = NULL;
	return used;
}

size_t
command_for(
    const char *argv[], size_t size, const char *const *more, const char *const *run_options)
{
	const char *const pale[] = { options.pale, "run", "-x", at("bin"), "-r", at("ro"), "-w",
		at("rw"), NULL };
	const char *const bwrap[] = { "bwrap", "--unshare-pid", "--unshare-ipc", "--ro-bind",
		"/usr", "/usr", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64",
		"--symlink", "usr/bin", "/bin", "--ro-bind", "/etc", "/etc", "--proc", "/proc",
		"--dev", "/dev", "--tmpfs", "/tmp", "--ro-bind", at("bin"), at("bin"), "--ro-bind",
		at("ro"), at("ro"), "--bind", at("rw"), at("rw"), NULL };
	const char *const end[] = { "--", at("bin/probe"), state->dir, NULL };
	size_t used = 0;

	if (options.engine == ENGINE_PALE) {
		used = add(argv, used, size, pale);
		used = add(argv, used, size, run_options);
	} else if (options.engine == ENGINE_BWRAP) {
		used = add(argv, used, size, bwrap);
	}
	used = add(argv, used, size, options.engine == ENGINE_NATIVE ? end + 1 : end);
	return add(argv, used, size, more);
}

static void
execute(const char *const argv[])
{
	setenv("PALE_ESCAPE_SECRET", SECRET, 1);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	printf("cannot execute %s: %s\n", argv[0], strerror(errno));
	fflush(stdout);
	_exit(127);
}

/* Everything a careless parent could leave open, without FD_CLOEXEC. */
static void
leave_open(void)
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
static void
queue_descriptor(int *ret_inner, int *ret_outer)
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
	const char *argv[ARGS];
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
		leave_open();
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
		command_for(argv, ARGS, more, no_options);
		execute(argv);
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
	if (r->line[0] == 'A')
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

	queue_descriptor(&state->pair_inner, &outer_end);
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
	alarm(RUN_SECONDS + 6 * options.seconds);
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

/* --- single acts --- */

enum oddity {
	ODD_NONE,
	ODD_STDIN_DIR,
	ODD_STDIN_PATH,
	ODD_STDIN_SOCKET,
	ODD_STDOUT_SOCKET,
	ODD_STDERR_SOCKET,
	ODD_STDERR_DIR,
	ODD_CWD,
	ODD_NO_STDIN,
	ODD_NO_STDERR,
};

enum judge {
	BY_WORD, /* it prints "escaped" or "stopped"; a launcher that refuses to start also stops it
		  */
	BY_STATUS,  /* LEAK_STATUS is an escape */
	BY_REMAINS, /* whatever holds standard output open after the command's end escaped */
	BY_KILL,    /* ... after the launcher was killed with signal 9 */
};

struct single {
	const char *family, *sentence, *act;
	enum oddity odd;
	enum judge judge;
	const char *const *run_options;
	const char *not_natively; /* why it cannot be tried natively, or NULL */
};

static const char *const limit_options[] = { "--limit", "nproc=100", NULL };

/* clang-format off */
static const struct single singles[] = {
	{ "descriptor", "an outside directory as standard input", "low", ODD_STDIN_DIR, BY_WORD, no_options, NULL },
	{ "descriptor", "an outside directory, by name only, as standard input", "low", ODD_STDIN_PATH, BY_WORD, no_options, NULL },
	{ "descriptor", "an outside directory as standard error", "low", ODD_STDERR_DIR, BY_WORD, no_options, NULL },
	{ "descriptor", "a socket as standard input", "low", ODD_STDIN_SOCKET, BY_WORD, no_options, NULL },
	{ "descriptor", "a socket as standard output", "low", ODD_STDOUT_SOCKET, BY_WORD, no_options, NULL },
	{ "descriptor", "a socket as standard error", "low", ODD_STDERR_SOCKET, BY_WORD, no_options, NULL },
	{ "descriptor", "an outside working directory", "cwd", ODD_CWD, BY_WORD, no_options, NULL },
	{ "descriptor", "something of the launcher's own in the place of a closed standard input", "closed", ODD_NO_STDIN, BY_STATUS, no_options, "needs a launcher" },
	{ "descriptor", "something of the launcher's own in the place of a closed standard error", "closed", ODD_NO_STDERR, BY_STATUS, no_options, "needs a launcher" },
	{ "remain", "a daemon after the command's end", "daemon", ODD_NONE, BY_REMAINS, no_options, NULL },
	{ "remain", "a stopped daemon after the command's end", "stopped", ODD_NONE, BY_REMAINS, no_options, NULL },
	{ "remain", "a daemon that adopts its own children", "reaper", ODD_NONE, BY_REMAINS, no_options, NULL },
	{ "remain", "deaf, stopped and detached children when the launcher is killed", "stay", ODD_NONE, BY_KILL, no_options, NULL },
	{ "remain", "more processes than the limit allows", "bomb", ODD_NONE, BY_WORD, limit_options, NULL },
};
/* clang-format on */

static void
be_odd(enum oddity odd)
{
	int ends[2];

	switch (odd) {
	case ODD_STDIN_DIR:
		dup2(open(at("outside"), O_RDONLY | O_DIRECTORY), 0);
		break;
	case ODD_STDIN_PATH:
		dup2(open(at("outside"), O_PATH | O_DIRECTORY), 0);
		break;
	case ODD_STDERR_DIR:
		dup2(open(at("outside"), O_RDONLY | O_DIRECTORY), 2);
		break;
	case ODD_STDIN_SOCKET:
	case ODD_STDERR_SOCKET:
		must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socket pair");
		dup2(ends[0], odd == ODD_STDIN_SOCKET ? 0 : 2);
		break;
	case ODD_CWD:
		must(chdir(at("outside")) == 0, "working directory");
		break;
	case ODD_NO_STDIN:
		close(0);
		break;
	case ODD_NO_STDERR:
		close(2);
		break;
	case ODD_NONE:
	case ODD_STDOUT_SOCKET:
		break;
	}
}

static pid_t
start_single(const struct single *s, int *ret_output)
{
	char act[64];
	const char *more[] = { act, NULL }, *argv[ARGS];
	int ends[2], null_fd;
	pid_t pid;

	if (s->odd == ODD_STDOUT_SOCKET)
		must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socket pair");
	else
		must(pipe2(ends, O_CLOEXEC) == 0, "pipe");
	pid = fork();
	if (pid == 0) {
		null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		snprintf(act, sizeof(act), "one=%s", s->act);
		if (dup2(null_fd, 0) < 0 || dup2(ends[1], 1) < 0 || dup2(ends[1], 2) < 0 ||
		    chdir(at("rw")) < 0)
			_exit(120);
		/* What the launcher prints on a descriptor that is a socket must not stay open
		 * here. */
		if (s->judge == BY_REMAINS || s->judge == BY_KILL)
			dup2(null_fd, 2);
		command_for(argv, ARGS, more, s->run_options);
		be_odd(s->odd);
		execute(argv);
	}
	must(pid > 0, "fork");
	close(ends[1]);
	*ret_output = ends[0];
	return pid;
}

/* Read until `word` came, or everybody closed the other end (then true if `word` is NULL). */
static bool
read_until(int fd, const char *word, char *text, size_t size, int timeout_ms)
{
	struct pollfd ready = { fd, POLLIN, 0 };
	size_t used = strlen(text);
	ssize_t n;

	while (poll(&ready, 1, timeout_ms) == 1) {
		n = read(fd, text + used, size - used - 1);
		if (n <= 0)
			return word == NULL;
		used += (size_t)n;
		text[used] = '\0';
		if (word != NULL && strstr(text, word) != NULL)
			return true;
	}
	return false;
}

static int
wait_status(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void
run_single(const struct single *s)
{
	char text[LINE_SIZE] = "", name[256], detail[LINE_SIZE + 64];
	const char *verdict = "bad";
	int output, status;
	bool gone = false;
	pid_t pid = start_single(s, &output);

	if (s->judge == BY_REMAINS || s->judge == BY_KILL) {
		bool ready = read_until(output, "ready", text, sizeof(text), SINGLE_MS);

		if (s->judge == BY_KILL)
			kill(pid, SIGKILL);
		status = wait_status(pid);
		gone = read_until(output, NULL, text, sizeof(text), DEATH_MS);
		verdict = ready && gone ? "ok" : "bad";
		snprintf(detail, sizeof(detail), "%s",
		    !ready     ? text
			: gone ? "all gone"
			       : "escaped");
	} else {
		gone = read_until(output, NULL, text, sizeof(text), SINGLE_MS);
		if (!gone)
			kill(pid, SIGKILL);
		status = wait_status(pid);
		text[strcspn(text, "\n")] = '\0';
		snprintf(detail, sizeof(detail), "status %d, %s", status, text);
		if (s->judge == BY_STATUS)
			verdict = gone && (status == 0 || status == OWN_FAILURE) ? "ok" : "bad";
		else if (strncmp(text, "stopped", 7) == 0 || status == OWN_FAILURE)
			verdict = "ok";
		else if (strncmp(text, "escaped", 7) != 0)
			snprintf(detail, sizeof(detail), "could not be tried: status %d, %s",
			    status, text);
	}
	close(output);
	snprintf(name, sizeof(name), "%s: %s", s->family, s->sentence);
	if (options.engine == ENGINE_NATIVE) {
		bool escaped = strstr(detail, "escaped") != NULL;

		tap_attempt(escaped ? "ok" : "bad", name, escaped ? "" : detail);
	} else {
		tap_attempt(verdict, name, detail);
	}
}

void
run_singles(void)
{
	char name[256];

	for (size_t i = 0; i < sizeof(singles) / sizeof(singles[0]); i++) {
		const struct single *s = &singles[i];

		snprintf(name, sizeof(name), "%s: %s", s->family, s->sentence);
		if (options.only != NULL && strstr(name, options.only) == NULL)
			continue;
		if (options.engine == ENGINE_NATIVE && strcmp(s->act, "bomb") == 0)
			tap_attempt("skip", name, "there is no limit natively");
		else if (options.engine == ENGINE_NATIVE && s->not_natively != NULL)
			tap_attempt("skip", name, s->not_natively);
		else
			run_single(s);
	}
}
