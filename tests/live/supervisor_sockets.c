/* SPDX-License-Identifier: BSD-2-Clause */
/* What connect and bind do inside a cage; see supervisor.h. */
#include "supervisor.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	FLIPS = 20000,
	STORM_CALLS = 2000,
	FLAG_FLIPS = 25,
	FLOOD_THREADS = 8,
	FLOOD_CALLS = 4000,
	NAME_MAX_BYTES = sizeof(((struct sockaddr_un *)0)->sun_path),
};

static int
name_it(int fd, const char *path)
{
	struct sockaddr_un addr = named(path);

	return bind(fd, (const struct sockaddr *)&addr, sizeof(addr));
}

static int
serve(int type, const char *path)
{
	int fd = sock(type);

	unlink(path);
	return name_it(fd, path) == 0 && listen(fd, 8) == 0 ? fd : -1;
}

static int
abstract(int (*call)(int, const struct sockaddr *, socklen_t), const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = strlen(name);

	memcpy(addr.sun_path + 1, name, len);
	return call(sock(SOCK_STREAM), (const struct sockaddr *)&addr,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len));
}

static int
grants(void)
{
	FAILS(reach(sock(SOCK_STREAM), at("ro/host")), EACCES);
	HOLDS(reach(sock(SOCK_STREAM), at("rw/host")) == 0);
	FAILS(reach(sock(SOCK_STREAM), at("rw/none")), ENOENT);
	FAILS(reach(sock(SOCK_STREAM), at("rw/file")), ECONNREFUSED);
	FAILS(reach(sock(SOCK_STREAM), at("rw/file/x")), ENOTDIR);
	FAILS(reach(sock(SOCK_STREAM), at("outside/host")), ENOENT);
	FAILS(reach(sock(SOCK_SEQPACKET), at("rw/host")), EPROTOTYPE);
	return 0;
}

/* A conversation, and what each end is told of the other. */
static int
talk(int type, const char *path)
{
	int server = serve(type, path);
	int client = sock(type);
	struct sockaddr_un addr = { 0 };
	socklen_t size = sizeof(addr);
	struct ucred cred;
	char byte = 0;
	int peer;

	HOLDS(server >= 0 && reach(client, path) == 0);
	peer = accept(server, NULL, NULL);
	HOLDS(peer >= 0 && write(client, "x", 1) == 1 && read(peer, &byte, 1) == 1);
	HOLDS(byte == 'x' && getpeername(client, (struct sockaddr *)&addr, &size) == 0);
	HOLDS(strcmp(addr.sun_path, path) == 0);
	size = sizeof(cred);
	HOLDS(getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &cred, &size) == 0);
	HOLDS(cred.uid == getuid() && cred.gid == getgid());
	size = sizeof(cred);
	HOLDS(getsockopt(client, SOL_SOCKET, SO_PEERCRED, &cred, &size) == 0);
	HOLDS(cred.pid == getpid() && cred.uid == getuid());
	FAILS(reach(client, path), EISCONN);
	return 0;
}

static int
own_servers(void)
{
	HOLDS(talk(SOCK_STREAM, at("rw/own")) == 0);
	HOLDS(talk(SOCK_SEQPACKET, at("rw/own-seq")) == 0);
	HOLDS(talk(SOCK_STREAM, "/tmp/own") == 0);
	prctl(PR_SET_DUMPABLE, 0);
	HOLDS(talk(SOCK_STREAM, "/tmp/undumpable") == 0);
	return 0;
}

static int
names(void)
{
	char longest[NAME_MAX_BYTES + 1];
	char by_fd[64];
	char *deep;
	int dir;

	HOLDS(serve(SOCK_STREAM, at("rw/own")) >= 0);
	HOLDS(chdir(at("rw")) == 0 && reach(sock(SOCK_STREAM), "own") == 0);
	HOLDS(mkdir("sub", 0700) == 0 && chdir("sub") == 0);
	HOLDS(reach(sock(SOCK_STREAM), "../own") == 0);
	/* A link is followed, but to what lies in a read-only grant it is no way. */
	HOLDS(symlink("../own", "link") == 0 && reach(sock(SOCK_STREAM), "link") == 0);
	HOLDS(symlink(at("ro/host"), "link-ro") == 0);
	FAILS(reach(sock(SOCK_STREAM), "link-ro"), EACCES);
	HOLDS(symlink(at("outside/host"), "link-out") == 0);
	FAILS(reach(sock(SOCK_STREAM), "link-out"), ENOENT);
	HOLDS(symlink("loop", "loop") == 0);
	FAILS(reach(sock(SOCK_STREAM), "loop"), ELOOP);
	/* 108 bytes without a NUL behind them. */
	memset(longest, 'n', sizeof(longest));
	longest[NAME_MAX_BYTES] = '\0';
	HOLDS(serve(SOCK_STREAM, longest) >= 0 && access(longest, F_OK) == 0);
	HOLDS(reach(sock(SOCK_STREAM), longest) == 0);
	/* Beyond that, programs go by a descriptor. */
	deep = strndup(longest, 100);
	HOLDS(mkdir(deep, 0700) == 0);
	dir = open(deep, O_PATH | O_DIRECTORY);
	snprintf(by_fd, sizeof(by_fd), "/proc/self/fd/%d/far", dir);
	HOLDS(serve(SOCK_STREAM, by_fd) >= 0 && faccessat(dir, "far", F_OK, 0) == 0);
	HOLDS(reach(sock(SOCK_STREAM), by_fd) == 0);
	snprintf(by_fd, sizeof(by_fd), "/proc/self/fd/%d", openat(dir, "far", O_PATH));
	HOLDS(reach(sock(SOCK_STREAM), by_fd) == 0);
	snprintf(by_fd, sizeof(by_fd), "/proc/self/fd/%d", open(at("ro/host"), O_PATH));
	FAILS(reach(sock(SOCK_STREAM), by_fd), EACCES);
	free(deep);
	return 0;
}

static void *
accept_two(void *server)
{
	int fd = *(int *)server;

	for (int i = 0; i < 2; i++)
		(void)!accept(fd, NULL, NULL);
	return NULL;
}

static void
nothing(int number)
{
	(void)number;
}

/* A queue of one holds two clients. */
static int
full(void)
{
	int server = serve(SOCK_STREAM, "/tmp/full");
	struct sigaction act = { .sa_handler = nothing };
	struct itimerval timer = { .it_value = { 0, 50000 } };
	int blocking = sock(SOCK_STREAM);
	pthread_t thread;

	HOLDS(listen(server, 1) == 0);
	HOLDS(reach(sock(SOCK_STREAM), "/tmp/full") == 0);
	HOLDS(reach(sock(SOCK_STREAM), "/tmp/full") == 0);
	FAILS(reach(sock(SOCK_STREAM | SOCK_NONBLOCK), "/tmp/full"), EAGAIN);
	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	FAILS(reach(blocking, "/tmp/full"), EINTR);
	HOLDS((fcntl(blocking, F_GETFL) & O_NONBLOCK) == 0);
	HOLDS(pthread_create(&thread, NULL, accept_two, &server) == 0);
	HOLDS(reach(blocking, "/tmp/full") == 0);
	pthread_join(thread, NULL);
	return 0;
}

static void *
keep_blocking(void *fd)
{
	for (;;)
		fcntl(*(int *)fd, F_SETFL, O_RDWR);
	return NULL;
}

/* The supervisor must not wait in the caller's stead, whatever another thread does to the flag. */
static int
blocking_flips(void)
{
	int server = serve(SOCK_STREAM, "/tmp/full");
	struct sigaction act = { .sa_handler = nothing };
	struct itimerval timer = { { 0, 20000 }, { 0, 20000 } };
	int blocking = sock(SOCK_STREAM);
	pthread_t thread;

	HOLDS(listen(server, 0) == 0 && reach(sock(SOCK_STREAM), "/tmp/full") == 0);
	HOLDS(pthread_create(&thread, NULL, keep_blocking, &blocking) == 0);
	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	for (int i = 0; i < FLAG_FLIPS; i++)
		FAILS(reach(blocking, "/tmp/full"), EINTR);
	return 0;
}

static int
abstract_names(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	socklen_t size = sizeof(addr);
	int fd = sock(SOCK_STREAM);

	FAILS(abstract(bind, "pale-test"), EACCES);
	FAILS(abstract(connect, "pale-test"), ECONNREFUSED);
	HOLDS(bind(fd, (const struct sockaddr *)&addr, sizeof(sa_family_t)) == 0);
	HOLDS(getsockname(fd, (struct sockaddr *)&addr, &size) == 0 && size == 8);
	return 0;
}

static int
binding(void)
{
	struct sockaddr_un addr = { 0 };
	socklen_t size = sizeof(addr);
	int fd = sock(SOCK_STREAM);
	struct stat st;

	umask(027);
	HOLDS(chdir(at("rw")) == 0 && name_it(fd, "./mine") == 0);
	HOLDS(stat(at("rw/mine"), &st) == 0 && S_ISSOCK(st.st_mode));
	HOLDS((st.st_mode & 07777) == 0750 && st.st_uid == getuid());
	HOLDS(getsockname(fd, (struct sockaddr *)&addr, &size) == 0);
	HOLDS(strcmp(addr.sun_path, "./mine") == 0);
	FAILS(name_it(fd, "./again"), EINVAL);
	FAILS(name_it(sock(SOCK_STREAM), "mine"), EADDRINUSE);
	FAILS(name_it(sock(SOCK_STREAM), at("ro/mine")), EROFS);
	FAILS(name_it(sock(SOCK_STREAM), at("outside/mine")), ENOENT);
	FAILS(name_it(sock(SOCK_STREAM), "none/mine"), ENOENT);
	HOLDS(symlink("target", "dangling") == 0);
	FAILS(name_it(sock(SOCK_STREAM), "dangling"), EADDRINUSE);
	return 0;
}

static int
no_bindat(void)
{
	FAILS(name_it(sock(SOCK_STREAM), at("rw/mine")), EACCES);
	HOLDS(access(at("rw/mine"), F_OK) < 0 && name_it(sock(SOCK_STREAM), "/tmp/mine") == 0);
	return 0;
}

static int
wrong(void)
{
	struct sockaddr_un addr = named("/tmp/x");
	const struct sockaddr *any = (const struct sockaddr *)&addr;
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd = sock(SOCK_STREAM);
	int pipes[2];

	HOLDS(pipe(pipes) == 0);
	FAILS(connect(-1, any, sizeof(addr)), EBADF);
	FAILS(connect(1000, any, sizeof(addr)), EBADF);
	FAILS(connect(pipes[0], any, sizeof(addr)), ENOTSOCK);
	FAILS(connect(fd, (const struct sockaddr *)8, sizeof(addr)), EFAULT);
	FAILS(connect(fd, any, (socklen_t)-1), EINVAL);
	FAILS(connect(fd, any, 1000), EINVAL);
	FAILS(connect(fd, any, 0), EINVAL);
	FAILS(connect(fd, any, 2), EINVAL);
	FAILS(connect(fd, any, 111), EINVAL);
	FAILS(connect(fd, (const struct sockaddr *)&in, sizeof(in)), EINVAL);
	FAILS(bind(-1, any, sizeof(addr)), EBADF);
	FAILS(bind(pipes[0], any, sizeof(addr)), ENOTSOCK);
	FAILS(bind(fd, (const struct sockaddr *)8, sizeof(addr)), EFAULT);
	FAILS(bind(fd, any, 1), EINVAL);
	FAILS(bind(fd, (const struct sockaddr *)&in, sizeof(in)), EINVAL);
	return 0;
}

static struct sockaddr_un flipped;
static volatile bool flipping = true;

static void *
flip(void *paths)
{
	const char *const *path = paths;
	struct sockaddr_un both[] = { named(path[0]), named(path[1]) };

	for (unsigned i = 0; flipping; i++)
		flipped = both[i % 2];
	return NULL;
}

static void *
accept_all(void *server)
{
	int fd;

	while ((fd = accept(*(int *)server, NULL, NULL)) >= 0)
		close(fd);
	return NULL;
}

/* The driver sees outside whether ro/host got a client. */
static int
flips(void)
{
	int server = serve(SOCK_STREAM, at("rw/own!")); /* as long as ro/host */
	const char *const paths[] = { at("rw/own!"), at("ro/host") };
	unsigned reached = 0;
	unsigned refused = 0;
	pthread_t threads[2];

	HOLDS(server >= 0 && strlen(paths[0]) == strlen(paths[1]));
	flipped = named(paths[0]);
	pthread_create(&threads[0], NULL, accept_all, &server);
	pthread_create(&threads[1], NULL, flip, (void *)(uintptr_t)paths);
	for (int i = 0; i < FLIPS; i++) {
		int fd = sock(SOCK_STREAM);
		int r = connect(fd, (const struct sockaddr *)&flipped, sizeof(flipped));

		reached += r == 0;
		refused += r < 0 && errno == EACCES;
		close(fd);
	}
	flipping = false;
	HOLDS(reached > 0 && refused > 0);
	return 0;
}

/* Each bind and each connect is made once, however many signals come. */
static int
storm(void)
{
	int server = serve(SOCK_STREAM, "/tmp/storm");
	struct sigaction act = { .sa_handler = nothing, .sa_flags = SA_RESTART };
	struct itimerval timer = { { 0, 200 }, { 0, 200 } };
	pthread_t thread;
	sigset_t alarms;

	/* Signals are for this thread alone. */
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	sigprocmask(SIG_BLOCK, &alarms, NULL);
	pthread_create(&thread, NULL, accept_all, &server);
	sigprocmask(SIG_UNBLOCK, &alarms, NULL);
	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	for (int i = 0; i < STORM_CALLS; i++) {
		int fd = sock(SOCK_STREAM);

		HOLDS(name_it(fd, "/tmp/stormy") == 0 && unlink("/tmp/stormy") == 0);
		HOLDS(reach(fd, "/tmp/storm") == 0);
		close(fd);
	}
	return 0;
}

static void *
ask_a_lot(void *unused)
{
	for (int i = 0; i < FLOOD_CALLS; i++) {
		int fd = sock(SOCK_STREAM);

		reach(fd, i % 2 == 0 ? at("ro/host") : "/tmp/none");
		close(fd);
	}
	return unused;
}

/* Between the bytes that it writes, the driver weighs the supervisor. */
static int
flood(void)
{
	pthread_t threads[FLOOD_THREADS];
	char byte;

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < FLOOD_THREADS; i++)
			HOLDS(pthread_create(&threads[i], NULL, ask_a_lot, NULL) == 0);
		for (int i = 0; i < FLOOD_THREADS; i++)
			pthread_join(threads[i], NULL);
		HOLDS(write(3, "w", 1) == 1 && read(4, &byte, 1) == 1);
	}
	return 0;
}

const struct probe socket_probes[] = {
	{ "grants", "connect reaches a server in a writable grant, and none in a read-only one",
	    grants, "" },
	{ "own-servers", "the cage's own servers are reached, by stream and seqpacket", own_servers,
	    "" },
	{ "names", "a path is that of the caller: relative, long, through links and descriptors",
	    names, "" },
	{ "full", "connect to a full queue waits, is interruptible, or says EAGAIN", full, "" },
	{ "blocking-flips", "a thread that clears O_NONBLOCK does not make the supervisor wait",
	    blocking_flips, "" },
	{ "abstract", "no abstract name can be bound or reached, but the kernel may choose one",
	    abstract_names, "" },
	{ "binding", "bind makes a socket as natively: name, mode and errors", binding, "" },
	{ "no-bindat", "bind is refused in a writable grant without bindat", no_bindat,
	    "lookup,read,write,create,unlinkat" },
	{ "wrong", "connect and bind answer a mistake as the kernel does", wrong, "" },
	{ "flips", "an address changed by a thread never reaches a read-only grant", flips, "" },
	{ "storm", "no call is made twice in a storm of signals", storm, "" },
	{ "flood", "the supervisor does not grow under a flood of eight threads", flood, "" },
	{ 0 },
};
