/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must go on working, second half: processes, threads, signals, IPC among own processes,
 * terminals, tracing of own children.
 */
#include "probe.h"

#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static volatile sig_atomic_t signals;

static void
count_signal(int number)
{
	(void)number;
	signals++;
}

static bool
shell(const char *command)
{
	const char *const argv[] = { "/bin/sh", "-c", command, NULL };
	pid_t pid = fork();

	if (pid == 0) {
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	return wait_child(pid) == 0;
}

static bool
spawned(void)
{
	char *const argv[] = { strdup("true"), NULL };
	pid_t pid;

	return posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ) == 0 &&
	    wait_child(pid) == 0;
}

static bool
vforked(void)
{
	pid_t pid = vfork();

	if (pid == 0)
		_exit(7);
	return wait_child(pid) == 7;
}

static void *
add_one(void *arg)
{
	__atomic_add_fetch((int *)arg, 1, __ATOMIC_SEQ_CST);
	return arg;
}

static bool
threads(void)
{
	pthread_t all[8];
	int count = 0;

	for (int i = 0; i < 8; i++)
		if ((errno = pthread_create(&all[i], NULL, add_one, &count)) != 0)
			return false;
	for (int i = 0; i < 8; i++)
		pthread_join(all[i], NULL);
	return count == 8;
}

/* The supervisor connects for the program, and has no number in the cage. */
enum {
	WAITER = 0,
};

static bool
talk(const char *path, int type)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int server = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	int client = socket(AF_UNIX, type | SOCK_CLOEXEC, 0), peer;
	struct ucred cred;
	socklen_t size = sizeof(cred);
	char byte = 0;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	unlink(path);
	if (bind(server, (const struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(server, 1) < 0 ||
	    connect(client, (const struct sockaddr *)&addr, sizeof(addr)) < 0)
		return false;
	peer = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	return write(client, "s", 1) == 1 && read(peer, &byte, 1) == 1 && byte == 's' &&
	    getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &cred, &size) == 0 &&
	    (cred.pid == getpid() || cred.pid == WAITER) && cred.uid == getuid() &&
	    cred.gid == getgid() && unlink(path) == 0;
}

static bool
pass_descriptor(void)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char byte = 'x';
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	int ends[2], fd = open(ro("file"), O_RDONLY | O_CLOEXEC);

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0 || head == NULL)
		return false;
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	if (sendmsg(ends[0], &message, 0) != 1 || recvmsg(ends[1], &message, 0) != 1)
		return false;
	head = CMSG_FIRSTHDR(&message);
	if (head == NULL || head->cmsg_type != SCM_RIGHTS)
		return false;
	memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	return read_has(fd, "readable") == 0;
}

static bool
fifo_pair(void)
{
	char byte = 0;
	pid_t pid;
	int fd;

	unlink(rw("own-fifo"));
	if (mkfifo(rw("own-fifo"), 0600) < 0)
		return false;
	pid = fork();
	if (pid == 0)
		_exit(write(open(rw("own-fifo"), O_WRONLY), "f", 1) == 1 ? 0 : 1);
	fd = open(rw("own-fifo"), O_RDONLY);
	return read(fd, &byte, 1) == 1 && byte == 'f' && wait_child(pid) == 0 &&
	    unlink(rw("own-fifo")) == 0;
}

static bool
memory_file(void)
{
	int fd = memfd_create("own", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	return fd >= 0 && ftruncate(fd, 4096) == 0 && write(fd, "m", 1) == 1 &&
	    mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) != MAP_FAILED &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0;
}

static bool
events(void)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC), event = eventfd(0, EFD_CLOEXEC);
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	struct itimerspec soon = { .it_value = { 0, 1000 } };
	struct epoll_event ready = { .events = EPOLLIN };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, event, &ready) == 0 &&
	    write(event, &(uint64_t){ 1 }, 8) == 8 && epoll_wait(epoll, &ready, 1, 1000) == 1 &&
	    timerfd_settime(timer, 0, &soon, NULL) == 0 && read(timer, &(uint64_t){ 0 }, 8) == 8;
}

static bool
signal_descriptor(void)
{
	struct signalfd_siginfo info;
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return false;
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	return raise(SIGUSR1) == 0 && read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info) &&
	    info.ssi_signo == SIGUSR1;
}

/* With a System V key the namespace of such objects is the machine's. */
#define WITHOUT_KEYS(sentence, condition) \
	CONTROL("ipc", sentence) \
	{ \
		return w.doors.given && !is_native ? skipped("a System V key is granted") \
						   : holds(condition); \
	}

static bool
own_segment(void)
{
	int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
	char *memory = id < 0 ? (char *)-1 : shmat(id, NULL, 0);
	struct shmid_ds ds;
	bool good;

	if (memory == (char *)-1)
		return false;
	memory[0] = 's';
	good = shmctl(id, IPC_STAT, &ds) == 0 && ds.shm_nattch == 1 && shmdt(memory) == 0;
	return shmctl(id, IPC_RMID, NULL) == 0 && good;
}

static bool
own_queue(void)
{
	struct {
		long type;
		char text[8];
	} letter = { 1, "q" };
	int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
	bool good = id >= 0 && msgsnd(id, &letter, 2, 0) == 0 && msgrcv(id, &letter, 8, 0, 0) == 2;

	return msgctl(id, IPC_RMID, NULL) == 0 && good;
}

static bool
own_semaphores(void)
{
	struct sembuf up = { 0, 1, 0 };
	int id = semget(IPC_PRIVATE, 2, IPC_CREAT | 0600);
	bool good = id >= 0 && semop(id, &up, 1) == 0 && semctl(id, 0, GETVAL) == 1;

	return semctl(id, 0, IPC_RMID) == 0 && good;
}

static bool
own_posix_queue(void)
{
	struct mq_attr attr = { .mq_maxmsg = 2, .mq_msgsize = 16 };
	const char *name = text("/pale-own-%d", getpid());
	mqd_t queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
	char room[16];

	return queue >= 0 && mq_send(queue, "p", 1, 0) == 0 &&
	    mq_receive(queue, room, sizeof(room), NULL) == 1 && mq_unlink(name) == 0;
}

static bool
own_posix_memory(void)
{
	const char *name = text("/pale-own-%d", getpid());
	int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);

	return fd >= 0 && ftruncate(fd, 4096) == 0 && shm_unlink(name) == 0;
}

static bool
own_posix_semaphore(void)
{
	const char *name = text("/pale-own-%d", getpid());
	sem_t *sem = sem_open(name, O_CREAT | O_EXCL, 0600, 1);

	return sem != SEM_FAILED && sem_wait(sem) == 0 && sem_unlink(name) == 0;
}

static bool
own_signals(void)
{
	struct sigaction act = { .sa_handler = count_signal };
	pid_t pid;

	sigaction(SIGUSR2, &act, NULL);
	if (kill(getpid(), SIGUSR2) < 0 || raise(SIGUSR2) < 0 || signals != 2)
		return false;
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	return kill(pid, SIGTERM) == 0 && wait_child(pid) == 128 + SIGTERM;
}

static bool
own_group(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		setpgid(0, 0);
		raise(SIGSTOP);
		for (;;)
			pause();
	}
	setpgid(pid, pid);
	return waitpid(pid, &(int){ 0 }, WUNTRACED) == pid && kill(-pid, SIGKILL) == 0 &&
	    wait_child(pid) == 128 + SIGKILL;
}

static bool
own_pidfd(void)
{
	pid_t pid = fork();
	int fd;

	if (pid == 0)
		for (;;)
			pause();
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	return fd >= 0 && syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0) == 0 &&
	    wait_child(pid) == 128 + SIGTERM;
}

static bool
traced(void)
{
	static volatile long word = 11;
	int status;
	pid_t pid = fork();
	long value;

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit((int)word);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return false;
	value = ptrace(PTRACE_PEEKDATA, pid, (void *)(uintptr_t)&word, NULL);
	return value == 11 &&
	    ptrace(PTRACE_POKEDATA, pid, (void *)(uintptr_t)&word, (void *)12L) == 0 &&
	    ptrace(PTRACE_CONT, pid, NULL, NULL) == 0 && wait_child(pid) == 12;
}

/* A terminal of one's own, with a session on it, as tmux and script make it. */
static bool
own_terminal(void)
{
	int master, slave, status;
	char byte = 0;
	pid_t pid;

	if (openpty(&master, &slave, NULL, NULL, NULL) < 0)
		return false;
	pid = fork();
	if (pid == 0) {
		if (setsid() < 0 || ioctl(slave, TIOCSCTTY, 0) < 0 ||
		    tcsetpgrp(slave, getpid()) < 0)
			_exit(errno);
		status = open("/dev/tty", O_RDWR);
		_exit(status >= 0 && write(status, "t", 1) == 1 ? 0 : 111);
	}
	status = wait_child(pid);
	errno = status;
	return status == 0 && read(master, &byte, 1) == 1 && byte == 't';
}

static bool
lower_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur < 64)
		return false;
	limit.rlim_cur = limit.rlim_max = 64;
	return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static bool
own_schedule(void)
{
	cpu_set_t set;

	return sched_yield() == 0 && sched_getaffinity(0, sizeof(set), &set) == 0 &&
	    sched_setaffinity(0, sizeof(set), &set) == 0 && setpriority(PRIO_PROCESS, 0, 10) == 0;
}

static bool
stream_pair(void)
{
	int ends[2];
	char byte;

	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0 &&
	    send(ends[0], "p", 1, 0) == 1 && recv(ends[1], &byte, 1, 0) == 1 &&
	    shutdown(ends[0], SHUT_RDWR) == 0;
}

static bool
unknown_call(void)
{
	long ret = syscall(2000);

	return ret == -1 && errno == ENOSYS;
}

/* clang-format off */
SIMPLE("processes", "fork and exec a program of the system", shell("exec /bin/true"))
SIMPLE("processes", "a pipeline of the shell", shell("echo pipeline | tr a-z A-Z | grep -q PIPELINE"))
SIMPLE("processes", "a loop of the shell with redirections", shell("for i in 1 2 3; do echo $i; done >shell.out && test $(wc -l <shell.out) = 3"))
SIMPLE("processes", "execute the program's own file again", shell(text("%s/bin/probe | grep -q unprivileged", world_dir)))
SIMPLE("processes", "posix_spawn", spawned())
SIMPLE("processes", "vfork", vforked())
SIMPLE("processes", "threads", threads())
SIMPLE("processes", "a process group of its own, stopped and killed", own_group())
SIMPLE("processes", "signals among own processes", own_signals())
SIMPLE("processes", "pidfd of an own child", own_pidfd())
SIMPLE("processes", "trace an own child and change its memory", traced())
SIMPLE("processes", "lower a limit", lower_limit())
SIMPLE("processes", "yield, own affinity, a higher nice value", own_schedule())
SIMPLE("processes", "clocks and random numbers", time(NULL) > 1600000000 && now_s() > 0 && getrandom(&(int){ 0 }, 4, 0) == 4)
SIMPLE("processes", "memory that is code (a just-in-time compiler)", mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
SIMPLE("processes", "a call that does not exist answers so", unknown_call())
SIMPLE("ipc", "a stream socket pair", stream_pair())
SIMPLE("ipc", "a stream server in the writable grant", talk(rw("own-stream"), SOCK_STREAM))
SIMPLE("ipc", "a seqpacket server in the writable grant", talk(rw("own-seq"), SOCK_SEQPACKET))
SIMPLE("ipc", "a stream server in /tmp", talk(text("/tmp/pale-own.%d", getpid()), SOCK_STREAM))
SIMPLE("ipc", "pass a descriptor among own processes", pass_descriptor())
SIMPLE("ipc", "a fifo between own processes", fifo_pair())
SIMPLE("ipc", "a memory file", memory_file())
SIMPLE("ipc", "epoll, eventfd and timerfd", events())
SIMPLE("ipc", "signalfd", signal_descriptor())
WITHOUT_KEYS("an own System V segment", own_segment())
WITHOUT_KEYS("an own System V queue", own_queue())
WITHOUT_KEYS("an own System V semaphore set", own_semaphores())
WITHOUT_KEYS("an own POSIX queue", own_posix_queue())
SIMPLE("ipc", "an own POSIX shared memory object", own_posix_memory())
SIMPLE("ipc", "an own POSIX semaphore", own_posix_semaphore())
SIMPLE("terminal", "write to standard error", write(2, "", 0) == 0)
SIMPLE("terminal", "open the controlling terminal and ask for its size", ioctl(open("/dev/tty", O_RDWR), TIOCGWINSZ, &(struct winsize){ 0 }) == 0)
SIMPLE("terminal", "read and set the terminal's modes", isatty(0) == 1 && tcgetattr(0, &(struct termios){ 0 }) == 0)
SIMPLE("terminal", "an own terminal with a session on it", own_terminal())
/* clang-format on */
