/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The policy model: compartments, grants, environment, limits; see policy.h. Pure: strings come in,
 * copies are kept, nothing is looked up anywhere.
 */
#include "policy/policy.h"

#include <errno.h>
#include <string.h>

#include "core/scope.h"
#include "core/suggest.h"

static const char *const limit_names[PALE_LIMIT_COUNT] = {
	[PALE_LIMIT_NPROC] = "nproc",
	[PALE_LIMIT_NOFILE] = "nofile",
	[PALE_LIMIT_AS] = "as",
	[PALE_LIMIT_CPU] = "cpu",
	[PALE_LIMIT_FSIZE] = "fsize",
};

static int
no_memory(struct pale_err *err)
{
	return pale_fail(err, -ENOMEM, "out of memory");
}

/* Copy text; NULL stays NULL. False when there is no memory. */
static bool
copy(char **ret_copy, const char *text)
{
	if (text == NULL) {
		*ret_copy = NULL;
		return true;
	}
	*ret_copy = strdup(text);
	return *ret_copy != NULL;
}

/* Replace an owned string by a copy of text. */
static int
replace(char **owner, const char *text, struct pale_err *err)
{
	char *fresh;

	if (!copy(&fresh, text))
		return no_memory(err);
	free(*owner);
	*owner = fresh;
	return 0;
}

/*
 * Room for one more element in an array whose room is always a power of two, so that it need not
 * be stored: it is full exactly when count is a power of two.
 */
static void *
grow(void *array, size_t count, size_t size)
{
	if (count == 0)
		return realloc(array, size);
	if ((count & (count - 1)) != 0)
		return array;
	return reallocarray(array, count * 2, size);
}

static void
grant_done(struct pale_grant *grant)
{
	free(grant->path);
	free(grant->target);
	free(grant->base);
	free(grant->origin);
}

static void
command_free(char **command)
{
	if (command == NULL)
		return;
	for (char **word = command; *word != NULL; word++)
		free(*word);
	free(command);
}

static void
compartment_done(struct pale_compartment *compartment)
{
	for (size_t i = 0; i < compartment->grant_count; i++)
		grant_done(&compartment->grants[i]);
	free(compartment->grants);
	for (size_t i = 0; i < compartment->env_count; i++) {
		free(compartment->env[i].name);
		free(compartment->env[i].value);
	}
	free(compartment->env);
	command_free(compartment->command);
	free(compartment->chdir);
	free(compartment->proc);
	free(compartment->net);
	free(compartment->name);
}

void
pale_policy_init(struct pale_policy *policy)
{
	*policy = (struct pale_policy){ 0 };
}

void
pale_policy_done(struct pale_policy *policy)
{
	for (size_t i = 0; i < policy->compartment_count; i++)
		compartment_done(&policy->compartments[i]);
	free(policy->compartments);
	pale_policy_init(policy);
}

int
pale_policy_compartment(
    struct pale_policy *policy, const char *name, struct pale_compartment **ret_compartment)
{
	struct pale_compartment *grown;
	char *own_name;

	for (size_t i = 0; i < policy->compartment_count; i++) {
		if (strcmp(policy->compartments[i].name, name) == 0) {
			*ret_compartment = &policy->compartments[i];
			return 0;
		}
	}
	grown = grow(policy->compartments, policy->compartment_count, sizeof(*grown));
	if (grown == NULL)
		return -ENOMEM;
	policy->compartments = grown;
	own_name = strdup(name);
	if (own_name == NULL)
		return -ENOMEM;
	grown += policy->compartment_count++;
	*grown = (struct pale_compartment){ .name = own_name };
	*ret_compartment = grown;
	return 0;
}

int
pale_compartment_grant(
    struct pale_compartment *compartment, const struct pale_grant *grant, struct pale_err *err)
{
	struct pale_grant *grown;
	struct pale_grant own = *grant;
	bool copied;

	if (compartment->grant_count >= PALE_POLICY_GRANTS_MAX) {
		pale_fail(err, -E2BIG, "more than %d grants", PALE_POLICY_GRANTS_MAX);
		return pale_remedy(err, "grant a directory instead of the files in it");
	}
	grown = grow(compartment->grants, compartment->grant_count, sizeof(*grown));
	if (grown == NULL)
		return no_memory(err);
	compartment->grants = grown;

	copied = copy(&own.path, grant->path);
	copied = copy(&own.target, grant->target) && copied;
	copied = copy(&own.base, grant->base) && copied;
	copied = copy(&own.origin, grant->origin) && copied;
	if (!copied) {
		grant_done(&own);
		return no_memory(err);
	}
	grown[compartment->grant_count++] = own;
	return 0;
}

/* Length of the NAME that assignment starts with; 0 if it is no name of a variable. */
static size_t
env_name_length(const char *assignment)
{
	size_t length = strcspn(assignment, "=");

	for (size_t i = 0; i < length; i++) {
		char c = assignment[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
		bool digit = c >= '0' && c <= '9';

		if (!letter && (!digit || i == 0))
			return 0;
	}
	return length;
}

int
pale_compartment_env(
    struct pale_compartment *compartment, const char *assignment, struct pale_err *err)
{
	PALE_FREE char *name = NULL;
	PALE_FREE char *value = NULL;
	size_t length = env_name_length(assignment);
	struct pale_env *env = NULL;

	if (length == 0) {
		pale_fail(err, -EINVAL, "'%s' names no environment variable", assignment);
		return pale_remedy(
		    err, "write NAME or NAME=VALUE; a name has letters, digits and underscores");
	}
	name = strndup(assignment, length);
	if (name == NULL)
		return no_memory(err);
	if (assignment[length] == '=' && !copy(&value, assignment + length + 1))
		return no_memory(err);

	for (size_t i = 0; i < compartment->env_count; i++)
		if (strcmp(compartment->env[i].name, name) == 0)
			env = &compartment->env[i];
	if (env == NULL) {
		env = grow(compartment->env, compartment->env_count, sizeof(*env));
		if (env == NULL)
			return no_memory(err);
		compartment->env = env;
		env += compartment->env_count++;
		*env = (struct pale_env){ .name = pale_take_ptr(name) };
	}
	free(env->value);
	env->value = pale_take_ptr(value);
	return 0;
}

/* Parse "64", "2G", "unlimited"; false if it is none of them or does not fit. */
static bool
parse_amount(const char *text, uint64_t *ret_amount)
{
	static const char suffixes[] = "KMGT";
	uint64_t amount = 0;
	const char *suffix;
	const char *at = text;

	if (strcmp(text, "unlimited") == 0) {
		*ret_amount = UINT64_MAX;
		return true;
	}
	for (; *at >= '0' && *at <= '9'; at++)
		if (__builtin_mul_overflow(amount, 10, &amount) ||
		    __builtin_add_overflow(amount, (uint64_t)(*at - '0'), &amount))
			return false;
	if (at == text)
		return false;
	if (*at != '\0') {
		suffix = strchr(suffixes, *at & ~('a' ^ 'A'));
		if (suffix == NULL || *suffix == '\0' || at[1] != '\0')
			return false;
		if (__builtin_mul_overflow(
			amount, (uint64_t)1 << (10 * (suffix - suffixes + 1)), &amount))
			return false;
	}
	if (amount == UINT64_MAX)
		return false;
	*ret_amount = amount;
	return true;
}

const char *
pale_limit_name(enum pale_limit limit)
{
	return limit_names[limit];
}

int
pale_compartment_limit(
    struct pale_compartment *compartment, const char *assignment, struct pale_err *err)
{
	PALE_FREE char *name = strndup(assignment, strcspn(assignment, "="));
	const char *value = strchr(assignment, '=');
	const char *nearest;
	uint64_t amount;

	if (name == NULL)
		return no_memory(err);
	if (value == NULL) {
		pale_fail(err, -EINVAL, "limit '%s' has no value", assignment);
		return pale_remedy(err, "write NAME=NUMBER, for instance nproc=256");
	}
	for (size_t i = 0; i < PALE_LIMIT_COUNT; i++) {
		if (strcmp(limit_names[i], name) != 0)
			continue;
		if (!parse_amount(value + 1, &amount)) {
			pale_fail(
			    err, -EINVAL, "'%s' is no value for the limit '%s'", value + 1, name);
			return pale_remedy(err,
			    "write a number, with K, M, G or T behind it if you like, or "
			    "unlimited");
		}
		compartment->limit[i] = amount;
		compartment->limit_set[i] = true;
		return 0;
	}
	pale_fail(err, -EINVAL, "unknown limit '%s'", name);
	nearest = pale_suggest(name, limit_names, PALE_LIMIT_COUNT);
	if (nearest != NULL)
		return pale_remedy(err, "did you mean '%s'?", nearest);
	return pale_remedy(err, "the limits are nproc, nofile, as, cpu and fsize");
}

int
pale_compartment_net(struct pale_compartment *compartment, const char *word, struct pale_err *err)
{
	static const char *const words[] = { "host", "none", "loopback" };
	const char *near;

	for (size_t i = 0; i < PALE_COUNT(words); i++) {
		if (strcmp(words[i], word) == 0)
			return replace(&compartment->net, word, err);
	}
	pale_fail(err, -EINVAL, "there is no network '%s'", word);
	near = pale_suggest(word, words, PALE_COUNT(words));
	if (near != NULL)
		return pale_remedy(err, "did you mean '%s'?", near);
	return pale_remedy(err, "it is host, none or loopback");
}

int
pale_compartment_command(
    struct pale_compartment *compartment, const char *const *argv, struct pale_err *err)
{
	size_t count = 0;
	char **words;

	while (argv[count] != NULL)
		count++;
	words = calloc(count + 1, sizeof(*words));
	if (words == NULL)
		return no_memory(err);
	for (size_t i = 0; i < count; i++) {
		if (!copy(&words[i], argv[i])) {
			command_free(words);
			return no_memory(err);
		}
	}
	command_free(compartment->command);
	compartment->command = words;
	return 0;
}

/* Give to the environment of from; values may hold anything, so no assignment is put together. */
static int
merge_env(struct pale_compartment *to, const struct pale_env *from, struct pale_err *err)
{
	int rc = pale_compartment_env(to, from->name, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < to->env_count; i++)
		if (strcmp(to->env[i].name, from->name) == 0)
			return replace(&to->env[i].value, from->value, err);
	return 0;
}

int
pale_compartment_merge(
    struct pale_compartment *to, const struct pale_compartment *from, struct pale_err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < from->grant_count; i++)
		rc = pale_compartment_grant(to, &from->grants[i], err);
	for (size_t i = 0; rc == 0 && i < from->env_count; i++)
		rc = merge_env(to, &from->env[i], err);
	for (size_t i = 0; i < PALE_LIMIT_COUNT; i++) {
		if (from->limit_set[i]) {
			to->limit[i] = from->limit[i];
			to->limit_set[i] = true;
		}
	}
	if (rc == 0 && from->command != NULL)
		rc = pale_compartment_command(to, (const char *const *)from->command, err);
	if (rc == 0 && from->chdir != NULL)
		rc = replace(&to->chdir, from->chdir, err);
	if (rc == 0 && from->proc != NULL)
		rc = replace(&to->proc, from->proc, err);
	if (rc == 0 && from->net != NULL)
		rc = replace(&to->net, from->net, err);
	to->notify |= from->notify;
	to->activation |= from->activation;
	to->clear_env |= from->clear_env;
	to->exec_writable |= from->exec_writable;
	return rc;
}
