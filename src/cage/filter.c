/* SPDX-License-Identifier: BSD-2-Clause */
/* The call filter of a cage; see filter.h. */
#include "cage/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <linux/seccomp.h>

#include "core/scope.h"
#include "kernel/seccomp.h"
#include "kernel/uapi.h"

enum {
	NR_LIMIT = 1024,  /* above every number of the table; Linux 6.18 ends at 470 */
	ERRNO_MAX = 4095, /* what a system call can return */
	SUB_COUNT = 0
#define SYS(...)
#define SUB(...) +1
#include "core/sys.def"
#undef SYS
#undef SUB
	,
	EACH_MAX = 16, /* sub-rows that stand for one object; a test counts them */
};

/* The rows as calls and rules of the generator. */
struct spec {
	struct pale_bpf_call calls[PALE_SYS_COUNT + 1];
	size_t call_count;
	struct pale_bpf_rule rules[SUB_COUNT + EACH_MAX * PALE_SYS_OBJECTS_MAX + 2];
	size_t rule_count;
};

static uint32_t
ret_of(enum pale_sys sys, const struct pale_sys_policy *policy, struct pale_sys_answer answer)
{
	if (pale_sys_is_watched(sys, &answer, policy->watch))
		return SECCOMP_RET_USER_NOTIF;
	switch (answer.run) {
	case RUN_ALLOW:
		return SECCOMP_RET_ALLOW;
	case RUN_ASK:
		return SECCOMP_RET_USER_NOTIF;
	case RUN_DENY:
		break;
	}
	/* An errno beyond the range would read as success. */
	if (answer.error <= 0 || answer.error > ERRNO_MAX)
		return SECCOMP_RET_ERRNO | EPERM;
	return SECCOMP_RET_ERRNO | (uint32_t)answer.error;
}

static void
add_cond(struct pale_bpf_rule *rule, const struct pale_sys_cond *cond)
{
	rule->when[rule->when_count++] = (struct pale_bpf_cond){
		.arg = cond->arg,
		.mask = cond->mask,
		.value = cond->value,
	};
}

static struct pale_bpf_rule *
add_rule(struct spec *spec, struct pale_bpf_call *call, const struct pale_bpf_rule *rule)
{
	struct pale_bpf_rule *added = &spec->rules[spec->rule_count];

	/* The table has a test for what may be too many. */
	if (spec->rule_count == PALE_COUNT(spec->rules))
		return NULL;
	*added = *rule;
	spec->rule_count++;
	call->rule_count++;
	return added;
}

/* What passes unheard though its call is watched: see PALE_WATCH_WRITES, PALE_UNHEARD_EXEC. */
static bool
add_unheard(struct spec *spec, struct pale_bpf_call *call, enum pale_sys sys,
    const struct pale_sys_policy *policy)
{
	const uint64_t writes = O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY);
	const struct pale_sys_row *row = pale_sys_row(sys);
	struct pale_sys_answer answer = pale_sys_row_answer(sys, policy);
	struct pale_bpf_rule rule = { .ret = SECCOMP_RET_ALLOW };

	if (answer.run != RUN_ALLOW || !pale_sys_is_watched(sys, &answer, policy->watch))
		return true;
	if (sys == PALE_SYS_execve) {
		add_cond(&rule,
		    &(struct pale_sys_cond){ PALE_SYS_ARGS - 1, UINT64_MAX, PALE_UNHEARD_EXEC });
		return add_rule(spec, call, &rule) != NULL;
	}
	for (uint8_t i = 0;
	     policy->watch == PALE_WATCH_WRITES && row->does == DO_OPEN && i < PALE_SYS_ARGS; i++) {
		if (row->arg[i] != ARG_FLAGS)
			continue;
		add_cond(&rule, &(struct pale_sys_cond){ i, writes, O_RDONLY });
		return add_rule(spec, call, &rule) != NULL;
	}
	return true;
}

/* Append the call with its rules; the first that matches decides there as it does here. */
static bool
add_call(struct spec *spec, enum pale_sys sys, uint32_t nr, const struct pale_sys_policy *policy)
{
	struct pale_bpf_call *call = &spec->calls[spec->call_count++];
	const struct pale_sys_sub *subs;
	struct pale_sys_answer answer;
	struct pale_sys_cond object;
	size_t count;

	*call = (struct pale_bpf_call){ .nr = nr,
		.rules = &spec->rules[spec->rule_count],
		.ret = ret_of(sys, policy, pale_sys_row_answer(sys, policy)) };
	subs = pale_sys_subs(sys, &count);
	for (size_t i = 0; i < count; i++) {
		struct pale_bpf_rule rule = { .when_count = 0 };

		if (!pale_sys_sub_answer(&subs[i], policy, &answer))
			continue;
		rule.ret = ret_of(sys, policy, answer);
		for (size_t c = 0; c < PALE_SYS_CONDS && subs[i].when[c].mask != 0; c++)
			add_cond(&rule, &subs[i].when[c]);
		for (size_t o = 0; subs[i].each != PALE_OBJECT_NONE && o < policy->object_count;
		     o++) {
			struct pale_bpf_rule *added;

			if (!pale_sys_sub_object(&subs[i], &policy->objects[o], &object))
				continue;
			added = add_rule(spec, call, &rule);
			if (added == NULL)
				return false;
			add_cond(added, &object);
		}
		if (subs[i].each != PALE_OBJECT_NONE)
			continue;
		/* Without a condition it always matches, and nothing behind it does. */
		if (rule.when_count == 0) {
			call->ret = rule.ret;
			return true;
		}
		if (add_rule(spec, call, &rule) == NULL)
			return false;
	}
	return add_unheard(spec, call, sys, policy);
}

/* Whoever only asks whether it is inside gets its answer here, supervisor or not. */
static void
add_control(struct spec *spec)
{
	struct pale_bpf_rule *nest = &spec->rules[spec->rule_count++];

	*nest = (struct pale_bpf_rule){
		.when = { { .arg = 0, .mask = UINT64_MAX, .value = PALE_CONTROL_NEST } },
		.when_count = 1,
		.ret = SECCOMP_RET_USER_NOTIF,
	};
	spec->calls[spec->call_count++] = (struct pale_bpf_call){ .nr = PALE_CONTROL_NR,
		.rules = nest,
		.rule_count = 1,
		.ret = SECCOMP_RET_ERRNO | PALE_CONTROL_ERRNO };
}

int
pale_filter_build(const struct pale_sys_policy *policy, struct sock_filter *prog, size_t max,
    size_t *ret_count, struct pale_err *err)
{
	uint16_t sys_plus_1[NR_LIMIT] = { 0 };
	struct spec spec;
	struct pale_bpf_spec bpf = {
		.arch = PALE_AUDIT_ARCH,
		.calls = spec.calls,
		.other_call = SECCOMP_RET_ERRNO | ENOSYS,
		.other_arch = SECCOMP_RET_ERRNO | ENOSYS,
	};

	_Static_assert((int)PALE_BPF_CONDS > (int)PALE_SYS_CONDS, "a sub-row must fit into a rule");
	spec.call_count = 0;
	spec.rule_count = 0;
	/* Rows are in the order of x86-64; elsewhere their numbers go up and down. */
	for (unsigned sys = 0; sys < PALE_SYS_COUNT; sys++) {
		int nr = pale_sys_nr((enum pale_sys)sys);

		if (nr < 0)
			continue;
		if (nr >= NR_LIMIT || sys_plus_1[nr] != 0)
			return pale_fail(err, -EINVAL,
			    "system call %s has the number %d, which is taken "
			    "or too high",
			    pale_sys_row((enum pale_sys)sys)->name, nr);
		sys_plus_1[nr] = (uint16_t)(sys + 1);
	}
	for (uint32_t nr = 0; nr < NR_LIMIT; nr++) {
		if (sys_plus_1[nr] != 0 &&
		    !add_call(&spec, (enum pale_sys)(sys_plus_1[nr] - 1), nr, policy))
			return pale_fail(
			    err, -E2BIG, "more than %d System V objects", PALE_SYS_OBJECTS_MAX);
	}
	add_control(&spec);
	bpf.call_count = spec.call_count;
	return pale_bpf_build(&bpf, prog, max, ret_count, err);
}
