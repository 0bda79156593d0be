/* SPDX-License-Identifier: BSD-2-Clause */
/* Doors; see doors.h. */
#include "cage/doors.h"

const struct pale_doors pale_doors_none = { 0 };
