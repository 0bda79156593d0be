/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stage: one step of the witness after the other, each by its actor, and after each what really
 * came of it is held to what the model says. The first difference ends the replay.
 */
#include "replay/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/scope.h"
#include "kernel/mountcap.h"
#include "model/ops.h"
#include "model/property.h"

void
pale_scene_tell(const struct pale_scene *scene, enum pale_play_verb verb, size_t index)
{
	int result = pale_stage_tell(scene->stage, scene->p, verb, index);

	if (result < 0)
		pale_stage_broken(scene->stage, result, scene->p);
}

static void
step_by_walker(const struct pale_scene *scene)
{
	/* Who waited goes on by itself when its peer comes. */
	if (scene->step->move.phase != PALE_PHASE_WAIT &&
	    scene->step->move.phase != PALE_PHASE_WOKEN)
		/* A call that fails before its walk begins has none: the kernel says so, too. */
		pale_scene_tell(scene,
		    scene->step->move.phase == PALE_PHASE_IDLE &&
			    scene->step->event.kind == PALE_EVENT_RESULT
			? PALE_PLAY_CALL
			: PALE_PLAY_STEP,
		    scene->index);
	scene->actor->in_call = scene->step->event.kind != PALE_EVENT_RESULT;
	if (scene->step->event.kind == PALE_EVENT_RESULT)
		pale_scene_result(scene);
	else if (scene->step->event.kind == PALE_EVENT_WAITS)
		pale_scene_wait(scene);
	else
		pale_scene_middle(scene);
}

static void
step_fork(const struct pale_scene *scene)
{
	unsigned child = scene->site->child - 1U;

	pale_scene_tell(scene, PALE_PLAY_FORK, scene->index);
	if (pale_stage_await(scene->stage, child) < 0)
		pale_stage_broken(scene->stage, -EPIPE, child);
	pale_scene_result(scene);
}

/*
 * What Linux cannot say: that a descriptor lacks a right (a walker's own ENOTCAPABLE it can), that
 * the scenario has no room for another inode or descriptor, that a process has its child already.
 */
static bool
is_the_models(const struct pale_scene *scene)
{
	const struct pale_event *event = &scene->step->event;

	if (scene->site->op == PALE_CALL_limit)
		return true;
	if (event->kind != PALE_EVENT_RESULT)
		return false;
	switch (event->error) {
	case PALE_ENOTCAPABLE:
		return scene->step->move.phase != PALE_PHASE_WALK;
	case ENOSPC:
	case EMFILE:
	case ENFILE:
		return true;
	case EAGAIN:
		return scene->site->op == PALE_CALL_fork;
	default:
		return false;
	}
}

static void
play_step(struct pale_stage *stage, size_t index)
{
	const struct pale_replay_step *step = &stage->play->steps[index];
	const struct pale_site *site = &stage->play->model->sites[step->move.site];
	const struct pale_scene scene = {
		.stage = stage,
		.index = index,
		.step = step,
		.site = site,
		.p = step->move.process,
		.actor = &stage->actors[step->move.process],
		.by_walker = stage->play->by == PALE_REPLAY_WALKER,
	};

	if (is_the_models(&scene) && !scene.actor->told) {
		scene.actor->in_call = false;
		pale_scene_line(&scene, step->event.error, true, NULL);
		return;
	}
	if (site->op == PALE_CALL_fork)
		step_fork(&scene);
	else if (scene.by_walker)
		step_by_walker(&scene);
	else
		pale_scene_by_kernel(&scene);
}

/* ---- the end ---- */

/* Whoever is stuck in the model must be here: what it would do next is tried, and has to wait. */
static void
check_stuck(struct pale_stage *stage, const struct pale_state *last)
{
	const struct pale_model *model = stage->play->model;

	for (unsigned p = 0; p < model->process_count; p++) {
		const struct pale_process *process = &last->processes[p];
		const struct pale_model_compartment *who =
		    &model->compartments[model->compartment_of[p]];
		int result;

		if (stage->actors[p].sock < 0 || !pale_model_is_stuck(model, last, p))
			continue;
		if (process->phase == PALE_PHASE_IDLE)
			result = pale_stage_tell(
			    stage, p, PALE_PLAY_TRY, (size_t)who->first_site + process->pc);
		else
			result = 0;
		if (result == 0)
			result = pale_stage_await_blocked(stage, p);
		if (result < 0)
			pale_stage_broken(stage, result, p);
		if (result == 0)
			pale_stage_end(stage, PALE_NOT_REPLAYED,
			    "a call returns that in the model waits for ever");
	}
}

static void
set_up(struct pale_stage *stage)
{
	struct pale_play *play = stage->play;
	struct pale_err err = { 0 };
	int result = pale_play_make_tree(play, &err);

	play->front = play->tree;
	if (result == 0)
		result = pale_play_make_sysv(play, &err);
	if (result == 0 && play->stepped)
		result = pale_pass_start(&stage->pass, play, &play->front, &err);
	if (result == 0)
		result = pale_stage_start(stage, &err);
	if (result == 0)
		return;
	/* What this machine does not let us have is no failure of ours. */
	if (result == -ENOMEM || result == -EIO || result == -EPIPE)
		pale_stage_fail(stage, &err);
	pale_stage_end(stage, PALE_REPLAY_UNABLE, err.text);
}

void
pale_play_stage(struct pale_play *play)
{
	static struct pale_stage stage;
	const struct pale_state *first = play->model->initial;
	char words[192], why[256];

	stage = (struct pale_stage){ .play = play, .pass = { .device = -1 } };
	umask(0);
	set_up(&stage);
	if (!pale_play_compare(play, first, &stage.inodes, words, sizeof(words))) {
		snprintf(why, sizeof(why), "the tree could not be made as it is: %s", words);
		pale_stage_end(&stage, PALE_REPLAY_UNABLE, why);
	}
	for (size_t i = 0; i < play->count; i++)
		play_step(&stage, i);
	if (play->property >= PALE_PROPERTY_NEVER)
		check_stuck(&stage, play->count == 0 ? first : play->steps[play->count - 1].after);
	pale_stage_end(&stage, PALE_REPLAYED,
	    play->property == PALE_PROPERTY_RIGHTS
		? "each call gives what it gives in the model; which rights a descriptor has only "
		  "the model knows"
		: "each call gives what it gives in the model");
}
