/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Five hundred kills. A cage is started with a busy tree of processes in it, and a random one of
 * its processes (the waiter, init, the command, something below) is killed by SIGKILL at a random
 * moment. Whichever it was: soon no process of the cage is left, and in the end no mount, no IPC
 * object and no temporary file either.
 *
 * As root it looks at a mount and an IPC namespace of its own, so that others on this machine do
 * not disturb the count, and every second cage is started as an ordinary user.
 *
 * The program under test is $PALE, or ./pale.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "random.h"

enum {
	KILLS = 500,
	DELAY_US_MAX = 5000,
	DEADLINE_SECONDS = 5, /* a cage that is not gone by then stays */
	USER_ID = 1000,
	TREE_MAX = 256,
	SNAPSHOT_BYTES = 65536,
	SPINS = 500, /* the tree ends by itself too: a process that had ended cannot be killed */
};

enum role {
	ROLE_WAITER,
	ROLE_INIT,
	ROLE_COMMAND,
	ROLE_BELOW,
	ROLE_NONE, /* it had ended before */
	ROLE_COUNT
};

static const char *const role_names[ROLE_COUNT] = { "waiter", "init", "command", "below", "none" };

/* What must be the same before and after. */
struct snapshot {
	char text[4][SNAPSHOT_BYTES];
};

static const char *const snapshot_files[] = { "/proc/self/mountinfo", "/proc/sysvipc/shm",
	"/proc/sysvipc/sem", "/proc/sysvipc/msg" };

static char dir[] = "/tmp/pale-kills.XXXXXX";
static volatile sig_atomic_t late;
static int line_count;
static bool failed;
static uint64_t seed;

static void
on_alarm(int number __attribute__((unused)))
{
	late = 1;
}

static void
say(bool good, const char *sentence)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++line_count, sentence);
	failed |= !good;
}

static void
die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static void
take(struct snapshot *ret)
{
	for (size_t i = 0; i < 4; i++) {
		int fd = open(snapshot_files[i], O_RDONLY | O_CLOEXEC);
		size_t len = 0;
		ssize_t got = 1;

		while (fd >= 0 && got > 0 && len < SNAPSHOT_BYTES - 1) {
			got = read(fd, ret->text[i] + len, SNAPSHOT_BYTES - 1 - len);
			len += got > 0 ? (size_t)got : 0;
		}
		ret->text[i][len] = '\0';
		if (fd >= 0)
			close(fd);
	}
}

/*
 * The busy tree, run inside: three workers, each with a child that starts one process after the
 * other, and a daemon that nobody waits for and that never ends by itself.
 */
static void
spin(void)
{
	for (int i = 0; i < SPINS; i++) {
		int status;
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0)
			break;
	}
	_exit(1);
}

static int
be_tree(void)
{
	if (fork() == 0) {
		setsid();
		if (fork() == 0)
			for (;;)
				pause();
		_exit(0);
	}
	for (int i = 0; i < 3; i++) {
		if (fork() == 0) {
			if (fork() == 0)
				spin();
			wait(NULL);
			_exit(1);
		}
	}
	/* The first child has started the daemon and ends; then the first worker. */
	wait(NULL);
	wait(NULL);
	return 0;
}

static pid_t
start(const char *pale, const char *self, bool as_user)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	if (as_user &&
	    (setresgid(USER_ID, USER_ID, USER_ID) < 0 || setresuid(USER_ID, USER_ID, USER_ID) < 0))
		_exit(99);
	if (dup2(open("/dev/null", O_RDWR), 2) < 0)
		_exit(99);
	execl(pale, pale, "run", "-x", self, "-w", "work", "--", self, "--tree", NULL);
	_exit(99);
}

/* The children of a process, in the order in which they were made. */
static size_t
children(pid_t pid, pid_t *ret, size_t max)
{
	char path[64];
	size_t count = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	file = fopen(path, "re");
	while (file != NULL && count < max && fscanf(file, "%d", &ret[count]) == 1)
		count++;
	if (file != NULL)
		fclose(file);
	return count;
}

/* Choose one process of the cage and kill it. */
static enum role
kill_one(pid_t waiter)
{
	pid_t all[TREE_MAX] = { waiter };
	enum role roles[TREE_MAX] = { ROLE_WAITER };
	size_t count = 1;
	enum role want;
	size_t at;

	for (size_t i = 0; i < count && count < TREE_MAX; i++) {
		size_t more = children(all[i], all + count, TREE_MAX - count);

		for (size_t k = 0; k < more; k++)
			roles[count + k] = i > 0 ? ROLE_BELOW : k == 0 ? ROLE_INIT : ROLE_COMMAND;
		count += more;
	}
	/* Each role as often as the others, as far as it is there. */
	want = (enum role)test_below(&seed, ROLE_BELOW + 1);
	at = test_below(&seed, (unsigned)count);
	for (size_t tries = 0; tries < count && roles[at] != want; tries++)
		at = (at + 1) % count;
	/* The waiter is not reaped yet, so none of the numbers but those below can be another's. */
	return kill(all[at], SIGKILL) == 0 ? roles[at] : ROLE_NONE;
}

/* Every orphan of the cage is given to us: it is gone when we have no child left. */
static bool
all_gone(void)
{
	/* Again and again, since the first signal may come just before the wait. */
	struct itimerval deadline = { { 1, 0 }, { DEADLINE_SECONDS, 0 } };
	struct itimerval never = { { 0, 0 }, { 0, 0 } };

	late = 0;
	setitimer(ITIMER_REAL, &deadline, NULL);
	for (;;) {
		pid_t pid = waitpid(-1, NULL, 0);

		if (pid > 0)
			continue;
		if (errno == ECHILD)
			break;
		if (late)
			return false;
	}
	setitimer(ITIMER_REAL, &never, NULL);
	return true;
}

static void
kill_leftovers(void)
{
	pid_t left[TREE_MAX];
	size_t count = children(getpid(), left, TREE_MAX);

	for (size_t i = 0; i < count; i++)
		kill(left[i], SIGKILL);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
}

static void
copy(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	char buf[65536];
	ssize_t got = -1;

	while (in >= 0 && out >= 0 && (got = read(in, buf, sizeof(buf))) > 0) {
		if (write(out, buf, (size_t)got) != got)
			die(to);
	}
	if (got != 0)
		die(from);
	close(in);
	close(out);
}

/* A world of our own, with copies of both programs, since a fresh /tmp may cover them. */
static void
make_world(const char *pale, bool is_root)
{
	int pale_fd = open(pale, O_RDONLY | O_CLOEXEC);
	int self_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	char name[64];

	if (pale_fd < 0)
		die(pale);
	if (is_root) {
		if (unshare(CLONE_NEWNS | CLONE_NEWIPC) < 0 ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount("none", "/tmp", "tmpfs", 0, "mode=1777") < 0)
			die("a namespace of our own");
	}
	if (mkdtemp(dir) == NULL || chmod(dir, 0755) < 0 || chdir(dir) < 0 ||
	    mkdir("work", 0777) < 0 || chmod("work", 0777) < 0)
		die(dir);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", pale_fd);
	copy(name, "pale");
	snprintf(name, sizeof(name), "/proc/self/fd/%d", self_fd);
	copy(name, "tree");
	close(pale_fd);
	close(self_fd);
}

static bool
unmake_world(bool is_root)
{
	bool clean = unlink("pale") == 0 && unlink("tree") == 0 && rmdir("work") == 0 &&
	    chdir("/") == 0 && rmdir(dir) == 0;

	/* Nothing but the directory was in the fresh /tmp. */
	if (is_root)
		clean = clean && umount("/tmp") == 0;
	return clean;
}

static void
wait_us(unsigned us)
{
	struct timespec delay = { .tv_sec = 0, .tv_nsec = us * 1000L };

	while (nanosleep(&delay, &delay) < 0 && errno == EINTR)
		continue;
}

int
main(int argc, char **argv)
{
	static struct snapshot before;
	static struct snapshot after;
	const char *pale = getenv("PALE") != NULL ? getenv("PALE") : "./pale";
	size_t roles[ROLE_COUNT] = { 0 };
	struct sigaction action = { .sa_handler = on_alarm };
	bool is_root = geteuid() == 0;
	char self[PATH_MAX];
	int stayed = 0;

	if (argc > 1 && strcmp(argv[1], "--tree") == 0)
		return be_tree();
	setvbuf(stdout, NULL, _IOLBF, 0);
	seed = test_seed((uint64_t)time(NULL));
	sigaction(SIGALRM, &action, NULL);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		die("subreaper");
	make_world(pale, is_root);
	snprintf(self, sizeof(self), "%s/tree", dir);
	take(&before);
	for (int i = 0; i < KILLS && stayed == 0; i++) {
		pid_t waiter = start("./pale", self, is_root && i % 2 == 1);

		if (waiter < 0)
			die("fork");
		wait_us(test_below(&seed, DELAY_US_MAX));
		roles[kill_one(waiter)]++;
		if (!all_gone()) {
			stayed++;
			printf("# a cage stayed after kill %d\n", i);
			kill_leftovers();
		}
	}
	take(&after);
	for (size_t i = 0; i < ROLE_COUNT; i++)
		printf("# killed %s: %zu\n", role_names[i], roles[i]);
	say(stayed == 0, "after each of 500 kills no process of the cage is left");
	say(roles[ROLE_WAITER] > 0 && roles[ROLE_INIT] > 0 && roles[ROLE_COMMAND] > 0 &&
		roles[ROLE_BELOW] > 0,
	    "waiter, init, command and what it started were all among the killed");
	say(strcmp(before.text[0], after.text[0]) == 0, "no mount is left");
	say(strcmp(before.text[1], after.text[1]) == 0 &&
		strcmp(before.text[2], after.text[2]) == 0 &&
		strcmp(before.text[3], after.text[3]) == 0,
	    "no System V object is left");
	say(unmake_world(is_root), "no file is left, and nothing holds a mount");
	printf("1..%d\n", line_count);
	return failed ? 1 : 0;
}
