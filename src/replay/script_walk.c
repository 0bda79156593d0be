/* SPDX-License-Identifier: BSD-2-Clause */
/* The walks of a script: what the scenario's walker asks of the tree, written down as it asks. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "model/ops.h"
#include "model/tree.h"
#include "model/walkers.h"
#include "replay/script.h"

/* ---- walks ---- */

/* What a walker asks, as it is asked. */
struct asking {
	struct pale_walk_ctx walk; /* first: it is the model's context */
	struct pale_script *script;
};

void
pale_script_error(struct pale_script *script, int result)
{
	const char *name = strerrorname_np(-result);

	pale_script_add(script, "%s", name == NULL ? "EIO" : name);
}

static void
add_lookup(struct pale_script *script, unsigned dir, const char *name, int result, unsigned node)
{
	pale_script_add(script, "\t%s(%u, ", result < 0 ? "look_fails" : "look", dir);
	pale_script_quote(script, name);
	pale_script_add(script, ", ");
	if (result < 0)
		pale_script_error(script, result);
	else
		pale_script_add(script, "%u", node);
	pale_script_add(script, ");\n");
}

static int
ask_lookup(void *ctx, pale_walker_node dir, uint16_t name, pale_walker_node *ret_node)
{
	struct asking *asking = ctx;
	int result = pale_model_walker_ops.lookup(&asking->walk, dir, name, ret_node);

	add_lookup(asking->script, dir, asking->script->model->names[name], result,
	    result < 0 ? 0 : *ret_node);
	return result;
}

static int
ask_search(void *ctx, pale_walker_node dir)
{
	struct asking *asking = ctx;
	int result = pale_model_walker_ops.search(&asking->walk, dir);

	add_lookup(asking->script, dir, ".", result, dir);
	return result;
}

static int
ask_parent(void *ctx, pale_walker_node dir, pale_walker_node *ret_node)
{
	struct asking *asking = ctx;
	int result = pale_model_walker_ops.parent(&asking->walk, dir, ret_node);

	/* The scratch directory is the root of all who play. */
	add_lookup(asking->script, dir, dir == asking->walk.root ? "." : "..", result,
	    result < 0 ? 0 : *ret_node);
	return result;
}

static int
ask_read_link(void *ctx, pale_walker_node link, pale_walker_rest behind, bool slash,
    pale_walker_rest *ret_rest)
{
	struct asking *asking = ctx;
	const struct pale_inode *inode = &asking->walk.state->inodes[link];
	int result = pale_model_walker_ops.read_link(&asking->walk, link, behind, slash, ret_rest);

	if (result == 0) {
		pale_script_add(asking->script, "\tlink_says(%u, ", link);
		pale_script_quote(asking->script, asking->script->model->rests[inode->target].text);
		pale_script_add(asking->script, ");\n");
	}
	return result;
}

static bool
ask_beneath(void *ctx, pale_walker_node top, pale_walker_node node)
{
	struct asking *asking = ctx;
	bool result = pale_model_walker_ops.beneath(&asking->walk, top, node);

	if (asking->walk.state->inodes[node].type == PALE_INODE_DIR)
		pale_script_add(asking->script, "\tbeneath(%u, %u, %d);\n", top, node, result);
	return result;
}

static struct pale_walker_ops
asking_ops(void)
{
	struct pale_walker_ops ops = pale_model_walker_ops;

	ops.lookup = ask_lookup;
	ops.search = ask_search;
	ops.parent = ask_parent;
	ops.read_link = ask_read_link;
	ops.beneath = ask_beneath;
	return ops;
}

/* The flags of a walk, as step.c has them. */
static unsigned
walk_flags(const struct pale_site *site, unsigned walk)
{
	bool opens = site->op == PALE_CALL_openat || site->op == PALE_CALL_open;
	unsigned flags = 0;

	if (pale_model_calls[site->op].walks[walk] == 'P' || pale_site_creates(site))
		flags |= PALE_WALKER_PARENT;
	else if ((site->flags & PALE_F_NOFOLLOW) != 0)
		flags |= PALE_WALKER_NOFOLLOW;
	if (site->op == PALE_CALL_chdir || site->op == PALE_CALL_chroot ||
	    (opens && !pale_site_creates(site) && (site->flags & PALE_F_DIRECTORY) != 0))
		flags |= PALE_WALKER_DIRECTORY;
	return flags;
}

/* Run the walker once more, as the step did, and write down what it asks. */
void
pale_script_walk(struct pale_script *script, const struct pale_replay_step *step)
{
	const struct pale_model *model = script->model;
	const struct pale_site *site = &model->sites[step->move.site];
	const struct pale_walker_ops ops = asking_ops();
	bool begins = step->event.kind == PALE_EVENT_START;
	static _Thread_local struct pale_state state; /* for the walk alone */
	struct pale_process *process = &state.processes[step->move.process];
	struct asking asking = { .script = script };
	unsigned flags;

	/* Who sets out is in its call only afterwards; no name changes by that. */
	state = begins ? *step->after : *step->before;
	flags = walk_flags(site, process->path);
	asking.walk = pale_walk_ctx_of(model, &state, step->move.process);
	if (begins) {
		memset(process->slots, 0, sizeof(process->slots));
		process->slots[PALE_WALKER_AT] = asking.walk.start;
		process->slots[PALE_WALKER_LEFT] =
		    site->path[site->op == PALE_CALL_symlinkat ? 1 : process->path];
		if (asking.walk.walker->begin != NULL)
			asking.walk.walker->begin(process->slots, flags, &ops, &asking);
	} else if (step->move.phase == PALE_PHASE_WALK) {
		asking.walk.walker->step(process->slots, flags, &ops, &asking);
	} else if (asking.walk.walker->finish != NULL && !process->made) {
		if (pale_site_creates(site))
			flags &= ~(unsigned)PALE_WALKER_PARENT;
		asking.walk.walker->finish(process->slots, flags, &ops, &asking);
	}
}

/* O_CREAT takes its last component: what the step did is seen in the state behind it. */
void
pale_script_take(struct pale_script *script, const struct pale_replay_step *step)
{
	const struct pale_process *before = &step->before->processes[step->move.process];
	const struct pale_process *after = &step->after->processes[step->move.process];
	const struct pale_model *model = script->model;
	const struct pale_site *site = &model->sites[step->move.site];
	const struct pale_walker_part *last = &model->rests[before->slots[PALE_WALKER_LEFT]].part;
	unsigned dir = before->slots[PALE_WALKER_AT], node = after->slots[PALE_WALKER_AT];

	if (last->kind != PALE_WALKER_NAME) {
		pale_script_add(script, "\t/* nothing is made */\n");
	} else if (step->event.kind == PALE_EVENT_RESULT) {
		pale_script_add(script, "\texpect(openat(node[%u], ", dir);
		pale_script_quote(script, last->text);
		pale_script_add(script, ", O_CREAT | O_EXCL | O_WRONLY, %#o), ", site->mode);
		pale_script_error(script, -step->event.error);
		pale_script_add(script, ");\n");
	} else if (after->phase == PALE_PHASE_WALK) {
		node = pale_tree_find(model, step->before, dir, last->name);
		add_lookup(script, dir, last->text, 0, node);
		pale_script_add(script, "\tlink_says(%u, ", node);
		pale_script_quote(script, model->rests[step->before->inodes[node].target].text);
		pale_script_add(script, ");\n");
	} else if (after->made) {
		pale_script_add(script, "\texpect(hold = openat(node[%u], ", dir);
		pale_script_quote(script, last->text);
		pale_script_add(script, ", O_CREAT | O_EXCL | O_NOFOLLOW | ");
		pale_script_open_flags(script, site->flags);
		pale_script_add(script, ", %#o), 0);\n\tmade(node[%u], ", site->mode, dir);
		pale_script_quote(script, last->text);
		pale_script_add(script, ", %u);\n", node);
	} else {
		add_lookup(script, dir, last->text, 0, node);
	}
}
