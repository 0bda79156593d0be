/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a search found, for people and programs.
 *
 * The keys of the JSON, which stay as they are (new ones may come):
 *
 *   verdict        "violated", "holds", "limit"
 *   sentence       the verdict as a sentence
 *   scenario       title; file
 *   walker         its name; of several compartments with different ones, of the one that violates
 *   property       the one that is violated; else all that were looked at, with commas
 *   properties     all that were looked at
 *   scope          "2x2": processes x calls of the vocabulary; of several compartments, each
 *                  with its name and a comma between
 *   length         steps of the witness, null without
 *   shortest       there is no shorter one: true, false (not known), null without witness
 *   states, transitions, levels, ends, deadlocks
 *   seconds        of the search, with `shortening`; without replay
 *   states_per_second
 *   bytes, bytes_per_state
 *   threads
 *   probabilistic  false, or true with collision_bound
 *   complete       every state was visited
 *   limit          null, "states", "memory", "time", "levels", "stopped"
 *   limits         states, bytes, seconds, steps: null where there is none
 *   reductions     partial_order, symmetry: true, false
 *   shortening     null, or before, after (steps), before_seconds, after_seconds, states
 *   verdicts       of each property: verdict ("limit": not known), length (null unless violated)
 *   witness        steps, [] without: step (1..), actor, text, call, decisive, error (errno, 0),
 *                  kind ("start", "step", "result", "waits")
 *   replay         how, verdict ("reproduced", "not reproduced", "refused", "unable"), why,
 * seconds, calls (actor, text, error, as_expected)
 */
#ifndef PALE_REPORT_CHECK_H
#define PALE_REPORT_CHECK_H

#include <stdio.h>

#include "check/explore.h"
#include "check/witness.h"
#include "check/world/world.h"
#include "core/err.h"
#include "replay/replay.h"
#include "report/text.h"

/* A witness, played. */
struct pale_report_replay {
	enum pale_replay_by by;
	struct pale_replayed replayed;
};

/* All of it is borrowed. */
struct pale_report_check {
	const struct pale_model *model;
	const struct pale_explore_options *options; /* of the search */
	const struct pale_explored *explored;
	unsigned property;       /* the one that the witness is of; only if violated */
	const unsigned *lengths; /* of the witnesses, by property; of those that are violated */
	const struct pale_trace *trace;
	const struct pale_shortening *shortening;
	const struct pale_report_replay *replays;
	size_t replay_count;
};

/* "violated: attacker obtains /tmp, outside of all that was delegated (union), in 6 steps". */
void pale_report_check_sentence(const struct pale_report_check *check, struct pale_string *ret);

/* The sentence alone, as a line. */
void pale_report_check_line(const struct pale_report_check *check, const struct pale_text *text);

/* Sentence, witness in columns by actor, and how it is known. */
void pale_report_check(const struct pale_report_check *check, const struct pale_text *text);

/* Returns 0, -ENOMEM or -EIO. Test: tests/cli/check.bats */
int pale_report_check_json(const struct pale_report_check *check, FILE *out, struct pale_err *err);

/* Append parts that several reports have. */
void pale_report_check_scope(const struct pale_model *model, struct pale_string *ret);
void pale_report_check_properties(
    const struct pale_model *model, uint32_t properties, struct pale_string *ret);
/* "12,345" */
void pale_report_check_number(uint64_t number, struct pale_string *ret);
/* "5.6 GB", "25 KB" */
void pale_report_check_bytes(double bytes, struct pale_string *ret);
/* "12 ms", "3.4 s", "2 min 5 s" */
void pale_report_check_time(uint64_t ns, struct pale_string *ret);
/* The walker of the process that violates, or of all. */
/* Of one property: of several one may be violated, another hold. */
enum pale_verdict pale_report_check_verdict(
    const struct pale_report_check *check, unsigned property);
const char *pale_report_check_walker(const struct pale_report_check *check);

extern const char *const pale_report_verdicts[]; /* by enum pale_verdict: "holds" ... */
extern const char *const pale_report_replayed[]; /* by enum pale_replay_verdict */

#endif
