/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lookups for real, one component at a time, so that others can act in between: what the kernel
 * does in one call, done by hand on O_PATH descriptors. Of each process that is looking something
 * up the directory is held where its walk is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "model.h"

/* A step that was taken in the model, and is being taken for real. */
struct stride {
	struct real *real;
	const struct pale_state *before, *after;
	const struct pale_move *move;
	const struct pale_event *event;
	const struct pale_site *site;
	unsigned p;
	char *why;
};

static bool
differs(const struct stride *stride, int error)
{
	snprintf(stride->why, WHY_BYTES, "in a step the model says %s, the kernel %s",
	    stride->event->error == 0 ? "0" : strerrorname_np(stride->event->error),
	    error == 0 ? "0" : strerrorname_np(error));
	return false;
}

static void
hold(int *held, int fd)
{
	if (*held >= 0)
		close(*held);
	*held = fd;
}

static int
again(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

static const struct pale_model_rest *
rest_of(const struct stride *stride, pale_walker_rest rest)
{
	return &stride->real->model->rests[rest];
}

/* Is the walk really where the model's is? */
static bool
same_place(const struct stride *stride)
{
	unsigned node = stride->after->processes[stride->p].slots[PALE_WALKER_AT];
	ino_t known = stride->real->ino[node];
	struct stat st;

	if (fstat(stride->real->at[stride->p], &st) == 0 && (known == 0 || known == st.st_ino))
		return true;
	snprintf(
	    stride->why, WHY_BYTES, "the walk is elsewhere than at the model's inode %u", node);
	return false;
}

/* Set out on path number `walk`. */
static bool
begin(const struct stride *stride, unsigned walk)
{
	const struct pale_model *model = stride->real->model;
	unsigned path = stride->site->op == PALE_CALL_symlinkat ? 1 : walk;
	int from = stride->real->cwd[stride->p];
	uint8_t fds[2];

	pale_site_fds(stride->site, stride->move->fd, fds);
	if (model->rests[stride->site->path[path]].absolute)
		from = stride->real->root[stride->p];
	else if (fds[walk] != PALE_FD_CWD)
		from = stride->real->fd[stride->p][fds[walk]];
	hold(&stride->real->at[stride->p], openat(from, ".", O_PATH | O_CLOEXEC));
	return same_place(stride);
}

/* May names be looked up there? */
static int
search(int dir)
{
	int fd = openat(dir, ".", O_PATH | O_CLOEXEC), error = errno;

	if (fd < 0)
		return error;
	close(fd);
	return 0;
}

/* Is a link where the walk is now, and not what it leads to? */
static bool
is_result(const struct stride *stride)
{
	unsigned node = stride->after->processes[stride->p].slots[PALE_WALKER_AT];

	return stride->after->inodes[node].type == PALE_INODE_LINK;
}

/* Take a name or "..". A link is not entered: that the model read it, its next steps show. */
static int
take(const struct stride *stride, const struct pale_walker_part *part)
{
	int *at = &stride->real->at[stride->p], fd;
	const char *name = part->kind == PALE_WALKER_DOTDOT ? ".." : part->text;
	struct stat st;
	char first;

	if (part->kind == PALE_WALKER_DOT)
		return search(*at);
	if (part->kind == PALE_WALKER_END)
		return 0;
	fd = openat(*at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno;
	must(fstat(fd, &st) == 0, "look at what was found");
	if (stride->event->kind == PALE_EVENT_RESULT) {
		/* It failed for what was found, or for what must be done there next. */
		int error = stride->event->error;
		bool good = (error == ENOTDIR && !S_ISDIR(st.st_mode)) ||
		    (error == ELOOP && S_ISLNK(st.st_mode)) ||
		    (error == EACCES && S_ISDIR(st.st_mode) && search(fd) == EACCES);

		close(fd);
		return good ? error : 0;
	}
	if (!S_ISLNK(st.st_mode) || is_result(stride)) {
		hold(at, fd);
		return 0;
	}
	/* An absolute one leads to the root at once. */
	if (readlinkat(fd, "", &first, 1) == 1 && first == '/')
		hold(at, again(stride->real->root[stride->p]));
	close(fd);
	return 0;
}

static bool
walk(const struct stride *stride)
{
	const struct pale_process *before = &stride->before->processes[stride->p];
	const struct pale_model_rest *left = rest_of(stride, before->slots[PALE_WALKER_LEFT]);
	int *at = &stride->real->at[stride->p], error;

	/* An absolute link was read. */
	if (left->absolute)
		hold(at, again(stride->real->root[stride->p]));
	real_be(stride->real, stride->before, stride->p);
	error = take(stride, &left->part);
	/* Where only the last component is left, the directory must be one that can be searched. */
	if (error == 0 && stride->event->error == EACCES)
		error = search(*at);
	if (error == 0 && stride->event->error == ENOTDIR && search(*at) == ENOTDIR)
		error = ENOTDIR;
	real_be_self(stride->real, stride->before, stride->p);
	if (error != stride->event->error)
		return differs(stride, error);
	return stride->event->kind == PALE_EVENT_RESULT || same_place(stride);
}

/* The last component of a path whose directory is held. */
static const char *
last_name(const struct stride *stride, pale_walker_rest last, char buf[64])
{
	const struct pale_walker_part *part = &rest_of(stride, last)->part;

	if (part->kind == PALE_WALKER_END)
		return "/";
	snprintf(buf, 64, "%s%s",
	    part->kind == PALE_WALKER_DOT          ? "."
		: part->kind == PALE_WALKER_DOTDOT ? ".."
						   : part->text,
	    part->slash ? "/" : "");
	return buf;
}

/* The work of the call, from where the walks have led. */
static int
work(const struct stride *stride, int *ret_fd)
{
	const struct pale_process *before = &stride->before->processes[stride->p];
	const struct pale_site *site = stride->site;
	int at = stride->real->at[stride->p], first = stride->real->first[stride->p];
	char name[64], first_name[64];
	const char *last = last_name(stride, before->slots[PALE_WALKER_LEFT], name);
	const char *from = last_name(stride, before->first_rest, first_name);
	struct stat st;

	switch ((int)site->op) {
	case PALE_CALL_mkdirat:
		return mkdirat(at, last, site->mode);
	case PALE_CALL_mkfifoat:
		return mknodat(at, last, S_IFIFO | site->mode, 0);
	case PALE_CALL_unlinkat:
		return unlinkat(at, last, site->flags & PALE_F_DIRECTORY ? AT_REMOVEDIR : 0);
	case PALE_CALL_symlinkat:
		return symlinkat(rest_of(stride, site->path[0])->text, at, last);
	case PALE_CALL_renameat:
		return renameat2(first, from, at, last,
		    (site->flags & PALE_F_EXCL ? RENAME_NOREPLACE : 0u) |
			(site->flags & PALE_F_EXCHANGE ? RENAME_EXCHANGE : 0u));
	case PALE_CALL_fstatat:
		return fstat(at, &st);
	case PALE_CALL_openat:
		errno = ENOTDIR;
		if (fstat(at, &st) < 0 ||
		    ((site->flags & PALE_F_DIRECTORY) && !S_ISDIR(st.st_mode)))
			return -1;
		*ret_fd = again(at);
		if (!(site->flags & PALE_F_CLOEXEC))
			fcntl(*ret_fd, F_SETFD, 0);
		return 0;
	default:
		ck_abort_msg(
		    "the law does not know how to finish %s", pale_model_calls[site->op].name);
	}
}

static bool
finish(const struct stride *stride)
{
	const char *walks = pale_model_calls[stride->site->op].walks;
	struct answer answer = { .fd = { -1, -1 } };

	if (stride->before->processes[stride->p].path + 1u < strlen(walks)) {
		hold(&stride->real->first[stride->p], again(stride->real->at[stride->p]));
		/* The second may fail before it begins; then its descriptor is what is wrong. */
		return stride->event->kind == PALE_EVENT_RESULT || begin(stride, 1);
	}
	real_be(stride->real, stride->before, stride->p);
	errno = 0;
	answer.error = work(stride, &answer.fd[0]) < 0 ? errno : 0;
	/* By hand the directory is searched once more; in one call it was, when the walk came. */
	if (answer.error == EACCES && !stride->event->names_changed &&
	    (search(stride->real->at[stride->p]) == EACCES ||
		(walks[1] != '\0' && search(stride->real->first[stride->p]) == EACCES)))
		answer.error = stride->event->error;
	real_be_self(stride->real, stride->before, stride->p);
	real_keep(stride->real, stride->after, stride->move, stride->event, &answer);
	hold(&stride->real->at[stride->p], -1);
	hold(&stride->real->first[stride->p], -1);
	return answer.error == stride->event->error || differs(stride, answer.error);
}

bool
real_step(struct real *real, const struct pale_state *before, const struct pale_move *move,
    const struct pale_event *event, const struct pale_state *after, char why[WHY_BYTES])
{
	const struct stride stride = {
		.real = real,
		.before = before,
		.after = after,
		.move = move,
		.event = event,
		.site = &real->model->sites[move->site],
		.p = move->process,
		.why = why,
	};
	struct answer answer;

	switch ((enum pale_phase)before->processes[move->process].phase) {
	case PALE_PHASE_WALK:
		return walk(&stride);
	case PALE_PHASE_FINISH:
		return finish(&stride);
	case PALE_PHASE_IDLE:
	case PALE_PHASE_WAIT:
	case PALE_PHASE_WOKEN:
	default:
		break;
	}
	if (event->kind == PALE_EVENT_START)
		return begin(&stride, 0);
	/* One step, or refused at once. */
	real_call(real, before, move, &answer);
	real_keep(real, after, move, event, &answer);
	return answer.error == event->error || differs(&stride, answer.error);
}
