/* SPDX-License-Identifier: BSD-2-Clause */
/* Privileges of a thread; see caps.h. */
#include "kernel/caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	CAP_ABOVE_LAST = 64, /* the kernel says EINVAL above its last one; 40 on Linux 6.18 */
};

int
pale_caps_drop(struct pale_err *err)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	/* An empty bounding set first: dropping from it needs a capability. */
	for (unsigned long cap = 0; cap < CAP_ABOVE_LAST; cap++) {
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0) {
			if (errno == EINVAL)
				break;
			return pale_fail_errno(err, "cannot drop capability %lu", cap);
		}
	}
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return pale_fail_errno(err, "cannot clear the ambient capabilities");
	if (syscall(SYS_capset, &head, none) < 0)
		return pale_fail_errno(err, "cannot drop capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return pale_fail_errno(err, "cannot set no_new_privs");
	return 0;
}

bool
pale_caps_has(unsigned cap)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	if (syscall(SYS_capget, &head, data) < 0)
		return false;
	return (data[cap / 32].effective & (1U << (cap % 32))) != 0;
}
