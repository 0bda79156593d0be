/* SPDX-License-Identifier: BSD-2-Clause */
/* Owners as they are; see vouch.h. */
#include "run/vouch.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/path.h"
#include "core/scope.h"

static bool
is_path(const struct pale_grant *grant)
{
	return grant->kind == PALE_GRANT_PATH || grant->kind == PALE_GRANT_DIR ||
	    grant->kind == PALE_GRANT_FILE || grant->kind == PALE_GRANT_FIFO;
}

/* The name of a grant, absolute and without "." and "..". */
static bool
name_of(const struct pale_grant *grant, const char *cwd, char *buf, size_t size)
{
	char below[PATH_MAX];
	char joined[PATH_MAX];

	return pale_path_join(cwd, grant->base == NULL ? "" : grant->base, below, sizeof(below)) ==
	    0 &&
	    pale_path_join(below, grant->path, joined, sizeof(joined)) == 0 &&
	    pale_path_normalise(joined, buf, size) == 0;
}

/* Does a grant take away something of this one? */
static bool
is_narrowed(
    const struct pale_compartment *compartment, const struct pale_grant *wide, const char *cwd)
{
	char wide_name[PATH_MAX];
	char name[PATH_MAX];

	if (!name_of(wide, cwd, wide_name, sizeof(wide_name)))
		return false;
	for (size_t i = 0; i < compartment->grant_count; i++) {
		const struct pale_grant *grant = &compartment->grants[i];

		if (is_path(grant) && (wide->rights & ~grant->rights) != 0 &&
		    name_of(grant, cwd, name, sizeof(name)) &&
		    pale_path_is_beneath(name, wide_name))
			return true;
	}
	return false;
}

bool
pale_vouch_needed(const struct pale_compartment *compartment)
{
	pale_rights change = pale_rights_of_mount(PALE_MOUNT_RDONLY);
	char cwd[PATH_MAX];

	for (size_t i = 0; i < compartment->grant_count; i++) {
		const struct pale_grant *grant = &compartment->grants[i];

		if (grant->kind == PALE_GRANT_HIDE)
			return true;
		/* Whether the kernel may connect depends on whose the directories are. */
		if (grant->kind == PALE_GRANT_UNIX && grant->path[0] != '@')
			return true;
	}
	if (getcwd(cwd, sizeof(cwd)) == NULL)
		return false;
	for (size_t i = 0; i < compartment->grant_count; i++) {
		const struct pale_grant *grant = &compartment->grants[i];

		if (is_path(grant) && (grant->rights & change) != 0 &&
		    is_narrowed(compartment, grant, cwd))
			return true;
	}
	return false;
}

bool
pale_vouch_for(const struct pale_plan *outside, const struct pale_entry *entry,
    const struct pale_entry *cover, bool hidden)
{
	for (size_t i = 0; i < outside->entry_count; i++) {
		const struct pale_entry *one = &outside->entries[i];
		size_t above = one->cover;

		while (above != PALE_NO_COVER && outside->entries[above].redundant)
			above = outside->entries[above].cover;
		bool same = one->at.dev == entry->at.dev && one->at.ino == entry->at.ino;

		if (one->safe && above != PALE_NO_COVER && one->kind == entry->kind &&
		    (same || (hidden && one->kind == PALE_GRANT_HIDE)) &&
		    strcmp(one->path, entry->path) == 0 &&
		    strcmp(outside->entries[above].path, cover->path) == 0)
			return true;
	}
	return false;
}
