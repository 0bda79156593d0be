/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shmget(2), msgget(2) and semget(2) with IPC_CREAT, of a key that is granted. Programs write it
 * where they mean "the one that is there, or a new one". Here it is only ever the one that is
 * there: a new one would be the machine's, stay behind, and be none that the filter lets be used.
 * So it is looked up by the key without IPC_CREAT, and where it was removed meanwhile the answer is
 * ENOENT. Nothing of the caller is read but its registers, which no thread can change.
 */
#include "cage/ask/ask.h"

#include <errno.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include "core/scope.h"

static bool
is_granted(const struct pale_supervisor *supervisor, enum pale_object_kind kind,
    const struct pale_notify *call)
{
	const struct pale_sys_policy *policy = supervisor->policy;

	for (size_t i = 0; policy != NULL && i < policy->object_count; i++) {
		if (policy->objects[i].kind == kind &&
		    policy->objects[i].key == (key_t)call->args[0])
			return true;
	}
	return false;
}

/* Find an object by its key; size and flags as the call has them. */
static int
find(enum pale_object_kind kind, key_t key, uint64_t size, int flags)
{
	switch (kind) {
	case PALE_OBJECT_SHM:
		return shmget(key, (size_t)size, flags);
	case PALE_OBJECT_MSG:
		return msgget(key, flags);
	case PALE_OBJECT_SEM:
		return semget(key, (int)size, flags);
	case PALE_OBJECT_NONE:
		break;
	}
	errno = ENOSYS;
	return -1;
}

static int
get(const struct pale_supervisor *supervisor, const struct pale_notify *call,
    enum pale_object_kind kind, int flags)
{
	key_t key = (key_t)call->args[0];
	int id;

	if (key == IPC_PRIVATE || !is_granted(supervisor, kind, call))
		return -EACCES;
	/* Whether it is there comes before what is asked of it, as in the kernel. */
	if ((flags & IPC_EXCL) != 0) {
		id = find(kind, key, 0, 0);
		return id >= 0 || errno == EACCES ? -EEXIST : -errno;
	}
	id = find(kind, key, call->args[1], flags & ~IPC_CREAT);
	if (id < 0)
		return -errno;
	return id == PALE_ASK_WAITS ? -EOVERFLOW : id;
}

int
pale_ask_shmget(struct pale_supervisor *supervisor, const struct pale_notify *call)
{
	return get(supervisor, call, PALE_OBJECT_SHM, (int)call->args[2]);
}

int
pale_ask_semget(struct pale_supervisor *supervisor, const struct pale_notify *call)
{
	return get(supervisor, call, PALE_OBJECT_SEM, (int)call->args[2]);
}

int
pale_ask_msgget(struct pale_supervisor *supervisor, const struct pale_notify *call)
{
	return get(supervisor, call, PALE_OBJECT_MSG, (int)call->args[1]);
}
