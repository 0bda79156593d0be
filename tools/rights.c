/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rights of a path grant as lists for the manual, from the rows of rights.def: those that can
 * be granted or withheld, those that come with others, and those that no path can carry.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>

#include "core/rights.h"
#include "core/scope.h"

static bool
is_in(pale_rights set, enum pale_right right)
{
	return (set >> right & 1) != 0;
}

/* The short words that bring a right, in parentheses. */
static void
print_presets(enum pale_right right)
{
	bool r = is_in(pale_rights_preset_read(), right);
	bool w = is_in(pale_rights_preset_write(), right);
	bool x = is_in(pale_rights_preset_execute(), right);

	if (r || w || x)
		printf(" Pq Cm%s%s%s", r ? " r" : "", w ? " w" : "", x ? " x" : "");
}

static const char *
keeper(enum pale_right_how how)
{
	switch (how) {
	case PALE_HOW_MOUNT:
		return "Withheld by the mount.";
	case PALE_HOW_LANDLOCK:
		return "Withheld by Landlock.";
	case PALE_HOW_ASK:
		return "Withheld by the supervisor, from grants that hold no right to change "
		       "anything.";
	case PALE_HOW_SECCOMP:
		return "Withheld by the call filter, from every grant or from none.";
	case PALE_HOW_WITH:
	case PALE_HOW_NEVER:
		break;
	}
	return "";
}

static void
print_withheld(void)
{
	puts(".Bl -tag -width \"fexecve\" -compact");
	for (unsigned i = 0; i < PALE_RIGHT_COUNT; i++) {
		const struct pale_right_row *row = pale_right_row((enum pale_right)i);

		if (row->how == PALE_HOW_NEVER || row->how == PALE_HOW_WITH)
			continue;
		printf(".It Cm %s", row->name);
		print_presets((enum pale_right)i);
		printf("\n%c%s.\n%s\n", toupper((unsigned char)row->meaning[0]), row->meaning + 1,
		    keeper(row->how));
	}
	puts(".El");
}

static void
print_names(enum pale_right_how how)
{
	const char *separator = "";

	for (unsigned i = 0; i < PALE_RIGHT_COUNT; i++) {
		const struct pale_right_row *row = pale_right_row((enum pale_right)i);

		if (row->how != how)
			continue;
		printf("%s.Cm %s", separator, row->name);
		separator = " ,\n";
	}
	puts(" .");
}

int
main(void)
{
	print_withheld();
	puts(".Pp\nThese come with others and cannot be withheld from them:");
	print_names(PALE_HOW_WITH);
	puts(".Pp\nThese have no meaning for a path, and asking for one is refused:");
	print_names(PALE_HOW_NEVER);
	return 0;
}
