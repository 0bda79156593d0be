/* SPDX-License-Identifier: BSD-2-Clause */
/* What is not there yet, so that the rest links; whoever brings it wins over the weak one here. */
#include "replay/replay.h"

__attribute__((weak)) const char *const pale_replay_names[PALE_REPLAY_COUNT] = { "walker", "kernel",
	"beneath", "in-root", "mount" };
