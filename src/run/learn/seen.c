/* SPDX-License-Identifier: BSD-2-Clause */
/* What was seen of a program; see seen.h. */
#include "run/learn/seen.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SLOTS = 1 << 16, /* more than three for each name */
};

void
pale_seen_init(struct pale_seen_list *seen)
{
	*seen = (struct pale_seen_list){ 0 };
}

void
pale_seen_done(struct pale_seen_list *seen)
{
	for (size_t i = 0; i < seen->count; i++) {
		free(seen->list[i].path);
		free(seen->list[i].target);
		free(seen->list[i].notes);
	}
	free(seen->list);
	free(seen->slots);
	pale_seen_init(seen);
}

/* FNV-1a. Names that collide cost time, and there are not many. */
static size_t
hash(const char *path)
{
	uint64_t h = 0xcbf29ce484222325;

	for (; *path != '\0'; path++)
		h = (h ^ (unsigned char)*path) * 0x100000001b3;
	return (size_t)(h ^ h >> 32);
}

/* The slot that has a path, or the free one where it belongs. */
static uint32_t *
find_slot(const struct pale_seen_list *seen, const char *path)
{
	size_t at = hash(path) & (SLOTS - 1);

	while (seen->slots[at] != 0 && strcmp(seen->list[seen->slots[at] - 1].path, path) != 0)
		at = (at + 1) & (SLOTS - 1);
	return &seen->slots[at];
}

struct pale_seen *
pale_seen_find(const struct pale_seen_list *seen, const char *path)
{
	const uint32_t *slot = seen->slots == NULL ? NULL : find_slot(seen, path);

	return slot == NULL || *slot == 0 ? NULL : &seen->list[*slot - 1];
}

/* The nearest directory above a path that is kept. */
static struct pale_seen *
find_above(const struct pale_seen_list *seen, const char *path)
{
	char part[PATH_MAX];
	size_t len = strlen(path);
	char *slash;

	if (len >= sizeof(part))
		return NULL;
	memcpy(part, path, len + 1);
	while ((slash = strrchr(part, '/')) != NULL && slash != part) {
		struct pale_seen *found;

		*slash = '\0';
		found = pale_seen_find(seen, part);
		if (found != NULL && found->type == PALE_SEEN_DIR)
			return found;
	}
	return NULL;
}

static struct pale_seen *
keep_name(struct pale_seen_list *seen, const char *path)
{
	size_t size = strlen(path) + 1;
	struct pale_seen *grown = seen->list;
	char *copy;

	/* Full exactly when the count is a power of two. */
	if ((seen->count & (seen->count - 1)) == 0)
		grown = reallocarray(
		    seen->list, seen->count == 0 ? 1 : seen->count * 2, sizeof(*grown));
	if (grown == NULL)
		return NULL;
	seen->list = grown;
	if (seen->slots == NULL)
		seen->slots = calloc(SLOTS, sizeof(*seen->slots));
	copy = seen->slots == NULL ? NULL : malloc(size);
	if (copy == NULL)
		return NULL;
	memcpy(copy, path, size);
	*find_slot(seen, path) = (uint32_t)seen->count + 1;
	grown += seen->count++;
	*grown = (struct pale_seen){ .path = copy, .reach = SIZE_MAX };
	seen->bytes += size + sizeof(*grown);
	return grown;
}

struct pale_seen *
pale_seen_use(struct pale_seen_list *seen, const char *path, pale_rights rights,
    enum pale_seen_type type, const char *first, bool keep)
{
	struct pale_seen *one = pale_seen_find(seen, path);
	bool full = seen->count >= PALE_SEEN_MAX || seen->bytes >= PALE_SEEN_BYTES_MAX;

	if (one == NULL && (!full || (keep && seen->count < SLOTS / 2)))
		one = keep_name(seen, path);
	if (one == NULL) {
		one = find_above(seen, path);
		if (one == NULL)
			return NULL;
		seen->folded++;
		one->folded++;
		type = PALE_SEEN_UNKNOWN;
	}
	if (one->count == 0 && first != NULL && one->first[0] == '\0')
		snprintf(one->first, sizeof(one->first), "%s", first);
	one->rights |= rights;
	one->count++;
	if (type != PALE_SEEN_UNKNOWN)
		one->type = type;
	return one;
}

/* The length of the directory that two paths have in common. */
static size_t
common(const char *a, const char *b)
{
	size_t last = 0;

	for (size_t i = 0; a[i] != '\0' && a[i] == b[i]; i++)
		if (a[i] == '/')
			last = i;
	return last;
}

void
pale_seen_join(struct pale_seen_list *seen, const char *a, const char *b)
{
	size_t reach = common(a, b);
	struct pale_seen *ends[2] = { pale_seen_find(seen, a), pale_seen_find(seen, b) };

	for (size_t i = 0; i < 2; i++) {
		if (ends[i] == NULL)
			ends[i] = find_above(seen, i == 0 ? a : b);
		if (ends[i] != NULL && reach < ends[i]->reach)
			ends[i]->reach = reach;
	}
}
