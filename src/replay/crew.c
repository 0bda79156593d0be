/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Actors as the stage has them. Nothing here sleeps: what is waited for is an answer, a question of
 * the kernel to the FUSE directory, or the end of a process. Only that a process waits in a call
 * sends no event; then it is looked at until it does.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/scope.h"
#include "replay/stage.h"

static void
take_answer(struct pale_stage_actor *actor)
{
	struct pale_play_answer answer;
	ssize_t got = recv(actor->sock, &answer, sizeof(answer), MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got != (ssize_t)sizeof(answer)) {
		close(actor->sock);
		actor->sock = -1;
		return;
	}
	if (answer.result == PALE_PLAY_HELLO) {
		actor->pid = answer.pid;
		memcpy(actor->seen_as, answer.seen_as, sizeof(actor->seen_as));
	}
	actor->answer = answer;
	actor->answered = true;
}

/* Take what has come; timeout as poll(2)'s. Returns how much there was, or -errno. */
static int
pump(struct pale_stage *stage, int timeout)
{
	struct pollfd polled[PALE_MODEL_PROCESSES + 1];
	unsigned who[PALE_MODEL_PROCESSES + 1];
	nfds_t count = 0;
	int ready;

	for (unsigned p = 0; p < stage->play->model->process_count; p++) {
		if (stage->actors[p].sock < 0)
			continue;
		who[count] = p;
		polled[count++] = (struct pollfd){ .fd = stage->actors[p].sock, .events = POLLIN };
	}
	polled[count] = (struct pollfd){ .fd = stage->pass.device, .events = POLLIN };
	ready = poll(polled, count + 1, timeout);
	if (ready < 0)
		return errno == EINTR ? 0 : -errno;
	if (polled[count].revents != 0) {
		int result = pale_pass_serve(&stage->pass);

		if (result < 0)
			return result;
	}
	for (nfds_t i = 0; i < count; i++)
		if (polled[i].revents != 0)
			take_answer(&stage->actors[who[i]]);
	return ready;
}

int
pale_stage_tell(struct pale_stage *stage, unsigned p, enum pale_play_verb verb, size_t index)
{
	const struct pale_play_order order = { .verb = verb, .index = index };
	struct pale_stage_actor *actor = &stage->actors[p];

	actor->answered = false;
	if (actor->sock < 0)
		return -EPIPE;
	return send(actor->sock, &order, sizeof(order), MSG_NOSIGNAL) == (ssize_t)sizeof(order)
	    ? 0
	    : -EPIPE;
}

int
pale_stage_await(struct pale_stage *stage, unsigned p)
{
	struct pale_stage_actor *actor = &stage->actors[p];

	while (!actor->answered) {
		int result = actor->sock < 0 ? -EPIPE : pump(stage, -1);

		if (result < 0)
			return result;
	}
	return 0;
}

/* Does the process sleep? As the third field of its stat says. */
static bool
sleeps(const struct pale_stage *stage, const struct pale_stage_actor *actor)
{
	char path[sizeof(actor->seen_as) + sizeof("/stat")], text[512];
	const char *state;
	PALE_CLOSE int fd = -1;
	ssize_t got;

	snprintf(path, sizeof(path), "%s/stat", actor->seen_as);
	fd = openat(stage->play->proc, path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (got <= 0)
		return false;
	text[got] = '\0';
	state = strrchr(text, ')');
	return state != NULL && state[1] == ' ' && state[2] == 'S';
}

/*
 * Until it sleeps, and after that nothing of it has come: then it sleeps in its call. A question to
 * the FUSE directory, or an answer, is sent before whoever sends it sleeps.
 */
static int
await_sleep(struct pale_stage *stage, unsigned p, bool at_stop)
{
	struct pale_stage_actor *actor = &stage->actors[p];

	while (!actor->answered && !(at_stop && stage->pass.gates[p].held)) {
		bool slept = sleeps(stage, actor);
		int result = actor->sock < 0 ? -EPIPE : pump(stage, 0);

		if (result < 0)
			return result;
		if (slept && result == 0)
			return 1;
		if (!slept)
			sched_yield();
	}
	return 0;
}

int
pale_stage_await_blocked(struct pale_stage *stage, unsigned p)
{
	return await_sleep(stage, p, false);
}

int
pale_stage_await_stop(struct pale_stage *stage, unsigned p)
{
	struct pale_stage_actor *actor = &stage->actors[p];

	/* O_CREAT has no stop before the open itself, and that of a FIFO may wait. */
	if (stage->pass.gates[p].creates)
		return await_sleep(stage, p, true);
	while (!actor->answered && !stage->pass.gates[p].held) {
		int result = actor->sock < 0 ? -EPIPE : pump(stage, -1);

		if (result < 0)
			return result;
	}
	return 0;
}

int
pale_stage_await_end(struct pale_stage *stage, unsigned p, int *ret_status)
{
	struct pale_stage_actor *actor = &stage->actors[p];

	while (actor->sock >= 0) {
		int result = pump(stage, -1);

		if (result < 0)
			return result;
	}
	*ret_status = 0;
	/* A child of another actor is that one's to wait for, or ours once that has ended. */
	while (waitpid(actor->pid, ret_status, 0) < 0 && errno == EINTR)
		;
	return 0;
}

int
pale_stage_start(struct pale_stage *stage, struct pale_err *err)
{
	const struct pale_model *model = stage->play->model;
	int socks[PALE_MODEL_PROCESSES][2];
	int theirs[PALE_MODEL_PROCESSES];
	int result = 0;

	for (unsigned p = 0; p < PALE_MODEL_PROCESSES; p++) {
		stage->actors[p].sock = theirs[p] = -1;
		if (p >= model->process_count)
			continue;
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks[p]) < 0)
			return pale_fail_errno(err, "cannot make a socket for an actor");
		stage->actors[p].sock = socks[p][0];
		theirs[p] = socks[p][1];
	}
	for (unsigned p = 0; p < model->process_count && result == 0; p++) {
		pid_t pid;

		if (model->born_later[p])
			continue;
		pid = fork();
		if (pid < 0)
			return pale_fail_errno(err, "cannot start an actor");
		if (pid != 0)
			continue;
		/* The end of the device, above all, must be the stage's. */
		for (unsigned i = 0; i < model->process_count; i++)
			close(socks[i][0]);
		if (stage->pass.device >= 0)
			close(stage->pass.device);
		for (size_t i = 0; i < stage->pass.node_count; i++)
			close(stage->pass.nodes[i].fd);
		pale_play_actor(stage->play, p, theirs);
	}
	for (unsigned p = 0; p < model->process_count; p++)
		close(theirs[p]);
	for (unsigned p = 0; p < model->process_count && result == 0; p++) {
		if (model->born_later[p])
			continue;
		result = pale_stage_await(stage, p);
		if (result < 0)
			return pale_fail(err, result, "an actor did not take its place");
		if (stage->actors[p].answer.unable[0] != '\0')
			return pale_fail(err, -ENOTSUP, "%s", stage->actors[p].answer.unable);
	}
	return 0;
}
