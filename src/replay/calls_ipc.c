/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls of an actor about descriptors, identities, pipes and sockets. A value
 * is a record of 2048 bytes, so that a pipe of one page holds two, as the model's does.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/scope.h"
#include "model/ops.h"
#include "replay/actor.h"

enum { PIPE_BYTES = 2 * PALE_PLAY_RECORD_BYTES };

int
pale_actor_value(const struct pale_actor *actor, struct pale_ref ref)
{
	if (ref.kind == PALE_REF_VALUE)
		return ref.of;
	return ref.kind == PALE_REF_VAR ? actor->vars[ref.of].value : 0;
}

void
pale_actor_keep_value(struct pale_actor *actor, int value)
{
	if (actor->site->to_var != 0)
		actor->vars[actor->site->to_var] =
		    (struct pale_actor_var){ .kind = PALE_VAR_VALUE, .value = value };
}

/* ---- descriptors ---- */

static int
give(struct pale_actor *actor, unsigned which, int fd)
{
	if (fd < 0)
		return -1;
	pale_actor_give(actor, which, fd, false);
	return 0;
}

static int
call_pipe(struct pale_actor *actor)
{
	int fds[2];

	if (pipe2(fds, (actor->site->flags & PALE_F_CLOEXEC) != 0 ? O_CLOEXEC : 0) < 0)
		return -1;
	(void)fcntl(fds[1], F_SETPIPE_SZ, PIPE_BYTES);
	pale_actor_give(actor, 0, fds[0], false);
	pale_actor_give(actor, 1, fds[1], false);
	return 0;
}

static int
call_read(struct pale_actor *actor, struct pale_actor_done *ret)
{
	char record[PALE_PLAY_RECORD_BYTES];
	int fd = pale_actor_fd(actor, 0);
	ssize_t got = pread(fd, record, sizeof(record), 0);

	if (got < 0 && errno == ESPIPE)
		got = read(fd, record, sizeof(record));
	if (got < 0)
		return -1;
	ret->value = pale_play_value(actor->play->model, record, (size_t)got);
	pale_actor_keep_value(actor, ret->value);
	return 0;
}

static int
call_write(struct pale_actor *actor)
{
	char record[PALE_PLAY_RECORD_BYTES];
	int fd = pale_actor_fd(actor, 0);
	int value = pale_actor_value(actor, actor->site->ref[0]);
	ssize_t put;

	pale_play_record(actor->play->model, value < 0 ? 0 : (unsigned)value, record);
	put = pwrite(fd, record, sizeof(record), 0);
	if (put < 0 && errno == ESPIPE) {
		(void)fcntl(fd, F_SETPIPE_SZ, PIPE_BYTES);
		put = write(fd, record, sizeof(record));
	}
	return put < 0 ? -1 : 0;
}

static int
call_fstat(struct pale_actor *actor)
{
	struct pale_actor_var var = { .kind = PALE_VAR_INODE };

	if (fstat(pale_actor_fd(actor, 0), &var.stat) < 0)
		return -1;
	if (actor->site->to_var != 0)
		actor->vars[actor->site->to_var] = var;
	return 0;
}

static int
stat_of(const struct pale_actor *actor, unsigned n, struct stat *ret)
{
	struct pale_ref ref = actor->site->ref[n];
	unsigned slot = ref.kind == PALE_REF_FD ? ref.of : actor->fd[n];

	if (ref.kind == PALE_REF_VAR) {
		*ret = actor->vars[ref.of].stat;
		return 0;
	}
	return slot < PALE_MODEL_FDS ? fstat(actor->fds[slot], ret) : -1;
}

static int
call_same(const struct pale_actor *actor)
{
	struct stat a, b;

	if (stat_of(actor, 0, &a) < 0 || stat_of(actor, 1, &b) < 0)
		return -1;
	if (a.st_dev == b.st_dev && a.st_ino == b.st_ino &&
	    (a.st_mode & S_IFMT) == (b.st_mode & S_IFMT))
		return 0;
	return errno = PALE_EUNEXPECTED, -1;
}

static int
call_is(const struct pale_actor *actor)
{
	struct stat st;

	if (stat_of(actor, 0, &st) < 0)
		return -1;
	if (actor->site->type != 0 ? (st.st_mode & S_IFMT) == actor->site->type
				   : !actor->play->users || st.st_uid == geteuid())
		return 0;
	return errno = PALE_EUNEXPECTED, -1;
}

/* ---- sockets ---- */

static int
call_socketpair(struct pale_actor *actor)
{
	int fds[2];

	if (socketpair(AF_UNIX,
		SOCK_STREAM | ((actor->site->flags & PALE_F_CLOEXEC) != 0 ? SOCK_CLOEXEC : 0), 0,
		fds) < 0)
		return -1;
	pale_actor_give(actor, 0, fds[0], false);
	pale_actor_give(actor, 1, fds[1], false);
	return 0;
}

static int
call_peer(const struct pale_actor *actor)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(pale_actor_fd(actor, 0), SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return -1;
	if (peer.uid == actor->play->model->users[actor->site->user])
		return 0;
	return errno = EPERM, -1;
}

static int
pass_fd(int sock, int *fd, bool sends)
{
	char record[PALE_PLAY_RECORD_BYTES] = "";
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec part = { record, sizeof(record) };
	struct msghdr message = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	if (!sends) {
		if (recvmsg(sock, &message, 0) < 0)
			return -1;
		head = CMSG_FIRSTHDR(&message);
		if (head == NULL || head->cmsg_type != SCM_RIGHTS)
			return *fd = -1, 0;
		memcpy(fd, CMSG_DATA(head), sizeof(*fd));
		return 0;
	}
	*head = (struct cmsghdr){
		.cmsg_len = CMSG_LEN(sizeof(*fd)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
	};
	memcpy(CMSG_DATA(head), fd, sizeof(*fd));
	return sendmsg(sock, &message, 0) < 0 ? -1 : 0;
}

static int
call_sendfd(const struct pale_actor *actor)
{
	int passed = pale_actor_fd(actor, 1);

	return pass_fd(pale_actor_fd(actor, 0), &passed, true);
}

static int
call_recvfd(struct pale_actor *actor)
{
	int fd = -1;

	if (pass_fd(pale_actor_fd(actor, 0), &fd, false) < 0)
		return -1;
	if (fd >= 0)
		pale_actor_give(actor, 0, fd, false);
	return 0;
}

/* ---- all ---- */

int
pale_actor_executes(struct pale_actor *actor, const struct stat *file)
{
	for (unsigned i = 0; i < PALE_MODEL_FDS; i++) {
		if (actor->fds[i] >= 0 && (fcntl(actor->fds[i], F_GETFD) & FD_CLOEXEC) != 0)
			pale_actor_close(actor, i);
	}
	for (unsigned i = 0; i < PALE_MODEL_SYSV; i++) {
		if (actor->segments[i].at != NULL)
			shmdt(actor->segments[i].at);
		actor->segments[i].at = NULL;
	}
	actor->suid = (file->st_mode & S_ISUID) != 0 ? file->st_uid : actor->euid;
	if ((file->st_mode & S_ISUID) != 0)
		return pale_actor_become(actor, actor->ruid, file->st_uid);
	return 0;
}

/* setuid(2), where the saved user id is kept for playing exec. */
static int
call_setuid(struct pale_actor *actor)
{
	uid_t user = actor->play->model->users[actor->site->user];

	if (actor->euid != 0 && user != actor->ruid && user != actor->suid)
		return errno = EPERM, -1;
	if (actor->euid == 0)
		actor->suid = user;
	return pale_actor_become(actor, actor->euid == 0 ? user : actor->ruid, user);
}

bool
pale_actor_call_ipc(struct pale_actor *actor, struct pale_actor_done *ret)
{
	const struct pale_site *site = actor->site;
	int fd = pale_actor_fd(actor, 0);
	int result = 0;

	switch ((int)site->op) {
	case PALE_CALL_fchmod:
		result = fchmod(fd, site->mode);
		break;
	case PALE_CALL_fstat:
		result = call_fstat(actor);
		break;
	case PALE_CALL_umask:
		umask(site->mode);
		break;
	case PALE_CALL_setuid:
		result = call_setuid(actor);
		break;
	case PALE_CALL_close:
		result = fd < 0 ? (errno = EBADF, -1) : 0;
		if (result == 0)
			pale_actor_close(actor, actor->fd[0]);
		break;
	case PALE_CALL_dup:
		result = give(actor, 0, dup(fd));
		break;
	case PALE_CALL_limit:
		break; /* rights are the model's: see the stage */
	case PALE_CALL_pipe:
		result = call_pipe(actor);
		break;
	case PALE_CALL_read:
		result = call_read(actor, ret);
		break;
	case PALE_CALL_write:
		result = call_write(actor);
		break;
	case PALE_CALL_sigpipe_ignore:
		signal(SIGPIPE, SIG_IGN);
		break;
	case PALE_CALL_socket:
		result = give(actor, 0,
		    socket(AF_UNIX,
			SOCK_STREAM | ((site->flags & PALE_F_CLOEXEC) != 0 ? SOCK_CLOEXEC : 0), 0));
		break;
	case PALE_CALL_socketpair:
		result = call_socketpair(actor);
		break;
	case PALE_CALL_listen:
		result = listen(fd, PALE_MODEL_BACKLOG);
		break;
	case PALE_CALL_accept:
		result = give(actor, 0, accept4(fd, NULL, NULL, 0));
		break;
	case PALE_CALL_peer:
		result = call_peer(actor);
		break;
	case PALE_CALL_sendfd:
		result = call_sendfd(actor);
		break;
	case PALE_CALL_recvfd:
		result = call_recvfd(actor);
		break;
	case PALE_CALL_check:
		if (pale_actor_value(actor, site->ref[0]) != pale_actor_value(actor, site->ref[1]))
			result = (errno = PALE_EUNEXPECTED, -1);
		break;
	case PALE_CALL_same:
		result = call_same(actor);
		break;
	case PALE_CALL_is:
		result = call_is(actor);
		break;
	case PALE_CALL_use:
	case PALE_CALL_exit:
		break;
	default:
		return pale_actor_call_sysv(actor, ret);
	}
	if (result < 0)
		ret->error = errno == 0 ? EIO : errno;
	return true;
}
