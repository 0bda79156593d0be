/* SPDX-License-Identifier: BSD-2-Clause */
/* Command-line options as a table; see options.h. */
#include "cli/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/scope.h"
#include "core/suggest.h"

enum {
	HELP_COLUMN = 30,
	NAMES_MAX = 64,
	OPTION_BYTES = 128,
};

static const struct pale_option *
find_letter(const struct pale_option *table, size_t count, char letter)
{
	for (size_t i = 0; i < count; i++) {
		if (table[i].letter == letter && letter != '\0')
			return &table[i];
	}
	return NULL;
}

static const struct pale_option *
find_name(const struct pale_option *table, size_t count, const char *name, size_t len)
{
	for (size_t i = 0; i < count; i++) {
		if (table[i].name != NULL && strlen(table[i].name) == len &&
		    strncmp(table[i].name, name, len) == 0)
			return &table[i];
	}
	return NULL;
}

static int
unknown(const struct pale_option *table, size_t count, const char *written, size_t len,
    struct pale_err *err)
{
	const char *names[NAMES_MAX];
	char name[OPTION_BYTES];
	const char *near;
	size_t known = 0;

	pale_fail(err, -EINVAL, "unknown option '%.*s'", (int)len, written);
	for (size_t i = 0; i < count && known < PALE_COUNT(names); i++) {
		if (table[i].name != NULL)
			names[known++] = table[i].name;
	}
	snprintf(
	    name, sizeof(name), "%.*s", (int)(len < 2 ? 0 : len - 2), written + (len < 2 ? 0 : 2));
	near = pale_suggest(name, names, known);
	if (near != NULL)
		return pale_remedy(err, "did you mean --%s?", near);
	return pale_remedy(err, "--help lists the options");
}

/* Options with one dash: letters, the last of which may take an argument. */
static int
take_letters(const struct pale_option *table, size_t count, int argc, char **argv, int *at,
    void *state, struct pale_err *err)
{
	const char *letters = argv[*at] + 1;

	for (; *letters != '\0'; letters++) {
		const struct pale_option *option = find_letter(table, count, *letters);
		const char with[] = { '-', *letters, '\0' };
		const char *arg = NULL;
		int result;

		if (option == NULL)
			return unknown(table, count, with, 2, err);
		if (option->arg != NULL && letters[1] != '\0') {
			arg = letters + 1;
		} else if (option->arg != NULL) {
			if (*at + 1 >= argc)
				return pale_fail(err, -EINVAL, "option %s needs %s behind it", with,
				    option->arg);
			arg = argv[++*at];
		}
		result = option->take(state, with, arg, err);
		if (result != 0 || arg != NULL)
			return result;
	}
	return 0;
}

static int
take_name(const struct pale_option *table, size_t count, int argc, char **argv, int *at,
    void *state, struct pale_err *err)
{
	const char *written = argv[*at];
	size_t len = strcspn(written + 2, "=");
	const struct pale_option *option = find_name(table, count, written + 2, len);
	const char *arg = written[2 + len] == '=' ? written + 3 + len : NULL;
	char with[OPTION_BYTES];

	if (option == NULL)
		return unknown(table, count, written, len + 2, err);
	snprintf(with, sizeof(with), "--%s", option->name);
	if (option->arg == NULL && arg != NULL)
		return pale_fail(err, -EINVAL, "option %s takes no argument", with);
	if (option->arg != NULL && arg == NULL && !option->optional) {
		if (*at + 1 >= argc)
			return pale_fail(
			    err, -EINVAL, "option %s needs %s behind it", with, option->arg);
		arg = argv[++*at];
	}
	return option->take(state, with, arg, err);
}

int
pale_options_parse(const struct pale_option *table, size_t count, int argc, char **argv,
    void *state, int *ret_used, struct pale_err *err)
{
	int at;

	for (at = 0; at < argc; at++) {
		int result;

		if (strcmp(argv[at], "--") == 0) {
			at++;
			break;
		}
		if (argv[at][0] != '-' || argv[at][1] == '\0')
			break;
		if (argv[at][1] == '-')
			result = take_name(table, count, argc, argv, &at, state, err);
		else
			result = take_letters(table, count, argc, argv, &at, state, err);
		if (result > 0)
			*ret_used = at + 1;
		if (result != 0)
			return result;
	}
	*ret_used = at;
	return 0;
}

void
pale_options_help(const struct pale_option *table, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct pale_option *option = &table[i];
		char left[OPTION_BYTES];
		int len = 0;

		if (option->name == NULL && option->letter == '\0') {
			printf("\n%s\n", option->help);
			continue;
		}
		if (option->letter != '\0')
			len = snprintf(left, sizeof(left), "-%c", option->letter);
		if (option->name != NULL)
			len += snprintf(left + len, sizeof(left) - (size_t)len, "%s--%s",
			    len > 0 ? ", " : "", option->name);
		if (option->arg != NULL)
			snprintf(left + len, sizeof(left) - (size_t)len,
			    option->optional ? "[=%s]" : " %s", option->arg);
		printf("  %-*s %s\n", HELP_COLUMN, left, option->help);
	}
}
