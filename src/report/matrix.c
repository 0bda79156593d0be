/* SPDX-License-Identifier: BSD-2-Clause */
/* Walkers and properties, for people; see matrix.h. */
#include "report/matrix.h"

#include <string.h>

#include "core/scope.h"
#include "report/check.h"
#include "report/matrix_words.h"

enum {
	COLUMNS_NAME = 16,
	COLUMNS_VERDICT = 11,
	COLUMNS_COST = 8,
};

struct pale_matrix_verdict
pale_matrix_verdict(
    const struct pale_matrix *matrix, const struct pale_matrix_row *row, unsigned property)
{
	struct pale_matrix_verdict ret = { .verdict = PALE_SAFE };

	for (size_t i = 0; i < matrix->scope_count; i++) {
		const struct pale_matrix_search *search = &row->searches[i];
		const struct pale_matrix_cell *cell = &search->cells[property];
		enum pale_verdict verdict = search->done ? cell->verdict : PALE_LIMIT;

		if (verdict == PALE_VIOLATED && ret.verdict != PALE_VIOLATED)
			ret = (struct pale_matrix_verdict){ verdict, cell->length, cell->bound, i };
		else if (verdict == PALE_VIOLATED && cell->length < ret.length)
			ret.length = cell->length;
		else if (verdict == PALE_LIMIT && ret.verdict == PALE_SAFE)
			ret = (struct pale_matrix_verdict){ verdict, 0, false, i };
		else if (ret.verdict == PALE_SAFE)
			ret.scope = i;
	}
	return ret;
}

void
pale_matrix_scope(const struct pale_matrix *matrix, size_t scope, struct pale_string *ret)
{
	pale_string_add(ret, "%ux%u", matrix->scopes[scope].processes, matrix->scopes[scope].calls);
}

const struct pale_matrix_lookup *
pale_matrix_lookup(const struct pale_matrix_row *row, const char *path)
{
	for (size_t i = 0; i < row->lookup_count; i++) {
		if (strcmp(row->lookups[i].path, path) == 0)
			return &row->lookups[i];
	}
	return NULL;
}

bool
pale_matrix_refuses(const struct pale_matrix_lookup *lookup)
{
	return lookup->legal && (lookup->error != 0 || lookup->other || lookup->endless);
}

void
pale_matrix_words_verdict(const struct pale_matrix *matrix, const struct pale_matrix_row *row,
    unsigned property, struct pale_string *ret)
{
	struct pale_matrix_verdict verdict = pale_matrix_verdict(matrix, row, property);

	if (verdict.verdict == PALE_SAFE) {
		pale_string_add(ret, "holds");
		return;
	}
	if (verdict.verdict == PALE_VIOLATED)
		pale_string_add(ret, "%s%u @ ", verdict.bound ? "<=" : "", verdict.length);
	else
		pale_string_add(ret, "limit @ ");
	pale_matrix_scope(matrix, verdict.scope, ret);
}

void
pale_matrix_words_cost(const struct pale_matrix_row *row, const char *path, struct pale_string *ret)
{
	const struct pale_matrix_lookup *lookup = pale_matrix_lookup(row, path);

	if (lookup == NULL || lookup->error != 0 || lookup->endless)
		pale_string_add(ret, "-");
	else
		pale_string_add(ret, "%u, %u", lookup->steps, lookup->calls);
}

void
pale_matrix_words_refused(const struct pale_matrix_row *row, struct pale_string *ret)
{
	unsigned count = 0, legal = 0;

	for (size_t i = 0; i < row->lookup_count; i++) {
		count += pale_matrix_refuses(&row->lookups[i]);
		legal += row->lookups[i].legal;
	}
	if (count == 0) {
		pale_string_add(ret, "none");
		return;
	}
	pale_string_add(ret, "%u of %u: ", count, legal);
	count = 0;
	for (size_t i = 0; i < row->lookup_count; i++) {
		const struct pale_matrix_lookup *lookup = &row->lookups[i];

		if (pale_matrix_refuses(lookup))
			pale_string_add(ret, "%s%s%s", count++ > 0 ? ", " : "", lookup->path,
			    lookup->endless     ? " (does not end)"
				: lookup->other ? " (finds something else)"
						: "");
	}
}

void
pale_matrix_words_scopes(const struct pale_matrix *matrix, struct pale_string *ret)
{
	for (size_t i = 0; i < matrix->scope_count; i++) {
		pale_string_add(ret, "%s", i == 0 ? "" : ", ");
		pale_matrix_scope(matrix, i, ret);
	}
}

const char *
pale_matrix_words_property(
    const struct pale_matrix *matrix, unsigned property, char *buf, size_t size)
{
	struct pale_string name = { 0 };

	pale_report_check_properties(matrix->names, 1U << property, &name);
	snprintf(buf, size, "%s", pale_string_get(&name));
	pale_string_done(&name);
	return buf;
}

/* A word in a column. */
static void
put_column(const struct pale_text *text, enum pale_text_style style, const char *word, int columns)
{
	int taken = (int)pale_text_columns(word);

	pale_text_put(text, style, word);
	fprintf(text->out, "%*s", taken < columns ? columns - taken : 1, "");
}

static void
put_head(const struct pale_matrix *matrix, const struct pale_text *text)
{
	char name[64];

	put_column(text, PALE_TEXT_STRONG, "walker", COLUMNS_NAME);
	for (unsigned i = 0; i < PALE_PROPERTIES_MAX; i++) {
		if ((matrix->properties >> i & 1) != 0)
			put_column(text, PALE_TEXT_STRONG,
			    pale_matrix_words_property(matrix, i, name, sizeof(name)),
			    COLUMNS_VERDICT);
	}
	put_column(text, PALE_TEXT_STRONG, PALE_MATRIX_PLAIN, COLUMNS_COST);
	put_column(text, PALE_TEXT_STRONG, PALE_MATRIX_DOTDOT, COLUMNS_COST + 4);
	pale_text_put(text, PALE_TEXT_STRONG, "refused");
	fputc('\n', text->out);
}

static void
put_row(const struct pale_matrix *matrix, const struct pale_matrix_row *row,
    const struct pale_text *text)
{
	static const enum pale_text_style styles[] = {
		[PALE_SAFE] = PALE_TEXT_GOOD,
		[PALE_VIOLATED] = PALE_TEXT_BAD,
		[PALE_LIMIT] = PALE_TEXT_STRONG,
	};
	struct pale_string words = { 0 };
	unsigned refused = 0;

	put_column(text, PALE_TEXT_PLAIN, row->walker->name, COLUMNS_NAME);
	for (unsigned i = 0; i < PALE_PROPERTIES_MAX; i++) {
		if ((matrix->properties >> i & 1) == 0)
			continue;
		pale_matrix_words_verdict(matrix, row, i, &words);
		put_column(text, styles[pale_matrix_verdict(matrix, row, i).verdict],
		    pale_string_get(&words), COLUMNS_VERDICT);
		pale_string_done(&words);
	}
	pale_matrix_words_cost(row, PALE_MATRIX_PLAIN, &words);
	put_column(text, PALE_TEXT_PLAIN, pale_string_get(&words), COLUMNS_COST);
	pale_string_done(&words);
	pale_matrix_words_cost(row, PALE_MATRIX_DOTDOT, &words);
	put_column(text, PALE_TEXT_PLAIN, pale_string_get(&words), COLUMNS_COST + 4);
	pale_string_done(&words);
	for (size_t i = 0; i < row->lookup_count; i++)
		refused += pale_matrix_refuses(&row->lookups[i]);
	fprintf(text->out, refused == 0 ? "none\n" : "%u of %zu\n", refused, row->lookup_count);
}

static void
put_refused(const struct pale_matrix *matrix, const struct pale_text *text)
{
	bool head = false;

	for (size_t i = 0; i < matrix->row_count; i++) {
		const struct pale_matrix_row *row = &matrix->rows[i];
		struct pale_string words = { 0 };
		unsigned columns = pale_text_columns(row->walker->name);

		pale_matrix_words_refused(row, &words);
		if (strcmp(pale_string_get(&words), "none") != 0) {
			if (!head)
				fputs("\nLegal lookups that are refused:\n", text->out);
			head = true;
			fprintf(text->out, "  %-*s", COLUMNS_NAME - 2, row->walker->name);
			pale_text_wrap(text,
			    columns < COLUMNS_NAME - 2 ? COLUMNS_NAME : columns + 2, COLUMNS_NAME,
			    pale_string_get(&words));
		}
		pale_string_done(&words);
	}
}

/* What the searches took, by scope. */
static void
put_scopes(const struct pale_matrix *matrix, const struct pale_text *text)
{
	for (size_t i = 0; i < matrix->scope_count; i++) {
		struct pale_string words = { 0 };
		struct pale_string label = { 0 };
		uint64_t states = 0, ns = 0;

		for (size_t k = 0; k < matrix->row_count; k++) {
			states += matrix->rows[k].searches[i].states;
			ns += matrix->rows[k].searches[i].ns;
		}
		pale_matrix_scope(matrix, i, &label);
		pale_report_check_number(states, &words);
		pale_string_add(&words, " states in ");
		pale_report_check_time(ns, &words);
		pale_text_item(text, pale_string_get(&label), pale_string_get(&words));
		pale_string_done(&words);
		pale_string_done(&label);
	}
}

void
pale_report_matrix(const struct pale_matrix *matrix, const struct pale_text *text)
{
	struct pale_string words = { 0 };
	struct pale_string scopes = { 0 };

	put_head(matrix, text);
	for (size_t i = 0; i < matrix->row_count; i++)
		put_row(matrix, &matrix->rows[i], text);
	pale_matrix_words_scopes(matrix, &scopes);
	fputc('\n', text->out);
	pale_string_add(&words,
	    "\"6 @ 2x2\": the shortest witness has 6 steps; 2x2 (processes x calls of each) is the "
	    "first scope that has one. \"holds\": in every state of all scopes (%s), and not "
	    "beyond. The columns of the two paths: steps and system calls of a lookup that nobody "
	    "disturbs.",
	    pale_string_get(&scopes));
	pale_text_wrap(text, 0, 0, pale_string_get(&words));
	pale_string_done(&words);
	put_refused(matrix, text);
	fputc('\n', text->out);
	pale_string_add(&words, "%s%s%s%s", matrix->title == NULL ? "" : matrix->title,
	    matrix->title == NULL ? "" : " (", matrix->file, matrix->title == NULL ? "" : ")");
	pale_text_item(text, "Scenario", pale_string_get(&words));
	pale_string_done(&words);
	put_scopes(matrix, text);
	pale_report_check_number(matrix->states, &words);
	pale_string_add(&words, " states in ");
	pale_report_check_time(matrix->ns, &words);
	pale_string_add(&words, ", %u thread%s", matrix->threads, matrix->threads == 1 ? "" : "s");
	pale_text_item(text, "Together", pale_string_get(&words));
	pale_string_done(&words);
	pale_string_done(&scopes);
}
