/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A scenario, statement by statement: first the tree, then who there is, then what each may do,
 * then what must never happen; so that in the text they may stand in any order.
 */
#include "model/read.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/pack.h"
#include "model/property.h"
#include "model/read/reading.h"
#include "model/walkers.h"

enum place { OUTSIDE, INSIDE, ANYWHERE };
enum times { ONCE, OFTEN };
enum phase { TREE, BIRTH, SIDE, CALLS, CLAIM, CHOICE };
enum { MANY = INT_MAX };

/* The rows of words.def. */
static const struct word {
	const char *name;
	enum place place;
	enum times times;
	enum phase phase;
	size_t least, most;
	const char *takes;
	int (*act)(struct pale_reading *in, const struct pale_call *call, struct pale_side *side);
} words[PALE_WORD_COUNT] = {
#define STATEMENT(name, place, times, phase, least, most, takes, says) \
	[PALE_WORD_##name] = { #name, place, times, phase, least, most, takes, pale_read_##name },
#include "model/read/words.def"
};

/* ---- what can be said where ---- */

/* What a child has from its parent cannot be said of it. */
static const enum pale_word not_of_children[] = { PALE_WORD_user, PALE_WORD_umask, PALE_WORD_cwd,
	PALE_WORD_chroot, PALE_WORD_ignore, PALE_WORD_open, PALE_WORD_processes };

static int
check_call(struct pale_reading *in, const struct pale_call *call)
{
	const struct word *word = &words[call->word];

	if (word->place == OUTSIDE && call->compartment != NULL)
		return pale_reading_fail(
		    in, call->line, "%s() stands outside of compartments", word->name);
	if (word->place == INSIDE && call->compartment == NULL)
		return pale_reading_fail(
		    in, call->line, "%s() stands inside of a compartment", word->name);
	if (call->arg_count < word->least || call->arg_count > word->most)
		return pale_reading_fail(in, call->line, "%s() takes %s%s", word->name, word->takes,
		    call->arg_count == 0 ? ", and has none" : "");
	for (size_t i = 0; i < call->arg_count; i++)
		if (call->args[i][0] == '\0')
			return pale_reading_fail(
			    in, call->arg_lines[i], "an argument of %s() is empty", word->name);
	return 0;
}

/* Each in its place, and no more often than it may be. Compartments are found on the way. */
static int
check_calls(struct pale_reading *in)
{
	const struct pale_call *first[PALE_WORD_COUNT] = { NULL };

	for (size_t i = 0; i < in->calls.count; i++) {
		const struct pale_call *call = &in->calls.list[i], **said = first;
		int rc;

		if (call->word == PALE_READ_BLOCK)
			continue;
		rc = check_call(in, call);
		if (rc < 0)
			return rc;
		if (call->compartment != NULL)
			said = pale_reading_side(in, call->compartment)->said;
		if (said[call->word] != NULL && words[call->word].times == ONCE)
			return pale_reading_fail(in, call->line,
			    "%s() is said twice, before in line %u", words[call->word].name,
			    said[call->word]->line);
		if (said[call->word] == NULL)
			said[call->word] = call;
	}
	return 0;
}

static int
find_sides(struct pale_reading *in)
{
	size_t count = 0;

	for (size_t i = 0; i < in->calls.count; i++) {
		const struct pale_call *call = &in->calls.list[i];
		struct pale_side *side;

		if (call->word != PALE_READ_BLOCK)
			continue;
		if (pale_reading_side(in, call->compartment) != NULL)
			return pale_reading_fail(
			    in, call->line, "there are two compartments '%s'", call->compartment);
		if (!pale_reading_is_word(call->compartment))
			return pale_reading_fail(in, call->line,
			    "'%s' is no name for a compartment: it is a word that begins with a "
			    "letter",
			    call->compartment);
		if (count++ >= PALE_MODEL_COMPARTMENTS)
			continue;
		side = &in->sides[in->side_count++];
		*side = (struct pale_side){ .line = call->line,
			.user = 1,
			.umask = 022,
			.cwd = 1,
			.root = 1,
			.processes = 1 };
		side->name = pale_reading_keep(in, call->compartment, strlen(call->compartment));
		/* Variable 0 is none. */
		if (side->name == NULL ||
		    pale_reading_add(&side->vars, &side->var_count, &side->var_size,
			sizeof(*side->vars)) == NULL)
			return pale_reading_no_memory(in);
	}
	if (count > PALE_MODEL_COMPARTMENTS)
		return pale_fail(in->err, -E2BIG,
		    "%s: it has %zu compartments, and there is room for %d", in->file, count,
		    PALE_MODEL_COMPARTMENTS);
	if (count == 0)
		return pale_fail(
		    in->err, -EINVAL, "%s:1: nobody acts: it has no compartment", in->file);
	return 0;
}

static int
check_sides(struct pale_reading *in)
{
	for (size_t i = 0; i < in->side_count; i++) {
		const struct pale_side *side = &in->sides[i];

		if (side->said[PALE_WORD_may] == NULL && side->said[PALE_WORD_program] == NULL) {
			pale_reading_fail(in, side->line, "'%s' does nothing", side->name);
			return pale_remedy(
			    in->err, "say program() or may() in it, or leave it out");
		}
		if (side->said[PALE_WORD_child_of] == NULL)
			continue;
		for (size_t k = 0; k < PALE_COUNT(not_of_children); k++) {
			const struct pale_call *call = side->said[not_of_children[k]];

			if (call != NULL)
				return pale_reading_fail(in, call->line,
				    "%s() in '%s': a child has that from its parent",
				    words[call->word].name, side->name);
		}
	}
	return 0;
}

/* ---- the phases ---- */

static int
run_phase(struct pale_reading *in, enum phase phase)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < in->calls.count; i++) {
		const struct pale_call *call = &in->calls.list[i];
		struct pale_side *side = NULL;

		if (call->word == PALE_READ_BLOCK || words[call->word].phase != phase)
			continue;
		if (call->compartment != NULL)
			side = pale_reading_side(in, call->compartment);
		rc = words[call->word].act(in, call, side);
	}
	return rc;
}

/* Parents before their children, who inherit; else in the order of the text. */
static int
run_calls(struct pale_reading *in)
{
	for (size_t left = in->side_count; left > 0;) {
		for (size_t i = 0; i < in->side_count; i++) {
			struct pale_side *side = &in->sides[i];
			const struct pale_call *call;
			int rc;

			if (side->done || (side->parent != 0 && !in->sides[side->parent - 1].done))
				continue;
			call = side->said[PALE_WORD_may] != NULL ? side->said[PALE_WORD_may]
								 : side->said[PALE_WORD_program];
			rc = words[call->word].act(in, call, side);
			if (rc < 0)
				return rc;
			left--;
		}
	}
	return 0;
}

/* Lists whose first number means none, user 0 and the root, that are always there. */
static int
begin(struct pale_reading *in)
{
	size_t root;

	in->spare = -1;
	in->model->file = pale_reading_keep(in, in->file, strlen(in->file));
	in->model->walker = pale_walkers[0];
	if (in->model->file == NULL ||
	    pale_reading_add(&in->nodes, &in->node_count, &in->node_size, sizeof(*in->nodes)) ==
		NULL ||
	    pale_reading_add(&in->values, &in->value_count, &in->value_size, sizeof(*in->values)) ==
		NULL ||
	    pale_reading_add(&in->users, &in->user_count, &in->user_size, sizeof(*in->users)) ==
		NULL ||
	    pale_reading_add(&in->keys, &in->key_count, &in->key_size, sizeof(*in->keys)) == NULL ||
	    pale_reading_add(&in->rights, &in->right_count, &in->right_size, sizeof(*in->rights)) ==
		NULL ||
	    pale_reading_add(&in->sites, &in->site_count, &in->site_size, sizeof(*in->sites)) ==
		NULL ||
	    pale_rests_add(&in->rests, "", &(pale_walker_rest){ 0 }) < 0)
		return pale_reading_no_memory(in);
	return pale_reading_user(in, 1, "0", &root);
}

/* What is looked at: what the command line says; else what the text says, and all assertions. */
static int
choose(struct pale_reading *in)
{
	if (in->options->property != NULL)
		return pale_reading_properties(in, 0, in->options->property);
	in->properties = pale_property_find(in->model, "never");
	return run_phase(in, CHOICE);
}

static int
read_all(struct pale_reading *in)
{
	int rc = begin(in);

	if (rc == 0)
		rc = pale_reading_root(in);
	if (rc == 0)
		rc = find_sides(in);
	if (rc == 0)
		rc = check_calls(in);
	if (rc == 0)
		rc = check_sides(in);
	for (enum phase phase = TREE; rc == 0 && phase < CALLS; phase++)
		rc = run_phase(in, phase);
	if (rc == 0)
		rc = run_calls(in);
	if (rc == 0)
		rc = run_phase(in, CLAIM);
	if (rc == 0)
		rc = choose(in);
	if (rc == 0)
		rc = pale_reading_check(in);
	if (rc == 0)
		rc = pale_reading_build(in);
	return rc;
}

static void
reading_done(struct pale_reading *in)
{
	pale_calls_done(&in->calls);
	pale_rests_done(&in->rests);
	free(in->nodes);
	free(in->entries);
	free(in->values);
	free(in->users);
	free(in->keys);
	free(in->rights);
	free(in->sysv);
	free(in->sites);
	for (size_t i = 0; i < in->side_count; i++) {
		free(in->sides[i].fds);
		free(in->sides[i].vars);
	}
	free(in);
}

int
pale_model_read(const char *name, const char *text, size_t size,
    const struct pale_read_options *options, struct pale_model **ret_model, struct pale_err *err)
{
	static const struct pale_read_options nothing;
	const char *names[PALE_WORD_COUNT + 1] = { NULL };
	struct pale_reading *in = calloc(1, sizeof(*in));
	int rc;

	if (in == NULL)
		return pale_fail(err, -ENOMEM, "out of memory");
	in->file = name;
	in->options = options == NULL ? &nothing : options;
	in->err = err;
	in->model = calloc(1, sizeof(*in->model));
	for (size_t i = 0; i < PALE_WORD_COUNT; i++)
		names[i] = words[i].name;
	rc = in->model == NULL ? pale_reading_no_memory(in)
			       : pale_calls_read(name, text, size, names, &in->calls, err);
	if (rc == 0)
		rc = read_all(in);
	if (rc < 0)
		pale_model_free(in->model);
	else
		*ret_model = in->model;
	reading_done(in);
	return rc;
}

void
pale_model_free(struct pale_model *model)
{
	if (model == NULL)
		return;
	if (model->layout != NULL)
		pale_model_layout_free(model->layout);
	for (size_t i = 1; i < model->name_count; i++)
		free((void *)(uintptr_t)model->names[i]);
	for (size_t i = 1; model->rests != NULL && i < model->rest_count; i++)
		free((void *)(uintptr_t)model->rests[i].text);
	free(model->rests);
	free(model->splices);
	free(model->sites);
	free(model->initial);
	pale_reading_forget(model->texts);
	free(model);
}

/* ---- what the first comment promises ---- */

bool
pale_model_expected(const char *text, bool *ret_violated, unsigned *ret_length)
{
	static const char word[] = "# Expected: ";
	unsigned length = 0;
	int end = 0;

	for (; *text == '#'; text = strchr(text, '\n') == NULL ? "" : strchr(text, '\n') + 1) {
		const char *at = text + strlen(word);

		if (strncmp(text, word, strlen(word)) != 0)
			continue;
		if (strncmp(at, "holds.", 6) == 0) {
			*ret_violated = false;
			*ret_length = 0;
			return true;
		}
		sscanf(at, "violated in %5u step%n", &length, &end);
		if (end != 0 && length > 0 && (at[end] == '.' || strncmp(at + end, "s.", 2) == 0)) {
			*ret_violated = true;
			*ret_length = length;
			return true;
		}
	}
	return false;
}
