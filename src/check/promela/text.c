/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Promela text. Each step of a process is one d_step, chosen by its guard, so that SPIN has
 * just the states that the search has. Variables of one step are hidden: they are no part of a
 * state.
 */
#include "check/promela/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

void
pale_pml_say(struct pale_pml_out *out, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vfprintf(out->to, fmt, args);
	va_end(args);
}

unsigned
pale_pml_inode(const struct pale_pml_out *out, unsigned node)
{
	return out->it->node[node];
}

bool
pale_pml_is_made(const struct pale_pml_out *out, unsigned node)
{
	return pale_pml_inode(out, node) > out->it->model->inode_count;
}

/* Names get numbers only where several can be had. Those of what moves. */
unsigned
pale_pml_names(const struct pale_pml_out *out, bool *ret_has)
{
	const struct pale_model *model = out->it->model;
	unsigned count = 0;

	for (unsigned n = out->first; n <= out->it->node_count; n++)
		if (!pale_pml_is_made(out, n))
			ret_has[out->it->name[pale_pml_inode(out, n)]] = true;
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

bool
pale_pml_has_names(const struct pale_pml_out *out)
{
	bool has[PALE_MODEL_NAMES] = { false };

	return pale_pml_names(out, has) > 1;
}

bool
pale_pml_is_variable(const struct pale_pml_out *out, unsigned c, unsigned slot)
{
	return (out->it->slots[c] >> slot & 1) != 0;
}

unsigned
pale_pml_slots(const struct pale_pml_out *out)
{
	unsigned most = 0;

	for (size_t c = 0; c < out->it->model->compartment_count; c++) {
		unsigned count = (unsigned)__builtin_popcount(out->it->slots[c]);

		most = count > most ? count : most;
	}
	return most;
}

/* A descriptor of the process as an expression; its slot is at most PALE_MODEL_FDS (the cwd). */
const char *
pale_pml_fd(const struct pale_pml_out *out, unsigned c, unsigned slot, char buf[32])
{
	unsigned before = (1u << slot) - 1;

	if (slot == PALE_MODEL_FDS)
		(void)snprintf(buf, 32, "%u", out->it->cwd[c]);
	else if (!pale_pml_is_variable(out, c, slot))
		(void)snprintf(buf, 32, "%u", out->it->given[c][slot]);
	else
		(void)snprintf(
		    buf, 32, "fd[P * FDS + %d]", __builtin_popcount(out->it->slots[c] & before));
	return buf;
}

static void
say_process_variables(struct pale_pml_out *out)
{
	const struct pale_model *model = out->it->model;
	unsigned slots = pale_pml_slots(out);
	const char *bits = out->it->node_count <= 8 ? "byte"
	    : out->it->node_count <= 15             ? "short"
						    : "int";

	pale_pml_say(out, "#define PROCESSES %zu\n#define FDS %u\n", model->process_count, slots);
	pale_pml_say(out, "#define IDLE 0\n#define WALK 1\n#define FINISH 2\n");
	pale_pml_say(out, "byte calls[PROCESSES] = { ");
	for (unsigned p = 0; p < model->process_count; p++)
		pale_pml_say(out, "%s%u", p == 0 ? "" : ", ", model->initial->processes[p].calls);
	pale_pml_say(out,
	    " };\nbyte phase[PROCESSES], site[PROCESSES], via[PROCESSES];\n"
	    "byte at[PROCESSES], left[PROCESSES];\n");
	if (slots > 0)
		pale_pml_say(out, "byte fd[%zu];\n", model->process_count * slots);
	if (out->own)
		pale_pml_say(out, "byte own[PROCESSES];\n");
	if (out->locks)
		pale_pml_say(out, "byte lock; /* of all names: process + 1 */\n");
	if (out->sequence)
		pale_pml_say(
		    out, "bool moved[PROCESSES]; /* a name was moved since the lookup began */\n");
	if (out->watches[0])
		pale_pml_say(out,
		    "/* Was beneath a delegated directory, and is no more. */\n%s "
		    "seen_union[PROCESSES];\n",
		    bits);
	if (out->watches[1])
		pale_pml_say(out,
		    "/* The same of the directory where the call began. */\n%s "
		    "seen_call[PROCESSES];\n",
		    bits);
	pale_pml_say(out,
	    "/* Of one step only. SPIN's breadth first search has no hidden variables. */\n"
	    "#ifdef BFS\n#define TEMPORARY\n"
	    "#define DONE x_dir = 0; x_node = 0; x_other = 0; x_at = 0; x_i = 0; x_bad = 0; "
	    "x_in = 0; x_mask = 0");
	for (unsigned p = 0; p < model->process_count; p++)
		pale_pml_say(out, "; x_was[%u] = 0; x_was_call[%u] = 0", p, p);
	pale_pml_say(out,
	    "\n#else\n#define TEMPORARY hidden\n#define DONE skip\n#endif\n"
	    "TEMPORARY byte x_dir, x_node, x_other, x_at, x_i, x_bad, x_in;\n"
	    "TEMPORARY int x_mask, x_was[%zu], x_was_call[%zu];\n",
	    model->process_count, model->process_count);
}

/* The directory where the call under way began. */
static void
say_start(struct pale_pml_out *out, unsigned c)
{
	const struct pale_model_compartment *compartment = &out->it->model->compartments[c];
	unsigned open = 0, number = 0;
	char buf[32];

	pale_pml_say(out, "#define START_%u(P) ", c);
	for (unsigned i = 0; i < compartment->site_count; i++) {
		const struct pale_site *site = &out->it->model->sites[compartment->first_site + i];

		if (site->op != PALE_CALL_openat)
			continue;
		number++;
		if (site->fd[0] == PALE_FD_ANY)
			continue;
		pale_pml_say(out, "(site[P] == %u -> %s : ", number,
		    pale_pml_fd(
			out, c, site->fd[0] == PALE_FD_CWD ? PALE_MODEL_FDS : site->fd[0], buf));
		open++;
	}
	for (unsigned s = 0; s < PALE_MODEL_FDS; s++) {
		if (out->it->given[c][s] == 0 && !pale_pml_is_variable(out, c, s))
			continue;
		pale_pml_say(out, "(via[P] == %u -> %s : ", s, pale_pml_fd(out, c, s, buf));
		open++;
	}
	pale_pml_say(out, "0");
	while (open-- > 0)
		pale_pml_say(out, ")");
	pale_pml_say(out, "\n");
}

static void
say_compartment(struct pale_pml_out *out, unsigned c)
{
	const struct pale_model *model = out->it->model;
	const struct pale_model_compartment *compartment = &model->compartments[c];
	unsigned number = 0;

	pale_pml_say(out, "\n#define START START_%u(P)\n#define WANTS_DIR (false", c);
	for (unsigned i = 0; i < compartment->site_count; i++) {
		const struct pale_site *site = &model->sites[compartment->first_site + i];

		number += site->op == PALE_CALL_openat;
		if (site->op == PALE_CALL_openat && (site->flags & PALE_F_DIRECTORY) != 0)
			pale_pml_say(out, " || site[P] == %u", number);
	}
	number = 0;
	pale_pml_say(out, ")\n");
	pale_pml_say(out, "active [%u] proctype compartment_%u() /* %s */\n{\nend:\n\tdo\n",
	    compartment->processes, c, compartment->name);
	for (unsigned i = 0; i < compartment->site_count; i++) {
		const struct pale_site *site = &model->sites[compartment->first_site + i];

		number += site->op == PALE_CALL_openat;
		pale_pml_say_site(out, c, site, number);
	}
	if (number > 0) {
		pale_pml_say_walk(out, c);
		pale_pml_say_finish(out, c);
	}
	pale_pml_say(out, "\tod\n}\n#undef START\n#undef WANTS_DIR\n");
}

static void
say_all(struct pale_pml_out *out)
{
	const struct pale_model *model = out->it->model;

	pale_pml_say(out,
	    "/*\n * %s (%s), by pale check --promela. The shortest trail:\n *\n"
	    " *   spin -DBFS -o2 -a FILE && cc -O2 -DSAFETY -DBFS -o pan pan.c && ./pan -E\n *\n"
	    " * Without both -DBFS depth first; with -DNO_ASSERT for spin no property is looked\n"
	    " * at, and all states are met.\n */\n",
	    model->title != NULL ? model->title : "", model->file != NULL ? model->file : "");
	pale_pml_say(out, "#define P _pid\n");
	say_process_variables(out);
	pale_pml_say_nodes(out);
	pale_pml_say_find(out);
	pale_pml_say(out, "#define AT at[P]\n#define FAIL x_bad = true\n");
	pale_pml_say(out,
	    "#define OWN own[P]\n#define RETURN phase[P] = IDLE; site[P] = 0; via[P] = 0; "
	    "at[P] = 0; left[P] = 0%s%s%s%s%s\n",
	    out->watches[0] ? "; seen_union[P] = 0" : "",
	    out->watches[1] ? "; seen_call[P] = 0" : "", out->own ? "; own[P] = 0" : "",
	    out->sequence ? "; moved[P] = false" : "",
	    out->locks ? "; lock = (lock == P + 1 -> 0 : lock)" : "");
	for (unsigned c = 0; c < model->compartment_count; c++)
		say_start(out, c);
	pale_pml_say_beneath(out);
	pale_pml_say_watch(out, false);
	pale_pml_say_watch(out, true);
	pale_pml_say_collect(out);
	pale_pml_say_changes(out);
	for (unsigned c = 0; c < model->compartment_count; c++)
		say_compartment(out, c);
}

int
pale_promela_text(const struct pale_promela *it, char **ret_text, struct pale_err *err)
{
	struct pale_pml_out out = {
		.it = it,
		.first = it->fixed_count + 1,
		.moving = it->node_count - it->fixed_count,
		.watches = { (it->model->properties & 1u << PALE_PROPERTY_UNION) != 0,
		    (it->model->properties & 1u << PALE_PROPERTY_CALL) != 0 },
	};
	char *text = NULL;
	size_t size;

	for (size_t c = 0; c < it->model->compartment_count; c++) {
		out.own |= it->walker[c]->own != PALE_PML_NOTHING;
		out.locks |= it->walker[c]->locks;
		out.sequence |= it->walker[c]->sequence;
	}

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
