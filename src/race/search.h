/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every (stop, action) that DAC allows, one at a time, or two on request; each violation replayed.
 */
#ifndef PALE_RACE_SEARCH_H
#define PALE_RACE_SEARCH_H

#include <stdatomic.h>

#include "race/execute.h"

enum pale_race_kind {
	PALE_RACE_CHANGED,   /* something protected was made, changed or removed */
	PALE_RACE_DISCLOSED, /* the secret came out */
	PALE_RACE_RAN,       /* code of the adversary ran as the victim */
	PALE_RACE_HANGS,
	PALE_RACE_PIPE,     /* died by SIGPIPE */
	PALE_RACE_INJECTED, /* acted on data of the adversary that it took for its own */
	PALE_RACE_KEPT,     /* rights kept over a drop of rights */
	PALE_RACE_KIND_COUNT,
};

struct pale_race_kind_row {
	const char *name; /* "protected-object-changed" ... */
	unsigned cwe;
	const char *summary, *fix;
};
extern const struct pale_race_kind_row pale_race_kinds[PALE_RACE_KIND_COUNT];

/*
 * What of an outcome is a violation, against the undisturbed run: bits of enum pale_race_kind. In
 * words for each, "protected file home/secret was removed". oracle.c
 */
unsigned pale_race_judge(const struct pale_race_setup *setup,
    const struct pale_race_outcome *baseline, const struct pale_race_outcome *outcome,
    char ret_text[PALE_RACE_KIND_COUNT][PALE_RACE_TEXT_BYTES]);

struct pale_race_violation {
	enum pale_race_kind kind;
	struct pale_race_plan plan;
	struct pale_race_stop stop; /* where the decisive action was done */
	char text[PALE_RACE_TEXT_BYTES];
	char action_text[PALE_RACE_TEXT_BYTES];
	unsigned replayed, replays;       /* 20 of 20 */
	struct pale_race_outcome outcome; /* for the trace */
};

enum pale_race_verdict {
	PALE_RACE_SILENT,
	PALE_RACE_FOUND,
	PALE_RACE_NOTHING_TESTED, /* the baseline failed, or reached nothing that is shared: why */
	PALE_RACE_LIMIT,
};

struct pale_race_options {
	unsigned threads; /* worlds at a time; one per processor */
	bool pairs;
	uint64_t max_executions, max_ns; /* 0: none */
	unsigned replays;                /* 20 */
	bool first_only;                 /* end with the first violation */
	uint64_t (*now_ns)(void);
	void (*progress)(void *arg, uint64_t done, uint64_t planned, unsigned found);
	void *progress_arg;
	const atomic_bool *stop;
};

struct pale_race_found {
	enum pale_race_verdict verdict;
	char why[256];                          /* NOTHING_TESTED, LIMIT */
	struct pale_race_violation *violations; /* one for each kind and stop; sorted */
	size_t count;
	uint64_t executions, pruned;
	uint64_t elapsed_ns;
	struct pale_race_outcome baseline;
};

int pale_race_search(const struct pale_race_setup *setup, const struct pale_race_options *options,
    struct pale_race_found *ret, struct pale_err *err);
void pale_race_found_done(struct pale_race_found *found);

#endif
