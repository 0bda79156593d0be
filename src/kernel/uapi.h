/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel headers of Debian 12 (6.1) lack: numbers and structures of newer kernels, each
 * with the version that brought it. Nothing here says that the running kernel has it: that is
 * probed where it is used. Names that headers define as macros are guarded, so that newer headers
 * win; what they define as enumerators or structures has an own name with pale_ in front.
 */
#ifndef PALE_KERNEL_UAPI_H
#define PALE_KERNEL_UAPI_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mount.h> /* open_tree and friends; brings linux/mount.h in the order that works */
#include <sys/socket.h>
#include <sys/syscall.h>
#include <linux/audit.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>

/* --- Landlock: ABI 1 is Linux 5.13 and is in every header that pale builds with --- */

/* ABI 2, Linux 5.19. */
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
/* ABI 3, Linux 6.2. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
/* ABI 4, Linux 6.7: .handled_access_net and rules on ports. */
#ifndef LANDLOCK_ACCESS_NET_BIND_TCP
#define LANDLOCK_ACCESS_NET_BIND_TCP (1ULL << 0)
#endif
#ifndef LANDLOCK_ACCESS_NET_CONNECT_TCP
#define LANDLOCK_ACCESS_NET_CONNECT_TCP (1ULL << 1)
#endif
/* ABI 5, Linux 6.10. */
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif
/* ABI 6, Linux 6.12: .scoped. */
#ifndef LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
#define LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#endif
#ifndef LANDLOCK_SCOPE_SIGNAL
#define LANDLOCK_SCOPE_SIGNAL (1ULL << 1)
#endif
/* ABI 7, Linux 6.15: flags of landlock_restrict_self about the audit log. */
#ifndef LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF
#define LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF (1U << 0)
#endif
#ifndef LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON
#define LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON (1U << 1)
#endif
#ifndef LANDLOCK_RESTRICT_SELF_LOG_SUBDOMAINS_OFF
#define LANDLOCK_RESTRICT_SELF_LOG_SUBDOMAINS_OFF (1U << 2)
#endif
/* ABI 8, Linux 7.0: restrict every thread of the process at once. */
#ifndef LANDLOCK_RESTRICT_SELF_TSYNC
#define LANDLOCK_RESTRICT_SELF_TSYNC (1U << 3)
#endif
/* ABI 9, Linux 7.1: connect and sendmsg to sockets that have a path. */
#ifndef LANDLOCK_ACCESS_FS_RESOLVE_UNIX
#define LANDLOCK_ACCESS_FS_RESOLVE_UNIX (1ULL << 16)
#endif
/* Backported to the stable kernels: flag of landlock_create_ruleset. */
#ifndef LANDLOCK_CREATE_RULESET_ERRATA
#define LANDLOCK_CREATE_RULESET_ERRATA (1U << 1)
#endif

/*
 * struct landlock_ruleset_attr as of ABI 6. An older kernel takes the whole structure as long as
 * the members it does not know are 0.
 */
struct pale_landlock_ruleset_attr {
	uint64_t handled_access_fs;
	uint64_t handled_access_net; /* ABI 4 */
	uint64_t scoped;             /* ABI 6 */
};

/* enum landlock_rule_type, ABI 4; LANDLOCK_RULE_PATH_BENEATH is in every header. */
enum {
	PALE_LANDLOCK_RULE_NET_PORT = 2,
};

/* struct landlock_net_port_attr, ABI 4. */
struct pale_landlock_net_port_attr {
	uint64_t allowed_access;
	uint64_t port; /* host byte order; 0 for bind means the kernel's choice */
};

/* --- Mounts --- */

/* Linux 5.14. */
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif
/* Linux 5.15; 6.5. */
#ifndef MOVE_MOUNT_SET_GROUP
#define MOVE_MOUNT_SET_GROUP 0x00000100
#endif
#ifndef MOVE_MOUNT_BENEATH
#define MOVE_MOUNT_BENEATH 0x00000200
#endif
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef OPEN_TREE_CLOEXEC
#define OPEN_TREE_CLOEXEC O_CLOEXEC
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

/* enum fsconfig_command, Linux 6.6. */
enum {
	PALE_FSCONFIG_CMD_CREATE_EXCL = 8,
};

/* The calls themselves, Linux 5.2 (mount_setattr 5.12); one number on every architecture. */
#ifndef SYS_open_tree
#define SYS_open_tree 428
#define SYS_move_mount 429
#define SYS_fsopen 430
#define SYS_fsconfig 431
#define SYS_fsmount 432
#define SYS_fspick 433
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif
/* Linux 6.6. */
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
/* Linux 6.8. */
#ifndef SYS_statmount
#define SYS_statmount 457
#endif
#ifndef SYS_listmount
#define SYS_listmount 458
#endif
/* Linux 6.15: open_tree and mount_setattr in one step. */
#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467
#endif

/* --- seccomp --- */

/* Linux 5.19: a signal does not make the supervisor see a notified call twice. */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
/* Linux 6.6. */
#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS _IOW('!', 4, uint64_t)
#endif

/* --- Sockets --- */

/* Linux 6.5. */
#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif
#ifndef SCM_PIDFD
#define SCM_PIDFD 0x04
#endif
/* Linux 6.16: 0 refuses every descriptor that is sent to this socket. */
#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif

/* --- Process descriptors --- */

/* Linux 5.10; 6.9. */
#ifndef PIDFD_NONBLOCK
#define PIDFD_NONBLOCK O_NONBLOCK
#endif
#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL
#endif
/* Linux 6.11. */
#ifndef PID_FS_MAGIC
#define PID_FS_MAGIC 0x50494446 /* of pidfds; Linux 6.9 */
#endif
#ifndef PIDFD_GET_PID_NAMESPACE
#define PIDFD_GET_PID_NAMESPACE _IO(0xFF, 5)
#endif
/* Flags of pidfd_send_signal, Linux 6.9. */
#ifndef PIDFD_SIGNAL_THREAD
#define PIDFD_SIGNAL_THREAD (1U << 0)
#define PIDFD_SIGNAL_THREAD_GROUP (1U << 1)
#define PIDFD_SIGNAL_PROCESS_GROUP (1U << 2)
#endif

/* --- prctl and memfd --- */

/* Linux 6.3. */
#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

/* --- FUSE --- */

/*
 * Linux 6.14: a server that answers nothing for so many seconds is given up. They stand in two
 * bytes of struct fuse_init_out, behind .flags2 and a number that Linux 6.9 brought.
 */
#ifndef FUSE_REQUEST_TIMEOUT
#define FUSE_REQUEST_TIMEOUT (1ULL << 42)
#endif
#define PALE_FUSE_TIMEOUT_AT (offsetof(struct fuse_init_out, flags2) + 8)

/* --- The machine --- */

/* The AUDIT_ARCH_* value of the programs that this build runs. */
#if defined(__x86_64__) && !defined(__ILP32__)
#define PALE_AUDIT_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && !defined(__AARCH64EB__)
#define PALE_AUDIT_ARCH AUDIT_ARCH_AARCH64
#else
#error "pale knows the system calls of x86-64 and of little-endian aarch64"
#endif

#endif
