/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a step is taken; see step.h (which there are: moves.c). A call goes through its phases here
 * (start, walks, finish, waiting); what it then does is the op of its row.
 *
 * A step that cannot be taken leaves the state as it was. Walkers and ops promise that for
 * themselves; what this file sets before it asks them, it takes back.
 */
#include "model/step.h"

#include <errno.h>
#include <string.h>

#include "model/ops.h"
#include "model/property.h"
#include "model/tree.h"
#include "model/walkers.h"

/* Properties that ask what was beneath a directory before names changed. */
#define WATCHED (1U << PALE_PROPERTY_UNION | 1U << PALE_PROPERTY_CALL | 1U << PALE_PROPERTY_RIGHTS)

/* clang-format off */
const pale_op_function pale_ops[PALE_CALL_COUNT] = {
#define CALL(name, signature, walks, sys, summary) [PALE_CALL_##name] = pale_op_##name,
#include "model/calls.def"
};
/* clang-format on */

static const struct pale_model_compartment *
compartment_of(const struct pale_model *model, unsigned p)
{
	return &model->compartments[model->compartment_of[p]];
}

/* How many paths are walked, and whether the first one begins at a descriptor: of each call. */
/* clang-format off */
static const struct {
	uint8_t walks;
	bool has_dirfd;
} shapes[PALE_CALL_COUNT] = {
#define CALL(name, signature, walks, sys, summary) \
	[PALE_CALL_##name] = { sizeof(walks) - 1, \
		(signature)[0] == 'd' || PALE_CALL_##name == PALE_CALL_symlinkat },
#include "model/calls.def"
};
/* clang-format on */

static unsigned
walk_count(const struct pale_site *site)
{
	return shapes[site->op].walks;
}

/* How the process comes to its next path; which of the site's paths and descriptors that is. */
struct leg {
	unsigned flags; /* PALE_WALKER_* */
	pale_walker_rest path;
	unsigned fd; /* slot or PALE_FD_CWD */
};

bool
pale_site_has_dirfd(const struct pale_site *site)
{
	return shapes[site->op].has_dirfd;
}

static struct leg
leg_of(const struct pale_site *site, const uint8_t *fd, unsigned walk)
{
	const struct pale_model_call *call = &pale_model_calls[site->op];
	struct leg leg = { .path = site->path[walk], .fd = PALE_FD_CWD };

	/* The target of a link is text, and not walked. */
	if (site->op == PALE_CALL_symlinkat)
		leg.path = site->path[1];
	if (pale_site_has_dirfd(site))
		leg.fd = fd[walk];
	if (call->walks[walk] == 'P' || pale_site_creates(site))
		leg.flags |= PALE_WALKER_PARENT;
	else if ((site->flags & PALE_F_NOFOLLOW) != 0)
		leg.flags |= PALE_WALKER_NOFOLLOW;
	if (site->op == PALE_CALL_chdir || site->op == PALE_CALL_chroot ||
	    ((site->op == PALE_CALL_openat || site->op == PALE_CALL_open) &&
		(site->flags & PALE_F_DIRECTORY) != 0))
		leg.flags |= PALE_WALKER_DIRECTORY;
	return leg;
}

void
pale_site_fds(const struct pale_site *site, const uint8_t any[2], uint8_t ret_fd[2])
{
	for (unsigned i = 0; i < 2; i++)
		ret_fd[i] = site->fd[i] == PALE_FD_ANY ? any[i] : site->fd[i];
}

/* Everything that a step needs to know. */
struct stepping {
	const struct pale_model *model;
	struct pale_state *state;
	const struct pale_walker *walker;
	const struct pale_site *site;
	struct pale_process *process;
	struct pale_event *event;
	unsigned p;
	uint8_t fd[2];
};

/* What became of a step. */
enum outcome {
	OUTCOME_NOT_NOW,
	OUTCOME_GOES_ON, /* the call is under way */
	OUTCOME_RETURNED,
};

static void
give_back_lock(const struct stepping *s)
{
	if (s->state->lock == s->p + 1)
		s->state->lock = 0;
}

/* The call returns: a result, or -errno. What ends the process is done here, too. */
static enum outcome
call_returns(struct stepping *s, int error)
{
	struct pale_process *process = s->process;
	const struct pale_model_compartment *who = compartment_of(s->model, s->p);

	s->event->kind = PALE_EVENT_RESULT;
	s->event->error = -error;
	process->phase = PALE_PHASE_IDLE;
	process->path = 0;
	process->site = 0;
	process->fd[0] = process->fd[1] = 0;
	process->made = 0;
	process->first_node = 0;
	process->first_rest = 0;
	for (unsigned i = 0; i < s->walker->slot_count; i++)
		process->slots[i] = 0;
	process->moved = 0;
	process->seen_call = 0;
	process->seen_union = 0;
	give_back_lock(s);
	if (process->status != PALE_PROCESS_RUNS) {
		s->event->ended = true;
	} else if (!who->adversary && error != 0 && !s->site->may_fail) {
		process->error = (uint8_t)-error;
		pale_process_end(s->model, s->state, s->p, PALE_PROCESS_FAILED);
		s->event->ended = true;
	} else if (!who->adversary && ++process->pc == who->site_count) {
		/* What it holds it keeps: a program that is to let go ends with `exit`. */
		process->status = PALE_PROCESS_FINISHED;
		s->event->ended = true;
	}
	return OUTCOME_RETURNED;
}

/* The work of the call, once its paths are walked or where it has none. */
static enum outcome
call_works(struct stepping *s, const uint8_t node[2], const pale_walker_rest last[2], bool again)
{
	struct pale_op op = {
		.model = s->model,
		.state = s->state,
		.site = s->site,
		.p = s->p,
		.process = s->process,
		.fd = { s->fd[0], s->fd[1] },
		.node = { node[0], node[1] },
		.last = { last[0], last[1] },
		.again = again,
		.event = s->event,
	};
	const struct pale_model_rest *left;
	int r = pale_ops[s->site->op](&op);

	switch (r) {
	case PALE_OP_BLOCKED:
		return OUTCOME_NOT_NOW;
	case PALE_OP_REGISTERED:
		s->process->phase = PALE_PHASE_WAIT;
		/* The lookup is over, whatever the call still waits for. */
		give_back_lock(s);
		s->event->kind = PALE_EVENT_WAITS;
		return OUTCOME_GOES_ON;
	case PALE_OP_WALK_ON:
		left = &s->model->rests[s->process->slots[PALE_WALKER_LEFT]];
		if (left->absolute || !left->part.last)
			s->process->phase = PALE_PHASE_WALK;
		return OUTCOME_GOES_ON;
	case PALE_OP_TAKEN:
		return OUTCOME_GOES_ON;
	case PALE_OP_ENDED:
		return call_returns(s, 0);
	default:
		return call_returns(s, r);
	}
}

/* What a walk asks of the directory that it sets out from, as path_init of Linux and, for the
 * rights, namei_setup of FreeBSD. */
static int
check_start(const struct stepping *s, const struct leg *leg, unsigned walk)
{
	const struct pale_model_rest *path = &s->model->rests[leg->path];
	const struct pale_fd *fd;

	if (leg->fd == PALE_FD_CWD || (path->absolute && !s->walker->reroots))
		return 0;
	if (leg->fd >= PALE_MODEL_FDS)
		return -EBADF;
	fd = &s->process->fds[leg->fd];
	if (fd->kind == PALE_FD_NONE)
		return -EBADF;
	if (fd->rights != 0 &&
	    (pale_path_rights(s->site, walk) & ~s->model->rights[fd->rights]) != 0)
		return -PALE_ENOTCAPABLE;
	if (fd->kind != PALE_FD_INODE || s->state->inodes[fd->of].type != PALE_INODE_DIR)
		return -ENOTDIR;
	return 0;
}

/* What is refused before anything is walked: names that are no paths at all, and for bind and
 * connect what is no socket. */
static int
check_call(const struct stepping *s)
{
	unsigned count = s->site->op == PALE_CALL_symlinkat ? 2 : walk_count(s->site);

	for (unsigned i = 0; i < count; i++) {
		const struct pale_model_rest *path = &s->model->rests[s->site->path[i]];

		if (path->part.kind == PALE_WALKER_END && !path->absolute)
			return -ENOENT;
	}
	if (count == 0 || pale_model_calls[s->site->op].signature[0] != 'f')
		return 0;
	if (s->fd[0] >= PALE_MODEL_FDS || s->process->fds[s->fd[0]].kind == PALE_FD_NONE ||
	    (s->process->fds[s->fd[0]].flags & PALE_F_PATH) != 0)
		return -EBADF;
	return s->process->fds[s->fd[0]].kind == PALE_FD_SOCKET ? 0 : -ENOTSOCK;
}

/* A step may ask twice: the finish of the first path and the start of the second. */
static void
was_asked(struct stepping *s, const struct pale_walk_ctx *ctx)
{
	struct pale_reads *reads = &s->event->reads;

	s->event->operations = (uint8_t)(s->event->operations + ctx->operations);
	reads->names |= ctx->reads.names;
	reads->parents |= ctx->reads.parents;
	reads->sequence |= ctx->reads.sequence;
	reads->lock |= ctx->reads.lock;
}

/* Whose last component is not taken yet must be able to search where it lies, even for a dot; "/"
 * lies nowhere: link_path_walk. */
static int
check_parent(const struct stepping *s, unsigned flags)
{
	pale_walker_rest last = s->process->slots[PALE_WALKER_LEFT];
	unsigned dir = s->process->slots[PALE_WALKER_AT];

	if ((flags & PALE_WALKER_PARENT) == 0 || s->model->rests[last].part.kind == PALE_WALKER_END)
		return 0;
	if (s->state->inodes[dir].type != PALE_INODE_DIR)
		return -ENOTDIR;
	return pale_tree_access(s->model, s->state, s->p, dir, PALE_DAC_X);
}

/* What a walker's function says; -errno ends the call. */
static enum outcome
walker_said(struct stepping *s, int r, unsigned flags, const struct pale_walk_ctx *ctx)
{
	was_asked(s, ctx);
	if (r == PALE_WALKER_WAIT)
		return OUTCOME_NOT_NOW;
	if (r == PALE_WALKER_DONE)
		r = check_parent(s, flags);
	if (r < 0)
		return call_returns(s, r);
	s->process->phase = r == PALE_WALKER_DONE ? PALE_PHASE_FINISH : PALE_PHASE_WALK;
	return OUTCOME_GOES_ON;
}

/* Set out on a path. The process is in its call already. */
static enum outcome
walk_begins(struct stepping *s, unsigned walk)
{
	struct pale_process *process = s->process;
	struct leg leg = leg_of(s->site, s->fd, walk);
	struct pale_walk_ctx ctx;
	int r = check_start(s, &leg, walk);

	if (r < 0)
		return call_returns(s, r);
	process->path = (uint8_t)walk;
	ctx = pale_walk_ctx_of(s->model, s->state, s->p);
	process->slots[PALE_WALKER_AT] = ctx.start;
	process->slots[PALE_WALKER_LEFT] = leg.path;
	r = s->walker->begin == NULL
	    ? PALE_WALKER_MORE
	    : s->walker->begin(process->slots, leg.flags, &pale_model_walker_ops, &ctx);
	return walker_said(s, r, leg.flags, &ctx);
}

/* Where a path begins, of a descriptor that check_start found good. */
static uint8_t
dir_of(const struct stepping *s, const struct leg *leg)
{
	return leg->fd == PALE_FD_CWD ? s->process->cwd : s->process->fds[leg->fd].of;
}

/* What a single name leads to at this instant. */
static uint8_t
single(const struct stepping *s, const struct leg *leg)
{
	return (uint8_t)pale_tree_find(
	    s->model, s->state, dir_of(s, leg), s->model->rests[leg->path].part.name);
}

/* One step: all single names. */
static enum outcome
call_at_once(struct stepping *s)
{
	uint8_t node[2] = { 0, 0 };
	pale_walker_rest last[2] = { 0, 0 };
	unsigned count = walk_count(s->site);

	for (unsigned i = 0; i < count; i++) {
		struct leg leg = leg_of(s->site, s->fd, i);
		int r = check_start(s, &leg, i);

		if (r < 0)
			return call_returns(s, r);
		node[i] = dir_of(s, &leg);
		r = pale_tree_access(s->model, s->state, s->p, node[i], PALE_DAC_X);
		if (r < 0)
			return call_returns(s, r);
		if ((leg.flags & PALE_WALKER_PARENT) != 0) {
			last[i] = leg.path;
			continue;
		}
		node[i] = single(s, &leg);
		if (node[i] == 0)
			return call_returns(s, -ENOENT);
	}
	return call_works(s, node, last, false);
}

static enum outcome
call_begins(struct stepping *s, const struct pale_move *move)
{
	struct pale_process *process = s->process;
	bool counts = process->calls > 0;
	enum outcome outcome;
	int r = check_call(s);

	if (r < 0) {
		process->calls = (uint8_t)(process->calls - counts);
		return call_returns(s, r);
	}
	if (walk_count(s->site) == 0 || s->site->atomic) {
		outcome = call_at_once(s);
		if (outcome != OUTCOME_NOT_NOW) {
			process->calls = (uint8_t)(process->calls - counts);
			/* Registered, it is found again by its site. */
			if (process->phase != PALE_PHASE_IDLE)
				process->site = move->site;
		}
		return outcome;
	}
	s->event->kind = PALE_EVENT_START;
	process->site = move->site;
	for (unsigned i = 0; i < 2; i++)
		process->fd[i] = s->site->fd[i] == PALE_FD_ANY ? move->fd[i] : 0;
	process->phase = PALE_PHASE_WALK;
	outcome = walk_begins(s, 0);
	if (outcome != OUTCOME_NOT_NOW) {
		process->calls = (uint8_t)(process->calls - counts);
		return outcome;
	}
	process->site = 0;
	process->fd[0] = process->fd[1] = 0;
	process->phase = PALE_PHASE_IDLE;
	process->slots[PALE_WALKER_AT] = process->slots[PALE_WALKER_LEFT] = 0;
	return outcome;
}

static enum outcome
walk_steps(struct stepping *s)
{
	struct leg leg = leg_of(s->site, s->fd, s->process->path);
	struct pale_walk_ctx ctx = pale_walk_ctx_of(s->model, s->state, s->p);
	int r = s->walker->step(s->process->slots, leg.flags, &pale_model_walker_ops, &ctx);

	s->event->kind = PALE_EVENT_STEP;
	return walker_said(s, r, leg.flags, &ctx);
}

/* The first of two paths has been walked: keep what it led to, and set out on the second. */
static enum outcome
second_walk(struct stepping *s)
{
	struct pale_process *process = s->process, before = *process;
	enum outcome outcome;

	process->first_node = (uint8_t)process->slots[PALE_WALKER_AT];
	process->first_rest = 0;
	if (pale_model_calls[s->site->op].walks[0] == 'P')
		process->first_rest = process->slots[PALE_WALKER_LEFT];
	for (unsigned i = 0; i < s->walker->slot_count; i++)
		process->slots[i] = 0;
	s->event->kind = PALE_EVENT_START;
	outcome = walk_begins(s, 1);
	if (outcome == OUTCOME_NOT_NOW)
		*process = before;
	return outcome;
}

static enum outcome
walk_finishes(struct stepping *s)
{
	struct pale_process *process = s->process;
	struct leg leg = leg_of(s->site, s->fd, process->path);
	struct pale_walk_ctx ctx = pale_walk_ctx_of(s->model, s->state, s->p);
	uint16_t kept[PALE_WALKER_SLOTS];
	uint8_t node[2] = { 0, 0 };
	pale_walker_rest last[2] = { 0, 0 };
	enum outcome outcome;
	bool takes_last = pale_site_creates(s->site) && process->slots[PALE_WALKER_LEFT] != 0;

	s->event->kind = PALE_EVENT_STEP;
	/* What was made by this call is not looked at again, nor is its directory: as in Linux. */
	if (s->walker->finish != NULL && !takes_last && !process->made) {
		int r;

		memcpy(kept, process->slots, sizeof(kept));
		r = s->walker->finish(process->slots,
		    pale_site_creates(s->site) ? leg.flags & ~(unsigned)PALE_WALKER_PARENT
					       : leg.flags,
		    &pale_model_walker_ops, &ctx);
		if (r != PALE_WALKER_DONE)
			return walker_said(s, r, 0, &ctx);
	}
	was_asked(s, &ctx);
	if (process->path + 1U < walk_count(s->site)) {
		outcome = second_walk(s);
	} else {
		node[0] = process->first_node;
		last[0] = process->first_rest;
		node[process->path] = (uint8_t)process->slots[PALE_WALKER_AT];
		if ((leg.flags & PALE_WALKER_PARENT) != 0)
			last[process->path] = process->slots[PALE_WALKER_LEFT];
		s->event->from_fd = (uint8_t)leg.fd;
		outcome = call_works(s, node, last, false);
	}
	if (outcome == OUTCOME_NOT_NOW && s->walker->finish != NULL && !takes_last &&
	    !process->made)
		memcpy(process->slots, kept, sizeof(kept));
	return outcome;
}

static enum outcome
call_waits(struct stepping *s)
{
	struct leg leg = leg_of(s->site, s->fd, s->process->path);
	uint8_t node[2] = { (uint8_t)s->process->slots[PALE_WALKER_AT], 0 };
	pale_walker_rest last[2] = { 0, 0 };

	s->event->from_fd = (uint8_t)leg.fd;
	return call_works(s, node, last, true);
}

/* Does the step do the work of a call that changes names? Others are not watched: it costs. */
static bool
may_change_names(const struct stepping *s)
{
	static const bool changes[PALE_CALL_COUNT] = {
		[PALE_CALL_openat] = true,
		[PALE_CALL_open] = true,
		[PALE_CALL_mkdirat] = true,
		[PALE_CALL_unlinkat] = true,
		[PALE_CALL_renameat] = true,
		[PALE_CALL_linkat] = true,
		[PALE_CALL_symlinkat] = true,
		[PALE_CALL_mkfifoat] = true,
		[PALE_CALL_bind] = true,
	};

	return changes[s->site->op] && (s->process->phase == PALE_PHASE_FINISH || s->site->atomic);
}

/* What pale_property_watch looks at in the state before. */
static void
copy_names(const struct pale_model *model, struct pale_state *to, const struct pale_state *from)
{
	memcpy(to->inodes, from->inodes, pale_tree_inode_end(model) * sizeof(to->inodes[0]));
	memcpy(to->entries, from->entries, pale_tree_entry_end(model) * sizeof(to->entries[0]));
}

bool
pale_model_step(const struct pale_model *model, struct pale_state *state,
    const struct pale_move *move, struct pale_event *ret_event)
{
	struct pale_event unwanted, *event = ret_event != NULL ? ret_event : &unwanted;
	struct stepping s = {
		.model = model,
		.state = state,
		.walker = pale_model_walker(model, move->process),
		.site = &model->sites[move->site],
		.process = &state->processes[move->process],
		.event = event,
		.p = move->process,
	};
	enum outcome outcome = OUTCOME_NOT_NOW;
	struct pale_state before;

	*event = (struct pale_event){ .got_fd = { -1, -1 }, .from_fd = PALE_FD_CWD };
	pale_site_fds(s.site, move->fd, s.fd);
	if (may_change_names(&s) && (model->properties & WATCHED) != 0)
		copy_names(model, &before, state);
	switch ((enum pale_phase)s.process->phase) {
	case PALE_PHASE_IDLE:
		outcome = call_begins(&s, move);
		break;
	case PALE_PHASE_WALK:
		outcome = walk_steps(&s);
		break;
	case PALE_PHASE_FINISH:
		outcome = walk_finishes(&s);
		break;
	case PALE_PHASE_WAIT:
	case PALE_PHASE_WOKEN:
		outcome = call_waits(&s);
		break;
	default:
		break;
	}
	if (outcome == OUTCOME_NOT_NOW)
		return false;
	if (event->names_moved) {
		for (unsigned p = 0; p < model->process_count; p++) {
			struct pale_process *process = &state->processes[p];

			if (process->phase != PALE_PHASE_IDLE &&
			    pale_model_walker(model, p)->sequence)
				process->moved = 1;
		}
	}
	/* First what was seen, then what is freed: that nobody has seen any more. */
	if (event->names_changed && (model->properties & WATCHED) != 0)
		pale_property_watch(model, &before, state);
	pale_tree_collect(model, state);
	return true;
}
