/* SPDX-License-Identifier: BSD-2-Clause */
/* Assertions; see term.h. */
#include "model/term.h"

#include "core/dac.h"
#include "model/step.h"
#include "model/tree.h"

/* clang-format off */
const struct pale_term_row pale_terms[PALE_TERM_COUNT] = {
#define TERM(name, signature, summary) [PALE_TERM_##name] = { #name, signature, summary },
#include "model/terms.def"
};
/* clang-format on */

/* A term, while it is looked at for one process. */
struct look {
	const struct pale_model *model;
	const struct pale_state *state;
	const struct pale_term *term;
	const struct pale_process *process;
	unsigned p;
	unsigned inode; /* what the path means */
};

static bool
knows(const struct look *look)
{
	return (look->process->knows >> look->term->value & 1) != 0;
}

static bool
used(const struct look *look)
{
	return (look->process->used >> look->term->value & 1) != 0;
}

static bool
is_open_of(const struct pale_fd *fd, unsigned inode)
{
	return inode != 0 && (fd->kind == PALE_FD_INODE ? fd->of : fd->inode) == inode;
}

static bool
holds(const struct look *look)
{
	for (unsigned i = 0; i < PALE_MODEL_FDS; i++) {
		const struct pale_fd *fd = &look->process->fds[i];

		if (is_open_of(fd, look->inode) &&
		    (fd->flags & look->term->mode) == look->term->mode)
			return true;
	}
	return false;
}

static bool
is(const struct look *look)
{
	struct pale_ref ref = look->term->ref;
	const struct pale_var *var;

	if (ref.kind == PALE_REF_FD)
		return is_open_of(&look->process->fds[ref.of], look->inode);
	var = &look->process->vars[ref.of];
	return look->inode != 0 && var->kind == PALE_VAR_INODE && var->of == look->inode;
}

static bool
value(const struct look *look)
{
	const struct pale_var *var = &look->process->vars[look->term->ref.of];

	return var->kind == PALE_VAR_VALUE && var->of == look->term->value;
}

static bool
killed(const struct look *look)
{
	return look->process->status == PALE_PROCESS_KILLED;
}

static bool
failed(const struct look *look)
{
	return look->process->status == PALE_PROCESS_FAILED;
}

static bool
is_unfinished(const struct look *look)
{
	return look->process->status != PALE_PROCESS_FINISHED;
}

static bool
blocked(const struct look *look)
{
	return look->process->status == PALE_PROCESS_RUNS &&
	    pale_model_is_stuck(look->model, look->state, look->p);
}

static bool
executes(const struct look *look)
{
	return look->inode != 0 && look->process->runs == look->inode;
}

/* ipcperms() of Linux. Groups are as users here, so the group's bits are never a stranger's. */
static bool
may(const struct look *look, const struct pale_sysv *object, unsigned want)
{
	unsigned user = look->process->euid, mode = object->mode;

	if (look->process->status != PALE_PROCESS_RUNS)
		return false;
	if (look->model->users[user] == 0)
		return true;
	if (user == object->owner || user == object->creator)
		mode >>= 6;
	return (mode & want) == want;
}

/* Has an object the key, of whatever kind? One that was removed has none any more. */
static bool
can(const struct look *look, unsigned want)
{
	for (unsigned i = 0; i < PALE_MODEL_SYSV; i++) {
		const struct pale_sysv *object = &look->state->sysv[i];

		if (object->kind != PALE_SYSV_FREE && !object->removed && look->term->key != 0 &&
		    object->key == look->term->key && may(look, object, want))
			return true;
	}
	return false;
}

static bool
can_read(const struct look *look)
{
	return can(look, PALE_DAC_R);
}

static bool
can_write(const struct look *look)
{
	return can(look, PALE_DAC_W);
}

/* Whoever has it attached keeps it when it is removed. */
static bool
attached(const struct look *look)
{
	for (unsigned i = 0; i < PALE_MODEL_SYSV; i++) {
		const struct pale_sysv *object = &look->state->sysv[i];

		if (object->kind == PALE_SYSV_SHM && look->term->key != 0 &&
		    object->key == look->term->key &&
		    ((look->process->attached | look->process->attached_w) >> i & 1) != 0)
			return true;
	}
	return false;
}

static bool
has_value(const uint8_t *values, unsigned count, unsigned wanted)
{
	for (unsigned i = 0; i < count; i++)
		if (values[i] == wanted)
			return true;
	return false;
}

static bool
received(const struct look *look)
{
	const struct pale_state *state = look->state;
	unsigned wanted = look->term->value;

	for (unsigned i = 0; i < PALE_MODEL_FDS; i++) {
		const struct pale_fd *fd = &look->process->fds[i];

		if (fd->kind == PALE_FD_PIPE && (fd->flags & PALE_F_READ) != 0 &&
		    has_value(
			state->pipes[fd->of - 1].values, state->pipes[fd->of - 1].count, wanted))
			return true;
		if (fd->kind == PALE_FD_SOCKET &&
		    has_value(state->sockets[fd->of - 1].values, state->sockets[fd->of - 1].count,
			wanted))
			return true;
	}
	for (unsigned i = 0; i < PALE_MODEL_SYSV; i++) {
		const struct pale_sysv *object = &state->sysv[i];
		unsigned count = object->kind == PALE_SYSV_MSG ? object->count
		    : object->kind == PALE_SYSV_SHM            ? 1
							       : 0;

		if (has_value(object->values, count, wanted) &&
		    ((look->process->attached >> i & 1) != 0 || may(look, object, PALE_DAC_R)))
			return true;
	}
	return false;
}

/* Has a process of the compartment the end of a connection, or the listener where it waits to be
 * accepted? However it came by it. */
static bool
has_end(const struct look *look, unsigned compartment, unsigned end)
{
	for (unsigned p = 0; p < look->model->process_count; p++) {
		for (unsigned i = 0; i < PALE_MODEL_FDS; i++) {
			const struct pale_fd *fd = &look->state->processes[p].fds[i];
			const struct pale_socket *socket;

			if (look->model->compartment_of[p] + 1u != compartment ||
			    fd->kind != PALE_FD_SOCKET)
				continue;
			socket = &look->state->sockets[fd->of - 1];
			for (unsigned k = 0; k < PALE_MODEL_BACKLOG; k++)
				if (socket->waiting[k] == end)
					return true;
			if (fd->of == end)
				return true;
		}
	}
	return false;
}

static bool
connected(const struct look *look)
{
	for (unsigned i = 0; i < PALE_MODEL_SOCKETS; i++) {
		const struct pale_socket *end = &look->state->sockets[i];

		if (end->state == PALE_SOCKET_CONNECTED && end->peer != 0 &&
		    has_end(look, look->term->who[0], i + 1) &&
		    has_end(look, look->term->who[1], end->peer))
			return true;
	}
	return false;
}

/* What one process of the compartment is enough for. */
static bool (*const of_process[PALE_TERM_COUNT])(const struct look *look) = {
	[PALE_TERM_knows] = knows,
	[PALE_TERM_holds] = holds,
	[PALE_TERM_is] = is,
	[PALE_TERM_value] = value,
	[PALE_TERM_received] = received,
	[PALE_TERM_connected] = connected,
	[PALE_TERM_attached] = attached,
	[PALE_TERM_can_read] = can_read,
	[PALE_TERM_can_write] = can_write,
	[PALE_TERM_blocked] = blocked,
	[PALE_TERM_killed] = killed,
	[PALE_TERM_failed] = failed,
	[PALE_TERM_finished] = is_unfinished,
	[PALE_TERM_used] = used,
	[PALE_TERM_executes] = executes,
};

static bool
any_process(struct look *look)
{
	for (look->p = 0; look->p < look->model->process_count; look->p++) {
		look->process = &look->state->processes[look->p];
		if (look->model->compartment_of[look->p] + 1 == look->term->who[0] &&
		    of_process[look->term->kind](look))
			return true;
	}
	return false;
}

static bool
of_path(const struct look *look)
{
	const struct pale_inode *inode = &look->state->inodes[look->inode];

	if (look->inode == 0)
		return false;
	if (look->term->kind == PALE_TERM_contains)
		return inode->type == PALE_INODE_FILE && inode->content == look->term->value;
	if (look->term->kind == PALE_TERM_owned)
		return inode->owner == look->term->user;
	if (look->term->kind == PALE_TERM_mode)
		return (inode->mode & look->term->mode) != 0;
	return true; /* exists */
}

/* These speak of what the path names now, all others of what it named at the start. */
static bool
is_now(enum pale_term_kind kind)
{
	return kind == PALE_TERM_owned || kind == PALE_TERM_mode || kind == PALE_TERM_exists;
}

bool
pale_term_holds(
    const struct pale_model *model, const struct pale_state *state, const struct pale_term *term)
{
	struct look look = { .model = model, .state = state, .term = term };
	bool result;

	look.inode = term->inode;
	if (term->path != 0 && (look.inode == 0 || is_now(term->kind)))
		look.inode = pale_tree_resolve(model, state, term->path);
	if (of_process[term->kind] == NULL)
		result = of_path(&look);
	else
		result = any_process(&look) != (term->kind == PALE_TERM_finished);
	return result != term->negated;
}

bool
pale_term_all(
    const struct pale_model *model, const struct pale_state *state, const struct pale_never *never)
{
	for (size_t i = 0; i < never->count; i++)
		if (!pale_term_holds(model, state, &never->terms[i]))
			return false;
	return never->count != 0;
}
