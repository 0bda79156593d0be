/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls of an actor about System V objects, in the IPC namespace of the stage. A queue has room
 * for two records, as the model's.
 */
#include <errno.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

#include "model/ops.h"
#include "replay/actor.h"

enum { PIPE_BYTES = 2 * PALE_PLAY_RECORD_BYTES };

struct message {
	long type;
	char record[PALE_PLAY_RECORD_BYTES];
};

/* The identifier that the call's variable holds; one that no object has where it holds none. */
static int
id_of(const struct pale_actor *actor)
{
	const struct pale_actor_var *var = &actor->vars[actor->site->ref[0].of];

	return actor->site->ref[0].kind == PALE_REF_VAR && var->kind == PALE_VAR_SYSV ? var->id
										      : -1;
}

/* Where a segment is attached; NULL where it is not. */
static struct pale_actor_segment *
segment_of(struct pale_actor *actor, int id)
{
	for (unsigned i = 0; i < PALE_MODEL_SYSV; i++)
		if (actor->segments[i].at != NULL && actor->segments[i].id == id)
			return &actor->segments[i];
	return NULL;
}

/* semctl's last argument, which no header defines. */
union semun {
	int val;
	struct semid_ds *buf;
};

static key_t
key_of(const struct pale_actor *actor)
{
	unsigned key = actor->site->key;

	return key == 0 ? IPC_PRIVATE : actor->play->model->keys[key];
}

static int
call_get(struct pale_actor *actor)
{
	unsigned flags = actor->site->flags;
	int real = actor->site->mode & 0777;
	struct pale_actor_var var = { .kind = PALE_VAR_SYSV };
	struct msqid_ds queue;

	if ((flags & PALE_F_CREAT) != 0)
		real |= IPC_CREAT;
	if ((flags & PALE_F_EXCL) != 0)
		real |= IPC_EXCL;
	switch ((int)actor->site->op) {
	case PALE_CALL_msgget:
		var.of = PALE_SYSV_MSG;
		var.id = msgget(key_of(actor), real);
		/* Room for two; whoever made it may say so. */
		if (var.id >= 0 && msgctl(var.id, IPC_STAT, &queue) == 0 &&
		    queue.msg_qbytes > PIPE_BYTES) {
			queue.msg_qbytes = PIPE_BYTES;
			(void)msgctl(var.id, IPC_SET, &queue);
		}
		break;
	case PALE_CALL_semget:
		var.of = PALE_SYSV_SEM;
		var.id = semget(key_of(actor), 1, real);
		if (var.id >= 0) {
			struct semid_ds set;

			/* Never operated on: it is new, and the model's begins with 1. */
			if (semctl(var.id, 0, IPC_STAT, (union semun){ .buf = &set }) == 0 &&
			    set.sem_otime == 0 && set.sem_perm.cuid == geteuid() &&
			    (flags & PALE_F_CREAT) != 0)
				(void)semctl(var.id, 0, SETVAL, (union semun){ .val = 1 });
		}
		break;
	default:
		var.of = PALE_SYSV_SHM;
		var.id = shmget(key_of(actor), PIPE_BYTES, real);
	}
	if (var.id < 0)
		return -1;
	if (actor->site->to_var != 0)
		actor->vars[actor->site->to_var] = var;
	return 0;
}

static int
call_shmat(struct pale_actor *actor)
{
	bool writable = (actor->site->flags & PALE_F_RDONLY) == 0;
	int id = id_of(actor);
	void *at = shmat(id, NULL, writable ? 0 : SHM_RDONLY);
	struct pale_actor_segment *segment = segment_of(actor, id);

	if (at == (void *)-1) /* NOLINT: what shmat(2) returns */
		return -1;
	/* The model's process has a segment once; where it may do more with it, that counts. */
	if (segment != NULL && !writable)
		return 0;
	for (unsigned i = 0; segment == NULL && i < PALE_MODEL_SYSV; i++)
		if (actor->segments[i].at == NULL)
			segment = &actor->segments[i];
	if (segment == NULL)
		return errno = ENOMEM, -1;
	*segment = (struct pale_actor_segment){ .id = id, .at = at, .writable = writable };
	return 0;
}

static int
call_shmdt(struct pale_actor *actor)
{
	struct pale_actor_segment *segment = segment_of(actor, id_of(actor));
	int result;

	if (segment == NULL)
		return errno = EINVAL, -1;
	result = shmdt(segment->at);
	segment->at = NULL;
	return result;
}

static int
call_memory(struct pale_actor *actor, struct pale_actor_done *ret)
{
	const struct pale_actor_segment *segment = segment_of(actor, id_of(actor));
	const struct pale_model *model = actor->play->model;
	bool loads = actor->site->op == PALE_CALL_load;
	int value;

	/* Memory that is not there is SIGSEGV; the model says EFAULT. */
	if (segment == NULL || (!loads && !segment->writable))
		return errno = EFAULT, -1;
	if (loads) {
		ret->value = pale_play_value(model, segment->at, PALE_PLAY_RECORD_BYTES);
		pale_actor_keep_value(actor, ret->value);
	} else {
		value = pale_actor_value(actor, actor->site->ref[1]);
		pale_play_record(model, value < 0 ? 0 : (unsigned)value, segment->at);
	}
	return 0;
}

static int
call_message(struct pale_actor *actor, struct pale_actor_done *ret)
{
	struct message message = { .type = 1 };
	int id = id_of(actor);

	if (actor->site->op == PALE_CALL_msgsnd) {
		int value = pale_actor_value(actor, actor->site->ref[1]);

		pale_play_record(
		    actor->play->model, value < 0 ? 0 : (unsigned)value, message.record);
		return msgsnd(id, &message, sizeof(message.record), 0);
	}
	if (msgrcv(id, &message, sizeof(message.record), 0, 0) < 0)
		return -1;
	ret->value = pale_play_value(actor->play->model, message.record, sizeof(message.record));
	pale_actor_keep_value(actor, ret->value);
	return 0;
}

static int
call_semop(struct pale_actor *actor)
{
	struct sembuf op = {
		.sem_op = actor->site->number,
		.sem_flg = (actor->site->flags & PALE_F_UNDO) != 0 ? SEM_UNDO : 0,
	};

	return semop(id_of(actor), &op, 1);
}

/* IPC_SET, IPC_RMID and IPC_STAT of the three kinds. */
static int
control(const struct pale_actor_var *var, int command, struct ipc_perm *perm)
{
	struct msqid_ds queue;
	struct semid_ds set;
	struct shmid_ds segment;
	int result;

	switch (var->kind == PALE_VAR_SYSV ? (int)var->of : -1) {
	case PALE_SYSV_MSG:
		/* Who may set it need not be allowed to read what it has now. */
		queue.msg_qbytes = PIPE_BYTES;
		queue.msg_perm = *perm;
		result = msgctl(var->id, command, &queue);
		*perm = queue.msg_perm;
		return result;
	case PALE_SYSV_SEM:
		set.sem_perm = *perm;
		result = semctl(var->id, 0, command, (union semun){ .buf = &set });
		*perm = set.sem_perm;
		return result;
	case PALE_SYSV_SHM:
		segment.shm_perm = *perm;
		result = shmctl(var->id, command, &segment);
		*perm = segment.shm_perm;
		return result;
	default:
		return errno = EINVAL, -1;
	}
}

static int
call_control(struct pale_actor *actor)
{
	const struct pale_site *site = actor->site;
	uid_t user = actor->play->model->users[site->user];
	struct ipc_perm perm = { .uid = user, .gid = user, .mode = site->mode };

	if (site->op == PALE_CALL_ipcrm)
		return control(&actor->vars[actor->site->ref[0].of], IPC_RMID, &perm);
	if (site->op == PALE_CALL_ipcset)
		return control(&actor->vars[actor->site->ref[0].of], IPC_SET, &perm);
	if (control(&actor->vars[actor->site->ref[0].of], IPC_STAT, &perm) < 0)
		return -1;
	return !actor->play->users || perm.cuid == user ? 0 : (errno = EPERM, -1);
}

bool
pale_actor_call_sysv(struct pale_actor *actor, struct pale_actor_done *ret)
{
	int result = 0;

	switch ((int)actor->site->op) {
	case PALE_CALL_msgget:
	case PALE_CALL_semget:
	case PALE_CALL_shmget:
		result = call_get(actor);
		break;
	case PALE_CALL_msgsnd:
	case PALE_CALL_msgrcv:
		result = call_message(actor, ret);
		break;
	case PALE_CALL_semop:
		result = call_semop(actor);
		break;
	case PALE_CALL_shmat:
		result = call_shmat(actor);
		break;
	case PALE_CALL_shmdt:
		result = call_shmdt(actor);
		break;
	case PALE_CALL_load:
	case PALE_CALL_store:
		result = call_memory(actor, ret);
		break;
	case PALE_CALL_ipcset:
	case PALE_CALL_ipcrm:
	case PALE_CALL_ipcstat:
		result = call_control(actor);
		break;
	default:
		return false;
	}
	if (result < 0)
		ret->error = errno == 0 ? EIO : errno;
	return true;
}
