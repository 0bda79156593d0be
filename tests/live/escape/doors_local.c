/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Endpoints of the same machine that are granted one by one: what lies next to them, more than was
 * granted of them, and descriptors that are passed by them, both ways.
 */
#include "probe.h"

#include <mqueue.h>
#include <poll.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include "doors_probe.h"

static long
attach_at(int id, long flags)
{
	long at = syscall(SYS_shmat, id, NULL, flags);

	return at == -1 ? -1 : 0;
}

/* A segment is written to, or it is no escape. */
static long
write_segment(long flags)
{
	volatile char *at = (volatile char *)syscall(SYS_shmat, w.doors.shm_id, NULL, flags);

	if (at == (char *)-1)
		return -1;
	at[100] = 'x';
	return 0;
}

static long
segment_status(int command)
{
	struct shmid_ds ds = {
		.shm_perm.mode = 0666, .shm_perm.uid = getuid(), .shm_perm.gid = getgid()
	};

	return shmctl(w.doors.shm_id, command, &ds);
}

static long
queue_status(int command)
{
	struct msqid_ds ds = { .msg_perm.mode = 0666,
		.msg_perm.uid = getuid(),
		.msg_perm.gid = getgid(),
		.msg_qbytes = 1024 };

	return msgctl(w.doors.msg_id, command, &ds);
}

static long
set_status(int command)
{
	struct semid_ds ds = {
		.sem_perm.mode = 0666, .sem_perm.uid = getuid(), .sem_perm.gid = getgid()
	};

	return semctl(w.doors.sem_id, 0, command, &ds);
}

static long
new_object(int (*get)(key_t, int), key_t key)
{
	return get(key, IPC_CREAT | 0600);
}

static int
new_segment(key_t key, int flags)
{
	return shmget(key, 4096, flags);
}

static int
new_set(key_t key, int flags)
{
	return semget(key, 1, flags);
}

/* A new object is removed again where it was made. */
static long
made_segment(key_t key)
{
	int id = (int)new_object(new_segment, key);

	return id < 0 ? -1 : shmctl(id, IPC_RMID, NULL);
}

static long
made_set(key_t key)
{
	int id = (int)new_object(new_set, key);

	return id < 0 ? -1 : semctl(id, 0, IPC_RMID);
}

static long
made_queue(key_t key)
{
	int id = (int)new_object(msgget, key);

	return id < 0 ? -1 : msgctl(id, IPC_RMID, NULL);
}

static long
reopen(int fd, int flags)
{
	return fd < 0 ? -1 : open(fd_path(fd), flags);
}

/* Pass a descriptor of our own to whoever listens; it counts those that come. */
static int
pass_out(const char *name, int type, bool many)
{
	unsigned before = board->door_descriptors;
	int fd = door_connect(type, name);
	long ret;

	if (fd < 0)
		return got(-1);
	ret = door_pass(fd, many);
	if (ret < 0)
		return got(ret);
	return grew(&board->door_descriptors, before) ? ESCAPED : EPERM;
}

/* A server passes a descriptor of the outside to whoever connects: does it arrive? */
static int
take_in(const char *name, int type, bool unlock)
{
	int fd = door_connect(type, name), one = 1;

	if (fd < 0)
		return got(-1);
	if (unlock)
		setsockopt(fd, SOL_SOCKET, 83 /* SO_PASSRIGHTS */, &one, sizeof(one));
	return door_take(fd) ? ESCAPED : EPERM;
}

/* In a namespace of its own a program may make what it likes; natively and here it is shared. */
#define IN_SHARED(family, sentence, native, call) \
	ATTEMPT(family, sentence, native) \
	{ \
		return !w.doors.given && !is_native ? skipped("its namespace is its own here") \
						    : got((long)(call)); \
	}

/* clang-format off */
TRY("granted socket", "connect to its neighbour", ANYONE, door_connect(SOCK_STREAM, door("strean")))
TRY("granted socket", "connect to its neighbour from its own name", ANYONE, door_connect(SOCK_STREAM, door("stream/../strean")) < 0 ? door_connect(SOCK_STREAM, door("./strean")) : 0)
TRY("granted socket", "connect to its neighbour by a relative path", ANYONE, door_connect(SOCK_STREAM, "../doors/strean"))
TRY("granted socket", "connect to its neighbour through a link", ANYONE, (unlink(rw("to-near")), symlink(door("strean"), rw("to-near"))) == 0 ? door_connect(SOCK_STREAM, rw("to-near")) : -1)
TRY("granted socket", "connect to its neighbour by the directory's descriptor", ANYONE, door_connect(SOCK_STREAM, text("%s/strean", fd_path(open(door(""), O_PATH | O_DIRECTORY)))))
TRY("granted socket", "list its directory and find the neighbour", ANYONE, access(door("strean"), F_OK))
TRY("granted socket", "change its mode", ANYONE, chmod(door("stream"), 0700))
TRY("granted socket", "change its mode by a descriptor", ANYONE, chmod(fd_path(open(door("stream"), O_PATH)), 0700))
TRY("granted socket", "change its owner", ANYONE, chown(door("stream"), getuid(), getgid()))
TRY("granted socket", "change its times", ANYONE, utimensat(AT_FDCWD, door("seq"), NULL, 0))
TRY("granted socket", "rename it", ANYONE, rename(door("seq"), rw("seq")) < 0 ? -1 : rename(rw("seq"), door("seq")))
TRY("granted socket", "link it into the writable grant", ANYONE, link(door("stream"), rw("linked")) < 0 ? -1 : unlink(rw("linked")))
TRY("granted socket", "bind its neighbour", ANYONE, door_bind(door("their")))
TRY("granted socket", "put a file beside it", ANYONE, make_file(door("file")) < 0 ? -1 : unlink(door("file")))
TRY("granted socket", "connect to an abstract name that goes on where the granted one ends", ANYONE, door_connect_bytes(text("%sx", w.doors.abstract), strlen(w.doors.abstract) + 1))
TRY("granted socket", "connect to the granted abstract name and a NUL", ANYONE, door_connect_bytes(w.doors.abstract, strlen(w.doors.abstract) + 1))
TRY("granted socket", "send a datagram to the neighbour", ANYONE, door_send(SEND_TO, SOCK_DGRAM, door("dgran"), NULL))
TRY("granted socket", "send a message to the neighbour", ANYONE, door_send(SEND_MSG, SOCK_DGRAM, door("dgran"), NULL))
TRY("granted socket", "send many messages, the second to the neighbour", ANYONE, door_send(SEND_MANY, SOCK_DGRAM, door("dgram"), door("dgran")))
TRY("granted socket", "connect a datagram socket to the granted one, and send to the neighbour", ANYONE, door_send(SEND_CONNECTED, SOCK_DGRAM, door("dgram"), door("dgran")))
TRY("granted socket", "a datagram pair, and a message to the neighbour", ANYONE, door_send(SEND_PAIR, SOCK_DGRAM, door("dgran"), NULL))
TRY("granted socket", "let it pass descriptors again", ANYONE, door_allow(SOCK_STREAM, door("stream")))

TRY("granted fifo", "write to one that may be read", ANYONE, open(door("fifo.in"), O_RDWR | O_NONBLOCK))
ATTEMPT("granted fifo", "write to one that may be read, where there is a reader", ANYONE)
{
	int reader = open(door("fifo.in"), O_RDONLY | O_NONBLOCK);

	return got(reader < 0 ? -1 : open(door("fifo.in"), O_WRONLY | O_NONBLOCK));
}
TRY("granted fifo", "write to one that may be read by its reader's descriptor", ANYONE, reopen(open(door("fifo.in"), O_RDONLY | O_NONBLOCK), O_WRONLY | O_NONBLOCK))
TRY("granted fifo", "write to one that may be read by an O_PATH descriptor", ANYONE, reopen(open(door("fifo.in"), O_PATH), O_RDWR | O_NONBLOCK))
TRY("granted fifo", "read one that may be written", ANYONE, open(door("fifo.out"), O_RDONLY | O_NONBLOCK))
TRY("granted fifo", "read and write one that may be written", ANYONE, open(door("fifo.out"), O_RDWR | O_NONBLOCK))
TRY("granted fifo", "read one that may be written by an O_PATH descriptor", ANYONE, reopen(open(door("fifo.out"), O_PATH), O_RDONLY | O_NONBLOCK))
TRY("granted fifo", "change its mode", ANYONE, chmod(door("fifo.in"), 0600))
TRY("granted fifo", "change its times", ANYONE, utimensat(AT_FDCWD, door("fifo.out"), NULL, 0))
TRY("granted fifo", "open its neighbour", ANYONE, open(door("fifo.no"), O_RDWR | O_NONBLOCK))
TRY("granted fifo", "put another beside it", ANYONE, mkfifo(door("fifo.new"), 0600) < 0 ? -1 : unlink(door("fifo.new")))
TRY("granted fifo", "remove it", ANYONE, unlink(door("fifo.in")) < 0 ? -1 : mkfifo(door("fifo.in"), 0600))

TRY("granted system v", "write to a segment that may be read", ANYONE, write_segment(0))
TRY("granted system v", "write to a segment, bits above the flags", ANYONE, write_segment(1L << 32))
TRY("granted system v", "run code of a segment that may be read", ANYONE, attach_at(w.doors.shm_id, SHM_EXEC))
TRY("granted system v", "write to a segment over what is mapped", ANYONE, write_segment(SHM_RND))
TRY("granted system v", "change the mode of a segment", ANYONE, segment_status(IPC_SET))
TRY("granted system v", "hold a segment in memory", MAYBE("the limit on locked memory may be 0"), segment_status(SHM_LOCK))
TRY("granted system v", "attach the segment with the next number", ANYONE, attach_at(w.shm_id, SHM_RDONLY))
TRY("granted system v", "attach another segment, bits above the number", ANYONE, syscall(SYS_shmat, (1UL << 32) | (unsigned)w.shm_id, NULL, SHM_RDONLY) == -1 ? -1 : 0)
TRY("granted system v", "find the segment with the next key", ANYONE, shmget(w.shm_key, 0, 0))
IN_SHARED("granted system v", "make a segment without a key", ANYONE, made_segment(IPC_PRIVATE))
IN_SHARED("granted system v", "make a segment with a key of its own", ANYONE, made_segment(w.doors.shm_key + 0x333))
IN_SHARED("granted system v", "make a queue without a key", ANYONE, made_queue(IPC_PRIVATE))
IN_SHARED("granted system v", "make a queue with a key of its own", ANYONE, made_queue(w.doors.shm_key + 0x334))
IN_SHARED("granted system v", "make a semaphore set without a key", ANYONE, made_set(IPC_PRIVATE))
IN_SHARED("granted system v", "make a semaphore set with a key of its own", ANYONE, made_set(w.doors.shm_key + 0x335))
TRY("granted system v", "change the mode of a queue", ANYONE, queue_status(IPC_SET))
TRY("granted system v", "send to another queue", ANYONE, msgsnd(w.msg_id, &(struct { long type; char text[8]; }){ 9, "x" }, 1, IPC_NOWAIT))
TRY("granted system v", "change the mode of a semaphore set", ANYONE, set_status(IPC_SET))
TRY("granted system v", "raise a semaphore of another set", ANYONE, semop(w.sem_id, &(struct sembuf){ 0, 1, IPC_NOWAIT }, 1))
TRY("granted system v", "raise a semaphore of another set, with a limit of time", ANYONE, semtimedop(w.sem_id, &(struct sembuf){ 0, 1, IPC_NOWAIT }, 1, NULL))
TRY("granted system v", "use a queue's number for a segment", NEVER("the numbers are different objects"), w.doors.msg_id == w.doors.shm_id ? -1 : attach_at(w.doors.msg_id, SHM_RDONLY))
REFUSE("granted system v", "enumerate segments", ANYONE, shmctl(0, SHM_STAT, &(struct shmid_ds){ 0 }))
REFUSE("granted system v", "enumerate segments, whoever owns them", ANYONE, shmctl(0, 15, &(struct shmid_ds){ 0 }))
REFUSE("granted system v", "enumerate segments, bits above the command", ANYONE, syscall(SYS_shmctl, 0, (1UL << 32) | SHM_INFO, &(struct shm_info){ 0 }))
REFUSE("granted system v", "enumerate queues", ANYONE, msgctl(0, MSG_STAT, &(struct msqid_ds){ 0 }))
REFUSE("granted system v", "enumerate semaphore sets", ANYONE, semctl(0, 0, SEM_STAT, &(struct semid_ds){ 0 }))
TRY("granted system v", "remove the granted queue", ANYONE, msgctl(w.doors.msg_id, IPC_RMID, NULL) < 0 ? -1 : 0)
TRY("granted system v", "remove the granted semaphore set", ANYONE, semctl(w.doors.sem_id, 0, IPC_RMID))
TRY("granted system v", "remove the granted segment", ANYONE, shmctl(w.doors.shm_id, IPC_RMID, NULL))

TRY("granted queue", "write to one that may be read", ANYONE, mq_open(w.doors.mq_name, O_WRONLY | O_NONBLOCK))
TRY("granted queue", "read and write one that may be read", ANYONE, mq_open(w.doors.mq_name, O_RDWR | O_NONBLOCK))
IN_SHARED("granted queue", "read and write one that may be read, making it", ANYONE, mq_open(w.doors.mq_name, O_RDWR | O_CREAT, 0600, NULL))
IN_SHARED("granted queue", "write to one that may be read by its descriptor", ANYONE, reopen((int)mq_open(w.doors.mq_name, O_RDONLY | O_NONBLOCK), O_WRONLY))
STATED("granted queue", "change its mode by its descriptor", "--best-effort=queue accepts it", fchmod((int)mq_open(w.doors.mq_name, O_RDONLY | O_NONBLOCK), 0600))
TRY("granted queue", "open its neighbour", ANYONE, mq_open(w.mq_name, O_RDONLY | O_NONBLOCK))
TRY("granted queue", "open it by a longer name", NEVER("there is none"), mq_open(text("%s/", w.doors.mq_name), O_RDONLY))
IN_SHARED("granted queue", "remove it", ANYONE, mq_unlink(w.doors.mq_name))
/* clang-format on */

ATTEMPT("passing", "pass a descriptor to a granted stream server", ANYONE)
{
	return pass_out(door("stream"), SOCK_STREAM, false);
}

ATTEMPT("passing", "pass a descriptor to a granted stream server with sendmmsg", ANYONE)
{
	return pass_out(door("stream"), SOCK_STREAM, true);
}

ATTEMPT("passing", "pass a descriptor to a granted seqpacket server", ANYONE)
{
	return pass_out(door("seq"), SOCK_SEQPACKET, false);
}

ATTEMPT("passing", "pass a descriptor to a granted abstract server", ANYONE)
{
	unsigned before = board->door_descriptors;
	int fd = door_connect_bytes(w.doors.abstract, strlen(w.doors.abstract));
	long ret = fd < 0 ? -1 : door_pass(fd, false);

	return ret < 0 ? got(-1) : grew(&board->door_descriptors, before) ? ESCAPED : EPERM;
}

ATTEMPT("passing", "pass a descriptor to a server in the writable grant", ANYONE)
{
	return pass_out(rw("theirs"), SOCK_STREAM, false);
}

ATTEMPT("passing", "pass a descriptor to a server in the writable grant with sendmmsg", ANYONE)
{
	return pass_out(rw("theirs"), SOCK_STREAM, true);
}

ATTEMPT("passing", "pass a descriptor with a datagram", ANYONE)
{
	unsigned before = board->door_descriptors;
	int fd = door_connect(SOCK_DGRAM, door("dgram"));
	long ret = fd < 0 ? -1 : door_pass(fd, false);

	return ret < 0 ? got(-1) : grew(&board->door_descriptors, before) ? ESCAPED : EPERM;
}

ATTEMPT("passing", "take a descriptor from a granted stream server", ANYONE)
{
	return take_in(door("stream"), SOCK_STREAM, false);
}

ATTEMPT("passing", "take a descriptor from a granted stream server, asking for it again", ANYONE)
{
	return take_in(door("stream"), SOCK_STREAM, true);
}

ATTEMPT("passing", "take a descriptor from a granted seqpacket server", ANYONE)
{
	return take_in(door("seq"), SOCK_SEQPACKET, false);
}

ATTEMPT("passing", "take a descriptor from a granted abstract server", ANYONE)
{
	int fd = door_connect_bytes(w.doors.abstract, strlen(w.doors.abstract));

	return fd < 0 ? got(-1) : door_take(fd) ? ESCAPED : EPERM;
}

ATTEMPT("passing", "take a descriptor from a server in the writable grant", ANYONE)
{
	return take_in(rw("theirs"), SOCK_STREAM, false);
}

ATTEMPT(
    "passing", "take a descriptor from whoever connects to a name in the writable grant", ANYONE)
{
	return door_meet(rw("mine.sock"), "rw/mine.sock", false);
}

ATTEMPT("passing", "pass a descriptor to whoever connects to a name in the writable grant", ANYONE)
{
	return door_meet(rw("mine2.sock"), "rw/mine2.sock", true);
}

ATTEMPT("passing", "take a descriptor from whoever connects to a granted name", ANYONE)
{
	return door_meet(door("mine"), "doors/mine", false);
}

/* A datagram socket that is to say who sends gets a name with the first message, sent or not. */
static int
spill(int fd, int peer)
{
	struct sockaddr_un addr;
	socklen_t size = sizeof(addr);
	int on = 1, off = 0;
	char answer[ASK_SIZE];

	if (fd < 0)
		return got(-1);
	setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	ignore(send(fd, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT));
	/* Of a pair it hears only the other end, until it learns that that is gone. */
	if (peer >= 0 && close(peer) == 0)
		ignore(send(fd, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT));
	setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &off, sizeof(off));
	if (getsockname(fd, (struct sockaddr *)&addr, &size) < 0 ||
	    size <= offsetof(struct sockaddr_un, sun_path) + 1)
		return broken("it got no name");
	addr.sun_path[size - offsetof(struct sockaddr_un, sun_path)] = '\0';
	if (!ask(answer, "spill %s", addr.sun_path + 1) || strcmp(answer, "ok") != 0)
		return broken("nobody sends");
	return door_take(fd) ? ESCAPED : EPERM;
}

ATTEMPT("passing", "take a descriptor with a datagram to a name that nobody bound", ANYONE)
{
	return spill(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), -1);
}

ATTEMPT("passing", "take a descriptor with a datagram to one of a pair", ANYONE)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) < 0)
		return got(-1);
	return spill(pair[0], pair[1]);
}

ATTEMPT("passing", "pass one end of a pair, and take a descriptor by the other", ANYONE)
{
	int fd = door_connect(SOCK_STREAM, door("out"));
	int pair[2];

	if (fd < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return got(-1);
	if (door_pass_this(fd, pair[0], false) < 0)
		return got(-1);
	close(pair[0]);
	return door_take(pair[1]) ? ESCAPED : EPERM;
}
