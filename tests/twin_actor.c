/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each call of the model as the system call that it stands for. Values are letters; a message or a
 * write is one of them, in pipes a page of them: two pages fill a pipe as two writes fill the
 * model's.
 */
#include "twin_actor.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "model/ops.h"

enum {
	CONTROL_BYTES = CMSG_SPACE(sizeof(int)),
};

/* A value as a letter, and back. */
char
actor_letter(unsigned value)
{
	return (char)('@' + value);
}

static const char *
path(const struct actor *a, unsigned which)
{
	return a->model->rests[a->site->path[which]].text;
}

static int
fd_of(const struct actor *a, unsigned slot)
{
	if (slot == PALE_FD_CWD)
		return AT_FDCWD;
	return slot < PALE_MODEL_FDS ? a->fds[slot] : -1;
}

static int
dirfd_of(const struct actor *a, unsigned which)
{
	return fd_of(a, a->order->fd[which]);
}

static int
flags_of(const struct pale_site *site)
{
	static const int access[] = { O_RDONLY, O_RDONLY, O_WRONLY, O_RDWR };
	static const struct {
		unsigned model;
		int kernel;
	} rows[] = {
		{ PALE_F_CREAT, O_CREAT },
		{ PALE_F_EXCL, O_EXCL },
		{ PALE_F_NOFOLLOW, O_NOFOLLOW },
		{ PALE_F_PATH, O_PATH },
		{ PALE_F_NONBLOCK, O_NONBLOCK },
		{ PALE_F_CLOEXEC, O_CLOEXEC },
		{ PALE_F_DIRECTORY, O_DIRECTORY },
		{ PALE_F_TRUNC, O_TRUNC },
	};
	int flags = access[site->flags & (PALE_F_READ | PALE_F_WRITE)];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		flags |= site->flags & rows[i].model ? rows[i].kernel : 0;
	return flags;
}

static int
put(struct actor *a, unsigned which, int fd)
{
	struct stat st;
	unsigned slot = a->order->to_fd[which];

	if (fd < 0)
		return -errno;
	if (slot >= PALE_MODEL_FDS)
		return -EMFILE;
	if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
		(void)fcntl(fd, F_SETPIPE_SZ, PALE_MODEL_PIPE_DEPTH * PAGE);
	if (a->fds[slot] >= 0)
		close(a->fds[slot]);
	a->fds[slot] = fd;
	return 0;
}

unsigned
actor_value(const struct actor *a, unsigned which)
{
	struct pale_ref ref = a->site->ref[which];

	if (ref.kind == PALE_REF_VALUE)
		return ref.of;
	return a->vars[ref.of].kind == PALE_VAR_VALUE ? a->vars[ref.of].value : 0;
}

int
actor_learn(struct actor *a, char c)
{
	unsigned value = c == 0 ? 0 : (unsigned)(c - '@');

	a->answer->value = (uint8_t)value;
	if (a->site->to_var != 0) {
		a->vars[a->site->to_var].kind = value != 0 ? PALE_VAR_VALUE : PALE_VAR_NONE;
		a->vars[a->site->to_var].value = (uint8_t)value;
	}
	return 0;
}

int
actor_result(long r)
{
	return r < 0 ? -errno : 0;
}

/* ---- descriptors ---- */

static int
do_read(struct actor *a)
{
	char page[PAGE] = { 0 };
	int fd = dirfd_of(a, 0);
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISFIFO(st.st_mode))
		n = read(fd, page, sizeof(page));
	else if (S_ISSOCK(st.st_mode))
		n = read(fd, page, 1);
	else
		n = pread(fd, page, 1, 0);
	if (n < 0)
		return -errno;
	return actor_learn(a, n == 0 ? 0 : page[0]);
}

static int
do_write(struct actor *a)
{
	unsigned value = actor_value(a, 0);
	int fd = dirfd_of(a, 0);
	size_t size = value != 0;
	char page[PAGE];
	struct stat st;

	memset(page, actor_letter(value), sizeof(page));
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode))
		return actor_result(write(fd, page, S_ISFIFO(st.st_mode) ? size * PAGE : size));
	return actor_result(pwrite(fd, page, size, 0));
}

static int
two(struct actor *a, int r, const int fds[2])
{
	if (r < 0)
		return -errno;
	r = put(a, 0, fds[0]);
	return r < 0 ? r : put(a, 1, fds[1]);
}

static int
do_sendfd(struct actor *a)
{
	union {
		struct cmsghdr header;
		char bytes[CONTROL_BYTES];
	} control = { 0 };
	char none = 0;
	struct iovec iov = { &none, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	int fd = dirfd_of(a, 1);

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return actor_result(sendmsg(dirfd_of(a, 0), &msg, 0));
}

static int
do_recvfd(struct actor *a)
{
	union {
		struct cmsghdr header;
		char bytes[CONTROL_BYTES];
	} control = { 0 };
	char got = 0;
	struct iovec iov = { &got, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *header;
	int fd;

	if (recvmsg(dirfd_of(a, 0), &msg, 0) < 0)
		return -errno;
	header = CMSG_FIRSTHDR(&msg);
	if (header == NULL) {
		/* What comes without a descriptor is no value that the program keeps. */
		a->answer->value = got == 0 ? 0 : (uint8_t)(got - '@');
		if (a->site->to_var != 0)
			actor_learn(a, got);
		return -ENOMSG;
	}
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return put(a, 0, fd);
}

static int
do_socket_path(struct actor *a, int (*call)(int, const struct sockaddr *, socklen_t))
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%.100s", path(a, 0));
	return actor_result(call(dirfd_of(a, 0), (struct sockaddr *)&address, sizeof(address)));
}

static int
do_peer(struct actor *a)
{
	struct ucred cred;
	socklen_t size = sizeof(cred);

	if (getsockopt(dirfd_of(a, 0), SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
		return -errno;
	return cred.uid == a->model->users[a->site->user] ? 0 : -EPERM;
}

/* ---- what fstat says ---- */

static int
remember(struct actor *a, int r, const struct stat *st)
{
	if (r < 0)
		return -errno;
	if (a->site->to_var != 0) {
		a->vars[a->site->to_var].kind = PALE_VAR_INODE;
		a->vars[a->site->to_var].st = *st;
	}
	return 0;
}

static int
stat_of(const struct actor *a, unsigned which, struct stat *ret)
{
	struct pale_ref ref = a->site->ref[which];

	if (ref.kind == PALE_REF_FD)
		return fstat(fd_of(a, ref.of), ret);
	*ret = a->vars[ref.of].st;
	return a->vars[ref.of].kind == PALE_VAR_INODE ? 0 : -1;
}

static int
do_same(struct actor *a)
{
	struct stat x, y;

	return stat_of(a, 0, &x) == 0 && stat_of(a, 1, &y) == 0 && x.st_dev == y.st_dev &&
		x.st_ino == y.st_ino
	    ? 0
	    : -PALE_EUNEXPECTED;
}

static int
do_is(struct actor *a)
{
	struct stat st;

	if (a->site->ref[0].kind == PALE_REF_VAR) {
		if (stat_of(a, 0, &st) < 0)
			return -PALE_EUNEXPECTED;
	} else if (fstat(dirfd_of(a, 0), &st) < 0) {
		return -errno;
	}
	if (a->site->type != 0)
		return (st.st_mode & S_IFMT) == a->site->type ? 0 : -PALE_EUNEXPECTED;
	return st.st_uid == geteuid() ? 0 : -PALE_EUNEXPECTED;
}

/* ---- all ---- */

static int
do_fork(struct actor *a)
{
	pid_t child = fork();

	if (child < 0)
		return -errno;
	if (child > 0) {
		a->answer->child = child;
		return 0;
	}
	a->p = a->site->child - 1u;
	return 0;
}

static int
do_renameat(struct actor *a)
{
	unsigned flags = (a->site->flags & PALE_F_EXCL ? RENAME_NOREPLACE : 0) |
	    (a->site->flags & PALE_F_EXCHANGE ? RENAME_EXCHANGE : 0);

	return actor_result(
	    renameat2(dirfd_of(a, 0), path(a, 0), dirfd_of(a, 1), path(a, 1), flags));
}

static int
do_call(struct actor *a)
{
	const struct pale_site *site = a->site;
	int fd = dirfd_of(a, 0), fds[2], r;
	struct stat st;

	switch ((unsigned)site->op) {
	case PALE_CALL_open:
		return put(a, 0, open(path(a, 0), flags_of(site), site->mode));
	case PALE_CALL_openat:
		return put(a, 0, openat(fd, path(a, 0), flags_of(site), site->mode));
	case PALE_CALL_mkdirat:
		return actor_result(mkdirat(fd, path(a, 0), site->mode));
	case PALE_CALL_unlinkat:
		return actor_result(
		    unlinkat(fd, path(a, 0), site->flags & PALE_F_DIRECTORY ? AT_REMOVEDIR : 0));
	case PALE_CALL_renameat:
		return do_renameat(a);
	case PALE_CALL_linkat:
		return actor_result(linkat(fd, path(a, 0), dirfd_of(a, 1), path(a, 1),
		    site->flags & PALE_F_NOFOLLOW ? 0 : AT_SYMLINK_FOLLOW));
	case PALE_CALL_symlinkat:
		return actor_result(symlinkat(path(a, 0), fd, path(a, 1)));
	case PALE_CALL_mkfifoat:
		return actor_result(mkfifoat(fd, path(a, 0), site->mode));
	case PALE_CALL_fchmodat:
		return actor_result(fchmodat(fd, path(a, 0), site->mode, 0));
	case PALE_CALL_fchmod:
		return actor_result(fchmod(fd, site->mode));
	case PALE_CALL_fstatat:
		r = fstatat(
		    fd, path(a, 0), &st, site->flags & PALE_F_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0);
		return remember(a, r, &st);
	case PALE_CALL_fstat:
		return remember(a, fstat(fd, &st), &st);
	case PALE_CALL_chdir:
		return actor_result(chdir(path(a, 0)));
	case PALE_CALL_fchdir:
		return actor_result(fchdir(fd));
	case PALE_CALL_umask:
		umask(site->mode);
		return 0;
	case PALE_CALL_setuid:
		return actor_result(setuid(a->model->users[site->user]));
	case PALE_CALL_close:
		r = close(fd);
		if (r == 0)
			a->fds[a->order->fd[0]] = -1;
		return actor_result(r);
	case PALE_CALL_dup:
		return put(a, 0, dup(fd));
	case PALE_CALL_pipe:
		return two(a, pipe2(fds, flags_of(site) & (O_NONBLOCK | O_CLOEXEC)), fds);
	case PALE_CALL_read:
		return do_read(a);
	case PALE_CALL_write:
		return do_write(a);
	case PALE_CALL_sigpipe_ignore:
		signal(SIGPIPE, SIG_IGN);
		return 0;
	case PALE_CALL_socket:
		return put(a, 0,
		    socket(AF_UNIX, SOCK_STREAM | (flags_of(site) & (O_NONBLOCK | O_CLOEXEC)), 0));
	case PALE_CALL_socketpair:
		return two(a,
		    socketpair(
			AF_UNIX, SOCK_STREAM | (flags_of(site) & (O_NONBLOCK | O_CLOEXEC)), 0, fds),
		    fds);
	case PALE_CALL_bind:
		return do_socket_path(a, bind);
	case PALE_CALL_listen:
		return actor_result(listen(fd, PALE_MODEL_BACKLOG - 1));
	case PALE_CALL_connect:
		return do_socket_path(a, connect);
	case PALE_CALL_accept:
		return put(a, 0, accept(fd, NULL, NULL));
	case PALE_CALL_peer:
		return do_peer(a);
	case PALE_CALL_sendfd:
		return do_sendfd(a);
	case PALE_CALL_recvfd:
		return do_recvfd(a);
	case PALE_CALL_fork:
		return do_fork(a);
	case PALE_CALL_check:
		return actor_value(a, 0) == actor_value(a, 1) ? 0 : -PALE_EUNEXPECTED;
	case PALE_CALL_same:
		return do_same(a);
	case PALE_CALL_is:
		return do_is(a);
	case PALE_CALL_use:
		return 0;
	default:
		return actor_sysv(a);
	}
}

static void
begin(struct actor *a)
{
	static const int access[] = { O_RDONLY, O_RDONLY, O_WRONLY, O_RDWR };
	const struct pale_process *process = &a->model->initial->processes[a->p];
	const struct pale_model_compartment *compartment =
	    &a->model->compartments[a->model->compartment_of[a->p]];
	uid_t uid = a->model->users[process->euid];

	for (unsigned i = 0; i < PALE_MODEL_FDS; i++) {
		const struct pale_fd *fd = &process->fds[i];

		a->fds[i] = -1;
		if (fd->kind == PALE_FD_INODE)
			a->fds[i] = open(a->model->inode_paths[fd->of],
			    access[fd->flags & (PALE_F_READ | PALE_F_WRITE)]);
	}
	umask(process->umask);
	signal(SIGPIPE, compartment->ignores_sigpipe ? SIG_IGN : SIG_DFL);
	if (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
		abort();
}

void
actor_run(const struct pale_model *model, unsigned p, const int *orders, const int *answers)
{
	struct actor a = { .model = model, .p = p };
	struct actor_order order;

	begin(&a);
	/* Ready: the world may be closed behind us. */
	if (write(answers[p], &(struct actor_answer){ .made = -1 }, sizeof(struct actor_answer)) <
	    0)
		_exit(1);
	while (read(orders[a.p], &order, sizeof(order)) == sizeof(order)) {
		struct actor_answer answer = { .made = -1 };
		unsigned before = a.p;

		if (order.site == ACTOR_EXIT)
			break;
		a.site = &model->sites[order.site];
		a.order = &order;
		a.answer = &answer;
		if (a.site->op == PALE_CALL_exit)
			break;
		answer.error = -do_call(&a);
		/* The child of a fork answers its own orders from now on. */
		if (a.p == before && write(answers[a.p], &answer, sizeof(answer)) < 0)
			break;
	}
	_exit(0);
}
