/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The outside half of a cage inside a cage; see nested.h. Two processes: the first has nothing but
 * the socket, hands signals on and tells what becomes of the second; the second becomes a
 * `pale run` of its own, whose plan is compared with that of the cage around (narrow.h).
 *
 * Everything that is read here comes from inside the cage. It is copied before it is looked at, is
 * bounded, and names nothing but through the root of the cage and its own descriptors, which are
 * fetched and looked at afterwards. Nothing of the cage is executed outside of the new one.
 */
#include "run/nested/nested.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/scope.h"
#include "kernel/caps.h"
#include "run/nested/narrow.h"

enum {
	STDIO_COUNT = 3,
	OWN_COUNT = 4,
};

/* A request, taken apart. */
struct request {
	struct pale_nested_head head;
	char *bytes; /* head.size of them and a NUL */
	const char *policy;
	char **origins;
	char **args; /* NULL-terminated */
	char **env;  /* NULL-terminated */
};

/* The socket, for the notices of pale_run, which know of no state. */
static int told_by;

static void
tell(int sock, const struct pale_nested_message *message)
{
	(void)send(sock, message, sizeof(*message), MSG_NOSIGNAL);
}

static void
tell_notice(const char *sentence)
{
	struct pale_nested_message message = { .kind = PALE_NESTED_NOTICE };

	snprintf(message.text, sizeof(message.text), "%s", sentence);
	tell(told_by, &message);
}

static void
tell_failure(int sock, int result, enum pale_cage_stage stage, const struct pale_err *err)
{
	struct pale_nested_message message = {
		.kind = PALE_NESTED_FAILED, .value = result, .stage = (uint32_t)stage
	};

	_Static_assert(sizeof(message.text) == sizeof(err->text), "no sentence is cut");
	memcpy(message.text, err->text, sizeof(message.text));
	memcpy(message.remedy, err->remedy, sizeof(message.remedy));
	tell(sock, &message);
}

/* All bytes of a request. Whoever sends too few or too many is not answered. */
static int
receive(int sock, struct request *request)
{
	size_t got = 0;

	if (recv(sock, &request->head, sizeof(request->head), 0) != sizeof(request->head) ||
	    request->head.version != PALE_NESTED_VERSION ||
	    request->head.size > PALE_NESTED_BYTES_MAX)
		return -EPROTO;
	request->bytes = calloc(1, (size_t)request->head.size + 1);
	if (request->bytes == NULL)
		return -ENOMEM;
	while (got < request->head.size) {
		ssize_t more = recv(sock, request->bytes + got, request->head.size - got, 0);

		if (more <= 0)
			return -EPROTO;
		got += (size_t)more;
	}
	return 0;
}

/* The next text of the request; NULL if there is none. */
static char *
next_text(const struct request *request, size_t *at)
{
	char *text = request->bytes + *at;

	if (*at >= request->head.size)
		return NULL;
	*at += strlen(text) + 1;
	/* The last may end with the NUL that is ours. */
	return text;
}

/* The next of them, NULL-terminated; NULL if there are fewer. */
static char **
next_texts(const struct request *request, size_t *at, size_t count)
{
	char **texts = count > request->head.size ? NULL : calloc(count + 1, sizeof(*texts));

	for (size_t i = 0; texts != NULL && i < count; i++) {
		texts[i] = next_text(request, at);
		if (texts[i] == NULL)
			return NULL; /* and the process ends */
	}
	return texts;
}

static int
take_apart(struct request *request)
{
	size_t at = 0;

	request->policy = next_text(request, &at);
	if (request->policy == NULL || at != (size_t)request->head.policy_size + 1)
		return -EPROTO;
	request->origins = next_texts(request, &at, request->head.origin_count);
	if (request->origins == NULL)
		return -EPROTO;
	request->args = next_texts(request, &at, request->head.arg_count);
	if (request->args == NULL || request->args[0] == NULL)
		return -EPROTO;
	request->env = next_texts(request, &at, request->head.env_count);
	return request->env == NULL ? -EPROTO : 0;
}

/* The compartment of a request; nothing is opened by it. */
static int
read_policy(const struct request *request, struct pale_policy *policy,
    struct pale_compartment **ret_compartment, struct pale_err *err)
{
	struct pale_compartment *compartment = NULL;
	int result;

	pale_policy_init(policy);
	policy->sealed = true;
	result = pale_policy_read_text(
	    policy, "nested", NULL, request->policy, request->head.policy_size, err);
	if (result == 0)
		result = pale_policy_compartment(policy, "main", &compartment);
	if (result == 0)
		result =
		    pale_compartment_command(compartment, (const char *const *)request->args, err);
	if (result < 0 || compartment == NULL)
		return result;
	for (size_t i = 0; i < compartment->grant_count && i < request->head.origin_count; i++) {
		char *origin = strdup(request->origins[i]);

		if (origin == NULL)
			return pale_fail(err, -ENOMEM, "out of memory");
		free(compartment->grants[i].origin);
		compartment->grants[i].origin = origin;
	}
	/* The environment is complete as it comes: nothing of ours is added, nothing looked up. */
	compartment->clear_env = true;
	for (size_t i = 0; request->env[i] != NULL; i++) {
		result = pale_compartment_env(compartment, request->env[i], err);
		if (result < 0)
			return result;
	}
	*ret_compartment = compartment;
	return 0;
}

static int
highest_fd(const struct pale_compartment *compartment)
{
	int highest = STDIO_COUNT - 1;

	for (size_t i = 0; i < compartment->grant_count; i++) {
		const struct pale_grant *grant = &compartment->grants[i];

		if (grant->kind == PALE_GRANT_FD && grant->fd > highest)
			highest = grant->fd;
	}
	return highest;
}

/* Put a copy of the caller's descriptor at the same number here. */
static int
fetch_fd(int pidfd, int number, struct pale_err *err)
{
	PALE_CLOSE int copy = (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);

	if (copy < 0 && errno == EBADF && number >= STDIO_COUNT)
		return 0; /* pale_run says so, in its words */
	if (copy < 0)
		return pale_fail_errno(err, "cannot have descriptor %d", number);
	if (copy == number) {
		pale_take_fd(&copy);
		return 0;
	}
	if (dup3(copy, number, O_CLOEXEC) < 0)
		return pale_fail_errno(err, "cannot have descriptor %d", number);
	return 0;
}

/* Ours out of the way, and the caller's in their places. */
static int
fetch_fds(struct pale_nest_caller *caller, const struct pale_compartment *compartment,
    struct pale_err *err)
{
	int *const own[OWN_COUNT] = { &caller->sock, &caller->pidfd, &caller->cwd, &caller->maps };
	int lowest = highest_fd(compartment) + 1;
	int result = 0;

	for (size_t i = 0; i < OWN_COUNT; i++) {
		int moved = fcntl(*own[i], F_DUPFD_CLOEXEC, lowest);

		if (moved < 0)
			return pale_fail_errno(err, "cannot make room for descriptors");
		close(*own[i]);
		*own[i] = moved;
	}
	told_by = caller->sock;
	for (int fd = 0; fd < STDIO_COUNT && result == 0; fd++)
		result = fetch_fd(caller->pidfd, fd, err);
	for (size_t i = 0; i < compartment->grant_count && result == 0; i++) {
		const struct pale_grant *grant = &compartment->grants[i];

		if (grant->kind == PALE_GRANT_FD && grant->fd >= STDIO_COUNT)
			result = fetch_fd(caller->pidfd, grant->fd, err);
	}
	/* 0 to 2 stay in exec. */
	for (int fd = 0; fd < STDIO_COUNT && result == 0; fd++) {
		if (fcntl(fd, F_SETFD, 0) < 0)
			result = pale_fail_errno(err, "cannot keep descriptor %d", fd);
	}
	return result;
}

/* Be as a child of the caller would be: its directory, umask, limits, signals. */
static int
be_like(const struct pale_nest_caller *caller, const struct pale_nested_head *head,
    struct pale_err *err)
{
	sigset_t blocked;

	if (fchdir(caller->cwd) < 0)
		return pale_fail_errno(err, "cannot change to the caller's directory");
	umask(caller->mask);
	/* The other limits are for the command alone; this one counts for all in the namespace. */
	if (setrlimit(RLIMIT_NPROC, &caller->limits[RLIMIT_NPROC]) < 0)
		return pale_fail_errno(err, "cannot set the caller's limits");
	sigemptyset(&blocked);
	for (int number = 1; number <= 64; number++) {
		const uint64_t bit = UINT64_C(1) << (number - 1);

		signal(number, (head->ignored & bit) != 0 ? SIG_IGN : SIG_DFL);
		if ((head->blocked & bit) != 0)
			sigaddset(&blocked, number);
	}
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	return 0;
}

static int
make_cage(const struct pale_outer *around, struct pale_nest_caller *caller,
    const struct request *request, struct pale_compartment *compartment, int *ret_status,
    enum pale_cage_stage *ret_stage, struct pale_err *err)
{
	struct pale_outer outer = *around;
	struct pale_nested_message ready = { .kind = PALE_NESTED_READY, .value = caller->joined };
	struct pale_plan_options options = {
		.paranoid = request->head.paranoid != 0,
		.bare = request->head.bare != 0,
		.best_effort = request->head.best_effort,
		.landlock_abi = request->head.landlock_abi,
		.outer = &outer,
	};
	/* The environment is all in the compartment. */
	char *no_env[] = { NULL };
	int result = fetch_fds(caller, compartment, err);

	if (options.landlock_abi < 0 || options.landlock_abi > outer.plan->landlock_abi)
		options.landlock_abi = outer.plan->landlock_abi;
	if (result == 0)
		result = be_like(caller, &request->head, err);
	if (result < 0)
		return result;
	if (access("/proc/self/mountinfo", R_OK) < 0) {
		pale_fail(err, -ENOENT, "the cage around has no /proc, which a cage inside needs");
		return pale_remedy(err, "give it one: --proc=self, without --bare");
	}
	/* From here on the caller may let go of its own. */
	tell(caller->sock, &ready);
	outer.maps = caller->maps;
	outer.limits = caller->limits;
	close(pale_take_fd(&caller->pidfd));
	close(pale_take_fd(&caller->cwd));
	return pale_run(compartment, &options, no_env, tell_notice, ret_status, ret_stage, err);
}

/* The second process. Never returns. */
static void
be_maker(const struct pale_outer *around, struct pale_nest_caller *caller, struct request *request)
{
	enum pale_cage_stage stage = PALE_STAGE_SETUP;
	struct pale_compartment *compartment = NULL;
	struct pale_nested_message ended = { .kind = PALE_NESTED_ENDED };
	struct pale_policy policy;
	struct pale_err err = { 0 };
	int status = 0;
	int result;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	told_by = caller->sock;
	result = take_apart(request);
	if (result < 0)
		pale_fail(&err, result, "this asks for no cage as a pale of this version does");
	else
		result = read_policy(request, &policy, &compartment, &err);
	if (result == 0 && compartment != NULL)
		result = make_cage(around, caller, request, compartment, &status, &stage, &err);
	ended.value = status;
	if (result < 0)
		tell_failure(caller->sock, result, stage, &err);
	else
		tell(caller->sock, &ended);
	_exit(0);
}

/*
 * What became of the maker. Stops are counted: to go on is said about one of them, and whoever is
 * not in the cage may have continued the whole process group before that arrives here, and typed
 * another ^Z.
 */
struct maker {
	pid_t pid;
	bool stopped;
	int stops;
};

/* Returns false when it has ended. */
static bool
look_after(int sock, struct maker *maker)
{
	struct pale_nested_message message = { .kind = PALE_NESTED_STOPPED };
	int status;

	while (waitpid(maker->pid, &status, WUNTRACED | WCONTINUED | WNOHANG) == maker->pid) {
		maker->stopped = WIFSTOPPED(status);
		if (WIFSTOPPED(status)) {
			message.value = ++maker->stops;
			(void)send(sock, &message, sizeof(message), MSG_NOSIGNAL | MSG_DONTWAIT);
		} else if (!WIFCONTINUED(status)) {
			/* It has said how it ended, unless it was killed. */
			message.kind = PALE_NESTED_ENDED;
			message.value = status;
			if (!WIFEXITED(status))
				(void)send(
				    sock, &message, sizeof(message), MSG_NOSIGNAL | MSG_DONTWAIT);
			return false;
		}
	}
	return true;
}

/* What the caller wants. Returns false when it is gone. */
static bool
hear(int sock, const struct maker *maker)
{
	struct pale_nested_message message;
	ssize_t got = recv(sock, &message, sizeof(message), MSG_DONTWAIT);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	if (got == 0)
		return false;
	if (got != sizeof(message))
		return true;
	if (message.kind == PALE_NESTED_SIGNAL && message.value >= 1 && message.value <= 64)
		kill(maker->pid, message.value);
	if (message.kind == PALE_NESTED_CONTINUE && maker->stopped && message.value == maker->stops)
		kill(maker->pid, SIGCONT);
	return true;
}

/* The first process, from now on: nothing but the socket. Never returns. */
static void
be_keeper(int sock, pid_t pid)
{
	struct maker maker = { .pid = pid };
	struct signalfd_siginfo info;
	sigset_t child;
	int signals;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	while (signals >= 0) {
		struct pollfd polled[] = { { .fd = signals, .events = POLLIN },
			{ .fd = sock, .events = POLLIN } };

		if (poll(polled, PALE_COUNT(polled), -1) < 0)
			continue;
		if (polled[0].revents != 0)
			(void)!read(signals, &info, sizeof(info));
		if (!look_after(sock, &maker))
			_exit(0);
		if (polled[1].revents != 0 && !hear(sock, &maker))
			break;
	}
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	_exit(0);
}

void
pale_nested_serve(void *state, struct pale_nest_caller *caller)
{
	const struct pale_outer *around = state;
	struct request request = { 0 };
	pid_t maker;

	/* It has ignored or caught what those before it did; the kernel is to keep our children. */
	signal(SIGCHLD, SIG_DFL);
	if (receive(caller->sock, &request) < 0)
		return;
	maker = fork();
	if (maker < 0)
		return;
	if (maker == 0)
		be_maker(around, caller, &request);
	free(request.bytes);
	close(caller->pidfd);
	close(caller->cwd);
	close(caller->maps);
	if (pale_caps_keep(0, NULL) == 0)
		be_keeper(caller->sock, maker);
	kill(maker, SIGKILL);
}
