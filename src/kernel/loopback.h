/* SPDX-License-Identifier: BSD-2-Clause */
/* The loopback interface of a fresh network namespace, which is there but down. */
#ifndef PALE_KERNEL_LOOPBACK_H
#define PALE_KERNEL_LOOPBACK_H

#include "core/err.h"

/* Bring it up; takes CAP_NET_ADMIN in the namespace. The kernel gives it 127.0.0.1 and ::1. */
int pale_loopback_up(struct pale_err *err);

#endif
