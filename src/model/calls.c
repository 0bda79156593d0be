/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/model.h"

/* clang-format off */
const struct pale_model_call pale_model_calls[PALE_CALL_COUNT] = {
	[PALE_CALL_NONE] = { "none", "", "", NULL, "" },
#define CALL(name, signature, walks, sys, summary) \
	[PALE_CALL_##name] = { #name, signature, walks, sys, summary },
#include "model/calls.def"
};
/* clang-format on */
