/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the call filter denies and how, as a part of the manual, from the rows of sys.def: first the
 * denials, those with one reason, errno and gate together; then the calls that go with a right
 * which only the filter withholds; last what is allowed and worth knowing.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/rights.h"
#include "core/scope.h"
#include "core/sys.h"

enum {
	GROUPS_MAX = 256,
};

/* Denials that read the same. */
struct group {
	const char *why;
	int error;
	const char *unless; /* of its gate, NULL where nothing opens it */
};

static struct group groups[GROUPS_MAX];
static size_t group_count;

static bool
is_in(const struct group *group, enum pale_verdict run, int error, enum pale_gate gate,
    const char *why)
{
	return run == RUN_DENY && (error == 0 ? EPERM : error) == group->error &&
	    pale_gate_unless(gate) == group->unless && strcmp(why, group->why) == 0;
}

static bool
is_row_in(const struct group *group, enum pale_sys sys)
{
	const struct pale_sys_row *row = pale_sys_row(sys);

	return is_in(group, row->run, row->error, row->gate, row->why);
}

static bool
is_sub_in(const struct group *group, const struct pale_sys_sub *sub)
{
	return !sub->adds && is_in(group, sub->run, sub->error, sub->gate, sub->why);
}

static bool
note_group(enum pale_verdict run, int error, enum pale_gate gate, const char *why)
{
	if (run != RUN_DENY)
		return true;
	for (size_t i = 0; i < group_count; i++)
		if (is_in(&groups[i], run, error, gate, why))
			return true;
	if (group_count == GROUPS_MAX)
		return false;
	groups[group_count++] =
	    (struct group){ why, error == 0 ? EPERM : error, pale_gate_unless(gate) };
	return true;
}

static bool
find_groups(void)
{
	bool fits = true;

	for (unsigned i = 0; i < PALE_SYS_COUNT; i++) {
		const struct pale_sys_row *row = pale_sys_row((enum pale_sys)i);
		const struct pale_sys_sub *subs;
		size_t count;

		fits = fits && note_group(row->run, row->error, row->gate, row->why);
		subs = pale_sys_subs((enum pale_sys)i, &count);
		for (size_t s = 0; s < count; s++)
			fits = fits &&
			    (subs[s].adds ||
				note_group(subs[s].run, subs[s].error, subs[s].gate, subs[s].why));
	}
	return fits;
}

/* The values of one call that are denied for this reason: " (TIOCSTI; TIOCLINUX)". */
static bool
print_call(const struct group *group, enum pale_sys sys, bool first)
{
	const struct pale_sys_sub *subs;
	const char *separator = "";
	size_t count;
	bool whole = is_row_in(group, sys), any = whole;

	subs = pale_sys_subs(sys, &count);
	for (size_t i = 0; i < count && !any; i++)
		any = is_sub_in(group, &subs[i]);
	if (!any)
		return false;
	printf("%s.Fn %s", first ? "" : " ,\n", pale_sys_row(sys)->name);
	if (whole) {
		for (size_t i = 0; i < count && whole; i++)
			whole = subs[i].adds;
		/* What its sub-rows allow, and what they deny for other reasons, is apart. */
		if (!whole)
			printf(" No otherwise");
		return true;
	}
	printf(" Pq ");
	for (size_t i = 0; i < count; i++)
		if (is_sub_in(group, &subs[i])) {
			printf("%s%s", separator, subs[i].label);
			separator = "; ";
		}
	return true;
}

static void
print_group(const struct group *group)
{
	bool first = true;

	printf(".It Er %s\n", strerrorname_np(group->error));
	for (unsigned i = 0; i < PALE_SYS_COUNT; i++)
		if (print_call(group, (enum pale_sys)i, first))
			first = false;
	printf(" :\n%s", group->why);
	if (group->unless != NULL)
		printf(";\nnot denied where %s", group->unless);
	puts(".");
}

/* The calls that a right takes along when it is withheld from the whole cage. */
static void
print_right(enum pale_right right)
{
	pale_rights bit = (pale_rights)1 << right;
	const char *separator = "";

	printf(".It Cm %s\n", pale_right_row(right)->name);
	for (unsigned i = 0; i < PALE_SYS_COUNT; i++) {
		const struct pale_sys_row *row = pale_sys_row((enum pale_sys)i);
		const struct pale_sys_sub *subs;
		const char *inner = "";
		size_t count;

		if (row->run == RUN_DENY)
			continue;
		if (((row->need[0] | row->need[1]) & bit) != 0) {
			printf("%s.Fn %s", separator, row->name);
			separator = " ,\n";
			continue;
		}
		subs = pale_sys_subs((enum pale_sys)i, &count);
		for (size_t s = 0; s < count; s++) {
			if (subs[s].adds || subs[s].run != RUN_ALLOW || (subs[s].need & bit) == 0)
				continue;
			if (inner[0] == '\0')
				printf("%s.Fn %s Pq ", separator, row->name);
			printf("%s%s", inner, subs[s].label);
			inner = "; ";
			separator = " ,\n";
		}
	}
	puts(" .");
}

static void
print_notes(enum pale_verdict run)
{
	for (unsigned i = 0; i < PALE_SYS_COUNT; i++) {
		const char *note = pale_sys_row((enum pale_sys)i)->note;
		const char *separator = "";
		bool told = note[0] == '\0' || pale_sys_row((enum pale_sys)i)->run != run;

		for (unsigned before = 0; before < i && !told; before++) {
			const char *other = pale_sys_row((enum pale_sys)before)->note;

			told = strcmp(other, note) == 0;
		}
		if (told)
			continue;
		puts(".It");
		for (unsigned j = i; j < PALE_SYS_COUNT; j++) {
			const struct pale_sys_row *row = pale_sys_row((enum pale_sys)j);

			if (row->note[0] == '\0' || strcmp(row->note, note) != 0)
				continue;
			printf("%s.Fn %s", separator, row->name);
			separator = " ,\n";
		}
		printf(" :\n%s.\n", note);
	}
}

int
main(void)
{
	if (!find_groups()) {
		fprintf(stderr, "denied: more reasons than there is room for\n");
		return 1;
	}
	puts("The error that a call answers stands before it.");
	puts(".Bl -tag -width \"EAFNO\"");
	for (size_t i = 0; i < group_count; i++)
		print_group(&groups[i]);
	puts(".El");
	puts(".Pp\nWhere no grant holds one of these rights, its calls answer\n.Er EPERM :");
	puts(".Bl -tag -width \"EAFNO\"");
	for (unsigned i = 0; i < PALE_RIGHT_COUNT; i++)
		if (pale_right_row((enum pale_right)i)->how == PALE_HOW_SECCOMP)
			print_right((enum pale_right)i);
	puts(".El");
	puts(".Pp\nThese are performed by a supervisor outside the cage, on copied arguments:");
	puts(".Bl -dash");
	print_notes(RUN_ASK);
	puts(".El");
	puts(".Pp\nAllowed, and worth knowing:");
	puts(".Bl -dash");
	print_notes(RUN_ALLOW);
	puts(".El");
	return 0;
}
