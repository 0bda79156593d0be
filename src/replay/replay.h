/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A witness, played on the real kernel: the tree is made in a scratch directory, each actor is a
 * process of its own (with its own user where this machine can give it one), and the steps are
 * taken one at a time in the witness's order. A walker of user space is stepped on real
 * descriptors; the kernel's own walk is stopped at each component by a FUSE directory that passes
 * through to the scratch tree (d_revalidate on a warm entry: a cold one holds the lock of its
 * directory).
 *
 * Nothing is left behind: no file, mount, process, IPC object.
 */
#ifndef PALE_REPLAY_REPLAY_H
#define PALE_REPLAY_REPLAY_H

#include "core/err.h"
#include "model/step.h"

enum pale_replay_by {
	PALE_REPLAY_WALKER,  /* the scenario's walker, emulated, each step on real descriptors */
	PALE_REPLAY_KERNEL,  /* plain openat of this kernel, stopped by FUSE */
	PALE_REPLAY_BENEATH, /* openat2 RESOLVE_BENEATH, likewise stopped */
	PALE_REPLAY_IN_ROOT, /* RESOLVE_IN_ROOT */
	PALE_REPLAY_MOUNT,   /* from a detached mount of the delegated directory */
	PALE_REPLAY_COUNT,
};

enum pale_replay_verdict {
	PALE_REPLAYED,       /* the violation happened on this kernel */
	PALE_NOT_REPLAYED,   /* it did not: `line` says what came instead */
	PALE_REPLAY_REFUSED, /* the call was refused: EXDEV, EAGAIN, ENOENT ... */
	PALE_REPLAY_UNABLE,  /* cannot be played here: `why` */
};

/* One call as it was really made. */
struct pale_replay_line {
	const char *actor; /* borrowed, as pale_model_actor */
	unsigned process;
	char text[256]; /* openat(foo, "bar/../..") = fd 3, /tmp; renameat(...) = 0 */
	int error;
	bool as_expected; /* the model's result, too */
};

struct pale_replayed {
	enum pale_replay_verdict verdict;
	char why[256]; /* one sentence */
	struct pale_replay_line *lines;
	size_t count;
	uint64_t elapsed_ns;
};

/* A step of the witness; those of check's trace, without what replay need not know. */
struct pale_replay_step {
	struct pale_move move;
	struct pale_event event;
	const struct pale_state *before, *after;
};

extern const char *const pale_replay_names[PALE_REPLAY_COUNT]; /* "walker", "kernel", ... */

/*
 * In which ways is it worth to be played: a bit for each of enum pale_replay_by. A witness without
 * lookups has one way, one whose lookups do not begin at a descriptor two.
 */
unsigned pale_replay_ways(
    const struct pale_model *model, const struct pale_replay_step *steps, size_t count);

/*
 * Play.
 *
 *   steps      of the witness, in order; the last one violates `property` (a bit's number)
 *   dir        where the scratch directory is made; NULL: a private tmpfs
 *
 * Returns 0 with a verdict; -errno where the machinery itself failed.
 */
int pale_replay(const struct pale_model *model, const struct pale_replay_step *steps, size_t count,
    unsigned property, enum pale_replay_by by, const char *dir, struct pale_replayed *ret,
    struct pale_err *err);
void pale_replayed_done(struct pale_replayed *replayed);

/*
 * The same as one C file that needs nothing of pale: it makes the tree, takes the steps, says what
 * came of it, cleans up; exit status 1 while the violation happens, 0 when not. Written to `text`
 * (malloc'ed). -ENOTSUP with a sentence where it cannot be written so.
 */
int pale_replay_script(const struct pale_model *model, const struct pale_replay_step *steps,
    size_t count, unsigned property, char **ret_text, struct pale_err *err);

#endif
