/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The root that tells of missing names, from outside: what a program sees in it is compared with
 * what it sees in the tmpfs, what was heard with what was looked up, and its server is killed and
 * stopped. As root also as an ordinary user, with a /dev/fuse that such a one may open.
 */
#include "skeleton.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "cage/skeleton/skeleton.h"
#include "core/scope.h"
#include "random.h"

enum {
	TEXT_BYTES = 1 << 16,
	CASE_SECONDS = 30,
	GONE_SECONDS = 5,
	USER_ID = 1000,
	FUSE_MAJOR = 10,
	FUSE_MINOR = 229,
	KILLS = 60,
};

static char world[] = "/var/tmp/pale-skeleton.XXXXXX";
static char heard[TEXT_BYTES]; /* what was heard of the last cage */
static char said[TEXT_BYTES];  /* what it printed */
static const char *who = "root";
/* Shared with the child that is an ordinary user. */
static struct {
	unsigned count;
	unsigned failed;
} * sum;

static char *
at(const char *name)
{
	static char ring[8][256];
	static unsigned next;
	char *slot = ring[next++ % PALE_COUNT(ring)];

	snprintf(slot, sizeof(ring[0]), "%s/%s", world, name);
	return slot;
}

static void
told(bool good, const char *sentence)
{
	printf("%sok %u - as %s, %s\n", good ? "" : "not ", ++sum->count, who, sentence);
	sum->failed += !good;
	if (!good)
		fprintf(stderr, "# heard:\n%s# said:\n%s", heard, said);
}

static void
read_all(const char *name, char *buf)
{
	PALE_CLOSE int fd = open(at(name), O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, buf, TEXT_BYTES - 1);

	buf[got < 0 ? 0 : got] = '\0';
}

/* Start a shell in a cage: the process is its waiter. */
static pid_t
start(bool tells, const char *script)
{
	char *argv[] = { (char[]){ "/bin/sh" }, (char[]){ "-c" }, strdup(script), NULL };
	pid_t pid;

	unlink(at("heard"));
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int fd = open(at("said"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

		alarm(CASE_SECONDS);
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		setenv("PATH", "/usr/bin", 1);
		setenv("LC_ALL", "C", 1);
		_exit(run_in_cage(tells, world, at("heard"), argv));
	}
	free(argv[2]);
	return pid;
}

static int
end(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	read_all("heard", heard);
	read_all("said", said);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int
in_cage(bool tells, const char *script)
{
	return end(start(tells, script));
}

static unsigned
lines_with(const char *text, const char *words)
{
	unsigned found = 0;

	for (const char *at_word = strstr(text, words); at_word != NULL;
	     at_word = strstr(at_word + 1, words))
		found++;
	return found;
}

/* --- The same as the tmpfs --- */

static const char look[] =
    "find / -xdev \\( -path /tmp -o -path /proc \\) -prune -o -printf '%p %y %m %n %s %U %G %l %i "
    "%k %b\\n' | sort\n"
    "for f in / /.. /a/.. /a/b/../c /a/b/../b /dev /a/link/file /a/link/../b /a/lost /bin; do\n"
    "  stat -c '%n %F %a %h %s %u' $f; stat -L -c '%n %F %a %s' $f; readlink $f\n"
    "  readlink -f $f; done 2>&1\n"
    "for d in / /a /a/b /a/b/c /a/b/c/job /a/link /tmp /tmp/inner; do\n"
    "  cd $d && pwd -P; /bin/pwd; cd .. && pwd -P; done\n"
    "cd /\n"
    "for d in / /a /dev; do stat -f -c '%n %b %f %a %c %d %l %s %S' $d; done\n"
    "for c in 'touch /new' 'mkdir /a/new' 'mkdir /a' 'rmdir /a' 'rm -f /bin' 'rm /a/link' \\\n"
    "  'mv /bin /x' 'ln -s x /y' 'ln /a/link /z' 'chmod 700 /a' 'echo x >/a/lost' \\\n"
    "  'echo >/nope/x' 'cat /nope' 'cat /a' 'cd /nope' 'mkdir /usr' 'mkdir /' 'rmdir /' \\\n"
    "  'mkfifo /f' 'mv /a /usr/x' 'mv /a /tmp/x' 'touch -h /bin' 'test -w /' 'test -x /a' \\\n"
    "  'mkdir /dev/null/x' 'cat /dev/null/x' 'rmdir /usr' 'truncate -s 1 /a' 'ls /nope/..' \\\n"
    "  'exec /no/such/program' 'cat /a/b/c/job/secret/x' 'cat /etc/../nope' 'umount /usr' \\\n"
    "  'ls /tmp/link/passwd' 'cat /a/b/file' 'cat /a/text' 'ls -a /a/empty/dir/..' 'head -c 5 "
    "/dev/zero | wc -c'; do\n"
    "  sh -c \"$c\"; echo \"$c: $?\"; done 2>&1\n"
    "ls -f / /a /a/b /a/b/c /dev\n"
    "ls -l /dev/null /dev/zero; ls -l /tmp /a | sed 's/[A-Z][a-z]* [0-9 ]*:[0-9]* / /'\n"
    "sed 's/^[0-9]* [0-9]* [0-9:]* //; s/ - .*//; /copied /d' /proc/self/mountinfo\n"
    "umask; ulimit -a\n";

static void
same_as_tmpfs(void)
{
	static char before[TEXT_BYTES];
	char script[sizeof(look) + 256];

	snprintf(script, sizeof(script), "%scat %s/copied; stat -c '%%a %%s' %s/copied\n", look,
	    world, world);
	in_cage(false, script);
	memcpy(before, said, sizeof(before));
	in_cage(true, script);
	told(strlen(said) > 4000 && strcmp(before, said) == 0,
	    "everything looks and fails in the root that tells as in the tmpfs");
	if (strcmp(before, said) != 0)
		fprintf(stderr, "# in the tmpfs:\n%s", before);
}

/* --- What is heard --- */

static void
names(void)
{
	int status = in_cage(true,
	    "cat /nope/deep/file; cd /a/b; cat ../lacking; test -e /home/x; "
	    "ln /a/b/file /elsewhere; cat /a/lost; exec /no/such");

	told(status == 127 &&
		lines_with(heard,
		    "/nope openat tid cwd=/ program=cat text=/nope/deep/file text2=?\n") == 1 &&
		lines_with(heard,
		    "/a/lacking openat tid cwd=/a/b program=cat text=../lacking text2=?\n") == 1,
	    "a name that is missing is told once, with call, program, directory and path");
	told(lines_with(heard, "/home newfstatat tid cwd=/a/b program=sh text=/home/x") == 1,
	    "what a shell tests for is told");
	told(lines_with(heard, "text=/a/b/file text2=/elsewhere\n") >= 1,
	    "both paths of a call that has two are told");
	told(lines_with(heard, "/a/nowhere openat tid cwd=/a/b program=cat text=/a/lost") == 1,
	    "a link that leads nowhere is told by where it leads");
	told(lines_with(heard, "/no execve tid cwd=/a/b program=sh text=/no/such") == 1,
	    "a program that is missing is told");
	in_cage(true, "cat /etc/nope; cat /usr/nope; ls /tmp/nope; cat /a/b/c/job/nope; ls / /a");
	told(
	    lines_with(heard, "nope") == 0, "what is missing in a grant is not the root's to tell");
}

static void
exec_itself(void)
{
	char *argv[] = { (char[]){ "lacking/program" }, NULL };
	pid_t pid;

	unlink(at("heard"));
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

		dup2(fd, STDERR_FILENO);
		_exit(run_in_cage(true, world, at("heard"), argv));
	}
	told(end(pid) == 125 && lines_with(heard, "/lacking execve tid cwd=/ program=") == 1 &&
		lines_with(heard, " text=lacking/program ") == 1,
	    "a command that is not there is refused, and told");
}

static void
often(void)
{
	char *end_of_number;
	unsigned long heard_count;
	unsigned long unheard = 0;

	in_cage(true, "i=0; while [ $i -lt 30000 ]; do test -e /nope; i=$((i+1)); done; echo end");
	told(strcmp(said, "end\n") == 0 && lines_with(heard, "/nope newfstatat ") == 1 &&
		lines_with(heard, "unheard") == 0,
	    "a name that is missed thirty thousand times is told once");
	in_cage(true,
	    "i=0; while [ $i -lt 3000 ]; do test -e /home/$i; i=$((i+1)); done; test -e /last");
	heard_count = lines_with(heard, "/home ");
	if (strstr(heard, "\nunheard ") != NULL)
		unheard = strtoul(strstr(heard, "\nunheard ") + 9, &end_of_number, 10);
	/* The buffer of this test ends before three thousand lines do. */
	told(heard_count + unheard >= 700, "three thousand paths below one missing name are news");
}

static void
unreadable(void)
{
	int status = in_cage(true,
	    "cp /bin/cat /a/b/c/job/hidden && chmod 111 /a/b/c/job/hidden && "
	    "/a/b/c/job/hidden /nope; cat /other");

	told(status == 1 && lines_with(heard, "program=hidden") == 1 &&
		lines_with(heard, "text=/other") == 1,
	    "a program that its own user cannot read is told of");
	unlink(at("deep/hidden"));
}

/* --- Its server --- */

/* A child of a process, by its name; 0 if there is none. */
static pid_t
find_child(pid_t parent, const char *name)
{
	char path[64];
	char list[1024];
	char *next = list;
	PALE_CLOSE int fd = -1;
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", parent, parent);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, list, sizeof(list) - 1);
	list[got < 0 ? 0 : got] = '\0';
	for (;;) {
		pid_t child = (pid_t)strtol(next, &next, 10);
		char comm[32] = "";
		PALE_CLOSE int comm_fd = -1;

		if (child <= 0)
			return 0;
		snprintf(path, sizeof(path), "/proc/%d/comm", child);
		comm_fd = open(path, O_RDONLY | O_CLOEXEC);
		if (comm_fd >= 0 && read(comm_fd, comm, sizeof(comm) - 1) > 0 &&
		    strncmp(comm, name, strlen(name)) == 0)
			return child;
	}
}

/* A signal to somebody who was found; 0 and less would be a whole group. */
static void
send(pid_t pid, int number)
{
	if (pid <= 0)
		abort();
	kill(pid, number);
}

/* A cage that has begun: it has done the first and written to the FIFO `up`. */
static pid_t
start_busy(const char *first, const char *script)
{
	char all[1024];
	char byte;
	pid_t pid;
	int fd;

	unlink(at("deep/up"));
	if (mkfifo(at("deep/up"), 0666) < 0)
		abort();
	snprintf(all, sizeof(all), "%s; echo >/a/b/c/job/up; %s", first, script);
	pid = start(true, all);
	fd = open(at("deep/up"), O_RDONLY | O_CLOEXEC);
	/* Closed before it has written, the writer would die of SIGPIPE. */
	if (read(fd, &byte, 1) < 0)
		abort();
	close(fd);
	return pid;
}

/* Gone, or waiting for somebody else to notice. */
static bool
has_ended(pid_t pid)
{
	char path[64];
	char line[256];
	const char *state;
	PALE_CLOSE int fd = -1;
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
	line[got < 0 ? 0 : got] = '\0';
	state = strrchr(line, ')');
	return state == NULL || state[2] == 'Z' || state[2] == 'X';
}

static bool
is_gone(pid_t pid)
{
	const struct timespec tick = { .tv_nsec = 1000000 };

	for (int i = 0; i < GONE_SECONDS * 1000; i++) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			continue;
		if (has_ended(pid))
			return true;
		nanosleep(&tick, NULL);
	}
	return false;
}

static void
server_killed(void)
{
	pid_t waiter = start_busy("true", "while :; do test -e /nope; done");
	pid_t server = find_child(waiter, "pale-root");
	pid_t command = find_child(waiter, "sh");
	int status;

	told(server > 0 && command > 0, "the server is a child of the waiter");
	send(server, SIGKILL);
	status = end(waiter);
	if (status != 124)
		printf("# it ended with %d, %s\n", status, said);
	told(status == 124 && lines_with(said, "the root's server has ended\n") == 1,
	    "a server that is killed ends the cage, with a sentence");
	told(is_gone(command) && is_gone(server), "and nothing is left of it");
}

static void
server_stopped(void)
{
	pid_t waiter = start_busy("true", "while :; do test -e /nope$i; i=$((i+1)); done");
	pid_t server = find_child(waiter, "pale-root");
	pid_t command = find_child(waiter, "sh");
	int status;

	send(server, SIGSTOP);
	kill(waiter, SIGTERM);
	status = end(waiter);
	told(status == 124 || status == 128 + SIGTERM,
	    "a server that stands still does not keep a cage from being ended by a signal");
	told(is_gone(command) && is_gone(server), "and nothing is left of that");
	waiter = start_busy("true", "while :; do test -e /nope$i; i=$((i+1)); done");
	server = find_child(waiter, "pale-root");
	command = find_child(waiter, "sh");
	send(server, SIGSTOP);
	kill(waiter, SIGKILL);
	end(waiter);
	told(is_gone(command) && is_gone(server),
	    "nor does it outlive a waiter that is killed, or the command");
}

static void
terminal_signals(void)
{
	pid_t waiter = start_busy("trap 'cat /nope; exit 7' INT", "while :; do :; done");
	pid_t server = find_child(waiter, "pale-root");
	int status;

	send(server, SIGINT);
	send(server, SIGTSTP);
	send(server, SIGTERM);
	send(find_child(waiter, "sh"), SIGINT);
	status = end(waiter);
	if (status != 7)
		printf("# it ended with %d, %s# and heard: %s", status, said, heard);
	told(status == 7 && lines_with(heard, "/nope openat") == 1,
	    "signals of the terminal do not end the server before the program");
}

static unsigned
mounts(void)
{
	static char text[TEXT_BYTES];
	PALE_CLOSE int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	text[got < 0 ? 0 : got] = '\0';
	return lines_with(text, "\n");
}

static void
killed_anyhow(void)
{
	uint64_t seed = test_seed(17);
	unsigned before = mounts();
	bool gone = true;

	for (int i = 0; i < KILLS && gone; i++) {
		static const char *const roles[] = { "pale-root", "sh", "pale-init" };
		const struct timespec moment = { .tv_nsec = (long)(test_random(&seed) % 4000000) };
		pid_t waiter = start(true, "while :; do test -e /nope$i; i=$((i+1)); done");
		pid_t others[PALE_COUNT(roles)];
		uint64_t which = test_random(&seed) % 4;

		nanosleep(&moment, NULL);
		for (size_t role = 0; role < PALE_COUNT(roles); role++)
			others[role] = find_child(waiter, roles[role]);
		kill(which == 3 || others[which] == 0 ? waiter : others[which], SIGKILL);
		end(waiter);
		for (size_t role = 0; role < PALE_COUNT(roles); role++)
			gone = gone && (others[role] == 0 || is_gone(others[role]));
	}
	told(gone && mounts() == before,
	    "whichever process is killed, at whatever moment, nothing of the cage is left");
}

static void
run_all(void)
{
	same_as_tmpfs();
	names();
	exec_itself();
	often();
	unreadable();
	server_killed();
	server_stopped();
	terminal_signals();
	killed_anyhow();
}

static void
make_world(uid_t owner)
{
	int fd;

	if (mkdtemp(world) == NULL || chmod(world, 0755) < 0 || mkdir(at("deep"), 0755) < 0 ||
	    mkdir(at("deep/secret"), 0755) < 0)
		abort();
	fd = open(at("copied"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (write(fd, "hello\n", 6) != 6)
		abort();
	close(fd);
	if (owner != 0 &&
	    (chown(world, owner, owner) < 0 || chown(at("deep"), owner, owner) < 0 ||
		chown(at("deep/secret"), owner, owner) < 0 ||
		chown(at("copied"), owner, owner) < 0))
		abort();
}

static void
forget_world(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf '%s'", world);
	if (system(command) != 0)
		printf("# %s is left\n", world);
	memcpy(strrchr(world, '.'), ".XXXXXX", 7);
}

/* A mount namespace whose /dev/fuse everybody may open, and in it an ordinary user. */
static bool
be_user(void)
{
	char node[256];

	snprintf(node, sizeof(node), "%s/dev", world);
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mkdir(node, 0755) < 0 || mount("none", node, "tmpfs", 0, "mode=755") < 0)
		return false;
	strcat(node, "/fuse");
	if (mknod(node, S_IFCHR | 0666, makedev(FUSE_MAJOR, FUSE_MINOR)) < 0 ||
	    chmod(node, 0666) < 0 || mount(node, "/dev/fuse", NULL, MS_BIND, NULL) < 0)
		return false;
	/* A change of user hides a process from its own user, until it is executed. */
	return setresgid(USER_ID, USER_ID, USER_ID) == 0 &&
	    setresuid(USER_ID, USER_ID, USER_ID) == 0 && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
}

/* In a child, whose counts come back by its exit status. */
static void
run_as_user(void)
{
	int status;
	pid_t pid;

	make_world(USER_ID);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		who = "user";
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
		if (be_user() && pale_skeleton_available())
			run_all();
		else
			printf(
			    "ok %u - as user # SKIP needs a /dev/fuse of its own\n", ++sum->count);
		fflush(stdout);
		_exit(0);
	}
	status = end(pid);
	sum->failed += status != 0;
	forget_world();
}

int
main(void)
{
	if (!pale_skeleton_available()) {
		printf("1..1\nok 1 - skeleton # SKIP needs /dev/fuse\n");
		return 0;
	}
	sum = mmap(NULL, sizeof(*sum), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sum == MAP_FAILED)
		abort();
	/* A cage whose waiter is killed is reaped here, not when somebody gets round to it. */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	who = getuid() == 0 ? "root" : "user";
	make_world(getuid());
	run_all();
	forget_world();
	if (getuid() == 0)
		run_as_user();
	printf("1..%u\n", sum->count);
	return sum->failed > 0;
}
