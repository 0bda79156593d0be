/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seccomp generator under arbitrary specs: a well-formed one builds into a program that the
 * kernel would take and that means what the spec says, near every edge; a malformed one is refused.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "bpf_interp.h"
#include "core/scope.h"

enum {
	MAX_CALLS = 64,
	MAX_RULES = 8,
	PROBES = 200,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void
fail(const char *why)
{
	fprintf(stderr, "%s\n", why);
	abort();
}

/* Put one mistake into a well-formed spec; false if it has no place for one. */
static bool
break_spec(struct draw *draw, struct drawn_spec *drawn)
{
	struct pale_bpf_call *call;
	struct pale_bpf_rule *rule;

	if (drawn->spec.call_count == 0)
		return false;
	call = &drawn->calls[draw_below(draw, drawn->spec.call_count)];
	if (call->rule_count == 0) {
		if (call == drawn->calls)
			return false;
		call->nr = call[-1].nr - (uint32_t)draw_below(draw, (uint64_t)call[-1].nr + 1);
		return true;
	}
	rule = &drawn->rules[call - drawn->calls][draw_below(draw, call->rule_count)];
	switch (draw_bits(draw, 2)) {
	case 0:
		rule->when_count = 0;
		break;
	case 1:
		rule->when_count = (uint8_t)(PALE_BPF_CONDS + 1 + draw_bits(draw, 4));
		break;
	case 2:
		rule->when[0].arg = (uint8_t)(6 + draw_bits(draw, 7));
		break;
	default:
		rule->when[0].mask &= ~UINT64_C(1);
		rule->when[0].value |= 1;
		break;
	}
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct drawn_spec drawn;
	static struct sock_filter prog[PALE_BPF_MAX];
	struct draw draw = { .bytes = bytes, .size = size, .seed = 1 };
	const char *wrong;
	size_t count = 0;
	bool broken;
	int rc;

	draw_spec(&draw, MAX_CALLS, MAX_RULES, &drawn);
	broken = draw_bits(&draw, 3) == 0 && break_spec(&draw, &drawn);
	rc = pale_bpf_build(&drawn.spec, prog, PALE_COUNT(prog), &count, NULL);
	if (broken != (rc == -EINVAL))
		fail(broken ? "a malformed spec was taken" : "a well-formed spec was refused");
	if (rc != 0) {
		if (!broken && rc != -E2BIG)
			fail("an unknown error");
		return 0;
	}
	wrong = bpf_check(prog, count);
	if (wrong != NULL)
		fail(wrong);
	for (size_t i = 0; i < PROBES; i++) {
		struct seccomp_data data;

		draw_data(&draw, &drawn.spec, &data);
		if (bpf_run(prog, count, &data, NULL) != bpf_meaning(&drawn.spec, &data))
			fail("the program does not mean what the spec says");
	}
	return 0;
}
