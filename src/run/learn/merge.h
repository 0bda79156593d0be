/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From what was seen to the grants of a policy: few, none wider than it must be without a reason
 * that is written beside it, and all of them such that `pale run` enforces them exactly. Pure.
 *
 * What has to be widened, and why:
 *   - what makes, removes or renames a name needs the directory: a grant of a file is a mount, and
 *     can do none of these;
 *   - names that are others at the next run (random, hashes, processes): their directory;
 *   - many names of one directory with the same rights: the directory;
 *   - a rename from one directory to another: both in one grant, as mounts cannot be crossed;
 *   - what lies in a directory whose names can be replaced is never granted by its own name: the
 *     program could put a link there that leads anywhere, and the next run would grant that;
 *   - rights that no mechanism can withhold here, because other grants have them.
 * Where widening would reach a home directory, "/" or a secret, the grant is not made, but told.
 */
#ifndef PALE_RUN_LEARN_MERGE_H
#define PALE_RUN_LEARN_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/rights.h"
#include "run/learn/seen.h"

enum {
	PALE_LEARN_SIBLINGS = 4, /* names with the same rights that become their directory */
	PALE_LEARN_GRANTS = 512, /* more, and fewer siblings are enough: each costs 22 us */
	PALE_LEARN_EXAMPLES = 3, /* names told beside a number of them */
	PALE_LEARN_EXAMPLE_BYTES = 96,
};

/* Why a grant is wider than what was seen. */
enum pale_learn_reason {
	PALE_LEARN_MADE,   /* names in it are made, removed or renamed */
	PALE_LEARN_RANDOM, /* names in it are others at the next run */
	PALE_LEARN_MANY,   /* many names in it with the same rights */
	PALE_LEARN_MOVED,  /* something is renamed between directories in it */
	PALE_LEARN_INNER,  /* names in it need more, and it can replace them */
	PALE_LEARN_FLOOD,  /* more names in it than are kept */
	PALE_LEARN_REASON_COUNT,
};

/* Names that are a reason: so many, and the first few of them, escaped. */
struct pale_learn_names {
	uint64_t count;
	char examples[PALE_LEARN_EXAMPLE_BYTES];
};

/* One grant, or one that could not be made. Texts are borrowed from what was seen but .path. */
struct pale_learn_grant {
	char *path; /* owned */
	const char *target;
	const char *notes;
	const char *first;
	enum pale_seen_type type; /* DIR: with all beneath it */
	pale_rights rights;       /* closed, without what is around it */
	pale_rights added;        /* of these, what nothing here can withhold */
	uint64_t count;
	struct pale_learn_names names[PALE_LEARN_REASON_COUNT];
	const char *refused; /* why it is not made, a phrase; NULL: it is */
};

/* A grant of somebody else that the learned ones stand beside. */
struct pale_learn_base {
	const char *path;
	pale_rights rights;
	uint64_t landlock; /* what Landlock allows in it, and so in all that lies in it */
	bool is_dir;
	bool has_rights; /* no: a private directory, whose files are its own */
};

struct pale_learn_around {
	const char *const *roots; /* trees that may be learned; canonical */
	size_t root_count;
	const char *const *never; /* directories that no grant may be of: homes. "/" is one */
	size_t never_count;
	const char *const *secrets; /* canonical; no grant may show one */
	size_t secret_count;
	const struct pale_learn_base *base;
	size_t base_count;
	unsigned landlock_abi;
};

struct pale_learn_grants {
	struct pale_learn_grant *list; /* in tree order */
	size_t count;
	size_t widened; /* grants with a reason */
	size_t refused;
};

/*
 * Make the grants. What was seen stays as it is.
 *
 * Returns 0 or -ENOMEM. Test: tests/unit/learn_merge.c
 */
int pale_learn_merge(const struct pale_seen_list *seen, const struct pale_learn_around *around,
    struct pale_learn_grants *ret);

void pale_learn_grants_done(struct pale_learn_grants *grants);

#endif
