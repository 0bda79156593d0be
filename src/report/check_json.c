/* SPDX-License-Identifier: BSD-2-Clause */
/* What a search found, as JSON; see check.h for its keys. */

#include "core/scope.h"
#include "model/walkers.h"
#include "report/check.h"
#include "report/json.h"

#define NS_PER_S 1e9

static json_t *
make_string(struct pale_string *string)
{
	json_t *made = string->failed ? NULL : pale_json_bytes(pale_string_get(string));

	pale_string_done(string);
	return made;
}

static json_t *
make_count(uint64_t count)
{
	return json_integer((json_int_t)count);
}

/* null where there is no limit */
static json_t *
make_limit(uint64_t limit)
{
	return limit == 0 ? json_null() : make_count(limit);
}

static json_t *
make_seconds(uint64_t ns)
{
	return json_real((double)ns / NS_PER_S);
}

static json_t *
make_properties(const struct pale_model *model, uint32_t properties, bool *failed)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < PALE_PROPERTY_COUNT; i++) {
		struct pale_string name = { 0 };

		if ((properties >> i & 1) == 0)
			continue;
		pale_report_check_properties(model, 1U << i, &name);
		pale_json_add(array, make_string(&name), failed);
	}
	return array;
}

static json_t *
make_verdicts(const struct pale_report_check *check, bool *failed)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < PALE_PROPERTY_COUNT; i++) {
		enum pale_verdict verdict = pale_report_check_verdict(check, i);
		struct pale_string name = { 0 };
		json_t *one;

		if ((check->model->properties >> i & 1) == 0)
			continue;
		one = json_object();
		pale_json_set(one, "verdict", json_string(pale_report_verdicts[verdict]), failed);
		pale_json_set(one, "length",
		    verdict == PALE_VIOLATED ? make_count(check->lengths[i]) : json_null(), failed);
		pale_report_check_properties(check->model, 1U << i, &name);
		pale_json_set(object, pale_string_get(&name), one, failed);
		pale_string_done(&name);
	}
	return object;
}

static json_t *
make_witness(const struct pale_report_check *check, bool *failed)
{
	static const char *const kinds[] = {
		[PALE_EVENT_START] = "start",
		[PALE_EVENT_STEP] = "step",
		[PALE_EVENT_RESULT] = "result",
		[PALE_EVENT_WAITS] = "waits",
	};
	json_t *array = json_array();

	for (size_t i = 0; check->trace != NULL && i < check->trace->count; i++) {
		const struct pale_trace_step *step = &check->trace->steps[i];
		const struct pale_site *site = &check->model->sites[step->move.site];
		json_t *one = json_object();

		pale_json_set(one, "step", make_count(i + 1), failed);
		pale_json_set(one, "actor", pale_json_bytes(step->actor), failed);
		pale_json_set(one, "text", pale_json_bytes(step->text), failed);
		pale_json_set(one, "call", json_string(pale_model_calls[site->op].name), failed);
		pale_json_set(one, "kind", json_string(kinds[step->event.kind]), failed);
		pale_json_set(one, "error", json_integer(step->event.error), failed);
		pale_json_set(one, "decisive", json_boolean(step->decisive), failed);
		pale_json_add(array, one, failed);
	}
	return array;
}

static json_t *
make_replays(const struct pale_report_check *check, bool *failed)
{
	json_t *array = json_array();

	for (size_t i = 0; i < check->replay_count; i++) {
		const struct pale_replayed *replayed = &check->replays[i].replayed;
		json_t *one = json_object();
		json_t *calls = json_array();

		for (size_t k = 0; k < replayed->count; k++) {
			const struct pale_replay_line *line = &replayed->lines[k];
			json_t *call = json_object();

			pale_json_set(call, "actor", pale_json_bytes(line->actor), failed);
			pale_json_set(call, "text", pale_json_bytes(line->text), failed);
			pale_json_set(call, "error", json_integer(line->error), failed);
			pale_json_set(call, "as_expected", json_boolean(line->as_expected), failed);
			pale_json_add(calls, call, failed);
		}
		pale_json_set(
		    one, "how", json_string(pale_replay_names[check->replays[i].by]), failed);
		pale_json_set(
		    one, "verdict", json_string(pale_report_replayed[replayed->verdict]), failed);
		pale_json_set(one, "why", pale_json_bytes(replayed->why), failed);
		pale_json_set(one, "seconds", make_seconds(replayed->elapsed_ns), failed);
		pale_json_set(one, "calls", calls, failed);
		pale_json_add(array, one, failed);
	}
	return array;
}

static json_t *
make_shortening(const struct pale_shortening *shortening, bool *failed)
{
	json_t *object;

	if (shortening == NULL || !shortening->searched)
		return json_null();
	object = json_object();
	pale_json_set(object, "before", make_count(shortening->before), failed);
	pale_json_set(object, "after", make_count(shortening->after), failed);
	pale_json_set(object, "before_seconds", make_seconds(shortening->before_ns), failed);
	pale_json_set(object, "after_seconds", make_seconds(shortening->after_ns), failed);
	pale_json_set(object, "states", make_count(shortening->states), failed);
	return object;
}

/* What was asked for: scenario, walker, property, scope, how it was searched. */
static void
add_question(const struct pale_report_check *check, json_t *object, bool *failed)
{
	const struct pale_model *model = check->model;
	const struct pale_explore_options *options = check->options;
	bool violated = check->explored->verdict == PALE_VIOLATED;
	struct pale_string words = { 0 };
	json_t *limits = json_object();
	json_t *room = json_object();
	json_t *reductions = json_object();

	pale_json_set(object, "scenario", pale_json_bytes(model->title), failed);
	pale_json_set(object, "file", pale_json_bytes(model->file), failed);
	pale_json_set(object, "walker", pale_json_bytes(pale_report_check_walker(check)), failed);
	pale_report_check_properties(
	    model, violated ? 1U << check->property : model->properties, &words);
	pale_json_set(object, "property", make_string(&words), failed);
	pale_json_set(
	    object, "properties", make_properties(model, model->properties, failed), failed);
	pale_report_check_scope(model, &words);
	pale_json_set(object, "scope", make_string(&words), failed);
	pale_json_set(room, "inodes",
	    json_integer((json_int_t)(model->inode_room - model->inode_count)), failed);
	pale_json_set(room, "inodes_short", json_integer((json_int_t)model->inode_short), failed);
	pale_json_set(room, "links", json_integer((json_int_t)model->links), failed);
	pale_json_set(object, "room", room, failed);
	pale_json_set(limits, "states", make_limit(options->max_states), failed);
	pale_json_set(limits, "bytes", make_limit(options->max_bytes), failed);
	pale_json_set(limits, "seconds",
	    options->max_ns == 0 ? json_null() : make_seconds(options->max_ns), failed);
	pale_json_set(limits, "steps", make_limit(options->max_levels), failed);
	pale_json_set(object, "limits", limits, failed);
	pale_json_set(reductions, "partial_order", json_boolean(options->reduce), failed);
	pale_json_set(reductions, "symmetry", json_boolean(options->symmetry), failed);
	pale_json_set(object, "reductions", reductions, failed);
}

static void
add_search(const struct pale_report_check *check, json_t *object, bool *failed)
{
	const struct pale_explored *explored = check->explored;
	uint64_t ns = explored->elapsed_ns;
	bool searched = check->shortening != NULL && check->shortening->searched;

	pale_json_set(object, "states", make_count(explored->states), failed);
	pale_json_set(object, "transitions", make_count(explored->transitions), failed);
	pale_json_set(object, "levels", make_count(explored->levels), failed);
	pale_json_set(object, "ends", make_count(explored->ends), failed);
	pale_json_set(object, "deadlocks", make_count(explored->deadlocks), failed);
	pale_json_set(object, "seconds",
	    make_seconds(ns + (searched ? check->shortening->after_ns : 0)), failed);
	pale_json_set(object, "states_per_second",
	    ns == 0 ? json_null()
		    : json_integer((json_int_t)((double)explored->states / (double)ns * NS_PER_S)),
	    failed);
	pale_json_set(object, "bytes", make_count(explored->bytes), failed);
	pale_json_set(object, "bytes_per_state", json_real(explored->bytes_per_state), failed);
	pale_json_set(object, "threads", make_count(explored->threads), failed);
	pale_json_set(object, "probabilistic", json_boolean(explored->probabilistic), failed);
	if (explored->probabilistic)
		pale_json_set(
		    object, "collision_bound", json_real(explored->collision_bound), failed);
	pale_json_set(object, "complete", json_boolean(explored->verdict == PALE_SAFE), failed);
	pale_json_set(object, "limit",
	    explored->limit == PALE_LIMIT_NONE ? json_null()
					       : json_string(pale_limit_name(explored->limit)),
	    failed);
}

int
pale_report_check_json(const struct pale_report_check *check, FILE *out, struct pale_err *err)
{
	const struct pale_explored *explored = check->explored;
	bool witness = check->trace != NULL;
	struct pale_string sentence = { 0 };
	json_t *object = json_object();
	bool failed = false;

	pale_json_set(
	    object, "verdict", json_string(pale_report_verdicts[explored->verdict]), &failed);
	pale_report_check_sentence(check, &sentence);
	pale_json_set(object, "sentence", make_string(&sentence), &failed);
	add_question(check, object, &failed);
	pale_json_set(
	    object, "length", witness ? make_count(check->trace->count) : json_null(), &failed);
	pale_json_set(object, "shortest",
	    !witness || check->shortening == NULL ? json_null()
						  : json_boolean(check->shortening->shortest),
	    &failed);
	add_search(check, object, &failed);
	pale_json_set(object, "shortening", make_shortening(check->shortening, &failed), &failed);
	pale_json_set(object, "verdicts", make_verdicts(check, &failed), &failed);
	pale_json_set(object, "witness", make_witness(check, &failed), &failed);
	pale_json_set(object, "replay", make_replays(check, &failed), &failed);
	return pale_json_write(out, object, failed, err);
}
