/* SPDX-License-Identifier: BSD-2-Clause */
/* What this machine has: memory, processors, time. */
#ifndef PALE_CLI_CHECK_MACHINE_H
#define PALE_CLI_CHECK_MACHINE_H

#include <stdint.h>

/* Bytes that may still be taken: what is available, less where a control group allows less. 0 where
 * it cannot be known. */
uint64_t pale_machine_free(void);

/* Processors that this process may run on, at least 1, at most what a search takes. */
unsigned pale_machine_processors(void);

/* A clock that only goes forward, in nanoseconds. */
uint64_t pale_machine_now_ns(void);

#endif
