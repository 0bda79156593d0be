/* SPDX-License-Identifier: BSD-2-Clause */
/* What can be judged only when everything was read: names that nothing has, values that nobody
 * writes, and whether there is room. */
#include "model/reading.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/term.h"

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
links(const struct pale_site *site)
{
	return site->op == PALE_CALL_linkat;
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

/* ---- names ---- */

/* Which names anything has, ever had, or can get. */
static void
add_path_names(const struct pale_reading *in, pale_walker_rest rest, bool last_only, bool *known)
{
	for (; rest > PALE_REST_EMPTY; rest = in->rests.list[rest].behind)
		if (!last_only || in->rests.list[rest].behind <= PALE_REST_EMPTY)
			known[in->rests.list[rest].name] = true;
}

static void
find_known(const struct pale_reading *in, bool *known)
{
	known[0] = true;
	for (size_t i = 1; i < in->node_count; i++) {
		known[in->nodes[i].name] = true;
		add_path_names(in, in->nodes[i].target, false, known);
	}
	for (size_t i = 0; i < in->entry_count; i++)
		known[in->entries[i].name] = true;
	for (size_t i = 1; i < in->site_count; i++) {
		const struct pale_site *site = &in->sites[i];

		if (creates(site) || makes_directory(site) || site->op == PALE_CALL_mkfifoat ||
		    site->op == PALE_CALL_bind)
			add_path_names(in, site->path[0], true, known);
		if (site->op == PALE_CALL_symlinkat)
			add_path_names(in, site->path[0], false, known);
		if (site->op == PALE_CALL_symlinkat || links(site) ||
		    site->op == PALE_CALL_renameat)
			add_path_names(in, site->path[1], true, known);
	}
}

static int
check_path(struct pale_reading *in, unsigned line, pale_walker_rest path, const bool *known)
{
	for (pale_walker_rest at = path; at > PALE_REST_EMPTY; at = in->rests.list[at].behind) {
		size_t name = in->rests.list[at].name;
		const char *names[256];
		size_t count = 0;

		if (known[name])
			continue;
		pale_reading_fail(in, line,
		    "nothing in the tree is called '%s' (of '%s'), and no call makes it",
		    in->rests.names[name], in->rests.list[path].text);
		for (size_t i = 1; i < in->rests.name_count && count < PALE_COUNT(names); i++)
			if (known[i])
				names[count++] = in->rests.names[i];
		return pale_reading_suggest(in, in->rests.names[name], names, count);
	}
	return 0;
}

static int
check_names(struct pale_reading *in)
{
	PALE_FREE bool *known = calloc(in->rests.name_count + 1, sizeof(*known));
	int rc = 0;

	if (known == NULL)
		return pale_reading_no_memory(in);
	find_known(in, known);
	for (size_t i = 1; rc == 0 && i < in->site_count; i++)
		for (size_t k = 0; rc == 0 && k < 2; k++)
			rc = check_path(in, in->sites[i].line, in->sites[i].path[k], known);
	for (size_t i = 0; rc == 0 && i < in->model->never_count; i++)
		for (size_t k = 0; rc == 0 && k < in->model->nevers[i].count; k++)
			rc = check_path(in, in->model->nevers[i].line,
			    in->model->nevers[i].terms[k].path, known);
	return rc;
}

/* ---- values, keys, descriptors ---- */

static int
check_values(struct pale_reading *in)
{
	const char *names[256];
	size_t count = 0;

	for (size_t i = 1; i < in->value_count && count < PALE_COUNT(names); i++)
		if (in->values[i].made_line != 0)
			names[count++] = in->values[i].text;
	for (size_t i = 1; i < in->value_count; i++) {
		const struct pale_value *value = &in->values[i];

		if (value->wanted_line == 0 || value->made_line != 0)
			continue;
		pale_reading_fail(in, value->wanted_line,
		    "nothing holds the value '%s' at start, and no call writes it", value->text);
		return pale_reading_suggest(in, value->text, names, count);
	}
	return 0;
}

static int
check_keys(struct pale_reading *in)
{
	for (size_t i = 0; i < in->model->never_count; i++)
		for (size_t k = 0; k < in->model->nevers[i].count; k++) {
			unsigned key = in->model->nevers[i].terms[k].key;
			bool known = key == 0;

			for (size_t s = 0; s < in->sysv_count; s++)
				known |= in->sysv[s].key == key;
			for (size_t s = 1; s < in->site_count; s++)
				known |= in->sites[s].key == key;
			if (!known)
				return pale_reading_fail(in, in->model->nevers[i].line,
				    "no System V object has the key 0x%x, and no call makes one",
				    (unsigned)in->keys[key]);
		}
	return 0;
}

/* "*" needs something to stand for. */
static int
check_any(struct pale_reading *in)
{
	for (size_t s = 0; s < in->side_count; s++) {
		const struct pale_side *side = &in->sides[s];
		bool has = side->fd_count > 0 || times(in, side, gives_fd) > 0;

		for (size_t i = 0; !has && i < side->site_count; i++) {
			const struct pale_site *site = &in->sites[side->first_site + i];

			if (site->fd[0] != PALE_FD_ANY && site->fd[1] != PALE_FD_ANY)
				continue;
			pale_reading_fail(in, site->line,
			    "'*' stands for the descriptors of '%s', which never has one",
			    side->name);
			return pale_remedy(in->err, "give it one: open('NAME', PATH)");
		}
	}
	return 0;
}

static int
check_forks(struct pale_reading *in)
{
	for (size_t i = 0; i < in->side_count; i++) {
		const struct pale_side *side = &in->sides[i];
		size_t children = 0;

		for (size_t k = 0; k < in->side_count; k++)
			children += in->sides[k].parent == i + 1;
		if (children < side->fork_count) {
			pale_reading_fail(in, side->line,
			    "'%s' forks %zu times, and has %zu children", side->name,
			    side->fork_count, children);
			return pale_remedy(in->err,
			    "say child_of('%s') in a compartment for each fork()", side->name);
		}
		if (side->fork_count > 0 && side->processes > 1)
			return pale_reading_fail(in, side->line,
			    "'%s' forks, and so it can be one process only", side->name);
	}
	return 0;
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

static int
check_side_room(struct pale_reading *in, const struct pale_side *side)
{
	size_t fds = side->fd_count, unnamed = 0;

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
	size_t others = all_times(in, makes_other);
	size_t made = others + all_times(in, makes_directory), room, names;
	size_t inodes = in->node_count - 1;
	int rc = too_many(in, "inodes in its tree", inodes, PALE_MODEL_INODES - 1);

	if (rc < 0)
		return rc;
	room = inodes + (in->spare < 0 ? made : (size_t)in->spare);
	if (room > PALE_MODEL_INODES - 1) {
		pale_fail(in->err, -E2BIG,
		    "%s: it has %zu inodes and can make %zu, and there is room for %d", in->file,
		    inodes, room - inodes, PALE_MODEL_INODES - 1);
		return pale_remedy(in->err,
		    "say spare('%zu'): when so many are in use, making one fails with ENOSPC",
		    PALE_MODEL_INODES - 1 - inodes);
	}
	if (in->spare >= 0 && others > (size_t)in->spare)
		others = (size_t)in->spare;
	names = in->entry_count + others + all_times(in, links);
	rc = too_many(in,
	    "names of files, links, FIFOs and sockets, those that can be made included", names,
	    PALE_MODEL_ENTRIES);
	in->model->inode_room = (uint8_t)room;
	in->model->entry_room = (uint8_t)names;
	return rc;
}

static int
check_room(struct pale_reading *in)
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
	return rc < 0 ? rc : check_tree_room(in);
}

/* ---- what is looked at ---- */

static int
check_properties(struct pale_reading *in)
{
	const uint32_t needs_delegation = UINT32_C(1) << PALE_PROPERTY_UNION;
	bool delegates = false;

	if (in->properties == 0) {
		pale_fail(in->err, -EINVAL, "%s:1: it does not say what must not happen", in->file);
		return pale_remedy(in->err, "say property('union'), or never('...')");
	}
	for (size_t i = 0; i < in->side_count; i++)
		for (size_t k = 0; k < in->sides[i].fd_count; k++)
			delegates |= in->sides[i].fds[k].node != 0;
	if ((in->properties & needs_delegation) != 0 && !delegates) {
		pale_fail(in->err, -EINVAL,
		    "%s:1: the property 'union' is about directories that are delegated, and none "
		    "is",
		    in->file);
		return pale_remedy(in->err, "give a compartment one: open('NAME', PATH)");
	}
	return 0;
}

int
pale_reading_check(struct pale_reading *in)
{
	int rc = check_room(in);

	if (rc == 0)
		rc = check_forks(in);
	if (rc == 0)
		rc = check_names(in);
	if (rc == 0)
		rc = check_values(in);
	if (rc == 0)
		rc = check_keys(in);
	if (rc == 0)
		rc = check_any(in);
	return rc < 0 ? rc : check_properties(in);
}
