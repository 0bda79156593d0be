/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader of scenarios under arbitrary texts: what is refused is refused in words, what is taken
 * is a model within its room, taken the same way again, and nothing is lost.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/pack.h"
#include "model/read.h"
#include "model/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void
fail(const char *why)
{
	fprintf(stderr, "%s\n", why);
	abort();
}

static void
check_site(const struct pale_model *model, const struct pale_site *site)
{
	if (site->op <= PALE_CALL_NONE || site->op >= PALE_CALL_COUNT || site->text == NULL)
		fail("a site is no call");
	for (int i = 0; i < 2; i++) {
		if (site->path[i] >= model->rest_count)
			fail("a path is none");
		if (site->fd[i] >= PALE_MODEL_FDS && site->fd[i] < PALE_FD_ANY)
			fail("a descriptor has no slot");
		if (site->to_fd[i] >= PALE_MODEL_FDS && site->to_fd[i] != PALE_FD_ANY)
			fail("a result has no slot");
		if (site->ref[i].kind == PALE_REF_VAR && site->ref[i].of > PALE_MODEL_VARS)
			fail("a variable has no place");
		if (site->ref[i].kind == PALE_REF_VALUE && site->ref[i].of > model->value_count)
			fail("a value is none");
	}
	if (site->child > model->process_count || site->to_var > PALE_MODEL_VARS)
		fail("a result is nowhere");
}

static void
check_model(const struct pale_model *model)
{
	static uint64_t words[64];
	const char *lost;

	if (model->process_count < 1 || model->process_count > PALE_MODEL_PROCESSES ||
	    model->inode_count > model->inode_room || model->inode_room >= PALE_MODEL_INODES ||
	    model->rest_count > PALE_MODEL_RESTS || model->properties == 0)
		fail("a model without room for itself");
	for (size_t i = 1; i < model->rest_count; i++)
		if (model->rests[i].part.rest == 0 ||
		    model->rests[i].part.rest >= model->rest_count)
			fail("what is behind a component is nowhere");
	for (size_t i = 1; i < model->site_count; i++)
		check_site(model, &model->sites[i]);
	if (pale_model_words(model) > sizeof(words) / sizeof(words[0]))
		fail("a state that is too wide was taken");
	lost = pale_model_lost(model, model->initial);
	if (lost != NULL)
		fail(lost);
	pale_model_pack(model, model->initial, words);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct pale_model *models[2] = { NULL, NULL };
	struct pale_err errs[2] = { { 0 }, { 0 } };
	int rc[2];

	for (int i = 0; i < 2; i++) {
		rc[i] = pale_model_read(
		    "t", (const char *)bytes, size, NULL, &models[i], i == 0 ? &errs[0] : NULL);
		if ((rc[i] < 0) != (models[i] == NULL))
			fail("refused, and there is a model all the same");
	}
	if (rc[0] != rc[1])
		fail("the same text was read in two ways");
	if (rc[0] < 0) {
		if (errs[0].code != rc[0] || strncmp(errs[0].text, "t:", 2) != 0)
			fail("a failure without words");
	} else {
		check_model(models[0]);
		if (models[0]->rest_count != models[1]->rest_count ||
		    models[0]->site_count != models[1]->site_count ||
		    memcmp(models[0]->initial, models[1]->initial, sizeof(*models[0]->initial)) !=
			0)
			fail("the same text became two models");
	}
	pale_model_free(models[0]);
	pale_model_free(models[1]);
	return 0;
}
