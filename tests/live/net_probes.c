/* SPDX-License-Identifier: BSD-2-Clause */
/* What INET sockets do inside a cage; see net.h. */
#include "net.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <net/if.h>
#include <unistd.h>

enum {
	RACE_MS = 2000,
	WAIT_MS = 10000, /* for what certainly comes */
	IPPROTO_MPTCP_NUMBER = 262,
};

/* An address, as bytes and size. */
struct to {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	};
	socklen_t size;
};

static struct to
to4(const char *host, unsigned port)
{
	struct to to = { .in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) },
		.size = sizeof(struct sockaddr_in) };

	inet_pton(AF_INET, host, &to.in.sin_addr);
	return to;
}

static struct to
to6(const char *host, unsigned port)
{
	struct to to = { .in6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) },
		.size = sizeof(struct sockaddr_in6) };

	inet_pton(AF_INET6, host, &to.in6.sin6_addr);
	return to;
}

static int
sock(int family, int type)
{
	return socket(family, type | SOCK_CLOEXEC, 0);
}

static int
tcp(void)
{
	return sock(AF_INET, SOCK_STREAM);
}

static int
udp(void)
{
	return sock(AF_INET, SOCK_DGRAM);
}

static int
reach(int fd, struct to to)
{
	return connect(fd, &to.sa, to.size);
}

static int
name_it(int fd, struct to to)
{
	return bind(fd, &to.sa, to.size);
}

/* An address that a probe before this one has had. */
static void
use_again(int fd)
{
	const int one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
}

static ssize_t
send_it(int fd, struct to to)
{
	return sendto(fd, "x", 1, MSG_NOSIGNAL, &to.sa, to.size);
}

static bool
is_ready(int fd, short events)
{
	struct pollfd polled = { .fd = fd, .events = events };

	return poll(&polled, 1, WAIT_MS) == 1 && (polled.revents & events) != 0;
}

/* The other side echoes. */
static bool
echoes(int fd)
{
	char byte = 0;

	return send(fd, "y", 1, MSG_NOSIGNAL) == 1 && is_ready(fd, POLLIN) &&
	    recv(fd, &byte, 1, 0) == 1 && byte == 'y';
}

static int
error_of(int fd)
{
	int error = -1;
	socklen_t size = sizeof(error);

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
	return error;
}

static int
connect_tcp(void)
{
	int fd = tcp();

	HOLDS(reach(fd, to4("127.0.0.1", ports[PORT_TCP])) == 0 && echoes(fd));
	FAILS(reach(fd, to4("127.0.0.1", ports[PORT_TCP])), EISCONN);
	HOLDS((fcntl(fd, F_GETFL) & O_NONBLOCK) == 0);
	fd = sock(AF_INET6, SOCK_STREAM);
	HOLDS(reach(fd, to6("::1", ports[PORT_TCP])) == 0 && echoes(fd));
	fd = sock(AF_INET6, SOCK_STREAM);
	HOLDS(reach(fd, to6("::ffff:127.0.0.1", ports[PORT_TCP])) == 0 && echoes(fd));
	fd = tcp();
	HOLDS(reach(fd, to4("0.0.0.0", ports[PORT_TCP])) == 0 && echoes(fd));
	fd = sock(AF_INET6, SOCK_STREAM);
	HOLDS(reach(fd, to6("::", ports[PORT_TCP])) == 0 && echoes(fd));
	/* The kernel chooses the address as it does by itself. */
	fd = tcp();
	HOLDS(name_it(fd, to4("0.0.0.0", 0)) == 0);
	HOLDS(reach(fd, to4("127.0.0.1", ports[PORT_TCP])) == 0 && echoes(fd));
	FAILS(reach(tcp(), to4("127.0.0.1", ports[PORT_CLOSED])), ECONNREFUSED);
	return 0;
}

static int
connect_later(void)
{
	int fd = sock(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);

	if (reach(fd, to4("127.0.0.1", ports[PORT_TCP])) < 0)
		HOLDS(errno == EINPROGRESS);
	HOLDS(is_ready(fd, POLLOUT) && error_of(fd) == 0 && echoes(fd));
	fd = sock(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
	FAILS(reach(fd, to4("127.0.0.1", ports[PORT_SLOW])), EINPROGRESS);
	FAILS(reach(fd, to4("127.0.0.1", ports[PORT_SLOW])), EALREADY);
	fd = sock(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
	HOLDS(reach(fd, to4("127.0.0.1", ports[PORT_CLOSED])) == -1);
	HOLDS(errno == ECONNREFUSED ||
	    (errno == EINPROGRESS && is_ready(fd, POLLERR) && error_of(fd) == ECONNREFUSED));
	return 0;
}

static int slow_result;
static int slow_errno;
static int slow_fd;

static void *
reach_slow(void *unused)
{
	slow_result = reach(slow_fd, to4("127.0.0.1", ports[PORT_SLOW]));
	slow_errno = errno;
	return unused;
}

static void
on_signal(int signo)
{
	(void)signo;
}

static int
connect_waits(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	const struct timeval soon = { .tv_usec = 50000 };
	pthread_t thread;
	int fd = tcp();

	slow_fd = tcp();
	sigaction(SIGUSR1, &action, NULL);
	HOLDS(pthread_create(&thread, NULL, reach_slow, NULL) == 0);
	/* Meanwhile others are served. */
	for (int i = 0; i < 20; i++) {
		fd = tcp();
		HOLDS(reach(fd, to4("127.0.0.1", ports[PORT_TCP])) == 0 && echoes(fd));
		close(fd);
	}
	/* Until it was seen waiting a signal may come before the call. */
	while (pthread_tryjoin_np(thread, NULL) != 0) {
		pthread_kill(thread, SIGUSR1);
		sched_yield();
	}
	HOLDS(slow_result == -1 && slow_errno == EINTR);
	fd = tcp();
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon));
	FAILS(reach(fd, to4("127.0.0.1", ports[PORT_SLOW])), EINPROGRESS);
	return 0;
}

static volatile pid_t slow_tid;

static void *
reach_own(void *unused)
{
	slow_tid = gettid();
	slow_result = reach(slow_fd, to4("127.0.0.1", ports[PORT_BIND]));
	slow_errno = errno;
	return unused;
}

/* A thread is asleep in a call. */
static bool
stands_still(pid_t tid)
{
	char path[64];
	char text[128] = "";
	const char *state;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	file = tid == 0 ? NULL : fopen(path, "re");
	if (file == NULL)
		return false;
	state = fgets(text, sizeof(text), file) == NULL ? NULL : strrchr(text, ')');
	fclose(file);
	return state != NULL && (state[2] == 'S' || state[2] == 'D');
}

/* The queue of a server is full until it takes somebody; the kernel then tries once more. */
static int
connect_at_last(void)
{
	int server = tcp();
	pthread_t thread;

	use_again(server);
	HOLDS(name_it(server, to4("127.0.0.1", ports[PORT_BIND])) == 0 && listen(server, 0) == 0);
	HOLDS(reach(tcp(), to4("127.0.0.1", ports[PORT_BIND])) == 0);
	slow_fd = tcp();
	HOLDS(pthread_create(&thread, NULL, reach_own, NULL) == 0);
	while (!stands_still(slow_tid))
		sched_yield();
	HOLDS(accept(server, NULL, NULL) >= 0);
	HOLDS(pthread_join(thread, NULL) == 0 && slow_result == 0);
	FAILS(reach(slow_fd, to4("127.0.0.1", ports[PORT_BIND])), EISCONN);
	return 0;
}

static int
connect_elsewhere(void)
{
	struct to none = { .sa = { .sa_family = AF_UNSPEC }, .size = sizeof(none.sa) };
	struct to path = { .sa = { .sa_family = AF_UNIX }, .size = sizeof(none.sa) };
	int fd = tcp();

	FAILS(reach(tcp(), to4("127.0.0.1", ports[PORT_BAD])), EACCES);
	FAILS(reach(tcp(), to4("127.0.0.2", ports[PORT_TCP])), EACCES);
	FAILS(reach(tcp(), to4("0.0.0.0", ports[PORT_BAD])), EACCES);
	FAILS(reach(tcp(), to4("127.0.0.1", ports[PORT_UDP])), EACCES);
	FAILS(reach(tcp(), to4("127.0.0.1", 0)), EACCES);
	FAILS(reach(sock(AF_INET, SOCK_STREAM | SOCK_NONBLOCK), to4("127.0.0.1", ports[PORT_BAD])),
	    EACCES);
	FAILS(reach(sock(AF_INET6, SOCK_STREAM), to6("::1", ports[PORT_BAD])), EACCES);
	FAILS(reach(sock(AF_INET6, SOCK_STREAM), to6("::", ports[PORT_BAD])), EACCES);
	FAILS(reach(sock(AF_INET6, SOCK_STREAM), to6("::ffff:127.0.0.2", ports[PORT_TCP])), EACCES);
	FAILS(reach(sock(AF_INET6, SOCK_STREAM), to6("::ffff:0.0.0.0", ports[PORT_BAD])), EACCES);
	FAILS(reach(sock(AF_INET6, SOCK_STREAM), to6("::1", ports[PORT_BIND])), EACCES);
	/* What was connected and dissolved is no better off. */
	HOLDS(reach(fd, to4("127.0.0.1", ports[PORT_TCP])) == 0);
	HOLDS(reach(fd, none) == 0);
	FAILS(reach(fd, to4("127.0.0.1", ports[PORT_BAD])), EACCES);
	HOLDS(reach(fd, to4("127.0.0.1", ports[PORT_TCP])) == 0 && echoes(fd));
	/* No address at all. */
	HOLDS(connect(tcp(), NULL, 16) == -1 && errno == EFAULT);
	HOLDS(connect(tcp(), &none.sa, 0) == -1 && errno == EINVAL);
	HOLDS(reach(tcp(), path) == -1);
	FAILS(reach(sock(AF_UNIX, SOCK_STREAM), to4("127.0.0.1", ports[PORT_TCP])), EINVAL);
	return 0;
}

static struct to
no_family(struct to to)
{
	to.sa.sa_family = AF_UNSPEC;
	return to;
}

static int
send_udp(void)
{
	struct to good = to4("127.0.0.1", ports[PORT_UDP]);
	struct iovec iov = { .iov_base = (char *)(uintptr_t) "z", .iov_len = 1 };
	struct mmsghdr many[2] = { 0 };
	int fd = udp();
	char byte;

	HOLDS(reach(fd, good) == 0 && echoes(fd));
	fd = udp();
	HOLDS(send_it(fd, good) == 1 && is_ready(fd, POLLIN) && recv(fd, &byte, 1, 0) == 1);
	/* For IPv4, no family is that family. */
	HOLDS(send_it(fd, no_family(good)) == 1 && is_ready(fd, POLLIN));
	HOLDS(recv(fd, &byte, 1, 0) == 1);
	for (int i = 0; i < 2; i++)
		many[i].msg_hdr = (struct msghdr){ .msg_name = &good.sa,
			.msg_namelen = good.size,
			.msg_iov = &iov,
			.msg_iovlen = 1 };
	HOLDS(sendmsg(fd, &many[0].msg_hdr, 0) == 1 && is_ready(fd, POLLIN));
	HOLDS(recv(fd, &byte, 1, 0) == 1 && byte == 'z');
	HOLDS(sendmmsg(fd, many, 2, 0) == 2 && many[1].msg_len == 1);
	for (int i = 0; i < 2; i++)
		HOLDS(is_ready(fd, POLLIN) && recv(fd, &byte, 1, 0) == 1);
	fd = sock(AF_INET6, SOCK_DGRAM);
	HOLDS(send_it(fd, to6("::1", ports[PORT_UDP])) == 1 && is_ready(fd, POLLIN));
	HOLDS(send_it(fd, to6("::ffff:127.0.0.1", ports[PORT_UDP])) == 1);
	HOLDS(send_it(sock(AF_INET6, SOCK_DGRAM), good) == 1);
	fd = udp();
	HOLDS(name_it(fd, to4("0.0.0.0", 0)) == 0 && send_it(fd, good) == 1);
	HOLDS(is_ready(fd, POLLIN));
	HOLDS(send_it(udp(), to4("0.0.0.0", ports[PORT_UDP])) == 1);
	FAILS(send(udp(), "x", 1, 0), EDESTADDRREQ);
	return 0;
}

static int
send_elsewhere(void)
{
	struct to good = to4("127.0.0.1", ports[PORT_UDP]);
	struct to bad = to4("127.0.0.1", ports[PORT_BAD]);
	struct iovec iov = { .iov_base = (char *)(uintptr_t) "z", .iov_len = 1 };
	struct mmsghdr many[2] = { 0 };
	int fd = udp();

	FAILS(send_it(fd, bad), EACCES);
	FAILS(send_it(fd, no_family(bad)), EACCES);
	FAILS(send_it(fd, to4("127.0.0.2", ports[PORT_UDP])), EACCES);
	FAILS(send_it(fd, to4("0.0.0.0", ports[PORT_BAD])), EACCES);
	FAILS(send_it(sock(AF_INET6, SOCK_DGRAM), bad), EACCES);
	FAILS(send_it(sock(AF_INET6, SOCK_DGRAM), to6("::1", ports[PORT_BAD])), EACCES);
	FAILS(send_it(sock(AF_INET6, SOCK_DGRAM), to6("::", ports[PORT_BAD])), EACCES);
	FAILS(
	    send_it(sock(AF_INET6, SOCK_DGRAM), to6("::ffff:127.0.0.2", ports[PORT_UDP])), EACCES);
	for (int i = 0; i < 2; i++)
		many[i].msg_hdr = (struct msghdr){ .msg_name = i == 0 ? &good.sa : &bad.sa,
			.msg_namelen = good.size,
			.msg_iov = &iov,
			.msg_iovlen = 1 };
	FAILS(sendmsg(fd, &many[1].msg_hdr, 0), EACCES);
	HOLDS(sendmmsg(fd, many, 2, 0) == 1);
	FAILS(sendmmsg(fd, many + 1, 1, 0), EACCES);
	FAILS(reach(fd, bad), EACCES);
	FAILS(reach(fd, to4("127.0.0.2", ports[PORT_UDP])), EACCES);
	/* A socket that has a peer can be told another one for a datagram. */
	HOLDS(reach(fd, good) == 0);
	FAILS(send_it(fd, bad), EACCES);
	FAILS(sendmsg(fd, &many[1].msg_hdr, 0), EACCES);
	/* TCP does not look at the address, and sends nowhere. */
	HOLDS(send_it(tcp(), bad) == -1);
	return 0;
}

static int
serve_tcp(void)
{
	int server = tcp();
	int client = tcp();
	int peer;
	char byte = 0;

	use_again(server);
	HOLDS(name_it(server, to4("127.0.0.1", ports[PORT_BIND])) == 0 && listen(server, 4) == 0);
	HOLDS(reach(client, to4("127.0.0.1", ports[PORT_BIND])) == 0);
	peer = accept(server, NULL, NULL);
	HOLDS(peer >= 0 && write(client, "x", 1) == 1 && read(peer, &byte, 1) == 1 && byte == 'x');
	server = udp();
	HOLDS(name_it(server, to4("127.0.0.1", ports[PORT_BIND])) == 0);
	HOLDS(send_it(udp(), to4("127.0.0.1", ports[PORT_BIND])) == 1);
	HOLDS(is_ready(server, POLLIN) && read(server, &byte, 1) == 1);
	return 0;
}

static int
serve_elsewhere(void)
{
	struct to none = { .sa = { .sa_family = AF_UNSPEC }, .size = sizeof(none.sa) };
	uint16_t port = ports[PORT_BIND];
	int fd = tcp();

	FAILS(name_it(tcp(), to4("0.0.0.0", port)), EACCES);
	FAILS(name_it(tcp(), to4("127.0.0.2", port)), EACCES);
	FAILS(name_it(tcp(), to4("127.0.0.1", 0)), EACCES);
	FAILS(name_it(tcp(), to4("127.0.0.1", ports[PORT_CLOSED])), EACCES);
	FAILS(name_it(tcp(), no_family(to4("0.0.0.0", port))), EACCES);
	FAILS(name_it(tcp(), no_family(to4("127.0.0.1", port))), EAFNOSUPPORT);
	FAILS(name_it(sock(AF_INET6, SOCK_STREAM), to6("::", port)), EACCES);
	FAILS(name_it(sock(AF_INET6, SOCK_STREAM), to6("::1", port)), EACCES);
	FAILS(name_it(udp(), to4("0.0.0.0", port)), EACCES);
	FAILS(name_it(udp(), to4("127.0.0.1", ports[PORT_CLOSED])), EACCES);
	/* Listening gives a socket an address. */
	FAILS(listen(fd, 1), EACCES);
	FAILS(listen(sock(AF_INET6, SOCK_STREAM), 1), EACCES);
	HOLDS(name_it(fd, to4("0.0.0.0", 0)) == 0);
	FAILS(listen(fd, 1), EACCES);
	fd = tcp();
	HOLDS(reach(fd, to4("127.0.0.1", ports[PORT_TCP])) == 0 && reach(fd, none) == 0);
	FAILS(listen(fd, 1), EACCES);
	/* UNIX sockets listen as ever. */
	fd = sock(AF_UNIX, SOCK_STREAM);
	HOLDS(name_it(fd, (struct to){ .sa = { .sa_family = AF_UNIX }, .size = 2 }) == 0);
	HOLDS(listen(fd, 1) == 0);
	return 0;
}

static int
set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

static int
options(void)
{
	static const unsigned char route[] = { 0x83, 7, 4, 127, 0, 0, 2, 0 };
	static const unsigned char header6[24] = { 0, 2, 0, 1 };
	struct ip_mreq join = { .imr_multiaddr = { htonl(0xe00000fb) } };
	struct ipv6_mreq join6 = { .ipv6mr_interface = 1 };
	int t = tcp();
	int u = udp();
	int s = sock(AF_INET6, SOCK_STREAM);

	HOLDS(set_int(t, IPPROTO_TCP, TCP_NODELAY, 1) == 0);
	HOLDS(set_int(t, IPPROTO_TCP, TCP_KEEPIDLE, 30) == 0);
	HOLDS(set_int(t, SOL_SOCKET, SO_REUSEADDR, 1) == 0);
	HOLDS(set_int(t, SOL_SOCKET, SO_KEEPALIVE, 1) == 0);
	HOLDS(set_int(t, IPPROTO_IP, IP_TOS, 8) == 0);
	HOLDS(set_int(u, IPPROTO_IP, IP_RECVERR, 1) == 0);
	HOLDS(set_int(s, IPPROTO_IPV6, IPV6_V6ONLY, 0) == 0);
	FAILS(setsockopt(t, IPPROTO_IP, IP_OPTIONS, route, sizeof(route)), ENOPROTOOPT);
	FAILS(setsockopt(u, IPPROTO_IP, IP_OPTIONS, route, sizeof(route)), ENOPROTOOPT);
	FAILS(setsockopt(s, IPPROTO_IPV6, IPV6_RTHDR, header6, sizeof(header6)), ENOPROTOOPT);
	FAILS(setsockopt(s, IPPROTO_IPV6, 5, header6, sizeof(header6)), ENOPROTOOPT);
	FAILS(set_int(s, IPPROTO_IPV6, IPV6_ADDRFORM, AF_INET), ENOPROTOOPT);
	FAILS(set_int(t, IPPROTO_IP, 15 /* IP_FREEBIND */, 1), ENOPROTOOPT);
	FAILS(set_int(t, IPPROTO_IP, 19 /* IP_TRANSPARENT */, 1), ENOPROTOOPT);
	FAILS(set_int(u, IPPROTO_IP, 51 /* IP_LOCAL_PORT_RANGE */, (int)(ports[PORT_BAD] << 16)),
	    ENOPROTOOPT);
	FAILS(set_int(u, IPPROTO_IP, 50 /* IP_UNICAST_IF */, 1), ENOPROTOOPT);
	FAILS(setsockopt(u, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join, sizeof(join)), ENOPROTOOPT);
	FAILS(setsockopt(s, IPPROTO_IPV6, IPV6_JOIN_GROUP, &join6, sizeof(join6)), ENOPROTOOPT);
	FAILS(set_int(t, IPPROTO_TCP, 30 /* TCP_FASTOPEN_CONNECT */, 1), ENOPROTOOPT);
	FAILS(set_int(t, IPPROTO_TCP, TCP_FASTOPEN, 5), ENOPROTOOPT);
	FAILS(set_int(t, IPPROTO_TCP, 19 /* TCP_REPAIR */, 1), ENOPROTOOPT);
	FAILS(setsockopt(t, IPPROTO_TCP, 31 /* TCP_ULP */, "tls", 4), ENOPROTOOPT);
	FAILS(set_int(t, 284 /* SOL_MPTCP */, 1, 1), ENOPROTOOPT);
	FAILS(setsockopt(t, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3), EPERM);
	FAILS(set_int(t, SOL_SOCKET, 62 /* SO_BINDTOIFINDEX */, 1), EPERM);
	/* Levels and names are the low 32 bits of a register. */
	HOLDS(syscall(54, u, 1ULL << 32, (1ULL << 32) | IP_OPTIONS, route, sizeof(route)) == -1);
	return 0;
}

static int
kinds(void)
{
	struct to bad = to4("127.0.0.1", ports[PORT_BAD]);
	struct ifreq interface = { .ifr_name = "lo" };

	FAILS(socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP_NUMBER), EPROTONOSUPPORT);
	FAILS(socket(AF_INET6, SOCK_STREAM, IPPROTO_MPTCP_NUMBER), EPROTONOSUPPORT);
	FAILS(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), EACCES);
	FAILS(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP), EACCES);
	FAILS(socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP), EACCES);
	FAILS(socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE), EACCES);
	FAILS(socket(AF_INET, SOCK_STREAM, 256 /* IPPROTO_SMC */), EACCES);
	FAILS(socket(43 /* AF_SMC */, SOCK_STREAM, 0), EACCES);
	FAILS(socket(AF_NETLINK, SOCK_RAW, 0), EACCES);
	FAILS(socket(AF_PACKET, SOCK_RAW, 0), EACCES);
	FAILS(socket(AF_VSOCK, SOCK_STREAM, 0), EACCES);
	FAILS(sendto(tcp(), "x", 1, MSG_FASTOPEN, &bad.sa, bad.size), EOPNOTSUPP);
	FAILS(ioctl(tcp(), SIOCGIFADDR, &interface), EPERM);
	return 0;
}

/* A datagram to the granted port, with one control message. */
static ssize_t
send_with(int fd, struct to to, int level, int type, const void *data, size_t size)
{
	union {
		struct cmsghdr head;
		char room[128];
	} control = { .room = { 0 } };
	struct iovec iov = { .iov_base = (char *)(uintptr_t) "c", .iov_len = 1 };
	struct msghdr msg = { .msg_name = &to.sa,
		.msg_namelen = to.size,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(size) };

	control.head =
	    (struct cmsghdr){ .cmsg_level = level, .cmsg_type = type, .cmsg_len = CMSG_LEN(size) };
	memcpy(CMSG_DATA(&control.head), data, size);
	return sendmsg(fd, &msg, 0);
}

static int
control_messages(void)
{
	static const unsigned char route[] = { 0x83, 7, 4, 127, 0, 0, 2, 0 };
	static const unsigned char header6[24] = { 0, 2, 0, 1 };
	struct to good = to4("127.0.0.1", ports[PORT_UDP]);
	struct in_pktinfo from = { .ipi_spec_dst = { htonl(INADDR_LOOPBACK + 1) } };
	struct in_pktinfo through = { .ipi_ifindex = 1 };
	struct in_pktinfo own = { .ipi_spec_dst = { htonl(INADDR_LOOPBACK) } };
	const int tos = 8;

	HOLDS(send_with(udp(), good, IPPROTO_IP, IP_TOS, &tos, sizeof(tos)) == 1);
	HOLDS(send_with(udp(), good, IPPROTO_IP, IP_PKTINFO, &own, sizeof(own)) == 1);
	HOLDS(send_with(udp(), good, IPPROTO_IP, IP_PKTINFO, &from, sizeof(from)) == -1);
	HOLDS(send_with(udp(), good, IPPROTO_IP, IP_PKTINFO, &through, sizeof(through)) == -1);
	HOLDS(send_with(udp(), good, IPPROTO_IP, IP_RETOPTS, route, sizeof(route)) == -1);
	HOLDS(send_with(sock(AF_INET6, SOCK_DGRAM), to6("::1", ports[PORT_UDP]), IPPROTO_IPV6,
		  IPV6_RTHDR, header6, sizeof(header6)) == -1);
	return 0;
}

static volatile bool racing;
static struct to flipped;

/* The port, and then the address, between what is granted and what is not. */
static void *
flip(void *good)
{
	const struct to *is = good;

	while (racing) {
		flipped.in.sin_port = htons(ports[PORT_BAD]);
		flipped.in.sin_port = is->in.sin_port;
		flipped.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
		flipped.in.sin_addr.s_addr = is->in.sin_addr.s_addr;
	}
	return NULL;
}

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void
one_try(int type, int turn)
{
	const struct linger abort_it = { .l_onoff = 1 };
	struct iovec iov = { .iov_base = (char *)(uintptr_t) "f", .iov_len = 1 };
	struct mmsghdr one = { .msg_hdr = { .msg_name = &flipped.sa,
				   .msg_namelen = flipped.size,
				   .msg_iov = &iov,
				   .msg_iovlen = 1 } };
	int fd = sock(AF_INET, type | SOCK_NONBLOCK);

	if (type == SOCK_STREAM) {
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort_it, sizeof(abort_it));
		(void)connect(fd, &flipped.sa, flipped.size);
	} else if (turn % 4 == 0 && connect(fd, &flipped.sa, flipped.size) == 0) {
		(void)!send(fd, "f", 1, 0);
	} else if (turn % 4 == 1) {
		(void)!sendto(fd, "f", 1, 0, &flipped.sa, flipped.size);
	} else if (turn % 4 == 2) {
		(void)!sendmsg(fd, &one.msg_hdr, 0);
	} else {
		(void)sendmmsg(fd, &one, 1, 0);
	}
	close(fd);
}

static int
race(int type, enum port port)
{
	struct to good = to4("127.0.0.1", ports[port]);
	uint64_t end = now_ms() + RACE_MS;
	pthread_t thread;
	int turns = 0;

	flipped = good;
	racing = true;
	HOLDS(pthread_create(&thread, NULL, flip, &good) == 0);
	while (now_ms() < end)
		one_try(type, turns++);
	racing = false;
	pthread_join(thread, NULL);
	HOLDS(turns > 100);
	return 0;
}

static int
race_tcp(void)
{
	return race(SOCK_STREAM, PORT_CLOSED);
}

static int
race_udp(void)
{
	return race(SOCK_DGRAM, PORT_UDP);
}

/* The number of the descriptor, between a socket that may listen and one that may not. */
static volatile int shown;

static void *
swap(void *fds)
{
	const int *two = fds;

	while (racing) {
		dup2(two[0], shown);
		dup2(two[1], shown);
	}
	return NULL;
}

static int
race_listen(void)
{
	int fds[2] = { sock(AF_UNIX, SOCK_STREAM), tcp() };
	uint64_t end = now_ms() + RACE_MS / 2;
	pthread_t thread;
	int listens = 0;
	socklen_t size = sizeof(listens);

	HOLDS(name_it(fds[0], (struct to){ .sa = { .sa_family = AF_UNIX }, .size = 2 }) == 0);
	shown = dup(fds[0]);
	racing = true;
	HOLDS(pthread_create(&thread, NULL, swap, fds) == 0);
	while (now_ms() < end)
		(void)listen(shown, 1);
	racing = false;
	pthread_join(thread, NULL);
	HOLDS(getsockopt(fds[1], SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens == 0);
	return 0;
}

static int
only_tcp(void)
{
	HOLDS(connect_tcp() == 0);
	FAILS(udp(), EACCES);
	FAILS(socket(AF_INET6, SOCK_DGRAM, IPPROTO_UDP), EACCES);
	return 0;
}

static int
only_udp(void)
{
	HOLDS(send_udp() == 0);
	FAILS(tcp(), EACCES);
	FAILS(socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP), EACCES);
	return 0;
}

/* All of a network: bind, listen and connect anywhere, TCP and UDP, and look at interfaces. */
static int
use_all(void)
{
	struct ifreq interface = { .ifr_name = "lo" };
	int server = tcp();
	int fd = tcp();
	struct to own = { .size = sizeof(own.in) };
	char byte;
	int peer;

	HOLDS(name_it(server, to4("127.0.0.1", 0)) == 0 && listen(server, 4) == 0);
	HOLDS(getsockname(server, &own.sa, &own.size) == 0 && reach(fd, own) == 0);
	peer = accept(server, NULL, NULL);
	HOLDS(peer >= 0 && write(fd, "x", 1) == 1 && read(peer, &byte, 1) == 1);
	HOLDS(listen(tcp(), 1) == 0);
	server = udp();
	own.size = sizeof(own.in);
	HOLDS(name_it(server, to4("127.0.0.1", 0)) == 0);
	HOLDS(getsockname(server, &own.sa, &own.size) == 0 && send_it(udp(), own) == 1);
	HOLDS(is_ready(server, POLLIN));
	HOLDS(ioctl(fd, SIOCGIFFLAGS, &interface) == 0 && (interface.ifr_flags & IFF_UP) != 0);
	HOLDS(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0) >= 0);
	return 0;
}

static int
own_loopback(void)
{
	HOLDS(use_all() == 0);
	FAILS(reach(tcp(), to4("127.0.0.1", ports[PORT_BAD])), ECONNREFUSED);
	FAILS(reach(tcp(), to4("127.0.0.1", ports[PORT_TCP])), ECONNREFUSED);
	HOLDS(send_it(udp(), to4("127.0.0.1", ports[PORT_BAD])) == 1);
	FAILS(reach(tcp(), to4("192.0.2.1", 80)), ENETUNREACH);
	return 0;
}

/* Lines of a list of sockets, without its head. */
static int
sockets_listed(const char *name)
{
	FILE *file = fopen(name, "re");
	char line[512];
	int lines = -1;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		lines++;
	if (file != NULL)
		fclose(file);
	return lines;
}

static int
no_network(void)
{
	FAILS(tcp(), EACCES);
	FAILS(udp(), EACCES);
	FAILS(socket(AF_NETLINK, SOCK_RAW, 0), EACCES);
	HOLDS(sockets_listed("/proc/self/net/tcp") <= 0);
	HOLDS(sockets_listed("/proc/self/net/unix") <= 0);
	return 0;
}

static int
machines_network(void)
{
	HOLDS(use_all() == 0);
	HOLDS(reach(tcp(), to4("127.0.0.1", ports[PORT_BAD])) == 0);
	HOLDS(send_it(udp(), to4("127.0.0.1", ports[PORT_BAD])) == 1);
	FAILS(reach(tcp(), to4("127.0.0.1", ports[PORT_CLOSED])), ECONNREFUSED);
	HOLDS(connect_tcp() == 0);
	return 0;
}

/* clang-format off */
const struct probe probes[] = {
	{ "connect", "a granted TCP port is connected to, over IPv4, IPv6 and what is mapped", connect_tcp, GRANT_BOTH, false },
	{ "later", "a connect that is not to wait does not, and poll tells how it ended", connect_later, GRANT_BOTH, false },
	{ "waits", "a connect that waits holds up nobody, and ends at a signal or its timeout", connect_waits, GRANT_BOTH, false },
	{ "at-last", "a connect that waits succeeds when its server takes it", connect_at_last, GRANT_BOTH, false },
	{ "elsewhere", "no other TCP port or address is connected to", connect_elsewhere, GRANT_BOTH, false },
	{ "send", "a granted UDP port is sent to, by every call that sends", send_udp, GRANT_BOTH, false },
	{ "misdirected", "no other UDP port or address is sent to, by any call that sends", send_elsewhere, GRANT_BOTH, false },
	{ "serve", "a granted address is bound, listened at and reached", serve_tcp, GRANT_BOTH, false },
	{ "occupy", "no other address is bound, and nothing listens without a name", serve_elsewhere, GRANT_BOTH, false },
	{ "options", "options that lead around an address are closed, the usual ones are open", options, GRANT_BOTH, false },
	{ "kinds", "of the network there is only TCP and UDP, and no early data", kinds, GRANT_BOTH, false },
	{ "control", "no control message says where a datagram leaves or which way it takes", control_messages, GRANT_BOTH, false },
	{ "race-tcp", "an address that flips while it is judged never wins a connection", race_tcp, GRANT_BOTH, false },
	{ "race-udp", "an address that flips while it is judged never wins a datagram", race_udp, GRANT_BOTH, false },
	{ "race-listen", "a descriptor that is swapped while it is judged never listens", race_listen, GRANT_BOTH, false },
	{ "only-tcp", "with TCP alone granted there are no UDP sockets", only_tcp, GRANT_TCP, false },
	{ "only-udp", "with UDP alone granted there are no TCP sockets", only_udp, GRANT_UDP, false },
	{ "loopback", "a loopback of its own works, and leads to nothing of the machine's", own_loopback, GRANT_LOOPBACK, false },
	{ "none", "without a network there are no sockets of one, nor lists of the machine's", no_network, GRANT_NONE, false },
	{ "host", "all of the machine's network can be granted", machines_network, GRANT_HOST, true },
	{ 0 },
};
/* clang-format on */
