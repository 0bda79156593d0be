/* SPDX-License-Identifier: BSD-2-Clause */
/* What must never happen, judged step by step; see property.h. Assertions are in term.c. */
#include "model/property.h"

#include <stdio.h>
#include <string.h>

#include "model/ops.h"
#include "model/term.h"
#include "model/tree.h"
#include "model/walkers.h"

#define BIT(property) (UINT32_C(1) << (property))

enum {
	/* Those that ask what a lookup has obtained. */
	OBTAINED = BIT(PALE_PROPERTY_UNION) | BIT(PALE_PROPERTY_ROOT) | BIT(PALE_PROPERTY_CALL) |
	    BIT(PALE_PROPERTY_RIGHTS),
};

/* clang-format off */
const struct pale_property_row pale_properties[PALE_PROPERTY_NEVER + 1] = {
	[PALE_PROPERTY_UNION] = { "union",
	    "nobody obtains what was never beneath any directory delegated to it",
	    "walk-leaves-union" },
	[PALE_PROPERTY_ROOT] = { "root",
	    "nobody obtains the root directory",
	    "walk-names-root" },
	[PALE_PROPERTY_CALL] = { "call",
	    "what a lookup obtains was beneath its own directory at some instant of it",
	    "walk-leaves-call" },
	[PALE_PROPERTY_RIGHTS] = { "rights",
	    "no descriptor has rights beyond those of the directories it lies beneath",
	    "walk-widens-rights" },
	[PALE_PROPERTY_PROGRESS] = { "progress",
	    "a legal lookup that nobody disturbs succeeds, and every walk ends once names rest",
	    "walk-refuses-legal" },
	[PALE_PROPERTY_NEVER] = { "never",
	    "the scenario's own assertions",
	    "assertion-fails" },
};
/* clang-format on */

uint32_t
pale_property_find(const struct pale_model *model, const char *name)
{
	unsigned number = 0;
	int end = 0;

	for (unsigned i = 0; i < PALE_PROPERTY_NEVER; i++)
		if (strcmp(pale_properties[i].name, name) == 0)
			return BIT(i);
	if (strcmp(name, "never") == 0)
		return (BIT(model->never_count) - 1) << PALE_PROPERTY_NEVER;
	if (sscanf(name, "never:%3u%n", &number, &end) == 1 && name[end] == '\0' && number >= 1 &&
	    number <= model->never_count)
		return BIT(PALE_PROPERTY_NEVER + number - 1);
	return 0;
}

int
pale_property_print(const struct pale_model *model, unsigned property, char *buf, size_t size)
{
	if (property < PALE_PROPERTY_NEVER)
		return snprintf(buf, size, "%s", pale_properties[property].name);
	if (property - PALE_PROPERTY_NEVER < model->never_count)
		return snprintf(
		    buf, size, "never: %s", model->nevers[property - PALE_PROPERTY_NEVER].text);
	return snprintf(buf, size, "%s", pale_properties[PALE_PROPERTY_NEVER].name);
}

static bool
has_call(const struct pale_model *model, unsigned compartment, enum pale_model_op op)
{
	const struct pale_model_compartment *c = &model->compartments[compartment];

	for (unsigned i = 0; i < c->site_count; i++)
		if (model->sites[c->first_site + i].op == op)
			return true;
	return false;
}

static uint32_t
given(const struct pale_model *model, unsigned compartment)
{
	const struct pale_model_compartment *c = &model->compartments[compartment];
	uint32_t inodes = 0;

	for (unsigned i = 0; i < PALE_MODEL_FDS; i++)
		if (c->delegated[i] != 0 &&
		    model->initial->inodes[c->delegated[i]].type == PALE_INODE_DIR)
			inodes |= BIT(c->delegated[i]);
	return inodes;
}

/* What reaches a compartment by a fork, or may by a message; true if that was news. */
static bool
pass_on(struct pale_model *model, unsigned from)
{
	const struct pale_model_compartment *c = &model->compartments[from];
	bool news = false;

	for (unsigned i = 0; i < model->compartment_count; i++) {
		bool passed =
		    has_call(model, from, PALE_CALL_sendfd) && has_call(model, i, PALE_CALL_recvfd);

		for (unsigned j = 0; j < c->site_count; j++) {
			const struct pale_site *site = &model->sites[c->first_site + j];

			passed |= site->op == PALE_CALL_fork && site->child != 0 &&
			    model->compartment_of[site->child - 1] == i;
		}
		if (passed && (model->delegated[from] & ~model->delegated[i]) != 0) {
			model->delegated[i] |= model->delegated[from];
			news = true;
		}
	}
	return news;
}

void
pale_property_prepare(struct pale_model *model)
{
	bool news = true;

	for (unsigned i = 0; i < model->compartment_count; i++)
		model->delegated[i] = given(model, i);
	while (news) {
		news = false;
		for (unsigned i = 0; i < model->compartment_count; i++)
			news |= pass_on(model, i);
	}
}

static unsigned
slot_inode(const struct pale_process *process, unsigned slot)
{
	if (slot == PALE_FD_CWD)
		return process->cwd;
	if (slot >= PALE_MODEL_FDS || process->fds[slot].kind != PALE_FD_INODE)
		return 0;
	return process->fds[slot].of;
}

/* The slot where walk number `walk` of the call begins; chosen: what "*" stands for. */
static unsigned
slot_of(const struct pale_site *site, const uint8_t chosen[2], unsigned walk)
{
	uint8_t fd[2];

	pale_site_fds(site, chosen, fd);
	return pale_site_has_dirfd(site) ? fd[walk] : PALE_FD_CWD;
}

/* And the directory; 0: none. */
static unsigned
start_of(const struct pale_process *process, const struct pale_site *site, const uint8_t chosen[2],
    unsigned walk)
{
	return slot_inode(process, slot_of(site, chosen, walk));
}

static unsigned
walk_count(const struct pale_site *site)
{
	return site->atomic ? 0 : (unsigned)strlen(pale_model_calls[site->op].walks);
}

static bool
is_looking_up(const struct pale_process *process)
{
	return process->status == PALE_PROCESS_RUNS &&
	    (process->phase == PALE_PHASE_WALK || process->phase == PALE_PHASE_FINISH);
}

static uint32_t
beneath_all(const struct pale_model *model, const struct pale_state *state, uint32_t tops)
{
	uint32_t inodes = 0;

	for (; tops != 0; tops &= tops - 1)
		inodes |= pale_tree_beneath(model, state, (unsigned)__builtin_ctz(tops));
	return inodes;
}

/* What lies beneath the directories where the call's lookups begin. */
static uint32_t
beneath_start(const struct pale_model *model, const struct pale_state *tree,
    const struct pale_process *process, const struct pale_site *site)
{
	uint32_t inodes = 0;

	for (unsigned i = 0; i < walk_count(site); i++) {
		unsigned start = start_of(process, site, process->fd, i);

		if (start != 0)
			inodes |= pale_tree_beneath(model, tree, start);
	}
	return inodes;
}

void
pale_property_watch(
    const struct pale_model *model, const struct pale_state *before, struct pale_state *state)
{
	bool call =
	    (model->properties & (BIT(PALE_PROPERTY_CALL) | BIT(PALE_PROPERTY_RIGHTS))) != 0;
	bool all = (model->properties & BIT(PALE_PROPERTY_UNION)) != 0;

	for (unsigned p = 0; (call || all) && p < model->process_count; p++) {
		struct pale_process *process = &state->processes[p];
		uint32_t tops = model->delegated[model->compartment_of[p]];
		const struct pale_site *site = &model->sites[process->site];

		if (tops == 0 || !is_looking_up(process) || walk_count(site) == 0)
			continue;
		if (call)
			process->seen_call =
			    (process->seen_call | beneath_start(model, before, process, site)) &
			    ~beneath_start(model, state, process, site);
		if (all)
			process->seen_union =
			    (process->seen_union | beneath_all(model, before, tops)) &
			    ~beneath_all(model, state, tops);
	}
}

/* The finish of a lookup, while it is judged. */
struct finish {
	const struct pale_model *model;
	const struct pale_state *before, *after;
	const struct pale_process *process; /* before */
	const struct pale_site *site;
	const struct pale_event *event;
	unsigned compartment;
	uint32_t seen_call;
};

/* What the call obtained: see property.h. */
static uint32_t
obtained(const struct finish *finish)
{
	const char *walks = pale_model_calls[finish->site->op].walks;
	const struct pale_process *process = finish->process;
	uint32_t inodes = 0;

	if (finish->event->got_inode != 0)
		inodes |= BIT(finish->event->got_inode);
	/* Where names were changed. */
	for (unsigned i = 0; walks[i] != '\0'; i++) {
		unsigned node =
		    i + 1u == strlen(walks) ? process->slots[PALE_WALKER_AT] : process->first_node;

		if (walks[i] == 'P' && node != 0)
			inodes |= BIT(node);
	}
	return inodes;
}

static pale_rights
rights_of(const struct pale_model *model, unsigned set)
{
	return set == 0 ? ~(pale_rights)0 : model->rights[set];
}

/* Rights that the directories give beneath which the inode is. */
static pale_rights
allowed(const struct finish *finish, unsigned inode)
{
	const struct pale_model *model = finish->model;
	const struct pale_model_compartment *c = &model->compartments[finish->compartment];
	unsigned begin = slot_of(finish->site, finish->process->fd, 0);
	pale_rights rights = 0;

	for (unsigned i = 0; i < PALE_MODEL_FDS; i++) {
		const struct pale_fd *fd = &finish->process->fds[i];

		if (fd->kind == PALE_FD_INODE &&
		    ((begin == i && (finish->seen_call & BIT(inode)) != 0) ||
			pale_tree_is_beneath(model, finish->after, fd->of, inode)))
			rights |= rights_of(model, fd->rights);
		if (c->delegated[i] != 0 &&
		    pale_tree_is_beneath(model, finish->after, c->delegated[i], inode))
			rights |= rights_of(model, c->delegated_rights[i]);
	}
	if (begin == PALE_FD_CWD && (finish->seen_call & BIT(inode)) != 0)
		rights = rights_of(model, 0);
	return rights;
}

static bool
widens(const struct finish *finish)
{
	int slot = finish->event->got_fd[0];
	unsigned inode = finish->event->got_inode;
	const struct pale_fd *fd;

	if (slot < 0 || inode == 0)
		return false;
	fd = &finish->after->processes[finish->process - finish->before->processes].fds[slot];
	return (rights_of(finish->model, fd->rights) & ~allowed(finish, inode)) != 0;
}

static uint32_t
judge_finish(const struct pale_model *model, const struct pale_state *before,
    const struct pale_move *move, const struct pale_event *event, const struct pale_state *after)
{
	struct finish finish = {
		.model = model,
		.before = before,
		.after = after,
		.process = &before->processes[move->process],
		.site = &model->sites[move->site],
		.event = event,
		.compartment = model->compartment_of[move->process],
	};
	uint32_t tops = model->delegated[finish.compartment], got, seen_union, bits = 0;
	const struct pale_state *tree;

	if (tops == 0 || walk_count(finish.site) == 0)
		return 0;
	got = obtained(&finish);
	if (got == 0)
		return 0;
	/* Of the instants watch keeps what is over; the two around this step are left. Where a link
	 * has put it does not count: it is what is judged. */
	tree = finish.site->op == PALE_CALL_linkat ? before : after;
	finish.seen_call = finish.process->seen_call |
	    beneath_start(model, before, finish.process, finish.site) |
	    beneath_start(model, tree, finish.process, finish.site);
	seen_union = finish.process->seen_union | beneath_all(model, before, tops) |
	    beneath_all(model, tree, tops);
	if ((got & ~finish.seen_call) != 0)
		bits |= BIT(PALE_PROPERTY_CALL);
	if ((got & ~seen_union) != 0)
		bits |= BIT(PALE_PROPERTY_UNION);
	if ((got & BIT(PALE_MODEL_ROOT) & ~tops) != 0)
		bits |= BIT(PALE_PROPERTY_ROOT);
	if ((model->properties & BIT(PALE_PROPERTY_RIGHTS)) != 0 && widens(&finish))
		bits |= BIT(PALE_PROPERTY_RIGHTS);
	return bits;
}

/* Would the walk of a path be refused that is legal, if it began now and nobody disturbed it? */
static bool
refuses_legal(const struct pale_model *model, const struct pale_state *state, unsigned p,
    const struct pale_site *site, const uint8_t chosen[2], unsigned walk)
{
	unsigned start = start_of(&state->processes[p], site, chosen, walk);
	unsigned flags = pale_walk_flags(site, walk), legal;
	pale_walker_rest path = site->path[site->op == PALE_CALL_symlinkat ? 1 : walk];
	struct pale_walk_alone alone;

	if (start == 0)
		return false;
	legal = pale_walk_legal(model, state, p, start, path, flags);
	if (legal == 0)
		return false;
	pale_walk_try(model, state, p, NULL, start, path, flags, &alone);
	return alone.endless || alone.error != 0 || alone.node != legal;
}

static bool
is_no_progress(const struct pale_model *model, const struct pale_state *before,
    const struct pale_move *move, const struct pale_event *event, const struct pale_state *after)
{
	const struct pale_process *old = &before->processes[move->process];
	const struct pale_process *now = &after->processes[move->process];
	const struct pale_site *site = &model->sites[move->site];
	struct pale_walk_alone alone;

	if (walk_count(site) == 0 || (before->lock != 0 && before->lock != move->process + 1))
		return false;
	if (move->phase == PALE_PHASE_IDLE &&
	    refuses_legal(model, before, move->process, site, move->fd, 0))
		return true;
	if (event->kind == PALE_EVENT_RESULT || !is_looking_up(now))
		return false;
	if (move->phase != PALE_PHASE_IDLE && old->path != now->path &&
	    refuses_legal(model, before, move->process, site, old->fd, 1))
		return true;
	pale_walk_alone(model, after, move->process, &alone);
	return alone.endless;
}

uint32_t
pale_property_judge(const struct pale_model *model, const struct pale_state *before,
    const struct pale_move *move, const struct pale_event *event, const struct pale_state *after)
{
	uint32_t bits = 0;

	if ((model->properties & OBTAINED) != 0 && event->kind == PALE_EVENT_RESULT &&
	    event->error == 0)
		bits |= judge_finish(model, before, move, event, after);
	if ((model->properties & BIT(PALE_PROPERTY_PROGRESS)) != 0 &&
	    is_no_progress(model, before, move, event, after))
		bits |= BIT(PALE_PROPERTY_PROGRESS);
	return bits & model->properties;
}

uint32_t
pale_property_here(const struct pale_model *model, const struct pale_state *state)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < model->never_count; i++) {
		uint32_t bit = BIT(PALE_PROPERTY_NEVER + i);

		if ((model->properties & bit) != 0 &&
		    pale_term_all(model, state, &model->nevers[i]))
			bits |= bit;
	}
	return bits;
}
