/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One execution, by the keeper: start the namespaces, take each call that stands still, name it,
 * let the adversary act where the plan says so, and let the call go on. The gate decides nothing;
 * what a pointer holds by the time the kernel reads it is the victim's affair. The only call that
 * it answers itself is getrandom, so that a name drawn by chance is the same in each run.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/scope.h"
#include "core/sys.h"
#include "kernel/notify.h"
#include "kernel/seccomp.h"
#include "race/names.h"
#include "race/room.h"
#include "race/tasks.h"

enum {
	IDLE_MS = 20,         /* without any event, before it is looked whether all wait */
	PATIENCE_TIMES = 5,   /* so many times the patience for the whole execution */
	SEEN_SLOTS = 1 << 16, /* above twice PALE_RACE_STOPS_MAX */
	ID_NAME_BYTES = 60,
	RANDOM_MAX = 4096, /* of one call; the kernel, too, may return fewer than asked */
};
static const struct timeval answer_within = { .tv_sec = 2 }; /* the adversary, for one request */
static const uint64_t default_patience_ns = 2000000000;

/* How often a stop of the same name was met: generation by generation, nothing is cleared. */
struct seen {
	uint64_t hash;
	uint32_t generation, count;
};
static struct seen seen[SEEN_SLOTS];
static uint32_t generation;

struct gate {
	struct pale_race_world *world;
	struct pale_race_room *room;
	struct pale_race_tasks tasks;
	struct pale_race_names names;
	pid_t init;
	int word, adversary, output, listener;
	bool started;  /* the victim's own exec was passed */
	bool done;     /* none of its processes is left */
	bool over;     /* end it now */
	bool acted;    /* the adversary: from now on it looks what comes */
	bool restores; /* an exchange is to be undone */
	uint64_t started_ns;
};

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void
limit(struct gate *gate, const char *what)
{
	gate->room->outcome.limited = true;
	gate->over = true;
	snprintf(gate->room->outcome.limit, sizeof(gate->room->outcome.limit), "%s", what);
}

static unsigned
ordinal(const char *base)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *base != '\0'; base++)
		hash = (hash ^ (unsigned char)*base) * 0x100000001b3;
	for (uint64_t at = hash;; at++) {
		struct seen *slot = &seen[at % SEEN_SLOTS];

		if (slot->generation != generation)
			*slot = (struct seen){ .hash = hash, .generation = generation };
		if (slot->hash == hash)
			return ++slot->count;
	}
}

static bool
ask(struct gate *gate, const struct pale_race_request *request, struct pale_race_reply *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (send(gate->adversary, request, sizeof(*request), MSG_NOSIGNAL) < 0)
		return false;
	return recv(gate->adversary, ret, sizeof(*ret), 0) == (ssize_t)sizeof(*ret);
}

static const char *
protected_path(const struct gate *gate)
{
	const struct pale_race_setup *setup = gate->world->setup;

	return setup->private_count > 0 ? setup->private[0] : "home/secret";
}

static void
act(struct gate *gate, unsigned which, const struct pale_race_stop *stop)
{
	struct pale_race_outcome *outcome = &gate->room->outcome;
	struct pale_race_request request = { .ask = PALE_RACE_ASK_ACT };
	struct pale_race_reply reply;
	const char *target = protected_path(gate);

	request.action = gate->room->plan.acts[which].action;
	request.up = gate->room->plan.acts[which].up;
	request.id = strncmp(stop->key, "id:", 3) == 0 ? atoi(stop->key + 3) : -1;
	request.key = request.id < 0 ? (int)strtoul(stop->key, NULL, 16) : 0;
	request.kind = stop->text[1] == 's' ? 'm' : stop->text[1];
	memcpy(request.path[0], stop->path[gate->room->plan.acts[which].name & 1],
	    sizeof(request.path[0]));
	if (target[0] == '/')
		snprintf(request.protected, sizeof(request.protected), "%.250s", target);
	else
		snprintf(request.protected, sizeof(request.protected), "%s/%.200s", PALE_RACE_DIR,
		    target);
	if (!ask(gate, &request, &reply)) {
		limit(gate, "the adversary ended");
		return;
	}
	outcome->acted[which] = reply.acted;
	snprintf(outcome->acted_text[which], sizeof(outcome->acted_text[which]), "%s", reply.text);
	gate->acted |= reply.acted == PALE_RACE_ACTED;
	if (request.action == PALE_RACE_exchange && reply.acted == PALE_RACE_ACTED)
		gate->restores = true;
}

/* In the undisturbed run: which stops are worth a try? */
static void
reach(struct gate *gate, struct pale_race_stop *stop)
{
	struct pale_race_request request = { .ask = PALE_RACE_ASK_REACH };
	struct pale_race_reply reply;

	stop->reachable = stop->key[0] != '\0';
	for (int i = 0; i < 2; i++)
		if (strncmp(stop->path[i], "/tmp/", 5) == 0 ||
		    strncmp(stop->path[i], "/run/", 5) == 0 ||
		    strncmp(stop->path[i], "/dev/shm/", 9) == 0)
			memcpy(request.path[i], stop->path[i], sizeof(request.path[i]));
	if ((request.path[0][0] != '\0' || request.path[1][0] != '\0') &&
	    ask(gate, &request, &reply))
		stop->reachable |= reply.yes;
	gate->room->outcome.touched_shared |= stop->reachable;
}

static void
stand(struct gate *gate, const struct pale_notify *call, const struct pale_race_task *task)
{
	struct pale_race_room *room = gate->room;
	struct pale_race_stop *stop = &room->stops[room->outcome.stop_count];
	char base[PALE_RACE_ID_BYTES - 12], name[sizeof(stop->path[0])];
	size_t len;
	enum pale_sys sys;

	if (room->outcome.stop_count == PALE_RACE_STOPS_MAX) {
		limit(gate, "more stops than one execution may have");
		return;
	}
	pale_race_read(call, stop);
	stop->task = task->number;
	(void)pale_sys_find_nr(call->nr, &sys);
	pale_race_names_learn(&gate->names, call, stop->path[0]);
	snprintf(name, sizeof(name), "%s", stop->path[0][0] != '\0' ? stop->path[0] : stop->key);
	pale_race_names_hide(&gate->names, name);
	/* A name too long for the id keeps its end, where names differ. */
	len = strlen(name);
	snprintf(base, sizeof(base), "%s:%s:%s", task->path, pale_sys_row(sys)->name,
	    name + (len > ID_NAME_BYTES ? len - ID_NAME_BYTES : 0));
	snprintf(stop->id, sizeof(stop->id), "%s#%u", base, ordinal(base));
	room->outcome.stop_count++;
	if (gate->restores) {
		struct pale_race_request request = { .ask = PALE_RACE_ASK_RESTORE };
		struct pale_race_reply reply;

		gate->restores = false;
		(void)ask(gate, &request, &reply);
	}
	if (room->plan.count == 0)
		reach(gate, stop);
	if (gate->acted) {
		struct pale_race_request request = { .ask = PALE_RACE_ASK_PEEK };
		struct pale_race_reply reply;

		(void)ask(gate, &request, &reply);
	}
	for (unsigned i = 0; i < room->plan.count && i < PALE_RACE_ACTIONS_MAX; i++)
		if (strcmp(room->plan.acts[i].stop, stop->id) == 0)
			act(gate, i, stop);
}

/* Random bytes that are the same in each run: a name made of them stays the same, too. */
static void
draw(struct gate *gate, const struct pale_notify *call, struct pale_race_task *task)
{
	size_t size = call->args[1] < RANDOM_MAX ? (size_t)call->args[1] : RANDOM_MAX;
	unsigned char bytes[RANDOM_MAX];
	struct iovec from = { bytes, size }, to = { (void *)(uintptr_t)call->args[0], size };
	ssize_t put;

	for (size_t i = 0; i < size; i++) {
		uint64_t z = (task->drawn++ + (uint64_t)task->number * 1000003) *
		    UINT64_C(0x9e3779b97f4a7c15);

		z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
		bytes[i] = (unsigned char)(z >> 56);
	}
	put = process_vm_writev(call->tid, &from, 1, &to, 1, 0);
	if (put < 0)
		(void)pale_notify_go_on(gate->listener, call->id);
	else
		(void)pale_notify_answer(gate->listener, call->id, put);
}

/* Rights kept over a drop of rights show where the next program, or the end, is about to come. */
static void
keep(struct gate *gate, struct pale_race_task *task, enum pale_does does)
{
	if (does == DO_IDENTITY)
		task->dropped = true;
	else if (task->dropped && does == DO_EXEC)
		gate->room->outcome.fd_kept |= pale_race_keeps_fd(task->tid);
	else if (task->dropped && does == DO_EXIT)
		gate->room->outcome.segment_kept |= pale_race_keeps_segment(task->tid);
}

static void
hear(struct gate *gate)
{
	struct pale_race_task *task;
	struct pale_notify call;
	enum pale_sys sys;
	int rc = pale_notify_take(gate->listener, &call);

	if (rc == -ENOENT || rc == -EINTR)
		return;
	if (rc < 0) {
		limit(gate, "the filter's listener failed");
		return;
	}
	if (!gate->started) {
		gate->started = call.nr == SYS_execve && call.args[5] == PALE_UNHEARD_EXEC;
		(void)pale_notify_go_on(gate->listener, call.id);
		return;
	}
	task = pale_race_task_get(&gate->tasks, call.tid);
	if (task == NULL) {
		if (pale_notify_holds(gate->listener, call.id))
			limit(gate, "more processes than one execution may have");
		return;
	}
	if (call.nr == SYS_getrandom) {
		draw(gate, &call, task);
		return;
	}
	(void)pale_sys_find_nr(call.nr, &sys);
	if (pale_sys_row(sys)->does == DO_FORK || pale_sys_row(sys)->does == DO_EXIT) {
		if (task->forks)
			pale_race_task_children(&gate->tasks, task);
		task->forks = true;
	}
	stand(gate, &call, task);
	keep(gate, task, pale_sys_row(sys)->does);
	if (pale_sys_row(sys)->does == DO_EXIT)
		task->ended = true;
	if (!gate->over)
		(void)pale_notify_go_on(gate->listener, call.id);
}

static void
drain(struct gate *gate)
{
	struct pale_race_outcome *outcome = &gate->room->outcome;
	char buf[4096];
	ssize_t got;

	while ((got = read(gate->output, buf, sizeof(buf))) > 0) {
		size_t room = sizeof(outcome->output) - outcome->output_bytes;

		if (room > (size_t)got)
			room = (size_t)got;
		memcpy(outcome->output + outcome->output_bytes, buf, room);
		outcome->output_bytes += room;
	}
}

/* Words of init, and the listener that the victim passes on the same socket. */
static void
take_word(struct gate *gate)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	char word = 0;
	struct iovec iov = { &word, 1 };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	ssize_t got = recvmsg(gate->word, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	struct cmsghdr *cmsg = got < 0 ? NULL : CMSG_FIRSTHDR(&msg);

	if (got < 0 && errno == EAGAIN)
		return;
	if (cmsg != NULL && cmsg->cmsg_type == SCM_RIGHTS && gate->listener < 0) {
		memcpy(&gate->listener, CMSG_DATA(cmsg), sizeof(int));
		pale_notify_take_turns(gate->listener);
	} else if (got <= 0 || word == 'E') {
		if (gate->room->code == 0)
			gate->room->code =
			    pale_fail(&gate->room->err, -EPIPE, "the world's first process ended");
		gate->over = true;
	} else if (word == 'D') {
		gate->done = gate->over = true;
	}
}

/* Nothing happened for a while: is it over, or does it hang? */
static void
idle(struct gate *gate, uint64_t quiet_ns, bool *was_blocked)
{
	const struct pale_race_setup *setup = gate->world->setup;
	struct pale_race_outcome *outcome = &gate->room->outcome;
	uint64_t patience = setup->patience_ns != 0 ? setup->patience_ns : default_patience_ns;
	char where[PALE_RACE_TEXT_BYTES];
	enum pale_race_rest rest =
	    pale_race_tasks_rest(gate->init, setup->adversary, where, sizeof(where));

	if (rest != PALE_RACE_RUNS && (setup->until_idle || gate->room->first_ended)) {
		gate->over = true;
		return;
	}
	/* Twice, for a task may have been between two calls. */
	if ((rest == PALE_RACE_BLOCKED && *was_blocked) || quiet_ns >= patience) {
		outcome->hangs = true;
		snprintf(outcome->hangs_in, sizeof(outcome->hangs_in), "%s",
		    where[0] != '\0' ? where : "its own computation, or a wait");
		gate->over = true;
	}
	*was_blocked = rest == PALE_RACE_BLOCKED;
}

static void
watch(struct gate *gate)
{
	const struct pale_race_setup *setup = gate->world->setup;
	uint64_t patience = setup->patience_ns != 0 ? setup->patience_ns : default_patience_ns;
	uint64_t last = gate->started_ns;
	bool was_blocked = false;

	while (!gate->over) {
		struct pollfd fds[] = { { gate->listener, POLLIN, 0 }, { gate->word, POLLIN, 0 },
			{ gate->output, POLLIN, 0 }, { gate->world->control, POLLRDHUP, 0 } };
		int rc;

		/* A setup script that does not end is cut, too. */
		if (now_ns() - gate->started_ns > PATIENCE_TIMES * patience) {
			limit(gate, "more time than one execution may take");
			break;
		}
		rc = poll(fds, PALE_COUNT(fds), IDLE_MS);
		if (rc < 0 && errno != EINTR)
			limit(gate, "cannot wait for the victim");
		if (rc <= 0) {
			if (gate->started)
				idle(gate, now_ns() - last, &was_blocked);
			continue;
		}
		was_blocked = false;
		if (fds[3].revents != 0) {
			/* The caller is gone: so are we, and all that we started. */
			kill(gate->init, SIGKILL);
			_exit(0);
		}
		if (fds[2].revents & POLLIN)
			drain(gate);
		if (fds[2].revents & (POLLHUP | POLLERR) && !(fds[2].revents & POLLIN)) {
			close(gate->output);
			gate->output = -1;
		}
		if (fds[0].revents & POLLIN)
			hear(gate);
		else if (fds[0].revents != 0)
			/* Nobody has the filter any more; init's word follows. */
			pale_scope_close(&gate->listener), gate->listener = -2;
		if (fds[1].revents != 0)
			take_word(gate);
		last = now_ns();
	}
}

static void
finish(struct gate *gate)
{
	struct pale_race_outcome *outcome = &gate->room->outcome;
	struct pale_race_request request = { .ask = PALE_RACE_ASK_FINISH };
	struct pale_race_reply reply;

	if (gate->room->code < 0)
		return;
	if (gate->output >= 0)
		drain(gate);
	if (gate->room->exec_errno != 0) {
		gate->room->code =
		    pale_fail(&gate->room->err, -gate->room->exec_errno, "cannot execute '%s': %s",
			gate->world->program, strerror(gate->room->exec_errno));
		return;
	}
	if (ask(gate, &request, &reply))
		outcome->secret_got = reply.yes;
	pale_race_collect(gate->room, gate->init);
	outcome->killed_by_pipe =
	    WIFSIGNALED(outcome->status) && WTERMSIG(outcome->status) == SIGPIPE;
	outcome->mark_shown =
	    pale_race_holds(outcome->output, outcome->output_bytes, PALE_RACE_MARK);
	for (size_t i = 0; i < outcome->object_count; i++) {
		const struct pale_race_object *object = &gate->room->objects[i];
		bool ours =
		    strncmp(object->path, PALE_RACE_LAIR "/", strlen(PALE_RACE_LAIR) + 1) == 0;

		if (strncmp(object->path, PALE_RACE_LAIR "/ran/", strlen(PALE_RACE_LAIR) + 5) == 0)
			outcome->executed |= object->uid != gate->world->setup->adversary;
		/* A private file is one that the adversary does not own and may not read. */
		if (!ours && object->has_mark && (object->mode & 0044) == 0 &&
		    object->uid != gate->world->setup->adversary)
			outcome->mark_shown = true;
	}
}

void
pale_race_gate(struct pale_race_world *world)
{
	static struct gate gate;
	const struct pale_race_setup *setup = world->setup;
	unsigned long flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | SIGCHLD;
	int words[2] = { -1, -1 }, requests[2] = { -1, -1 }, output[2] = { -1, -1 };
	struct pale_race_ends ends;

	gate = (struct gate){ .world = world, .room = world->room, .listener = -1 };
	generation++;
	gate.started_ns = now_ns();
	if (setup->net)
		flags |= CLONE_NEWNET;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, words) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, requests) < 0 ||
	    pipe2(output, O_CLOEXEC) < 0) {
		world->room->code = pale_fail_errno(&world->room->err, "cannot make a socket");
		return;
	}
	ends = (struct pale_race_ends){ words[1], requests[1], output[1] };
	gate.init = (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, 0);
	if (gate.init == 0) {
		close(words[0]);
		close(requests[0]);
		close(output[0]);
		pale_race_inside(world, &ends);
	}
	close(words[1]);
	close(requests[1]);
	close(output[1]);
	gate.word = words[0];
	gate.adversary = requests[0];
	gate.output = output[0];
	if (gate.init < 0) {
		world->room->code =
		    pale_fail_errno(&world->room->err, "cannot make the namespaces");
	} else {
		(void)fcntl(gate.output, F_SETFL, O_NONBLOCK);
		(void)setsockopt(
		    gate.adversary, SOL_SOCKET, SO_RCVTIMEO, &answer_within, sizeof(answer_within));
		watch(&gate);
		finish(&gate);
		kill(gate.init, SIGKILL);
	}
	pale_scope_close(&gate.listener);
	pale_scope_close(&gate.word);
	pale_scope_close(&gate.adversary);
	pale_scope_close(&gate.output);
	if (gate.init > 0)
		while (waitpid(gate.init, NULL, __WALL) < 0 && errno == EINTR)
			;
	world->room->outcome.elapsed_ns = now_ns() - gate.started_ns;
}
