/* SPDX-License-Identifier: BSD-2-Clause */
/* The program that is asked for what only it knows (kernel/helper.h), and Landlock's ports. */
#include "kernel/helper.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "kernel/landlock.h"
#include "kernel/uapi.h"

enum {
	LONG_MS = 20000,
	SHORT_MS = 50,
};

static char buf[256];
static int status;

static int
sh(const char *script, int deadline_ms, size_t size)
{
	char *argv[] = { (char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c",
		(char *)(uintptr_t)script, NULL };

	status = -1;
	return pale_helper_output("/bin/sh", argv, deadline_ms, buf, size, &status);
}

TEST(output, "what a helper writes is taken, with its exit code")
{
	ck_assert_int_eq(sh("echo one; echo two; exit 3", LONG_MS, sizeof(buf)), 0);
	ck_assert_str_eq(buf, "one\ntwo\n");
	ck_assert_int_eq(status, 3);
	ck_assert_int_eq(sh(":", LONG_MS, sizeof(buf)), 0);
	ck_assert_str_eq(buf, "");
}

TEST(absent, "a helper that is not there is told apart")
{
	char *argv[] = { (char *)(uintptr_t) "x", NULL };

	ck_assert_int_eq(
	    pale_helper_output("/no/such/program", argv, LONG_MS, buf, sizeof(buf), &status),
	    -ENOENT);
}

TEST(bounds, "a helper that writes too much is refused, one that fits exactly is not")
{
	ck_assert_int_eq(sh("echo 1234567", LONG_MS, 9), 0);
	ck_assert_int_eq(sh("echo 12345678", LONG_MS, 9), -E2BIG);
	ck_assert_int_eq(sh("while :; do echo y; done", LONG_MS, sizeof(buf)), -E2BIG);
}

TEST(deadline, "a helper that takes too long is killed, whether it keeps its output open or not")
{
	ck_assert_int_eq(sh("exec sleep 1000", SHORT_MS, sizeof(buf)), -ETIMEDOUT);
	ck_assert_int_eq(sh("exec sleep 1000 >&- 2>&-", SHORT_MS, sizeof(buf)), -ETIMEDOUT);
	ck_assert_int_eq(sh("kill -9 $$", LONG_MS, sizeof(buf)), -ECHILD);
}

TEST(nothing, "a helper gets no descriptor, no variable and no blocked signal of ours")
{
	sigset_t all;

	ck_assert_int_ge(dup2(open("/", O_RDONLY), 77), 0);
	ck_assert_int_ge(dup2(open("/", O_RDONLY), 0), 0);
	setenv("SECRET", "x", 1);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	ck_assert_int_eq(
	    sh("echo $SECRET $LC_ALL; pwd; readlink /proc/$$/fd/0; ls /proc/$$/fd | grep -c 77; "
	       "exec grep SigBlk /proc/self/status",
		LONG_MS, sizeof(buf)),
	    0);
	ck_assert_str_eq(buf, "C\n/\n/dev/null\n0\nSigBlk:\t0000000000000000\n");
}

TEST(ignored, "a caller whose children are reaped by the kernel gets the output too")
{
	signal(SIGCHLD, SIG_IGN);
	ck_assert_int_eq(sh("echo one", LONG_MS, sizeof(buf)), 0);
	ck_assert_str_eq(buf, "one\n");
}

/* What connect says of a port where nobody listens, under rules for one port. */
static int
try_port(int (*call)(int, const struct sockaddr *, socklen_t), uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return call(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&in, sizeof(in)) == 0
	    ? 0
	    : errno;
}

static int
confined(void)
{
	int ruleset = -1;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (pale_landlock_new(0, LANDLOCK_ACCESS_NET_BIND_TCP | LANDLOCK_ACCESS_NET_CONNECT_TCP, 0,
		&ruleset, NULL) < 0 ||
	    pale_landlock_allow_port(ruleset, 9, LANDLOCK_ACCESS_NET_CONNECT_TCP, NULL) < 0 ||
	    pale_landlock_allow_port(ruleset, 59999, LANDLOCK_ACCESS_NET_BIND_TCP, NULL) < 0 ||
	    pale_landlock_allow_port(ruleset, 10, 0, NULL) < 0 ||
	    pale_landlock_enforce(ruleset, NULL) < 0)
		return 1;
	if (try_port(connect, 9) == EACCES || try_port(connect, 10) != EACCES ||
	    try_port(connect, 59999) != EACCES)
		return 2;
	return try_port(bind, 59999) == EACCES || try_port(bind, 59998) != EACCES ? 3 : 0;
}

TEST(ports, "a rule on a port is for that port and use (skipped before Landlock ABI 4)")
{
	pid_t pid;

	if (pale_landlock_net_bits(pale_landlock_abi()) == 0)
		return;
	pid = fork();
	if (pid == 0)
		_exit(confined());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

TEST_MAIN("helper", output, absent, bounds, deadline, nothing, ignored, ports)
