/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Steps of a lookup that the kernel itself walks: let it come, stop by stop, to where the model's
 * walk is. Where nobody acts in the middle of any lookup nothing is stopped, and the call is made
 * in the step in which the model's returns.
 */
#include <stdio.h>
#include <string.h>

#include "model/ops.h"
#include "replay/stage.h"

/* Components that are left to the model's walk, of both paths. */
static unsigned
components_left(const struct pale_scene *scene)
{
	const struct pale_model *model = scene->stage->play->model;
	const struct pale_process *after = &scene->step->after->processes[scene->p];
	const char *walks = pale_model_calls[scene->site->op].walks;
	unsigned left = pale_pass_components(model->rests[after->slots[PALE_WALKER_LEFT]].text);

	if (after->path == 0 && walks[1] != '\0')
		left += pale_pass_components(model->rests[scene->site->path[1]].text);
	return left;
}

/* Did the step take a component? Not where the walker only looks at what it has. */
static bool
takes_component(const struct pale_scene *scene)
{
	const struct pale_process *before = &scene->step->before->processes[scene->p];
	const struct pale_process *after = &scene->step->after->processes[scene->p];

	return scene->step->event.kind == PALE_EVENT_STEP && before->path == after->path &&
	    before->slots[PALE_WALKER_LEFT] != after->slots[PALE_WALKER_LEFT];
}

static void
begin_kernel_walk(const struct pale_scene *scene)
{
	const struct pale_model *model = scene->stage->play->model;
	struct pale_pass_gate *gate = &scene->stage->pass.gates[scene->p];
	unsigned count = (unsigned)strlen(pale_model_calls[scene->site->op].walks);
	unsigned first = scene->site->op == PALE_CALL_symlinkat;

	*gate = (struct pale_pass_gate){
		.tid = scene->actor->pid,
		.active = true,
		.creates = pale_site_creates(scene->site),
	};
	for (unsigned i = 0; i < count; i++)
		gate->total +=
		    pale_pass_components(model->rests[scene->site->path[first + i]].text);
	scene->actor->told = true;
	pale_scene_tell(scene, PALE_PLAY_CALL, scene->actor->began);
}

/*
 * With its last component the kernel does the call's work, too, unless it has to ask first whether
 * it may (open for more than the place, connect). Then the last component is taken with the finish,
 * unless a name changes between the two: what is found counts more than when it is acted on.
 */
static bool
comes_with_finish(const struct pale_scene *scene)
{
	const struct pale_play *play = scene->stage->play;
	bool opens = scene->site->op == PALE_CALL_openat || scene->site->op == PALE_CALL_open;

	if (components_left(scene) != 0 || pale_site_creates(scene->site) ||
	    (opens && (scene->site->flags & PALE_F_PATH) == 0) ||
	    scene->site->op == PALE_CALL_connect || scene->site->op == PALE_CALL_exec)
		return false;
	for (size_t i = scene->index + 1; i < play->count; i++) {
		if (play->steps[i].move.process == scene->p &&
		    play->steps[i].event.kind == PALE_EVENT_RESULT)
			return true;
		if (play->steps[i].event.names_changed)
			return false;
	}
	return false;
}

/* The component that a step of the model's walk took. */
static const char *
component_of(const struct pale_scene *scene)
{
	const struct pale_process *before = &scene->step->before->processes[scene->p];
	const char *text =
	    scene->stage->play->model->rests[before->slots[PALE_WALKER_LEFT]].part.text;

	return text == NULL || *text == '\0' ? "." : text;
}

/* What the call under way comes to in the model, if the witness goes as far. */
static int
error_in_the_end(const struct pale_scene *scene)
{
	const struct pale_play *play = scene->stage->play;

	for (size_t i = scene->index; i < play->count; i++)
		if (play->steps[i].move.process == scene->p &&
		    play->steps[i].event.kind == PALE_EVENT_RESULT)
			return play->steps[i].event.error;
	return 0;
}

/* Where the kernel's walk stands: in the directory that it asks about before the next component.
 * Where it has come to its end already, what it returned is looked at in the model's last step. */
static void
say_where(const struct pale_scene *scene, bool stands)
{
	struct pale_stage *stage = scene->stage;
	const struct pale_pass_gate *gate = &stage->pass.gates[scene->p];
	const char *name = pale_model_calls[scene->site->op].name;
	struct pale_replay_line *line = &stage->play->shared->lines[stage->play->shared->count];
	bool starts = scene->step->event.kind == PALE_EVENT_START;
	unsigned inode = 0;
	char path[128];

	if (stands)
		inode = pale_scene_inode(stage, pale_pass_ino(&stage->pass, gate->request.node));
	pale_scene_line(scene, 0, true, NULL);
	if (starts)
		return;
	if (!stands) {
		snprintf(line->text, sizeof(line->text), "%s  %s", name, component_of(scene));
		return;
	}
	pale_model_path(stage->play->model, scene->step->after, inode, path, sizeof(path));
	snprintf(line->text, sizeof(line->text), "%s  %s -> %s", name, component_of(scene), path);
}

/* Let the kernel's walk come to where the model's is, and wait for it to be there. */
static void
step_kernel_walk(const struct pale_scene *scene)
{
	struct pale_stage *stage = scene->stage;
	struct pale_pass_gate *gate = &stage->pass.gates[scene->p];
	const struct pale_play_answer *answer = &scene->actor->answer;
	bool waits = comes_with_finish(scene);
	unsigned left = components_left(scene) + waits, before;
	char outcome[160];
	/* A link that is followed becomes known here once its own component is taken. */
	unsigned at_least = gate->passed + (takes_component(scene) && !waits);

	do {
		int result;

		before = gate->total;
		pale_pass_open(&stage->pass, scene->p, at_least);
		if (gate->total > left)
			pale_pass_open(&stage->pass, scene->p, gate->total - left);
		result = pale_stage_await_stop(stage, scene->p);
		if (result < 0)
			pale_stage_broken(stage, result, scene->p);
		/* A link on the way has more components: the model's has them in what is left. */
	} while (gate->total != before && !scene->actor->answered);
	if (scene->actor->answered && answer->error != 0 &&
	    answer->error != error_in_the_end(scene)) {
		pale_scene_say(scene, answer, outcome, sizeof(outcome));
		pale_scene_line(scene, answer->error, false, NULL);
		snprintf(stage->play->shared->lines[stage->play->shared->count - 1].text,
		    sizeof(stage->play->shared->lines[0].text), "%s  %s = %s",
		    pale_model_calls[scene->site->op].name, component_of(scene), outcome);
		pale_scene_end(scene, answer);
	}
	say_where(scene, gate->held && !waits);
}

void
pale_scene_by_kernel(const struct pale_scene *scene)
{
	const struct pale_event *event = &scene->step->event;
	const struct pale_play *play = scene->stage->play;

	if (scene->step->move.phase == PALE_PHASE_IDLE) {
		scene->actor->began = scene->index;
		scene->actor->in_call = true;
		scene->actor->told = false;
	}
	if (event->kind == PALE_EVENT_START || event->kind == PALE_EVENT_STEP) {
		if (!play->stepped)
			return;
		if (!scene->actor->told)
			begin_kernel_walk(scene);
		step_kernel_walk(scene);
		return;
	}
	if (!scene->actor->told) {
		scene->actor->told = true;
		pale_scene_tell(scene, PALE_PLAY_CALL, scene->actor->began);
	}
	if (scene->stage->pass.gates[scene->p].active)
		pale_pass_open(&scene->stage->pass, scene->p, PALE_PASS_ALL);
	if (event->kind == PALE_EVENT_WAITS)
		pale_scene_wait(scene);
	else
		pale_scene_result(scene);
}
