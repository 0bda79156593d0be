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
#include "check/world/world.h"
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
	bool first;       /* the first scope; all others come after it, and know its result */
	atomic_uint next; /* search to be done */
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

/* The scenario under one walker at one scope, with some of the properties (a bit each; 0: those
 * that were asked for). The reader is for one thread at a time. */
static int
read_model(struct work *work, const struct pale_walker *walker, size_t scope, uint32_t properties,
    struct pale_model **ret_model, struct pale_err *err)
{
	struct pale_string names = { 0 };
	struct pale_read_options options = {
		.walker = walker,
		.property = work->property,
		.processes = work->matrix->scopes[scope].processes,
		.calls = work->matrix->scopes[scope].calls,
	};
	int result;

	if (properties != 0) {
		pale_report_check_properties(work->matrix->names, properties, &names);
		options.property = pale_string_get(&names);
	}
	pthread_mutex_lock(&work->lock);
	result = pale_model_read(
	    work->text.name, work->text.text, work->text.size, &options, ret_model, err);
	pthread_mutex_unlock(&work->lock);
	pale_string_done(&names);
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
	pale_string_done(&line);
}

/* What a search may use: the time is that of the whole. */
static struct pale_explore_options
options_now(const struct work *work)
{
	struct pale_explore_options options = work->options;
	uint64_t gone = pale_machine_now_ns() - work->begin_ns;

	if (options.max_ns != 0)
		options.max_ns = options.max_ns > gone ? options.max_ns - gone : 1;
	return options;
}

/*
 * Look for witnesses that are shorter than those that are known (the cells have their lengths), by
 * a search without reduction that is not as deep. A limit of its own depth is none: then there are
 * no shorter ones.
 */
static int
shorten(struct work *work, const struct pale_model *model, struct pale_matrix_search *search,
    uint32_t violated, struct pale_err *err)
{
	struct pale_explore_options options = options_now(work);
	struct pale_explored explored;
	struct pale_system system;
	unsigned longest = 0;
	int result;

	for (unsigned i = 0; i < PALE_PROPERTIES_MAX; i++) {
		if ((violated >> i & 1) != 0 && search->cells[i].length > longest)
			longest = search->cells[i].length;
	}
	if (longest <= 1)
		return 0;
	options.reduce = false;
	options.properties = violated;
	options.until = PALE_UNTIL_EACH;
	options.max_levels = longest - 1;
	pale_world_system(model, &system);
	result = pale_explore(&system, &options, &explored, err);
	if (result < 0)
		return result;
	for (unsigned i = 0; i < PALE_PROPERTIES_MAX; i++) {
		struct pale_matrix_cell *cell = &search->cells[i];

		if ((violated >> i & 1) == 0)
			continue;
		if (explored.violations[i].found && explored.violations[i].length < cell->length)
			cell->length = explored.violations[i].length;
		else if (explored.limit != PALE_LIMIT_NONE && explored.limit != PALE_LIMIT_LEVELS)
			cell->bound = true;
	}
	search->states += explored.states;
	search->ns += explored.elapsed_ns;
	pale_explored_done(&explored);
	return 0;
}

/* The cell of one property. A reduction makes one step of several: the length is that of the way
 * as it is walked. */
static int
fill_cell(const struct pale_system *system, const struct pale_explore_options *options,
    const struct pale_explored *explored, unsigned property, struct pale_matrix_cell *cell,
    struct pale_err *err)
{
	struct pale_witness witness = { 0 };
	int result;

	if (!explored->violations[property].found) {
		cell->verdict = explored->limit == PALE_LIMIT_NONE ? PALE_SAFE : PALE_LIMIT;
		return 0;
	}
	result = pale_witness_find(system, options, explored, property, &witness, err);
	*cell = (struct pale_matrix_cell){ PALE_VIOLATED, witness.length, false };
	pale_witness_done(&witness);
	return result;
}

/* Search for the properties of a model, all of them to their verdict. */
static int
search_for(struct work *work, const struct pale_model *model, struct pale_matrix_search *search,
    struct pale_err *err)
{
	struct pale_explore_options options = options_now(work);
	struct pale_explored explored;
	struct pale_system system;
	uint32_t violated;
	int result;

	pale_world_system(model, &system);
	options.until = PALE_UNTIL_EACH;
	result = pale_explore(&system, &options, &explored, err);
	if (result < 0)
		return result;
	search->states += explored.states;
	search->ns += explored.elapsed_ns;
	search->limit = explored.limit;
	for (unsigned i = 0; i < PALE_PROPERTIES_MAX && result == 0; i++) {
		if ((model->properties >> i & 1) != 0)
			result = fill_cell(&system, &options, &explored, i, &search->cells[i], err);
	}
	violated = explored.violated;
	pale_explored_done(&explored);
	if (result == 0 && options.reduce)
		result = shorten(work, model, search, violated, err);
	return result;
}

/* What is violated at the first scope of the ladder, which every other one contains. */
static uint32_t
known_violated(const struct pale_matrix_row *row, size_t scope)
{
	uint32_t known = 0;

	for (unsigned i = 0; scope > 0 && i < PALE_PROPERTIES_MAX; i++) {
		if (row->searches[0].cells[i].verdict == PALE_VIOLATED)
			known |= 1U << i;
	}
	return known;
}

/*
 * One walker at one scope. What is violated at a narrower one is violated here, too, by the same
 * witness: only a shorter one is looked for. That also leaves out of the states what such a
 * property would have to remember.
 */
static int
search_one(struct work *work, struct pale_matrix_row *row, size_t scope, struct pale_err *err)
{
	struct pale_matrix_search *search = &row->searches[scope];
	uint32_t known = known_violated(row, scope);
	uint32_t open = work->matrix->properties & ~known;
	struct pale_model *model = NULL;
	int result = 0;

	for (unsigned i = 0; i < PALE_PROPERTIES_MAX; i++) {
		if ((known >> i & 1) != 0)
			search->cells[i] = row->searches[0].cells[i];
	}
	if (open != 0) {
		result = read_model(work, row->walker, scope, open, &model, err);
		if (result == 0)
			result = search_for(work, model, search, err);
		pale_model_free(model);
		model = NULL;
	}
	if (result == 0 && known != 0) {
		result = read_model(work, row->walker, scope, known, &model, err);
		if (result == 0)
			result = shorten(work, model, search, known, err);
		pale_model_free(model);
	}
	search->done = result == 0;
	show(work, search->states);
	return result;
}

/* The wider the scope the longer it takes: those first, so that the threads end together. */
static void
work_off(void *arg, unsigned thread PALE_UNUSED)
{
	struct work *work = arg;
	struct pale_matrix *matrix = work->matrix;
	size_t wider = matrix->scope_count - 1;
	unsigned count = (unsigned)(matrix->row_count * (work->first ? 1 : wider));
	unsigned at;

	while ((at = atomic_fetch_add(&work->next, 1)) < count) {
		size_t scope = work->first ? 0 : wider - at / matrix->row_count;
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
	/* One search has a share of the memory. */
	work->options.max_bytes /= threads;
	work->options.threads = 1;
	work->options.now_ns = pale_machine_now_ns;
	work->options.stop = &pale_check_stop;
	pthread_mutex_init(&work->lock, NULL);
	result = pale_crew_init(&crew, threads);
	if (result == 0) {
		work->first = true;
		pale_crew_run(&crew, work_off, work);
		work->first = false;
		if (!work->failed)
			atomic_store(&work->next, 0);
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
put_form(const struct pale_check_args *args, const struct pale_matrix *matrix, FILE *out,
    struct pale_err *err)
{
	if (args->json.wanted)
		return pale_report_matrix_json(matrix, out, err);
	pale_report_matrix_markdown(matrix, out);
	return 0;
}

/* First to who waits for it, then into the file: where that cannot be written nothing is lost. */
static int
tell(const struct pale_check_args *args, const struct pale_matrix *matrix, struct pale_err *err)
{
	const struct pale_check_form *form = args->markdown.wanted ? &args->markdown : &args->json;
	struct pale_text text = pale_check_answer();
	struct pale_output output = { 0 };
	int result = 0;

	if (form->wanted && form->file == NULL)
		result = put_form(args, matrix, text.out, err);
	else if (!args->quiet)
		pale_report_matrix(matrix, &text);
	if (result == 0)
		result = pale_check_answer_flush(err);
	if (result < 0 || form->file == NULL)
		return result;
	result = pale_output_open(form->file, &output, err);
	if (result < 0)
		return result;
	result = put_form(args, matrix, output.out, err);
	if (result == 0 || ferror(output.out))
		result = pale_output_commit(&output, err);
	pale_output_drop(&output);
	return result;
}

/* That walkers are violated is what the matrix shows; of one that was asked for it is the answer.
 */
static int
status_of(const struct pale_matrix *matrix)
{
	bool limited = false;
	bool violated = false;

	for (size_t i = 0; i < matrix->row_count; i++) {
		for (unsigned p = 0; p < PALE_PROPERTIES_MAX; p++) {
			enum pale_verdict verdict;

			if ((matrix->properties >> p & 1) == 0)
				continue;
			verdict = pale_matrix_verdict(matrix, &matrix->rows[i], p).verdict;
			limited = limited || verdict == PALE_LIMIT;
			violated = violated || verdict == PALE_VIOLATED;
		}
	}
	if (violated && matrix->row_count == 1)
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
		result = read_model(&work, matrix.rows[0].walker, 0, 0, &names, err);
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
