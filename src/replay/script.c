/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The witness as one C file. Its walks are what the scenario's walker asked of the tree, step by
 * step: the walker runs here, on the states of the witness, and what it asks is written down as the
 * openat calls that it stands for. One process plays all actors: nothing of what is written needs
 * two, as every call returns; whose call it is, is a matter of the effective user.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/scope.h"
#include "model/ops.h"
#include "model/property.h"
#include "model/tree.h"
#include "model/walkers.h"
#include "replay/script.h"
#include "replay/script_prelude.h"

__attribute__((format(printf, 2, 3))) void
pale_script_add(struct pale_script *script, const char *fmt, ...)
{
	va_list args;
	int length;

	if (script->size - script->used < 8192) {
		size_t size = script->size + (1 << 16);
		char *more = script->failed ? NULL : realloc(script->text, size);

		if (more == NULL) {
			script->failed = true;
			return;
		}
		script->text = more;
		script->size = size;
	}
	va_start(args, fmt);
	length = vsnprintf(script->text + script->used, script->size - script->used, fmt, args);
	va_end(args);
	if (length > 0 && (size_t)length < script->size - script->used)
		script->used += (size_t)length;
	else
		script->failed = true;
}

/* A text as C has it. */
void
pale_script_quote(struct pale_script *script, const char *text)
{
	pale_script_add(script, "\"");
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			pale_script_add(script, "\\%c", c);
		else if (c < ' ' || c > '~' || c == '?')
			pale_script_add(script, "\\%03o", c);
		else
			pale_script_add(script, "%c", c);
	}
	pale_script_add(script, "\"");
}

/* ---- the tree ---- */

const char *
pale_script_value(const struct pale_model *model, unsigned value)
{
	return value == 0 ? "" : model->values[value];
}

static void
add_inode(struct pale_script *script, const struct pale_inode *inode, const char *path)
{
	switch ((enum pale_inode_type)inode->type) {
	case PALE_INODE_DIR:
		pale_script_add(script, "\tmust(mkdirat(root, ");
		pale_script_quote(script, path);
		pale_script_add(script, ", 0700));\n");
		break;
	case PALE_INODE_FILE:
		pale_script_add(script, "\tfile(");
		pale_script_quote(script, path);
		pale_script_add(script, ", ");
		pale_script_quote(script, pale_script_value(script->model, inode->content));
		pale_script_add(script, ");\n");
		break;
	case PALE_INODE_LINK:
		pale_script_add(script, "\tmust(symlinkat(");
		pale_script_quote(script, script->model->rests[inode->target].text);
		pale_script_add(script, ", root, ");
		pale_script_quote(script, path);
		pale_script_add(script, "));\n");
		break;
	case PALE_INODE_FREE:
		break;
	case PALE_INODE_FIFO:
	case PALE_INODE_SOCKET:
		pale_script_add(script, "\tmust(mknodat(root, ");
		pale_script_quote(script, path);
		pale_script_add(script, ", %s | 0600, 0));\n",
		    inode->type == PALE_INODE_FIFO ? "S_IFIFO" : "S_IFSOCK");
	}
}

/* The path of a name in a directory of the initial tree, without a slash in front. */
static const char *
name_path(const struct pale_script *script, unsigned dir, unsigned name, char buf[PATH_MAX])
{
	const struct pale_model *model = script->model;
	size_t length;

	if (pale_play_path(model, model->initial, dir, buf, PATH_MAX) < 0)
		return "?";
	length = strlen(buf);
	snprintf(
	    buf + length, PATH_MAX - length, "%s%s", length == 1 ? "" : "/", model->names[name]);
	return buf + 1;
}

static void
add_names(struct pale_script *script)
{
	const struct pale_state *state = script->model->initial;
	bool made[PALE_MODEL_INODES] = { [PALE_MODEL_ROOT] = true };
	char path[PATH_MAX];
	bool more = true;

	while (more) {
		more = false;
		for (unsigned i = 1; i < PALE_MODEL_INODES; i++) {
			const struct pale_inode *inode = &state->inodes[i];

			if (inode->type != PALE_INODE_DIR || made[i] || !made[inode->parent])
				continue;
			add_inode(
			    script, inode, name_path(script, inode->parent, inode->name, path));
			made[i] = more = true;
		}
	}
	for (unsigned i = 0; i < PALE_MODEL_ENTRIES; i++) {
		const struct pale_entry *entry = &state->entries[i];
		char other[PATH_MAX];

		if (entry->dir == 0)
			continue;
		name_path(script, entry->dir, entry->name, path);
		if (!made[entry->inode]) {
			add_inode(script, &state->inodes[entry->inode], path + 1);
			made[entry->inode] = true;
			continue;
		}
		if (pale_play_path(script->model, state, entry->inode, other, sizeof(other)) < 0)
			continue;
		pale_script_add(script, "\tmust(linkat(root, ");
		pale_script_quote(script, other + 1);
		pale_script_add(script, ", root, ");
		pale_script_quote(script, path + 1);
		pale_script_add(script, ", 0));\n");
	}
}

static void
add_tree(struct pale_script *script)
{
	const struct pale_model *model = script->model;
	const struct pale_state *state = model->initial;
	char path[PATH_MAX];

	pale_script_add(script, "static void\nmake_tree(void)\n{\n");
	add_names(script);
	for (unsigned i = PALE_MODEL_INODES - 1; i > 0; i--) {
		const struct pale_inode *inode = &state->inodes[i];

		if (inode->type == PALE_INODE_FREE ||
		    pale_play_path(model, state, i, path, sizeof(path)) < 0)
			continue;
		pale_script_add(script, "\tdress(");
		pale_script_quote(script, i == PALE_MODEL_ROOT ? "." : path + 1);
		pale_script_add(script, ", %#o, %u, %d);\n", inode->mode,
		    model->users[inode->owner], inode->type == PALE_INODE_LINK);
	}
	/* Numbers of objects, as the steps have them. */
	for (unsigned i = 1; i < PALE_MODEL_INODES; i++) {
		if (state->inodes[i].type == PALE_INODE_FREE ||
		    pale_play_path(model, state, i, path, sizeof(path)) < 0)
			continue;
		pale_script_add(script, "\tmade(root, ");
		pale_script_quote(script, i == PALE_MODEL_ROOT ? "." : path + 1);
		pale_script_add(script, ", %u);\n", i);
	}
	pale_script_add(script, "}\n\n");
}

/* What else changed with the step: descriptors that are gone, who the process is. */
static void
add_changes(struct pale_script *script, const struct pale_replay_step *step)
{
	for (unsigned p = 0; p < script->model->process_count; p++) {
		const struct pale_process *before = &step->before->processes[p];
		const struct pale_process *after = &step->after->processes[p];

		for (unsigned i = 0; i < PALE_MODEL_FDS; i++)
			if (before->fds[i].kind != PALE_FD_NONE &&
			    after->fds[i].kind == PALE_FD_NONE)
				pale_script_add(script, "\tgive(%u, %u, -1);\n", p, i);
		if (before->euid != after->euid)
			pale_script_add(
			    script, "\tuser[%u] = %u;\n", p, script->model->users[after->euid]);
	}
	/* SEM_UNDO, with the end of a process. */
	for (unsigned i = 0; i < PALE_MODEL_SYSV; i++) {
		const struct pale_sysv *before = &step->before->sysv[i];
		const struct pale_sysv *after = &step->after->sysv[i];

		if (before->kind == PALE_SYSV_SEM && after->kind == PALE_SYSV_SEM &&
		    before->count != after->count &&
		    script->model->sites[step->move.site].op != PALE_CALL_semop)
			pale_script_add(script,
			    "\tmust(us == 0 ? seteuid(0) : 0);\n"
			    "\tmust(semctl(object[%u], 0, SETVAL, %u));\n",
			    i, after->count);
	}
}

/*
 * The open of a FIFO that waits for its peer. Of two that open it the reader needs not wait with
 * O_NONBLOCK, so it opens here, and the writer once the reader has.
 */
static int
add_wait(struct pale_script *script, const struct pale_replay_step *step)
{
	const struct pale_site *site = &script->model->sites[step->move.site];

	for (const struct pale_replay_step *it = step + 1; it < script->steps + script->count;
	     it++) {
		if (it->move.process != step->move.process)
			continue;
		if ((site->flags & PALE_F_WRITE) == 0)
			pale_script_open(script, step, it->event.got_fd[0]);
		return 0;
	}
	return pale_fail(
	    script->err, -ENOTSUP, "a script has one process, and here one waits for ever");
}

static int
add_step(struct pale_script *script, const struct pale_replay_step *step)
{
	const struct pale_model *model = script->model;
	const struct pale_site *site = &model->sites[step->move.site];
	const struct pale_process *before = &step->before->processes[step->move.process];
	const char *name = pale_model_calls[site->op].name;
	char words[512], line[320];
	bool takes_last = step->move.phase == PALE_PHASE_FINISH && pale_site_creates(site) &&
	    before->slots[PALE_WALKER_LEFT] != 0;
	bool walks = pale_model_calls[site->op].walks[0] != '\0' && !site->atomic;

	pale_model_print(
	    model, step->before, &step->move, &step->event, step->after, line, sizeof(line));
	snprintf(words, sizeof(words), "%s: %s", pale_model_actor(model, step->move.process), line);
	pale_script_add(script, "\tsay(");
	pale_script_quote(script, words);
	pale_script_add(script, ");\n\tact(%u);\n", step->move.process);
	if (step->move.phase == PALE_PHASE_WAIT || step->move.phase == PALE_PHASE_WOKEN) {
		/* Who reads has opened it already. */
		if ((site->flags & PALE_F_WRITE) != 0)
			pale_script_open(script, step, step->event.got_fd[0]);
		return 0;
	}
	if (takes_last) {
		pale_script_take(script, step);
	} else if (walks) {
		pale_script_walk(script, step);
		if (step->event.kind == PALE_EVENT_WAITS)
			return add_wait(script, step);
		if (step->move.phase != PALE_PHASE_FINISH || step->event.kind != PALE_EVENT_RESULT)
			return 0;
		if (site->op == PALE_CALL_openat || site->op == PALE_CALL_open)
			pale_script_open(script, step, step->event.got_fd[0]);
		else if (!pale_script_call_at(script, step))
			return pale_fail(script->err, -ENOTSUP, "a script has no %s", name);
	} else if (step->event.error == PALE_ENOTCAPABLE ||
	    (!pale_script_call_at(script, step) && !pale_script_call_fd(script, step))) {
		return pale_fail(script->err, -ENOTSUP, "a script has no %s", name);
	}
	add_changes(script, step);
	return 0;
}

/* ---- the whole ---- */

static bool
has_several_users(const struct pale_script *script)
{
	for (size_t i = 1; i < script->count; i++)
		if (script->model->initial->processes[script->steps[i].move.process].euid !=
		    script->model->initial->processes[script->steps[0].move.process].euid)
			return true;
	return false;
}

static void
add_actors(struct pale_script *script)
{
	const struct pale_model *model = script->model;
	const struct pale_state *state = model->initial;

	for (unsigned p = 0; p < model->process_count; p++) {
		const struct pale_process *process = &state->processes[p];

		if (process->status != PALE_PROCESS_RUNS)
			continue;
		pale_script_add(script, "\t/* %s */\n\tuser[%u] = %u;\n\tmask[%u] = %#o;\n",
		    pale_model_actor(model, p), p, model->users[process->euid], p, process->umask);
		for (unsigned i = 0; i < PALE_MODEL_FDS; i++) {
			const struct pale_fd *fd = &process->fds[i];
			unsigned flags = fd->flags;

			if (fd->kind != PALE_FD_INODE)
				continue;
			if (state->inodes[fd->of].type == PALE_INODE_DIR)
				flags &= ~(unsigned)PALE_F_WRITE;
			pale_script_add(script, "\topened(%u, %u, %u, ", p, i, fd->of);
			pale_script_open_flags(script, flags);
			pale_script_add(script, ");\n");
		}
	}
}

static void
add_head(struct pale_script *script, unsigned property)
{
	char words[256];

	pale_property_print(script->model, property, words, sizeof(words));
	pale_script_add(script,
	    "/*\n * %s\n * violates: %s\n *\n"
	    " * The shortest way to it, as pale check found it: every step of every lookup as the\n"
	    " * system call that it is, in order. Exit status 1 while it happens, 0 when not, 2 "
	    "where\n"
	    " * it cannot be played. Nothing is left behind.\n *\n"
	    " *     cc -Wall -Wextra -o witness FILE && ./witness\n */\n",
	    script->model->title == NULL ? "A witness" : script->model->title, words);
	pale_script_add(script, "%s", prelude);
}

int
pale_replay_script(const struct pale_model *model, const struct pale_replay_step *steps,
    size_t count, unsigned property, char **ret_text, struct pale_err *err)
{
	struct pale_script script = { .model = model, .steps = steps, .count = count, .err = err };
	char words[256];
	int result = 0;

	if (property == PALE_PROPERTY_PROGRESS)
		return pale_fail(
		    err, -ENOTSUP, "that something never ends cannot be shown by playing it");
	add_head(&script, property);
	add_tree(&script);
	pale_script_add(&script,
	    "int\nmain(void)\n{\n\tstruct stat st UNUSED, st2 UNUSED;\n"
	    "\tint hold UNUSED, pair[2] UNUSED;\n\n\tready();\n");
	if (has_several_users(&script))
		pale_script_add(&script,
		    "\tif (us != 0) {\n\t\tfprintf(stderr, \"it has several users: only root "
		    "can play them\\n\");\n\t\tend(2);\n\t}\n");
	pale_script_add(
	    &script, "%s\tmake_tree();\n", model->key_count > 0 ? "\town_ipc();\n" : "");
	result = pale_script_objects(&script);
	add_actors(&script);
	for (size_t i = 0; i < count && result == 0; i++)
		result = add_step(&script, &steps[i]);
	pale_property_print(model, property, words, sizeof(words));
	pale_script_add(&script, "\tprintf(\"violated: %%s\\n\", ");
	pale_script_quote(&script, words);
	pale_script_add(&script, ");\n\t(void)text;\n\tend(1);\n}\n");
	if (result == 0 && script.failed)
		result = pale_fail(err, -ENOMEM, "no memory for a script");
	if (result < 0) {
		free(script.text);
		return result;
	}
	*ret_text = script.text;
	return 0;
}
