/* SPDX-License-Identifier: BSD-2-Clause */
/* Who acts: what is said in a compartment, but for its calls. */
#include "model/read/reading.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model/walkers.h"

enum {
	UMASK_MAX = 0777,
};

int
pale_read_user(struct pale_reading *in, const struct pale_call *call, struct pale_side *side)
{
	return pale_reading_user(in, call->arg_lines[0], call->args[0], &side->user);
}

int
pale_read_umask(struct pale_reading *in, const struct pale_call *call, struct pale_side *side)
{
	int rc = pale_reading_mode(in, call->arg_lines[0], call->args[0], &side->umask);

	if (rc == 0 && side->umask > UMASK_MAX)
		return pale_reading_fail(
		    in, call->arg_lines[0], "a umask is bits up to 777, and not %s", call->args[0]);
	return rc;
}

static int
find_directory(struct pale_reading *in, const struct pale_call *call, size_t *ret_node)
{
	size_t node = call->args[0][0] == '/' ? pale_reading_find(in, call->args[0]) : 0;

	if (node == 0 || in->nodes[node].type != PALE_INODE_DIR) {
		pale_reading_fail(
		    in, call->arg_lines[0], "'%s' is no directory of the tree", call->args[0]);
		return pale_remedy(
		    in->err, "say directory('%s') outside of the compartments", call->args[0]);
	}
	*ret_node = node;
	return 0;
}

int
pale_read_cwd(struct pale_reading *in, const struct pale_call *call, struct pale_side *side)
{
	return find_directory(in, call, &side->cwd);
}

int
pale_read_chroot(struct pale_reading *in, const struct pale_call *call, struct pale_side *side)
{
	return find_directory(in, call, &side->root);
}

static int
read_count(
    struct pale_reading *in, const struct pale_call *call, const char *what, long most, size_t *ret)
{
	long number;
	int rc = pale_reading_number(in, call->arg_lines[0], call->args[0], what, 1, most, &number);

	if (rc == 0)
		*ret = (size_t)number;
	return rc;
}

int
pale_read_processes(struct pale_reading *in, const struct pale_call *call, struct pale_side *side)
{
	return read_count(in, call, "number of processes", PALE_MODEL_PROCESSES, &side->processes);
}

int
pale_read_calls(struct pale_reading *in, const struct pale_call *call, struct pale_side *side)
{
	return read_count(in, call, "number of calls", PALE_MODEL_CALLS, &side->calls);
}

int
pale_read_ignore(struct pale_reading *in, const struct pale_call *call, struct pale_side *side)
{
	if (strcmp(call->args[0], "SIGPIPE") != 0) {
		pale_reading_fail(
		    in, call->arg_lines[0], "'%s' cannot be ignored here", call->args[0]);
		return pale_remedy(in->err, "the only signal there is here is SIGPIPE");
	}
	side->ignores_sigpipe = true;
	return 0;
}

/* By name; what the command line gave under that name comes first. */
static int
find_walker(
    struct pale_reading *in, unsigned line, const char *name, const struct pale_walker **ret_walker)
{
	const struct pale_walker *given = in->options->walker;
	const struct pale_walker *walker = pale_walker_find(name);
	const char *names[64];
	size_t count = 0;

	if (given != NULL && strcmp(given->name, name) == 0)
		walker = given;
	if (walker != NULL) {
		*ret_walker = walker;
		return 0;
	}
	pale_reading_fail(in, line, "there is no walker '%s'", name);
	for (size_t i = 0; i < pale_walker_count && count < PALE_COUNT(names); i++)
		names[count++] = pale_walkers[i]->name;
	pale_reading_suggest(in, name, names, count);
	if (in->err != NULL && in->err->remedy[0] == '\0')
		pale_remedy(in->err, "pale check --list shows them all");
	return -EINVAL;
}

int
pale_read_walker(struct pale_reading *in, const struct pale_call *call, struct pale_side *side)
{
	const struct pale_walker *walker = NULL;
	int rc = find_walker(in, call->arg_lines[0], call->args[0], &walker);

	if (rc < 0)
		return rc;
	if (side == NULL) {
		in->model->walker = walker;
		return 0;
	}
	side->walker = walker;
	side->walker_name = pale_reading_keep(in, call->args[0], strlen(call->args[0]));
	return side->walker_name == NULL ? pale_reading_no_memory(in) : 0;
}

int
pale_read_child_of(struct pale_reading *in, const struct pale_call *call, struct pale_side *side)
{
	struct pale_side *parent = pale_reading_side(in, call->args[0]);
	const char *names[PALE_MODEL_COMPARTMENTS];
	size_t hops = 0;

	if (parent == NULL) {
		pale_reading_fail(
		    in, call->arg_lines[0], "there is no compartment '%s'", call->args[0]);
		for (size_t i = 0; i < in->side_count; i++)
			names[i] = in->sides[i].name;
		return pale_reading_suggest(in, call->args[0], names, in->side_count);
	}
	side->parent = (size_t)(parent - in->sides) + 1;
	for (const struct pale_side *at = side; at->parent != 0; at = &in->sides[at->parent - 1])
		if (hops++ > in->side_count)
			return pale_reading_fail(
			    in, call->arg_lines[0], "'%s' would be its own child", side->name);
	return 0;
}

/* ---- descriptors at start ---- */

/* 'O_RDWR' or 'read,lookup', or one after the other. */
static int
read_how(struct pale_reading *in, const struct pale_call *call, struct pale_own *own)
{
	enum {
		TAKEN = PALE_F_READ | PALE_F_WRITE | PALE_F_PATH | PALE_F_NONBLOCK |
		    PALE_F_CLOEXEC | PALE_F_DIRECTORY
	};
	bool has_flags = false, has_rights = false;

	own->flags = PALE_F_READ;
	for (size_t i = 2; i < call->arg_count; i++) {
		const char *text = call->args[i];
		unsigned line = call->arg_lines[i];
		bool is_flags = strncmp(text, "O_", 2) == 0;
		int rc;

		if (is_flags ? has_flags : has_rights)
			return pale_reading_fail(
			    in, line, "%s are said twice", is_flags ? "flags" : "rights");
		if (!is_flags) {
			has_rights = true;
			rc = pale_reading_rights(in, line, text, &own->rights);
		} else {
			has_flags = true;
			rc = pale_reading_flags(in, line, "open", text, &own->flags);
		}
		if (rc < 0)
			return rc;
		if ((own->flags & ~TAKEN) != 0)
			return pale_reading_fail(in, line,
			    "'%s' has no meaning for a descriptor that is open already", text);
	}
	return 0;
}

int
pale_read_open(struct pale_reading *in, const struct pale_call *call, struct pale_side *side)
{
	const char *name = call->args[0], *path = call->args[1];
	size_t node = path[0] == '/' ? pale_reading_find(in, path) : 0;
	enum pale_inode_type type;
	struct pale_own own = { .kind = 'f', .node = node };
	struct pale_own *added;
	int rc;

	if (!pale_reading_is_word(name))
		return pale_reading_fail(in, call->arg_lines[0],
		    "'%s' is no name for a descriptor: it is a word that begins with a letter",
		    name);
	for (size_t i = 0; i < side->fd_count; i++)
		if (strcmp(side->fds[i].name, name) == 0)
			return pale_reading_fail(in, call->arg_lines[0],
			    "'%s' has a descriptor '%s' already", side->name, name);
	if (node == 0) {
		pale_reading_fail(in, call->arg_lines[1], "'%s' is not in the tree", path);
		return pale_remedy(in->err,
		    "say directory('%s') or file('%s') outside of the compartments", path, path);
	}
	rc = read_how(in, call, &own);
	if (rc < 0)
		return rc;
	type = in->nodes[node].type;
	if (type == PALE_INODE_DIR && (own.flags & PALE_F_WRITE) != 0)
		return pale_reading_fail(in, call->line,
		    "'%s' is a directory, and cannot be open for writing (EISDIR)", path);
	if (type != PALE_INODE_DIR && (own.flags & PALE_F_DIRECTORY) != 0)
		return pale_reading_fail(in, call->line, "'%s' is no directory (ENOTDIR)", path);
	if (type != PALE_INODE_DIR && type != PALE_INODE_FILE && (own.flags & PALE_F_PATH) == 0) {
		pale_reading_fail(in, call->line,
		    "'%s' is no directory and no file, and cannot be open at start", path);
		return pale_remedy(in->err, "open it in the program, or say 'O_PATH'");
	}
	own.flags &= (uint16_t)~PALE_F_DIRECTORY;
	own.name = pale_reading_keep(in, name, strlen(name));
	added = pale_reading_add(&side->fds, &side->fd_count, &side->fd_size, sizeof(own));
	if (own.name == NULL || added == NULL)
		return pale_reading_no_memory(in);
	*added = own;
	return 0;
}

/* ---- what a compartment does ---- */

static bool
is_called(const struct pale_own *own, const char *name)
{
	return own->name != NULL && name != NULL && strcmp(own->name, name) == 0;
}

/* A name that a call gives its result. */
static int
declare(struct pale_reading *in, unsigned line, struct pale_side *side, const char *name, char kind,
    size_t order)
{
	struct pale_own own = { .name = name, .kind = kind, .order = order };
	struct pale_own *added;

	for (size_t i = 0; i < side->fd_count; i++)
		if (is_called(&side->fds[i], name)) {
			if (kind == 'f')
				return 0;
			return pale_reading_fail(in, line, "'%s' is a descriptor", name);
		}
	for (size_t i = 1; i < side->var_count; i++)
		if (is_called(&side->vars[i], name)) {
			if (kind != 'f' && side->vars[i].kind == kind)
				return 0;
			return pale_reading_fail(
			    in, line, "'%s' has something of another kind already", name);
		}
	if (kind == 'f')
		added = pale_reading_add(&side->fds, &side->fd_count, &side->fd_size, sizeof(own));
	else
		added =
		    pale_reading_add(&side->vars, &side->var_count, &side->var_size, sizeof(own));
	if (added == NULL)
		return pale_reading_no_memory(in);
	*added = own;
	return 0;
}

/* All names of a compartment before any of its calls is compiled: a call may use what another
 * sets. In a program each result without a name has its own place too, as in UNIX. */
static int
declare_all(struct pale_reading *in, const struct pale_call *call, struct pale_side *side)
{
	for (size_t i = 0; i < call->arg_count; i++) {
		struct pale_written written;
		unsigned line = call->arg_lines[i];
		int rc = pale_written_read(in, line, call->args[i], &written);
		const char *gives;

		if (rc < 0)
			return rc;
		gives = pale_written_gives(written.op);
		for (size_t g = 0; rc == 0 && gives[g] != '\0'; g++) {
			const char *name = g < written.give_count ? written.gives[g] : NULL;

			if (name != NULL || (gives[g] == 'f' && side->has_order))
				rc = declare(in, line, side, name, gives[g], i + 1);
		}
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* What a child has from the process that forks it. */
static int
inherit(struct pale_reading *in, struct pale_side *side)
{
	const struct pale_side *parent = &in->sides[side->parent - 1];
	size_t before = 0, order;

	for (const struct pale_side *at = in->sides; at < side; at++)
		before += at->parent == side->parent;
	if (before >= parent->fork_count) {
		pale_reading_fail(in, side->line, "'%s' is never born: '%s' forks %zu time%s",
		    side->name, parent->name, parent->fork_count,
		    parent->fork_count == 1 ? "" : "s");
		return pale_remedy(
		    in->err, "each compartment with child_of() needs its own fork()");
	}
	order = parent->fork_list[before];
	side->user = parent->user;
	side->umask = parent->umask;
	side->cwd = parent->cwd;
	side->root = parent->root;
	side->ignores_sigpipe = parent->ignores_sigpipe;
	for (size_t i = 0; i < parent->fd_count + parent->var_count; i++) {
		bool is_fd = i < parent->fd_count;
		const struct pale_own *own =
		    is_fd ? &parent->fds[i] : &parent->vars[i - parent->fd_count];
		struct pale_own *added;

		if (i == parent->fd_count)
			continue; /* the variable 0, which is there already */
		added = is_fd
		    ? pale_reading_add(&side->fds, &side->fd_count, &side->fd_size, sizeof(*own))
		    : pale_reading_add(
			  &side->vars, &side->var_count, &side->var_size, sizeof(*own));
		if (added == NULL)
			return pale_reading_no_memory(in);
		*added = *own;
		/* What is set behind the fork keeps its place, but has no name here. */
		if (parent->has_order && own->order > order)
			added->name = NULL;
		added->order = 0;
	}
	return 0;
}

static int
read_calls(struct pale_reading *in, const struct pale_call *call, struct pale_side *side)
{
	int rc = 0;

	if (side->parent != 0)
		rc = inherit(in, side);
	if (rc == 0)
		rc = declare_all(in, call, side);
	side->first_site = in->site_count;
	for (size_t i = 0; rc == 0 && i < call->arg_count; i++) {
		struct pale_written written;
		unsigned line = call->arg_lines[i];

		side->order = i + 1;
		rc = pale_written_read(in, line, call->args[i], &written);
		if (rc == 0)
			rc = pale_written_compile(in, line, side, &written);
	}
	side->site_count = in->site_count - side->first_site;
	side->done = true;
	return rc;
}

int
pale_read_may(struct pale_reading *in, const struct pale_call *call, struct pale_side *side)
{
	if (side->said[PALE_WORD_program] != NULL) {
		pale_reading_fail(
		    in, call->line, "'%s' has a program and a vocabulary", side->name);
		return pale_remedy(
		    in->err, "keep program() or may(), or make two compartments of it");
	}
	if (in->options->calls > PALE_MODEL_CALLS)
		return pale_reading_fail(in, 0, "a scope of %u calls: it is 1 to %d",
		    in->options->calls, PALE_MODEL_CALLS);
	if (in->options->calls != 0)
		side->calls = in->options->calls;
	if (in->options->processes != 0)
		side->processes = in->options->processes;
	/* An adversary chooses its umask. */
	if (side->said[PALE_WORD_umask] == NULL)
		side->umask = 0;
	if (side->calls == 0)
		return pale_reading_fail(
		    in, call->line, "'%s' needs calls(): how many each process may do", side->name);
	return read_calls(in, call, side);
}

int
pale_read_program(struct pale_reading *in, const struct pale_call *call, struct pale_side *side)
{
	if (side->said[PALE_WORD_calls] != NULL)
		return pale_reading_fail(in, side->said[PALE_WORD_calls]->line,
		    "calls() is for a vocabulary: the program of '%s' has its own", side->name);
	side->has_order = true;
	return read_calls(in, call, side);
}
