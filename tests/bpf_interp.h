/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A second reading of what src/kernel/bpf.c writes, sharing no code with it: the kernel's check of
 * a seccomp program, an interpreter, and the plain meaning of a spec. Random specs come from a
 * stream of bytes, so that a seeded test and a fuzzer make them in one way.
 */
#ifndef PALE_TESTS_BPF_INTERP_H
#define PALE_TESTS_BPF_INTERP_H

#include <stddef.h>
#include <stdint.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "kernel/bpf.h"

/*
 * Would the kernel take the program? Known instructions only, loads inside struct seccomp_data and
 * aligned, every jump forward and inside, the last instruction a RET; and, beyond the kernel, no
 * instruction that cannot be reached. Returns NULL, or a sentence on what is wrong.
 */
const char *bpf_check(const struct sock_filter *prog, size_t count);

/* Run a checked program; ret_steps (may be NULL): instructions executed. Returns its verdict. */
uint32_t bpf_run(const struct sock_filter *prog, size_t count, const struct seccomp_data *data,
    size_t *ret_steps);

/* The instructions on the longest path through a checked program. */
size_t bpf_longest(const struct sock_filter *prog, size_t count);

/* What the spec says, by looking at one call after the other. */
uint32_t bpf_meaning(const struct pale_bpf_spec *spec, const struct seccomp_data *data);

/* Bytes to draw from: a buffer, and behind its end a generator, or zeros if seed is 0. */
struct draw {
	const uint8_t *bytes;
	size_t size;
	uint64_t seed;
};

uint64_t draw_bits(struct draw *draw, unsigned bits);
/* 0 to below - 1; below is at least 1. */
uint64_t draw_below(struct draw *draw, uint64_t below);

enum {
	DRAWN_CALLS = 512,
	DRAWN_RULES = 8,
};

/* A spec with room for its calls and rules. */
struct drawn_spec {
	struct pale_bpf_spec spec;
	struct pale_bpf_call calls[DRAWN_CALLS];
	struct pale_bpf_rule rules[DRAWN_CALLS][DRAWN_RULES];
};

/* A well-formed spec of at most max_calls calls with at most max_rules rules each. */
void draw_spec(struct draw *draw, size_t max_calls, size_t max_rules, struct drawn_spec *ret_drawn);

/* A call that lies near the edges of the spec: its numbers, values, and one bit beside them. */
void draw_data(struct draw *draw, const struct pale_bpf_spec *spec, struct seccomp_data *ret_data);

#endif
