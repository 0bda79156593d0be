/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls of each kind that the supervisor is asked about; see supervisor_abuse.h. */
#include "supervisor_abuse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "kernel/seccomp.h"

enum {
	BEHIND_MAX = 128, /* datagrams that may be under way */
	PATIENCE = 500,
	MAP_BYTES = 1 << 16,
};

static __thread int locked = -1;
static __thread int read_only = -1;
static __thread int udp = -1;
static __thread int stream = -1;
static __thread uint32_t word;
static __thread unsigned names;

/* What is there at one time and not at another. */
static char *flipping;

static struct sockaddr_un
named(const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%.60s/%.40s", world.dir, name);
	return addr;
}

static struct sockaddr_in
at_port(uint16_t port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(port) };

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return addr;
}

/* Make something and be done with it. */
static int
with_socket(int domain, int (*call)(int, const struct sockaddr *, socklen_t), const void *addr,
    socklen_t size)
{
	const struct linger at_once = { 1, 0 };
	int fd = socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int result = fd < 0 ? -1 : call(fd, addr, size);
	int error = errno;

	if (domain == AF_INET)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(fd);
	errno = error;
	return result;
}

static int
listen_at(int fd, const struct sockaddr *addr, socklen_t size)
{
	const int one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (bind(fd, addr, size) < 0)
		return -1;
	return listen(fd, 1);
}

static int
open_queue(const char *name)
{
	mqd_t queue = mq_open(name, O_RDWR);

	return queue < 0 ? -1 : mq_close(queue);
}

/* Datagrams have numbers, of which each is used once. What does not fit is dropped, so wait. */
static uint32_t
take_numbers(unsigned count)
{
	struct page *page = world.page;
	uint32_t first = __atomic_fetch_add(&page->next, count, __ATOMIC_RELAXED);
	const struct timespec moment = { 0, 20000 };

	for (unsigned i = 0; i < PATIENCE && page->sent > page->datagrams + BEHIND_MAX; i++)
		nanosleep(&moment, NULL);
	return first < NUMBERS_MAX - BATCH ? first : NUMBERS_MAX - BATCH;
}

static void
tell(uint32_t first, int sent)
{
	for (int i = 0; i < sent; i++)
		world.page->told[first + (uint32_t)i] = 1;
	if (sent > 0)
		__atomic_fetch_add(&world.page->sent, (uint32_t)sent, __ATOMIC_RELAXED);
}

static int
send_batch(uint32_t first, struct sockaddr_in *to)
{
	struct mmsghdr batch[BATCH] = { 0 };
	struct iovec pieces[BATCH];
	uint32_t numbers[BATCH];

	for (unsigned i = 0; i < BATCH; i++) {
		numbers[i] = first + i;
		pieces[i] = (struct iovec){ &numbers[i], sizeof(numbers[i]) };
		batch[i].msg_hdr = (struct msghdr){ .msg_name = to,
			.msg_namelen = sizeof(*to),
			.msg_iov = &pieces[i],
			.msg_iovlen = 1 };
	}
	return sendmmsg(udp, batch, BATCH, 0);
}

static int
send_number(enum kind kind, uint16_t port)
{
	struct sockaddr_in to = at_port(port);
	/* One that is refused needs none. */
	uint32_t number = port == world.quiet ? 0 : take_numbers(kind == KIND_SENDMMSG ? BATCH : 1);
	struct iovec piece = { &number, sizeof(number) };
	struct msghdr msg = {
		.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &piece, .msg_iovlen = 1
	};
	ssize_t sent;

	if (kind == KIND_SENDMMSG) {
		sent = send_batch(number, &to);
	} else {
		sent = kind == KIND_SENDMSG
		    ? sendmsg(udp, &msg, 0)
		    : sendto(udp, &number, sizeof(number), 0, (struct sockaddr *)&to, sizeof(to));
		if (sent > 0)
			sent = 1;
	}
	if (port != world.quiet)
		tell(number, (int)sent);
	return sent > 0 ? 0 : -1;
}

/* The next word of a stream; after an error the same one again. */
static int
send_word(void)
{
	uint32_t value = word + 1;
	struct iovec piece = { &value, sizeof(value) };
	struct msghdr msg = { .msg_iov = &piece, .msg_iovlen = 1 };

	if (sendmsg(stream, &msg, MSG_NOSIGNAL) != sizeof(value))
		return -1;
	word++;
	return 0;
}

const char *
calls_start(void)
{
	struct sockaddr_un host = named("rw/stream");

	locked = open(named("rw/file").sun_path, O_RDWR | O_CLOEXEC);
	read_only = open(named("ro/file").sun_path, O_RDONLY | O_CLOEXEC);
	udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	stream = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	names = (unsigned)gettid() << 16;
	if (locked < 0 || read_only < 0)
		return "the files";
	if (udp < 0)
		return "a UDP socket";
	return connect(stream, (struct sockaddr *)&host, sizeof(host)) < 0 ? "the stream" : NULL;
}

int
call_make(enum kind kind)
{
	struct sockaddr_un host = named("rw/host");
	struct sockaddr_un own;
	struct sockaddr_in in;
	char name[32];
	int fd;

	switch (kind) {
	case KIND_FLOCK:
		return flock(locked, LOCK_EX) < 0 ? -1 : flock(locked, LOCK_UN);
	case KIND_CONNECT:
		return with_socket(AF_UNIX, connect, &host, sizeof(host));
	case KIND_TCP:
		in = at_port(world.tcp);
		return with_socket(AF_INET, connect, &in, sizeof(in));
	case KIND_BIND:
		snprintf(name, sizeof(name), "rw/names/%08x", names++);
		own = named(name);
		return with_socket(AF_UNIX, bind, &own, sizeof(own));
	case KIND_LISTEN:
		in = at_port(world.listen);
		return with_socket(AF_INET, listen_at, &in, sizeof(in));
	case KIND_SENDTO:
	case KIND_SENDMSG:
	case KIND_SENDMMSG:
		return send_number(kind, world.udp);
	case KIND_STREAM:
		return send_word();
	case KIND_MQ_OPEN:
		return open_queue(world.queue);
	case KIND_CONTROL:
		fd = (int)syscall(PALE_CONTROL_NR, PALE_CONTROL_NEST, 0, 0, 0, 0, 0);
		return fd < 0 ? -1 : close(fd);
	case KIND_COUNT:
		break;
	}
	errno = EINVAL;
	return -1;
}

int
call_forbidden(enum kind kind)
{
	struct sockaddr_un host = named("ro/host");
	struct sockaddr_in in = at_port(world.quiet);

	switch (kind) {
	case KIND_FLOCK:
		return flock(read_only, LOCK_EX | LOCK_NB);
	case KIND_CONNECT:
	case KIND_STREAM:
		return with_socket(AF_UNIX, connect, &host, sizeof(host));
	case KIND_TCP:
		return with_socket(AF_INET, connect, &in, sizeof(in));
	case KIND_BIND:
		host = named("ro/new");
		return with_socket(AF_UNIX, bind, &host, sizeof(host));
	case KIND_LISTEN:
		in.sin_port = 0;
		return with_socket(AF_INET, listen_at, &in, sizeof(in));
	case KIND_SENDTO:
	case KIND_SENDMSG:
	case KIND_SENDMMSG:
		return send_number(kind, world.quiet);
	case KIND_MQ_OPEN:
		return open_queue("/pale-nobody-has-this");
	case KIND_CONTROL:
	case KIND_COUNT:
		break;
	}
	errno = EINVAL;
	return -1;
}

static void *
flip(void *unused)
{
	const struct sockaddr_in good = at_port(world.udp);

	for (unsigned i = 0;; i++) {
		/* There and readable; there and not; not there. */
		mprotect(flipping, MAP_BYTES, PROT_NONE);
		munmap(flipping, MAP_BYTES / 2);
		if (mmap(flipping, MAP_BYTES / 2, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
			return unused;
		mprotect(flipping, MAP_BYTES, PROT_READ | PROT_WRITE);
		if (i % 2 == 0)
			memcpy(flipping, &good, sizeof(good));
	}
}

void
calls_flip(void)
{
	pthread_t thread;

	flipping =
	    mmap(NULL, MAP_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_create(&thread, NULL, flip, NULL);
}

static void
send_astray(enum kind kind, void *where, socklen_t size)
{
	struct sockaddr_in to = at_port(world.quiet);
	struct iovec piece = { where, size };
	struct mmsghdr batch[2] = { 0 };

	batch[0].msg_hdr = (struct msghdr){ .msg_name = where,
		.msg_namelen = size,
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = where,
		.msg_controllen = size % 3 == 0 ? size : 0 };
	batch[1].msg_hdr = batch[0].msg_hdr;
	batch[1].msg_hdr.msg_name = &to;
	batch[1].msg_hdr.msg_namelen = sizeof(to);
	if (kind == KIND_SENDTO) {
		sendto(udp, where, size, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to));
		sendto(udp, where, size, MSG_DONTWAIT, where, size);
	} else if (kind == KIND_SENDMSG) {
		sendmsg(udp, &batch[0].msg_hdr, MSG_DONTWAIT);
		sendmsg(udp, &batch[1].msg_hdr, MSG_DONTWAIT);
		sendmsg(udp, where, MSG_DONTWAIT);
	} else {
		sendmmsg(udp, batch, 2, MSG_DONTWAIT);
		sendmmsg(udp, where, 2, MSG_DONTWAIT);
	}
}

void
call_astray(enum kind kind)
{
	static const size_t places[] = { 0, 8, MAP_BYTES / 2 - 8, MAP_BYTES - 8, MAP_BYTES };
	struct mq_attr *nowhere = (struct mq_attr *)8;

	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		void *where = flipping + places[i];
		socklen_t size = i * 24 + 16;

		switch (kind) {
		case KIND_CONNECT:
			with_socket(AF_UNIX, connect, where, size);
			break;
		case KIND_TCP:
			with_socket(AF_INET, connect, where, 16);
			break;
		case KIND_BIND:
			with_socket(AF_UNIX, bind, where, size);
			break;
		case KIND_LISTEN:
			with_socket(AF_INET, bind, where, 16);
			break;
		case KIND_SENDTO:
		case KIND_SENDMSG:
		case KIND_SENDMMSG:
			send_astray(kind, where, size);
			break;
		case KIND_STREAM:
			sendmsg(stream, (struct msghdr *)8, MSG_NOSIGNAL);
			break;
		case KIND_MQ_OPEN:
			syscall(SYS_mq_open, where, O_RDWR, 0, NULL);
			syscall(SYS_mq_open, "a", O_RDWR | O_CREAT, 0600, nowhere);
			break;
		case KIND_FLOCK:
		case KIND_CONTROL:
		case KIND_COUNT:
			break;
		}
	}
}
