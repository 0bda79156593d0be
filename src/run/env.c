/* SPDX-License-Identifier: BSD-2-Clause */
/* The environment of a cage; see env.h. */
#include "run/env.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/env.h"

/* Who and where, language, terminal: nothing that carries a secret or makes a program load code. */
const char *const pale_env_allowed[] = { "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM",
	"COLORTERM", "NO_COLOR", "LANG", "LANGUAGE", "LC_ALL", "LC_ADDRESS", "LC_COLLATE",
	"LC_CTYPE", "LC_IDENTIFICATION", "LC_MEASUREMENT", "LC_MESSAGES", "LC_MONETARY", "LC_NAME",
	"LC_NUMERIC", "LC_PAPER", "LC_TELEPHONE", "LC_TIME", "TZ", NULL };

static bool
is_named(const struct pale_compartment *compartment, const char *name)
{
	for (size_t i = 0; i < compartment->env_count; i++) {
		if (strcmp(compartment->env[i].name, name) == 0)
			return true;
	}
	return false;
}

static int
put(char **env, size_t *count, const char *name, const char *value)
{
	if (value == NULL)
		return 0;
	if (asprintf(&env[*count], "%s=%s", name, value) < 0) {
		env[*count] = NULL;
		return -ENOMEM;
	}
	(*count)++;
	return 0;
}

void
pale_env_free(char **env)
{
	for (size_t i = 0; env != NULL && env[i] != NULL; i++)
		free(env[i]);
	free(env);
}

int
pale_env_make(const struct pale_compartment *compartment, char *const *from, char ***ret_env,
    struct pale_err *err)
{
	size_t most =
	    sizeof(pale_env_allowed) / sizeof(pale_env_allowed[0]) + compartment->env_count;
	char **env = calloc(most + 1, sizeof(*env));
	size_t count = 0;
	int result = env == NULL ? -ENOMEM : 0;

	for (size_t i = 0; result == 0 && !compartment->clear_env && pale_env_allowed[i] != NULL;
	     i++) {
		const char *name = pale_env_allowed[i];

		if (!is_named(compartment, name))
			result = put(env, &count, name, pale_env_find(from, name));
	}
	for (size_t i = 0; result == 0 && i < compartment->env_count; i++) {
		const struct pale_env *one = &compartment->env[i];

		result = put(env, &count, one->name,
		    one->value != NULL ? one->value : pale_env_find(from, one->name));
	}
	if (result < 0) {
		pale_env_free(env);
		return pale_fail(err, result, "out of memory");
	}
	*ret_env = env;
	return 0;
}
