/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything was read: it goes over to the model, and the first state is made of it. */
#include "model/read/reading.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/pack.h"
#include "model/property.h"
#include "model/walkers.h"

static void
build_lists(struct pale_reading *in)
{
	struct pale_model *model = in->model;

	for (size_t i = 1; i < in->user_count; i++)
		model->users[i] = in->users[i];
	model->user_count = in->user_count - 1;
	for (size_t i = 1; i < in->value_count; i++)
		model->values[i] = in->values[i].text;
	model->value_count = in->value_count - 1;
	for (size_t i = 1; i < in->key_count; i++)
		model->keys[i] = in->keys[i];
	model->key_count = in->key_count - 1;
	for (size_t i = 1; i < in->right_count; i++)
		model->rights[i] = in->rights[i];
	model->right_count = in->right_count - 1;
}

static void
build_tree(struct pale_reading *in)
{
	struct pale_state *state = in->model->initial;

	for (size_t i = 1; i < in->node_count; i++) {
		const struct pale_node *node = &in->nodes[i];
		bool is_dir = node->type == PALE_INODE_DIR;

		state->inodes[i] = (struct pale_inode){
			.type = (uint8_t)node->type,
			.owner = (uint8_t)node->user,
			.mode = node->mode,
			.parent = is_dir ? (uint8_t)node->parent : 0,
			.name = is_dir ? (uint8_t)node->name : 0,
			.linked = is_dir,
			.content = (uint8_t)node->content,
			.target = node->target,
		};
		in->model->inode_paths[i] = node->path;
	}
	for (size_t i = 0; i < in->entry_count; i++)
		state->entries[i] = (struct pale_entry){ (uint8_t)in->entries[i].dir,
			(uint8_t)in->entries[i].name, (uint8_t)in->entries[i].node };
	for (size_t i = 0; i < in->sysv_count; i++)
		state->sysv[i] = in->sysv[i];
	in->model->inode_count = (uint8_t)(in->node_count - 1);
}

static void
build_side(struct pale_reading *in, const struct pale_side *side)
{
	struct pale_model *model = in->model;
	struct pale_model_compartment *to = &model->compartments[model->compartment_count++];

	*to = (struct pale_model_compartment){
		.name = side->name,
		.walker_name = side->walker_name,
		.walker = side->walker,
		.user = (uint8_t)side->user,
		.umask = side->umask,
		.processes = (uint8_t)side->processes,
		.calls = (uint8_t)(side->has_order ? 0 : side->calls),
		.adversary = !side->has_order,
		.ignores_sigpipe = side->ignores_sigpipe,
		.first_site = (uint16_t)side->first_site,
		.site_count = (uint16_t)side->site_count,
	};
	for (size_t i = 0; i < side->fd_count; i++) {
		to->fd_names[i] = side->fds[i].name;
		to->delegated[i] = (uint8_t)side->fds[i].node;
		to->delegated_rights[i] = (uint8_t)side->fds[i].rights;
	}
	for (size_t i = 1; i < side->var_count; i++)
		to->var_names[i] = side->vars[i].name;
}

static void
build_process(struct pale_reading *in, const struct pale_side *side)
{
	struct pale_model *model = in->model;
	size_t p = model->process_count++, which = (size_t)(side - in->sides);
	struct pale_process *process = &model->initial->processes[p];
	const struct pale_walker *walker = side->walker != NULL ? side->walker : model->walker;

	model->compartment_of[p] = (uint8_t)which;
	model->born_later[p] = side->parent != 0;
	/* Of one that is not born nothing means anything. */
	if (side->parent != 0)
		return;
	*process = (struct pale_process){
		.status = PALE_PROCESS_RUNS,
		.calls = (uint8_t)(side->has_order ? 0 : side->calls),
		.ruid = (uint8_t)side->user,
		.euid = (uint8_t)side->user,
		.suid = (uint8_t)side->user,
		.umask = side->umask,
		.cwd = (uint8_t)side->cwd,
		.root = (uint8_t)side->root,
		.ignores_sigpipe = side->ignores_sigpipe,
	};
	for (size_t i = 0; i < side->fd_count; i++) {
		const struct pale_own *own = &side->fds[i];

		if (own->node == 0)
			continue;
		process->fds[i] = (struct pale_fd){
			.kind = PALE_FD_INODE,
			.of = (uint8_t)own->node,
			.flags = own->flags,
			.rights = (uint8_t)own->rights,
			.mount = walker->is_root && in->nodes[own->node].type == PALE_INODE_DIR
			    ? (uint8_t)own->node
			    : 0,
		};
	}
}

/* Each fork begins the process of the child that is next in the text. */
static void
build_forks(struct pale_reading *in)
{
	size_t first[PALE_MODEL_COMPARTMENTS] = { 0 };

	for (size_t p = in->model->process_count; p-- > 0;)
		first[in->model->compartment_of[p]] = p;
	for (size_t parent = 0; parent < in->side_count; parent++) {
		const struct pale_side *side = &in->sides[parent];
		size_t child = 0;

		for (size_t i = 0; i < side->site_count; i++) {
			struct pale_site *site = &in->sites[side->first_site + i];

			if (site->op != PALE_CALL_fork)
				continue;
			while (child < in->side_count && in->sides[child].parent != parent + 1)
				child++;
			site->child = (uint8_t)(first[child++] + 1);
		}
	}
}

/* ---- links ---- */

/* The last component of a rest; 0: a dot. */
static size_t
last_name(const struct pale_reading *in, pale_walker_rest rest)
{
	while (in->rests.list[rest].behind > PALE_REST_EMPTY)
		rest = in->rests.list[rest].behind;
	return in->rests.list[rest].name;
}

static void
add_target(pale_walker_rest *targets, size_t *count, pale_walker_rest target)
{
	for (size_t i = 0; i < *count; i++)
		if (targets[i] == target)
			return;
	targets[(*count)++] = target;
}

static int
build_rests(struct pale_reading *in)
{
	PALE_FREE pale_walker_rest *targets =
	    calloc(in->node_count + in->site_count, sizeof(*targets));
	PALE_FREE bool *can_be_link = calloc(in->rests.name_count + 1, sizeof(*can_be_link));
	struct pale_err err = { 0 };
	size_t count = 0;
	int rc;

	if (targets == NULL || can_be_link == NULL)
		return pale_reading_no_memory(in);
	for (size_t i = 0; i < in->entry_count; i++)
		if (in->nodes[in->entries[i].node].type == PALE_INODE_LINK) {
			can_be_link[in->entries[i].name] = true;
			add_target(targets, &count, in->nodes[in->entries[i].node].target);
		}
	for (size_t i = 1; i < in->site_count; i++)
		if (in->sites[i].op == PALE_CALL_symlinkat) {
			can_be_link[last_name(in, in->sites[i].path[1])] = true;
			add_target(targets, &count, in->sites[i].path[0]);
		}
	/* Whatever gets another name may be a link. */
	for (size_t i = 1; count > 0 && i < in->site_count; i++) {
		const struct pale_site *site = &in->sites[i];

		if (site->op != PALE_CALL_renameat && site->op != PALE_CALL_linkat)
			continue;
		can_be_link[last_name(in, site->path[1])] = true;
		if ((site->flags & PALE_F_EXCHANGE) != 0)
			can_be_link[last_name(in, site->path[0])] = true;
	}
	can_be_link[0] = false;
	rc = pale_rests_close(&in->rests, targets, count, can_be_link, in->model, &err);
	if (rc < 0) {
		pale_fail(in->err, rc, "%s: %s", in->file, err.text);
		if (err.remedy[0] != '\0')
			pale_remedy(in->err, "%s", err.remedy);
	}
	return rc;
}

int
pale_reading_build(struct pale_reading *in)
{
	struct pale_model *model = in->model;
	struct pale_err err = { 0 };
	int rc;

	model->initial = calloc(1, sizeof(*model->initial));
	if (model->initial == NULL)
		return pale_reading_no_memory(in);
	if (in->options->walker != NULL)
		model->walker = in->options->walker;
	build_lists(in);
	build_tree(in);
	for (size_t i = 0; i < in->side_count; i++) {
		build_side(in, &in->sides[i]);
		for (size_t k = 0; k < in->sides[i].processes; k++)
			build_process(in, &in->sides[i]);
	}
	build_forks(in);
	rc = build_rests(in);
	if (rc < 0)
		return rc;
	model->sites = in->sites;
	model->site_count = in->site_count;
	in->sites = NULL;
	model->properties = in->properties;
	pale_property_prepare(model);
	rc = pale_model_lay_out(model, &err);
	if (rc < 0) {
		pale_fail(in->err, rc, "%s: %s", in->file, err.text);
		if (err.remedy[0] != '\0')
			pale_remedy(in->err, "%s", err.remedy);
	}
	return rc;
}
