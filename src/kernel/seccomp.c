/* SPDX-License-Identifier: BSD-2-Clause */
/* Installing a seccomp program; see seccomp.h. */
#include "kernel/seccomp.h"

#include <errno.h>
#include <unistd.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "kernel/uapi.h"

static int
install_failed(int error, struct pale_err *err)
{
	errno = error;
	pale_fail_errno(err, "cannot install the system call filter");
	switch (error) {
	case EINVAL:
	case ENOSYS:
		pale_remedy(err, "use a kernel built with CONFIG_SECCOMP_FILTER, 6.1 or later");
		break;
	case EACCES:
		pale_remedy(err, "set no_new_privs first: prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)");
		break;
	case EBUSY:
		pale_remedy(err,
		    "this process already has a filter with a supervisor, and Linux "
		    "allows one: start it outside of that container or sandbox");
		break;
	case ENOMEM:
		pale_remedy(
		    err, "too many filters lie upon each other: start from fewer sandboxes");
		break;
	case ESRCH:
		pale_remedy(
		    err, "another thread has a filter of its own: install before threads start");
		break;
	default:
		break;
	}
	return -error;
}

int
pale_seccomp_install(const struct sock_filter *prog, size_t count, unsigned flags,
    int *ret_listener_fd, struct pale_err *err)
{
	struct sock_filter *unchanged = (struct sock_filter *)(uintptr_t)prog;
	struct sock_fprog fprog = { .len = (unsigned short)count, .filter = unchanged };
	long rc;

	if (count == 0 || count > BPF_MAXINSNS)
		return pale_fail(err, -EINVAL, "a system call filter of %zu instructions", count);
	if (ret_listener_fd != NULL)
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	rc = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &fprog);
	if (rc < 0)
		return install_failed(errno, err);
	if (ret_listener_fd != NULL)
		*ret_listener_fd = (int)rc;
	else if (rc > 0) /* the thread that FLAG_TSYNC could not take along */
		return install_failed(ESRCH, err);
	return 0;
}

bool
pale_filter_inside(void)
{
	int saved = errno;
	/* With its arguments: what else lies in the registers could be a question. */
	bool inside =
	    syscall(PALE_CONTROL_NR, 0L, 0L, 0L, 0L, 0L, 0L) == -1 && errno == PALE_CONTROL_ERRNO;

	errno = saved;
	return inside;
}

bool
pale_filter_is_ours(void)
{
	int saved = errno;
	bool filtered = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_FILTER;

	/* Ours says that it does not exist; the kernel would complain of its arguments. */
	if (filtered)
		filtered = syscall(SYS_openat2, -1, NULL, NULL, 0L) < 0 && errno == ENOSYS;
	errno = saved;
	return filtered && pale_filter_inside();
}

int
pale_filter_ask_nested(int *ret_fd)
{
	long fd = syscall(PALE_CONTROL_NR, PALE_CONTROL_NEST, 0L, 0L, 0L, 0L, 0L);

	if (fd < 0)
		return -errno;
	*ret_fd = (int)fd;
	return 0;
}
