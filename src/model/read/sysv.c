/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System V objects: is there room for all that there can be, and can the model say who finds them?
 * An identifier cannot be guessed here, as it can in UNIX; so an object without a key that lets
 * somebody in who guesses is refused.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "model/read/reading.h"

enum {
	OTHERS = 06, /* what anybody may read or write */
	KINDS = 3,
};

static int
kind_of(enum pale_model_op op)
{
	return op == PALE_CALL_msgget ? 0
	    : op == PALE_CALL_semget  ? 1
	    : op == PALE_CALL_shmget  ? 2
				      : -1;
}

static bool
is_private(const struct pale_site *site)
{
	return kind_of(site->op) >= 0 && site->key == 0;
}

/* ---- who is let in ---- */

/* Users, a bit each, that a process may be in the end; of a program, when it does a call. */
static uint32_t
users_at(const struct pale_reading *in, const struct pale_side *side, size_t call)
{
	uint32_t users = UINT32_C(1) << side->user;

	/* A child is what its parent was, at some time. */
	if (side->parent != 0)
		users |= users_at(
		    in, &in->sides[side->parent - 1], in->sides[side->parent - 1].site_count);
	for (size_t i = 0; i < side->site_count && (i < call || !side->has_order); i++) {
		const struct pale_site *site = &in->sites[side->first_site + i];

		if (site->op == PALE_CALL_setuid) {
			bool sure = side->has_order && !site->may_fail;

			users = (sure ? 0 : users) | UINT32_C(1) << site->user;
		}
		for (size_t k = 1; site->op == PALE_CALL_exec && k < in->node_count; k++)
			if ((in->nodes[k].mode & S_ISUID) != 0)
				users |= UINT32_C(1) << in->nodes[k].user;
	}
	return users;
}

/* An adversary that the owners or the mode let in, and that has not the identifier itself; NULL:
 * none. Programs do not guess. */
static const struct pale_side *
guesser(
    const struct pale_reading *in, const struct pale_side *maker, uint32_t owners, unsigned mode)
{
	const uint32_t root = UINT32_C(1) << 1;

	for (size_t i = 0; i < in->side_count; i++) {
		const struct pale_side *side = &in->sides[i];
		const struct pale_side *up = side;

		if (side->has_order)
			continue;
		/* What is forked by its maker has it; before it was made, too: that is not told
		 * apart. */
		while (up != maker && up->parent != 0)
			up = &in->sides[up->parent - 1];
		if (up == maker && (side != maker || side->processes == 1))
			continue;
		if ((users_at(in, side, side->site_count) & (owners | root)) != 0 ||
		    (mode & OTHERS) != 0)
			return side;
	}
	return NULL;
}

/* May the variable of a compartment name an object that has no key? It may be its parent's. */
static bool
may_be_private(const struct pale_reading *in, const struct pale_side *side, unsigned var)
{
	for (;; side = &in->sides[side->parent - 1]) {
		for (size_t i = 0; i < side->site_count; i++) {
			const struct pale_site *site = &in->sites[side->first_site + i];

			if (is_private(site) && site->to_var == var)
				return true;
		}
		if (side->parent == 0)
			return false;
	}
}

static int
check_private(struct pale_reading *in)
{
	for (size_t s = 0; s < in->side_count; s++) {
		const struct pale_side *side = &in->sides[s];

		for (size_t i = 0; i < side->site_count; i++) {
			const struct pale_site *site = &in->sites[side->first_site + i];
			bool sets = site->op == PALE_CALL_ipcset &&
			    may_be_private(in, side, site->ref[0].of);
			const struct pale_side *who = NULL;

			if (is_private(site))
				who = guesser(in, side, users_at(in, side, i), site->mode);
			else if (sets)
				who = guesser(in, side, UINT32_C(1) << site->user, site->mode);
			if (who == NULL)
				continue;
			pale_reading_fail(in, site->line,
			    "an object without a key lets '%s' in, who could guess its identifier "
			    "in UNIX and cannot here",
			    who->name);
			return pale_remedy(in->err,
			    "give it a key, and let '%s' ask for that: it stands for the guess",
			    who->name);
		}
	}
	return 0;
}

/* ---- room ---- */

/* Calls of some kind: of programs, and of vocabularies, which do any of theirs. */
struct times {
	size_t programs;
	bool free;
};

/* How many segments can be kept by those who have them attached, after they were removed: each
 * takes a call that makes, one that attaches and one that removes it. */
static size_t
kept(struct times makes, struct times attaches, struct times removes, size_t free_calls)
{
	size_t count = 0, needs;

	do {
		const struct times *all[] = { &makes, &attaches, &removes };

		count++;
		needs = 0;
		for (size_t i = 0; i < PALE_COUNT(all); i++) {
			size_t more = count > all[i]->programs ? count - all[i]->programs : 0;

			if (more > 0 && !all[i]->free)
				return count - 1;
			needs += more;
		}
	} while (needs <= free_calls && count <= PALE_MODEL_SYSV);
	return count - 1;
}

static int
check_objects(struct pale_reading *in)
{
	bool keyed[KINDS][PALE_MODEL_SYSV + 1] = { 0 };
	struct times makes = { 0 }, attaches = { 0 }, removes = { 0 };
	size_t objects = 0, free_calls = 0;

	for (size_t i = 0; i < in->sysv_count; i++) {
		keyed[in->sysv[i].kind - 1][in->sysv[i].key] = true;
		makes.programs += in->sysv[i].kind == PALE_SYSV_SHM;
	}
	for (size_t s = 0; s < in->side_count; s++) {
		const struct pale_side *side = &in->sides[s];
		bool any = false, makes_private = false;

		for (size_t i = 0; i < side->site_count; i++) {
			const struct pale_site *site = &in->sites[side->first_site + i];
			struct times *times = site->op == PALE_CALL_shmget ? &makes
			    : site->op == PALE_CALL_shmat                  ? &attaches
			    : site->op == PALE_CALL_ipcrm                  ? &removes
									   : NULL;

			if (is_private(site)) {
				makes_private = true;
				objects += side->has_order ? side->processes : 0;
			} else if (kind_of(site->op) >= 0 && (site->flags & PALE_F_CREAT) != 0) {
				keyed[kind_of(site->op)][site->key] = true;
			}
			if (times == NULL)
				continue;
			any = true;
			if (side->has_order)
				times->programs += side->processes;
			else
				times->free = true;
		}
		if (side->has_order)
			continue;
		free_calls += any ? side->calls * side->processes : 0;
		objects += makes_private ? side->calls * side->processes : 0;
	}
	for (size_t kind = 0; kind < KINDS; kind++)
		for (size_t key = 1; key <= PALE_MODEL_SYSV; key++)
			objects += keyed[kind][key];
	objects += kept(makes, attaches, removes, free_calls);
	if (objects <= PALE_MODEL_SYSV)
		return 0;
	return pale_fail(in->err, -E2BIG,
	    "%s: it has %zu System V objects that there may be at one time, and there is room for "
	    "%d",
	    in->file, objects, PALE_MODEL_SYSV);
}

/* The most that the programs raise any semaphore to. An adversary may raise one to its bound, as in
 * UNIX. */
static int
check_semaphores(struct pale_reading *in)
{
	long value = 0;

	for (size_t i = 0; i < in->site_count; i++)
		if (i > 0 && in->sites[i].op == PALE_CALL_semget)
			value = 1;
	for (size_t i = 0; i < in->sysv_count; i++)
		if (in->sysv[i].kind == PALE_SYSV_SEM && in->sysv[i].count > value)
			value = in->sysv[i].count;
	for (size_t s = 0; s < in->side_count; s++) {
		const struct pale_side *side = &in->sides[s];
		long most = 0;

		for (size_t var = 1; side->has_order && var < side->var_count; var++) {
			long now = 0;

			for (size_t i = 0; i < side->site_count; i++) {
				const struct pale_site *site = &in->sites[side->first_site + i];

				if (site->op != PALE_CALL_semop || site->ref[0].of != var ||
				    (site->may_fail && site->number < 0))
					continue;
				now += site->number;
				most = now > most ? now : most;
			}
		}
		value += most * (long)side->processes;
	}
	if (value <= PALE_MODEL_SEM_MAX)
		return 0;
	pale_fail(in->err, -E2BIG,
	    "%s: its programs may raise a semaphore to %ld, and there is room for %d", in->file,
	    value, PALE_MODEL_SEM_MAX);
	return pale_remedy(in->err, "begin with a lower value");
}

int
pale_reading_sysv(struct pale_reading *in)
{
	int rc = check_objects(in);

	if (rc == 0)
		rc = check_semaphores(in);
	return rc < 0 ? rc : check_private(in);
}
