/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Endpoints of communication as they hold here: which thing of the machine each is, whether it gets
 * a mount of its own (an existing UNIX socket, a FIFO), what the supervisor is handed for it
 * (cage/doors.h), and which calls then have to be asked about.
 *
 * Promised: a grant of one socket, FIFO, queue or host opens that and nothing beside it. What
 * cannot be told apart from something else is refused, or asked about at a price that is said.
 */
#ifndef PALE_RUN_DOORS_H
#define PALE_RUN_DOORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cage/doors.h"
#include "core/err.h"
#include "policy/policy.h"

struct pale_entry;
struct pale_plan;
struct pale_plan_options;

/* One endpoint. */
struct pale_endpoint {
	enum pale_grant_kind kind;
	char *name;    /* UNIX, FIFO: canonical path inside, or "@NAME"; else as written; owned */
	unsigned use;  /* enum pale_use */
	int32_t key;   /* SHM MSG SEM */
	uint16_t port; /* TCP UDP; 0 = any */
	const char *origin; /* borrowed from the policy */
	bool there;         /* UNIX, FIFO: it was there at the start */
	bool native;        /* UNIX: the kernel connects, and the peer sees the program */
	int dir;   /* UNIX: O_PATH of the machine's directory that has the name, owned; -1 */
	dev_t dev; /* UNIX, FIFO, .there */
	ino_t ino;
	uid_t owner;
};

/*
 * Resolve the grant of an endpoint into the plan's next endpoint and, for a path, an entry.
 *
 *   path   UNIX, FIFO: the path as it is walked, else unused
 *   entry  kind and origin are set; the rest is filled for UNIX and FIFO paths
 *
 * Returns 1 if there is an entry, 0 if not, or -errno with a sentence: -ENOENT (nothing to connect
 * to), -ENOTSOCK or -EINVAL (another kind of thing), -EOPNOTSUPP (nothing here enforces it).
 * Test: tests/cli/endpoints.bats
 */
int pale_doors_resolve(struct pale_plan *plan, const struct pale_grant *grant, const char *path,
    struct pale_entry *entry, struct pale_err *err);

/*
 * When every entry is compiled: the doors of the supervisor, and the gates that they open and
 * close. Fills .doors, .native_not and .sys.gates of the plan.
 */
int pale_doors_make(struct pale_plan *plan, const struct pale_compartment *compartment,
    const struct pale_plan_options *options, struct pale_err *err);

/* Give back what the plan holds of endpoints and doors. */
void pale_doors_done(struct pale_plan *plan);

/* The socket grant of a name inside, "/run/x" or "@x"; NULL if none. */
const struct pale_endpoint *pale_doors_find_unix(const struct pale_plan *plan, const char *name);

#endif
