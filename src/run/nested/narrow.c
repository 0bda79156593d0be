/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nothing beyond the cage around; see narrow.h. The kernel holds the most of it by itself: the
 * mounts are clones of the cage's own, whose attributes nobody can take off in a user namespace of
 * their own. So a mistake here gives no path that the cage does not have, and makes none writable.
 */
#include "run/nested/narrow.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "core/scope.h"
#include "kernel/uapi.h"
#include "run/mounts.h"
#include "run/nested/narrow_place.h"

static pale_rights
changes(void)
{
	return pale_rights_of_mount(PALE_MOUNT_RDONLY);
}

static pale_rights
runs(void)
{
	return pale_rights_of_mount(PALE_MOUNT_NOEXEC);
}

/* The inode at the top of what an entry mounts; those that the launch makes are in its nodes. */
static bool
is_top_of(
    const struct pale_outer *outer, const struct pale_entry *entry, const struct pale_mount *mount)
{
	if (entry->redundant || entry->absent || entry->kind == PALE_GRANT_FD ||
	    entry->kind == PALE_GRANT_LINK || entry->kind == PALE_GRANT_COPY)
		return false;
	if (entry->kind != PALE_GRANT_TMP && entry->kind != PALE_GRANT_HIDE)
		return entry->at.dev == mount->dev && entry->at.ino == mount->ino;
	for (size_t i = 0; i < outer->cage->node_count; i++) {
		const struct pale_node *node = &outer->cage->nodes[i];

		if ((node->kind == PALE_PUT_TMP || node->kind == PALE_PUT_HIDE) &&
		    strcmp(node->path, entry->path) == 0)
			return node->made_ino != 0 && node->made_dev == mount->dev &&
			    node->made_ino == mount->ino;
	}
	return false;
}

/* Rights of an entry, whatever kind it is. */
static pale_rights
rights_of(const struct pale_outer *outer, const struct pale_entry *entry)
{
	const pale_rights all = ~(pale_rights)0 & ~outer->plan->sys.withheld;

	if (pale_entry_has_rights(entry))
		return entry->rights;
	if (entry->kind == PALE_GRANT_TMP)
		return entry->exec ? all : all & ~runs();
	/* Something empty and read-only. */
	return entry->kind == PALE_GRANT_HIDE ? all & ~changes() & ~runs() : 0;
}

struct pale_place
pale_place_of(const struct pale_mounts *mounts, const struct pale_mount *mount,
    const struct pale_outer *outer)
{
	struct pale_place place = { 0 };

	for (size_t steps = 0; steps <= mounts->count; steps++) {
		for (size_t i = 0; i < outer->plan->entry_count; i++) {
			const struct pale_entry *entry = &outer->plan->entries[i];

			if (mount->covered || mount->buried || !is_top_of(outer, entry, mount))
				continue;
			place.rights = place.entry == NULL ? rights_of(outer, entry)
							   : place.rights & rights_of(outer, entry);
			place.entry = entry;
		}
		if (place.entry != NULL)
			return place;
		if (strcmp(mount->path, "/") == 0 || &mounts->list[mount->parent] == mount)
			break;
		/* The cage's own: not of any grant. */
		if (strcmp(mount->path, "/proc") == 0 || strcmp(mount->path, "/dev/pts") == 0 ||
		    strcmp(mount->path, "/dev/console") == 0)
			break;
		mount = &mounts->list[mount->parent];
	}
	place.rights = ~(pale_rights)0 & ~changes() & ~runs() & ~outer->plan->sys.withheld;
	return place;
}

static int
wider(const struct pale_entry *entry, pale_rights beyond, const char *where,
    const struct pale_entry *around, struct pale_err *err)
{
	char names[512];

	pale_rights_print(pale_rights_essence(beyond), names, sizeof(names));
	if (around != NULL)
		pale_fail(err, -EPERM,
		    "'%s' (%s) would have %s%s%s%s, which the cage around withholds from '%s' "
		    "(%s there)",
		    entry->path, entry->origin, names, where == NULL ? "" : " at '",
		    where == NULL ? "" : where, where == NULL ? "" : "'", around->path,
		    around->origin);
	else
		pale_fail(err, -EPERM,
		    "'%s' (%s) would have %s, which the cage around grants nowhere there",
		    entry->path, entry->origin, names);
	return pale_remedy(err,
	    where == NULL ? "ask for less here, or grant more to the cage around"
			  : "grant less there, too: a cage inside can only be narrower");
}

/* One entry, where it lies. */
static int
check_entry(const struct pale_mounts *mounts, const struct pale_entry *entry,
    const struct pale_outer *outer, struct pale_err *err)
{
	const struct pale_mount *mount = pale_mounts_of_fd(mounts, entry->at.fd);
	pale_rights asked = entry->kind == PALE_GRANT_COPY ? RS(READ) : entry->rights;
	struct pale_place place;

	if (mount == NULL)
		return pale_fail(err, -ESTALE,
		    "'%s' (%s) is not in the cage around any more, or never was", entry->path,
		    entry->origin);
	place = pale_place_of(mounts, mount, outer);
	if (entry->kind == PALE_GRANT_DEV) {
		if (place.entry != NULL && place.entry->kind == PALE_GRANT_DEV)
			return 0;
		pale_fail(err, -EPERM,
		    "'%s' (%s) would be a device, which the cage around does not have there",
		    entry->path, entry->origin);
		return pale_remedy(err, "leave it out, or grant it to the cage around");
	}
	if (entry->kind == PALE_GRANT_FIFO) {
		if (place.entry != NULL && place.entry->kind == PALE_GRANT_FIFO)
			asked &= RS(READ, WRITE);
		/* The mount withholds what data does not need. */
		asked &= ~pale_rights_of_how(PALE_HOW_ASK);
	}
	if ((asked & ~place.rights) != 0)
		return wider(entry, asked & ~place.rights, NULL, place.entry, err);
	return 0;
}

/* All that Landlock allows on the way up from an entry. */
static uint64_t
landlock_around(const struct pale_plan *plan, const struct pale_entry *entry)
{
	uint64_t bits = plan->landlock_root | entry->landlock;

	for (size_t at = entry->cover; at != PALE_NO_COVER; at = plan->entries[at].cover)
		bits |= plan->entries[at].landlock;
	return bits;
}

/* The grant of the cage around that would be widened in a mount, if Landlock allowed this; or NULL.
 */
static const struct pale_entry *
widened(const struct pale_outer *outer, const struct pale_mount *mount, uint64_t here)
{
	/* One that another hides by a name could be any. */
	bool unknown = mount->buried && !mount->covered;

	/* A FIFO or device can be written to all the same. */
	if (!unknown && mount->read_only)
		here &= PALE_LL_READ_FILE | PALE_LL_READ_DIR | PALE_LL_EXECUTE |
		    PALE_LL_WRITE_FILE | PALE_LL_IOCTL_DEV | LANDLOCK_ACCESS_FS_RESOLVE_UNIX;
	if (!unknown && mount->no_exec)
		here &= ~(uint64_t)LANDLOCK_ACCESS_FS_EXECUTE;
	for (size_t i = 0; i < outer->plan->entry_count; i++) {
		const struct pale_entry *entry = &outer->plan->entries[i];

		if (pale_entry_has_rights(entry) && entry->kind != PALE_GRANT_FD &&
		    (unknown || is_top_of(outer, entry, mount)) &&
		    (here & outer->plan->landlock_fs & ~landlock_around(outer->plan, entry)) != 0)
			return entry;
	}
	return NULL;
}

static bool
hangs_below(const struct pale_mounts *mounts, size_t at, const struct pale_mount *top)
{
	for (size_t steps = 0; steps <= mounts->count; steps++) {
		size_t parent = mounts->list[at].parent;

		if (parent == at)
			return false;
		if (&mounts->list[parent] == top)
			return true;
		at = parent;
	}
	return true;
}

/*
 * A directory that is handed over is one with all mounts that hang in it, and in no list where they
 * could be looked at later. Which of its mount's do, those inside can change by renaming.
 */
static int
check_below_fd(const struct pale_mounts *mounts, const struct pale_entry *entry,
    const struct pale_outer *outer, struct pale_err *err)
{
	const struct pale_mount *top = pale_mounts_of_fd(mounts, entry->at.fd);

	for (size_t i = 0; i < mounts->count; i++) {
		const struct pale_mount *mount = &mounts->list[i];
		const struct pale_entry *around;

		if (mount->covered || !hangs_below(mounts, i, top))
			continue;
		around = widened(outer, mount, entry->landlock);
		if (around == NULL)
			continue;
		pale_fail(err, -EPERM,
		    "'%s' (%s) would lead to '%s' with rights that the cage around withholds there "
		    "(%s)",
		    entry->path, entry->origin, around->path, around->origin);
		return pale_remedy(err, "hand over a directory that does not hold it");
	}
	return 0;
}

/* What the cage around narrows or hides below a grant stays so; the words come from here. */
static int
check_below(const struct pale_plan *plan, const struct pale_outer *outer, struct pale_err *err)
{
	for (size_t i = 0; i < outer->plan->entry_count; i++) {
		const struct pale_entry *around = &outer->plan->entries[i];
		const struct pale_entry *entry;

		if (!pale_entry_has_rights(around) || around->redundant ||
		    around->kind == PALE_GRANT_FD || around->kind == PALE_GRANT_FIFO)
			continue;
		entry = pale_plan_find(plan, around->path);
		if (entry != NULL && pale_entry_has_rights(entry) &&
		    entry->kind != PALE_GRANT_FIFO && (entry->rights & ~around->rights) != 0)
			return wider(
			    entry, entry->rights & ~around->rights, around->path, around, err);
	}
	return 0;
}

/* An empty directory of its own is more than a cage has that can write nowhere. */
static int
check_tmp(const struct pale_entry *entry, const struct pale_outer *outer, struct pale_err *err)
{
	pale_rights asked = entry->exec ? RS(WRITE, CREATE, FEXECVE) : RS(WRITE, CREATE);

	for (size_t i = 0; i < outer->plan->entry_count; i++) {
		const struct pale_entry *around = &outer->plan->entries[i];

		if ((around->is_dir || around->kind == PALE_GRANT_TMP) &&
		    (asked & ~rights_of(outer, around)) == 0)
			return 0;
	}
	pale_fail(err, -EPERM,
	    "'%s' (%s) would be a private directory to write%s, and the cage around has none",
	    entry->path, entry->origin, entry->exec ? " and run programs" : "");
	return pale_remedy(
	    err, "leave it out (--bare leaves out /tmp), or grant the cage around one");
}

static int
check_entries(const struct pale_plan *plan, const struct pale_outer *outer, struct pale_err *err)
{
	struct pale_mounts mounts = { 0 };
	PALE_CLOSE int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int result = pale_mounts_read(proc, &mounts, err);

	for (size_t i = 0; i < plan->entry_count && result == 0; i++) {
		const struct pale_entry *entry = &plan->entries[i];

		if (pale_entry_has_rights(entry) || entry->kind == PALE_GRANT_DEV ||
		    (entry->kind == PALE_GRANT_COPY && !entry->redundant))
			result = check_entry(&mounts, entry, outer, err);
		else if (entry->kind == PALE_GRANT_TMP)
			result = check_tmp(entry, outer, err);
		if (result == 0 && entry->kind == PALE_GRANT_FD && entry->reopen && entry->is_dir)
			result = check_below_fd(&mounts, entry, outer, err);
	}
	if (result == 0)
		result = pale_narrow_endpoints(plan, &mounts, outer, err);
	pale_mounts_done(&mounts);
	return result == 0 ? check_below(plan, outer, err) : result;
}

static int
check_surroundings(const struct pale_plan *plan, const struct pale_compartment *compartment,
    const struct pale_outer *outer, struct pale_err *err)
{
	const uint32_t beyond = plan->sys.gates & ~outer->plan->sys.gates;

	if (plan->proc_full && !outer->plan->proc_full) {
		pale_fail(err, -EPERM, "a full /proc, which the cage around does not have");
		return pale_remedy(err, "ask for --proc=self, or give the cage around --proc=full");
	}
	if ((plan->doors.net_open && !outer->plan->doors.net_open) ||
	    (beyond & (1U << GATE_INET | 1U << GATE_NETLINK | 1U << GATE_NET)) != 0) {
		pale_fail(err, -EPERM, "there would be a network, which the cage around has not");
		return pale_remedy(err, "leave it out, or give the cage around --net");
	}
	if (compartment->notify || compartment->activation) {
		pale_fail(err, -EOPNOTSUPP,
		    "readiness and activated sockets cannot be handed on to a cage inside another");
		return pale_remedy(err, "leave out notify and listen_fds here");
	}
	return 0;
}

int
pale_narrow(struct pale_plan *plan, const struct pale_compartment *compartment,
    const struct pale_outer *outer, struct pale_err *err)
{
	int result = check_surroundings(plan, compartment, outer, err);

	if (result == 0)
		result = check_entries(plan, outer, err);
	if (result < 0)
		return result;
	plan->landlock_fs |= outer->plan->landlock_fs;
	plan->landlock_net |= outer->plan->landlock_net;
	plan->landlock_scope |= outer->plan->landlock_scope;
	plan->sys.withheld |= outer->plan->sys.withheld;
	/*
	 * A socket of the cage around may be handed on, so what that asks about is asked about
	 * here, too. Only the ipc namespace is always another one.
	 */
	plan->sys.gates &=
	    outer->plan->sys.gates | 1U << GATE_SYSV | 1U << GATE_MQ | 1U << GATE_MQ_OPEN;
	plan->doors.crosses |= outer->plan->doors.crosses;
	plan->doors.udp_held = outer->plan->doors.udp_held;
	for (size_t i = 0; i < outer->plan->doors.host_count; i++)
		plan->doors.udp_held |= !outer->plan->doors.hosts[i].tcp;
	return 0;
}

/* What Landlock allows here in a mount: the rules of it and of all that it hangs in. */
static uint64_t
landlock_here(const struct pale_cage *cage, const struct pale_mounts *mounts, size_t at)
{
	uint64_t bits = cage->landlock_root;

	for (size_t steps = 0; steps <= mounts->count; steps++) {
		const struct pale_mount *mount = &mounts->list[at];

		for (size_t i = 0; i < cage->node_count; i++) {
			const struct pale_node *node = &cage->nodes[i];
			dev_t dev = node->made_ino != 0 ? node->made_dev : node->dev;
			ino_t ino = node->made_ino != 0 ? node->made_ino : node->ino;

			/* A buried one could be any. */
			if (mount->covered || mount->buried ||
			    (dev == mount->dev && ino == mount->ino) ||
			    strcmp(node->path, mount->path) == 0)
				bits |= node->landlock;
		}
		if (mount->parent == at)
			break;
		at = mount->parent;
	}
	return bits & cage->landlock_fs;
}

/* Is a mount one that a node asked for, in its place? Those were compared before. */
static bool
is_node(const struct pale_cage *cage, const struct pale_mount *mount)
{
	for (size_t i = 0; i < cage->node_count; i++) {
		const struct pale_node *node = &cage->nodes[i];

		if (strcmp(node->path, mount->path) == 0 &&
		    ((node->dev == mount->dev && node->ino == mount->ino) ||
			(node->made_ino != 0 && node->made_dev == mount->dev &&
			    node->made_ino == mount->ino)))
			return true;
	}
	return false;
}

/*
 * The mounts of the cage around that came along within a clone keep their attributes, but Landlock
 * knows only the rules of what is around them here.
 */
int
pale_narrow_inspect(const struct pale_cage *cage, int proc, struct pale_err *err)
{
	const struct pale_outer *outer = cage->inspect_state;
	struct pale_mounts mounts = { 0 };
	int result = pale_mounts_read(proc, &mounts, err);

	for (size_t i = 0; i < mounts.count && result == 0; i++) {
		const struct pale_mount *mount = &mounts.list[i];
		const struct pale_entry *entry;

		if (mount->covered || (!mount->buried && is_node(cage, mount)))
			continue;
		entry = widened(outer, mount, landlock_here(cage, &mounts, i));
		if (entry == NULL)
			continue;
		pale_fail(err, -EPERM,
		    "'%s' inside would get rights back that the cage around withholds from "
		    "'%s' (%s)",
		    mount->path, entry->path, entry->origin);
		result = pale_remedy(err, "grant less here around '%s'", entry->path);
	}
	pale_mounts_done(&mounts);
	return result;
}
