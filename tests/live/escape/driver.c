/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * escape: does a cage hold? Builds a world around it, runs the probe inside, and prints one TAP
 * line for each attempt, each control, and each look at the outside afterwards.
 *
 *   escape --probe FILE [--pale FILE] [--engine pale|native|bwrap] [--as user|root]
 *          [--seconds N] [--world DIR] [--only TEXT] [--doors yes]
 *          [--advice yes]
 *
 * With --engine native the attempts have to succeed: that proves that each of them is real. The
 * outer process keeps its privileges, does what the worker may not do (mounts, removal), and
 * leaves nothing behind, however the worker ends: it adopts every orphan and kills it.
 */
#include "driver.h"

#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum {
	PLAIN_UID = 1000,
	DEFAULT_SECONDS = 2,
	NATIVE_SECONDS = 30,
};

struct state *state;
struct options options = { .engine = ENGINE_PALE, .base = "/var/tmp", .seconds = DEFAULT_SECONDS };

static struct {
	unsigned line, failed;
	unsigned attempts, stopped, controls, working, looks, unchanged, skipped;
} count;

static volatile sig_atomic_t interrupted;

static void
tap_print(bool good, const char *text, const char *skip)
{
	printf("%sok %u - %s%s%s\n", good ? "" : "not ", ++count.line, text,
	    skip[0] != '\0' ? " # SKIP " : "", skip);
	fflush(stdout);
	count.failed += !good;
	count.skipped += skip[0] != '\0';
}

void
tap_line(bool good, const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (char *c = text; *c != '\0'; c++)
		if (*c == '#' || (unsigned char)*c < ' ')
			*c = '.';
	tap_print(good, text, "");
}

void
tap_skip(const char *why, const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	tap_print(true, text, why[0] != '\0' ? why : "not here");
}

void
tap_note(const char *text)
{
	printf("# %s\n", text);
	fflush(stdout);
}

void
tap_attempt(const char *verdict, const char *name, const char *detail)
{
	bool native = options.engine == ENGINE_NATIVE, good = strcmp(verdict, "ok") == 0;
	const char *word = native ? good ? "succeeds natively" : "fails natively"
	    : good                ? "stopped"
				  : "NOT STOPPED";

	/* What only root can do is no gap in the proof: the same attempt runs as root as well. */
	if (strcmp(verdict, "skip") == 0 && native) {
		count.skipped++;
		printf("# not tried natively: %s (%s)\n", name, detail);
		return;
	}
	if (strcmp(verdict, "skip") == 0) {
		tap_skip(detail, "attempt: %s", name);
		return;
	}
	count.attempts++;
	count.stopped += good;
	tap_line(good, "%s: %s%s%s%s", word, name, detail[0] != '\0' ? " (" : "", detail,
	    detail[0] != '\0' ? ")" : "");
}

void
tap_control(const char *verdict, const char *name, const char *detail)
{
	bool good = strcmp(verdict, "ok") == 0;

	if (strcmp(verdict, "skip") == 0) {
		tap_skip(detail, "control: %s", name);
		return;
	}
	count.controls++;
	count.working += good;
	tap_line(good, "%s: %s%s%s%s", good ? "works" : "DOES NOT WORK", name,
	    detail[0] != '\0' ? " (" : "", detail, detail[0] != '\0' ? ")" : "");
}

void
tap_outside(bool good, const char *sentence, const char *detail)
{
	count.looks++;
	count.unchanged += good;
	tap_line(good, "outside: %s%s%s%s", sentence, !good && detail[0] != '\0' ? " (" : "",
	    good ? "" : detail, !good && detail[0] != '\0' ? ")" : "");
}

static void
print_end(void)
{
	printf("1..%u\n", count.line);
	if (options.engine == ENGINE_NATIVE)
		printf("# attempts: %u of %u succeed natively, %u not tried; controls: %u of %u\n",
		    count.stopped, count.attempts, count.skipped, count.working, count.controls);
	else
		printf("# attempts: %u stopped of %u; controls: %u of %u; outside: %u of %u as "
		       "before\n",
		    count.stopped, count.attempts, count.working, count.controls, count.unchanged,
		    count.looks);
	fflush(stdout);
}

static int
work(int outer)
{
	if (getuid() != options.uid) {
		must(setgroups(0, NULL) == 0 &&
			setresgid(options.uid, options.uid, options.uid) == 0 &&
			setresuid(options.uid, options.uid, options.uid) == 0,
		    "user");
		must(prctl(PR_SET_DUMPABLE, 1) == 0, "dumpable");
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	/* The probe sends this to the driver on purpose. */
	signal(SIGURG, SIG_IGN);
	if (options.engine == ENGINE_PALE && access(options.pale, X_OK) < 0) {
		printf("1..1\nok 1 - escape # SKIP user %u cannot execute %s\n", options.uid,
		    options.pale);
		fflush(stdout);
		return 0;
	}
	world_make();
	outside_start();
	printf("# %s, user %u, %u s a race\n",
	    options.engine == ENGINE_NATIVE     ? "native"
		: options.engine == ENGINE_PALE ? options.pale
						: "bwrap",
	    options.uid, options.seconds);
	if (options.advice) {
		bool good = run_advice(outer);

		world_forget_key();
		return good ? 0 : 1;
	}
	run_tables(outer);
	run_singles();
	if (options.engine != ENGINE_NATIVE)
		audit_after();
	world_forget_key();
	print_end();
	return count.failed == 0 ? 0 : 1;
}

/* The worker asks for a mount that comes later than the cage. */
static void
mount_for(int worker)
{
	const char *const names[] = { "ro/later", "rw/later" };
	char byte, path[PATH_SIZE + 32];
	bool good = true;
	int fd;

	if (read(worker, &byte, 1) != 1)
		return;
	for (size_t i = 0; i < 2; i++) {
		good = good && mount("later", at("%s", names[i]), "tmpfs", 0, "mode=755") == 0;
		snprintf(path, sizeof(path), "%s/file", at("%s", names[i]));
		fd = good ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644) : -1;
		good = fd >= 0;
		if (fd >= 0)
			close(fd);
	}
	byte = good ? 'y' : 'n';
	if (write(worker, &byte, 1) != 1)
		return;
}

static void
interrupt(int number)
{
	interrupted = number;
}

/* Everything that was ever started below here is a child now, or becomes one when its parent ends.
 */
static void
kill_all(void)
{
	char path[64], list[4096];
	ssize_t n;
	int fd;

	for (;;) {
		snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
		fd = open(path, O_RDONLY | O_CLOEXEC);
		n = fd >= 0 ? read(fd, list, sizeof(list) - 1) : -1;
		if (fd >= 0)
			close(fd);
		list[n > 0 ? n : 0] = '\0';
		for (char *next = list, *end; *next != '\0'; next = end) {
			long pid = strtol(next, &end, 10);

			if (end == next)
				break;
			kill((pid_t)pid, SIGKILL);
		}
		if (waitpid(-1, NULL, 0) < 0 && errno == ECHILD)
			return;
	}
}

static int
watch(pid_t worker, int rpc)
{
	struct pollfd all[2] = { { (int)syscall(SYS_pidfd_open, worker, 0), POLLIN, 0 },
		{ rpc, POLLIN, 0 } };
	int status = 0;

	for (;;) {
		if (interrupted != 0)
			kill(worker, SIGKILL);
		if (poll(all, 2, -1) < 0)
			continue;
		if (all[0].revents != 0)
			break;
		if (all[1].revents & POLLIN)
			mount_for(rpc);
		else if (all[1].revents != 0)
			all[1].fd = -1;
	}
	waitpid(worker, &status, 0);
	if (interrupted != 0)
		return 128 + interrupted;
	if (WIFSIGNALED(status))
		printf("not ok %u - the driver died of signal %d\n", 1, WTERMSIG(status));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static bool
parse(int argc, char **argv)
{
	for (int i = 1; i + 1 < argc; i += 2) {
		const char *value = argv[i + 1];

		if (strcmp(argv[i], "--probe") == 0)
			options.probe = value;
		else if (strcmp(argv[i], "--pale") == 0)
			options.pale = value;
		else if (strcmp(argv[i], "--world") == 0)
			options.base = value;
		else if (strcmp(argv[i], "--only") == 0)
			options.only = value;
		else if (strcmp(argv[i], "--seconds") == 0)
			options.seconds = (unsigned)atoi(value);
		else if (strcmp(argv[i], "--doors") == 0)
			options.doors = strcmp(value, "yes") == 0;
		else if (strcmp(argv[i], "--advice") == 0)
			options.advice = strcmp(value, "yes") == 0;
		else if (strcmp(argv[i], "--around") == 0)
			options.around = strcmp(value, "same") == 0 ? AROUND_SAME
			    : strcmp(value, "wide") == 0            ? AROUND_WIDE
								    : AROUND_NOTHING;
		else if (strcmp(argv[i], "--as") == 0)
			options.as_root = strcmp(value, "root") == 0;
		else if (strcmp(argv[i], "--engine") == 0)
			options.engine = strcmp(value, "native") == 0 ? ENGINE_NATIVE
			    : strcmp(value, "bwrap") == 0             ? ENGINE_BWRAP
								      : ENGINE_PALE;
		else
			return false;
	}
	return argc % 2 == 1 && options.probe != NULL &&
	    (options.engine != ENGINE_PALE || options.pale != NULL);
}

int
main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = interrupt };
	int ends[2], status;
	pid_t worker;

	if (!parse(argc, argv)) {
		fprintf(stderr,
		    "usage: escape --probe FILE [--pale FILE] [--engine pale|native|bwrap] "
		    "[--as user|root] [--seconds N] [--world DIR] [--only TEXT] "
		    "[--doors yes] [--advice yes] [--around same|wide]\n");
		return 2;
	}
	if (options.as_root && getuid() != 0) {
		puts("1..1\nok 1 - escape as root # SKIP needs root");
		return 0;
	}
	/* Natively a race ends with its first win; it may take its time. */
	if (options.engine == ENGINE_NATIVE && options.seconds < NATIVE_SECONDS)
		options.seconds = NATIVE_SECONDS;
	options.uid = getuid() != 0 ? getuid() : options.as_root ? 0 : PLAIN_UID;
	state =
	    mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(state != MAP_FAILED, "memory");
	snprintf(state->dir, sizeof(state->dir), "%s/pale-escape.XXXXXX", options.base);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGHUP, &act, NULL);
	must(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0, "subreaper");
	if (getuid() == 0)
		must(unshare(CLONE_NEWNS) == 0 &&
			mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0,
		    "private mounts");
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socket pair");
	world_prepare();
	fflush(stdout);
	worker = fork();
	if (worker == 0) {
		close(ends[0]);
		_exit(work(ends[1]));
	}
	must(worker > 0, "worker");
	close(ends[1]);
	status = watch(worker, ends[0]);
	kill_all();
	world_remove();
	return status;
}
