/* SPDX-License-Identifier: BSD-2-Clause */
/* What flock does inside a cage; see supervisor.h. */
#include "supervisor.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cage/supervisor.h"

enum {
	FLIPS = 20000,
	EXTRA = 4, /* waiters above the bound */
};

static volatile sig_atomic_t alarms;
static int locked = -1;

static void
note_alarm(int number)
{
	(void)number;
	alarms++;
}

static void
unlock_on_alarm(int number)
{
	(void)number;
	flock(locked, LOCK_UN);
}

static void
alarm_in_50_ms(void (*handler)(int), int flags)
{
	struct sigaction act = { .sa_handler = handler, .sa_flags = flags };
	struct itimerval timer = { .it_value = { 0, 50000 } };

	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static int
read_only(void)
{
	int file = open(at("ro/file"), O_RDONLY);
	int dir = open(at("ro"), O_RDONLY | O_DIRECTORY);

	HOLDS(file >= 0 && dir >= 0);
	FAILS(flock(file, LOCK_SH | LOCK_NB), EPERM);
	FAILS(flock(file, LOCK_EX | LOCK_NB), EPERM);
	FAILS(flock(file, LOCK_EX), EPERM);
	FAILS(flock(file, LOCK_UN), EPERM);
	FAILS(flock(dir, LOCK_SH | LOCK_NB), EPERM);
	return 0;
}

/* Standard input is a file of the machine's, read-only; standard error is open for writing. */
static int
inherited(void)
{
	FAILS(flock(0, LOCK_SH | LOCK_NB), EPERM);
	FAILS(flock(0, LOCK_UN), EPERM);
	HOLDS(flock(3, LOCK_EX | LOCK_NB) == 0);
	return 0;
}

static int
writable(void)
{
	int first = open(at("rw/file"), O_RDONLY);
	int second = open(at("rw/file"), O_RDWR);
	int dir = open(at("rw"), O_RDONLY | O_DIRECTORY);
	int own = open("/tmp/own", O_RDONLY | O_CREAT, 0600);

	HOLDS(flock(first, LOCK_EX) == 0);
	FAILS(flock(second, LOCK_SH | LOCK_NB), EWOULDBLOCK);
	HOLDS(flock(first, LOCK_SH) == 0);
	HOLDS(flock(second, LOCK_SH) == 0);
	FAILS(flock(first, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	HOLDS(flock(second, LOCK_UN) == 0 && flock(first, LOCK_UN) == 0);
	HOLDS(flock(dir, LOCK_EX) == 0 && flock(own, LOCK_EX) == 0);
	return 0;
}

static int
mistakes(void)
{
	int file = open(at("rw/file"), O_RDWR);

	FAILS(flock(-1, LOCK_EX), EBADF);
	FAILS(flock(1000, LOCK_EX), EBADF);
	FAILS(flock(open(at("rw/file"), O_PATH), LOCK_EX), EBADF);
	FAILS(flock(file, 0), EINVAL);
	FAILS(flock(file, 64), EINVAL);
	return 0;
}

static pid_t
start_waiter(bool undumpable)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (undumpable)
			prctl(PR_SET_DUMPABLE, 0);
		_exit(flock(open(at("rw/file"), O_RDONLY), LOCK_EX) == 0 ? 0 : errno);
	}
	return pid;
}

/* The waiter stands still first: the next flock on another file is answered all the same. */
static int
waits(void)
{
	int own = open("/tmp/own", O_RDWR | O_CREAT, 0600);
	int held = open(at("rw/file"), O_RDWR);
	pid_t waiter;
	int status;

	HOLDS(flock(held, LOCK_EX) == 0);
	waiter = start_waiter(true);
	for (int i = 0; i < 1000; i++)
		HOLDS(flock(own, i % 2 == 0 ? LOCK_EX : LOCK_UN) == 0);
	HOLDS(waitpid(waiter, &status, WNOHANG) == 0);
	HOLDS(flock(held, LOCK_UN) == 0);
	HOLDS(waitpid(waiter, &status, 0) == waiter && status == 0);
	return 0;
}

static int
interrupted(void)
{
	int held = open(at("rw/file"), O_RDWR);
	int wants = open(at("rw/file"), O_RDWR);

	HOLDS(flock(held, LOCK_EX) == 0);
	alarm_in_50_ms(note_alarm, 0);
	FAILS(flock(wants, LOCK_EX), EINTR);
	HOLDS(alarms == 1);
	/* What came too late is not held. */
	HOLDS(flock(held, LOCK_UN) == 0);
	HOLDS(flock(open(at("rw/file"), O_RDWR), LOCK_EX | LOCK_NB) == 0);
	return 0;
}

static int
restarted(void)
{
	int wants = open(at("rw/file"), O_RDWR);

	locked = open(at("rw/file"), O_RDWR);
	HOLDS(flock(locked, LOCK_EX) == 0);
	alarm_in_50_ms(unlock_on_alarm, SA_RESTART);
	HOLDS(flock(wants, LOCK_EX) == 0);
	FAILS(flock(locked, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	return 0;
}

static int
killed(void)
{
	int held = open(at("rw/file"), O_RDWR);
	int status;
	pid_t waiter;

	HOLDS(flock(held, LOCK_EX) == 0);
	waiter = start_waiter(false);
	HOLDS(kill(waiter, SIGKILL) == 0 && waitpid(waiter, &status, 0) == waiter);
	HOLDS(WIFSIGNALED(status) && flock(held, LOCK_UN) == 0);
	HOLDS(flock(open(at("rw/file"), O_RDWR), LOCK_EX) == 0);
	return 0;
}

/* Whoever comes last finds no room; the others get the lock one after the other. */
static int
bounded(void)
{
	int held = open(at("rw/file"), O_RDWR);
	int refused = 0;
	int status;

	HOLDS(flock(held, LOCK_EX) == 0);
	for (int i = 0; i < PALE_WAITING_MAX + EXTRA; i++)
		HOLDS(start_waiter(false) > 0);
	for (int i = 0; i < EXTRA; i++) {
		HOLDS(wait(&status) > 0 && WIFEXITED(status));
		HOLDS(WEXITSTATUS(status) == ENOLCK);
		refused++;
	}
	HOLDS(refused == EXTRA && flock(held, LOCK_UN) == 0);
	for (int i = 0; i < PALE_WAITING_MAX; i++)
		HOLDS(wait(&status) > 0 && status == 0);
	return 0;
}

static int flipped = -1;
static volatile bool flipping = true;

static void *
flip(void *unused)
{
	int files[] = { open(at("ro/file"), O_RDONLY), dup(flipped) };

	(void)unused;
	for (unsigned i = 0; flipping; i++)
		dup2(files[i % 2], flipped);
	return NULL;
}

/* The driver looks outside whether anybody holds a lock on ro/file; a success would keep it. */
static int
numbers(void)
{
	unsigned granted = 0;
	unsigned refused = 0;
	pthread_t thread;

	flipped = dup(open(at("rw/file"), O_RDONLY));
	HOLDS(pthread_create(&thread, NULL, flip, NULL) == 0);
	for (int i = 0; i < FLIPS; i++) {
		if (flock(flipped, LOCK_EX | LOCK_NB) == 0)
			granted++;
		else if (errno == EPERM)
			refused++;
		else
			HOLDS(errno == 0);
	}
	flipping = false;
	pthread_join(thread, NULL);
	HOLDS(granted > 0 && refused > 0);
	return 0;
}

const struct probe flock_probes[] = {
	{ "read-only", "flock is refused on what lies in a read-only grant, unlocking too",
	    read_only, "" },
	{ "inherited", "flock on an inherited descriptor takes one that is open for writing",
	    inherited, "" },
	{ "writable", "flock works in a writable grant and in /tmp, as it does natively", writable,
	    "" },
	{ "mistakes", "flock answers a mistake as the kernel does", mistakes, "" },
	{ "waits", "a flock that waits gets its lock, and nobody waits for it", waits, "" },
	{ "interrupted", "a signal ends a flock that waits, and no lock is left", interrupted, "" },
	{ "restarted", "a flock that waits goes on after a signal with SA_RESTART", restarted, "" },
	{ "killed", "a flock that waits ends with its caller", killed, "" },
	{ "bounded", "more flocks that wait than there is room for get ENOLCK", bounded, "" },
	{ "numbers", "a descriptor's number changed by a thread never locks a read-only file",
	    numbers, "" },
	{ 0 },
};
