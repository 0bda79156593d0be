/* SPDX-License-Identifier: BSD-2-Clause */
/* A call that was taken apart becomes sites of the model: one for each alternative. */
#include "model/read/reading.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
	MODE_CREATED = 0666, /* of open without a mode */
	MODE_DIRECTORY = 0777,
	MODE_SYSV = 0600,
	NUMBER_MAX = 1, /* of semop */
};

/* ---- descriptors, variables, values ---- */

static bool
is_called(const struct pale_own *own, const char *name)
{
	return own->name != NULL && strcmp(own->name, name) == 0;
}

/* Is it set before the call at hand? In a vocabulary any call may come before any other. */
static bool
is_set(const struct pale_side *side, const struct pale_own *own)
{
	return !side->has_order || own->order < side->order;
}

static int
too_early(struct pale_reading *in, unsigned line, const char *name)
{
	pale_reading_fail(in, line, "'%s' is used before a call gives it its value", name);
	return pale_remedy(in->err, "a program is done in the order in which it is written");
}

static int
unknown_fd(struct pale_reading *in, unsigned line, const struct pale_side *side, const char *name)
{
	const char *names[64];
	size_t count = 0;

	pale_reading_fail(in, line, "'%s' has no descriptor '%s'", side->name, name);
	for (size_t i = 0; i < side->fd_count && count < PALE_COUNT(names); i++)
		names[count++] = side->fds[i].name;
	pale_reading_suggest(in, name, names, count);
	if (in->err != NULL && in->err->remedy[0] == '\0')
		pale_remedy(in->err,
		    "give it at start: open('%s', PATH), or name a result: %s = open(...)", name,
		    name);
	return -EINVAL;
}

static int
fill_fd(struct pale_reading *in, unsigned line, const struct pale_side *side, const char *text,
    uint8_t *ret_slot)
{
	if (strcmp(text, "*") == 0) {
		*ret_slot = PALE_FD_ANY;
		return 0;
	}
	for (size_t i = 0; i < side->fd_count; i++)
		if (is_called(&side->fds[i], text)) {
			*ret_slot = (uint8_t)i;
			return is_set(side, &side->fds[i]) ? 0 : too_early(in, line, text);
		}
	return unknown_fd(in, line, side, text);
}

/* A variable of the compartment; 0 if it has none of this name. */
static size_t
find_var(const struct pale_side *side, const char *name)
{
	for (size_t i = 1; i < side->var_count; i++)
		if (is_called(&side->vars[i], name))
			return i;
	return 0;
}

/* Whatever has the identity of an inode: a descriptor, or what fstat found. */
static int
fill_inode(struct pale_reading *in, unsigned line, const struct pale_side *side, const char *text,
    struct pale_ref *ret)
{
	size_t var = find_var(side, text);
	int rc;

	if (var != 0) {
		if (side->vars[var].kind != 'i')
			return pale_reading_fail(
			    in, line, "'%s' is nothing that fstat or fstatat found", text);
		*ret = (struct pale_ref){ PALE_REF_VAR, (uint8_t)var };
		return is_set(side, &side->vars[var]) ? 0 : too_early(in, line, text);
	}
	ret->kind = PALE_REF_FD;
	rc = fill_fd(in, line, side, text, &ret->of);
	if (rc == 0 && ret->of == PALE_FD_ANY)
		return pale_reading_fail(in, line, "'*' has no meaning here: name a descriptor");
	return rc;
}

static int
fill_object(struct pale_reading *in, unsigned line, const struct pale_side *side, const char *text,
    struct pale_ref *ret)
{
	size_t var = find_var(side, text);
	const char *names[64];
	size_t count = 0;

	if (var != 0 && side->vars[var].kind == 'x') {
		*ret = (struct pale_ref){ PALE_REF_VAR, (uint8_t)var };
		return is_set(side, &side->vars[var]) ? 0 : too_early(in, line, text);
	}
	pale_reading_fail(in, line, "'%s' has no System V object '%s'", side->name, text);
	for (size_t i = 1; i < side->var_count && count < PALE_COUNT(names); i++)
		if (side->vars[i].kind == 'x')
			names[count++] = side->vars[i].name;
	pale_reading_suggest(in, text, names, count);
	if (in->err != NULL && in->err->remedy[0] == '\0')
		pale_remedy(
		    in->err, "name one: %s = msgget(...), semget(...) or shmget(...)", text);
	return -EINVAL;
}

static int
fill_value(struct pale_reading *in, unsigned line, const struct pale_side *side,
    enum pale_model_op op, const char *text, struct pale_ref *ret)
{
	size_t var = find_var(side, text);
	struct pale_value *value;
	int rc;

	if (var != 0) {
		if (side->vars[var].kind != 'v')
			return pale_reading_fail(in, line, "'%s' holds no value", text);
		*ret = (struct pale_ref){ PALE_REF_VAR, (uint8_t)var };
		return is_set(side, &side->vars[var]) ? 0 : too_early(in, line, text);
	}
	for (size_t i = 0; i < side->fd_count; i++)
		if (is_called(&side->fds[i], text))
			return pale_reading_fail(
			    in, line, "'%s' is a descriptor, and no value", text);
	rc = pale_reading_value(in, line, text, &value);
	if (rc < 0)
		return rc;
	if (op == PALE_CALL_check)
		value->wanted_line = value->wanted_line == 0 ? line : value->wanted_line;
	else
		value->made_line = line;
	*ret = (struct pale_ref){ PALE_REF_VALUE, (uint8_t)(value - in->values) };
	return 0;
}

/* ---- sites ---- */

/* Which of each kind is filled next. */
struct filled {
	unsigned fd, path, ref;
	bool has_mode;
};

static int
fill_type(struct pale_reading *in, unsigned line, const char *text, struct pale_site *site)
{
	static const struct {
		const char *name;
		uint16_t type;
	} types[] = {
#define TYPE(name, mode) { #name, mode },
#include "model/read/words.def"
	};
	const char *names[PALE_COUNT(types)];

	for (size_t i = 0; i < PALE_COUNT(types); i++) {
		names[i] = types[i].name;
		if (strcmp(types[i].name, text) == 0) {
			site->type = types[i].type;
			if (site->type == 0 && site->ref[0].kind == PALE_REF_VAR) {
				pale_reading_fail(
				    in, line, "what fstat found is remembered without its owner");
				return pale_remedy(
				    in->err, "open it, and ask OWNER of the descriptor");
			}
			return 0;
		}
	}
	pale_reading_fail(in, line, "'%s' is nothing that an inode can be", text);
	return pale_reading_suggest(in, text, names, PALE_COUNT(types));
}

static int
fill_number(struct pale_reading *in, unsigned line, const char *text, struct pale_site *site)
{
	long number;
	int rc = pale_reading_number(
	    in, line, text, "change of a semaphore", -NUMBER_MAX, NUMBER_MAX, &number);

	if (rc == 0 && number == 0)
		return pale_reading_fail(in, line, "a semaphore is changed by -1 or +1 here");
	site->number = (int8_t)number;
	return rc;
}

static int
fill_rights(struct pale_reading *in, unsigned line, const char *text, struct pale_site *site)
{
	char list[PALE_ERR_TEXT_BYTES];
	size_t rights;
	int rc;

	snprintf(list, sizeof(list), "%s", text);
	for (char *at = list; *at != '\0'; at++)
		if (*at == '|')
			*at = ',';
	rc = pale_reading_rights(in, line, list, &rights);
	site->rights = (uint8_t)rights;
	return rc;
}

static int
fill(struct pale_reading *in, unsigned line, const struct pale_side *side, char letter,
    const char *text, struct pale_site *site, struct filled *filled)
{
	size_t number = 0;
	int rc;

	switch (letter) {
	case 'd':
		if (strcmp(text, "AT_FDCWD") == 0) {
			site->fd[filled->fd++] = PALE_FD_CWD;
			return 0;
		}
		return fill_fd(in, line, side, text, &site->fd[filled->fd++]);
	case 'f':
		if (site->op == PALE_CALL_same || site->op == PALE_CALL_is) {
			rc = fill_inode(in, line, side, text, &site->ref[filled->ref]);
			if (site->ref[filled->ref].kind == PALE_REF_FD)
				site->fd[filled->fd++] = site->ref[filled->ref].of;
			filled->ref++;
			return rc;
		}
		return fill_fd(in, line, side, text, &site->fd[filled->fd++]);
	case 'p':
		return pale_reading_path(in, line, text, &site->path[filled->path++]);
	case 'o':
		return pale_reading_flags(
		    in, line, pale_model_calls[site->op].name, text, &site->flags);
	case 's':
		if (site->op == PALE_CALL_is)
			return fill_type(in, line, text, site);
		rc = pale_reading_flags(
		    in, line, pale_model_calls[site->op].name, text, &site->flags);
		/* What linkat does without its flag, the others do with theirs. */
		if (site->op == PALE_CALL_linkat)
			site->flags &= (uint16_t)~PALE_F_NOFOLLOW;
		return rc;
	case 'm':
		filled->has_mode = true;
		return pale_reading_mode(in, line, text, &site->mode);
	case 'v':
		return fill_value(in, line, side, site->op, text, &site->ref[filled->ref++]);
	case 'x':
		return fill_object(in, line, side, text, &site->ref[filled->ref++]);
	case 'n':
		return fill_number(in, line, text, site);
	case 'u':
		rc = pale_reading_user(in, line, text, &number);
		site->user = (uint8_t)number;
		return rc;
	case 'r':
		return fill_rights(in, line, text, site);
	default: /* 'k' */
		if (strcmp(text, "IPC_PRIVATE") == 0)
			return 0;
		rc = pale_reading_key(in, line, text, &number);
		site->key = (uint8_t)number;
		return rc;
	}
}

/* The text of a site, the alternative chosen. */
static const char *
text_of(struct pale_reading *in, const struct pale_written *written, const size_t *choice)
{
	char text[PALE_ERR_TEXT_BYTES];
	size_t length = 0;

	for (size_t i = 0; i < written->give_count; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s",
		    written->gives[i], i + 1 < written->give_count ? ", " : " = ");
	length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s(",
	    written->is_try ? "try " : "", pale_model_calls[written->op].name);
	for (size_t i = 0; i < written->arg_count && length < sizeof(text); i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s",
		    i == 0 ? "" : ", ", written->args[i].raws[choice[i]]);
	if (length < sizeof(text))
		length += (size_t)snprintf(text + length, sizeof(text) - length, ")");
	return pale_reading_keep(in, text, strlen(text));
}

/* Where results go. */
static void
set_results(
    const struct pale_side *side, const struct pale_written *written, struct pale_site *site)
{
	const char *gives = pale_written_gives(written->op);

	site->to_fd[0] = site->to_fd[1] = PALE_FD_ANY;
	for (size_t g = 0, skip = 0; gives[g] != '\0'; g++) {
		const char *name = g < written->give_count ? written->gives[g] : NULL;

		if (gives[g] != 'f') {
			site->to_var = name == NULL ? 0 : (uint8_t)find_var(side, name);
			continue;
		}
		for (size_t i = 0, unnamed = 0; i < side->fd_count; i++) {
			const struct pale_own *own = &side->fds[i];
			bool is_mine = name != NULL ? is_called(own, name)
						    : own->name == NULL && side->has_order &&
				own->order == side->order && unnamed++ == skip;

			if (is_mine && site->to_fd[g] == PALE_FD_ANY)
				site->to_fd[g] = (uint8_t)i;
		}
		skip += name == NULL;
	}
}

/* One step? Only where a name is all that there is to each path, and no link is followed. */
static bool
is_atomic(const struct pale_reading *in, const struct pale_site *site)
{
	const struct pale_model_call *call = &pale_model_calls[site->op];
	unsigned first = site->op == PALE_CALL_symlinkat ? 1 : 0;

	for (unsigned i = 0; call->walks[i] != '\0'; i++) {
		const char *text = in->rests.list[site->path[first + i]].text;

		if (call->walks[i] == 'W' && site->op != PALE_CALL_linkat &&
		    site->op != PALE_CALL_fstatat)
			return false;
		if (call->walks[i] == 'W' && (site->flags & PALE_F_NOFOLLOW) == 0)
			return false;
		if (strchr(text, '/') != NULL || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
			return false;
	}
	return true;
}

static int
set_defaults(
    struct pale_reading *in, unsigned line, const struct filled *filled, struct pale_site *site)
{
	bool is_open = site->op == PALE_CALL_open || site->op == PALE_CALL_openat;
	bool is_get = site->op == PALE_CALL_msgget || site->op == PALE_CALL_semget ||
	    site->op == PALE_CALL_shmget;

	if (is_open && site->flags == 0)
		site->flags = PALE_F_READ;
	/* For the gets it is what one asks for of an object that is there. */
	if (filled->has_mode && is_open && (site->flags & PALE_F_CREAT) == 0) {
		pale_reading_fail(in, line, "a mode means nothing where nothing is made");
		return pale_remedy(in->err, "leave it out, or say O_CREAT");
	}
	if (is_get && site->key == 0 && (site->flags & PALE_F_EXCL) != 0)
		return pale_reading_fail(in, line, "IPC_EXCL means nothing for IPC_PRIVATE");
	if (filled->has_mode)
		return 0;
	if (is_open && (site->flags & PALE_F_CREAT) != 0)
		site->mode = MODE_CREATED;
	if (site->op == PALE_CALL_mkdirat)
		site->mode = MODE_DIRECTORY;
	if (is_get && (site->flags & PALE_F_CREAT) != 0)
		site->mode = MODE_SYSV;
	return 0;
}

static int
add_site(struct pale_reading *in, unsigned line, struct pale_side *side,
    const struct pale_written *written, const size_t *choice)
{
	struct pale_site site = { .op = written->op, .line = line, .may_fail = written->is_try };
	struct pale_site *added;
	struct filled filled = { 0 };
	int rc = 0;

	if (site.op == PALE_CALL_linkat)
		site.flags = PALE_F_NOFOLLOW;
	if (site.op == PALE_CALL_open)
		site.fd[0] = PALE_FD_CWD;
	for (size_t i = 0; rc == 0 && i < written->arg_count; i++)
		rc = fill(in, line, side, written->args[i].letter, written->args[i].alts[choice[i]],
		    &site, &filled);
	if (rc == 0)
		rc = set_defaults(in, line, &filled, &site);
	if (rc < 0)
		return rc;
	set_results(side, written, &site);
	site.atomic = is_atomic(in, &site);
	site.text = text_of(in, written, choice);
	added = pale_reading_add(&in->sites, &in->site_count, &in->site_size, sizeof(site));
	if (added == NULL || site.text == NULL)
		return pale_reading_no_memory(in);
	*added = site;
	return 0;
}

static int
check_whole(struct pale_reading *in, unsigned line, struct pale_side *side,
    const struct pale_written *written)
{
	if (side->has_order) {
		for (size_t i = 0; i < written->arg_count; i++)
			if (written->args[i].count > 1) {
				pale_reading_fail(
				    in, line, "a program does one thing: it has no alternatives");
				return pale_remedy(in->err, "put a path with '|' in double quotes");
			}
	} else if (written->is_try) {
		pale_reading_fail(
		    in, line, "'try' means nothing in a vocabulary: there all calls may fail");
		return pale_remedy(in->err, "leave it out");
	}
	if (written->op != PALE_CALL_fork)
		return 0;
	if (side->fork_count == PALE_MODEL_COMPARTMENTS)
		return pale_reading_fail(
		    in, line, "'%s' forks more than %d times", side->name, PALE_MODEL_COMPARTMENTS);
	side->fork_list[side->fork_count++] = side->order;
	return 0;
}

int
pale_written_compile(struct pale_reading *in, unsigned line, struct pale_side *side,
    const struct pale_written *written)
{
	size_t choice[PALE_CALL_ARGS] = { 0 };
	int rc = check_whole(in, line, side, written);

	while (rc == 0) {
		size_t i = 0;

		rc = add_site(in, line, side, written, choice);
		while (i < written->arg_count && ++choice[i] == written->args[i].count)
			choice[i++] = 0;
		if (i == written->arg_count)
			break;
	}
	return rc;
}
