/* SPDX-License-Identifier: BSD-2-Clause */
/* The state of learning, for learn.c (before and after the run) and hear.c (during it). */
#ifndef PALE_RUN_LEARN_STATE_H
#define PALE_RUN_LEARN_STATE_H

#include "run/trace/heard.h"
#include "run/learn/learn.h"
#include "run/learn/text.h"
#include "run/learn/scribe.h"
#include "run/learn/secrets.h"
#include "run/trace/trace.h"

/* Owned strings. */
struct pale_learn_paths {
	char **list;
	size_t count;
};

/* A grant that has more rights while its program is learned, with those it has otherwise. */
struct pale_learn_narrow {
	char *path;
	pale_rights rights;
};

struct pale_learn {
	struct pale_learn_options options;
	struct pale_scribe scribe;
	char *text; /* of the file, or NULL */
	size_t text_size;
	struct pale_learn_old old;
	struct pale_seen_list seen;
	struct pale_learn_paths roots; /* canonical */
	struct pale_learn_paths never; /* canonical */
	struct pale_learn_paths named; /* canonical: grants, which are no secrets then */
	struct pale_secrets secrets;
	struct pale_policy policy; /* of the run */
	struct pale_learn_narrow *narrow;
	size_t narrow_count;
	struct pale_watcher watcher;
	const struct pale_watcher *inner; /* or NULL */
	struct pale_trace *trace;         /* what is denied */
	struct pale_learn_base *base;     /* what others grant; paths owned */
	size_t base_count;
	char *start_dir; /* where we were called, outside */
	char *file_dir;  /* canonical directory of the file; or NULL */
	char *cwd;       /* where the program started, inside */
	char **command;  /* borrowed from the policy */
	bool *touched;   /* secrets that the program came upon, one each */
	struct pale_heard_facts facts;
};

/* Is a canonical path in one of the trees, or one? */
bool pale_learn_is_within(const struct pale_learn *learn, const char *path);

/* The hook of the watcher. */
void pale_learn_hear(void *state, const struct pale_heard_call *heard);

/* Note the symbolic links that a path crosses in the trees. */
void pale_learn_links(struct pale_learn *learn, const char *path);

/* Append a copy of a path. False when there is no memory. */
bool pale_learn_add_path(struct pale_learn_paths *paths, const char *path);

/* Fill .roots, and .named with them: -errno with a sentence for what cannot be a tree. */
int pale_learn_trees(struct pale_learn *learn, struct pale_err *err);

/* Fill .never: homes, of whoever calls and of everybody in whose home a tree lies. */
int pale_learn_homes(struct pale_learn *learn, struct pale_err *err);

/* How many distinct denials are told of; and add them to the lines of comment. */
size_t pale_learn_denied(const struct pale_learn *learn);
void pale_learn_put_denied(const struct pale_learn *learn, char **text);

#endif
