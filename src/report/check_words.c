/* SPDX-License-Identifier: BSD-2-Clause */
/* What a search found, in a sentence, and the words that all forms share; see check.h. */
#include <inttypes.h>
#include <string.h>

#include "core/scope.h"
#include "model/property.h"
#include "report/check.h"

enum {
	WORD_BYTES = 256,
	NS_PER_US = 1000,
	NS_PER_MS = 1000000,
	NS_PER_S = 1000000000,
};

const char *const pale_report_verdicts[] = {
	[PALE_SAFE] = "holds",
	[PALE_VIOLATED] = "violated",
	[PALE_LIMIT] = "limit",
};

const char *const pale_report_replayed[] = {
	[PALE_REPLAYED] = "reproduced",
	[PALE_NOT_REPLAYED] = "not reproduced",
	[PALE_REPLAY_REFUSED] = "refused",
	[PALE_REPLAY_UNABLE] = "unable",
};

void
pale_report_check_number(uint64_t number, struct pale_string *ret)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, number);

	for (int i = 0; i < len; i++)
		pale_string_add(ret, "%s%c", i > 0 && (len - i) % 3 == 0 ? "," : "", digits[i]);
}

void
pale_report_check_bytes(double bytes, struct pale_string *ret)
{
	static const char *const units[] = { "bytes", "KB", "MB", "GB", "TB", "PB" };
	size_t unit = 0;

	while (bytes >= 1024 && unit + 1 < PALE_COUNT(units)) {
		bytes /= 1024;
		unit++;
	}
	pale_string_add(ret, "%.*f %s", unit > 0 && bytes < 100 ? 1 : 0, bytes, units[unit]);
}

void
pale_report_check_time(uint64_t ns, struct pale_string *ret)
{
	double seconds = (double)ns / NS_PER_S;

	if (ns < NS_PER_MS)
		pale_string_add(ret, "%.2f ms", (double)ns / NS_PER_MS);
	else if (ns < NS_PER_S)
		pale_string_add(
		    ret, "%.*f ms", ns < 10 * (uint64_t)NS_PER_MS ? 1 : 0, (double)ns / NS_PER_MS);
	else if (seconds < 120)
		pale_string_add(ret, "%.1f s", seconds);
	else
		pale_string_add(
		    ret, "%u min %u s", (unsigned)(seconds / 60), (unsigned)seconds % 60);
}

void
pale_report_check_scope(const struct pale_model *model, struct pale_string *ret)
{
	size_t born = 0;

	for (size_t i = 0; i < model->compartment_count; i++) {
		const struct pale_model_compartment *compartment = &model->compartments[i];
		unsigned calls =
		    compartment->adversary ? compartment->calls : compartment->site_count;

		if (born++ > 0)
			pale_string_add(ret, ", ");
		if (model->compartment_count > 1)
			pale_string_add(ret, "%s ", compartment->name);
		pale_string_add(ret, "%ux%u", compartment->processes, calls);
	}
}

void
pale_report_check_properties(
    const struct pale_model *model, uint32_t properties, struct pale_string *ret)
{
	size_t found = 0;

	for (unsigned i = 0; i < PALE_PROPERTY_COUNT; i++) {
		if ((properties >> i & 1) == 0)
			continue;
		if (found++ > 0)
			pale_string_add(ret, ",");
		if (i < PALE_PROPERTY_NEVER)
			pale_string_add(ret, "%s", pale_properties[i].name);
		else if (model->never_count > 1)
			pale_string_add(ret, "never:%u", i - PALE_PROPERTY_NEVER + 1);
		else
			pale_string_add(ret, "never");
	}
}

enum pale_verdict
pale_report_check_verdict(const struct pale_report_check *check, unsigned property)
{
	const struct pale_explored *explored = check->explored;

	if ((explored->violated >> property & 1) != 0)
		return PALE_VIOLATED;
	return explored->limit == PALE_LIMIT_NONE ? PALE_SAFE : PALE_LIMIT;
}

/* The last step of a witness; NULL where the initial state violates. */
static const struct pale_trace_step *
last_step(const struct pale_report_check *check)
{
	if (check->trace == NULL || check->trace->count == 0)
		return NULL;
	return &check->trace->steps[check->trace->count - 1];
}

static const struct pale_model_compartment *
compartment_of(const struct pale_model *model, unsigned p)
{
	return &model->compartments[model->compartment_of[p]];
}

const char *
pale_report_check_walker(const struct pale_report_check *check)
{
	const struct pale_model *model = check->model;
	const struct pale_trace_step *step = last_step(check);
	const struct pale_walker *walker = model->walker;

	if (step != NULL && compartment_of(model, step->move.process)->walker != NULL)
		walker = compartment_of(model, step->move.process)->walker;
	return walker == NULL ? "none" : walker->name;
}

/* What came of it, as a clause. */
static void
add_deed(const struct pale_report_check *check, const struct pale_trace_step *step,
    struct pale_string *ret)
{
	const struct pale_model *model = check->model;
	const struct pale_event *event = &step->event;
	char path[WORD_BYTES] = "something";
	const char *from = "its working directory";

	if (event->got_inode != 0)
		pale_model_path(model, &step->after, event->got_inode, path, sizeof(path));
	if (event->from_fd < PALE_MODEL_FDS) {
		from = compartment_of(model, step->move.process)->fd_names[event->from_fd];
		if (from == NULL)
			from = "its descriptor";
	}
	switch (check->property) {
	case PALE_PROPERTY_UNION:
		pale_string_add(
		    ret, "%s obtains %s, outside of all that was delegated", step->actor, path);
		break;
	case PALE_PROPERTY_ROOT:
		pale_string_add(ret, "%s obtains %s, the root of the tree", step->actor, path);
		break;
	case PALE_PROPERTY_CALL:
		pale_string_add(ret, "%s obtains %s through %s, beneath which it was at no instant",
		    step->actor, path, from);
		break;
	case PALE_PROPERTY_RIGHTS:
		pale_string_add(
		    ret, "%s gets more rights on %s than it was ever given", step->actor, path);
		break;
	case PALE_PROPERTY_PROGRESS:
		pale_string_add(ret, "%s makes a lookup that is legal and undisturbed, and %s",
		    step->actor,
		    event->error != 0 ? "it is refused" : "it does not come to its end");
		break;
	default:
		break;
	}
}

static void
add_violated(const struct pale_report_check *check, struct pale_string *ret)
{
	const struct pale_model *model = check->model;
	const struct pale_trace_step *step = last_step(check);
	struct pale_string name = { 0 };
	unsigned length = check->explored->length;

	if (check->trace != NULL)
		length = (unsigned)check->trace->count;
	pale_string_add(ret, "violated: ");
	pale_report_check_properties(model, 1U << check->property, &name);
	if (check->property >= PALE_PROPERTY_NEVER) {
		const struct pale_never *never =
		    &model->nevers[check->property - PALE_PROPERTY_NEVER];

		pale_string_add(ret, "what must never be: %s (%s, line %u)", never->text,
		    pale_string_get(&name), never->line);
	} else if (step == NULL) {
		pale_string_add(ret, "%s", pale_string_get(&name));
	} else {
		add_deed(check, step, ret);
		pale_string_add(ret, " (%s)", pale_string_get(&name));
	}
	if (length == 0)
		pale_string_add(ret, ", from the start");
	else
		pale_string_add(ret, ", in %u step%s", length, length == 1 ? "" : "s");
	pale_string_done(&name);
}

void
pale_report_check_sentence(const struct pale_report_check *check, struct pale_string *ret)
{
	const struct pale_model *model = check->model;
	const struct pale_explored *explored = check->explored;
	struct pale_string scope = { 0 };
	struct pale_string properties = { 0 };

	pale_report_check_scope(model, &scope);
	pale_report_check_properties(model, model->properties, &properties);
	switch (explored->verdict) {
	case PALE_VIOLATED:
		add_violated(check, ret);
		break;
	case PALE_SAFE:
		pale_string_add(ret, "%s: %s, under walker %s, with %s, in a complete search of ",
		    explored->probabilistic ? "probably holds" : "holds",
		    pale_string_get(&properties), pale_report_check_walker(check),
		    pale_string_get(&scope));
		pale_report_check_number(explored->states, ret);
		pale_string_add(
		    ret, " states%s", explored->probabilistic ? " that were told apart" : "");
		break;
	case PALE_LIMIT:
		pale_string_add(ret, "limit reached (%s): nothing proved about %s with %s",
		    pale_limit_name(explored->limit), pale_string_get(&properties),
		    pale_string_get(&scope));
		break;
	}
	pale_string_done(&properties);
	pale_string_done(&scope);
}
