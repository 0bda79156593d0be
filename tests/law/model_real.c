/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls in a world. One process does all: before a call it takes the user, umask, root and
 * working directory of the model's process, and gives them back after. Descriptors of all of them
 * lie in its own table, and a map says which is whose.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness.h"
#include "model.h"

enum { TRIES = 10000 }; /* of openat2 */

static int
open_flags(const struct pale_site *site)
{
	static const struct {
		unsigned ours;
		int real;
	} flags[] = { { PALE_F_CREAT, O_CREAT }, { PALE_F_EXCL, O_EXCL },
		{ PALE_F_NOFOLLOW, O_NOFOLLOW }, { PALE_F_PATH, O_PATH },
		{ PALE_F_NONBLOCK, O_NONBLOCK }, { PALE_F_CLOEXEC, O_CLOEXEC },
		{ PALE_F_DIRECTORY, O_DIRECTORY }, { PALE_F_TRUNC, O_TRUNC } };
	int real = !(site->flags & PALE_F_WRITE) ? O_RDONLY
	    : (site->flags & PALE_F_READ)        ? O_RDWR
						 : O_WRONLY;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (site->flags & flags[i].ours)
			real |= flags[i].real;
	}
	return real;
}

static int
do_open(struct call *call)
{
	const struct pale_site *site = call->site;
	int flags = open_flags(site), dir = site->op == PALE_CALL_open ? AT_FDCWD : call->fd[0];
	struct open_how how = { .flags = (unsigned)flags };
	const char *walker = pale_model_walker(call->real->model, call->p)->name;

	if (strcmp(walker, "none") == 0)
		return call->answer->fd[0] = openat(dir, call->path[0], flags, site->mode);
	how.resolve = strcmp(walker, "beneath") == 0 ? RESOLVE_BENEATH : RESOLVE_IN_ROOT;
	/* openat2 refuses what openat ignores. */
	if (flags & O_PATH)
		how.flags &= O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC;
	if (flags & O_CREAT)
		how.mode = site->mode;
	/* Any rename on the machine makes it ask to be tried again. */
	for (int i = 0; i < TRIES; i++) {
		call->answer->fd[0] =
		    (int)syscall(SYS_openat2, dir, call->path[0], &how, sizeof(how));
		if (call->answer->fd[0] >= 0 || errno != EAGAIN)
			break;
	}
	return call->answer->fd[0];
}

static int
do_stat(struct call *call)
{
	struct stat st;
	int r;

	if (call->site->op == PALE_CALL_fstat)
		r = fstat(call->fd[0], &st);
	else
		r = fstatat(call->fd[0], call->path[0], &st,
		    call->site->flags & PALE_F_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0);
	if (r == 0)
		call->answer->ino = st.st_ino;
	return r;
}

static int
do_read(struct call *call)
{
	struct pollfd poll_fd = { .fd = call->fd[0], .events = POLLIN };
	char record[RECORD_BYTES] = "";
	int flags = fcntl(call->fd[0], F_GETFL);
	ssize_t r;

	/* The model says that it does not wait; if that is wrong, this must not hang. */
	if (flags >= 0 && !(flags & O_NONBLOCK) && (flags & O_ACCMODE) != O_WRONLY &&
	    poll(&poll_fd, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	r = read(call->fd[0], record, sizeof(record));
	call->answer->number = r > 0 ? record[0] : 0;
	return r < 0 ? -1 : 0;
}

static int
do_write(struct call *call)
{
	char record[RECORD_BYTES] = { (char)pale_op_value(
	    &(struct pale_op){
		.model = call->real->model,
		.site = call->site,
		.process = &(struct pale_process){ 0 },
	    },
	    call->site->ref[0]) };
	struct stat st;
	ssize_t r;

	/* The model's files are one value. */
	if (fstat(call->fd[0], &st) == 0 && S_ISREG(st.st_mode))
		r = pwrite(call->fd[0], record, sizeof(record), 0);
	else
		r = write(call->fd[0], record, sizeof(record));
	return r < 0 ? -1 : 0;
}

static int
dispatch(struct call *call)
{
	const struct pale_site *site = call->site;
	const char *path = call->path[0], *other = call->path[1];
	int fd = call->fd[0], fd2 = call->fd[1];
	unsigned flags = site->flags;

	switch ((int)site->op) {
	case PALE_CALL_openat:
	case PALE_CALL_open:
		return do_open(call);
	case PALE_CALL_mkdirat:
		return mkdirat(fd, path, site->mode);
	case PALE_CALL_unlinkat:
		return unlinkat(fd, path, flags & PALE_F_DIRECTORY ? AT_REMOVEDIR : 0);
	case PALE_CALL_renameat:
		return renameat2(fd, path, fd2, other,
		    (flags & PALE_F_EXCL ? RENAME_NOREPLACE : 0u) |
			(flags & PALE_F_EXCHANGE ? RENAME_EXCHANGE : 0u));
	case PALE_CALL_linkat:
		return linkat(
		    fd, path, fd2, other, flags & PALE_F_NOFOLLOW ? 0 : AT_SYMLINK_FOLLOW);
	case PALE_CALL_symlinkat:
		return symlinkat(path, fd, other);
	case PALE_CALL_mkfifoat:
		return mknodat(fd, path, S_IFIFO | site->mode, 0);
	case PALE_CALL_fchmodat:
		return fchmodat(fd, path, site->mode, 0);
	case PALE_CALL_fchmod:
		return fchmod(fd, site->mode);
	case PALE_CALL_fstatat:
	case PALE_CALL_fstat:
		return do_stat(call);
	case PALE_CALL_chdir:
		return chdir(path);
	case PALE_CALL_fchdir:
		return fchdir(fd);
	case PALE_CALL_chroot:
		return chroot(path);
	case PALE_CALL_umask:
		umask(site->mode);
		return 0;
	case PALE_CALL_close:
		return fcntl(fd, F_GETFD) < 0 ? -1 : 0; /* real_keep closes it */
	case PALE_CALL_dup:
		return call->answer->fd[0] = dup(fd);
	case PALE_CALL_read:
		return do_read(call);
	case PALE_CALL_write:
		return do_write(call);
	default:
		return real_ipc(call);
	}
}

void
real_be(const struct real *real, const struct pale_state *state, unsigned p)
{
	const struct pale_process *process = &state->processes[p];
	uid_t uid = real->model->users[process->euid];

	must(fchdir(real->root[p]) == 0 && chroot(".") == 0, "change root");
	must(fchdir(real->cwd[p]) == 0, "change directory");
	umask(process->umask);
	if (uid != 0)
		must(setresgid((gid_t)-1, uid, (gid_t)-1) == 0 &&
			setresuid((uid_t)-1, uid, (uid_t)-1) == 0,
		    "become a user");
}

void
real_be_self(const struct real *real, const struct pale_state *state, unsigned p)
{
	if (real->model->users[state->processes[p].euid] != 0)
		must(setresuid((uid_t)-1, 0, (uid_t)-1) == 0 &&
			setresgid((gid_t)-1, 0, (gid_t)-1) == 0,
		    "become root again");
	umask(0);
}

static void
reopen(int *fd, const char *path)
{
	close(*fd);
	*fd = open(path, O_PATH | O_CLOEXEC);
	must(*fd >= 0, "open a directory again");
}

void
real_call(struct real *real, const struct pale_state *state, const struct pale_move *move,
    struct answer *ret)
{
	const struct pale_model *model = real->model;
	struct call call = {
		.real = real,
		.state = state,
		.site = &model->sites[move->site],
		.p = move->process,
		.answer = ret,
	};
	uint8_t fds[2];

	*ret = (struct answer){ .fd = { -1, -1 } };
	pale_site_fds(call.site, move->fd, fds);
	for (unsigned i = 0; i < 2; i++) {
		call.fd[i] = fds[i] == PALE_FD_CWD ? AT_FDCWD
		    : fds[i] < PALE_MODEL_FDS      ? real->fd[call.p][fds[i]]
						   : -1;
		call.path[i] = call.site->path[i] != 0 ? model->rests[call.site->path[i]].text : "";
	}
	real_be(real, state, call.p);
	errno = 0;
	ret->error = dispatch(&call) < 0 ? errno : 0;
	real_be_self(real, state, call.p);
	if (ret->error != 0)
		return;
	if (call.site->op == PALE_CALL_chdir || call.site->op == PALE_CALL_fchdir)
		reopen(&real->cwd[call.p], ".");
	if (call.site->op == PALE_CALL_chroot)
		reopen(&real->root[call.p], "/");
}

void
real_keep(struct real *real, const struct pale_state *state, const struct pale_move *move,
    const struct pale_event *event, const struct answer *answer)
{
	unsigned p = move->process;

	if (event->error == 0)
		real_ipc_keep(real, state, move, answer);
	for (unsigned i = 0; i < 2; i++) {
		int slot = event->got_fd[i];

		if (answer->fd[i] < 0)
			continue;
		if (slot < 0) {
			close(answer->fd[i]);
			continue;
		}
		if (real->fd[p][slot] >= 0)
			close(real->fd[p][slot]);
		real->fd[p][slot] = answer->fd[i];
	}
	/* What the model let go, real goes, too: close, and what a result replaced. */
	for (unsigned i = 0; i < PALE_MODEL_FDS; i++) {
		if (state->processes[p].fds[i].kind != PALE_FD_NONE || real->fd[p][i] < 0)
			continue;
		close(real->fd[p][i]);
		real->fd[p][i] = -1;
	}
}
