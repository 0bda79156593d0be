/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file of what is learned, as text: read apart, and written anew. It is a policy; what pale
 * writes stands between two marks, what people write stands around them and is kept byte for byte.
 *
 *   people's lines
 *   # >>> learned by pale run --learn ...
 *   # runs N, and the trees
 *   what the options said: profile(), env() ..., command(), chdir()
 *   # -- used
 *   # seen N times, first by PROGRAM (CALL)
 *   # widened: why
 *   maybe_dir('/path', 'rights')
 *   # -- denied
 *   # lines that are not in force
 *   # <<< learned by pale run --learn
 *   people's lines
 *
 * Every byte that comes from a program is escaped, so that no name ends a comment, a string or a
 * line. Pure.
 */
#ifndef PALE_RUN_LEARN_TEXT_H
#define PALE_RUN_LEARN_TEXT_H

#include <stddef.h>
#include <stdio.h>

#include "core/err.h"
#include "policy/policy.h"
#include "run/learn/merge.h"
#include "run/learn/seen.h"

enum {
	PALE_LEARN_DENIED_BYTES_MAX = 128 << 10, /* of lines about what was denied, of all runs */
};

/* A file read apart. All owned. */
struct pale_learn_old {
	char *before; /* what people wrote */
	char *after;
	char *options; /* what the options of earlier runs said, without command() and chdir() */
	char *denied;
	char **command; /* that pale wrote; NULL-terminated, or NULL */
	char **within;  /* trees of earlier runs */
	size_t within_count;
	unsigned runs;
	unsigned first_line; /* of what was learned, in the file; 0 if nothing was */
	unsigned last_line;
	bool has_command; /* people wrote one */
	bool has_chdir;
	bool was_learned; /* the marks are there */
};

/*
 * Read a file apart, and add what it says was used to what is seen.
 *
 *   name   what messages call it
 *   text   NULL for a file that is not there
 *
 * Returns 0 or -errno with a sentence: what pale_policy_read_text refuses, and -EINVAL where one of
 * the marks is missing. Test: tests/unit/learn_text.c
 */
int pale_learn_text_read(const char *name, const char *text, struct pale_learn_old *ret,
    struct pale_seen_list *seen, struct pale_err *err);

void pale_learn_old_done(struct pale_learn_old *old);

/* What is written, beside what the old file held. All borrowed. */
struct pale_learn_new {
	const char *file;    /* for the header */
	const char *options; /* statements, one a line */
	const char *denied;  /* lines of comment */
	const char *const *within;
	size_t within_count;
	const char *const *command;
	const char *chdir; /* or NULL */
	bool bare;
	const struct pale_learn_grants *grants;
};

/*
 * Write it. The text is read back before it is returned, so that a file that is written is one
 * that pale takes.
 *
 * Returns 0, -ENOMEM, -E2BIG or -EINVAL with a sentence.
 */
int pale_learn_text_write(const struct pale_learn_old *old, const struct pale_learn_new *new,
    char **ret_text, size_t *ret_size, struct pale_err *err);

/*
 * Add two lines of comment to the lines about what was denied: what it was, and the statement that
 * would allow it; not if that statement stands there already. False when there is no memory, or no
 * room (PALE_LEARN_DENIED_BYTES_MAX).
 */
bool pale_learn_text_add(char **text, const char *about, const char *statement);

/* A grant that was learned, as the model has it; .path and .target are borrowed. */
struct pale_grant pale_learn_text_grant(const struct pale_learn_grant *grant);

#endif
