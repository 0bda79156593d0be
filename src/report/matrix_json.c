/* SPDX-License-Identifier: BSD-2-Clause */
/* Walkers and properties, as JSON and as a table of Markdown; see matrix.h for the keys. */
#include "report/matrix.h"

#include "report/check.h"
#include "report/json.h"
#include "report/matrix_words.h"

#define NS_PER_S 1e9

static json_t *
make_scope(const struct pale_matrix *matrix, size_t scope)
{
	struct pale_string words = { 0 };
	json_t *made;

	pale_matrix_scope(matrix, scope, &words);
	made = json_string(pale_string_get(&words));
	pale_string_done(&words);
	return made;
}

static json_t *
make_cells(const struct pale_matrix *matrix, const struct pale_matrix_row *row, bool *failed)
{
	json_t *array = json_array();
	char name[64];

	for (unsigned p = 0; p < PALE_PROPERTIES_MAX; p++) {
		if ((matrix->properties >> p & 1) == 0)
			continue;
		for (size_t i = 0; i < matrix->scope_count; i++) {
			const struct pale_matrix_search *search = &row->searches[i];
			const struct pale_matrix_cell *cell = &search->cells[p];
			enum pale_verdict verdict = search->done ? cell->verdict : PALE_LIMIT;
			json_t *one = json_object();

			pale_json_set(one, "property",
			    json_string(pale_matrix_words_property(matrix, p, name, sizeof(name))),
			    failed);
			pale_json_set(one, "scope", make_scope(matrix, i), failed);
			pale_json_set(
			    one, "verdict", json_string(pale_report_verdicts[verdict]), failed);
			pale_json_set(one, "length",
			    verdict == PALE_VIOLATED ? json_integer(cell->length) : json_null(),
			    failed);
			pale_json_set(one, "shortest",
			    verdict == PALE_VIOLATED ? json_boolean(!cell->bound) : json_null(),
			    failed);
			pale_json_set(
			    one, "states", json_integer((json_int_t)search->states), failed);
			pale_json_set(
			    one, "seconds", json_real((double)search->ns / NS_PER_S), failed);
			pale_json_add(array, one, failed);
		}
	}
	return array;
}

static json_t *
make_lookups(const struct pale_matrix_row *row, bool refused, bool *failed)
{
	json_t *array = json_array();

	for (size_t i = 0; i < row->lookup_count; i++) {
		const struct pale_matrix_lookup *lookup = &row->lookups[i];
		json_t *one;

		if (refused) {
			if (pale_matrix_refuses(lookup))
				pale_json_add(array, pale_json_bytes(lookup->path), failed);
			continue;
		}
		one = json_object();
		pale_json_set(one, "path", pale_json_bytes(lookup->path), failed);
		pale_json_set(one, "legal", json_boolean(lookup->legal), failed);
		pale_json_set(one, "other", json_boolean(lookup->other), failed);
		pale_json_set(one, "error", json_integer(lookup->error), failed);
		pale_json_set(one, "steps", json_integer(lookup->steps), failed);
		pale_json_set(one, "operations", json_integer(lookup->operations), failed);
		pale_json_set(one, "calls", json_integer(lookup->calls), failed);
		pale_json_add(array, one, failed);
	}
	return array;
}

static bool
is_complete(const struct pale_matrix *matrix)
{
	for (size_t i = 0; i < matrix->row_count; i++) {
		for (unsigned p = 0; p < PALE_PROPERTIES_MAX; p++) {
			if ((matrix->properties >> p & 1) != 0 &&
			    pale_matrix_verdict(matrix, &matrix->rows[i], p).verdict == PALE_LIMIT)
				return false;
		}
	}
	return true;
}

int
pale_report_matrix_json(const struct pale_matrix *matrix, FILE *out, struct pale_err *err)
{
	json_t *object = json_object();
	json_t *scopes = json_array();
	json_t *properties = json_array();
	json_t *walkers = json_array();
	bool failed = false;
	char name[64];

	for (size_t i = 0; i < matrix->scope_count; i++)
		pale_json_add(scopes, make_scope(matrix, i), &failed);
	for (unsigned p = 0; p < PALE_PROPERTIES_MAX; p++) {
		if ((matrix->properties >> p & 1) != 0)
			pale_json_add(properties,
			    json_string(pale_matrix_words_property(matrix, p, name, sizeof(name))),
			    &failed);
	}
	for (size_t i = 0; i < matrix->row_count; i++) {
		const struct pale_matrix_row *row = &matrix->rows[i];
		json_t *one = json_object();

		pale_json_set(one, "name", pale_json_bytes(row->walker->name), &failed);
		pale_json_set(one, "says", pale_json_bytes(row->walker->says), &failed);
		pale_json_set(one, "kernel", json_boolean(row->walker->kernel), &failed);
		pale_json_set(one, "cells", make_cells(matrix, row, &failed), &failed);
		pale_json_set(one, "lookups", make_lookups(row, false, &failed), &failed);
		pale_json_set(one, "refused", make_lookups(row, true, &failed), &failed);
		pale_json_add(walkers, one, &failed);
	}
	pale_json_set(object, "scenario", pale_json_bytes(matrix->title), &failed);
	pale_json_set(object, "file", pale_json_bytes(matrix->file), &failed);
	pale_json_set(object, "scopes", scopes, &failed);
	pale_json_set(object, "properties", properties, &failed);
	pale_json_set(object, "seconds", json_real((double)matrix->ns / NS_PER_S), &failed);
	pale_json_set(object, "states", json_integer((json_int_t)matrix->states), &failed);
	pale_json_set(object, "threads", json_integer(matrix->threads), &failed);
	pale_json_set(object, "complete", json_boolean(is_complete(matrix)), &failed);
	pale_json_set(object, "walkers", walkers, &failed);
	return pale_json_write(out, object, failed, err);
}

/* A cell of a table: what was put together, its bars escaped. */
static void
put_cell(FILE *out, struct pale_string *words)
{
	fputs(" ", out);
	for (const char *at = pale_string_get(words); *at != '\0'; at++)
		fprintf(out, "%s%c", *at == '|' ? "\\" : "", *at);
	fputs(" |", out);
	pale_string_done(words);
}

void
pale_report_matrix_markdown(const struct pale_matrix *matrix, FILE *out)
{
	struct pale_string words = { 0 };
	unsigned columns = 0;
	char name[64];

	fputs("| walker |", out);
	for (unsigned p = 0; p < PALE_PROPERTIES_MAX; p++) {
		if ((matrix->properties >> p & 1) == 0)
			continue;
		pale_string_add(
		    &words, "%s", pale_matrix_words_property(matrix, p, name, sizeof(name)));
		put_cell(out, &words);
		columns++;
	}
	fprintf(out, " `%s` | `%s` | legal lookups refused |\n|---|", PALE_MATRIX_PLAIN,
	    PALE_MATRIX_DOTDOT);
	for (unsigned i = 0; i < columns + 3; i++)
		fputs("---|", out);
	fputc('\n', out);
	for (size_t i = 0; i < matrix->row_count; i++) {
		const struct pale_matrix_row *row = &matrix->rows[i];

		fprintf(out, "| %s |", row->walker->name);
		for (unsigned p = 0; p < PALE_PROPERTIES_MAX; p++) {
			if ((matrix->properties >> p & 1) == 0)
				continue;
			pale_matrix_words_verdict(matrix, row, p, &words);
			put_cell(out, &words);
		}
		pale_matrix_words_cost(row, PALE_MATRIX_PLAIN, &words);
		put_cell(out, &words);
		pale_matrix_words_cost(row, PALE_MATRIX_DOTDOT, &words);
		put_cell(out, &words);
		pale_matrix_words_refused(row, &words);
		put_cell(out, &words);
		fputc('\n', out);
	}
}
