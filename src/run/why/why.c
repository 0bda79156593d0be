/* SPDX-License-Identifier: BSD-2-Clause */
/* Why a call is allowed or denied; see why.h. */
#include "run/why/why.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "core/path.h"
#include "core/scope.h"
#include "run/why/advice.h"
#include "run/why/ipc.h"
#include "run/why/socket.h"

static const char *const by_names[] = {
	[PALE_WHY_GRANT] = "grant",
	[PALE_WHY_CALL] = "call",
	[PALE_WHY_FILTER] = "filter",
	[PALE_WHY_ABSENT] = "absent",
	[PALE_WHY_MOUNT] = "mount",
	[PALE_WHY_LANDLOCK] = "landlock",
	[PALE_WHY_SUPERVISOR] = "supervisor",
	[PALE_WHY_THING] = "own",
	[PALE_WHY_PERMISSIONS] = "permissions",
};

const char *
pale_why_by_name(enum pale_why_by by)
{
	return by_names[by];
}

static bool
concerns_path(enum pale_sys sys)
{
	return pale_call_arg(sys, ARG_PATH) >= 0 || pale_call_arg(sys, ARG_FD) >= 0 ||
	    pale_call_arg(sys, ARG_DIRFD) >= 0 || pale_call_arg(sys, ARG_ADDR) >= 0;
}

/* What can be done with a thing that pale itself puts into a cage. */
static pale_rights
rights_of_thing(const struct pale_entry *entry)
{
	pale_rights every = ~pale_rights_of_how(PALE_HOW_NEVER);

	switch (entry->kind) {
	case PALE_GRANT_TMP:
		return entry->exec ? every : every & ~pale_rights_of_mount(PALE_MOUNT_NOEXEC);
	case PALE_GRANT_DEV:
		return pale_rights_close(RS(READ, WRITE));
	case PALE_GRANT_COPY:
	case PALE_GRANT_HIDE:
	case PALE_GRANT_LINK:
	case PALE_GRANT_UNIX:
	case PALE_GRANT_FIFO:
	case PALE_GRANT_SHM:
	case PALE_GRANT_MSG:
	case PALE_GRANT_SEM:
	case PALE_GRANT_MQ:
	case PALE_GRANT_TCP:
	case PALE_GRANT_UDP:
	case PALE_GRANT_PATH:
	case PALE_GRANT_DIR:
	case PALE_GRANT_FILE:
	case PALE_GRANT_FD:
		break;
	}
	return pale_rights_close(RS(READ));
}

static pale_rights
rights_of(const struct pale_plan *plan, enum pale_view_kind kind, const struct pale_entry *entry)
{
	bool listed = (plan->landlock_fs & ~plan->landlock_root & PALE_LL_READ_DIR) == 0;

	switch (kind) {
	case PALE_VIEW_GRANT:
		return entry->rights;
	case PALE_VIEW_THING:
		return rights_of_thing(entry);
	case PALE_VIEW_OWN:
		return pale_rights_close(RS(READ, WRITE));
	case PALE_VIEW_SKELETON:
		return pale_rights_close(listed ? RS(LOOKUP, READ) : RS(LOOKUP));
	case PALE_VIEW_LINK:
		break;
	}
	return pale_rights_close(RS(READ));
}

static const char *
thing_name(enum pale_view_kind kind, const struct pale_entry *entry)
{
	if (kind == PALE_VIEW_SKELETON)
		return "a directory of the read-only empty root, which only leads to grants";
	if (kind == PALE_VIEW_LINK)
		return "a symbolic link of the read-only empty root";
	if (kind == PALE_VIEW_OWN)
		return "the cage's own /proc or pseudo-terminals, where the kernel decides";
	switch (entry->kind) {
	case PALE_GRANT_COPY:
		return "a read-only copy, made when the program starts";
	case PALE_GRANT_HIDE:
		return "hidden: something empty and read-only is there";
	case PALE_GRANT_DEV:
		return "a device, which can be opened, read and written but not changed";
	case PALE_GRANT_TMP:
		return "a private directory, where nothing may be executed";
	case PALE_GRANT_PATH:
	case PALE_GRANT_DIR:
	case PALE_GRANT_FILE:
	case PALE_GRANT_FD:
	case PALE_GRANT_LINK:
	case PALE_GRANT_UNIX:
	case PALE_GRANT_FIFO:
	case PALE_GRANT_SHM:
	case PALE_GRANT_MSG:
	case PALE_GRANT_SEM:
	case PALE_GRANT_MQ:
	case PALE_GRANT_TCP:
	case PALE_GRANT_UDP:
		break;
	}
	return "something of pale's own";
}

/* Which mechanism takes a missing right from a grant, and what the program sees. */
static void
blame(const struct pale_plan *plan, const struct pale_entry *entry, struct pale_why *ret)
{
	for (unsigned i = 0; i < PALE_RIGHT_COUNT; i++) {
		const struct pale_right_row *row = pale_right_row(i);
		bool rdonly = (entry->attr & MOUNT_ATTR_RDONLY) != 0;
		bool noexec = (entry->attr & MOUNT_ATTR_NOEXEC) != 0;

		if ((ret->missing >> i & 1) == 0)
			continue;
		if (row->how == PALE_HOW_ASK) {
			ret->by = PALE_WHY_SUPERVISOR;
			ret->error = i == PALE_RIGHT_FLOCK ? EPERM : EACCES;
			snprintf(ret->reason, sizeof(ret->reason),
			    "the grant's mount is read-only, and that is what it goes by");
			return;
		}
		if ((row->mount == PALE_MOUNT_RDONLY && rdonly) ||
		    (row->mount == PALE_MOUNT_NOEXEC && noexec)) {
			ret->by = PALE_WHY_MOUNT;
			ret->error = row->mount == PALE_MOUNT_RDONLY ? EROFS : EACCES;
			snprintf(ret->reason, sizeof(ret->reason), "the grant's mount is %s",
			    row->mount == PALE_MOUNT_RDONLY ? "read-only" : "noexec");
			/* Writing to a FIFO passes a read-only mount. */
			if (i == PALE_RIGHT_WRITE && S_ISFIFO(ret->view.mode)) {
				ret->by = PALE_WHY_LANDLOCK;
				ret->error = EACCES;
				snprintf(ret->reason, sizeof(ret->reason),
				    "the grant's Landlock rule does not let this FIFO be written "
				    "to");
			}
			return;
		}
	}
	ret->by = PALE_WHY_LANDLOCK;
	ret->error = EACCES;
	if ((plan->landlock_fs & pale_rights_landlock(ret->missing)) == 0)
		ret->by = PALE_WHY_MOUNT;
	snprintf(ret->reason, sizeof(ret->reason),
	    "the grant's Landlock rule does not hold this access");
}

/* The call filter's answer; true if it denies. */
static bool
ask_filter(const struct pale_plan *plan, const struct pale_call *call, struct pale_why *ret)
{
	struct pale_sys_policy lenient = { .gates = plan->sys.gates };
	struct pale_sys_answer answer = pale_sys_answer(call->sys, call->args, &plan->sys);

	if (answer.run != RUN_DENY)
		return false;
	ret->by = PALE_WHY_FILTER;
	ret->error = answer.error != 0 ? answer.error : ENOSYS;
	if (pale_sys_answer(call->sys, call->args, &lenient).run != RUN_DENY)
		ret->missing = ret->need & plan->sys.withheld;
	snprintf(ret->reason, sizeof(ret->reason), "%s%s%s",
	    answer.label != NULL ? answer.label : "", answer.label != NULL ? ": " : "",
	    answer.why != NULL ? answer.why : "no cage allows this call");
	return true;
}

/* The grant whose path has the most components in common with this one. */
static const struct pale_entry *
find_nearest(const struct pale_plan *plan, const char *path)
{
	const struct pale_entry *best = NULL;
	size_t best_len = 1; /* "/" alone is no nearness */

	for (size_t i = 0; i < plan->entry_count; i++) {
		const struct pale_entry *entry = &plan->entries[i];
		size_t len = 0;
		size_t common = 0;

		if (entry->kind == PALE_GRANT_FD || !pale_entry_has_rights(entry))
			continue;
		while (path[len] != '\0' && path[len] == entry->path[len]) {
			len++;
			if (path[len] == '/' || path[len] == '\0')
				common = entry->path[len] == '/' || entry->path[len] == '\0'
				    ? len
				    : common;
		}
		if (common > best_len) {
			best = entry;
			best_len = common;
		}
	}
	return best;
}

/* The walk inside failed: what that means. */
static int
fail_walk(struct pale_why *ret, int r, const char *path)
{
	char words[128];

	ret->error = -r;
	ret->by = r == -EACCES ? PALE_WHY_PERMISSIONS : PALE_WHY_ABSENT;
	ret->missing = ret->need;
	errno = -r;
	snprintf(words, sizeof(words), "%m");
	if (r == -ENOENT)
		snprintf(ret->reason, sizeof(ret->reason), "nothing named '%s' exists inside",
		    ret->view.path);
	else if (r == -EACCES)
		snprintf(ret->reason, sizeof(ret->reason),
		    "you may not look at '%s' yourself: ordinary permissions forbid it",
		    ret->view.path);
	else
		snprintf(ret->reason, sizeof(ret->reason), "'%s' leads nowhere: %s", path, words);
	return 0;
}

/* Must something have the name already? */
static bool
needs_there(const struct pale_why *why)
{
	enum pale_does does = pale_sys_row(why->call.sys)->does;

	if (does == DO_OPEN)
		return (why->need & RS(CREATE)) == 0;
	return !pale_call_acts_on_name(why->call.sys) || does == DO_UNLINK || does == DO_RENAME ||
	    does == DO_LINK;
}

/* A private directory does not show what the machine has at the same place. */
static bool
is_covered(const struct pale_plan *plan, const struct pale_why *why)
{
	PALE_CLOSE int there = pale_view_machine(plan, why->view.path);

	return there >= 0;
}

/* What is allowed: which grant, and what the program may still run into. */
static void
allow(struct pale_why *ret, const struct pale_entry *entry, enum pale_view_kind kind)
{
	const struct pale_sys_row *row = pale_sys_row(ret->call.sys);

	ret->allowed = true;
	ret->by = PALE_WHY_GRANT;
	ret->grant = entry;
	if (kind == PALE_VIEW_GRANT)
		snprintf(ret->reason, sizeof(ret->reason), "the grant holds every right it needs");
	else
		snprintf(ret->reason, sizeof(ret->reason), "it is %s", thing_name(kind, entry));
	if (kind == PALE_VIEW_THING && entry->kind == PALE_GRANT_TMP)
		snprintf(ret->reason, sizeof(ret->reason),
		    "it is a private directory, empty at the start and gone at the end");
	if (!ret->view.exists && needs_there(ret))
		snprintf(ret->note, sizeof(ret->note),
		    "nothing of this name is there now, so the call would answer ENOENT");
	else if (row->note[0] != '\0')
		snprintf(ret->note, sizeof(ret->note), "%s", row->note);
	else if (ret->view.exists && ret->view.mode != 0)
		snprintf(ret->note, sizeof(ret->note),
		    "ordinary permissions still apply: mode %04o, uid %u, gid %u",
		    ret->view.mode & 07777, ret->view.uid, ret->view.gid);
}

/* A FIFO passes a read-only mount, and Landlock unites its rule with those around it. */
static bool
fifo_gets_write(
    const struct pale_plan *plan, const struct pale_entry *entry, const struct pale_why *why)
{
	if (why->missing != RS(WRITE) || !S_ISFIFO(why->view.mode))
		return false;
	for (size_t at = entry->cover; at != PALE_NO_COVER; at = plan->entries[at].cover) {
		if ((plan->entries[at].landlock & PALE_LL_WRITE_FILE) != 0)
			return true;
	}
	return (plan->landlock_fs & PALE_LL_WRITE_FILE) == 0;
}

static void
judge(const struct pale_plan *plan, struct pale_why *ret)
{
	enum pale_does does = pale_sys_row(ret->call.sys)->does;
	bool on_name = pale_call_acts_on_name(ret->call.sys) || !ret->view.exists;
	const struct pale_entry *entry = on_name ? ret->view.above : ret->view.entry;
	enum pale_view_kind kind = on_name ? ret->view.above_kind : ret->view.kind;

	ret->grant = entry;
	ret->missing = ret->need & ~rights_of(plan, kind, entry);
	/* What the empty root shows is no grant's: a grant of its own needs them all. */
	if (kind == PALE_VIEW_SKELETON && ret->missing != 0)
		ret->missing = ret->need;
	if (!ret->view.exists && kind != PALE_VIEW_GRANT && kind != PALE_VIEW_OWN &&
	    (entry == NULL || entry->kind != PALE_GRANT_TMP) && ret->missing == 0) {
		ret->missing = ret->need;
		fail_walk(ret, -ENOENT, ret->view.path);
		if (entry != NULL && entry->kind == PALE_GRANT_HIDE) {
			ret->by = PALE_WHY_THING;
			snprintf(ret->reason, sizeof(ret->reason), "'%s' is %s", entry->path,
			    thing_name(kind, entry));
		}
		return;
	}
	if (!ret->view.exists && kind == PALE_VIEW_THING && entry->kind == PALE_GRANT_TMP &&
	    needs_there(ret) && is_covered(plan, ret)) {
		ret->by = PALE_WHY_ABSENT;
		ret->error = ENOENT;
		ret->missing = ret->need;
		snprintf(ret->reason, sizeof(ret->reason),
		    "'%s' is private and empty inside: what the machine has there is not shown",
		    entry->path);
		return;
	}
	if ((does == DO_UNLINK || does == DO_RENAME) && ret->view.named) {
		ret->by = PALE_WHY_MOUNT;
		ret->error = EBUSY;
		ret->grant = ret->view.entry;
		snprintf(ret->reason, sizeof(ret->reason),
		    "it is the name of a grant itself, which cannot be removed or renamed from "
		    "inside");
		return;
	}
	if (ret->missing == 0 && kind == PALE_VIEW_GRANT && ret->view.is_device &&
	    does == DO_OPEN) {
		ret->by = PALE_WHY_MOUNT;
		ret->error = EACCES;
		snprintf(ret->reason, sizeof(ret->reason),
		    "devices do not open in the mount of a grant (nodev)");
		return;
	}
	if (ret->missing == 0) {
		allow(ret, entry, kind);
	} else if (kind == PALE_VIEW_GRANT && fifo_gets_write(plan, entry, ret)) {
		ret->missing = 0;
		allow(ret, entry, kind);
		snprintf(ret->reason, sizeof(ret->reason),
		    "a FIFO passes the read-only mount, and Landlock unites what the grants "
		    "around it allow");
	} else if (kind == PALE_VIEW_GRANT) {
		blame(plan, entry, ret);
	} else {
		ret->by = PALE_WHY_THING;
		ret->error =
		    (ret->missing & pale_rights_of_mount(PALE_MOUNT_NOEXEC)) != 0 ? EACCES : EROFS;
		snprintf(ret->reason, sizeof(ret->reason), "'%s' is %s",
		    on_name && ret->view.exists ? "its directory" : ret->view.path,
		    thing_name(kind, entry));
		if (on_name)
			snprintf(ret->reason, sizeof(ret->reason), "its directory is %s",
			    thing_name(kind, entry));
	}
}

/* Is the other side that the path names an endpoint of its own? */
static bool
ask_address(const struct pale_plan *plan, const struct pale_call *call, const char *address,
    struct pale_why *ret)
{
	bool is_bind = pale_sys_row(call->sys)->does == DO_BIND;
	char path[PATH_MAX];

	if (!pale_why_takes_address(call->sys))
		return false;
	if (address[0] != '/')
		return pale_why_address(plan, address, NULL, ret);
	if (pale_view_resolve(plan, address, !is_bind, &ret->view) == 0)
		memcpy(path, ret->view.path, sizeof(path));
	else if (pale_path_normalise(address, path, sizeof(path)) < 0)
		return false;
	return pale_why_address(plan, address, path, ret);
}

int
pale_why(const struct pale_plan *plan, const struct pale_call *call, const char *path,
    struct pale_why *ret, struct pale_err *err)
{
	return pale_why_one(plan, call, PALE_CALL_WHOLE, path, ret, err);
}

int
pale_why_one(const struct pale_plan *plan, const struct pale_call *call, int which,
    const char *path, struct pale_why *ret, struct pale_err *err)
{
	bool filtered;
	int r = 0;

	*ret = (struct pale_why){ .call = *call, .need = pale_call_needed(call, which, false) };
	ret->has_path = concerns_path(call->sys) && path != NULL;
	if (path != NULL && pale_why_names_ipc(call->sys))
		return pale_why_ipc(plan, path, ret, err);
	filtered = ask_filter(plan, call, ret);
	if (filtered && ret->missing == 0)
		return 0;
	if (!filtered && path != NULL && ask_address(plan, call, path, ret))
		return 0;
	if (!concerns_path(call->sys)) {
		ret->allowed = !filtered;
		ret->by = filtered ? PALE_WHY_FILTER : PALE_WHY_CALL;
		snprintf(ret->reason, sizeof(ret->reason),
		    "it lets this call pass, which concerns no path");
		return 0;
	}
	if (path == NULL) {
		pale_fail(err, -EINVAL, "option --why: there is no path behind %s",
		    pale_sys_row(call->sys)->name);
		return pale_remedy(err, "for example: pale run -r /etc --why open /etc/shadow");
	}
	r = pale_view_resolve(plan, path, pale_call_follows(call), &ret->view);
	if (!filtered && r < 0)
		fail_walk(ret, r, path);
	ret->need = pale_call_needed(call, which, r == 0 && ret->view.exists);
	/* The kernel cuts regular files only. */
	if (r == 0 && pale_sys_row(call->sys)->does == DO_OPEN && S_ISFIFO(ret->view.mode))
		ret->need &= ~RS(FTRUNCATE);
	if (r < 0)
		ret->view.path[0] = '\0';
	if (!filtered && r == 0)
		judge(plan, ret);
	if (ret->grant == NULL)
		ret->nearest = find_nearest(plan, path);
	if (!ret->allowed)
		pale_advise(plan, path, ret);
	return 0;
}
