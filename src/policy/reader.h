/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text of a policy as a list of calls. This and scan.h are all that knows how a policy is
 * written; what the calls mean is in verbs.c.
 */
#ifndef PALE_POLICY_READER_H
#define PALE_POLICY_READER_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* The end of a block is listed as a call of this word, so that an empty one is seen too. */
#define PALE_READ_BLOCK SIZE_MAX

/* One call: read('/usr', '/opt'). All that it points to belongs to the list it is in. */
struct pale_call {
	size_t word;             /* index of its name in the list of words, or PALE_READ_BLOCK */
	const char *compartment; /* that it stands in, NULL outside */
	unsigned line;
	const char *const *args; /* NULL-terminated */
	const unsigned *arg_lines;
	size_t arg_count;
};

struct pale_calls {
	struct pale_call *list;
	size_t count;
};

enum {
	PALE_READ_WORDS_MAX = 63, /* words a call can begin with: a bound for the stack */
};

/*
 * Read a text. Nothing is opened, expanded or printed.
 *
 *   name       what messages call the text
 *   words      names of calls, NULL-terminated, at most PALE_READ_WORDS_MAX
 *   ret_calls  in the order of the text; untouched on failure; give it to pale_calls_done
 *
 * Returns 0, -EINVAL with "NAME:LINE: ..." in err, -ENOMEM. Not for two threads at once, as
 * libConfuse's lexer is one for all.
 * Test: tests/unit/policy.c, fuzz/policy.c
 */
int pale_calls_read(const char *name, const char *text, size_t size, const char *const *words,
    struct pale_calls *ret_calls, struct pale_err *err);

void pale_calls_done(struct pale_calls *calls);

#endif
