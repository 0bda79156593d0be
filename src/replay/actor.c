/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of an actor: it takes its place (root, working directory, descriptors, user), and then
 * takes steps as it is told. It acts in the scratch tree only: that is its root directory before it
 * hears of the first step.
 */
#include "replay/actor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/scope.h"
#include "kernel/mountcap.h"
#include "model/ops.h"

/* ---- who ---- */

int
pale_actor_use_caps(bool all)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data) < 0)
		return -1;
	for (unsigned i = 0; i < 2; i++)
		data[i].effective = all ? data[i].permitted : 0;
	return (int)syscall(SYS_capset, &head, data);
}

/*
 * The saved user id stays 0 where users can be had, so that the exec of a set-user-ID file can be
 * played by this same process. Nothing else asks for it.
 */
int
pale_actor_become(struct pale_actor *actor, uid_t ruid, uid_t euid)
{
	const gid_t none = 0;

	if (actor->play->users) {
		if (setresuid((uid_t)-1, 0, 0) < 0 || setgroups(0, &none) < 0 ||
		    setresgid(ruid, euid, 0) < 0 || setresuid(ruid, euid, 0) < 0)
			return -1;
	} else if (pale_actor_use_caps(euid == 0) < 0) {
		return -1;
	}
	/* Changed ids close /proc/self to its own process. */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	actor->ruid = ruid;
	actor->euid = euid;
	return 0;
}

static const struct pale_process *
initial(const struct pale_actor *actor)
{
	return &actor->play->model->initial->processes[actor->p];
}

/* An inode of the initial tree, by its path from what actors see as the root. */
static int
open_initial(const struct pale_actor *actor, unsigned inode, int flags)
{
	const struct pale_model *model = actor->play->model;
	char path[PATH_MAX];
	int result = pale_play_path(model, model->initial, inode, path, sizeof(path));

	if (result < 0)
		return errno = -result, -1;
	return openat(
	    actor->play->front, inode == PALE_MODEL_ROOT ? "." : path + 1, flags | O_NOFOLLOW);
}

static int
delegate(struct pale_actor *actor, unsigned slot, struct pale_err *err)
{
	const struct pale_fd *fd = &initial(actor)->fds[slot];
	int flags = (fd->flags & PALE_F_CLOEXEC) != 0 ? O_CLOEXEC : 0;
	bool is_dir = actor->play->model->initial->inodes[fd->of].type == PALE_INODE_DIR;

	if (fd->kind != PALE_FD_INODE)
		return pale_fail(err, -ENOTSUP, "a pipe or socket that is given at the start");
	if ((fd->flags & PALE_F_PATH) != 0)
		flags |= O_PATH;
	else if ((fd->flags & PALE_F_WRITE) != 0 && !is_dir)
		flags |= (fd->flags & PALE_F_READ) != 0 ? O_RDWR : O_WRONLY;
	actor->fds[slot] = open_initial(actor, fd->of, flags);
	if (actor->fds[slot] < 0)
		return pale_fail_errno(err, "cannot open a descriptor that is given");
	if (actor->play->by == PALE_REPLAY_MOUNT && is_dir &&
	    pale_mountcap_clone(actor->fds[slot], "", 0, &actor->lookup_fds[slot], err) < 0)
		return err->code;
	if (fd->mount != 0)
		actor->mounts[slot] =
		    pale_actor_node(actor, fcntl(actor->fds[slot], F_DUPFD_CLOEXEC, 0));
	return 0;
}

static int
take_place(struct pale_actor *actor, struct pale_err *err)
{
	const struct pale_process *process = initial(actor);
	const struct pale_model *model = actor->play->model;
	PALE_CLOSE int root = open_initial(actor, process->root, O_PATH | O_CLOEXEC);

	for (unsigned i = 0; i < PALE_MODEL_FDS; i++)
		if (process->fds[i].kind != PALE_FD_NONE && delegate(actor, i, err) < 0)
			return err->code;
	actor->cwd = open_initial(actor, process->cwd, O_PATH | O_CLOEXEC);
	if (root < 0 || actor->cwd < 0)
		return pale_fail_errno(err, "cannot open the root or working directory");
	if (process->cwd_mount != 0)
		actor->cwd_mount = pale_actor_node(actor, fcntl(actor->cwd, F_DUPFD_CLOEXEC, 0));
	if (fchdir(root) < 0 || chroot(".") < 0 || fchdir(actor->cwd) < 0)
		return pale_fail_errno(err, "cannot take the scratch tree as root");
	actor->root = pale_actor_node(actor, pale_take_fd(&root));
	umask(process->umask);
	signal(SIGPIPE, process->ignores_sigpipe ? SIG_IGN : SIG_DFL);
	if (pale_actor_become(actor, model->users[process->ruid], model->users[process->euid]) < 0)
		return pale_fail_errno(err, "cannot become user %u", model->users[process->euid]);
	actor->suid = model->users[process->suid];
	return 0;
}

/* ---- the kernel's walk ---- */

/* Where a walk of the call sets out, and its text. */
static struct pale_actor_place
place_of(const struct pale_actor *actor, unsigned walk)
{
	const struct pale_site *site = actor->site;
	const struct pale_model *model = actor->play->model;
	bool is_link = site->op == PALE_CALL_symlinkat;
	struct pale_actor_place place = {
		.dir = AT_FDCWD,
		.path = model->rests[site->path[is_link ? 1 : walk]].text,
	};
	unsigned slot = actor->fd[is_link ? 0 : walk];

	if (pale_model_calls[site->op].signature[0] != 'd' && !is_link)
		return place;
	place.dir = pale_actor_fd(actor, is_link ? 0 : walk);
	if (slot < PALE_MODEL_FDS && actor->lookup_fds[slot] >= 0 && !site->atomic)
		place.dir = actor->lookup_fds[slot];
	return place;
}

/*
 * Calls other than openat have no RESOLVE_*: whoever wants it opens the directory with openat2 and
 * gives one name to the call, or /proc/self/fd where there is no last name.
 */
static int
resolve_place(const struct pale_actor *actor, unsigned walk, struct pale_actor_place *place,
    char words[PATH_MAX], int *ret_fd)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve =
		    actor->play->by == PALE_REPLAY_BENEATH ? RESOLVE_BENEATH : RESOLVE_IN_ROOT,
	};
	const struct pale_site *site = actor->site;
	char parent[PATH_MAX];
	const char *name;
	size_t length = strlen(place->path);

	if (place->dir == AT_FDCWD || length == 0 || length >= sizeof(parent))
		return 0;
	memcpy(parent, place->path, length + 1);
	if (pale_model_calls[site->op].walks[walk] == 'P') {
		while (length > 1 && parent[length - 1] == '/')
			length--;
		while (length > 0 && parent[length - 1] != '/')
			length--;
		if (length == 0)
			return 0;
		name = place->path + length;
		parent[length] = '\0';
		how.flags |= O_DIRECTORY;
	} else {
		name = NULL;
		if ((site->flags & PALE_F_NOFOLLOW) != 0)
			how.flags |= O_NOFOLLOW;
	}
	*ret_fd = (int)syscall(SYS_openat2, place->dir, parent, &how, sizeof(how));
	if (*ret_fd < 0)
		return -errno;
	if (name != NULL) {
		*place = (struct pale_actor_place){ *ret_fd, name, false };
		return 0;
	}
	snprintf(words, PATH_MAX, "self/fd/%d", *ret_fd);
	*place = (struct pale_actor_place){ actor->play->proc, words, true };
	return 0;
}

static void
call_by_kernel(struct pale_actor *actor, struct pale_actor_done *ret)
{
	const struct pale_site *site = actor->site;
	const char *walks = pale_model_calls[site->op].walks;
	bool resolves = !site->atomic &&
	    (actor->play->by == PALE_REPLAY_BENEATH || actor->play->by == PALE_REPLAY_IN_ROOT) &&
	    site->op != PALE_CALL_openat && site->op != PALE_CALL_open;
	struct pale_actor_place place[2] = { { 0 } };
	char words[2][PATH_MAX];
	int fds[2] = { -1, -1 };
	int result = 0;

	for (unsigned i = 0; walks[i] != '\0' && result == 0; i++) {
		place[i] = place_of(actor, i);
		if (resolves)
			result = resolve_place(actor, i, &place[i], words[i], &fds[i]);
	}
	if (result < 0)
		*ret = (struct pale_actor_done){ .error = -result, .value = -1 };
	else
		pale_actor_call(actor, place, ret);
	for (unsigned i = 0; i < PALE_COUNT(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* ---- our walkers ---- */

static void
call_walked(struct pale_actor *actor, struct pale_actor_done *ret)
{
	const char *walks = pale_model_calls[actor->site->op].walks;
	struct pale_actor_place place[2] = { { 0 } };
	char words[2][32];

	for (unsigned i = 0; walks[i] != '\0'; i++) {
		int fd = actor->nodes[actor->node[i]].fd;

		if (walks[i] == 'P') {
			place[i].dir = fd;
			place[i].path = actor->play->model->rests[actor->last[i]].text;
			continue;
		}
		snprintf(words[i], sizeof(words[i]), "self/fd/%d", fd);
		place[i] = (struct pale_actor_place){ actor->play->proc, words[i], true };
	}
	pale_actor_call(actor, place, ret);
}

/* The finish of a path: on to the next one, or the call's work. DONE: the call returned. */
static int
finish(struct pale_actor *actor, struct pale_actor_done *ret)
{
	const char *walks = pale_model_calls[actor->site->op].walks;
	int result;

	if (pale_site_creates(actor->site) && actor->slots[PALE_WALKER_LEFT] != 0) {
		result = pale_actor_walk_take(actor);
		return result < 0 ? result : PALE_WALKER_MORE;
	}
	result = pale_actor_walk_finish(actor);
	if (result != PALE_WALKER_DONE)
		return result;
	actor->node[actor->walk] = actor->slots[PALE_WALKER_AT];
	actor->last[actor->walk] = actor->slots[PALE_WALKER_LEFT];
	if (walks[actor->walk + 1] != '\0') {
		actor->walk++;
		result = pale_actor_walk_begin(actor);
		return result < 0 ? result : PALE_WALKER_MORE;
	}
	call_walked(actor, ret);
	return PALE_WALKER_DONE;
}

static void
begin_call(struct pale_actor *actor, unsigned site, const uint8_t fd[2])
{
	actor->site = &actor->play->model->sites[site];
	actor->fd[0] = fd[0];
	actor->fd[1] = fd[1];
	actor->walk = 0;
	memset(actor->node, 0, sizeof(actor->node));
	memset(actor->last, 0, sizeof(actor->last));
}

/* One step of the witness, by the scenario's walker. DONE: the call returned. */
static int
step(struct pale_actor *actor, const struct pale_move *move, struct pale_actor_done *ret)
{
	int result;

	if (move->phase == PALE_PHASE_FINISH)
		return finish(actor, ret);
	if (move->phase == PALE_PHASE_IDLE) {
		begin_call(actor, move->site, move->fd);
		if (pale_model_calls[actor->site->op].walks[0] == '\0' || actor->site->atomic) {
			call_by_kernel(actor, ret);
			return PALE_WALKER_DONE;
		}
		result = pale_actor_walk_begin(actor);
	} else {
		result = pale_actor_walk_step(actor);
	}
	return result < 0 ? result : PALE_WALKER_MORE;
}

/* ---- orders ---- */

/* Does the process end with this call, in the model: not by coming to the end of its program, when
 * it keeps what it has? */
static bool
ends_with(const struct pale_play *play, unsigned p, size_t index)
{
	for (; index < play->count; index++) {
		const struct pale_replay_step *it = &play->steps[index];

		if (it->move.process != p || it->event.kind != PALE_EVENT_RESULT)
			continue;
		return it->event.ended &&
		    (it->after->processes[p].status != PALE_PROCESS_FINISHED ||
			play->model->sites[it->move.site].op == PALE_CALL_exit);
	}
	return false;
}

/* Is the process a child of the compartment of `of`, or a child's child? */
static bool
descends(const struct pale_model *model, unsigned p, unsigned of)
{
	bool is_child[PALE_MODEL_PROCESSES] = { false };
	bool more = true;

	is_child[of] = true;
	while (more) {
		more = false;
		for (unsigned i = 0; i < model->process_count; i++) {
			const struct pale_model_compartment *who =
			    &model->compartments[model->compartment_of[i]];

			for (unsigned k = 0; is_child[i] && k < who->site_count; k++) {
				unsigned child = model->sites[who->first_site + k].child;

				if (child == 0 || is_child[child - 1])
					continue;
				is_child[child - 1] = more = true;
			}
		}
	}
	return is_child[p];
}

/* Keep the own socket, and those of actors that will come of this one. A child that lives has its
 * own. */
static void
close_others(struct pale_actor *actor)
{
	const struct pale_model *model = actor->play->model;

	for (unsigned i = 0; i < model->process_count; i++) {
		bool keep = descends(model, i, actor->p) && !actor->born[i];

		if ((keep || i == actor->p) || actor->socks[i] < 0)
			continue;
		close(actor->socks[i]);
		actor->socks[i] = -1;
	}
}

/* A child is the same process going on, as another one of the scenario. */
static void
call_fork(struct pale_actor *actor, struct pale_actor_done *ret)
{
	unsigned child = actor->site->child - 1U;
	pid_t pid = fork();

	*ret = (struct pale_actor_done){ .value = -1, .error = pid < 0 ? errno : 0 };
	if (pid < 0)
		return;
	actor->born[child] = true;
	if (pid == 0)
		actor->p = child;
	close_others(actor);
}

static void
say_hello(const struct pale_actor *actor, struct pale_play_answer *answer)
{
	ssize_t got =
	    readlinkat(actor->play->proc, "self", answer->seen_as, sizeof(answer->seen_as) - 1);

	answer->seen_as[got < 0 ? 0 : got] = '\0';
	answer->pid = getpid();
	answer->result = PALE_PLAY_HELLO;
}

static void
obey(struct pale_actor *actor, const struct pale_play_order *order, struct pale_play_answer *answer)
{
	const struct pale_play *play = actor->play;
	const struct pale_move *move =
	    order->verb == PALE_PLAY_TRY ? NULL : &play->steps[order->index].move;
	struct pale_actor_done done = { .value = -1 };
	const uint8_t *fds;
	int result = PALE_WALKER_DONE;
	bool child = false;

	switch (order->verb) {
	case PALE_PLAY_STEP:
		result = step(actor, move, &done);
		break;
	case PALE_PLAY_CALL:
		begin_call(actor, move->site, move->fd);
		call_by_kernel(actor, &done);
		break;
	case PALE_PLAY_TRY:
		fds = play->model->sites[order->index].fd;
		begin_call(actor, (unsigned)order->index, fds);
		call_by_kernel(actor, &done);
		break;
	case PALE_PLAY_FORK:
		begin_call(actor, move->site, move->fd);
		child = actor->site->child - 1U != actor->p;
		call_fork(actor, &done);
		child = child && actor->p == actor->site->child - 1U;
		break;
	}
	if (child) {
		say_hello(actor, answer);
		return;
	}
	answer->result = result < 0 ? PALE_WALKER_DONE : result;
	answer->error = result < 0 ? -result : done.error;
	answer->ino = done.ino;
	answer->is_lookup = done.is_lookup;
	answer->value = done.value;
	if (done.unable != NULL)
		snprintf(answer->unable, sizeof(answer->unable), "%s", done.unable);
	if (result == PALE_WALKER_MORE) {
		answer->ino = (uint64_t)actor->nodes[actor->slots[PALE_WALKER_AT]].ino;
		answer->left = actor->slots[PALE_WALKER_LEFT];
	}
}

void
pale_play_actor(const struct pale_play *play, unsigned p, const int *socks)
{
	static struct pale_actor actor;
	struct pale_play_answer answer = { .result = PALE_PLAY_HELLO };
	struct pale_play_order order;
	struct pale_err err = { 0 };
	bool ends = false;

	actor = (struct pale_actor){ .play = play, .p = p, .cwd = -1, .made = -1 };
	for (unsigned i = 0; i < PALE_MODEL_FDS; i++)
		actor.fds[i] = actor.lookup_fds[i] = -1;
	memcpy(actor.socks, socks, sizeof(actor.socks));
	close_others(&actor);
	say_hello(&actor, &answer);
	if (take_place(&actor, &err) < 0)
		snprintf(answer.unable, sizeof(answer.unable), "%.150s", err.text);
	for (;;) {
		if (send(actor.socks[actor.p], &answer, sizeof(answer), MSG_NOSIGNAL) !=
			(ssize_t)sizeof(answer) ||
		    ends)
			_exit(0);
		if (recv(actor.socks[actor.p], &order, sizeof(order), 0) != (ssize_t)sizeof(order))
			_exit(0);
		answer = (struct pale_play_answer){ .value = -1 };
		obey(&actor, &order, &answer);
		ends = order.verb != PALE_PLAY_TRY && answer.result == PALE_WALKER_DONE &&
		    ends_with(play, actor.p, order.index);
	}
}
