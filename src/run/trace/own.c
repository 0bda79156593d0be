/* SPDX-License-Identifier: BSD-2-Clause */
/* What a cage has of its own; see own.h. */
#include "run/trace/own.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/path.h"
#include "core/scope.h"
#include "run/why/advice.h"
#include "run/trace/anyway.h"
#include "run/why/view.h"

enum {
	NAME_BYTES = 64,
};

static bool
is_proc(const struct pale_plan *plan, const char *path)
{
	return plan->proc && pale_path_is_beneath(path, "/proc");
}

static bool
is_terminal(const struct pale_plan *plan, const char *path)
{
	return plan->terminal &&
	    (pale_path_is_beneath(path, "/dev/pts") || strcmp(path, "/dev/console") == 0);
}

/* The private directory that has this name in it, not as its own; or NULL. */
static const struct pale_entry *
find_tmp(const struct pale_plan *plan, const char *path)
{
	const struct pale_entry *entry = pale_plan_find(plan, path);

	return entry != NULL && entry->kind == PALE_GRANT_TMP && strcmp(entry->path, path) != 0
	    ? entry
	    : NULL;
}

bool
pale_own_is(const struct pale_plan *plan, const char *path)
{
	return is_proc(plan, path) || is_terminal(plan, path) || find_tmp(plan, path) != NULL;
}

/* Is there a directory for this name inside? */
static bool
has_parent(const char *path)
{
	PALE_CLOSE int fd = -1;
	char parent[PATH_MAX];
	char *slash;

	snprintf(parent, sizeof(parent), "%s", path);
	slash = strrchr(parent, '/');
	if (slash == NULL)
		return false;
	slash[slash == parent ? 1 : 0] = '\0';
	fd = open(parent, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0;
}

static void
begin(const struct pale_heard_facts *facts, size_t which, enum pale_why_by by, int error,
    struct pale_why *ret)
{
	const struct pale_heard_path *path = &facts->paths[which];

	*ret = (struct pale_why){ .by = by,
		.error = error,
		.call = facts->call,
		.has_path = true,
		.need = path->need,
		.missing = path->need };
	snprintf(ret->view.path, sizeof(ret->view.path), "%s", path->path);
}

/* The machine has it, and the cage has not. */
static bool
is_missing(const struct pale_plan *plan, const struct pale_heard_facts *facts, size_t which)
{
	const struct pale_heard_path *path = &facts->paths[which];
	PALE_CLOSE int there = -1;

	if (path->exists || !pale_needs_there(facts, which))
		return false;
	there = pale_view_machine(plan, path->path);
	return there >= 0;
}

/* What libselinux looks at in every program that has it, and does without. */
static bool
is_routine(const char *path)
{
	return strcmp(path, "/proc/filesystems") == 0 || strcmp(path, "/proc/mounts") == 0;
}

static bool
refuse_proc(const struct pale_plan *plan, const struct pale_heard_facts *facts, size_t which,
    struct pale_why *ret)
{
	const struct pale_heard_path *path = &facts->paths[which];
	const char *name = path->path + strlen("/proc/");
	bool is_number = *name >= '1' && *name <= '9';
	char process[NAME_BYTES];
	PALE_CLOSE int there = -1;

	if (path->exists || strcmp(path->path, "/proc") == 0 || is_routine(path->path))
		return false;
	/* Its links are not followed. */
	snprintf(process, sizeof(process), "/proc/%.*s", (int)strcspn(name, "/"), name);
	there = pale_view_machine(plan, is_number ? process : path->path);
	if (there < 0)
		return false;
	begin(facts, which, PALE_WHY_ABSENT, ENOENT, ret);
	snprintf(ret->reason, sizeof(ret->reason), "/proc shows only the cage's own processes");
	if (is_number) {
		snprintf(ret->allow, sizeof(ret->allow),
		    "nothing: processes outside have no number inside");
	} else if ((path->need & RS(WRITE)) != 0) {
		snprintf(ret->allow, sizeof(ret->allow),
		    "nothing: what /proc shows of the machine is not changed from inside");
	} else if (pale_path_is_beneath(path->path, "/proc/sysvipc")) {
		snprintf(ret->allow, sizeof(ret->allow),
		    "nothing: the objects of the machine are not listed inside");
	} else {
		snprintf(ret->allow, sizeof(ret->allow), "--proc full");
		ret->is_option = true;
	}
	return true;
}

static bool
refuse_terminal(const struct pale_plan *plan, const struct pale_heard_facts *facts, size_t which,
    struct pale_why *ret)
{
	if (!is_missing(plan, facts, which))
		return false;
	begin(facts, which, PALE_WHY_ABSENT, ENOENT, ret);
	snprintf(ret->reason, sizeof(ret->reason), "the cage has pseudo-terminals of its own");
	snprintf(ret->allow, sizeof(ret->allow),
	    "nothing: the terminals of others are not to be had inside");
	return true;
}

static bool
refuse_tmp(const struct pale_plan *plan, const struct pale_heard_facts *facts, size_t which,
    struct pale_why *ret)
{
	const struct pale_heard_path *path = &facts->paths[which];
	const struct pale_entry *entry = find_tmp(plan, path->path);

	if (path->exists) {
		if (entry->exec || pale_sys_row(facts->call.sys)->does != DO_EXEC)
			return false;
		begin(facts, which, PALE_WHY_THING, EACCES, ret);
		ret->missing = RS(FEXECVE);
		ret->grant = entry;
		snprintf(ret->reason, sizeof(ret->reason),
		    "'%s' is a private directory, where nothing may be executed", entry->path);
		snprintf(
		    ret->allow, sizeof(ret->allow), "tmp_exec('%s') in a policy file", entry->path);
		return true;
	}
	if (!pale_needs_there(facts, which) && has_parent(path->path))
		return false;
	if (pale_why_one(plan, &facts->call, facts->path_count == 1 ? PALE_CALL_WHOLE : (int)which,
		path->path, ret, NULL) < 0)
		return false;
	return !ret->allowed && !ret->nowhere && ret->by != PALE_WHY_PERMISSIONS &&
	    !pale_fails_anyway(plan, facts, which);
}

bool
pale_own_refuses(const struct pale_plan *plan, const struct pale_heard_facts *facts, size_t which,
    struct pale_why *ret)
{
	const char *path = facts->paths[which].path;

	if (is_proc(plan, path))
		return refuse_proc(plan, facts, which, ret);
	if (is_terminal(plan, path))
		return refuse_terminal(plan, facts, which, ret);
	return refuse_tmp(plan, facts, which, ret);
}
