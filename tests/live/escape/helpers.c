/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the attempts share: verdicts, names, and the telephone to the driver outside (two FIFOs in
 * the writable grant), for attempts in which somebody outside takes part or has to be asked.
 */
#include "probe.h"

#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <time.h>

enum {
	RING = 16,
	RING_PATH = 4096,
	ASK_MS = 3000,
};

int
got(long ret)
{
	if (ret >= 0)
		return ESCAPED;
	return errno > 0 ? errno : EIO;
}

int
refused(long ret)
{
	if (ret < 0 && (errno == EPERM || errno == EACCES || errno == ENOSYS))
		return errno;
	note("reached the kernel: %s", ret < 0 ? strerrorname_np(errno) : "done");
	return ESCAPED;
}

int
holds(bool condition)
{
	if (condition)
		return 0;
	return errno > 0 ? errno : BROKEN;
}

int
broken(const char *why)
{
	note("%s: %s", why, strerrorname_np(errno));
	return BROKEN;
}

int
skipped(const char *why)
{
	note("%s", why);
	return SKIPPED;
}

void
ignore(long ret)
{
	(void)ret;
}

static char *
ring_next(void)
{
	static char ring[RING][RING_PATH];
	static unsigned next;

	return ring[next++ % RING];
}

const char *
text(const char *format, ...)
{
	char *path = ring_next();
	va_list args;

	va_start(args, format);
	vsnprintf(path, RING_PATH, format, args);
	va_end(args);
	return path;
}

const char *
in_world(const char *format, ...)
{
	char *path = ring_next();
	va_list args;
	int used = snprintf(path, RING_PATH, "%s/", world_dir);

	va_start(args, format);
	vsnprintf(path + used, RING_PATH - (size_t)used, format, args);
	va_end(args);
	return path;
}

const char *
out(const char *name)
{
	return in_world("outside/%s", name);
}

const char *
ro(const char *name)
{
	return in_world("ro/%s", name);
}

const char *
rw(const char *name)
{
	return in_world("rw/%s", name);
}

const char *
fd_path(int fd)
{
	return text("/proc/self/fd/%d", fd);
}

int
make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		return -1;
	if (write(fd, "x", 1) != 1) {
		close(fd);
		return -1;
	}
	return close(fd);
}

int
make_dir(const char *path)
{
	return mkdir(path, 0755) == 0 || errno == EEXIST ? 0 : -1;
}

long
read_has(int fd, const char *wanted)
{
	char buffer[4096];
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, buffer, sizeof(buffer) - 1);
	if (n < 0)
		return -1;
	buffer[n] = '\0';
	errno = ENODATA;
	return memmem(buffer, (size_t)n, wanted, strlen(wanted)) != NULL ? 0 : -1;
}

int
wait_child(pid_t pid)
{
	int status;

	if (pid < 0)
		return -1;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool
ask(char answer[ASK_SIZE], const char *format, ...)
{
	char question[ASK_SIZE];
	struct pollfd ready = { .events = POLLIN };
	bool good = false;
	va_list args;
	int to, from;
	ssize_t n;

	va_start(args, format);
	vsnprintf(question, sizeof(question), format, args);
	va_end(args);
	to = open(rw(".ask"), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	from = open(rw(".answer"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ready.fd = from;
	if (to >= 0 && from >= 0 && write(to, question, strlen(question)) > 0 &&
	    poll(&ready, 1, ASK_MS) == 1) {
		n = read(from, answer, ASK_SIZE - 1);
		answer[n > 0 ? n : 0] = '\0';
		good = n > 0;
	}
	if (to >= 0)
		close(to);
	if (from >= 0)
		close(from);
	return good;
}

double
now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

bool
grew(const unsigned *counter, unsigned before)
{
	double end = now_s() + 0.3;

	while (now_s() < end) {
		if (__atomic_load_n(counter, __ATOMIC_ACQUIRE) != before)
			return true;
		poll(NULL, 0, 1);
	}
	return __atomic_load_n(counter, __ATOMIC_ACQUIRE) != before;
}

static void
write_text(const char *path, const char *string)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	ignore(write(fd, string, strlen(string)));
	close(fd);
}

void
enter_namespace(int more)
{
	char map[64];
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | more) < 0)
		return;
	write_text("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", uid);
	write_text("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %u 1", gid);
	write_text("/proc/self/gid_map", map);
}

bool
sees_outside(int fd)
{
	struct stat st;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 &&
	    ((st.st_dev == w.outside_dev && st.st_ino == w.outside_ino) ||
		(st.st_dev == w.world_dev && st.st_ino == w.world_ino)))
		return true;
	return faccessat(fd, "outside/public", F_OK, 0) == 0;
}

long
call_int80(long number, long a, long b, long c)
{
#ifdef __x86_64__
	long ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(number), "b"(a), "c"(b), "d"(c)
			 : "memory", "r8", "r9", "r10", "r11");
	if ((int)ret < 0 && (int)ret > -4096) {
		errno = -(int)ret;
		return -1;
	}
	return (int)ret;
#else
	(void)number, (void)a, (void)b, (void)c;
	errno = ENOSYS;
	return -1;
#endif
}
