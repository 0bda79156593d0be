/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hosts of --tcp and --udp as addresses. A name is looked up once, at start, where the machine
 * still is as it is, by getent(1), for name services are loaded by the C library and pale is
 * static; what was found then is what is granted. Inside, /etc/hosts begins with it, so a program
 * gets the same addresses from the same names, and needs no name server.
 */
#ifndef PALE_RUN_HOSTS_H
#define PALE_RUN_HOSTS_H

#include <stdbool.h>
#include <stddef.h>

#include "cage/doors.h"
#include "core/err.h"
#include "policy/policy.h"

enum {
	PALE_HOSTS_DEADLINE_MS = 15000, /* three tries of a resolver of five seconds each */
	PALE_HOSTS_MAX = 64,            /* addresses of one name; more is no host */
};

/*
 * Append the addresses of a grant (TCP or UDP) to a list: "*", an address, or what a name has now.
 *
 *   io_hosts  owned by the caller (free)
 *
 * Returns 0, or -errno with a remedy: -ENOENT (no such name), -EHOSTUNREACH (no getent here),
 * -ETIMEDOUT, -E2BIG, -EINVAL (a link-local address without its interface).
 * Test: tests/cli/net.bats
 */
int pale_hosts_resolve(const struct pale_grant *grant, struct pale_door_host **io_hosts,
    size_t *io_count, struct pale_err *err);

/* Is it a name, neither an address nor "*"? */
bool pale_hosts_is_name(const struct pale_grant *grant);

/*
 * Append lines for /etc/hosts: each address with the name of the grant.
 *
 *   io_text  NULL or a text; owned by the caller (free)
 */
int pale_hosts_lines(const struct pale_grant *grant, const struct pale_door_host *hosts,
    size_t count, char **io_text, struct pale_err *err);

/*
 * The whole of /etc/hosts inside: the lines, and behind them what the machine's says.
 *
 *   ret_path  where it is to be: /etc/hosts, or what that leads to; owned by the caller
 *   ret_text  owned by the caller
 */
int pale_hosts_file(const char *lines, char **ret_path, char **ret_text, struct pale_err *err);

/* Do programs look into /etc/hosts, as nsswitch.conf(5) has it? */
bool pale_hosts_are_read(void);

#endif
