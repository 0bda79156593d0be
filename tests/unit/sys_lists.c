/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the table of calls must answer, written down by hand and apart from it: what is never
 * allowed, what every program needs, what a gate opens, what a withheld right takes away.
 */
#include "core/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <linux/fs.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "core/scope.h"
#include "harness.h"

enum {
	ALL_GATES = (1 << GATE_COUNT) - 1,
	DEFAULT_GATES = PALE_GATES_QUIET | 1 << GATE_SYSV | 1 << GATE_MQ | 1 << GATE_SIGSCOPE,
};

#define CWD ((uint64_t)AT_FDCWD)

static enum pale_sys
sys_of(const char *name)
{
	enum pale_sys sys = PALE_SYS_COUNT;

	ck_assert_msg(pale_sys_find(name, &sys) == 0, "no row for %s", name);
	return sys;
}

static struct pale_sys_answer
answer(const char *name, const uint64_t args[PALE_SYS_ARGS], uint32_t gates, pale_rights withheld)
{
	const struct pale_sys_policy policy = { .withheld = withheld, .gates = gates };

	return pale_sys_answer(sys_of(name), args, &policy);
}

TEST(setid, "the set-user-id and set-group-id bits are refused wherever a mode is given")
{
	static const struct {
		const char *name;
		unsigned mode_arg;
		uint64_t args[PALE_SYS_ARGS];
	} calls[] = {
		{ "chmod", 1, { 0 } },
		{ "fchmod", 1, { 3 } },
		{ "fchmodat", 2, { CWD } },
		{ "fchmodat2", 2, { CWD } },
		{ "creat", 1, { 0 } },
		{ "mknod", 1, { 0 } },
		{ "mknodat", 2, { CWD } },
		{ "open", 2, { 0, O_CREAT | O_WRONLY } },
		{ "open", 2, { 0, O_TMPFILE | O_RDWR } },
		{ "open", 2, { 0, O_CREAT | O_EXCL | O_TRUNC | O_RDWR } },
		{ "openat", 3, { CWD, 0, O_CREAT | O_WRONLY } },
		{ "openat", 3, { CWD, 0, O_TMPFILE | O_WRONLY } },
	};
	static const uint64_t bad[] = { 04755, 02755, 06777, 04000, 02000, 07777,
		0xdead0000 | 04755, UINT64_C(0xdeadbeef00000000) | 02755, S_IFREG | 04755,
		S_IFIFO | 02600 };
	static const uint64_t good[] = { 0, 0644, 0755, 0777, 01777, S_IFREG | 0600 };

	for (size_t i = 0; i < PALE_COUNT(calls); i++) {
		uint64_t args[PALE_SYS_ARGS];

		memcpy(args, calls[i].args, sizeof(args));
		for (size_t m = 0; m < PALE_COUNT(bad); m++) {
			args[calls[i].mode_arg] = bad[m];
			ck_assert_msg(answer(calls[i].name, args, ALL_GATES, 0).run == RUN_DENY,
			    "%s allows mode %#llo", calls[i].name, (unsigned long long)bad[m]);
		}
		for (size_t m = 0; m < PALE_COUNT(good); m++) {
			args[calls[i].mode_arg] = good[m];
			ck_assert_msg(answer(calls[i].name, args, 0, 0).run == RUN_ALLOW,
			    "%s denies mode %#llo", calls[i].name, (unsigned long long)good[m]);
		}
	}
}

TEST(no_mode, "an open that makes nothing is not judged by what lies where its mode would be")
{
	const uint64_t plain[PALE_SYS_ARGS] = { 0, O_RDWR | O_DIRECTORY, 06777 };
	const uint64_t at[PALE_SYS_ARGS] = { CWD, 0, O_RDONLY, UINT64_MAX };

	ck_assert_int_eq(answer("open", plain, 0, 0).run, RUN_ALLOW);
	ck_assert_int_eq(answer("openat", at, 0, 0).run, RUN_ALLOW);
}

TEST(o_path, "O_PATH needs only lookup, whatever stands beside it")
{
	static const uint64_t flags[] = { 0, O_WRONLY, O_RDWR, O_CREAT | O_RDWR, O_TRUNC, O_SYNC,
		O_NOFOLLOW | O_CLOEXEC };

	for (size_t i = 0; i < PALE_COUNT(flags); i++) {
		const uint64_t plain[PALE_SYS_ARGS] = { 0, O_PATH | flags[i], 0600 };
		const uint64_t at[PALE_SYS_ARGS] = { 3, 0, O_PATH | flags[i], 0600 };

		ck_assert(pale_sys_need(PALE_SYS_open, plain) == RS(LOOKUP));
		ck_assert(pale_sys_need(PALE_SYS_openat, at) == RS(LOOKUP));
	}
}

TEST(open_needs, "what an open needs follows from its flags")
{
	static const struct {
		uint64_t flags;
		pale_rights need;
	} opens[] = {
		{ O_RDONLY, RS(LOOKUP, READ) },
		{ O_WRONLY, RS(LOOKUP, WRITE) },
		{ O_RDWR | O_CLOEXEC, RS(LOOKUP, READ, WRITE) },
		{ O_ACCMODE, RS(LOOKUP, READ, WRITE) },
		{ O_WRONLY | O_CREAT, RS(LOOKUP, WRITE, CREATE) },
		{ O_WRONLY | O_CREAT | O_TRUNC, RS(LOOKUP, WRITE, CREATE, FTRUNCATE) },
		{ O_RDONLY | O_TRUNC, RS(LOOKUP, READ, FTRUNCATE) },
		{ O_RDWR | O_TMPFILE, RS(LOOKUP, READ, WRITE, CREATE) },
		{ O_WRONLY | O_SYNC, RS(LOOKUP, WRITE, FSYNC) },
		{ O_WRONLY | O_DSYNC, RS(LOOKUP, WRITE, FSYNC) },
		{ O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK, RS(LOOKUP, READ) },
	};

	for (size_t i = 0; i < PALE_COUNT(opens); i++) {
		const uint64_t args[PALE_SYS_ARGS] = { 0, opens[i].flags };

		ck_assert_msg(pale_sys_need(PALE_SYS_open, args) == opens[i].need, "flags %#llo",
		    (unsigned long long)opens[i].flags);
	}
}

TEST(withheld, "a right withheld from the cage denies each of its calls, and no other call")
{
	static const struct {
		pale_rights right;
		const char *calls[8];
	} families[] = {
		{ RS(FCHMOD), { "chmod", "fchmod", "fchmodat", "fchmodat2" } },
		{ RS(FCHOWN), { "chown", "fchown", "lchown", "fchownat" } },
		{ RS(FUTIMES), { "utime", "utimes", "futimesat", "utimensat" } },
		{ RS(FCHFLAGS), { "file_setattr" } },
		{ RS(EXTATTR_SET), { "setxattr", "lsetxattr", "fsetxattr", "setxattrat" } },
		{ RS(EXTATTR_DELETE),
		    { "removexattr", "lremovexattr", "fremovexattr", "removexattrat" } },
		{ RS(LINKAT_SOURCE), { "link", "linkat" } },
		{ RS(LINKAT_TARGET), { "link", "linkat" } },
		{ RS(RENAMEAT_SOURCE), { "rename", "renameat", "renameat2" } },
		{ RS(RENAMEAT_TARGET), { "rename", "renameat", "renameat2" } },
	};
	const uint64_t args[PALE_SYS_ARGS] = { 1, 1, 1 };
	pale_rights tried = 0;

	for (size_t f = 0; f < PALE_COUNT(families); f++) {
		tried |= families[f].right;
		for (unsigned i = 0; i < PALE_SYS_COUNT; i++) {
			const char *name = pale_sys_row((enum pale_sys)i)->name;
			bool member = false;

			for (size_t c = 0; c < PALE_COUNT(families[f].calls); c++)
				member |= families[f].calls[c] != NULL &&
				    strcmp(families[f].calls[c], name) == 0;
			if (answer(name, args, ALL_GATES, 0).run != RUN_ALLOW)
				continue;
			ck_assert_msg((answer(name, args, ALL_GATES, families[f].right).run ==
					  RUN_DENY) == member,
			    "%s", name);
		}
	}
	ck_assert_msg(tried == pale_rights_of_how(PALE_HOW_SECCOMP), "a right is not tried");
}

TEST(inode_flags, "inode flags are set by descriptor too, and withheld there too")
{
	static const uint64_t commands[] = { FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR, 0x40046602,
		0x40087602, 0x40086604, 0x40806685 };

	for (size_t i = 0; i < PALE_COUNT(commands); i++) {
		const uint64_t args[PALE_SYS_ARGS] = { 3, commands[i] | UINT64_C(0xfeed) << 32 };

		ck_assert_int_eq(answer("ioctl", args, 0, 0).run, RUN_ALLOW);
		ck_assert_int_eq(answer("ioctl", args, 0, RS(FCHFLAGS)).run, RUN_DENY);
	}
	ck_assert_int_eq(
	    answer("ioctl", (uint64_t[PALE_SYS_ARGS]){ 3, FS_IOC_GETFLAGS }, 0, RS(FCHFLAGS)).run,
	    RUN_ALLOW);
}

/* One call, and what becomes of it as a gate opens. */
struct gate_case {
	const char *name;
	uint64_t args[PALE_SYS_ARGS];
	enum pale_gate gate;
	enum pale_verdict open;
};

TEST(gates, "a gate opens the calls that stand behind it, and closed it denies them")
{
	static const struct gate_case cases[] = {
		{ "socket", { AF_INET, SOCK_STREAM }, GATE_INET, RUN_ALLOW },
		{ "socket", { AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP }, GATE_INET,
		    RUN_ALLOW },
		{ "socket", { AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP }, GATE_INET,
		    RUN_ALLOW },
		{ "socket", { AF_INET, SOCK_RAW, IPPROTO_ICMP }, GATE_INET, RUN_DENY },
		{ "socket", { AF_INET, SOCK_RAW, IPPROTO_TCP }, GATE_INET, RUN_DENY },
		{ "socket", { AF_INET6, SOCK_RAW | SOCK_CLOEXEC, 0 }, GATE_INET, RUN_DENY },
		{ "socket", { AF_INET, SOCK_DCCP, 0 }, GATE_INET, RUN_DENY },
		{ "socket", { AF_INET, SOCK_PACKET, 0 }, GATE_INET, RUN_DENY },
		{ "socket", { AF_INET, SOCK_DGRAM, IPPROTO_ICMP }, GATE_INET, RUN_DENY },
		{ "socket", { AF_INET, SOCK_STREAM, 262 }, GATE_INET, RUN_DENY },
		{ "socket", { AF_INET6, SOCK_STREAM, 262 }, GATE_INET, RUN_DENY },
		{ "socket", { AF_INET, SOCK_SEQPACKET, 0 }, GATE_INET, RUN_DENY },
		{ "socket", { AF_INET, SOCK_STREAM, IPPROTO_SCTP }, GATE_INET, RUN_DENY },
		{ "socket", { AF_NETLINK, SOCK_RAW, 0 }, GATE_NETLINK, RUN_ALLOW },
		{ "socket", { AF_NETLINK, SOCK_RAW, 4 }, GATE_NETLINK, RUN_DENY },
		{ "socket", { AF_UNIX, SOCK_DGRAM }, GATE_DGRAM, RUN_ASK },
		{ "socket", { AF_UNIX, SOCK_RAW }, GATE_DGRAM, RUN_DENY },
		{ "socketpair", { AF_UNIX, SOCK_DGRAM }, GATE_DGRAM, RUN_DENY },
		{ "socketpair", { AF_INET, SOCK_STREAM }, GATE_INET, RUN_DENY },
		{ "shmget", { 1, 4096 }, GATE_SYSV, RUN_ALLOW },
		{ "semop", { 1 }, GATE_SYSV, RUN_ALLOW },
		{ "msgrcv", { 1 }, GATE_SYSV, RUN_ALLOW },
		{ "shmctl", { 1, 0 }, GATE_SYSV, RUN_ALLOW },
		{ "shmctl", { 1, 2 }, GATE_SYSV, RUN_ALLOW },
		{ "shmctl", { 1, 13 }, GATE_SYSV, RUN_DENY },
		{ "shmctl", { 1, 14 }, GATE_SYSV, RUN_DENY },
		{ "shmctl", { 1, 15 }, GATE_SYSV, RUN_DENY },
		{ "semctl", { 1, 0, 18 }, GATE_SYSV, RUN_DENY },
		{ "semctl", { 1, 0, 19 }, GATE_SYSV, RUN_DENY },
		{ "semctl", { 1, 0, 20 }, GATE_SYSV, RUN_DENY },
		{ "semctl", { 1, 0, 12 }, GATE_SYSV, RUN_ALLOW },
		{ "msgctl", { 1, 11 }, GATE_SYSV, RUN_DENY },
		{ "msgctl", { 1, 12 }, GATE_SYSV, RUN_DENY },
		{ "msgctl", { 1, 13 }, GATE_SYSV, RUN_DENY },
		{ "shmat", { 1, 0, 0100000 }, GATE_SYSV, RUN_ALLOW },
		{ "mq_getsetattr", { 3 }, GATE_MQ, RUN_ALLOW },
		{ "mq_notify", { 3 }, GATE_MQ_NOTIFY, RUN_ALLOW },
		{ "mq_timedsend", { 3 }, GATE_MQ, RUN_ALLOW },
		{ "kill", { 0, 15 }, GATE_SIGSCOPE, RUN_ALLOW },
		{ "kill", { UINT64_C(1) << 32, 15 }, GATE_SIGSCOPE, RUN_ALLOW },
		{ "rt_sigqueueinfo", { 0, 15 }, GATE_SIGSCOPE, RUN_ALLOW },
		{ "pidfd_send_signal", { 3, 15, 0, 4 }, GATE_SIGSCOPE, RUN_ALLOW },
		{ "fcntl", { 3, F_SETOWN, 42 }, GATE_SIGSCOPE, RUN_ALLOW },
		{ "fcntl", { 3, F_SETOWN_EX }, GATE_SIGSCOPE, RUN_ALLOW },
		{ "fcntl", { 3, F_SETSIG, 10 }, GATE_SIGSCOPE, RUN_ALLOW },
		{ "ioctl", { 3, 0x8901 }, GATE_SIGSCOPE, RUN_ALLOW },
		{ "ioctl", { 3, 0x8902 }, GATE_SIGSCOPE, RUN_ALLOW },
		{ "ioctl", { 3, 0x8912 }, GATE_NET, RUN_ALLOW },
		{ "setsockopt", { 3, SOL_SOCKET, 83 }, GATE_PASS, RUN_ALLOW },
	};

	for (size_t i = 0; i < PALE_COUNT(cases); i++) {
		uint32_t bit = 1U << cases[i].gate;

		ck_assert_msg(
		    answer(cases[i].name, cases[i].args, ALL_GATES & ~bit, 0).run == RUN_DENY,
		    "case %zu: %s is allowed with its gate closed", i, cases[i].name);
		ck_assert_msg(answer(cases[i].name, cases[i].args, PALE_GATES_QUIET | bit, 0).run ==
			cases[i].open,
		    "case %zu: %s is not as intended with its gate open", i, cases[i].name);
	}
}

TEST(never, "what must never be allowed is not, with any arguments and every gate open")
{
	static const char *const names[] = { "io_uring_setup", "io_uring_enter",
		"io_uring_register", "userfaultfd", "perf_event_open", "bpf", "add_key",
		"request_key", "keyctl", "mount", "umount2", "pivot_root", "chroot", "open_tree",
		"open_tree_attr", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick",
		"mount_setattr", "statmount", "listmount", "setns", "name_to_handle_at",
		"open_by_handle_at", "fanotify_init", "fanotify_mark", "kexec_load",
		"kexec_file_load", "init_module", "finit_module", "delete_module", "create_module",
		"syslog", "quotactl", "quotactl_fd", "process_madvise", "process_mrelease",
		"pidfd_getfd", "kcmp", "swapon", "swapoff", "reboot", "acct", "settimeofday",
		"clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname",
		"iopl", "ioperm", "vhangup", "memfd_secret", "openat2", "clone3", "uselib", "ustat",
		"sysfs", "_sysctl", "modify_ldt", "lsm_set_self_attr", "nfsservctl", "vserver",
		"lookup_dcookie" };

	for (size_t i = 0; i < PALE_COUNT(names); i++) {
		enum pale_sys sys = sys_of(names[i]);
		const struct pale_sys_row *row = pale_sys_row(sys);
		size_t count;
		const struct pale_sys_sub *sub = pale_sys_subs(sys, &count);

		ck_assert_msg(row->run == RUN_DENY && row->gate == GATE_NONE, "%s", names[i]);
		for (size_t s = 0; s < count; s++)
			ck_assert_msg(sub[s].adds || sub[s].run == RUN_DENY, "%s", names[i]);
	}
}

/* Denied with these arguments, in the cage that everybody gets and in the most open one. */
TEST(never_with, "what must never be allowed with some arguments is not, every gate open")
{
	static const struct {
		const char *name;
		uint64_t args[PALE_SYS_ARGS];
	} calls[] = {
		{ "unshare", { CLONE_NEWUSER } },
		{ "unshare", { CLONE_NEWNS | CLONE_FS } },
		{ "unshare", { CLONE_NEWPID } },
		{ "unshare", { CLONE_NEWNET } },
		{ "unshare", { CLONE_NEWIPC } },
		{ "unshare", { CLONE_NEWUTS } },
		{ "unshare", { CLONE_NEWCGROUP } },
		{ "unshare", { 0x80 } },
		{ "clone", { CLONE_NEWUSER | 17 } },
		{ "clone", { CLONE_NEWNS | CLONE_VM | 17 } },
		{ "clone", { CLONE_NEWPID } },
		{ "clone", { CLONE_NEWNET } },
		{ "clone", { CLONE_NEWIPC } },
		{ "clone", { CLONE_NEWUTS } },
		{ "clone", { CLONE_NEWCGROUP } },
		{ "clone", { CLONE_PARENT | 17 } },
		{ "ioctl", { 0, TIOCSTI } },
		{ "ioctl", { 0, TIOCLINUX } },
		{ "ioctl", { 0, TIOCCONS } },
		{ "ioctl", { 0, TIOCSETD } },
		{ "ioctl", { 0, TIOCEXCL } },
		{ "ioctl", { 0, 0x4b3a } },
		{ "ioctl", { 0, 0x4b47 } },
		{ "ioctl", { 0, 0x5606 } },
		{ "ioctl", { 3, 0x8b1a } },
		{ "ioctl", { 3, 0x5000940f } },
		{ "ioctl", { 3, 0xc0406618 } },
		{ "seccomp", { 1, 8 } },
		{ "seccomp", { 1, 8 | 16 | 32 } },
		{ "personality", { READ_IMPLIES_EXEC } },
		{ "personality", { PER_LINUX32 } },
		{ "personality", { ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC } },
		{ "personality", { MMAP_PAGE_ZERO } },
		{ "prctl", { PR_SET_MM } },
		{ "prctl", { PR_TASK_PERF_EVENTS_ENABLE } },
		{ "prctl", { PR_SET_SYSCALL_USER_DISPATCH } },
		{ "prctl", { PR_SET_IO_FLUSHER } },
		{ "prctl", { PR_SCHED_CORE } },
		{ "prctl", { PR_SET_SECUREBITS } },
		{ "prctl", { 4711 } },
		{ "fcntl", { 3, F_SETLEASE, F_RDLCK } },
		{ "setpriority", { 1, 0 } },
		{ "setpriority", { 2, 0 } },
		{ "ioprio_set", { 2, 0 } },
		{ "ioprio_set", { 3, 0 } },
		{ "mknod", { 0, S_IFCHR | 0600 } },
		{ "mknodat", { CWD, 0, S_IFBLK | 0600 } },
		{ "renameat2", { CWD, 0, CWD, 0, 4 } },
		{ "fallocate", { 3, 8 } },
		{ "sendto", { 3, 0, 0, 0x20000000 } },
		{ "sendmsg", { 3, 0, 0x20000000 } },
		{ "sendmmsg", { 3, 0, 0, 0x20000000 } },
		{ "socket", { AF_VSOCK, SOCK_STREAM } },
		{ "socket", { AF_PACKET, SOCK_RAW } },
		{ "socket", { AF_ALG, SOCK_SEQPACKET } },
		{ "socket", { AF_UNSPEC, SOCK_STREAM } },
		{ "socket", { 45, SOCK_STREAM } },
		{ "socket", { AF_BLUETOOTH, SOCK_STREAM } },
		{ "socketpair", { 30, SOCK_STREAM } },
	};

	for (size_t i = 0; i < PALE_COUNT(calls); i++) {
		ck_assert_msg(answer(calls[i].name, calls[i].args, ALL_GATES, 0).run == RUN_DENY,
		    "case %zu: %s", i, calls[i].name);
		ck_assert_msg(
		    answer(calls[i].name, calls[i].args, DEFAULT_GATES, 0).run == RUN_DENY,
		    "case %zu: %s", i, calls[i].name);
	}
}

TEST(twins_absent, "a call whose arguments lie in memory answers ENOSYS, for its older twin")
{
	const uint64_t args[PALE_SYS_ARGS] = { 0 };

	ck_assert_int_eq(answer("openat2", args, ALL_GATES, 0).error, ENOSYS);
	ck_assert_int_eq(answer("clone3", args, ALL_GATES, 0).error, ENOSYS);
}

TEST(ordinary, "what ordinary programs call is allowed, with no grant but files")
{
	static const char *const names[] = { "read", "write", "open", "openat", "close", "stat",
		"fstat", "lstat", "newfstatat", "statx", "poll", "ppoll", "select", "pselect6",
		"lseek", "mmap", "mprotect", "munmap", "mremap", "brk", "madvise", "msync",
		"mincore", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigsuspend",
		"rt_sigtimedwait", "rt_sigpending", "sigaltstack", "ioctl", "pread64", "pwrite64",
		"readv", "writev", "preadv", "pwritev", "preadv2", "pwritev2", "access",
		"faccessat", "faccessat2", "pipe", "pipe2", "sched_yield", "dup", "dup2", "dup3",
		"pause", "nanosleep", "clock_nanosleep", "getitimer", "setitimer", "alarm",
		"getpid", "getppid", "gettid", "sendfile", "accept", "accept4", "sendto",
		"recvfrom", "sendmsg", "recvmsg", "recvmmsg", "sendmmsg", "shutdown", "listen",
		"getsockname", "getpeername", "setsockopt", "getsockopt", "clone", "fork", "vfork",
		"execve", "execveat", "exit", "exit_group", "wait4", "waitid", "kill", "tgkill",
		"tkill", "uname", "fcntl", "fsync", "fdatasync", "truncate", "ftruncate",
		"getdents", "getdents64", "getcwd", "chdir", "fchdir", "rename", "renameat",
		"renameat2", "mkdir", "mkdirat", "rmdir", "creat", "link", "linkat", "unlink",
		"unlinkat", "symlink", "symlinkat", "readlink", "readlinkat", "chmod", "fchmod",
		"fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "umask",
		"gettimeofday", "getrlimit", "setrlimit", "prlimit64", "getrusage", "sysinfo",
		"times", "ptrace", "getuid", "getgid", "geteuid", "getegid", "getgroups", "setuid",
		"setgid", "setresuid", "setresgid", "setpgid", "getpgid", "getpgrp", "setsid",
		"getsid", "capget", "utimensat", "mknod", "mknodat", "statfs", "fstatfs",
		"getpriority", "sched_setaffinity", "sched_getaffinity", "sched_setscheduler",
		"sched_getscheduler", "mlock", "munlock", "arch_prctl", "sync", "syncfs",
		"setxattr", "getxattr", "listxattr", "futex", "set_tid_address", "epoll_create1",
		"epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "timer_create",
		"timer_settime", "clock_gettime", "clock_getres", "inotify_init1",
		"inotify_add_watch", "inotify_rm_watch", "set_robust_list", "get_robust_list",
		"splice", "tee", "vmsplice", "fallocate", "eventfd2", "signalfd4", "timerfd_create",
		"timerfd_settime", "getcpu", "process_vm_readv", "process_vm_writev", "seccomp",
		"getrandom", "memfd_create", "membarrier", "mlock2", "copy_file_range", "rseq",
		"pidfd_open", "pidfd_send_signal", "close_range", "landlock_create_ruleset",
		"landlock_add_rule", "landlock_restrict_self", "futex_waitv", "uretprobe", "uprobe",
		"io_setup", "io_submit", "get_mempolicy", "restart_syscall", "unshare" };
	const uint64_t args[PALE_SYS_ARGS] = { 1, 1, 1, 1 };

	ck_assert_uint_gt(PALE_COUNT(names), 150);
	for (size_t i = 0; i < PALE_COUNT(names); i++)
		ck_assert_msg(
		    answer(names[i], args, PALE_GATES_QUIET, 0).run == RUN_ALLOW, "%s", names[i]);
}

TEST(asked, "flock, connect and bind are asked of the supervisor, with no other grant nothing else")
{
	const uint64_t args[PALE_SYS_ARGS] = { 1, 1, 1, 1 };

	for (unsigned i = 0; i < PALE_SYS_COUNT; i++) {
		const char *name = pale_sys_row((enum pale_sys)i)->name;
		bool asks = strcmp(name, "flock") == 0 || strcmp(name, "connect") == 0 ||
		    strcmp(name, "bind") == 0;

		ck_assert_msg(
		    (answer(name, args, DEFAULT_GATES, 0).run == RUN_ASK) == asks, "%s", name);
	}
}

TEST(
    ordinary_with, "what ordinary programs ask for by argument is allowed, with no grant but files")
{
	static const struct {
		const char *name;
		uint64_t args[PALE_SYS_ARGS];
	} calls[] = {
		/* fork, posix_spawn and pthread_create of glibc 2.36 */
		{ "clone", { 0x1200011 } },
		{ "clone", { 0x4111 } },
		{ "clone", { 0x3d0f00 } },
		{ "unshare", { CLONE_FS | CLONE_FILES } },
		{ "socket", { AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK } },
		{ "socket", { AF_UNIX, SOCK_SEQPACKET } },
		{ "socketpair", { AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC } },
		{ "socketpair", { AF_UNIX, SOCK_SEQPACKET } },
		{ "ioctl", { 0, TCGETS } },
		{ "ioctl", { 0, TCSETSW } },
		{ "ioctl", { 0, TIOCGWINSZ } },
		{ "ioctl", { 0, TIOCSWINSZ } },
		{ "ioctl", { 0, TIOCSCTTY } },
		{ "ioctl", { 0, TIOCNOTTY } },
		{ "ioctl", { 0, TIOCGPGRP } },
		{ "ioctl", { 0, TIOCSPGRP } },
		{ "ioctl", { 0, TIOCGPTN } },
		{ "ioctl", { 0, TIOCSPTLCK } },
		{ "ioctl", { 0, FIONREAD } },
		{ "ioctl", { 0, FIONBIO } },
		{ "ioctl", { 0, FIOCLEX } },
		{ "ioctl", { 3, FICLONE } },
		{ "ioctl", { 3, FS_IOC_GETFLAGS } },
		{ "ioctl", { 3, 0x8905 } },
		{ "fcntl", { 3, F_SETFL, O_NONBLOCK } },
		{ "fcntl", { 3, F_DUPFD_CLOEXEC } },
		{ "fcntl", { 3, F_SETLKW } },
		{ "fcntl", { 3, F_OFD_SETLK } },
		{ "fcntl", { 3, F_ADD_SEALS } },
		{ "fcntl", { 3, F_SETPIPE_SZ } },
		{ "prctl", { PR_SET_NAME } },
		{ "prctl", { PR_GET_NAME } },
		{ "prctl", { PR_SET_DUMPABLE } },
		{ "prctl", { PR_SET_PDEATHSIG } },
		{ "prctl", { PR_SET_NO_NEW_PRIVS, 1 } },
		{ "prctl", { PR_GET_NO_NEW_PRIVS } },
		{ "prctl", { PR_GET_SECCOMP } },
		{ "prctl", { PR_SET_SECCOMP, 2 } },
		{ "prctl", { PR_CAPBSET_READ } },
		{ "prctl", { PR_CAP_AMBIENT } },
		{ "prctl", { PR_GET_SECUREBITS } },
		{ "prctl", { PR_SET_TIMERSLACK } },
		{ "prctl", { PR_SET_CHILD_SUBREAPER } },
		{ "prctl", { PR_SET_THP_DISABLE } },
		{ "prctl", { 0x53564d41 } },
		{ "prctl", { 65 } },
		{ "prctl", { PR_SET_PTRACER } },
		{ "prctl", { PR_GET_SPECULATION_CTRL } },
		{ "prctl", { PR_SET_KEEPCAPS } },
		{ "prctl", { PR_SET_TSC } },
		{ "personality", { 0 } },
		{ "personality", { 0xffffffff } },
		{ "personality", { UINT64_MAX } },
		{ "personality", { ADDR_NO_RANDOMIZE } },
		{ "seccomp", { 1, 0 } },
		{ "seccomp", { 1, 1 } },
		{ "seccomp", { 2, 0 } },
		{ "renameat2", { CWD, 0, CWD, 0, 1 } },
		{ "renameat2", { CWD, 0, CWD, 0, 2 } },
		{ "fallocate", { 3, 1 | 2 } },
		{ "execveat", { 3, 0, 0, 0, AT_EMPTY_PATH } },
		{ "mkdir", { 0, 02755 } },
		{ "mknod", { 0, S_IFIFO | 0600 } },
		{ "setpriority", { 0, 0, 5 } },
		{ "ioprio_set", { 1, 0 } },
		{ "sendto", { 3, 0, 0, MSG_NOSIGNAL | MSG_DONTWAIT } },
		{ "mmap", { 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, 3 } },
		{ "setsockopt", { 3, SOL_SOCKET, SO_PASSCRED } },
	};

	for (size_t i = 0; i < PALE_COUNT(calls); i++)
		ck_assert_msg(
		    answer(calls[i].name, calls[i].args, PALE_GATES_QUIET, 0).run == RUN_ALLOW,
		    "case %zu: %s", i, calls[i].name);
}

TEST_MAIN("sys_lists", setid, no_mode, o_path, open_needs, withheld, inode_flags, gates, never,
    never_with, twins_absent, ordinary, asked, ordinary_with)
