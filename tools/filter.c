/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Write the call filters of common policies as a C file, so that a start need not build them:
 *
 *   filter OUT.c
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cage/ready.h"
#include "core/rights.h"
#include "core/scope.h"

/* As pale run has them on a kernel with all of its mechanisms (run/compile.c, run/doors.c). */
#define GATES (PALE_GATES_QUIET | 1U << GATE_SYSV | 1U << GATE_MQ | 1U << GATE_SIGSCOPE)
/* Where somebody outside can be connected with, what is passed is looked at. */
#define GATES_CROSSING (GATES & ~(1U << GATE_SENDMSG))

static int
write_one(FILE *out, size_t number, const struct pale_sys_policy *policy, struct pale_err *err)
{
	static struct sock_filter prog[PALE_BPF_MAX];
	size_t count;
	int result = pale_filter_build(policy, prog, PALE_COUNT(prog), &count, err);

	if (result < 0)
		return result;
	fprintf(out, "static const struct sock_filter prog_%zu[] = {\n", number);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "\t{ 0x%02x, %u, %u, 0x%08x },\n", prog[i].code, prog[i].jt,
		    prog[i].jf, prog[i].k);
	fputs("};\n\n", out);
	return 0;
}

int
main(int argc, char **argv)
{
	/* Read-only programs, and those with a writable tree: -w. */
	const struct pale_sys_policy policies[] = {
		{ .gates = GATES },
		{ .gates = GATES_CROSSING,
		    .withheld =
			pale_rights_of_how(PALE_HOW_SECCOMP) & ~pale_rights_preset_write() },
	};
	struct pale_err err = { 0 };
	FILE *out = argc < 2 ? NULL : fopen(argv[1], "we");
	int result = out == NULL ? -EINVAL : 0;

	if (result == 0)
		fputs("/* Made by tools/filter.c from core/sys.def. */\n"
		      "#include \"cage/ready.h\"\n\n",
		    out);
	for (size_t i = 0; result == 0 && i < PALE_COUNT(policies); i++)
		result = write_one(out, i, &policies[i], &err);
	if (result == 0)
		fputs("const struct pale_filter_ready pale_filter_ready[] = {\n", out);
	for (size_t i = 0; result == 0 && i < PALE_COUNT(policies); i++)
		fprintf(out,
		    "\t{ { .withheld = (pale_rights)0x%" PRIx64 " << 64 | 0x%" PRIx64
		    ", .gates = 0x%x },\n\t    prog_%zu, sizeof(prog_%zu) / sizeof(prog_%zu[0]) "
		    "},\n",
		    (uint64_t)(policies[i].withheld >> 64), (uint64_t)policies[i].withheld,
		    policies[i].gates, i, i, i);
	if (result == 0)
		fputs("\t{ .prog = NULL },\n};\n", out);
	if (out != NULL && fclose(out) != 0 && result == 0)
		result = -errno;
	if (result < 0)
		fprintf(stderr, "filter: %s\n", err.text[0] != '\0' ? err.text : strerror(-result));
	return result < 0 ? 1 : 0;
}
