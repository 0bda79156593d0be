/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs of calls on the file system, run in the model to their end: what the last call answered
 * is what counts. tests/law/model.c asks the kernel the same.
 */
#ifndef PALE_TESTS_UNIT_MODEL_FS_H
#define PALE_TESTS_UNIT_MODEL_FS_H

#include <errno.h>
#include <sys/stat.h>

#include "core/scope.h"
#include "harness.h"
#include "model/ops.h"
#include "model/read.h"
#include "model/walkers.h"

enum { STEPS_MAX = 200 };

/* User 100 acts, mostly. */
static const char tree[] = "scenario('t')\nwalker('none')\nproperty('root')\n"
			   "directory('/own', 'user=100')\n"
			   "directory('/own/dir', 'user=100')\n"
			   "directory('/own/dir/sub', 'user=100')\n"
			   "directory('/own/full', 'user=100')\n"
			   "directory('/own/fixed', 'user=100', 'mode=555')\n"
			   "file('/own/full/leaf', 'user=100', 'mode=644', 'content=old')\n"
			   "file('/own/file', 'user=100', 'mode=4666', 'content=old')\n"
			   "hardlink('/own/hard', '/own/file')\n"
			   "symlink('/own/link', 'file', 'user=100')\n"
			   "symlink('/own/todir', 'dir', 'user=100')\n"
			   "symlink('/own/gone', 'new', 'user=100')\n"
			   "symlink('/own/loop', 'loop', 'user=100')\n"
			   "fifo('/own/fifo', 'user=100')\n"
			   "socket('/own/socket', 'user=100')\n"
			   "directory('/sticky', 'mode=1777')\n"
			   "file('/sticky/mine', 'user=100', 'mode=644')\n"
			   "file('/sticky/theirs', 'user=200', 'mode=666')\n"
			   "symlink('/sticky/link', '/own/dir', 'user=200')\n"
			   "fifo('/sticky/fifo', 'user=200', 'mode=666')\n"
			   "directory('/roots')\n"
			   "file('/roots/file', 'mode=600')\n"
			   "directory('/closed', 'mode=700')\n"
			   "file('/closed/file')\n";

/* A program that has been run. */
static struct pale_model *model;
static struct pale_state state;
static struct pale_event last; /* of its last call */
static unsigned steps;         /* that this took */

static const char *also = "", *inside = ""; /* said in the text, too; in the compartment */

static inline void
read_program(const char *user, const char *calls)
{
	char text[8192];
	struct pale_err err = { 0 };

	snprintf(text, sizeof(text),
	    "%s%scompartment me {\n\tuser('%s')\n\tumask('022')\n\topen('own', '/own')\n"
	    "\topen('dir', '/own/dir')\n%s\tprogram(%s)\n}\n",
	    tree, also, user, inside, calls);
	pale_model_free(model);
	if (pale_model_read("test", text, strlen(text), NULL, &model, &err) < 0)
		ck_abort_msg("%s", err.text);
	state = *model->initial;
}

/* Run to the end, or to where it cannot go on. All calls but the last must succeed or say `try`. */
static inline void
run(const char *user, const char *calls)
{
	struct pale_move move;

	read_program(user, calls);
	steps = 0;
	last = (struct pale_event){ .error = -1 };
	for (int i = 0; i < STEPS_MAX && pale_model_moves(model, &state, 0, &move, 1) == 1; i++) {
		if (state.processes[0].phase == PALE_PHASE_IDLE)
			steps = 0;
		if (!pale_model_step(model, &state, &move, &last))
			break;
		steps++;
	}
}

/* What the last call answered; -1: it did not return. */
static inline int
answer(const char *user, const char *calls)
{
	const struct pale_process *me = &state.processes[0];
	const struct pale_model_compartment *who;

	run(user, calls);
	who = &model->compartments[0];
	if (me->status == PALE_PROCESS_FAILED)
		ck_assert_msg(me->pc + 1 == who->site_count, "call %u of %u failed: %s",
		    me->pc + 1u, who->site_count, strerror(me->error));
	return last.kind == PALE_EVENT_RESULT ? last.error : -1;
}

/* The inode of an absolute path of plain names, 0 if there is none. */
static inline unsigned
at(const char *path)
{
	unsigned inode = PALE_MODEL_ROOT;

	while (*path != '\0' && inode != 0) {
		size_t length = strcspn(++path, "/");
		unsigned name = 1;

		while (name < model->name_count &&
		    (strlen(model->names[name]) != length ||
			memcmp(model->names[name], path, length) != 0))
			name++;
		inode = name < model->name_count ? pale_tree_find(model, &state, inode, name) : 0;
		path += length;
	}
	return inode;
}

static inline const struct pale_inode *
inode(const char *path)
{
	ck_assert_msg(at(path) != 0, "there is no %s", path);
	return &state.inodes[at(path)];
}

/* A descriptor that the last call gave. */
static inline const struct pale_fd *
got(void)
{
	ck_assert_int_eq(last.error, 0);
	ck_assert_int_ge(last.got_fd[0], 0);
	return &state.processes[0].fds[last.got_fd[0]];
}

#endif
