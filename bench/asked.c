/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the calls cost that the supervisor of a cage performs: the lowest mean of a round, in
 * nanoseconds. Only the call itself is measured, not what makes and removes what it is about.
 *
 *   asked DIR PORT      in DIR a socket and a file are made; PORT is free on ADDRESS, below
 *   asked make          make the POSIX queue that is opened; it has to be there before a cage is
 *   asked remove        remove it
 *
 * Prints a line for each: NAME NANOSECONDS.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define ADDRESS "127.9.8.7" /* nobody else's */
#define QUEUE "/pale-bench"

enum {
	ROUNDS = 40,
	CALLS = 200, /* a round is a few milliseconds: some of them are undisturbed */
};

/* In DIR, and in /tmp, which is the cage's own. */
static struct sockaddr_un granted = { .sun_family = AF_UNIX };
static struct sockaddr_un own = { .sun_family = AF_UNIX };
static struct sockaddr_in inet = { .sin_family = AF_INET };
static int granted_server;
static int own_server;
static int tcp_server;
static int udp_server;
static int udp_client;
static int locked;
static int pair[2];
static int pending; /* what a connect is tried with */
static double began;
static double spent;

static void
start(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	began = (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void
stop(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	spent += (double)now.tv_sec * 1e9 + (double)now.tv_nsec - began;
}

/* Connect, and take what came. */
static int
connect_to(int server, int family, const void *addr, socklen_t size)
{
	const struct linger at_once = { 1, 0 };
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int result;
	int peer;

	start();
	result = connect(fd, addr, size);
	stop();
	peer = result < 0 ? -1 : accept(server, NULL, NULL);
	/* No port is to be left over. */
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(fd);
	return peer < 0 ? -1 : close(peer);
}

static int
connect_granted(void)
{
	return connect_to(granted_server, AF_UNIX, &granted, sizeof(granted));
}

static int
connect_own(void)
{
	return connect_to(own_server, AF_UNIX, &own, sizeof(own));
}

static int
connect_tcp(void)
{
	return connect_to(tcp_server, AF_INET, &inet, sizeof(inet));
}

static int
lock(void)
{
	int result;

	start();
	result = flock(locked, pending++ % 2 == 0 ? LOCK_EX : LOCK_UN);
	stop();
	return result;
}

static int
send_message(void)
{
	char byte = 'x';
	struct iovec piece = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &piece, .msg_iovlen = 1 };
	ssize_t sent;

	start();
	sent = sendmsg(pair[0], &msg, 0);
	stop();
	return sent == 1 && recv(pair[1], &byte, 1, 0) == 1 ? 0 : -1;
}

static int
send_datagram(void)
{
	char byte = 'x';
	ssize_t sent;

	start();
	sent = sendto(udp_client, &byte, 1, 0, (const struct sockaddr *)&inet, sizeof(inet));
	stop();
	return sent == 1 && recv(udp_server, &byte, 1, 0) == 1 ? 0 : -1;
}

static int
open_queue(void)
{
	mqd_t queue;

	start();
	queue = mq_open(QUEUE, O_RDWR);
	stop();
	return queue < 0 ? -1 : mq_close(queue);
}

static const struct {
	const char *name;
	int (*call)(void);
} calls[] = {
	{ "connect,own", connect_own },
	{ "connect,granted", connect_granted },
	{ "connect,TCP", connect_tcp },
	{ "flock", lock },
	{ "sendmsg", send_message },
	{ "sendto,UDP", send_datagram },
	{ "mq_open", open_queue },
};

static int
serve(int type, const void *addr, socklen_t size)
{
	const int one = 1;
	int fd = socket(((const struct sockaddr *)addr)->sa_family, type | SOCK_CLOEXEC, 0);

	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, addr, size) < 0 || (type == SOCK_STREAM && listen(fd, 8) < 0))
		return -1;
	return fd;
}

static int
prepare(const char *dir, const char *port)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/asked.file", dir);
	locked = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (snprintf(granted.sun_path, sizeof(granted.sun_path), "%s/asked.socket", dir) >=
	    (int)sizeof(granted.sun_path))
		return -1;
	snprintf(own.sun_path, sizeof(own.sun_path), "/tmp/pale-asked.%d", getpid());
	inet.sin_port = htons((uint16_t)atoi(port));
	inet_pton(AF_INET, ADDRESS, &inet.sin_addr);
	unlink(granted.sun_path);
	granted_server = serve(SOCK_STREAM, &granted, sizeof(granted));
	own_server = serve(SOCK_STREAM, &own, sizeof(own));
	tcp_server = serve(SOCK_STREAM, &inet, sizeof(inet));
	udp_server = serve(SOCK_DGRAM, &inet, sizeof(inet));
	udp_client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (locked < 0 || granted_server < 0 || own_server < 0 || tcp_server < 0 ||
	    udp_server < 0 || udp_client < 0)
		return -1;
	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

static double
measure(int (*call)(void))
{
	double best = 0;

	for (int round = 0; round < ROUNDS; round++) {
		spent = 0;
		for (int n = 0; n < CALLS; n++) {
			if (call() < 0)
				return -1;
		}
		if (round == 0 || spent / CALLS < best)
			best = spent / CALLS;
	}
	return best;
}

int
main(int argc, char **argv)
{
	int result = 0;

	if (argc == 2 && strcmp(argv[1], "make") == 0)
		return mq_open(QUEUE, O_RDWR | O_CREAT, 0600, NULL) < 0;
	if (argc == 2 && strcmp(argv[1], "remove") == 0)
		return mq_unlink(QUEUE) < 0;
	if (argc != 3 || prepare(argv[1], argv[2]) < 0) {
		perror("asked");
		return 1;
	}
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]) && result == 0; i++) {
		double best = measure(calls[i].call);

		if (best < 0) {
			perror(calls[i].name);
			result = 1;
		}
		printf("%s %.1f\n", calls[i].name, best);
	}
	unlink(own.sun_path);
	unlink(granted.sun_path);
	return result;
}
