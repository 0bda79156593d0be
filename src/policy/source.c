/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Texts of a policy: files, included files, profiles. Every failure names the file and line it
 * comes from, and so does every grant, for explanations and denials later. What is included is read
 * where it is named, so that what is said last counts as the text suggests.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/scope.h"
#include "core/suggest.h"
#include "policy/embedded.h"
#include "policy/file.h"
#include "policy/policy.h"
#include "policy/reader.h"
#include "policy/verbs.h"

enum {
	FILES_MAX = 256,      /* files and profiles in one policy: ends a tree of includes */
	TITLE_BYTES_MAX = 64, /* of a compartment's name */
	VERBS_MAX = PALE_READ_WORDS_MAX,
};

static const char main_compartment[] = "main";

static int apply_text(struct pale_source *source, const char *text, size_t size);
static int apply_calls(struct pale_source *source, const struct pale_call *calls, size_t count);

int
pale_source_no_memory(const struct pale_source *source)
{
	return pale_fail(source->err, -ENOMEM, "out of memory");
}

int
pale_source_at(const struct pale_source *source, unsigned line, int rc)
{
	struct pale_err inner;

	if (rc == 0 || source->err == NULL)
		return rc;
	inner = *source->err;
	pale_fail(source->err, rc, "%s:%u: %s", source->name, line, inner.text);
	if (inner.remedy[0] != '\0')
		pale_remedy(source->err, "%s", inner.remedy);
	return rc;
}

int
pale_source_check_path(const struct pale_source *source, const char *path)
{
	if (path[0] == '\0')
		return pale_fail(source->err, -EINVAL, "an empty path");
	if (strlen(path) >= PATH_MAX)
		return pale_fail(
		    source->err, -ENAMETOOLONG, "a path of more than %d bytes", PATH_MAX - 1);
	return 0;
}

char *
pale_source_join(const struct pale_source *source, const char *path)
{
	char *joined;

	if (source->dir == NULL || path[0] == '/' || strcmp(source->dir, ".") == 0)
		return strdup(path);
	return asprintf(&joined, "%s/%s", source->dir, path) < 0 ? NULL : joined;
}

/* Count one more text beneath source and prepare its place in inner. */
static int
enter(const struct pale_source *source, const struct pale_call *call, struct pale_source *ret_inner)
{
	if (source->depth + 1 >= PALE_POLICY_DEPTH_MAX) {
		pale_fail(source->err, -ELOOP, "files are included more than %d deep",
		    PALE_POLICY_DEPTH_MAX - 1);
		return pale_remedy(source->err, "look for a file that includes itself");
	}
	if (++*source->files > FILES_MAX)
		return pale_fail(
		    source->err, -E2BIG, "more than %d files in one policy", FILES_MAX);
	*ret_inner = *source;
	ret_inner->depth++;
	if (call->compartment != NULL)
		ret_inner->compartment = call->compartment;
	return 0;
}

/* The directory of a path, "." if it names none. NULL when there is no memory. */
static char *
dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return strdup(".");
	while (slash > path && slash[-1] == '/')
		slash--;
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* Read a file into what inner stands for. A failure before its first line carries no line. */
static int
apply_file(struct pale_source *inner, const char *path)
{
	PALE_FREE char *dir = dir_of(path);
	PALE_FREE char *text = NULL;
	size_t size;
	int rc;

	if (dir == NULL)
		return pale_source_no_memory(inner);
	rc = pale_policy_slurp(path, &text, &size, inner->err);
	if (rc < 0)
		return rc;
	inner->name = path;
	inner->dir = dir;
	return apply_text(inner, text, size);
}

int
pale_source_include(struct pale_source *source, const struct pale_call *call, size_t i)
{
	PALE_FREE char *path = pale_source_join(source, call->args[i]);
	struct pale_source inner;
	int rc;

	if (path == NULL)
		return pale_source_no_memory(source);
	if (source->policy->sealed) {
		rc = pale_fail(source->err, -EPERM, "this text may not include files");
		return pale_source_at(source, call->arg_lines[i], rc);
	}
	rc = pale_source_check_path(source, call->args[i]);
	if (rc == 0)
		rc = enter(source, call, &inner);
	if (rc == 0) {
		inner.name = NULL;
		rc = apply_file(&inner, path);
		/* What went wrong inside has its own file and line. */
		if (inner.name != NULL)
			return rc;
	}
	return pale_source_at(source, call->arg_lines[i], rc);
}

/* Read a profile into what inner stands for; -ENOENT leaves inner->name as it was. */
static int
apply_profile(struct pale_source *inner, const char *profile)
{
	const struct pale_embedded *embedded = pale_embedded_find(profile);
	const char *const *names = pale_profile_names();
	PALE_FREE char *name = NULL;
	const char *nearest;
	size_t count = 0;

	if (embedded == NULL) {
		while (names[count] != NULL)
			count++;
		pale_fail(inner->err, -ENOENT, "there is no profile '%s'", profile);
		nearest = pale_suggest(profile, names, count);
		if (nearest != NULL)
			pale_remedy(inner->err, "did you mean '%s'?", nearest);
		else
			pale_remedy(inner->err, "see pale run --list-profiles");
		return -ENOENT;
	}
	if (asprintf(&name, "profile %s", profile) < 0) {
		name = NULL;
		return pale_source_no_memory(inner);
	}
	inner->name = name;
	inner->dir = NULL;
	return apply_calls(inner, embedded->calls, embedded->call_count);
}

static int
check_args(
    const struct pale_source *source, const struct pale_verb *verb, const struct pale_call *call)
{
	size_t count = call->arg_count;

	if (count >= verb->args_min && count <= verb->args_max)
		return 0;
	if (verb->args_max == 0)
		return pale_fail(source->err, -EINVAL, "%s() takes no argument", verb->word);
	if (verb->takes != NULL)
		return pale_fail(source->err, -EINVAL, "%s() takes %s", verb->word, verb->takes);
	return pale_fail(source->err, -EINVAL, "%s() takes %s argument", verb->word,
	    verb->args_max == 1 ? "one" : "at least one");
}

/* A block's name: shown in messages, given on command lines. */
static int
check_title(const struct pale_source *source, const struct pale_call *call)
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	const char *title = call->compartment;
	size_t length;

	if (title == NULL)
		return 0;
	length = strlen(title);
	if (length == 0 || length > TITLE_BYTES_MAX || strspn(title, allowed) != length) {
		pale_fail(source->err, -EINVAL, "'%s' is no name of a compartment", title);
		return pale_remedy(
		    source->err, "use up to %d letters, digits, '_' and '-'", TITLE_BYTES_MAX);
	}
	if (strcmp(source->compartment, main_compartment) != 0) {
		pale_fail(source->err, -EINVAL, "compartment '%s' inside compartment '%s'", title,
		    source->compartment);
		return pale_remedy(source->err,
		    "include a file that has compartments outside of every compartment");
	}
	return 0;
}

static int
apply_call(struct pale_source *source, const struct pale_call *call)
{
	const struct pale_verb *verb = &pale_verbs[call->word];
	int rc = pale_source_at(source, call->line, check_args(source, verb, call));

	return rc < 0 ? rc : verb->act(source, verb, call);
}

/* A block that says nothing is a compartment too. */
static int
end_block(struct pale_source *source, const struct pale_call *call)
{
	struct pale_compartment *compartment;

	if (pale_policy_compartment(source->policy, call->compartment, &compartment) < 0)
		return pale_source_no_memory(source);
	return 0;
}

static int
apply_calls(struct pale_source *source, const struct pale_call *calls, size_t count)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++) {
		const struct pale_call *call = &calls[i];

		rc = pale_source_at(source, call->line, check_title(source, call));
		if (rc == 0)
			rc = call->word == PALE_READ_BLOCK ? end_block(source, call)
							   : apply_call(source, call);
	}
	return rc;
}

static int
apply_text(struct pale_source *source, const char *text, size_t size)
{
	const char *words[VERBS_MAX + 1] = { NULL };
	struct pale_calls calls;
	int rc;

	for (size_t i = 0; i < pale_verb_count && i < VERBS_MAX; i++)
		words[i] = pale_verbs[i].word;
	rc = pale_calls_read(source->name, text, size, words, &calls, source->err);
	if (rc < 0)
		return rc;
	rc = apply_calls(source, calls.list, calls.count);
	pale_calls_done(&calls);
	return rc;
}

int
pale_source_profile(struct pale_source *source, const struct pale_call *call, size_t i)
{
	struct pale_source inner;
	int rc = enter(source, call, &inner);

	if (rc == 0)
		rc = apply_profile(&inner, call->args[i]);
	/* What fails here is the name or the depth: the profiles themselves are tested. */
	return pale_source_at(source, call->arg_lines[i], rc);
}

/* Begin a policy's own text: the first source, into the main compartment. */
static int
begin(struct pale_source *source, struct pale_policy *policy, unsigned *files, struct pale_err *err)
{
	struct pale_compartment *compartment;

	*source = (struct pale_source){
		.policy = policy, .compartment = main_compartment, .files = files, .err = err
	};
	if (pale_policy_compartment(policy, main_compartment, &compartment) < 0)
		return pale_source_no_memory(source);
	return 0;
}

int
pale_policy_read_file(struct pale_policy *policy, const char *path, struct pale_err *err)
{
	struct pale_source source;
	unsigned files = 1;
	int rc = begin(&source, policy, &files, err);

	return rc < 0 ? rc : apply_file(&source, path);
}

int
pale_policy_read_text(struct pale_policy *policy, const char *name, const char *dir,
    const char *text, size_t size, struct pale_err *err)
{
	PALE_FREE char *own_dir = dir == NULL ? NULL : strdup(dir);
	struct pale_source source;
	unsigned files = 1;
	int rc = begin(&source, policy, &files, err);

	if (rc < 0)
		return rc;
	if (dir != NULL && own_dir == NULL)
		return pale_source_no_memory(&source);
	source.name = name;
	source.dir = own_dir;
	return apply_text(&source, text, size);
}

int
pale_profile_read(struct pale_policy *policy, const char *name, struct pale_err *err)
{
	struct pale_source source;
	unsigned files = 1;
	int rc = begin(&source, policy, &files, err);

	return rc < 0 ? rc : apply_profile(&source, name);
}
