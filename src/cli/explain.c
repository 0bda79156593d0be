/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers about a policy; see explain.h. */
#include "cli/explain.h"

#include <stdio.h>

int
pale_cli_explain(const struct pale_compartment *compartment,
    const struct pale_plan_options *options, bool json, struct pale_err *err)
{
	struct pale_plan plan = { 0 };
	int result = pale_plan_make(&plan, compartment, options, err);

	(void)json;
	for (size_t i = 0; result == 0 && i < plan.entry_count; i++) {
		char names[1024];

		pale_rights_print(plan.entries[i].rights, names, sizeof(names));
		printf("%s %s\n", plan.entries[i].path, names);
	}
	pale_plan_done(&plan);
	return result;
}

int
pale_cli_why(const struct pale_compartment *compartment, const struct pale_plan_options *options,
    const char *call, const char *path, bool json, struct pale_err *err)
{
	(void)call;
	(void)path;
	return pale_cli_explain(compartment, options, json, err);
}
