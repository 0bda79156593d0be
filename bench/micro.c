/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What single system calls cost: the lowest time per call over several rounds, in nanoseconds.
 *
 *   micro FILE          FILE is made, and must be in a directory that may be written to
 *   micro FILE filter   the same with a call filter of one instruction, which allows everything:
 *                       what the kernel asks of whoever has any filter at all
 *
 * Prints a line for each: NAME NANOSECONDS.
 */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	ROUNDS = 25,
	CALLS = 4000, /* a round is a few milliseconds: some of them are undisturbed */
};

static const char *path;
static int file_fd;
static int null_fd;

static int
open_close(void)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : close(fd);
}

static int
stat_path(void)
{
	struct stat st;

	return stat(path, &st);
}

static int
read_byte(void)
{
	char byte;

	return pread(file_fd, &byte, 1, 0) == 1 ? 0 : -1;
}

static int
write_byte(void)
{
	return write(null_fd, "x", 1) == 1 ? 0 : -1;
}

static const struct {
	const char *name;
	int (*call)(void);
} calls[] = {
	{ "open+close", open_close },
	{ "stat", stat_path },
	{ "read", read_byte },
	{ "write", write_byte },
};

static double
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int
add_filter(void)
{
	struct sock_filter allow = { BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW };
	struct sock_fprog prog = { 1, &allow };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog);
}

int
main(int argc, char **argv)
{
	path = argc > 1 ? argv[1] : "micro.tmp";
	file_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (file_fd < 0 || null_fd < 0 || write(file_fd, "x", 1) != 1 ||
	    (argc > 2 && add_filter() < 0)) {
		perror("micro");
		return 1;
	}
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		double best = 0;

		for (int round = 0; round < ROUNDS; round++) {
			double start = now_ns(), took;

			for (int n = 0; n < CALLS; n++) {
				if (calls[i].call() < 0) {
					perror(calls[i].name);
					return 1;
				}
			}
			took = (now_ns() - start) / CALLS;
			if (round == 0 || took < best)
				best = took;
		}
		printf("%s %.1f\n", calls[i].name, best);
	}
	return 0;
}
