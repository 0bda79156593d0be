/* SPDX-License-Identifier: BSD-2-Clause */
/* Privileges of a thread; see caps.h. */
#include "kernel/caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int
pale_caps_drop(struct pale_err *err)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const unsigned long secure = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
	    SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
	    SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	/* Root by id gains nothing at exec, for good: one call, where the bounding set takes 41. */
	if (prctl(PR_SET_SECUREBITS, secure, 0, 0, 0) < 0)
		return pale_fail_errno(err, "cannot set the securebits");
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return pale_fail_errno(err, "cannot clear the ambient capabilities");
	if (syscall(SYS_capset, &head, none) < 0)
		return pale_fail_errno(err, "cannot drop capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return pale_fail_errno(err, "cannot set no_new_privs");
	return 0;
}

int
pale_caps_keep(uint32_t keep, struct pale_err *err)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return pale_fail_errno(err, "cannot clear the ambient capabilities");
	if (syscall(SYS_capget, &head, data) < 0)
		return pale_fail_errno(err, "cannot read the capabilities");
	data[0].permitted &= keep;
	data[0].effective = data[0].permitted;
	data[0].inheritable = 0;
	data[1] = (struct __user_cap_data_struct){ 0 };
	if (syscall(SYS_capset, &head, data) < 0)
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
