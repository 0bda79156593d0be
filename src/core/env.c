/* SPDX-License-Identifier: BSD-2-Clause */
/* See env.h. */
#include "core/env.h"

#include <stddef.h>
#include <string.h>

const char *
pale_env_find(char *const *env, const char *name)
{
	size_t len = strlen(name);

	for (; *env != NULL; env++) {
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return *env + len + 1;
	}
	return NULL;
}
