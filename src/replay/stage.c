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

/* A step, as it is taken here. */
struct scene {
	struct pale_stage *stage;
	size_t index;
	const struct pale_replay_step *step;
	const struct pale_site *site;
	unsigned p;
	struct pale_stage_actor *actor;
	bool by_walker;
};

__attribute__((noreturn)) static void
end_stage(struct pale_stage *stage, enum pale_replay_verdict verdict, const char *why)
{
	struct pale_play_shared *shared = stage->play->shared;

	shared->verdict = verdict;
	snprintf(shared->why, sizeof(shared->why), "%s", why);
	shared->done = true;
	_exit(0);
}

__attribute__((noreturn)) static void
fail_stage(struct pale_stage *stage, const struct pale_err *err)
{
	struct pale_play_shared *shared = stage->play->shared;

	shared->err = *err;
	shared->failed = err->code;
	shared->done = true;
	_exit(1);
}

__attribute__((noreturn)) static void
broken(struct pale_stage *stage, int result, unsigned p)
{
	struct pale_err err = { 0 };

	pale_fail(&err, result, "actor '%s' ended in the middle of the replay",
	    pale_model_actor(stage->play->model, p));
	fail_stage(stage, &err);
}

/* ---- lines ---- */

static const char *
error_name(int error)
{
	const char *name = strerrorname_np(error);

	if (error == PALE_ENOTCAPABLE)
		return "ENOTCAPABLE";
	if (error == PALE_EUNEXPECTED)
		return "not as expected";
	return name == NULL ? "error" : name;
}

/* Which inode of the model the number of one here is; 0 for none. */
static unsigned
inode_of(const struct pale_stage *stage, uint64_t ino)
{
	for (unsigned i = 1; i < PALE_MODEL_INODES; i++)
		if (ino != 0 && stage->inodes.of[i] == ino)
			return i;
	return 0;
}

static void
add_line(const struct scene *scene, int error, bool as_expected, const char *outcome)
{
	const struct pale_stage *stage = scene->stage;
	struct pale_play_shared *shared = stage->play->shared;
	struct pale_replay_line *line = &shared->lines[shared->count];
	const struct pale_replay_step *step = scene->step;
	char *end;

	/* A call of several steps of which nobody could see any is one line, with its arguments. */
	if (!scene->by_walker && !stage->play->stepped && step->move.phase != PALE_PHASE_IDLE)
		step = &stage->play->steps[scene->actor->began];
	pale_model_print(stage->play->model, step->before, &step->move, &step->event, step->after,
	    line->text, sizeof(line->text));
	line->actor = NULL; /* the caller's own text */
	line->process = scene->p;
	line->error = error;
	line->as_expected = as_expected;
	if (outcome != NULL) {
		end = strstr(line->text, " = ");
		if (end == NULL)
			end = strstr(line->text, "  ");
		if (end == NULL)
			end = line->text + strlen(line->text);
		snprintf(end, sizeof(line->text) - (size_t)(end - line->text), " = %s", outcome);
	}
	shared->count++;
}

/* ---- the verdict ---- */

/* Does it matter here who is who, while all are one user? */
static bool
users_are_missed(const struct scene *scene, int error)
{
	return !scene->stage->play->users && scene->stage->play->model->user_count > 1 &&
	    (error == EACCES || error == EPERM || scene->step->event.error == EACCES ||
		scene->step->event.error == EPERM);
}

/* The lookup led elsewhere, or was not refused as the model has it: is that a violation, too? */
static bool
violates_too(const struct scene *scene, unsigned inode)
{
	const struct pale_play *play = scene->stage->play;
	struct pale_event event = scene->step->event;

	if (scene->index + 1 != play->count || inode == 0 ||
	    play->property >= PALE_PROPERTY_PROGRESS)
		return false;
	event.got_inode = (uint8_t)inode;
	return (pale_property_judge(play->model, scene->step->before, &scene->step->move, &event,
		    scene->step->after) >>
		       play->property &
		   1) != 0;
}

/* A setting of this machine that may be why. */
static void
add_protection(const struct pale_stage *stage, int error, char *why, size_t size)
{
	static const char *const names[] = { "protected_symlinks", "protected_hardlinks",
		"protected_fifos", "protected_regular" };
	size_t length = strlen(why);

	if (error != EACCES && error != EPERM)
		return;
	for (unsigned i = 0; i < PALE_COUNT(names); i++) {
		char path[64], value = '0';
		PALE_CLOSE int fd = -1;

		snprintf(path, sizeof(path), "sys/fs/%s", names[i]);
		fd = openat(stage->play->proc, path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || read(fd, &value, 1) != 1 || value == '0' ||
		    (stage->play->model->protect >> i & 1) != 0)
			continue;
		length += (size_t)snprintf(why + length, size - length,
		    "; fs.%s is on here, in the scenario it is not", names[i]);
		if (length >= size)
			return;
	}
}

__attribute__((noreturn)) static void
end_otherwise(const struct scene *scene, const struct pale_play_answer *answer)
{
	const struct pale_event *event = &scene->step->event;
	const struct pale_model *model = scene->stage->play->model;
	const char *name = pale_model_calls[scene->site->op].name;
	bool walks = pale_model_calls[scene->site->op].walks[0] != '\0';
	unsigned inode = inode_of(scene->stage, answer->ino);
	char why[256], path[128] = "something else", there[128];

	if (answer->unable[0] != '\0')
		end_stage(scene->stage, PALE_REPLAY_UNABLE, answer->unable);
	if (users_are_missed(scene, answer->error))
		end_stage(scene->stage, PALE_REPLAY_UNABLE,
		    "who may do what decides here, and only root can have several users: run as "
		    "root");
	if (answer->error != 0 && event->error == 0) {
		snprintf(why, sizeof(why), "%s fails with %s", name, error_name(answer->error));
		add_protection(scene->stage, answer->error, why, sizeof(why));
		end_stage(scene->stage, walks ? PALE_REPLAY_REFUSED : PALE_NOT_REPLAYED, why);
	}
	if (answer->error != event->error) {
		snprintf(why, sizeof(why), "%s gives %s, in the model it fails with %s", name,
		    answer->error == 0 ? "success" : error_name(answer->error),
		    error_name(event->error));
		end_stage(scene->stage, PALE_NOT_REPLAYED, why);
	}
	if (inode != 0)
		pale_model_path(model, scene->step->after, inode, path, sizeof(path));
	if (answer->is_lookup && violates_too(scene, inode)) {
		snprintf(why, sizeof(why),
		    "%s leads elsewhere than in the model, to %s, and that "
		    "violates it, too",
		    name, path);
		end_stage(scene->stage, PALE_REPLAYED, why);
	}
	if (event->got_inode == 0) {
		snprintf(why, sizeof(why), "%s gives something else than in the model", name);
		end_stage(scene->stage, PALE_NOT_REPLAYED, why);
	}
	pale_model_path(model, scene->step->after, event->got_inode, there, sizeof(there));
	snprintf(why, sizeof(why), "%s leads to %.80s, in the model to %.80s", name, path, there);
	end_stage(scene->stage, PALE_NOT_REPLAYED, why);
}

/* ---- what came of a step ---- */

/* What a call returned, in words. */
static void
say_result(const struct scene *scene, const struct pale_play_answer *answer, char *buf, size_t size)
{
	const struct pale_model *model = scene->stage->play->model;
	const struct pale_event *event = &scene->step->event;
	unsigned inode = inode_of(scene->stage, answer->ino);
	char path[128];

	if (answer->error != 0) {
		snprintf(buf, size, "%s", error_name(answer->error));
	} else if (inode != 0 && (answer->is_lookup || event->got_inode != 0)) {
		pale_model_path(model, scene->step->after, inode, path, sizeof(path));
		snprintf(buf, size, "%s", path);
	} else if (answer->ino != 0) {
		snprintf(buf, size, "an object that the model does not have");
	} else if (answer->value > 0) {
		snprintf(buf, size, "%s", model->values[answer->value]);
	} else {
		snprintf(buf, size, "0");
	}
}

static bool
calls_are_under_way(const struct pale_stage *stage)
{
	for (unsigned p = 0; p < PALE_MODEL_PROCESSES; p++)
		if (stage->actors[p].in_call)
			return true;
	return false;
}

/* Hold the tree to the model's. By the kernel's walk a call may be ahead of the model's steps. */
static void
check_tree(const struct scene *scene)
{
	struct pale_stage *stage = scene->stage;
	char words[192], why[256];
	bool exact = scene->by_walker || !calls_are_under_way(stage);

	if (pale_play_compare(
		stage->play, scene->step->after, &stage->inodes, words, sizeof(words)) ||
	    !exact)
		return;
	add_line(scene, 0, false, NULL);
	snprintf(why, sizeof(why), "the tree is another one than in the model: %s", words);
	end_stage(stage, PALE_NOT_REPLAYED, why);
}

/* Who comes to a System V object that is gone is told EINVAL, who waits there EIDRM; the model has
 * the latter for both. */
static bool
is_same_error(int here, int in_model)
{
	return here == in_model || (here == EINVAL && in_model == EIDRM);
}

/* The call returned: as in the model? */
static void
check_result(const struct scene *scene, const struct pale_play_answer *answer)
{
	const struct pale_stage *stage = scene->stage;
	const struct pale_event *event = &scene->step->event;
	const struct pale_var *var =
	    &scene->step->after->processes[scene->p].vars[scene->site->to_var];
	bool same = answer->unable[0] == '\0' && is_same_error(answer->error, event->error);
	char outcome[160];

	if (same && event->error == 0 && event->got_inode != 0 && answer->ino != 0 &&
	    stage->inodes.of[event->got_inode] != 0)
		same = stage->inodes.of[event->got_inode] == answer->ino;
	if (same && event->error == 0 && answer->value >= 0 && scene->site->to_var != 0 &&
	    var->kind == PALE_VAR_VALUE)
		same = answer->value == var->of;
	say_result(scene, answer, outcome, sizeof(outcome));
	add_line(scene, answer->error, same, outcome);
	if (!same)
		end_otherwise(scene, answer);
}

/* The process is gone: was it to go, and so? */
static void
check_end(const struct scene *scene)
{
	unsigned status = scene->step->after->processes[scene->p].status;
	int real = 0;

	if (pale_stage_await_end(scene->stage, scene->p, &real) < 0)
		broken(scene->stage, -EPIPE, scene->p);
	if (status == PALE_PROCESS_KILLED && !scene->actor->answered && WIFSIGNALED(real) &&
	    WTERMSIG(real) == SIGPIPE) {
		add_line(scene, EPIPE, true, "killed by SIGPIPE");
		return;
	}
	if (!scene->actor->answered)
		broken(scene->stage, -EPIPE, scene->p);
}

static void
take_result(const struct scene *scene)
{
	unsigned status = scene->step->after->processes[scene->p].status;
	bool ends = scene->step->event.ended &&
	    (status != PALE_PROCESS_FINISHED || scene->site->op == PALE_CALL_exit);
	int result = pale_stage_await(scene->stage, scene->p);

	scene->actor->in_call = scene->actor->told = false;
	scene->stage->pass.gates[scene->p].active = false;
	if (result < 0 && status != PALE_PROCESS_KILLED)
		broken(scene->stage, result, scene->p);
	if (ends)
		check_end(scene);
	if (result == 0) {
		/* What was made becomes known before it is asked for. */
		(void)pale_play_compare(scene->stage->play, scene->step->after,
		    &scene->stage->inodes, (char[8]){ 0 }, 8);
		check_result(scene, &scene->actor->answer);
	}
	check_tree(scene);
}

/* A step in the middle of a call of our walker. */
static void
take_middle(const struct scene *scene)
{
	const struct pale_process *after = &scene->step->after->processes[scene->p];
	const struct pale_play_answer *answer = &scene->actor->answer;
	unsigned at = after->slots[PALE_WALKER_AT];
	int result = pale_stage_await(scene->stage, scene->p);
	bool same;

	if (result < 0)
		broken(scene->stage, result, scene->p);
	check_tree(scene);
	same = answer->result == PALE_WALKER_MORE &&
	    answer->left == after->slots[PALE_WALKER_LEFT] &&
	    (at == 0 || scene->stage->inodes.of[at] == 0 ||
		scene->stage->inodes.of[at] == answer->ino);
	add_line(scene, answer->error, same,
	    same || answer->error == 0 ? NULL : error_name(answer->error));
	if (!same)
		end_otherwise(scene, answer);
}

static void
take_wait(const struct scene *scene)
{
	int result = pale_stage_await_blocked(scene->stage, scene->p);

	if (result < 0)
		broken(scene->stage, result, scene->p);
	if (result == 0) {
		char outcome[160];

		say_result(scene, &scene->actor->answer, outcome, sizeof(outcome));
		add_line(scene, scene->actor->answer.error, false, outcome);
		end_stage(scene->stage, PALE_NOT_REPLAYED,
		    "the call returns, in the model it waits for somebody");
	}
	add_line(scene, 0, true, "waits");
}

/* ---- steps ---- */

static void
tell(const struct scene *scene, enum pale_play_verb verb, size_t index)
{
	int result = pale_stage_tell(scene->stage, scene->p, verb, index);

	if (result < 0)
		broken(scene->stage, result, scene->p);
}

static void
step_by_walker(const struct scene *scene)
{
	/* Who waited goes on by itself when its peer comes. */
	if (scene->step->move.phase != PALE_PHASE_WAIT &&
	    scene->step->move.phase != PALE_PHASE_WOKEN)
		/* A call that fails before its walk begins has none: the kernel says so, too. */
		tell(scene,
		    scene->step->move.phase == PALE_PHASE_IDLE &&
			    scene->step->event.kind == PALE_EVENT_RESULT
			? PALE_PLAY_CALL
			: PALE_PLAY_STEP,
		    scene->index);
	scene->actor->in_call = scene->step->event.kind != PALE_EVENT_RESULT;
	if (scene->step->event.kind == PALE_EVENT_RESULT)
		take_result(scene);
	else if (scene->step->event.kind == PALE_EVENT_WAITS)
		take_wait(scene);
	else
		take_middle(scene);
}

/* Components that are left to the model's walk, of both paths. */
static unsigned
components_left(const struct scene *scene)
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
takes_component(const struct scene *scene)
{
	const struct pale_process *before = &scene->step->before->processes[scene->p];
	const struct pale_process *after = &scene->step->after->processes[scene->p];

	return scene->step->event.kind == PALE_EVENT_STEP && before->path == after->path &&
	    before->slots[PALE_WALKER_LEFT] != after->slots[PALE_WALKER_LEFT];
}

static void
begin_kernel_walk(const struct scene *scene)
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
	tell(scene, PALE_PLAY_CALL, scene->actor->began);
}

/*
 * With its last component the kernel does the call's work, too, unless it has to ask first whether
 * it may (open for more than the place, connect). Then the last component is taken with the finish,
 * unless a name changes between the two: what is found counts more than when it is acted on.
 */
static bool
comes_with_finish(const struct scene *scene)
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
component_of(const struct scene *scene)
{
	const struct pale_process *before = &scene->step->before->processes[scene->p];
	const char *text =
	    scene->stage->play->model->rests[before->slots[PALE_WALKER_LEFT]].part.text;

	return text == NULL || *text == '\0' ? "." : text;
}

/* What the call under way comes to in the model, if the witness goes as far. */
static int
error_in_the_end(const struct scene *scene)
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
say_where(const struct scene *scene, bool stands)
{
	struct pale_stage *stage = scene->stage;
	const struct pale_pass_gate *gate = &stage->pass.gates[scene->p];
	const char *name = pale_model_calls[scene->site->op].name;
	struct pale_replay_line *line = &stage->play->shared->lines[stage->play->shared->count];
	bool starts = scene->step->event.kind == PALE_EVENT_START;
	unsigned inode = 0;
	char path[128];

	if (stands)
		inode = inode_of(stage, pale_pass_ino(&stage->pass, gate->request.node));
	add_line(scene, 0, true, NULL);
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
step_kernel_walk(const struct scene *scene)
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
			broken(stage, result, scene->p);
		/* A link on the way has more components: the model's has them in what is left. */
	} while (gate->total != before && !scene->actor->answered);
	if (scene->actor->answered && answer->error != 0 &&
	    answer->error != error_in_the_end(scene)) {
		say_result(scene, answer, outcome, sizeof(outcome));
		add_line(scene, answer->error, false, NULL);
		snprintf(stage->play->shared->lines[stage->play->shared->count - 1].text,
		    sizeof(stage->play->shared->lines[0].text), "%s  %s = %s",
		    pale_model_calls[scene->site->op].name, component_of(scene), outcome);
		end_otherwise(scene, answer);
	}
	say_where(scene, gate->held && !waits);
}

static void
step_by_kernel(const struct scene *scene)
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
		tell(scene, PALE_PLAY_CALL, scene->actor->began);
	}
	if (scene->stage->pass.gates[scene->p].active)
		pale_pass_open(&scene->stage->pass, scene->p, PALE_PASS_ALL);
	if (event->kind == PALE_EVENT_WAITS)
		take_wait(scene);
	else
		take_result(scene);
}

static void
step_fork(const struct scene *scene)
{
	unsigned child = scene->site->child - 1U;

	tell(scene, PALE_PLAY_FORK, scene->index);
	if (pale_stage_await(scene->stage, child) < 0)
		broken(scene->stage, -EPIPE, child);
	take_result(scene);
}

/*
 * What Linux cannot say: that a descriptor lacks a right (a walker's own ENOTCAPABLE it can), that
 * the scenario has no room for another inode or descriptor, that a process has its child already.
 */
static bool
is_the_models(const struct scene *scene)
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
	const struct scene scene = {
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
		add_line(&scene, step->event.error, true, NULL);
		return;
	}
	if (site->op == PALE_CALL_fork)
		step_fork(&scene);
	else if (scene.by_walker)
		step_by_walker(&scene);
	else
		step_by_kernel(&scene);
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
			broken(stage, result, p);
		if (result == 0)
			end_stage(stage, PALE_NOT_REPLAYED,
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
		fail_stage(stage, &err);
	end_stage(stage, PALE_REPLAY_UNABLE, err.text);
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
		end_stage(&stage, PALE_REPLAY_UNABLE, why);
	}
	for (size_t i = 0; i < play->count; i++)
		play_step(&stage, i);
	if (play->property >= PALE_PROPERTY_NEVER)
		check_stuck(&stage, play->count == 0 ? first : play->steps[play->count - 1].after);
	end_stage(
	    &stage, PALE_REPLAYED, "every call gives on this kernel what it gives in the model");
}
