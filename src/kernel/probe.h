/* SPDX-License-Identifier: BSD-2-Clause */
/* What the running kernel offers, found out by asking it, never by its version where it can be
 * asked. */
#ifndef PALE_KERNEL_PROBE_H
#define PALE_KERNEL_PROBE_H

#include <stdbool.h>

/* For the few things that cannot be asked: is this Linux major.minor or later? */
bool pale_probe_kernel_at_least(unsigned major, unsigned minor);

#endif
