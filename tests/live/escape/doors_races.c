/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Races around what the supervisor reads: another thread changes the address, the message, its
 * control data, or what a descriptor's number means, while the call stands still. They stop at the
 * first win.
 */
#include "probe.h"

#include <mqueue.h>
#include <pthread.h>
#include <stdatomic.h>

#include "doors_probe.h"

enum {
	BATCH = 64,
	ROOM = 128,
	SPARE_FD = 90,
	GRANTED_BYTES = 24, /* of a message in the granted queue (doors.c) */
};

static struct {
	_Alignas(16) char live[ROOM];
	char good[ROOM], bad[ROOM];
	size_t size;
	atomic_bool stop;
} flip;

static unsigned long tries;

static void *
flip_bytes(void *unused)
{
	while (!atomic_load_explicit(&flip.stop, memory_order_relaxed)) {
		memcpy(flip.live, flip.bad, flip.size);
		__asm__ volatile("" ::: "memory");
		memcpy(flip.live, flip.good, flip.size);
		__asm__ volatile("" ::: "memory");
	}
	return unused;
}

static int numbers[2];

static void *
flip_numbers(void *unused)
{
	while (!atomic_load_explicit(&flip.stop, memory_order_relaxed)) {
		dup2(numbers[0], SPARE_FD);
		dup2(numbers[1], SPARE_FD);
	}
	return unused;
}

static void
set_path(char *room, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	memcpy(room, &addr, sizeof(addr));
}

static void
set_host(char *room, int last, int port)
{
	struct sockaddr_in addr = door_address(last, port);

	memcpy(room, &addr, sizeof(addr));
}

/* Try until the time is over or the outside has noticed. */
static int
race(void *(*flipper)(void *), void (*act)(int fd), int (*make)(void), const unsigned *counter,
    const unsigned *granted, const char *what)
{
	unsigned before_granted = *granted;
	double end = now_s() + race_seconds;
	unsigned before = *counter;
	bool win = false;
	pthread_t thread;

	if (!w.doors.given)
		return skipped("nothing of it is granted here");
	memcpy(flip.live, flip.good, sizeof(flip.live));
	if (pthread_create(&thread, NULL, flipper, NULL) != 0)
		return broken("thread");
	while (!win && now_s() < end) {
		for (int i = 0; i < BATCH && !win; i++, tries++) {
			int fd = make();

			act(fd);
			if (fd >= 0)
				close(fd);
			win = __atomic_load_n(counter, __ATOMIC_ACQUIRE) != before;
		}
	}
	atomic_store(&flip.stop, true);
	pthread_join(thread, NULL);
	if (win || grew(counter, before)) {
		note("won at try %lu", tries);
		return ESCAPED;
	}
	note("0 wins in %lu %s, %u to what is granted", tries, what, *granted - before_granted);
	/* A race that only ever lost proves nothing: what is granted must have got through. */
	return tries > 0 && (is_native || grew(granted, before_granted)) ? EXDEV : BROKEN;
}

static int
new_stream(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static int
new_dgram(void)
{
	return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static int
new_tcp(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static int
new_udp(void)
{
	return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static int
new_granted(void)
{
	return door_connect(SOCK_STREAM, door("stream"));
}

static void
do_connect(int fd)
{
	ignore(connect(fd, (struct sockaddr *)(void *)flip.live, (socklen_t)flip.size));
}

static void
do_sendto(int fd)
{
	ignore(sendto(fd, "x", 1, 0, (struct sockaddr *)(void *)flip.live, (socklen_t)flip.size));
}

static void
do_sendmsg(int fd)
{
	struct iovec part = { (char[1]){ 'x' }, 1 };
	struct msghdr message = { .msg_name = flip.live,
		.msg_namelen = (socklen_t)flip.size,
		.msg_iov = &part,
		.msg_iovlen = 1 };

	ignore(sendmsg(fd, &message, MSG_NOSIGNAL));
}

static void
do_sendmmsg(int fd)
{
	struct iovec part = { (char[1]){ 'x' }, 1 };
	struct mmsghdr message = { .msg_hdr = { .msg_name = flip.live,
				       .msg_namelen = (socklen_t)flip.size,
				       .msg_iov = &part,
				       .msg_iovlen = 1 } };

	ignore(sendmmsg(fd, &message, 1, MSG_NOSIGNAL));
}

/* The header itself lies in what is flipped. */
static void
do_header(int fd)
{
	ignore(sendmsg(fd, (struct msghdr *)(void *)flip.live, MSG_NOSIGNAL));
}

static void
do_number(int fd)
{
	struct sockaddr_in to = door_address(1, w.doors.udp_port);

	(void)fd;
	ignore(connect(SPARE_FD, (struct sockaddr *)&to, sizeof(to)));
	ignore(send(numbers[0], "x", 1, MSG_NOSIGNAL));
}

static int
no_descriptor(void)
{
	return -1;
}

RACE("race", "a granted socket's address that becomes its neighbour's, connect", ANYONE)
{
	flip.size = sizeof(struct sockaddr_un);
	set_path(flip.good, door("stream"));
	set_path(flip.bad, door("strean"));
	return race(
	    flip_bytes, do_connect, new_stream, &board->streams, &board->door_streams, "connects");
}

RACE("race", "a granted socket's address that becomes its neighbour's, sendto", ANYONE)
{
	flip.size = sizeof(struct sockaddr_un);
	set_path(flip.good, door("dgram"));
	set_path(flip.bad, door("dgran"));
	return race(flip_bytes, do_sendto, new_dgram, &board->datagrams, &board->door_datagrams,
	    "datagrams");
}

RACE("race", "a granted socket's address that becomes its neighbour's, sendmsg", ANYONE)
{
	flip.size = sizeof(struct sockaddr_un);
	set_path(flip.good, door("dgram"));
	set_path(flip.bad, door("dgran"));
	return race(flip_bytes, do_sendmsg, new_dgram, &board->datagrams, &board->door_datagrams,
	    "messages");
}

RACE("race", "a granted socket's address that becomes its neighbour's, sendmmsg", ANYONE)
{
	flip.size = sizeof(struct sockaddr_un);
	set_path(flip.good, door("dgram"));
	set_path(flip.bad, door("dgran"));
	return race(flip_bytes, do_sendmmsg, new_dgram, &board->datagrams, &board->door_datagrams,
	    "messages");
}

RACE("race", "a message's header that names another address", ANYONE)
{
	static struct sockaddr_un to[2];
	static char byte[1] = { 'x' };
	static struct iovec part = { byte, 1 };
	struct msghdr message = { .msg_namelen = sizeof(to[0]), .msg_iov = &part, .msg_iovlen = 1 };

	flip.size = sizeof(message);
	set_path((char *)&to[0], door("dgram"));
	set_path((char *)&to[1], door("dgran"));
	message.msg_name = &to[0];
	memcpy(flip.good, &message, sizeof(message));
	message.msg_name = &to[1];
	memcpy(flip.bad, &message, sizeof(message));
	return race(flip_bytes, do_header, new_dgram, &board->datagrams, &board->door_datagrams,
	    "messages");
}

RACE("race", "a message's header that gets a descriptor to pass", ANYONE)
{
	static union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	static char byte[1] = { 'x' };
	static struct iovec part = { byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	int passed = open(rw(""), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &passed, sizeof(passed));
	flip.size = sizeof(message);
	memcpy(flip.good, &message, sizeof(message));
	message.msg_control = &control;
	message.msg_controllen = CMSG_SPACE(sizeof(int));
	memcpy(flip.bad, &message, sizeof(message));
	return race(flip_bytes, do_header, new_granted, &board->door_descriptors,
	    &board->door_bytes, "messages");
}

RACE("race", "a granted port's address that becomes another, connect", ANYONE)
{
	flip.size = sizeof(struct sockaddr_in);
	set_host(flip.good, 1, w.doors.tcp_port);
	set_host(flip.bad, 2, w.doors.tcp_port);
	return race(
	    flip_bytes, do_connect, new_tcp, &board->streams, &board->door_streams, "connects");
}

RACE("race", "a granted port's address that becomes another, sendto", ANYONE)
{
	flip.size = sizeof(struct sockaddr_in);
	set_host(flip.good, 1, w.doors.udp_port);
	set_host(flip.bad, 2, w.doors.udp_port);
	return race(
	    flip_bytes, do_sendto, new_udp, &board->datagrams, &board->door_datagrams, "datagrams");
}

RACE("race", "a granted port's address that becomes another, sendmmsg", ANYONE)
{
	flip.size = sizeof(struct sockaddr_in);
	set_host(flip.good, 1, w.doors.udp_port);
	set_host(flip.bad, 2, w.doors.udp_port);
	return race(flip_bytes, do_sendmmsg, new_udp, &board->datagrams, &board->door_datagrams,
	    "messages");
}

RACE("race", "a descriptor's number that means a stream and then a datagram socket", ANYONE)
{
	numbers[0] = new_udp();
	numbers[1] = new_tcp();
	return race(flip_numbers, do_number, no_descriptor, &board->streams, &board->door_datagrams,
	    "connects");
}

RACE("race", "a granted queue's name that becomes another", ANYONE)
{
	double end = now_s() + race_seconds;
	bool win = false;
	pthread_t thread;
	struct mq_attr attr;

	if (!w.doors.given)
		return skipped("nothing of it is granted here");
	/* The kernel takes the name without the slash; the queues differ in size. */
	flip.size = 48;
	snprintf(flip.good, sizeof(flip.good), "%.90s", w.doors.mq_name + 1);
	snprintf(flip.bad, sizeof(flip.bad), "%.90s", w.mq_name + 1);
	memcpy(flip.live, flip.good, sizeof(flip.live));
	if (pthread_create(&thread, NULL, flip_bytes, NULL) != 0)
		return broken("thread");
	while (!win && now_s() < end) {
		for (int i = 0; i < BATCH && !win; i++, tries++) {
			int fd =
			    (int)syscall(SYS_mq_open, flip.live, O_RDONLY | O_NONBLOCK, 0, NULL);

			if (fd < 0)
				continue;
			win = mq_getattr(fd, &attr) == 0 && attr.mq_msgsize != GRANTED_BYTES;
			close(fd);
		}
	}
	atomic_store(&flip.stop, true);
	pthread_join(thread, NULL);
	if (win) {
		note("won at try %lu", tries);
		return ESCAPED;
	}
	note("0 wins in %lu opens", tries);
	return tries > 0 ? EXDEV : BROKEN;
}
