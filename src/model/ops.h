/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a call does once its paths are walked: one function for each row of calls.def, in tree's,
 * pipe's, socket's, sysv's and process's files. step.c calls them and does the rest: choosing the
 * descriptors, walking, counting calls, ending the process, freeing inodes.
 */
#ifndef PALE_MODEL_OPS_H
#define PALE_MODEL_OPS_H

#include <errno.h>

#include "model/step.h"
#include "model/tree.h"

/* What an op returns, beside 0 and -errno. */
enum {
	PALE_OP_BLOCKED = 1,    /* cannot be done now, and nothing was changed */
	PALE_OP_REGISTERED = 2, /* from now on it waits (process->phase becomes WAIT), and others
				 * can see it; the op is called again with .again set */
	PALE_OP_ENDED = 3,      /* done, and the process has ended: .status is set */
	PALE_OP_WALK_ON = 4,    /* O_CREAT met a link: slots were set to walk on */
	PALE_OP_TAKEN = 5,      /* O_CREAT took the last component: AT is what it led to, LEFT 0.
				 * The op is called again for the finish */
};

enum {
	PALE_ENOTCAPABLE = 93,     /* FreeBSD's number; Linux has none */
	PALE_EUNEXPECTED = EILSEQ, /* check, same, is: the program's own test did not hold */
};

/* A call at its work; on the stack of a step. */
struct pale_op {
	const struct pale_model *model;
	struct pale_state *state;
	const struct pale_site *site;
	unsigned p;                   /* process index */
	struct pale_process *process; /* state->processes + p */
	uint8_t fd[2];                /* slots, "*" replaced; or PALE_FD_CWD */
	uint8_t node[2];              /* results of the walks; P: the parent directory */
	pale_walker_rest last[2];     /* P: the last component */
	bool again;                   /* the op had returned PALE_OP_REGISTERED */
	struct pale_event *event;     /* got_fd, got_inode, names_moved, names_changed */
};

typedef int (*pale_op_function)(struct pale_op *op);
/* By enum pale_model_op; in step.c. */
extern const pale_op_function pale_ops[PALE_CALL_COUNT];

#define CALL(name, signature, walks, sys, summary) int pale_op_##name(struct pale_op *op);
#include "model/calls.def"

/* Does the call, or its path number `walk`, need rights on the descriptor that it starts from?
 * Those of sys.def. */
pale_rights pale_path_rights(const struct pale_site *site, unsigned walk);

/* Do the paths of the call start at descriptors of its own (fd[0], fd[1]), or at the cwd? */
bool pale_site_has_dirfd(const struct pale_site *site);

/* The descriptors of a call: the site's, and those that its "*" stand for. */
void pale_site_fds(const struct pale_site *site, const uint8_t any[2], uint8_t ret_fd[2]);

/* Is it open or openat with O_CREAT, and without O_PATH, which ignores that? */
bool pale_site_creates(const struct pale_site *site);

/* Does somebody else hold the lock of all names? Who would change one then is PALE_OP_BLOCKED. */
bool pale_op_is_locked_out(const struct pale_op *op);

/*
 * A new inode under the last component of path `which`, which must be free: what mkdir, mknod,
 * symlink and bind have in common, in the kernel's order of errors.
 *
 *   mode       as the call has it; less the process's umask, but for LINK
 *   ret_inode  owned by the process's effective user; a directory has its name and `..` already
 *
 * Returns 0, PALE_OP_BLOCKED, -EEXIST, -ENOENT (removed directory, or a slash behind what is to be
 * no directory), -EACCES, -ENOSPC (no room in the model). Sets event->names_changed, ->got_inode.
 */
int pale_op_make(struct pale_op *op, unsigned which, enum pale_inode_type type, unsigned mode,
    unsigned *ret_inode);

/*
 * Put a descriptor into the table: at site->to_fd[which] where that is a slot (what was there is
 * closed), else at the lowest free one. Sets event->got_fd[which]. Returns 0 or -EMFILE.
 */
int pale_op_give_fd(struct pale_op *op, unsigned which, struct pale_fd fd);

/* Let go of a descriptor: ends pipes, breaks connections, when it was the last. fds.c */
void pale_fd_drop(const struct pale_model *model, struct pale_state *state, struct pale_fd *fd);

/* How many descriptors, messages and waiting openers hold a way to read (PALE_F_READ) or write. */
unsigned pale_pipe_users(
    const struct pale_model *model, const struct pale_state *state, unsigned pipe, unsigned flag);

/*
 * The last of open(2) on a FIFO that was found and may be accessed; not for O_PATH. Flags are the
 * site's: O_RDONLY waits for a writer, O_WRONLY for a reader, O_RDWR for nobody.
 *
 * Returns 0 with the descriptor, which is not in the table yet, PALE_OP_REGISTERED, PALE_OP_BLOCKED
 * (op->again, nobody came), -ENXIO (O_WRONLY | O_NONBLOCK without a reader), -ENFILE.
 * Source: fifo_open of Linux 6.18: whoever waits is a reader or writer already, and is let go by a
 * peer that has opened, even if it has closed since.
 */
int pale_fifo_open(struct pale_op *op, unsigned inode, struct pale_fd *ret_fd);

/* Who changes a file and is not user 0 takes its setuid bit away: file_remove_privs. */
void pale_op_drop_setid(const struct pale_op *op, struct pale_inode *inode);

/* A value or a variable's value: 0 where it has none. */
unsigned pale_op_value(const struct pale_op *op, struct pale_ref ref);

/* The end of a process: descriptors closed, segments detached, SEM_UNDO done. */
void pale_process_end(const struct pale_model *model, struct pale_state *state, unsigned p,
    enum pale_process_status status);

/* May the descriptor be used for this? The rights that a call of sys.def needs, by the op:
 * 0, -EBADF, or -PALE_ENOTCAPABLE. */
int pale_op_rights(const struct pale_op *op, unsigned slot, pale_rights need);

#endif
