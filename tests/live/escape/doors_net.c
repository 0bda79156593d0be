/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hosts and ports that are granted one by one: other ports, other addresses, other protocols, ways
 * to send without connecting, and ways to be reached. A server of 127.0.0.2 has the granted port.
 */
#include "probe.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

#include "doors_probe.h"

enum {
	PROTO_MPTCP = 262,
	PROTO_UDPLITE = 136,
	FAMILY_SMC = 43,
	OPT_FASTOPEN_CONNECT = 30,
	OPT_PASS = 83,
	NEAR = 2, /* 127.0.0.2 */
	HOME = 1,
};

static int
inet(int type, int proto)
{
	return socket(AF_INET, type | SOCK_CLOEXEC, proto);
}

static long
call(int fd, struct sockaddr_in to)
{
	return fd < 0 ? -1 : connect(fd, (struct sockaddr *)&to, sizeof(to));
}

static long
call6(int type, const char *address, int port)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET6, address, &to.sin6_addr);
	return fd < 0 ? -1 : connect(fd, (struct sockaddr *)&to, sizeof(to));
}

static long throw(int fd, struct sockaddr_in to, int flags)
{
	return fd < 0 ? -1 : sendto(fd, "x", 1, flags, (struct sockaddr *)&to, sizeof(to));
}

static long
throw6(const char *address, int port)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET6, address, &to.sin6_addr);
	return fd < 0 ? -1 : sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to));
}

/* One message, or two in one call, the last to where it may not go. */
static long
throw_message(struct sockaddr_in last, bool many, int flags)
{
	struct sockaddr_in to[2] = { door_address(HOME, w.doors.udp_port), last };
	struct iovec part = { (char[1]){ 'x' }, 1 };
	struct mmsghdr all[2] = { 0 };
	int fd = inet(SOCK_DGRAM, 0);

	for (int i = 0; i < 2; i++)
		all[i].msg_hdr = (struct msghdr){ .msg_name = &to[i],
			.msg_namelen = sizeof(to[i]),
			.msg_iov = &part,
			.msg_iovlen = 1 };
	if (fd < 0)
		return -1;
	if (!many)
		return sendmsg(fd, &all[1].msg_hdr, flags);
	if (sendmmsg(fd, all, 2, flags) == 2)
		return 0;
	return sendmmsg(fd, &all[1], 1, flags);
}

/* Connected to the granted address, then to or past it. */
static long
from_granted(struct sockaddr_in last, bool dissolve)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	int fd = inet(SOCK_DGRAM, 0);

	if (call(fd, door_address(HOME, w.doors.udp_port)) < 0)
		return -1;
	if (dissolve && connect(fd, &none, sizeof(none)) < 0)
		return -1;
	return throw(fd, last, 0);
}

static long
granted_then(struct sockaddr_in last)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	int fd = inet(SOCK_STREAM, 0);

	if (call(fd, door_address(HOME, w.doors.tcp_port)) < 0 ||
	    connect(fd, &none, sizeof(none)) < 0)
		return -1;
	return call(fd, last);
}

static long
unspecified(int type)
{
	struct sockaddr_in to =
	    door_address(NEAR, type == SOCK_STREAM ? w.doors.tcp_port : w.doors.udp_port);
	int fd = inet(type, 0);

	to.sin_family = AF_UNSPEC;
	return fd < 0 ? -1 : sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to));
}

static long
fast_connect(void)
{
	int fd = inet(SOCK_STREAM, 0), one = 1;

	if (fd < 0 || setsockopt(fd, IPPROTO_TCP, OPT_FASTOPEN_CONNECT, &one, sizeof(one)) < 0)
		return -1;
	if (call(fd, door_address(NEAR, w.doors.tcp_port)) < 0)
		return -1;
	return send(fd, "x", 1, MSG_NOSIGNAL);
}

static long
fast_message(void)
{
	struct sockaddr_in to = door_address(NEAR, w.doors.tcp_port);
	struct iovec part = { (char[1]){ 'x' }, 1 };
	struct msghdr message = {
		.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &part, .msg_iovlen = 1
	};
	int fd = inet(SOCK_STREAM, 0);

	return fd < 0 ? -1 : sendmsg(fd, &message, MSG_FASTOPEN);
}

/* The first hop of a source route is another host. */
static long
route(int type)
{
	const unsigned char hops[] = { 131, 7, 4, 127, 0, 0, NEAR, 0 };
	int fd = inet(type, 0);

	return fd < 0 ? -1 : setsockopt(fd, IPPROTO_IP, IP_OPTIONS, hops, sizeof(hops));
}

static long
serve(int type, int last, int port, bool reuse)
{
	struct sockaddr_in at = door_address(last, port);
	int fd = inet(type, 0), one = 1;

	if (fd < 0 || (reuse && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) < 0))
		return -1;
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return -1;
	return type == SOCK_STREAM ? listen(fd, 1) : 0;
}

static long
serve_any(void)
{
	struct sockaddr_in at = { .sin_family = AF_UNSPEC };
	int fd = inet(SOCK_STREAM, 0);

	/* A name that says nothing may be taken; to be found at it is another thing. */
	return fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ? -1 : listen(fd, 1);
}

static long
join_group(void)
{
	struct ip_mreq group = { .imr_multiaddr.s_addr = htonl(0xe0000101U),
		.imr_interface.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = inet(SOCK_DGRAM, 0);

	return fd < 0 ? -1 : setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group));
}

/* clang-format off */
TRY("granted port", "connect to the same port of another address", ANYONE, call(inet(SOCK_STREAM, 0), door_address(NEAR, w.doors.tcp_port)))
TRY("granted port", "connect to another port of the same address", ANYONE, call(inet(SOCK_STREAM, 0), door_address(HOME, w.tcp_port)))
TRY("granted port", "connect to the same port by IPv6", MAYBE("no IPv6 here"), call6(SOCK_STREAM, "::1", w.doors.tcp_port))
TRY("granted port", "connect to another address written as IPv6", MAYBE("no IPv6 here"), call6(SOCK_STREAM, "::ffff:127.0.0.2", w.doors.tcp_port))
TRY("granted port", "connect to another port written as IPv6", MAYBE("no IPv6 here"), call6(SOCK_STREAM, "::ffff:127.0.0.1", w.tcp_port))
TRY("granted port", "connect to another port of no address, which is this machine", ANYONE, call(inet(SOCK_STREAM, 0), (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)w.tcp_port) }))
TRY("granted port", "connect to the granted port, dissolve that, and connect to another", ANYONE, granted_then(door_address(NEAR, w.doors.tcp_port)))
TRY("granted port", "connect by Multipath TCP, which no rule on ports holds", MAYBE("no Multipath TCP here"), call(inet(SOCK_STREAM, PROTO_MPTCP), door_address(NEAR, w.doors.tcp_port)))
TRY("granted port", "a Multipath TCP socket by IPv6", MAYBE("no Multipath TCP here"), socket(AF_INET6, SOCK_STREAM, PROTO_MPTCP))
TRY("granted port", "a socket for shared memory communication (SMC)", MAYBE("not built into this kernel"), socket(FAMILY_SMC, SOCK_STREAM, 0))
TRY("granted port", "an UDP-Lite socket", MAYBE("not built into this kernel"), inet(SOCK_DGRAM, PROTO_UDPLITE))
TRY("granted port", "connect to the UDP port by TCP", ANYONE, call(inet(SOCK_STREAM, 0), door_address(HOME, w.doors.udp_port)))
TRY("granted port", "Fast Open to another address with sendto", ANYONE, throw(inet(SOCK_STREAM, 0), door_address(NEAR, w.doors.tcp_port), MSG_FASTOPEN))
TRY("granted port", "Fast Open to another address with sendmsg", ANYONE, fast_message())
TRY("granted port", "Fast Open to another address with an option of the socket", MAYBE("Fast Open may be off"), fast_connect())
TRY("granted port", "Fast Open even to the granted port", ANYONE, throw(inet(SOCK_STREAM, 0), door_address(HOME, w.doors.tcp_port), MSG_FASTOPEN))
TRY("granted port", "route a connection by another host", ROOT, route(SOCK_STREAM))
TRY("granted port", "route datagrams by another host", ROOT, route(SOCK_DGRAM))
TRY("granted port", "send a datagram to the same port of another address", ANYONE, throw(inet(SOCK_DGRAM, 0), door_address(NEAR, w.doors.udp_port), 0))
TRY("granted port", "send a datagram to another port", ANYONE, throw(inet(SOCK_DGRAM, 0), door_address(HOME, w.udp_port), 0))
TRY("granted port", "send a datagram to another address written as IPv6", MAYBE("no IPv6 here"), throw6("::ffff:127.0.0.2", w.doors.udp_port))
TRY("granted port", "send a datagram to an address without a family", ANYONE, unspecified(SOCK_DGRAM))
TRY("granted port", "send a message to another address", ANYONE, throw_message(door_address(NEAR, w.doors.udp_port), false, 0))
TRY("granted port", "send many messages, the last to another address", ANYONE, throw_message(door_address(NEAR, w.doors.udp_port), true, 0))
TRY("granted port", "send many messages, the last to another port", ANYONE, throw_message(door_address(HOME, w.udp_port), true, 0))
TRY("granted port", "connect a datagram socket to another address", ANYONE, call(inet(SOCK_DGRAM, 0), door_address(NEAR, w.doors.udp_port)))
TRY("granted port", "connect a datagram socket to another port", ANYONE, call(inet(SOCK_DGRAM, 0), door_address(HOME, w.udp_port)))
TRY("granted port", "send past the address that is connected to", ANYONE, from_granted(door_address(NEAR, w.doors.udp_port), false))
TRY("granted port", "dissolve the connection and send elsewhere", ANYONE, from_granted(door_address(NEAR, w.doors.udp_port), true))
TRY("granted port", "broadcast", MAYBE("takes an option"), throw(inet(SOCK_DGRAM, 0), (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)w.doors.udp_port), .sin_addr.s_addr = htonl(0x7fffffff) }, 0))
TRY("granted port", "listen at a port of its own", ANYONE, serve(SOCK_STREAM, HOME, 0, false))
TRY("granted port", "listen without a name", ANYONE, listen(inet(SOCK_STREAM, 0), 1))
TRY("granted port", "listen at every address", ANYONE, serve_any())
TRY("granted port", "share the port that it may only connect to", MAYBE("the server does not share"), serve(SOCK_STREAM, HOME, w.doors.tcp_port, true))
TRY("granted port", "take a UDP port", ANYONE, serve(SOCK_DGRAM, HOME, 0, false))
TRY("granted port", "take the UDP port of another address", ANYONE, serve(SOCK_DGRAM, 3, w.doors.udp_port, false))
TRY("granted port", "join a multicast group", ANYONE, join_group())
TRY("granted port", "a raw socket of the granted protocol", ROOT, socket(AF_INET, SOCK_RAW, IPPROTO_TCP))
TRY("granted port", "a raw socket of UDP", ROOT, socket(AF_INET, SOCK_RAW, IPPROTO_UDP))
TRY("granted port", "a ping socket", MAYBE("not open to every group"), socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP))
TRY("granted port", "a ping socket by IPv6", MAYBE("not open to every group"), socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6))
/* clang-format on */
