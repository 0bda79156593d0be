/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of a policy, one row each, and the text that they are read from. Inside of the policy
 * layer only: source.c reads texts and calls the rows, verbs.c is the rows.
 */
#ifndef PALE_POLICY_VERBS_H
#define PALE_POLICY_VERBS_H

#include "policy/policy.h"
#include "policy/reader.h"

/* A text being read into a policy. */
struct pale_source {
	struct pale_policy *policy;
	const char *name;        /* what messages call it */
	char *dir;               /* what relative paths start from; NULL = working directory */
	const char *compartment; /* what statements outside a block belong to */
	unsigned depth;
	unsigned *files; /* read so far, one count for all texts of a policy */
	struct pale_err *err;
};

/* A row: what a word does, and for the words that grant, what. */
struct pale_verb {
	const char *word;
	size_t args_min, args_max;
	int (*act)(struct pale_source *, const struct pale_verb *, const struct pale_call *);
	enum pale_grant_kind kind;
	pale_rights (*preset)(void);
	bool optional, exec;
	const char *takes; /* its arguments in words, where a number alone does not say it */
};

extern const struct pale_verb pale_verbs[];
extern const size_t pale_verb_count;

/* "out of memory", as -ENOMEM. */
int pale_source_no_memory(const struct pale_source *source);

/* Put the place of a statement before the words of the failure rc, if it is one. Returns rc. */
int pale_source_at(const struct pale_source *source, unsigned line, int rc);

/* A relative path joined to the directory of the text, on the heap; NULL when there is no memory.
 */
char *pale_source_join(const struct pale_source *source, const char *path);

/* A path that can be meant: -EINVAL if empty, -ENAMETOOLONG. */
int pale_source_check_path(const struct pale_source *source, const char *path);

/* Read the file, or the profile, that argument i of a call names into the call's compartment. */
int pale_source_include(struct pale_source *source, const struct pale_call *call, size_t i);
int pale_source_profile(struct pale_source *source, const struct pale_call *call, size_t i);

#endif
