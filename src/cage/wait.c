/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The waiter: as good as absent for whoever started it. It forwards signals that a process sent to
 * it (those of the terminal reach the command by themselves, being in the same process group),
 * stops when the command stops, continues it, gives the terminal back, and at the end kills the
 * cage's first process, which ends all that the command left. Meanwhile it is the supervisor, too.
 */
#include "cage/cage.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cage/wait.h"
#include "core/scope.h"

enum {
	REST_MAX = 4096, /* more misses than this do not wait in the socket */
};

/*
 * Take the terminal's foreground back if it was ours: a shell inside cannot name our process group,
 * so it leaves the terminal to its own, dead one.
 */
static void
take_terminal(pid_t foreground)
{
	PALE_CLOSE int tty = -1;
	sigset_t block;
	sigset_t old;

	if (foreground != getpgrp())
		return;
	tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	for (int fd = 0; tty < 0 && fd < 3; fd++) {
		if (isatty(fd))
			tty = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	}
	if (tty < 0)
		return;
	sigemptyset(&block);
	sigaddset(&block, SIGTTOU);
	sigprocmask(SIG_BLOCK, &block, &old);
	if (tcgetpgrp(tty) != foreground)
		tcsetpgrp(tty, foreground);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

/* The foreground process group of our terminal, or -1. */
static pid_t
terminal_owner(void)
{
	for (int fd = 0; fd < 3; fd++) {
		pid_t owner = tcgetpgrp(fd);

		if (owner > 0)
			return owner;
	}
	return -1;
}

/*
 * Has somebody else continued the command since we saw it stop? The shell that continues us does,
 * being told to continue the whole process group. A second SIGCONT that comes late would undo a ^Z
 * that was typed meanwhile.
 */
static bool
was_continued(pid_t command)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)command, &info,
		   WEXITED | WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT) < 0 ||
	    info.si_pid != 0;
}

/* Stop as the command did; when somebody continues us, continue it. */
static void
stop_with(pid_t command, pid_t foreground)
{
	static const struct timespec at_once = { 0, 0 };
	pid_t had = terminal_owner();
	sigset_t cont;

	take_terminal(foreground);
	kill(getpid(), SIGSTOP);
	/* What continued us is answered here; left pending, it would be forwarded later. */
	sigemptyset(&cont);
	sigaddset(&cont, SIGCONT);
	sigtimedwait(&cont, NULL, &at_once);
	/* Continued. A command with a process group of its own gets the terminal back too. */
	if (had > 0 && had != foreground && terminal_owner() == getpgrp()) {
		sigset_t block;
		sigset_t old;

		sigemptyset(&block);
		sigaddset(&block, SIGTTOU);
		sigprocmask(SIG_BLOCK, &block, &old);
		for (int fd = 0; fd < 3; fd++)
			tcsetpgrp(fd, had);
		sigprocmask(SIG_SETMASK, &old, NULL);
	}
	if (!was_continued(command))
		kill(command, SIGCONT);
}

/* Hear what the cage's processes missed before they ended. */
static void
hear_rest(struct pale_supervisor *supervisor)
{
	for (int i = 0; i < REST_MAX && supervisor->skeleton != NULL; i++) {
		if (pale_skeleton_hear(supervisor->skeleton, supervisor->watch, supervisor->proc) <
		    0)
			break;
	}
}

static void
end_all(struct pale_launch *launch)
{
	struct pale_skeleton *skeleton = launch->supervisor.skeleton;

	kill(launch->init, SIGKILL);
	if (skeleton != NULL) {
		/* First: who waits for a server that stands still cannot be killed. */
		pale_skeleton_stop(skeleton);
		hear_rest(&launch->supervisor);
		launch->unheard = pale_skeleton_unheard(skeleton);
	}
	/* Its processes are in the cage's pid namespace, and init ends only when they are reaped.
	 */
	pale_supervisor_done(&launch->supervisor);
	while (waitpid(launch->init, NULL, 0) < 0 && errno == EINTR)
		continue;
	if (skeleton != NULL)
		pale_skeleton_done(skeleton);
	close(pale_take_fd(&launch->leash));
}

/*
 * Hold no end of the command's pipes: who reads its output is to see the end when the command
 * closes it, not when we end. Standard error stays, for what there may be to say.
 */
void
pale_wait_let_go(void)
{
	for (int fd = STDIN_FILENO; fd <= STDOUT_FILENO; fd++) {
		if (!isatty(fd))
			close(fd);
	}
}

/*
 * Did a signal reach us and not the command? Those of the terminal go to the whole process group,
 * so it has them, but a hangup goes to the leader of the session, and a timer that was set before
 * we were executed is ours.
 */
bool
pale_wait_is_ours_alone(const siginfo_t *info)
{
	switch (info->si_signo) {
	case SIGCHLD:
		return false;
	case SIGALRM:
	case SIGVTALRM:
	case SIGPROF:
		return true;
	case SIGHUP:
		return info->si_code <= 0 || getsid(0) == getpid();
	default:
		/* Some process sent it to us by name. */
		return info->si_code <= 0;
	}
}

/* Nothing can be looked up in the root any more, so there is nothing left to run for. */
static void
end_command(struct pale_launch *launch, int *ret_status)
{
	kill(launch->command, SIGKILL);
	while (waitpid(launch->command, ret_status, 0) < 0 && errno == EINTR)
		continue;
}

int
pale_cage_wait(struct pale_launch *launch)
{
	bool has_root = launch->supervisor.skeleton != NULL;
	pid_t foreground = terminal_owner();
	sigset_t all;
	int status = 0;

	pale_wait_let_go();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	for (;;) {
		siginfo_t info;
		pid_t result = waitpid(launch->command, &status, WUNTRACED | WNOHANG);

		if (result == launch->command && WIFSTOPPED(status)) {
			stop_with(launch->command, foreground);
			continue;
		}
		if (result == launch->command || (result < 0 && errno != EINTR))
			break;
		if (pale_supervisor_wait(&launch->supervisor, &all, &info) == 0) {
			if (!has_root || launch->supervisor.skeleton != NULL)
				continue;
			end_command(launch, &status);
			launch->lost_root = true;
			break;
		}
		if (pale_wait_is_ours_alone(&info))
			kill(launch->command, info.si_signo);
	}
	end_all(launch);
	take_terminal(foreground);
	return status;
}
