/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What would allow a call; see advice.h. The narrowest thing is proposed: a file before its
 * directory, and only the rights that are missing.
 */
#include "run/why/advice.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "core/path.h"
#include "core/scope.h"
#include "run/compile.h"
#include "run/why/view.h"
#include "run/why/socket.h"

enum {
	NAMES_BYTES = 512,
	NS_PER_S = 1000000000,
};

static void
say_option(struct pale_why *answer, const char *option, const char *path, pale_rights rights)
{
	pale_rights asked = pale_rights_of_how(PALE_HOW_ASK);
	pale_rights shown = pale_rights_essence(rights);
	char names[NAMES_BYTES];

	/* These bring each other; the one that was asked about is the one to name. */
	if ((shown & asked) != 0)
		shown = (shown & ~asked) | (answer->missing & asked);
	pale_rights_print(shown, names, sizeof(names));
	answer->is_option = true;
	snprintf(answer->allow, sizeof(answer->allow), "%s %s:%s", option, path, names);
}

/* Cut the last component off; false at the root. */
static bool
go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL || path[1] == '\0')
		return false;
	slash[slash == path ? 1 : 0] = '\0';
	return true;
}

/*
 * Rights that have to be granted with these, because another grant holds them and nothing would
 * withhold them from this one: without them the policy would be refused.
 */
static pale_rights
with_leaks(const struct pale_plan *plan, const struct pale_why *answer, pale_rights rights)
{
	pale_rights cage = 0;
	pale_rights held = pale_rights_close(rights);

	for (size_t i = 0; i < plan->entry_count; i++) {
		if (pale_entry_has_rights(&plan->entries[i]))
			cage |= plan->entries[i].rights;
	}
	if (answer->grant != NULL && pale_entry_has_rights(answer->grant))
		held |= answer->grant->rights;
	return rights | pale_rights_leak(held, cage | held, (unsigned)plan->landlock_abi);
}

/* What is communicated with is granted as that: a name to bind, a socket, a FIFO. */
static bool
advise_endpoint(const struct pale_plan *plan, const char *name, mode_t mode, pale_rights rights,
    struct pale_why *answer)
{
	enum pale_does does = pale_sys_row(answer->call.sys)->does;
	const struct pale_entry *around = pale_plan_find(plan, name);
	const char *uses = (rights & RS(WRITE)) == 0 ? "read" : "write";

	if (does == DO_BIND || (S_ISSOCK(mode) && pale_why_takes_address(answer->call.sys))) {
		answer->is_option = true;
		snprintf(answer->allow, sizeof(answer->allow), "--unix %s:%s", name,
		    does == DO_BIND ? "bind" : "connect");
		return true;
	}
	/* To know of it is as good as to have it: the grant that shows it is the same. */
	if (S_ISSOCK(mode) && does == DO_OPEN &&
	    (around == NULL || !pale_entry_has_rights(around)) && (rights & ~RS(LOOKUP)) == 0) {
		answer->is_option = true;
		snprintf(answer->allow, sizeof(answer->allow), "--unix %s:connect", name);
		return true;
	}
	if (!S_ISFIFO(mode) || does != DO_OPEN || (rights & ~RS(LOOKUP, READ, WRITE)) != 0 ||
	    ((rights & RS(READ, WRITE)) == 0 && around != NULL && pale_entry_has_rights(around)))
		return false;
	/* In a private directory one is not to be had without the other. */
	if ((rights & RS(READ, WRITE)) == RS(READ, WRITE) ||
	    (around != NULL && around->kind == PALE_GRANT_TMP))
		uses = "read,write";
	answer->is_option = true;
	snprintf(answer->allow, sizeof(answer->allow), "--fifo %s:%s", name, uses);
	return true;
}

/*
 * The other grants in which nothing would withhold these rights once one has them: they need to
 * have them, too, or the policy would be refused.
 */
static void
add_others(
    const struct pale_plan *plan, const char *name, pale_rights rights, struct pale_why *answer)
{
	pale_rights cage = rights;
	char names[NAMES_BYTES];

	for (size_t i = 0; i < plan->entry_count; i++) {
		if (pale_entry_has_rights(&plan->entries[i]))
			cage |= plan->entries[i].rights;
	}
	for (size_t i = 0; i < plan->entry_count; i++) {
		const struct pale_entry *entry = &plan->entries[i];
		size_t len = strlen(answer->allow);
		pale_rights leak;

		if (!pale_entry_has_rights(entry) || entry->kind == PALE_GRANT_FD ||
		    pale_path_is_beneath(entry->path, name))
			continue;
		leak = pale_rights_leak(entry->rights, cage, (unsigned)plan->landlock_abi);
		if (leak == 0)
			continue;
		pale_rights_print(pale_rights_essence(leak), names, sizeof(names));
		snprintf(answer->allow + len, sizeof(answer->allow) - len, " %s %s:%s",
		    entry->is_dir ? "--dir" : "--file", entry->path, names);
	}
}

/* May somebody else give another name to what lies below a directory, on the way to a name? */
static bool
is_replaceable(const struct pale_plan *plan, const char *dir, const char *name)
{
	char above[PATH_MAX];
	struct stat st;

	snprintf(above, sizeof(above), "%s", name);
	while (go_up(above) && pale_path_is_beneath(above, dir)) {
		PALE_CLOSE int fd = pale_view_machine(plan, above);

		if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != 0 || (st.st_mode & 022) != 0)
			return true;
	}
	return false;
}

/*
 * Grants inside a directory that are to hold less than it will: the policy would be refused where
 * their names can be replaced, so it has to be said that this is accepted.
 */
static void
add_overlap(
    const struct pale_plan *plan, const char *dir, pale_rights rights, struct pale_why *answer)
{
	pale_rights changes = rights & pale_rights_of_mount(PALE_MOUNT_RDONLY);

	for (size_t i = 0; i < plan->entry_count; i++) {
		const struct pale_entry *entry = &plan->entries[i];
		size_t len = strlen(answer->allow);
		bool is_less = pale_entry_has_rights(entry)
		    ? (changes & ~entry->rights) != 0 && entry->kind != PALE_GRANT_FD
		    : entry->kind == PALE_GRANT_HIDE;

		if (!is_less || strcmp(entry->path, dir) == 0 ||
		    !pale_path_is_beneath(entry->path, dir) ||
		    !is_replaceable(plan, dir, entry->path))
			continue;
		snprintf(
		    answer->allow + len, sizeof(answer->allow) - len, " --best-effort=overlap");
		return;
	}
}

/* A FIFO that is granted inside gets what Landlock lets be done around it. */
static void
add_fifos(
    const struct pale_plan *plan, const char *dir, pale_rights rights, struct pale_why *answer)
{
	for (size_t i = 0; i < plan->entry_count; i++) {
		const struct pale_entry *entry = &plan->entries[i];
		size_t len = strlen(answer->allow);

		if (entry->kind == PALE_GRANT_FIFO && pale_path_is_beneath(entry->path, dir) &&
		    (rights & RS(READ, WRITE) & ~entry->rights) != 0)
			snprintf(answer->allow + len, sizeof(answer->allow) - len,
			    " --fifo %s:read,write", entry->path);
	}
}

/* Rights that come back from a private directory around a name, and so have to be granted too. */
static pale_rights
with_around(
    const struct pale_plan *plan, const char *name, const struct stat *st, pale_rights rights)
{
	const struct pale_entry *around = pale_plan_find(plan, name);
	uint64_t bits = 0;

	if (around == NULL || around->kind != PALE_GRANT_TMP)
		return rights;
	bits = around->landlock;
	for (size_t at = around->cover; at != PALE_NO_COVER; at = plan->entries[at].cover)
		bits |= plan->entries[at].landlock;
	/* What is united can take more with it. */
	for (int i = 0; i < PALE_RIGHT_COUNT; i++) {
		pale_rights back =
		    pale_compile_around(rights, bits, S_ISDIR(st->st_mode), S_ISREG(st->st_mode));

		if ((back & ~rights) == 0)
			break;
		rights |= back;
	}
	return rights;
}

/* Did the program make it? Then a grant of this name would be one of a file that is not there. */
static bool
is_new(const struct pale_plan *plan, int fd, const struct pale_entry *around)
{
	struct statx stx;

	return around != NULL && pale_entry_has_rights(around) && around->is_dir &&
	    (around->rights & RS(CREATE)) != 0 && plan->began_ns != 0 &&
	    statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &stx) == 0 &&
	    (stx.stx_mask & STATX_BTIME) != 0 &&
	    stx.stx_btime.tv_sec * NS_PER_S + stx.stx_btime.tv_nsec >= plan->began_ns;
}

void
pale_advise_path(const struct pale_plan *plan, const char *path, struct pale_why *answer)
{
	PALE_CLOSE int there = -1;
	pale_rights rights = answer->missing != 0 ? answer->missing : answer->need;
	struct stat st = { 0 };
	const struct pale_entry *around;
	char name[PATH_MAX];
	bool is_dir;
	char last[PATH_MAX];

	if (pale_path_normalise(path, name, sizeof(name)) < 0)
		return;
	there = pale_view_machine(plan, name);
	if (there >= 0 && fstat(there, &st) == 0 && !S_ISDIR(st.st_mode) &&
	    advise_endpoint(plan, name, st.st_mode, rights, answer))
		return;
	if (pale_call_acts_on_name(answer->call.sys)) {
		memcpy(last, name, sizeof(last));
		go_up(name);
		if (there >= 0)
			close(there);
		there = pale_view_machine(plan, name);
		if (there >= 0 && advise_endpoint(plan, last, 0, rights, answer))
			return;
	}
	/* What is not there yet is made in a directory that is. */
	if (there < 0 && (rights & RS(CREATE)) != 0 && go_up(name))
		there = pale_view_machine(plan, name);
	if (there < 0 || fstat(there, &st) < 0) {
		answer->nowhere = true;
		snprintf(answer->allow, sizeof(answer->allow),
		    "nothing on this machine: '%s' is not there either", name);
	} else if (strcmp(name, "/") == 0) {
		snprintf(answer->allow, sizeof(answer->allow),
		    "nothing: the root itself is never granted; grant a directory for it, or make "
		    "a private one with --tmp");
	} else if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) {
		snprintf(
		    answer->allow, sizeof(answer->allow), "device('%s') in a policy file", name);
	} else {
		around = pale_plan_find(plan, name);
		if (is_new(plan, there, around)) {
			snprintf(name, sizeof(name), "%s", around->path);
			st.st_mode = S_IFDIR;
		}
		rights = with_around(plan, name, &st, rights);
		rights = pale_rights_close(with_leaks(plan, answer, rights));
		is_dir = S_ISDIR(st.st_mode);
		/* Where the grant around it cannot be without them, that is the one to have them.
		 */
		around = pale_plan_find(plan, name);
		if (around == NULL || !pale_entry_has_rights(around) ||
		    around->kind == PALE_GRANT_FD) {
			around = NULL;
		} else if (pale_rights_leak(around->rights, around->rights | rights,
			       (unsigned)plan->landlock_abi) != 0) {
			snprintf(name, sizeof(name), "%s", around->path);
			is_dir = around->is_dir;
		} else if ((around->attr & MOUNT_ATTR_RDONLY) == 0 &&
		    strcmp(around->path, name) != 0) {
			/* A name that others can replace may not stand for less than what is
			 * around it. */
			rights |= around->rights;
		}
		say_option(answer, is_dir ? "--dir" : "--file", name, rights);
		add_others(plan, name, rights, answer);
		if (is_dir) {
			add_fifos(plan, name, rights, answer);
			add_overlap(plan, name, rights, answer);
		}
	}
}

/* Behind something that pale itself put there. */
static void
advise_thing(const struct pale_plan *plan, const char *path, struct pale_why *answer)
{
	const struct pale_entry *entry = answer->grant;

	if (entry != NULL && entry->kind == PALE_GRANT_HIDE)
		snprintf(answer->allow, sizeof(answer->allow), "take %s of '%s' away",
		    entry->origin, entry->path);
	else if (entry != NULL && entry->kind == PALE_GRANT_TMP)
		snprintf(answer->allow, sizeof(answer->allow), "tmp_exec('%s') in a policy file",
		    entry->path);
	else if (entry != NULL &&
	    (entry->kind == PALE_GRANT_DEV || entry->kind == PALE_GRANT_UNIX ||
		entry->kind == PALE_GRANT_FIFO))
		snprintf(answer->allow, sizeof(answer->allow),
		    "nothing: mode, owner and times of a device, a socket or a FIFO stay as they "
		    "are");
	else if (entry == NULL || entry->kind == PALE_GRANT_COPY)
		pale_advise_path(plan, path, answer);
}

void
pale_advise(const struct pale_plan *plan, const char *path, struct pale_why *answer)
{
	switch (answer->by) {
	case PALE_WHY_ABSENT:
		if (!plan->proc && strncmp(path, "/proc", strlen("/proc")) == 0) {
			snprintf(answer->allow, sizeof(answer->allow), "--proc self");
			answer->is_option = true;
			return;
		}
		pale_advise_path(plan, path, answer);
		return;
	case PALE_WHY_FILTER:
	case PALE_WHY_LANDLOCK:
	case PALE_WHY_MOUNT:
	case PALE_WHY_SUPERVISOR:
		if (answer->error == EBUSY)
			snprintf(answer->allow, sizeof(answer->allow),
			    "nothing: it is the name of a grant; grant the directory around it "
			    "instead");
		else
			pale_advise_path(plan, path, answer);
		return;
	case PALE_WHY_THING:
		advise_thing(plan, path, answer);
		return;
	case PALE_WHY_GRANT:
	case PALE_WHY_CALL:
	case PALE_WHY_PERMISSIONS:
		return;
	}
}
