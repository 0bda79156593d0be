/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Steps of the model: a scenario, a line "---", and behind it one byte for each step that chooses
 * it among those that there are. Every state must be sane, whatever the scenario.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/read.h"
#include "model_sane.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const char line[] = "\n---\n";

static void
walk(const struct pale_model *model, const uint8_t *choices, size_t count)
{
	struct pale_state state = *model->initial;
	const char *why = insane(model, &state);
	bool taken;

	for (size_t i = 0; i < count && why == NULL; i++)
		why = sane_step(model, &state, choices[i], &taken);
	if (why != NULL) {
		fprintf(stderr, "%s\n", why);
		abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const uint8_t *end = memmem(bytes, size, line, sizeof(line) - 1);
	struct pale_model *model;
	const uint8_t *choices;

	if (end == NULL)
		return 0;
	choices = end + sizeof(line) - 1;
	if (pale_model_read(
		"fuzz", (const char *)bytes, (size_t)(end - bytes) + 1, NULL, &model, NULL) < 0)
		return 0;
	walk(model, choices, size - (size_t)(choices - bytes));
	pale_model_free(model);
	return 0;
}
