/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The policy reader under arbitrary texts: what is refused is refused with file and line, what is
 * taken holds nothing from the environment and is taken the same way again, and nothing is lost.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"

/* Stands in the environment under names that a fuzzer finds soon. */
static const char canary[] = "\001canary\001";

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void
fail(const char *why)
{
	fprintf(stderr, "%s\n", why);
	abort();
}

static void
check_string(const char *text)
{
	if (text != NULL && strstr(text, canary) != NULL)
		fail("something was taken from the environment");
}

static void
check_compartment(const struct pale_compartment *compartment)
{
	for (size_t i = 0; i < compartment->grant_count; i++) {
		const struct pale_grant *grant = &compartment->grants[i];

		check_string(grant->path);
		check_string(grant->target);
		if (grant->origin == NULL || strchr(grant->origin, ':') == NULL)
			fail("a grant does not say where it comes from");
		if ((grant->path == NULL) != (grant->kind == PALE_GRANT_FD))
			fail("a grant has no path");
	}
	for (size_t i = 0; i < compartment->env_count; i++) {
		check_string(compartment->env[i].name);
		check_string(compartment->env[i].value);
	}
	for (char **word = compartment->command; word != NULL && *word != NULL; word++)
		check_string(*word);
	check_string(compartment->name);
	check_string(compartment->chdir);
}

/* "t:12: ..." */
static void
check_error(const struct pale_err *err)
{
	const char *at = strrchr(err->text, '\0') == err->text ? NULL : strchr(err->text, ':');

	if (err->code >= 0 || at == NULL || !isdigit((unsigned char)at[1]))
		fail("a failure without file and line");
	if (strstr(err->text, canary) != NULL)
		fail("something was taken from the environment");
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const char *const names[] = { "A", "B", "HOME", "PATH", "X", "x", "a" };
	struct pale_policy policy[2];
	int rc[2];

	/* The fuzzer sees what it is compared with, and would write it itself. */
	if (memmem(bytes, size, canary, sizeof(canary) - 1) != NULL)
		return 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		setenv(names[i], canary, 1);
	for (int round = 0; round < 2; round++) {
		struct pale_err err = { 0 };

		pale_policy_init(&policy[round]);
		rc[round] = pale_policy_read_text(
		    &policy[round], "t", "/nowhere", (const char *)bytes, size, &err);
		if (rc[round] < 0)
			check_error(&err);
		for (size_t i = 0; i < policy[round].compartment_count; i++)
			check_compartment(&policy[round].compartments[i]);
	}
	if (rc[0] != rc[1] || policy[0].compartment_count != policy[1].compartment_count)
		fail("the same text was read in two ways");
	for (int round = 0; round < 2; round++)
		pale_policy_done(&policy[round]);
	return 0;
}
