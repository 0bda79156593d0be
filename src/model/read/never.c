/* SPDX-License-Identifier: BSD-2-Clause */
/* What must not happen: properties by name, and assertions. */
#include "model/read/reading.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/suggest.h"
#include "model/property.h"
#include "model/term.h"

enum {
	TERMS_MAX = 16,    /* of one assertion */
	TERM_ARGS = 4,     /* of one term */
	TERM_BYTES = 1024, /* of one term's text */
};

/* ---- properties ---- */

static int
unknown_property(struct pale_reading *in, unsigned line, const char *name)
{
	const char *names[PALE_PROPERTY_NEVER + 1];
	char all[128] = "";

	if (strncmp(name, "never", 5) == 0 && (name[5] == '\0' || name[5] == ':')) {
		pale_reading_fail(in, line,
		    "'%s' names none of its assertions, of which it has %zu", name,
		    in->model->never_count);
		return in->model->never_count == 0
		    ? pale_remedy(in->err, "never('...') in the scenario makes one")
		    : pale_remedy(in->err, "the first is never:1; 'never' is all of them");
	}
	for (size_t i = 0; i <= PALE_PROPERTY_NEVER; i++) {
		size_t used = strlen(all);

		names[i] = pale_properties[i].name;
		snprintf(all + used, sizeof(all) - used, "%s%s", i == 0 ? "" : ", ", names[i]);
	}
	pale_reading_fail(in, line, "there is no property '%s'", name);
	if (pale_suggest(name, names, PALE_COUNT(names)) == NULL)
		return pale_remedy(in->err, "there are %s", all);
	return pale_reading_suggest(in, name, names, PALE_COUNT(names));
}

/* "union,call" */
int
pale_reading_properties(struct pale_reading *in, unsigned line, const char *list)
{
	while (true) {
		size_t length = strcspn(list, ",");
		const char *name = pale_reading_keep(in, list, length);
		uint32_t bits;

		if (name == NULL)
			return pale_reading_no_memory(in);
		bits = pale_property_find(in->model, name);
		if (bits == 0)
			return unknown_property(in, line, name);
		in->properties |= bits;
		if (list[length] == '\0')
			return 0;
		list += length + 1;
	}
}

int
pale_read_property(
    struct pale_reading *in, const struct pale_call *call, struct pale_side *side PALE_UNUSED)
{
	int rc = 0;

	/* What the command line says replaces it, and is looked at when all assertions are read. */
	for (size_t i = 0; rc == 0 && i < call->arg_count; i++)
		rc = pale_reading_properties(in, call->arg_lines[i], call->args[i]);
	return rc;
}

/* ---- assertions ---- */

/* A term, taken apart. */
struct written {
	char text[TERM_BYTES];
	const char *args[TERM_ARGS];
	size_t count;
};

static char *
trim(char *text)
{
	size_t length;

	while (isspace((unsigned char)*text))
		text++;
	length = strlen(text);
	while (length > 0 && isspace((unsigned char)text[length - 1]))
		text[--length] = '\0';
	if (length >= 2 && text[0] == '"' && text[length - 1] == '"') {
		text[length - 1] = '\0';
		text++;
	}
	return text;
}

static int
fill_compartment(struct pale_reading *in, unsigned line, const char *name, uint8_t *ret_who)
{
	const struct pale_side *side = pale_reading_side(in, name);
	const char *names[PALE_MODEL_COMPARTMENTS];

	if (side != NULL) {
		*ret_who = (uint8_t)(side - in->sides + 1);
		return 0;
	}
	pale_reading_fail(in, line, "there is no compartment '%s'", name);
	for (size_t i = 0; i < in->side_count; i++)
		names[i] = in->sides[i].name;
	return pale_reading_suggest(in, name, names, in->side_count);
}

/* compartment.name */
static int
fill_own(struct pale_reading *in, unsigned line, const char *text, struct pale_term *term)
{
	const char *dot = strchr(text, '.');
	const struct pale_side *side;
	const char *who, *names[64];
	size_t count = 0;
	int rc;

	if (dot == NULL)
		return pale_reading_fail(
		    in, line, "'%s' is no COMPARTMENT.NAME of a variable or descriptor", text);
	who = pale_reading_keep(in, text, (size_t)(dot - text));
	if (who == NULL)
		return pale_reading_no_memory(in);
	rc = fill_compartment(in, line, who, &term->who[0]);
	if (rc < 0)
		return rc;
	side = &in->sides[term->who[0] - 1];
	for (size_t i = 0; i < side->fd_count + side->var_count; i++) {
		bool is_fd = i < side->fd_count;
		size_t at = is_fd ? i : i - side->fd_count;
		const struct pale_own *own = is_fd ? &side->fds[at] : &side->vars[at];

		if (own->name == NULL)
			continue;
		if (strcmp(own->name, dot + 1) == 0) {
			term->ref.kind = is_fd ? PALE_REF_FD : PALE_REF_VAR;
			term->ref.of = (uint8_t)at;
			if (term->kind == PALE_TERM_value ? own->kind != 'v'
							  : own->kind != 'f' && own->kind != 'i')
				return pale_reading_fail(in, line, "'%s' holds no %s", text,
				    term->kind == PALE_TERM_value ? "value" : "inode");
			return 0;
		}
		if (count < PALE_COUNT(names))
			names[count++] = own->name;
	}
	pale_reading_fail(in, line, "'%s' has no descriptor or variable '%s'", who, dot + 1);
	return pale_reading_suggest(in, dot + 1, names, count);
}

/* A path means one inode, whoever moves links: so none on the way, and none at its end where it
 * would never be what is asked for. */
static int
refuse_links(struct pale_reading *in, unsigned line, const char *path, size_t node,
    const struct pale_term *term)
{
	bool never_link = term->kind == PALE_TERM_executes || term->kind == PALE_TERM_contains;
	char prefix[TERM_BYTES];

	for (const char *at = strchr(path + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
		size_t up;

		snprintf(prefix, sizeof(prefix), "%.*s", (int)(at - path), path);
		up = pale_reading_find(in, prefix);
		if (up == 0 || in->nodes[up].type != PALE_INODE_LINK)
			continue;
		pale_reading_fail(in, line, "'%s' leads through the link '%s'", path, prefix);
		return pale_remedy(in->err, "name what it leads to");
	}
	if (node == 0 || !never_link || in->nodes[node].type != PALE_INODE_LINK)
		return 0;
	pale_reading_fail(in, line, "'%s' is a link, and no file", path);
	return pale_remedy(in->err, "name what it leads to");
}

/* Where the path names nothing at start, a call must be able to make its last name. */
static int
fill_path(struct pale_reading *in, unsigned line, const char *path, struct pale_term *term)
{
	size_t node;
	int rc;

	if (path[0] != '/') {
		pale_reading_fail(in, line, "'%s' does not begin with '/'", path);
		return pale_remedy(in->err, "assertions name paths from the root");
	}
	node = pale_reading_find(in, path);
	rc = refuse_links(in, line, path, node, term);
	if (rc < 0)
		return rc;
	if (term->kind == PALE_TERM_contains && node != 0 &&
	    in->nodes[node].type != PALE_INODE_FILE)
		return pale_reading_fail(in, line, "'%s' is no file, and contains nothing", path);
	term->inode = (uint8_t)node;
	return pale_reading_path(in, line, path, &term->path);
}

static int
fill_access(struct pale_reading *in, unsigned line, const char *text, struct pale_term *term)
{
	static const char *const names[] = { "READ", "WRITE" };
	static const uint16_t bits[] = { PALE_F_READ, PALE_F_WRITE };

	while (true) {
		size_t length = strcspn(text, "|"), at = 0;

		while (at < PALE_COUNT(names) &&
		    (strlen(names[at]) != length || strncmp(names[at], text, length) != 0))
			at++;
		if (at == PALE_COUNT(names)) {
			pale_reading_fail(in, line, "'%s' is not READ or WRITE", text);
			return pale_reading_suggest(in, text, names, PALE_COUNT(names));
		}
		term->mode |= bits[at];
		if (text[length] == '\0')
			return 0;
		text += length + 1;
	}
}

static int
fill(struct pale_reading *in, unsigned line, const char *letter, const char *text,
    struct pale_term *term)
{
	struct pale_value *value;
	size_t number = 0;
	int rc;

	switch (*letter) {
	case 'c':
		if (letter[1] == '.')
			return fill_own(in, line, text, term);
		return fill_compartment(in, line, text, &term->who[term->who[0] == 0 ? 0 : 1]);
	case 'v':
		rc = pale_reading_value(in, line, text, &value);
		if (rc == 0) {
			value->wanted_line = line;
			term->value = (uint8_t)(value - in->values);
		}
		return rc;
	case 'p':
		return fill_path(in, line, text, term);
	case 's':
		return fill_access(in, line, text, term);
	case 'm':
		return pale_reading_mode(in, line, text, &term->mode);
	case 'u':
		rc = pale_reading_user(in, line, text, &number);
		term->user = (uint8_t)number;
		return rc;
	default: /* 'k' */
		rc = pale_reading_key(in, line, text, &number);
		term->key = (uint8_t)number;
		return rc;
	}
}

static int
unknown_term(struct pale_reading *in, unsigned line, const char *name)
{
	const char *names[PALE_TERM_COUNT];

	for (size_t i = 0; i < PALE_TERM_COUNT; i++)
		names[i] = pale_terms[i].name;
	pale_reading_fail(in, line, "'%s' is no term of an assertion", name);
	pale_reading_suggest(in, name, names, PALE_TERM_COUNT);
	if (in->err != NULL && in->err->remedy[0] == '\0')
		pale_remedy(in->err, "pale-scenario(5) lists the terms");
	return -EINVAL;
}

int
pale_term_usage(enum pale_term_kind kind, char *buf, size_t size)
{
	static const struct {
		char letter;
		const char *usage;
	} letters[] = { { 'c', "compartment" }, { 'v', "value" }, { 'p', "path" },
		{ 's', "READ|WRITE" }, { 'm', "mode" }, { 'u', "user" }, { 'k', "key" } };
	char text[256];
	size_t length = (size_t)snprintf(text, sizeof(text), "%s(", pale_terms[kind].name);
	const char *signature = pale_terms[kind].signature;

	for (const char *at = signature; *at != '\0'; at++) {
		const char *usage = "compartment.name";
		bool is_own = at[1] == '.';

		for (size_t i = 0; !is_own && i < PALE_COUNT(letters); i++)
			if (letters[i].letter == *at)
				usage = letters[i].usage;
		length += (size_t)snprintf(text + length, sizeof(text) - length,
		    at[1] == '?' ? "[%s%s]" : "%s%s", at == signature ? "" : ", ", usage);
		at += is_own ? 2 : at[1] == '?' ? 1 : 0;
	}
	return snprintf(buf, size, "%s)", text);
}

/* What could never be so, and would be found to hold. */
static int
refuse_vain(struct pale_reading *in, unsigned line, const struct pale_term *term)
{
	const struct pale_side *side;
	bool exits = false;

	if (term->kind == PALE_TERM_holds && term->mode != 0 && term->inode != 0 &&
	    in->nodes[term->inode].type == PALE_INODE_LINK) {
		pale_reading_fail(
		    in, line, "'%s' is a link, and no file", in->nodes[term->inode].path);
		return pale_remedy(in->err, "name what it leads to");
	}
	if (term->kind != PALE_TERM_failed && term->kind != PALE_TERM_finished)
		return 0;
	side = &in->sides[term->who[0] - 1];
	if (side->has_order)
		return 0;
	for (size_t i = 0; i < side->site_count; i++)
		exits |= in->sites[side->first_site + i].op == PALE_CALL_exit;
	if (term->kind == PALE_TERM_finished && exits)
		return 0;
	pale_reading_fail(in, line, "'%s' has a vocabulary, and is never %s", side->name,
	    pale_terms[term->kind].name);
	return pale_remedy(in->err,
	    term->kind == PALE_TERM_failed
		? "only a call of a program ends it by failing"
		: "let it call exit, or ask after one that has a program");
}

/* name(a, b) */
static int
read_term(struct pale_reading *in, unsigned line, char *text, struct pale_term *ret)
{
	struct pale_term term = { 0 };
	char *open, *at, *name;
	const char *letter;
	size_t length;
	int rc = 0;

	text = trim(text);
	if (strncmp(text, "not", 3) == 0 && isspace((unsigned char)text[3])) {
		term.negated = true;
		text = trim(text + 3);
	}
	length = strlen(text);
	open = strchr(text, '(');
	if (open == NULL || strchr(open + 1, '(') != NULL || text[length - 1] != ')') {
		pale_reading_fail(in, line, "'%s' is no term", text);
		return pale_remedy(
		    in->err, "an assertion is written 'name(...) and not name(...)'");
	}
	text[length - 1] = '\0';
	*open = '\0';
	name = trim(text);
	term.kind = PALE_TERM_COUNT;
	for (enum pale_term_kind kind = 0; kind < PALE_TERM_COUNT; kind++)
		if (strcmp(pale_terms[kind].name, name) == 0)
			term.kind = kind;
	if (term.kind == PALE_TERM_COUNT)
		return unknown_term(in, line, name);

	letter = pale_terms[term.kind].signature;
	at = open + 1;
	while (rc == 0 && at != NULL && *letter != '\0') {
		char *comma = strchr(at, ',');

		if (comma != NULL)
			*comma = '\0';
		rc = fill(in, line, letter, trim(at), &term);
		letter += letter[1] == '.' ? 3 : letter[1] == '?' ? 2 : 1;
		at = comma == NULL ? NULL : comma + 1;
	}
	if (rc == 0 && (at != NULL || (*letter != '\0' && letter[1] != '?'))) {
		char usage[PALE_ERR_TEXT_BYTES];

		pale_term_usage(term.kind, usage, sizeof(usage));
		pale_reading_fail(
		    in, line, "%s() has too %s arguments", name, at != NULL ? "many" : "few");
		return pale_remedy(in->err, "it is written %s", usage);
	}
	if (rc == 0)
		rc = refuse_vain(in, line, &term);
	*ret = term;
	return rc;
}

/* Where " and " begins, outside of parentheses; NULL: nowhere. */
static char *
find_and(char *text)
{
	unsigned depth = 0;

	for (; *text != '\0'; text++) {
		depth += *text == '(';
		depth -= *text == ')' && depth > 0;
		if (depth == 0 && isspace((unsigned char)text[0]) &&
		    strncmp(text + 1, "and", 3) == 0 && isspace((unsigned char)text[4]))
			return text;
	}
	return NULL;
}

static int
read_assertion(struct pale_reading *in, unsigned line, const char *text)
{
	struct pale_model *model = in->model;
	struct pale_never *never = &model->nevers[model->never_count];
	struct pale_term terms[TERMS_MAX] = { 0 };
	char copy[TERM_BYTES];
	size_t length = strlen(text);
	char *at = copy;

	if (length >= sizeof(copy))
		return pale_reading_fail(
		    in, line, "an assertion is longer than %d bytes", TERM_BYTES - 1);
	memcpy(copy, text, length + 1);
	*never = (struct pale_never){ .line = line };
	never->text = pale_reading_keep(in, text, strlen(text));
	while (true) {
		char *end = find_and(at);
		int rc;

		if (end != NULL)
			*end = '\0';
		if (never->count == TERMS_MAX)
			return pale_reading_fail(
			    in, line, "an assertion has more than %d terms", TERMS_MAX);
		rc = read_term(in, line, at, &terms[never->count++]);
		if (rc < 0)
			return rc;
		if (end == NULL)
			break;
		at = end + 5;
	}
	never->terms = pale_reading_bytes(in, never->count * sizeof(terms[0]));
	if (never->text == NULL || never->terms == NULL)
		return pale_reading_no_memory(in);
	memcpy(never->terms, terms, never->count * sizeof(terms[0]));
	model->never_count++;
	return 0;
}

int
pale_read_never(
    struct pale_reading *in, const struct pale_call *call, struct pale_side *side PALE_UNUSED)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < call->arg_count; i++) {
		if (in->model->never_count == PALE_MODEL_NEVERS) {
			size_t count = 0;

			for (size_t k = 0; k < in->calls.count; k++)
				if (in->calls.list[k].word == PALE_WORD_never)
					count += in->calls.list[k].arg_count;
			return pale_reading_fail(in, call->arg_lines[i],
			    "it has %zu assertions, and there is room for %d", count,
			    PALE_MODEL_NEVERS);
		}
		rc = read_assertion(in, call->arg_lines[i], call->args[i]);
	}
	return rc;
}
