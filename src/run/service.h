/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a service manager hands to a service (sd_notify(3), sd_listen_fds(3)), made into grants: the
 * socket that readiness is told to, and the descriptors of socket activation.
 */
#ifndef PALE_RUN_SERVICE_H
#define PALE_RUN_SERVICE_H

#include <stddef.h>
#include <sys/types.h>

#include "core/err.h"
#include "policy/policy.h"

enum {
	PALE_SERVICE_FDS_MAX = 64, /* descriptors of one activation; services have a few */
};

/*
 * Add to a compartment what it asks for with .notify and .activation, from the variables of the
 * environment. What is not there, as outside of a service manager, is not asked for any more.
 *
 *   pid  our own number, which LISTEN_PID must be for the descriptors to be meant for us
 *
 * Returns 0, -EINVAL (a variable is not as the manager writes it), -EBADF or -ENOTSOCK (a
 * descriptor is not there, or no socket), -ENOMEM.
 * Test: tests/cli/service.bats
 */
int pale_service_grants(
    struct pale_compartment *compartment, char *const *env, pid_t pid, struct pale_err *err);

/*
 * In an environment that is made, give LISTEN_PID room for any number.
 *
 *   ret_slot  where the number is to be written, PALE_CAGE_PID_BYTES; NULL if it is not there
 */
int pale_service_slot(char **env, char **ret_slot, struct pale_err *err);

#endif
