/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lookups that nobody disturbs; see lookups.h. Each call of the first compartment's vocabulary is
 * one, from its descriptor, in the initial state.
 */
#include "cli/check/lookups.h"

#include "cli/check/scenario.h"
#include "model/walkers.h"

static const char scenario[] = "lookups";

int
pale_lookups_read(struct pale_model **ret_model, struct pale_err *err)
{
	struct pale_read_options options = { .walker = NULL };
	struct pale_scenario_text text = { 0 };
	int result = pale_scenario_open(scenario, &text, err);

	if (result == 0)
		result = pale_model_read(text.name, text.text, text.size, &options, ret_model, err);
	pale_scenario_done(&text);
	return result;
}

static void
try_one(const struct pale_model *model, const struct pale_site *site, unsigned start,
    struct pale_matrix_row *row)
{
	const struct pale_state *state = model->initial;
	pale_walker_rest path = site->path[0];
	unsigned flags = pale_walk_flags(site, 0);
	unsigned legal = pale_walk_legal(model, state, 0, start, path, flags);
	struct pale_walk_alone alone;

	pale_walk_try(model, state, 0, row->walker, start, path, flags, &alone);
	row->lookups[row->lookup_count++] = (struct pale_matrix_lookup){
		.path = model->rests[path].text,
		.legal = legal != 0,
		.other = legal != 0 && alone.error == 0 && !alone.endless && alone.node != legal,
		.endless = alone.endless,
		.error = -alone.error,
		.steps = alone.steps,
		.operations = alone.operations,
		.calls = alone.calls,
	};
}

void
pale_lookups_try(const struct pale_model *model, struct pale_matrix_row *row)
{
	const struct pale_model_compartment *compartment = &model->compartments[0];

	for (unsigned i = 0; i < compartment->site_count; i++) {
		const struct pale_site *site = &model->sites[compartment->first_site + i];

		if (row->lookup_count < PALE_MATRIX_LOOKUPS && site->fd[0] < PALE_MODEL_FDS &&
		    site->path[0] != 0)
			try_one(model, site, compartment->delegated[site->fd[0]], row);
	}
}
