/* SPDX-License-Identifier: BSD-2-Clause */
/* A system call as people write it: "unlinkat", "open:O_WRONLY|O_CREAT", "socket:AF_VSOCK". */
#ifndef PALE_RUN_CALL_H
#define PALE_RUN_CALL_H

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

/* The index of the first argument of a kind, or -1. */
int pale_call_arg(enum pale_sys sys, enum pale_arg kind);

#endif
