/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of a scenario can be said in Promela, and in which numbers; the text itself is
 * promela_text.c's. What never moves comes first, so that it needs no variable: SPIN is given the
 * system as somebody would write it for SPIN, not with the weight of ours.
 */
#include "check/promela/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/pack/facts.h"
#include "model/pack/layout.h"

static const struct pale_pml_walker walkers[] = {
#define WALKER(name, ...) { name, __VA_ARGS__ },
#include "check/promela/walkers.def"
};

static int
refuse(struct pale_err *err, const char *what)
{
	return pale_fail(err, -ENOTSUP, "%s cannot be said in Promela", what);
}

static const struct pale_pml_walker *
find_walker(const char *name)
{
	for (size_t i = 0; i < sizeof(walkers) / sizeof(walkers[0]); i++)
		if (strcmp(walkers[i].name, name) == 0)
			return &walkers[i];
	return NULL;
}

/* The tree: directories, and files with one name each that stay. */
static int
check_tree(struct pale_promela *it, const struct pale_facts *facts, struct pale_err *err)
{
	const struct pale_model *model = it->model;
	const struct pale_state *initial = model->initial;
	unsigned moving = 0;

	for (unsigned i = 1; i <= model->inode_count; i++) {
		unsigned names = 0;

		if (initial->inodes[i].type == PALE_INODE_DIR) {
			it->parent[i] = initial->inodes[i].parent;
			it->name[i] = initial->inodes[i].name;
			it->is_dir[i] = true;
			continue;
		}
		if (initial->inodes[i].type != PALE_INODE_FILE)
			return refuse(err, "a tree with links, FIFOs or sockets");
		for (unsigned k = 0; k < PALE_MODEL_ENTRIES; k++) {
			if (initial->entries[k].inode != i || initial->entries[k].dir == 0)
				continue;
			it->parent[i] = initial->entries[k].dir;
			it->name[i] = initial->entries[k].name;
			names++;
		}
		if (names != 1)
			return refuse(err, "a file with several names");
		if ((facts->movable >> i & 1) != 0)
			return refuse(err, "a file that can be moved or removed");
	}
	for (int moves = 0; moves < 2; moves++) {
		for (unsigned i = 1; i <= model->inode_room; i++) {
			bool spare = i > model->inode_count;

			if ((int)(spare ? facts->made_types != 0 : facts->movable >> i & 1) !=
			    moves)
				continue;
			it->number[i] = ++it->node_count;
			it->node[it->node_count] = i;
			moving += (unsigned)moves;
		}
	}
	it->fixed_count = it->node_count - moving;
	for (unsigned i = 1; i <= model->inode_room; i++)
		if (it->number[i] > it->fixed_count && i > model->inode_count)
			it->is_dir[i] = true;
	it->wanders = facts->wanders;
	return 0;
}

static int
check_site(const struct pale_site *site, struct pale_err *err)
{
	switch ((int)site->op) {
	case PALE_CALL_openat:
		if ((site->flags &
			~(PALE_F_READ | PALE_F_DIRECTORY | PALE_F_NOFOLLOW | PALE_F_PATH |
			    PALE_F_CLOEXEC)) != 0)
			return refuse(err, "openat with flags for writing or making");
		return 0;
	case PALE_CALL_renameat:
		if ((site->flags & PALE_F_EXCHANGE) != 0)
			return refuse(err, "RENAME_EXCHANGE");
		break;
	case PALE_CALL_mkdirat:
	case PALE_CALL_unlinkat:
		break;
	default:
		return pale_fail(err, -ENOTSUP, "'%s' cannot be said in Promela: %s", site->text,
		    "it is none of openat, renameat, mkdirat, unlinkat");
	}
	if (!site->atomic)
		return refuse(err, "a call that changes names by paths of several components");
	return 0;
}

static int
check_compartment(
    struct pale_promela *it, size_t c, const struct pale_facts *facts, struct pale_err *err)
{
	const struct pale_model *model = it->model;
	const struct pale_model_compartment *compartment = &model->compartments[c];
	const struct pale_process *first = NULL;
	int rc = 0;

	it->walker[c] = find_walker(facts->walkers[c]->name);
	if (it->walker[c] == NULL)
		return pale_fail(err, -ENOTSUP, "the walker %s cannot be said in Promela",
		    facts->walkers[c]->name);
	if (!compartment->adversary)
		return refuse(err, "a compartment with a program");
	for (unsigned i = 0; i < compartment->site_count && rc == 0; i++) {
		const struct pale_site *site = &model->sites[compartment->first_site + i];

		rc = check_site(site, err);
		for (unsigned k = 0; k < 2 && rc == 0; k++)
			if (site->path[k] != 0 &&
			    (model->rests[site->path[k]].absolute ||
				model->rests[site->path[k]].part.kind == PALE_WALKER_END))
				rc = refuse(err, "an absolute or empty path");
	}
	for (unsigned p = 0; p < model->process_count && rc == 0; p++) {
		const struct pale_process *process = &model->initial->processes[p];

		if (model->compartment_of[p] != c)
			continue;
		first = first == NULL ? process : first;
		if (model->born_later[p] || model->users[process->euid] != 0)
			return refuse(err, "a child, or a user who is not root,");
		for (unsigned s = 0; s < PALE_MODEL_FDS; s++) {
			const struct pale_fd *fd = &process->fds[s];

			if (fd->rights != 0)
				return refuse(err, "a descriptor with rights");
			if (fd->kind != PALE_FD_NONE && fd->kind != PALE_FD_INODE)
				return refuse(err, "a descriptor of what is no directory");
			it->given[c][s] = fd->kind == PALE_FD_NONE ? 0 : it->number[fd->of];
		}
	}
	if (first == NULL)
		return rc;
	it->cwd[c] = it->number[first->cwd];
	it->slots[c] = facts->compartments[c].slots_change;
	return rc;
}

int
pale_promela_write(const struct pale_model *model, char **ret_text, struct pale_err *err)
{
	static const uint32_t can =
	    1u << PALE_PROPERTY_UNION | 1u << PALE_PROPERTY_ROOT | 1u << PALE_PROPERTY_CALL;
	struct pale_promela it = { .model = model };
	struct pale_model_layout sets = { 0 };
	struct pale_facts facts;
	int rc = pale_facts_find(model, &facts, &sets);

	pale_facts_forget(&sets);
	if (rc < 0)
		return pale_fail(err, rc, "no memory");
	if ((model->properties & ~can) != 0)
		return refuse(err, "a property other than union, root and call");
	rc = check_tree(&it, &facts, err);
	for (size_t c = 0; c < model->compartment_count && rc == 0; c++)
		rc = check_compartment(&it, c, &facts, err);
	return rc < 0 ? rc : pale_promela_text(&it, ret_text, err);
}
