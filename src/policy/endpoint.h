/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Endpoints of communication as people write them, on the command line and in a policy alike:
 *
 *   unix  PATH:connect[,bind,follow,scm-in,scm-out]   or @NAME:...
 *   fifo  PATH:read|write[,...]
 *   shm, msg, sem  KEY:read[,write]                   KEY decimal, 0x hexadecimal
 *   mq    NAME:read|write[,...]                       with or without the leading slash
 *   tcp, udp  HOST:PORT[:connect|bind]                HOST a name, an address, [v6] or *; PORT 1 to
 *                                                     65535 or *
 *
 * Which uses an endpoint has, and what they mean, is one table.
 */
#ifndef PALE_POLICY_ENDPOINT_H
#define PALE_POLICY_ENDPOINT_H

#include "core/err.h"
#include "policy/policy.h"

struct pale_use_row {
	const char *name; /* "scm-in" */
	unsigned bit;     /* enum pale_use */
	unsigned kinds;   /* 1 << enum pale_grant_kind: which endpoints have it */
	const char *meaning;
};

/* Every use; ends with a NULL name. */
extern const struct pale_use_row pale_uses[];

/* Is it an endpoint, with .use and not with .rights? And what it is called: "unix", "shm" ... */
bool pale_grant_is_endpoint(enum pale_grant_kind kind);
const char *pale_endpoint_word(enum pale_grant_kind kind);

/*
 * Parse a name and its uses into a grant: .kind, .path (allocated, the caller frees), .use, .key,
 * .port; the other members are left alone.
 *
 *   name  "PATH", "@NAME", "KEY", "NAME", "HOST:PORT"
 *   uses  "connect,bind"; NULL or "" for what the kind has by itself (connect of tcp and udp)
 *
 * Returns 0, -ENOMEM, or -EINVAL with the nearest word. Test: tests/unit/endpoint.c
 */
int pale_endpoint_parse(enum pale_grant_kind kind, const char *name, const char *uses,
    struct pale_grant *grant, struct pale_err *err);

/* The same from one word, NAME:USES; for sysv the word begins with "shm:", "msg:" or "sem:". */
int pale_endpoint_parse_word(
    const char *option, const char *word, struct pale_grant *grant, struct pale_err *err);

/* "shm", "msg" or "sem" as a kind; -EINVAL with the nearest word. */
int pale_endpoint_sysv(const char *word, enum pale_grant_kind *ret_kind, struct pale_err *err);

/* "connect,scm-in"; returns the length, as snprintf. */
size_t pale_uses_print(unsigned use, char *buf, size_t size);

#endif
