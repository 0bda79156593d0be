/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A seccomp program from a list of calls; see bpf.h.
 *
 * The program is written from its last instruction to its first, into the end of the caller's
 * array: classic BPF only jumps forward, so every target exists before the jump to it, and its
 * distance is known. A jump reaches 255 instructions; a target further off gets a stepping stone
 * next to the jump, a second RET for a verdict and a JA for code. A verdict is no code until a jump
 * wants it, so that jumps share the nearest RET that has it.
 */
#include "kernel/bpf.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <linux/seccomp.h>

#include "core/scope.h"

enum {
	JUMP_MAX = 255,   /* jt and jf are 8 bits */
	RET_SLOTS = 64,   /* a power of two; more different verdicts only share less */
	WORD_NONE = 0xff, /* the accumulator holds nothing that is known */
	CALL_NONE = -1,   /* a range of numbers that are not listed */
	SECCOMP_ARGS = 6, /* of struct seccomp_data */
};

/* Where to go: a verdict that may have no instruction yet, or code that is already written. */
struct target {
	bool is_ret;
	uint32_t ret;
	size_t at; /* instructions from the end of the program, the last one being 1 */
};

/* Numbers from start to before the start of the next range, with one answer. */
struct range {
	uint32_t start;
	int call; /* index of a call with rules, or CALL_NONE: argument-free */
	uint32_t ret;
};

struct build {
	const struct pale_bpf_spec *spec;
	struct sock_filter *prog;
	size_t max;
	size_t count; /* written so far, at the end of prog */
	bool full;
	size_t ret_at[RET_SLOTS]; /* the latest RET of each slot, 0 for none */
	/* More ranges than instructions can never fit: each but the first costs one jump. */
	struct range ranges[PALE_BPF_MAX];
	size_t range_count;
};

/* Half an argument as one 32-bit load sees it: word 2n is the low half of argument n. */
struct word_test {
	uint8_t word;
	uint32_t mask;
	uint32_t value;
};

enum {
	RULE_TESTS = 2 * PALE_BPF_CONDS,
};

static size_t
put(struct build *build, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
	if (build->count == build->max) {
		build->full = true;
		return build->count;
	}
	build->count++;
	build->prog[build->max - build->count] =
	    (struct sock_filter){ .code = code, .jt = jt, .jf = jf, .k = k };
	return build->count;
}

static size_t
ret_slot(uint32_t ret)
{
	/* Verdicts differ in the errno below and in the action above. */
	return (ret ^ ret >> 16 ^ ret >> 22) % RET_SLOTS;
}

static struct target
target_ret(uint32_t ret)
{
	return (struct target){ .is_ret = true, .ret = ret };
}

static struct target
target_code(size_t at)
{
	return (struct target){ .at = at };
}

static bool
same_target(struct target a, struct target b)
{
	return a.is_ret == b.is_ret && (a.is_ret ? a.ret == b.ret : a.at == b.at);
}

/*
 * Make a target an instruction that a jump can reach with `room` more instructions in between.
 * Returns its place.
 */
static size_t
reach(struct build *build, struct target target, size_t room)
{
	size_t at = target.at;

	if (target.is_ret)
		at = build->ret_at[ret_slot(target.ret)];
	/* The jump comes at count + 1 + room, and passes over all from there down to the target. */
	if (at != 0 && build->count + room - at <= JUMP_MAX &&
	    (!target.is_ret || build->prog[build->max - at].k == target.ret))
		return at;
	if (!target.is_ret)
		return put(build, BPF_JMP | BPF_JA, 0, 0, (uint32_t)(build->count - at));
	at = put(build, BPF_RET | BPF_K, 0, 0, target.ret);
	build->ret_at[ret_slot(target.ret)] = at;
	return at;
}

/* Compare the accumulator with k; `op` is a BPF_J* condition. */
static struct target
put_jump(struct build *build, uint16_t op, uint32_t k, struct target yes, struct target no)
{
	size_t jt, jf;

	if (same_target(yes, no))
		return yes;
	/* Reaching for `yes` may write one instruction between `no` and the jump. */
	jf = reach(build, no, 1);
	jt = reach(build, yes, 0);
	return target_code(put(build, (uint16_t)(BPF_JMP | BPF_K | op),
	    (uint8_t)(build->count - jt), (uint8_t)(build->count - jf), k));
}

static void
put_load(struct build *build, uint8_t word)
{
	size_t low_first = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
	size_t high = low_first ? word % 2 : 1 - word % 2;

	put(build, BPF_LD | BPF_W | BPF_ABS, 0, 0,
	    (uint32_t)(offsetof(struct seccomp_data, args) + word / 2 * sizeof(uint64_t) +
		high * sizeof(uint32_t)));
}

/* The 32-bit tests that a rule comes to, in order. Returns how many, 1 at least. */
static size_t
rule_tests(const struct pale_bpf_rule *rule, struct word_test tests[RULE_TESTS])
{
	size_t count = 0;

	for (size_t i = 0; i < rule->when_count; i++) {
		const struct pale_bpf_cond *cond = &rule->when[i];

		for (uint8_t half = 0; half < 2; half++) {
			uint32_t mask = (uint32_t)(cond->mask >> 32 * half);

			if (mask != 0)
				tests[count++] = (struct word_test){
					.word = (uint8_t)(2 * cond->arg + half),
					.mask = mask,
					.value = (uint32_t)(cond->value >> 32 * half),
				};
		}
	}
	return count;
}

/* Does the test need the accumulator changed, by AND with the mask? */
static bool
test_ands(const struct word_test *test)
{
	bool one_bit = (test->mask & (test->mask - 1)) == 0;

	return test->mask != UINT32_MAX && test->value != 0 && !one_bit;
}

/* One test on the loaded word. JSET asks for any bit of the mask, which serves for 0 and 1 bit. */
static struct target
put_test(struct build *build, const struct word_test *test, struct target yes, struct target no)
{
	struct target jump;

	if (test->mask == UINT32_MAX)
		return put_jump(build, BPF_JEQ, test->value, yes, no);
	if (test->value == 0)
		return put_jump(build, BPF_JSET, test->mask, no, yes);
	if (!test_ands(test))
		return put_jump(build, BPF_JSET, test->mask, yes, no);
	jump = put_jump(build, BPF_JEQ, test->value, yes, no);
	if (!jump.is_ret)
		jump = target_code(put(build, BPF_ALU | BPF_AND | BPF_K, 0, 0, test->mask));
	return jump;
}

/* The word that the accumulator holds whichever test of the rule failed, or WORD_NONE. */
static uint8_t
rule_leaves(const struct pale_bpf_rule *rule)
{
	struct word_test tests[RULE_TESTS];

	if (rule_tests(rule, tests) != 1 || test_ands(&tests[0]))
		return WORD_NONE;
	return tests[0].word;
}

/* The rules of one call, the last first. */
static struct target
put_rules(struct build *build, const struct pale_bpf_call *call)
{
	struct target next = target_ret(call->ret);

	for (size_t i = call->rule_count; i-- > 0;) {
		const struct pale_bpf_rule *rule = &call->rules[i];
		struct word_test tests[RULE_TESTS];
		size_t test_count = rule_tests(rule, tests);
		struct target here = target_ret(rule->ret);
		uint8_t held = i == 0 ? WORD_NONE : rule_leaves(&call->rules[i - 1]);

		if (same_target(next, here))
			continue;
		for (size_t t = test_count; t-- > 0;) {
			here = put_test(build, &tests[t], here, next);
			if (t > 0 || tests[0].word != held)
				put_load(build, tests[t].word);
			here = target_code(build->count);
		}
		next = here;
	}
	return next;
}

/* The tree over ranges first to last; every leaf is as deep as any other, give or take one. */
static struct target
put_tree(struct build *build, size_t first, size_t last)
{
	size_t middle = first + (last - first + 1) / 2;
	struct target below, above;

	if (first == last) {
		const struct range *range = &build->ranges[first];

		if (range->call == CALL_NONE)
			return target_ret(range->ret);
		return put_rules(build, &build->spec->calls[range->call]);
	}
	above = put_tree(build, middle, last);
	below = put_tree(build, first, middle - 1);
	return put_jump(build, BPF_JGE, build->ranges[middle].start, above, below);
}

static int
check_rules(const struct pale_bpf_call *call, struct pale_err *err)
{
	for (size_t i = 0; i < call->rule_count; i++) {
		const struct pale_bpf_rule *rule = &call->rules[i];

		if (rule->when_count == 0 || rule->when_count > PALE_BPF_CONDS)
			return pale_fail(err, -EINVAL,
			    "rule %zu of system call %u has %u conditions", i, call->nr,
			    rule->when_count);
		for (size_t c = 0; c < rule->when_count; c++) {
			const struct pale_bpf_cond *cond = &rule->when[c];

			if (cond->arg >= SECCOMP_ARGS || cond->mask == 0 ||
			    (cond->value & ~cond->mask) != 0)
				return pale_fail(err, -EINVAL,
				    "rule %zu of system call %u has a condition that cannot be met",
				    i, call->nr);
		}
	}
	return 0;
}

static bool
is_plain(const struct pale_bpf_call *call)
{
	for (size_t i = 0; i < call->rule_count; i++) {
		if (call->rules[i].ret != call->ret)
			return false;
	}
	return true;
}

/* Add a range, or let the one before it grow where both have the same answer. */
static int
add_range(struct build *build, uint32_t start, int call, uint32_t ret)
{
	if (build->range_count > 0 && call == CALL_NONE) {
		const struct range *before = &build->ranges[build->range_count - 1];

		if (before->call == CALL_NONE && before->ret == ret)
			return 0;
	}
	if (build->range_count == PALE_COUNT(build->ranges))
		return -E2BIG;
	build->ranges[build->range_count++] =
	    (struct range){ .start = start, .call = call, .ret = ret };
	return 0;
}

static int
make_ranges(struct build *build, struct pale_err *err)
{
	const struct pale_bpf_spec *spec = build->spec;
	uint64_t next =
	    0; /* the number behind the last call; beyond 32 bits behind the last of all */
	int rc = 0;

	for (size_t i = 0; i < spec->call_count; i++) {
		const struct pale_bpf_call *call = &spec->calls[i];

		if (call->nr < next)
			return pale_fail(err, -EINVAL,
			    "system call %u is not behind the one before it", call->nr);
		rc = check_rules(call, err);
		if (rc < 0)
			return rc;
		if (call->nr > next)
			rc = add_range(build, (uint32_t)next, CALL_NONE, spec->other_call);
		if (rc == 0)
			rc = add_range(
			    build, call->nr, is_plain(call) ? CALL_NONE : (int)i, call->ret);
		if (rc < 0)
			break;
		next = (uint64_t)call->nr + 1;
	}
	if (rc == 0 && next <= UINT32_MAX)
		rc = add_range(build, (uint32_t)next, CALL_NONE, spec->other_call);
	if (rc < 0)
		return pale_fail(err, rc, "too many system calls for one seccomp program");
	return 0;
}

int
pale_bpf_build(const struct pale_bpf_spec *spec, struct sock_filter *prog, size_t max,
    size_t *ret_count, struct pale_err *err)
{
	struct build build;
	struct target root;
	int rc;

	build.spec = spec;
	build.prog = prog;
	build.max = max < PALE_BPF_MAX ? max : PALE_BPF_MAX;
	build.count = 0;
	build.full = false;
	build.range_count = 0;
	memset(build.ret_at, 0, sizeof(build.ret_at));

	rc = make_ranges(&build, err);
	if (rc < 0)
		return rc;
	root = put_tree(&build, 0, build.range_count - 1);
	/* The tree ends with its root, so what follows falls into it, but for a lone verdict. */
	if (root.is_ret)
		put(&build, BPF_RET | BPF_K, 0, 0, root.ret);
	put(&build, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr));
	/* The same number means another call on another architecture, so this comes first. */
	put(&build, BPF_RET | BPF_K, 0, 0, spec->other_arch);
	put(&build, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, spec->arch);
	put(&build, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, arch));
	if (build.full)
		return pale_fail(
		    err, -E2BIG, "the seccomp program is longer than %zu instructions", build.max);

	memmove(prog, prog + (build.max - build.count), build.count * sizeof(*prog));
	*ret_count = build.count;
	return 0;
}
