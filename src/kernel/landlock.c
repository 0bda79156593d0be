/* SPDX-License-Identifier: BSD-2-Clause */
/* Landlock; see landlock.h. */
#include "kernel/landlock.h"

#include <errno.h>
#include <unistd.h>

#include "kernel/uapi.h"
#include "core/scope.h"

/* What each ABI added, oldest first: the one list of it. */
static const struct {
	uint64_t fs;
	uint64_t net;
	uint64_t scope;
} added[] = {
	[1] = { .fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1 },
	[2] = { .fs = LANDLOCK_ACCESS_FS_REFER },
	[3] = { .fs = LANDLOCK_ACCESS_FS_TRUNCATE },
	[4] = { .net = LANDLOCK_ACCESS_NET_BIND_TCP | LANDLOCK_ACCESS_NET_CONNECT_TCP },
	[5] = { .fs = LANDLOCK_ACCESS_FS_IOCTL_DEV },
	[6] = { .scope = LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL },
	[7] = { .fs = 0 },
	[8] = { .fs = 0 },
	[9] = { .fs = LANDLOCK_ACCESS_FS_RESOLVE_UNIX },
};

/* What a rule on a single file may carry; the kernel refuses the others with EINVAL. */
static const uint64_t file_bits = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_IOCTL_DEV |
    LANDLOCK_ACCESS_FS_RESOLVE_UNIX;

int
pale_landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi < 0 ? 0 : (int)abi;
}

uint64_t
pale_landlock_fs_bits(int abi)
{
	uint64_t bits = 0;

	for (int i = 1; i <= abi && i < (int)PALE_COUNT(added); i++)
		bits |= added[i].fs;
	return bits;
}

uint64_t
pale_landlock_net_bits(int abi)
{
	uint64_t bits = 0;

	for (int i = 1; i <= abi && i < (int)PALE_COUNT(added); i++)
		bits |= added[i].net;
	return bits;
}

uint64_t
pale_landlock_scope_bits(int abi)
{
	uint64_t bits = 0;

	for (int i = 1; i <= abi && i < (int)PALE_COUNT(added); i++)
		bits |= added[i].scope;
	return bits;
}

int
pale_landlock_new(uint64_t fs, uint64_t net, uint64_t scope, int *ret_fd, struct pale_err *err)
{
	struct pale_landlock_ruleset_attr attr = {
		.handled_access_fs = fs,
		.handled_access_net = net,
		.scoped = scope,
	};
	long fd = syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);

	if (fd < 0)
		return pale_fail_errno(err, "cannot make a Landlock ruleset");
	*ret_fd = (int)fd;
	return 0;
}

int
pale_landlock_allow(int ruleset, int fd, bool is_dir, uint64_t access, struct pale_err *err)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = is_dir ? access : access & file_bits,
		.parent_fd = fd,
	};

	if (rule.allowed_access == 0)
		return 0;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		return pale_fail_errno(err, "cannot add a Landlock rule");
	return 0;
}

int
pale_landlock_allow_port(int ruleset, uint16_t port, uint64_t access, struct pale_err *err)
{
	struct pale_landlock_net_port_attr rule = { .allowed_access = access, .port = port };

	if (access == 0)
		return 0;
	if (syscall(SYS_landlock_add_rule, ruleset, PALE_LANDLOCK_RULE_NET_PORT, &rule, 0) < 0)
		return pale_fail_errno(err, "cannot add a Landlock rule on a port");
	return 0;
}

int
pale_landlock_enforce(int ruleset, struct pale_err *err)
{
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		return pale_fail_errno(err, "cannot enforce the Landlock ruleset");
	return 0;
}
