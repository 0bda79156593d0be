/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seccomp generator against the plain meaning of its input: thousands of random specs, read
 * back by an interpreter that shares no code with it. SEED in the environment repeats a run.
 */
#include "kernel/bpf.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/audit.h>

#include "bpf_interp.h"
#include "core/scope.h"
#include "harness.h"

enum {
	SPECS = 4000,
	PROBES = 100,
	BIG_CALLS = 400,
	BIG_RULES = 8,
	BIG_PROBES = 100000,
};

#define ALLOW SECCOMP_RET_ALLOW
#define REFUSE(number) (SECCOMP_RET_ERRNO | (uint32_t)(number))

static struct sock_filter prog[PALE_BPF_MAX];
static size_t count;

static uint64_t
seed(void)
{
	const char *text = getenv("SEED");
	uint64_t value = text == NULL ? UINT64_C(20100804) : strtoull(text, NULL, 0);

	printf("# SEED=%" PRIu64 "\n", value);
	fflush(stdout);
	return value;
}

static void
build(const struct pale_bpf_spec *spec)
{
	struct pale_err err = { 0 };
	int rc = pale_bpf_build(spec, prog, PALE_COUNT(prog), &count, &err);

	ck_assert_msg(rc == 0, "%s", err.text);
	ck_assert_ptr_null(bpf_check(prog, count));
}

static uint32_t
ask(uint32_t nr, uint64_t arg0, uint64_t arg1)
{
	struct seccomp_data data = {
		.nr = (int)nr, .arch = AUDIT_ARCH_X86_64, .args = { arg0, arg1 }
	};

	return bpf_run(prog, count, &data, NULL);
}

static const struct pale_bpf_rule setuid_bits[] = {
	{ .when = { { 1, 04000, 04000 } }, .when_count = 1, .ret = REFUSE(EPERM) },
	{ .when = { { 1, 02000, 02000 } }, .when_count = 1, .ret = REFUSE(EPERM) },
};
static const struct pale_bpf_call few[] = {
	{ .nr = 0, .ret = ALLOW },
	{ .nr = 1, .ret = ALLOW },
	{ .nr = 5, .ret = ALLOW, .rules = setuid_bits, .rule_count = 2 },
	{ .nr = 6, .ret = REFUSE(EPERM) },
};
static const struct pale_bpf_spec few_spec = {
	.arch = AUDIT_ARCH_X86_64,
	.calls = few,
	.call_count = PALE_COUNT(few),
	.other_call = REFUSE(ENOSYS),
	.other_arch = REFUSE(ENOSYS),
};

TEST(arch_first, "the architecture is looked at before the number")
{
	struct seccomp_data data = { .nr = 0, .arch = AUDIT_ARCH_I386 };

	build(&few_spec);
	ck_assert_uint_eq(prog[0].k, offsetof(struct seccomp_data, arch));
	ck_assert_uint_eq(bpf_run(prog, count, &data, NULL), REFUSE(ENOSYS));
	data.arch = AUDIT_ARCH_X86_64;
	ck_assert_uint_eq(bpf_run(prog, count, &data, NULL), ALLOW);
}

TEST(unlisted, "numbers between, above, with the x32 bit and negative ones are unlisted")
{
	static const uint32_t nrs[] = { 2, 4, 7, 500, 0x40000000, 0x40000001, 0x7fffffff,
		0x80000000, UINT32_MAX };

	build(&few_spec);
	for (size_t i = 0; i < PALE_COUNT(nrs); i++)
		ck_assert_uint_eq(ask(nrs[i], 0, 0), REFUSE(ENOSYS));
}

TEST(first_rule_wins, "the first rule that matches decides")
{
	static const struct pale_bpf_rule rules[] = {
		{ .when = { { 0, UINT64_MAX, 7 } }, .when_count = 1, .ret = ALLOW },
		{ .when = { { 0, 1, 1 } }, .when_count = 1, .ret = REFUSE(EPERM) },
		{ .when = { { 0, UINT64_MAX, 7 } }, .when_count = 1, .ret = REFUSE(ENOSYS) },
	};
	static const struct pale_bpf_call call = {
		.nr = 3, .rules = rules, .rule_count = 3, .ret = ALLOW
	};
	struct pale_bpf_spec spec = { .arch = AUDIT_ARCH_X86_64, .calls = &call, .call_count = 1 };

	build(&spec);
	ck_assert_uint_eq(ask(3, 7, 0), ALLOW);
	ck_assert_uint_eq(ask(3, 9, 0), REFUSE(EPERM));
	ck_assert_uint_eq(ask(3, 8, 0), ALLOW);
}

TEST(all_bits, "all 64 bits of an argument count, unless the mask leaves them out")
{
	static const struct pale_bpf_rule wide[] = {
		{ .when = { { 0, UINT64_MAX, 7 } }, .when_count = 1, .ret = REFUSE(EPERM) },
	};
	static const struct pale_bpf_rule narrow[] = {
		{ .when = { { 0, UINT32_MAX, 7 } }, .when_count = 1, .ret = REFUSE(EPERM) },
	};
	static const struct pale_bpf_call calls[] = {
		{ .nr = 1, .rules = wide, .rule_count = 1, .ret = ALLOW },
		{ .nr = 2, .rules = narrow, .rule_count = 1, .ret = ALLOW },
	};
	struct pale_bpf_spec spec = { .arch = AUDIT_ARCH_X86_64, .calls = calls, .call_count = 2 };

	build(&spec);
	ck_assert_uint_eq(ask(1, 7, 0), REFUSE(EPERM));
	ck_assert_uint_eq(ask(1, UINT64_C(1) << 32 | 7, 0), ALLOW);
	ck_assert_uint_eq(ask(2, UINT64_C(1) << 32 | 7, 0), REFUSE(EPERM));
	ck_assert_uint_eq(ask(2, 6, 0), ALLOW);
}

TEST(one_load, "rules on one word load it once")
{
	static struct pale_bpf_rule rules[BIG_RULES];
	static const struct pale_bpf_call call = {
		.nr = 16, .rules = rules, .rule_count = BIG_RULES, .ret = ALLOW
	};
	struct pale_bpf_spec spec = { .arch = AUDIT_ARCH_X86_64, .calls = &call, .call_count = 1 };
	size_t loads = 0;

	for (uint64_t i = 0; i < BIG_RULES; i++)
		rules[i] = (struct pale_bpf_rule){ .when = { { 1, UINT32_MAX, 0x5412 + i } },
			.when_count = 1,
			.ret = REFUSE(EPERM) };
	build(&spec);
	for (size_t i = 0; i < count; i++)
		loads += BPF_CLASS(prog[i].code) == BPF_LD;
	ck_assert_uint_eq(loads, 3);
}

TEST(neighbours, "neighbours of one verdict and the numbers around them become one range")
{
	static struct pale_bpf_call calls[BIG_CALLS];
	struct pale_bpf_spec spec = { .arch = AUDIT_ARCH_X86_64,
		.calls = calls,
		.call_count = BIG_CALLS,
		.other_call = ALLOW };

	for (uint32_t i = 0; i < BIG_CALLS; i++)
		calls[i] = (struct pale_bpf_call){ .nr = 2 * i, .ret = ALLOW };
	build(&spec);
	ck_assert_uint_eq(count, 5);
	calls[200].ret = REFUSE(EPERM);
	build(&spec);
	ck_assert_uint_eq(count, 8);
}

TEST(no_calls, "a spec without calls, and one that ends at the last number, build")
{
	static const struct pale_bpf_call last = { .nr = UINT32_MAX, .ret = ALLOW };
	struct pale_bpf_spec spec = { .arch = AUDIT_ARCH_X86_64, .other_call = REFUSE(ENOSYS) };

	build(&spec);
	ck_assert_uint_eq(ask(0, 0, 0), REFUSE(ENOSYS));
	spec.calls = &last;
	spec.call_count = 1;
	build(&spec);
	ck_assert_uint_eq(ask(UINT32_MAX, 0, 0), ALLOW);
	ck_assert_uint_eq(ask(UINT32_MAX - 1, 0, 0), REFUSE(ENOSYS));
}

TEST(depth, "the path through 400 calls of changing verdict is near log2 of their number")
{
	static struct pale_bpf_call calls[BIG_CALLS];
	struct pale_bpf_spec spec = { .arch = AUDIT_ARCH_X86_64,
		.calls = calls,
		.call_count = BIG_CALLS,
		.other_call = ALLOW };

	for (uint32_t i = 0; i < BIG_CALLS; i++)
		calls[i] = (struct pale_bpf_call){ .nr = i, .ret = REFUSE(1 + i % 3) };
	build(&spec);
	/* Three at the head, 9 = ceil(log2(401)) comparisons, at most two stones, and the RET. */
	printf("# %zu instructions, longest path %zu\n", count, bpf_longest(prog, count));
	fflush(stdout);
	ck_assert_uint_le(bpf_longest(prog, count), 3 + 9 + 2 + 1);
}

TEST(many, "random specs mean what their rows say, and build the same twice")
{
	static struct drawn_spec drawn;
	static struct sock_filter again[PALE_BPF_MAX];
	struct draw draw = { .seed = seed() };
	size_t again_count = 0;

	for (size_t i = 0; i < SPECS; i++) {
		draw_spec(&draw, i % 40 == 0 ? 60 : 12, BIG_RULES, &drawn);
		build(&drawn.spec);
		ck_assert_int_eq(
		    pale_bpf_build(&drawn.spec, again, PALE_BPF_MAX, &again_count, NULL), 0);
		ck_assert_uint_eq(again_count, count);
		ck_assert_mem_eq(again, prog, count * sizeof(*prog));
		for (size_t p = 0; p < PROBES; p++) {
			struct seccomp_data data;

			draw_data(&draw, &drawn.spec, &data);
			/* Check writes a file at each assertion; this many would be felt. */
			if (bpf_run(prog, count, &data, NULL) != bpf_meaning(&drawn.spec, &data))
				ck_abort_msg("spec %zu, call %u", i, (unsigned)data.nr);
		}
	}
}

TEST(big, "400 calls with 8 rules each, where every jump is far, mean what they say")
{
	static struct drawn_spec drawn;
	struct draw draw = { .seed = seed() };
	struct pale_bpf_spec spec = { .arch = AUDIT_ARCH_X86_64,
		.calls = drawn.calls,
		.call_count = BIG_CALLS,
		.other_call = REFUSE(ENOSYS),
		.other_arch = REFUSE(ENOSYS) };

	for (uint32_t i = 0; i < BIG_CALLS; i++) {
		drawn.calls[i] = (struct pale_bpf_call){ .nr = i + i / 7,
			.rules = drawn.rules[i],
			.rule_count = BIG_RULES,
			.ret = ALLOW };
		for (size_t r = 0; r < BIG_RULES; r++)
			drawn.rules[i][r] = (struct pale_bpf_rule){
				.when = { { (uint8_t)(i % 6), UINT32_MAX, draw_bits(&draw, 3) } },
				.when_count = 1,
				.ret = r % 2 == 0 ? REFUSE(EPERM) : ALLOW,
			};
	}
	build(&spec);
	printf("# %zu instructions, longest path %zu\n", count, bpf_longest(prog, count));
	fflush(stdout);
	for (size_t p = 0; p < BIG_PROBES; p++) {
		struct seccomp_data data;

		draw_data(&draw, &spec, &data);
		if (bpf_run(prog, count, &data, NULL) != bpf_meaning(&spec, &data))
			ck_abort_msg("probe %zu, call %u", p, (unsigned)data.nr);
	}
}

TEST(reach, "a verdict is found at every distance around the reach of a jump")
{
	static struct pale_bpf_rule rules[300];
	struct pale_bpf_call calls[] = { { .nr = 0 }, { .nr = 1 },
		{ .nr = 2, .rules = rules, .ret = REFUSE(1) } };
	struct pale_bpf_spec spec = {
		.arch = AUDIT_ARCH_X86_64, .calls = calls, .call_count = 3, .other_call = ALLOW
	};

	for (size_t rule_count = 230; rule_count < 270; rule_count++) {
		for (size_t i = 0; i < rule_count; i++)
			rules[i] = (struct pale_bpf_rule){
				.when = { { 0, UINT32_MAX, i } }, .when_count = 1, .ret = REFUSE(3)
			};
		rules[rule_count - 1].ret = REFUSE(2);
		calls[2].rule_count = rule_count;
		for (uint32_t order = 0; order < 2; order++) {
			calls[0].ret = REFUSE(1 + order);
			calls[1].ret = REFUSE(2 - order);
			build(&spec);
			ck_assert_uint_eq(ask(0, 0, 0), REFUSE(1 + order));
			ck_assert_uint_eq(ask(1, 0, 0), REFUSE(2 - order));
			ck_assert_uint_eq(ask(2, rule_count - 1, 0), REFUSE(2));
			ck_assert_uint_eq(ask(2, rule_count - 2, 0), REFUSE(3));
			ck_assert_uint_eq(ask(2, rule_count, 0), REFUSE(1));
		}
	}
}

TEST(too_long, "a program that does not fit is refused, at every length below its own")
{
	struct pale_err err = { 0 };
	size_t needed, got = 77;

	build(&few_spec);
	needed = count;
	for (size_t max = 0; max < needed; max++) {
		ck_assert_int_eq(pale_bpf_build(&few_spec, prog, max, &got, &err), -E2BIG);
		ck_assert_uint_eq(got, 77);
	}
	ck_assert_int_eq(pale_bpf_build(&few_spec, prog, needed, &got, &err), 0);
	ck_assert_uint_eq(got, needed);
}

TEST(mistakes, "calls out of order and conditions that cannot be met are refused")
{
	static const struct pale_bpf_call twice[] = { { .nr = 4 }, { .nr = 4 } };
	struct pale_bpf_rule rule = { .when_count = 1 };
	struct pale_bpf_call call = { .nr = 1, .rules = &rule, .rule_count = 1 };
	struct pale_bpf_spec spec = { .calls = twice, .call_count = 2 };
	static const struct pale_bpf_cond bad[] = { { 6, 1, 1 }, { 0, 0, 0 }, { 0, 1, 2 },
		{ 0, UINT32_MAX, UINT64_C(1) << 32 } };

	ck_assert_int_eq(pale_bpf_build(&spec, prog, PALE_BPF_MAX, &count, NULL), -EINVAL);
	spec.calls = &call;
	spec.call_count = 1;
	for (size_t i = 0; i < PALE_COUNT(bad); i++) {
		rule.when[0] = bad[i];
		ck_assert_int_eq(pale_bpf_build(&spec, prog, PALE_BPF_MAX, &count, NULL), -EINVAL);
	}
	rule.when[0] = (struct pale_bpf_cond){ 0, 1, 1 };
	rule.when_count = 0;
	ck_assert_int_eq(pale_bpf_build(&spec, prog, PALE_BPF_MAX, &count, NULL), -EINVAL);
	rule.when_count = PALE_BPF_CONDS + 1;
	ck_assert_int_eq(pale_bpf_build(&spec, prog, PALE_BPF_MAX, &count, NULL), -EINVAL);
}

TEST_MAIN("bpf", arch_first, unlisted, first_rule_wins, all_bits, one_load, neighbours, no_calls,
    depth, many, big, reach, too_long, mistakes)
