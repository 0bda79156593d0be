/* SPDX-License-Identifier: BSD-2-Clause */
/* A second reading of seccomp programs; see bpf_interp.h. */
#include "bpf_interp.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <linux/audit.h>

static bool
is_jump(const struct sock_filter *at)
{
	return BPF_CLASS(at->code) == BPF_JMP && at->code != (BPF_JMP | BPF_JA);
}

static const char *
check_one(const struct sock_filter *at, size_t left)
{
	switch (at->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		if (at->k % 4 != 0 || at->k >= sizeof(struct seccomp_data))
			return "a load outside struct seccomp_data";
		return NULL;
	case BPF_ALU | BPF_AND | BPF_K:
		return NULL;
	case BPF_JMP | BPF_JA:
		return at->k < left ? NULL : "a jump beyond the end";
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_K:
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_JMP | BPF_JSET | BPF_K:
		return at->jt < left && at->jf < left ? NULL : "a branch beyond the end";
	case BPF_RET | BPF_K:
		return NULL;
	default:
		return "an instruction that seccomp does not know";
	}
}

const char *
bpf_check(const struct sock_filter *prog, size_t count)
{
	static bool reached[BPF_MAXINSNS + 1];

	if (count == 0 || count > BPF_MAXINSNS)
		return "a program of no length or beyond BPF_MAXINSNS";
	memset(reached, 0, sizeof(reached));
	reached[0] = true;
	for (size_t i = 0; i < count; i++) {
		const char *wrong = check_one(&prog[i], count - i - 1);

		if (wrong != NULL)
			return wrong;
		if (!reached[i])
			return "an instruction that nothing reaches";
		if (is_jump(&prog[i])) {
			reached[i + 1 + prog[i].jt] = true;
			reached[i + 1 + prog[i].jf] = true;
		} else if (prog[i].code == (BPF_JMP | BPF_JA)) {
			reached[i + 1 + prog[i].k] = true;
		} else if (BPF_CLASS(prog[i].code) != BPF_RET) {
			reached[i + 1] = true;
		}
	}
	if (prog[count - 1].code != (BPF_RET | BPF_K))
		return "a last instruction that is no RET";
	return NULL;
}

uint32_t
bpf_run(const struct sock_filter *prog, size_t count, const struct seccomp_data *data,
    size_t *ret_steps)
{
	uint32_t a = 0;
	size_t steps = 0;
	size_t pc = 0;

	while (pc < count) {
		const struct sock_filter *at = &prog[pc++];
		bool yes = false;

		steps++;
		switch (at->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			memcpy(&a, (const char *)data + at->k, sizeof(a));
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= at->k;
			continue;
		case BPF_JMP | BPF_JA:
			pc += at->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			yes = a == at->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			yes = a >= at->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			yes = a > at->k;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			yes = (a & at->k) != 0;
			break;
		case BPF_RET | BPF_K:
			if (ret_steps != NULL)
				*ret_steps = steps;
			return at->k;
		default:
			abort();
		}
		pc += yes ? at->jt : at->jf;
	}
	abort();
}

size_t
bpf_longest(const struct sock_filter *prog, size_t count)
{
	static size_t from[BPF_MAXINSNS]; /* instructions from here to a RET */

	for (size_t i = count; i-- > 0;) {
		const struct sock_filter *at = &prog[i];

		from[i] = 1;
		if (is_jump(at)) {
			size_t yes = from[i + 1 + at->jt];
			size_t no = from[i + 1 + at->jf];

			from[i] += yes > no ? yes : no;
		} else if (at->code == (BPF_JMP | BPF_JA)) {
			from[i] += from[i + 1 + at->k];
		} else if (BPF_CLASS(at->code) != BPF_RET) {
			from[i] += from[i + 1];
		}
	}
	return from[0];
}

static bool
rule_holds(const struct pale_bpf_rule *rule, const struct seccomp_data *data)
{
	for (size_t i = 0; i < rule->when_count; i++) {
		if ((data->args[rule->when[i].arg] & rule->when[i].mask) != rule->when[i].value)
			return false;
	}
	return true;
}

uint32_t
bpf_meaning(const struct pale_bpf_spec *spec, const struct seccomp_data *data)
{
	if (data->arch != spec->arch)
		return spec->other_arch;
	for (size_t i = 0; i < spec->call_count; i++) {
		const struct pale_bpf_call *call = &spec->calls[i];

		if (call->nr != (uint32_t)data->nr)
			continue;
		for (size_t r = 0; r < call->rule_count; r++) {
			if (rule_holds(&call->rules[r], data))
				return call->rules[r].ret;
		}
		return call->ret;
	}
	return spec->other_call;
}

static uint8_t
draw_byte(struct draw *draw)
{
	if (draw->size > 0) {
		draw->size--;
		return *draw->bytes++;
	}
	/* xorshift64*, which stays 0 when it starts there. */
	draw->seed ^= draw->seed >> 12;
	draw->seed ^= draw->seed << 25;
	draw->seed ^= draw->seed >> 27;
	return (uint8_t)(draw->seed * UINT64_C(0x2545f4914f6cdd1d) >> 56);
}

uint64_t
draw_bits(struct draw *draw, unsigned bits)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bits; i += 8)
		value = value << 8 | draw_byte(draw);
	return bits < 64 ? value & ((UINT64_C(1) << bits) - 1) : value;
}

uint64_t
draw_below(struct draw *draw, uint64_t below)
{
	return draw_bits(draw, below > 255 ? 32 : 8) % below;
}

/* Few verdicts, so that neighbours are often equal; seldom any other. */
static uint32_t
draw_ret(struct draw *draw)
{
	static const uint32_t usual[] = { SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | 1,
		SECCOMP_RET_ERRNO | 38, SECCOMP_RET_USER_NOTIF, SECCOMP_RET_KILL_PROCESS };

	if (draw_bits(draw, 4) == 0)
		return SECCOMP_RET_ERRNO | (uint32_t)draw_bits(draw, 12);
	return usual[draw_below(draw, sizeof(usual) / sizeof(usual[0]))];
}

static void
draw_cond(struct draw *draw, struct pale_bpf_cond *ret_cond)
{
	uint64_t bit = UINT64_C(1) << draw_bits(draw, 6);
	uint64_t masks[] = { UINT64_MAX, UINT32_MAX, bit, bit | 1, UINT64_MAX << 32,
		draw_bits(draw, 64) | 1, 06000, ~(uint64_t)UINT16_MAX };

	ret_cond->arg = (uint8_t)draw_below(draw, 6);
	ret_cond->mask = masks[draw_bits(draw, 3)];
	switch (draw_bits(draw, 2)) {
	case 0:
		ret_cond->value = 0;
		break;
	case 1:
		ret_cond->value = ret_cond->mask;
		break;
	case 2:
		ret_cond->value = draw_bits(draw, 64) & ret_cond->mask;
		break;
	default:
		ret_cond->value = draw_bits(draw, 4) & ret_cond->mask;
		break;
	}
}

void
draw_spec(struct draw *draw, size_t max_calls, size_t max_rules, struct drawn_spec *ret_drawn)
{
	struct pale_bpf_spec *spec = &ret_drawn->spec;
	uint64_t nr = draw_bits(draw, 1) == 0 ? 0 : draw_bits(draw, 10);
	unsigned gap_bits = (unsigned)draw_bits(draw, 3);

	spec->arch = draw_bits(draw, 1) == 0 ? AUDIT_ARCH_X86_64 : (uint32_t)draw_bits(draw, 32);
	spec->calls = ret_drawn->calls;
	spec->call_count = draw_below(draw, max_calls + 1);
	spec->other_call = draw_ret(draw);
	spec->other_arch = draw_ret(draw);
	for (size_t i = 0; i < spec->call_count; i++) {
		struct pale_bpf_call *call = &ret_drawn->calls[i];

		call->nr = (uint32_t)nr;
		call->ret = draw_ret(draw);
		call->rules = ret_drawn->rules[i];
		call->rule_count = draw_bits(draw, 1) == 0 ? 0 : draw_below(draw, max_rules + 1);
		for (size_t r = 0; r < call->rule_count; r++) {
			struct pale_bpf_rule *rule = &ret_drawn->rules[i][r];

			rule->ret = draw_ret(draw);
			rule->when_count = (uint8_t)(1 + draw_below(draw, PALE_BPF_CONDS));
			if (draw_bits(draw, 1) == 0)
				rule->when_count = 1;
			for (size_t c = 0; c < rule->when_count; c++)
				draw_cond(draw, &rule->when[c]);
			/* Runs of rules on one argument are what real tables have. */
			if (r > 0 && draw_bits(draw, 1) == 0) {
				rule->when[0].arg = rule[-1].when[0].arg;
				rule->when[0].mask = rule[-1].when[0].mask;
				rule->when[0].value &= rule->when[0].mask;
			}
		}
		nr += 1 + (gap_bits < 4 ? 0 : draw_bits(draw, gap_bits));
	}
	/* Seldom the very last number of all. */
	if (spec->call_count > 0 && draw_bits(draw, 5) == 0)
		ret_drawn->calls[spec->call_count - 1].nr = UINT32_MAX;
}

void
draw_data(struct draw *draw, const struct pale_bpf_spec *spec, struct seccomp_data *ret_data)
{
	const struct pale_bpf_call *call = NULL;
	uint32_t nr = (uint32_t)draw_bits(draw, 32);

	memset(ret_data, 0, sizeof(*ret_data));
	ret_data->arch = draw_bits(draw, 6) == 0 ? spec->arch ^ 1 : spec->arch;
	ret_data->instruction_pointer = draw_bits(draw, 8);
	if (spec->call_count > 0) {
		call = &spec->calls[draw_below(draw, spec->call_count)];
		if (draw_bits(draw, 3) != 0)
			nr = call->nr;
		if (draw_bits(draw, 3) == 0)
			nr += draw_bits(draw, 1) == 0 ? 1U : UINT32_MAX;
	}
	ret_data->nr = (int)nr;
	for (size_t i = 0; i < 6; i++)
		ret_data->args[i] =
		    draw_bits(draw, 2) == 0 ? draw_bits(draw, 64) : draw_bits(draw, 2);
	if (call == NULL || call->rule_count == 0)
		return;
	/* Meet one rule, then perhaps miss it by a bit; garbage may stay outside the mask. */
	const struct pale_bpf_rule *rule = &call->rules[draw_below(draw, call->rule_count)];

	for (size_t c = 0; c < rule->when_count; c++) {
		__u64 *arg = &ret_data->args[rule->when[c].arg];

		*arg = (*arg & ~rule->when[c].mask) | rule->when[c].value;
		if (draw_bits(draw, 3) == 0)
			*arg ^= UINT64_C(1) << draw_bits(draw, 6);
	}
}
