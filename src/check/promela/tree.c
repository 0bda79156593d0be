/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree in Promela: nodes, what is found by a name, what lies beneath what, what is freed. What
 * is looked up is an expression, not a loop, where that is shorter.
 */
#include "check/promela/text.h"

void
pale_pml_say_nodes(struct pale_pml_out *out)
{
	const struct pale_promela *it = out->it;

	pale_pml_say(out, "/* Nodes. Those from %u on can move, or are made. */\n", out->first);
	for (unsigned n = 1; n <= it->node_count; n++)
		pale_pml_say(out, "/*   %2u  %s */\n", n,
		    pale_pml_is_made(out, n) ? "made"
					     : it->model->inode_paths[pale_pml_inode(out, n)]);
	pale_pml_say(out, "#define FIRST %u\n", out->first);
	pale_pml_say(out, "#define UP(n) ((n) >= FIRST -> up[(n) - FIRST] : FIXED_UP(n))\n");
	pale_pml_say(out, "#define FIXED_UP(n) ");
	for (unsigned n = 2; n < out->first; n++)
		if (it->number[it->parent[pale_pml_inode(out, n)]] != 1)
			pale_pml_say(out, "((n) == %u -> %u : ", n,
			    it->number[it->parent[pale_pml_inode(out, n)]]);
	pale_pml_say(out, "1");
	for (unsigned n = 2; n < out->first; n++)
		if (it->number[it->parent[pale_pml_inode(out, n)]] != 1)
			pale_pml_say(out, ")");
	pale_pml_say(out, "\n#define IS_FILE(n) (false");
	for (unsigned n = 1; n <= it->node_count; n++)
		if (!it->is_dir[pale_pml_inode(out, n)])
			pale_pml_say(out, " || (n) == %u", n);
	pale_pml_say(out, ")\n#define IS_GONE(n) ((n) >= FIRST && gone[(n) - FIRST])\n");
	if (out->moving == 0)
		return;
	pale_pml_say(out, "byte up[%u] = { ", out->moving);
	for (unsigned n = out->first; n <= it->node_count; n++)
		pale_pml_say(out, "%s%u", n == out->first ? "" : ", ",
		    pale_pml_is_made(out, n) ? 0 : it->number[it->parent[pale_pml_inode(out, n)]]);
	pale_pml_say(out, " }; /* the directory above; 0: there is no such node */\n");
	pale_pml_say(
	    out, "bool gone[%u]; /* removed, and still held by somebody */\n", out->moving);
	if (!pale_pml_has_names(out))
		return;
	pale_pml_say(out, "byte name[%u] = { ", out->moving);
	for (unsigned n = out->first; n <= it->node_count; n++)
		pale_pml_say(out, "%s%u", n == out->first ? "" : ", ",
		    pale_pml_is_made(out, n) ? 0 : it->name[pale_pml_inode(out, n)]);
	pale_pml_say(out, " };\n");
}

/* For each name that a call has: the node that has it in a directory, 0 if none. */
void
pale_pml_say_find(struct pale_pml_out *out)
{
	const struct pale_promela *it = out->it;
	bool moves[PALE_MODEL_NAMES] = { false };
	bool names = pale_pml_names(out, moves) > 1;

	for (unsigned name = 1; name < it->model->name_count; name++) {
		unsigned open = 0;

		pale_pml_say(out, "#define FIND_%u(d) ", name);
		for (unsigned n = 2; n <= it->node_count; n++) {
			if (n < out->first) {
				if (it->name[pale_pml_inode(out, n)] != name)
					continue;
				pale_pml_say(out, "((d) == %u -> %u : ",
				    it->number[it->parent[pale_pml_inode(out, n)]], n);
			} else {
				if (!moves[name])
					continue;
				pale_pml_say(out, "(up[%u] == (d) && !gone[%u]", n - out->first,
				    n - out->first);
				if (names)
					pale_pml_say(
					    out, " && name[%u] == %u", n - out->first, name);
				pale_pml_say(out, " -> %u : ", n);
			}
			open++;
		}
		pale_pml_say(out, "0");
		while (open-- > 0)
			pale_pml_say(out, ")");
		pale_pml_say(out, " /* %s */\n", it->model->names[name]);
	}
	/* Has it no entry? Of a node that stays nobody asks. */
	pale_pml_say(out, "#define IS_EMPTY(n) (true");
	for (unsigned n = 2; n < out->first; n++)
		if (it->number[it->parent[pale_pml_inode(out, n)]] >= out->first)
			pale_pml_say(
			    out, " && (n) != %u", it->number[it->parent[pale_pml_inode(out, n)]]);
	for (unsigned i = 0; i < out->moving; i++)
		pale_pml_say(out, " && (up[%u] != (n) || gone[%u])", i, i);
	pale_pml_say(out, ")\n");
}

bool
pale_pml_is_delegated(const struct pale_pml_out *out, unsigned c, unsigned node)
{
	return (out->it->model->delegated[c] >> pale_pml_inode(out, node) & 1) != 0;
}

/* x_in: is the node beneath a delegated directory, or beneath x_dir? */
void
pale_pml_say_beneath(struct pale_pml_out *out)
{
	const struct pale_model *model = out->it->model;

	pale_pml_say(out,
	    "\n/* x_in: is n top, or below it? By the way up. */\n"
	    "inline beneath(top, n)\n{\n\tx_at = n;\n\tdo\n"
	    "\t:: x_at == (top) -> x_in = true; break\n"
	    "\t:: x_at != (top) && x_at == 1 -> x_in = false; break\n"
	    "\t:: else -> x_at = UP(x_at)\n\tod\n}\n");
	for (size_t c = 0; c < model->compartment_count; c++) {
		pale_pml_say(out, "#define IS_DELEGATED_%zu(n) (false", c);
		for (unsigned n = 1; n <= out->it->node_count; n++)
			if (pale_pml_is_delegated(out, (unsigned)c, n))
				pale_pml_say(out, " || (n) == %u", n);
		pale_pml_say(out, ")\n");
		pale_pml_say(out,
		    "inline beneath_delegated_%zu(n)\n{\n\tx_at = n;\n\tdo\n"
		    "\t:: IS_DELEGATED_%zu(x_at) -> x_in = true; break\n"
		    "\t:: !IS_DELEGATED_%zu(x_at) && x_at == 1 -> x_in = false; break\n"
		    "\t:: else -> x_at = UP(x_at)\n\tod\n}\n",
		    c, c, c);
	}
}

/* Before names move (after: false): what lies beneath. After: what does no more, was seen. */
static void
say_watch_one(struct pale_pml_out *out, unsigned p, bool call, bool after)
{
	const struct pale_promela *it = out->it;
	unsigned c = it->model->compartment_of[p];

	for (unsigned n = 2; n <= it->node_count; n++) {
		char condition[64] = "";

		if ((it->wanders >> pale_pml_inode(out, n) & 1) == 0)
			continue;
		if (n >= out->first)
			(void)snprintf(condition, sizeof(condition), "up[%u] != 0", n - out->first);
		pale_pml_say(
		    out, "\t\tif\n\t\t:: %s ->\n\t\t\t", condition[0] != '\0' ? condition : "true");
		if (call)
			pale_pml_say(
			    out, "x_other = START_%u(%u); beneath(x_other, %u);\n", c, p, n);
		else
			pale_pml_say(out, "beneath_delegated_%u(%u);\n", c, n);
		pale_pml_say(out,
		    "\t\t\tif\n\t\t\t:: x_in -> x_mask = x_mask | %u\n\t\t\t:: else\n\t\t\tfi\n",
		    1u << (n - 1));
		pale_pml_say(out, "\t\t:: %s\n\t\tfi;\n", condition[0] != '\0' ? "else" : "false");
	}
	if (!after)
		pale_pml_say(out, "\t\tx_was%s[%u] = x_mask\n", call ? "_call" : "", p);
	else
		pale_pml_say(out, "\t\tseen_%s[%u] = (seen_%s[%u] | x_was%s[%u]) & ~x_mask\n",
		    call ? "call" : "union", p, call ? "call" : "union", p, call ? "_call" : "", p);
}

void
pale_pml_say_watch(struct pale_pml_out *out, bool after)
{
	const struct pale_model *model = out->it->model;

	pale_pml_say(out, "\ninline %s()\n{\n\tskip", after ? "watch_after" : "watch_before");
	for (unsigned p = 0; p < model->process_count; p++) {
		if (model->delegated[model->compartment_of[p]] == 0)
			continue;
		pale_pml_say(out, ";\n\tif\n\t:: phase[%u] != IDLE ->\n", p);
		for (int call = 0; call < 2; call++) {
			if (!out->watches[call])
				continue;
			pale_pml_say(out, "\t\tx_mask = 0;\n");
			say_watch_one(out, p, call != 0, after);
			if (call == 0 && out->watches[1])
				pale_pml_say(out, "\t\t;\n");
		}
		pale_pml_say(out, "\t:: else\n\tfi");
	}
	pale_pml_say(out, "\n}\n");
}

/* Free what has no name and is held by nobody. */
void
pale_pml_say_collect(struct pale_pml_out *out)
{
	const struct pale_model *model = out->it->model;
	unsigned fds = (unsigned)model->process_count * pale_pml_slots(out);

	if (out->moving == 0) {
		pale_pml_say(out, "\ninline collect()\n{\n\tskip\n}\n");
		return;
	}
	pale_pml_say(out,
	    "\n/* Does anything but its name hold the node that is number i of those that move? "
	    "*/\n"
	    "#define IS_HELD(i) (false");
	for (unsigned n = out->first; n <= out->it->node_count; n++) {
		bool kept = false;

		for (size_t c = 0; c < model->compartment_count; c++) {
			kept |= out->it->cwd[c] == n;
			for (unsigned s = 0; s < PALE_MODEL_FDS; s++)
				kept |= !pale_pml_is_variable(out, (unsigned)c, s) &&
				    out->it->given[c][s] == n;
		}
		if (kept)
			pale_pml_say(out, " || (i) == %u", n - out->first);
	}
	for (unsigned i = 0; i < fds; i++)
		pale_pml_say(out, " || fd[%u] == FIRST + (i)", i);
	for (unsigned p = 0; p < model->process_count; p++) {
		pale_pml_say(out, " || at[%u] == FIRST + (i)", p);
		if (out->it->walker[model->compartment_of[p]]->own == PALE_PML_NODE)
			pale_pml_say(out, " || own[%u] == FIRST + (i)", p);
	}
	for (unsigned i = 0; i < out->moving; i++)
		pale_pml_say(out, " || up[%u] == FIRST + (i)", i);
	pale_pml_say(out, ")\ninline collect()\n{\n\tif\n\t:: (false");
	for (unsigned i = 0; i < out->moving; i++)
		pale_pml_say(out, " || gone[%u]", i);
	pale_pml_say(out,
	    ") ->\n\t\tx_i = 0;\n\t\tdo\n\t\t:: x_i < %u ->\n\t\t\tif\n"
	    "\t\t\t:: gone[x_i] && !IS_HELD(x_i) ->\n"
	    "\t\t\t\tup[x_i] = 0;\n\t\t\t\tgone[x_i] = false;\n",
	    out->moving);
	if (pale_pml_has_names(out))
		pale_pml_say(out, "\t\t\t\tname[x_i] = 0;\n");
	for (unsigned p = 0; p < model->process_count; p++)
		for (int call = 0; call < 2; call++)
			if (out->watches[call])
				pale_pml_say(out,
				    "\t\t\t\tseen_%s[%u] = seen_%s[%u] & ~(1 << (FIRST + x_i - "
				    "1));\n",
				    call ? "call" : "union", p, call ? "call" : "union", p);
	pale_pml_say(out,
	    "\t\t\t\tx_i = 0\n\t\t\t:: else -> x_i++\n\t\t\tfi\n"
	    "\t\t:: else -> break\n\t\tod\n\t:: else\n\tfi\n}\n");
}
