/* SPDX-License-Identifier: BSD-2-Clause */
/* Flags of calls by name, and how a call is written. */
#include "model/read/reading.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What a letter of a signature is called, for messages and the manual. */
static const struct letter {
	char letter;
	const char *usage, *what;
} letters[] = {
	{ 'd', "dirfd", "directory's descriptor" },
	{ 'f', "fd", "descriptor" },
	{ 'p', "path", "path" },
	{ 'o', "flags", "flag of open" },
	{ 's', "flags", "flag" },
	{ 'm', "mode", "mode" },
	{ 'v', "value", "value" },
	{ 'n', "number", "number" },
	{ 'u', "user", "user" },
	{ 'r', "rights", "rights" },
	{ 'k', "key", "key" },
	{ 'x', "object", "System V object" },
};

int
pale_written_usage(enum pale_model_op op, char *buf, size_t size)
{
	const struct pale_model_call *call = &pale_model_calls[op];
	char text[256];
	size_t length = (size_t)snprintf(text, sizeof(text), "%s(", call->name);

	for (const char *at = call->signature; *at != '\0'; at++) {
		const char *usage = "";

		if (*at == '?')
			continue;
		for (size_t i = 0; i < PALE_COUNT(letters); i++)
			if (letters[i].letter == *at)
				usage = letters[i].usage;
		if (op == PALE_CALL_is && *at == 's')
			usage = "type";
		length += (size_t)snprintf(text + length, sizeof(text) - length,
		    at[1] == '?' ? "[%s%s]" : "%s%s", at == call->signature ? "" : ", ", usage);
	}
	return snprintf(buf, size, "%s)", text);
}

/* ---- flags ---- */

static const struct flag {
	const char *name, *calls;
	unsigned bits;
} flags[] = {
#define FLAG(name, calls, bits) { #name, calls, bits },
#include "model/read/words.def"
};

static bool
has_flag(const struct flag *flag, const char *call)
{
	size_t length = strlen(call);

	for (const char *at = strstr(flag->calls, call); at != NULL; at = strstr(at + 1, call))
		if (at[-1] == ' ' && at[length] == ' ')
			return true;
	return false;
}

static int
unknown_flag(struct pale_reading *in, unsigned line, const char *call, const char *word)
{
	const char *known[PALE_COUNT(flags)];
	size_t count = 0;

	pale_reading_fail(in, line, "%s() has no flag '%s'", call, word);
	for (size_t i = 0; i < PALE_COUNT(flags); i++)
		if (has_flag(&flags[i], call))
			known[count++] = flags[i].name;
	return pale_reading_suggest(in, word, known, count);
}

static int
check_open_flags(struct pale_reading *in, unsigned line, const char *text, unsigned set)
{
	const unsigned path_takes =
	    PALE_F_PATH | PALE_F_NOFOLLOW | PALE_F_DIRECTORY | PALE_F_CLOEXEC;

	if ((set & PALE_F_PATH) != 0 && (set & ~path_takes) != 0) {
		pale_reading_fail(
		    in, line, "'%s': O_PATH makes the other flags mean nothing", text);
		return pale_remedy(
		    in->err, "only O_NOFOLLOW, O_DIRECTORY and O_CLOEXEC go with it");
	}
	if ((set & PALE_F_EXCL) != 0 && (set & PALE_F_CREAT) == 0)
		return pale_reading_fail(
		    in, line, "'%s': O_EXCL means nothing without O_CREAT", text);
	if ((set & PALE_F_CREAT) != 0 && (set & PALE_F_DIRECTORY) != 0)
		return pale_reading_fail(
		    in, line, "'%s': the kernel refuses O_CREAT with O_DIRECTORY (EINVAL)", text);
	return 0;
}

int
pale_reading_flags(
    struct pale_reading *in, unsigned line, const char *call, const char *text, uint16_t *ret_flags)
{
	bool is_open = strncmp(call, "open", 4) == 0, has_access = false;
	unsigned set = 0;

	for (const char *at = text;;) {
		size_t length = strcspn(at, "|");
		const char *end = at + length;
		const char *word;
		const struct flag *flag = NULL;

		while (length > 0 && *at == ' ')
			at++, length--;
		while (length > 0 && at[length - 1] == ' ')
			length--;
		word = pale_reading_keep(in, at, length);
		if (word == NULL)
			return pale_reading_no_memory(in);
		for (size_t i = 0; i < PALE_COUNT(flags); i++)
			if (strcmp(flags[i].name, word) == 0 && has_flag(&flags[i], call))
				flag = &flags[i];
		if (flag == NULL)
			return unknown_flag(in, line, call, word);
		if (is_open && (flag->bits & (PALE_F_READ | PALE_F_WRITE)) != 0) {
			if (has_access)
				return pale_reading_fail(in, line,
				    "'%s': only one of O_RDONLY, O_WRONLY and O_RDWR", text);
			has_access = true;
		}
		set |= flag->bits;
		if (*end == '\0')
			break;
		at = end + 1;
	}
	if (is_open && !has_access && (set & PALE_F_PATH) == 0)
		set |= PALE_F_READ;
	if ((set & PALE_F_EXCL) != 0 && (set & PALE_F_EXCHANGE) != 0)
		return pale_reading_fail(
		    in, line, "'%s': the kernel refuses the two together (EINVAL)", text);
	*ret_flags = (uint16_t)set;
	return is_open ? check_open_flags(in, line, text, set) : 0;
}
