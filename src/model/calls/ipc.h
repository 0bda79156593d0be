/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of descriptors, pipes, sockets, System V objects and processes share. */
#ifndef PALE_MODEL_IPC_H
#define PALE_MODEL_IPC_H

#include "model/ops.h"

/*
 * The descriptor in a slot, which must not be O_PATH and have the rights.
 *
 * Returns 0, -EBADF, -PALE_ENOTCAPABLE.
 */
int pale_fd_get(const struct pale_op *op, unsigned slot, pale_rights need, struct pale_fd *ret_fd);

/*
 * Put two descriptors into the table: both or none, and nothing is let go before both are there.
 * Returns 0 or -EMFILE. Sets event->got_fd.
 */
int pale_fd_give_two(struct pale_op *op, struct pale_fd first, struct pale_fd second);

/*
 * End what nobody holds any more: pipes and ends of connections that no descriptor of any process,
 * and no message that somebody can still receive, leads to.
 */
void pale_fd_sweep(const struct pale_model *model, struct pale_state *state);

/* The pipe + 1 whose opening the process waits for; 0 none. */
unsigned pale_fifo_awaited(
    const struct pale_model *model, const struct pale_state *state, unsigned p);

/* One read or write of a pipe, and of a socket. As the ops. */
int pale_pipe_read(struct pale_op *op, struct pale_fd fd);
int pale_pipe_write(struct pale_op *op, struct pale_fd fd, unsigned value);
int pale_socket_read(struct pale_op *op, struct pale_fd fd);
int pale_socket_write(struct pale_op *op, struct pale_fd fd, unsigned value, struct pale_fd passed);

/* The process has read a value (0: nothing, the end): it knows it, and its variable holds it. */
void pale_process_learn(struct pale_op *op, unsigned value);

/* Nobody reads what it writes: SIGPIPE ends it, or -EPIPE where that is ignored. */
int pale_process_sigpipe(struct pale_op *op);

/* Detach all segments of a process; those that are removed go with their last attachment. */
void pale_sysv_detach(const struct pale_model *model, struct pale_state *state, unsigned p);

/* What SEM_UNDO promised is done. */
void pale_sysv_undo(const struct pale_model *model, struct pale_state *state, unsigned p);

#endif
