/* SPDX-License-Identifier: BSD-2-Clause */
/* What check, race and audit found. */
#include "core/result.h"

#include <errno.h>

#include "harness.h"

static struct pale_results results;

static int
add(const char *rule, const char *object, enum pale_severity severity)
{
	return pale_results_add(&results,
	    &(struct pale_finding){ .rule = rule, .object = object, .severity = severity });
}

TEST(fingerprint, "a fingerprint depends on rule and object alone, and is the same for ever")
{
	char a[PALE_FINGERPRINT_BYTES], b[PALE_FINGERPRINT_BYTES];

	pale_fingerprint("dotdot-escape", "/srv/x", a);
	ck_assert_str_eq(a, "824ca5aaf8da687ab99364e2c1c4c99d");
	pale_fingerprint("dotdot-escape", "/srv/y", b);
	ck_assert_str_ne(a, b);
	pale_fingerprint("dotdot-escape/", "srv/x", b);
	ck_assert_str_ne(a, b);
}

TEST(copied, "a finding is copied with its steps, and outlives what it was made from")
{
	char rule[] = "rule", object[] = "/x", text[] = "rename(a, b)";
	struct pale_step steps[] = { { "victim", "open(a)", false }, { "adversary", text, true } };
	const struct pale_finding *got;

	ck_assert_int_eq(pale_results_add(&results,
			     &(struct pale_finding){ .rule = rule,
				 .object = object,
				 .who = "uid 1000",
				 .fix = "O_NOFOLLOW",
				 .file = "x.c",
				 .line = 7,
				 .steps = steps,
				 .step_count = 2,
				 .severity = PALE_HIGH }),
	    0);
	memset(rule, '?', sizeof(rule) - 1);
	memset(text, '?', sizeof(text) - 1);
	steps[1].decisive = false;
	got = results.findings[0];
	ck_assert_str_eq(got->rule, "rule");
	ck_assert_str_eq(got->who, "uid 1000");
	ck_assert_ptr_null(got->what);
	ck_assert_str_eq(got->file, "x.c");
	ck_assert_uint_eq(got->line, 7);
	ck_assert_uint_eq(got->step_count, 2);
	ck_assert_str_eq(got->steps[1].actor, "adversary");
	ck_assert_str_eq(got->steps[1].text, "rename(a, b)");
	ck_assert(got->steps[1].decisive);
	pale_results_done(&results);
}

TEST(twice, "what is found twice is there once, the more severe")
{
	ck_assert_int_eq(add("r", "x", PALE_LOW), 0);
	ck_assert_int_eq(add("r", "x", PALE_HIGH), 1);
	ck_assert_int_eq(add("r", "x", PALE_MEDIUM), 1);
	ck_assert_int_eq(add("r", "y", PALE_LOW), 0);
	ck_assert_uint_eq(results.count, 2);
	ck_assert_int_eq(results.findings[0]->severity, PALE_HIGH);
	pale_results_done(&results);
}

TEST(nameless, "a finding without rule or object is refused")
{
	ck_assert_int_eq(add(NULL, "x", PALE_LOW), -EINVAL);
	ck_assert_int_eq(add("r", NULL, PALE_LOW), -EINVAL);
	ck_assert_uint_eq(results.count, 0);
}

TEST(sorted, "findings are ordered by severity, rule and object")
{
	add("b", "x", PALE_LOW);
	add("a", "y", PALE_LOW);
	add("a", "x", PALE_LOW);
	add("z", "z", PALE_HIGH);
	pale_results_sort(&results);
	ck_assert_str_eq(results.findings[0]->rule, "z");
	ck_assert_str_eq(results.findings[1]->object, "x");
	ck_assert_str_eq(results.findings[2]->object, "y");
	ck_assert_str_eq(results.findings[3]->rule, "b");
	pale_results_done(&results);
	pale_results_sort(&results);
}

TEST(status, "the exit code: 0 nothing, 1 a finding, 4 a limit, and information counts for nothing")
{
	ck_assert_int_eq(pale_results_status(&results), 0);
	add("r", "x", PALE_INFO);
	ck_assert_int_eq(pale_results_status(&results), 0);
	pale_results_limit(&results, "%d states seen", 7);
	pale_results_limit(&results, "later");
	ck_assert_str_eq(results.limit, "7 states seen");
	ck_assert_int_eq(pale_results_status(&results), 4);
	add("r", "y", PALE_LOW);
	ck_assert_int_eq(pale_results_status(&results), 1);
	pale_results_done(&results);
	ck_assert(!results.limited);
}

TEST(many, "many findings fit")
{
	char object[16];

	for (int i = 0; i < 500; i++) {
		snprintf(object, sizeof(object), "%d", i);
		ck_assert_int_eq(add("r", object, PALE_LOW), 0);
	}
	ck_assert_uint_eq(results.count, 500);
	pale_results_done(&results);
}

TEST(words, "each severity has its word")
{
	ck_assert_str_eq(pale_severity_name(PALE_INFO), "info");
	ck_assert_str_eq(pale_severity_name(PALE_HIGH), "high");
}

TEST_MAIN("result", fingerprint, copied, twice, nameless, sorted, status, many, words)
