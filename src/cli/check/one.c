/* SPDX-License-Identifier: BSD-2-Clause */
/* One scenario: read, searched, told; see one.h. */
#include "cli/check/one.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "check/promela/promela.h"
#include "cli/check/answer.h"
#include "cli/check/estimate.h"
#include "cli/check/foreign.h"
#include "cli/check/output.h"
#include "cli/check/play.h"
#include "cli/check/scenario.h"
#include "cli/check/search.h"
#include "cli/say.h"
#include "core/scope.h"
#include "report/check.h"

static int
status_of(const struct pale_explored *explored)
{
	static const int codes[] = {
		[PALE_SAFE] = PALE_CHECK_HOLDS,
		[PALE_VIOLATED] = PALE_CHECK_VIOLATED,
		[PALE_LIMIT] = PALE_CHECK_LIMIT,
	};

	return codes[explored->verdict];
}

/* The scenario, with what the command line says over it. */
static int
read_model(const struct pale_check_args *args, const struct pale_walker *walker,
    struct pale_model **ret_model, struct pale_err *err)
{
	struct pale_read_options options = {
		.walker = walker,
		.property = args->property,
		.processes = args->processes,
		.calls = args->calls,
	};
	struct pale_scenario_text text = { 0 };
	int result = pale_scenario_open(args->file, &text, err);

	if (result == 0)
		result = pale_model_read(text.name, text.text, text.size, &options, ret_model, err);
	pale_scenario_done(&text);
	return result;
}

/* First to who waits for it, then into the files: where one cannot be written nothing is lost. */
static int
tell(const struct pale_check_args *args, const struct pale_report_check *report,
    struct pale_err *err)
{
	struct pale_output output = { 0 };
	struct pale_text text = pale_check_answer();
	int result = 0;

	if (args->json.wanted && args->json.file == NULL)
		result = pale_report_check_json(report, text.out, err);
	else if (args->quiet)
		pale_report_check_line(report, &text);
	else
		pale_report_check(report, &text);
	if (result == 0)
		result = pale_check_answer_flush(err);
	if (result < 0 || args->json.file == NULL)
		return result;
	result = pale_output_open(args->json.file, &output, err);
	if (result < 0)
		return result;
	result = pale_report_check_json(report, output.out, err);
	/* A file that cannot be written is told of by its name. */
	if (result == 0 || ferror(output.out))
		result = pale_output_commit(&output, err);
	pale_output_drop(&output);
	return result;
}

enum pale_progress_how
pale_progress_how(const struct pale_check_args *args)
{
	if (args->quiet)
		return PALE_PROGRESS_ASKED;
	if (isatty(STDERR_FILENO))
		return PALE_PROGRESS_LINE;
	return args->progress ? PALE_PROGRESS_LINES : PALE_PROGRESS_ASKED;
}

static int
search_and_tell(
    const struct pale_check_args *args, const struct pale_model *model, struct pale_err *err)
{
	struct pale_progress_shown shown = { .how = pale_progress_how(args) };
	struct pale_explore_options options;
	struct pale_estimate estimate;
	struct pale_check_search search = { 0 };
	struct pale_played played = { 0 };
	struct pale_report_check report;
	int result;

	pale_check_search_options(args, &options);
	pale_progress_set(&shown, &options);
	pale_check_signals();
	pale_foreign_limit(options.max_bytes);
	pale_estimate(model, &estimate);
	result = pale_estimate_judge(
	    &estimate, options.max_bytes, args->limited || args->mpi, !args->quiet, err);
	if (result < 0)
		return result;
	result = pale_check_search_by(model, &options, &search, err);
	pale_progress_clear(&shown);
	if (result == 0 && search.traced && !args->no_replay &&
	    (args->replay_chosen || args->json.wanted || !args->quiet))
		result = pale_play(args, &search, &played, err);
	report = (struct pale_report_check){
		.model = model,
		.options = &search.options,
		.explored = &search.explored,
		.property = search.property,
		.lengths = search.lengths,
		.trace = search.traced ? &search.trace : NULL,
		.shortening = search.traced ? &search.shortening : NULL,
		.replays = played.replays,
		.replay_count = played.count,
	};
	if (result == 0)
		result = tell(args, &report, err);
	if (result == 0 && search.traced && args->script != NULL)
		result = pale_play_script(args, &search, err);
	if (result == 0)
		result = status_of(&search.explored);
	else if (result > 0)
		result = 0; /* another process tells */
	pale_play_done(&played);
	pale_check_search_done(&search);
	return result;
}

bool
pale_check_usage(int error)
{
	return error == -EINVAL || error == -ENOENT || error == -E2BIG || error == -EISDIR ||
	    error == -EFBIG || error == -ELIBBAD || error == -EPROTO;
}

int
pale_check_walker(const char *name, const struct pale_walker **ret_walker, struct pale_err *err)
{
	if (pale_scenario_is_foreign(name))
		return pale_foreign_load(name, ret_walker, err);
	*ret_walker = pale_scenario_walker(name, err);
	return *ret_walker == NULL ? -ENOENT : 0;
}

static int
write_promela(
    const struct pale_check_args *args, const struct pale_model *model, struct pale_err *err)
{
	PALE_FREE char *text = NULL;
	int result = pale_promela_write(model, &text, err);

	return result < 0 ? result : pale_output_write(args->promela, text, err);
}

/* With a walker of pale's, or inside the process of a foreign one. */
static int
work(void *arg)
{
	const struct pale_check_args *args = arg;
	struct pale_err err = { 0 };
	const struct pale_walker *walker = NULL;
	struct pale_model *model = NULL;
	int result = 0;

	if (args->walker != NULL)
		result = pale_check_walker(args->walker, &walker, &err);
	if (result == 0)
		result = read_model(args, walker, &model, &err);
	if (result < 0) {
		pale_say_err(&err);
		return pale_check_usage(result) ? PALE_CHECK_USAGE : PALE_CHECK_UNABLE;
	}
	if (args->promela != NULL)
		result = write_promela(args, model, &err);
	else
		result = search_and_tell(args, model, &err);
	pale_model_free(model);
	if (result >= 0)
		return result;
	pale_say_err(&err);
	/* A scope that cannot fit, a scenario that Promela cannot say. */
	return result == -E2BIG || result == -ENOTSUP ? PALE_CHECK_USAGE : PALE_CHECK_UNABLE;
}

int
pale_check_one(const struct pale_check_args *args)
{
	if (args->walker != NULL && pale_scenario_is_foreign(args->walker))
		return pale_foreign_contain(args->walker, work, (void *)(uintptr_t)args);
	return work((void *)(uintptr_t)args);
}
