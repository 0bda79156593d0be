/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the caller to the stage and back: namespaces, the scratch directory, and who ends whom. The
 * director sees both ends: when the stage has ended it cleans up and ends; when the caller is gone,
 * however that came, it kills the stage first. Everything else of a replay ends with the stage's
 * pid namespace, and its mounts with the last process in them.
 */
#include "replay/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/scope.h"
#include "kernel/mountcap.h"
#include "kernel/ns.h"
#include "kernel/uapi.h"
#include "model/ops.h"
#include "replay/play.h"

enum { NAMESPACES = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC };

const char *const pale_replay_names[PALE_REPLAY_COUNT] = {
	[PALE_REPLAY_WALKER] = "walker",
	[PALE_REPLAY_KERNEL] = "kernel",
	[PALE_REPLAY_BENEATH] = "beneath",
	[PALE_REPLAY_IN_ROOT] = "in-root",
	[PALE_REPLAY_MOUNT] = "mount",
};

/* ---- what a witness is like ---- */

static bool
is_lookup(const struct pale_model *model, const struct pale_replay_step *step)
{
	const struct pale_site *site = &model->sites[step->move.site];

	return pale_model_calls[site->op].walks[0] != '\0' && !site->atomic;
}

static bool
ends_walk(const struct pale_replay_step *step)
{
	return step->event.kind == PALE_EVENT_RESULT || step->event.kind == PALE_EVENT_WAITS;
}

/* Does anybody act while a lookup of another is under way? Only then has a walk to be stopped. */
static bool
needs_stops(const struct pale_model *model, const struct pale_replay_step *steps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!is_lookup(model, &steps[i]) || steps[i].event.kind != PALE_EVENT_START)
			continue;
		for (size_t k = i + 1; k < count; k++) {
			if (steps[k].move.process != steps[i].move.process)
				return true;
			if (ends_walk(&steps[k]))
				break;
		}
	}
	return false;
}

unsigned
pale_replay_ways(const struct pale_model *model, const struct pale_replay_step *steps, size_t count)
{
	unsigned ways = 1U << PALE_REPLAY_WALKER;

	for (size_t i = 0; i < count; i++) {
		const struct pale_site *site = &model->sites[steps[i].move.site];

		if (!is_lookup(model, &steps[i]))
			continue;
		ways |= 1U << PALE_REPLAY_KERNEL;
		/* The others differ only in what is opened from a descriptor. */
		if (pale_model_calls[site->op].signature[0] == 'd' && site->fd[0] != PALE_FD_CWD)
			ways |= 1U << PALE_REPLAY_BENEATH | 1U << PALE_REPLAY_IN_ROOT |
			    1U << PALE_REPLAY_MOUNT;
	}
	return ways;
}

/* Users other than the first one of those who act. */
static bool
has_several_users(
    const struct pale_model *model, const struct pale_replay_step *steps, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (model->initial->processes[steps[i].move.process].euid !=
		    model->initial->processes[steps[0].move.process].euid)
			return true;
	return false;
}

/* ---- the director ---- */

struct director {
	struct pale_play *play;
	int caller;          /* readable when the caller is gone */
	const char *scratch; /* "": a private tmpfs */
};

__attribute__((noreturn)) static void
give_up(const struct director *director, const struct pale_err *err, bool unable)
{
	struct pale_play_shared *shared = director->play->shared;

	if (unable) {
		shared->verdict = PALE_REPLAY_UNABLE;
		if (err->remedy[0] != '\0')
			snprintf(shared->why, sizeof(shared->why), "%.120s: %.120s", err->text,
			    err->remedy);
		else
			snprintf(shared->why, sizeof(shared->why), "%.250s", err->text);
	} else {
		shared->failed = err->code;
		shared->err = *err;
	}
	shared->done = true;
	_exit(1);
}

/* New namespaces. Root keeps its users, in its own user namespace where that lets it. */
static int
enter(struct director *director, struct pale_err *err)
{
	bool root = geteuid() == 0;

	if (!root || unshare(NAMESPACES) < 0) {
		int result = pale_ns_enter(NAMESPACES, err);

		if (result < 0)
			return result;
	}
	director->play->users = root;
	return 0;
}

/* An own tmpfs over the root of the new mount namespace, which is nobody's but ours. */
static int
make_scratch(struct director *director, struct pale_err *err)
{
	static const struct pale_fsopt opts[] = { { "source", "pale-replay" }, { "mode", "0755" },
		{ "size", "16m" }, { "nr_inodes", "4096" }, { NULL, NULL } };
	PALE_CLOSE int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	PALE_CLOSE int mount = -1;
	int result = pale_mountcap_isolate(err);

	if (result < 0)
		return result;
	director->play->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (director->play->proc < 0)
		return pale_fail_errno(err, "cannot open /proc");
	if (director->scratch[0] != '\0') {
		PALE_CLOSE int private =
		    open(director->scratch, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		/* Whatever modes the tree has, nobody else comes through the one above it. */
		if (private >= 0 && mkdirat(private, "tree", 0700) == 0)
			director->play->tree =
			    openat(private, "tree", O_PATH | O_DIRECTORY | O_CLOEXEC);
		return director->play->tree < 0
		    ? pale_fail_errno(err, "cannot open the scratch directory")
		    : 0;
	}
	result =
	    pale_mountcap_new("tmpfs", opts, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, &mount, err);
	if (result == 0)
		result = pale_mountcap_attach(mount, root, "", err);
	if (result == 0)
		director->play->tree = pale_take_fd(&mount);
	return result;
}

/* Until the stage has ended; kill it where the caller is gone or it takes too long. */
static void
watch(const struct director *director, pid_t stage, int pidfd)
{
	struct pollfd polled[] = { { .fd = pidfd, .events = POLLIN },
		{ .fd = director->caller, .events = POLLIN } };
	int status;
	int ready;

	do
		ready = poll(polled, PALE_COUNT(polled), PALE_PLAY_SECONDS * 1000);
	while (ready < 0 && errno == EINTR);
	if (polled[0].revents == 0) {
		struct pale_play_shared *shared = director->play->shared;

		if (ready == 0 && !shared->done) {
			shared->failed = pale_fail(&shared->err, -ETIMEDOUT,
			    "a replay did not come to an end in %d seconds", PALE_PLAY_SECONDS);
			shared->done = true;
		}
		kill(stage, SIGKILL);
	}
	while (waitpid(stage, &status, 0) < 0 && errno == EINTR)
		;
}

__attribute__((noreturn)) static void
direct(struct director *director)
{
	struct pale_err err = { 0 };
	sigset_t ours;
	int pidfd, own = (int)syscall(SYS_pidfd_open, getpid(), 0);
	pid_t stage;

	/* A terminal's signals are the caller's; it goes, and so do we. */
	sigemptyset(&ours);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGHUP);
	sigaddset(&ours, SIGQUIT);
	sigprocmask(SIG_SETMASK, &ours, NULL);
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	if (enter(director, &err) < 0 || make_scratch(director, &err) < 0) {
		pale_scratch_remove(director->scratch);
		give_up(director, &err, true);
	}
	stage = fork();
	if (stage == 0) {
		struct pollfd parent = { .fd = own, .events = POLLIN };

		close(director->caller);
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		/* One that ended before that is not told of, and has no number in here. */
		if (poll(&parent, 1, 0) != 0)
			_exit(1);
		close(own);
		prctl(PR_SET_NAME, "pale-stage", 0, 0, 0);
		sigemptyset(&ours);
		sigprocmask(SIG_SETMASK, &ours, NULL);
		pale_play_stage(director->play);
	}
	close(own);
	pidfd = stage < 0 ? -1 : (int)syscall(SYS_pidfd_open, stage, 0);
	if (pidfd < 0) {
		pale_fail_errno(&err, "cannot start the stage");
		pale_scratch_remove(director->scratch);
		give_up(director, &err, false);
	}
	watch(director, stage, pidfd);
	pale_scratch_remove(director->scratch);
	_exit(0);
}

/* ---- the caller ---- */

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* Wait until all that have the other end of the pipe are gone. */
static void
await_all(int end)
{
	char byte;

	while (read(end, &byte, 1) < 0 && errno == EINTR)
		;
}

/* Run it in processes of its own, and wait. */
static int
run_in(struct pale_play *play, const char *scratch, struct pale_err *err)
{
	PALE_CLOSE int ours = -1, all = -1;
	int ends[2], life[2], status = 0;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return pale_fail_errno(err, "cannot make a pipe");
	ours = ends[1];
	if (pipe2(life, O_CLOEXEC) < 0) {
		close(ends[0]);
		return pale_fail_errno(err, "cannot make a pipe");
	}
	all = life[0];
	pid = fork();
	if (pid == 0) {
		struct director director = { .play = play, .caller = ends[0], .scratch = scratch };

		close(ours);
		close(all);
		direct(&director);
	}
	close(ends[0]);
	close(life[1]);
	if (pid < 0)
		return pale_fail_errno(err, "cannot start the replay");
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status)) {
		/* The director did not clean up; what it began ends now, and then we do. */
		await_all(all);
		pale_scratch_remove(scratch);
	}
	if (!play->shared->done)
		return pale_fail(err, -EPIPE, "the replay was ended from outside");
	if (play->shared->failed < 0) {
		if (err != NULL)
			*err = play->shared->err;
		return play->shared->failed;
	}
	return 0;
}

static int
run(struct pale_play *play, const char *dir, struct pale_err *err)
{
	char scratch[PATH_MAX] = "";
	int result = dir == NULL ? 0 : pale_scratch_make(dir, scratch, err);

	return result < 0 ? result : run_in(play, scratch, err);
}

static int
take_lines(const struct pale_play *play, struct pale_replayed *ret, struct pale_err *err)
{
	size_t count = play->shared->count;

	ret->lines = calloc(count == 0 ? 1 : count, sizeof(*ret->lines));
	if (ret->lines == NULL)
		return pale_fail(err, -ENOMEM, "no memory for the lines of a replay");
	for (size_t i = 0; i < count; i++) {
		ret->lines[i] = play->shared->lines[i];
		ret->lines[i].actor = pale_model_actor(play->model, ret->lines[i].process);
	}
	ret->count = count;
	ret->verdict = play->shared->verdict;
	snprintf(ret->why, sizeof(ret->why), "%s", play->shared->why);
	return 0;
}

/* What need not be tried. */
static const char *
reason_against(const struct pale_model *model, const struct pale_replay_step *steps, size_t count,
    unsigned property)
{
	if (property == PALE_PROPERTY_PROGRESS)
		return "that something never ends cannot be shown by playing it";
	if (geteuid() != 0 && property >= PALE_PROPERTY_NEVER &&
	    has_several_users(model, steps, count))
		return "it has several users, and only root can have them: run as root";
	return NULL;
}

int
pale_replay(const struct pale_model *model, const struct pale_replay_step *steps, size_t count,
    unsigned property, enum pale_replay_by by, const char *dir, struct pale_replayed *ret,
    struct pale_err *err)
{
	const char *against = reason_against(model, steps, count, property);
	struct pale_play play = {
		.model = model,
		.steps = steps,
		.count = count,
		.property = property,
		.by = by,
		.tree = -1,
		.stepped = by != PALE_REPLAY_WALKER && needs_stops(model, steps, count),
	};
	size_t size = sizeof(*play.shared) + count * sizeof(play.shared->lines[0]);
	uint64_t began = now_ns();
	int result;

	*ret = (struct pale_replayed){ .verdict = PALE_REPLAY_UNABLE };
	if (against != NULL) {
		snprintf(ret->why, sizeof(ret->why), "%s", against);
		return 0;
	}
	play.shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (play.shared == MAP_FAILED)
		return pale_fail_errno(err, "no memory for a replay");
	result = run(&play, dir, err);
	if (result == 0)
		result = take_lines(&play, ret, err);
	ret->elapsed_ns = now_ns() - began;
	munmap(play.shared, size);
	return result;
}

void
pale_replayed_done(struct pale_replayed *replayed)
{
	free(replayed->lines);
	*replayed = (struct pale_replayed){ 0 };
}
