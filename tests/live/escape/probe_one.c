/* SPDX-License-Identifier: BSD-2-Clause */
/* Single acts that the driver judges, or starts with something odd: see probe_one.h. */
#include "probe_one.h"

#include "probe.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum {
	LIFE_SECONDS = 30, /* what escapes ends by itself */
	BOMB_SIZE = 800,   /* the driver allows 400 */
	LEAK = 42,         /* exit status: what may not be there is there */
};

static int
say(long ret)
{
	int error = errno;

	if (ret >= 0)
		puts("escaped");
	else
		printf("stopped %s\n", strerrorname_np(error));
	return 0;
}

static int
one_low_descriptors(void)
{
	struct stat st;

	for (int fd = 0; fd <= 2; fd++) {
		if (fstatat(fd, "secret", &st, 0) == 0 ||
		    fstatat(fd, "../outside/secret", &st, 0) == 0)
			return say(0);
		if (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode))
			return say(0);
	}
	errno = ENOTDIR;
	return say(-1);
}

static int
one_cwd(void)
{
	struct stat st;

	return say(stat("secret", &st) == 0 || stat("../outside/secret", &st) == 0 ? 0 : -1);
}

/* 0 to 2 were closed at the start: what the launcher opened itself must not be found there. */
static int
one_closed(void)
{
	struct stat st;

	for (int fd = 0; fd <= 2; fd++)
		if (fstat(fd, &st) == 0 && !S_ISCHR(st.st_mode))
			return LEAK;
	return 0;
}

static int
one_bomb(void)
{
	long count = 0;
	pid_t pid;

	for (; count < BOMB_SIZE; count++) {
		pid = fork();
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			alarm(LIFE_SECONDS);
			for (;;)
				pause();
		}
		if (pid < 0)
			break;
	}
	return say(count < BOMB_SIZE ? -1 : 0);
}

/*
 * A descriptor that was opened for one thing is opened again for another through its magic link;
 * the file lies outside, on a mount of the host that no grant made read-only.
 */
static int
one_stdin(const char *how)
{
	char *const argv[] = { strdup("true"), NULL };
	pid_t pid;

	if (strcmp(how, "write") == 0)
		return say(open("/proc/self/fd/0", O_RDWR));
	if (strcmp(how, "dev") == 0)
		return say(open("/dev/stdin", O_WRONLY));
	if (strcmp(how, "truncate") == 0)
		return say(truncate("/proc/self/fd/0", 0));
	if (strcmp(how, "empty") == 0)
		return say(open("/proc/self/fd/0", O_RDONLY | O_TRUNC));
	if (strcmp(how, "link") == 0)
		return say(
		    linkat(AT_FDCWD, "/proc/self/fd/0", AT_FDCWD, "stdin", AT_SYMLINK_FOLLOW));
	pid = fork();
	if (pid == 0) {
		execv("/proc/self/fd/0", argv);
		_exit(errno);
	}
	errno = wait_child(pid);
	return say(errno == 0 ? 0 : -1);
}

static int
one_stdout(void)
{
	char byte;

	return read(open("/proc/self/fd/1", O_RDONLY), &byte, 1) >= 0 ? LEAK : 0;
}

/* A child of this one's parent: of the launcher, which waits for one process only. */
static int
one_sibling(void)
{
	long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0) {
		setsid();
		alarm(LIFE_SECONDS);
		for (;;)
			pause();
	}
	puts("ready");
	fflush(stdout);
	return 0;
}

static void
idle(void)
{
	alarm(LIFE_SECONDS);
	for (;;)
		pause();
}

static void
deaf(void)
{
	for (int i = 1; i < 32; i++)
		if (i != SIGALRM && i != SIGCHLD)
			signal(i, SIG_IGN);
}

/* Leave a process behind that nothing reminds of this one, and end. */
static int
leave(bool stopped, bool reaper)
{
	int ends[2];
	char byte;

	if (pipe(ends) < 0)
		return 1;
	if (fork() == 0) {
		setsid();
		deaf();
		if (reaper)
			prctl(PR_SET_CHILD_SUBREAPER, 1);
		prctl(PR_SET_PDEATHSIG, 0);
		if (fork() == 0) {
			setsid();
			ignore(write(ends[1], "x", 1));
			close(ends[0]);
			close(ends[1]);
			if (stopped) {
				alarm(LIFE_SECONDS);
				raise(SIGSTOP);
			}
			idle();
		}
		if (reaper)
			idle();
		_exit(0);
	}
	ignore(read(ends[0], &byte, 1));
	puts("ready");
	fflush(stdout);
	return 0;
}

/* Stay, with children in every state, until somebody kills the launcher. */
static int
stay(void)
{
	for (int i = 0; i < 4; i++)
		if (fork() == 0) {
			deaf();
			if (i & 1)
				setsid();
			if (i & 2) {
				alarm(LIFE_SECONDS);
				raise(SIGSTOP);
			}
			idle();
		}
	deaf();
	puts("ready");
	fflush(stdout);
	idle();
	return 0;
}

int
probe_one(const char *name)
{
	if (strcmp(name, "low") == 0)
		return one_low_descriptors();
	if (strcmp(name, "cwd") == 0)
		return one_cwd();
	if (strcmp(name, "closed") == 0)
		return one_closed();
	if (strcmp(name, "bomb") == 0)
		return one_bomb();
	if (strncmp(name, "stdin-", 6) == 0)
		return one_stdin(name + 6);
	if (strcmp(name, "stdout-read") == 0)
		return one_stdout();
	if (strcmp(name, "sibling") == 0)
		return one_sibling();
	if (strcmp(name, "daemon") == 0)
		return leave(false, false);
	if (strcmp(name, "stopped") == 0)
		return leave(true, false);
	if (strcmp(name, "reaper") == 0)
		return leave(false, true);
	if (strcmp(name, "stay") == 0)
		return stay();
	printf("probe: no act '%s'\n", name);
	return 1;
}
