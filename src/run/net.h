/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The network of a cage: none of it (the default), single hosts and ports of the machine's
 * (--tcp, --udp), all of the machine's (--net=host), or a network namespace of its own with nothing
 * (--net=none) or a loopback interface (--net=loopback) in it. What cannot be had together is
 * refused. Found out before the cage has namespaces, for name services answer outside only.
 */
#ifndef PALE_RUN_NET_H
#define PALE_RUN_NET_H

#include <stdbool.h>
#include <stddef.h>

#include "cage/doors.h"
#include "core/err.h"
#include "policy/policy.h"

struct pale_plan;
struct pale_plan_options;

struct pale_net {
	bool own;                     /* a network namespace of its own */
	bool loopback;                /* its loopback interface is to be brought up */
	bool open;                    /* whatever network is there may be used */
	struct pale_door_host *hosts; /* that are granted; owned */
	const char **names; /* of each, as its grant has it; owned, the names are the policy's */
	size_t host_count;
	char *file_path; /* of /etc/hosts inside; NULL: none of our own; owned */
	char *file_text; /* owned */
	bool unread;     /* programs here do not look into it */
};

/*
 * Find out. Names are looked up now.
 *
 *   ret_net  zeroed; to be given to pale_net_done, also after a failure
 *
 * Returns 0, -EINVAL (what cannot be had together) or as pale_hosts_resolve, with a remedy.
 * Test: tests/cli/net.bats
 */
int pale_net_find(const struct pale_compartment *compartment,
    const struct pale_plan_options *options, struct pale_net *ret_net, struct pale_err *err);

void pale_net_done(struct pale_net *net);

/* What is granted of the network: "none", "hosts", "host", "loopback", "empty". Static. */
const char *pale_net_word(const struct pale_net *net);

/*
 * Complete a compiled plan: .doors, .sys.gates, .landlock_net. What the network is comes from the
 * options if it was found already, else it is found now.
 */
int pale_net_plan(struct pale_plan *plan, const struct pale_compartment *compartment,
    const struct pale_plan_options *options, struct pale_err *err);

#endif
