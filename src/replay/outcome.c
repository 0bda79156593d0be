/* SPDX-License-Identifier: BSD-2-Clause */
/* What came of a step: held to the model, put into a line, and where it differs into a verdict. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/scope.h"
#include "model/ops.h"
#include "model/property.h"
#include "replay/stage.h"

void
pale_stage_end(struct pale_stage *stage, enum pale_replay_verdict verdict, const char *why)
{
	struct pale_play_shared *shared = stage->play->shared;

	shared->verdict = verdict;
	snprintf(shared->why, sizeof(shared->why), "%s", why);
	shared->done = true;
	_exit(0);
}

void
pale_stage_fail(struct pale_stage *stage, const struct pale_err *err)
{
	struct pale_play_shared *shared = stage->play->shared;

	shared->err = *err;
	shared->failed = err->code;
	shared->done = true;
	_exit(1);
}

void
pale_stage_broken(struct pale_stage *stage, int result, unsigned p)
{
	struct pale_err err = { 0 };

	pale_fail(&err, result, "actor '%s' ended in the middle of the replay",
	    pale_model_actor(stage->play->model, p));
	pale_stage_fail(stage, &err);
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
unsigned
pale_scene_inode(const struct pale_stage *stage, uint64_t ino)
{
	for (unsigned i = 1; i < PALE_MODEL_INODES; i++)
		if (ino != 0 && stage->inodes.of[i] == ino)
			return i;
	return 0;
}

void
pale_scene_line(const struct pale_scene *scene, int error, bool as_expected, const char *outcome)
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
users_are_missed(const struct pale_scene *scene, int error)
{
	return !scene->stage->play->users && scene->stage->play->model->user_count > 1 &&
	    (error == EACCES || error == EPERM || scene->step->event.error == EACCES ||
		scene->step->event.error == EPERM);
}

/* The lookup led elsewhere, or was not refused as the model has it: is that a violation, too? */
static bool
violates_too(const struct pale_scene *scene, unsigned inode)
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

void
pale_scene_end(const struct pale_scene *scene, const struct pale_play_answer *answer)
{
	const struct pale_event *event = &scene->step->event;
	const struct pale_model *model = scene->stage->play->model;
	const char *name = pale_model_calls[scene->site->op].name;
	bool walks = pale_model_calls[scene->site->op].walks[0] != '\0';
	unsigned inode = pale_scene_inode(scene->stage, answer->ino);
	char why[256], path[128] = "something else", there[128];

	if (answer->unable[0] != '\0')
		pale_stage_end(scene->stage, PALE_REPLAY_UNABLE, answer->unable);
	if (users_are_missed(scene, answer->error))
		pale_stage_end(scene->stage, PALE_REPLAY_UNABLE,
		    "who may do what decides here, and only root can have several users: run as "
		    "root");
	if (answer->error != 0 && event->error == 0) {
		snprintf(why, sizeof(why), "%s fails with %s", name, error_name(answer->error));
		add_protection(scene->stage, answer->error, why, sizeof(why));
		pale_stage_end(scene->stage, walks ? PALE_REPLAY_REFUSED : PALE_NOT_REPLAYED, why);
	}
	if (answer->error != event->error) {
		snprintf(why, sizeof(why), "%s gives %s, in the model it fails with %s", name,
		    answer->error == 0 ? "success" : error_name(answer->error),
		    error_name(event->error));
		pale_stage_end(scene->stage, PALE_NOT_REPLAYED, why);
	}
	if (inode != 0)
		pale_model_path(model, scene->step->after, inode, path, sizeof(path));
	if (answer->is_lookup && violates_too(scene, inode)) {
		snprintf(why, sizeof(why),
		    "%s leads elsewhere than in the model, to %s, and that "
		    "violates it, too",
		    name, path);
		pale_stage_end(scene->stage, PALE_REPLAYED, why);
	}
	if (event->got_inode == 0) {
		snprintf(why, sizeof(why), "%s gives something else than in the model", name);
		pale_stage_end(scene->stage, PALE_NOT_REPLAYED, why);
	}
	pale_model_path(model, scene->step->after, event->got_inode, there, sizeof(there));
	snprintf(why, sizeof(why), "%s leads to %.80s, in the model to %.80s", name, path, there);
	pale_stage_end(scene->stage, PALE_NOT_REPLAYED, why);
}

/* ---- what came of a step ---- */

/* What a call returned, in words. */
void
pale_scene_say(
    const struct pale_scene *scene, const struct pale_play_answer *answer, char *buf, size_t size)
{
	const struct pale_model *model = scene->stage->play->model;
	const struct pale_event *event = &scene->step->event;
	unsigned inode = pale_scene_inode(scene->stage, answer->ino);
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
check_tree(const struct pale_scene *scene)
{
	struct pale_stage *stage = scene->stage;
	char words[192], why[256];
	bool exact = scene->by_walker || !calls_are_under_way(stage);

	if (pale_play_compare(
		stage->play, scene->step->after, &stage->inodes, words, sizeof(words)) ||
	    !exact)
		return;
	pale_scene_line(scene, 0, false, NULL);
	snprintf(why, sizeof(why), "the tree is another one than in the model: %s", words);
	pale_stage_end(stage, PALE_NOT_REPLAYED, why);
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
check_result(const struct pale_scene *scene, const struct pale_play_answer *answer)
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
	pale_scene_say(scene, answer, outcome, sizeof(outcome));
	pale_scene_line(scene, answer->error, same, outcome);
	if (!same)
		pale_scene_end(scene, answer);
}

/* The process is gone: was it to go, and so? */
static void
check_end(const struct pale_scene *scene)
{
	unsigned status = scene->step->after->processes[scene->p].status;
	int real = 0;

	if (pale_stage_await_end(scene->stage, scene->p, &real) < 0)
		pale_stage_broken(scene->stage, -EPIPE, scene->p);
	if (status == PALE_PROCESS_KILLED && !scene->actor->answered && WIFSIGNALED(real) &&
	    WTERMSIG(real) == SIGPIPE) {
		pale_scene_line(scene, EPIPE, true, "killed by SIGPIPE");
		return;
	}
	if (!scene->actor->answered)
		pale_stage_broken(scene->stage, -EPIPE, scene->p);
}

void
pale_scene_result(const struct pale_scene *scene)
{
	unsigned status = scene->step->after->processes[scene->p].status;
	bool ends = scene->step->event.ended &&
	    (status != PALE_PROCESS_FINISHED || scene->site->op == PALE_CALL_exit);
	int result = pale_stage_await(scene->stage, scene->p);

	scene->actor->in_call = scene->actor->told = false;
	scene->stage->pass.gates[scene->p].active = false;
	if (result < 0 && status != PALE_PROCESS_KILLED)
		pale_stage_broken(scene->stage, result, scene->p);
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
void
pale_scene_middle(const struct pale_scene *scene)
{
	const struct pale_process *after = &scene->step->after->processes[scene->p];
	const struct pale_play_answer *answer = &scene->actor->answer;
	unsigned at = after->slots[PALE_WALKER_AT];
	int result = pale_stage_await(scene->stage, scene->p);
	bool same;

	if (result < 0)
		pale_stage_broken(scene->stage, result, scene->p);
	check_tree(scene);
	same = answer->result == PALE_WALKER_MORE &&
	    answer->left == after->slots[PALE_WALKER_LEFT] &&
	    (at == 0 || scene->stage->inodes.of[at] == 0 ||
		scene->stage->inodes.of[at] == answer->ino);
	pale_scene_line(scene, answer->error, same,
	    same || answer->error == 0 ? NULL : error_name(answer->error));
	if (!same)
		pale_scene_end(scene, answer);
}

void
pale_scene_wait(const struct pale_scene *scene)
{
	int result = pale_stage_await_blocked(scene->stage, scene->p);

	if (result < 0)
		pale_stage_broken(scene->stage, result, scene->p);
	if (result == 0) {
		char outcome[160];

		pale_scene_say(scene, &scene->actor->answer, outcome, sizeof(outcome));
		pale_scene_line(scene, scene->actor->answer.error, false, outcome);
		pale_stage_end(scene->stage, PALE_NOT_REPLAYED,
		    "the call returns, in the model it waits for somebody");
	}
	pale_scene_line(scene, 0, true, "waits");
}
