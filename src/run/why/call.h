/* SPDX-License-Identifier: BSD-2-Clause */
/* A system call as people write it: "unlinkat", "open:O_WRONLY|O_CREAT", "socket:AF_VSOCK". */
#ifndef PALE_RUN_WHY_CALL_H
#define PALE_RUN_WHY_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/sys.h"

/* A call with those of its arguments that are numbers; the others are 0. */
struct pale_call {
	enum pale_sys sys;
	uint64_t args[PALE_SYS_ARGS];
};

/*
 * Parse NAME or NAME:VALUE|VALUE...
 *
 * NAME is a system call, or a library function that stands for one ("fstatat", "execvp"). A VALUE
 * is a label of the call's sub-rows in sys.def, a flag of open(2), a mode bit, or a number, which
 * is taken for the call's command or flags.
 *
 * Returns 0 or -EINVAL with the nearest name. Test: tests/cli/why.bats
 */
int pale_call_parse(const char *text, struct pale_call *ret, struct pale_err *err);

/* Does it act on a name rather than on what has it? Its rights are then those of the directory. */
bool pale_call_acts_on_name(enum pale_sys sys);

/* Is a link as last component of its path followed? */
bool pale_call_follows(const struct pale_call *call);

/*
 * The rights that it needs where a path leads: of its first path (0), of its second (1), or all
 * that it needs as if both led to one place (PALE_CALL_WHOLE).
 *
 *   exists  something has the name, so that nothing has to be created
 */
enum {
	PALE_CALL_WHOLE = -1,
};
pale_rights pale_call_needed(const struct pale_call *call, int which, bool exists);

/*
 * As people write it: rename("a", "b"), socket(AF_INET, SOCK_STREAM). Escaped for a terminal; a
 * text that is longer than a line is cut, with "..." behind it.
 *
 *   texts    its paths, in their order; NULL for none, or one that is not known
 *   address  of a socket call, or NULL
 *
 * Returns the length, as snprintf. Test: tests/cli/trace.bats
 */
size_t pale_call_print(const struct pale_call *call, const char *const texts[PALE_SYS_NEEDS],
    const char *address, char *buf, size_t size);

/* The index of the first argument of a kind, or -1. */
int pale_call_arg(enum pale_sys sys, enum pale_arg kind);

#endif
