/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers about a policy; see explain.h. */
#include "cli/explain.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/out.h"
#include "core/path.h"
#include "core/scope.h"
#include "kernel/probe.h"
#include "report/explain.h"
#include "report/why.h"
#include "run/why/call.h"
#include "run/env.h"
#include "run/run.h"
#include "run/why/why.h"
#include "run/why/ipc.h"
#include "run/why/socket.h"

enum {
	RELEASE_BYTES = 65, /* as uname(2) gives it */
	EXIT_DENIED = 1,
};

int
pale_cli_explain(const struct pale_compartment *compartment,
    const struct pale_plan_options *options, bool json, struct pale_err *err)
{
	struct pale_plan plan = { 0 };
	char release[RELEASE_BYTES];
	struct pale_text text = pale_cli_out();
	struct pale_explain explain = {
		.compartment = compartment,
		.plan = &plan,
		.kernel = release,
		.nproc = PALE_RUN_NPROC,
	};
	char **env = NULL;
	int result;

	pale_probe_release(release, sizeof(release));
	for (int fd = 0; fd < (int)PALE_COUNT(explain.fds); fd++)
		pale_fds_look(compartment, fd, &explain.fds[fd]);
	result = pale_plan_make(&plan, compartment, options, err);
	if (result == 0)
		result = pale_env_make(compartment, environ, &env, err);
	explain.env = env;
	if (result == 0 && json)
		result = pale_report_explain_json(&explain, text.out, err);
	else if (result == 0)
		pale_report_explain(&explain, &text);
	if (result == 0)
		result = pale_cli_flush(err);
	pale_env_free(env);
	pale_plan_done(&plan);
	return result;
}

static int
answer(const struct pale_plan *plan, const struct pale_call *call, const char *written,
    const char *path, bool json, struct pale_err *err)
{
	PALE_FREE struct pale_why *why = malloc(sizeof(*why));
	char cwd[PATH_MAX];
	char whole[PATH_MAX];
	struct pale_text text = pale_cli_out();
	int result;

	if (why == NULL)
		return pale_fail(err, -ENOMEM, "out of memory");
	/* Relative to where we are, as every path of the command line. */
	if (path != NULL && path[0] == '\0')
		return pale_fail(err, -EINVAL, "option --why: the path is empty");
	if (path != NULL &&
	    (pale_why_is_address(call->sys, path) || pale_why_names_ipc(call->sys))) {
		snprintf(whole, sizeof(whole), "%s", path);
	} else if (path != NULL) {
		if (path[0] != '/' && getcwd(cwd, sizeof(cwd)) == NULL)
			return pale_fail_errno(err, "cannot tell the working directory");
		if (pale_path_join(path[0] == '/' ? "/" : cwd, path, whole, sizeof(whole)) < 0)
			return pale_fail(err, -ENAMETOOLONG, "'%s' is too long", path);
	}
	result = pale_why(plan, call, path == NULL ? NULL : whole, why, err);
	if (result == 0 && json)
		result = pale_report_why_json(why, path, text.out, err);
	else if (result == 0)
		pale_report_why(why, written, path, &text);
	if (result == 0)
		result = pale_cli_flush(err);
	if (result < 0)
		return result;
	return why->allowed ? 0 : EXIT_DENIED;
}

int
pale_cli_why(const struct pale_compartment *compartment, const struct pale_plan_options *options,
    const char *call, const char *path, bool json, struct pale_err *err)
{
	struct pale_plan plan = { 0 };
	struct pale_call parsed;
	int result = pale_call_parse(call, &parsed, err);

	if (result < 0)
		return result;
	result = pale_plan_make(&plan, compartment, options, err);
	if (result == 0)
		result = answer(&plan, &parsed, call, path, json, err);
	pale_plan_done(&plan);
	return result;
}
