/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets and FIFOs: servers that listen outside by path, by abstract name and on the loopback
 * network; families that no namespace separates; and the FIFO that a read-only mount lets a
 * program open for writing.
 */
#include "probe.h"

#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

enum {
	PROTO_MPTCP = 262,
	FAMILY_VSOCK = 40,
	FAMILY_ALG = 38,
	FAMILY_BLUETOOTH = 31,
	FAMILY_XDP = 44,
	FAMILY_TIPC = 30,
	FAMILY_KEY = 15,
};

static int
sock(int type)
{
	return socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
}

static socklen_t
set_name(struct sockaddr_un *addr, const char *name)
{
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (name[0] == '/' || name[0] == '.') {
		snprintf(addr->sun_path, sizeof(addr->sun_path), "%s", name);
		return sizeof(*addr);
	}
	snprintf(addr->sun_path + 1, sizeof(addr->sun_path) - 1, "%s", name);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
}

/* connect by path or, if the name does not start with / or ., by abstract name. */
static long
reach(int fd, const char *name)
{
	struct sockaddr_un addr;
	socklen_t size = set_name(&addr, name);

	return fd < 0 ? -1 : connect(fd, (const struct sockaddr *)&addr, size);
}

static long
bind_at(const char *name)
{
	struct sockaddr_un addr;
	socklen_t size = set_name(&addr, name);
	int fd = sock(SOCK_STREAM);
	long ret = fd < 0 ? -1 : bind(fd, (const struct sockaddr *)&addr, size);

	if (ret == 0)
		unlink(name);
	return ret;
}

/* Whoever binds for us may have descriptors that lead out: by a link, since names are looked at. */
static long
bind_by_numbers(void)
{
	char name[64];

	unlink(rw("numbers"));
	if (symlink("/proc/self/fd", rw("numbers")) < 0)
		return -1;
	for (int fd = 0; fd < 256; fd++) {
		snprintf(name, sizeof(name), "numbers/%d/mine", fd);
		if (fcntl(fd, F_GETFD) < 0 && bind_at(rw(name)) == 0)
			return 0;
	}
	errno = ENOENT;
	return -1;
}

static long
throw_at(int fd, const char *name)
{
	struct sockaddr_un addr;
	socklen_t size = set_name(&addr, name);

	return fd < 0 ? -1 : sendto(fd, "x", 1, 0, (const struct sockaddr *)&addr, size);
}

static long
throw_message(int fd, const char *name)
{
	struct sockaddr_un addr;
	struct iovec part = { (char[1]){ 'x' }, 1 };
	struct mmsghdr message = { .msg_hdr = { .msg_name = &addr,
				       .msg_namelen = set_name(&addr, name),
				       .msg_iov = &part,
				       .msg_iovlen = 1 } };

	return fd < 0 ? -1 : sendmmsg(fd, &message, 1, 0);
}

static int
pair_end(int type)
{
	int ends[2];

	return socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) < 0 ? -1 : ends[0];
}

static const struct sockaddr *
loopback(int port)
{
	static struct sockaddr_in addr;

	addr = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	return (const struct sockaddr *)&addr;
}

static const struct sockaddr *
loopback6(int port)
{
	static struct sockaddr_in6 addr;

	addr = (struct sockaddr_in6){ .sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	return (const struct sockaddr *)&addr;
}

static long
call_tcp(int proto)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, proto);

	return fd < 0 ? -1 : connect(fd, loopback(w.tcp_port), sizeof(struct sockaddr_in));
}

static long
call_tcp6(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? -1 : connect(fd, loopback6(w.tcp6_port), sizeof(struct sockaddr_in6));
}

static long
fast_open(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0
	    ? -1
	    : sendto(fd, "x", 1, MSG_FASTOPEN, loopback(w.tcp_port), sizeof(struct sockaddr_in));
}

static long
send_udp(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? -1
		      : sendto(fd, "x", 1, 0, loopback(w.udp_port), sizeof(struct sockaddr_in));
}

static long
serve_tcp(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0                                               ? -1
	    : bind(fd, loopback(0), sizeof(struct sockaddr_in)) < 0 ? -1
								    : listen(fd, 1);
}

static long
list_interfaces(void)
{
	char buffer[4096];
	struct ifconf conf = { .ifc_len = sizeof(buffer), .ifc_buf = buffer };
	int fd = sock(SOCK_STREAM);

	return fd < 0 ? -1 : ioctl(fd, SIOCGIFCONF, &conf);
}

static long
ask_interface(unsigned long request)
{
	struct ifreq req = { .ifr_ifindex = 1 };
	int fd = sock(SOCK_STREAM);

	snprintf(req.ifr_name, sizeof(req.ifr_name), "lo");
	if (request == SIOCGIFNAME)
		req.ifr_ifindex = 1;
	return fd < 0 ? -1 : ioctl(fd, request, &req);
}

static long
read_net(const char *what, const char *text)
{
	char path[64], buffer[8192];
	FILE *file;
	long ret = -1;

	snprintf(path, sizeof(path), "/proc/self/net/%s", what);
	file = fopen(path, "re");
	if (file == NULL)
		return -1;
	while (ret < 0 && fgets(buffer, sizeof(buffer), file) != NULL)
		if (strstr(buffer, text) != NULL)
			ret = 0;
	fclose(file);
	errno = ENODATA;
	return ret;
}

static long
autobound(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = sock(SOCK_DGRAM);

	return fd < 0 ? -1
	    : bind(fd, (const struct sockaddr *)&addr, sizeof(sa_family_t)) < 0
	    ? -1
	    : throw_at(fd, w.abstract_dgram);
}

/* A family may be refused as one that does not exist; then a program goes on without. */
static int
refused_family(long ret)
{
	if (ret < 0 && errno == EAFNOSUPPORT)
		return got(ret);
	return refused(ret);
}

#define FAMILY(sentence, native, call) \
	ATTEMPT("network", sentence, native) \
	{ \
		return refused_family((long)(call)); \
	}

/* clang-format off */
TRY("path socket", "connect to a stream server outside", ANYONE, reach(sock(SOCK_STREAM), out("stream")))
TRY("path socket", "connect to a seqpacket server outside", ANYONE, reach(sock(SOCK_SEQPACKET), out("seq")))
TRY("path socket", "connect to a stream server outside through ..", ANYONE, reach(sock(SOCK_STREAM), "../outside/stream"))
TRY("path socket", "connect to a stream server by the working directory in /proc", ANYONE, reach(sock(SOCK_STREAM), "/proc/self/cwd/../outside/stream"))
TRY("path socket", "connect a datagram socket outside", ANYONE, reach(sock(SOCK_DGRAM), out("dgram")))
TRY("path socket", "send a datagram outside", ANYONE, throw_at(sock(SOCK_DGRAM), out("dgram")))
TRY("path socket", "send a datagram outside with sendmmsg", ANYONE, throw_message(sock(SOCK_DGRAM), out("dgram")))
TRY("path socket", "send a datagram outside from one of a pair", ANYONE, throw_at(pair_end(SOCK_DGRAM), out("dgram")))
TRY("path socket", "connect one of a datagram pair outside", ANYONE, reach(pair_end(SOCK_DGRAM), out("dgram")))

TRY("abstract socket", "connect to a stream server", ANYONE, reach(sock(SOCK_STREAM), w.abstract_stream))
TRY("abstract socket", "connect to a seqpacket server", ANYONE, reach(sock(SOCK_SEQPACKET), w.abstract_seq))
TRY("abstract socket", "connect a datagram socket", ANYONE, reach(sock(SOCK_DGRAM), w.abstract_dgram))
TRY("abstract socket", "send a datagram", ANYONE, throw_at(sock(SOCK_DGRAM), w.abstract_dgram))
TRY("abstract socket", "send a datagram with sendmmsg", ANYONE, throw_message(sock(SOCK_DGRAM), w.abstract_dgram))
TRY("abstract socket", "send a datagram from one of a pair", ANYONE, throw_at(pair_end(SOCK_DGRAM), w.abstract_dgram))
TRY("abstract socket", "connect one of a datagram pair", ANYONE, reach(pair_end(SOCK_DGRAM), w.abstract_dgram))
TRY("abstract socket", "send a datagram from an automatic name", ANYONE, autobound())

TRY("network", "connect to a TCP server", ANYONE, call_tcp(0))
TRY("network", "connect to a TCP server by IPv6", MAYBE("no IPv6 here"), call_tcp6())
TRY("network", "connect to a TCP server by Multipath TCP", MAYBE("no Multipath TCP here"), call_tcp(PROTO_MPTCP))
TRY("network", "send to a TCP server by fast open", ANYONE, fast_open())
TRY("network", "send to a UDP server", ANYONE, send_udp())
TRY("network", "listen on a TCP port", ANYONE, serve_tcp())
UNGRANTED("network", "a UDP socket", ANYONE, socket(AF_INET, SOCK_DGRAM, 0))
UNGRANTED("network", "an IPv6 UDP socket", MAYBE("no IPv6 here"), socket(AF_INET6, SOCK_DGRAM, 0))
TRY("network", "a ping socket", MAYBE("not open to every group"), socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP))
TRY("network", "a raw socket", ROOT, socket(AF_INET, SOCK_RAW, IPPROTO_ICMP))
TRY("network", "a packet socket", ROOT, socket(AF_PACKET, SOCK_RAW, 0))
TRY("network", "a packet datagram socket", ROOT, socket(AF_PACKET, SOCK_DGRAM, 0))
TRY("network", "a route netlink socket", ANYONE, socket(AF_NETLINK, SOCK_RAW, 0))
TRY("network", "a uevent netlink socket", ANYONE, socket(AF_NETLINK, SOCK_DGRAM, 15))
TRY("network", "a generic netlink socket", ANYONE, socket(AF_NETLINK, SOCK_RAW, 16))
TRY("network", "a socket diagnosis netlink socket", ANYONE, socket(AF_NETLINK, SOCK_RAW, 4))
TRY("network", "an audit netlink socket", MAYBE("no audit here"), socket(AF_NETLINK, SOCK_RAW, 9))
FAMILY("a socket to the hypervisor (vsock)", MAYBE("not built into this kernel"), socket(FAMILY_VSOCK, SOCK_STREAM, 0))
FAMILY("a datagram socket to the hypervisor (vsock)", MAYBE("not built into this kernel"), socket(FAMILY_VSOCK, SOCK_DGRAM, 0))
FAMILY("a kernel cryptography socket", MAYBE("not built into this kernel"), socket(FAMILY_ALG, SOCK_SEQPACKET, 0))
FAMILY("a bluetooth socket", MAYBE("not built into this kernel"), socket(FAMILY_BLUETOOTH, SOCK_RAW, 1))
FAMILY("an express data path socket", ROOT, socket(FAMILY_XDP, SOCK_RAW, 0))
FAMILY("a cluster (TIPC) socket", MAYBE("not built into this kernel"), socket(FAMILY_TIPC, SOCK_STREAM, 0))
FAMILY("a key management socket", MAYBE("may need root"), socket(FAMILY_KEY, SOCK_RAW, 2))
FAMILY("a raw UNIX socket, which is a datagram socket", ANYONE, socket(AF_UNIX, SOCK_RAW, 0))
UNGRANTED("network", "a UNIX datagram socket, its type with bits beyond the 32 that the kernel reads", ANYONE, syscall(SYS_socket, AF_UNIX, (1UL << 33) | SOCK_DGRAM, 0))
UNGRANTED("network", "a family with bits beyond the 32 that the kernel reads", ANYONE, syscall(SYS_socket, (1UL << 32) | AF_INET, SOCK_STREAM, 0))
TRY("network", "list the interfaces through a UNIX socket", ANYONE, list_interfaces())
TRY("network", "ask for an interface by number through a UNIX socket", ANYONE, ask_interface(SIOCGIFNAME))
TRY("network", "ask for the flags of an interface through a UNIX socket", ANYONE, ask_interface(SIOCGIFFLAGS))
TRY("network", "ask for the hardware address of an interface through a UNIX socket", ANYONE, ask_interface(SIOCGIFHWADDR))
STATED("network", "list the host's UNIX sockets in /proc", "takes a network namespace: --paranoid", read_net("unix", w.abstract_stream))
STATED("network", "list the host's TCP sockets in /proc", "takes a network namespace: --paranoid", read_net("tcp", "0100007F"))
STATED("network", "list the host's interfaces in /proc", "takes a network namespace: --paranoid", read_net("dev", "lo"))

TRY("fifo", "open a read-only one for writing", ANYONE, open(ro("fifo"), O_WRONLY | O_NONBLOCK))
TRY("fifo", "open a read-only one for reading and writing", ANYONE, open(ro("fifo"), O_RDWR | O_NONBLOCK))
TRY("fifo", "open a read-only one for writing by a directory", ANYONE, openat(open(ro(""), O_PATH), "fifo", O_WRONLY | O_NONBLOCK))
TRY("fifo", "open a read-only one again for writing by its O_PATH descriptor", ANYONE, open(fd_path(open(ro("fifo"), O_PATH)), O_WRONLY | O_NONBLOCK))
TRY("fifo", "open a read-only one again for writing by its reader", ANYONE, open(fd_path(open(ro("fifo.2"), O_RDONLY | O_NONBLOCK)), O_WRONLY | O_NONBLOCK))
TRY("fifo", "open one outside for writing", ANYONE, open(out("fifo"), O_RDWR | O_NONBLOCK))
TRY("fifo", "open one outside through a link", ANYONE, open(rw("link-rel/fifo"), O_RDWR | O_NONBLOCK))
/* clang-format on */

TRY("path socket", "connect to a server that lies in the read-only grant", ANYONE,
    reach(sock(SOCK_STREAM), ro("stream")))
TRY("path socket", "connect to a server of the read-only grant by an O_PATH descriptor", ANYONE,
    reach(sock(SOCK_STREAM), fd_path(open(ro("stream"), O_PATH))))
TRY("path socket", "connect to a server of the read-only grant through a link", ANYONE,
    (unlink(rw("to-ro")), symlink(ro("stream"), rw("to-ro")) == 0)
	? reach(sock(SOCK_STREAM), rw("to-ro"))
	: -1)
TRY("path socket", "connect to a server outside through a link", ANYONE,
    (unlink(rw("to-out")), symlink(out("stream"), rw("to-out")) == 0)
	? reach(sock(SOCK_STREAM), rw("to-out"))
	: -1)
TRY("path socket", "bind a name outside", ANYONE, bind_at(out("mine")))
TRY("path socket", "bind a name in the read-only grant", ANYONE, bind_at(ro("mine")))
TRY("path socket", "bind a name outside through a link", ANYONE, bind_at(rw("link-rel/mine")))
TRY("path socket", "bind a name through the descriptors of the supervisor", NEVER("it has none"),
    bind_by_numbers())

ATTEMPT("abstract socket", "bind a name that the outside may look for", ANYONE)
{
	struct sockaddr_un addr;
	int fd = sock(SOCK_STREAM);
	socklen_t size;
	char name[32];

	snprintf(name, sizeof(name), "pale-own-%d", getpid());
	size = set_name(&addr, name);
	return got(fd < 0 ? -1 : bind(fd, (const struct sockaddr *)&addr, size));
}
