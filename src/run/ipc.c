/* SPDX-License-Identifier: BSD-2-Clause */
/* System V objects and POSIX queues of the machine; see ipc.h. */
#include "run/ipc.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/scope.h"
#include "kernel/landlock.h"
#include "kernel/uapi.h"
#include "policy/endpoint.h"
#include "run/plan.h"

enum {
	ASK_READ = S_IRUSR,
	ASK_WRITE = S_IWUSR,
};

/* What differs from one kind of object to the next. */
static const struct kind {
	enum pale_grant_kind grant;
	enum pale_object_kind object;
	const char *what;
	const char *make;     /* how people make one */
	const char *show;     /* and see its key */
	unsigned alone;       /* uses that can be granted without the other */
	const char *why_both; /* why there is no other */
} kinds[] = {
	{ PALE_GRANT_SHM, PALE_OBJECT_SHM, "shared memory segment", "ipcmk -M SIZE", "ipcs -m",
	    PALE_USE_READ, "what can be written to in memory can be read" },
	{ PALE_GRANT_MSG, PALE_OBJECT_MSG, "message queue", "ipcmk -Q", "ipcs -q",
	    PALE_USE_READ | PALE_USE_WRITE, NULL },
	{ PALE_GRANT_SEM, PALE_OBJECT_SEM, "semaphore set", "ipcmk -S COUNT", "ipcs -s", 0,
	    "one call waits for a semaphore and changes it, and which of the two lies in memory" },
};

static const struct kind *
find_kind(enum pale_grant_kind grant)
{
	for (size_t i = 0; i < PALE_COUNT(kinds); i++) {
		if (kinds[i].grant == grant)
			return &kinds[i];
	}
	return NULL;
}

bool
pale_ipc_is_kind(enum pale_grant_kind kind)
{
	return kind == PALE_GRANT_MQ || find_kind(kind) != NULL;
}

bool
pale_ipc_is_machines(const struct pale_compartment *compartment)
{
	for (size_t i = 0; i < compartment->grant_count; i++) {
		if (find_kind(compartment->grants[i].kind) != NULL)
			return true;
	}
	return false;
}

/* What every grant of one queue gives together. */
static unsigned
united_use(const struct pale_compartment *compartment, const struct pale_grant *grant)
{
	unsigned use = 0;

	for (size_t i = 0; i < compartment->grant_count; i++) {
		const struct pale_grant *other = &compartment->grants[i];

		if (other->kind == PALE_GRANT_MQ && strcmp(other->path, grant->path) == 0)
			use |= other->use;
	}
	return use;
}

static bool
is_first(const struct pale_compartment *compartment, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (compartment->grants[i].kind == PALE_GRANT_MQ &&
		    strcmp(compartment->grants[i].path, compartment->grants[at].path) == 0)
			return false;
	}
	return true;
}

static int
check_use(const struct kind *kind, const struct pale_endpoint *one, struct pale_err *err)
{
	bool both = one->use == (PALE_USE_READ | PALE_USE_WRITE);
	const char *other = (one->use & PALE_USE_READ) != 0 ? "write" : "read";

	if (both || (one->use & ~kind->alone) == 0)
		return 0;
	pale_fail(err, -EOPNOTSUPP, "%s: nothing here withholds '%s' alone from a %s: %s",
	    one->origin, other, kind->what, kind->why_both);
	return pale_remedy(err, "grant %s:%#x:read,write, or leave it out",
	    pale_endpoint_word(one->kind), (unsigned)one->key);
}

/* Look an object up; it is not touched. Permissions are asked for as the cage will be asked. */
static int
get(enum pale_object_kind kind, key_t key, int flags)
{
	int id = -1;

	errno = ENOSYS;
	if (kind == PALE_OBJECT_SHM)
		id = shmget(key, 0, flags);
	else if (kind == PALE_OBJECT_MSG)
		id = msgget(key, flags);
	else if (kind == PALE_OBJECT_SEM)
		id = semget(key, 0, flags);
	return id < 0 ? -errno : id;
}

static int
find_object(const struct kind *kind, const struct pale_endpoint *one, struct pale_sys_object *ret,
    struct pale_err *err)
{
	unsigned key = (unsigned)one->key;
	int asked = ((one->use & PALE_USE_READ) != 0 ? ASK_READ : 0) |
	    ((one->use & PALE_USE_WRITE) != 0 ? ASK_WRITE : 0);
	int id;

	if (one->key == IPC_PRIVATE)
		return pale_fail(err, -EINVAL, "%s: the key 0 names no object", one->origin);
	id = get(kind->object, one->key, asked);
	if (id == -ENOENT) {
		pale_fail(
		    err, id, "%s: there is no %s with the key %#x", one->origin, kind->what, key);
		return pale_remedy(err,
		    "it must be there before the program starts: start what makes it, or make one "
		    "with `%s` and grant the key that `%s` shows",
		    kind->make, kind->show);
	}
	if (id == -EACCES) {
		pale_fail(err, id, "%s: you may not %s the %s with the key %#x yourself",
		    one->origin,
		    asked == ASK_READ        ? "read"
			: asked == ASK_WRITE ? "write to"
					     : "read and write to",
		    kind->what, key);
		return pale_remedy(err,
		    "its owner can change its mode; `ipcmk -p MODE` sets it for a new one, `ipcs` "
		    "shows it");
	}
	if (id == -ENOSYS) {
		pale_fail(err, id, "%s: this kernel has no System V objects", one->origin);
		return pale_remedy(err, "use a kernel with CONFIG_SYSVIPC, or a UNIX socket");
	}
	if (id < 0)
		return pale_fail(err, id, "%s: cannot look at the %s with the key %#x: %s",
		    one->origin, kind->what, key, strerror(-id));
	*ret = (struct pale_sys_object){ .kind = kind->object,
		.key = one->key,
		.id = id,
		.use = ((one->use & PALE_USE_READ) != 0 ? PALE_OBJECT_READ : 0U) |
		    ((one->use & PALE_USE_WRITE) != 0 ? PALE_OBJECT_WRITE : 0U) };
	return 0;
}

static int
find_objects(struct pale_plan *plan, struct pale_err *err)
{
	plan->objects = calloc(PALE_SYS_OBJECTS_MAX, sizeof(*plan->objects));
	if (plan->objects == NULL)
		return pale_fail(err, -ENOMEM, "out of memory");
	plan->sys.objects = plan->objects;
	for (size_t i = 0; i < plan->endpoint_count; i++) {
		const struct pale_endpoint *one = &plan->endpoints[i];
		const struct kind *kind = find_kind(one->kind);
		int result;

		if (kind == NULL)
			continue;
		if (plan->sys.object_count == PALE_SYS_OBJECTS_MAX)
			return pale_fail(err, -E2BIG, "%s: more than %d System V objects",
			    one->origin, PALE_SYS_OBJECTS_MAX);
		result = check_use(kind, one, err);
		if (result == 0)
			result =
			    find_object(kind, one, &plan->objects[plan->sys.object_count], err);
		if (result < 0)
			return result;
		plan->sys.object_count++;
	}
	return 0;
}

/* May a process with our ids and without capabilities, as those of a cage are, open it so? */
static bool
may_open(const struct stat *st, unsigned use)
{
	unsigned wants =
	    ((use & PALE_USE_READ) != 0 ? 04U : 0U) | ((use & PALE_USE_WRITE) != 0 ? 02U : 0U);
	unsigned shift = 0;
	gid_t groups[256];
	int count = getgroups((int)PALE_COUNT(groups), groups);

	if (st->st_uid == geteuid()) {
		shift = 6;
	} else if (st->st_gid == getegid()) {
		shift = 3;
	} else {
		for (int i = 0; i < count; i++)
			shift = groups[i] == st->st_gid ? 3 : shift;
	}
	return ((st->st_mode >> shift) & wants) == wants;
}

static int
refuse_queue(const struct pale_grant *grant, int result, struct pale_err *err)
{
	if (result == -ENOENT) {
		pale_fail(
		    err, result, "%s: there is no POSIX queue '%s'", grant->origin, grant->path);
		return pale_remedy(err,
		    "it must be there before the program starts: start what makes it; /dev/mqueue "
		    "lists them where it is mounted");
	}
	if (result == -EACCES) {
		pale_fail(err, result, "%s: you may not open the POSIX queue '%s' so yourself",
		    grant->origin, grant->path);
		return pale_remedy(err, "its owner can change its mode, or grant less of it");
	}
	if (result == -ENOSYS) {
		pale_fail(err, result, "%s: this kernel has no POSIX queues", grant->origin);
		return pale_remedy(err, "use a kernel with CONFIG_POSIX_MQUEUE, or a UNIX socket");
	}
	return pale_fail(err, result, "%s: cannot open the POSIX queue '%s': %s", grant->origin,
	    grant->path, strerror(-result));
}

/* Pin one: opened as it is granted, for what that proves, and kept as a name alone. */
static int
pin(const struct pale_grant *grant, unsigned use, struct pale_door_queue *ret, struct pale_err *err)
{
	static const int modes[] = { 0, O_RDONLY, O_WRONLY, O_RDWR };
	PALE_CLOSE int queue = mq_open(
	    grant->path, modes[use & (PALE_USE_READ | PALE_USE_WRITE)] | O_NONBLOCK | O_CLOEXEC);
	char link[64];
	struct stat st;
	int named;

	if (queue < 0)
		return refuse_queue(grant, -errno, err);
	if (fstat(queue, &st) < 0)
		return pale_fail_errno(err, "cannot look at the POSIX queue '%s'", grant->path);
	if (!may_open(&st, use))
		return refuse_queue(grant, -EACCES, err);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", queue);
	named = open(link, O_PATH | O_CLOEXEC);
	if (named < 0)
		return pale_fail_errno(err, "cannot keep the POSIX queue '%s'", grant->path);
	*ret = (struct pale_door_queue){ .name = grant->path + 1, .fd = named, .use = use };
	return 0;
}

/* A queue of the machine's is not in the namespace of the cage around, which only its supervisor
 * opens: a cage inside has another. */
static int
check_around(const struct pale_doors *around, const struct pale_grant *grant, struct pale_err *err)
{
	for (size_t i = 0; around != NULL && i < around->queue_count; i++) {
		if (strcmp(around->queues[i].name, grant->path + 1) != 0)
			continue;
		pale_fail(err, -EOPNOTSUPP,
		    "%s: the queue '%s' of the cage around cannot be handed on to a cage inside it",
		    grant->origin, grant->path);
		return pale_remedy(err, "leave it out here");
	}
	return 0;
}

int
pale_ipc_pin(const struct pale_compartment *compartment, const struct pale_doors *around,
    struct pale_ipc *ret_ipc, struct pale_err *err)
{
	size_t count = 0;

	_Static_assert((int)PALE_USE_READ == (int)PALE_DOOR_READ &&
		(int)PALE_USE_WRITE == (int)PALE_DOOR_WRITE && PALE_USE_READ == 1 &&
		PALE_USE_WRITE == 2,
	    "uses are the bits of doors, and an index above");
	*ret_ipc = (struct pale_ipc){ 0 };
	for (size_t i = 0; i < compartment->grant_count; i++)
		count += compartment->grants[i].kind == PALE_GRANT_MQ;
	if (count == 0)
		return 0;
	ret_ipc->queues = calloc(count, sizeof(*ret_ipc->queues));
	if (ret_ipc->queues == NULL)
		return pale_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < compartment->grant_count; i++) {
		const struct pale_grant *grant = &compartment->grants[i];
		int result;

		if (grant->kind != PALE_GRANT_MQ || !is_first(compartment, i))
			continue;
		result = check_around(around, grant, err);
		if (result == 0)
			result = pin(grant, united_use(compartment, grant),
			    &ret_ipc->queues[ret_ipc->queue_count], err);
		if (result < 0)
			return result;
		ret_ipc->queue_count++;
	}
	return 0;
}

void
pale_ipc_done(struct pale_ipc *ipc)
{
	for (size_t i = 0; i < ipc->queue_count; i++)
		close(ipc->queues[i].fd);
	free(ipc->queues);
	*ipc = (struct pale_ipc){ 0 };
}

/*
 * A descriptor of a queue leads to it: opened again by way of /proc, it could be open for more. No
 * rule of Landlock is on it, so what Landlock handles cannot be had.
 */
static int
keep_closed(struct pale_plan *plan, const struct pale_plan_options *options, bool all_read,
    struct pale_err *err)
{
	uint64_t known = pale_landlock_fs_bits(options->landlock_abi);

	if (!all_read)
		plan->landlock_fs |= PALE_LL_READ_FILE & known;
	if (known != 0 || (!plan->proc && !plan->proc_full))
		return 0;
	return pale_plan_notice(plan, err,
	    "no Landlock here: a queue that is granted for reading or writing alone can be opened "
	    "for the other too, by way of /proc");
}

/* What the filter alone can withhold from a queue: its inode is in no mount of the cage's. */
static pale_rights
powers_over(const struct pale_door_queue *queue)
{
	struct stat st;

	if (fstat(queue->fd, &st) < 0 || st.st_uid == geteuid())
		return RS(FCHMOD, FCHOWN, FUTIMES);
	/* Whoever may write may set the times to now. */
	return (queue->use & PALE_DOOR_WRITE) == 0 && may_open(&st, PALE_USE_WRITE) ? RS(FUTIMES)
										    : 0;
}

static int
tell_withheld(struct pale_plan *plan, const struct pale_door_queue *queue, struct pale_err *err)
{
	for (size_t i = 0; i < plan->entry_count; i++) {
		if (plan->entries[i].kind == PALE_GRANT_TMP)
			return pale_plan_notice(plan, err,
			    "nothing in the cage can change a mode, an owner or times, not in its "
			    "private directories either, because the queue '/%s' is yours and "
			    "could be changed so; --best-effort=queue accepts that",
			    queue->name);
	}
	return 0;
}

/*
 * The owner of a queue may change its mode, group and times by any descriptor of it. No mount can
 * withhold that and let it be used, so the filter does, for the whole cage.
 */
static int
keep_modes(struct pale_plan *plan, const struct pale_door_queue *queue, unsigned best_effort,
    struct pale_err *err)
{
	pale_rights powers = powers_over(queue) & ~plan->sys.withheld;

	if (powers == 0)
		return 0;
	if ((best_effort & PALE_LOSS_QUEUE) != 0)
		return pale_plan_notice(plan, err,
		    "the mode, group and times of the queue '/%s' can be changed, because it is "
		    "yours",
		    queue->name);
	for (size_t i = 0; i < plan->entry_count; i++) {
		const struct pale_entry *entry = &plan->entries[i];

		if (entry->kind == PALE_GRANT_FIFO || !pale_entry_has_rights(entry) ||
		    (entry->rights & powers) == 0)
			continue;
		pale_fail(err, -EOPNOTSUPP,
		    "the mode, group and times of the queue '/%s' are not granted, but '%s' (%s) "
		    "may be given others, and no mechanism here tells the two apart",
		    queue->name, entry->path, entry->origin);
		return pale_remedy(err,
		    "grant '%s' without fchmod, fchown and futimes, grant a queue that somebody "
		    "else owns, or accept it with --best-effort=queue",
		    entry->path);
	}
	plan->sys.withheld |= powers;
	return tell_withheld(plan, queue, err);
}

static int
plan_queues(struct pale_plan *plan, const struct pale_plan_options *options, struct pale_err *err)
{
	bool all_read = true;
	bool all_write = true;

	for (size_t i = 0; i < plan->doors.queue_count; i++) {
		int result = keep_modes(plan, &plan->doors.queues[i], options->best_effort, err);

		if (result < 0)
			return result;
		all_read = all_read && (plan->doors.queues[i].use & PALE_DOOR_READ) != 0;
		all_write = all_write && (plan->doors.queues[i].use & PALE_DOOR_WRITE) != 0;
	}
	plan->sys.gates |= 1U << GATE_MQ;
	plan->sys.gates &= ~(1U << GATE_MQ_OPEN | 1U << GATE_MQ_NOTIFY);
	if (all_read)
		plan->sys.gates |= 1U << GATE_MQ_NOTIFY;
	return all_read && all_write ? 0 : keep_closed(plan, options, all_read, err);
}

int
pale_ipc_plan(struct pale_plan *plan, const struct pale_compartment *compartment,
    const struct pale_plan_options *options, struct pale_err *err)
{
	const struct pale_ipc *ipc = options->ipc;
	int result = 0;

	if (pale_ipc_is_machines(compartment)) {
		plan->doors.machine_ipc = true;
		plan->sys.gates &=
		    ~(1U << GATE_SYSV | 1U << GATE_MQ | 1U << GATE_MQ_OPEN | 1U << GATE_MQ_NOTIFY);
		result = find_objects(plan, err);
	}
	if (result == 0 && ipc == NULL) {
		result = pale_ipc_pin(compartment, NULL, &plan->ipc, err);
		ipc = &plan->ipc;
	}
	if (result < 0)
		return result;
	plan->doors.queues = ipc->queues;
	plan->doors.queue_count = ipc->queue_count;
	return ipc->queue_count == 0 ? 0 : plan_queues(plan, options, err);
}
