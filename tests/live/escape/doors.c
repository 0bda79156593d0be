/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Endpoints that a cage can be granted one by one, in doors/ and without a path, and what lies next
 * to each and is not granted. Whoever connects to a granted server is passed a descriptor of the
 * outside at once, and what the server is passed is counted: neither may happen unless it is
 * granted as well.
 */
#include "driver.h"

#include <mqueue.h>
#include <poll.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

enum {
	PEER_SECONDS = 5,
	NEAR_NUL = 3, /* in near[]: the granted abstract name and a NUL */
	THEIRS = 8,   /* ... and a server in the writable grant, which takes what it gets */
};

static void
make_objects(struct doors *d)
{
	struct mq_attr attr = { .mq_maxmsg = 4, .mq_msgsize = 24 };
	char *memory;
	mqd_t queue;

	d->shm_key = state->world.shm_key + 0x100;
	d->msg_key = d->shm_key + 1;
	d->sem_key = d->shm_key + 2;
	d->shm_id = shmget(d->shm_key, 4096, IPC_CREAT | IPC_EXCL | 0700);
	d->msg_id = msgget(d->msg_key, IPC_CREAT | IPC_EXCL | 0600);
	d->sem_id = semget(d->sem_key, 1, IPC_CREAT | IPC_EXCL | 0600);
	must(d->shm_id >= 0 && d->msg_id >= 0 && d->sem_id >= 0, "granted System V objects");
	memory = shmat(d->shm_id, NULL, 0);
	must(memory != (char *)-1, "granted segment");
	strcpy(memory, "granted");
	shmdt(memory);
	snprintf(d->mq_name, NAME_SIZE, "/pale-granted-%d", state->world.driver);
	queue = mq_open(d->mq_name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
	must(queue >= 0 && mq_send(queue, "granted", 8, 0) == 0 && mq_close(queue) == 0,
	    "granted queue");
}

void
doors_make(void)
{
	struct door_servers *s = &state->doors;
	struct doors *d = &state->world.doors;
	char near[NAME_SIZE + 1];
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len;

	d->given = options.doors || options.engine == ENGINE_NATIVE;
	must(mkdir(at("doors"), 0755) == 0 && mkfifo(at("doors/fifo.in"), 0600) == 0 &&
		mkfifo(at("doors/fifo.out"), 0600) == 0 && mkfifo(at("doors/fifo.no"), 0600) == 0,
	    "doors");
	snprintf(d->abstract, NAME_SIZE, "pale-granted-%d", state->world.driver);
	s->stream = listen_unix(SOCK_STREAM, at("doors/stream"), false);
	s->seq = listen_unix(SOCK_SEQPACKET, at("doors/seq"), false);
	s->dgram = listen_unix(SOCK_DGRAM, at("doors/dgram"), false);
	s->both = listen_unix(SOCK_STREAM, at("doors/both"), false);
	s->out = listen_unix(SOCK_STREAM, at("doors/out"), false);
	s->abstract = listen_unix(SOCK_STREAM, d->abstract, true);
	s->tcp = listen_inet(AF_INET, SOCK_STREAM, "127.0.0.1", &d->tcp_port);
	s->udp = listen_inet(AF_INET, SOCK_DGRAM, "127.0.0.1", &d->udp_port);
	must(s->tcp >= 0 && s->udp >= 0, "granted ports");
	s->near[0] = listen_unix(SOCK_STREAM, at("doors/strean"), false);
	s->near[1] = listen_unix(SOCK_DGRAM, at("doors/dgran"), false);
	snprintf(near, sizeof(near), "%sx", d->abstract);
	s->near[2] = listen_unix(SOCK_STREAM, near, true);
	/* The same name and a NUL, which is another name. */
	len = strlen(d->abstract);
	memcpy(addr.sun_path + 1, d->abstract, len);
	s->near[NEAR_NUL] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(bind(s->near[NEAR_NUL], (struct sockaddr *)&addr,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 2)) == 0 &&
		listen(s->near[NEAR_NUL], 8) == 0,
	    "abstract name with a NUL");
	s->near[4] = listen_inet(AF_INET, SOCK_STREAM, "127.0.0.2", &d->tcp_port);
	s->near[5] = listen_inet(AF_INET, SOCK_DGRAM, "127.0.0.2", &d->udp_port);
	s->near[6] = listen_inet(AF_INET6, SOCK_STREAM, "::1", &d->tcp_port);
	s->near[7] = listen_inet(AF_INET, SOCK_STREAM, "127.0.0.1", &d->udp_port);
	s->near[THEIRS] = listen_unix(SOCK_STREAM, at("rw/theirs"), false);
	make_objects(d);
}

void
doors_remove(void)
{
	struct doors *d = &state->world.doors;

	if (d->shm_key == 0)
		return;
	shmctl(d->shm_id, IPC_RMID, NULL);
	msgctl(d->msg_id, IPC_RMID, NULL);
	semctl(d->sem_id, 0, IPC_RMID);
	mq_unlink(d->mq_name);
}

const char *const *
doors_options(void)
{
	static char words[DOOR_ARGS][PATH_SIZE];
	static const char *list[DOOR_ARGS + 1];
	const struct doors *d = &state->world.doors;
	size_t used = 0;

#define ADD(option, ...) \
	do { \
		snprintf(words[used], PATH_SIZE, "%s", option); \
		list[used] = words[used]; \
		used++; \
		snprintf(words[used], PATH_SIZE, __VA_ARGS__); \
		list[used] = words[used]; \
		used++; \
	} while (0)
	ADD("--unix", "%s:connect", at("doors/stream"));
	ADD("--unix", "%s:connect", at("doors/seq"));
	ADD("--unix", "%s:connect", at("doors/dgram"));
	ADD("--unix", "%s:connect,scm-in,scm-out", at("doors/both"));
	ADD("--unix", "%s:connect,scm-out", at("doors/out"));
	ADD("--unix", "%s:bind", at("doors/mine"));
	ADD("--unix", "@%s:connect", d->abstract);
	ADD("--fifo", "%s:read", at("doors/fifo.in"));
	ADD("--fifo", "%s:write", at("doors/fifo.out"));
	ADD("--sysv", "shm:%d:read", d->shm_key);
	ADD("--sysv", "msg:%d:read,write", d->msg_key);
	ADD("--sysv", "sem:%d:read,write", d->sem_key);
	ADD("--mq", "%s:read", d->mq_name);
	/* The queue is the program's own, and the writable grant holds fchmod. */
	ADD("--best-effort", "queue");
	ADD("--tcp", "127.0.0.1:%d", d->tcp_port);
	ADD("--udp", "127.0.0.1:%d", d->udp_port);
#undef ADD
	list[used] = NULL;
	return list;
}

static void
bump(unsigned *counter, unsigned by)
{
	__atomic_add_fetch(counter, by, __ATOMIC_SEQ_CST);
}

union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int) * 8)];
};

/* Pass a descriptor of the outside along with a byte, to a peer or to an address. */
static void
pass_to(int peer, struct sockaddr_un *addr, socklen_t size)
{
	union control control = { 0 };
	struct iovec part = { (char[1]){ 'd' }, 1 };
	struct msghdr message = { .msg_name = addr,
		.msg_namelen = size,
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(sizeof(int)) };
	int fd = open(at("outside"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	/* Where it is not taken the byte goes alone, so that nobody waits for it. */
	if (sendmsg(peer, &message, MSG_NOSIGNAL | MSG_DONTWAIT) != 1)
		sendto(peer, "n", 1, MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)addr, size);
	close(fd);
}

static void
pass(int peer)
{
	pass_to(peer, NULL, 0);
}

/* What was passed to us may be a way back: try it. */
static void
pass_back(const union control *control)
{
	size_t count = (control->head.cmsg_len - CMSG_LEN(0)) / sizeof(int);

	for (size_t i = 0; i < count; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(&control->head) + i * sizeof(fd), sizeof(fd));
		pass(fd);
	}
}

/* Take what comes until the peer is gone; count descriptors. Answers each message with a byte. */
static void
take(int peer, unsigned *descriptors)
{
	char room[256];
	ssize_t got;

	for (;;) {
		union control control = { 0 };
		struct iovec part = { room, sizeof(room) };
		struct msghdr message = { .msg_iov = &part,
			.msg_iovlen = 1,
			.msg_control = &control,
			.msg_controllen = sizeof(control) };

		got = recvmsg(peer, &message, MSG_CMSG_CLOEXEC);
		if (got <= 0)
			return;
		if (CMSG_FIRSTHDR(&message) != NULL && control.head.cmsg_type == SCM_RIGHTS) {
			bump(descriptors,
			    (unsigned)((control.head.cmsg_len - CMSG_LEN(0)) / sizeof(int)));
			pass_back(&control);
		}
		bump(&state->board->door_bytes, (unsigned)got);
		if (send(peer, "e", 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			return;
	}
}

static void
serve_peer(int server, unsigned *descriptors)
{
	struct ucred peer_is;
	socklen_t size = sizeof(peer_is);
	int peer = accept4(server, NULL, NULL, SOCK_CLOEXEC);

	if (peer < 0)
		return;
	bump(&state->board->door_streams, 1);
	if (getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &peer_is, &size) == 0)
		state->board->door_peer = peer_is.pid;
	if (fork() == 0) {
		alarm(PEER_SECONDS);
		pass(peer);
		take(peer, descriptors);
		_exit(0);
	}
	close(peer);
}

static void
serve_near(int server)
{
	int type = 0, peer;
	socklen_t size = sizeof(type);
	char room[64];

	getsockopt(server, SOL_SOCKET, SO_TYPE, &type, &size);
	if (type == SOCK_DGRAM) {
		if (recv(server, room, sizeof(room), MSG_DONTWAIT) >= 0)
			bump(&state->board->datagrams, 1);
		return;
	}
	peer = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	if (peer < 0)
		return;
	bump(&state->board->streams, 1);
	close(peer);
}

/* In a writable grant there may be servers; they are not to be passed anything either. */
static void
serve_datagrams(int server)
{
	union control control = { 0 };
	char room[64];
	struct iovec part = { room, sizeof(room) };
	struct msghdr message = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };

	if (recvmsg(server, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0)
		return;
	bump(&state->board->door_datagrams, 1);
	if (CMSG_FIRSTHDR(&message) != NULL && control.head.cmsg_type == SCM_RIGHTS)
		bump(&state->board->door_descriptors, 1);
}

void
doors_serve(void)
{
	const struct door_servers *s = &state->doors;
	const int streams[] = { s->stream, s->seq, s->abstract, s->tcp, s->near[THEIRS], s->both,
		s->out };
	const int datagrams[] = { s->dgram, s->udp };
	enum {
		STREAMS = sizeof(streams) / sizeof(streams[0]),
		DATAGRAMS = sizeof(datagrams) / sizeof(datagrams[0]),
		NEAR = THEIRS,
	};
	struct pollfd all[STREAMS + DATAGRAMS + NEAR];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	for (int i = 0; i < STREAMS; i++)
		all[i] = (struct pollfd){ streams[i], POLLIN, 0 };
	for (int i = 0; i < DATAGRAMS; i++)
		all[STREAMS + i] = (struct pollfd){ datagrams[i], POLLIN, 0 };
	for (int i = 0; i < NEAR; i++)
		all[STREAMS + DATAGRAMS + i] = (struct pollfd){ s->near[i], POLLIN, 0 };
	while (poll(all, STREAMS + DATAGRAMS + NEAR, -1) > 0 || errno == EINTR) {
		for (int i = 0; i < STREAMS + DATAGRAMS + NEAR; i++) {
			if ((all[i].revents & POLLIN) == 0)
				continue;
			if (i >= STREAMS + DATAGRAMS)
				serve_near(all[i].fd);
			else if (i >= STREAMS)
				serve_datagrams(all[i].fd);
			else
				serve_peer(all[i].fd,
				    streams[i] == s->both || streams[i] == s->out
					? &state->board->door_passed
					: &state->board->door_descriptors);
		}
	}
	_exit(1);
}

/* Somebody outside connects to what the program listens on, and passes it a descriptor. */
int
doors_meet(const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int ret;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", at("%s", name));
	ret = connect(fd, (struct sockaddr *)&addr, sizeof(addr));
	if (ret == 0) {
		pass(fd);
		if (fork() == 0) {
			alarm(PEER_SECONDS);
			take(fd, &state->board->door_descriptors);
			_exit(0);
		}
	}
	close(fd);
	return ret;
}

int
doors_spill(const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path + 1, sizeof(addr.sun_path) - 1, "%s", name);
	pass_to(fd, &addr, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name)));
	return close(fd);
}
