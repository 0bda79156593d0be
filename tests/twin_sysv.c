/* SPDX-License-Identifier: BSD-2-Clause */
/* The System V calls of a real process. */
#include <errno.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include "twin_actor.h"

static key_t
key_of(const struct actor *a)
{
	return a->site->key == 0 ? IPC_PRIVATE : (key_t)a->model->keys[a->site->key];
}

static int
got(struct actor *a, enum pale_sysv_kind kind, int id)
{
	if (id < 0)
		return -errno;
	a->answer->made = id;
	if (a->site->to_var != 0) {
		a->vars[a->site->to_var].kind = PALE_VAR_SYSV;
		a->vars[a->site->to_var].sysv = kind;
		a->vars[a->site->to_var].id = id;
	}
	return 0;
}

static int
get_flags(const struct actor *a)
{
	return (a->site->flags & PALE_F_CREAT ? IPC_CREAT : 0) |
	    (a->site->flags & PALE_F_EXCL ? IPC_EXCL : 0) | a->site->mode;
}

static int
id_of(const struct actor *a, enum pale_sysv_kind kind)
{
	unsigned var = a->site->ref[0].of;

	if (a->site->ref[0].kind != PALE_REF_VAR || a->vars[var].kind != PALE_VAR_SYSV ||
	    (kind != PALE_SYSV_FREE && a->vars[var].sysv != kind))
		return -1;
	return a->vars[var].id;
}

static int
do_shmat(struct actor *a)
{
	bool reads = a->site->flags & PALE_F_RDONLY;
	int id = id_of(a, PALE_SYSV_SHM);
	char *memory = shmat(id, NULL, reads ? SHM_RDONLY : 0);

	if (memory == (char *)-1)
		return -errno;
	for (unsigned i = 0; i < ATTACHMENTS; i++) {
		if (a->attached[i].memory != NULL)
			continue;
		a->attached[i].id = id;
		a->attached[i].memory = memory;
		a->attached[i].writes = !reads;
		return 0;
	}
	abort();
}

static int
do_shmdt(struct actor *a)
{
	int id = id_of(a, PALE_SYSV_SHM), r = -EINVAL;

	for (unsigned i = 0; i < ATTACHMENTS; i++) {
		if (a->attached[i].memory != NULL && a->attached[i].id == id) {
			r = actor_result(shmdt(a->attached[i].memory));
			a->attached[i].memory = NULL;
		}
	}
	return r;
}

static volatile char *
cell(const struct actor *a, bool writes)
{
	for (unsigned i = 0; i < ATTACHMENTS; i++) {
		if (a->attached[i].memory != NULL && a->attached[i].id == id_of(a, PALE_SYSV_SHM) &&
		    (!writes || a->attached[i].writes))
			return a->attached[i].memory;
	}
	return NULL;
}

static int
do_memory(struct actor *a, bool writes)
{
	volatile char *memory = cell(a, writes);

	if (memory == NULL)
		return -EFAULT;
	if (!writes)
		return actor_learn(a, *memory);
	*memory = actor_value(a, 1) == 0 ? 0 : actor_letter(actor_value(a, 1));
	return 0;
}

/* IPC_STAT, IPC_SET and IPC_RMID of the three kinds, which differ in name only. */
static int
control(const struct actor *a, int command, struct ipc_perm *perm)
{
	int id = id_of(a, PALE_SYSV_FREE), r;
	enum pale_sysv_kind kind = a->vars[a->site->ref[0].of].sysv;
	union {
		struct msqid_ds msg;
		struct semid_ds sem;
		struct shmid_ds shm;
	} ds = { 0 };

	if (kind == PALE_SYSV_MSG) {
		/* Two messages of one byte fill it, as the model's. */
		ds.msg.msg_qbytes = PALE_MODEL_PIPE_DEPTH;
		ds.msg.msg_perm = *perm;
		r = msgctl(id, command, &ds.msg);
		*perm = ds.msg.msg_perm;
	} else if (kind == PALE_SYSV_SEM) {
		ds.sem.sem_perm = *perm;
		r = semctl(id, 0, command, &ds.sem);
		*perm = ds.sem.sem_perm;
	} else {
		ds.shm.shm_perm = *perm;
		r = shmctl(id, command, &ds.shm);
		*perm = ds.shm.shm_perm;
	}
	return actor_result(r);
}

int
actor_sysv(struct actor *a)
{
	struct {
		long type;
		char value;
	} message = { 1, actor_letter(actor_value(a, 1)) };
	struct sembuf buf = { 0, a->site->number, 0 };
	struct ipc_perm perm = { 0 };
	int r;

	switch ((unsigned)a->site->op) {
	case PALE_CALL_msgget:
		return got(a, PALE_SYSV_MSG, msgget(key_of(a), get_flags(a)));
	case PALE_CALL_semget:
		return got(a, PALE_SYSV_SEM, semget(key_of(a), 1, get_flags(a)));
	case PALE_CALL_shmget:
		return got(a, PALE_SYSV_SHM, shmget(key_of(a), PAGE, get_flags(a)));
	case PALE_CALL_msgsnd:
		return actor_result(msgsnd(id_of(a, PALE_SYSV_MSG), &message, 1, 0));
	case PALE_CALL_msgrcv:
		if (msgrcv(id_of(a, PALE_SYSV_MSG), &message, 1, 0, 0) < 0)
			return -errno;
		return actor_learn(a, message.value);
	case PALE_CALL_semop:
		buf.sem_flg = (short)((a->site->flags & PALE_F_UNDO ? SEM_UNDO : 0) |
		    (a->site->flags & PALE_F_NONBLOCK ? IPC_NOWAIT : 0));
		return actor_result(semop(id_of(a, PALE_SYSV_SEM), &buf, 1));
	case PALE_CALL_shmat:
		return do_shmat(a);
	case PALE_CALL_shmdt:
		return do_shmdt(a);
	case PALE_CALL_load:
	case PALE_CALL_store:
		return do_memory(a, a->site->op == PALE_CALL_store);
	case PALE_CALL_ipcset:
		perm.uid = a->model->users[a->site->user];
		perm.gid = perm.uid;
		perm.mode = a->site->mode;
		return control(a, IPC_SET, &perm);
	case PALE_CALL_ipcrm:
		return control(a, IPC_RMID, &perm);
	default: /* ipcstat */
		r = control(a, IPC_STAT, &perm);
		if (r < 0)
			return r;
		return perm.cuid == a->model->users[a->site->user] ? 0 : -EPERM;
	}
}
