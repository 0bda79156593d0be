/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What check, race and audit found: one model for all three, so that one report layer prints it and
 * one exit code means one thing. A finding says who can do what to which object, with what effect,
 * how that is known, and how to end it; a witness says in which steps.
 *
 * Strings are bytes as they were met (paths need not be UTF-8); core/escape.h is for who prints.
 */
#ifndef PALE_CORE_RESULT_H
#define PALE_CORE_RESULT_H

#include <stdbool.h>
#include <stddef.h>

enum {
	PALE_FINGERPRINT_BYTES = 33, /* 128 bits in hexadecimal and a NUL */
	PALE_LIMIT_TEXT_BYTES = 256,
};

enum pale_severity {
	PALE_INFO, /* worth knowing, and no finding for the exit code */
	PALE_LOW,
	PALE_MEDIUM,
	PALE_HIGH,
	PALE_SEVERITY_COUNT,
};

/* One step of a witness. */
struct pale_step {
	const char *actor; /* "victim", "adversary", a compartment's name */
	const char *text;  /* what it does, as it would be typed or called */
	bool decisive;     /* the step that makes the difference */
};

/* A finding. Strings that do not apply are NULL. */
struct pale_finding {
	const char *rule; /* stable id of the question asked: "dotdot-escape"; never NULL */
	enum pale_severity severity;
	const char *object; /* what it is about, by a name that is the same on the next run and on
			     * the next boot: no pid, no inode, no address; never NULL */
	const char *who;    /* principal that gains */
	const char *what;   /* what it can do */
	const char *effect; /* what comes of it */
	const char *proof;  /* how this is known */
	const char *fix;    /* what ends it */
	const char *file;   /* location in a source or policy */
	unsigned line;      /* 0: none */
	const struct pale_step *steps; /* witness, in order */
	size_t step_count;
	char fingerprint[PALE_FINGERPRINT_BYTES]; /* set by pale_results_add */
};

/* The findings of one run. Zeroed is empty. */
struct pale_results {
	struct pale_finding **findings; /* owned, each with all its strings */
	size_t count, size;
	bool limited; /* the search is not complete: nothing found proves nothing */
	char limit[PALE_LIMIT_TEXT_BYTES]; /* the limit reached first */
};

/* The word of a severity: "info", "low", "medium", "high". */
const char *pale_severity_name(enum pale_severity severity);

/*
 * The fingerprint of what is found by a rule about an object: XXH3 (128 bits) of the rule, a NUL,
 * and the object. The same for ever, on every machine: baselines and SARIF rely on it.
 */
void pale_fingerprint(const char *rule, const char *object, char ret[PALE_FINGERPRINT_BYTES]);

/*
 * Add a copy of a finding.
 *
 * Returns 0; 1 if one with the same fingerprint is there already: the more severe of the two stays,
 * the earlier of equals; -EINVAL without rule or object; -ENOMEM.
 * Test: tests/unit/result.c
 */
int pale_results_add(struct pale_results *results, const struct pale_finding *finding);

/* Record that a limit was reached; the first is kept. One sentence without full stop. */
void pale_results_limit(struct pale_results *results, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Order by severity, the highest first, then rule, then object. */
void pale_results_sort(struct pale_results *results);

/*
 * The exit code that a run of check, race or audit deserves: 1 with a finding above PALE_INFO, else
 * 4 if a limit was reached, else 0. (2 is usage, 3 could not work: those are not results.)
 */
int pale_results_status(const struct pale_results *results);

/* Give everything back and make it empty. */
void pale_results_done(struct pale_results *results);

#endif
