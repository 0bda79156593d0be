/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rights to mechanisms; see compile.h. A grant inside a wider one takes away only what the wider
 * one could change: what may be read or run around it stays readable and runnable in it.
 */
#include "run/compile.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "core/scope.h"
#include "kernel/landlock.h"
#include "kernel/uapi.h"
#include "run/fds.h"
#include "run/learn/learn.h"
#include "run/vouch.h"

/*
 * Landlock "lite": what the mounts do not withhold by themselves. Not handled: reading, listing and
 * executing (nothing outside the grants exists, and noexec mounts hold), truncation, device ioctls.
 * It saves up to a third of the cost of an open (Linux 6.18).
 */
static const uint64_t lite = PALE_LL_WRITE_FILE | PALE_LL_REMOVE_DIR | PALE_LL_REMOVE_FILE |
    PALE_LL_MAKE_CHAR | PALE_LL_MAKE_DIR | PALE_LL_MAKE_REG | PALE_LL_MAKE_SOCK |
    PALE_LL_MAKE_FIFO | PALE_LL_MAKE_BLOCK | PALE_LL_MAKE_SYM | PALE_LL_REFER;

/* What Landlock allows on devices, terminals and /proc, which have no rights of their own. */
static const uint64_t device_bits = PALE_LL_READ_FILE | PALE_LL_READ_DIR | PALE_LL_WRITE_FILE |
    PALE_LL_TRUNCATE | PALE_LL_IOCTL_DEV;

static pale_rights
change_rights(void)
{
	return pale_rights_of_mount(PALE_MOUNT_RDONLY);
}

/* Refuse rights that mean nothing for a path, by name. */
static int
check_meaning(const struct pale_entry *entry, struct pale_err *err)
{
	if (pale_entry_has_rights(entry) && (S_ISCHR(entry->at.mode) || S_ISBLK(entry->at.mode))) {
		pale_fail(err, -EOPNOTSUPP,
		    "%s: '%s' is a device, which does not open in a grant of files", entry->origin,
		    entry->path);
		if (S_ISBLK(entry->at.mode))
			return pale_remedy(err, "give the program a copy of what it is to read");
		return pale_remedy(err, "grant it in a policy: device('%s')", entry->path);
	}
	for (unsigned i = 0; i < PALE_RIGHT_COUNT; i++) {
		const struct pale_right_row *row = pale_right_row(i);

		if ((entry->asked & ((pale_rights)1 << i)) == 0 || row->how != PALE_HOW_NEVER)
			continue;
		pale_fail(err, -EOPNOTSUPP,
		    "%s: right '%s' (%s) cannot be granted on the path '%s'", entry->origin,
		    row->name, row->meaning, entry->path);
		return pale_remedy(err, "leave it out; pale-run(1) lists the rights of paths");
	}
	return 0;
}

/* Unite a narrower entry with what the grant around it gives anyway. */
static void
inherit(struct pale_plan *plan)
{
	for (size_t i = 0; i < plan->entry_count; i++) {
		struct pale_entry *entry = &plan->entries[i];
		const struct pale_entry *cover =
		    entry->cover == PALE_NO_COVER ? NULL : &plan->entries[entry->cover];

		/* A copy or link where a grant shows what is there anyway. */
		if ((entry->kind == PALE_GRANT_COPY || entry->kind == PALE_GRANT_LINK) &&
		    cover != NULL && pale_entry_has_rights(cover))
			entry->redundant = true;
		if (!pale_entry_has_rights(entry))
			continue;
		entry->rights = entry->asked;
		if (cover == NULL || !pale_entry_has_rights(cover))
			continue;
		entry->rights |= cover->rights & ~change_rights();
		entry->redundant = entry->rights == cover->rights;
		if (entry->kind == PALE_GRANT_FIFO)
			entry->redundant = ((entry->rights ^ cover->rights) & RS(READ, WRITE)) == 0;
	}
}

/* The nearest wider entry that has a mount of its own: every name below it can move. */
static const struct pale_entry *
find_mount(const struct pale_plan *plan, const struct pale_entry *entry)
{
	size_t at = entry->cover;

	while (at != PALE_NO_COVER && plan->entries[at].redundant)
		at = plan->entries[at].cover;
	return at == PALE_NO_COVER ? NULL : &plan->entries[at];
}

/* Would an outsider who replaces the entry's name give the program more than was granted? */
static int
check_overlap(struct pale_plan *plan, struct pale_entry *entry,
    const struct pale_plan_options *options, struct pale_err *err)
{
	const struct pale_entry *cover = find_mount(plan, entry);
	bool hides = entry->kind == PALE_GRANT_HIDE;
	bool replaceable = false;
	char who[256];
	int result;

	if (cover == NULL || !pale_entry_has_rights(cover) || entry->redundant)
		return 0;
	/* Learning hides as well as it can, and says so: the user asked for the tree around it. */
	if (hides && strcmp(entry->origin, PALE_LEARN_ORIGIN) == 0)
		return 0;
	if (!hides && (!pale_entry_has_rights(entry) || (cover->rights & ~entry->rights) == 0))
		return 0;
	if (options->outside != NULL &&
	    pale_vouch_for(options->outside, entry, cover, options->outer != NULL)) {
		entry->safe = true;
		return 0;
	}
	result = pale_resolve_replaceable(cover->path, &entry->at, &replaceable, who, sizeof(who));
	if (result < 0)
		return pale_fail(err, result, "cannot tell who may replace '%s'", entry->path);
	entry->safe = !replaceable;
	if (!replaceable)
		return 0;
	if ((options->best_effort & PALE_LOSS_OVERLAP) != 0)
		return pale_plan_notice(plan, err,
		    "'%s' (%s) is %s only as long as nobody outside replaces its name (%s); "
		    "then '%s' (%s) holds there",
		    entry->path, entry->origin, hides ? "hidden" : "protected", who, cover->path,
		    cover->origin);
	pale_fail(err, -EBUSY,
	    "'%s' (%s) is %s inside '%s' (%s), but its name can be replaced from outside (%s), and "
	    "then the wider grant holds there",
	    entry->path, entry->origin, hides ? "hidden" : "narrower", cover->path, cover->origin,
	    who);
	return pale_remedy(err,
	    "grant the parts of '%s' that you mean one by one, or accept it with "
	    "--best-effort=overlap",
	    cover->path);
}

/* Which attributes does a mount of these rights have? */
static uint64_t
mount_attr(pale_rights rights)
{
	uint64_t attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;

	if ((rights & pale_rights_of_mount(PALE_MOUNT_RDONLY)) == 0)
		attr |= MOUNT_ATTR_RDONLY;
	if ((rights & pale_rights_of_mount(PALE_MOUNT_NOEXEC)) == 0)
		attr |= MOUNT_ATTR_NOEXEC;
	return attr;
}

static void
set_mount(struct pale_entry *entry)
{
	entry->attr = mount_attr(entry->rights);
	entry->landlock = pale_rights_landlock(entry->rights);
	if (entry->kind == PALE_GRANT_FIFO) {
		/* Data passes a read-only mount; its owner and mode stay as they are. */
		entry->attr |= MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC;
		entry->landlock &= PALE_LL_READ_FILE | PALE_LL_WRITE_FILE;
	}
}

static void
set_special(struct pale_entry *entry)
{
	entry->attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (entry->exec ? 0 : MOUNT_ATTR_NOEXEC);
	if (entry->kind == PALE_GRANT_TMP)
		entry->landlock = pale_landlock_fs_bits(INT8_MAX) &
		    ~(uint64_t)(entry->exec ? 0 : PALE_LL_EXECUTE);
	if (entry->kind == PALE_GRANT_COPY)
		entry->landlock = PALE_LL_READ_FILE;
	if (entry->kind == PALE_GRANT_DEV) {
		/* Read-only keeps its owner and mode as they are; data passes all the same. */
		entry->attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY;
		entry->landlock = device_bits;
	}
	if (entry->kind == PALE_GRANT_UNIX) {
		/* Being connected to is no change of its inode. */
		entry->attr |= MOUNT_ATTR_RDONLY;
		entry->landlock = LANDLOCK_ACCESS_FS_RESOLVE_UNIX;
	}
}

/* What Landlock must handle so that this entry has no right too many. */
static uint64_t
must_handle(const struct pale_entry *entry)
{
	uint64_t bits = 0;

	if (entry->kind == PALE_GRANT_FIFO)
		return (PALE_LL_READ_FILE | PALE_LL_WRITE_FILE) & ~entry->landlock;
	for (unsigned i = 0; i < PALE_RIGHT_COUNT; i++) {
		const struct pale_right_row *row = pale_right_row(i);

		if ((entry->rights & ((pale_rights)1 << i)) != 0 || row->landlock == 0 ||
		    row->how == PALE_HOW_WITH)
			continue;
		/* A read-only mount lets a FIFO be opened for writing all the same. */
		if (row->mount == PALE_MOUNT_RDONLY && (entry->attr & MOUNT_ATTR_RDONLY) != 0 &&
		    i != PALE_RIGHT_WRITE)
			continue;
		if (row->mount == PALE_MOUNT_NOEXEC && (entry->attr & MOUNT_ATTR_NOEXEC) != 0)
			continue;
		bits |= row->landlock;
	}
	return bits;
}

/* The rights of one entry that nothing here withholds: refuse them, or note the loss. */
static int
check_exact(struct pale_plan *plan, const struct pale_entry *entry, pale_rights cage,
    unsigned best_effort, struct pale_err *err)
{
	pale_rights leak = pale_rights_leak(entry->rights, cage, (unsigned)plan->landlock_abi);
	char names[512];
	unsigned abi = 0;

	if (leak == 0)
		return 0;
	pale_rights_print(leak, names, sizeof(names));
	for (unsigned i = 0; i < PALE_RIGHT_COUNT; i++) {
		const struct pale_right_row *row = pale_right_row(i);

		if ((leak & ((pale_rights)1 << i)) != 0 && row->landlock_abi > abi &&
		    row->how != PALE_HOW_SECCOMP)
			abi = row->landlock_abi;
	}
	if ((leak & pale_rights_of_how(PALE_HOW_SECCOMP)) != 0) {
		pale_fail(err, -EOPNOTSUPP,
		    "'%s' (%s) is to be without %s, which another grant has, and no mechanism here "
		    "tells "
		    "the two apart",
		    entry->path, entry->origin, names);
		return pale_remedy(err, "grant %s there too, or take it from every grant", names);
	}
	if ((best_effort & PALE_LOSS_LANDLOCK) != 0)
		return pale_plan_notice(plan, err,
		    "nothing here withholds %s from '%s' (%s): that needs Landlock ABI %u, this "
		    "kernel has %d",
		    names, entry->path, entry->origin, abi, plan->landlock_abi);
	pale_fail(err, -EOPNOTSUPP,
	    "nothing here withholds %s from '%s' (%s): that needs Landlock ABI %u, this kernel has "
	    "%d",
	    names, entry->path, entry->origin, abi, plan->landlock_abi);
	return pale_remedy(err,
	    "use a newer kernel (`pale doctor` shows this one's), grant these "
	    "rights, or accept it with --best-effort=landlock");
}

pale_rights
pale_compile_around(pale_rights rights, uint64_t around, bool is_dir, bool is_regular)
{
	static const uint64_t file_bits = PALE_LL_READ_FILE | PALE_LL_WRITE_FILE | PALE_LL_EXECUTE |
	    PALE_LL_TRUNCATE | PALE_LL_IOCTL_DEV;
	uint64_t attr = mount_attr(rights);
	pale_rights back = 0;

	if (!is_dir)
		around &= file_bits;
	for (unsigned i = 0; i < PALE_RIGHT_COUNT; i++) {
		const struct pale_right_row *row = pale_right_row(i);

		if ((rights >> i & 1) != 0 || (row->landlock & around) == 0 ||
		    (row->how != PALE_HOW_LANDLOCK && row->how != PALE_HOW_MOUNT) ||
		    (row->mount == PALE_MOUNT_NOEXEC && (attr & MOUNT_ATTR_NOEXEC) != 0))
			continue;
		/* On a read-only mount only a FIFO can still be written to. */
		if (row->mount == PALE_MOUNT_RDONLY && (attr & MOUNT_ATTR_RDONLY) != 0 &&
		    (i != PALE_RIGHT_WRITE || is_regular))
			continue;
		back |= (pale_rights)1 << i;
	}
	return back;
}

/* Which rights does an entry lack and get back from the grants around it? */
static pale_rights
rights_from_around(const struct pale_plan *plan, const struct pale_entry *entry)
{
	uint64_t around = 0;

	for (size_t at = entry->cover; at != PALE_NO_COVER; at = plan->entries[at].cover)
		around |= plan->entries[at].landlock;
	return pale_compile_around(entry->rights, around, entry->is_dir, S_ISREG(entry->at.mode));
}

/*
 * The rights that an entry gets back from around it: refuse them, or note the loss. Of a read-only
 * directory it is only noted that its FIFOs could be written to: nobody could grant a directory of
 * /tmp for reading otherwise.
 */
static int
check_around(struct pale_plan *plan, const struct pale_entry *entry, unsigned best_effort,
    struct pale_err *err)
{
	pale_rights back = rights_from_around(plan, entry);
	bool fifo = (entry->attr & MOUNT_ATTR_RDONLY) != 0 && (back & RS(WRITE)) != 0;
	const struct pale_entry *cover;
	char names[512];

	if (back == 0)
		return 0;
	cover = &plan->entries[entry->cover];
	if (fifo && back == RS(WRITE) && entry->is_dir)
		return pale_plan_notice(plan, err,
		    "a FIFO in '%s' (%s) could be written to, as it lies in the writable '%s' "
		    "(%s)",
		    entry->path, entry->origin, cover->path, cover->origin);
	pale_rights_print(back, names, sizeof(names));
	if ((best_effort & PALE_LOSS_OVERLAP) != 0)
		return pale_plan_notice(plan, err,
		    "nothing here withholds %s%s in '%s' (%s), as it lies in '%s' (%s), which has "
		    "it",
		    names, fifo ? " of a FIFO" : "", entry->path, entry->origin, cover->path,
		    cover->origin);
	pale_fail(err, -EOPNOTSUPP,
	    "nothing here withholds %s%s in '%s' (%s), as it lies in '%s' (%s), which has it",
	    names, fifo ? " of a FIFO" : "", entry->path, entry->origin, cover->path,
	    cover->origin);
	return pale_remedy(err,
	    "grant %s there too, move it out of '%s', or accept it with --best-effort=overlap",
	    names, cover->path);
}

/*
 * A FIFO's mount withholds everything but reading and writing, and only Landlock tells these two
 * apart; it unites what holds around the FIFO.
 */
static int
check_fifo(struct pale_plan *plan, const struct pale_entry *entry, unsigned best_effort,
    struct pale_err *err)
{
	const struct pale_entry *cover;
	uint64_t around = 0;
	const char *what;

	for (size_t at = entry->cover; at != PALE_NO_COVER; at = plan->entries[at].cover)
		around |= plan->entries[at].landlock;
	around &= (PALE_LL_READ_FILE | PALE_LL_WRITE_FILE) & ~entry->landlock;
	if (around == 0)
		return 0;
	cover = &plan->entries[entry->cover];
	what = (around & PALE_LL_WRITE_FILE) != 0 ? "write" : "read";
	if ((best_effort & PALE_LOSS_OVERLAP) != 0)
		return pale_plan_notice(plan, err,
		    "nothing here withholds %s from the FIFO '%s' (%s), as it lies in '%s' (%s), "
		    "which has it",
		    what, entry->path, entry->origin, cover->path, cover->origin);
	pale_fail(err, -EOPNOTSUPP,
	    "nothing here withholds %s from the FIFO '%s' (%s), as it lies in '%s' (%s), which has "
	    "it",
	    what, entry->path, entry->origin, cover->path, cover->origin);
	return pale_remedy(err,
	    "grant %s there too, move it out of '%s', or accept it with --best-effort=overlap",
	    what, cover->path);
}

/*
 * A file that is handed over open was opened before Landlock held, so Landlock does not keep it
 * from being cut. Only the filter can, for the whole cage.
 */
static int
check_cut(
    struct pale_plan *plan, const struct pale_entry *entry, pale_rights cage, struct pale_err *err)
{
	if (entry->kind != PALE_GRANT_FD || !entry->reopen || entry->is_dir ||
	    (entry->rights & RS(WRITE)) == 0 || (entry->rights & RS(FTRUNCATE)) != 0)
		return 0;
	if ((cage & RS(FTRUNCATE)) == 0) {
		plan->sys.withheld |= RS(FTRUNCATE);
		return 0;
	}
	pale_fail(err, -EOPNOTSUPP,
	    "descriptor %d (%s) is to be without ftruncate, which another grant has, and no "
	    "mechanism here tells the two apart",
	    entry->fd, entry->origin);
	return pale_remedy(err, "grant ftruncate there too, or take it from every grant");
}

static int
compile_entries(
    struct pale_plan *plan, const struct pale_plan_options *options, struct pale_err *err)
{
	pale_rights cage = 0;
	pale_rights all = ~(pale_rights)0;
	int result;

	inherit(plan);
	for (size_t i = 0; i < plan->entry_count; i++) {
		struct pale_entry *entry = &plan->entries[i];

		result = check_meaning(entry, err);
		if (result == 0)
			result = check_overlap(plan, entry, options, err);
		if (result < 0)
			return result;
		if (!pale_entry_has_rights(entry)) {
			set_special(entry);
			continue;
		}
		set_mount(entry);
		if (entry->kind == PALE_GRANT_FIFO) {
			plan->landlock_fs |= must_handle(entry);
			continue;
		}
		cage |= entry->rights;
		all &= entry->rights;
		plan->landlock_fs |= must_handle(entry);
	}
	for (size_t i = 0; i < plan->entry_count; i++) {
		if (!pale_entry_has_rights(&plan->entries[i]) || plan->entries[i].redundant)
			continue;
		if (plan->entries[i].kind == PALE_GRANT_FIFO) {
			result = check_fifo(plan, &plan->entries[i], options->best_effort, err);
			if (result < 0)
				return result;
			continue;
		}
		result = check_exact(plan, &plan->entries[i], cage, options->best_effort, err);
		if (result == 0)
			result = check_around(plan, &plan->entries[i], options->best_effort, err);
		if (result < 0)
			return result;
	}
	for (size_t i = 0; i < plan->entry_count; i++) {
		result = check_cut(plan, &plan->entries[i], cage, err);
		if (result < 0)
			return result;
	}
	/* The directories that lead to grants can be listed, unless that listed too much elsewhere.
	 */
	plan->landlock_root = (all & RS(READ)) != 0 ? PALE_LL_READ_DIR : 0;
	/* Without any grant that can be changed, private directories keep their rights. */
	if ((cage & change_rights()) != 0)
		plan->sys.withheld |= pale_rights_of_how(PALE_HOW_SECCOMP) & ~cage;
	return 0;
}

int
pale_compile(struct pale_plan *plan, const struct pale_compartment *compartment,
    const struct pale_plan_options *options, struct pale_err *err)
{
	uint64_t known = pale_landlock_fs_bits(options->landlock_abi);
	uint64_t scopes = pale_landlock_scope_bits(options->landlock_abi);
	int result;

	plan->landlock_abi = options->landlock_abi;
	if (known == 0 && (options->best_effort & PALE_LOSS_LANDLOCK) == 0) {
		pale_fail(err, -EOPNOTSUPP,
		    "this kernel has no Landlock, so a FIFO in a read-only grant could be written "
		    "to");
		return pale_remedy(err,
		    "start the kernel with lsm=landlock,..., or accept it with "
		    "--best-effort=landlock");
	}
	if (known == 0) {
		result = pale_plan_notice(plan, err,
		    "no Landlock here: FIFOs in read-only grants can be written to, and there is "
		    "no "
		    "second fence");
		if (result < 0)
			return result;
	}
	if (compartment->exec_writable) {
		for (size_t i = 0; i < plan->entry_count; i++) {
			struct pale_entry *entry = &plan->entries[i];

			if (pale_entry_has_rights(entry) && entry->kind != PALE_GRANT_FIFO &&
			    (entry->asked & RS(WRITE)) != 0)
				entry->asked = pale_rights_close(entry->asked | RS(FEXECVE));
		}
	}
	result = compile_entries(plan, options, err);
	if (result < 0)
		return result;
	plan->landlock_fs = (plan->landlock_fs | lite | pale_fds_must_handle()) & known;
	if (options->paranoid)
		plan->landlock_fs = known;
	plan->landlock_scope = scopes;
	/* What Landlock cannot scope is closed otherwise: signals by the filter, names by a
	 * namespace. */
	plan->sys.gates = PALE_GATES_QUIET | 1U << GATE_SYSV | 1U << GATE_MQ;
	if ((scopes & LANDLOCK_SCOPE_SIGNAL) != 0)
		plan->sys.gates |= 1U << GATE_SIGSCOPE;
	plan->proc =
	    compartment->proc == NULL ? !options->bare : strcmp(compartment->proc, "none") != 0;
	plan->proc_full = compartment->proc != NULL && strcmp(compartment->proc, "full") == 0;
	plan->proc_optional = !plan->proc_full;
	plan->terminal = !options->bare;
	return 0;
}

bool
pale_plan_wants_net(const struct pale_plan_options *options)
{
	uint64_t scopes = pale_landlock_scope_bits(options->landlock_abi);

	/* A namespace also takes the lists of the machine's sockets out of /proc/self/net. */
	return options->paranoid || (scopes & LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET) == 0;
}
