/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of `pale run`, and what they say together. */
#ifndef PALE_CLI_RUN_OPTIONS_H
#define PALE_CLI_RUN_OPTIONS_H

#include <stdbool.h>

#include "cli/options.h"
#include "policy/policy.h"
#include "run/plan.h"

/* Arguments of an option that may come several times; borrowed from the command line. */
struct pale_run_words {
	const char **list; /* owned */
	size_t count;
};

struct pale_run_args {
	struct pale_policy line_policy;
	struct pale_compartment *line; /* what the command line grants; in line_policy */
	struct pale_policy base;       /* what profiles grant, to whichever compartment runs */
	struct pale_policy policy;     /* what files grant */
	struct pale_plan_options plan;
	const char *compartment; /* --compartment, or NULL */
	int assume_landlock;     /* --assume landlock=N, or -1 */
	bool assume_no_userns;   /* --assume userns=no */
	bool explain;
	bool json;                      /* --json, --report=json */
	bool trace;                     /* --trace */
	const char *trace_file;         /* --trace=FILE, or NULL: standard error */
	const char *learn;              /* --learn FILE, or NULL */
	struct pale_run_words within;   /* --learn-within */
	struct pale_run_words profiles; /* --profile, by name */
	struct pale_run_words policies; /* --policy and --script */
	const char *why;                /* --why CALL, or NULL */
	const char *why_path;
	bool help;
	bool version;
	bool list_profiles;
	const char *print_profile;
};

extern const struct pale_option pale_run_options[];
extern const size_t pale_run_option_count;

/* Returns 0 or -ENOMEM; pale_run_args_done in both cases. */
int pale_run_args_init(struct pale_run_args *args);
void pale_run_args_done(struct pale_run_args *args);

/*
 * The compartment that is to run: profiles, files and command line united in this order, so that
 * the later word counts where only one can, and the command.
 *
 *   argc, argv        what follows the options; may be empty if a policy names a command
 *   need_command      refuse if there is none
 *   ret_compartment   owned by args
 */
int pale_run_args_compartment(struct pale_run_args *args, int argc, char **argv, bool need_command,
    struct pale_compartment **ret_compartment, struct pale_err *err);

#endif
