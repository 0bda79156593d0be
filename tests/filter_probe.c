/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls to try on a filter; see filter_probe.h. */
#include "filter_probe.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <linux/seccomp.h>

#include "bpf_interp.h"
#include "core/scope.h"
#include "kernel/seccomp.h"
#include "kernel/uapi.h"

/* Every right that only the filter can withhold. */
pale_rights
probe_filter_rights(void)
{
	pale_rights rights = 0;

	for (unsigned right = 0; right < PALE_RIGHT_COUNT; right++)
		if (pale_right_row((enum pale_right)right)->how == PALE_HOW_SECCOMP)
			rights |= (pale_rights)1 << right;
	return rights;
}

uint32_t
probe_ret(struct pale_sys_answer answer)
{
	if (answer.run == RUN_ALLOW)
		return SECCOMP_RET_ALLOW;
	if (answer.run == RUN_ASK)
		return SECCOMP_RET_USER_NOTIF;
	return SECCOMP_RET_ERRNO | (uint32_t)(answer.error == 0 ? EPERM : answer.error);
}

uint32_t
probe_run(const struct sock_filter *by, size_t by_count, int nr, const uint64_t args[PALE_SYS_ARGS])
{
	struct seccomp_data data = { .nr = nr, .arch = PALE_AUDIT_ARCH };

	for (size_t i = 0; i < PALE_SYS_ARGS; i++)
		data.args[i] = args[i];
	return bpf_run(by, by_count, &data, NULL);
}

static void
meet(const struct pale_sys_sub *sub, uint64_t args[PALE_SYS_ARGS])
{
	for (size_t i = 0; i < PALE_SYS_CONDS && sub->when[i].mask != 0; i++)
		args[sub->when[i].arg] =
		    (args[sub->when[i].arg] & ~sub->when[i].mask) | sub->when[i].value;
}

/* Probe all around one condition, the other arguments staying as they are. */
static void
probe_cond(
    int nr, const struct pale_sys_cond *cond, const uint64_t met[PALE_SYS_ARGS], probe_fn *probe)
{
	const uint64_t values[] = { cond->value, cond->value + 1, cond->value - 1, ~cond->value,
		cond->value | UINT64_C(0xdeadbeef) << 32, (uint64_t)(int64_t)(int32_t)cond->value,
		0, UINT64_MAX };
	uint64_t args[PALE_SYS_ARGS];

	memcpy(args, met, sizeof(args));
	for (size_t i = 0; i < PALE_COUNT(values); i++) {
		args[cond->arg] = values[i];
		probe(nr, args);
	}
	for (unsigned bit = 0; bit < 64; bit++) {
		args[cond->arg] = met[cond->arg] ^ UINT64_C(1) << bit;
		probe(nr, args);
	}
}

static const struct pale_sys_object *objects;
static size_t object_count;

void
probe_objects(const struct pale_sys_object *of, size_t count)
{
	objects = of;
	object_count = count;
}

/* Probe around each object's key or identifier, where a sub-row stands for objects. */
static void
probe_each(int nr, const struct pale_sys_sub *subs, size_t sub_count, size_t s,
    const uint64_t met[PALE_SYS_ARGS], probe_fn *probe)
{
	struct pale_sys_cond cond;
	uint64_t args[PALE_SYS_ARGS];

	for (size_t o = 0; o < object_count; o++) {
		if (!pale_sys_sub_object(&subs[s], &objects[o], &cond))
			continue;
		memcpy(args, met, sizeof(args));
		args[cond.arg] = cond.value;
		probe(nr, args);
		probe_cond(nr, &cond, args, probe);
		for (size_t c = 0; c < PALE_SYS_CONDS && subs[s].when[c].mask != 0; c++)
			probe_cond(nr, &subs[s].when[c], args, probe);
		for (size_t t = 0; t < sub_count; t++) {
			uint64_t both[PALE_SYS_ARGS];

			memcpy(both, args, sizeof(both));
			meet(&subs[t], both);
			probe(nr, both);
		}
	}
}

/* Probe a number with every argument that its sub-rows make special, and pairs of sub-rows. */
void
probe_call(int nr, probe_fn *probe)
{
	static const uint64_t fills[] = { 0, UINT64_MAX, UINT64_C(0x100000001),
		UINT64_C(0xdeadbeef00000000) };
	const struct pale_sys_sub *subs = NULL;
	size_t sub_count = 0;
	enum pale_sys sys;

	if (pale_sys_find_nr(nr, &sys) == 0)
		subs = pale_sys_subs(sys, &sub_count);
	for (size_t f = 0; f < PALE_COUNT(fills); f++) {
		uint64_t args[PALE_SYS_ARGS];

		for (size_t i = 0; i < PALE_SYS_ARGS; i++)
			args[i] = fills[f];
		probe(nr, args);
		for (size_t s = 0; s < sub_count; s++) {
			uint64_t met[PALE_SYS_ARGS];

			memcpy(met, args, sizeof(met));
			meet(&subs[s], met);
			probe(nr, met);
			probe_each(nr, subs, sub_count, s, met, probe);
			for (size_t c = 0; c < PALE_SYS_CONDS && subs[s].when[c].mask != 0; c++)
				probe_cond(nr, &subs[s].when[c], met, probe);
			for (size_t t = 0; t < sub_count; t++) {
				uint64_t both[PALE_SYS_ARGS];

				memcpy(both, met, sizeof(both));
				meet(&subs[t], both);
				probe(nr, both);
			}
		}
	}
}

void
probe_all(probe_fn *probe)
{
	static const int beyond[] = { 9999, PALE_CONTROL_NR - 1, PALE_CONTROL_NR,
		PALE_CONTROL_NR + 1, 0x40000000, 0x40000000 + 59, INT_MAX, INT_MIN, -1 };

	for (int nr = 0; nr <= PROBE_NR_MAX; nr++)
		probe_call(nr, probe);
	for (size_t i = 0; i < PALE_COUNT(beyond); i++)
		probe_call(beyond[i], probe);
}
