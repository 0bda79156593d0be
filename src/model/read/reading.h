/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A scenario while it is read; for read*.c alone. Lists grow as the text needs them and go over to
 * the model, which has fixed room, at the end: so what does not fit is told with its number.
 *
 * Functions return 0 or -errno with "FILE:LINE: ..." recorded, unless said otherwise.
 */
#ifndef PALE_MODEL_READING_H
#define PALE_MODEL_READING_H

#include "core/scope.h"
#include "model/read.h"
#include "model/rest.h"
#include "model/state.h"
#include "policy/reader.h"

/* The statements, in the order of words.def. */
enum pale_word {
#define STATEMENT(name, place, times, phase, least, most, takes, says) PALE_WORD_##name,
#include "model/read/words.def"
	PALE_WORD_COUNT,
};

/* A node of the tree, before it is an inode; its number is the inode's. */
struct pale_node {
	enum pale_inode_type type;
	unsigned line;       /* that says it, 0: the root */
	bool said;           /* not only as the parent of something */
	size_t parent, name; /* of a directory */
	size_t user, content;
	uint16_t mode;
	pale_walker_rest target;
	const char *path;
};

/* A name of what is no directory. */
struct pale_named {
	size_t dir, name, node;
};

/* A word that stands for a value. */
struct pale_value {
	const char *text;
	unsigned made_line;   /* where something holds or writes it, 0: nothing does */
	unsigned wanted_line; /* where something asks for it */
};

/* A descriptor or variable of a compartment. */
struct pale_own {
	const char *name; /* NULL: a descriptor without one */
	char kind;        /* f, v, i, x: see GIVES in words.def; 0: the unused variable */
	size_t order;     /* the call that gives it, from 1; 0: at start */
	size_t node;      /* open() gave it */
	uint16_t flags;
	size_t rights;
};

struct pale_side {
	const char *name;
	unsigned line;
	const struct pale_call *said[PALE_WORD_COUNT]; /* the first of each */
	size_t parent;                                 /* compartment + 1 that forks it */
	struct pale_own *fds, *vars;                   /* slots from 0; variables from 1 */
	size_t fd_count, fd_size, var_count, var_size;
	size_t user, cwd, root, processes, calls;
	uint16_t umask;
	bool ignores_sigpipe;
	const char *walker_name;
	const struct pale_walker *walker;
	size_t first_site, site_count;
	size_t order;     /* of the call at hand */
	size_t extra_fds; /* descriptors without a place of their own, that it may have at most */
	size_t makes;     /* inodes that it may make at most */
	size_t links;     /* names it may make for inodes that have one */
	bool done, has_order;
	const size_t *forks; /* orders of its forks */
	size_t fork_list[PALE_MODEL_COMPARTMENTS], fork_count;
};

struct pale_reading {
	const char *file;
	const struct pale_read_options *options;
	struct pale_err *err;
	struct pale_calls calls;
	struct pale_model *model;

	struct pale_rests rests;
	struct pale_node *nodes; /* from 1, the root */
	size_t node_count, node_size;
	struct pale_named *entries;
	size_t entry_count, entry_size;
	struct pale_value *values; /* from 1 */
	size_t value_count, value_size;
	uint32_t *users; /* from 1, user 0 */
	size_t user_count, user_size;
	int32_t *keys; /* from 1 */
	size_t key_count, key_size;
	pale_rights *rights; /* [0] is all */
	size_t right_count, right_size;
	struct pale_sysv *sysv;
	size_t sysv_count, sysv_size;
	long spare; /* -1: not said */
	struct pale_side sides[PALE_MODEL_COMPARTMENTS];
	size_t side_count;
	struct pale_site *sites; /* from 1 */
	size_t site_count, site_size;
	uint32_t properties;
};

/* ---- reading.c: what all need ---- */

int pale_reading_fail(struct pale_reading *in, unsigned line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int pale_reading_no_memory(struct pale_reading *in);
/* "did you mean ...?" behind a failure, if a name is near. Returns -EINVAL. */
int pale_reading_suggest(
    struct pale_reading *in, const char *word, const char *const *names, size_t count);

/* A text, or any bytes, of the model's own; NULL where there is no memory. */
void *pale_reading_bytes(struct pale_reading *in, size_t bytes);
void pale_reading_forget(struct pale_model_text *texts);
const char *pale_reading_keep(struct pale_reading *in, const char *text, size_t length);

/* Add one, zeroed, to a list that owns each bytes of each: its address, or NULL. */
void *pale_reading_add(void *list_pointer, size_t *count, size_t *size, size_t each);

/* Numbers. */
int pale_reading_number(struct pale_reading *in, unsigned line, const char *text, const char *what,
    long least, long most, long *ret_number);
int pale_reading_mode(struct pale_reading *in, unsigned line, const char *text, uint16_t *ret_mode);

/* What has a number of its own: a user, a value, a key, a set of rights. */
int pale_reading_user(struct pale_reading *in, unsigned line, const char *text, size_t *ret_user);
int pale_reading_value(
    struct pale_reading *in, unsigned line, const char *text, struct pale_value **ret_value);
int pale_reading_key(struct pale_reading *in, unsigned line, const char *text, size_t *ret_key);
int pale_reading_rights(
    struct pale_reading *in, unsigned line, const char *text, size_t *ret_rights);
int pale_reading_path(
    struct pale_reading *in, unsigned line, const char *text, pale_walker_rest *ret_rest);

/* Is it a name for a descriptor, a variable or a value? */
bool pale_reading_is_word(const char *text);

struct pale_side *pale_reading_side(struct pale_reading *in, const char *name);

/* ---- the statements, one function each ---- */

#define STATEMENT(name, place, times, phase, least, most, takes, says) \
	int pale_read_##name( \
	    struct pale_reading *in, const struct pale_call *call, struct pale_side *side);
#include "model/read/words.def"

/* ---- read_tree.c ---- */

int pale_reading_root(struct pale_reading *in);
/* The node of a path from the root, through directories only; 0: there is none. */
size_t pale_reading_find(struct pale_reading *in, const char *path);
size_t pale_reading_child(const struct pale_reading *in, size_t dir, size_t name);

/* ---- read_call.c, read_site.c: the text of a call ---- */

enum {
	PALE_CALL_ARGS = 6, /* arguments, at most */
	PALE_CALL_GIVES = 2,
};

/* A call, taken apart. */
struct pale_written {
	bool is_try;
	const char *gives[PALE_CALL_GIVES];
	size_t give_count;
	enum pale_model_op op;
	struct pale_written_arg {
		char letter;             /* of its signature */
		const char *const *alts; /* alternatives, without quotes */
		const char *const *raws; /* and with them */
		size_t count;
	} args[PALE_CALL_ARGS];
	size_t arg_count;
};

int pale_written_read(
    struct pale_reading *in, unsigned line, const char *text, struct pale_written *ret);
/* "openat(dirfd, path[, flags][, mode])". As snprintf. */
int pale_written_usage(enum pale_model_op op, char *buf, size_t size);
/* What a call gives: GIVES of words.def, "" for nothing. */
const char *pale_written_gives(enum pale_model_op op);
/* Make sites of it, one for each alternative. */
int pale_written_compile(struct pale_reading *in, unsigned line, struct pale_side *side,
    const struct pale_written *written);
/* Flags of a call by name, joined by '|'. */
int pale_reading_flags(struct pale_reading *in, unsigned line, const char *call, const char *text,
    uint16_t *ret_flags);

/* ---- read_never.c ---- */

/* "knows(compartment, value)". As snprintf. */
int pale_term_usage(enum pale_term_kind kind, char *buf, size_t size);
int pale_reading_properties(struct pale_reading *in, unsigned line, const char *list);

/* ---- read_room.c, read_sysv.c, read_check.c, read_finish.c: all together ---- */

int pale_reading_room(struct pale_reading *in);
int pale_reading_sysv(struct pale_reading *in);
int pale_reading_check(struct pale_reading *in);
int pale_reading_build(struct pale_reading *in);

#endif
