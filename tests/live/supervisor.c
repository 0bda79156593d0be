/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The supervisor of a cage, from outside: makes a world, starts `pale run` around a probe for each
 * fact, and looks afterwards what those outside noticed. See supervisor.h.
 *
 *   PALE  the program under test; default: ../../pale beside this one
 */
#include "supervisor.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	GROWTH_KIB = 128,   /* what a stack or a heap may round up to */
	PROBE_SECONDS = 20, /* whatever takes longer hangs */
	FD_OUT = 3,
	FD_IN = 4,
};

char world[WORLD_BYTES];

int
sock(int type)
{
	return socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
}

struct sockaddr_un
named(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	memcpy(addr.sun_path, path, strnlen(path, sizeof(addr.sun_path)));
	return addr;
}

int
reach(int fd, const char *path)
{
	struct sockaddr_un addr = named(path);

	return connect(fd, (const struct sockaddr *)&addr, sizeof(addr));
}
static char self[PATH_MAX];
static char pale[PATH_MAX];
static unsigned count;
static unsigned failed;
static int servers[2];     /* of ro and rw */
static unsigned *came_out; /* descriptors that reached the outsider; shared with it */

int
fail(int line, const char *condition, int error)
{
	fprintf(stderr, "# line %d: %s: %s\n", line, condition, strerror(error));
	return 1;
}

const char *
at(const char *name)
{
	static char ring[8][128];
	static unsigned next;
	char *slot = ring[next++ % 8];

	snprintf(slot, sizeof(ring[0]), "%s/%s", world, name);
	return slot;
}

static void
told(bool good, const char *sentence, const char *detail)
{
	count++;
	failed += !good;
	printf("%sok %u - %s%s%s\n", good ? "" : "not ", count, sentence, good ? "" : ": ",
	    good ? "" : detail);
}

static int
listen_at(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	unlink(path);
	if (bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, 8) < 0)
		abort();
	chmod(path, 0777);
	return fd;
}

static void
remove_world(void)
{
	char command[WORLD_BYTES + 16];

	snprintf(command, sizeof(command), "rm -rf '%s'", world);
	if (system(command) != 0)
		printf("# %s is left\n", world);
}

static void
make_world(void)
{
	const char *const dirs[] = { "ro", "rw", "outside" };

	remove_world();
	if (mkdir(world, 0755) < 0)
		abort();
	for (size_t i = 0; i < 3; i++) {
		char name[64];
		int fd;

		mkdir(at(dirs[i]), 0755);
		snprintf(name, sizeof(name), "%s/file", dirs[i]);
		fd = open(at(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		close(fd);
	}
	for (size_t i = 0; i < 2; i++)
		servers[i] = listen_at(at(i == 0 ? "ro/host" : "rw/host"));
}

static void
forget_world(void)
{
	close(servers[0]);
	close(servers[1]);
	remove_world();
}

/* Send a letter with a descriptor, or one that says that it could not be sent. */
static void
answer_with_one(int fd, char letter)
{
	struct iovec piece = { &letter, 1 };
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .head = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct msghdr msg = { .msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };

	memset(CMSG_DATA(&control.head), 0, sizeof(int));
	if (sendmsg(fd, &msg, MSG_NOSIGNAL) < 0) {
		letter = 'n';
		send(fd, &letter, 1, MSG_NOSIGNAL);
	}
}

static void
come_to_own(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", at("rw/own"));
	if (connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0)
		answer_with_one(fd, 'i');
}

static void
converse(int fd)
{
	char letters[256];
	char room[256 * CMSG_SPACE(sizeof(int))];
	struct iovec piece = { letters, sizeof(letters) };

	for (;;) {
		struct msghdr msg = { .msg_iov = &piece,
			.msg_iovlen = 1,
			.msg_control = room,
			.msg_controllen = sizeof(room) };
		ssize_t got = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);

		if (got <= 0)
			return;
		*came_out += msg.msg_controllen > 0;
		for (ssize_t i = 0; i < got; i++) {
			if (letters[i] == 'i')
				answer_with_one(fd, 'i');
			else if (letters[i] == 'v')
				come_to_own();
		}
	}
}

/* Whoever listens at outside/host. */
static pid_t
start_outsider(void)
{
	int server = listen_at(at("outside/host"));
	pid_t pid;

	*came_out = 0;
	fcntl(server, F_SETFL, 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int fd;

		while ((fd = accept4(server, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
			converse(fd);
			close(fd);
		}
		_exit(0);
	}
	close(server);
	return pid;
}

/* In the child: the descriptors of a probe, then pale around it. */
static void
become_pale(const struct probe *probe, const int to_probe[2], const int from_probe[2])
{
	char dir[WORLD_BYTES + 128];
	char unix_grant[WORLD_BYTES + 128];
	const char *argv[32] = { pale, "run", "-x", self };
	size_t n = 4;
	int out = fcntl(from_probe[1], F_DUPFD, 10);
	int in = fcntl(to_probe[0], F_DUPFD, 10);

	dup2(open(at("outside/file"), O_RDONLY), 0);
	dup2(2, 1);
	dup2(out, FD_OUT);
	dup2(in, FD_IN);
	if (strcmp(probe->grant, "-") != 0) {
		argv[n++] = "-r";
		argv[n++] = at("ro");
	}
	if (probe->grant[0] == '\0') {
		argv[n++] = "-w";
		argv[n++] = at("rw");
	} else if (strcmp(probe->grant, "-") != 0) {
		snprintf(dir, sizeof(dir), "%s:%s", at("rw"), probe->grant);
		argv[n++] = "--dir";
		argv[n++] = dir;
	}
	if (probe->uses != NULL) {
		snprintf(unix_grant, sizeof(unix_grant), "%s:%s",
		    at(probe->door != NULL ? probe->door : "outside/host"), probe->uses);
		argv[n++] = "--unix";
		argv[n++] = unix_grant;
	}
	argv[n++] = "--fd";
	argv[n++] = "3:write";
	argv[n++] = "--fd";
	argv[n++] = "4:read";
	argv[n++] = "--";
	argv[n++] = self;
	argv[n++] = probe->name;
	argv[n++] = world;
	execv(pale, (char *const *)(uintptr_t)argv);
	_exit(125);
}

/* Size and number of descriptors of a process. */
static bool
weigh(pid_t pid, long *ret_kib, long *ret_fds)
{
	char path[64];
	char line[256];
	FILE *file;

	*ret_kib = *ret_fds = 0;
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		sscanf(line, "RssAnon: %ld", ret_kib);
		sscanf(line, "FDSize: %ld", ret_fds);
	}
	if (file != NULL)
		fclose(file);
	return *ret_kib > 0;
}

/* Weigh the supervisor each time the probe says so; true unless it grew. */
static bool
weighed(pid_t pid, int from, int to)
{
	long kib[2] = { 0 };
	long fds[2] = { 0 };
	unsigned times = 0;
	char byte;

	while (read(from, &byte, 1) == 1) {
		if (times < 2)
			weigh(pid, &kib[times], &fds[times]);
		times++;
		(void)!write(to, "g", 1);
	}
	if (times == 0)
		return true;
	printf("# supervisor: %ld KiB, %ld slots; then %ld KiB, %ld slots\n", kib[0], fds[0],
	    kib[1], fds[1]);
	return times == 2 && kib[0] > 0 && kib[1] <= kib[0] + GROWTH_KIB && fds[0] == fds[1];
}

/* Does anybody outside notice? */
static const char *
noticed(void)
{
	int file = open(at("ro/file"), O_RDONLY | O_CLOEXEC);
	int outside = open(at("outside/file"), O_RDONLY | O_CLOEXEC);
	const char *what = NULL;

	if (accept(servers[0], NULL, NULL) >= 0)
		what = "the server in the read-only grant got a client";
	if (flock(file, LOCK_EX | LOCK_NB) < 0 || flock(outside, LOCK_EX | LOCK_NB) < 0)
		what = "a file that can only be read was locked";
	close(file);
	close(outside);
	return what;
}

static void
try(const struct probe *probe)
{
	const char *outside;
	int to_probe[2];
	int from_probe[2];
	int status = -1;
	bool steady;
	pid_t outsider = 0;
	pid_t pid;

	make_world();
	if (probe->uses != NULL)
		outsider = start_outsider();
	fflush(stdout);
	if (pipe2(to_probe, O_CLOEXEC) < 0 || pipe2(from_probe, O_CLOEXEC) < 0)
		abort();
	pid = fork();
	if (pid == 0)
		become_pale(probe, to_probe, from_probe);
	close(to_probe[0]);
	close(from_probe[1]);
	steady = weighed(pid, from_probe[0], to_probe[1]);
	waitpid(pid, &status, 0);
	outside = noticed();
	if (outsider > 0) {
		kill(outsider, SIGKILL);
		waitpid(outsider, NULL, 0);
		if (*came_out > 0 && strstr(probe->uses, "scm-out") == NULL)
			outside = "a descriptor came out";
	}
	told(status == 0 && outside == NULL && steady, probe->sentence,
	    outside != NULL   ? outside
		: status != 0 ? "the probe failed"
			      : "the supervisor grew");
	close(to_probe[1]);
	close(from_probe[0]);
	forget_world();
}

/* The supervisor is killed while a lock waits: all ends, and the lock is free. */
static const struct probe wait_for_ever = { "wait-for-ever", "", NULL, "" };

static int
lock_twice(void)
{
	HOLDS(flock(open(at("rw/file"), O_RDWR), LOCK_EX) == 0);
	HOLDS(write(FD_OUT, "w", 1) == 1);
	flock(open(at("rw/file"), O_RDWR), LOCK_EX);
	return 0;
}

static void
try_killed(void)
{
	int to_probe[2];
	int from_probe[2];
	char byte;
	pid_t pid;
	int file;

	make_world();
	fflush(stdout);
	if (pipe2(to_probe, O_CLOEXEC) < 0 || pipe2(from_probe, O_CLOEXEC) < 0)
		abort();
	pid = fork();
	if (pid == 0)
		become_pale(&wait_for_ever, to_probe, from_probe);
	close(from_probe[1]);
	(void)!read(from_probe[0], &byte, 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	/* The pipe ends when the last process of the cage has. */
	while (read(from_probe[0], &byte, 1) > 0)
		continue;
	file = open(at("rw/file"), O_RDONLY | O_CLOEXEC);
	/* What waited has no end of it, and may be about to end. */
	alarm(PROBE_SECONDS);
	told(flock(file, LOCK_EX) == 0, "with the supervisor killed, what waits ends too",
	    "the lock is held");
	alarm(0);
	close(file);
	forget_world();
}

static int
run_probe(const char *name)
{
	const struct probe *const tables[] = { flock_probes, socket_probes, send_probes };

	if (strcmp(name, wait_for_ever.name) == 0)
		return lock_twice();
	for (size_t t = 0; t < 3; t++) {
		for (const struct probe *p = tables[t]; p->name != NULL; p++) {
			if (strcmp(p->name, name) == 0)
				return p->run();
		}
	}
	return 2;
}

int
main(int argc, char **argv)
{
	const char *given = getenv("PALE");
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *only = argc == 2 ? argv[1] : "";

	if (argc == 3) {
		snprintf(world, sizeof(world), "%s", argv[2]);
		alarm(PROBE_SECONDS);
		return run_probe(argv[1]);
	}
	came_out = mmap(
	    NULL, sizeof(*came_out), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (len < 0 || came_out == MAP_FAILED)
		return 1;
	snprintf(pale, sizeof(pale), "%.*s/../../pale", (int)(strrchr(self, '/') - self), self);
	if (given != NULL)
		snprintf(pale, sizeof(pale), "%s", given);
	snprintf(world, sizeof(world), "/var/tmp/pale-sup.%d", getpid());
	for (const struct probe *p = flock_probes; p->name != NULL; p++) {
		if (strstr(p->name, only) != NULL)
			try(p);
	}
	for (const struct probe *p = socket_probes; p->name != NULL; p++) {
		if (strstr(p->name, only) != NULL)
			try(p);
	}
	for (const struct probe *p = send_probes; p->name != NULL; p++) {
		if (strstr(p->name, only) != NULL)
			try(p);
	}
	try_killed();
	printf("1..%u\n", count);
	return failed > 0;
}
