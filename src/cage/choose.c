/* SPDX-License-Identifier: BSD-2-Clause */
/* The program of a policy, ready or to be built; see filter.h. */
#include "cage/ready.h"

int
pale_filter_choose(const struct pale_sys_policy *policy, struct sock_filter *room, size_t max,
    const struct sock_filter **ret_prog, size_t *ret_count, struct pale_err *err)
{
	int result;

	for (const struct pale_filter_ready *ready = pale_filter_ready; ready->prog != NULL;
	     ready++) {
		if (policy->watch != PALE_WATCH_NONE || policy->object_count != 0)
			break;
		if (ready->policy.withheld != policy->withheld ||
		    ready->policy.gates != policy->gates)
			continue;
		*ret_prog = ready->prog;
		*ret_count = ready->count;
		return 0;
	}
	result = pale_filter_build(policy, room, max, ret_count, err);
	if (result == 0)
		*ret_prog = room;
	return result;
}
