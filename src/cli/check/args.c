/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of `pale check`; see args.h. */
#include "cli/check/args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check/crew.h"
#include "core/scope.h"
#include "core/suggest.h"
#include "model/model.h"

enum {
	NS_PER_MS = 1000000,
};

/* A number and the letters behind it. */
struct quantity {
	double number;
	const char *unit;
};

static bool
read_quantity(const char *text, struct quantity *ret)
{
	char *end;

	/* strtod takes signs, blanks, "inf" and hexadecimal, too: none is meant. */
	if (text[0] < '0' || text[0] > '9' || text[1] == 'x' || text[1] == 'X')
		return false;
	ret->number = strtod(text, &end);
	ret->unit = end;
	return true;
}

/* Factor of a unit of `units`, pairs of a name and a factor; 0 if it is none. */
struct unit {
	const char *name;
	double factor;
};

static double
find_unit(const struct unit *units, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(units[i].name, name) == 0)
			return units[i].factor;
	}
	return 0;
}

static const struct unit bytes[] = { { "", 1 }, { "K", 0x1p10 }, { "M", 0x1p20 }, { "G", 0x1p30 },
	{ "T", 0x1p40 } };
static const struct unit states[] = { { "", 1 }, { "K", 1e3 }, { "M", 1e6 }, { "G", 1e9 } };
static const struct unit times[] = { { "ms", 1e6 }, { "s", 1e9 }, { "min", 60e9 },
	{ "h", 3600e9 } };

static int
take_memory(void *state, const char *with, const char *arg, struct pale_err *err)
{
	struct pale_check_args *args = state;
	struct quantity quantity;
	double factor;

	if (read_quantity(arg, &quantity)) {
		factor = find_unit(bytes, PALE_COUNT(bytes), quantity.unit);
		if (quantity.number * factor >= 1 && quantity.number * factor < 0x1p62) {
			args->max_bytes = (uint64_t)(quantity.number * factor);
			args->limited = true;
			return 0;
		}
	}
	pale_fail(err, -EINVAL, "option %s: '%s' is no size", with, arg);
	return pale_remedy(err, "for example %s 2G; K, M, G and T are known", with);
}

static bool
take_one_limit(struct pale_check_args *args, const char *word)
{
	struct quantity quantity;
	double factor;

	if (!read_quantity(word, &quantity))
		return false;
	factor = find_unit(states, PALE_COUNT(states), quantity.unit);
	if (quantity.number * factor >= 1 && quantity.number * factor < 0x1p62) {
		args->max_states = (uint64_t)(quantity.number * factor);
		return true;
	}
	factor = find_unit(times, PALE_COUNT(times), quantity.unit);
	if (quantity.number * factor >= NS_PER_MS && quantity.number * factor < 0x1p62) {
		args->max_ns = (uint64_t)(quantity.number * factor);
		return true;
	}
	if (strcmp(quantity.unit, "steps") == 0 && quantity.number >= 1 &&
	    quantity.number <= 1000000) {
		args->max_levels = (unsigned)quantity.number;
		return true;
	}
	return false;
}

static int
take_limit(void *state, const char *with, const char *arg, struct pale_err *err)
{
	struct pale_check_args *args = state;

	args->limited = true;
	while (true) {
		size_t len = strcspn(arg, ",");
		char word[64] = "";

		if (len < sizeof(word))
			memcpy(word, arg, len);
		if (!take_one_limit(args, word)) {
			pale_fail(
			    err, -EINVAL, "option %s: '%.*s' is no limit", with, (int)len, arg);
			return pale_remedy(
			    err, "states (%s 5M), time (10s, 5min) or length (12steps)", with);
		}
		if (arg[len] == '\0')
			return 0;
		arg += len + 1;
	}
}

static int
take_scope(void *state, const char *with, const char *arg, struct pale_err *err)
{
	struct pale_check_args *args = state;
	char *end;
	unsigned long processes = 0, calls = 0;

	if (*arg >= '0' && *arg <= '9') {
		processes = strtoul(arg, &end, 10);
		if (*end == 'x' && end[1] >= '0' && end[1] <= '9')
			calls = strtoul(end + 1, &end, 10);
		if (*end != '\0')
			calls = 0;
	}
	if (processes == 0 || calls == 0) {
		pale_fail(err, -EINVAL, "option %s: '%s' is not PROCESSESxCALLS", with, arg);
		return pale_remedy(
		    err, "for example %s 2x3: two processes, three calls each", with);
	}
	if (processes > PALE_MODEL_PROCESSES || calls > PALE_MODEL_CALLS) {
		pale_fail(err, -EINVAL, "the scope %s cannot fit", arg);
		return pale_remedy(err, "the model has room for %d processes of %d calls each",
		    PALE_MODEL_PROCESSES, PALE_MODEL_CALLS);
	}
	args->processes = (unsigned)processes;
	args->calls = (unsigned)calls;
	args->scope = arg;
	return 0;
}

static int
take_threads(void *state, const char *with, const char *arg, struct pale_err *err)
{
	struct pale_check_args *args = state;
	char *end;
	unsigned long threads = *arg >= '0' && *arg <= '9' ? strtoul(arg, &end, 10) : 0;

	if (threads == 0 || *end != '\0' || threads > PALE_CREW_MAX)
		return pale_fail(err, -EINVAL, "option %s: '%s' is no number from 1 to %d", with,
		    arg, PALE_CREW_MAX);
	args->threads = (unsigned)threads;
	return 0;
}

static int
take_replay(void *state, const char *with, const char *arg, struct pale_err *err)
{
	struct pale_check_args *args = state;
	const char *near;

	args->no_replay = false;
	args->replay_chosen = true;
	if (arg == NULL || strcmp(arg, "all") == 0) {
		args->replay = (1U << PALE_REPLAY_COUNT) - 1;
		return 0;
	}
	while (true) {
		size_t len = strcspn(arg, ",");
		unsigned by;

		for (by = 0; by < PALE_REPLAY_COUNT; by++) {
			if (strlen(pale_replay_names[by]) == len &&
			    strncmp(pale_replay_names[by], arg, len) == 0)
				break;
		}
		if (by == PALE_REPLAY_COUNT) {
			char word[64] = "";

			if (len < sizeof(word))
				memcpy(word, arg, len);
			pale_fail(
			    err, -EINVAL, "option %s: there is no way '%s' to replay", with, word);
			near = pale_suggest(word, pale_replay_names, PALE_REPLAY_COUNT);
			if (near != NULL)
				return pale_remedy(err, "did you mean '%s'?", near);
			return pale_remedy(
			    err, "there are walker, kernel, beneath, in-root, mount, all");
		}
		args->replay |= 1U << by;
		if (arg[len] == '\0')
			return 0;
		arg += len + 1;
	}
}

/* Options that only note their argument. */
static int
note(const char **at, const char *with, const char *arg, struct pale_err *err)
{
	if (*arg == '\0')
		return pale_fail(err, -EINVAL, "option %s needs something behind it", with);
	*at = arg;
	return 0;
}

#define TAKE_WORD(member) \
	static int take_##member( \
	    void *state, const char *with, const char *arg, struct pale_err *err) \
	{ \
		return note(&((struct pale_check_args *)state)->member, with, arg, err); \
	}
#define TAKE_FLAG(member, result) \
	static int take_##member(void *state, const char *with PALE_UNUSED, \
	    const char *arg PALE_UNUSED, struct pale_err *err PALE_UNUSED) \
	{ \
		((struct pale_check_args *)state)->member = true; \
		return result; \
	}
#define TAKE_FORM(member) \
	static int take_##member( \
	    void *state, const char *with, const char *arg, struct pale_err *err) \
	{ \
		struct pale_check_form *form = &((struct pale_check_args *)state)->member; \
\
		form->wanted = true; \
		return arg == NULL ? 0 : note(&form->file, with, arg, err); \
	}

TAKE_WORD(walker)
TAKE_WORD(property)
TAKE_WORD(promela)
TAKE_WORD(script)
TAKE_FLAG(no_reduce, 0)
TAKE_FLAG(no_symmetry, 0)
TAKE_FLAG(fingerprint, 0)
TAKE_FLAG(quiet, 0)
TAKE_FLAG(progress, 0)
TAKE_FLAG(no_replay, 0)
TAKE_FLAG(matrix, 0)
TAKE_FLAG(mpi, 0)
TAKE_FLAG(list_walkers, 1)
TAKE_FLAG(list_scenarios, 1)
TAKE_FLAG(help, 1)
TAKE_FLAG(version, 1)
TAKE_FORM(json)
TAKE_FORM(markdown)

static int
take_print_scenario(void *state, const char *with, const char *arg, struct pale_err *err)
{
	int result = note(&((struct pale_check_args *)state)->print_scenario, with, arg, err);

	return result < 0 ? result : 1;
}

/* clang-format off */
const struct pale_option pale_check_options[] = {
	{ NULL, 0, NULL, "What is checked (these override what the file says):", NULL },
	{ "walker", 'w', "NAME|./FILE.so", "how paths are resolved; --list-walkers", take_walker },
	{ "property", 'p', "NAME,...", "union root call rights progress never: what must never happen", take_property },
	{ "scope", 's', "PROCESSESxCALLS", "how many adversaries, and how many calls of each", take_scope },
	{ "matrix", 0, NULL, "all walkers and properties, from scope to scope", take_matrix },
	{ NULL, 0, NULL, "How it is searched:", NULL },
	{ "threads", 'j', "N", "default: one for each processor", take_threads },
	{ "limit", 0, "STATES|TIME|LENGTH", "end there, e.g. 5M, 10s, 12steps: nothing is proved then", take_limit },
	{ "memory", 0, "SIZE", "end there (default: three quarters of what is free)", take_memory },
	{ "no-reduce", 0, NULL, "take every step in every order", take_no_reduce },
	{ "no-symmetry", 0, NULL, "tell identical processes apart", take_no_symmetry },
	{ "fingerprint", 0, NULL, "keep 64 bits of a state: less memory, and the answer is probable only", take_fingerprint },
	{ "mpi", 0, NULL, "on many machines: mpirun -n K pale check --mpi FILE", take_mpi },
	{ NULL, 0, NULL, "What is told:", NULL },
	{ "json", 0, "FILE", "as JSON, to standard output or a file", take_json, true },
	{ "markdown", 0, "FILE", "the matrix as a page", take_markdown, true },
	{ "quiet", 'q', NULL, "the verdict's line only; no progress", take_quiet },
	{ "progress", 0, NULL, "a line each second, also where no terminal is", take_progress },
	{ "replay", 0, "HOW,...", "play the witness here: walker kernel beneath in-root mount all", take_replay, true },
	{ "no-replay", 0, NULL, "do not", take_no_replay },
	{ "script", 0, "FILE", "the witness as a C program that needs nothing of pale", take_script },
	{ "promela", 0, "FILE", "the scenario for SPIN; nothing is searched", take_promela },
	{ NULL, 0, NULL, "Questions (nothing is searched):", NULL },
	{ "list-walkers", 0, NULL, "what each does", take_list_walkers },
	{ "list-scenarios", 0, NULL, "those that pale brings", take_list_scenarios },
	{ "print-scenario", 0, "NAME", "the text of one", take_print_scenario },
	{ "help", 'h', NULL, "this text", take_help },
	{ "version", 'V', NULL, "the version", take_version },
};
/* clang-format on */
const size_t pale_check_option_count = PALE_COUNT(pale_check_options);

/* What cannot be asked for together. */
static int
check_together(const struct pale_check_args *args, struct pale_err *err)
{
	if (args->mpi && args->walker != NULL && strchr(args->walker, '/') != NULL)
		return pale_fail(err, -EINVAL, "--mpi is for the walkers that pale brings");
	if (args->json.wanted && args->markdown.wanted)
		return pale_fail(
		    err, -EINVAL, "--json and --markdown are two answers; ask for one");
	if (args->markdown.wanted && !args->matrix) {
		pale_fail(err, -EINVAL, "--markdown is a form of the matrix");
		return pale_remedy(err, "add --matrix, or ask for --json");
	}
	if (args->matrix && (args->promela != NULL || args->script != NULL || args->mpi))
		return pale_fail(err, -EINVAL, "--matrix is many searches; %s is about one",
		    args->promela != NULL      ? "--promela"
			: args->script != NULL ? "--script"
					       : "--mpi");
	if (args->matrix && args->replay_chosen && !args->no_replay)
		return pale_fail(err, -EINVAL, "--matrix is many searches; --replay is about one");
	return 0;
}

int
pale_check_args_read(int argc, char **argv, struct pale_check_args *ret_args, struct pale_err *err)
{
	struct pale_check_args args = { 0 };
	bool only_names = false;
	int at = 0;

	while (at < argc) {
		int used = 0;
		int result;

		if (!only_names) {
			result = pale_options_parse(pale_check_options, pale_check_option_count,
			    argc - at, argv + at, &args, &used, err);
			if (result < 0)
				return result;
			if (result > 0)
				break;
			only_names = used > 0 && strcmp(argv[at + used - 1], "--") == 0;
			at += used;
			if (at == argc)
				break;
		}
		if (args.file != NULL) {
			pale_fail(err, -EINVAL, "'%s' is one argument too many", argv[at]);
			return pale_remedy(err, "one scenario is checked at a time");
		}
		args.file = argv[at++];
	}
	if (!args.help && !args.version && !args.list_walkers && !args.list_scenarios &&
	    args.print_scenario == NULL) {
		int result = check_together(&args, err);

		if (result < 0)
			return result;
	}
	*ret_args = args;
	return 0;
}
