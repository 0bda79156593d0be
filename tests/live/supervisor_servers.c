/* SPDX-License-Identifier: BSD-2-Clause */
/* What is around a cage whose supervisor is abused, and counts what comes; supervisor_abuse.h. */
#include "supervisor_abuse.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Servers, in the order of the list that is polled. */
enum { UDP, QUIET_UDP, TCP, QUIET_TCP, HOST, QUIET_HOST, STREAM, SERVERS };

enum {
	STREAMS_MAX = 64,
	ROOM = SERVERS + STREAMS_MAX + 1,
};

struct pollfd served[ROOM];
nfds_t served_count;
static uint32_t words[STREAMS_MAX];

static int
serve_inet(int type, uint16_t *ret_port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t size = sizeof(addr);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	addr.sin_port = htons(*ret_port);
	if (bind(fd, (struct sockaddr *)&addr, size) < 0 ||
	    (type == SOCK_STREAM && listen(fd, 4096) < 0) ||
	    getsockname(fd, (struct sockaddr *)&addr, &size) < 0)
		abort();
	*ret_port = ntohs(addr.sin_port);
	return fd;
}

static int
serve_unix(const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s", world.dir, name);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, 4096) < 0)
		abort();
	chmod(addr.sun_path, 0777);
	return fd;
}

const char *
world_path(const char *name)
{
	static char path[DIR_BYTES + 32];

	snprintf(path, sizeof(path), "%s/%s", world.dir, name);
	return path;
}

void
world_make(unsigned amount)
{
	struct mq_attr attr = { .mq_maxmsg = 1, .mq_msgsize = 8 };
	uint16_t udp = 0;
	int fd;

	memset(&world, 0, sizeof(world));
	snprintf(world.dir, sizeof(world.dir), "/var/tmp/pale-abuse.%d", getpid());
	snprintf(world.queue, sizeof(world.queue), "/pale-abuse.%d", getpid());
	world.amount = amount;
	mkdir(world.dir, 0755);
	mkdir(world_path("rw"), 0755);
	mkdir(world_path("ro"), 0755);
	mkdir(world_path("rw/names"), 0755);
	close(open(world_path("rw/file"), O_WRONLY | O_CREAT, 0644));
	close(open(world_path("ro/file"), O_WRONLY | O_CREAT, 0644));
	served[UDP].fd = serve_inet(SOCK_DGRAM, &world.udp);
	served[TCP].fd = serve_inet(SOCK_STREAM, &world.tcp);
	served[QUIET_TCP].fd = serve_inet(SOCK_STREAM, &world.quiet);
	udp = world.quiet;
	served[QUIET_UDP].fd = serve_inet(SOCK_DGRAM, &udp);
	close(serve_inet(SOCK_STREAM, &world.listen));
	served[HOST].fd = serve_unix("rw/host");
	served[QUIET_HOST].fd = serve_unix("ro/host");
	served[STREAM].fd = serve_unix("rw/stream");
	served_count = SERVERS;
	for (nfds_t i = 0; i < ROOM; i++)
		served[i].events = POLLIN;
	mq_close(mq_open(world.queue, O_RDWR | O_CREAT, 0600, &attr));
	fd = open(world_path("rw/page"), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (ftruncate(fd, sizeof(*world.page)) < 0)
		abort();
	world.page = mmap(NULL, sizeof(*world.page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	fd = open(world_path("ro/world"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (world.page == MAP_FAILED || write(fd, &world, sizeof(world)) != sizeof(world))
		abort();
	close(fd);
}

void
world_remove(void)
{
	char command[DIR_BYTES + 16];

	munmap(world.page, sizeof(*world.page));
	for (nfds_t i = 0; i < served_count; i++)
		close(served[i].fd);
	mq_unlink(world.queue);
	snprintf(command, sizeof(command), "rm -rf '%s'", world.dir);
	if (system(command) != 0)
		printf("# %s is left\n", world.dir);
}

static void
take_clients(int server, volatile uint32_t *number)
{
	int fd;

	while ((fd = accept4(server, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		(*number)++;
		if (server != served[STREAM].fd || served_count == SERVERS + STREAMS_MAX) {
			close(fd);
			continue;
		}
		words[served_count - SERVERS] = 0;
		served[served_count++] = (struct pollfd){ .fd = fd, .events = POLLIN };
	}
}

static void
take_datagrams(void)
{
	struct page *page = world.page;
	uint32_t number[16];
	ssize_t got;

	while ((got = recv(served[UDP].fd, number, sizeof(number), 0)) >= 0) {
		page->datagrams++;
		/* What was sent astray has another size. */
		if (got == sizeof(number[0]) && number[0] < NUMBERS_MAX)
			page->came[number[0]]++;
	}
}

static void
take_words(nfds_t which)
{
	uint32_t *last = &words[which - SERVERS];
	uint32_t value;

	while (recv(served[which].fd, &value, sizeof(value), 0) == sizeof(value)) {
		world.page->stream_wrong += value != *last + 1;
		*last = value;
		world.page->stream++;
	}
}

void
world_serve(void)
{
	volatile uint32_t ignored = 0;
	char byte;

	take_clients(served[TCP].fd, &world.page->tcp);
	take_clients(served[HOST].fd, &world.page->connected);
	take_clients(served[STREAM].fd, &ignored);
	take_clients(served[QUIET_TCP].fd, &world.page->trespassed);
	take_clients(served[QUIET_HOST].fd, &world.page->trespassed);
	while (recv(served[QUIET_UDP].fd, &byte, 1, 0) >= 0)
		world.page->trespassed++;
	take_datagrams();
	for (nfds_t i = SERVERS; i < served_count; i++)
		take_words(i);
}
