/* SPDX-License-Identifier: BSD-2-Clause */
/* Pipes, sockets and System V objects for real. What would wait is never asked for: the model says
 * before whether it does, and descriptors that could are asked without waiting. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness.h"
#include "model.h"

enum {
	BACKLOG = PALE_MODEL_BACKLOG - 1, /* the kernel lets one more wait than is asked for */
};

static int
cloexec(const struct pale_site *site, int flag)
{
	return site->flags & PALE_F_CLOEXEC ? flag : 0;
}

static int
sun_path(const struct call *call, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	return snprintf(ret->sun_path, sizeof(ret->sun_path), "%s", call->path[0]) <
		(int)sizeof(ret->sun_path)
	    ? 0
	    : -1;
}

static int
do_pipe(const struct call *call)
{
	return pipe2(call->answer->fd,
	    cloexec(call->site, O_CLOEXEC) |
		(call->site->flags & PALE_F_NONBLOCK ? O_NONBLOCK : 0));
}

static int
do_peer(const struct call *call)
{
	struct ucred cred;
	socklen_t size = sizeof(cred);

	if (getsockopt(call->fd[0], SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
		return -1;
	errno = EPERM;
	return cred.uid == call->real->model->users[call->site->user] ? 0 : -1;
}

static int
do_sendfd(const struct call *call)
{
	char record[RECORD_BYTES] = "";
	char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = "";
	struct iovec iov = { record, sizeof(record) };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &call->fd[1], sizeof(int));
	return sendmsg(call->fd[0], &msg, MSG_DONTWAIT) < 0 ? -1 : 0;
}

static int
do_recvfd(const struct call *call)
{
	char record[RECORD_BYTES] = "";
	char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = "";
	struct iovec iov = { record, sizeof(record) };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *cmsg;

	if (recvmsg(call->fd[0], &msg, MSG_DONTWAIT) < 0)
		return -1;
	cmsg = CMSG_FIRSTHDR(&msg);
	errno = ENOMSG;
	if (cmsg == NULL || cmsg->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&call->answer->fd[0], CMSG_DATA(cmsg), sizeof(int));
	return 0;
}

static int
do_socket(struct call *call)
{
	const struct pale_site *site = call->site;
	int type = SOCK_STREAM | SOCK_NONBLOCK | cloexec(site, SOCK_CLOEXEC);
	struct sockaddr_un name;

	switch ((int)site->op) {
	case PALE_CALL_socket:
		return call->answer->fd[0] = socket(AF_UNIX, type, 0);
	case PALE_CALL_socketpair:
		return socketpair(AF_UNIX, type, 0, call->answer->fd);
	case PALE_CALL_bind:
		sun_path(call, &name);
		return bind(call->fd[0], (struct sockaddr *)&name, sizeof(name));
	case PALE_CALL_listen:
		return listen(call->fd[0], BACKLOG);
	case PALE_CALL_connect:
		sun_path(call, &name);
		return connect(call->fd[0], (struct sockaddr *)&name, sizeof(name));
	case PALE_CALL_accept:
		return call->answer->fd[0] = accept4(
			   call->fd[0], NULL, NULL, SOCK_NONBLOCK | cloexec(site, SOCK_CLOEXEC));
	case PALE_CALL_peer:
		return do_peer(call);
	case PALE_CALL_sendfd:
		return do_sendfd(call);
	default:
		return do_recvfd(call);
	}
}

/* What kind of object a variable names in the model; FREE: none, or one that is gone. */
static unsigned
object_kind(const struct call *call)
{
	const struct pale_var *var = &call->state->processes[call->p].vars[call->site->ref[0].of];
	const struct pale_sysv *object;

	if (call->site->ref[0].kind != PALE_REF_VAR || var->kind != PALE_VAR_SYSV)
		return PALE_SYSV_FREE;
	object = &call->state->sysv[var->of - 1];
	return object->sequence == var->also ? object->kind : PALE_SYSV_FREE;
}

/* Identifiers of two kinds can be one number, so that a wrong kind is no identifier at all. */
static int
object_id(const struct call *call, unsigned kind)
{
	if (object_kind(call) == PALE_SYSV_FREE || (kind != 0 && object_kind(call) != kind))
		return -1;
	return call->real->ids[call->p][call->site->ref[0].of];
}

static int
value_of(const struct call *call, struct pale_ref ref)
{
	struct pale_process process = call->state->processes[call->p];
	struct pale_op op = { .model = call->real->model, .site = call->site, .process = &process };

	return (int)pale_op_value(&op, ref);
}

static int
do_get(struct call *call)
{
	const struct pale_site *site = call->site;
	int flags = site->mode | (site->flags & PALE_F_CREAT ? IPC_CREAT : 0) |
	    (site->flags & PALE_F_EXCL ? IPC_EXCL : 0);
	key_t key = site->key == 0 ? IPC_PRIVATE : call->real->model->keys[site->key];
	union semun {
		int val;
	} one = { 1 };
	bool is_new;

	if (site->op == PALE_CALL_msgget)
		return call->answer->number = msgget(key, flags);
	if (site->op == PALE_CALL_shmget)
		return call->answer->number = shmget(key, sizeof(long), flags);
	is_new = key == IPC_PRIVATE || semget(key, 0, 0) < 0;
	call->answer->number = semget(key, 1, flags);
	/* The model's are 1 when they are made; root sets that, whoever made it. */
	if (call->answer->number >= 0 && is_new && errno != EACCES) {
		uid_t uid = geteuid();

		if (setresuid((uid_t)-1, 0, (uid_t)-1) < 0 ||
		    semctl(call->answer->number, 0, SETVAL, one) < 0 ||
		    setresuid((uid_t)-1, uid, (uid_t)-1) < 0)
			ck_abort_msg("cannot set a semaphore: %s", strerror(errno));
	}
	return call->answer->number;
}

struct message {
	long type;
	char value;
};

static int
do_attach(struct call *call)
{
	struct attached *attached = call->real->attached[call->p];
	int id = object_id(call, PALE_SYSV_SHM);
	void *at = shmat(id, NULL, call->site->flags & PALE_F_RDONLY ? SHM_RDONLY : 0);

	if (at == (void *)-1)
		return -1;
	for (unsigned i = 0; i < ATTACHED_MAX; i++) {
		if (attached[i].at == NULL) {
			attached[i] = (struct attached){ at, id };
			return 0;
		}
	}
	ck_abort_msg("too many attachments");
}

/* The model has a segment attached or not; how often, it does not count. */
static int
do_detach(struct call *call)
{
	struct attached *attached = call->real->attached[call->p];
	int id = object_id(call, PALE_SYSV_SHM), count = 0;

	for (unsigned i = 0; i < ATTACHED_MAX; i++) {
		if (attached[i].at == NULL || attached[i].id != id)
			continue;
		shmdt(attached[i].at);
		attached[i].at = NULL;
		count++;
	}
	errno = EINVAL;
	return count > 0 ? 0 : -1;
}

static int
do_sysv(struct call *call)
{
	const struct pale_site *site = call->site;
	struct message message = { 1, (char)value_of(call, site->ref[1]) };
	struct sembuf sem = { 0, site->number, IPC_NOWAIT };
	int msg = object_id(call, PALE_SYSV_MSG);

	switch ((int)site->op) {
	case PALE_CALL_msgget:
	case PALE_CALL_semget:
	case PALE_CALL_shmget:
		return do_get(call);
	case PALE_CALL_msgsnd:
		return msgsnd(msg, &message, sizeof(message.value), IPC_NOWAIT);
	case PALE_CALL_msgrcv:
		if (msgrcv(msg, &message, sizeof(message.value), 0, IPC_NOWAIT) < 0)
			return -1;
		call->answer->number = message.value;
		return 0;
	case PALE_CALL_semop:
		return semop(object_id(call, PALE_SYSV_SEM), &sem, 1);
	case PALE_CALL_shmat:
		return do_attach(call);
	case PALE_CALL_shmdt:
		return do_detach(call);
	default:
		ck_abort_msg("the law does not know how to do %s", pale_model_calls[site->op].name);
	}
}

/* IPC_SET, IPC_RMID, IPC_STAT. */
static int
do_control(struct call *call)
{
	const struct pale_site *site = call->site;
	unsigned kind = object_kind(call);
	int id = object_id(call, 0), command = IPC_STAT;
	struct msqid_ds msg = { 0 };
	struct semid_ds sem = { 0 };
	struct shmid_ds shm = { 0 };
	uid_t uid = call->real->model->users[site->user];
	struct ipc_perm perm = { .uid = uid, .gid = uid, .mode = site->mode }, got;
	int r;

	if (site->op == PALE_CALL_ipcset)
		command = IPC_SET;
	else if (site->op == PALE_CALL_ipcrm)
		command = IPC_RMID;
	msg.msg_perm = sem.sem_perm = shm.shm_perm = perm;
	if (kind == PALE_SYSV_SEM)
		r = semctl(id, 0, command, &sem);
	else if (kind == PALE_SYSV_SHM)
		r = shmctl(id, command, &shm);
	else if (command == IPC_SET) {
		struct msqid_ds now;

		/* The size of the queue stays. */
		msg.msg_qbytes = msgctl(id, IPC_STAT, &now) == 0 ? now.msg_qbytes : 16384;
		r = msgctl(id, command, &msg);
	} else {
		r = msgctl(id, command, &msg);
	}
	if (r < 0 || command != IPC_STAT)
		return r < 0 ? -1 : 0;
	got = kind == PALE_SYSV_SEM ? sem.sem_perm
	    : kind == PALE_SYSV_SHM ? shm.shm_perm
				    : msg.msg_perm;
	errno = EPERM;
	return got.cuid == uid ? 0 : -1;
}

static volatile long *
memory(const struct call *call, bool writes)
{
	const struct attached *attached = call->real->attached[call->p];
	unsigned slot = call->state->processes[call->p].vars[call->site->ref[0].of].of;
	int id = object_id(call, PALE_SYSV_SHM);

	/* Which of several attachments may be written the model knows: it keeps both. */
	if (slot == 0 || id < 0 ||
	    (writes && !(call->state->processes[call->p].attached_w >> (slot - 1) & 1)))
		return NULL;
	for (unsigned i = 0; i < ATTACHED_MAX; i++) {
		if (attached[i].at != NULL && attached[i].id == id)
			return attached[i].at;
	}
	return NULL;
}

/* Through an attachment of root's, since the first may be for reading only. */
static void
store(const struct call *call)
{
	uid_t uid = geteuid();
	volatile long *cell = NULL;
	void *at = (void *)-1;

	if (setresuid((uid_t)-1, 0, (uid_t)-1) == 0)
		at = shmat(object_id(call, PALE_SYSV_SHM), NULL, 0);
	if (at == (void *)-1 || setresuid((uid_t)-1, uid, (uid_t)-1) < 0)
		ck_abort_msg("cannot write a segment: %s", strerror(errno));
	cell = at;
	*cell = value_of(call, call->site->ref[1]);
	shmdt(at);
}

static int
do_memory(struct call *call)
{
	bool writes = call->site->op == PALE_CALL_store;
	volatile long *cell = memory(call, writes);

	errno = EFAULT;
	if (cell == NULL)
		return -1;
	if (!writes) {
		call->answer->number = (int)*cell;
		return 0;
	}
	store(call);
	return 0;
}

int
real_ipc(struct call *call)
{
	switch ((int)call->site->op) {
	case PALE_CALL_pipe:
		return do_pipe(call);
	case PALE_CALL_socket:
	case PALE_CALL_socketpair:
	case PALE_CALL_bind:
	case PALE_CALL_listen:
	case PALE_CALL_connect:
	case PALE_CALL_accept:
	case PALE_CALL_peer:
	case PALE_CALL_sendfd:
	case PALE_CALL_recvfd:
		return do_socket(call);
	case PALE_CALL_ipcset:
	case PALE_CALL_ipcrm:
	case PALE_CALL_ipcstat:
		return do_control(call);
	case PALE_CALL_load:
	case PALE_CALL_store:
		return do_memory(call);
	default:
		return do_sysv(call);
	}
}

void
real_ipc_keep(struct real *real, const struct pale_state *state, const struct pale_move *move,
    const struct answer *answer)
{
	const struct pale_site *site = &real->model->sites[move->site];
	unsigned slot;

	if (site->op != PALE_CALL_msgget && site->op != PALE_CALL_semget &&
	    site->op != PALE_CALL_shmget)
		return;
	if (site->to_var == 0)
		return;
	real->ids[move->process][site->to_var] = answer->number;
	slot = state->processes[move->process].vars[site->to_var].of;
	real->sysv[slot - 1] = answer->number;
}

void
real_ipc_done(struct real *real)
{
	union {
		struct msqid_ds msg;
		struct semid_ds sem;
		struct shmid_ds shm;
		char room[256];
	} info;

	for (unsigned p = 0; p < PALE_MODEL_PROCESSES; p++) {
		for (unsigned i = 0; i < ATTACHED_MAX; i++) {
			if (real->attached[p][i].at != NULL)
				shmdt(real->attached[p][i].at);
		}
	}
	if (real->kind != WORLD_IPC)
		return;
	/* All that there is in this namespace. */
	for (int i = msgctl(0, MSG_INFO, (struct msqid_ds *)(void *)&info); i >= 0; i--)
		msgctl(msgctl(i, MSG_STAT, &info.msg), IPC_RMID, NULL);
	for (int i = semctl(0, 0, SEM_INFO, &info); i >= 0; i--)
		semctl(semctl(i, 0, SEM_STAT, &info.sem), 0, IPC_RMID);
	for (int i = shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&info); i >= 0; i--)
		shmctl(shmctl(i, SHM_STAT, &info.shm), IPC_RMID, NULL);
}

static bool
differs(char why[WHY_BYTES], const char *what, unsigned slot, unsigned model, unsigned kernel)
{
	snprintf(why, WHY_BYTES, "%s of System V object %u: the model has 0%o, the kernel 0%o",
	    what, slot, model, kernel);
	return false;
}

/* Owner, creator and mode, and what is in it. */
bool
same_ipc(const struct real *real, const struct pale_state *state, char why[WHY_BYTES])
{
	for (unsigned i = 0; i < PALE_MODEL_SYSV; i++) {
		const struct pale_sysv *object = &state->sysv[i];
		unsigned count = object->count;
		struct msqid_ds msg = { 0 };
		struct semid_ds sem = { 0 };
		struct shmid_ds shm = { 0 };
		const struct ipc_perm *perm;
		int id = real->sysv[i], r;

		if (object->kind == PALE_SYSV_FREE || id < 0)
			continue;
		switch (object->kind) {
		case PALE_SYSV_MSG:
			r = msgctl(id, IPC_STAT, &msg);
			perm = &msg.msg_perm;
			count = (unsigned)msg.msg_qnum;
			break;
		case PALE_SYSV_SEM:
			r = semctl(id, 0, IPC_STAT, &sem);
			perm = &sem.sem_perm;
			count = (unsigned)semctl(id, 0, GETVAL);
			break;
		default:
			r = shmctl(id, IPC_STAT, &shm);
			perm = &shm.shm_perm;
			break;
		}
		if (r < 0)
			return differs(why, "existence", i, 1, 0);
		if ((perm->mode & 0777) != object->mode)
			return differs(why, "mode", i, object->mode, perm->mode & 0777);
		if (perm->uid != real->model->users[object->owner])
			return differs(
			    why, "owner", i, real->model->users[object->owner], perm->uid);
		if (perm->cuid != real->model->users[object->creator])
			return differs(
			    why, "creator", i, real->model->users[object->creator], perm->cuid);
		if (count != object->count)
			return differs(why, "content", i, object->count, count);
	}
	return true;
}
