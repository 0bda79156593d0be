/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths and what can be left of them, numbered; see rest.h. */
#include "model/rest.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/path.h"
#include "core/scope.h"

enum {
	TABLE_LEAST = 64,      /* slots of a hash table, a power of two */
	REST_MAX = UINT16_MAX, /* numbers that a rest can have */
};

static uint32_t
hash_text(const char *text)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash;
}

/* Room for one more in a list that is full when its count is its size. */
static void *
grow(void *list, size_t count, size_t *size, size_t each)
{
	size_t room = *size == 0 ? 16 : *size * 2;
	void *grown;

	if (count < *size)
		return list;
	grown = reallocarray(list, room, each);
	if (grown != NULL)
		*size = room;
	return grown;
}

int
pale_rests_name(struct pale_rests *rests, const char *text, size_t length, uint16_t *ret_name)
{
	char **names;

	for (size_t i = 1; i < rests->name_count; i++)
		if (strlen(rests->names[i]) == length &&
		    memcmp(rests->names[i], text, length) == 0) {
			*ret_name = (uint16_t)i;
			return 0;
		}
	if (rests->name_count == 0)
		rests->name_count = 1;
	if (rests->name_count > UINT16_MAX)
		return -E2BIG;
	names = grow(rests->names, rests->name_count, &rests->name_size, sizeof(*names));
	if (names == NULL)
		return -ENOMEM;
	rests->names = names;
	names[0] = NULL;
	names[rests->name_count] = strndup(text, length);
	if (names[rests->name_count] == NULL)
		return -ENOMEM;
	*ret_name = (uint16_t)rests->name_count++;
	return 0;
}

/* The slot of a text in the table: where it is, or where it would be. */
static uint32_t *
slot_of(const struct pale_rests *rests, const char *text)
{
	size_t at = hash_text(text) & (rests->table_size - 1);

	while (rests->table[at] != 0 && strcmp(rests->list[rests->table[at]].text, text) != 0)
		at = (at + 1) & (rests->table_size - 1);
	return &rests->table[at];
}

/* Keep at least half of the table free. */
static int
grow_table(struct pale_rests *rests)
{
	size_t size = rests->table_size == 0 ? TABLE_LEAST : rests->table_size * 2;
	uint32_t *table;

	if (rests->count * 2 < rests->table_size)
		return 0;
	table = calloc(size, sizeof(*table));
	if (table == NULL)
		return -ENOMEM;
	free(rests->table);
	rests->table = table;
	rests->table_size = size;
	for (size_t i = 1; i < rests->count; i++)
		*slot_of(rests, rests->list[i].text) = (uint32_t)i;
	return 0;
}

/* Add one text, normalised, and nothing behind it. */
static int
add_one(struct pale_rests *rests, const char *text, unsigned depth, bool *ret_new,
    pale_walker_rest *ret_rest)
{
	struct pale_rests_one *list;
	uint32_t *slot;

	if (rests->count == 0)
		rests->count = 1;
	if (grow_table(rests) < 0)
		return -ENOMEM;
	slot = slot_of(rests, text);
	*ret_new = *slot == 0;
	if (*slot != 0) {
		*ret_rest = (pale_walker_rest)*slot;
		return 0;
	}
	if (rests->count > REST_MAX || (rests->limit != 0 && rests->count >= rests->limit))
		return -E2BIG;
	list = grow(rests->list, rests->count, &rests->size, sizeof(*list));
	if (list == NULL)
		return -ENOMEM;
	rests->list = list;
	list[rests->count] =
	    (struct pale_rests_one){ .text = strdup(text), .depth = (uint8_t)depth };
	if (list[rests->count].text == NULL)
		return -ENOMEM;
	*slot = (uint32_t)rests->count;
	*ret_rest = (pale_walker_rest)rests->count++;
	return 0;
}

/* One slash for several; nothing else is changed. */
static int
one_slash(const char *path, char buf[PATH_MAX])
{
	size_t length = 0;

	for (; *path != '\0'; path++) {
		if (*path == '/' && length > 0 && buf[length - 1] == '/')
			continue;
		if (length + 1 >= PATH_MAX)
			return -ENAMETOOLONG;
		buf[length++] = *path;
	}
	buf[length] = '\0';
	return 0;
}

static int
add(struct pale_rests *rests, const char *path, unsigned depth, pale_walker_rest *ret_rest)
{
	char text[PATH_MAX];
	const char *at = text;
	pale_walker_rest before = 0, rest, first = 0;
	bool is_new = true;
	int rc = one_slash(path, text);

	/* Each suffix in turn; behind one that is known everything is. */
	while (rc == 0 && is_new) {
		struct pale_part part;
		uint16_t name = 0;

		rc = add_one(rests, at, depth, &is_new, &rest);
		if (rc < 0)
			break;
		if (first == 0)
			first = rest;
		if (before != 0)
			rests->list[before].behind = rest;
		if (!is_new || *at == '\0')
			break;
		rc = pale_path_next(&at, &part);
		if (rc < 0)
			break;
		if (part.kind == PALE_PART_NAME)
			rc = pale_rests_name(rests, part.text, part.len, &name);
		else
			rc = 0;
		rests->list[rest].name = name;
		before = rest;
	}
	if (rc < 0)
		return rc;
	*ret_rest = first;
	return 0;
}

int
pale_rests_add(struct pale_rests *rests, const char *path, pale_walker_rest *ret_rest)
{
	pale_walker_rest empty;
	int rc = rests->count > 1 ? 0 : add(rests, "", 0, &empty);

	return rc < 0 ? rc : add(rests, path, 0, ret_rest);
}

/* What has been found of links in paths. */
struct splices {
	struct pale_model_splice *list;
	size_t count, size;
};

static uint32_t
splice_key(pale_walker_rest target, pale_walker_rest behind, bool slash)
{
	return (uint32_t)target << 12 | (uint32_t)behind << 1 | (slash ? 1 : 0);
}

/* Put one target before one rest. */
static int
splice(struct pale_rests *rests, struct splices *splices, pale_walker_rest target,
    pale_walker_rest behind, bool slash, unsigned depth)
{
	char text[2 * PATH_MAX];
	struct pale_model_splice *list;
	pale_walker_rest rest;
	int rc;

	snprintf(text, sizeof(text), "%s%s%s", rests->list[target].text, slash ? "/" : "",
	    rests->list[behind].text);
	rc = add(rests, text, depth, &rest);
	/* No kernel walks so long a path either. */
	if (rc < 0)
		return rc == -ENAMETOOLONG ? 0 : rc;
	list = grow(splices->list, splices->count, &splices->size, sizeof(*list));
	if (list == NULL)
		return -ENOMEM;
	splices->list = list;
	list[splices->count++] =
	    (struct pale_model_splice){ .key = splice_key(target, behind, slash), .rest = rest };
	return 0;
}

/*
 * Depth by depth, so that where the room ends all that lies less deep is complete: the list is in
 * the order of depth, as what is found is put behind it.
 */
static int
find_splices(struct pale_rests *rests, struct splices *splices, const pale_walker_rest *targets,
    size_t count, const bool *can_be_link, unsigned *ret_links)
{
	size_t level_rests = rests->count, level_splices = 0;
	unsigned depth = 0;
	int rc = 0;

	/* A link that is the last component, with and without a slash behind it. */
	for (size_t t = 0; rc == 0 && t < count; t++) {
		rc = splice(rests, splices, targets[t], PALE_REST_EMPTY, false, 0);
		if (rc == 0)
			rc = splice(rests, splices, targets[t], PALE_REST_EMPTY, true, 0);
	}
	for (size_t i = 1; rc == 0 && i < rests->count; i++) {
		struct pale_rests_one one = rests->list[i];
		const char *text = one.text + (one.text[0] == '/' ? 1 : 0);
		bool slash = strchr(text, '/') != NULL;

		if (one.depth > depth) {
			depth = one.depth;
			level_rests = rests->count;
			level_splices = splices->count;
		}
		if (depth == PALE_REST_LINKS)
			break;
		if (one.name == 0 || !can_be_link[one.name])
			continue;
		/* By itself it is known already. */
		if (one.behind == PALE_REST_EMPTY)
			continue;
		for (size_t t = 0; rc == 0 && t < count; t++)
			rc = splice(rests, splices, targets[t], one.behind, slash, depth + 1u);
	}
	*ret_links = PALE_REST_LINKS;
	if (rc == -E2BIG && depth >= PALE_REST_LINKS_LEAST) {
		for (size_t i = level_rests; i < rests->count; i++)
			free(rests->list[i].text);
		rests->count = level_rests;
		splices->count = level_splices;
		*ret_links = depth;
		rc = 0;
	}
	return rc;
}

/* The first component as walkers are told of it. */
static void
set_part(const struct pale_rests *rests, pale_walker_rest rest, const char *const *names,
    struct pale_model_rest *ret)
{
	static const char *const dots[] = { "", ".", ".." };
	const struct pale_rests_one *one = &rests->list[rest];
	const char *at = one->text;
	struct pale_part part;

	pale_path_next(&at, &part);
	ret->absolute = one->text[0] == '/';
	ret->single = part.kind == PALE_PART_NAME && part.last && !part.slash && !ret->absolute;
	ret->part = (struct pale_walker_part){
		.name = one->name,
		.text = names[one->name],
		.slash = part.slash,
		.last = part.last,
		.rest = one->behind == 0 ? PALE_REST_EMPTY : one->behind,
	};
	switch (part.kind) {
	case PALE_PART_NAME:
		ret->part.kind = PALE_WALKER_NAME;
		return;
	case PALE_PART_DOT:
		ret->part.kind = PALE_WALKER_DOT;
		ret->part.text = dots[1];
		return;
	case PALE_PART_DOTDOT:
		ret->part.kind = PALE_WALKER_DOTDOT;
		ret->part.text = dots[2];
		return;
	case PALE_PART_END:
	default:
		ret->part.kind = PALE_WALKER_END;
		ret->part.text = dots[0];
		return;
	}
}

/* The model's own tables; what was found goes over to it. */
static int
give(struct pale_rests *rests, const struct splices *splices, struct pale_model *model)
{
	struct pale_model_rest *list = calloc(rests->count, sizeof(*list));
	uint32_t size = TABLE_LEAST;

	while (size < splices->count * 2)
		size *= 2;
	model->splices = calloc(size, sizeof(*model->splices));
	model->splice_mask = size - 1;
	model->rests = list;
	if (list == NULL || model->splices == NULL)
		return -ENOMEM;
	for (size_t i = 1; i < rests->name_count; i++) {
		model->names[i] = rests->names[i];
		rests->names[i] = NULL;
	}
	model->name_count = rests->name_count;
	model->rest_count = rests->count;
	for (size_t i = 1; i < rests->count; i++) {
		set_part(rests, (pale_walker_rest)i, model->names, &list[i]);
		list[i].text = rests->list[i].text;
		rests->list[i].text = NULL;
	}
	for (size_t i = 0; i < splices->count; i++) {
		uint32_t at = splices->list[i].key * 2654435761u >> 7 & model->splice_mask;

		while (
		    model->splices[at].key != 0 && model->splices[at].key != splices->list[i].key)
			at = (at + 1) & model->splice_mask;
		model->splices[at] = splices->list[i];
	}
	return 0;
}

int
pale_rests_close(struct pale_rests *rests, const pale_walker_rest *targets, size_t count,
    const bool *can_be_link, struct pale_model *model, struct pale_err *err)
{
	struct splices splices = { 0 };
	unsigned links = 0;
	int rc;

	if (rests->name_count > PALE_MODEL_NAMES)
		return pale_fail(err, -E2BIG,
		    "its paths have %zu different names, and there is room for %d",
		    rests->name_count - 1, PALE_MODEL_NAMES - 1);
	if (rests->count > PALE_MODEL_RESTS)
		return pale_fail(err, -E2BIG,
		    "its paths and what can be left of them are %zu, and there is room for %d",
		    rests->count - 1, PALE_MODEL_RESTS - 1);
	rests->limit = PALE_MODEL_RESTS;
	rc = find_splices(rests, &splices, targets, count, can_be_link, &links);
	model->links = (uint8_t)links;
	if (rc == 0)
		rc = give(rests, &splices, model);
	free(splices.list);
	if (rc == -E2BIG) {
		pale_fail(err, rc,
		    "its links can be put into its paths in more than %d ways, before %d lie "
		    "within each other",
		    PALE_MODEL_RESTS - 1, PALE_REST_LINKS_LEAST);
		return pale_remedy(err, "use fewer or shorter targets and paths");
	}
	return rc == 0 ? 0 : pale_fail(err, rc, "out of memory");
}

void
pale_rests_done(struct pale_rests *rests)
{
	for (size_t i = 1; i < rests->count; i++)
		free(rests->list[i].text);
	for (size_t i = 1; i < rests->name_count; i++)
		free(rests->names[i]);
	free(rests->list);
	free(rests->names);
	free(rests->table);
	*rests = (struct pale_rests){ 0 };
}

pale_walker_rest
pale_rest_splice(
    const struct pale_model *model, pale_walker_rest target, pale_walker_rest behind, bool slash)
{
	uint32_t key = splice_key(target, behind, slash);
	uint32_t at = key * 2654435761u >> 7 & model->splice_mask;

	if (behind == PALE_REST_EMPTY && !slash)
		return target;
	while (model->splices[at].key != 0) {
		if (model->splices[at].key == key)
			return model->splices[at].rest;
		at = (at + 1) & model->splice_mask;
	}
	return 0;
}
