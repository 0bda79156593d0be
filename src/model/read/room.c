/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is there room for it? What is counted is the most that there can be at one time, so that no call
 * of the model ever fails for want of room, and a search that ends has seen everything.
 */
#include "model/read/reading.h"

#include <errno.h>
#include <string.h>

#include "model/step.h"

enum { PROGRAM_MAX = 254 }; /* a process counts its calls in a byte */

/* ---- what calls can do ---- */

static bool
creates(const struct pale_site *site)
{
	return (site->op == PALE_CALL_openat || site->op == PALE_CALL_open) &&
	    (site->flags & PALE_F_CREAT) != 0;
}

static bool
makes_directory(const struct pale_site *site)
{
	return site->op == PALE_CALL_mkdirat;
}

/* An inode that is no directory, and its name. */
static bool
makes_other(const struct pale_site *site)
{
	return creates(site) || site->op == PALE_CALL_mkfifoat || site->op == PALE_CALL_symlinkat ||
	    site->op == PALE_CALL_bind;
}

static bool
makes_inode(const struct pale_site *site)
{
	return makes_directory(site) || makes_other(site);
}

static bool
links(const struct pale_site *site)
{
	return site->op == PALE_CALL_linkat;
}

static bool
makes_entry(const struct pale_site *site)
{
	return makes_other(site) || links(site);
}

static bool
gives_fd(const struct pale_site *site)
{
	return pale_written_gives(site->op)[0] == 'f';
}

/* How often all processes of a compartment together can do such calls. */
static size_t
times(const struct pale_reading *in, const struct pale_side *side,
    bool (*is_one)(const struct pale_site *site))
{
	size_t count = 0;

	for (size_t i = 0; i < side->site_count; i++)
		count += is_one(&in->sites[side->first_site + i]);
	if (!side->has_order)
		count = count == 0 ? 0 : side->calls;
	return count * side->processes;
}

static size_t
all_times(const struct pale_reading *in, bool (*is_one)(const struct pale_site *site))
{
	size_t count = 0;

	for (size_t i = 0; i < in->side_count; i++)
		count += times(in, &in->sides[i], is_one);
	return count;
}

static bool
opens(const struct pale_site *site)
{
	return site->op == PALE_CALL_open || site->op == PALE_CALL_openat;
}

static bool
makes_fifo(const struct pale_site *site)
{
	return site->op == PALE_CALL_mkfifoat;
}

static bool
pipes(const struct pale_site *site)
{
	return site->op == PALE_CALL_pipe;
}

/* ---- room ---- */

static int
too_many(struct pale_reading *in, const char *what, size_t count, size_t room)
{
	if (count <= room)
		return 0;
	return pale_fail(in->err, -E2BIG, "%s: it has %zu %s, and there is room for %zu", in->file,
	    count, what, room);
}

/* What one process may choose between, in one state. */
static int
check_moves(struct pale_reading *in, const struct pale_side *side, size_t fds)
{
	size_t moves = 0;

	for (size_t i = 0; i < side->site_count; i++) {
		const struct pale_site *site = &in->sites[side->first_site + i];
		size_t choices = 1;

		for (size_t k = 0; k < 2; k++)
			choices *= site->fd[k] == PALE_FD_ANY ? fds : 1;
		moves += choices;
	}
	if (side->has_order && side->site_count > PROGRAM_MAX)
		return pale_fail(in->err, -E2BIG,
		    "%s: the program of '%s' has %zu calls, and there is room for %d", in->file,
		    side->name, side->site_count, PROGRAM_MAX);
	if (side->has_order || moves <= PALE_MOVES_MAX)
		return 0;
	pale_fail(in->err, -E2BIG,
	    "%s: '%s' may choose between %zu calls at one time, and there is room for %d", in->file,
	    side->name, moves, PALE_MOVES_MAX);
	return pale_remedy(in->err, "name descriptors where it says '*', or give it fewer");
}

static int
check_side_room(struct pale_reading *in, const struct pale_side *side)
{
	size_t fds = side->fd_count, unnamed = 0;
	int rc;

	for (size_t i = 0; !side->has_order && i < side->site_count; i++) {
		const struct pale_site *site = &in->sites[side->first_site + i];
		size_t gives = gives_fd(site) ? strlen(pale_written_gives(site->op)) : 0;

		if (site->to_fd[0] == PALE_FD_ANY && gives > unnamed)
			unnamed = gives;
	}
	fds += unnamed * side->calls;
	if (fds > PALE_MODEL_FDS) {
		pale_fail(in->err, -E2BIG,
		    "%s: '%s' may have %zu descriptors, and a process has room for %d", in->file,
		    side->name, fds, PALE_MODEL_FDS);
		return pale_remedy(in->err, "give it fewer, or fewer calls");
	}
	rc = check_moves(in, side, fds);
	if (rc < 0)
		return rc;
	if (side->var_count - 1 > PALE_MODEL_VARS)
		return pale_fail(in->err, -E2BIG,
		    "%s: '%s' has %zu variables, and a process has room for %d", in->file,
		    side->name, side->var_count - 1, PALE_MODEL_VARS);
	return 0;
}

/* Inodes and names that can be made: what is not said is as many as the calls can make. */
static int
check_tree_room(struct pale_reading *in)
{
	size_t made = all_times(in, makes_inode), names = all_times(in, makes_entry), room;
	size_t inodes = in->node_count - 1;
	int rc = too_many(in, "inodes in its tree", inodes, PALE_MODEL_INODES - 1);

	if (rc < 0)
		return rc;
	if (in->spare > 0 && made == 0)
		return pale_fail(in->err, -EINVAL,
		    "%s: spare('%ld') means nothing: no call makes an inode", in->file, in->spare);
	room = inodes + (in->spare < 0 ? made : (size_t)in->spare);
	if (room > PALE_MODEL_INODES - 1) {
		pale_fail(in->err, -E2BIG,
		    "%s: it has %zu inodes and can make %zu, and there is room for %d", in->file,
		    inodes, room - inodes, PALE_MODEL_INODES - 1);
		return pale_remedy(in->err,
		    "say spare('%zu'): when so many are in use, making one fails with ENOSPC",
		    PALE_MODEL_INODES - 1 - inodes);
	}
	if (in->spare >= 0 && names > (size_t)in->spare + all_times(in, links))
		names = (size_t)in->spare + all_times(in, links);
	names += in->entry_count;
	rc = too_many(in,
	    "names of files, links, FIFOs and sockets, those that can be made included", names,
	    PALE_MODEL_ENTRIES);
	in->model->inode_room = (uint8_t)room;
	if (in->spare >= 0 && made > (size_t)in->spare)
		in->model->inode_short = made - (size_t)in->spare > UINT16_MAX
		    ? UINT16_MAX
		    : (uint16_t)(made - (size_t)in->spare);
	/* 0 would stand for all that there can be. */
	in->model->entry_room = (uint8_t)(names > 0 ? names : 1);
	return rc;
}

/*
 * How many FIFOs may be open at one time: each takes one call that opens it, and those that a
 * vocabulary makes one more of the same calls.
 */
static size_t
open_fifos(const struct pale_reading *in)
{
	size_t fifos = 0, by_programs = 0, free_calls = 0, most = 0;
	bool can_make = false;

	for (size_t i = 1; i < in->node_count; i++)
		fifos += in->nodes[i].type == PALE_INODE_FIFO;
	for (size_t i = 0; i < in->side_count; i++) {
		const struct pale_side *side = &in->sides[i];

		if (side->has_order) {
			fifos += times(in, side, makes_fifo);
			by_programs += times(in, side, opens);
		} else {
			can_make |= times(in, side, makes_fifo) > 0;
			free_calls += times(in, side, opens);
		}
	}
	for (size_t made = 0; made <= (can_make ? free_calls : 0); made++) {
		size_t opened = by_programs + free_calls - made;
		size_t open = opened < fifos + made ? opened : fifos + made;

		most = open > most ? open : most;
	}
	return most;
}

/*
 * Ends of sockets that there may be at one time. connect() makes one for the server; what has a
 * name in a vocabulary is closed by the next result of that name.
 */
static size_t
socket_ends(const struct pale_reading *in, const struct pale_side *side)
{
	uint32_t slots = 0;
	size_t fixed = 0, each = 0, ends = 0, width = 0, forks = 1, most = 0;
	bool keeps = false;

	for (size_t i = 0; i < side->site_count; i++) {
		const struct pale_site *site = &in->sites[side->first_site + i];
		size_t count = site->op == PALE_CALL_socketpair                     ? 2
		    : site->op == PALE_CALL_socket || site->op == PALE_CALL_connect ? 1
										    : 0;

		ends += count;
		keeps |= site->op == PALE_CALL_dup || site->op == PALE_CALL_sendfd;
		forks += site->op == PALE_CALL_fork;
		if (site->op != PALE_CALL_connect)
			width = count > width ? count : width;
		if (count != 0 && site->op != PALE_CALL_connect && site->to_fd[0] != PALE_FD_ANY)
			slots |= UINT32_C(1) << site->to_fd[0] |
			    (count == 2 ? UINT32_C(1) << site->to_fd[1] : 0);
		else if (count > each)
			each = count;
	}
	if (!side->has_order) {
		for (; slots != 0; slots &= slots - 1)
			fixed++;
		/* Unless it has another descriptor: of so many calls some make, and the others
		 * keep one end each. */
		for (size_t makes = 0; keeps && makes <= side->calls; makes++) {
			size_t kept = width * makes, left = side->calls - makes;

			kept = kept < left ? kept : left;
			most = kept > most ? kept : most;
		}
		ends = fixed * forks + most + each * side->calls;
	}
	return ends * side->processes;
}

static int
check_ipc_room(struct pale_reading *in)
{
	size_t ends = 0;
	int rc = too_many(in, "pipes and FIFOs that may be open at one time",
	    open_fifos(in) + all_times(in, pipes), PALE_MODEL_PIPES);

	for (size_t i = 0; i < in->side_count; i++)
		ends += socket_ends(in, &in->sides[i]);
	return rc < 0 ? rc
		      : too_many(in, "ends of sockets that there may be at one time", ends,
			    PALE_MODEL_SOCKETS);
}

int
pale_reading_room(struct pale_reading *in)
{
	size_t processes = 0;
	int rc;

	for (size_t i = 0; i < in->side_count; i++) {
		processes += in->sides[i].processes;
		rc = check_side_room(in, &in->sides[i]);
		if (rc < 0)
			return rc;
	}
	rc = too_many(in, "processes", processes, PALE_MODEL_PROCESSES);
	if (rc == 0)
		rc = too_many(in, "users", in->user_count - 1, PALE_MODEL_USERS);
	if (rc == 0)
		rc = too_many(in, "values", in->value_count - 1, PALE_MODEL_VALUES);
	if (rc == 0)
		rc = too_many(
		    in, "different sets of rights", in->right_count - 1, PALE_MODEL_RIGHTS);
	if (rc == 0)
		rc = too_many(in, "keys of System V objects", in->key_count - 1, PALE_MODEL_SYSV);
	if (rc == 0)
		rc = too_many(in, "System V objects", in->sysv_count, PALE_MODEL_SYSV);
	if (rc == 0)
		rc = too_many(in, "calls, each alternative counted", in->site_count - 1,
		    PALE_MODEL_SITES - 1);
	if (rc == 0)
		rc = check_ipc_room(in);
	return rc < 0 ? rc : check_tree_room(in);
}
