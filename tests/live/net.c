/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The network of a cage, from outside: the servers, `pale run` around a probe for each fact, and
 * what those outside heard. See net.h.
 *
 *   PALE  the program under test; default: ../../pale beside this one
 */
#include "net.h"

#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	PROBE_SECONDS = 30, /* whatever takes longer hangs */
	ECHO_MAX = 64,      /* descriptors of the echo server */
	SLOW_CLIENTS = 4,   /* enough to fill a queue of length 0 */
};

uint16_t ports[PORT_COUNT];
static char self[PATH_MAX];
static char pale[PATH_MAX];
static unsigned count;
static unsigned failed;
/* Servers that echo, and servers that are to hear nothing. */
static struct pollfd echo[ECHO_MAX];
static nfds_t echo_count;
static nfds_t echo_servers;
static int quiet[16];
static size_t quiet_count;

int
fail(int line, const char *condition, int error)
{
	fprintf(stderr, "# line %d: %s: %s\n", line, condition, strerror(error));
	return 1;
}

static void
told(bool good, const char *sentence, const char *detail)
{
	count++;
	failed += !good;
	printf("%sok %u - %s%s%s\n", good ? "" : "not ", count, sentence, good ? "" : ": ",
	    good ? "" : detail);
}

/* A server; *io_port 0 chooses one. */
static int
serve(int type, const char *address, uint16_t *io_port, int backlog)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(*io_port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(*io_port) };
	bool v6 = inet_pton(AF_INET, address, &in.sin_addr) != 1;
	struct sockaddr *addr = v6 ? (struct sockaddr *)&in6 : (struct sockaddr *)&in;
	socklen_t size = v6 ? sizeof(in6) : sizeof(in);
	int fd = socket(addr->sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int one = 1;

	if (v6)
		inet_pton(AF_INET6, address, &in6.sin6_addr);
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, addr, size) < 0 || (type == SOCK_STREAM && listen(fd, backlog) < 0) ||
	    getsockname(fd, addr, &size) < 0)
		return -1;
	*io_port = ntohs(v6 ? in6.sin6_port : in.sin_port);
	return fd;
}

static void
add_echo(int fd)
{
	echo[echo_count++] = (struct pollfd){ .fd = fd, .events = POLLIN };
}

static void
add_quiet(int fd)
{
	quiet[quiet_count++] = fd;
}

static int
reach_slow(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(ports[PORT_SLOW]) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return connect(fd, (struct sockaddr *)&in, sizeof(in));
}

static bool
start_servers(void)
{
	static const char *const local[] = { "127.0.0.1", "::1" };
	uint16_t *tcp = &ports[PORT_TCP];
	uint16_t *udp = &ports[PORT_UDP];
	uint16_t *bad = &ports[PORT_BAD];
	int fd;

	for (size_t i = 0; i < 2; i++) {
		add_echo(serve(SOCK_STREAM, local[i], tcp, 64));
		add_echo(serve(SOCK_DGRAM, local[i], udp, 0));
		add_quiet(serve(SOCK_STREAM, local[i], bad, 64));
		add_quiet(serve(SOCK_DGRAM, local[i], bad, 0));
	}
	add_quiet(serve(SOCK_STREAM, "127.0.0.2", tcp, 64));
	add_quiet(serve(SOCK_DGRAM, "127.0.0.2", udp, 0));
	echo_servers = echo_count;
	for (nfds_t i = 0; i < echo_count; i++) {
		if (echo[i].fd < 0)
			return false;
	}
	for (size_t i = 0; i < quiet_count; i++) {
		if (quiet[i] < 0)
			return false;
	}
	if (serve(SOCK_STREAM, local[0], &ports[PORT_SLOW], 0) < 0)
		return false;
	for (int i = 0; i < SLOW_CLIENTS; i++)
		reach_slow();
	for (int i = 0; i < 2; i++) {
		fd = serve(SOCK_STREAM, local[0], &ports[i == 0 ? PORT_BIND : PORT_CLOSED], 0);
		if (fd < 0)
			return false;
		close(fd);
	}
	return true;
}

/* One event of the echo server. */
static void
answer(nfds_t i)
{
	struct sockaddr_storage from;
	socklen_t size = sizeof(from);
	int type = 0;
	socklen_t type_size = sizeof(type);
	char buf[512];
	ssize_t got;
	int fd;

	getsockopt(echo[i].fd, SOL_SOCKET, SO_TYPE, &type, &type_size);
	if (i < echo_servers && type == SOCK_STREAM) {
		fd = accept4(echo[i].fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0 && echo_count < ECHO_MAX)
			add_echo(fd);
		else if (fd >= 0)
			close(fd);
		return;
	}
	got = recvfrom(echo[i].fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &size);
	if (got > 0 && i < echo_servers)
		sendto(echo[i].fd, buf, (size_t)got, 0, (struct sockaddr *)&from, size);
	else if (got > 0)
		send(echo[i].fd, buf, (size_t)got, MSG_NOSIGNAL);
	else if (i >= echo_servers) {
		close(echo[i].fd);
		echo[i] = echo[--echo_count];
	}
}

static void *
echo_for_ever(void *unused)
{
	while (poll(echo, echo_count, -1) >= 0) {
		for (nfds_t i = echo_count; i-- > 0;) {
			if (echo[i].revents != 0)
				answer(i);
		}
	}
	return unused;
}

/* Has one of the quiet servers heard anything? It is forgotten then. */
static bool
was_heard(void)
{
	bool heard = false;
	char buf[64];

	for (size_t i = 0; i < quiet_count; i++) {
		int fd = accept4(quiet[i], NULL, NULL, SOCK_CLOEXEC);

		while (fd >= 0) {
			heard = true;
			close(fd);
			fd = accept4(quiet[i], NULL, NULL, SOCK_CLOEXEC);
		}
		while (recv(quiet[i], buf, sizeof(buf), 0) >= 0)
			heard = true;
	}
	return heard;
}

static const char *
grant(const char *host, enum port port, const char *use)
{
	static char ring[16][64];
	static unsigned next;
	char *slot = ring[next++ % 16];

	snprintf(slot, sizeof(ring[0]), "%s:%u%s", host, ports[port], use);
	return slot;
}

static void
become_pale(const struct probe *probe)
{
	const char *argv[64] = { pale, "run", "-x", self };
	const char *hosts[] = { "--tcp", grant("127.0.0.1", PORT_TCP, ""), "--tcp",
		grant("[::1]", PORT_TCP, ":connect"), "--tcp",
		grant("127.0.0.1", PORT_BIND, ":connect,bind"), "--tcp",
		grant("127.0.0.1", PORT_CLOSED, ""), "--tcp", grant("127.0.0.1", PORT_SLOW, ""),
		"--udp", grant("127.0.0.1", PORT_UDP, ""), "--udp", grant("[::1]", PORT_UDP, ""),
		"--udp", grant("127.0.0.1", PORT_BIND, ":connect,bind") };
	static const char *const nets[] = { [GRANT_LOOPBACK] = "--net=loopback",
		[GRANT_NONE] = "--net=none",
		[GRANT_HOST] = "--net=host" };
	static char words[PORT_COUNT][8];
	size_t n = 4;

	if (probe->granted >= GRANT_LOOPBACK)
		argv[n++] = nets[probe->granted];
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i += 2) {
		bool tcp = strcmp(hosts[i], "--tcp") == 0;

		if (probe->granted >= GRANT_LOOPBACK || (probe->granted == GRANT_TCP && !tcp) ||
		    (probe->granted == GRANT_UDP && tcp))
			continue;
		argv[n++] = hosts[i];
		argv[n++] = hosts[i + 1];
	}
	argv[n++] = "--";
	argv[n++] = self;
	argv[n++] = probe->name;
	for (int i = 0; i < PORT_COUNT; i++) {
		snprintf(words[i], sizeof(words[i]), "%u", ports[i]);
		argv[n++] = words[i];
	}
	dup2(2, 1);
	execv(pale, (char *const *)(uintptr_t)argv);
	_exit(125);
}

static void
try(const struct probe *probe)
{
	int status = -1;
	bool heard;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		become_pale(probe);
	waitpid(pid, &status, 0);
	heard = was_heard();
	told(status == 0 && (!heard || probe->heard), probe->sentence,
	    heard ? "somebody heard of it who should not" : "the probe failed");
}

static int
run_probe(char **argv)
{
	for (int i = 0; i < PORT_COUNT; i++)
		ports[i] = (uint16_t)atoi(argv[2 + i]);
	alarm(PROBE_SECONDS);
	for (const struct probe *p = probes; p->name != NULL; p++) {
		if (strcmp(p->name, argv[1]) == 0)
			return p->run();
	}
	return 2;
}

int
main(int argc, char **argv)
{
	const char *given = getenv("PALE");
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *only = argc == 2 ? argv[1] : "";
	pthread_t server;

	if (argc == 2 + PORT_COUNT)
		return run_probe(argv);
	if (len < 0)
		return 1;
	snprintf(pale, sizeof(pale), "%.*s/../../pale", (int)(strrchr(self, '/') - self), self);
	if (given != NULL)
		snprintf(pale, sizeof(pale), "%s", given);
	if (!start_servers()) {
		printf("1..0 # SKIP the loopback interface lacks 127.0.0.1, 127.0.0.2 or ::1\n");
		return 0;
	}
	if (pthread_create(&server, NULL, echo_for_ever, NULL) != 0)
		return 1;
	for (const struct probe *p = probes; p->name != NULL; p++) {
		if (strstr(p->name, only) != NULL)
			try(p);
	}
	printf("1..%u\n", count);
	return failed > 0;
}
