/* SPDX-License-Identifier: BSD-2-Clause */
/* What fails without a cage as well; see anyway.h. */
#include "run/trace/anyway.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/scope.h"
#include "run/why/view.h"

bool
pale_needs_there(const struct pale_heard_facts *facts, size_t which)
{
	enum pale_does does = pale_sys_row(facts->call.sys)->does;

	switch ((int)does) {
	case DO_OPEN:
		return (facts->paths[which].need & RS(CREATE)) == 0;
	case DO_MKDIR:
	case DO_MKNOD:
	case DO_SYMLINK:
	case DO_BIND:
		return false;
	case DO_RENAME:
	case DO_LINK:
		return which == 0;
	default:
		return true;
	}
}

/* Must nothing have it? */
static bool
needs_free(const struct pale_heard_facts *facts, size_t which)
{
	enum pale_does does = pale_sys_row(facts->call.sys)->does;
	int flags = pale_call_arg(facts->call.sys, ARG_FLAGS);

	if (does == DO_OPEN && flags >= 0)
		return (~facts->call.args[flags] & (O_CREAT | O_EXCL)) == 0;
	return does == DO_MKDIR || does == DO_MKNOD || does == DO_SYMLINK || does == DO_BIND ||
	    (does == DO_LINK && which == 1);
}

/* We are as powerless as the caller, so what we may do it may. */
static bool
may(int fd, int mode)
{
	return syscall(SYS_faccessat2, fd, "", mode, AT_EMPTY_PATH | AT_EACCESS) == 0;
}

/* Would ordinary permissions let it do that to what exists? */
static bool
may_use(const struct pale_heard_facts *facts, size_t which, int fd)
{
	enum pale_does does = pale_sys_row(facts->call.sys)->does;
	pale_rights need = facts->paths[which].need;
	struct stat st;
	int mode = 0;

	if (fstat(fd, &st) < 0)
		return false;
	if ((need & RS(READ)) != 0)
		mode |= R_OK;
	if ((need & RS(WRITE, FTRUNCATE)) != 0)
		mode |= W_OK;
	if ((need & RS(FEXECVE)) != 0 || does == DO_CHDIR)
		mode |= X_OK;
	if (does == DO_OPEN && (mode & W_OK) != 0 && S_ISDIR(st.st_mode))
		return (need & RS(CREATE)) != 0; /* O_TMPFILE */
	if ((does == DO_CHMOD || does == DO_CHOWN) && st.st_uid != geteuid())
		return false;
	return mode == 0 || may(fd, mode);
}

bool
pale_fails_anyway(const struct pale_plan *plan, const struct pale_heard_facts *facts, size_t which)
{
	const struct pale_heard_path *path = &facts->paths[which];
	PALE_CLOSE int object = -1;
	PALE_CLOSE int above = -1;
	char parent[PATH_MAX];
	struct stat st;
	bool exists;
	char *name;

	object = pale_view_machine(plan, path->path);
	if (!path->on_name && object >= 0)
		return needs_free(facts, which) || !may_use(facts, which, object);
	snprintf(parent, sizeof(parent), "%s", path->path);
	name = strrchr(parent, '/');
	if (name == NULL || name[1] == '\0')
		return true;
	*name = '\0';
	above = pale_view_machine(plan, name == parent ? "/" : parent);
	if (above < 0)
		return true;
	exists = fstatat(above, name + 1, &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (exists ? needs_free(facts, which) : pale_needs_there(facts, which))
		return true;
	/* The source of a link stays as it is. */
	if (pale_sys_row(facts->call.sys)->does == DO_LINK && which == 0)
		return false;
	return !may(above, W_OK | X_OK);
}
