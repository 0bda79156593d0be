/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is heard of a program that is learned, as names, rights and links. Nothing is decided here:
 * the trees are open, and the kernel answers. What a call needs is noted as if it succeeded, but a
 * name that is not there needs nothing unless it is made.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/escape.h"
#include "core/path.h"
#include "core/scope.h"
#include "run/learn/state.h"
#include "run/resolve.h"

enum {
	LINK_BYTES = 48,
};

bool
pale_learn_is_within(const struct pale_learn *learn, const char *path)
{
	for (size_t i = 0; i < learn->roots.count; i++) {
		const char *root = learn->roots.list[i];

		if (strcmp(path, root) == 0 || pale_path_is_beneath(path, root))
			return true;
	}
	return false;
}

/* Is it a secret, or in one? Then it is remembered that it was come upon. */
static bool
is_secret(struct pale_learn *learn, const char *path)
{
	for (size_t i = 0; i < learn->secrets.count; i++) {
		const char *secret = learn->secrets.list[i].path;

		if (strcmp(path, secret) == 0 || pale_path_is_beneath(path, secret)) {
			learn->touched[i] = true;
			return true;
		}
	}
	return false;
}

static enum pale_seen_type
type_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return PALE_SEEN_DIR;
	case S_IFREG:
		return PALE_SEEN_FILE;
	case S_IFLNK:
		return PALE_SEEN_LINK;
	case S_IFIFO:
		return PALE_SEEN_FIFO;
	case S_IFSOCK:
		return PALE_SEEN_SOCKET;
	default:
		return PALE_SEEN_UNKNOWN;
	}
}

/* One call. */
struct use {
	struct pale_learn *learn;
	const struct pale_heard_call *heard;
	char first[PALE_SEEN_FIRST_BYTES]; /* "git (openat)"; "" until it is asked for */
};

/* Who makes the call, which is told of a name that is new. */
static void
who_first(struct use *use)
{
	char program[PALE_SEEN_FIRST_BYTES / 2];
	struct pale_heard_who who;

	if (use->first[0] != '\0')
		return;
	pale_heard_who(use->heard, &who);
	pale_escape(who.program, strlen(who.program), program, sizeof(program));
	snprintf(use->first, sizeof(use->first), "%s (%s)", program,
	    pale_sys_row(use->learn->facts.call.sys)->name);
}

static struct pale_seen *
note(struct use *use, const char *path, pale_rights rights, enum pale_seen_type type)
{
	if (!pale_learn_is_within(use->learn, path) || is_secret(use->learn, path))
		return NULL;
	if (pale_seen_find(&use->learn->seen, path) == NULL)
		who_first(use);
	return pale_seen_use(&use->learn->seen, path, rights, type, use->first, false);
}

/* A name is made, removed or renamed: its directory needs the rights. */
static void
note_name(struct use *use, const char *path, pale_rights rights)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');
	struct pale_seen *name;

	if (slash == NULL || (size_t)(slash - path) >= sizeof(dir) || is_secret(use->learn, path))
		return;
	memcpy(dir, path, (size_t)(slash - path));
	dir[slash - path] = '\0';
	if (note(use, dir, rights | RS(LOOKUP), PALE_SEEN_DIR) == NULL)
		return;
	name = note(use, path, 0, PALE_SEEN_UNKNOWN);
	if (name != NULL && strcmp(name->path, path) == 0)
		name->passing = true;
}

/* Rights by which a name comes to be. */
static pale_rights
making(void)
{
	return RS(CREATE, MKDIRAT, MKFIFOAT, SYMLINKAT, BINDAT);
}

/* What a call needs of one of its paths. */
static void
note_path(struct use *use, const struct pale_heard_facts *facts, const struct pale_heard_path *path)
{
	enum pale_does does = pale_sys_row(facts->call.sys)->does;
	int flags = pale_call_arg(facts->call.sys, ARG_FLAGS);
	int mode = pale_call_arg(facts->call.sys, ARG_MODE);
	pale_rights need = path->need;
	struct pale_seen *seen;

	if (path->on_name) {
		/* mkdir of what is there says so, whatever is granted. */
		if (path->exists && (need & making()) != 0 && does != DO_RENAME)
			note(use, path->path, RS(LOOKUP), type_of(path->mode));
		else
			note_name(use, path->path, need);
		return;
	}
	if (!path->exists) {
		/* By a descriptor: of a file whose name is gone. */
		if (path->text[0] == '\0' || (need & making()) != 0)
			note_name(use, path->path, need);
		return;
	}
	/* O_TMPFILE makes a file in a directory. */
	if (does == DO_OPEN && flags >= 0 && S_ISDIR(path->mode) &&
	    (facts->call.args[flags] & (O_TMPFILE & ~O_DIRECTORY)) != 0)
		need |= RS(CREATE);
	/* Nothing but a file can be executed, whatever is granted. */
	if (does == DO_EXEC)
		need = S_ISREG(path->mode) ? need | pale_rights_preset_execute() : RS(LOOKUP);
	/* access(2): can it be run? */
	if (does == DO_STAT && mode >= 0 && (facts->call.args[mode] & X_OK) != 0 &&
	    S_ISREG(path->mode) && (path->mode & 0111) != 0)
		need |= RS(FEXECVE);
	seen = note(use, path->path, need, type_of(path->mode));
	/* A link's own owner or times: only its directory can be granted. */
	if (seen != NULL && S_ISLNK(path->mode) &&
	    (need & pale_rights_of_mount(PALE_MOUNT_RDONLY)) != 0)
		note_name(use, path->path, need);
}

void
pale_learn_links(struct pale_learn *learn, const char *path)
{
	struct pale_resolved resolved = { .fd = -1 };

	if (pale_resolve(AT_FDCWD, path, &resolved, NULL) < 0)
		return;
	for (size_t i = 0; i < resolved.link_count; i++) {
		const struct pale_link *link = &resolved.links[i];
		struct pale_seen *seen;

		if (!pale_learn_is_within(learn, link->path) || is_secret(learn, link->path))
			continue;
		seen = pale_seen_use(&learn->seen, link->path, 0, PALE_SEEN_LINK, NULL, false);
		if (seen != NULL && seen->type == PALE_SEEN_LINK && seen->target == NULL)
			seen->target = strdup(link->target);
		if (seen != NULL)
			learn->seen.bytes += strlen(link->target);
	}
	pale_resolved_done(&resolved);
}

/*
 * A path that was written in another way than what it means crosses links, which have to be there
 * too. Of a name that is made, those on the way to its directory.
 */
static void
note_links(struct pale_learn *learn, const struct pale_heard_path *path)
{
	char whole[PATH_MAX];
	char plain[PATH_MAX];
	char *slash;

	if (path->text[0] == '\0' ||
	    pale_path_join(path->base, path->text, whole, sizeof(whole)) < 0 ||
	    pale_path_normalise(whole, plain, sizeof(plain)) < 0 ||
	    strcmp(plain, path->path) == 0 || pale_path_is_beneath(plain, "/proc"))
		return;
	if (!pale_learn_is_within(learn, plain) && !pale_learn_is_within(learn, path->path))
		return;
	if (path->on_name || !path->exists) {
		slash = strrchr(whole, '/');
		if (slash == NULL || slash == whole)
			return;
		*slash = '\0';
	}
	pale_learn_links(learn, whole);
}

/* A UNIX socket that the supervisor connected to, or gave a name. */
static void
note_address(struct use *use)
{
	const struct pale_heard_call *heard = use->heard;
	char cwd[PATH_MAX];
	char link[LINK_BYTES];
	char whole[PATH_MAX];
	struct pale_resolved resolved = { .fd = -1 };
	enum pale_does does = pale_sys_row(heard->sys)->does;
	const char *address = heard->address;
	ssize_t len;

	if (heard->how != PALE_HEARD_ALLOWED || address[0] == '@' || address[0] == '[')
		return;
	snprintf(link, sizeof(link), "%d/cwd", heard->call.tid);
	len = readlinkat(heard->proc, link, cwd, sizeof(cwd) - 1);
	cwd[len < 0 ? 0 : len] = '\0';
	if (pale_path_join(cwd, address, whole, sizeof(whole)) < 0 || whole[0] != '/' ||
	    pale_resolve(AT_FDCWD, whole, &resolved, NULL) < 0)
		return;
	if (S_ISSOCK(resolved.mode) && does == DO_BIND)
		note_name(use, resolved.path, RS(BINDAT));
	else if (S_ISSOCK(resolved.mode))
		note(use, resolved.path, RS(LOOKUP, CONNECTAT), PALE_SEEN_SOCKET);
	pale_resolved_done(&resolved);
	pale_learn_links(use->learn, whole);
}

void
pale_learn_hear(void *state, const struct pale_heard_call *heard)
{
	struct pale_learn *learn = state;
	struct pale_heard_facts *facts = &learn->facts;
	struct use use = { .learn = learn, .heard = heard };
	bool within = heard->address != NULL;

	if (learn->inner != NULL)
		learn->inner->hook.hear(learn->inner->hook.state, heard);
	pale_trace_watcher(learn->trace)
	    ->hook.hear(pale_trace_watcher(learn->trace)->hook.state, heard);
	if ((heard->how != PALE_HEARD_GOES_ON && heard->how != PALE_HEARD_ALLOWED) ||
	    pale_heard_read(heard, facts) < 0)
		return;
	for (size_t i = 0; i < facts->path_count; i++) {
		note_links(learn, &facts->paths[i]);
		within |= pale_learn_is_within(learn, facts->paths[i].path);
	}
	if (!within)
		return;
	if (heard->address != NULL)
		note_address(&use);
	for (size_t i = 0; i < facts->path_count; i++)
		if (facts->paths[i].path[0] != '\0' &&
		    pale_learn_is_within(learn, facts->paths[i].path) &&
		    !is_secret(learn, facts->paths[i].path))
			note_path(&use, facts, &facts->paths[i]);
	if (facts->path_count == 2 && facts->paths[0].on_name && facts->paths[1].on_name)
		pale_seen_join(&learn->seen, facts->paths[0].path, facts->paths[1].path);
}
