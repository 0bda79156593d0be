/* SPDX-License-Identifier: BSD-2-Clause */
/* Would a call reach the other side that it names? See socket.h. */
#include "run/why/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/scope.h"
#include "policy/endpoint.h"

bool
pale_why_takes_address(enum pale_sys sys)
{
	return pale_call_arg(sys, ARG_ADDR) >= 0 || sys == PALE_SYS_sendmsg ||
	    sys == PALE_SYS_sendmmsg;
}

/* Read HOST:PORT; what is returned is the host, for the caller to free, or NULL. */
static char *
parse(const char *text, uint16_t *ret_port)
{
	struct pale_grant grant = { .fd = -1 };

	if (pale_endpoint_parse(PALE_GRANT_TCP, text, NULL, &grant, NULL) < 0)
		return NULL;
	*ret_port = grant.port;
	return grant.path;
}

bool
pale_why_is_address(enum pale_sys sys, const char *text)
{
	PALE_FREE char *host = NULL;
	uint16_t port;

	if (!pale_why_takes_address(sys) || text[0] == '/')
		return false;
	if (text[0] == '@')
		return text[1] != '\0';
	host = parse(text, &port);
	return host != NULL;
}

static unsigned
use_of(enum pale_sys sys)
{
	return pale_sys_row(sys)->does == DO_BIND ? PALE_USE_BIND : PALE_USE_CONNECT;
}

static void
allow(const struct pale_plan *plan, const struct pale_endpoint *one, struct pale_why *ret)
{
	enum pale_does does = pale_sys_row(ret->call.sys)->does;

	ret->allowed = true;
	ret->by = PALE_WHY_GRANT;
	ret->endpoint = one;
	ret->need = 0;
	if (does == DO_CONNECT && one->native)
		snprintf(ret->reason, sizeof(ret->reason),
		    "it is granted by name: the kernel connects, and the peer sees the program");
	else if (does == DO_CONNECT && one->kind == PALE_GRANT_UNIX)
		snprintf(ret->reason, sizeof(ret->reason),
		    "it is granted by name: the supervisor connects, and the peer sees pale's "
		    "waiter, because %s",
		    plan->native_not != NULL ? plan->native_not : "connect is asked about");
	else
		snprintf(ret->reason, sizeof(ret->reason),
		    "it is granted by name: the supervisor performs it");
	if (one->kind == PALE_GRANT_UNIX && one->name[0] == '/' && !one->there && does != DO_BIND)
		snprintf(ret->note, sizeof(ret->note),
		    "nothing has this name now, so the call would answer ENOENT");
}

static void
deny(struct pale_why *ret, enum pale_why_by by, int error, const char *reason)
{
	ret->by = by;
	ret->error = error;
	ret->need = 0;
	snprintf(ret->reason, sizeof(ret->reason), "%s", reason);
}

static void
say_option(struct pale_why *ret, const char *option, const char *name, unsigned use)
{
	char uses[64];

	pale_uses_print(use, uses, sizeof(uses));
	ret->is_option = true;
	snprintf(ret->allow, sizeof(ret->allow), "%s %s:%s", option, name, uses);
}

static void
judge_unix(const struct pale_plan *plan, const char *name, struct pale_why *ret)
{
	const struct pale_endpoint *one = pale_doors_find_unix(plan, name);
	unsigned use = use_of(ret->call.sys);

	if (one != NULL && (one->use & use) != 0) {
		allow(plan, one, ret);
		return;
	}
	if (one != NULL) {
		deny(ret, PALE_WHY_SUPERVISOR, EACCES, "this socket is granted for another use");
		ret->endpoint = one;
	} else {
		deny(ret, PALE_WHY_SUPERVISOR, use == PALE_USE_BIND ? EACCES : ECONNREFUSED,
		    "abstract names belong to the machine, and this one is not granted");
	}
	say_option(ret, "--unix", name, use);
}

/* The address of a text as doors have it; false if it is a name. */
static bool
to_address(const char *host, uint8_t ret_address[16])
{
	static const uint8_t v4_in_v6[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	memcpy(ret_address, v4_in_v6, sizeof(v4_in_v6));
	return inet_pton(AF_INET, host, ret_address + sizeof(v4_in_v6)) == 1 ||
	    inet_pton(AF_INET6, host, ret_address) == 1;
}

static bool
is_granted(
    const struct pale_plan *plan, const char *host, uint16_t port, unsigned use, bool tcp, bool udp)
{
	uint8_t address[16];

	if (!to_address(host, address))
		return false;
	for (size_t i = 0; i < plan->doors.host_count; i++) {
		const struct pale_door_host *door = &plan->doors.hosts[i];

		if ((door->use & use) != 0 && (door->port == 0 || door->port == port) &&
		    (door->any_host || memcmp(door->address, address, sizeof(address)) == 0) &&
		    (door->tcp ? tcp : udp))
			return true;
	}
	return false;
}

/* The grant that says this host and port itself; NULL if none. */
static const struct pale_endpoint *
find_host(const struct pale_plan *plan, const char *host, uint16_t port, unsigned use)
{
	for (size_t i = 0; i < plan->endpoint_count; i++) {
		const struct pale_endpoint *one = &plan->endpoints[i];

		if ((one->kind == PALE_GRANT_TCP || one->kind == PALE_GRANT_UDP) &&
		    (one->use & use) != 0 && (one->port == 0 || one->port == port) &&
		    (strcmp(one->name, "*") == 0 || strcasecmp(one->name, host) == 0))
			return one;
	}
	return NULL;
}

static void
judge_host(const struct pale_plan *plan, const char *address, struct pale_why *ret)
{
	bool tcp = pale_sys_row(ret->call.sys)->does != DO_SEND;
	unsigned use = use_of(ret->call.sys);
	const struct pale_endpoint *one;
	PALE_FREE char *host = NULL;
	uint16_t port = 0;
	bool any = plan->doors.host_count > 0;

	host = parse(address, &port);
	if (host == NULL)
		return;
	if (plan->doors.net_open) {
		ret->allowed = true;
		ret->by = PALE_WHY_CALL;
		snprintf(ret->reason, sizeof(ret->reason),
		    "the whole network that the cage has is open to it");
		return;
	}
	one = find_host(plan, host, port, use);
	if (one != NULL) {
		allow(plan, one, ret);
		return;
	}
	if (is_granted(plan, host, port, use, true, true)) {
		ret->allowed = true;
		ret->by = PALE_WHY_GRANT;
		snprintf(ret->reason, sizeof(ret->reason),
		    "a granted host has this address: the supervisor performs it");
		return;
	}
	deny(ret, any ? PALE_WHY_SUPERVISOR : PALE_WHY_FILTER, EACCES,
	    any ? "no grant has this address and port"
		: "no network is granted, so there are no sockets of it");
	if (tcp && use == PALE_USE_CONNECT) {
		/* The shortest form: to connect is what it is for unless something else is said. */
		ret->is_option = true;
		snprintf(ret->allow, sizeof(ret->allow), "--tcp %s", address);
	} else {
		say_option(ret, tcp ? "--tcp" : "--udp", address, use);
	}
}

bool
pale_why_address(
    const struct pale_plan *plan, const char *address, const char *path, struct pale_why *ret)
{
	if (path != NULL && pale_doors_find_unix(plan, path) == NULL)
		return false;
	ret->has_path = true;
	ret->view = (struct pale_view){ 0 };
	if (path != NULL || address[0] == '@')
		judge_unix(plan, path != NULL ? path : address, ret);
	else
		judge_host(plan, address, ret);
	if (path != NULL)
		snprintf(ret->view.path, sizeof(ret->view.path), "%s", path);
	return true;
}
