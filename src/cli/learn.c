/* SPDX-License-Identifier: BSD-2-Clause */
/* `pale run --learn`; see learn.h. */
#include "cli/learn.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/say.h"
#include "core/scope.h"

enum {
	SENTENCE_BYTES = 1024,
};

static int
check_args(const struct pale_run_args *args, struct pale_err *err)
{
	if (args->learn == NULL && args->within.count > 0) {
		pale_fail(err, -EINVAL, "option --learn-within is for --learn");
		return pale_remedy(err, "add --learn FILE");
	}
	if (args->learn == NULL)
		return 0;
	if (args->compartment != NULL) {
		pale_fail(err, -EINVAL, "options --learn and --compartment do not go together");
		return pale_remedy(err, "what is learned is the compartment main");
	}
	if (args->explain || args->why != NULL) {
		pale_fail(err, -EINVAL, "nothing is run, so nothing can be learned");
		return pale_remedy(err, "ask with --policy %s", args->learn);
	}
	return 0;
}

int
pale_cli_learn_start(
    struct pale_run_args *args, bool command_given, struct pale_learn **ret, struct pale_err *err)
{
	struct pale_learn_options options = {
		.file = args->learn,
		.within = args->within.list,
		.within_count = args->within.count,
		.profiles = args->profiles.list,
		.profile_count = args->profiles.count,
		.policies = args->policies.list,
		.policy_count = args->policies.count,
		.line = args->line,
		.home = getenv("HOME"),
		.bare = args->plan.bare,
	};
	int result = check_args(args, err);

	*ret = NULL;
	if (result < 0 || args->learn == NULL)
		return result;
	result = pale_learn_new(&options, ret, err);
	if (result == 0)
		result = pale_learn_policy(*ret, &args->policy, command_given, err);
	return result;
}

int
pale_cli_learn_open(struct pale_learn *learn, struct pale_run_args *args,
    struct pale_compartment **compartment, struct pale_err *err)
{
	int result;

	if (learn == NULL)
		return 0;
	result = pale_learn_compartment(learn, *compartment, compartment, err);
	if (result == 0)
		args->plan.watcher = pale_learn_watcher(learn, args->plan.watcher);
	return result;
}

static const char *
plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

/* What came of it, and what is to be done next. */
static void
say_summary(const struct pale_learn_summary *s, const char *file, bool bare)
{
	char text[SENTENCE_BYTES];

	snprintf(text, sizeof(text),
	    "learned %zu grant%s in %s after %u run%s, %zu of them widened; %zu denied outside of "
	    "the trees, %zu not granted; next: read it, then pale run%s --policy %s",
	    s->grants, plural(s->grants), file, s->runs, plural(s->runs), s->widened, s->denied,
	    s->refused, bare ? " --bare" : "", file);
	pale_say(text);
	if (s->secrets_used > 0) {
		snprintf(text, sizeof(text),
		    "the program came upon %zu secret%s that %s hidden from it and not learned",
		    s->secrets_used, plural(s->secrets_used), s->secrets_used == 1 ? "is" : "are");
		pale_say_note(text);
	}
	if (s->own_file) {
		snprintf(text, sizeof(text),
		    "%s lies where the command may write: move it, or the command can change what "
		    "it is granted",
		    file);
		pale_say_note(text);
	}
	if (s->folded > 0) {
		snprintf(text, sizeof(text),
		    "too many names: %" PRIu64
		    " uses were added to directories, which are wider than they would be",
		    s->folded);
		pale_say_note(text);
	}
}

int
pale_cli_learn_end(
    struct pale_learn *learn, const struct pale_run_args *args, bool ran, struct pale_err *err)
{
	struct pale_learn_summary summary;
	int result = 0;

	if (learn != NULL && ran) {
		result = pale_learn_finish(learn, &summary, err);
		if (result == 0)
			say_summary(&summary, args->learn, args->plan.bare);
	}
	pale_learn_free(learn);
	return result;
}
