/* SPDX-License-Identifier: BSD-2-Clause */
/* The System V objects that a scenario has from the start, in the IPC namespace of the stage. */
#include <errno.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

#include "replay/play.h"

union semun {
	int val;
};

static int
fill_queue(const struct pale_play *play, const struct pale_sysv *object, int id)
{
	struct {
		long type;
		char record[PALE_PLAY_RECORD_BYTES];
	} message = { .type = 1 };
	struct msqid_ds queue;

	for (unsigned i = 0; i < object->count; i++) {
		pale_play_record(play->model, object->values[i], message.record);
		if (msgsnd(id, &message, sizeof(message.record), IPC_NOWAIT) < 0)
			return -errno;
	}
	if (msgctl(id, IPC_STAT, &queue) < 0)
		return -errno;
	queue.msg_qbytes = PALE_MODEL_PIPE_DEPTH * PALE_PLAY_RECORD_BYTES;
	return msgctl(id, IPC_SET, &queue) < 0 ? -errno : 0;
}

static int
fill_segment(const struct pale_play *play, const struct pale_sysv *object, int id)
{
	void *at = shmat(id, NULL, 0);

	if (at == (void *)-1) /* NOLINT: what shmat(2) returns */
		return -errno;
	pale_play_record(play->model, object->values[0], at);
	shmdt(at);
	return 0;
}

/* Made by its creator, with a mode that lets it be filled; owner and mode come last. */
static int
make_object(const struct pale_play *play, const struct pale_sysv *object)
{
	uid_t owner = play->model->users[object->owner];
	key_t key = object->key == 0 ? IPC_PRIVATE : play->model->keys[object->key];
	int made = IPC_CREAT | IPC_EXCL | 0600;
	struct msqid_ds queue;
	struct semid_ds set;
	struct shmid_ds segment;
	int id, result = 0;

	switch ((int)object->kind) {
	case PALE_SYSV_MSG:
		id = msgget(key, made);
		if (id >= 0)
			result = fill_queue(play, object, id);
		if (id < 0 || msgctl(id, IPC_STAT, &queue) < 0)
			return -errno;
		queue.msg_perm.mode = object->mode;
		if (play->users)
			queue.msg_perm.uid = queue.msg_perm.gid = owner;
		return result < 0 || msgctl(id, IPC_SET, &queue) == 0 ? result : -errno;
	case PALE_SYSV_SEM:
		id = semget(key, 1, made);
		if (id < 0 || semctl(id, 0, SETVAL, (union semun){ .val = object->count }) < 0)
			return -errno;
		memset(&set, 0, sizeof(set));
		set.sem_perm.mode = object->mode;
		set.sem_perm.uid = set.sem_perm.gid = play->users ? owner : geteuid();
		return semctl(id, 0, IPC_SET, &set) < 0 ? -errno : 0;
	default:
		id = shmget(key, PALE_MODEL_PIPE_DEPTH * PALE_PLAY_RECORD_BYTES, made);
		if (id >= 0)
			result = fill_segment(play, object, id);
		if (id < 0 || shmctl(id, IPC_STAT, &segment) < 0)
			return -errno;
		segment.shm_perm.mode = object->mode;
		if (play->users)
			segment.shm_perm.uid = segment.shm_perm.gid = owner;
		return result < 0 || shmctl(id, IPC_SET, &segment) == 0 ? result : -errno;
	}
}

int
pale_play_make_sysv(const struct pale_play *play, struct pale_err *err)
{
	const struct pale_state *state = play->model->initial;

	for (unsigned i = 0; i < PALE_MODEL_SYSV; i++) {
		const struct pale_sysv *object = &state->sysv[i];
		uid_t creator = play->model->users[object->creator];
		int result;

		if (object->kind == PALE_SYSV_FREE)
			continue;
		/* setresgid first: who has become somebody may not. */
		if (play->users &&
		    (setresgid((gid_t)-1, creator, (gid_t)-1) < 0 ||
			setresuid((uid_t)-1, creator, (uid_t)-1) < 0))
			return pale_fail_errno(err, "cannot become user %u", creator);
		result = make_object(play, object);
		if (play->users &&
		    (setresuid((uid_t)-1, 0, (uid_t)-1) < 0 ||
			setresgid((gid_t)-1, 0, (gid_t)-1) < 0))
			return pale_fail_errno(err, "cannot become root again");
		if (result < 0)
			return pale_fail(
			    err, result, "cannot make a System V object: %s", strerror(-result));
	}
	return 0;
}
