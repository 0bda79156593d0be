/* SPDX-License-Identifier: BSD-2-Clause */
/* Which steps there are, and who can go on at all; see step.h. */
#include "model/ops.h"
#include "model/step.h"

static const struct pale_model_compartment *
compartment_of(const struct pale_model *model, unsigned p)
{
	return &model->compartments[model->compartment_of[p]];
}

static bool
may_stand_for_any(const struct pale_state *state, const struct pale_fd *fd, bool as_dirfd)
{
	if (fd->kind == PALE_FD_NONE)
		return false;
	return !as_dirfd ||
	    (fd->kind == PALE_FD_INODE && state->inodes[fd->of].type == PALE_INODE_DIR);
}

/* Of a site, one move for each choice of what "*" stands for. */
static unsigned
add_moves(const struct pale_state *state, unsigned p, const struct pale_site *site,
    struct pale_move move, unsigned which, struct pale_move *ret_moves, unsigned count,
    unsigned max)
{
	const struct pale_process *process = &state->processes[p];
	const char *letter = pale_model_calls[site->op].signature;
	unsigned seen = 0;

	while (which < 2 && site->fd[which] != PALE_FD_ANY)
		which++;
	if (which == 2) {
		if (count < max)
			ret_moves[count] = move;
		return count + 1;
	}
	for (; *letter != '\0'; letter++) {
		if ((*letter == 'd' || *letter == 'f') && seen++ == which)
			break;
	}
	for (uint8_t i = 0; i < PALE_MODEL_FDS; i++) {
		if (!may_stand_for_any(state, &process->fds[i], *letter == 'd'))
			continue;
		move.fd[which] = i;
		count = add_moves(state, p, site, move, which + 1, ret_moves, count, max);
	}
	return count;
}

unsigned
pale_model_moves(const struct pale_model *model, const struct pale_state *state, unsigned p,
    struct pale_move *ret_moves, unsigned max)
{
	const struct pale_process *process = &state->processes[p];
	const struct pale_model_compartment *who = compartment_of(model, p);
	unsigned first = who->first_site, end = first + who->site_count, count = 0;

	if (process->status != PALE_PROCESS_RUNS)
		return 0;
	if (process->phase != PALE_PHASE_IDLE) {
		const struct pale_site *site = &model->sites[process->site];
		struct pale_move move = { (uint8_t)p, process->phase, process->site, { 0, 0 } };

		pale_site_fds(site, process->fd, move.fd);
		if (max > 0)
			ret_moves[0] = move;
		return 1;
	}
	if (!who->adversary) {
		first += process->pc;
		end = first < end ? first + 1 : first;
	} else if (process->calls == 0) {
		return 0;
	}
	for (unsigned i = first; i < end; i++) {
		const struct pale_site *site = &model->sites[i];
		struct pale_move move = { (uint8_t)p, PALE_PHASE_IDLE, (uint16_t)i,
			{ site->fd[0], site->fd[1] } };

		count = add_moves(state, p, site, move, 0, ret_moves, count, max);
	}
	return count;
}

/* Can any step of the process be taken? On a copy, since taking one is the only way to know. */
static bool
can_step(const struct pale_model *model, const struct pale_state *state, unsigned p)
{
	struct pale_move moves[PALE_MODEL_FDS * PALE_MODEL_FDS];
	struct pale_state copy;
	unsigned count;

	/* Whoever must go on has one step, or one for each that a "*" of its program stands for. */
	count = pale_model_moves(model, state, p, moves, PALE_MODEL_FDS * PALE_MODEL_FDS);
	for (unsigned i = 0; i < count; i++) {
		copy = *state;
		if (pale_model_step(model, &copy, &moves[i], NULL))
			return true;
	}
	return false;
}

/* Must it go on by itself: a program that is not at its end, or a call that is under way? */
static bool
must_go_on(const struct pale_model *model, const struct pale_state *state, unsigned p)
{
	return state->processes[p].status == PALE_PROCESS_RUNS &&
	    (!compartment_of(model, p)->adversary || state->processes[p].phase != PALE_PHASE_IDLE);
}

bool
pale_model_is_stuck(const struct pale_model *model, const struct pale_state *state, unsigned p)
{
	if (!must_go_on(model, state, p))
		return false;
	for (unsigned i = 0; i < model->process_count; i++) {
		if (must_go_on(model, state, i) && can_step(model, state, i))
			return false;
	}
	return true;
}

bool
pale_model_is_over(const struct pale_model *model, const struct pale_state *state)
{
	for (unsigned p = 0; p < model->process_count; p++) {
		if (!compartment_of(model, p)->adversary &&
		    state->processes[p].status == PALE_PROCESS_RUNS)
			return false;
	}
	return true;
}
