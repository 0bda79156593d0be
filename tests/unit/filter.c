/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The call filter, read back by an interpreter, against the walk over the rows of sys.def
 * (pale_sys_answer). tests/unit/filter_libseccomp.c holds it against a third reading.
 */
#include "cage/ready.h"
#include "cage/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <time.h>
#include <linux/audit.h>

#include "bpf_interp.h"
#include "filter_probe.h"
#include "core/rights.h"
#include "core/scope.h"
#include "harness.h"
#include "kernel/uapi.h"

enum {
	RANDOM_POLICIES = 10,
};

/* A filter under test, and what it was made for. */
static struct sock_filter prog[PALE_BPF_MAX];
static size_t count;
static struct pale_sys_policy policy;

static const uint32_t all_gates = (1U << GATE_COUNT) - 1;

static void
build(uint32_t gates, pale_rights withheld)
{
	struct pale_err err = { 0 };

	policy = (struct pale_sys_policy){ .withheld = withheld, .gates = gates };
	ck_assert_msg(
	    pale_filter_build(&policy, prog, PALE_COUNT(prog), &count, &err) == 0, "%s", err.text);
	ck_assert_ptr_null(bpf_check(prog, count));
}

static uint32_t
expected(int nr, const uint64_t args[PALE_SYS_ARGS])
{
	static int known_nr = -1; /* probes come in long runs of one number */
	static enum pale_sys sys;

	if (nr == PALE_CONTROL_NR)
		return args[0] == PALE_CONTROL_NEST ? SECCOMP_RET_USER_NOTIF
						    : SECCOMP_RET_ERRNO | PALE_CONTROL_ERRNO;
	if (nr < 0 || nr != known_nr) {
		if (pale_sys_find_nr(nr, &sys) < 0)
			return SECCOMP_RET_ERRNO | ENOSYS;
		known_nr = nr;
	}
	return probe_ret(pale_sys_answer(sys, args, &policy));
}

static void
probe_rows(int nr, const uint64_t args[PALE_SYS_ARGS])
{
	uint32_t got = probe_run(prog, count, nr, args);
	uint32_t want = expected(nr, args);

	/* Check writes a file at each assertion, which a million probes would feel. */
	if (got != want)
		ck_abort_msg("call %d (%#" PRIx64 ", %#" PRIx64 ", %#" PRIx64
			     "): %#x instead of %#x",
		    nr, args[0], args[1], args[2], got, want);
}

TEST(closed, "with every gate closed each call is answered as its row says")
{
	build(0, 0);
	probe_all(probe_rows);
}

TEST(open_gates, "with every gate open each call is answered as its row says")
{
	build(all_gates, 0);
	probe_all(probe_rows);
}

TEST(one_gate, "with one gate open, or one closed, each call is answered as its row says")
{
	for (unsigned gate = GATE_NONE + 1; gate < GATE_COUNT; gate++) {
		build(1U << gate, 0);
		probe_all(probe_rows);
		build(all_gates & ~(1U << gate), 0);
		probe_all(probe_rows);
	}
}

TEST(one_right, "with one right withheld each call is answered as its row says")
{
	for (unsigned right = 0; right < PALE_RIGHT_COUNT; right++) {
		if ((probe_filter_rights() >> right & 1) == 0)
			continue;
		build(all_gates, (pale_rights)1 << right);
		probe_all(probe_rows);
	}
}

TEST(any_policy, "with random gates and rights each call is answered as its row says")
{
	struct draw draw = { .seed = UINT64_C(20100804) };

	printf("# seed %" PRIu64 "\n", draw.seed);
	fflush(stdout);
	for (unsigned i = 0; i < RANDOM_POLICIES; i++) {
		pale_rights withheld =
		    (pale_rights)draw_bits(&draw, 64) << 64 | draw_bits(&draw, 64);

		build((uint32_t)draw_bits(&draw, GATE_COUNT), withheld & probe_filter_rights());
		probe_all(probe_rows);
	}
}

/* Objects of every kind and use, some with one key or identifier, some with odd bits in them. */
static void
draw_objects(struct draw *draw, struct pale_sys_object *objects, size_t object_count)
{
	for (size_t i = 0; i < object_count; i++) {
		objects[i] = (struct pale_sys_object){
			.kind = (enum pale_object_kind)(1 + draw_below(draw, 3)),
			.key = (int32_t)draw_bits(draw, draw_bits(draw, 1) == 0 ? 3 : 32),
			.id = (int32_t)draw_bits(draw, draw_bits(draw, 1) == 0 ? 3 : 31),
			.use = (unsigned)(1 + draw_below(draw, 3)),
		};
		if (objects[i].key == 0)
			objects[i].key = INT32_MIN;
	}
}

TEST(each_object, "with random System V objects each call is answered as its row says")
{
	struct draw draw = { .seed = UINT64_C(20100805) };
	struct pale_sys_object objects[PALE_SYS_OBJECTS_MAX];
	struct pale_err err = { 0 };

	for (unsigned i = 0; i < RANDOM_POLICIES; i++) {
		size_t object_count = 1 + draw_below(&draw, i == 0 ? PALE_SYS_OBJECTS_MAX : 6);

		draw_objects(&draw, objects, object_count);
		policy = (struct pale_sys_policy){ .objects = objects,
			.object_count = object_count,
			.gates = i % 2 == 0
			    ? PALE_GATES_QUIET
			    : (uint32_t)draw_bits(&draw, GATE_COUNT) & ~(1U << GATE_SYSV) };
		ck_assert_int_eq(
		    pale_filter_build(&policy, prog, PALE_COUNT(prog), &count, &err), 0);
		ck_assert_ptr_null(bpf_check(prog, count));
		probe_objects(objects, object_count);
		probe_all(probe_rows);
		probe_objects(NULL, 0);
	}
}

TEST(most_objects, "as many objects as there may be fit into one program, of whatever kind")
{
	struct pale_sys_object objects[PALE_SYS_OBJECTS_MAX];
	struct pale_err err = { 0 };

	for (unsigned kind = PALE_OBJECT_SHM; kind <= PALE_OBJECT_SEM; kind++) {
		for (int32_t i = 0; i < PALE_SYS_OBJECTS_MAX; i++)
			objects[i] = (struct pale_sys_object){ (enum pale_object_kind)kind,
				0x5a000000 ^ i * 0x01010101, 0x70000000 ^ i * 0x00330033,
				PALE_OBJECT_READ | PALE_OBJECT_WRITE };
		policy = (struct pale_sys_policy){ .objects = objects,
			.object_count = PALE_COUNT(objects) };
		ck_assert_msg(pale_filter_build(&policy, prog, PALE_COUNT(prog), &count, &err) == 0,
		    "%s", err.text);
		printf("# %zu objects of kind %u: %zu instructions\n", PALE_COUNT(objects), kind,
		    count);
	}
	fflush(stdout);
}

TEST(fchmod, "a withheld fchmod takes the chmod family away, and nothing else")
{
	static const char *const family[] = { "fchmod", "fchmodat", "fchmodat2" };
	const uint64_t args[PALE_SYS_ARGS] = { 3, 0 };
	enum pale_sys sys;

	build(0, 0);
	ck_assert_int_eq(pale_sys_find("fstat", &sys), 0);
	ck_assert_uint_eq(probe_run(prog, count, pale_sys_nr(sys), args), SECCOMP_RET_ALLOW);
	build(0, PALE_RIGHT_BIT(FCHMOD));
	ck_assert_uint_eq(probe_run(prog, count, pale_sys_nr(sys), args), SECCOMP_RET_ALLOW);
	for (size_t i = 0; i < PALE_COUNT(family); i++) {
		ck_assert_int_eq(pale_sys_find(family[i], &sys), 0);
		ck_assert_uint_ne(
		    probe_run(prog, count, pale_sys_nr(sys), args), SECCOMP_RET_ALLOW);
	}
}

TEST(added, "no right that only the filter withholds is added by a sub-row that the filter skips")
{
	for (unsigned sys = 0; sys < PALE_SYS_COUNT; sys++) {
		size_t sub_count;
		const struct pale_sys_sub *subs = pale_sys_subs((enum pale_sys)sys, &sub_count);

		for (size_t i = 0; i < sub_count; i++)
			ck_assert_msg(!subs[i].adds || (subs[i].need & probe_filter_rights()) == 0,
			    "%s, %s", pale_sys_row((enum pale_sys)sys)->name, subs[i].label);
	}
}

/* A watched program answers as the table, or asks; what is denied is never let through. */
static void
probe_watched(int nr, const uint64_t args[PALE_SYS_ARGS])
{
	uint32_t got = probe_run(prog, count, nr, args);
	uint32_t want = expected(nr, args);
	struct pale_sys_answer answer;
	enum pale_sys sys;
	bool heard;

	if (nr == PALE_CONTROL_NR || pale_sys_find_nr(nr, &sys) < 0)
		return;
	answer = pale_sys_answer(sys, args, &policy);
	heard = pale_sys_is_watched(sys, &answer, policy.watch);
	if (got != want && (got != SECCOMP_RET_USER_NOTIF || !heard))
		ck_abort_msg("watch %d: call %d (%#" PRIx64 ", %#" PRIx64 "): %#x for %#x",
		    policy.watch, nr, args[0], args[1], got, want);
	if (heard && got == want && answer.run == RUN_DENY)
		ck_abort_msg("watch %d: call %d is denied unheard", policy.watch, nr);
}

TEST(watched, "a filter that is watched answers as the table says, or asks; it allows no more")
{
	struct pale_err err = { 0 };
	const uint64_t mark[PALE_SYS_ARGS] = { 1, 2, 3, 4, 5, PALE_UNHEARD_EXEC };
	const uint64_t read[PALE_SYS_ARGS] = { 3, 1, O_RDONLY | O_CLOEXEC };
	const uint64_t write[PALE_SYS_ARGS] = { 3, 1, O_WRONLY };
	const uint64_t make[PALE_SYS_ARGS] = { 3, 1, O_RDONLY | O_CREAT };

	for (int watch = PALE_WATCH_DENIALS; watch <= PALE_WATCH_PATHS; watch++) {
		int open_nr = pale_sys_nr(PALE_SYS_openat);
		int exec_nr = pale_sys_nr(PALE_SYS_execve);

		policy = (struct pale_sys_policy){ .gates = PALE_GATES_QUIET,
			.watch = (enum pale_watch)watch };
		ck_assert_int_eq(
		    pale_filter_build(&policy, prog, PALE_COUNT(prog), &count, &err), 0);
		ck_assert_ptr_null(bpf_check(prog, count));
		probe_all(probe_watched);
		ck_assert_uint_eq(probe_run(prog, count, exec_nr, mark), SECCOMP_RET_ALLOW);
		if (watch < PALE_WATCH_WRITES)
			continue;
		ck_assert_uint_eq(probe_run(prog, count, exec_nr, read), SECCOMP_RET_USER_NOTIF);
		ck_assert_uint_eq(probe_run(prog, count, open_nr, write), SECCOMP_RET_USER_NOTIF);
		ck_assert_uint_eq(probe_run(prog, count, open_nr, make), SECCOMP_RET_USER_NOTIF);
		ck_assert_uint_eq(probe_run(prog, count, open_nr, read),
		    watch == PALE_WATCH_WRITES ? SECCOMP_RET_ALLOW : SECCOMP_RET_USER_NOTIF);
	}
}

TEST(errnos, "no errno of the table reads as success")
{
	for (unsigned sys = 0; sys < PALE_SYS_COUNT; sys++) {
		const struct pale_sys_row *row = pale_sys_row((enum pale_sys)sys);
		size_t sub_count;
		const struct pale_sys_sub *subs = pale_sys_subs((enum pale_sys)sys, &sub_count);

		ck_assert_msg(row->error >= 0 && row->error < 4096, "%s", row->name);
		for (size_t i = 0; i < sub_count; i++)
			ck_assert_msg(subs[i].error >= 0 && subs[i].error < 4096, "%s, %s",
			    row->name, subs[i].label);
	}
}

TEST(other_arch, "every number on another architecture answers ENOSYS")
{
	static const uint32_t archs[] = { AUDIT_ARCH_I386, AUDIT_ARCH_ARM, 0, UINT32_MAX };

	build(all_gates, 0);
	for (size_t i = 0; i < PALE_COUNT(archs); i++)
		for (int nr = 0; nr <= PROBE_NR_MAX; nr++) {
			struct seccomp_data data = { .nr = nr, .arch = archs[i] };

			ck_assert_uint_eq(
			    bpf_run(prog, count, &data, NULL), SECCOMP_RET_ERRNO | ENOSYS);
		}
}

TEST(length, "the default program is below 2000 instructions, its longest path below 100")
{
	uint32_t gates = PALE_GATES_QUIET | 1U << GATE_SYSV | 1U << GATE_MQ | 1U << GATE_SIGSCOPE;
	struct timespec start, end;
	unsigned builds = 200;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (unsigned i = 0; i < builds; i++)
		pale_filter_build(&(struct pale_sys_policy){ .gates = gates }, prog,
		    PALE_COUNT(prog), &count, NULL);
	clock_gettime(CLOCK_MONOTONIC, &end);
	build(gates, 0);
	printf("# default policy: %zu instructions, longest path %zu, built in %ld us\n", count,
	    bpf_longest(prog, count),
	    ((end.tv_sec - start.tv_sec) * 1000000 + (end.tv_nsec - start.tv_nsec) / 1000) /
		builds);
	fflush(stdout);
	ck_assert_uint_lt(count, 2000);
	ck_assert_uint_lt(bpf_longest(prog, count), 100);
}

TEST(too_small, "an array that is too small is refused")
{
	struct pale_err err = { 0 };
	size_t got;

	build(0, 0);
	ck_assert_int_eq(pale_filter_build(&policy, prog, count - 1, &got, &err), -E2BIG);
	ck_assert_int_eq(pale_filter_build(&policy, prog, count, &got, &err), 0);
}

TEST(made_before, "the programs made at build are what would be built now")
{
	const struct pale_filter_ready *ready = pale_filter_ready;
	const struct sock_filter *chosen;
	size_t got;

	for (; ready->prog != NULL; ready++) {
		build(ready->policy.gates, ready->policy.withheld);
		ck_assert_int_eq(pale_filter_choose(&policy, NULL, 0, &chosen, &got, NULL), 0);
		ck_assert_ptr_eq(chosen, ready->prog);
		ck_assert_uint_eq(got, count);
		ck_assert_int_eq(memcmp(chosen, prog, count * sizeof(*prog)), 0);
	}
	ck_assert_ptr_ne(ready, pale_filter_ready);
}

TEST(served, "what the table says is asked is what the supervisor performs")
{
	for (unsigned i = 0; i < PALE_SYS_COUNT; i++) {
		const struct pale_sys_row *row = pale_sys_row((enum pale_sys)i);

		bool asks = row->run == RUN_ASK;
		size_t sub_count;
		const struct pale_sys_sub *subs = pale_sys_subs((enum pale_sys)i, &sub_count);

		for (size_t s = 0; s < sub_count; s++)
			asks = asks || subs[s].run == RUN_ASK;
		ck_assert_msg(asks == pale_supervisor_serves((enum pale_sys)i), "%s", row->name);
		ck_assert_msg(!asks || (row->by & BY_SUPERVISOR) != 0, "%s", row->name);
	}
}

TEST_MAIN("filter", served, closed, open_gates, one_gate, one_right, any_policy, each_object,
    most_objects, fchmod, added, watched, errnos, other_arch, length, too_small, made_before)
