/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of a scenario as parts of the manual, from the tables that its reader has them from. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/scope.h"
#include "model/read/reading.h"
#include "model/term.h"

enum place { OUTSIDE, INSIDE, ANYWHERE };
enum { MANY = INT_MAX };

static const struct statement {
	const char *name;
	enum place place;
	const char *takes, *says;
} statements[] = {
#define STATEMENT(name, place, times, phase, least, most, takes, says) \
	{ #name, place, takes, says },
#include "model/read/words.def"
};

static const struct row {
	const char *name, *of, *takes;
} attributes[] = {
#define ATTRIBUTE(name, of, takes) { #name, of, takes },
#include "model/read/words.def"
};

static const struct row flags[] = {
#define FLAG(name, calls, bits) { #name, calls, "" },
#include "model/read/words.def"
};

static const char *const types[] = {
#define TYPE(name, mode) ".Dv " #name,
#include "model/read/words.def"
};

/* Text for mdoc: no line begins with a dot, and a sentence ends its line. */
static void
print_text(const char *text)
{
	if (*text == '\0')
		return;
	for (; *text != '\0'; text++) {
		if (*text == '\\')
			putchar('\\'), putchar('e');
		else
			putchar(*text);
		if (*text == '.' && text[1] == ' ') {
			putchar('\n');
			text++;
		}
	}
	putchar('\n');
}

static void
print_statements(enum place place, const char *title)
{
	printf(".Ss \\&%s\n.Bl -tag -width \"directory\"\n", title);
	for (size_t i = 0; i < PALE_COUNT(statements); i++) {
		const struct statement *statement = &statements[i];

		if (statement->place != place && statement->place != ANYWHERE)
			continue;
		printf(".It Cm %s\nTakes ", statement->name);
		printf("%s.\n", statement->takes);
		print_text(statement->says);
	}
	printf(".El\n");
}

/* " a b " as "a, b" */
static void
print_list(const char *list)
{
	const char *between = "";

	while (*(list += strspn(list, " ")) != '\0') {
		size_t length = strcspn(list, " ");

		printf("%s%.*s", between, (int)length, list);
		between = ", ";
		list += length;
	}
}

static void
print_calls(void)
{
	printf(".Bl -tag -width \"x\"\n");
	for (enum pale_model_op op = 1; op < PALE_CALL_COUNT; op++) {
		static const struct {
			const char *gives, *what;
		} results[] = { { "f", "fd = " }, { "ff", "fd, fd = " }, { "v", "value = " },
			{ "i", "identity = " }, { "x", "object = " }, { "", "" } };
		const char *what = "";
		char usage[256];

		for (size_t i = 0; i < PALE_COUNT(results); i++)
			if (strcmp(results[i].gives, pale_written_gives(op)) == 0)
				what = results[i].what;
		pale_written_usage(op, usage, sizeof(usage));
		printf(".It Li \"%s%s\"\n", what, usage);
		print_text(pale_model_calls[op].summary);
	}
	printf(".El\n.Ss Flags\n.Bl -tag -width \"AT_SYMLINK_NOFOLLOW\" -compact\n");
	for (size_t i = 0; i < PALE_COUNT(flags); i++) {
		printf(".It Dv %s\n", flags[i].name);
		print_list(flags[i].of);
		printf("\n");
	}
	printf(".El\n.Ss Types\n");
	for (size_t i = 0; i < PALE_COUNT(types); i++)
		printf("%s%s\n", types[i], i + 1 < PALE_COUNT(types) ? " ," : " :");
	printf("the last, whether who asks owns it.\n");
}

static void
print_terms(void)
{
	printf(".Bl -tag -width \"x\"\n");
	for (enum pale_term_kind kind = 0; kind < PALE_TERM_COUNT; kind++) {
		char usage[256];

		pale_term_usage(kind, usage, sizeof(usage));
		printf(".It Li \"%s\"\n", usage);
		print_text(pale_terms[kind].summary);
	}
	printf(".El\n");
}

static void
print_limits(void)
{
	printf(
	    "There is room for %d inodes, %d names of what is no directory, %d different names, %d "
	    "paths and what can\nbe left of them, %d processes with %d descriptors and %d "
	    "variables "
	    "each, %d pipes that are open,\n%d ends of sockets, %d System V objects, %d users, %d "
	    "values, %d calls and %d assertions.\n",
	    PALE_MODEL_INODES - 1, PALE_MODEL_ENTRIES, PALE_MODEL_NAMES - 1, PALE_MODEL_RESTS - 1,
	    PALE_MODEL_PROCESSES, PALE_MODEL_FDS, PALE_MODEL_VARS, PALE_MODEL_PIPES,
	    PALE_MODEL_SOCKETS, PALE_MODEL_SYSV, PALE_MODEL_USERS, PALE_MODEL_VALUES,
	    PALE_MODEL_SITES - 1, PALE_MODEL_NEVERS);
}

int
main(int argc, char **argv)
{
	const char *part = argc > 1 ? argv[1] : "";

	if (strcmp(part, "STATEMENTS") == 0) {
		print_statements(OUTSIDE, "Outside of compartments");
		printf(".Ss Attributes\n.Bl -tag -width \"content=\"\n");
		for (size_t i = 0; i < PALE_COUNT(attributes); i++) {
			printf(".It Li %s=\n%s; of ", attributes[i].name, attributes[i].takes);
			print_list(attributes[i].of);
			printf(".\n");
		}
		printf(".El\n");
		print_statements(INSIDE, "In a compartment");
	} else if (strcmp(part, "CALLS") == 0) {
		print_calls();
	} else if (strcmp(part, "TERMS") == 0) {
		print_terms();
	} else if (strcmp(part, "LIMITS") == 0) {
		print_limits();
	} else {
		fprintf(stderr, "usage: scenario STATEMENTS|CALLS|TERMS|LIMITS\n");
		return 2;
	}
	return 0;
}
