/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Promela text. Each step of a process is one d_step, chosen by its guard, so that SPIN has
 * just the states that the search has. What is looked up is an expression, not a loop, where that
 * is shorter. Variables of one step are hidden: they are no part of a state.
 */
#include "check/promela_text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/facts.h"
#include "model/step.h"

/* Text that is being written. */
struct out {
	const struct pale_promela *it;
	FILE *to;
	unsigned first; /* the first node that moves */
	unsigned moving;
	bool watches[2]; /* union, call: what was beneath is remembered */
};

static void __attribute__((format(printf, 2, 3))) say(struct out *out, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vfprintf(out->to, fmt, args);
	va_end(args);
}

static unsigned
inode_of(const struct out *out, unsigned node)
{
	return out->it->node[node];
}

static bool
is_made(const struct out *out, unsigned node)
{
	return inode_of(out, node) > out->it->model->inode_count;
}

/* Names get numbers only where several can be had. Those of what moves. */
static unsigned
moving_names(const struct out *out, bool *ret_has)
{
	const struct pale_model *model = out->it->model;
	unsigned count = 0;

	for (unsigned n = out->first; n <= out->it->node_count; n++)
		if (!is_made(out, n))
			ret_has[out->it->name[inode_of(out, n)]] = true;
	for (size_t i = 1; i < model->site_count; i++) {
		const struct pale_site *site = &model->sites[i];

		if (site->op == PALE_CALL_mkdirat)
			ret_has[model->rests[site->path[0]].part.name] = true;
		if (site->op == PALE_CALL_renameat)
			ret_has[model->rests[site->path[1]].part.name] = true;
	}
	for (unsigned i = 1; i < PALE_MODEL_NAMES; i++)
		count += ret_has[i];
	return count;
}

static bool
has_names(const struct out *out)
{
	bool has[PALE_MODEL_NAMES] = { false };

	return moving_names(out, has) > 1;
}

/* ---- the tree ---- */

static void
say_nodes(struct out *out)
{
	const struct pale_promela *it = out->it;

	say(out, "/* Nodes. Those from %u on can move, or are made. */\n", out->first);
	for (unsigned n = 1; n <= it->node_count; n++)
		say(out, "/*   %2u  %s */\n", n,
		    is_made(out, n) ? "made" : it->model->inode_paths[inode_of(out, n)]);
	say(out, "#define FIRST %u\n", out->first);
	say(out, "#define UP(n) ((n) >= FIRST -> up[(n) - FIRST] : FIXED_UP(n))\n");
	say(out, "#define FIXED_UP(n) ");
	for (unsigned n = 2; n < out->first; n++)
		if (it->number[it->parent[inode_of(out, n)]] != 1)
			say(out, "((n) == %u -> %u : ", n,
			    it->number[it->parent[inode_of(out, n)]]);
	say(out, "1");
	for (unsigned n = 2; n < out->first; n++)
		if (it->number[it->parent[inode_of(out, n)]] != 1)
			say(out, ")");
	say(out, "\n#define IS_FILE(n) (false");
	for (unsigned n = 1; n <= it->node_count; n++)
		if (!it->is_dir[inode_of(out, n)])
			say(out, " || (n) == %u", n);
	say(out, ")\n#define IS_GONE(n) ((n) >= FIRST && gone[(n) - FIRST])\n");
	if (out->moving == 0)
		return;
	say(out, "byte up[%u] = { ", out->moving);
	for (unsigned n = out->first; n <= it->node_count; n++)
		say(out, "%s%u", n == out->first ? "" : ", ",
		    is_made(out, n) ? 0 : it->number[it->parent[inode_of(out, n)]]);
	say(out, " }; /* the directory above; 0: there is no such node */\n");
	say(out, "bool gone[%u]; /* removed, and still held by somebody */\n", out->moving);
	if (!has_names(out))
		return;
	say(out, "byte name[%u] = { ", out->moving);
	for (unsigned n = out->first; n <= it->node_count; n++)
		say(out, "%s%u", n == out->first ? "" : ", ",
		    is_made(out, n) ? 0 : it->name[inode_of(out, n)]);
	say(out, " };\n");
}

/* For each name that a call has: the node that has it in a directory, 0 if none. */
static void
say_find(struct out *out)
{
	const struct pale_promela *it = out->it;
	bool moves[PALE_MODEL_NAMES] = { false };
	bool names = moving_names(out, moves) > 1;

	for (unsigned name = 1; name < it->model->name_count; name++) {
		unsigned open = 0;

		say(out, "#define FIND_%u(d) ", name);
		for (unsigned n = 2; n <= it->node_count; n++) {
			if (n < out->first) {
				if (it->name[inode_of(out, n)] != name)
					continue;
				say(out,
				    "((d) == %u -> %u : ", it->number[it->parent[inode_of(out, n)]],
				    n);
			} else {
				if (!moves[name])
					continue;
				say(out, "(up[%u] == (d) && !gone[%u]", n - out->first,
				    n - out->first);
				if (names)
					say(out, " && name[%u] == %u", n - out->first, name);
				say(out, " -> %u : ", n);
			}
			open++;
		}
		say(out, "0");
		while (open-- > 0)
			say(out, ")");
		say(out, " /* %s */\n", it->model->names[name]);
	}
	/* Has it no entry? Of a node that stays nobody asks. */
	say(out, "#define IS_EMPTY(n) (true");
	for (unsigned n = 2; n < out->first; n++)
		if (it->number[it->parent[inode_of(out, n)]] >= out->first)
			say(out, " && (n) != %u", it->number[it->parent[inode_of(out, n)]]);
	for (unsigned i = 0; i < out->moving; i++)
		say(out, " && (up[%u] != (n) || gone[%u])", i, i);
	say(out, ")\n");
}

/* ---- processes ---- */

static bool
is_variable(const struct out *out, unsigned c, unsigned slot)
{
	return (out->it->slots[c] >> slot & 1) != 0;
}

static unsigned
variable_slots(const struct out *out)
{
	unsigned most = 0;

	for (size_t c = 0; c < out->it->model->compartment_count; c++) {
		unsigned count = (unsigned)__builtin_popcount(out->it->slots[c]);

		most = count > most ? count : most;
	}
	return most;
}

/* A descriptor of the process as an expression; its slot is at most PALE_MODEL_FDS (the cwd). */
static const char *
fd_text(const struct out *out, unsigned c, unsigned slot, char buf[32])
{
	unsigned before = (1u << slot) - 1;

	if (slot == PALE_MODEL_FDS)
		(void)snprintf(buf, 32, "%u", out->it->cwd[c]);
	else if (!is_variable(out, c, slot))
		(void)snprintf(buf, 32, "%u", out->it->given[c][slot]);
	else
		(void)snprintf(
		    buf, 32, "fd[P * FDS + %d]", __builtin_popcount(out->it->slots[c] & before));
	return buf;
}

static void
say_process_variables(struct out *out)
{
	const struct pale_model *model = out->it->model;
	unsigned slots = variable_slots(out), own = 0;

	say(out, "#define PROCESSES %zu\n#define FDS %u\n", model->process_count, slots);
	say(out, "#define IDLE 0\n#define WALK 1\n#define FINISH 2\n");
	say(out, "byte calls[PROCESSES] = { ");
	for (unsigned p = 0; p < model->process_count; p++)
		say(out, "%s%u", p == 0 ? "" : ", ", model->initial->processes[p].calls);
	say(out,
	    " };\nbyte phase[PROCESSES], site[PROCESSES], via[PROCESSES];\n"
	    "byte at[PROCESSES], left[PROCESSES];\n");
	if (slots > 0)
		say(out, "byte fd[%zu];\n", model->process_count * slots);
	for (size_t c = 0; c < model->compartment_count; c++)
		own = out->it->walker[c]->slots > own ? out->it->walker[c]->slots : own;
	if (own > 0)
		say(out, "byte own[%zu];\n", model->process_count * own);
	if (out->watches[0])
		say(out,
		    "int seen_union[PROCESSES]; /* was beneath a delegated directory, and is no "
		    "more */\n");
	if (out->watches[1])
		say(out, "int seen_call[PROCESSES]; /* the same of the directory of the call */\n");
	say(out,
	    "/* Of one step only. SPIN's breadth first search has no hidden variables. */\n"
	    "#ifdef BFS\n#define TEMPORARY\n"
	    "#define DONE x_dir = 0; x_node = 0; x_other = 0; x_at = 0; x_i = 0; x_bad = 0; "
	    "x_in = 0; x_mask = 0");
	for (unsigned p = 0; p < model->process_count; p++)
		say(out, "; x_was[%u] = 0; x_was_call[%u] = 0", p, p);
	say(out,
	    "\n#else\n#define TEMPORARY hidden\n#define DONE skip\n#endif\n"
	    "TEMPORARY byte x_dir, x_node, x_other, x_at, x_i, x_bad, x_in;\n"
	    "TEMPORARY int x_mask, x_was[%zu], x_was_call[%zu];\n",
	    model->process_count, model->process_count);
}

/* The directory where the call under way began. */
static void
say_start(struct out *out, unsigned c)
{
	const struct pale_model_compartment *compartment = &out->it->model->compartments[c];
	unsigned open = 0, number = 0;
	char buf[32];

	say(out, "#define START_%u(P) ", c);
	for (unsigned i = 0; i < compartment->site_count; i++) {
		const struct pale_site *site = &out->it->model->sites[compartment->first_site + i];

		if (site->op != PALE_CALL_openat)
			continue;
		number++;
		if (site->fd[0] == PALE_FD_ANY)
			continue;
		say(out, "(site[P] == %u -> %s : ", number,
		    fd_text(
			out, c, site->fd[0] == PALE_FD_CWD ? PALE_MODEL_FDS : site->fd[0], buf));
		open++;
	}
	for (unsigned s = 0; s < PALE_MODEL_FDS; s++) {
		if (out->it->given[c][s] == 0 && !is_variable(out, c, s))
			continue;
		say(out, "(via[P] == %u -> %s : ", s, fd_text(out, c, s, buf));
		open++;
	}
	say(out, "0");
	while (open-- > 0)
		say(out, ")");
	say(out, "\n");
}

/* ---- what is beneath what ---- */

static bool
is_delegated(const struct out *out, unsigned c, unsigned node)
{
	return (out->it->model->delegated[c] >> inode_of(out, node) & 1) != 0;
}

/* x_in: is the node beneath a delegated directory, or beneath x_dir? */
static void
say_beneath(struct out *out)
{
	const struct pale_model *model = out->it->model;

	say(out,
	    "\n/* x_in: is n top, or below it? By the way up. */\n"
	    "inline beneath(top, n)\n{\n\tx_at = n;\n\tdo\n"
	    "\t:: x_at == (top) -> x_in = true; break\n"
	    "\t:: x_at != (top) && x_at == 1 -> x_in = false; break\n"
	    "\t:: else -> x_at = UP(x_at)\n\tod\n}\n");
	for (size_t c = 0; c < model->compartment_count; c++) {
		say(out, "#define IS_DELEGATED_%zu(n) (false", c);
		for (unsigned n = 1; n <= out->it->node_count; n++)
			if (is_delegated(out, (unsigned)c, n))
				say(out, " || (n) == %u", n);
		say(out, ")\n");
		say(out,
		    "inline beneath_delegated_%zu(n)\n{\n\tx_at = n;\n\tdo\n"
		    "\t:: IS_DELEGATED_%zu(x_at) -> x_in = true; break\n"
		    "\t:: !IS_DELEGATED_%zu(x_at) && x_at == 1 -> x_in = false; break\n"
		    "\t:: else -> x_at = UP(x_at)\n\tod\n}\n",
		    c, c, c);
	}
}

/* Before names move (after: false): what lies beneath. After: what does no more, was seen. */
static void
say_watch_one(struct out *out, unsigned p, bool call, bool after)
{
	const struct pale_promela *it = out->it;
	unsigned c = it->model->compartment_of[p];

	for (unsigned n = 2; n <= it->node_count; n++) {
		char condition[64] = "";

		if ((it->wanders >> inode_of(out, n) & 1) == 0)
			continue;
		if (n >= out->first)
			(void)snprintf(condition, sizeof(condition), "up[%u] != 0", n - out->first);
		say(out, "\t\tif\n\t\t:: %s ->\n\t\t\t", condition[0] != '\0' ? condition : "true");
		if (call)
			say(out, "x_other = START_%u(%u); beneath(x_other, %u);\n", c, p, n);
		else
			say(out, "beneath_delegated_%u(%u);\n", c, n);
		say(out,
		    "\t\t\tif\n\t\t\t:: x_in -> x_mask = x_mask | %u\n\t\t\t:: else\n\t\t\tfi\n",
		    1u << (n - 1));
		say(out, "\t\t:: %s\n\t\tfi;\n", condition[0] != '\0' ? "else" : "false");
	}
	if (!after)
		say(out, "\t\tx_was%s[%u] = x_mask\n", call ? "_call" : "", p);
	else
		say(out, "\t\tseen_%s[%u] = (seen_%s[%u] | x_was%s[%u]) & ~x_mask\n",
		    call ? "call" : "union", p, call ? "call" : "union", p, call ? "_call" : "", p);
}

static void
say_watch(struct out *out, bool after)
{
	const struct pale_model *model = out->it->model;

	say(out, "\ninline %s()\n{\n\tskip", after ? "watch_after" : "watch_before");
	for (unsigned p = 0; p < model->process_count; p++) {
		if (model->delegated[model->compartment_of[p]] == 0)
			continue;
		say(out, ";\n\tif\n\t:: phase[%u] != IDLE ->\n", p);
		for (int call = 0; call < 2; call++) {
			if (!out->watches[call])
				continue;
			say(out, "\t\tx_mask = 0;\n");
			say_watch_one(out, p, call != 0, after);
			if (call == 0 && out->watches[1])
				say(out, "\t\t;\n");
		}
		say(out, "\t:: else\n\tfi");
	}
	say(out, "\n}\n");
}

/* Free what has no name and is held by nobody. */
static void
say_collect(struct out *out)
{
	const struct pale_model *model = out->it->model;
	unsigned fds = (unsigned)model->process_count * variable_slots(out);

	if (out->moving == 0) {
		say(out, "\ninline collect()\n{\n\tskip\n}\n");
		return;
	}
	say(out,
	    "\n/* Does anything but its name hold the node that is number i of those that move? "
	    "*/\n"
	    "#define IS_HELD(i) (false");
	for (unsigned n = out->first; n <= out->it->node_count; n++) {
		bool kept = false;

		for (size_t c = 0; c < model->compartment_count; c++) {
			kept |= out->it->cwd[c] == n;
			for (unsigned s = 0; s < PALE_MODEL_FDS; s++)
				kept |=
				    !is_variable(out, (unsigned)c, s) && out->it->given[c][s] == n;
		}
		if (kept)
			say(out, " || (i) == %u", n - out->first);
	}
	for (unsigned i = 0; i < fds; i++)
		say(out, " || fd[%u] == FIRST + (i)", i);
	for (unsigned p = 0; p < model->process_count; p++)
		say(out, " || at[%u] == FIRST + (i)", p);
	for (unsigned i = 0; i < out->moving; i++)
		say(out, " || up[%u] == FIRST + (i)", i);
	say(out, ")\ninline collect()\n{\n\tif\n\t:: (false");
	for (unsigned i = 0; i < out->moving; i++)
		say(out, " || gone[%u]", i);
	say(out,
	    ") ->\n\t\tx_i = 0;\n\t\tdo\n\t\t:: x_i < %u ->\n\t\t\tif\n"
	    "\t\t\t:: gone[x_i] && !IS_HELD(x_i) ->\n"
	    "\t\t\t\tup[x_i] = 0;\n\t\t\t\tgone[x_i] = false;\n",
	    out->moving);
	if (has_names(out))
		say(out, "\t\t\t\tname[x_i] = 0;\n");
	for (unsigned p = 0; p < model->process_count; p++)
		for (int call = 0; call < 2; call++)
			if (out->watches[call])
				say(out,
				    "\t\t\t\tseen_%s[%u] = seen_%s[%u] & ~(1 << (FIRST + x_i - "
				    "1));\n",
				    call ? "call" : "union", p, call ? "call" : "union", p);
	say(out,
	    "\t\t\t\tx_i = 0\n\t\t\t:: else -> x_i++\n\t\t\tfi\n"
	    "\t\t:: else -> break\n\t\tod\n\t:: else\n\tfi\n}\n");
}

/* ---- calls ---- */

static void
say_calls_of_names(struct out *out)
{
	bool names = has_names(out);

	say(out,
	    "\ninline make_it(d, found, new_name)\n{\n\tx_dir = d;\n\tif\n"
	    "\t:: IS_GONE(x_dir) || found != 0\n");
	for (unsigned n = out->first; n <= out->it->node_count; n++) {
		unsigned i = n - out->first;

		if (!is_made(out, n))
			continue;
		/* The lowest free one. */
		say(out, "\t:: !(IS_GONE(x_dir) || found != 0) && up[%u] == 0", i);
		for (unsigned k = i; k-- > 0 && is_made(out, out->first + k);)
			say(out, " && up[%u] != 0", k);
		say(out, " -> up[%u] = x_dir", i);
		if (names)
			say(out, "; name[%u] = new_name", i);
		say(out, "\n");
	}
	say(out, "\t:: else\n\tfi\n}\n");

	say(out,
	    "\ninline remove_it(found)\n{\n\tx_node = found;\n\tif\n"
	    "\t:: x_node >= FIRST && IS_EMPTY(x_node) -> gone[x_node - FIRST] = true\n"
	    "\t:: else\n\tfi\n}\n");

	say(out,
	    "\n/* From a name to another, that is new_name. only_new: RENAME_NOREPLACE. */\n"
	    "inline rename_it(d, found, to, found_to, new_name, only_new)\n{\n"
	    "\tx_dir = to;\n\tx_node = found;\n\tx_other = found_to;\n"
	    "\tx_bad = x_node < FIRST || IS_GONE(x_dir) || x_node == x_other ||\n"
	    "\t    (x_other != 0 && (only_new || x_other < FIRST || !IS_EMPTY(x_other)));\n"
	    "\tif\n\t:: !x_bad -> beneath(x_node, x_dir); x_bad = x_in\n\t:: else\n\tfi;\n"
	    "\tif\n\t:: !x_bad ->\n");
	say(out, "\t\twatch_before();\n\t\tx_other = found_to;\n");
	say(out,
	    "\t\tif\n\t\t:: x_other != 0 -> gone[x_other - FIRST] = true\n\t\t:: else\n\t\tfi;\n"
	    "\t\tup[x_node - FIRST] = x_dir;\n");
	if (names)
		say(out, "\t\tname[x_node - FIRST] = new_name;\n");
	say(out, "\t\twatch_after();\n\t\tcollect()\n\t:: else\n\tfi\n}\n");
}

/* A call's descriptors, as slots: all where it says "*". */
static unsigned
slots_of(const struct out *out, unsigned c, uint8_t fd, uint8_t *ret_slots)
{
	unsigned count = 0;

	if (fd == PALE_FD_CWD) {
		ret_slots[0] = PALE_MODEL_FDS;
		return 1;
	}
	for (unsigned s = 0; s < PALE_MODEL_FDS; s++)
		if ((fd == PALE_FD_ANY || fd == s) &&
		    (out->it->given[c][s] != 0 || is_variable(out, c, s)))
			ret_slots[count++] = (uint8_t)s;
	return count;
}

static void
say_guard(struct out *out, unsigned c, unsigned slot)
{
	char buf[32];

	fd_text(out, c, slot, buf);
	if (slot < PALE_MODEL_FDS && is_variable(out, c, slot))
		say(out, " && %s != 0", buf);
	say(out, " && !IS_FILE(%s)", buf);
}

static void
say_site(struct out *out, unsigned c, const struct pale_site *site, unsigned number)
{
	const struct pale_model *model = out->it->model;
	bool two = site->op == PALE_CALL_renameat;
	uint8_t from[PALE_MODEL_FDS + 1], to[PALE_MODEL_FDS + 1] = { 0 };
	unsigned froms = slots_of(out, c, site->fd[0], from);
	unsigned tos = two ? slots_of(out, c, site->fd[1], to) : 1;
	char a[32], b[32];

	for (unsigned k = 0; k < froms * tos; k++) {
		unsigned slot = from[k / tos], other = to[k % tos];
		unsigned name = model->rests[site->path[0]].part.name;
		unsigned new_name = two ? model->rests[site->path[1]].part.name : 0;

		fd_text(out, c, slot, a);
		fd_text(out, c, other, b);
		say(out, "\t:: d_step { phase[P] == IDLE && calls[P] > 0");
		say_guard(out, c, slot);
		if (two)
			say_guard(out, c, other);
		say(out, " -> /* %s */\n\t\tcalls[P]--;\n", site->text);
		switch ((int)site->op) {
		case PALE_CALL_openat:
			say(out, "\t\tphase[P] = WALK;\n\t\tsite[P] = %u;\n\t\tvia[P] = %u;\n",
			    number, site->fd[0] == PALE_FD_ANY ? slot : 0);
			say(out, "\t\tat[P] = %s;\n\t\tleft[P] = %u\n", a, site->path[0]);
			break;
		case PALE_CALL_mkdirat:
			say(out, "\t\tmake_it(%s, FIND_%u(%s), %u)\n", a, name, a, name);
			break;
		case PALE_CALL_unlinkat:
			say(out, "\t\t%s(FIND_%u(%s))",
			    (site->flags & PALE_F_DIRECTORY) != 0 ? "remove_it"
								  : "/* EISDIR */ x_node = ",
			    name, a);
			say(out, "%s\n",
			    (site->flags & PALE_F_DIRECTORY) != 0 ? ";\n\t\tcollect()" : "");
			break;
		default:
			say(out, "\t\trename_it(%s, FIND_%u(%s), %s, FIND_%u(%s), %u, %s)\n", a,
			    name, a, b, new_name, b, new_name,
			    (site->flags & PALE_F_EXCL) != 0 ? "true" : "false");
			break;
		}
		say(out, "\t\t; DONE }\n");
	}
}

/* ---- the walk ---- */

static void
say_part(struct out *out, unsigned rest, const struct pale_promela_walker *walker, bool files)
{
	const struct pale_model *model = out->it->model;
	const struct pale_walker_part *part = &model->rests[rest].part;
	bool ends = model->rests[part->rest].part.kind == PALE_WALKER_END;

	say(out, "\t\t:: left[P] == %u -> /* %s */\n", rest, model->rests[rest].text);
	if (files)
		say(out, "\t\t\tif\n\t\t\t:: IS_FILE(AT) -> FAIL\n\t\t\t:: else ->\n");
	switch (part->kind) {
	case PALE_WALKER_NAME:
		say(out,
		    "\t\t\tx_node = FIND_%u(AT);\n\t\t\tif\n\t\t\t:: x_node == 0%s -> FAIL\n"
		    "\t\t\t:: else -> AT = x_node%s%s\n\t\t\tfi;\n",
		    part->name, part->last && !part->slash ? "" : " || IS_FILE(x_node)",
		    walker->entered[0] != '\0' ? "; " : "", walker->entered);
		break;
	case PALE_WALKER_DOTDOT:
		say(out, "\t\t\t%s;\n", walker->up);
		break;
	case PALE_WALKER_DOT:
	case PALE_WALKER_END:
		break;
	}
	say(out, "\t\t\tleft[P] = %u%s\n", part->rest, ends ? ";\n\t\t\tphase[P] = FINISH" : "");
	if (files)
		say(out, "\t\t\tfi\n");
}

/* Everything that can be left of the paths that a compartment walks. */
static void
rests_of(const struct out *out, unsigned c, bool *ret_has)
{
	const struct pale_model *model = out->it->model;
	const struct pale_model_compartment *compartment = &model->compartments[c];

	for (unsigned i = 0; i < compartment->site_count; i++) {
		const struct pale_site *site = &model->sites[compartment->first_site + i];
		pale_walker_rest rest = site->path[0];

		while (site->op == PALE_CALL_openat &&
		    model->rests[rest].part.kind != PALE_WALKER_END && !ret_has[rest]) {
			ret_has[rest] = true;
			rest = model->rests[rest].part.rest;
		}
	}
}

static void
say_walk(struct out *out, unsigned c)
{
	const struct pale_model *model = out->it->model;
	bool has[PALE_MODEL_RESTS] = { false };
	bool files = false;

	rests_of(out, c, has);
	for (unsigned n = 1; n <= out->it->node_count; n++)
		files |= !out->it->is_dir[inode_of(out, n)];
	say(out, "\t:: d_step { phase[P] == WALK ->\n\t\tx_bad = false;\n\t\tif\n");
	for (unsigned i = 1; i < model->rest_count; i++)
		if (has[i])
			say_part(out, i, out->it->walker[c], files);
	say(out,
	    "\t\tfi;\n\t\tif\n\t\t:: x_bad -> RETURN\n\t\t:: "
	    "else\n\t\tfi;\n\t\tcollect();\n\t\tDONE\n\t}\n");
}

static void
say_judge(struct out *out, unsigned c)
{
	const struct pale_model *model = out->it->model;

	if (model->delegated[c] == 0)
		return;
	say(out, "#ifndef NO_ASSERT\n");
	if ((model->properties & 1u << PALE_PROPERTY_ROOT) != 0)
		say(out, "\t\t\tassert(AT != 1 || IS_DELEGATED_%u(1)); /* root */\n", c);
	if ((model->properties & 1u << PALE_PROPERTY_UNION) != 0)
		say(out,
		    "\t\t\tbeneath_delegated_%u(AT);\n"
		    "\t\t\tassert(x_in || (seen_union[P] >> (AT - 1) & 1) != 0); /* union */\n",
		    c);
	if ((model->properties & 1u << PALE_PROPERTY_CALL) != 0)
		say(out,
		    "\t\t\tx_other = START; beneath(x_other, AT);\n"
		    "\t\t\tassert(x_in || (seen_call[P] >> (AT - 1) & 1) != 0); /* call */\n");
	say(out, "#endif\n");
}

/* The result is checked against O_DIRECTORY, and goes to the lowest free descriptor. */
static void
say_finish(struct out *out, unsigned c)
{
	const struct pale_model *model = out->it->model;
	const struct pale_model_compartment *compartment = &model->compartments[c];
	unsigned number = 0;
	char buf[32];

	say(out, "\t:: d_step { phase[P] == FINISH ->\n\t\tx_bad = false;\n");
	for (unsigned i = 0; i < compartment->site_count; i++) {
		const struct pale_site *site = &model->sites[compartment->first_site + i];

		if (site->op != PALE_CALL_openat)
			continue;
		number++;
		if ((site->flags & PALE_F_DIRECTORY) != 0)
			say(out, "\t\tx_bad = x_bad || (site[P] == %u && IS_FILE(AT));\n", number);
	}
	say(out, "\t\tif\n\t\t:: x_bad\n");
	for (unsigned s = 0; s < PALE_MODEL_FDS; s++) {
		if (!is_variable(out, c, s))
			continue;
		say(out, "\t\t:: !x_bad && %s == 0", fd_text(out, c, s, buf));
		for (unsigned k = 0; k < s; k++)
			if (is_variable(out, c, k))
				say(out, " && %s != 0", fd_text(out, c, k, buf));
		say(out, " ->\n");
		say_judge(out, c);
		say(out, "\t\t\t%s = AT\n", fd_text(out, c, s, buf));
	}
	say(out, "\t\t:: else /* EMFILE */\n\t\tfi;\n\t\tRETURN;\n\t\tcollect();\n\t\tDONE\n\t}\n");
}

static void
say_compartment(struct out *out, unsigned c)
{
	const struct pale_model *model = out->it->model;
	const struct pale_model_compartment *compartment = &model->compartments[c];
	unsigned number = 0;

	say(out, "\n#define START START_%u(P)\n", c);
	say(out, "active [%u] proctype compartment_%u() /* %s */\n{\nend:\n\tdo\n",
	    compartment->processes, c, compartment->name);
	for (unsigned i = 0; i < compartment->site_count; i++) {
		const struct pale_site *site = &model->sites[compartment->first_site + i];

		number += site->op == PALE_CALL_openat;
		say_site(out, c, site, number);
	}
	if (number > 0) {
		say_walk(out, c);
		say_finish(out, c);
	}
	say(out, "\tod\n}\n#undef START\n");
}

static void
say_all(struct out *out)
{
	const struct pale_model *model = out->it->model;

	say(out,
	    "/*\n * %s (%s), by pale check --promela.\n *\n"
	    " *   spin -o2 -a FILE && cc -O2 -DSAFETY -DBFS -o pan pan.c && ./pan   shortest "
	    "trail\n"
	    " * The shortest trail; without both -DBFS depth first; with -DNO_ASSERT for\n"
	    " *   spin -DNO_ASSERT -o2 -a FILE ...                                 all states\n "
	    "*/\n",
	    model->title != NULL ? model->title : "", model->file != NULL ? model->file : "");
	say(out, "#define P _pid\n");
	say_process_variables(out);
	say_nodes(out);
	say_find(out);
	say(out, "#define AT at[P]\n#define FAIL x_bad = true\n");
	say(out,
	    "#define RETURN phase[P] = IDLE; site[P] = 0; via[P] = 0; at[P] = 0; left[P] = 0%s%s\n",
	    out->watches[0] ? "; seen_union[P] = 0" : "",
	    out->watches[1] ? "; seen_call[P] = 0" : "");
	for (unsigned c = 0; c < model->compartment_count; c++)
		say_start(out, c);
	say_beneath(out);
	say_watch(out, false);
	say_watch(out, true);
	say_collect(out);
	say_calls_of_names(out);
	for (unsigned c = 0; c < model->compartment_count; c++)
		say_compartment(out, c);
}

int
pale_promela_text(const struct pale_promela *it, char **ret_text, struct pale_err *err)
{
	struct out out = {
		.it = it,
		.first = it->fixed_count + 1,
		.moving = it->node_count - it->fixed_count,
		.watches = { (it->model->properties & 1u << PALE_PROPERTY_UNION) != 0,
		    (it->model->properties & 1u << PALE_PROPERTY_CALL) != 0 },
	};
	char *text = NULL;
	size_t size;

	out.to = open_memstream(&text, &size);
	if (out.to == NULL)
		return pale_fail(err, -ENOMEM, "no memory");
	say_all(&out);
	if (ferror(out.to) != 0 || fclose(out.to) != 0) {
		free(text);
		return pale_fail(err, -ENOMEM, "no memory");
	}
	*ret_text = text;
	return 0;
}
