/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a System V object or a POSIX queue is reached; see ipc.h. */
#include "run/why/ipc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include "core/scope.h"
#include "policy/endpoint.h"
#include "run/trace/outside.h"

enum {
	ALLOW_BYTES = 128,
	WHY_BYTES = 512, /* of a reason that is said again */
};

static const char own[] = "the cage has an IPC namespace of its own: what the machine has is not "
			  "there";

static const enum pale_grant_kind kinds[] = {
	[PALE_OBJECT_SHM] = PALE_GRANT_SHM,
	[PALE_OBJECT_MSG] = PALE_GRANT_MSG,
	[PALE_OBJECT_SEM] = PALE_GRANT_SEM,
};

static enum pale_object_kind
object_of(enum pale_grant_kind kind)
{
	enum pale_object_kind object = PALE_OBJECT_SHM;

	while (kinds[object] != kind)
		object++;
	return object;
}

/* Whose key or identifier the call takes. */
static enum pale_grant_kind
kind_of(enum pale_sys sys)
{
	size_t count;
	const struct pale_sys_sub *subs = pale_sys_subs(sys, &count);

	if (sys == PALE_SYS_mq_open || sys == PALE_SYS_mq_unlink)
		return PALE_GRANT_MQ;
	for (size_t i = 0; i < count; i++) {
		if (subs[i].each != PALE_OBJECT_NONE)
			return kinds[subs[i].each];
	}
	return PALE_GRANT_PATH;
}

bool
pale_why_names_ipc(enum pale_sys sys)
{
	return kind_of(sys) != PALE_GRANT_PATH;
}

static const struct pale_endpoint *
find(const struct pale_plan *plan, const struct pale_grant *asked)
{
	for (size_t i = 0; i < plan->endpoint_count; i++) {
		const struct pale_endpoint *one = &plan->endpoints[i];

		if (one->kind == asked->kind && one->key == asked->key &&
		    (one->kind != PALE_GRANT_MQ || strcmp(one->name, asked->path) == 0))
			return one;
	}
	return NULL;
}

/* Does a grant let modes, owners or times be changed? Then those of a queue of one's own can be. */
static bool
changes_modes(const struct pale_plan *plan)
{
	for (size_t i = 0; i < plan->entry_count; i++) {
		const struct pale_entry *entry = &plan->entries[i];

		if (entry->kind != PALE_GRANT_FIFO && pale_entry_has_rights(entry) &&
		    (entry->rights & RS(FCHMOD, FCHOWN, FUTIMES)) != 0)
			return true;
	}
	return false;
}

static void
advise(const struct pale_plan *plan, struct pale_why *ret, const struct pale_grant *asked,
    const char *uses)
{
	ret->is_option = true;
	if (asked->kind == PALE_GRANT_MQ)
		snprintf(ret->allow, sizeof(ret->allow), "--mq %s:%s%s", asked->path, uses,
		    changes_modes(plan) ? " --best-effort=queue" : "");
	else
		snprintf(ret->allow, sizeof(ret->allow), "--sysv %s:0x%08x:%s",
		    pale_endpoint_word(asked->kind), (unsigned)asked->key, uses);
}

/* The call as it is made on the granted object. */
static void
name_object(const struct pale_plan *plan, const struct pale_grant *asked, struct pale_call *call)
{
	const struct pale_sys_row *row = pale_sys_row(call->sys);

	for (size_t i = 0; i < PALE_SYS_ARGS; i++) {
		if (row->arg[i] == ARG_KEY)
			call->args[i] = (uint32_t)asked->key;
		for (size_t o = 0; row->arg[i] == ARG_ID && o < plan->sys.object_count; o++) {
			const struct pale_sys_object *object = &plan->sys.objects[o];

			if (object->key == asked->key && object->kind == object_of(asked->kind))
				call->args[i] = (uint32_t)object->id;
		}
	}
}

/* Would it be allowed if the object were granted for everything? Then that is the advice. */
static const char *
uses_that_allow(const struct pale_grant *asked, struct pale_call call)
{
	static const struct {
		unsigned use;
		const char *words;
	} tries[] = {
		{ PALE_OBJECT_READ, "read" },
		{ PALE_OBJECT_WRITE, "write" },
		{ PALE_OBJECT_READ | PALE_OBJECT_WRITE, "read,write" },
	};
	size_t first = asked->kind == PALE_GRANT_SEM ? 2 : 0;

	for (size_t i = first; i < PALE_COUNT(tries); i++) {
		struct pale_sys_object object = { .kind = object_of(asked->kind),
			.key = asked->key,
			.id = 1,
			.use = tries[i].use };
		struct pale_plan plan = { .sys = { .objects = &object, .object_count = 1 } };

		if (asked->kind == PALE_GRANT_SHM && tries[i].use == PALE_OBJECT_WRITE)
			continue;
		name_object(&plan, asked, &call);
		if (pale_sys_answer(call.sys, call.args, &plan.sys).run != RUN_DENY)
			return tries[i].words;
	}
	return NULL;
}

static void
judge_object(const struct pale_plan *plan, const struct pale_grant *asked, struct pale_why *ret)
{
	struct pale_sys_answer answer;
	const char *uses;

	name_object(plan, asked, &ret->call);
	answer = pale_sys_answer(ret->call.sys, ret->call.args, &plan->sys);
	ret->by = PALE_WHY_FILTER;
	if (!plan->doors.machine_ipc) {
		ret->allowed = answer.run != RUN_DENY;
		ret->error = answer.error;
		snprintf(ret->reason, sizeof(ret->reason), "%s",
		    answer.run == RUN_DENY ? answer.why : own);
		uses = uses_that_allow(asked, ret->call);
		if (uses != NULL)
			snprintf(ret->note, sizeof(ret->note),
			    "the machine's own is reached with --sysv %s:0x%08x:%s",
			    pale_endpoint_word(asked->kind), (unsigned)asked->key, uses);
		return;
	}
	ret->endpoint = find(plan, asked);
	ret->allowed = answer.run != RUN_DENY;
	if (ret->allowed) {
		ret->by = PALE_WHY_GRANT;
		snprintf(ret->reason, sizeof(ret->reason), "%s",
		    answer.run == RUN_ASK ? "what is there is found, and nothing is ever made"
					  : "it is granted for this");
		return;
	}
	ret->error = answer.error;
	snprintf(ret->reason, sizeof(ret->reason), "%s", answer.why);
	uses = uses_that_allow(asked, ret->call);
	if (uses != NULL)
		advise(plan, ret, asked, uses);
}

static void
judge_queue(const struct pale_plan *plan, const struct pale_grant *asked, struct pale_why *ret)
{
	static const unsigned needs[] = { PALE_USE_READ, PALE_USE_WRITE,
		PALE_USE_READ | PALE_USE_WRITE };
	unsigned access = (unsigned)ret->call.args[1] & O_ACCMODE;
	unsigned need = access < PALE_COUNT(needs) ? needs[access] : 0;
	char uses[ALLOW_BYTES];
	bool opens = ret->call.sys == PALE_SYS_mq_open;

	ret->endpoint = find(plan, asked);
	ret->by = PALE_WHY_SUPERVISOR;
	ret->error = EACCES;
	pale_uses_print(need, uses, sizeof(uses));
	if (ret->endpoint == NULL && !plan->doors.machine_ipc) {
		ret->allowed = true;
		ret->error = 0;
		ret->by = PALE_WHY_CALL;
		snprintf(ret->reason, sizeof(ret->reason), "%s", own);
		if (opens)
			snprintf(ret->note, sizeof(ret->note),
			    "the machine's own is reached with --mq %s:%s", asked->path, uses);
	} else if (!opens) {
		snprintf(ret->reason, sizeof(ret->reason),
		    "no queue of the machine is ever removed from inside");
	} else if (ret->endpoint != NULL && (need & ~ret->endpoint->use) == 0) {
		ret->allowed = true;
		ret->error = 0;
		ret->by = PALE_WHY_GRANT;
		snprintf(ret->reason, sizeof(ret->reason), "it is granted for this");
	} else {
		snprintf(ret->reason, sizeof(ret->reason), "%s",
		    ret->endpoint != NULL ? "it is not granted for that"
					  : "the queues are the machine's, and this one is not "
					    "granted");
		advise(plan, ret, asked, uses);
	}
}

int
pale_why_ipc(
    const struct pale_plan *plan, const char *name, struct pale_why *ret, struct pale_err *err)
{
	struct pale_grant asked = { 0 };
	PALE_FREE char *path = NULL;
	struct pale_err words = { 0 };
	int result = pale_endpoint_parse(kind_of(ret->call.sys), name, "read", &asked, &words);

	path = asked.path;
	if (result < 0) {
		pale_fail(err, result, "option --why: %s", words.text);
		return words.remedy[0] == '\0' ? result : pale_remedy(err, "%s", words.remedy);
	}
	asked.kind = kind_of(ret->call.sys);
	if (asked.kind == PALE_GRANT_MQ)
		judge_queue(plan, &asked, ret);
	else
		judge_object(plan, &asked, ret);
	return 0;
}

/* The key of an object, by its identifier; 0 if it has none, or may not be looked at. */
static int32_t
key_of(enum pale_grant_kind kind, int id)
{
	union {
		struct shmid_ds shm;
		struct msqid_ds msg;
		struct semid_ds sem;
	} ds = { 0 };

	if (kind == PALE_GRANT_SHM && shmctl(id, IPC_STAT, &ds.shm) == 0)
		return ds.shm.shm_perm.__key;
	if (kind == PALE_GRANT_MSG && msgctl(id, IPC_STAT, &ds.msg) == 0)
		return ds.msg.msg_perm.__key;
	if (kind == PALE_GRANT_SEM && semctl(id, 0, IPC_STAT, &ds.sem) == 0)
		return ds.sem.sem_perm.__key;
	return 0;
}

static bool
is_there(enum pale_grant_kind kind, key_t key)
{
	if (kind == PALE_GRANT_SHM)
		return shmget(key, 0, 0) >= 0;
	return kind == PALE_GRANT_MSG ? msgget(key, 0) >= 0 : semget(key, 0, 0) >= 0;
}

static void
say_never(struct pale_why *ret)
{
	if (ret->allowed || ret->allow[0] != '\0')
		return;
	snprintf(ret->allow, sizeof(ret->allow), "nothing: %s",
	    ret->call.sys == PALE_SYS_shmat
		? "no segment of the machine's is executed from inside"
		: "what is the machine's is never removed or given to others from inside");
}

bool
pale_why_ipc_heard(const struct pale_plan *plan, const char *queue, struct pale_why *ret)
{
	const struct pale_sys_row *row = pale_sys_row(ret->call.sys);
	struct pale_grant asked = { .kind = kind_of(ret->call.sys) };
	char name[NAME_MAX + 2];

	if (asked.kind == PALE_GRANT_MQ) {
		snprintf(name, sizeof(name), "/%s", queue == NULL ? "" : queue);
		asked.path = name;
		judge_queue(plan, &asked, ret);
		say_never(ret);
		return !ret->allowed;
	}
	for (size_t i = 0; i < PALE_SYS_ARGS; i++) {
		if (row->arg[i] == ARG_KEY)
			asked.key = (int32_t)ret->call.args[i];
		if (row->arg[i] == ARG_ID)
			asked.key = key_of(asked.kind, (int)ret->call.args[i]);
	}
	judge_object(plan, &asked, ret);
	if (ret->allowed)
		return false;
	if (asked.key != IPC_PRIVATE && is_there(asked.kind, asked.key)) {
		say_never(ret);
		return true;
	}
	ret->is_option = false;
	if (uses_that_allow(&asked, ret->call) == NULL) {
		snprintf(ret->allow, sizeof(ret->allow), "nothing: %.*s", WHY_BYTES, ret->reason);
		return true;
	}
	snprintf(ret->allow, sizeof(ret->allow), "%s",
	    asked.key == IPC_PRIVATE
		? "nothing: what has no key cannot be granted"
		: "nothing: there is no such object, and none is made in the machine's namespace");
	return true;
}

/* Does the call make what it does not find? */
static bool
creates(const struct pale_call *call)
{
	int flags = pale_call_arg(call->sys, ARG_FLAGS);
	uint64_t bit = call->sys == PALE_SYS_mq_open ? O_CREAT : IPC_CREAT;
	bool gets = call->sys == PALE_SYS_mq_open || pale_call_arg(call->sys, ARG_KEY) >= 0;

	return gets && flags >= 0 && (call->args[flags] & bit) != 0;
}

bool
pale_why_ipc_hidden(const struct pale_plan *plan, const char *queue, struct pale_why *ret)
{
	struct pale_grant asked = { .kind = kind_of(ret->call.sys) };
	struct pale_outside_question question = { .kind = asked.kind };
	int key = pale_call_arg(ret->call.sys, ARG_KEY);
	int id = pale_call_arg(ret->call.sys, ARG_ID);
	const char *uses = NULL;
	char name[NAME_MAX + 2];
	int32_t found = 0;

	if (plan->outside <= 0 || plan->doors.machine_ipc || creates(&ret->call))
		return false;
	if (asked.kind == PALE_GRANT_MQ) {
		snprintf(question.name, sizeof(question.name), "%s", queue == NULL ? "" : queue);
		if (ret->call.sys == PALE_SYS_mq_open)
			question.access = (int)ret->call.args[1];
	} else {
		if (key < 0 && id < 0)
			return false;
		question.by_id = key < 0;
		question.number = (int32_t)ret->call.args[key >= 0 ? key : id];
	}
	if (pale_outside_look(&question, &found) ||
	    !pale_outside_has(plan->outside, &question, &found))
		return false;
	asked.key = found;
	ret->by = PALE_WHY_ABSENT;
	ret->error = question.by_id ? EINVAL : ENOENT;
	snprintf(ret->reason, sizeof(ret->reason), "%s", own);
	if (asked.kind == PALE_GRANT_MQ) {
		snprintf(name, sizeof(name), "/%s", question.name);
		asked.path = name;
		uses = (question.access & O_ACCMODE) == O_RDWR  ? "read,write"
		    : (question.access & O_ACCMODE) == O_RDONLY ? "read"
								: "write";
		if (ret->call.sys == PALE_SYS_mq_open)
			advise(plan, ret, &asked, uses);
	} else if (asked.key == IPC_PRIVATE) {
		snprintf(
		    ret->allow, sizeof(ret->allow), "nothing: what has no key cannot be granted");
	} else {
		uses = uses_that_allow(&asked, ret->call);
		if (uses != NULL)
			advise(plan, ret, &asked, uses);
	}
	say_never(ret);
	return true;
}
