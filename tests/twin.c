/* SPDX-License-Identifier: BSD-2-Clause */
#include "twin.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/mount.h>
#include <sys/sem.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/ops.h"
#include "model/pack.h"
#include "model/read.h"
#include "twin_actor.h"
#include "twin_look.h"
#include "twin_tree.h"

enum {
	PATIENCE = 1000000, /* looks at a process that neither answers nor waits */
};

struct twin {
	struct pale_model *model;
	struct pale_state state;
	bool real;
	int root; /* of the real tree */
	char words[1024];

	/* The real ones, by process. */
	pid_t pids[PALE_MODEL_PROCESSES];
	int orders[PALE_MODEL_PROCESSES], answers[PALE_MODEL_PROCESSES]; /* ours */
	int their_orders[PALE_MODEL_PROCESSES], their_answers[PALE_MODEL_PROCESSES];

	bool waits[PALE_MODEL_PROCESSES]; /* in a call */
	bool has_done[PALE_MODEL_PROCESSES];
	int done[PALE_MODEL_PROCESSES]; /* what a call answered that had to wait */
};

/* ---- the model ---- */

/*
 * Do a call of process p, that of a move (NULL: its only one), or what is left of it. Returns 0,
 * errno, TWIN_WAITS, TWIN_KILLED; the site and the slots that it put descriptors into.
 */
static int
model_call(
    struct twin *twin, unsigned p, const struct pale_move *first, struct actor_order *ret_order)
{
	struct pale_event event;
	struct pale_move move;

	while (pale_model_moves(twin->model, &twin->state, p, &move, 1) != 0) {
		if (first != NULL)
			move = *first;
		first = NULL;
		ret_order->site = move.site;
		memcpy(ret_order->fd, move.fd, sizeof(move.fd));
		for (unsigned i = 0; i < 2; i++)
			ret_order->to_fd[i] = twin->model->sites[move.site].to_fd[i];
		if (!pale_model_step(twin->model, &twin->state, &move, &event) ||
		    event.kind == PALE_EVENT_WAITS)
			return TWIN_WAITS;
		if (event.kind != PALE_EVENT_RESULT)
			continue;
		for (unsigned i = 0; i < 2; i++) {
			if (event.got_fd[i] >= 0)
				ret_order->to_fd[i] = (uint8_t)event.got_fd[i];
		}
		return twin->state.processes[p].status == PALE_PROCESS_KILLED ? TWIN_KILLED
									      : event.error;
	}
	return TWIN_OVER;
}

/* The value that a call has just given to its variable. */
static unsigned
model_value(const struct twin *twin, unsigned p, unsigned site)
{
	unsigned var = twin->model->sites[site].to_var;
	const struct pale_var *held = &twin->state.processes[p].vars[var];

	return var != 0 && held->kind == PALE_VAR_VALUE ? held->of : 0;
}

/* ---- the kernel ---- */

/* What the real process answers: 0, errno, TWIN_WAITS or TWIN_KILLED. */
static int
real_answer(struct twin *twin, unsigned p, struct actor_answer *ret)
{
	char text[256];

	for (unsigned i = 0; i < PATIENCE; i++) {
		struct pollfd poll_fd = { .fd = twin->answers[p], .events = POLLIN };

		if (poll(&poll_fd, 1, 0) == 1) {
			twin_must(read(twin->answers[p], ret, sizeof(*ret)) == sizeof(*ret), "read",
			    "answer");
			return ret->error;
		}
		if (twin_process_state(twin->pids[p]) == 'Z')
			return TWIN_KILLED;
		if (twin_is_asleep(twin->pids[p], twin->their_orders[p]) &&
		    twin_is_asleep(twin->pids[p], twin->their_orders[p]) &&
		    poll(&poll_fd, 1, 0) == 0)
			return TWIN_WAITS;
		sched_yield();
	}
	if (!twin_look(twin->pids[p], "syscall", text, sizeof(text)))
		text[0] = '\0';
	ck_abort_msg("process %u neither answers nor waits: %c, in call %s", p,
	    twin_process_state(twin->pids[p]), text);
	return 0;
}

/* The end of a process; its descriptors are closed when it is a zombie. */
static void
real_end(struct twin *twin, unsigned p)
{
	struct actor_order order = { .site = ACTOR_EXIT };

	twin_must(write(twin->orders[p], &order, sizeof(order)) == sizeof(order), "write", "order");
	for (unsigned i = 0; i < PATIENCE && twin_process_state(twin->pids[p]) != 'Z'; i++)
		sched_yield();
}

/* A queue is as small as the model's, a semaphore begins with 1. */
static void
fit_object(const struct twin *twin, const struct pale_state *before, int id)
{
	for (unsigned i = 0; i < PALE_MODEL_SYSV && id >= 0; i++) {
		unsigned kind = twin->state.sysv[i].kind;
		struct msqid_ds ds;

		if (kind == before->sysv[i].kind)
			continue;
		if (kind == PALE_SYSV_SEM)
			twin_must(semctl(id, 0, SETVAL, 1) == 0, "semctl", "SETVAL");
		if (kind != PALE_SYSV_MSG)
			continue;
		twin_must(msgctl(id, IPC_STAT, &ds) == 0, "msgctl", "IPC_STAT");
		ds.msg_qbytes = PALE_MODEL_PIPE_DEPTH;
		twin_must(msgctl(id, IPC_SET, &ds) == 0, "msgctl", "IPC_SET");
	}
}

/* ---- both ---- */

static const char *
name_of(int answer)
{
	switch (answer) {
	case 0:
		return "0";
	case TWIN_WAITS:
		return "waits";
	case TWIN_KILLED:
		return "killed";
	default:
		return strerrorname_np(answer);
	}
}

/* Who sleeps is told EIDRM, who comes later EINVAL; the model makes no difference. */
static bool
is_alike(int model, int real)
{
	return model == real || (model == EIDRM && real == EINVAL);
}

static const char *
compare(struct twin *twin, unsigned p, const struct actor_order *order, int model, int real,
    const struct actor_answer *answer)
{
	unsigned value = model_value(twin, p, order->site);
	const char *text = twin->model->sites[order->site].text;
	enum pale_model_op op = twin->model->sites[order->site].op;

	const char *lost = pale_model_lost(twin->model, &twin->state);

	/* And what is stored of the state is all of it. */
	if (lost != NULL) {
		snprintf(
		    twin->words, sizeof(twin->words), "after %s: %s is not stored", text, lost);
		return twin->words;
	}
	if (!is_alike(model, real)) {
		snprintf(twin->words, sizeof(twin->words),
		    "%s: %s: the model says %s, the kernel %s", pale_model_actor(twin->model, p),
		    text, name_of(model), name_of(real));
		return twin->words;
	}
	if (model == 0 &&
	    (op == PALE_CALL_read || op == PALE_CALL_load || op == PALE_CALL_msgrcv) &&
	    twin->model->sites[order->site].to_var != 0 && value != answer->value) {
		snprintf(twin->words, sizeof(twin->words),
		    "%s: %s: the model has read %u, the kernel %u",
		    pale_model_actor(twin->model, p), text, value, answer->value);
		return twin->words;
	}
	return NULL;
}

/* What the model and the kernel must still do alike after a call. */
static void
follow(struct twin *twin, unsigned p, const struct pale_state *before,
    const struct actor_order *order, const struct actor_answer *answer)
{
	const struct pale_site *site = &twin->model->sites[order->site];

	fit_object(twin, before, answer->made);
	if (site->op == PALE_CALL_fork && answer->child != 0)
		twin->pids[site->child - 1] = answer->child;
	if (twin->state.processes[p].status == PALE_PROCESS_FAILED)
		real_end(twin, p);
}

/* Whoever waited and need not any more has gone on, here as there. */
static const char *
settle(struct twin *twin)
{
	const char *words = NULL;

	for (unsigned p = 0; p < twin->model->process_count && words == NULL; p++) {
		struct pale_state before = twin->state;
		struct actor_answer answer = { .made = -1 };
		struct actor_order order;
		int model, real;

		if (!twin->waits[p])
			continue;
		model = model_call(twin, p, NULL, &order);
		real = real_answer(twin, p, &answer);
		words = compare(twin, p, &order, model, real, &answer);
		if (model == TWIN_WAITS)
			continue;
		twin->waits[p] = false;
		twin->has_done[p] = true;
		twin->done[p] = model;
		if (words == NULL)
			follow(twin, p, &before, &order, &answer);
	}
	return words;
}

static const char *
begin_call(struct twin *twin, unsigned p, const struct pale_move *move, int *ret_answer)
{
	struct pale_state before = twin->state;
	struct actor_answer answer = { .made = -1 };
	struct actor_order order = { 0 };
	const char *words;
	int model, real;

	if (twin->has_done[p] || twin->waits[p]) {
		*ret_answer = twin->has_done[p] ? twin->done[p] : TWIN_WAITS;
		twin->has_done[p] = false;
		return NULL;
	}
	model = *ret_answer = model_call(twin, p, move, &order);
	if (model == TWIN_OVER)
		return NULL;
	twin->waits[p] = model == TWIN_WAITS;
	if (!twin->real)
		return NULL;
	twin_must(write(twin->orders[p], &order, sizeof(order)) == sizeof(order), "write", "order");
	real = real_answer(twin, p, &answer);
	if (twin->model->sites[order.site].op == PALE_CALL_exit && real == TWIN_KILLED)
		real = 0;
	words = compare(twin, p, &order, model, real, &answer);
	if (words != NULL)
		return words;
	if (model != TWIN_WAITS)
		follow(twin, p, &before, &order, &answer);
	return settle(twin);
}

const char *
twin_try(struct twin *twin, unsigned p, int *ret_answer)
{
	return begin_call(twin, p, NULL, ret_answer);
}

const char *
twin_move(struct twin *twin, const struct pale_move *move, int *ret_answer)
{
	return begin_call(twin, move->process, move, ret_answer);
}

int
twin_call(struct twin *twin, const char *compartment)
{
	int answer = TWIN_OVER;

	for (unsigned p = 0; p < twin->model->process_count; p++) {
		const char *words;

		if (strcmp(pale_model_actor(twin->model, p), compartment) != 0)
			continue;
		/* Without a kernel whoever waits is asked here. */
		if (!twin->real && twin->waits[p])
			twin->waits[p] = false;
		words = twin_try(twin, p, &answer);
		if (words != NULL)
			ck_abort_msg("%s", words);
		return answer;
	}
	ck_abort_msg("no process %s", compartment);
	return answer;
}

static void
start(struct twin *twin, const char *top)
{
	for (unsigned p = 0; p < twin->model->process_count; p++) {
		int orders[2], answers[2];

		twin_must(
		    pipe2(orders, O_CLOEXEC) == 0 && pipe2(answers, O_CLOEXEC) == 0, "pipe", "");
		twin->orders[p] = orders[1];
		twin->their_orders[p] = orders[0];
		twin->answers[p] = answers[0];
		twin->their_answers[p] = answers[1];
	}
	for (unsigned p = 0; p < twin->model->process_count; p++) {
		if (twin->model->born_later[p])
			continue;
		twin->pids[p] = fork();
		twin_must(twin->pids[p] >= 0, "fork", "");
		if (twin->pids[p] > 0) {
			struct actor_answer ready;

			twin_must(real_answer(twin, p, &ready) == 0, "begin", "");
			continue;
		}
		if (chroot(top) < 0 ||
		    chdir(twin->model->inode_paths[twin->state.processes[p].cwd]) < 0)
			abort();
		actor_run(twin->model, p, twin->their_orders, twin->their_answers);
	}
}

static void
make_world(struct twin *twin)
{
	char top[] = "/tmp/twin-XXXXXX";

	twin_must(unshare(CLONE_NEWNS | CLONE_NEWIPC) == 0, "unshare", "");
	twin_must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "mount", "/");
	twin_must(mkdtemp(top) != NULL, "mkdtemp", top);
	twin_must(mount("twin", top, "tmpfs", 0, "mode=755") == 0, "mount", top);
	umask(0);
	twin_make_tree(twin->model, top);
	twin_make_objects(twin->model);
	start(twin, top);
	twin->root = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* The mount is this namespace's, and goes with it. */
	twin_must(umount2(top, MNT_DETACH) == 0 && rmdir(top) == 0, "rmdir", top);
}

struct twin *
twin_model_open(const char *text)
{
	struct twin *twin = calloc(1, sizeof(*twin));
	struct pale_err err;
	char *whole;

	/* A scenario has something that must not happen, and names that it looks for. */
	twin_must(twin != NULL &&
		asprintf(&whole, "property('progress') file('/other/none') %s", text) > 0,
	    "asprintf", "");
	if (pale_model_read("twin", whole, strlen(whole),
		&(struct pale_read_options){ .plays = true }, &twin->model, &err) < 0)
		ck_abort_msg("%s\n%s", err.text, whole);
	free(whole);
	twin->state = *twin->model->initial;
	return twin;
}

struct twin *
twin_open(const char *text)
{
	struct twin *twin = twin_model_open(text);

	twin->real = geteuid() == 0;
	if (twin->real)
		make_world(twin);
	return twin;
}

void
twin_close(struct twin *twin)
{
	for (unsigned p = 0; p < twin->model->process_count && twin->real; p++) {
		if (twin->pids[p] > 0)
			kill(twin->pids[p], SIGKILL);
		close(twin->orders[p]);
		close(twin->answers[p]);
		close(twin->their_orders[p]);
		close(twin->their_answers[p]);
	}
	while (twin->real && wait(NULL) > 0)
		continue;
	pale_model_free(twin->model);
	free(twin);
}

int
twin_foresee(const struct twin *twin, unsigned p, const struct pale_site **ret_site)
{
	struct twin copy = *twin;
	struct actor_order order = { 0 };
	int answer = model_call(&copy, p, NULL, &order);

	if (ret_site != NULL)
		*ret_site = &twin->model->sites[order.site];
	return answer;
}

const char *
twin_compare_files(struct twin *twin)
{
	for (unsigned i = 1; i <= twin->model->inode_count && twin->real; i++) {
		const struct pale_inode *inode = &twin->state.inodes[i];
		char path[512], value = 0;
		struct stat st;
		int fd;

		pale_model_path(twin->model, &twin->state, i, path, sizeof(path));
		if (inode->type != PALE_INODE_FILE || strchr(path, '(') != NULL)
			continue;
		fd = openat(twin->root, path + 1, O_RDONLY);
		twin_must(
		    fd >= 0 && fstat(fd, &st) == 0 && read(fd, &value, 1) >= 0, "openat", path);
		close(fd);
		if (st.st_uid == twin->model->users[inode->owner] &&
		    (st.st_mode & 07777) == inode->mode &&
		    (unsigned char)value == (inode->content == 0 ? 0 : '@' + inode->content))
			continue;
		snprintf(twin->words, sizeof(twin->words), "%s is not what the model says", path);
		return twin->words;
	}
	return NULL;
}

bool
twin_anybody_waits(const struct twin *twin)
{
	for (unsigned p = 0; p < twin->model->process_count; p++) {
		if (twin->waits[p])
			return true;
	}
	return false;
}

bool
twin_is_real(const struct twin *twin)
{
	return twin->real;
}

const struct pale_model *
twin_model(const struct twin *twin)
{
	return twin->model;
}

const struct pale_state *
twin_state(const struct twin *twin)
{
	return &twin->state;
}
