/* SPDX-License-Identifier: BSD-2-Clause */
/* What the send calls do inside a cage, and which descriptors pass; see supervisor.h. */
#include "supervisor.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	SEND_FLIPS = 20000,
	STREAM_BYTES = 3 << 20,
	STREAM_PIECE = 100000,
	FLOOD_THREADS = 8,
	FLOOD_SENDS = 8000,
	BATCH = 10,
};

static int
serve(int type, const char *path)
{
	struct sockaddr_un addr = named(path);
	int fd = sock(type);

	unlink(path);
	if (bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -1;
	return type == SOCK_DGRAM || listen(fd, 8) == 0 ? fd : -1;
}

/* A message of one byte, with descriptors or without. */
struct letter {
	struct msghdr msg;
	struct iovec piece;
	char byte;
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int) * 4)];
	} control;
};

static struct msghdr *
write_letter(struct letter *l, char byte, int fd)
{
	memset(l, 0, sizeof(*l));
	l->byte = byte;
	l->piece = (struct iovec){ &l->byte, 1 };
	l->msg.msg_iov = &l->piece;
	l->msg.msg_iovlen = 1;
	if (fd >= 0) {
		l->control.head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(fd)),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&l->control.head), &fd, sizeof(fd));
		l->msg.msg_control = &l->control;
		l->msg.msg_controllen = CMSG_SPACE(sizeof(fd));
	}
	return &l->msg;
}

static int
post(int to, char byte, int fd)
{
	struct letter l;

	return (int)sendmsg(to, write_letter(&l, byte, fd), 0);
}

/* The byte, or -1; and how many descriptors came with it, which are closed. */
static int
collect(int from, int *ret_fds)
{
	struct letter l;

	write_letter(&l, 0, 0);
	l.msg.msg_controllen = sizeof(l.control);
	if (recvmsg(from, &l.msg, 0) != 1)
		return -1;
	*ret_fds = l.msg.msg_controllen >= CMSG_LEN(sizeof(int)) ? 1 : 0;
	if (*ret_fds == 1) {
		int fd;

		memcpy(&fd, CMSG_DATA(&l.control.head), sizeof(fd));
		close(fd);
	}
	return l.byte;
}

static int
visit(void)
{
	int fd = sock(SOCK_STREAM);

	return reach(fd, at("outside/host")) == 0 ? fd : -1;
}

/* Ask the outsider for a letter with a descriptor; says 'n' if it could not send one. */
static int
ask_for_one(int host, int *ret_fds)
{
	return post(host, 'i', -1) == 1 ? collect(host, ret_fds) : -1;
}

static int
nothing_passes(void)
{
	int host = visit();
	int fds = 0;

	HOLDS(host >= 0 && post(host, 'x', -1) == 1);
	FAILS(post(host, 'x', 0), EPERM);
	HOLDS(ask_for_one(host, &fds) == 'n' && fds == 0);
	/* Nor may it be made to. */
	FAILS(setsockopt(host, SOL_SOCKET, 83, &(int){ 1 }, sizeof(int)), EPERM);
	return 0;
}

static int
goes_out(void)
{
	int host = visit();
	int fds = 0;

	HOLDS(host >= 0 && post(host, 'x', 0) == 1);
	HOLDS(ask_for_one(host, &fds) == 'n' && fds == 0);
	return 0;
}

static int
comes_in(void)
{
	int host = visit();
	int fds = 0;

	HOLDS(host >= 0);
	FAILS(post(host, 'x', 0), EPERM);
	HOLDS(ask_for_one(host, &fds) == 'i' && fds == 1);
	return 0;
}

/* Between processes of the cage descriptors pass, whatever crosses. */
static int
passes_inside(void)
{
	int server = serve(SOCK_STREAM, "/tmp/own");
	int client = sock(SOCK_STREAM);
	int pair[2];
	int fds = 0;
	int peer;

	HOLDS(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	HOLDS(post(pair[0], 'x', 0) == 1 && collect(pair[1], &fds) == 'x' && fds == 1);
	HOLDS(server >= 0 && reach(client, "/tmp/own") == 0);
	peer = accept(server, NULL, NULL);
	HOLDS(peer >= 0);
	HOLDS(post(client, 'x', 0) == 1 && collect(peer, &fds) == 'x' && fds == 1);
	HOLDS(post(peer, 'x', 0) == 1 && collect(client, &fds) == 'x' && fds == 1);
	return 0;
}

/* The outsider comes to a socket that the program made where it can be reached. */
static int
visited(void)
{
	int host = visit();
	int server = serve(SOCK_STREAM, at("rw/own"));
	int fds = 0;
	int peer;

	HOLDS(host >= 0 && server >= 0 && post(host, 'v', -1) == 1);
	peer = accept(server, NULL, NULL);
	HOLDS(peer >= 0 && collect(peer, &fds) == 'n' && fds == 0);
	FAILS(post(peer, 'x', 0), EPERM);
	return 0;
}

/* A socket that was refused descriptors stays so, whatever else is tried with it. */
static int
tricks(void)
{
	struct sockaddr_un addr = named("/tmp/alias");
	int own = serve(SOCK_STREAM, "/tmp/own");
	int host = visit();
	int fds = 0;

	HOLDS(own >= 0 && host >= 0);
	(void)!bind(host, (const struct sockaddr *)&addr, sizeof(addr));
	FAILS(reach(host, "/tmp/own"), EISCONN);
	(void)!listen(host, 1);
	HOLDS(ask_for_one(host, &fds) == 'n' && fds == 0);
	FAILS(post(host, 'x', 0), EPERM);
	return 0;
}

static struct letter flipped;
static int flip_fds[2]; /* a socket of ours, and one to the outside */
static volatile bool flipping;

static void *
flip_letter(void *unused)
{
	for (unsigned i = 0; flipping; i++) {
		struct letter *volatile l = &flipped;

		l->msg.msg_controllen = i % 3 == 0 ? 0 : CMSG_SPACE(sizeof(int));
		l->control.head.cmsg_type = i % 2 == 0 ? SCM_RIGHTS : 77;
		l->control.head.cmsg_len = i % 5 == 0 ? 17 : CMSG_LEN(sizeof(int));
		l->msg.msg_iovlen = i % 7 == 0 ? 0 : 1;
	}
	return unused;
}

static void *
flip_number(void *unused)
{
	for (unsigned i = 0; flipping; i++)
		dup2(flip_fds[i % 2], 100);
	return unused;
}

static void *
swallow(void *data)
{
	char room[4096];
	int fd = *(int *)data;

	while (recv(fd, room, sizeof(room), 0) > 0)
		continue;
	return NULL;
}

/* The driver sees outside whether a descriptor came. */
static int
letter_flips(void)
{
	int pair[2];
	pthread_t threads[3];
	unsigned sent = 0;

	HOLDS(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	flip_fds[0] = pair[0];
	flip_fds[1] = visit();
	HOLDS(flip_fds[1] >= 0);
	dup2(pair[0], 100);
	write_letter(&flipped, 'x', 0);
	flipping = true;
	pthread_create(&threads[0], NULL, flip_letter, NULL);
	pthread_create(&threads[1], NULL, flip_number, NULL);
	pthread_create(&threads[2], NULL, swallow, &pair[1]);
	for (int i = 0; i < SEND_FLIPS; i++)
		sent += sendmsg(100, &flipped.msg, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
	flipping = false;
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	HOLDS(sent > 0);
	return 0;
}

static int
with_control(int to, size_t len, size_t size, int type, int value)
{
	struct letter l;

	write_letter(&l, 'x', value);
	l.control.head.cmsg_len = len;
	l.control.head.cmsg_type = type;
	l.msg.msg_controllen = size;
	return (int)sendmsg(to, &l.msg, MSG_DONTWAIT);
}

static int
mistakes(void)
{
	static char big[1 << 20];
	struct iovec many[2] = { { big, sizeof(big) }, { (void *)8, 8 } };
	struct letter l;
	int pair[2];
	int seq[2];
	int pipes[2];

	HOLDS(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && pipe(pipes) == 0);
	HOLDS(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, seq) == 0);
	FAILS(sendmsg(-1, write_letter(&l, 'x', -1), 0), EBADF);
	FAILS(sendmsg(pipes[1], write_letter(&l, 'x', -1), 0), ENOTSOCK);
	FAILS(sendmsg(pair[0], (struct msghdr *)8, 0), EFAULT);
	write_letter(&l, 'x', -1)->msg_iov = (struct iovec *)8;
	FAILS(sendmsg(pair[0], &l.msg, 0), EFAULT);
	write_letter(&l, 'x', -1)->msg_iov = &many[1];
	FAILS(sendmsg(pair[0], &l.msg, 0), EFAULT);
	write_letter(&l, 'x', -1)->msg_iovlen = 1025;
	FAILS(sendmsg(pair[0], &l.msg, 0), EMSGSIZE);
	write_letter(&l, 'x', -1)->msg_control = (void *)8;
	l.msg.msg_controllen = 24;
	FAILS(sendmsg(pair[0], &l.msg, 0), EFAULT);
	l.msg.msg_controllen = (size_t)1 << 40;
	FAILS(sendmsg(pair[0], &l.msg, 0), ENOBUFS);
	write_letter(&l, 'x', -1)->msg_iov = many;
	FAILS(sendmsg(seq[0], &l.msg, MSG_DONTWAIT), EMSGSIZE);
	FAILS(with_control(pair[0], 0, 24, SCM_RIGHTS, 0), EINVAL);
	FAILS(with_control(pair[0], 15, 24, SCM_RIGHTS, 0), EINVAL);
	FAILS(with_control(pair[0], 25, 24, SCM_RIGHTS, 0), EINVAL);
	FAILS(with_control(pair[0], SIZE_MAX, 24, SCM_RIGHTS, 0), EINVAL);
	FAILS(with_control(pair[0], CMSG_LEN(4), 24, 77, 0), EINVAL);
	FAILS(with_control(pair[0], CMSG_LEN(4), 24, SCM_RIGHTS, 900), EBADF);
	HOLDS(with_control(pair[0], 16, 16, SCM_RIGHTS, 0) == 1);
	HOLDS(with_control(pair[0], 0, 15, SCM_RIGHTS, 0) == 1);
	return 0;
}

static int
credentials(void)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(struct ucred))];
	} control = { .head = { CMSG_LEN(sizeof(struct ucred)), SOL_SOCKET, SCM_CREDENTIALS } };
	struct ucred cred = { getpid(), getuid(), getgid() };
	struct letter l;
	int pair[2];

	HOLDS(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	write_letter(&l, 'x', -1)->msg_control = &control;
	l.msg.msg_controllen = sizeof(control);
	memcpy(CMSG_DATA(&control.head), &cred, sizeof(cred));
	HOLDS(sendmsg(pair[0], &l.msg, 0) == 1);
	cred.pid++;
	memcpy(CMSG_DATA(&control.head), &cred, sizeof(cred));
	FAILS(sendmsg(pair[0], &l.msg, 0), EPERM);
	cred.pid--;
	cred.uid++;
	memcpy(CMSG_DATA(&control.head), &cred, sizeof(cred));
	FAILS(sendmsg(pair[0], &l.msg, 0), EPERM);
	return 0;
}

static volatile sig_atomic_t signals;

static void
count_signal(int number)
{
	(void)number;
	signals++;
}

static int
broken(void)
{
	struct sigaction act = { .sa_handler = count_signal };
	struct letter l;
	int pair[2];
	int seq[2];

	sigaction(SIGPIPE, &act, NULL);
	HOLDS(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && close(pair[1]) == 0);
	HOLDS(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, seq) == 0 && close(seq[1]) == 0);
	FAILS(sendmsg(pair[0], write_letter(&l, 'x', -1), MSG_NOSIGNAL), EPIPE);
	HOLDS(signals == 0);
	FAILS(sendmsg(seq[0], &l.msg, 0), EPIPE);
	HOLDS(signals == 0);
	FAILS(sendmsg(pair[0], &l.msg, 0), EPIPE);
	HOLDS(signals == 1);
	return 0;
}

static int
batches(void)
{
	struct mmsghdr batch[BATCH] = { 0 };
	struct letter letters[BATCH];
	char room[64];
	int pair[2];

	HOLDS(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	for (int i = 0; i < BATCH; i++)
		batch[i].msg_hdr = *write_letter(&letters[i], (char)('a' + i), -1);
	HOLDS(sendmmsg(pair[0], batch, BATCH, 0) == BATCH);
	for (int i = 0; i < BATCH; i++)
		HOLDS(batch[i].msg_len == 1 && recv(pair[1], room, sizeof(room), 0) == 1 &&
		    room[0] == 'a' + i);
	batch[3].msg_hdr.msg_iov = (struct iovec *)8;
	HOLDS(sendmmsg(pair[0], batch, BATCH, 0) == 3);
	FAILS(sendmmsg(pair[0], batch + 3, 1, 0), EFAULT);
	FAILS(sendmmsg(pair[0], (struct mmsghdr *)8, 1, 0), EFAULT);
	HOLDS(recv(pair[1], room, sizeof(room), 0) == 1);
	/* What lies in memory that cannot be written to was sent all the same, once. */
	HOLDS(sendmmsg(pair[0], batch, 0, 0) == 0);
	return 0;
}

static void *
check_stream(void *data)
{
	int fd = *(int *)data;
	uint32_t next = 0;
	uint32_t word;

	while (recv(fd, &word, sizeof(word), MSG_WAITALL) == (ssize_t)sizeof(word)) {
		if (word != next++)
			return (void *)(uintptr_t)1;
	}
	return next == STREAM_BYTES / sizeof(word) ? NULL : (void *)(uintptr_t)2;
}

/* What waits and meets signals is sent once and whole. */
static int
stream(void)
{
	struct sigaction act = { .sa_handler = count_signal };
	struct itimerval timer = { { 0, 3000 }, { 0, 3000 } };
	struct itimerval none = { 0 };
	uint32_t *words = malloc(STREAM_BYTES);
	void *verdict = NULL;
	size_t sent = 0;
	pthread_t thread;
	sigset_t alarms;
	int pair[2];

	HOLDS(words != NULL && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	for (uint32_t i = 0; i < STREAM_BYTES / sizeof(*words); i++)
		words[i] = i;
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	sigprocmask(SIG_BLOCK, &alarms, NULL);
	pthread_create(&thread, NULL, check_stream, &pair[1]);
	sigprocmask(SIG_UNBLOCK, &alarms, NULL);
	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	while (sent < STREAM_BYTES) {
		size_t left = STREAM_BYTES - sent;
		struct iovec piece = { (char *)words + sent,
			left < STREAM_PIECE ? left : STREAM_PIECE };
		struct msghdr msg = { .msg_iov = &piece, .msg_iovlen = 1 };
		ssize_t n = sendmsg(pair[0], &msg, 0);

		HOLDS(n > 0 || (n < 0 && errno == EINTR));
		sent += n > 0 ? (size_t)n : 0;
	}
	setitimer(ITIMER_REAL, &none, NULL);
	close(pair[0]);
	pthread_join(thread, &verdict);
	HOLDS(verdict == NULL);
	free(words);
	return 0;
}

/* A send that nobody makes room for ends by a signal. */
static int
interrupted(void)
{
	static char big[200000];
	struct sigaction act = { .sa_handler = count_signal };
	struct itimerval timer = { { 0, 50000 }, { 0, 50000 } };
	struct iovec piece = { big, sizeof(big) };
	struct msghdr msg = { .msg_iov = &piece, .msg_iovlen = 1 };
	int pair[2];

	HOLDS(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	while (send(pair[0], big, sizeof(big), MSG_DONTWAIT) > 0)
		continue;
	FAILS(sendmsg(pair[0], &msg, MSG_DONTWAIT), EAGAIN);
	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	FAILS(sendmsg(pair[0], &msg, 0), EINTR);
	return 0;
}

static int
addresses(void)
{
	struct sockaddr_un there = named(at("rw/dgram"));
	struct sockaddr_un read_only = named(at("ro/host"));
	struct sockaddr_un hidden = named("/tmp/abstract");
	struct letter l;
	int server = serve(SOCK_DGRAM, at("rw/dgram"));
	int client = sock(SOCK_DGRAM);
	char byte = 0;

	HOLDS(server >= 0 && client >= 0);
	HOLDS(sendto(client, "x", 1, 0, (struct sockaddr *)&there, sizeof(there)) == 1);
	HOLDS(recv(server, &byte, 1, MSG_DONTWAIT) == 1 && byte == 'x');
	FAILS(sendto(client, "x", 1, 0, (struct sockaddr *)&read_only, sizeof(read_only)), EACCES);
	hidden.sun_path[0] = '\0';
	FAILS(sendto(client, "x", 1, 0, (struct sockaddr *)&hidden, sizeof(hidden)), ECONNREFUSED);
	write_letter(&l, 'y', -1)->msg_name = &there;
	l.msg.msg_namelen = sizeof(there);
	HOLDS(sendmsg(client, &l.msg, 0) == 1);
	HOLDS(recv(server, &byte, 1, MSG_DONTWAIT) == 1 && byte == 'y');
	write_letter(&l, 'y', 0)->msg_name = &there;
	l.msg.msg_namelen = sizeof(there);
	FAILS(sendmsg(client, &l.msg, 0), EPERM);
	l.msg.msg_name = &read_only;
	l.msg.msg_controllen = 0;
	FAILS(sendmsg(client, &l.msg, 0), EACCES);
	FAILS(sendto(client, "x", 1, 0, (struct sockaddr *)8, sizeof(there)), EFAULT);
	FAILS(sendto(client, "x", 1, 0, (struct sockaddr *)&there, 1000), EINVAL);
	FAILS(sendto(client, (void *)8, 1, 0, (struct sockaddr *)&there, sizeof(there)), EFAULT);
	FAILS(sendto(sock(SOCK_STREAM), "x", 1, 0, (struct sockaddr *)&there, sizeof(there)),
	    EOPNOTSUPP);
	return 0;
}

/* A name outside that is granted for bind: this one, and nothing beside it. */
static int
door_bound(void)
{
	const char *door = at("outside/late");
	struct sockaddr_un addr = { 0 };
	socklen_t size = sizeof(addr);
	int server = serve(SOCK_STREAM, door);

	HOLDS(server >= 0);
	HOLDS(getsockname(server, (struct sockaddr *)&addr, &size) == 0);
	HOLDS(strcmp(addr.sun_path, "late") == 0);
	FAILS(serve(SOCK_STREAM, door), EADDRINUSE);
	HOLDS(serve(SOCK_STREAM, at("outside/host")) < 0 && errno != EADDRINUSE);
	HOLDS(serve(SOCK_STREAM, at("outside/other")) < 0);
	HOLDS(serve(SOCK_STREAM, at("outside/late/x")) < 0);
	HOLDS(chdir("/") == 0 && serve(SOCK_STREAM, "late") < 0);
	/* What a server left is taken away for the next one. */
	close(server);
	server = serve(SOCK_STREAM, door);
	HOLDS(server >= 0);
	return 0;
}

/* Whoever has the name now is reached, and nobody else. */
static int
door_followed(void)
{
	const char *door = at("outside/late");
	char byte = 0;
	int server;
	int peer;

	FAILS(reach(sock(SOCK_STREAM), door), ENOENT);
	for (int i = 0; i < 3; i++) {
		int client = sock(SOCK_STREAM);

		server = serve(SOCK_STREAM, door);
		HOLDS(server >= 0 && reach(client, door) == 0);
		FAILS(reach(sock(SOCK_DGRAM), door), EPROTOTYPE);
		peer = accept(server, NULL, NULL);
		HOLDS(peer >= 0 && write(client, "x", 1) == 1 && read(peer, &byte, 1) == 1);
		/* Others could have come to it, so it crosses. */
		FAILS(post(client, 'x', 0), EPERM);
		close(server);
		FAILS(reach(sock(SOCK_STREAM), door), ECONNREFUSED);
		close(peer);
		close(client);
	}
	FAILS(reach(sock(SOCK_STREAM), at("outside/host")), ENOENT);
	return 0;
}

static void *
send_a_lot(void *unused)
{
	struct letter l;
	int pair[2];
	int fds;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return unused;
	for (int i = 0; i < FLOOD_SENDS; i++) {
		sendmsg(pair[0], write_letter(&l, 'x', i % 4 == 0 ? 0 : -1), MSG_DONTWAIT);
		collect(pair[1], &fds);
	}
	close(pair[0]);
	close(pair[1]);
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
			HOLDS(pthread_create(&threads[i], NULL, send_a_lot, NULL) == 0);
		for (int i = 0; i < FLOOD_THREADS; i++)
			pthread_join(threads[i], NULL);
		HOLDS(write(3, "w", 1) == 1 && read(4, &byte, 1) == 1);
	}
	return 0;
}

const struct probe send_probes[] = {
	{ "nothing-passes", "no descriptor passes a socket that is granted for connect alone",
	    nothing_passes, "", "connect" },
	{ "nothing-native", "also where the kernel connects", nothing_passes, "-", "connect" },
	{ "goes-native", "descriptors go out where it does", goes_out, "-", "connect,scm-out" },
	{ "comes-native", "and come in", comes_in, "-", "connect,scm-in" },
	{ "nothing-followed", "nor where the supervisor connects", nothing_passes, "",
	    "connect,follow" },
	{ "goes-out", "with scm-out descriptors go out, and none comes in", goes_out, "",
	    "connect,scm-out" },
	{ "goes-followed", "and where the supervisor connects", goes_out, "",
	    "connect,follow,scm-out" },
	{ "comes-in", "with scm-in descriptors come in, and none goes out", comes_in, "",
	    "connect,scm-in" },
	{ "comes-followed", "and there too", comes_in, "", "connect,follow,scm-in" },
	{ "inside", "descriptors pass between processes of the cage", passes_inside, "",
	    "connect" },
	{ "inside-native", "also where the kernel connects", passes_inside, "-", "connect" },
	{ "inside-in", "and where some come in from outside", passes_inside, "",
	    "connect,follow,scm-in" },
	{ "visited", "none passes with an outsider that comes to the program's own socket", visited,
	    "", "connect" },
	{ "tricks", "a socket that crosses stays closed, whatever is tried with it", tricks, "",
	    "connect" },
	{ "tricks-native", "also where the kernel connects", tricks, "-", "connect" },
	{ "letter-flips", "a message changed by threads never takes a descriptor out", letter_flips,
	    "", "connect" },
	{ "mistakes", "a wrong message is answered as by the kernel", mistakes, "", "connect" },
	{ "credentials", "a program may say who it is, and nobody else", credentials, "",
	    "connect" },
	{ "broken", "a broken stream sends its signal, unless told not to", broken, "", "connect" },
	{ "batches", "sendmmsg sends one by one, and says how many", batches, "", "connect" },
	{ "stream", "what waits and meets signals is sent whole, and once", stream, "", "connect" },
	{ "interrupted", "a send that waits is ended by a signal", interrupted, "", "connect" },
	{ "addresses", "a datagram goes where connect would, and nowhere else", addresses, "",
	    "connect" },
	{ "door-bound", "a name that is granted for bind can be bound, and none beside it",
	    door_bound, "", "bind", "outside/late" },
	{ "door-followed", "a name that is followed leads to whoever has it", door_followed, "",
	    "connect,follow,bind", "outside/late" },
	{ "send-flood", "the supervisor does not grow under a flood of messages", flood, "",
	    "connect" },
	{ 0 },
};
