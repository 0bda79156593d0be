/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What follows from rights.def: names to rights and back, closure, presets, the words of FreeBSD's
 * cap_rights_t, and which mechanism withholds a right. Pure.
 */
#include "core/rights.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/scope.h"
#include "core/suggest.h"

enum {
	WORD_INDEX_SHIFT = 57, /* cap_rights_t: rights below, one-hot index from here */
	RIGHT_NAME_BYTES = 32, /* longer than any name, with room to show a wrong one */
};

#define WORD_RIGHTS ((UINT64_C(1) << WORD_INDEX_SHIFT) - 1)

/* The rights that make a name of some kind. */
#define PALE_RS_MAKE RS(CREATE, MKDIRAT, MKFIFOAT, SYMLINKAT, BINDAT)

/* The rights for which a mount must not be read-only; a test holds this to the rows. */
#define PALE_RS_CHANGE \
	(RS(WRITE, CREATE, FTRUNCATE, FCHFLAGS, FCHMOD, FCHOWN, FUTIMES) | \
	    RS(LINKAT_SOURCE, LINKAT_TARGET, MKDIRAT, MKFIFOAT, SYMLINKAT, BINDAT, UNLINKAT) | \
	    RS(RENAMEAT_SOURCE, RENAMEAT_TARGET, EXTATTR_SET, EXTATTR_DELETE, FLOCK, CONNECTAT))

/* What -r holds, what -w and -x add to it; closed by who hands them out. */
#define PALE_RS_R RS(LOOKUP, READ)
#define PALE_RS_W \
	(RS(WRITE, CREATE, UNLINKAT, MKDIRAT, MKFIFOAT, SYMLINKAT, BINDAT, FTRUNCATE) | \
	    RS(RENAMEAT_SOURCE, RENAMEAT_TARGET, LINKAT_SOURCE, LINKAT_TARGET) | \
	    RS(FCHMOD, FCHOWN, FUTIMES, FSYNC) | \
	    RS(EXTATTR_GET, EXTATTR_LIST, EXTATTR_SET, EXTATTR_DELETE))
#define PALE_RS_X RS(FEXECVE)

static const struct pale_right_row rows[PALE_RIGHT_COUNT] = {
#define RIGHT(id, ...) [PALE_RIGHT_##id] = { __VA_ARGS__ },
#include "core/rights.def"
#undef RIGHT
};

/* A name that stands for several rights. */
struct alias {
	const char *name;
	pale_rights rights;
};

static const struct alias aliases[] = {
#define RIGHT(...)
#define ALIAS(...) { __VA_ARGS__ },
#include "core/rights.def"
#undef RIGHT
};

const struct pale_right_row *
pale_right_row(enum pale_right right)
{
	return &rows[right];
}

/* The name without the "CAP_" that FreeBSD's constants begin with. */
static const char *
bare_name(const char *name)
{
	return strncasecmp(name, "CAP_", 4) == 0 ? name + 4 : name;
}

int
pale_right_find(const char *name, enum pale_right *ret_right)
{
	name = bare_name(name);
	for (unsigned i = 0; i < PALE_RIGHT_COUNT; i++)
		if (strcasecmp(name, rows[i].name) == 0) {
			*ret_right = (enum pale_right)i;
			return 0;
		}
	return -ENOENT;
}

static int
find_word(const char *word, pale_rights *ret_rights)
{
	enum pale_right right;

	if (pale_right_find(word, &right) == 0) {
		*ret_rights = (pale_rights)1 << right;
		return 0;
	}
	word = bare_name(word);
	for (size_t i = 0; i < PALE_COUNT(aliases); i++)
		if (strcasecmp(word, aliases[i].name) == 0) {
			*ret_rights = aliases[i].rights;
			return 0;
		}
	return -ENOENT;
}

static int
fail_unknown(const char *word, struct pale_err *err)
{
	const char *known[PALE_RIGHT_COUNT + PALE_COUNT(aliases)];
	const char *nearest;
	size_t count = 0;

	for (unsigned i = 0; i < PALE_RIGHT_COUNT; i++)
		known[count++] = rows[i].name;
	for (size_t i = 0; i < PALE_COUNT(aliases); i++)
		known[count++] = aliases[i].name;
	nearest = pale_suggest(bare_name(word), known, count);
	pale_fail(err, -EINVAL, "'%s' is not a right", word);
	if (nearest != NULL)
		return pale_remedy(err, "did you mean '%s'?", nearest), -EINVAL;
	return pale_remedy(
		   err, "rights are words like read, write, lookup, create; see pale-run(1)"),
	       -EINVAL;
}

int
pale_rights_parse(const char *text, pale_rights *ret_rights, struct pale_err *err)
{
	pale_rights all = 0;

	for (const char *at = text;;) {
		size_t length = strcspn(at, ",");
		char word[RIGHT_NAME_BYTES];
		pale_rights part;

		if (length == 0) {
			pale_fail(err, -EINVAL, "a right is missing in the list '%s'", text);
			pale_remedy(err, "write names with one comma between them: read,write");
			return -EINVAL;
		}
		/* A word that does not fit is cut: no right is so long, so it stays unknown. */
		snprintf(word, sizeof(word), "%.*s", (int)(length < 1000 ? length : 1000), at);
		if (length >= sizeof(word) || find_word(word, &part) < 0)
			return fail_unknown(word, err);
		all |= part;
		if (at[length] == '\0')
			break;
		at += length + 1;
	}
	*ret_rights = all;
	return 0;
}

size_t
pale_rights_print(pale_rights rights, char *buf, size_t size)
{
	size_t length = 0;

	for (unsigned i = 0; i < PALE_RIGHT_COUNT; i++) {
		if ((rights >> i & 1) == 0)
			continue;
		length += (size_t)snprintf(length < size ? buf + length : NULL,
		    length < size ? size - length : 0, "%s%s", length > 0 ? "," : "", rows[i].name);
	}
	return length > 0 ? length : (size_t)snprintf(buf, size, "none");
}

pale_rights
pale_rights_close(pale_rights rights)
{
	pale_rights before;

	do {
		before = rights;
		for (unsigned i = 0; i < PALE_RIGHT_COUNT; i++)
			if ((rows[i].with & rights) != 0)
				rights |= (pale_rights)1 << i;
	} while (rights != before);
	return rights;
}

pale_rights
pale_rights_essence(pale_rights rights)
{
	for (unsigned i = 0; i < PALE_RIGHT_COUNT; i++) {
		pale_rights without = rights & ~((pale_rights)1 << i);

		if ((rights >> i & 1) != 0 && (pale_rights_close(without) >> i & 1) != 0)
			rights = without;
	}
	return rights;
}

pale_rights
pale_rights_preset_read(void)
{
	return pale_rights_close(PALE_RS_R);
}

pale_rights
pale_rights_preset_write(void)
{
	return pale_rights_close(PALE_RS_R | PALE_RS_W);
}

pale_rights
pale_rights_preset_execute(void)
{
	return pale_rights_close(PALE_RS_R | PALE_RS_X);
}

pale_rights
pale_rights_of_mount(enum pale_right_mount mount)
{
	pale_rights set = 0;

	for (unsigned i = 0; i < PALE_RIGHT_COUNT; i++)
		if (rows[i].mount == mount)
			set |= (pale_rights)1 << i;
	return set;
}

pale_rights
pale_rights_of_how(enum pale_right_how how)
{
	pale_rights set = 0;

	for (unsigned i = 0; i < PALE_RIGHT_COUNT; i++)
		if (rows[i].how == how)
			set |= (pale_rights)1 << i;
	return set;
}

uint64_t
pale_rights_landlock(pale_rights rights)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < PALE_RIGHT_COUNT; i++)
		if ((rights >> i & 1) != 0)
			bits |= rows[i].landlock;
	return bits;
}

/* Does something take this right from a holder of grant that was not given it? */
static bool
is_withheld(const struct pale_right_row *row, pale_rights right, pale_rights grant,
    pale_rights cage, unsigned landlock_abi)
{
	switch (row->how) {
	case PALE_HOW_NEVER: /* no path grant can carry it */
	case PALE_HOW_WITH:  /* the grant holds nothing that would bring it */
		return true;
	case PALE_HOW_SECCOMP:
		if ((right & cage) == 0)
			return true;
		break;
	case PALE_HOW_ASK:
		break;
	case PALE_HOW_MOUNT:
	case PALE_HOW_LANDLOCK:
		if (row->landlock != 0 && landlock_abi >= row->landlock_abi)
			return true;
		break;
	}
	if (row->mount != PALE_MOUNT_NOTHING && (grant & pale_rights_of_mount(row->mount)) == 0)
		return true;
	for (size_t i = 0; i < PALE_COUNT(row->only_with); i++)
		if (row->only_with[i] != 0 && (grant & row->only_with[i]) == 0 && landlock_abi > 0)
			return true;
	return false;
}

pale_rights
pale_rights_leak(pale_rights grant, pale_rights cage, unsigned landlock_abi)
{
	pale_rights leak = 0;

	grant = pale_rights_close(grant);
	for (unsigned i = 0; i < PALE_RIGHT_COUNT; i++) {
		pale_rights right = (pale_rights)1 << i;

		if ((grant & right) == 0 &&
		    !is_withheld(&rows[i], right, grant, cage, landlock_abi))
			leak |= right;
	}
	return leak;
}

void
pale_rights_to_words(pale_rights rights, uint64_t words[2])
{
	for (unsigned w = 0; w < 2; w++)
		words[w] = UINT64_C(1) << (WORD_INDEX_SHIFT + w);
	for (unsigned i = 0; i < PALE_RIGHT_COUNT; i++)
		if ((rights >> i & 1) != 0)
			words[rows[i].idx] |= rows[i].bits;
}

int
pale_rights_from_words(const uint64_t words[2], pale_rights *ret_rights)
{
	uint64_t left[2];
	pale_rights rights = 0;

	for (unsigned w = 0; w < 2; w++) {
		if (words[w] >> WORD_INDEX_SHIFT != UINT64_C(1) << w)
			return -EINVAL;
		left[w] = words[w] & WORD_RIGHTS;
	}
	for (unsigned i = 0; i < PALE_RIGHT_COUNT; i++)
		if ((left[rows[i].idx] & rows[i].bits) != 0) {
			rights |= (pale_rights)1 << i;
			left[rows[i].idx] &= ~rows[i].bits;
		}
	if ((left[0] | left[1]) != 0)
		return -EINVAL;
	*ret_rights = rights;
	return 0;
}
