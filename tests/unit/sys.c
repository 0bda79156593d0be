/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The laws of sys.def: complete and in order against the C library's headers, every denial with its
 * reason, every rule blind to bits that the kernel drops. tests/unit/sys_lists.c says by hand what
 * must be denied and what allowed.
 */
#include "core/sys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <asm/unistd.h>

#include "core/scope.h"
#include "harness.h"
#include "random.h"

enum {
	RANDOM_CALLS = 200, /* of each sub-row */
	ALL_GATES = (1 << GATE_COUNT) - 1,
	FIRST_COMMON_NR = 424, /* from here on all architectures have the same numbers */
	SUB_TOTAL = 0
#define SYS(...)
#define SUB(...) +1
#include "core/sys.def"
#undef SYS
#undef SUB
};

#define SEED UINT64_C(0x2010080402)

static enum pale_sys
sys_of(const char *name)
{
	enum pale_sys sys = PALE_SYS_COUNT;

	ck_assert_msg(pale_sys_find(name, &sys) == 0, "no row for %s", name);
	return sys;
}

static const struct pale_sys_sub *
subs_of(unsigned sys, size_t *ret_count)
{
	return pale_sys_subs((enum pale_sys)sys, ret_count);
}

/* Arguments that meet a sub-row, with chance in all that it does not look at. */
static void
meet(const struct pale_sys_sub *sub, uint64_t *state, uint64_t args[PALE_SYS_ARGS])
{
	for (size_t i = 0; i < PALE_SYS_ARGS; i++)
		args[i] = test_random(state);
	for (size_t c = 0; c < PALE_SYS_CONDS && sub->when[c].mask != 0; c++) {
		uint64_t *arg = &args[sub->when[c].arg];

		*arg = (*arg & ~sub->when[c].mask) | sub->when[c].value;
	}
}

TEST(ascending, "the numbers of x86-64 ascend, so that none is there twice")
{
	for (unsigned i = 1; i < PALE_SYS_COUNT; i++)
		ck_assert_msg(pale_sys_row((enum pale_sys)i)->nr_x86_64 >
			pale_sys_row((enum pale_sys)(i - 1))->nr_x86_64,
		    "%s", pale_sys_row((enum pale_sys)i)->name);
}

#ifdef __x86_64__
TEST(complete, "every number of x86-64 up to 6.18 has a row")
{
	for (int nr = 0; nr <= 469; nr++) {
		enum pale_sys sys;

		if (nr > 336 && nr < FIRST_COMMON_NR)
			continue;
		ck_assert_msg(pale_sys_find_nr(nr, &sys) == 0, "no row for call %d", nr);
	}
}
#else
TEST(complete, "every call that has a number here has one row of that number")
{
	for (unsigned i = 0; i < PALE_SYS_COUNT; i++) {
		enum pale_sys sys;

		if (pale_sys_nr((enum pale_sys)i) < 0)
			continue;
		ck_assert_int_eq(pale_sys_find_nr(pale_sys_nr((enum pale_sys)i), &sys), 0);
		ck_assert_uint_eq(sys, i);
	}
}
#endif

TEST(headers, "every call of the C library's headers has a row of the same name and number")
{
	static const struct {
		const char *name;
		int nr;
	} calls[] = {
#define HEADER_CALL(id) { #id, __NR_##id },
#include "header_calls.h"
#undef HEADER_CALL
	};

	ck_assert_uint_gt(PALE_COUNT(calls), 300);
	for (size_t i = 0; i < PALE_COUNT(calls); i++)
		ck_assert_msg(pale_sys_nr(sys_of(calls[i].name)) == calls[i].nr, "%s is %d, not %d",
		    calls[i].name, calls[i].nr, pale_sys_nr(sys_of(calls[i].name)));
}

TEST(newest, "the calls that are younger than the headers have the kernel's numbers")
{
	static const struct {
		const char *name;
		int nr;
	} calls[] = {
		{ "cachestat", 451 },
		{ "fchmodat2", 452 },
		{ "map_shadow_stack", 453 },
		{ "futex_wake", 454 },
		{ "futex_wait", 455 },
		{ "futex_requeue", 456 },
		{ "statmount", 457 },
		{ "listmount", 458 },
		{ "lsm_get_self_attr", 459 },
		{ "lsm_set_self_attr", 460 },
		{ "lsm_list_modules", 461 },
		{ "mseal", 462 },
		{ "setxattrat", 463 },
		{ "getxattrat", 464 },
		{ "listxattrat", 465 },
		{ "removexattrat", 466 },
		{ "open_tree_attr", 467 },
		{ "file_getattr", 468 },
		{ "file_setattr", 469 },
	};

	for (size_t i = 0; i < PALE_COUNT(calls); i++)
		ck_assert_int_eq(pale_sys_nr(sys_of(calls[i].name)), calls[i].nr);
	ck_assert_int_eq(pale_sys_row(sys_of("uretprobe"))->nr_x86_64, 335);
	ck_assert_int_eq(pale_sys_row(sys_of("uprobe"))->nr_x86_64, 336);
}

TEST(arm64, "the numbers of aarch64 ascend, and from 424 on are those of x86-64")
{
	static const struct {
		enum pale_sys sys;
		int nr;
	} calls[] = {
#define ARM64(id, number) { PALE_SYS_##id, number },
#include "core/sysnr_arm64.def"
#undef ARM64
	};

	for (size_t i = 0; i < PALE_COUNT(calls); i++) {
		const struct pale_sys_row *row = pale_sys_row(calls[i].sys);

		ck_assert_msg(i == 0 || calls[i].nr > calls[i - 1].nr, "%s", row->name);
		ck_assert_msg(calls[i].nr < FIRST_COMMON_NR || calls[i].nr == row->nr_x86_64, "%s",
		    row->name);
		ck_assert_msg(calls[i].nr >= FIRST_COMMON_NR || row->nr_x86_64 < FIRST_COMMON_NR,
		    "%s", row->name);
	}
}

TEST(placed, "every sub-row stands behind its own row, where it is found")
{
	size_t total = 0;

	for (unsigned i = 0; i < PALE_SYS_COUNT; i++) {
		size_t count;
		const struct pale_sys_sub *sub = subs_of(i, &count);

		for (size_t s = 0; s < count; s++) {
			ck_assert_uint_eq(sub[s].sys, i);
			ck_assert(sub[s].label[0] != '\0');
		}
		total += count;
	}
	ck_assert_uint_eq(total, SUB_TOTAL);
	ck_assert_uint_gt(total, 100);
}

TEST(reasons, "every denial has a reason, and no denied call has a note")
{
	for (unsigned i = 0; i < PALE_SYS_COUNT; i++) {
		const struct pale_sys_row *row = pale_sys_row((enum pale_sys)i);
		size_t count;
		const struct pale_sys_sub *sub = subs_of(i, &count);

		ck_assert_msg((row->run == RUN_DENY) == (row->why[0] != '\0'), "%s", row->name);
		ck_assert_msg(row->note[0] == '\0' || row->run != RUN_DENY, "%s", row->name);
		ck_assert_msg(row->run != RUN_ALLOW || row->gate == GATE_NONE, "%s", row->name);
		ck_assert_msg(row->run == RUN_DENY || row->error == 0, "%s", row->name);
		for (size_t s = 0; s < count; s++) {
			bool denies = sub[s].run == RUN_DENY && !sub[s].adds;

			ck_assert_msg(
			    denies == (sub[s].why[0] != '\0'), "%s, %s", row->name, sub[s].label);
			ck_assert_msg(
			    denies || sub[s].error == 0, "%s, %s", row->name, sub[s].label);
			ck_assert_msg(!sub[s].adds || sub[s].gate == GATE_NONE, "%s, %s", row->name,
			    sub[s].label);
			ck_assert_msg(
			    !sub[s].adds || sub[s].need != 0, "%s, %s", row->name, sub[s].label);
		}
	}
}

TEST(sentences, "a reason is part of a sentence: no capital before it, no full stop behind it")
{
	for (unsigned i = 0; i < PALE_SYS_COUNT; i++) {
		const struct pale_sys_row *row = pale_sys_row((enum pale_sys)i);
		size_t count;
		const struct pale_sys_sub *sub = subs_of(i, &count);

		ck_assert_msg(
		    row->why[0] == '\0' || row->why[strlen(row->why) - 1] != '.', "%s", row->name);
		for (size_t s = 0; s < count; s++)
			ck_assert_msg(sub[s].why[0] == '\0' ||
				(sub[s].why[strlen(sub[s].why) - 1] != '.' &&
				    strchr("'.", sub[s].why[0]) == NULL),
			    "%s, %s", row->name, sub[s].label);
	}
}

TEST(enforced, "every call that needs a right names what enforces it")
{
	for (unsigned i = 0; i < PALE_SYS_COUNT; i++) {
		const struct pale_sys_row *row = pale_sys_row((enum pale_sys)i);

		ck_assert_msg((row->need[0] | row->need[1]) == 0 || row->by != 0, "%s", row->name);
		/* What the filter withholds from the cage, and what it denies, it enforces. */
		ck_assert_msg(
		    ((row->need[0] | row->need[1]) & pale_rights_of_how(PALE_HOW_SECCOMP)) == 0 ||
			(row->by & BY_FILTER) != 0,
		    "%s", row->name);
	}
}

TEST(roles, "the arguments of a call have no gap, a directory has its path, a right its object")
{
	for (unsigned i = 0; i < PALE_SYS_COUNT; i++) {
		const struct pale_sys_row *row = pale_sys_row((enum pale_sys)i);
		unsigned objects = 0;

		for (unsigned a = 0; a < PALE_SYS_ARGS; a++) {
			enum pale_arg role = row->arg[a];

			ck_assert_msg(a == 0 || role == ARG_NONE || row->arg[a - 1] != ARG_NONE,
			    "%s", row->name);
			if (role == ARG_FD || role == ARG_PATH)
				objects++;
			if (role != ARG_DIRFD || i == PALE_SYS_open_by_handle_at)
				continue;
			ck_assert_msg(
			    a + 1 < PALE_SYS_ARGS && row->arg[a + 1] == ARG_PATH, "%s", row->name);
		}
		ck_assert_msg(row->need[0] == 0 || objects > 0, "%s", row->name);
		/* symlinkat names its second object only: the first is text. */
		ck_assert_msg(
		    row->need[1] == 0 || objects > 1 || row->need[0] == 0, "%s", row->name);
		ck_assert_msg(
		    row->mode != MODE_AT || row->arg[0] == ARG_DIRFD || row->arg[1] == ARG_DIRFD,
		    "%s", row->name);
	}
}

TEST(conditions, "a condition tests a value that is there, and no bits that the kernel drops")
{
	for (unsigned i = 0; i < PALE_SYS_COUNT; i++) {
		const struct pale_sys_row *row = pale_sys_row((enum pale_sys)i);
		size_t count;
		const struct pale_sys_sub *sub = subs_of(i, &count);

		for (size_t s = 0; s < count; s++)
			for (size_t c = 0; c < PALE_SYS_CONDS && sub[s].when[c].mask != 0; c++) {
				const struct pale_sys_cond *cond = &sub[s].when[c];
				enum pale_arg role = row->arg[cond->arg];

				ck_assert_msg((cond->value & ~cond->mask) == 0, "%s, %s", row->name,
				    sub[s].label);
				/* Of a pointer only whether there is one. */
				if (role == ARG_ADDR) {
					ck_assert(cond->mask == UINT64_MAX && cond->value == 0);
					continue;
				}
				ck_assert_msg(
				    cond->mask >> 32 == 0, "%s, %s", row->name, sub[s].label);
				ck_assert_msg(role != ARG_MODE || cond->mask >> 16 == 0, "%s, %s",
				    row->name, sub[s].label);
				ck_assert_msg(role == ARG_INT || role == ARG_FLAGS ||
					role == ARG_MODE || role == ARG_CMD || role == ARG_PID,
				    "%s, %s", row->name, sub[s].label);
			}
	}
}

TEST(garbage, "nothing above the 32 bits that the kernel reads changes an answer")
{
	uint64_t state = test_seed(SEED);

	fflush(stdout);
	for (unsigned i = 0; i < PALE_SYS_COUNT; i++) {
		size_t count;
		const struct pale_sys_sub *sub = subs_of(i, &count);

		for (size_t n = 0; n < count * RANDOM_CALLS; n++) {
			const struct pale_sys_policy policy = { .gates =
								    (uint32_t)(n % ALL_GATES) };
			uint64_t low[PALE_SYS_ARGS], high[PALE_SYS_ARGS];
			struct pale_sys_answer one, two;

			meet(&sub[n % count], &state, low);
			for (size_t a = 0; a < PALE_SYS_ARGS; a++) {
				low[a] &= UINT32_MAX;
				high[a] = low[a];
				if (pale_sys_row((enum pale_sys)i)->arg[a] != ARG_ADDR)
					high[a] |= test_random(&state) << 32;
			}
			one = pale_sys_answer((enum pale_sys)i, low, &policy);
			two = pale_sys_answer((enum pale_sys)i, high, &policy);
			ck_assert_msg(one.run == two.run && one.error == two.error, "%s, %s",
			    pale_sys_row((enum pale_sys)i)->name, sub[n % count].label);
		}
	}
}

TEST(monotone, "opening a gate or granting a right never denies what was allowed")
{
	uint64_t state = test_seed(SEED);
	pale_rights filter = pale_rights_of_how(PALE_HOW_SECCOMP);

	fflush(stdout);
	for (unsigned i = 0; i < PALE_SYS_COUNT; i++) {
		size_t count;
		const struct pale_sys_sub *sub = subs_of(i, &count);

		for (size_t n = 0; n < 20 + count * 20; n++) {
			pale_rights rights =
			    (pale_rights)test_random(&state) << 64 | test_random(&state);
			struct pale_sys_policy less = { .withheld = rights & filter,
				.gates = (uint32_t)test_random(&state) & ALL_GATES };
			struct pale_sys_policy more = { .withheld =
							    less.withheld & test_random(&state),
				.gates = less.gates | ((uint32_t)test_random(&state) & ALL_GATES) };
			uint64_t args[PALE_SYS_ARGS] = { 0 };

			if (count > 0)
				meet(&sub[n % count], &state, args);
			ck_assert_msg(
			    pale_sys_answer((enum pale_sys)i, args, &less).run != RUN_ALLOW ||
				pale_sys_answer((enum pale_sys)i, args, &more).run == RUN_ALLOW,
			    "%s", pale_sys_row((enum pale_sys)i)->name);
		}
	}
}

TEST(siblings, "a newer call is answered, and needs rights, as its older sibling")
{
	static const struct {
		const char *newer, *older;
	} pairs[] = {
		{ "fchmodat2", "fchmodat" },
		{ "setxattrat", "setxattr" },
		{ "getxattrat", "getxattr" },
		{ "listxattrat", "listxattr" },
		{ "removexattrat", "removexattr" },
		{ "faccessat2", "faccessat" },
		{ "dup3", "dup2" },
		{ "pipe2", "pipe" },
		{ "accept4", "accept" },
		{ "preadv2", "preadv" },
		{ "pwritev2", "pwritev" },
		{ "epoll_pwait2", "epoll_wait" },
		{ "open_tree_attr", "open_tree" },
		{ "quotactl_fd", "quotactl" },
		{ "mknodat", "mknod" },
		{ "openat", "open" },
		{ "linkat", "link" },
		{ "symlinkat", "symlink" },
		{ "unlinkat", "unlink" },
		{ "mkdirat", "mkdir" },
		{ "readlinkat", "readlink" },
		{ "fchownat", "chown" },
		{ "utimensat", "utime" },
		{ "futex_waitv", "futex" },
		{ "semtimedop", "semop" },
		{ "renameat", "rename" },
		{ "file_getattr", "stat" },
	};

	for (size_t i = 0; i < PALE_COUNT(pairs); i++) {
		const struct pale_sys_row *newer = pale_sys_row(sys_of(pairs[i].newer));
		const struct pale_sys_row *older = pale_sys_row(sys_of(pairs[i].older));
		size_t newer_count, older_count;

		subs_of(sys_of(pairs[i].newer), &newer_count);
		subs_of(sys_of(pairs[i].older), &older_count);
		ck_assert_msg(newer->need[0] == older->need[0] && newer->need[1] == older->need[1],
		    "%s", newer->name);
		ck_assert_msg(newer->run == older->run && newer->gate == older->gate &&
			newer->error == older->error && newer->does == older->does &&
			newer->by == older->by,
		    "%s", newer->name);
		ck_assert_msg(newer_count == older_count, "%s", newer->name);
	}
}

TEST(lookups, "a name or number that no call has is not found")
{
	enum pale_sys sys;

	ck_assert_int_eq(pale_sys_find("no_such_call", &sys), -ENOENT);
	ck_assert_int_eq(pale_sys_find("", &sys), -ENOENT);
	ck_assert_int_eq(pale_sys_find_nr(-1, &sys), -ENOENT);
	ck_assert_int_eq(pale_sys_find_nr(400, &sys), -ENOENT);
	ck_assert_int_eq(pale_sys_find_nr(470, &sys), -ENOENT);
	ck_assert_int_eq(pale_sys_find("openat", &sys), 0);
	ck_assert_uint_eq(sys, PALE_SYS_openat);
}

TEST_MAIN("sys", ascending, complete, headers, newest, arm64, placed, reasons, sentences, enforced,
    roles, conditions, garbage, monotone, siblings, lookups)
