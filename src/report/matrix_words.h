/* SPDX-License-Identifier: BSD-2-Clause */
/* Words that all forms of the matrix share. */
#ifndef PALE_REPORT_MATRIX_WORDS_H
#define PALE_REPORT_MATRIX_WORDS_H

#include "report/matrix.h"

/* The lookups whose cost is shown: three components, and one that goes back. */
#define PALE_MATRIX_PLAIN "a/b/c"
#define PALE_MATRIX_DOTDOT "a/b/../b/c"

/* A legal lookup that does not find what it should. */
bool pale_matrix_refuses(const struct pale_matrix_lookup *lookup);

/* Append "holds", "6 @ 2x2", "limit @ 2x4". */
void pale_matrix_words_verdict(const struct pale_matrix *matrix, const struct pale_matrix_row *row,
    unsigned property, struct pale_string *ret);

/* Append "5, 3": steps and system calls. */
void pale_matrix_words_cost(
    const struct pale_matrix_row *row, const char *path, struct pale_string *ret);

/* Append "none", "2 of 20: a/.., l/..". */
void pale_matrix_words_refused(const struct pale_matrix_row *row, struct pale_string *ret);

/* Append "2x2, 2x3". */
void pale_matrix_words_scopes(const struct pale_matrix *matrix, struct pale_string *ret);

/* "union"; returns buf. */
const char *pale_matrix_words_property(
    const struct pale_matrix *matrix, unsigned property, char *buf, size_t size);

#endif
