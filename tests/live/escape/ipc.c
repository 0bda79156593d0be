/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System V and POSIX objects of the host, by key, by name and by raw number (a number needs no
 * *get call, so filtering keys is not enough), their enumeration, and the kernel's key rings.
 */
#include "probe.h"

#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

enum {
	KEYCTL_GET_KEYRING = 0,
	KEYCTL_JOIN_SESSION = 1,
	KEYCTL_DESCRIBE_KEY = 6,
	KEYCTL_READ_KEY = 11,
	KEYCTL_INVALIDATE_KEY = 21,
	RING_SESSION = -3,
	RING_USER = -4,
	SHM_STAT_ALL = 15,
	MSG_STAT_ALL = 13,
	SEM_STAT_ALL = 20,
};

struct letter {
	long type;
	char text[64];
};

static long
attach(int flags)
{
	const char *memory = shmat(w.shm_id, NULL, flags);

	if (memory == (const char *)-1)
		return -1;
	errno = ENODATA;
	return strcmp(memory, SECRET) == 0 ? 0 : -1;
}

static long
shm_status(void)
{
	struct shmid_ds ds;

	return shmctl(w.shm_id, IPC_STAT, &ds);
}

static long
shm_mode(void)
{
	struct shmid_ds ds = {
		.shm_perm.mode = 0666, .shm_perm.uid = getuid(), .shm_perm.gid = getgid()
	};

	return shmctl(w.shm_id, IPC_SET, &ds);
}

static long
msg_send(void)
{
	struct letter letter = { 7, "x" };

	return msgsnd(w.msg_id, &letter, 1, IPC_NOWAIT);
}

static long
msg_receive(void)
{
	struct letter letter;

	return msgrcv(
	    w.msg_id, &letter, sizeof(letter.text), 0, IPC_NOWAIT | 040000 /* MSG_COPY */);
}

static long
msg_take(void)
{
	struct letter letter;

	return msgrcv(w.msg_id, &letter, sizeof(letter.text), 0, IPC_NOWAIT | MSG_NOERROR);
}

static long
sem_add(void)
{
	struct sembuf op = { 0, 1, IPC_NOWAIT };

	return semop(w.sem_id, &op, 1);
}

static long
mq_post(void)
{
	mqd_t queue = mq_open(w.mq_name, O_WRONLY | O_NONBLOCK);

	return queue < 0 ? -1 : mq_send(queue, "x", 1, 0);
}

static long
key_add(int ring)
{
	long key = syscall(SYS_add_key, "user", "pale-escape-own", "x", 1UL, ring);

	if (key >= 0)
		syscall(SYS_keyctl, KEYCTL_INVALIDATE_KEY, key);
	return key;
}

/* clang-format off */
TRY("system v", "find a segment by its key", ANYONE, shmget(w.shm_key, 0, 0))
TRY("system v", "attach a segment by its number", ANYONE, attach(0))
TRY("system v", "attach a segment by its number, read-only", ANYONE, attach(SHM_RDONLY))
TRY("system v", "ask for the status of a segment", ANYONE, shm_status())
TRY("system v", "change the mode of a segment", ANYONE, shm_mode())
TRY("system v", "find a queue by its key", ANYONE, msgget(w.msg_key, 0))
TRY("system v", "send to a queue by its number", ANYONE, msg_send())
TRY("system v", "peek into a queue by its number", MAYBE("no MSG_COPY"), msg_receive())
TRY("system v", "take from a queue by its number", ANYONE, msg_take())
TRY("system v", "ask for the status of a queue", ANYONE, msgctl(w.msg_id, IPC_STAT, &(struct msqid_ds){ 0 }))
TRY("system v", "find a semaphore set by its key", ANYONE, semget(w.sem_key, 0, 0))
TRY("system v", "raise a semaphore by its number", ANYONE, sem_add())
TRY("system v", "set a semaphore by its number", ANYONE, semctl(w.sem_id, 0, SETVAL, 5))
TRY("system v", "read a semaphore by its number", ANYONE, semctl(w.sem_id, 0, GETVAL))
REFUSE("system v", "enumerate segments (SHM_INFO)", ANYONE, shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&(struct shm_info){ 0 }))
REFUSE("system v", "enumerate segments (SHM_STAT)", ANYONE, shmctl(0, SHM_STAT, &(struct shmid_ds){ 0 }))
REFUSE("system v", "enumerate segments (SHM_STAT_ANY)", ANYONE, shmctl(0, SHM_STAT_ALL, &(struct shmid_ds){ 0 }))
REFUSE("system v", "enumerate queues (MSG_INFO)", ANYONE, msgctl(0, MSG_INFO, (struct msqid_ds *)(void *)&(struct msginfo){ 0 }))
REFUSE("system v", "enumerate queues (MSG_STAT)", ANYONE, msgctl(0, MSG_STAT, &(struct msqid_ds){ 0 }))
REFUSE("system v", "enumerate queues (MSG_STAT_ANY)", ANYONE, msgctl(0, MSG_STAT_ALL, &(struct msqid_ds){ 0 }))
REFUSE("system v", "enumerate semaphore sets (SEM_INFO)", ANYONE, semctl(0, 0, SEM_INFO, &(struct seminfo){ 0 }))
REFUSE("system v", "enumerate semaphore sets (SEM_STAT)", ANYONE, semctl(0, 0, SEM_STAT, &(struct semid_ds){ 0 }))
REFUSE("system v", "enumerate semaphore sets (SEM_STAT_ANY)", ANYONE, semctl(0, 0, SEM_STAT_ALL, &(struct semid_ds){ 0 }))
TRY("system v", "read the list of segments in /proc", ANYONE, open("/proc/sysvipc/shm", O_RDONLY))
TRY("system v", "remove a queue by its number", ANYONE, msgctl(w.msg_id, IPC_RMID, NULL))
TRY("system v", "remove a semaphore set by its number", ANYONE, semctl(w.sem_id, 0, IPC_RMID))
TRY("system v", "remove a segment by its number", ANYONE, shmctl(w.shm_id, IPC_RMID, NULL))

TRY("posix queue", "open a queue for reading", ANYONE, mq_open(w.mq_name, O_RDONLY | O_NONBLOCK))
TRY("posix queue", "send to a queue", ANYONE, mq_post())
TRY("posix queue", "remove a queue", ANYONE, mq_unlink(w.mq_name))
TRY("posix queue", "open a shared memory object", ANYONE, shm_open(w.shm_name, O_RDWR, 0))
TRY("posix queue", "remove a shared memory object", ANYONE, shm_unlink(w.shm_name))

REFUSE("keys", "add a key to the user's ring", ANYONE, key_add(RING_USER))
REFUSE("keys", "add a key to the session's ring", ANYONE, key_add(RING_SESSION))
REFUSE("keys", "ask for a key by its name", ANYONE, syscall(SYS_request_key, "user", "pale-escape", NULL, 0))
REFUSE("keys", "find the user's ring", ANYONE, syscall(SYS_keyctl, KEYCTL_GET_KEYRING, RING_USER, 0))
REFUSE("keys", "read a key by its number", ANYONE, syscall(SYS_keyctl, KEYCTL_READ_KEY, w.key_id, NULL, 0))
REFUSE("keys", "describe a key by its number", ANYONE, syscall(SYS_keyctl, KEYCTL_DESCRIBE_KEY, w.key_id, NULL, 0))
REFUSE("keys", "join another session's ring", ANYONE, syscall(SYS_keyctl, KEYCTL_JOIN_SESSION, NULL))
/* clang-format on */
