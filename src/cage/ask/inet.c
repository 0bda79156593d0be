/* SPDX-License-Identifier: BSD-2-Clause */
/* INET sockets; see inet.h. What the kernel does with an address is as of Linux 6.18. */
#include "cage/ask/inet.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "core/scope.h"

enum {
	IN6_SIZE_LEAST = 24, /* of struct sockaddr_in6 as RFC 2133 had it, without the scope */
};

/* A socket, as far as it matters here. */
struct inet {
	bool v6;
	bool tcp; /* else UDP */
	bool any; /* is one of the two */
};

/* An address as the doors know addresses. */
struct place {
	uint8_t address[16]; /* IPv6, or IPv4 as ::ffff:a.b.c.d */
	uint32_t scope;      /* of a link-local one: the interface; else 0 */
	uint16_t port;       /* host order */
};

static const uint8_t v4_head[12] = { [10] = 0xff, [11] = 0xff };

static int
number_of(int sock, int option)
{
	int value = -1;
	socklen_t size = sizeof(value);

	return getsockopt(sock, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

static struct inet
look_at(int sock)
{
	int protocol = number_of(sock, SO_PROTOCOL);

	return (struct inet){ .v6 = number_of(sock, SO_DOMAIN) == AF_INET6,
		.tcp = protocol == IPPROTO_TCP,
		.any = protocol == IPPROTO_TCP || protocol == IPPROTO_UDP };
}

static bool
is_v4(const struct place *place)
{
	return memcmp(place->address, v4_head, sizeof(v4_head)) == 0;
}

/* 0.0.0.0 or :: */
static bool
is_unspecified(const struct place *place)
{
	static const uint8_t zero[16];

	if (is_v4(place))
		return memcmp(place->address + sizeof(v4_head), zero, 4) == 0;
	return memcmp(place->address, zero, sizeof(zero)) == 0;
}

/* Of one link only: the same address is another host on another interface. */
static bool
is_link_local(const struct place *place)
{
	const struct in6_addr *in = (const struct in6_addr *)(const void *)place->address;

	return IN6_IS_ADDR_LINKLOCAL(in) || IN6_IS_ADDR_MC_LINKLOCAL(in) ||
	    IN6_IS_ADDR_MC_NODELOCAL(in);
}

static void
set_v4(struct place *place, uint32_t address)
{
	memcpy(place->address, v4_head, sizeof(v4_head));
	memcpy(place->address + sizeof(v4_head), &address, sizeof(address));
}

/*
 * Where an address leads.
 *
 * Returns 0, -EINVAL (too short for its family), -EAFNOSUPPORT (neither of INET)
 */
static int
read_place(const struct pale_ask_addr *addr, sa_family_t family, struct place *ret)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6 = { 0 };

	*ret = (struct place){ 0 };
	if (family == AF_INET) {
		if (addr->size < sizeof(in))
			return -EINVAL;
		memcpy(&in, addr->room, sizeof(in));
		set_v4(ret, in.sin_addr.s_addr);
		ret->port = ntohs(in.sin_port);
		return 0;
	}
	if (family != AF_INET6)
		return -EAFNOSUPPORT;
	if (addr->size < IN6_SIZE_LEAST)
		return -EINVAL;
	memcpy(&in6, addr->room, addr->size < sizeof(in6) ? addr->size : sizeof(in6));
	memcpy(ret->address, &in6.sin6_addr, sizeof(ret->address));
	ret->port = ntohs(in6.sin6_port);
	if (is_link_local(ret))
		ret->scope = in6.sin6_scope_id;
	return 0;
}

/* The socket's own address; 0.0.0.0 or :: with port 0 where it has none. */
static int
read_own(int sock, struct place *ret)
{
	struct pale_ask_addr addr = { .size = sizeof(addr.room) };

	if (getsockname(sock, &addr.generic, &addr.size) < 0)
		return -errno;
	return read_place(&addr, addr.family, ret);
}

static bool
is_granted(
    const struct pale_doors *doors, struct inet inet, unsigned use, const struct place *place)
{
	for (size_t i = 0; i < doors->host_count && inet.any; i++) {
		const struct pale_door_host *host = &doors->hosts[i];

		if (host->tcp != inet.tcp || (host->use & use) != use)
			continue;
		if (host->port != 0 && host->port != place->port)
			continue;
		if (host->any_host ||
		    (memcmp(host->address, place->address, sizeof(host->address)) == 0 &&
			host->scope == place->scope &&
			(place->scope != 0 || !is_link_local(place))))
			return true;
	}
	return false;
}

/* Is any address of this protocol granted for this use? */
static bool
has_door(const struct pale_doors *doors, struct inet inet, unsigned use)
{
	for (size_t i = 0; i < doors->host_count && inet.any; i++) {
		if (doors->hosts[i].tcp == inet.tcp && (doors->hosts[i].use & use) != 0)
			return true;
	}
	return false;
}

/*
 * Without any door of its protocol the cage makes no such socket, so this one came from outside,
 * open, and sends as whoever made it meant it to. sendto is not even asked about there. It is
 * where a cage around has such a door, and then nothing was handed over that is not held to it.
 */
static bool
is_handed_over(const struct pale_doors *doors, struct inet inet)
{
	return !has_door(doors, inet, PALE_DOOR_CONNECT | PALE_DOOR_BIND) &&
	    (inet.tcp || !doors->udp_held);
}

/*
 * 0.0.0.0 and :: as a destination are the machine itself: of IPv4 the address that the socket has,
 * or else 127.0.0.1; of IPv6 ::1, or 127.0.0.1 for a socket that is bound to an IPv4 address.
 */
static void
spell_out(const struct place *own, struct place *place)
{
	static const uint8_t loopback6[16] = { [15] = 1 };

	if (!is_unspecified(place))
		return;
	if (is_v4(place) && is_v4(own) && !is_unspecified(own))
		memcpy(place->address, own->address, sizeof(place->address));
	else if (is_v4(place) || is_v4(own))
		set_v4(place, htonl(INADDR_LOOPBACK));
	else
		memcpy(place->address, loopback6, sizeof(loopback6));
}

/* Put what was spelt out where it was read from. */
static void
write_place(const struct place *place, struct pale_ask_addr *addr)
{
	if (addr->family == AF_INET6)
		memcpy(addr->room + offsetof(struct sockaddr_in6, sin6_addr), place->address,
		    sizeof(place->address));
	else
		memcpy(addr->room + offsetof(struct sockaddr_in, sin_addr),
		    place->address + sizeof(v4_head), sizeof(struct in_addr));
}

struct connecting {
	int sock;
	struct pale_ask_addr addr;
};

static int64_t
connect_to(const void *data)
{
	const struct connecting *c = data;

	return connect(c->sock, &c->addr.generic, c->addr.size) < 0 ? -errno : 0;
}

/* In a worker: where the first connect had begun, this waits for its end. */
static int64_t
connect_on(const void *data)
{
	int64_t result = connect_to(data);

	/* A socket whose sends have a timeout: the first connect would have said it so. */
	return result == -EALREADY ? -EINPROGRESS : result;
}

/* The worker may have been done when it was killed. */
static int
is_connected(int sock)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);

	return getpeername(sock, (struct sockaddr *)&peer, &size) == 0 ? 0 : -EINTR;
}

/*
 * Connect without waiting for the other side. What is on this machine has answered when the first
 * call returns, and a second tells so; what is further away is waited for by a process of its own.
 */
static int
connect_now(struct pale_supervisor *supervisor, const struct pale_notify *call, int sock,
    const struct pale_ask_addr *addr)
{
	PALE_CLOSE int own = sock;
	const struct connecting what = { sock, *addr };
	struct pale_ask_job job = {
		.act = connect_on, .data = &what, .undo = is_connected, .full = -EINPROGRESS
	};
	int flags = fcntl(sock, F_GETFL);
	bool waits = (flags & O_NONBLOCK) == 0;
	int result;

	if (flags < 0 || (flags & O_PATH) != 0)
		return -EBADF;
	if (waits && fcntl(sock, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	result = (int)connect_to(&what);
	if (waits && result == -EINPROGRESS)
		result = (int)connect_to(&what);
	if (waits)
		fcntl(sock, F_SETFL, flags);
	/* EINTR: the flag was taken away again, so it began to wait. */
	if (!waits || (result != -EALREADY && result != -EINPROGRESS && result != -EINTR))
		return result;
	job.fd = pale_take_fd(&own);
	return pale_ask_wait(supervisor, call, &job);
}

int
pale_ask_inet_connect(struct pale_supervisor *supervisor, const struct pale_notify *call, int sock,
    const struct pale_ask_addr *addr)
{
	PALE_CLOSE int own = sock;
	const struct pale_doors *doors = supervisor->doors;
	struct inet inet = look_at(sock);
	struct pale_ask_addr to = *addr;
	struct place place;
	struct place here = { 0 };
	int result;

	if (!pale_ask_holds(supervisor, call))
		return -EINTR;
	if (addr->size < sizeof(addr->family))
		return -EINVAL;
	if (doors->net_open)
		return connect_now(supervisor, call, pale_take_fd(&own), addr);
	if (addr->family == AF_UNSPEC) {
		/* It dissolves what is connected, and connects to nothing. */
		if (!has_door(doors, inet, PALE_DOOR_CONNECT | PALE_DOOR_BIND))
			return -EACCES;
		return connect(sock, &addr->generic, addr->size) < 0 ? -errno : 0;
	}
	result = read_place(addr, addr->family, &place);
	if (result == 0 && is_unspecified(&place))
		result = read_own(sock, &here);
	if (result < 0)
		return result;
	if (is_unspecified(&place)) {
		spell_out(&here, &place);
		write_place(&place, &to);
	}
	if (!is_granted(doors, inet, PALE_DOOR_CONNECT, &place))
		return -EACCES;
	/* Of UDP it only notes the address. */
	if (!inet.tcp)
		return connect(sock, &to.generic, to.size) < 0 ? -errno : 0;
	return connect_now(supervisor, call, pale_take_fd(&own), &to);
}

int
pale_ask_inet_bind(struct pale_supervisor *supervisor, const struct pale_notify *call, int sock,
    const struct pale_ask_addr *addr)
{
	PALE_CLOSE int own = sock;
	const struct pale_doors *doors = supervisor->doors;
	struct inet inet = look_at(own);
	sa_family_t family = addr->family;
	struct place place;
	int result;

	if (!pale_ask_holds(supervisor, call))
		return -EINTR;
	if (addr->size < sizeof(addr->family))
		return -EINVAL;
	if (doors->net_open)
		return bind(own, &addr->generic, addr->size) < 0 ? -errno : 0;
	/* For IPv4, no family with 0.0.0.0 is that family. */
	if (!inet.v6 && family == AF_UNSPEC)
		family = AF_INET;
	if (family != (inet.v6 ? AF_INET6 : AF_INET))
		return -EAFNOSUPPORT;
	result = read_place(addr, family, &place);
	if (result < 0)
		return result;
	if (addr->family == AF_UNSPEC && !is_unspecified(&place))
		return -EAFNOSUPPORT;
	/* What the kernel does by itself for whoever connects or sends: nothing is chosen. */
	if (is_unspecified(&place) && place.port == 0 &&
	    has_door(doors, inet, PALE_DOOR_CONNECT | PALE_DOOR_BIND))
		return bind(own, &addr->generic, addr->size) < 0 ? -errno : 0;
	if (!is_granted(doors, inet, PALE_DOOR_BIND, &place))
		return -EACCES;
	return bind(own, &addr->generic, addr->size) < 0 ? -errno : 0;
}

bool
pale_ask_inet_may_send(const struct pale_doors *doors, int sock, const struct pale_ask_addr *addr)
{
	struct inet inet = look_at(sock);
	struct place place;
	struct place here;
	sa_family_t family;

	/* A peer was judged when it became one, and TCP sends to its peer whatever it is told. */
	if (doors->net_open || addr == NULL || inet.tcp)
		return true;
	if (addr->size < sizeof(addr->family))
		return true; /* the kernel refuses it */
	if (is_handed_over(doors, inet))
		return true;
	family = addr->family;
	/* For IPv4, no family is that family; for IPv6 it is no address. */
	if (family == AF_UNSPEC && inet.v6)
		return true;
	if (family == AF_UNSPEC)
		family = AF_INET;
	if (read_place(addr, family, &place) < 0)
		return true; /* likewise */
	if (is_unspecified(&place)) {
		struct place unbound = place;

		if (read_own(sock, &here) < 0)
			return false;
		/* Both ways, for another thread may have it bound while it is sent. */
		spell_out(&unbound, &unbound);
		spell_out(&here, &place);
		if (!is_granted(doors, inet, PALE_DOOR_CONNECT, &unbound))
			return false;
	}
	return is_granted(doors, inet, PALE_DOOR_CONNECT, &place);
}

/* May a datagram leave through this interface, from this address? 0 is the kernel's choice. */
static bool
may_leave(const struct pale_doors *doors, uint32_t interface, const struct place *from)
{
	bool any_host = false;
	bool ours = is_unspecified(from);

	for (size_t i = 0; i < doors->host_count; i++) {
		const struct pale_door_host *host = &doors->hosts[i];

		if (host->tcp)
			continue;
		any_host |= host->any_host && host->port == 0;
		ours |= (host->use & PALE_DOOR_BIND) != 0 &&
		    (host->any_host ||
			memcmp(host->address, from->address, sizeof(from->address)) == 0);
	}
	return ours && (interface == 0 || any_host);
}

bool
pale_ask_inet_may_control(
    const struct pale_doors *doors, int level, int type, const void *data, size_t size)
{
	struct place from = { 0 };
	struct in_pktinfo info;
	struct in6_pktinfo info6;

	if (doors->net_open || is_handed_over(doors, (struct inet){ .any = true }))
		return true;
	switch (level) {
	case SOL_SOCKET:
		/* Passing to an INET socket passes nothing. */
		return type == SO_TIMESTAMPING || type == SO_TXTIME || type == SCM_RIGHTS ||
		    type == SCM_CREDENTIALS;
	case IPPROTO_IP:
		if (type != IP_PKTINFO || size < sizeof(info))
			return type == IP_TOS || type == IP_TTL;
		memcpy(&info, data, sizeof(info));
		set_v4(&from, info.ipi_spec_dst.s_addr);
		return may_leave(doors, (uint32_t)info.ipi_ifindex, &from);
	case IPPROTO_IPV6:
		if (type != IPV6_PKTINFO || size < sizeof(info6))
			return type == IPV6_TCLASS || type == IPV6_HOPLIMIT ||
			    type == IPV6_DONTFRAG;
		memcpy(&info6, data, sizeof(info6));
		memcpy(from.address, &info6.ipi6_addr, sizeof(from.address));
		return may_leave(doors, info6.ipi6_ifindex, &from);
	case IPPROTO_UDP:
		return type == 103; /* UDP_SEGMENT */
	default:
		return false;
	}
}

bool
pale_ask_inet_may_listen(const struct pale_doors *doors, int sock)
{
	struct inet inet = look_at(sock);
	struct place own;

	/* Of UDP the kernel refuses it. */
	if (doors->net_open || (inet.any && !inet.tcp))
		return true;
	return read_own(sock, &own) == 0 && is_granted(doors, inet, PALE_DOOR_BIND, &own);
}

void
pale_ask_inet_unlisten(int sock)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };

	(void)connect(sock, &none, sizeof(none));
}
