/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets, hosts and objects of a cage inside: none that the cage around does not have. A socket in
 * a directory is judged by the mounts that it and its name lie in; a name alone is judged only
 * where it is all there is, as of an abstract socket, a queue or a host.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/endpoint.h"
#include "run/hosts.h"
#include "run/nested/narrow_place.h"

static const struct pale_endpoint *
find_endpoint(const struct pale_outer *outer, const struct pale_endpoint *endpoint)
{
	for (size_t i = 0; i < outer->plan->endpoint_count; i++) {
		const struct pale_endpoint *one = &outer->plan->endpoints[i];

		if (one->kind != endpoint->kind || strcmp(one->name, endpoint->name) != 0 ||
		    one->key != endpoint->key || (one->port != endpoint->port && one->port != 0))
			continue;
		/* Whoever renames directories can give the name to another socket. */
		if (one->name[0] != '/' || one->kind != PALE_GRANT_UNIX || !endpoint->there ||
		    (one->there && one->dev == endpoint->dev && one->ino == endpoint->ino))
			return one;
	}
	return NULL;
}

/* What the cage around gives where a descriptor lies. */
static pale_rights
rights_at(const struct pale_mounts *mounts, int fd, const struct pale_outer *outer)
{
	const struct pale_mount *mount = pale_mounts_of_fd(mounts, fd);

	return mount == NULL ? 0 : pale_place_of(mounts, mount, outer).rights;
}

/*
 * A socket in a directory of the cage around: what that may do with sockets there, in the mount of
 * the socket and in that of its name.
 */
static unsigned
uses_by_rights(const struct pale_plan *plan, const struct pale_mounts *mounts,
    const struct pale_outer *outer, const struct pale_endpoint *endpoint)
{
	pale_rights rights = rights_at(mounts, endpoint->dir, outer);
	unsigned use = 0;

	for (size_t i = 0; i < plan->entry_count; i++) {
		const struct pale_entry *entry = &plan->entries[i];

		if (entry->kind == PALE_GRANT_UNIX && strcmp(entry->path, endpoint->name) == 0)
			rights &= rights_at(mounts, entry->at.fd, outer);
	}

	if ((rights & RS(CONNECTAT)) != 0)
		use |= PALE_USE_CONNECT | PALE_USE_FOLLOW;
	if ((rights & RS(BINDAT)) != 0)
		use |= PALE_USE_BIND;
	return use;
}

static int
check_endpoint(const struct pale_plan *plan, const struct pale_endpoint *endpoint,
    const struct pale_mounts *mounts, const struct pale_outer *outer, struct pale_err *err)
{
	const struct pale_endpoint *around = find_endpoint(outer, endpoint);
	unsigned may = around == NULL ? 0 : around->use;
	const char *word = pale_endpoint_word(endpoint->kind);
	char uses[128];

	switch (endpoint->kind) {
	case PALE_GRANT_FIFO:
		return 0; /* compared as an entry */
	case PALE_GRANT_SHM:
	case PALE_GRANT_MSG:
	case PALE_GRANT_SEM:
		/* Of its own namespace the cage around has everything. */
		if ((outer->plan->sys.gates & 1U << GATE_SYSV) != 0)
			return 0;
		break;
	case PALE_GRANT_MQ:
		if (!outer->plan->doors.machine_ipc && around == NULL)
			return 0;
		break;
	case PALE_GRANT_UNIX:
		if (endpoint->name[0] == '/' && around == NULL)
			may = uses_by_rights(plan, mounts, outer, endpoint);
		/* The name's directory is not in the cage around, only what had the name. */
		if (around != NULL && (endpoint->use & (PALE_USE_BIND | PALE_USE_FOLLOW)) != 0) {
			pale_fail(err, -EOPNOTSUPP,
			    "'%s' (%s) cannot be bound or followed from a cage inside another",
			    endpoint->name, endpoint->origin);
			return pale_remedy(err, "grant connect alone");
		}
		break;
	case PALE_GRANT_TCP:
	case PALE_GRANT_UDP:
		return 0; /* compared as addresses */
	case PALE_GRANT_PATH:
	case PALE_GRANT_DIR:
	case PALE_GRANT_FILE:
	case PALE_GRANT_COPY:
	case PALE_GRANT_HIDE:
	case PALE_GRANT_TMP:
	case PALE_GRANT_DEV:
	case PALE_GRANT_FD:
	case PALE_GRANT_LINK:
		break;
	}
	if ((endpoint->use & ~may) == 0)
		return 0;
	pale_uses_print(endpoint->use & ~may, uses, sizeof(uses));
	if (around == NULL)
		pale_fail(err, -EPERM, "%s '%s' (%s) is not granted to the cage around", word,
		    endpoint->name, endpoint->origin);
	else
		pale_fail(err, -EPERM,
		    "%s '%s' (%s) would have %s, which the cage around does not have (%s "
		    "there)",
		    word, endpoint->name, endpoint->origin, uses, around->origin);
	return pale_remedy(err, "ask for less here, or grant more to the cage around");
}

/* Hosts by their addresses; a name was never looked up here. */
static bool
has_host(const struct pale_doors *doors, const struct pale_door_host *host)
{
	for (size_t i = 0; i < doors->host_count; i++) {
		const struct pale_door_host *one = &doors->hosts[i];

		if (one->tcp == host->tcp && (host->use & ~one->use) == 0 &&
		    (one->port == 0 || one->port == host->port) &&
		    (one->any_host ||
			(!host->any_host && one->scope == host->scope &&
			    memcmp(one->address, host->address, sizeof(one->address)) == 0)))
			return true;
	}
	return false;
}

static int
check_hosts(const struct pale_plan *plan, const struct pale_outer *outer, struct pale_err *err)
{
	const struct pale_plan *around = outer->plan;

	if (around->doors.net_open)
		return 0;
	for (size_t i = 0; i < plan->doors.host_count; i++) {
		if (has_host(&around->doors, &plan->doors.hosts[i]))
			continue;
		pale_fail(err, -EPERM,
		    "a host or port of --tcp or --udp is not granted to the cage around: %s port "
		    "%u",
		    plan->doors.hosts[i].tcp ? "TCP" : "UDP", plan->doors.hosts[i].port);
		return pale_remedy(err, "ask for less here, or grant more to the cage around");
	}
	return 0;
}

int
pale_narrow_endpoints(const struct pale_plan *plan, const struct pale_mounts *mounts,
    const struct pale_outer *outer, struct pale_err *err)
{
	int result = check_hosts(plan, outer, err);

	for (size_t i = 0; i < plan->endpoint_count && result == 0; i++)
		result = check_endpoint(plan, &plan->endpoints[i], mounts, outer, err);
	return result;
}

int
pale_narrow_early(const struct pale_compartment *compartment, struct pale_err *err)
{
	for (size_t i = 0; i < compartment->grant_count; i++) {
		const struct pale_grant *grant = &compartment->grants[i];

		if ((grant->kind != PALE_GRANT_TCP && grant->kind != PALE_GRANT_UDP) ||
		    !pale_hosts_is_name(grant))
			continue;
		pale_fail(err, -EOPNOTSUPP,
		    "%s: '%s' is a name, which is not looked up for a cage inside another",
		    grant->origin, grant->path);
		return pale_remedy(err, "name the address: `getent ahosts %s`", grant->path);
	}
	return 0;
}
