/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System V message queues, semaphores and shared memory. Keys are a name space without directories:
 * whoever comes first owns the object. Permission is asked by owner and mode, without umask, at
 * each operation; of shared memory only when it is attached, and never again.
 *
 * Source: ipc/util.c, ipc/{msg,sem,shm}.c of Linux 6.18; sysvipc(7).
 */
#include "model/calls/ipc.h"

enum {
	MAY_READ = 4,
	MAY_WRITE = 2,
	SEQUENCES = 4,
};

/* ipcperms: 0 or -EACCES. */
static int
permitted(const struct pale_op *op, const struct pale_sysv *object, unsigned want)
{
	unsigned euid = op->process->euid;
	unsigned granted = object->mode;

	/* Groups are as users here, so that who is in the group is the owner or creator. */
	if (euid == object->owner || euid == object->creator)
		granted >>= 6;
	if ((want & ~granted & 7) == 0 || op->model->users[euid] == 0)
		return 0;
	return -EACCES;
}

/* The slot of what a variable names: 0..; or -EINVAL, -EIDRM. */
static int
object_of(const struct pale_op *op, enum pale_sysv_kind kind)
{
	struct pale_ref ref = op->site->ref[0];
	const struct pale_var *var;
	const struct pale_sysv *object;

	if (ref.kind != PALE_REF_VAR)
		return -EINVAL;
	var = &op->process->vars[ref.of];
	if (var->kind != PALE_VAR_SYSV)
		return -EINVAL;
	object = &op->state->sysv[var->of - 1];
	/* Who sleeps when it is removed is told EIDRM, who comes later EINVAL. To wait is no state
	 * of its own here, so all are told the former; and permission is asked again of all who
	 * wait, as the kernel does for receivers of messages only. */
	if (object->kind == PALE_SYSV_FREE || object->sequence != var->also)
		return -EIDRM;
	if (kind != PALE_SYSV_FREE && object->kind != kind)
		return -EINVAL;
	return var->of - 1;
}

static void
free_object(const struct pale_model *model, struct pale_state *state, unsigned slot)
{
	unsigned next = (state->sysv[slot].sequence + 1u) % SEQUENCES;

	state->sysv[slot] = (struct pale_sysv){ .sequence = (uint8_t)next };
	for (unsigned p = 0; p < model->process_count; p++)
		state->processes[p].undo[slot] = 0;
}

static int
make_object(struct pale_op *op, enum pale_sysv_kind kind)
{
	for (int i = 0; i < PALE_MODEL_SYSV; i++) {
		struct pale_sysv *object = &op->state->sysv[i];

		if (object->kind != PALE_SYSV_FREE)
			continue;
		object->kind = (uint8_t)kind;
		object->key = op->site->key;
		object->owner = object->creator = op->process->euid;
		object->mode = op->site->mode & 0777u;
		object->count = kind == PALE_SYSV_SEM;
		return i;
	}
	return -ENOSPC;
}

/* msgget, semget, shmget. A key is a key of its kind. */
static int
get(struct pale_op *op, enum pale_sysv_kind kind)
{
	unsigned mode = op->site->mode;
	int found = -ENOENT;
	int r;

	for (int i = 0; i < PALE_MODEL_SYSV && op->site->key != 0; i++) {
		const struct pale_sysv *object = &op->state->sysv[i];

		if (object->kind == kind && object->key == op->site->key && !object->removed)
			found = i;
	}
	if (found < 0) {
		if (op->site->key != 0 && !(op->site->flags & PALE_F_CREAT))
			return -ENOENT;
		found = make_object(op, kind);
		if (found < 0)
			return found;
	} else {
		if (op->site->flags & PALE_F_CREAT && op->site->flags & PALE_F_EXCL)
			return -EEXIST;
		/* What is asked for in any of the three digits is asked for. */
		r = permitted(op, &op->state->sysv[found], mode >> 6 | mode >> 3 | mode);
		if (r < 0)
			return r;
	}
	if (op->site->to_var != 0) {
		op->process->vars[op->site->to_var] = (struct pale_var){
			.kind = PALE_VAR_SYSV,
			.of = (uint8_t)(found + 1),
			.also = op->state->sysv[found].sequence,
		};
	}
	return 0;
}

int
pale_op_msgget(struct pale_op *op)
{
	return get(op, PALE_SYSV_MSG);
}

int
pale_op_semget(struct pale_op *op)
{
	return get(op, PALE_SYSV_SEM);
}

int
pale_op_shmget(struct pale_op *op)
{
	return get(op, PALE_SYSV_SHM);
}

int
pale_op_msgsnd(struct pale_op *op)
{
	unsigned value = pale_op_value(op, op->site->ref[1]);
	int slot = object_of(op, PALE_SYSV_MSG);
	struct pale_sysv *queue;

	if (slot < 0)
		return slot;
	queue = &op->state->sysv[slot];
	if (permitted(op, queue, MAY_WRITE) < 0)
		return -EACCES;
	if (queue->count == PALE_MODEL_PIPE_DEPTH)
		return op->site->flags & PALE_F_NONBLOCK ? -EAGAIN : PALE_OP_BLOCKED;
	queue->values[queue->count++] = (uint8_t)value;
	return 0;
}

int
pale_op_msgrcv(struct pale_op *op)
{
	int slot = object_of(op, PALE_SYSV_MSG);
	struct pale_sysv *queue;
	unsigned value;

	if (slot < 0)
		return slot;
	queue = &op->state->sysv[slot];
	if (permitted(op, queue, MAY_READ) < 0)
		return -EACCES;
	if (queue->count == 0)
		return op->site->flags & PALE_F_NONBLOCK ? -ENOMSG : PALE_OP_BLOCKED;
	value = queue->values[0];
	queue->count--;
	for (unsigned i = 0; i < PALE_MODEL_PIPE_DEPTH; i++)
		queue->values[i] = i + 1 < PALE_MODEL_PIPE_DEPTH ? queue->values[i + 1] : 0;
	pale_process_learn(op, value);
	return 0;
}

int
pale_op_semop(struct pale_op *op)
{
	int slot = object_of(op, PALE_SYSV_SEM);
	int number = op->site->number;
	int undo = op->site->flags & PALE_F_UNDO ? -number : 0;
	struct pale_sysv *sem;

	if (slot < 0)
		return slot;
	sem = &op->state->sysv[slot];
	undo += op->process->undo[slot];
	if (permitted(op, sem, number != 0 ? MAY_WRITE : MAY_READ) < 0)
		return -EACCES;
	if (sem->count + number < 0 || (number == 0 && sem->count != 0))
		return op->site->flags & PALE_F_NONBLOCK ? -EAGAIN : PALE_OP_BLOCKED;
	if (sem->count + number > PALE_MODEL_SEM_MAX || undo > PALE_MODEL_SEM_MAX ||
	    undo < -PALE_MODEL_SEM_MAX)
		return -ERANGE;
	sem->count = (uint8_t)(sem->count + number);
	op->process->undo[slot] = (int8_t)undo;
	return 0;
}

int
pale_op_shmat(struct pale_op *op)
{
	bool reads = op->site->flags & PALE_F_RDONLY;
	int slot = object_of(op, PALE_SYSV_SHM);

	if (slot < 0)
		return slot;
	if (permitted(op, &op->state->sysv[slot], reads ? MAY_READ : MAY_READ | MAY_WRITE) < 0)
		return -EACCES;
	op->process->attached |= (uint8_t)(1u << slot);
	if (!reads)
		op->process->attached_w |= (uint8_t)(1u << slot);
	return 0;
}

/* Remove what waited for its last attachment to go. */
static void
end_segment(const struct pale_model *model, struct pale_state *state, unsigned slot)
{
	unsigned attached = 0;

	for (unsigned p = 0; p < model->process_count; p++)
		attached |= state->processes[p].attached;
	if (state->sysv[slot].removed && !(attached & 1u << slot))
		free_object(model, state, slot);
}

int
pale_op_shmdt(struct pale_op *op)
{
	int slot = object_of(op, PALE_SYSV_SHM);

	if (slot < 0)
		return slot;
	if (!(op->process->attached & 1u << slot))
		return -EINVAL;
	op->process->attached &= (uint8_t) ~(1u << slot);
	op->process->attached_w &= (uint8_t) ~(1u << slot);
	end_segment(op->model, op->state, (unsigned)slot);
	return 0;
}

void
pale_sysv_detach(const struct pale_model *model, struct pale_state *state, unsigned p)
{
	unsigned attached = state->processes[p].attached;

	state->processes[p].attached = state->processes[p].attached_w = 0;
	for (unsigned slot = 0; slot < PALE_MODEL_SYSV; slot++) {
		if (attached & 1u << slot)
			end_segment(model, state, slot);
	}
}

void
pale_sysv_undo(const struct pale_model *model, struct pale_state *state, unsigned p)
{
	(void)model;
	for (unsigned slot = 0; slot < PALE_MODEL_SYSV; slot++) {
		int undo = state->processes[p].undo[slot];
		int value = state->sysv[slot].count + undo;

		state->processes[p].undo[slot] = 0;
		if (undo == 0)
			continue;
		/* The end of a process cannot wait, nor fail. */
		if (value < 0)
			value = 0;
		if (value > PALE_MODEL_SEM_MAX)
			value = PALE_MODEL_SEM_MAX;
		state->sysv[slot].count = (uint8_t)value;
	}
}

int
pale_op_load(struct pale_op *op)
{
	int slot = object_of(op, PALE_SYSV_SHM);

	if (slot < 0 || !(op->process->attached & 1u << slot))
		return -EFAULT;
	pale_process_learn(op, op->state->sysv[slot].values[0]);
	return 0;
}

int
pale_op_store(struct pale_op *op)
{
	unsigned value = pale_op_value(op, op->site->ref[1]);
	int slot = object_of(op, PALE_SYSV_SHM);

	if (slot < 0 || !(op->process->attached_w & 1u << slot))
		return -EFAULT;
	op->state->sysv[slot].values[0] = (uint8_t)value;
	return 0;
}

/* Owner, creator or user 0: 0 or -EPERM. */
static int
may_control(const struct pale_op *op, const struct pale_sysv *object)
{
	unsigned euid = op->process->euid;

	return euid == object->owner || euid == object->creator || op->model->users[euid] == 0
	    ? 0
	    : -EPERM;
}

int
pale_op_ipcset(struct pale_op *op)
{
	int slot = object_of(op, PALE_SYSV_FREE);
	struct pale_sysv *object;

	if (slot < 0)
		return slot;
	object = &op->state->sysv[slot];
	if (may_control(op, object) < 0)
		return -EPERM;
	object->owner = op->site->user;
	object->mode = op->site->mode & 0777u;
	return 0;
}

int
pale_op_ipcrm(struct pale_op *op)
{
	int slot = object_of(op, PALE_SYSV_FREE);
	struct pale_sysv *object;

	if (slot < 0)
		return slot;
	object = &op->state->sysv[slot];
	if (may_control(op, object) < 0)
		return -EPERM;
	if (object->kind != PALE_SYSV_SHM) {
		free_object(op->model, op->state, (unsigned)slot);
		return 0;
	}
	/* Whoever has it attached keeps it, and its identifier still names it; its key does not,
	 * and stays for assertions. */
	object->removed = 1;
	end_segment(op->model, op->state, (unsigned)slot);
	return 0;
}

int
pale_op_ipcstat(struct pale_op *op)
{
	int slot = object_of(op, PALE_SYSV_FREE);

	if (slot < 0)
		return slot;
	if (permitted(op, &op->state->sysv[slot], MAY_READ) < 0)
		return -EACCES;
	return op->state->sysv[slot].creator == op->site->user ? 0 : -EPERM;
}
