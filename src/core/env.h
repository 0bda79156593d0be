/* SPDX-License-Identifier: BSD-2-Clause */
/* An environment as execve(2) takes it: "NAME=VALUE", ended by NULL. */
#ifndef PALE_CORE_ENV_H
#define PALE_CORE_ENV_H

/* The value of a variable, borrowed; NULL if it is not set. The first of several counts. */
const char *pale_env_find(char *const *env, const char *name);

#endif
