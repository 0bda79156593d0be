/* SPDX-License-Identifier: BSD-2-Clause */
/* Which steps there are, and who can go on at all; see step.h. */
#include "model/ops.h"
#include "model/step.h"

static const struct pale_model_compartment *
compartment_of(const struct pale_model *model, unsigned p)
{
	return &model->compartments[model->compartment_of[p]];
}

/* Slots of a process, a bit each: what "*" can stand for. */
struct held {
	unsigned any, dirs;
};

static struct held
held_by(const struct pale_state *state, const struct pale_process *process)
{
	struct held held = { 0, 0 };

	for (unsigned i = 0; i < PALE_MODEL_FDS; i++) {
		const struct pale_fd *fd = &process->fds[i];

		held.any |= (unsigned)(fd->kind != PALE_FD_NONE) << i;
		held.dirs |= (unsigned)(fd->kind == PALE_FD_INODE &&
				 state->inodes[fd->of].type == PALE_INODE_DIR)
		    << i;
	}
	return held;
}

/* Those of them that one descriptor of a site can be; for one that it names itself, bit 0. */
static unsigned
choices(const struct pale_site *site, unsigned which, const struct held *held)
{
	const char *letter = pale_model_calls[site->op].signature;
	unsigned seen = 0;

	if (site->fd[which] != PALE_FD_ANY)
		return 1;
	for (; *letter != '\0'; letter++) {
		if ((*letter == 'd' || *letter == 'f') && seen++ == which)
			break;
	}
	return *letter == 'd' ? held->dirs : held->any;
}

/* Of a site, one move for each choice of what its "*" stand for. */
static unsigned
add_moves(const struct pale_site *site, struct pale_move move, const struct held *held,
    struct pale_move *ret_moves, unsigned count, unsigned max)
{
	unsigned second = choices(site, 1, held);

	for (unsigned i = choices(site, 0, held); i != 0; i &= i - 1) {
		for (unsigned j = second; j != 0; j &= j - 1) {
			if (site->fd[0] == PALE_FD_ANY)
				move.fd[0] = (uint8_t)__builtin_ctz(i);
			if (site->fd[1] == PALE_FD_ANY)
				move.fd[1] = (uint8_t)__builtin_ctz(j);
			if (count < max)
				ret_moves[count] = move;
			count++;
		}
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
	struct held held;

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
	held = held_by(state, process);
	for (unsigned i = first; i < end; i++) {
		const struct pale_site *site = &model->sites[i];
		struct pale_move move = { (uint8_t)p, PALE_PHASE_IDLE, (uint16_t)i,
			{ site->fd[0], site->fd[1] } };

		count = add_moves(site, move, &held, ret_moves, count, max);
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
