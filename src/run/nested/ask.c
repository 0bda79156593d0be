/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inside half of a cage inside a cage; see nested.h. What it sends is what the user asked for;
 * what it does afterwards is what a waiter does: hand on signals that were meant for the command,
 * stop with it, end as it. If it is killed, its socket closes and the cage inside ends.
 */
#include "run/nested/nested.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cage/wait.h"
#include "core/scope.h"
#include "kernel/seccomp.h"
#include "policy/write.h"
#include "run/env.h"

/* What is sent behind the head. */
struct letter {
	char *bytes;
	size_t size;
	size_t room;
	bool failed;
};

static void
add(struct letter *letter, const char *text)
{
	size_t size = strlen(text) + 1;

	if (letter->size + size > letter->room) {
		size_t room = (letter->size + size) * 2;
		char *bytes = letter->failed ? NULL : realloc(letter->bytes, room);

		if (bytes == NULL) {
			letter->failed = true;
			return;
		}
		letter->bytes = bytes;
		letter->room = room;
	}
	memcpy(letter->bytes + letter->size, text, size);
	letter->size += size;
}

static uint32_t
add_all(struct letter *letter, char *const *texts)
{
	uint32_t count = 0;

	for (; texts[count] != NULL; count++)
		add(letter, texts[count]);
	return count;
}

static void
set_signals(struct pale_nested_head *head)
{
	sigset_t blocked;

	sigprocmask(SIG_SETMASK, NULL, &blocked);
	for (int number = 1; number <= 64; number++) {
		const uint64_t bit = UINT64_C(1) << (number - 1);
		struct sigaction had;

		if (sigaction(number, NULL, &had) == 0 && had.sa_handler == SIG_IGN)
			head->ignored |= bit;
		if (sigismember(&blocked, number) == 1)
			head->blocked |= bit;
	}
}

/* Everything but grants and settings goes beside the policy. */
static int
write_letter(const struct pale_compartment *compartment, char *const *env,
    struct pale_nested_head *head, struct letter *letter, struct pale_err *err)
{
	struct pale_compartment said = *compartment;
	PALE_FREE char *policy = NULL;
	char **own_env = NULL;
	size_t size;
	int result;

	said.command = NULL;
	said.env = NULL;
	said.env_count = 0;
	result = pale_policy_write(&said, &policy, &size, err);
	if (result == 0)
		result = pale_env_make(compartment, env, &own_env, err);
	if (result < 0)
		return result;
	add(letter, policy);
	head->policy_size = (uint32_t)size;
	head->origin_count = (uint32_t)compartment->grant_count;
	for (size_t i = 0; i < compartment->grant_count; i++)
		add(letter, compartment->grants[i].origin);
	head->arg_count = add_all(letter, compartment->command);
	head->env_count = add_all(letter, own_env);
	pale_env_free(own_env);
	if (letter->failed)
		return pale_fail(err, -ENOMEM, "out of memory");
	if (letter->size > PALE_NESTED_BYTES_MAX) {
		pale_fail(err, -E2BIG,
		    "grants, command and environment are %zu bytes, more than "
		    "a cage inside another takes (%d)",
		    letter->size, PALE_NESTED_BYTES_MAX);
		return pale_remedy(err, "pass less of the environment, or the rest in a file");
	}
	head->size = (uint32_t)letter->size;
	return 0;
}

static int
send_all(int sock, const struct pale_nested_head *head, const char *bytes, struct pale_err *err)
{
	size_t sent = 0;

	if (write(sock, head, sizeof(*head)) != sizeof(*head))
		return pale_fail_errno(err, "cannot ask for a cage inside this one");
	while (sent < head->size) {
		size_t part = head->size - sent;
		ssize_t done = write(sock, bytes + sent,
		    part < PALE_NESTED_PART_BYTES ? part : PALE_NESTED_PART_BYTES);

		if (done <= 0)
			return pale_fail_errno(err, "cannot ask for a cage inside this one");
		sent += (size_t)done;
	}
	return 0;
}

static int
not_answered(int result, struct pale_err *err)
{
	if (result == -EAGAIN) {
		pale_fail(err, result, "%d cages run in this one already, or it can start no more",
		    PALE_NEST_MAX);
		return pale_remedy(err, "wait for one of them to end");
	}
	if (result == -ENOSYS)
		return pale_fail(
		    err, result, "nobody answers who could make a cage inside this one");
	return pale_fail(
	    err, result, "cannot ask for a cage inside this one: %s", strerror(-result));
}

/* Stop as the command did. When we are continued, so is it. */
static void
stop_too(int sock, int which)
{
	static const struct timespec at_once = { 0, 0 };
	struct pale_nested_message message = { .kind = PALE_NESTED_CONTINUE, .value = which };
	sigset_t cont;

	kill(getpid(), SIGSTOP);
	sigemptyset(&cont);
	sigaddset(&cont, SIGCONT);
	sigtimedwait(&cont, NULL, &at_once);
	(void)!write(sock, &message, sizeof(message));
}

/* A signal came. In the same process group those of the terminal have reached the command. */
static void
hand_on(int sock, bool joined, const struct signalfd_siginfo *info)
{
	struct pale_nested_message message = { .kind = PALE_NESTED_SIGNAL,
		.value = (int)info->ssi_signo };
	siginfo_t known = { .si_signo = (int)info->ssi_signo, .si_code = info->ssi_code };

	if (info->ssi_signo == SIGCHLD || (joined && !pale_wait_is_ours_alone(&known)))
		return;
	(void)!write(sock, &message, sizeof(message));
}

static int
failed(const struct pale_nested_message *message, enum pale_cage_stage *ret_stage,
    struct pale_err *err)
{
	int code = message->value < 0 ? message->value : -EIO;

	*ret_stage = (enum pale_cage_stage)message->stage;
	pale_fail(err, code, "%s", message->text);
	return message->remedy[0] == '\0' ? code : pale_remedy(err, "%s", message->remedy);
}

/* Returns 0 when the command has ended, -errno, or 1 to go on. */
static int
hear(int sock, bool *joined, pale_run_notice *notice, int *ret_status,
    enum pale_cage_stage *ret_stage, struct pale_err *err)
{
	struct pale_nested_message message;
	ssize_t got = recv(sock, &message, sizeof(message), MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 1;
	if (got != sizeof(message))
		return pale_fail(err, -EPIPE, "the cage inside this one was ended");
	message.text[sizeof(message.text) - 1] = '\0';
	message.remedy[sizeof(message.remedy) - 1] = '\0';
	switch ((enum pale_nested_kind)message.kind) {
	case PALE_NESTED_READY:
		*joined = message.value != 0;
		pale_wait_let_go();
		break;
	case PALE_NESTED_NOTICE:
		if (notice != NULL)
			notice(message.text);
		break;
	case PALE_NESTED_STOPPED:
		stop_too(sock, message.value);
		break;
	case PALE_NESTED_FAILED:
		return failed(&message, ret_stage, err);
	case PALE_NESTED_ENDED:
		*ret_status = message.value;
		return 0;
	case PALE_NESTED_SIGNAL:
	case PALE_NESTED_CONTINUE:
		break;
	}
	return 1;
}

static int
wait_for(int sock, int signals, pale_run_notice *notice, int *ret_status,
    enum pale_cage_stage *ret_stage, struct pale_err *err)
{
	bool joined = false;

	for (;;) {
		struct pollfd polled[] = { { .fd = sock, .events = POLLIN },
			{ .fd = signals, .events = POLLIN } };
		struct signalfd_siginfo info;
		int result;

		if (poll(polled, PALE_COUNT(polled), -1) < 0)
			continue;
		if (polled[1].revents != 0 && read(signals, &info, sizeof(info)) == sizeof(info))
			hand_on(sock, joined, &info);
		if (polled[0].revents == 0)
			continue;
		result = hear(sock, &joined, notice, ret_status, ret_stage, err);
		if (result <= 0)
			return result;
	}
}

int
pale_nested_run(const struct pale_compartment *compartment, const struct pale_plan_options *options,
    char *const *env, pale_run_notice *notice, int *ret_status, enum pale_cage_stage *ret_stage,
    struct pale_err *err)
{
	struct pale_nested_head head = {
		.version = PALE_NESTED_VERSION,
		.best_effort = options->best_effort,
		.landlock_abi = options->landlock_abi,
		.paranoid = options->paranoid,
		.bare = options->bare,
	};
	struct letter letter = { 0 };
	PALE_CLOSE int signals = -1;
	PALE_CLOSE int sock = -1;
	sigset_t had;
	sigset_t all;
	int result;

	*ret_stage = PALE_STAGE_SETUP;
	if (options->watcher != NULL) {
		pale_fail(err, -EOPNOTSUPP, "a cage inside another cannot be watched");
		return pale_remedy(err, "watch the one around, which hears of it too");
	}
	set_signals(&head);
	result = write_letter(compartment, env, &head, &letter, err);
	if (result == 0) {
		result = pale_filter_ask_nested(&sock);
		if (result < 0)
			result = not_answered(result, err);
	}
	if (result < 0) {
		free(letter.bytes);
		return result;
	}
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &had);
	signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	result = signals < 0 ? pale_fail_errno(err, "cannot wait for signals")
			     : send_all(sock, &head, letter.bytes, err);
	free(letter.bytes);
	if (result == 0)
		result = wait_for(sock, signals, notice, ret_status, ret_stage, err);
	/* An answer that was not waited for says more than that nothing more could be sent. */
	else
		(void)wait_for(sock, signals, notice, ret_status, ret_stage, err);
	sigprocmask(SIG_SETMASK, &had, NULL);
	return result;
}
