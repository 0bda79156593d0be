/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Steps, places and actors in words, as witnesses have them. A call is written as a scenario would
 * write it, with what "*" stood for.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model/ops.h"
#include "model/step.h"

enum {
	PATH_DEPTH = PALE_MODEL_INODES, /* the way up ends before */
	ACTOR_BYTES = 80,
};

/* Text that grows in a buffer of the caller's; length counts on where it is full. */
struct text {
	char *buf;
	size_t size, length;
};

__attribute__((format(printf, 2, 3))) static void
add(struct text *text, const char *fmt, ...)
{
	size_t at = text->length < text->size ? text->length : text->size;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text->buf == NULL ? NULL : text->buf + at,
	    text->buf == NULL ? 0 : text->size - at, fmt, args);
	va_end(args);
	if (n > 0)
		text->length += (size_t)n;
}

static void
add_name(struct text *text, const struct pale_model *model, unsigned name)
{
	add(text, "%s", name != 0 && name < model->name_count ? model->names[name] : "?");
}

/* The name of what is no directory: its first entry. */
static const struct pale_entry *
entry_of(const struct pale_state *state, unsigned inode)
{
	for (unsigned i = 0; i < PALE_MODEL_ENTRIES; i++)
		if (state->entries[i].dir != 0 && state->entries[i].inode == inode)
			return &state->entries[i];
	return NULL;
}

static void
add_path(struct text *text, const struct pale_model *model, const struct pale_state *state,
    unsigned inode)
{
	const struct pale_inode *at = &state->inodes[inode];
	unsigned names[PATH_DEPTH], count = 0;
	bool removed = false;

	if (inode == 0 || at->type == PALE_INODE_FREE) {
		add(text, "nothing");
		return;
	}
	if (at->type != PALE_INODE_DIR) {
		const struct pale_entry *entry = entry_of(state, inode);

		if (entry == NULL) {
			if (inode <= model->inode_count && model->inode_paths[inode] != NULL)
				add(text, "%s (removed)", model->inode_paths[inode]);
			else
				add(text, "inode %u (removed)", inode);
			return;
		}
		names[count++] = entry->name;
		inode = entry->dir;
	}
	while (inode != PALE_MODEL_ROOT && inode != 0 && count < PATH_DEPTH) {
		at = &state->inodes[inode];
		removed |= !at->linked;
		names[count++] = at->name;
		inode = at->parent;
	}
	if (count == 0)
		add(text, "/");
	while (count-- > 0) {
		add(text, "/");
		add_name(text, model, names[count]);
	}
	if (removed)
		add(text, " (removed)");
}

int
pale_model_path(const struct pale_model *model, const struct pale_state *state, unsigned inode,
    char *buf, size_t size)
{
	struct text text = { .buf = buf, .size = size };

	add_path(&text, model, state, inode);
	return (int)text.length;
}

const char *
pale_model_actor(const struct pale_model *model, unsigned p)
{
	/* Per thread, so that two may print at once; good until the next question about p. */
	static _Thread_local char actors[PALE_MODEL_PROCESSES][ACTOR_BYTES];
	unsigned compartment = model->compartment_of[p], number = 1;

	if (model->compartments[compartment].processes <= 1)
		return model->compartments[compartment].name;
	for (unsigned i = 0; i < p; i++)
		number += model->compartment_of[i] == compartment;
	snprintf(
	    actors[p], sizeof(actors[p]), "%s %u", model->compartments[compartment].name, number);
	return actors[p];
}

/* A call, while it is written. */
struct writing {
	struct text *text;
	const struct pale_model *model;
	const struct pale_model_compartment *compartment;
	const struct pale_site *site;
	const struct pale_state *state;
	const struct pale_process *process;
	const uint8_t *fd; /* what "*" stands for */
	unsigned fds, paths, refs;
};

static void
add_slot(const struct writing *w, unsigned slot)
{
	if (slot == PALE_FD_CWD)
		add(w->text, "AT_FDCWD");
	else if (slot == PALE_FD_ANY)
		add(w->text, "*");
	else if (slot < PALE_MODEL_FDS && w->compartment->fd_names[slot] != NULL)
		add(w->text, "%s", w->compartment->fd_names[slot]);
	else
		add(w->text, "fd %u", slot);
}

static void
add_fd(struct writing *w)
{
	unsigned i = w->fds++ & 1, slot = w->site->fd[i];

	if (w->site->ref[0].kind != PALE_REF_NONE && w->site->op == PALE_CALL_same &&
	    w->site->ref[i].kind == PALE_REF_VAR)
		add(w->text, "%s", w->compartment->var_names[w->site->ref[i].of]);
	else
		add_slot(w, slot == PALE_FD_ANY ? w->fd[i] : slot);
}

static void
add_ref(struct writing *w)
{
	struct pale_ref ref = w->site->ref[w->refs++ & 1];

	if (ref.kind == PALE_REF_VALUE && ref.of <= w->model->value_count)
		add(w->text, "%s", w->model->values[ref.of]);
	else if (ref.kind == PALE_REF_VAR && w->compartment->var_names[ref.of] != NULL)
		add(w->text, "%s", w->compartment->var_names[ref.of]);
	else if (ref.kind == PALE_REF_FD)
		add_slot(w, ref.of);
}

struct flag_name {
	unsigned flag;
	const char *name;
};

/* As Linux names them, for the kind of call. */
static const struct flag_name open_flags[] = {
	{ PALE_F_CREAT, "O_CREAT" },
	{ PALE_F_EXCL, "O_EXCL" },
	{ PALE_F_NOFOLLOW, "O_NOFOLLOW" },
	{ PALE_F_PATH, "O_PATH" },
	{ PALE_F_NONBLOCK, "O_NONBLOCK" },
	{ PALE_F_CLOEXEC, "O_CLOEXEC" },
	{ PALE_F_DIRECTORY, "O_DIRECTORY" },
	{ PALE_F_TRUNC, "O_TRUNC" },
	{ 0, NULL },
};
static const struct flag_name at_flags[] = {
	{ PALE_F_NOFOLLOW, "AT_SYMLINK_NOFOLLOW" },
	{ PALE_F_DIRECTORY, "AT_REMOVEDIR" },
	{ PALE_F_EXCL, "RENAME_NOREPLACE" },
	{ PALE_F_EXCHANGE, "RENAME_EXCHANGE" },
	{ PALE_F_CLOEXEC, "O_CLOEXEC" },
	{ PALE_F_NONBLOCK, "O_NONBLOCK" },
	{ 0, NULL },
};
static const struct flag_name ipc_flags[] = {
	{ PALE_F_CREAT, "IPC_CREAT" },
	{ PALE_F_EXCL, "IPC_EXCL" },
	{ PALE_F_UNDO, "SEM_UNDO" },
	{ PALE_F_NONBLOCK, "IPC_NOWAIT" },
	{ PALE_F_RDONLY, "SHM_RDONLY" },
	{ 0, NULL },
};
static const struct flag_name socket_flags[] = {
	{ PALE_F_CLOEXEC, "SOCK_CLOEXEC" },
	{ PALE_F_NONBLOCK, "SOCK_NONBLOCK" },
	{ 0, NULL },
};

/* Returns whether any was written. */
static bool
add_flags(const struct writing *w, const struct flag_name *names, bool first)
{
	for (; names->name != NULL; names++)
		if ((w->site->flags & names->flag) != 0) {
			add(w->text, "%s%s", first ? "" : "|", names->name);
			first = false;
		}
	return !first;
}

static void
add_open_flags(const struct writing *w)
{
	unsigned way = w->site->flags & (PALE_F_READ | PALE_F_WRITE);

	if ((w->site->flags & PALE_F_PATH) == 0)
		add(w->text, "%s",
		    way == (PALE_F_READ | PALE_F_WRITE) ? "O_RDWR"
			: way == PALE_F_WRITE           ? "O_WRONLY"
							: "O_RDONLY");
	add_flags(w, open_flags, (w->site->flags & PALE_F_PATH) != 0);
}

static const struct flag_name *
flags_of(const struct pale_site *site)
{
	const char *signature = pale_model_calls[site->op].signature;

	if (site->op == PALE_CALL_socket || site->op == PALE_CALL_socketpair)
		return socket_flags;
	return strchr(signature, 'k') != NULL || strchr(signature, 'x') != NULL ? ipc_flags
										: at_flags;
}

static bool
has_flags(const struct pale_site *site)
{
	/* The other way round: that of linkat says that it follows. */
	if (site->op == PALE_CALL_linkat)
		return (site->flags & PALE_F_NOFOLLOW) == 0;
	for (const struct flag_name *names = flags_of(site); names->name != NULL; names++)
		if ((site->flags & names->flag) != 0)
			return true;
	return site->op == PALE_CALL_is;
}

static void
add_type(const struct writing *w)
{
	static const struct flag_name types[] = {
		{ 0100000, "S_IFREG" },
		{ 0040000, "S_IFDIR" },
		{ 0010000, "S_IFIFO" },
		{ 0140000, "S_IFSOCK" },
		{ 0120000, "S_IFLNK" },
		{ 0, "OWNER" },
	};
	unsigned i = 0;

	while (types[i].flag != 0 && types[i].flag != w->site->type)
		i++;
	add(w->text, "%s", types[i].name);
}

static void
add_rights(const struct writing *w)
{
	char words[256];

	pale_rights_print(w->model->rights[w->site->rights], words, sizeof(words));
	add(w->text, "%s", w->site->rights == 0 ? "all" : words);
}

/* One argument; what may be left out and means nothing is. */
static void
add_argument(struct writing *w, char kind, bool optional, const char *comma)
{
	const struct pale_site *site = w->site;
	const struct pale_model *model = w->model;

	if (kind == 'm' && optional && site->mode == 0)
		return;
	if (kind == 's' && optional && !has_flags(site))
		return;
	if (kind == 'o' && optional && site->flags == PALE_F_READ)
		return;
	add(w->text, "%s", comma);
	switch (kind) {
	case 'd':
	case 'f':
		add_fd(w);
		break;
	case 'p':
		add(w->text, "\"%s\"", model->rests[site->path[w->paths++ & 1]].text);
		break;
	case 'o':
		add_open_flags(w);
		break;
	case 's':
		if (site->op == PALE_CALL_is)
			add_type(w);
		else if (site->op == PALE_CALL_linkat)
			add(w->text, "AT_SYMLINK_FOLLOW");
		else
			add_flags(w, flags_of(site), true);
		break;
	case 'm':
		add(w->text, "%#o", site->mode);
		break;
	case 'v':
	case 'x':
		add_ref(w);
		break;
	case 'n':
		add(w->text, "%+d", site->number);
		break;
	case 'u':
		add(w->text, "%u", model->users[site->user]);
		break;
	case 'r':
		add_rights(w);
		break;
	default:
		if (site->key == 0)
			add(w->text, "IPC_PRIVATE");
		else
			add(w->text, "%#x", (unsigned)model->keys[site->key]);
	}
}

static void
add_call(struct writing *w)
{
	const struct pale_model_call *call = &pale_model_calls[w->site->op];
	const char *comma = "";

	add(w->text, "%s(", call->name);
	for (const char *c = call->signature; *c != '\0'; c++) {
		if (*c == '?')
			continue;
		add_argument(w, *c, c[1] == '?', comma);
		comma = ", ";
	}
	add(w->text, ")");
}

static void
add_result(const struct writing *w, const struct pale_event *event, const struct pale_state *after)
{
	const struct pale_process *now = after->processes + (w->process - w->state->processes);
	const char *error = event->error == 0  ? NULL
	    : event->error == PALE_ENOTCAPABLE ? "ENOTCAPABLE"
	    : event->error == PALE_EUNEXPECTED ? "not as expected"
					       : strerrorname_np(event->error);
	const struct pale_var *var = &now->vars[w->site->to_var];
	bool any = false;

	if (event->error != 0) {
		add(w->text, " = %s", error != NULL ? error : "error");
		if (event->ended)
			add(w->text, ", ends");
		return;
	}
	for (unsigned i = 0; i < 2; i++)
		if (event->got_fd[i] >= 0) {
			add(w->text, any ? ", " : " = ");
			add_slot(w, (unsigned)event->got_fd[i]);
			any = true;
		}
	if (event->got_inode != 0) {
		add(w->text, any ? ", " : " = ");
		add_path(w->text, w->model, after, event->got_inode);
		any = true;
	}
	if (!any && w->site->to_var != 0 && var->kind == PALE_VAR_VALUE)
		add(w->text, " = %s", w->model->values[var->of]);
	else if (!any)
		add(w->text, event->ended ? ": ends" : " = 0");
}

/* The component that a step of a walk took. */
static void
add_component(const struct writing *w, const struct pale_state *after)
{
	const struct pale_process *old = w->process;
	const struct pale_process *now = after->processes + (old - w->state->processes);
	const char *part = w->model->rests[old->slots[PALE_WALKER_LEFT]].part.text;

	add(w->text, "%s", pale_model_calls[w->site->op].name);
	if (old->slots[PALE_WALKER_LEFT] == now->slots[PALE_WALKER_LEFT] &&
	    now->path == old->path) {
		add(w->text, "  looks at ");
		add_path(w->text, w->model, after, now->slots[PALE_WALKER_AT]);
		return;
	}
	add(w->text, "  %s -> ", part == NULL || *part == '\0' ? "." : part);
	add_path(w->text, w->model, after,
	    now->path == old->path ? now->slots[PALE_WALKER_AT] : now->first_node);
}

int
pale_model_print(const struct pale_model *model, const struct pale_state *before,
    const struct pale_move *move, const struct pale_event *event, const struct pale_state *after,
    char *buf, size_t size)
{
	struct text text = { .buf = buf, .size = size };
	const struct pale_process *process = &before->processes[move->process];
	struct writing w = {
		.text = &text,
		.model = model,
		.compartment = &model->compartments[model->compartment_of[move->process]],
		.site = &model->sites[move->site],
		.state = before,
		.process = process,
		.fd = move->phase == PALE_PHASE_IDLE ? move->fd : process->fd,
	};

	switch (event->kind) {
	case PALE_EVENT_START:
		add_call(&w);
		add(&text, "  starts");
		break;
	case PALE_EVENT_STEP:
		add_component(&w, after);
		break;
	case PALE_EVENT_WAITS:
		add_call(&w);
		add(&text, "  waits");
		break;
	case PALE_EVENT_RESULT:
		if (move->phase == PALE_PHASE_IDLE)
			add_call(&w);
		else
			add(&text, "%s", pale_model_calls[w.site->op].name);
		add_result(&w, event, after);
		break;
	}
	return (int)text.length;
}
