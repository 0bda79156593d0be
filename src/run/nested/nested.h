/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `pale run` inside `pale run`: those inside may make no namespaces, so the supervisor of the cage
 * has it done for them (cage/nest.h). What is wanted goes over a socket as the text of a policy;
 * what comes back are notices, a failure in words, or how the command ended.
 *
 * One side runs in the cage and is only what its user sees; the other side trusts nothing that it
 * says. docs/internals/nested.md has the protocol.
 */
#ifndef PALE_RUN_NESTED_NESTED_H
#define PALE_RUN_NESTED_NESTED_H

#include "cage/nest.h"
#include "run/run.h"

enum {
	PALE_NESTED_BYTES_MAX = 1 << 20, /* of everything that is asked for with one cage */
	PALE_NESTED_PART_BYTES = 32768,  /* of one packet of it */
	PALE_NESTED_TEXT_BYTES = 1024,   /* PALE_ERR_TEXT_BYTES */
	PALE_NESTED_VERSION = 1,
};

/* The first packet. Behind it come .size bytes: texts that end with a NUL each. */
struct pale_nested_head {
	uint32_t version;
	uint32_t size;
	uint32_t policy_size;  /* the policy, first, without its NUL */
	uint32_t origin_count; /* then where each grant comes from, for messages */
	uint32_t arg_count;    /* then the command */
	uint32_t env_count;    /* then its environment, complete */
	uint32_t best_effort;
	int32_t landlock_abi;
	uint8_t paranoid;
	uint8_t bare;
	uint8_t reserved[6];
	uint64_t ignored; /* signals that are to be ignored: bit n-1 */
	uint64_t blocked; /* and that are to be blocked */
};

enum pale_nested_kind {
	PALE_NESTED_SIGNAL = 1, /* to the maker: hand .value on to the command */
	PALE_NESTED_CONTINUE,   /* to it: go on, if stop number .value still holds */
	PALE_NESTED_READY,   /* from it: has the descriptors; .value: in the same process group */
	PALE_NESTED_NOTICE,  /* .text */
	PALE_NESTED_FAILED,  /* .value -errno, .stage, .text, .remedy */
	PALE_NESTED_STOPPED, /* the command stopped; .value: how often by now */
	PALE_NESTED_ENDED,   /* .value: its wait status */
};

struct pale_nested_message {
	uint32_t kind;
	int32_t value;
	uint32_t stage; /* enum pale_cage_stage */
	char text[PALE_NESTED_TEXT_BYTES];
	char remedy[PALE_NESTED_TEXT_BYTES];
};

/* The outside half, as .serve of the cage's hook; state is the struct pale_outer. */
void pale_nested_serve(void *state, struct pale_nest_caller *caller);

/*
 * The inside half: as pale_run, where pale_filter_is_ours() says that this is a cage's inside.
 * Test: tests/live/nested.bats
 */
int pale_nested_run(const struct pale_compartment *compartment,
    const struct pale_plan_options *options, char *const *env, pale_run_notice *notice,
    int *ret_status, enum pale_cage_stage *ret_stage, struct pale_err *err);

#endif
