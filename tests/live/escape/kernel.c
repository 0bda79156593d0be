/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernel interfaces that a contained program has no use for: loaders, tracers, asynchronous rings,
 * administration, device nodes, and the files of /proc and /sys. Arguments are invalid or change
 * nothing, so that an escape is seen without harm being done.
 */
#include "probe.h"

#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>

enum {
	NR_QUOTACTL_FD = 443, /* 5.14 */
};

static int
ring_setup(struct io_uring_params *params)
{
	return (int)syscall(SYS_io_uring_setup, 4, params);
}

/* Open a path, or read what it leads to, through a ring: the filter never sees the openat. */
static long
ring_open(const char *path, int flags)
{
	struct io_uring_params params = { 0 };
	int fd = ring_setup(&params);
	struct io_uring_sqe *sqes;
	const struct io_uring_cqe *cqe;
	unsigned char *rings;
	unsigned *tail, *array;
	size_t size;

	if (fd < 0)
		return -1;
	size = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
	rings = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQ_RING);
	sqes = mmap(NULL, params.sq_entries * sizeof(*sqes), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
	    IORING_OFF_SQES);
	if (rings == MAP_FAILED || sqes == MAP_FAILED)
		return -1;
	memset(&sqes[0], 0, sizeof(sqes[0]));
	sqes[0].opcode = IORING_OP_OPENAT;
	sqes[0].fd = AT_FDCWD;
	sqes[0].addr = (uint64_t)(uintptr_t)path;
	sqes[0].open_flags = (uint32_t)flags;
	tail = (unsigned *)(void *)(rings + params.sq_off.tail);
	array = (unsigned *)(void *)(rings + params.sq_off.array);
	array[0] = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return -1;
	cqe = (const struct io_uring_cqe *)(const void *)(rings + params.cq_off.cqes);
	errno = cqe->res < 0 ? -cqe->res : 0;
	return cqe->res;
}

static long
load_bpf(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1
	};

	return syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}

static long
perf(pid_t pid)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_TASK_CLOCK,
		.exclude_kernel = 1,
		.exclude_hv = 1 };

	return syscall(SYS_perf_event_open, &attr, pid, -1, -1, 0);
}

static long
make_node(void)
{
	const char *path = rw("node");

	unlink(path);
	return mknod(path, S_IFCHR | 0600, 0x103 /* null */) < 0 ? -1 : open(path, O_RDWR);
}

static long
own_caps(void)
{
	struct {
		uint32_t version;
		int pid;
	} head = { 0x20080522, 0 };
	struct {
		uint32_t effective, permitted, inheritable;
	} caps[2] = { 0 };

	if (syscall(SYS_capget, &head, caps) < 0)
		return -1;
	errno = EPERM;
	return caps[0].effective | caps[0].permitted | caps[1].effective | caps[1].permitted ? 0
											     : -1;
}

static long
no_lock(void)
{
	errno = EPERM;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? -1 : 0;
}

static long
set_own_name(void)
{
	struct utsname name;

	enter_namespace(CLONE_NEWUTS);
	uname(&name);
	return sethostname(name.nodename, strlen(name.nodename));
}

static long
allow_all(void)
{
	struct sock_filter code[] = { { BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW } };
	struct sock_fprog prog = { 1, code };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0)
		return -1;
	return unshare(CLONE_NEWUSER);
}

static long
raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NPROC, &limit) < 0)
		return -1;
	limit.rlim_max = limit.rlim_max == RLIM_INFINITY ? RLIM_INFINITY : limit.rlim_max + 1;
	return setrlimit(RLIMIT_NPROC, &limit);
}

static long
set_host(const char *path)
{
	return open(path, O_WRONLY | O_CLOEXEC);
}

static long
peek(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

static long
map_again(void)
{
	int fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -1 : write(fd, "0 0 1", 5);
}

static long
file_capability(void)
{
	/* struct vfs_cap_data, revision 2, CAP_SYS_ADMIN permitted and effective */
	static const unsigned char data[20] = { 1, 0, 0, 2, 0, 0, 0x20 };

	if (make_file(rw("capable")) < 0)
		return -1;
	return syscall(SYS_setxattr, rw("capable"), "security.capability", data, sizeof(data), 0);
}

static long
suid_program(void)
{
	char answer[32] = "";
	int ends[2];
	pid_t pid;

	if (pipe(ends) < 0 || (pid = fork()) < 0)
		return -1;
	if (pid == 0) {
		dup2(ends[1], 1);
		execl(in_world("bin/suid"), "suid", NULL);
		_exit(1);
	}
	close(ends[1]);
	ignore(read(ends[0], answer, sizeof(answer) - 1));
	wait_child(pid);
	errno = EPERM;
	return strncmp(answer, "privileged", 10) == 0 ? 0 : -1;
}

#define LACKS "not built into this kernel, or closed by it"

/* clang-format off */
REFUSE("io_uring", "set a ring up", MAYBE(LACKS), ring_setup(&(struct io_uring_params){ 0 }))
TRY("io_uring", "open a secret through a ring", MAYBE(LACKS), ring_open(out("secret"), O_RDONLY))
TRY("io_uring", "open a read-only file for writing through a ring", MAYBE(LACKS), ring_open(ro("prey.20"), O_WRONLY))
REFUSE("io_uring", "enter a ring", MAYBE(LACKS), syscall(SYS_io_uring_enter, 0, 0, 0, 0, NULL, 0))
REFUSE("io_uring", "register with a ring", MAYBE(LACKS), syscall(SYS_io_uring_register, 0, 0, NULL, 0))

REFUSE("kernel", "make a bpf map", MAYBE(LACKS), load_bpf())
REFUSE("kernel", "count events of the own process (perf)", MAYBE(LACKS), perf(0))
REFUSE("kernel", "count events of a process outside (perf)", MAYBE(LACKS), perf(w.victim))
REFUSE("kernel", "handle page faults in user space", MAYBE(LACKS), syscall(SYS_userfaultfd, 1 | O_CLOEXEC))
REFUSE("kernel", "watch a whole file system (fanotify)", MAYBE(LACKS), syscall(SYS_fanotify_init, 0x200, 0))
REFUSE("kernel", "load another kernel", POWER, syscall(SYS_kexec_load, 0UL, 0UL, NULL, 0xffff0000UL))
REFUSE("kernel", "load another kernel from a file", MAYBE(LACKS), syscall(SYS_kexec_file_load, -1, -1, 0UL, "", 0xffffUL))
REFUSE("kernel", "load a module", MAYBE(LACKS), syscall(SYS_init_module, NULL, 0UL, ""))
REFUSE("kernel", "load a module from a file", MAYBE(LACKS), syscall(SYS_finit_module, -1, "", 0))
REFUSE("kernel", "remove a module", MAYBE(LACKS), syscall(SYS_delete_module, "no_such_module", O_NONBLOCK))
REFUSE("kernel", "read the kernel's log", ROOT, syscall(SYS_syslog, 3, &(char[64]){ 0 }, 64))
REFUSE("kernel", "ask for the size of the kernel's log", ROOT, syscall(SYS_syslog, 10, NULL, 0))
REFUSE("kernel", "ask for quotas", ANYONE, syscall(SYS_quotactl, 0x800001 << 8, NULL, 0, NULL))
REFUSE("kernel", "ask for quotas by a descriptor", MAYBE("needs Linux 5.14"), syscall(NR_QUOTACTL_FD, -1, 0x800001 << 8, 0, NULL))
REFUSE("kernel", "add swap space", POWER, syscall(SYS_swapon, "/nonexistent", 0))
REFUSE("kernel", "remove swap space", POWER, syscall(SYS_swapoff, "/nonexistent"))
REFUSE("kernel", "keep accounts", POWER, syscall(SYS_acct, "/nonexistent"))
REFUSE("kernel", "restart the machine (with wrong numbers)", POWER, syscall(SYS_reboot, 0, 0, 0, NULL))
REFUSE("kernel", "name the host as it is named", ANYONE, set_own_name())
REFUSE("kernel", "set the time to what it is", ROOT, syscall(SYS_settimeofday, NULL, NULL))
REFUSE("kernel", "set a clock to nonsense", ANYONE, syscall(SYS_clock_settime, 0, &(struct timespec){ -1, -1 }))
#ifdef SYS_iopl
REFUSE("kernel", "take the input and output ports", POWER, syscall(SYS_iopl, 3))
REFUSE("kernel", "give up an input and output port", MAYBE(LACKS), syscall(SYS_ioperm, 0x80UL, 1UL, 0))
#endif
TRY("kernel", "become executable for all that is readable", ANYONE, personality(READ_IMPLIES_EXEC))
TRY("kernel", "the same with bits set that the kernel ignores", ANYONE, syscall(SYS_personality, (1UL << 32) | READ_IMPLIES_EXEC))
TRY("kernel", "hold a capability", ROOT, own_caps())
TRY("kernel", "live without the no_new_privs lock", ANYONE, no_lock())
TRY("kernel", "undo the filter with one that allows everything", ANYONE, allow_all())
TRY("kernel", "raise a hard limit", POWER, raise_limit())
TRY("kernel", "set a capability on a file", ROOT, file_capability())
TRY("kernel", "make a device and open it", ROOT, make_node())
#ifdef __x86_64__
TRY("kernel", "a 32-bit call (int 0x80 getpid)", MAYBE(LACKS), call_int80(20, 0, 0, 0))
TRY("kernel", "a 32-bit unshare of the user namespace", MAYBE(LACKS), call_int80(310, CLONE_NEWUSER, 0, 0))
TRY("kernel", "a 32-bit kill of the own group", MAYBE(LACKS), call_int80(37, 0, 23, 0))
TRY("kernel", "an x32 call", MAYBE("not built into this kernel"), syscall(0x40000000L + SYS_getpid))
#endif

TRY("device", "open the disk", MAYBE("no such device, or not the user's"), peek("/dev/vda"))
TRY("device", "change the mode of the host's /dev/null to what it is", ROOT, chmod("/dev/null", 0666))
TRY("device", "change the owner of the host's /dev/zero to what it is", ROOT, chown("/dev/zero", 0, 0))
TRY("device", "change the times of the host's /dev/tty", ANYONE, utimensat(AT_FDCWD, "/dev/tty", NULL, 0))
TRY("device", "change the times of the host's /dev/urandom by a descriptor", ANYONE, futimens(open("/dev/urandom", O_RDONLY), NULL))
TRY("device", "open memory", MAYBE("not built into this kernel"), peek("/dev/mem"))
TRY("device", "open the kernel's log", MAYBE("no such device, or not the user's"), peek("/dev/kmsg"))
TRY("device", "open the fuse device", MAYBE("no such device"), set_host("/dev/fuse"))
TRY("device", "open the virtual machine device", MAYBE("no such device"), peek("/dev/kvm"))
TRY("device", "open the vsock device", MAYBE("no such device"), peek("/dev/vsock"))
TRY("device", "open the network tunnel device", MAYBE("no such device"), peek("/dev/net/tun"))
TRY("device", "open the loop device control", MAYBE("no such device"), peek("/dev/loop-control"))
TRY("device", "open the user fault device", MAYBE("no such device"), peek("/dev/userfaultfd"))

TRY("proc", "open the trigger of the magic keys for writing", POWER, set_host("/proc/sysrq-trigger"))
TRY("proc", "open the core pattern for writing", POWER, set_host("/proc/sys/kernel/core_pattern"))
TRY("proc", "open the module loader's path for writing", POWER, set_host("/proc/sys/kernel/modprobe"))
TRY("proc", "open the host name for writing", ROOT, set_host("/proc/sys/kernel/hostname"))
TRY("proc", "open the first process's score for writing", ROOT, set_host("/proc/1/oom_score_adj"))
TRY("proc", "open the image of memory", POWER, peek("/proc/kcore"))
TRY("proc", "open the symbols of the kernel", MAYBE(LACKS), peek("/proc/kallsyms"))
TRY("proc", "open the list of keys", MAYBE(LACKS), peek("/proc/keys"))
TRY("proc", "open the kernel's command line", ANYONE, peek("/proc/cmdline"))
TRY("proc", "open the settings of the kernel", ANYONE, peek("/proc/sys/kernel/ostype"))
TRY("proc", "open /sys", MAYBE("not mounted"), peek("/sys/kernel"))
TRY("proc", "open the control groups", MAYBE("not mounted"), peek("/sys/fs/cgroup"))
TRY("proc", "map the own user namespace again", NEVER("a process has a map already"), map_again())
/* clang-format on */

ATTEMPT(
    "kernel", "gain by executing a set-user-id program", MAYBE("the suite does not run as root"))
{
	if (!w.has_suid || w.uid == 0)
		return skipped("needs a set-user-id program of somebody else");
	return got(suid_program());
}
