/* SPDX-License-Identifier: BSD-2-Clause */
/* The environment of a cage: what the policy names, and a small allow-list of harmless names. */
#ifndef PALE_RUN_ENV_H
#define PALE_RUN_ENV_H

#include "core/err.h"
#include "policy/policy.h"

/*
 * Make the environment.
 *
 *   from     the caller's environment, NULL-terminated
 *   ret_env  NULL-terminated vector owned by the caller: free each string, then the vector
 */
int pale_env_make(const struct pale_compartment *compartment, char *const *from, char ***ret_env,
    struct pale_err *err);

void pale_env_free(char **env);

/* The names passed through without being asked for; NULL-terminated. */
extern const char *const pale_env_allowed[];

#endif
