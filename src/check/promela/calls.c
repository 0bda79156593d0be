/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps of a process in Promela: calls that change names, and lookups. */
#include "check/promela/text.h"

#include "model/rest.h"

void
pale_pml_say_changes(struct pale_pml_out *out)
{
	const struct pale_model *model = out->it->model;
	bool names = pale_pml_has_names(out);

	pale_pml_say(out,
	    "\ninline make_it(d, found, new_name)\n{\n\tx_dir = d;\n\tif\n"
	    "\t:: IS_GONE(x_dir) || found != 0\n");
	for (unsigned n = out->first; n <= out->it->node_count; n++) {
		unsigned i = n - out->first;

		if (!pale_pml_is_made(out, n))
			continue;
		/* The lowest free one. */
		pale_pml_say(out, "\t:: !(IS_GONE(x_dir) || found != 0) && up[%u] == 0", i);
		for (unsigned k = i; k-- > 0 && pale_pml_is_made(out, out->first + k);)
			pale_pml_say(out, " && up[%u] != 0", k);
		pale_pml_say(out, " -> up[%u] = x_dir", i);
		if (names)
			pale_pml_say(out, "; name[%u] = new_name", i);
		pale_pml_say(out, "\n");
	}
	pale_pml_say(out, "\t:: else\n\tfi\n}\n");

	pale_pml_say(out,
	    "\ninline remove_it(found)\n{\n\tx_node = found;\n\tif\n"
	    "\t:: x_node >= FIRST && IS_EMPTY(x_node) -> gone[x_node - FIRST] = true\n"
	    "\t:: else\n\tfi\n}\n");

	pale_pml_say(out,
	    "\n/* From a name to another, that is new_name. only_new: RENAME_NOREPLACE. */\n"
	    "inline rename_it(d, found, to, found_to, new_name, only_new)\n{\n"
	    "\tx_dir = to;\n\tx_node = found;\n\tx_other = found_to;\n"
	    "\tx_bad = x_node < FIRST || IS_GONE(x_dir) || x_node == x_other ||\n"
	    "\t    (x_other != 0 && (only_new || x_other < FIRST || !IS_EMPTY(x_other)));\n"
	    "\tif\n\t:: !x_bad -> beneath(x_node, x_dir); x_bad = x_in\n\t:: else\n\tfi;\n"
	    "\tif\n\t:: !x_bad ->\n");
	pale_pml_say(out, "\t\twatch_before();\n\t\tx_other = found_to;\n");
	pale_pml_say(out,
	    "\t\tif\n\t\t:: x_other != 0 -> gone[x_other - FIRST] = true\n\t\t:: else\n\t\tfi;\n"
	    "\t\tup[x_node - FIRST] = x_dir;\n");
	if (names)
		pale_pml_say(out, "\t\tname[x_node - FIRST] = new_name;\n");
	for (unsigned p = 0; p < model->process_count; p++)
		if (out->it->walker[model->compartment_of[p]]->sequence)
			pale_pml_say(out, "\t\tmoved[%u] = (phase[%u] != IDLE);\n", p, p);
	pale_pml_say(out, "\t\twatch_after();\n\t\tcollect()\n\t:: else\n\tfi\n}\n");
}

/* A call's descriptors, as slots: all where it says "*". */
static unsigned
slots_of(const struct pale_pml_out *out, unsigned c, uint8_t fd, uint8_t *ret_slots)
{
	unsigned count = 0;

	if (fd == PALE_FD_CWD) {
		ret_slots[0] = PALE_MODEL_FDS;
		return 1;
	}
	for (unsigned s = 0; s < PALE_MODEL_FDS; s++)
		if ((fd == PALE_FD_ANY || fd == s) &&
		    (out->it->given[c][s] != 0 || pale_pml_is_variable(out, c, s)))
			ret_slots[count++] = (uint8_t)s;
	return count;
}

static void
say_guard(struct pale_pml_out *out, unsigned c, unsigned slot)
{
	char buf[32];

	pale_pml_fd(out, c, slot, buf);
	if (slot < PALE_MODEL_FDS && pale_pml_is_variable(out, c, slot))
		pale_pml_say(out, " && %s != 0", buf);
	pale_pml_say(out, " && !IS_FILE(%s)", buf);
}

void
pale_pml_say_site(
    struct pale_pml_out *out, unsigned c, const struct pale_site *site, unsigned number)
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

		pale_pml_fd(out, c, slot, a);
		pale_pml_fd(out, c, other, b);
		pale_pml_say(out, "\t:: d_step { phase[P] == IDLE && calls[P] > 0");
		say_guard(out, c, slot);
		if (two)
			say_guard(out, c, other);
		if (out->locks)
			pale_pml_say(out, " && lock == 0");
		pale_pml_say(out, " -> /* %s */\n\t\tcalls[P]--;\n", site->text);
		switch ((int)site->op) {
		case PALE_CALL_openat:
			pale_pml_say(out,
			    "\t\tphase[P] = WALK;\n\t\tsite[P] = %u;\n\t\tvia[P] = %u;\n", number,
			    site->fd[0] == PALE_FD_ANY ? slot : 0);
			pale_pml_say(out, "\t\tat[P] = %s;\n\t\tleft[P] = %u%s\n", a, site->path[0],
			    out->it->walker[c]->locks ? ";\n\t\tlock = P + 1" : "");
			break;
		case PALE_CALL_mkdirat:
			pale_pml_say(out, "\t\tmake_it(%s, FIND_%u(%s), %u)\n", a, name, a, name);
			break;
		case PALE_CALL_unlinkat:
			pale_pml_say(out, "\t\t%s(FIND_%u(%s))",
			    (site->flags & PALE_F_DIRECTORY) != 0 ? "remove_it"
								  : "/* EISDIR */ x_node = ",
			    name, a);
			pale_pml_say(out, "%s\n",
			    (site->flags & PALE_F_DIRECTORY) != 0 ? ";\n\t\tcollect()" : "");
			break;
		default:
			pale_pml_say(out,
			    "\t\trename_it(%s, FIND_%u(%s), %s, FIND_%u(%s), %u, %s)\n", a, name, a,
			    b, new_name, b, new_name,
			    (site->flags & PALE_F_EXCL) != 0 ? "true" : "false");
			break;
		}
		pale_pml_say(out, "\t\t; DONE }\n");
	}
}

static void
say_part(struct pale_pml_out *out, unsigned rest, const struct pale_pml_walker *walker, bool files)
{
	const struct pale_model *model = out->it->model;
	const struct pale_walker_part *part = &model->rests[rest].part;

	pale_pml_say(out, "\t\t:: left[P] == %u%s -> /* %s */\n", rest,
	    walker->probe != NULL ? " && OWN == 0" : "", model->rests[rest].text);
	if (files)
		pale_pml_say(out, "\t\t\tif\n\t\t\t:: IS_FILE(AT) -> FAIL\n\t\t\t:: else ->\n");
	switch (part->kind) {
	case PALE_WALKER_NAME:
		pale_pml_say(out,
		    "\t\t\tx_node = FIND_%u(AT);\n\t\t\tif\n\t\t\t:: x_node == 0%s -> FAIL\n"
		    "\t\t\t:: else -> AT = x_node\n\t\t\tfi;\n",
		    part->name,
		    part->last && !part->slash ? " || (IS_FILE(x_node) && WANTS_DIR)"
					       : " || IS_FILE(x_node)");
		if (walker->entered != NULL)
			pale_pml_say(out,
			    "\t\t\tif\n\t\t\t:: !x_bad && !IS_FILE(AT) -> %s\n\t\t\t:: "
			    "else\n\t\t\tfi;\n",
			    walker->entered);
		break;
	case PALE_WALKER_DOTDOT:
		pale_pml_say(out, "\t\t\t%s;\n", walker->up);
		break;
	case PALE_WALKER_DOT:
	case PALE_WALKER_END:
		break;
	}
	if (walker->stays != NULL)
		pale_pml_say(out,
		    "\t\t\tif\n\t\t\t:: %s\n\t\t\t:: else -> left[P] = %u\n\t\t\tfi\n",
		    walker->stays, part->rest);
	else
		pale_pml_say(out, "\t\t\tleft[P] = %u\n", part->rest);
	if (files)
		pale_pml_say(out, "\t\t\tfi\n");
}

/* Everything that can be left of the paths that a compartment walks. */
static void
rests_of(const struct pale_pml_out *out, unsigned c, bool *ret_has)
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

void
pale_pml_say_walk(struct pale_pml_out *out, unsigned c)
{
	const struct pale_model *model = out->it->model;
	const struct pale_pml_walker *walker = out->it->walker[c];
	bool has[PALE_MODEL_RESTS] = { false };
	bool files = false;

	rests_of(out, c, has);
	for (unsigned n = 1; n <= out->it->node_count; n++)
		files |= !out->it->is_dir[pale_pml_inode(out, n)];
	pale_pml_say(out, "\t:: d_step { phase[P] == WALK ->\n\t\tx_bad = false;\n\t\tif\n");
	if (walker->probe != NULL)
		pale_pml_say(out, "\t\t:: OWN != 0 -> %s\n", walker->probe);
	for (unsigned i = 1; i < model->rest_count; i++)
		if (has[i])
			say_part(out, i, walker, files);
	/* Where nothing is left the walk is at its finish, unless the walker has something to do.
	 */
	pale_pml_say(out,
	    "\t\tfi;\n\t\tif\n\t\t:: x_bad -> RETURN\n\t\t:: !x_bad && left[P] == %u%s -> "
	    "phase[P] = FINISH\n\t\t:: else\n\t\tfi;\n\t\tcollect();\n\t\tDONE\n\t}\n",
	    PALE_REST_EMPTY, walker->probe != NULL ? " && OWN == 0" : "");
}

static void
say_judge(struct pale_pml_out *out, unsigned c)
{
	const struct pale_model *model = out->it->model;

	if (model->delegated[c] == 0)
		return;
	pale_pml_say(out, "#ifndef NO_ASSERT\n");
	if ((model->properties & 1u << PALE_PROPERTY_ROOT) != 0)
		pale_pml_say(out, "\t\t\tassert(AT != 1 || IS_DELEGATED_%u(1)); /* root */\n", c);
	if ((model->properties & 1u << PALE_PROPERTY_UNION) != 0)
		pale_pml_say(out,
		    "\t\t\tbeneath_delegated_%u(AT);\n"
		    "\t\t\tassert(x_in || (seen_union[P] >> (AT - 1) & 1) != 0); /* union */\n",
		    c);
	if ((model->properties & 1u << PALE_PROPERTY_CALL) != 0)
		pale_pml_say(out,
		    "\t\t\tx_other = START; beneath(x_other, AT);\n"
		    "\t\t\tassert(x_in || (seen_call[P] >> (AT - 1) & 1) != 0); /* call */\n");
	pale_pml_say(out, "#endif\n");
}

/* What was found goes to the lowest free descriptor. */
void
pale_pml_say_finish(struct pale_pml_out *out, unsigned c)
{
	char buf[32];

	pale_pml_say(out, "\t:: d_step { phase[P] == FINISH ->\n\t\tx_bad = false;\n");
	if (out->it->walker[c]->finish != NULL)
		pale_pml_say(out, "\t\tif\n\t\t:: !x_bad -> %s\n\t\t:: else\n\t\tfi;\n",
		    out->it->walker[c]->finish);
	pale_pml_say(out, "\t\tif\n\t\t:: x_bad\n");
	for (unsigned s = 0; s < PALE_MODEL_FDS; s++) {
		if (!pale_pml_is_variable(out, c, s))
			continue;
		pale_pml_say(out, "\t\t:: !x_bad && %s == 0", pale_pml_fd(out, c, s, buf));
		for (unsigned k = 0; k < s; k++)
			if (pale_pml_is_variable(out, c, k))
				pale_pml_say(out, " && %s != 0", pale_pml_fd(out, c, k, buf));
		pale_pml_say(out, " ->\n");
		say_judge(out, c);
		pale_pml_say(out, "\t\t\t%s = AT\n", pale_pml_fd(out, c, s, buf));
	}
	pale_pml_say(
	    out, "\t\t:: else /* EMFILE */\n\t\tfi;\n\t\tRETURN;\n\t\tcollect();\n\t\tDONE\n\t}\n");
}
