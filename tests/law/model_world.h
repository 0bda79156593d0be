/* SPDX-License-Identifier: BSD-2-Clause */
/* The text of a world while it is written; for model_world*.c. */
#ifndef PALE_TESTS_LAW_MODEL_WORLD_H
#define PALE_TESTS_LAW_MODEL_WORLD_H

#include <string.h>

#include "model.h"
#include "random.h"

enum { WORLD_DIRS = 7, WORLD_PATHS = 24 };

struct writer {
	char *text;
	size_t length;
	uint64_t seed;
	bool users;
	char dirs[WORLD_DIRS][64];
	unsigned dir_count;
	char paths[WORLD_PATHS][96]; /* of all that there is at first */
	unsigned path_count;
	const char *top, *sub; /* what is delegated to the compartment at hand */
};

void say(struct writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *pick(struct writer *w, const char *const *of, size_t count);

/* One of the words. */
#define PICK(w, ...) \
	pick(w, (const char *const[]){ __VA_ARGS__ }, \
	    sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))

const char *world_user(struct writer *w);
const char *world_file_mode(struct writer *w);

/* What most calls of IPC need: at most WORLD_FIRST of them. sockets: those, too. */
void world_write_ipc_first(struct writer *w, bool sockets);
/* A call of IPC, quoted. */
void world_write_ipc(struct writer *w, bool sockets);

#endif
