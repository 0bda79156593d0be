/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What follows from sys.def: the row of a call, the rights that its arguments ask for, and the
 * answer of the filter. Pure: makes no system call.
 */
#include "core/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <linux/fs.h>
#include <linux/sched.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "core/scope.h"

static const struct pale_sys_row rows[PALE_SYS_COUNT] = {
#define SYS(id, ...) [PALE_SYS_##id] = { .name = #id, __VA_ARGS__ },
#define SUB(...)
#include "core/sys.def"
#undef SYS
#undef SUB
};

/* In the order of the rows; the last is a stopper, so that the table is never empty. */
static const struct pale_sys_sub subs[] = {
#define SYS(...)
#define SUB(id, ...) { .sys = PALE_SYS_##id, __VA_ARGS__ },
#include "core/sys.def"
#undef SYS
#undef SUB
	{ .sys = PALE_SYS_COUNT },
};

#ifdef __aarch64__
/* Number plus one, so that a call that is not listed has 0. */
static const int16_t arm64_nr_plus_1[PALE_SYS_COUNT] = {
#define ARM64(id, nr) [PALE_SYS_##id] = (nr) + 1,
#include "core/sysnr_arm64.def"
#undef ARM64
};
#endif

const char *
pale_gate_unless(enum pale_gate gate)
{
	switch (gate) {
	case GATE_SYSV:
		return "the cage has an IPC namespace of its own, as it has by default";
	case GATE_MQ:
		return "the cage has an IPC namespace of its own, as it has by default, or a "
		       "queue is granted";
	case GATE_MQ_NOTIFY:
		return "every queue may be read";
	case GATE_SIGSCOPE:
		return "Landlock scopes signals (ABI 6, Linux 6.12)";
	case GATE_INET:
		return "a host and port are granted, with --tcp or --udp, or all of a network is, "
		       "with --net=host or --net=loopback";
	case GATE_TCP:
		return "--tcp grants a host and port";
	case GATE_UDP:
		return "--udp grants a host and port";
	case GATE_NETLINK:
	case GATE_NET:
		return "all of a network is granted, with --net=host or --net=loopback";
	case GATE_OPTIONS:
		return "no single hosts are granted";
	case GATE_DGRAM:
		return "a UNIX socket is granted, with --unix";
	case GATE_SOCKET:
		return "no UNIX socket is granted, or descriptors may come in by each";
	case GATE_NONE:
	case GATE_PASS:
	case GATE_CONNECT:
	case GATE_LISTEN:
	case GATE_SENDTO:
	case GATE_SENDMSG:
	case GATE_MQ_OPEN:
	case GATE_COUNT:
		break;
	}
	return NULL;
}

const struct pale_sys_row *
pale_sys_row(enum pale_sys sys)
{
	return &rows[sys];
}

const struct pale_sys_sub *
pale_sys_subs(enum pale_sys sys, size_t *ret_count)
{
	size_t low = 0, high = PALE_COUNT(subs) - 1, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (subs[middle].sys < sys)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; subs[end].sys == sys;)
		end++;
	*ret_count = end - low;
	return end > low ? &subs[low] : NULL;
}

int
pale_sys_nr(enum pale_sys sys)
{
#if defined(__x86_64__)
	return rows[sys].nr_x86_64;
#elif defined(__aarch64__)
	return arm64_nr_plus_1[sys] - 1;
#else
#error "no table of call numbers for this machine"
#endif
}

int
pale_sys_find_nr(int nr, enum pale_sys *ret_sys)
{
	for (unsigned i = 0; nr >= 0 && i < PALE_SYS_COUNT; i++)
		if (pale_sys_nr((enum pale_sys)i) == nr) {
			*ret_sys = (enum pale_sys)i;
			return 0;
		}
	return -ENOENT;
}

int
pale_sys_find(const char *name, enum pale_sys *ret_sys)
{
	for (unsigned i = 0; i < PALE_SYS_COUNT; i++)
		if (strcmp(rows[i].name, name) == 0) {
			*ret_sys = (enum pale_sys)i;
			return 0;
		}
	return -ENOENT;
}

bool
pale_sys_sub_matches(const struct pale_sys_sub *sub, const uint64_t args[PALE_SYS_ARGS])
{
	for (size_t i = 0; i < PALE_SYS_CONDS && sub->when[i].mask != 0; i++)
		if ((args[sub->when[i].arg] & sub->when[i].mask) != sub->when[i].value)
			return false;
	return true;
}

bool
pale_sys_sub_object(const struct pale_sys_sub *sub, const struct pale_sys_object *object,
    struct pale_sys_cond *ret_cond)
{
	const struct pale_sys_row *row = &rows[sub->sys];

	if (sub->each != object->kind || (sub->use & ~object->use) != 0)
		return false;
	for (uint8_t i = 0; i < PALE_SYS_ARGS; i++) {
		if (row->arg[i] != ARG_KEY && row->arg[i] != ARG_ID)
			continue;
		/* The kernel reads an int. */
		*ret_cond = (struct pale_sys_cond){ i, UINT32_MAX,
			(uint32_t)(row->arg[i] == ARG_KEY ? object->key : object->id) };
		return true;
	}
	return false;
}

/* Is the call about an object that a sub-row stands for? */
static bool
names_object(const struct pale_sys_sub *sub, const uint64_t args[PALE_SYS_ARGS],
    const struct pale_sys_policy *policy)
{
	struct pale_sys_cond cond;

	if (sub->each == PALE_OBJECT_NONE)
		return true;
	for (size_t i = 0; i < policy->object_count; i++) {
		if (pale_sys_sub_object(sub, &policy->objects[i], &cond) &&
		    (args[cond.arg] & cond.mask) == cond.value)
			return true;
	}
	return false;
}

pale_rights
pale_sys_need(enum pale_sys sys, const uint64_t args[PALE_SYS_ARGS])
{
	pale_rights need = rows[sys].need[0];
	const struct pale_sys_sub *sub;
	size_t count;

	sub = pale_sys_subs(sys, &count);
	for (size_t i = 0; i < count; i++)
		if (sub[i].adds && pale_sys_sub_matches(&sub[i], args))
			need |= sub[i].need;
	return need;
}

static struct pale_sys_answer
deny(int error, const char *label, const char *why)
{
	return (struct pale_sys_answer){ RUN_DENY, error != 0 ? error : EPERM, label, why };
}

/* Allowed, unless it needs a right that the filter withholds from the whole cage. */
static struct pale_sys_answer
allow(pale_rights need, const char *label, const struct pale_sys_policy *policy)
{
	if ((need & policy->withheld) != 0)
		return deny(EPERM, label, "no grant holds the right that it needs");
	return (struct pale_sys_answer){ RUN_ALLOW, 0, label, NULL };
}

static bool
is_open(enum pale_gate gate, const struct pale_sys_policy *policy)
{
	return gate != GATE_NONE && (policy->gates >> gate & 1) != 0;
}

bool
pale_sys_sub_answer(const struct pale_sys_sub *sub, const struct pale_sys_policy *policy,
    struct pale_sys_answer *ret_answer)
{
	const struct pale_sys_row *row = &rows[sub->sys];

	if (sub->adds || (sub->each != PALE_OBJECT_NONE && policy->object_count == 0))
		return false;
	switch (sub->run) {
	case RUN_DENY:
		if (is_open(sub->gate, policy))
			return false;
		*ret_answer = deny(sub->error, sub->label, sub->why);
		return true;
	case RUN_ALLOW:
		if (is_open(sub->gate, policy))
			return false;
		*ret_answer = allow(row->need[0] | row->need[1] | sub->need, sub->label, policy);
		return true;
	case RUN_ASK:
		if (is_open(sub->gate, policy))
			return false;
		break;
	}
	*ret_answer = (struct pale_sys_answer){ RUN_ASK, 0, sub->label, NULL };
	return true;
}

struct pale_sys_answer
pale_sys_row_answer(enum pale_sys sys, const struct pale_sys_policy *policy)
{
	const struct pale_sys_row *row = &rows[sys];

	switch (row->run) {
	case RUN_DENY:
		if (!is_open(row->gate, policy))
			return deny(row->error, NULL, row->why);
		break;
	case RUN_ALLOW:
		break;
	case RUN_ASK:
		if (!is_open(row->gate, policy))
			return (struct pale_sys_answer){ RUN_ASK, 0, NULL, NULL };
		break;
	}
	return allow(row->need[0] | row->need[1], NULL, policy);
}

struct pale_sys_answer
pale_sys_answer(
    enum pale_sys sys, const uint64_t args[PALE_SYS_ARGS], const struct pale_sys_policy *policy)
{
	const struct pale_sys_sub *sub;
	struct pale_sys_answer answer;
	size_t count;

	sub = pale_sys_subs(sys, &count);
	for (size_t i = 0; i < count; i++)
		if (!sub[i].adds && pale_sys_sub_matches(&sub[i], args) &&
		    names_object(&sub[i], args, policy) &&
		    pale_sys_sub_answer(&sub[i], policy, &answer))
			return answer;
	return pale_sys_row_answer(sys, policy);
}

static bool
takes_path(enum pale_sys sys)
{
	for (size_t i = 0; i < PALE_SYS_ARGS; i++) {
		if (rows[sys].arg[i] == ARG_PATH)
			return true;
	}
	return false;
}

bool
pale_sys_is_watched(enum pale_sys sys, const struct pale_sys_answer *answer, enum pale_watch watch)
{
	if (watch == PALE_WATCH_NONE)
		return false;
	/* A program that is told ENOSYS goes on in another way. */
	if (answer->run == RUN_DENY)
		return answer->error != ENOSYS;
	if (answer->run != RUN_ALLOW || watch == PALE_WATCH_DENIALS)
		return false;
	switch (rows[sys].does) {
	case DO_OPEN:
	case DO_MKDIR:
	case DO_MKNOD:
	case DO_UNLINK:
	case DO_RENAME:
	case DO_LINK:
	case DO_SYMLINK:
	case DO_CHMOD:
	case DO_CHOWN:
	case DO_UTIME:
	case DO_TRUNCATE:
	case DO_EXEC:
		return true;
	/* What the machine has, and the cage's own ipc namespace has not. */
	case DO_SYSV:
		return true;
	case DO_MQ:
		return rows[sys].arg[0] == ARG_IN;
	case DO_XATTR:
		if ((rows[sys].need[0] & RS(EXTATTR_SET, EXTATTR_DELETE)) != 0)
			return true;
		break;
	case DO_NOTHING:
	case DO_READLINK:
	case DO_STAT:
	case DO_CHDIR:
	case DO_ROOT:
	case DO_WATCH:
	case DO_SOCKET:
	case DO_BIND:
	case DO_CONNECT:
	case DO_LISTEN:
	case DO_ACCEPT:
	case DO_SEND:
	case DO_RECV:
	case DO_PIPE:
	case DO_DUP:
	case DO_CLOSE:
	case DO_FORK:
	case DO_EXIT:
	case DO_IDENTITY:
	case DO_SIGNAL:
	case DO_WAIT:
	case DO_MEMORY:
	case DO_KERNEL:
		break;
	}
	return watch == PALE_WATCH_PATHS && takes_path(sys);
}
