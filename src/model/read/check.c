/* SPDX-License-Identifier: BSD-2-Clause */
/* What can be judged only when everything was read: names that nothing has, values that nobody
 * writes, children that are never born. */
#include "model/read/reading.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "model/property.h"
#include "model/term.h"

/* ---- names ---- */

/* Which names anything has, ever had, or can get. */
static void
add_path_names(const struct pale_reading *in, pale_walker_rest rest, bool last_only, bool *known)
{
	for (; rest > PALE_REST_EMPTY; rest = in->rests.list[rest].behind)
		if (!last_only || in->rests.list[rest].behind <= PALE_REST_EMPTY)
			known[in->rests.list[rest].name] = true;
}

/* Does the call give the last component of its path the name? */
static bool
makes_name(const struct pale_site *site, unsigned path)
{
	/* By a path's number, + 1; 0: it makes no name. */
	static const uint8_t made[PALE_CALL_COUNT] = {
		[PALE_CALL_open] = 1,
		[PALE_CALL_openat] = 1,
		[PALE_CALL_mkdirat] = 1,
		[PALE_CALL_mkfifoat] = 1,
		[PALE_CALL_bind] = 1,
		[PALE_CALL_symlinkat] = 2,
		[PALE_CALL_linkat] = 2,
		[PALE_CALL_renameat] = 2,
	};
	bool is_open = site->op == PALE_CALL_open || site->op == PALE_CALL_openat;

	return made[site->op] == path + 1 && (!is_open || (site->flags & PALE_F_CREAT) != 0);
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

		for (unsigned k = 0; k < 2; k++)
			if (makes_name(site, k))
				add_path_names(in, site->path[k], true, known);
		if (site->op == PALE_CALL_symlinkat)
			add_path_names(in, site->path[0], false, known);
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
		bool has = side->fd_count > 0;

		for (size_t i = 0; i < side->site_count; i++)
			has |= pale_written_gives(in->sites[side->first_site + i].op)[0] == 'f';

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
			    "'%s' forks %zu time%s, and has %zu children", side->name,
			    side->fork_count, side->fork_count == 1 ? "" : "s", children);
			return pale_remedy(in->err,
			    "say child_of('%s') in a compartment for each fork()", side->name);
		}
		if (side->fork_count > 0 && side->processes > 1)
			return pale_reading_fail(in, side->line,
			    "'%s' forks, and so it can be one process only", side->name);
	}
	return 0;
}

/* What follows the exec of a setuid file is what that does: a vocabulary is not. */
static int
check_exec(struct pale_reading *in)
{
	for (size_t s = 0; s < in->side_count; s++) {
		const struct pale_side *side = &in->sides[s];
		const struct pale_site *exec = NULL;

		for (size_t i = 0; i < side->site_count && !side->has_order; i++)
			if (in->sites[side->first_site + i].op == PALE_CALL_exec)
				exec = &in->sites[side->first_site + i];
		for (size_t i = 1; i < in->node_count && exec != NULL; i++) {
			if ((in->nodes[i].mode & S_ISUID) == 0 || in->nodes[i].user == side->user ||
			    in->nodes[i].type != PALE_INODE_FILE)
				continue;
			pale_reading_fail(in, exec->line,
			    "'%s' could execute '%s', and its own calls would go on as another "
			    "user",
			    side->name, in->nodes[i].path);
			return pale_remedy(in->err,
			    "say what '%s' does in a compartment whose program begins with exec()",
			    in->nodes[i].path);
		}
	}
	return 0;
}

/* ---- what is looked at ---- */

/* These judge lookups of those to whom a directory is delegated, and would hold of all others. */
static int
check_properties(struct pale_reading *in)
{
	static const enum pale_property needs[] = { PALE_PROPERTY_UNION, PALE_PROPERTY_ROOT,
		PALE_PROPERTY_CALL, PALE_PROPERTY_RIGHTS };
	bool delegates = false;

	if (in->properties == 0) {
		pale_fail(in->err, -EINVAL, "%s:1: it does not say what must not happen", in->file);
		return pale_remedy(in->err, "say property('union'), or never('...')");
	}
	for (size_t i = 0; i < in->side_count; i++)
		for (size_t k = 0; k < in->sides[i].fd_count; k++)
			delegates |= in->nodes[in->sides[i].fds[k].node].type == PALE_INODE_DIR;
	for (size_t i = 0; !delegates && i < PALE_COUNT(needs); i++) {
		if ((in->properties >> needs[i] & 1) == 0)
			continue;
		pale_fail(in->err, -EINVAL,
		    "%s:1: the property '%s' is about directories that are delegated, and none is",
		    in->file, pale_properties[needs[i]].name);
		return pale_remedy(in->err, "give a compartment one: open('NAME', PATH)");
	}
	return 0;
}

int
pale_reading_check(struct pale_reading *in)
{
	int rc = pale_reading_room(in);

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
	if (rc == 0 && !in->options->plays)
		rc = check_exec(in);
	if (rc == 0 && !in->options->plays)
		rc = pale_reading_sysv(in);
	return rc < 0 ? rc : check_properties(in);
}
