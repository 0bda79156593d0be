/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `pale run --learn`: a run under enforcement in which some trees are open but for their secrets,
 * and all that is used in them is remembered; and the policy that comes of it. What lies outside of
 * the trees stays as closed as it is without learning, and is only written down, as comments.
 *
 * In order: pale_learn_new, pale_learn_policy, pale_learn_compartment, pale_run with the watcher,
 * pale_learn_finish.
 *
 * Attacks stopped here: names chosen so that the policy says something else (policy/write.h), a
 * flood of them (run/learn/seen.h), secrets in the trees (run/learn/secrets.h), a file that is a
 * link or FIFO (run/learn/scribe.h). A program that is learned does decide what it is granted
 * within the trees: that is what learning means, and why what it wrote is to be read before it is
 * used.
 */
#ifndef PALE_RUN_LEARN_LEARN_H
#define PALE_RUN_LEARN_LEARN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "policy/policy.h"
#include "run/plan.h"

/* Where grants come from that learning made: the trees, and what is hidden in them. */
#define PALE_LEARN_ORIGIN "--learn-within"

struct pale_learn;

/* What the options said. All borrowed until pale_learn_free. */
struct pale_learn_options {
	const char *file;
	const char *const *within; /* trees; none: the working directory */
	size_t within_count;
	const char *const *profiles; /* by name */
	size_t profile_count;
	const char *const *policies; /* files */
	size_t policy_count;
	const struct pale_compartment *line; /* what the rest of the command line grants */
	const char *home;                    /* $HOME, or NULL */
	bool bare;
	int landlock_abi;
};

struct pale_learn_summary {
	size_t grants;
	size_t widened; /* of these */
	size_t refused; /* that would have been too wide, and are comments */
	size_t denied;  /* outside of the trees, distinct */
	size_t secrets; /* hidden */
	size_t secrets_used;
	bool own_file;   /* the command may change the file: it lies in a grant that allows it */
	uint64_t folded; /* uses of names that were too many to be kept */
	unsigned runs;
};

/*
 * Read the file, and get ready to write it.
 *
 * Returns 0 or -errno with a sentence (run/learn/scribe.h, run/learn/text.h). Before any namespace
 * is entered.
 */
int pale_learn_new(
    const struct pale_learn_options *options, struct pale_learn **ret, struct pale_err *err);

/*
 * Add what the file says to a policy.
 *
 *   command_given  the command line has a command: that of the file does not count
 */
int pale_learn_policy(
    struct pale_learn *learn, struct pale_policy *policy, bool command_given, struct pale_err *err);

/*
 * The compartment of the run: what is given, with the trees in place of what is granted in them,
 * and their secrets hidden.
 *
 *   ret  owned by the learning
 *
 * Returns 0 or -errno with a sentence: a tree that is not there, is no directory or is the whole
 * machine, or too large to be looked at for secrets.
 */
int pale_learn_compartment(struct pale_learn *learn, const struct pale_compartment *given,
    struct pale_compartment **ret, struct pale_err *err);

/* For struct pale_plan_options. Another watcher hears all of it too; NULL = none. */
const struct pale_watcher *pale_learn_watcher(
    struct pale_learn *learn, const struct pale_watcher *inner);

/* Write the file. Returns 0 or -errno with a sentence; the file is then as it was. */
int pale_learn_finish(
    struct pale_learn *learn, struct pale_learn_summary *ret, struct pale_err *err);

/* NULL is fine. */
void pale_learn_free(struct pale_learn *learn);

#endif
