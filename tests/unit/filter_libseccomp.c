/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The call filter against libseccomp, for the same policy and the same calls.
 *
 * libseccomp knows no order among the rules of a call, and no verdict of a call for when no rule
 * matches. So it is asked in three ways: one program for all calls whose verdict is fixed; for each
 * other call a program of its own, with that call's default; and where a probe meets two sub-rows
 * with different verdicts, a program for each sub-row, in the order of the table. Every call of
 * sys.def that this machine has is compared, those that libseccomp 2.5.4 has no name for by number.
 */
#include "cage/filter.h"

#include <errno.h>
#include <inttypes.h>
#include <seccomp.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bpf_interp.h"
#include "core/scope.h"
#include "filter_probe.h"
#include "harness.h"

enum {
	COMPARED_MIN = 300, /* calls */
	SUBS_MAX = 256,     /* of one call */
	SINGLE_MAX = 64,    /* instructions for one sub-row */
	/* What a program for one sub-row answers where that does not match; no errno of the table.
	 */
	NO_MATCH = 4000,
};

static struct sock_filter prog[PALE_BPF_MAX];
static size_t count;
static struct pale_sys_policy policy;

/* libseccomp's program: for all fixed calls, or for the call being compared. */
static struct sock_filter theirs[PALE_BPF_MAX];
static size_t theirs_count;
/* And for each of the call's sub-rows; 0 instructions where it gives no verdict. */
static struct single {
	struct sock_filter prog[SINGLE_MAX];
	size_t count;
	uint32_t ret;
	bool compared;
	bool left_out; /* of the program that has them all */
} singles[SUBS_MAX];
static size_t single_count;
static size_t compared, ordered;

static uint32_t
action_of(uint32_t ret)
{
	if (ret == SECCOMP_RET_ALLOW)
		return SCMP_ACT_ALLOW;
	if (ret == SECCOMP_RET_USER_NOTIF)
		return SCMP_ACT_NOTIFY;
	return SCMP_ACT_ERRNO(ret & SECCOMP_RET_DATA);
}

static scmp_filter_ctx
theirs_new(uint32_t ret)
{
	scmp_filter_ctx ctx = seccomp_init(action_of(ret));

	ck_assert_ptr_nonnull(ctx);
	ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)), 0);
	return ctx;
}

/* Make the program and give the context back. Returns how many instructions. */
static size_t
theirs_export(scmp_filter_ctx ctx, struct sock_filter *to, size_t max)
{
	PALE_CLOSE int fd = memfd_create("filter", MFD_CLOEXEC);
	ssize_t size;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(seccomp_export_bpf(ctx, fd), 0);
	seccomp_release(ctx);
	size = pread(fd, to, max * sizeof(*to), 0);
	ck_assert_int_gt(size, 0);
	ck_assert_uint_lt((size_t)size, max * sizeof(*to));
	ck_assert_ptr_null(bpf_check(to, (size_t)size / sizeof(*to)));
	return (size_t)size / sizeof(*to);
}

/*
 * libseccomp takes one comparison an argument, so the conditions on one are joined. Returns false
 * for a rule that it does not take, because one on more arguments decides part of it otherwise.
 */
static bool
theirs_rule(scmp_filter_ctx ctx, const struct pale_sys_sub *sub, uint32_t ret)
{
	struct pale_sys_cond joined[PALE_SYS_ARGS] = { 0 };
	struct scmp_arg_cmp cmps[PALE_SYS_ARGS];
	unsigned cmp_count = 0;
	int result;

	for (size_t c = 0; c < PALE_SYS_CONDS && sub->when[c].mask != 0; c++) {
		joined[sub->when[c].arg].mask |= sub->when[c].mask;
		joined[sub->when[c].arg].value |= sub->when[c].value;
	}
	for (unsigned a = 0; a < PALE_SYS_ARGS; a++)
		if (joined[a].mask != 0)
			cmps[cmp_count++] = (struct scmp_arg_cmp){ a, SCMP_CMP_MASKED_EQ,
				joined[a].mask, joined[a].value };
	result = seccomp_rule_add_exact_array(
	    ctx, action_of(ret), pale_sys_nr((enum pale_sys)sub->sys), cmp_count, cmps);
	ck_assert_msg(result == 0 || result == -EEXIST, "%s, %s",
	    pale_sys_row((enum pale_sys)sub->sys)->name, sub->label);
	return result == 0;
}

/* The verdict of a call where no sub-row decides, and how many sub-rows can decide before it. */
static uint32_t
default_of(enum pale_sys sys, size_t *ret_sub_count)
{
	const struct pale_sys_sub *subs = pale_sys_subs(sys, ret_sub_count);
	struct pale_sys_answer answer;

	for (size_t i = 0; i < *ret_sub_count; i++)
		if (subs[i].when[0].mask == 0 && pale_sys_sub_answer(&subs[i], &policy, &answer)) {
			*ret_sub_count = i;
			return probe_ret(answer);
		}
	return probe_ret(pale_sys_row_answer(sys, &policy));
}

/* Is the verdict of the call the same for all arguments under the policy? */
static bool
is_fixed(enum pale_sys sys)
{
	const struct pale_sys_sub *subs;
	struct pale_sys_answer answer;
	size_t sub_count;
	uint32_t ret = default_of(sys, &sub_count);

	subs = pale_sys_subs(sys, &(size_t){ 0 });
	for (size_t i = 0; i < sub_count; i++)
		if (pale_sys_sub_answer(&subs[i], &policy, &answer) && probe_ret(answer) != ret)
			return false;
	return true;
}

static void
assert_equal(int nr, const uint64_t args[PALE_SYS_ARGS], uint32_t their_ret)
{
	uint32_t our_ret = probe_run(prog, count, nr, args);

	/* Check writes a file at each assertion, which this many probes would feel. */
	if (our_ret != their_ret)
		ck_abort_msg("call %d (%#" PRIx64 ", %#" PRIx64 ", %#" PRIx64
			     "): %#x, libseccomp %#x",
		    nr, args[0], args[1], args[2], our_ret, their_ret);
	compared++;
}

static void
probe_fixed(int nr, const uint64_t args[PALE_SYS_ARGS])
{
	enum pale_sys sys;

	if (nr == PALE_CONTROL_NR || (pale_sys_find_nr(nr, &sys) == 0 && !is_fixed(sys)))
		return;
	assert_equal(nr, args, probe_run(theirs, theirs_count, nr, args));
}

static void
probe_ruled(int nr, const uint64_t args[PALE_SYS_ARGS])
{
	struct single *first = NULL;
	bool one_verdict = true;

	for (size_t i = 0; i < single_count; i++) {
		struct single *single = &singles[i];

		if (single->count == 0 ||
		    probe_run(single->prog, single->count, nr, args) ==
			(SECCOMP_RET_ERRNO | NO_MATCH))
			continue;
		if (first == NULL)
			first = single;
		else if (single->ret != first->ret)
			one_verdict = false;
		if (single->left_out)
			one_verdict = false;
	}
	if (one_verdict) {
		assert_equal(nr, args, probe_run(theirs, theirs_count, nr, args));
	} else {
		assert_equal(nr, args, probe_run(first->prog, first->count, nr, args));
		ordered++;
	}
	if (first != NULL)
		first->compared = true;
}

/* Does an earlier sub-row that a gate can lift take everything that this one would decide? */
static bool
is_behind_gate(const struct pale_sys_sub *subs, size_t index)
{
	uint64_t args[PALE_SYS_ARGS] = { 0 };

	for (size_t c = 0; c < PALE_SYS_CONDS && subs[index].when[c].mask != 0; c++)
		args[subs[index].when[c].arg] |= subs[index].when[c].value;
	for (size_t i = 0; i < index; i++)
		if (subs[i].gate != GATE_NONE && pale_sys_sub_matches(&subs[i], args))
			return true;
	return false;
}

/* Does an earlier sub-row that gives an answer have the same conditions? */
static bool
is_again(const struct pale_sys_sub *subs, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (singles[i].count != 0 &&
		    memcmp(subs[i].when, subs[index].when, sizeof(subs[i].when)) == 0)
			return true;
	return false;
}

static void
compare_ruled(enum pale_sys sys)
{
	struct pale_sys_answer answer;
	uint32_t ret = default_of(sys, &single_count);
	const struct pale_sys_sub *subs = pale_sys_subs(sys, &(size_t){ 0 });
	scmp_filter_ctx ctx = theirs_new(ret);

	ck_assert_uint_lt(single_count, SUBS_MAX);
	memset(singles, 0, sizeof(singles));
	for (size_t i = 0; i < single_count; i++) {
		scmp_filter_ctx alone;

		if (!pale_sys_sub_answer(&subs[i], &policy, &answer))
			continue;
		singles[i].ret = probe_ret(answer);
		alone = theirs_new(SECCOMP_RET_ERRNO | NO_MATCH);
		ck_assert(theirs_rule(alone, &subs[i], singles[i].ret));
		singles[i].count = theirs_export(alone, singles[i].prog, SINGLE_MAX);
		/* What is the default already libseccomp does not take as a rule, nor another
		 * verdict for the same arguments: the first one decides. */
		if (singles[i].ret != ret && !is_again(subs, i))
			singles[i].left_out = !theirs_rule(ctx, &subs[i], singles[i].ret);
	}
	theirs_count = theirs_export(ctx, theirs, PALE_COUNT(theirs));
	probe_call(pale_sys_nr(sys), probe_ruled);
	for (size_t i = 0; i < single_count; i++)
		ck_assert_msg(
		    singles[i].count == 0 || singles[i].compared || is_behind_gate(subs, i),
		    "%s, %s never decides", pale_sys_row(sys)->name, subs[i].label);
}

static void
compare(const char *what, uint32_t gates, pale_rights withheld)
{
	uint32_t unlisted = SECCOMP_RET_ERRNO | ENOSYS;
	scmp_filter_ctx ctx = theirs_new(unlisted);
	size_t fixed = 0, ruled = 0, ignored;

	policy = (struct pale_sys_policy){ .withheld = withheld, .gates = gates };
	ck_assert_int_eq(pale_filter_build(&policy, prog, PALE_COUNT(prog), &count, NULL), 0);

	for (unsigned i = 0; i < PALE_SYS_COUNT; i++) {
		enum pale_sys sys = (enum pale_sys)i;
		uint32_t ret = default_of(sys, &ignored);

		if (pale_sys_nr(sys) < 0 || !is_fixed(sys))
			continue;
		fixed++;
		if (ret != unlisted)
			ck_assert_int_eq(seccomp_rule_add_exact_array(
					     ctx, action_of(ret), pale_sys_nr(sys), 0, NULL),
			    0);
	}
	theirs_count = theirs_export(ctx, theirs, PALE_COUNT(theirs));
	probe_all(probe_fixed);

	for (unsigned i = 0; i < PALE_SYS_COUNT; i++) {
		if (pale_sys_nr((enum pale_sys)i) < 0 || is_fixed((enum pale_sys)i))
			continue;
		compare_ruled((enum pale_sys)i);
		ruled++;
	}
	printf("# %s: %zu calls of fixed verdict and %zu with rules, %zu probes, "
	       "%zu of them decided by order\n",
	    what, fixed, ruled, compared, ordered);
	fflush(stdout);
	ck_assert_uint_gt(fixed + ruled, COMPARED_MIN);
}

TEST(closed, "with every gate closed libseccomp's program gives the same verdicts")
{
	compare("gates closed", 0, 0);
}

TEST(open_gates, "with every gate open libseccomp's program gives the same verdicts")
{
	compare("gates open", (1U << GATE_COUNT) - 1, 0);
}

TEST(default_gates, "with the default gates libseccomp's program gives the same verdicts")
{
	compare(
	    "default", PALE_GATES_QUIET | 1U << GATE_SYSV | 1U << GATE_MQ | 1U << GATE_SIGSCOPE, 0);
}

TEST(withheld, "with every right withheld libseccomp's program gives the same verdicts")
{
	compare("rights withheld", (1U << GATE_COUNT) - 1, probe_filter_rights());
}

TEST_MAIN("filter_libseccomp", closed, open_gates, default_gates, withheld)
