/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A seccomp program from a list of calls: architecture check first, then a balanced tree over the
 * numbers, then the argument rules of the one call found. Pure: makes no system call. A verdict
 * that reads no argument costs the same whatever the length (the kernel caches it); one that does
 * costs about 0.2 ns an instruction (Linux 6.18), so the tree keeps the path short.
 */
#ifndef PALE_KERNEL_BPF_H
#define PALE_KERNEL_BPF_H

#include <stddef.h>
#include <stdint.h>
#include <linux/filter.h>

#include "core/err.h"

enum {
	PALE_BPF_CONDS = 3,  /* two of a sub-row, and which object it is about */
	PALE_BPF_MAX = 4096, /* BPF_MAXINSNS of the kernel */
};

/* (args[arg] & mask) == value, over all 64 bits; a value with a bit outside the mask is an error.
 */
struct pale_bpf_cond {
	uint8_t arg;
	uint64_t mask;
	uint64_t value;
};

/* All conditions hold: answer ret. */
struct pale_bpf_rule {
	struct pale_bpf_cond when[PALE_BPF_CONDS];
	uint8_t when_count; /* 1 to PALE_BPF_CONDS */
	uint32_t ret;       /* SECCOMP_RET_* with its data */
};

/* One call: the first rule that matches decides, else ret. */
struct pale_bpf_call {
	uint32_t nr;
	const struct pale_bpf_rule *rules; /* borrowed */
	size_t rule_count;
	uint32_t ret;
};

struct pale_bpf_spec {
	uint32_t arch;                     /* AUDIT_ARCH_* */
	const struct pale_bpf_call *calls; /* strictly ascending nr; borrowed */
	size_t call_count;
	uint32_t other_call; /* numbers not listed, above and between */
	uint32_t other_arch; /* any other architecture */
};

/*
 * Build the program. The same spec always gives the same instructions.
 *
 *   spec       what to answer
 *   prog       where to; max instructions long. On failure it holds nothing of use
 *   max        at most PALE_BPF_MAX are used
 *   ret_count  instructions written
 *
 * Returns 0, or
 *   -EINVAL  calls not ascending, or a condition that is empty, impossible or on no argument:
 *            a mistake in the caller's table
 *   -E2BIG   longer than max
 *
 * Source: seccomp(2); the jump offsets of classic BPF are 8 bits, net/core/filter.c.
 * Test: tests/unit/bpf.c (against an interpreter), tests/unit/filter.c (against libseccomp),
 * fuzz/bpf.c
 */
int pale_bpf_build(const struct pale_bpf_spec *spec, struct sock_filter *prog, size_t max,
    size_t *ret_count, struct pale_err *err);

#endif
