/* SPDX-License-Identifier: BSD-2-Clause */
/* Passing of descriptors that was refused; see pass.h. */
#include "run/why/pass.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/scope.h"
#include "policy/endpoint.h"
#include "run/doors.h"

/* The name of one end, as a grant has it; false for none and for what no grant can name. */
static bool
name_of(int sock, bool own, char *buf, size_t size)
{
	const size_t head = offsetof(struct sockaddr_un, sun_path);
	struct sockaddr_un addr = { 0 };
	socklen_t len = sizeof(addr);
	int r = own ? getsockname(sock, (struct sockaddr *)&addr, &len)
		    : getpeername(sock, (struct sockaddr *)&addr, &len);

	if (r < 0 || addr.sun_family != AF_UNIX || len <= head)
		return false;
	if (len > sizeof(addr))
		len = sizeof(addr);
	len -= (socklen_t)head;
	if (addr.sun_path[0] == '/') {
		snprintf(buf, size, "%.*s", (int)len, addr.sun_path);
		return true;
	}
	if (addr.sun_path[0] != '\0' || memchr(addr.sun_path + 1, '\0', len - 1) != NULL)
		return false;
	snprintf(buf, size, "@%.*s", (int)len - 1, addr.sun_path + 1);
	return true;
}

bool
pale_why_pass_heard(const struct pale_plan *plan, const struct pale_heard_call *heard,
    const struct pale_heard_facts *facts, struct pale_caller_last *io_last, struct pale_why *ret)
{
	unsigned use = PALE_USE_SCM_OUT;
	const struct pale_endpoint *one;
	PALE_CLOSE int sock = -1;
	char name[PATH_MAX] = "";
	char uses[64];
	bool own = false;

	if ((facts->call.sys != PALE_SYS_sendmsg && facts->call.sys != PALE_SYS_sendmmsg) ||
	    heard->error != EPERM)
		return false;
	if (facts->path_count > 0 && facts->paths[0].path[0] == '/')
		snprintf(name, sizeof(name), "%s", facts->paths[0].path);
	else if (heard->address != NULL)
		snprintf(name, sizeof(name), "%s", heard->address);
	else if (pale_caller_fd(
		     io_last, heard->proc, heard->call.tid, (int)heard->call.args[0], &sock) == 0 &&
	    !name_of(sock, false, name, sizeof(name)))
		own = name_of(sock, true, name, sizeof(name));
	if (name[0] != '/' && name[0] != '@')
		return false;
	one = pale_doors_find_unix(plan, name);
	/* A UNIX socket goes out only where descriptors may come in: they could, by it. */
	if (one != NULL && (one->use & PALE_USE_SCM_OUT) != 0)
		use |= PALE_USE_SCM_IN;
	if (one != NULL && (use & ~one->use) == 0)
		return false;
	*ret = (struct pale_why){ .call = facts->call,
		.by = PALE_WHY_SUPERVISOR,
		.error = heard->error,
		.endpoint = one,
		.missing = RS(WRITE),
		.is_option = true };
	snprintf(ret->view.path, sizeof(ret->view.path), "%s", name);
	snprintf(ret->reason, sizeof(ret->reason),
	    "descriptors leave the cage by a grant with scm-out alone, and sockets by one that has "
	    "scm-in, too");
	pale_uses_print((own ? PALE_USE_BIND : PALE_USE_CONNECT) | use, uses, sizeof(uses));
	snprintf(ret->allow, sizeof(ret->allow), "--unix %s:%s", name, uses);
	return true;
}
