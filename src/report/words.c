/* SPDX-License-Identifier: BSD-2-Clause */
/* The words for what a plan consists of; see words.h. */
#include "report/words.h"

#include <sys/mount.h>

#include "kernel/uapi.h"

const struct pale_word pale_words_landlock_fs[] = {
	{ LANDLOCK_ACCESS_FS_READ_FILE, "read_file" },
	{ LANDLOCK_ACCESS_FS_READ_DIR, "read_dir" },
	{ LANDLOCK_ACCESS_FS_EXECUTE, "execute" },
	{ LANDLOCK_ACCESS_FS_WRITE_FILE, "write_file" },
	{ LANDLOCK_ACCESS_FS_TRUNCATE, "truncate" },
	{ LANDLOCK_ACCESS_FS_REMOVE_DIR, "remove_dir" },
	{ LANDLOCK_ACCESS_FS_REMOVE_FILE, "remove_file" },
	{ LANDLOCK_ACCESS_FS_MAKE_REG, "make_reg" },
	{ LANDLOCK_ACCESS_FS_MAKE_DIR, "make_dir" },
	{ LANDLOCK_ACCESS_FS_MAKE_SYM, "make_sym" },
	{ LANDLOCK_ACCESS_FS_MAKE_FIFO, "make_fifo" },
	{ LANDLOCK_ACCESS_FS_MAKE_SOCK, "make_sock" },
	{ LANDLOCK_ACCESS_FS_MAKE_CHAR, "make_char" },
	{ LANDLOCK_ACCESS_FS_MAKE_BLOCK, "make_block" },
	{ LANDLOCK_ACCESS_FS_REFER, "refer" },
	{ LANDLOCK_ACCESS_FS_IOCTL_DEV, "ioctl_dev" },
	{ LANDLOCK_ACCESS_FS_RESOLVE_UNIX, "resolve_unix" },
	{ 0, NULL },
};

const struct pale_word pale_words_landlock_scope[] = {
	{ LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET, "abstract_unix_socket" },
	{ LANDLOCK_SCOPE_SIGNAL, "signal" },
	{ 0, NULL },
};

const struct pale_word pale_words_mount[] = {
	{ MOUNT_ATTR_RDONLY, "rdonly" },
	{ MOUNT_ATTR_NOEXEC, "noexec" },
	{ MOUNT_ATTR_NOSUID, "nosuid" },
	{ MOUNT_ATTR_NODEV, "nodev" },
	{ 0, NULL },
};

const char *
pale_words_kind(enum pale_grant_kind kind)
{
	static const char *const names[] = {
		[PALE_GRANT_PATH] = "path",
		[PALE_GRANT_DIR] = "dir",
		[PALE_GRANT_FILE] = "file",
		[PALE_GRANT_COPY] = "copy",
		[PALE_GRANT_HIDE] = "hide",
		[PALE_GRANT_TMP] = "tmp",
		[PALE_GRANT_DEV] = "device",
		[PALE_GRANT_FD] = "fd",
		[PALE_GRANT_LINK] = "link",
		[PALE_GRANT_UNIX] = "unix",
		[PALE_GRANT_FIFO] = "fifo",
		[PALE_GRANT_SHM] = "shm",
		[PALE_GRANT_MSG] = "msg",
		[PALE_GRANT_SEM] = "sem",
		[PALE_GRANT_MQ] = "mq",
		[PALE_GRANT_TCP] = "tcp",
		[PALE_GRANT_UDP] = "udp",
	};

	return names[kind];
}

const char *
pale_words_gate(enum pale_gate gate)
{
	static const char *const names[GATE_COUNT] = {
		[GATE_NONE] = "none",
		[GATE_INET] = "inet",
		[GATE_NETLINK] = "netlink",
		[GATE_DGRAM] = "dgram",
		[GATE_SYSV] = "sysv",
		[GATE_MQ] = "mq",
		[GATE_SIGSCOPE] = "sigscope",
		[GATE_PASS] = "pass",
		[GATE_CONNECT] = "connect",
		[GATE_LISTEN] = "listen",
		[GATE_SENDTO] = "sendto",
		[GATE_SENDMSG] = "sendmsg",
		[GATE_SOCKET] = "socket",
		[GATE_MQ_OPEN] = "mq_open",
		[GATE_MQ_NOTIFY] = "mq_notify",
		[GATE_TCP] = "tcp",
		[GATE_UDP] = "udp",
		[GATE_OPTIONS] = "options",
		[GATE_NET] = "net",
	};

	return gate < GATE_COUNT && names[gate] != NULL ? names[gate] : "other";
}

void
pale_words_names(struct pale_string *string, pale_rights rights)
{
	const char *between = "";

	for (unsigned i = 0; i < PALE_RIGHT_COUNT; i++) {
		if ((rights >> i & 1) == 0)
			continue;
		pale_string_add(string, "%s%s", between, pale_right_row(i)->name);
		between = ", ";
	}
	if (between[0] == '\0')
		pale_string_add(string, "none");
}

void
pale_words_rights(struct pale_string *string, pale_rights rights)
{
	pale_rights read = pale_rights_preset_read();
	pale_rights write = pale_rights_preset_write();
	pale_rights execute = pale_rights_preset_execute();

	if (rights == read)
		pale_string_add(string, "read");
	else if (rights == write)
		pale_string_add(string, "read write");
	else if (rights == execute)
		pale_string_add(string, "read execute");
	else if (rights == (write | execute))
		pale_string_add(string, "read write execute");
	else
		pale_words_names(string, pale_rights_essence(rights));
}

void
pale_words_bits(
    struct pale_string *string, const struct pale_word *words, uint64_t bits, const char *between)
{
	const char *put = "";

	for (; words->bit != 0; words++) {
		if ((bits & words->bit) == 0)
			continue;
		pale_string_add(string, "%s%s", put, words->name);
		put = between;
	}
	if (put[0] == '\0')
		pale_string_add(string, "none");
}
