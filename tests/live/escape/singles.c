/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attempts that have to be watched from outside, each with a run of its own: odd descriptors 0 to
 * 2, an odd working directory, daemons, the death of the launcher, too many processes.
 */
#include "driver.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum {
	LINE_SIZE = 1024,
	SINGLE_MS = 20000,
	DEATH_MS = 4000, /* how long a process may outlive the cage before it counts */
	OWN_FAILURE = 125,
	LEAK_STATUS = 42,
};

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
	ODD_STDIN_FILE,
	ODD_STDIN_PROGRAM,
	ODD_STDOUT_FILE,
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

static const char *const limit_options[] = { "--limit", "nproc=400", NULL };

/* clang-format off */
static const struct single singles[] = {
	{ "descriptor", "an outside directory as standard input", "low", ODD_STDIN_DIR, BY_WORD, NULL, NULL },
	{ "descriptor", "an outside directory, by name only, as standard input", "low", ODD_STDIN_PATH, BY_WORD, NULL, NULL },
	{ "descriptor", "an outside directory as standard error", "low", ODD_STDERR_DIR, BY_WORD, NULL, NULL },
	{ "descriptor", "a socket as standard input", "low", ODD_STDIN_SOCKET, BY_WORD, NULL, NULL },
	{ "descriptor", "a socket as standard output", "low", ODD_STDOUT_SOCKET, BY_WORD, NULL, NULL },
	{ "descriptor", "a socket as standard error", "low", ODD_STDERR_SOCKET, BY_WORD, NULL, NULL },
	{ "descriptor", "an outside working directory", "cwd", ODD_CWD, BY_WORD, NULL, NULL },
	{ "descriptor", "something of the launcher's own in the place of a closed standard input", "closed", ODD_NO_STDIN, BY_STATUS, NULL, "needs a launcher" },
	{ "descriptor", "something of the launcher's own in the place of a closed standard error", "closed", ODD_NO_STDERR, BY_STATUS, NULL, "needs a launcher" },
	{ "descriptor", "the file that is standard input, opened again for writing", "stdin-write", ODD_STDIN_FILE, BY_WORD, NULL, NULL },
	{ "descriptor", "the file that is standard input, opened again by /dev/stdin", "stdin-dev", ODD_STDIN_FILE, BY_WORD, NULL, NULL },
	{ "descriptor", "the file that is standard input, truncated", "stdin-truncate", ODD_STDIN_FILE, BY_WORD, NULL, NULL },
	{ "descriptor", "the file that is standard input, emptied by opening it", "stdin-empty", ODD_STDIN_FILE, BY_WORD, NULL, NULL },
	{ "descriptor", "the file that is standard input, linked into the grant", "stdin-link", ODD_STDIN_FILE, BY_WORD, NULL, NULL },
	{ "descriptor", "the file that is standard input, executed", "stdin-exec", ODD_STDIN_PROGRAM, BY_WORD, NULL, NULL },
	{ "descriptor", "the file that is standard output, opened again for reading", "stdout-read", ODD_STDOUT_FILE, BY_STATUS, NULL, NULL },
	{ "remain", "a child of the launcher (CLONE_PARENT) after the command's end", "sibling", ODD_NONE, BY_REMAINS, NULL, NULL },
	{ "remain", "a daemon after the command's end", "daemon", ODD_NONE, BY_REMAINS, NULL, NULL },
	{ "remain", "a stopped daemon after the command's end", "stopped", ODD_NONE, BY_REMAINS, NULL, NULL },
	{ "remain", "a daemon that adopts its own children", "reaper", ODD_NONE, BY_REMAINS, NULL, NULL },
	{ "remain", "deaf, stopped and detached children when the launcher is killed", "stay", ODD_NONE, BY_KILL, NULL, NULL },
	{ "remain", "more processes than the limit allows", "bomb", ODD_NONE, BY_WORD, limit_options, NULL },
};
/* clang-format on */

/* What the launcher says of what was accepted comes before what the probe says. */
static void
drop_notes(char *text)
{
	static const char note[] = "pale: note: ";
	size_t from = 0;

	while (strncmp(text + from, note, sizeof(note) - 1) == 0) {
		from += strcspn(text + from, "\n");
		from += text[from] == '\n';
	}
	memmove(text, text + from, strlen(text + from) + 1);
}

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
	case ODD_STDIN_FILE:
		dup2(open(at("outside/prey.30"), O_RDONLY), 0);
		break;
	case ODD_STDIN_PROGRAM:
		dup2(open(at("outside/elf"), O_RDONLY), 0);
		break;
	case ODD_STDOUT_FILE:
		dup2(open(at("outside/prey.31"), O_WRONLY), 1);
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
	const char *more[] = { act, NULL }, *argv[RUN_ARGS];
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
		command_for(argv, RUN_ARGS, more, s->run_options);
		be_odd(s->odd);
		run_execute(argv);
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
		drop_notes(text);
		text[strcspn(text, "\n")] = '\0';
		snprintf(detail, sizeof(detail), "status %d, %s", status, text);
		if (status == LEAK_STATUS)
			snprintf(detail, sizeof(detail), "escaped");
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
