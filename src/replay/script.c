/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>

#include "replay/replay.h"

int
pale_replay_script(const struct pale_model *model, const struct pale_replay_step *steps,
    size_t count, unsigned property, char **ret_text, struct pale_err *err)
{
	(void)model;
	(void)steps;
	(void)count;
	(void)property;
	(void)ret_text;
	return pale_fail(err, -ENOTSUP, "not written yet");
}
