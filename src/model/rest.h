/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths as the model has them: every path of a scenario and everything that can be left of one
 * while it is walked, numbered before the search begins. Where a link's target can come before what
 * is left, that is a path too; so all of them are found here, and a walk only looks them up.
 *
 * It is bounded and always the same: links that lie within each other in one path are followed to
 * the kernel's depth of 40, or as deep as there is room. A link that leads to itself makes no
 * new path, so that it runs into the walker's own limit, as in the kernel.
 */
#ifndef PALE_MODEL_REST_H
#define PALE_MODEL_REST_H

#include "core/err.h"
#include "model/model.h"

enum {
	PALE_REST_EMPTY = 1,       /* the rest of which nothing is left */
	PALE_REST_LINKS = 40,      /* MAXSYMLINKS of Linux */
	PALE_REST_LINKS_LEAST = 4, /* a scenario without room for so many is refused */
};

/*
 * What is left where the target of a link takes its place.
 *
 *   target  of the link, a rest
 *   behind  what was left behind the link
 *   slash   one stood behind the link
 *
 * Returns the rest, or 0 where the model has no room for so many links in one path (-ELOOP).
 * Test: tests/unit/model_rest.c
 */
pale_walker_rest pale_rest_splice(
    const struct pale_model *model, pale_walker_rest target, pale_walker_rest behind, bool slash);

/* How the reader finds them. Zeroed is empty; pale_rests_done gives everything back. */
struct pale_rests {
	struct pale_rests_one {
		char *text;
		uint16_t name; /* of its first component; 0: none, or a dot */
		uint8_t depth; /* links put into it, at least */
		pale_walker_rest behind;
	} * list;
	size_t count, size;
	char **names; /* from 1 */
	size_t name_count, name_size;
	uint32_t *table; /* of list, by text */
	size_t table_size;
	size_t limit; /* of count, while links are put in; 0: none */
};

/*
 * Take a path in, with all that can be left of it.
 *
 * Slashes that are repeated count as one. Returns 0, -ENOMEM, -ENAMETOOLONG, -E2BIG (65,535).
 */
int pale_rests_add(struct pale_rests *rests, const char *path, pale_walker_rest *ret_rest);

/* The number of a component, made if it is new: 0 or -ENOMEM. */
int pale_rests_name(struct pale_rests *rests, const char *text, size_t length, uint16_t *ret_name);

/*
 * Put links into all paths and give everything to the model.
 *
 *   targets     of all links that there can be, count of them; without repetition
 *   can_be_link by name: may a name with this number be a link's?
 *
 * Returns 0, -ENOMEM, -E2BIG with the number that was needed.
 */
int pale_rests_close(struct pale_rests *rests, const pale_walker_rest *targets, size_t count,
    const bool *can_be_link, struct pale_model *model, struct pale_err *err);

void pale_rests_done(struct pale_rests *rests);

#endif
