/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walkers and properties, from scope to scope: slide 28's table, with its other two columns, what a
 * lookup costs and which legal ones are refused.
 *
 * The keys of the JSON, which stay as they are (new ones may come):
 *
 *   scenario, file
 *   scopes       of the ladder, in order: "2x2" ...
 *   properties   of the columns
 *   seconds      of the whole
 *   threads
 *   complete     no cell met a limit
 *   walkers      name, says, kernel (it needs one), and
 *     cells        property, scope, verdict ("violated", "holds", "limit"), length (null unless
 *                  violated; the shortest witness), states, seconds: of the search that the cells
 * of one scope share lookups      path, legal, other (legal, and finds something else), error
 * (errno, 0), steps, operations (asked of the tree), calls (system calls) refused      the legal
 * ones that end with an error, find something else, or do not end
 */
#ifndef PALE_REPORT_MATRIX_H
#define PALE_REPORT_MATRIX_H

#include "check/explore.h"
#include "core/err.h"
#include "model/model.h"
#include "report/text.h"

enum {
	PALE_MATRIX_SCOPES = 8,
	PALE_MATRIX_LOOKUPS = 64,
	PALE_MATRIX_WALKERS = 64,
};

struct pale_matrix_cell {
	enum pale_verdict verdict;
	unsigned length; /* violated: of the shortest witness, or of one, where `bound` */
	bool bound;      /* whether a shorter one exists is not known: a limit */
};

/* One search: all properties under one walker at one scope. */
struct pale_matrix_search {
	bool done;
	uint64_t states, ns;
	enum pale_limit limit;
	struct pale_matrix_cell cells[PALE_PROPERTIES_MAX]; /* by property */
};

/* One lookup that nobody disturbs. */
struct pale_matrix_lookup {
	const char *path; /* borrowed */
	bool legal;       /* plain UNIX finds something, and stays beneath the start all the way */
	bool other;       /* legal, and something else is found */
	bool endless;     /* it does not end */
	int error;        /* errno or 0 */
	unsigned steps, operations, calls;
};

struct pale_matrix_row {
	const struct pale_walker *walker;
	struct pale_matrix_search searches[PALE_MATRIX_SCOPES];
	struct pale_matrix_lookup lookups[PALE_MATRIX_LOOKUPS]; /* of borrowed paths */
	size_t lookup_count;
};

struct pale_matrix {
	const char *title, *file;
	struct pale_matrix_row *rows;
	size_t row_count;
	struct {
		unsigned processes, calls;
	} scopes[PALE_MATRIX_SCOPES];
	size_t scope_count;
	uint32_t properties;
	uint64_t ns, states;
	unsigned threads;
	const struct pale_model *names; /* any of its models: for the names of properties */
};

void pale_report_matrix(const struct pale_matrix *matrix, const struct pale_text *text);
void pale_report_matrix_markdown(const struct pale_matrix *matrix, FILE *out);
/* Returns 0, -ENOMEM or -EIO. Test: tests/cli/matrix.bats */
int pale_report_matrix_json(const struct pale_matrix *matrix, FILE *out, struct pale_err *err);

/* What a row says of a property over the whole ladder: violated at the first scope where it is. */
struct pale_matrix_verdict {
	enum pale_verdict verdict;
	unsigned length; /* the shortest of all scopes */
	bool bound;
	size_t scope; /* violated: the first where it is; limit: the first that is not known;
		       * holds: the last */
};
struct pale_matrix_verdict pale_matrix_verdict(
    const struct pale_matrix *matrix, const struct pale_matrix_row *row, unsigned property);

/* "2x3" */
void pale_matrix_scope(const struct pale_matrix *matrix, size_t scope, struct pale_string *ret);

/* The lookup that a column of costs shows: NULL where the scenario has none of this path. */
const struct pale_matrix_lookup *pale_matrix_lookup(
    const struct pale_matrix_row *row, const char *path);

#endif
