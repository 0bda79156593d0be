/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `pale check --matrix`; see matrix.h. Many searches, each of them small: so each is done by one
 * thread, as many at a time as there are processors, the largest first. They share nothing but the
 * list of what is to do.
 */
#include "cli/check/matrix.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check/crew.h"
#include "check/world.h"
#include "cli/check/answer.h"
#include "cli/check/foreign.h"
#include "cli/check/lookups.h"
#include "cli/check/machine.h"
#include "cli/check/one.h"
#include "cli/check/output.h"
#include "cli/check/progress.h"
#include "cli/check/scenario.h"
#include "cli/check/search.h"
#include "cli/say.h"
#include "core/scope.h"
#include "model/property.h"
#include "model/walkers.h"
#include "report/check.h"
#include "report/matrix.h"

/* Small scopes lie: a walker can be safe at the first and fall at the next. */
static const struct {
	unsigned processes, calls;
} ladder[] = { { 2, 2 }, { 2, 3 }, { 3, 2 }, { 2, 4 } };

/* What a walker may be held to; a file's own assertions are none of it. */
#define PROPERTIES "union,root,call,rights,progress"

static const char standard_scenario[] = "ladder";

/* What the threads share. */
struct work {
	struct pale_matrix *matrix;
	const struct pale_check_args *args;
	const char *property;
	struct pale_scenario_text text;
	struct pale_explore_options options;
	atomic_uint next; /* search to be done, counted over all */
	pthread_mutex_t lock;
	/* Under the lock. */
	struct pale_err *err;
	bool failed;
	unsigned done;
	uint64_t states, shown_ns, begin_ns;
	enum pale_progress_how how;
};

static void
fail(struct work *work, const struct pale_err *err)
{
	pthread_mutex_lock(&work->lock);
	if (!work->failed)
		*work->err = *err;
	work->failed = true;
	atomic_store(&work->next, PALE_MATRIX_WALKERS * PALE_MATRIX_SCOPES);
	pthread_mutex_unlock(&work->lock);
}

/* The scenario under one walker at one scope. The reader is for one thread at a time. */
static int
read_model(struct work *work, const struct pale_walker *walker, size_t scope,
    struct pale_model **ret_model, struct pale_err *err)
{
	struct pale_read_options options = {
		.walker = walker,
		.property = work->property,
		.processes = work->matrix->scopes[scope].processes,
		.calls = work->matrix->scopes[scope].calls,
	};
	int result;

	pthread_mutex_lock(&work->lock);
	result = pale_model_read(
	    work->text.name, work->text.text, work->text.size, &options, ret_model, err);
	pthread_mutex_unlock(&work->lock);
	return result;
}

/* Now and then, how far it is. */
static void
show(struct work *work, uint64_t states)
{
	struct pale_string line = { 0 };
	uint64_t now = pale_machine_now_ns();
	unsigned count = (unsigned)(work->matrix->row_count * work->matrix->scope_count);
	bool asked = atomic_exchange(&pale_check_tell, false);

	pthread_mutex_lock(&work->lock);
	work->done++;
	work->states += states;
	pale_string_add(&line, "matrix: %u of %u searches, ", work->done, count);
	pale_report_check_number(work->states, &line);
	pale_string_add(&line, " states, ");
	pale_report_check_time(now - work->begin_ns, &line);
	if (work->how == PALE_PROGRESS_LINE && !asked)
		fprintf(stderr, "\r\033[K%s", work->done == count ? "" : pale_string_get(&line));
	else if (asked || (work->how == PALE_PROGRESS_LINES && now > work->shown_ns + 1000000000))
		pale_say(pale_string_get(&line));
	if (now > work->shown_ns + 1000000000)
		work->shown_ns = now;
	pthread_mutex_unlock(&work->lock);
}

/*
 * The reduced search tells which properties are violated, and lengths that may be too long; a
 * second one, without reduction and not as deep, finds those that are shorter.
 */
static int
shorten(const struct pale_system *system, const struct pale_explore_options *options,
    struct pale_matrix_search *search, uint32_t violated, struct pale_err *err)
{
	struct pale_explore_options again = *options;
	struct pale_explored explored;
	unsigned longest = 0;
	int result;

	for (unsigned i = 0; i < PALE_PROPERTIES_MAX; i++) {
		if ((violated >> i & 1) != 0 && search->cells[i].length > longest)
			longest = search->cells[i].length;
	}
	if (!options->reduce || longest <= 1)
		return 0;
	again.reduce = false;
	again.properties = violated;
	again.until = PALE_UNTIL_EACH;
	again.max_levels = longest - 1;
	result = pale_explore(system, &again, &explored, err);
	if (result < 0)
		return result;
	for (unsigned i = 0; i < PALE_PROPERTIES_MAX; i++) {
		struct pale_matrix_cell *cell = &search->cells[i];

		if ((violated >> i & 1) == 0)
			continue;
		if (explored.violations[i].found && explored.violations[i].length < cell->length)
			cell->length = explored.violations[i].length;
		/* At its own limit, which is no limit: there is none shorter. */
		else if (explored.limit != PALE_LIMIT_NONE && explored.limit != PALE_LIMIT_LEVELS)
			cell->bound = true;
	}
	search->ns += explored.elapsed_ns;
	pale_explored_done(&explored);
	return 0;
}

static int
search_one(struct work *work, struct pale_matrix_row *row, size_t scope, struct pale_err *err)
{
	struct pale_matrix_search *search = &row->searches[scope];
	struct pale_model *model = NULL;
	struct pale_explore_options options = work->options;
	struct pale_explored explored;
	struct pale_system system;
	int result = read_model(work, row->walker, scope, &model, err);

	if (result < 0)
		return result;
	pale_world_system(model, &system);
	options.until = PALE_UNTIL_EACH;
	result = pale_explore(&system, &options, &explored, err);
	if (result == 0) {
		search->states = explored.states;
		search->ns = explored.elapsed_ns;
		search->limit = explored.limit;
		for (unsigned i = 0; i < PALE_PROPERTIES_MAX; i++) {
			const struct pale_violation *violation = &explored.violations[i];
			enum pale_verdict unknown =
			    explored.limit == PALE_LIMIT_NONE ? PALE_SAFE : PALE_LIMIT;

			search->cells[i] = (struct pale_matrix_cell){
				.verdict = violation->found ? PALE_VIOLATED : unknown,
				.length = violation->found ? violation->length : 0,
			};
		}
		result = shorten(&system, &options, search, explored.violated, err);
		search->done = result == 0;
		pale_explored_done(&explored);
	}
	pale_model_free(model);
	show(work, search->states);
	return result;
}

/* The wider the scope the longer it takes: those first, so that the threads end together. */
static void
work_off(void *arg, unsigned thread PALE_UNUSED)
{
	struct work *work = arg;
	struct pale_matrix *matrix = work->matrix;
	unsigned count = (unsigned)(matrix->row_count * matrix->scope_count);
	unsigned at;

	while ((at = atomic_fetch_add(&work->next, 1)) < count) {
		size_t scope = matrix->scope_count - 1 - at / matrix->row_count;
		struct pale_err err = { 0 };

		if (search_one(work, &matrix->rows[at % matrix->row_count], scope, &err) < 0)
			fail(work, &err);
	}
}

/* The rows and scopes that are asked for. */
static int
set_out(struct work *work, const struct pale_walker *walker, struct pale_err *err)
{
	const struct pale_check_args *args = work->args;
	struct pale_matrix *matrix = work->matrix;

	matrix->row_count = walker != NULL ? 1 : pale_walker_count;
	if (matrix->row_count > PALE_MATRIX_WALKERS)
		matrix->row_count = PALE_MATRIX_WALKERS;
	matrix->rows = calloc(matrix->row_count, sizeof(*matrix->rows));
	if (matrix->rows == NULL)
		return pale_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < matrix->row_count; i++)
		matrix->rows[i].walker = walker != NULL ? walker : pale_walkers[i];
	if (args->scope != NULL) {
		matrix->scope_count = 1;
		matrix->scopes[0].processes = args->processes;
		matrix->scopes[0].calls = args->calls;
		return 0;
	}
	matrix->scope_count = PALE_COUNT(ladder);
	for (size_t i = 0; i < PALE_COUNT(ladder); i++) {
		matrix->scopes[i].processes = ladder[i].processes;
		matrix->scopes[i].calls = ladder[i].calls;
	}
	return 0;
}

/* All searches, by so many threads. */
static int
run(struct work *work, struct pale_err *err)
{
	unsigned threads = work->options.threads;
	struct pale_crew crew = { 0 };
	int result;

	pale_check_signals();
	work->err = err;
	work->begin_ns = pale_machine_now_ns();
	/* One search has a share of the memory, and the time that is left of the whole. */
	work->options.max_bytes /= threads;
	work->options.threads = 1;
	work->options.now_ns = pale_machine_now_ns;
	work->options.stop = &pale_check_stop;
	pthread_mutex_init(&work->lock, NULL);
	result = pale_crew_init(&crew, threads);
	if (result == 0) {
		pale_crew_run(&crew, work_off, work);
		work->matrix->threads = crew.count;
	} else {
		pale_fail(err, result, "cannot start threads");
	}
	pale_crew_done(&crew);
	pthread_mutex_destroy(&work->lock);
	work->matrix->ns = pale_machine_now_ns() - work->begin_ns;
	work->matrix->states = work->states;
	return work->failed ? err->code : result;
}

static int
tell(const struct pale_check_args *args, const struct pale_matrix *matrix, struct pale_err *err)
{
	const struct pale_check_form *form = args->markdown.wanted ? &args->markdown : &args->json;
	struct pale_text text = pale_check_answer();
	struct pale_output output = { 0 };
	FILE *out = text.out;
	int result = 0;

	if (form->wanted && form->file != NULL) {
		result = pale_output_open(form->file, &output, err);
		if (result < 0)
			return result;
		out = output.out;
	}
	if (args->markdown.wanted)
		pale_report_matrix_markdown(matrix, out);
	else if (args->json.wanted)
		result = pale_report_matrix_json(matrix, out, err);
	if (out != text.out) {
		if (result == 0)
			result = pale_output_commit(&output, err);
		pale_output_drop(&output);
	}
	if (result == 0 && (!form->wanted || form->file != NULL) && !args->quiet)
		pale_report_matrix(matrix, &text);
	return result < 0 ? result : pale_check_answer_flush(err);
}

/*
 * Violated is what pale itself walks with, or the one walker that was asked for: that others are is
 * what the matrix shows.
 */
static int
status_of(const struct pale_matrix *matrix)
{
	bool limited = false;
	bool violated = false;

	for (size_t i = 0; i < matrix->row_count; i++) {
		const struct pale_matrix_row *row = &matrix->rows[i];
		bool counts = matrix->row_count == 1 || strcmp(row->walker->name, "pale") == 0;

		for (unsigned p = 0; p < PALE_PROPERTIES_MAX; p++) {
			struct pale_matrix_verdict verdict;

			if ((matrix->properties >> p & 1) == 0)
				continue;
			verdict = pale_matrix_verdict(matrix, row, p);
			limited = limited || verdict.verdict == PALE_LIMIT;
			violated = violated || (counts && verdict.verdict == PALE_VIOLATED);
		}
	}
	if (violated)
		return PALE_CHECK_VIOLATED;
	return limited ? PALE_CHECK_LIMIT : PALE_CHECK_HOLDS;
}

static int
make(const struct pale_check_args *args, const struct pale_walker *walker, struct pale_err *err)
{
	struct pale_matrix matrix = { 0 };
	struct work work = {
		.matrix = &matrix,
		.args = args,
		.property = args->property != NULL ? args->property : PROPERTIES,
		.how = pale_progress_how(args),
	};
	struct pale_model *names = NULL;
	struct pale_model *lookups = NULL;
	int result;

	result = set_out(&work, walker, err);
	if (result == 0)
		result = pale_scenario_open(
		    args->file != NULL ? args->file : standard_scenario, &work.text, err);
	if (result == 0) {
		pthread_mutex_init(&work.lock, NULL);
		result = read_model(&work, matrix.rows[0].walker, 0, &names, err);
		pthread_mutex_destroy(&work.lock);
	}
	if (result < 0) {
		result = pale_check_usage(result) ? PALE_CHECK_USAGE : result;
		goto done;
	}
	matrix.names = names;
	matrix.properties = names->properties;
	matrix.title = names->title;
	matrix.file = names->file;
	pale_check_search_options(args, &work.options);
	pale_foreign_limit(work.options.max_bytes);
	result = pale_lookups_read(&lookups, err);
	for (size_t i = 0; i < matrix.row_count && result == 0; i++)
		pale_lookups_try(lookups, &matrix.rows[i]);
	if (result == 0)
		result = run(&work, err);
	if (result == 0)
		result = tell(args, &matrix, err);
	if (result == 0)
		result = status_of(&matrix);
done:
	pale_model_free(lookups);
	pale_model_free(names);
	pale_scenario_done(&work.text);
	free(matrix.rows);
	return result;
}

static int
work_inside(void *arg)
{
	const struct pale_check_args *args = arg;
	const struct pale_walker *walker = NULL;
	struct pale_err err = { 0 };
	int result = 0;

	if (args->walker != NULL)
		result = pale_check_walker(args->walker, &walker, &err);
	if (result < 0)
		result = pale_check_usage(result) ? PALE_CHECK_USAGE : PALE_CHECK_UNABLE;
	else
		result = make(args, walker, &err);
	if (err.code != 0)
		pale_say_err(&err);
	return result < 0 ? PALE_CHECK_UNABLE : result;
}

int
pale_check_matrix(const struct pale_check_args *args)
{
	if (args->walker != NULL && pale_scenario_is_foreign(args->walker))
		return pale_foreign_contain(args->walker, work_inside, (void *)(uintptr_t)args);
	return work_inside((void *)(uintptr_t)args);
}
