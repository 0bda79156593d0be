/* SPDX-License-Identifier: BSD-2-Clause */
/* What a file name looks like; see name.h. */
#include "run/learn/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "core/scope.h"

enum {
	RANDOM_BYTES = 6, /* of mkstemp's XXXXXX; some programs take more */
	RANDOM_BYTES_MAX = 16,
	HEX_BYTES = 16,
	PID_DIGITS = 3, /* the least that a number has which is taken for a process */
	PID_DIGITS_MAX = 7,
};

static const char hex[] = "0123456789abcdefABCDEF";

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* 8-4-4-4-12, anywhere in the name. */
static bool
has_uuid(const char *name)
{
	static const unsigned char groups[] = { 8, 4, 4, 4, 12 };
	size_t len = strlen(name);

	for (const char *at = name; len >= 36 && (size_t)(at - name) <= len - 36; at++) {
		const char *part = at;
		size_t i = 0;

		for (; i < sizeof(groups) && strspn(part, hex) >= groups[i]; i++) {
			part += groups[i];
			if (i + 1 < sizeof(groups) && *part++ != '-')
				break;
		}
		if (i == sizeof(groups))
			return true;
	}
	return false;
}

/* A run of hexadecimal digits with digits and letters, as long as a hash. */
static bool
has_hash(const char *name)
{
	for (const char *at = name; *at != '\0';) {
		size_t run = strspn(at, hex);
		size_t numbers = 0;

		for (size_t i = 0; i < run; i++)
			numbers += is_digit(at[i]);
		if (run >= HEX_BYTES && numbers >= 2 && numbers < run)
			return true;
		at += run + (run == 0);
	}
	return false;
}

/* Small letters, capitals, digits; -1 for what is none of them. */
static int
class_of(char c)
{
	if (is_digit(c))
		return 2;
	if (c >= 'a' && c <= 'z')
		return 0;
	return c >= 'A' && c <= 'Z' ? 1 : -1;
}

/*
 * An end as mkstemp makes it: letters and digits that are no word. Words have digits and capitals
 * too ("x86dispatch", "MyClass"), but change less often between them. A third of all random ends of
 * six characters has no digit and is not seen.
 */
static bool
is_shaken(const char *text, size_t len)
{
	size_t of_class[3] = { 0 };
	size_t changes = 0;
	int before = -1;

	if (len < RANDOM_BYTES || len > RANDOM_BYTES_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		int class = class_of(text[i]);

		if (class < 0 && text[i] != '_')
			return false;
		if (class < 0)
			continue;
		of_class[class]++;
		changes += before >= 0 && before != class;
		before = class;
	}
	if (of_class[2] == 0 || of_class[2] == len)
		return false;
	return changes >= (of_class[0] > 0 && of_class[1] > 0 ? 2 : 3);
}

/* Is the name up to `end` one with a shaken end, behind the last of some separators? */
static bool
ends_shaken(const char *name, size_t end, const char *separators)
{
	static const char *const starts[] = { "tmp", "cc", "st", "sed" };
	size_t start = end;

	while (start > 0 && strchr(separators, name[start - 1]) == NULL)
		start--;
	if (start > 0)
		return is_shaken(name + start, end - start);
	/* Some programs put it right behind a word. */
	for (size_t i = 0; i < PALE_COUNT(starts); i++) {
		size_t skip = strlen(starts[i]);

		if (strncmp(name, starts[i], skip) == 0 && end > skip &&
		    end - skip <= RANDOM_BYTES + 2 && is_shaken(name + skip, end - skip))
			return true;
	}
	return false;
}

/* An end as mkstemp makes it, or as mkstemps does, before an extension. */
static bool
has_random_end(const char *name)
{
	size_t len = strlen(name);
	const char *extension = strrchr(name, '.');
	size_t body = extension == NULL || extension == name ? len : (size_t)(extension - name);

	/* Python's random characters have '_' among them. */
	return ends_shaken(name, len, ".-_") || ends_shaken(name, len, ".-") ||
	    ends_shaken(name, body, ".-_") || ends_shaken(name, body, ".-");
}

/* A number that may be a process: all of the name, or its end behind '.', '-' or '_'. */
static bool
has_pid(const char *name)
{
	size_t len = strlen(name);
	size_t start = len;

	while (start > 0 && is_digit(name[start - 1]))
		start--;
	if (len - start < PID_DIGITS || len - start > PID_DIGITS_MAX || name[start] == '0')
		return false;
	/* "1.2.345" is a version. */
	return start == 0 ||
	    (strchr(".-_", name[start - 1]) != NULL && (start < 2 || !is_digit(name[start - 2])));
}

/* Numbers parted by dots: "1.2". Or a number behind ".so.". */
static bool
has_version(const char *name)
{
	const char *so = strstr(name, ".so.");

	if (so != NULL && is_digit(so[4]))
		return true;
	for (const char *at = name; *at != '\0'; at++) {
		if (is_digit(at[0]) && at[1] == '.' && is_digit(at[2]))
			return true;
	}
	return false;
}

enum pale_name_kind
pale_name_kind(const char *name)
{
	if (has_uuid(name))
		return PALE_NAME_UUID;
	if (has_hash(name))
		return PALE_NAME_HEX;
	if (has_random_end(name))
		return PALE_NAME_RANDOM;
	if (has_pid(name))
		return PALE_NAME_PID;
	return has_version(name) ? PALE_NAME_VERSION : PALE_NAME_PLAIN;
}

const char *
pale_name_words(enum pale_name_kind kind)
{
	switch (kind) {
	case PALE_NAME_PLAIN:
		break;
	case PALE_NAME_RANDOM:
		return "a name made at random";
	case PALE_NAME_HEX:
		return "a hash";
	case PALE_NAME_UUID:
		return "a random identifier";
	case PALE_NAME_PID:
		return "a number that may be a process";
	case PALE_NAME_VERSION:
		return "a version";
	}
	return "a plain name";
}

int
pale_name_is_fan(const char *name)
{
	return strlen(name) == 2 && strspn(name, hex) == 2;
}
