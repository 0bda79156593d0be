/* SPDX-License-Identifier: BSD-2-Clause */
/* The walkers that pale brings, by the name of their variable, in the order of the matrix. */
#ifndef PALE_MODEL_WALKERS_ROWS_H
#define PALE_MODEL_WALKERS_ROWS_H

#include "pale/walker.h"

/* clang-format off */
#define PALE_WALKER_ROWS(ROW) \
	ROW(none) \
	ROW(start_compare) \
	ROW(depth_count) \
	ROW(reject_dotdot) \
	ROW(one_dotdot) \
	ROW(walk_atomic) \
	ROW(walk_stepwise) \
	ROW(walk_then_step) \
	ROW(lock) \
	ROW(tracker) \
	ROW(tracker_final) \
	ROW(beneath) \
	ROW(beneath_nofinal) \
	ROW(walk_final) \
	ROW(in_root) \
	ROW(mount_root) \
	ROW(fd_stack) \
	ROW(pale) \
	ROW(go_os_root) \
	ROW(go_os_root_2026) \
	ROW(go_os_root_2025) \
	ROW(cap_std) \
	ROW(cap_std_2026) \
	ROW(libpathrs) \
	ROW(realpath_open) \
	ROW(clean_open)
/* clang-format on */

#define ROW(name) extern const struct pale_walker pale_walker_##name;
PALE_WALKER_ROWS(ROW)
#undef ROW

#endif
