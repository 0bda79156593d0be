/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `pale run --trace`: each distinct denial as it is met (as text), or all when the command has
 * ended (as JSON, with their counts), and one line at the end.
 *
 * What is printed while the command runs is printed by the process that answers its calls, so it
 * never waits for a reader: what does not go out at once is kept, and beyond a bound left out.
 */
#ifndef PALE_CLI_TRACE_H
#define PALE_CLI_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "cli/run_options.h"
#include "core/err.h"
#include "run/trace/trace.h"

struct pale_cli_trace {
	struct pale_trace *trace; /* NULL: --trace was not asked for */
	const char *file;         /* its name, or NULL for standard error */
	int fd;                   /* where it goes */
	int dir;                  /* the file's directory, to take the file away again */
	int error;                /* errno of what could not be written, or 0 */
	bool json;
	bool colour;
	char *pending; /* what is to go out */
	size_t pending_size;
	uint64_t left_out; /* denials that were too many for it */
};

#define PALE_CLI_TRACE_NONE ((struct pale_cli_trace){ .fd = -1, .dir = -1 })

/*
 * Begin, if the arguments say so: args->plan gets the watcher. The file is made, 0600, and must not
 * be there.
 *
 * Returns 0, -EEXIST or another -errno of making the file, -ENOMEM.
 */
int pale_cli_trace_start(struct pale_cli_trace *trace, struct pale_run_args *args,
    const struct pale_compartment *compartment, struct pale_err *err);

/*
 * The end: whatever is still to be said, if the command ran, and everything given back. If it did
 * not, the file is gone again.
 */
void pale_cli_trace_end(struct pale_cli_trace *trace, bool ran);

#endif
