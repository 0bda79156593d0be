/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System V objects that are granted one by one, from both sides; see inside.h. Of each kind there
 * are two objects of the user's own: one that facts are granted, with the key @A, and one of
 * somebody else, with the key @B.
 */
#include <fcntl.h>
#include <mqueue.h>
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#include "inside.h"

enum {
	SIZE = 4096,
	SEMS = 3,
	GUESSES = 3000, /* identifiers of others that are guessed */
	/* Commands of the *ctl calls that the headers hide, and what may come beside them. */
	SHM_STAT_ANY_ = 15,
	MSG_STAT_ANY_ = 13,
	SEM_STAT_ANY_ = 20,
	IPC_64 = 0x100,
};

union semun {
	int val;
	struct semid_ds *buf;
	unsigned short *array;
};

struct message {
	long type;
	char text[16];
};

/* What both sides know. */
static struct {
	key_t key[2];
	int shm[2], msg[2], sem[2];
} w;
static char queue_name[32];
static unsigned segments; /* of the machine, before a fact */

static unsigned
count_lines(const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned lines = 0;
	int c;

	while (file != NULL && (c = getc(file)) != EOF)
		lines += c == '\n';
	if (file != NULL)
		fclose(file);
	return lines;
}

static unsigned
count_objects(void)
{
	return count_lines("/proc/sysvipc/shm") + count_lines("/proc/sysvipc/msg") +
	    count_lines("/proc/sysvipc/sem");
}

static void
word_of(char letter, char *buf, size_t size)
{
	if (letter == 'Q')
		snprintf(buf, size, "%s", queue_name);
	else
		snprintf(buf, size, "0x%x", (unsigned)w.key[letter - 'A']);
}

static void
world_make(char *note, size_t size)
{
	for (int i = 0; i < 2; i++) {
		char *text;

		w.key[i] = (key_t)(0x5a000000 + (getpid() & 0xffff) * 4 + i);
		w.shm[i] = shmget(w.key[i], SIZE, IPC_CREAT | IPC_EXCL | 0600);
		w.msg[i] = msgget(w.key[i], IPC_CREAT | IPC_EXCL | 0600);
		w.sem[i] = semget(w.key[i], SEMS, IPC_CREAT | IPC_EXCL | 0600);
		text = shmat(w.shm[i], NULL, 0);
		if (w.msg[i] < 0 || w.sem[i] < 0 || text == (void *)-1)
			abort();
		strcpy(text, "from outside");
		shmdt(text);
	}
	snprintf(queue_name, sizeof(queue_name), "/pale-sysv-%d", getpid());
	mq_unlink(queue_name);
	mq_close(mq_open(queue_name, O_RDWR | O_CREAT, 0600, NULL));
	segments = count_objects();
	snprintf(note, size, "%d %d %d %d %d %d %d %d %s", w.key[0], w.key[1], w.shm[0], w.shm[1],
	    w.msg[0], w.msg[1], w.sem[0], w.sem[1], queue_name);
}

static void
world_read(const char *note)
{
	if (sscanf(note, "%d %d %d %d %d %d %d %d %31s", &w.key[0], &w.key[1], &w.shm[0], &w.shm[1],
		&w.msg[0], &w.msg[1], &w.sem[0], &w.sem[1], queue_name) != 9)
		abort();
}

static void
world_remove(void)
{
	for (int i = 0; i < 2; i++) {
		shmctl(shmget(w.key[i], 0, 0), IPC_RMID, NULL);
		msgctl(msgget(w.key[i], 0), IPC_RMID, NULL);
		semctl(semget(w.key[i], 0, 0), 0, IPC_RMID);
	}
	mq_unlink(queue_name);
}

/* Is the segment as it was made, but for what a fact wrote, and is nothing left behind? */
static const char *
says(const char *text)
{
	for (int i = 0; i < 2; i++) {
		char *at = shmat(w.shm[i], NULL, SHM_RDONLY);
		bool good = at != (void *)-1 && strcmp(at, i == 0 ? text : "from outside") == 0;

		if (at != (void *)-1)
			shmdt(at);
		if (!good)
			return i == 0 ? "the segment is not as it was to be"
				      : "what was not granted was changed";
	}
	return count_objects() == segments ? NULL : "objects were made or removed";
}

static const char *
unchanged(void)
{
	return says("from outside");
}

static const char *
written(void)
{
	return says("from inside");
}

static int
shm_write(void)
{
	int id = shmget(w.key[0], SIZE, 0600);
	char *at;

	HOLDS(id == w.shm[0]);
	HOLDS((at = shmat(id, NULL, 0)) != (void *)-1);
	HOLDS(strcmp(at, "from outside") == 0);
	strcpy(at, "from inside");
	HOLDS(shmdt(at) == 0);
	/* An address of one's own choice, over what is there. */
	HOLDS((at = mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) != MAP_FAILED);
	HOLDS(shmat(id, at, SHM_REMAP) == (void *)at);
	HOLDS(strcmp(at, "from inside") == 0);
	return 0;
}

/* As programs write it that do not know whether they are the first. */
static int
found(void)
{
	HOLDS(shmget(w.key[0], SIZE, IPC_CREAT | 0600) == w.shm[0]);
	HOLDS(msgget(w.key[0], IPC_CREAT | 0600) == w.msg[0]);
	HOLDS(semget(w.key[0], SEMS, IPC_CREAT | 0600) == w.sem[0]);
	FAILS(shmget(w.key[0], SIZE, IPC_CREAT | IPC_EXCL | 0600), EEXIST);
	FAILS(msgget(w.key[0], IPC_CREAT | IPC_EXCL | 0600), EEXIST);
	FAILS(semget(w.key[0], SEMS, IPC_CREAT | IPC_EXCL | 0600), EEXIST);
	FAILS(shmget(w.key[0], SIZE * 2, IPC_CREAT | 0600), EINVAL);
	FAILS(semget(w.key[0], SEMS + 1, IPC_CREAT | 0600), EINVAL);
	return 0;
}

/* /proc lets a process write to its own memory whatever its protection, but not to what is shared.
 */
static bool
writes_past_protection(char *at)
{
	struct iovec bytes = { (char[]){ "xx" }, 2 };
	struct iovec there = { at, 2 };
	char link[96];
	int memory = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	int file;

	if (memory >= 0 && pwrite(memory, "xx", 2, (off_t)(uintptr_t)at) > 0)
		return true;
	if (process_vm_writev(getpid(), &bytes, 1, &there, 1, 0) > 0)
		return true;
	snprintf(link, sizeof(link), "/proc/self/map_files/%lx-%lx", (unsigned long)(uintptr_t)at,
	    (unsigned long)(uintptr_t)at + SIZE);
	file = open(link, O_RDWR | O_CLOEXEC);
	return file >= 0 && pwrite(file, "xx", 2, 0) > 0;
}

static int
shm_read(void)
{
	struct shmid_ds ds;
	char *at;

	FAILS(shmat(w.shm[0], NULL, 0), EACCES);
	FAILS(shmat(w.shm[0], NULL, SHM_RND), EACCES);
	FAILS(shmat(w.shm[0], NULL, SHM_RDONLY | SHM_EXEC), EACCES);
	/* A flag that the kernel does not have hides none that it has. */
	FAILS(syscall(SYS_shmat, w.shm[0], NULL, UINT64_C(010000) << 32), EACCES);
	HOLDS((at = shmat(w.shm[0], NULL, SHM_RDONLY)) != (void *)-1);
	HOLDS(strcmp(at, "from outside") == 0);
	FAILS(mprotect(at, SIZE, PROT_READ | PROT_WRITE), EACCES);
	/* The same memory by another way. */
	FAILS(
	    mremap(at, 0, SIZE, MREMAP_MAYMOVE) == MAP_FAILED ? -1 : mprotect(at, SIZE, PROT_WRITE),
	    EACCES);
	HOLDS(!writes_past_protection(at));
	HOLDS(shmctl(w.shm[0], IPC_STAT, &ds) == 0 && ds.shm_segsz == SIZE);
	return 0;
}

static int
shm_ctl(void)
{
	static const int never[] = { IPC_RMID, IPC_SET, IPC_INFO, SHM_LOCK, SHM_UNLOCK, SHM_STAT,
		SHM_INFO, SHM_STAT_ANY_, 4, 99, -1 };
	struct shmid_ds ds;

	HOLDS(shmctl(w.shm[0], IPC_STAT, &ds) == 0);
	ds.shm_perm.mode = 0666;
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		FAILS(shmctl(w.shm[0], never[i], &ds), EPERM);
		FAILS(shmctl(w.shm[0], never[i] | IPC_64, &ds), EPERM);
		FAILS(shmctl(w.shm[1], never[i], &ds), EPERM);
		FAILS(shmctl(0, never[i], &ds), EPERM);
	}
	FAILS(shmctl(w.shm[1], IPC_STAT, &ds), EPERM);
	return 0;
}

/* What was not granted: by its key, by its identifier, by any other. */
static int
foreign(void)
{
	struct message message = { 1, "x" };
	struct sembuf op = { 0, 1, 0 };
	struct timespec now = { 0, 0 };

	FAILS(shmget(w.key[1], 0, 0), EACCES);
	FAILS(shmget(w.key[1], SIZE, IPC_CREAT | 0600), EACCES);
	FAILS(shmat(w.shm[1], NULL, 0), EACCES);
	FAILS(shmat(w.shm[1], NULL, SHM_RDONLY), EACCES);
	FAILS(syscall(SYS_shmat, (uint64_t)w.shm[1] | UINT64_C(1) << 32, NULL, 0), EACCES);
	FAILS(msgget(w.key[1], 0), EACCES);
	FAILS(msgsnd(w.msg[1], &message, 1, IPC_NOWAIT), EACCES);
	FAILS(msgrcv(w.msg[1], &message, 1, 0, IPC_NOWAIT), EACCES);
	FAILS(semget(w.key[1], 0, 0), EACCES);
	FAILS(semop(w.sem[1], &op, 1), EACCES);
	FAILS(semtimedop(w.sem[1], &op, 1, &now), EACCES);
	FAILS(semctl(w.sem[1], 0, GETVAL), EPERM);
	FAILS(semctl(w.sem[1], 0, SETVAL, (union semun){ .val = 7 }), EPERM);
	for (int id = 0; id < GUESSES; id++) {
		if (id == w.shm[0])
			continue;
		FAILS(shmat(id, NULL, SHM_RDONLY), EACCES);
	}
	return 0;
}

/* One key names three things, and the grant is of one. */
static int
other_kinds(void)
{
	HOLDS(shmget(w.key[0], 0, 0) == w.shm[0]);
	FAILS(msgget(w.key[0], 0), EACCES);
	FAILS(semget(w.key[0], 0, 0), EACCES);
	FAILS(msgget(w.key[0], IPC_CREAT | 0600), EACCES);
	FAILS(semget(w.key[0], SEMS, IPC_CREAT | 0600), EACCES);
	FAILS(semctl(w.sem[0], 0, GETVAL), EPERM);
	FAILS(semctl(w.shm[0], 0, GETVAL), EPERM);
	return 0;
}

/* Nothing is made in the machine's namespace. */
static int
none_made(void)
{
	for (int flags = 0; flags < 2; flags++) {
		FAILS(shmget(IPC_PRIVATE, SIZE, flags * IPC_CREAT | 0600), EACCES);
		FAILS(msgget(IPC_PRIVATE, flags * IPC_CREAT | 0600), EACCES);
		FAILS(semget(IPC_PRIVATE, 1, flags * IPC_CREAT | 0600), EACCES);
		FAILS(shmget(w.key[0] ^ 0x40000, SIZE, flags * IPC_CREAT | 0600), EACCES);
		FAILS(msgget(w.key[0] ^ 0x40000, flags * IPC_CREAT | 0600), EACCES);
		FAILS(semget(w.key[0] ^ 0x40000, 1, flags * IPC_CREAT | 0600), EACCES);
	}
	/* The kernel reads 32 bits of a key, and so does the filter. */
	HOLDS(syscall(SYS_shmget, (uint64_t)(uint32_t)w.key[0] | UINT64_C(7) << 32, 0, 0) ==
	    w.shm[0]);
	FAILS(syscall(SYS_shmget, UINT64_C(7) << 32, SIZE, 0600), EACCES);
	return 0;
}

static int
removed(void)
{
	int again;

	HOLDS(shmget(w.key[0], 0, 0) == w.shm[0]);
	HOLDS(step());
	FAILS(shmget(w.key[0], 0, 0), ENOENT);
	FAILS(shmget(w.key[0], SIZE, IPC_CREAT | 0600), ENOENT);
	FAILS(shmget(w.key[0], SIZE, IPC_CREAT | IPC_EXCL | 0600), ENOENT);
	HOLDS(shmat(w.shm[0], NULL, 0) == (void *)-1 && (errno == EIDRM || errno == EINVAL));
	HOLDS(step());
	/* Another object by now, which nobody granted. */
	HOLDS((again = shmget(w.key[0], 0, 0)) >= 0 && again != w.shm[0]);
	FAILS(shmat(again, NULL, 0), EACCES);
	FAILS(shmat(again, NULL, SHM_RDONLY), EACCES);
	return 0;
}

static void
remove_and_make(int number)
{
	if (number == 0)
		shmctl(w.shm[0], IPC_RMID, NULL);
	else
		shmget(w.key[0], SIZE, IPC_CREAT | IPC_EXCL | 0600);
}

static const char *
as_many(void)
{
	return count_objects() == segments ? NULL : "objects were made or removed";
}

static int
sem_use(void)
{
	static const int never[] = { IPC_RMID, IPC_SET, IPC_INFO, SEM_STAT, SEM_INFO, SEM_STAT_ANY_,
		18 | IPC_64, 99 };
	struct sembuf ops[] = { { 0, 2, 0 }, { 1, 1, IPC_NOWAIT } };
	struct sembuf down = { 0, -2, SEM_UNDO };
	struct timespec soon = { 0, 1000000 };
	unsigned short values[SEMS];
	struct semid_ds ds;

	HOLDS(semget(w.key[0], SEMS, 0600) == w.sem[0]);
	HOLDS(semop(w.sem[0], ops, 2) == 0);
	HOLDS(semctl(w.sem[0], 0, GETVAL) == 2);
	HOLDS(semctl(w.sem[0], 0, GETALL, (union semun){ .array = values }) == 0 && values[1] == 1);
	HOLDS(semctl(w.sem[0], 0, GETPID) == getpid());
	HOLDS(semctl(w.sem[0], 0, GETNCNT) == 0 && semctl(w.sem[0], 0, GETZCNT) == 0);
	HOLDS(semctl(w.sem[0], 2, SETVAL, (union semun){ .val = 5 }) == 0);
	HOLDS(semctl(w.sem[0], 2, GETVAL) == 5);
	HOLDS(semctl(w.sem[0], 0, SETALL, (union semun){ .array = values }) == 0);
	HOLDS(semctl(w.sem[0], 0, IPC_STAT, (union semun){ .buf = &ds }) == 0 &&
	    ds.sem_nsems == SEMS);
	HOLDS(semtimedop(w.sem[0], &down, 1, &soon) == 0);
	FAILS(semtimedop(w.sem[0], &down, 1, &soon), EAGAIN);
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		FAILS(syscall(SYS_semctl, w.sem[0], 0, never[i], &ds), EPERM);
	return 0;
}

static int
msg_write(void)
{
	struct message message = { 1, "from inside" };
	struct msqid_ds ds;

	HOLDS(msgget(w.key[0], 0200) == w.msg[0]);
	HOLDS(msgsnd(w.msg[0], &message, sizeof(message.text), 0) == 0);
	FAILS(msgrcv(w.msg[0], &message, sizeof(message.text), 0, IPC_NOWAIT), EACCES);
	FAILS(msgrcv(w.msg[0], &message, sizeof(message.text), 0, IPC_NOWAIT | 040000), EACCES);
	FAILS(msgctl(w.msg[0], IPC_STAT, &ds), EPERM);
	return 0;
}

static const char *
got_message(void)
{
	struct message message;

	if (msgrcv(w.msg[0], &message, sizeof(message.text), 0, IPC_NOWAIT) !=
		sizeof(message.text) ||
	    strcmp(message.text, "from inside") != 0)
		return "the message did not arrive";
	return unchanged();
}

static int
msg_read(void)
{
	static const int never[] = { IPC_RMID, IPC_SET, IPC_INFO, MSG_STAT, MSG_INFO,
		MSG_STAT_ANY_ };
	struct message message;
	struct msqid_ds ds;

	HOLDS(step());
	HOLDS(msgrcv(w.msg[0], &message, sizeof(message.text), 0, 0) == sizeof(message.text));
	HOLDS(strcmp(message.text, "from outside") == 0);
	FAILS(msgsnd(w.msg[0], &message, sizeof(message.text), IPC_NOWAIT), EACCES);
	HOLDS(msgctl(w.msg[0], IPC_STAT, &ds) == 0);
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		FAILS(msgctl(w.msg[0], never[i], &ds), EPERM);
	return 0;
}

static void
send_message(int number)
{
	const struct message message = { 1, "from outside" };

	(void)number;
	msgsnd(w.msg[0], &message, sizeof(message.text), IPC_NOWAIT);
}

/* The namespace is the machine's, and shows nothing else of what is in it. */
static int
hidden(void)
{
	static const char *const paths[] = { "/proc/sysvipc/shm", "/proc/sysvipc/msg",
		"/proc/sysvipc/sem", "/dev/mqueue", "/proc/1/root/dev/mqueue" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		HOLDS(open(paths[i], O_RDONLY | O_CLOEXEC) < 0);
	FAILS(mq_open(queue_name, O_RDONLY), EACCES);
	FAILS(mq_open(queue_name, O_RDWR | O_CREAT, 0600, NULL), EACCES);
	FAILS(mq_open("/pale-sysv-new", O_RDWR | O_CREAT, 0600, NULL), EACCES);
	FAILS(mq_unlink(queue_name), EACCES);
	FAILS(mq_unlink("/pale-sysv-none"), EACCES);
	return 0;
}

static const char *
queue_there(void)
{
	mqd_t queue = mq_open(queue_name, O_RDONLY);

	if (queue < 0)
		return "the queue is gone";
	mq_close(queue);
	if (mq_unlink("/pale-sysv-new") == 0)
		return "a queue was made";
	return unchanged();
}

/* What is unmapped is one's own, and nothing else is changed by it. */
static int
shm_detach(void)
{
	char *at = mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	FAILS(shmdt(at), EINVAL);
	return 0;
}

static int
own_namespace(void)
{
	int id = shmget(w.key[0], SIZE, IPC_CREAT | IPC_EXCL | 0600);

	HOLDS(id >= 0);
	HOLDS(shmat(id, NULL, 0) != (void *)-1);
	HOLDS(shmget(w.key[1], 0, 0) < 0 && errno == ENOENT);
	HOLDS(shmat(w.shm[1], NULL, 0) == (void *)-1);
	HOLDS(shmctl(id, IPC_RMID, NULL) == 0);
	return 0;
}

#define ALL_OF_A "--sysv shm:@A:read,write --sysv msg:@A:read,write --sysv sem:@A:read,write"

static const struct fact cases[] = {
	{ "shm-write", "a granted segment is written to, and those outside see it", shm_write,
	    written, "--sysv shm:@A:read,write", NULL },
	{ "creat", "IPC_CREAT of a granted key finds what is there, with the kernel's own errors",
	    found, unchanged, ALL_OF_A, NULL },
	{ "shm-read", "a segment granted for reading cannot be attached or made writable", shm_read,
	    unchanged, "--sysv shm:@A:read", NULL },
	{ "shm-ctl", "of a granted segment only IPC_STAT is open, of others nothing", shm_ctl,
	    unchanged, "--sysv shm:@A:read,write", NULL },
	{ "foreign", "what is not granted opens by no key and no identifier", foreign, unchanged,
	    ALL_OF_A, NULL },
	{ "other-kinds", "the key of a granted segment opens no queue and no semaphore",
	    other_kinds, unchanged, "--sysv shm:@A:read,write", NULL },
	{ "none-made", "nothing is made in the machine's namespace", none_made, unchanged, ALL_OF_A,
	    NULL },
	{ "removed",
	    "a granted object that is removed is not made again, and its successor is "
	    "another",
	    removed, as_many, "--sysv shm:@A:read,write", remove_and_make },
	{ "sem-use", "a granted set is waited for, set and looked at, and nothing else", sem_use,
	    unchanged, "--sysv sem:@A:read,write", NULL },
	{ "msg-write", "into a queue granted for writing goes a message, and none comes out",
	    msg_write, got_message, "--sysv msg:@A:write", NULL },
	{ "msg-read", "out of a queue granted for reading comes a message, and none goes in",
	    msg_read, unchanged, "--sysv msg:@A:read", send_message },
	{ "hidden", "the namespace shows no other objects, and none of its POSIX queues", hidden,
	    queue_there, "--sysv shm:@A:read", NULL },
	{ "hidden-full", "nor with all of /proc", hidden, queue_there,
	    "--proc=full --sysv shm:@A:read", NULL },
	{ "hidden-paranoid", "nor where Landlock handles everything", hidden, queue_there,
	    "--paranoid --sysv shm:@A:read", NULL },
	{ "shm-detach", "detaching needs no grant", shm_detach, unchanged, "--sysv msg:@A:read",
	    NULL },
	{ "own-namespace", "without a grant a cage has objects of its own, and no others",
	    own_namespace, unchanged, "", NULL },
	{ NULL, NULL, NULL, NULL, NULL, NULL },
};

INSIDE_MAIN
