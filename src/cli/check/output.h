/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that are there whole or not at all. */
#ifndef PALE_CLI_CHECK_OUTPUT_H
#define PALE_CLI_CHECK_OUTPUT_H

#include <stdio.h>

#include "core/err.h"

/* A file that is being written under another name beside its own. Zeroed is none. */
struct pale_output {
	const char *name; /* borrowed */
	char *temporary;  /* NULL where the name is no regular file: /dev/stdout, a pipe */
	FILE *out;
};

/* Begin. Returns 0 or -errno; the file that has the name is untouched. */
int pale_output_open(const char *name, struct pale_output *ret, struct pale_err *err);

/* Write out and give it its name. Where that fails nothing is left of it. */
int pale_output_commit(struct pale_output *output, struct pale_err *err);

/* Give up: nothing is left. Harmless after commit, and on a zeroed one. */
void pale_output_drop(struct pale_output *output);

/* All at once. */
int pale_output_write(const char *name, const char *text, struct pale_err *err);

#endif
