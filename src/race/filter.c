/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which calls stop: those of sys.def that resolve a name, change who the caller is, touch IPC, or
 * make or end a task. A ring would pass by the gate and is answered as if there were none.
 */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

#include "core/sys.h"
#include "kernel/bpf.h"
#include "kernel/uapi.h"
#include "race/room.h"

static bool
has_arg(const struct pale_sys_row *row, enum pale_arg kind)
{
	for (unsigned i = 0; i < PALE_SYS_ARGS; i++)
		if (row->arg[i] == kind)
			return true;
	return false;
}

static bool
row_stops(const struct pale_sys_row *row)
{
	if (has_arg(row, ARG_PATH) || has_arg(row, ARG_ADDR))
		return true;
	switch ((int)row->does) {
	case DO_LISTEN:
	case DO_ACCEPT:
	case DO_SYSV:
	case DO_FORK:
	case DO_EXIT:
		return true;
	case DO_MQ:
		return has_arg(row, ARG_IN) && !has_arg(row, ARG_FD);
	case DO_IDENTITY:
		return has_arg(row, ARG_UID);
	case DO_SEND:
		return strcmp(row->name, "sendmsg") == 0;
	case DO_WAIT:
		return strstr(row->name, "poll") != NULL;
	default:
		return false;
	}
}

bool
pale_race_is_stop(int nr)
{
	enum pale_sys sys;

	return pale_sys_find_nr(nr, &sys) == 0 && row_stops(pale_sys_row(sys));
}

int
pale_race_filter(struct sock_filter *prog, size_t max, size_t *ret_count, struct pale_err *err)
{
	static const struct pale_bpf_rule pass[] = {
		{ .when = { { 0, UINT64_MAX, PALE_RACE_PASS_FD } },
		    .when_count = 1,
		    .ret = SECCOMP_RET_ALLOW },
	};
	struct pale_bpf_call calls[PALE_SYS_COUNT];
	struct pale_bpf_spec spec = {
		.arch = PALE_AUDIT_ARCH,
		.calls = calls,
		.other_call = SECCOMP_RET_ALLOW,
		.other_arch = SECCOMP_RET_KILL_PROCESS,
	};

	for (int nr = 0; nr < 600; nr++) {
		struct pale_bpf_call *call = &calls[spec.call_count];
		enum pale_sys sys;

		if (pale_sys_find_nr(nr, &sys) < 0)
			continue;
		*call = (struct pale_bpf_call){ .nr = (uint32_t)nr, .ret = SECCOMP_RET_USER_NOTIF };
		if (strncmp(pale_sys_row(sys)->name, "io_uring_", 9) == 0)
			call->ret = SECCOMP_RET_ERRNO | ENOSYS;
		else if (!row_stops(pale_sys_row(sys)) && nr != SYS_getrandom)
			continue;
		if (nr == SYS_sendmsg) {
			call->rules = pass;
			call->rule_count = 1;
		}
		spec.call_count++;
	}
	return pale_bpf_build(&spec, prog, max, ret_count, err);
}
