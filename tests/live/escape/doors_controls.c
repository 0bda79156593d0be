/* SPDX-License-Identifier: BSD-2-Clause */
/* What works where endpoints are granted one by one: each of them, as it was granted. */
#include "probe.h"

#include <mqueue.h>
#include <poll.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include "doors_probe.h"

enum {
	PATIENCE_MS = 3000,
};

#define GRANTED(sentence, condition) \
	CONTROL("granted", sentence) \
	{ \
		return w.doors.given ? holds(condition) : skipped("it is not granted here"); \
	}

/* A byte comes at once; what is sent is answered by another. */
static bool
talk(int fd)
{
	struct pollfd one = { fd, POLLIN, 0 };
	char byte;

	if (fd < 0 || poll(&one, 1, PATIENCE_MS) != 1 || recv(fd, &byte, 1, 0) != 1)
		return false;
	return send(fd, "hello", 5, MSG_NOSIGNAL) == 5 && poll(&one, 1, PATIENCE_MS) == 1 &&
	    recv(fd, &byte, 1, 0) == 1 && byte == 'e';
}

static bool
datagram(enum door_send how)
{
	unsigned before = board->door_datagrams;

	return door_send(how, SOCK_DGRAM, door("dgram"), door("dgram")) >= 0 &&
	    grew(&board->door_datagrams, before);
}

static int
tcp(bool blocking)
{
	struct sockaddr_in to = door_address(1, w.doors.tcp_port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK), 0);
	struct pollfd one = { fd, POLLOUT, 0 };
	int error = 0;
	socklen_t size = sizeof(error);

	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	if (blocking || errno != EINPROGRESS || poll(&one, 1, PATIENCE_MS) != 1 ||
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error != 0)
		return -1;
	return fd;
}

static bool
udp(bool connected)
{
	struct sockaddr_in to = door_address(1, w.doors.udp_port);
	unsigned before = board->door_datagrams;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool sent;

	if (connected)
		sent = connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
		    send(fd, "x", 1, 0) == 1;
	else
		sent = sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)) == 1;
	return sent && grew(&board->door_datagrams, before);
}

static bool
pass_both(void)
{
	unsigned before = board->door_passed;
	int fd = door_connect(SOCK_STREAM, door("both"));

	return fd >= 0 && door_take(fd) && door_pass(fd, false) == 1 &&
	    grew(&board->door_passed, before);
}

static bool
pass_inside(void)
{
	int ends[2];

	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0 &&
	    door_pass(ends[0], false) == 1 && door_receive(ends[1]);
}

static bool
read_segment(void)
{
	int id = shmget(w.doors.shm_key, 0, 0);
	const char *at = id < 0 ? (const char *)-1 : shmat(id, NULL, SHM_RDONLY);

	return at != (const char *)-1 && strcmp(at, "granted") == 0 && shmdt(at) == 0;
}

static bool
write_queue(void)
{
	struct {
		long type;
		char text[8];
	} letter = { 1, "q" };
	int id = msgget(w.doors.msg_key, 0600);

	return id == w.doors.msg_id && msgsnd(id, &letter, 2, IPC_NOWAIT) == 0 &&
	    msgrcv(id, &letter, 8, 0, IPC_NOWAIT) == 2;
}

static bool
raise_semaphore(void)
{
	struct sembuf up = { 0, 1, 0 }, down = { 0, -1, 0 };
	int id = semget(w.doors.sem_key, 1, 0600);

	return id >= 0 && semop(id, &up, 1) == 0 && semctl(id, 0, GETVAL) == 1 &&
	    semop(id, &down, 1) == 0;
}

static bool
read_posix_queue(void)
{
	mqd_t queue = mq_open(w.doors.mq_name, O_RDONLY | O_NONBLOCK);
	char room[24];

	return queue >= 0 && mq_receive(queue, room, sizeof(room), NULL) == 8 &&
	    strcmp(room, "granted") == 0;
}

static bool
bind_granted(void)
{
	char answer[ASK_SIZE];

	return door_serve(door("mine")) >= 0 && ask(answer, "meet doors/mine") &&
	    strcmp(answer, "ok") == 0;
}

/* Natively an attempt has removed it before. */
#define GRANTED_OBJECT(sentence, condition) \
	CONTROL("granted", sentence) \
	{ \
		return !w.doors.given || is_native ? skipped("it is not granted here") \
						   : holds(condition); \
	}

GRANTED("talk to a stream server", talk(door_connect(SOCK_STREAM, door("stream"))))
GRANTED("talk to a seqpacket server", talk(door_connect(SOCK_SEQPACKET, door("seq"))))
GRANTED("talk to an abstract server",
    talk(door_connect_bytes(w.doors.abstract, strlen(w.doors.abstract))))
GRANTED("send a datagram", datagram(SEND_TO))
GRANTED("send a datagram as a message", datagram(SEND_MSG))
GRANTED("send datagrams as many messages", datagram(SEND_MANY))
GRANTED("send to a datagram server that is connected to", datagram(SEND_CONNECTED))
GRANTED("take and pass descriptors where both are granted", pass_both())
GRANTED("pass a descriptor within the cage", pass_inside())
GRANTED("listen at a granted name", bind_granted())
GRANTED("read a FIFO", open(door("fifo.in"), O_RDONLY | O_NONBLOCK) >= 0)
GRANTED("write to a FIFO without a reader, which says so",
    open(door("fifo.out"), O_WRONLY | O_NONBLOCK) < 0 && errno == ENXIO)
GRANTED_OBJECT("read a segment", read_segment())
GRANTED_OBJECT("send to and take from a queue", write_queue())
GRANTED_OBJECT("raise and lower a semaphore", raise_semaphore())
GRANTED_OBJECT("take from a POSIX queue", read_posix_queue())
GRANTED("talk to a TCP server", talk(tcp(true)))
GRANTED("talk to a TCP server without waiting for the connection", talk(tcp(false)))
GRANTED("send to a UDP server", udp(false))
GRANTED("send to a UDP server that is connected to", udp(true))
