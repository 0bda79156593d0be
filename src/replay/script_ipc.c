/* SPDX-License-Identifier: BSD-2-Clause */
/* System V objects, pairs and passed descriptors in a script. What would wait does not: it fails,
 * and then the witness is not what happens. */
#include <errno.h>
#include <stdio.h>

#include "model/ops.h"
#include "replay/script.h"

/* The object that the call's variable holds, 0..; -1 where it holds none that is there. */
static int
object_of(const struct pale_replay_step *step, const struct pale_state *state, unsigned var)
{
	const struct pale_var *it = &state->processes[step->move.process].vars[var];

	return it->kind == PALE_VAR_SYSV ? it->of - 1 : -1;
}

static void
add_get(struct pale_script *script, const struct pale_replay_step *step)
{
	const struct pale_site *site = &script->model->sites[step->move.site];
	int to = site->to_var == 0 ? -1 : object_of(step, step->after, site->to_var);
	const char *kind = pale_model_calls[site->op].name;
	const char *size = site->op == PALE_CALL_shmget ? "RECORD, "
	    : site->op == PALE_CALL_semget              ? "1, "
							: "";
	bool made = to >= 0 && step->before->sysv[to].kind == PALE_SYSV_FREE;

	if (made)
		pale_script_add(script, "\tobject[%d] = -1;\n", to);
	if (step->event.error == 0 && to >= 0)
		pale_script_add(script, "\tgot_object(%d, ", to);
	else
		pale_script_add(script, "\texpect(");
	if (site->key == 0)
		pale_script_add(script, "%s(IPC_PRIVATE, %s", kind, size);
	else
		pale_script_add(
		    script, "%s(%#x, %s", kind, (unsigned)script->model->keys[site->key], size);
	pale_script_add(script, "%s%s%#o)", (site->flags & PALE_F_CREAT) != 0 ? "IPC_CREAT | " : "",
	    (site->flags & PALE_F_EXCL) != 0 ? "IPC_EXCL | " : "", site->mode);
	if (step->event.error != 0 || to < 0) {
		pale_script_add(script, ", ");
		if (step->event.error == 0)
			pale_script_add(script, "0");
		else
			pale_script_error(script, -step->event.error);
	}
	pale_script_add(script, ");\n");
	if (made && site->op == PALE_CALL_semget)
		pale_script_add(script, "\tmust(semctl(object[%d], 0, SETVAL, 1));\n", to);
}

static void
add_want(struct pale_script *script, const struct pale_replay_step *step)
{
	pale_script_add(script, ", ");
	if (step->event.error == 0)
		pale_script_add(script, "0");
	else
		pale_script_error(script, -step->event.error);
	pale_script_add(script, ");\n");
}

/* What a variable holds afterwards, quoted; NULL where the call keeps nothing. */
static void
add_value_got(struct pale_script *script, const struct pale_replay_step *step)
{
	const struct pale_site *site = &script->model->sites[step->move.site];
	const struct pale_var *var = &step->after->processes[step->move.process].vars[site->to_var];

	if (site->to_var == 0)
		pale_script_add(script, "NULL");
	else
		pale_script_quote(script,
		    pale_script_value(script->model, var->kind == PALE_VAR_VALUE ? var->of : 0));
	pale_script_add(script, ");\n");
}

/* Calls on an object that a variable holds. */
static bool
add_operation(struct pale_script *script, const struct pale_replay_step *step)
{
	const struct pale_site *site = &script->model->sites[step->move.site];
	int n = object_of(step, step->before, site->ref[0].of);
	unsigned p = step->move.process;
	bool failed = step->event.error != 0;

	if (n < 0)
		return false;
	switch ((int)site->op) {
	case PALE_CALL_msgsnd:
		pale_script_add(script, "\texpect(queue(%d, ", n);
		pale_script_quote(script, pale_script_value_of(script, step, site->ref[1]));
		pale_script_add(script, ")");
		add_want(script, step);
		return true;
	case PALE_CALL_msgrcv:
		if (failed)
			return false;
		pale_script_add(script, "\tunqueue(%d, ", n);
		add_value_got(script, step);
		return true;
	case PALE_CALL_semop:
		pale_script_add(script, "\texpect(operate(%d, %d)", n, site->number);
		add_want(script, step);
		return true;
	case PALE_CALL_shmat:
		if (failed)
			return false;
		pale_script_add(script, "\tattach(%u, %d, %s);\n", p, n,
		    (site->flags & PALE_F_RDONLY) != 0 ? "SHM_RDONLY" : "0");
		return true;
	case PALE_CALL_shmdt:
		pale_script_add(script, "\texpect(shmdt(memory[%u][%d])", p, n);
		add_want(script, step);
		return true;
	case PALE_CALL_load:
		if (failed)
			return false;
		pale_script_add(script, "\tholds(%u, %d, ", p, n);
		add_value_got(script, step);
		return true;
	case PALE_CALL_store:
		if (failed)
			return false;
		pale_script_add(script, "\tsnprintf(memory[%u][%d], RECORD, \"%%s\", ", p, n);
		pale_script_quote(script, pale_script_value_of(script, step, site->ref[1]));
		pale_script_add(script, ");\n");
		return true;
	default:
		return false;
	}
}

static bool
add_passing(struct pale_script *script, const struct pale_replay_step *step)
{
	const struct pale_site *site = &script->model->sites[step->move.site];
	unsigned p = step->move.process;
	const int *got = step->event.got_fd;

	if (step->event.error != 0)
		return false;
	switch ((int)site->op) {
	case PALE_CALL_sendfd:
		pale_script_add(script, "\texpect(pass(fd[%u][%u], &fd[%u][%u], 1), 0);\n", p,
		    step->move.fd[0], p, step->move.fd[1]);
		return true;
	case PALE_CALL_recvfd:
		if (got[0] < 0)
			return false;
		pale_script_add(script,
		    "\texpect(pass(fd[%u][%u], &hold, 0), 0);\n\tgive(%u, %d, hold);\n", p,
		    step->move.fd[0], p, got[0]);
		return true;
	case PALE_CALL_pipe:
	case PALE_CALL_socketpair:
		pale_script_add(script,
		    "\texpect(%s, 0);\n\tgive(%u, %d, pair[0]);\n\tgive(%u, %d, pair[1]);\n",
		    site->op == PALE_CALL_pipe ? "pipe(pair)"
					       : "socketpair(AF_UNIX, SOCK_STREAM, 0, pair)",
		    p, got[0], p, got[1]);
		return true;
	default:
		return false;
	}
}

/* An object that is there from the start, made by its creator. */
static void
add_object(struct pale_script *script, unsigned n)
{
	const struct pale_sysv *object = &script->model->initial->sysv[n];
	unsigned key = object->key == 0 ? 0 : (unsigned)script->model->keys[object->key];

	pale_script_add(
	    script, "\tmust(us == 0 ? seteuid(%u) : 0);\n", script->model->users[object->creator]);
	switch ((int)object->kind) {
	case PALE_SYSV_MSG:
		pale_script_add(script, "\tmust(object[%u] = msgget(%#x, IPC_CREAT | %#o));\n", n,
		    key, object->mode);
		for (unsigned i = 0; i < object->count; i++) {
			pale_script_add(script, "\tmust((int)queue(%u, ", n);
			pale_script_quote(
			    script, pale_script_value(script->model, object->values[i]));
			pale_script_add(script, "));\n");
		}
		break;
	case PALE_SYSV_SEM:
		pale_script_add(script,
		    "\tmust(object[%u] = semget(%#x, 1, IPC_CREAT | %#o));\n"
		    "\tmust(semctl(object[%u], 0, SETVAL, %u));\n",
		    n, key, object->mode, n, object->count);
		break;
	default:
		pale_script_add(script,
		    "\tmust(object[%u] = shmget(%#x, RECORD, IPC_CREAT | %#o));\n"
		    "\tattach(0, %u, 0);\n\tsnprintf(memory[0][%u], RECORD, \"%%s\", ",
		    n, key, object->mode, n, n);
		pale_script_quote(script, pale_script_value(script->model, object->values[0]));
		pale_script_add(script, ");\n\tmust(shmdt(memory[0][%u]));\n", n);
	}
	pale_script_add(script, "\tmust(us == 0 ? seteuid(0) : 0);\n");
}

int
pale_script_objects(struct pale_script *script)
{
	for (unsigned i = 0; i < PALE_MODEL_SYSV; i++) {
		const struct pale_sysv *object = &script->model->initial->sysv[i];

		if (object->kind == PALE_SYSV_FREE)
			continue;
		if (object->owner != object->creator)
			return pale_fail(script->err, -ENOTSUP,
			    "a script cannot make a System V object of two users");
		add_object(script, i);
	}
	return 0;
}

bool
pale_script_call_ipc(struct pale_script *script, const struct pale_replay_step *step)
{
	switch ((int)script->model->sites[step->move.site].op) {
	case PALE_CALL_msgget:
	case PALE_CALL_semget:
	case PALE_CALL_shmget:
		add_get(script, step);
		return true;
	default:
		return add_passing(script, step) || add_operation(script, step);
	}
}
