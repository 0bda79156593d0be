/* SPDX-License-Identifier: BSD-2-Clause */
/* What a search found, for people; see check.h. */
#include "report/check.h"

#include <string.h>

#include "core/scope.h"
#include "model/property.h"
#include "model/rest.h"
#include "report/check_witness.h"

enum {
	NS_PER_S = 1000000000,
};

static void
put_sentence(const struct pale_report_check *check, const struct pale_text *text)
{
	static const enum pale_text_style styles[] = {
		[PALE_SAFE] = PALE_TEXT_GOOD,
		[PALE_VIOLATED] = PALE_TEXT_BAD,
		[PALE_LIMIT] = PALE_TEXT_STRONG,
	};
	struct pale_string sentence = { 0 };
	const char *words;
	size_t head;
	char first[64] = "";

	pale_report_check_sentence(check, &sentence);
	words = pale_string_get(&sentence);
	head = strcspn(words, ":");
	if (head >= sizeof(first))
		head = 0;
	memcpy(first, words, head);
	pale_text_put(text, styles[check->explored->verdict], first);
	fprintf(text->out, "%.1s", words + head);
	if (words[head] != '\0') {
		fputc(' ', text->out);
		pale_text_wrap(text, pale_text_columns(first) + 2, 0,
		    words + head + 1 + strspn(words + head + 1, " "));
	} else {
		fputc('\n', text->out);
	}
	pale_string_done(&sentence);
}

void
pale_report_check_line(const struct pale_report_check *check, const struct pale_text *text)
{
	struct pale_string sentence = { 0 };

	pale_report_check_sentence(check, &sentence);
	pale_text_put(text, PALE_TEXT_PLAIN, pale_string_get(&sentence));
	fputc('\n', text->out);
	pale_string_done(&sentence);
}

/* An item of words that were put together; they are given back. */
static void
put_item(const struct pale_text *text, const char *label, struct pale_string *words)
{
	pale_text_item(text, label, pale_string_get(words));
	pale_string_done(words);
}

/* What holds, to the letter, and what does not follow. */
static void
put_proof(const struct pale_report_check *check, const struct pale_text *text)
{
	const struct pale_model *model = check->model;
	const char *label = "Proved";
	struct pale_string said = { 0 };
	const char *how;

	for (unsigned i = 0; i < PALE_PROPERTY_COUNT; i++) {
		struct pale_string words = { 0 };

		if ((model->properties >> i & 1) == 0)
			continue;
		if (i < PALE_PROPERTY_NEVER)
			pale_string_add(
			    &words, "%s: %s", pale_properties[i].name, pale_properties[i].summary);
		else
			pale_string_add(
			    &words, "never: %s", model->nevers[i - PALE_PROPERTY_NEVER].text);
		put_item(text, label, &words);
		label = "";
	}
	if (check->explored->probabilistic)
		how = "with high probability: two states of one fingerprint are taken for one";
	else if (check->options->reduce || check->options->symmetry)
		how = "in a complete search: these states stand for all that this scope can reach";
	else
		how = "in a complete search: these are all states that this scope can reach";
	pale_string_add(&said, "%s. A wider scope (--scope) may differ.", how);
	put_item(text, "", &said);
}

static void
put_limit(const struct pale_report_check *check, const struct pale_text *text)
{
	static const char *const remedies[] = {
		[PALE_LIMIT_NONE] = "",
		[PALE_LIMIT_STATES] = "more states: --limit",
		[PALE_LIMIT_MEMORY] =
		    "more memory (--memory), fewer bytes a state (--fingerprint), a narrower scope "
		    "(--scope), or more machines (--mpi)",
		[PALE_LIMIT_TIME] = "more time (--limit), more threads (--threads), or a narrower "
				    "scope (--scope)",
		[PALE_LIMIT_LEVELS] = "a greater length: --limit",
		[PALE_LIMIT_STOPPED] =
		    "let it run to its end, or search a narrower scope (--scope)",
	};
	/* The last level is complete only where it was the limit. */
	unsigned known = check->explored->levels +
	    (check->explored->limit == PALE_LIMIT_LEVELS && check->explored->levels > 0);
	struct pale_string words = { 0 };

	pale_string_add(&words, "no violation was met in ");
	pale_report_check_number(check->explored->states, &words);
	pale_string_add(&words, " state%s", check->explored->states == 1 ? "" : "s");
	if (known > 1)
		pale_string_add(&words, "; there is none of fewer than %u steps", known);
	if (known > 1 && check->options->reduce)
		pale_string_add(&words, ", as the reduced search counts them");
	put_item(text, "So far", &words);
	pale_text_item(text, "What to do", remedies[check->explored->limit]);
}

/* Where several properties are looked at, each has its own verdict. */
static void
put_verdicts(const struct pale_report_check *check, const struct pale_text *text)
{
	static const char *const known[] = {
		[PALE_SAFE] = "holds",
		[PALE_VIOLATED] = "violated",
		[PALE_LIMIT] = "not known",
	};
	struct pale_string words = { 0 };
	unsigned count = 0;

	for (unsigned i = 0; i < PALE_PROPERTY_COUNT; i++) {
		enum pale_verdict verdict = pale_report_check_verdict(check, i);

		if ((check->model->properties >> i & 1) == 0)
			continue;
		if (count++ > 0)
			pale_string_add(&words, "; ");
		pale_report_check_properties(check->model, 1U << i, &words);
		pale_string_add(&words, " %s", known[verdict]);
		if (verdict == PALE_VIOLATED)
			pale_string_add(&words, " in %u", check->lengths[i]);
	}
	if (count > 1)
		pale_text_item(text, "Properties", pale_string_get(&words));
	pale_string_done(&words);
}

static void
put_search(const struct pale_report_check *check, const struct pale_text *text)
{
	const struct pale_explored *explored = check->explored;
	struct pale_string words = { 0 };

	pale_report_check_number(explored->states, &words);
	pale_string_add(&words, " states, ");
	pale_report_check_number(explored->transitions, &words);
	pale_string_add(&words, " transitions, %u level%s in ", explored->levels,
	    explored->levels == 1 ? "" : "s");
	pale_report_check_time(explored->elapsed_ns, &words);
	if (explored->elapsed_ns > 0) {
		pale_string_add(&words, ": ");
		pale_report_check_number(
		    (uint64_t)((double)explored->states / (double)explored->elapsed_ns * NS_PER_S),
		    &words);
		pale_string_add(&words, " states/s");
	}
	pale_string_add(
	    &words, ", %u thread%s", explored->threads, explored->threads == 1 ? "" : "s");
	put_item(text, "Search", &words);

	pale_report_check_bytes((double)explored->bytes, &words);
	pale_string_add(&words, ", %.1f bytes a state", explored->bytes_per_state);
	if (check->options->max_bytes != 0) {
		pale_string_add(&words, "; limit ");
		pale_report_check_bytes((double)check->options->max_bytes, &words);
	}
	if (explored->probabilistic)
		pale_string_add(&words,
		    "; fingerprints: a state was missed with a chance of at most %.1g",
		    explored->collision_bound);
	put_item(text, "Memory", &words);
}

static void
put_reductions(const struct pale_report_check *check, const struct pale_text *text)
{
	const struct pale_shortening *shortening = check->shortening;
	struct pale_string words = { 0 };

	pale_string_add(&words, "partial order %s, symmetry %s",
	    check->options->reduce ? "on" : "off", check->options->symmetry ? "on" : "off");
	if (check->explored->verdict == PALE_VIOLATED && shortening != NULL) {
		if (!shortening->shortest)
			pale_string_add(&words,
			    "; the witness may not be the shortest: the search for a shorter one "
			    "reached a limit (%s)",
			    pale_limit_name(shortening->limit));
		else if (!shortening->searched)
			pale_string_add(&words, "; no witness is shorter");
		else
			pale_string_add(&words, "; %s",
			    shortening->after < shortening->before ? "shortened"
								   : "no witness is shorter");
		if (shortening->searched) {
			pale_string_add(&words, ": %u steps in ", shortening->before);
			pale_report_check_time(shortening->before_ns, &words);
			pale_string_add(
			    &words, ", then %u without partial order in ", shortening->after);
			pale_report_check_time(shortening->after_ns, &words);
		}
	}
	put_item(text, "Reductions", &words);
}

static const char *const ways[PALE_REPLAY_COUNT] = {
	[PALE_REPLAY_WALKER] = "this walker, stepped on real descriptors",
	[PALE_REPLAY_KERNEL] = "openat of this kernel",
	[PALE_REPLAY_BENEATH] = "openat2 RESOLVE_BENEATH",
	[PALE_REPLAY_IN_ROOT] = "openat2 RESOLVE_IN_ROOT",
	[PALE_REPLAY_MOUNT] = "a mount of its own",
};

static void
put_replays(const struct pale_report_check *check, const struct pale_text *text)
{
	const char *label = "Replay";

	for (size_t i = 0; i < check->replay_count; i++) {
		const struct pale_report_replay *replay = &check->replays[i];
		struct pale_string words = { 0 };

		pale_string_add(&words, "%s: %s", ways[replay->by],
		    pale_report_replayed[replay->replayed.verdict]);
		if (replay->replayed.why[0] != '\0')
			pale_string_add(&words, ", %s", replay->replayed.why);
		put_item(text, label, &words);
		label = "";
	}
}

static const char *
walker_says(const struct pale_report_check *check)
{
	const struct pale_model *model = check->model;
	const char *name = pale_report_check_walker(check);

	if (model->walker != NULL && strcmp(model->walker->name, name) == 0)
		return model->walker->says;
	for (size_t i = 0; i < model->compartment_count; i++) {
		const struct pale_walker *walker = model->compartments[i].walker;

		if (walker != NULL && strcmp(walker->name, name) == 0)
			return walker->says;
	}
	return NULL;
}

void
pale_report_check(const struct pale_report_check *check, const struct pale_text *text)
{
	const struct pale_model *model = check->model;
	const char *says = walker_says(check);
	struct pale_string words = { 0 };

	put_sentence(check, text);
	fputc('\n', text->out);
	if (check->trace != NULL && check->trace->count > 0) {
		pale_report_witness(check->trace, text);
		fprintf(text->out, "%*s", 5, "");
		pale_text_put(
		    text, PALE_TEXT_FAINT, "> the step without which it would not have happened");
		fputs("\n\n", text->out);
	}
	if (check->explored->verdict == PALE_SAFE)
		put_proof(check, text);
	if (check->explored->verdict == PALE_LIMIT)
		put_limit(check, text);
	pale_string_add(&words, "%s%s%s%s", model->title == NULL ? "" : model->title,
	    model->title == NULL ? "" : " (", model->file, model->title == NULL ? "" : ")");
	put_item(text, "Scenario", &words);
	pale_report_check_scope(model, &words);
	pale_string_add(&words, " (processes x calls of each)");
	put_item(text, "Scope", &words);
	if (model->inode_short > 0) {
		pale_string_add(&words,
		    "%u inode%s can be made, as the scenario says, and calls for up to %u more; "
		    "where none is free they fail with ENOSPC",
		    model->inode_room - model->inode_count,
		    model->inode_room - model->inode_count == 1 ? "" : "s", model->inode_short);
		put_item(text, "Spare", &words);
	}
	if (model->links < PALE_REST_LINKS) {
		pale_string_add(&words,
		    "%u deep within each other in one path: there is no room for more, and deeper "
		    "ones fail with ELOOP, as in the kernel those do that lie %d deep",
		    model->links, PALE_REST_LINKS + 1);
		put_item(text, "Links", &words);
	}
	pale_string_add(&words, "%s%s%s", pale_report_check_walker(check), says == NULL ? "" : ": ",
	    says == NULL ? "" : says);
	put_item(text, "Walker", &words);
	if (check->explored->verdict == PALE_VIOLATED)
		put_verdicts(check, text);
	put_search(check, text);
	put_reductions(check, text);
	put_replays(check, text);
}
