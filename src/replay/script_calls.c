/* SPDX-License-Identifier: BSD-2-Clause */
/* The calls of a script, once their paths are walked. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "model/ops.h"
#include "model/tree.h"
#include "model/walkers.h"
#include "replay/script.h"

/* ---- flags ---- */

struct flag {
	unsigned ours;
	const char *real;
};

static const struct flag open_flags[] = {
	{ PALE_F_PATH, "O_PATH" },
	{ PALE_F_NONBLOCK, "O_NONBLOCK" },
	{ PALE_F_CLOEXEC, "O_CLOEXEC" },
	{ PALE_F_DIRECTORY, "O_DIRECTORY" },
	{ PALE_F_TRUNC, "O_TRUNC" },
	{ 0, NULL },
};

void
pale_script_open_flags(struct pale_script *script, unsigned flags)
{
	pale_script_add(script, "%s",
	    (flags & PALE_F_WRITE) == 0      ? "O_RDONLY"
		: (flags & PALE_F_READ) != 0 ? "O_RDWR"
					     : "O_WRONLY");
	for (const struct flag *flag = open_flags; flag->real != NULL; flag++)
		if ((flags & flag->ours) != 0)
			pale_script_add(script, " | %s", flag->real);
}

/* ---- calls ---- */

/* Where the paths of a call lead: descriptors and names, as C has them. */
struct places {
	char dir[2][32];
	const char *name[2]; /* NULL: node has it */
	unsigned node[2];
};

static struct places
places_of(const struct pale_script *script, const struct pale_replay_step *step)
{
	const struct pale_model *model = script->model;
	const struct pale_site *site = &model->sites[step->move.site];
	const struct pale_process *process = &step->before->processes[step->move.process];
	const char *walks = pale_model_calls[site->op].walks;
	unsigned link = site->op == PALE_CALL_symlinkat;
	struct places places = { .node = { 0, 0 } };

	for (unsigned i = 0; walks[i] != '\0'; i++) {
		if (step->move.phase == PALE_PHASE_IDLE) {
			unsigned slot = step->move.fd[link ? 0 : i];

			places.name[i] = model->rests[site->path[i + link]].text;
			if (pale_model_calls[site->op].signature[0] != 'd' && !link)
				slot = PALE_FD_CWD;
			if (slot == PALE_FD_CWD)
				snprintf(
				    places.dir[i], sizeof(places.dir[i]), "node[%u]", process->cwd);
			else
				snprintf(places.dir[i], sizeof(places.dir[i]), "fd[%u][%u]",
				    step->move.process, slot);
			continue;
		}
		places.node[i] =
		    i < process->path ? process->first_node : process->slots[PALE_WALKER_AT];
		snprintf(places.dir[i], sizeof(places.dir[i]), "node[%u]", places.node[i]);
		if (walks[i] == 'P')
			places.name[i] =
			    model
				->rests[i < process->path ? process->first_rest
							  : process->slots[PALE_WALKER_LEFT]]
				.text;
	}
	return places;
}

/* "dir, name", the place of a call's path. */
static void
add_place(struct pale_script *script, const struct places *places, unsigned which)
{
	if (places->name[which] == NULL) {
		pale_script_add(script, "AT_FDCWD, place(%u)", places->node[which]);
		return;
	}
	pale_script_add(script, "%s, ", places->dir[which]);
	pale_script_quote(script, places->name[which]);
}

static void
add_made(struct pale_script *script, const struct places *places, const struct pale_event *event)
{
	if (event->error != 0 || event->got_inode == 0)
		return;
	pale_script_add(script, "\tmade(");
	add_place(script, places, 0);
	pale_script_add(script, ", %u);\n", event->got_inode);
}

void
pale_script_open(struct pale_script *script, const struct pale_replay_step *step, int got_fd)
{
	const struct pale_process *before = &step->before->processes[step->move.process];
	const struct pale_site *site = &script->model->sites[step->move.site];
	unsigned p = step->move.process, node = before->slots[PALE_WALKER_AT];
	unsigned slot = (unsigned)got_fd;

	if (step->event.error != 0 && pale_site_creates(site) && (site->flags & PALE_F_EXCL) != 0) {
		pale_script_add(script, "\t/* %s */\n", strerror(step->event.error));
		return;
	}
	if (step->event.error != 0) {
		pale_script_add(script, "\texpect(open(place(%u), ", node);
		pale_script_open_flags(script, site->flags);
		pale_script_add(script, "), ");
		pale_script_error(script, -step->event.error);
		pale_script_add(script, ");\n");
		return;
	}
	if (before->made) {
		pale_script_add(script, "\tis(hold, %u);\n\tgive(%u, %u, hold);\n", node, p, slot);
		return;
	}
	pale_script_add(script, "\topened(%u, %u, %u, ", p, slot, node);
	pale_script_open_flags(script, site->flags);
	pale_script_add(script, ");\n");
}

static void
add_want(struct pale_script *script, const struct pale_event *event)
{
	pale_script_add(script, ", ");
	if (event->error == 0)
		pale_script_add(script, "0");
	else
		pale_script_error(script, -event->error);
	pale_script_add(script, ");\n");
}

/* A fstat or fstatat: what was seen. */
static void
add_seen(struct pale_script *script, const struct pale_replay_step *step)
{
	const struct pale_site *site = &script->model->sites[step->move.site];

	if (step->event.error == 0 && site->to_var != 0)
		pale_script_add(script, "\tseen[%u][%u] = st;\n", step->move.process, site->to_var);
}

static void
add_stat_of(struct pale_script *script, const struct pale_replay_step *step, unsigned n)
{
	const struct pale_site *site = &script->model->sites[step->move.site];
	struct pale_ref ref = site->ref[n];
	unsigned slot = ref.kind == PALE_REF_FD ? ref.of : step->move.fd[n];

	if (ref.kind == PALE_REF_VAR)
		pale_script_add(script, "\tst%s = seen[%u][%u];\n", n == 0 ? "" : "2",
		    step->move.process, ref.of);
	else
		pale_script_add(script, "\tmust(fstat(fd[%u][%u], &st%s));\n", step->move.process,
		    slot, n == 0 ? "" : "2");
}

const char *
pale_script_value_of(
    const struct pale_script *script, const struct pale_replay_step *step, struct pale_ref ref)
{
	const struct pale_var *var;

	if (ref.kind == PALE_REF_VALUE)
		return pale_script_value(script->model, ref.of);
	var = &step->before->processes[step->move.process].vars[ref.of];
	return pale_script_value(script->model, var->kind == PALE_VAR_VALUE ? var->of : 0);
}

/* Calls with paths, but open. Returns false for others. */
bool
pale_script_call_at(struct pale_script *script, const struct pale_replay_step *step)
{
	const struct pale_model *model = script->model;
	const struct pale_site *site = &model->sites[step->move.site];
	struct places places = places_of(script, step);
	unsigned flags = site->flags;

	switch ((int)site->op) {
	case PALE_CALL_mkdirat:
	case PALE_CALL_mkfifoat:
		pale_script_add(script, "\texpect(%s(", pale_model_calls[site->op].name);
		add_place(script, &places, 0);
		pale_script_add(script, ", %#o)", site->mode);
		break;
	case PALE_CALL_unlinkat:
		pale_script_add(script, "\texpect(unlinkat(");
		add_place(script, &places, 0);
		pale_script_add(
		    script, ", %s)", (flags & PALE_F_DIRECTORY) != 0 ? "AT_REMOVEDIR" : "0");
		break;
	case PALE_CALL_renameat:
		pale_script_add(script, "\texpect(renameat2(");
		add_place(script, &places, 0);
		pale_script_add(script, ", ");
		add_place(script, &places, 1);
		pale_script_add(script, ", %s)",
		    (flags & PALE_F_EXCHANGE) != 0   ? "RENAME_EXCHANGE"
			: (flags & PALE_F_EXCL) != 0 ? "RENAME_NOREPLACE"
						     : "0");
		break;
	case PALE_CALL_linkat:
		pale_script_add(script, "\texpect(linkat(");
		add_place(script, &places, 0);
		pale_script_add(script, ", ");
		add_place(script, &places, 1);
		pale_script_add(script, ", %s)",
		    places.name[0] == NULL || (flags & PALE_F_NOFOLLOW) == 0 ? "AT_SYMLINK_FOLLOW"
									     : "0");
		break;
	case PALE_CALL_symlinkat:
		pale_script_add(script, "\texpect(symlinkat(");
		pale_script_quote(script, model->rests[site->path[0]].text);
		pale_script_add(script, ", ");
		add_place(script, &places, 0);
		pale_script_add(script, ")");
		break;
	case PALE_CALL_fchmodat:
		pale_script_add(script, "\texpect(fchmodat(");
		add_place(script, &places, 0);
		pale_script_add(script, ", %#o, 0)", site->mode);
		break;
	case PALE_CALL_fstatat:
		pale_script_add(script, "\texpect(fstatat(");
		add_place(script, &places, 0);
		pale_script_add(script, ", &st, %s)",
		    places.name[0] != NULL && (flags & PALE_F_NOFOLLOW) != 0 ? "AT_SYMLINK_NOFOLLOW"
									     : "0");
		break;
	case PALE_CALL_bind:
	case PALE_CALL_connect:
		pale_script_add(script, "\texpect(at_socket(fd[%u][%u], ", step->move.process,
		    step->move.fd[0]);
		if (places.name[0] == NULL)
			pale_script_add(script, "root, place(%u)", places.node[0]);
		else
			add_place(script, &places, 0);
		pale_script_add(script, ", %d)", site->op == PALE_CALL_bind);
		break;
	case PALE_CALL_chdir:
	case PALE_CALL_chroot:
	case PALE_CALL_exec:
		/* Where it stands, and what it has, the states know. */
		pale_script_add(script, "\texpect(0");
		break;
	default:
		return false;
	}
	add_want(script, &step->event);
	add_seen(script, step);
	add_made(script, &places, &step->event);
	return true;
}

/* A child has copies of all that its parent has. */
static void
add_fork(struct pale_script *script, const struct pale_replay_step *step)
{
	unsigned p = step->move.process, child = script->model->sites[step->move.site].child - 1U;

	for (unsigned i = 0; i < PALE_MODEL_FDS; i++)
		if (step->before->processes[p].fds[i].kind != PALE_FD_NONE)
			pale_script_add(
			    script, "\tgive(%u, %u, dup(fd[%u][%u]));\n", child, i, p, i);
	pale_script_add(script, "\tmemcpy(memory[%u], memory[%u], sizeof(memory[0]));\n", child, p);
	pale_script_add(
	    script, "\tuser[%u] = user[%u];\n\tmask[%u] = mask[%u];\n", child, p, child, p);
}

/* Calls of descriptors. Returns false for those that a script cannot have. */
bool
pale_script_call_fd(struct pale_script *script, const struct pale_replay_step *step)
{
	const struct pale_site *site = &script->model->sites[step->move.site];
	const struct pale_event *event = &step->event;
	unsigned p = step->move.process, slot = step->move.fd[0];

	switch ((int)site->op) {
	case PALE_CALL_fchmod:
		pale_script_add(script, "\texpect(fchmod(fd[%u][%u], %#o)", p, slot, site->mode);
		break;
	case PALE_CALL_fstat:
		pale_script_add(script, "\texpect(fstat(fd[%u][%u], &st)", p, slot);
		break;
	case PALE_CALL_umask:
		pale_script_add(script, "\tmask[%u] = %#o;\n\texpect(0", p, site->mode);
		break;
	case PALE_CALL_setuid:
		pale_script_add(script, "\texpect(0");
		break;
	case PALE_CALL_dup:
		pale_script_add(script,
		    "\texpect(hold = dup(fd[%u][%u]), 0);\n\tgive(%u, %d, hold);\n", p, slot, p,
		    event->got_fd[0]);
		return event->error == 0;
	case PALE_CALL_read:
		if (event->error == 0) {
			unsigned to = site->to_var;
			const struct pale_var *var = &step->after->processes[p].vars[to];

			pale_script_add(script, "\tget(fd[%u][%u], ", p, slot);
			if (to == 0)
				pale_script_add(script, "NULL");
			else
				pale_script_quote(script,
				    pale_script_value(
					script->model, var->kind == PALE_VAR_VALUE ? var->of : 0));
			pale_script_add(script, ");\n");
			return true;
		}
		pale_script_add(script, "\texpect(read(fd[%u][%u], &st, 1)", p, slot);
		break;
	case PALE_CALL_write:
		pale_script_add(script, "\tput(fd[%u][%u], ", p, slot);
		pale_script_quote(script, pale_script_value_of(script, step, site->ref[0]));
		pale_script_add(script, ");\n\texpect(errno == 0 ? 0 : -1");
		if (step->after->processes[p].status == PALE_PROCESS_KILLED) {
			pale_script_add(
			    script, ", EPIPE); /* SIGPIPE, where it is not ignored */\n");
			return true;
		}
		break;
	case PALE_CALL_same:
		add_stat_of(script, step, 0);
		add_stat_of(script, step, 1);
		pale_script_add(script, "\tsame(&st, &st2, %d);\n", event->error == 0);
		return true;
	case PALE_CALL_close:
	case PALE_CALL_is:
	case PALE_CALL_check:
	case PALE_CALL_use:
	case PALE_CALL_limit:
	case PALE_CALL_exit:
	case PALE_CALL_fchdir:
	case PALE_CALL_sigpipe_ignore:
		return true;
	case PALE_CALL_fork:
		add_fork(script, step);
		return true;
	case PALE_CALL_socket:
		pale_script_add(script,
		    "\texpect(hold = socket(AF_UNIX, SOCK_STREAM, 0), 0);\n"
		    "\tgive(%u, %d, hold);\n",
		    p, event->got_fd[0]);
		return event->error == 0;
	case PALE_CALL_listen:
		pale_script_add(script, "\texpect(listen(fd[%u][%u], 2)", p, slot);
		break;
	case PALE_CALL_accept:
		pale_script_add(script,
		    "\texpect(hold = accept(fd[%u][%u], NULL, NULL), 0);\n"
		    "\tgive(%u, %d, hold);\n",
		    p, slot, p, event->got_fd[0]);
		return event->error == 0;
	default:
		return pale_script_call_ipc(script, step);
	}
	add_want(script, event);
	add_seen(script, step);
	return true;
}
