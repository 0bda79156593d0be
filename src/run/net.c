/* SPDX-License-Identifier: BSD-2-Clause */
/* The network of a cage; see net.h. */
#include "run/net.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/scope.h"
#include "kernel/landlock.h"
#include "kernel/uapi.h"
#include "run/hosts.h"
#include "run/plan.h"

static bool
is_net(const struct pale_compartment *compartment, const char *word)
{
	return compartment->net != NULL && strcmp(compartment->net, word) == 0;
}

static bool
is_host(const struct pale_grant *grant)
{
	return grant->kind == PALE_GRANT_TCP || grant->kind == PALE_GRANT_UDP;
}

static bool
is_abstract(const struct pale_grant *grant)
{
	return grant->kind == PALE_GRANT_UNIX && grant->path[0] == '@';
}

static const struct pale_grant *
find_grant(
    const struct pale_compartment *compartment, bool (*is_one)(const struct pale_grant *grant))
{
	for (size_t i = 0; i < compartment->grant_count; i++) {
		if (is_one(&compartment->grants[i]))
			return &compartment->grants[i];
	}
	return NULL;
}

/* What is in the machine's network cannot be reached from another one. */
static int
check(const struct pale_compartment *compartment, const struct pale_plan_options *options,
    struct pale_err *err)
{
	const struct pale_grant *host = find_grant(compartment, is_host);
	const struct pale_grant *abstract = find_grant(compartment, is_abstract);
	bool fresh = is_net(compartment, "none") || is_net(compartment, "loopback");

	if (fresh && host != NULL) {
		pale_fail(err, -EINVAL,
		    "'%s' (%s) is in the machine's network, and with --net=%s the program has "
		    "another",
		    host->path, host->origin, compartment->net);
		return pale_remedy(
		    err, "leave --net out: without it only what is granted of the network is open");
	}
	if (fresh && abstract != NULL) {
		pale_fail(err, -EINVAL,
		    "'%s' (%s) is a name in the machine's network namespace, and with --net=%s the "
		    "program has another",
		    abstract->path, abstract->origin, compartment->net);
		return pale_remedy(err, "leave --net out, or grant a socket that has a path");
	}
	if (options->paranoid && (host != NULL || abstract != NULL)) {
		if (host == NULL)
			host = abstract;
		pale_fail(err, -EINVAL,
		    "'%s' (%s) is in the machine's network, and --paranoid gives the program "
		    "another",
		    host->path, host->origin);
		return pale_remedy(err, "leave one of the two out");
	}
	if (options->paranoid && is_net(compartment, "host")) {
		pale_fail(err, -EINVAL,
		    "--net=host is the machine's network, and --paranoid gives the program "
		    "another");
		return pale_remedy(err, "leave one of the two out, or take --net=loopback");
	}
	return 0;
}

static int
note_names(struct pale_net *net, size_t first, const char *name, struct pale_err *err)
{
	const char **names = reallocarray(net->names, net->host_count, sizeof(*names));

	if (names == NULL)
		return pale_fail(err, -ENOMEM, "out of memory");
	net->names = names;
	for (size_t i = first; i < net->host_count; i++)
		names[i] = name;
	return 0;
}

static int
add_hosts(const struct pale_compartment *compartment, struct pale_net *net, struct pale_err *err)
{
	PALE_FREE char *lines = NULL;
	int result = 0;

	for (size_t i = 0; i < compartment->grant_count && result == 0; i++) {
		const struct pale_grant *grant = &compartment->grants[i];
		size_t first = net->host_count;

		if (!is_host(grant))
			continue;
		result = pale_hosts_resolve(grant, &net->hosts, &net->host_count, err);
		if (result == 0)
			result = note_names(net, first, grant->path, err);
		if (result == 0 && pale_hosts_is_name(grant))
			result = pale_hosts_lines(
			    grant, net->hosts + first, net->host_count - first, &lines, err);
	}
	if (result == 0 && lines != NULL) {
		net->unread = !pale_hosts_are_read();
		result = pale_hosts_file(lines, &net->file_path, &net->file_text, err);
	}
	return result;
}

int
pale_net_find(const struct pale_compartment *compartment, const struct pale_plan_options *options,
    struct pale_net *ret_net, struct pale_err *err)
{
	bool granted = find_grant(compartment, is_host) != NULL ||
	    find_grant(compartment, is_abstract) != NULL || is_net(compartment, "host");
	int result = check(compartment, options, err);

	*ret_net = (struct pale_net){
		.loopback = is_net(compartment, "loopback"),
		.open = is_net(compartment, "loopback") || is_net(compartment, "host"),
	};
	ret_net->own = ret_net->loopback || is_net(compartment, "none") ||
	    (!granted && pale_plan_wants_net(options));
	return result < 0 ? result : add_hosts(compartment, ret_net, err);
}

void
pale_net_done(struct pale_net *net)
{
	free(net->hosts);
	free(net->names);
	free(net->file_path);
	free(net->file_text);
	*net = (struct pale_net){ 0 };
}

const char *
pale_net_word(const struct pale_net *net)
{
	if (net->open)
		return net->own ? "loopback" : "host";
	if (net->own)
		return "empty";
	return net->host_count > 0 ? "hosts" : "none";
}

/* Which uses of TCP ports Landlock can fence: not those of every port. */
static uint64_t
fence(const struct pale_net *net, int abi)
{
	uint64_t bits = pale_landlock_net_bits(abi);

	for (size_t i = 0; i < net->host_count; i++) {
		const struct pale_door_host *host = &net->hosts[i];

		if (!host->tcp || host->port != 0)
			continue;
		if ((host->use & PALE_DOOR_CONNECT) != 0)
			bits &= ~LANDLOCK_ACCESS_NET_CONNECT_TCP;
		if ((host->use & PALE_DOOR_BIND) != 0)
			bits &= ~LANDLOCK_ACCESS_NET_BIND_TCP;
	}
	return bits;
}

/*
 * Where all of a network is granted its calls need no judge. Where single hosts are, the supervisor
 * hears of every address, and no socket has an option that leads around it.
 */
static void
set_gates(const struct pale_net *net, struct pale_plan *plan)
{
	bool tcp = false;
	bool udp = false;

	if (net->open) {
		plan->sys.gates |= 1U << GATE_INET | 1U << GATE_NETLINK | 1U << GATE_NET;
		return;
	}
	if (net->host_count == 0)
		return;
	for (size_t i = 0; i < net->host_count; i++) {
		tcp |= net->hosts[i].tcp;
		udp |= !net->hosts[i].tcp;
	}
	plan->sys.gates |= 1U << GATE_INET;
	plan->sys.gates &= ~(1U << GATE_OPTIONS);
	/* A TCP socket that listens without a name is given one. */
	plan->sys.gates &= ~(tcp ? 1U << GATE_LISTEN : 1U << GATE_TCP);
	plan->sys.gates &= ~(udp ? 1U << GATE_SENDTO | 1U << GATE_SENDMSG : 1U << GATE_UDP);
	plan->landlock_net = fence(net, plan->landlock_abi);
}

/* The names are in /etc/hosts, unless somebody wants that file otherwise. */
static int
tell(const struct pale_net *net, struct pale_plan *plan, struct pale_err *err)
{
	const struct pale_entry *entry =
	    net->file_path == NULL ? NULL : pale_plan_find(plan, net->file_path);

	if (net->file_path != NULL && net->unread)
		return pale_plan_notice(plan, err,
		    "the granted hosts are in /etc/hosts inside, but nsswitch.conf(5) here has no "
		    "'files' for hosts, so programs look them up otherwise");
	if (entry != NULL && strcmp(entry->path, net->file_path) == 0 &&
	    pale_entry_has_rights(entry))
		return pale_plan_notice(plan, err,
		    "'%s' (%s) stays as it is, so programs look the granted hosts up otherwise",
		    entry->path, entry->origin);
	return 0;
}

int
pale_net_plan(struct pale_plan *plan, const struct pale_compartment *compartment,
    const struct pale_plan_options *options, struct pale_err *err)
{
	int result = 0;

	plan->net = options->net;
	if (plan->net == NULL) {
		result = pale_net_find(compartment, options, &plan->net_found, err);
		plan->net = &plan->net_found;
	}
	if (result < 0)
		return result;
	plan->doors.hosts = plan->net->hosts;
	plan->doors.host_count = plan->net->host_count;
	plan->doors.net_open = plan->net->open;
	set_gates(plan->net, plan);
	return tell(plan->net, plan, err);
}
