/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The harness of pale's C tests: Check underneath, each case in its own process, TAP on standard
 * output. A case is named by the sentence that it proves:
 *
 *     TEST(empty, "an empty path is refused")
 *     {
 *             ck_assert_int_eq(parse(""), -ENOENT);
 *     }
 *     TEST_MAIN("path", empty)
 *
 * A file whose kernel feature is missing prints one skipped line with TEST_SKIP_ALL instead.
 */
#ifndef PALE_TESTS_HARNESS_H
#define PALE_TESTS_HARNESS_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TEST_CASE_SECONDS = 30, /* a case that takes longer hangs, and fails */
};

/* Define the case `id`, proving `sentence`; the body follows. */
#define TEST(id, sentence) \
	static void id##_body(int _i); \
	static const TTest id##_test = { sentence, id##_body, __FILE__, __LINE__ }; \
	static const TTest *const id = &id##_test; \
	static void id##_body(int _i __attribute__((unused)))

/* The main function: run every case listed, print TAP, exit 0 only if all passed. */
#define TEST_MAIN(suite_name, ...) \
	int main(void) \
	{ \
		const TTest *const all[] = { __VA_ARGS__ }; \
\
		return test_run(suite_name, all, sizeof(all) / sizeof(all[0])); \
	}

/* Print the TAP of a file that cannot run here, and end with success. */
#define TEST_SKIP_ALL(feature) \
	do { \
		printf("1..1\nok 1 - %s # SKIP needs %s\n", __FILE__, feature); \
		exit(0); \
	} while (0)

/* Sanitizers take tens of times as long; they are there for what is done, not for the verdict. */
#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED true
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED false
#endif

static inline int
test_run(const char *suite_name, const TTest *const *all, size_t count)
{
	Suite *suite = suite_create(suite_name);
	TCase *group = tcase_create(suite_name);
	SRunner *runner;
	int failed;

	tcase_set_timeout(group, TEST_CASE_SECONDS);
	for (size_t i = 0; i < count; i++)
		tcase_add_test(group, all[i]);
	suite_add_tcase(suite, group);
	runner = srunner_create(suite);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
