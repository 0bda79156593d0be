/* SPDX-License-Identifier: BSD-2-Clause */
/* Every field of a state, by name: what is told of one that was lost. */
#include "model/pack/layout.h"

#define FIELD(type, member) \
	{ \
#type "." #member, offsetof(struct type, member), \
		    sizeof(((struct type *)0)->member), 1 \
	}
#define ARRAY(type, member, n) \
	{ \
#type "." #member, offsetof(struct type, member), \
		    sizeof(((struct type *)0)->member) / (n), (n) \
	}
#define GROUP(base, n, type, fields) \
	{ \
		(base), sizeof(struct type), (n), (fields), sizeof(fields) / sizeof((fields)[0]) \
	}
#define IN_PROCESSES(p, member) \
	(offsetof(struct pale_state, processes) + (p) * sizeof(struct pale_process) + \
	    offsetof(struct pale_process, member))
#define IN_SOCKETS(s, member) \
	(offsetof(struct pale_state, sockets) + (s) * sizeof(struct pale_socket) + \
	    offsetof(struct pale_socket, member))

/* clang-format off */
static const struct pale_layout_field inode[] = {
	FIELD(pale_inode, type), FIELD(pale_inode, owner), FIELD(pale_inode, mode),
	FIELD(pale_inode, parent), FIELD(pale_inode, name), FIELD(pale_inode, linked),
	FIELD(pale_inode, content), FIELD(pale_inode, target),
};
static const struct pale_layout_field entry[] = {
	FIELD(pale_entry, dir), FIELD(pale_entry, name), FIELD(pale_entry, inode),
};
static const struct pale_layout_field fd[] = {
	FIELD(pale_fd, kind), FIELD(pale_fd, of), FIELD(pale_fd, flags), FIELD(pale_fd, rights),
	FIELD(pale_fd, mount), FIELD(pale_fd, inode),
};
static const struct pale_layout_field var[] = {
	FIELD(pale_var, kind), FIELD(pale_var, of), FIELD(pale_var, also),
};
static const struct pale_layout_field process[] = {
	FIELD(pale_process, status), FIELD(pale_process, pc), FIELD(pale_process, calls),
	FIELD(pale_process, ruid), FIELD(pale_process, euid), FIELD(pale_process, suid),
	FIELD(pale_process, umask),
	FIELD(pale_process, cwd), FIELD(pale_process, cwd_mount), FIELD(pale_process, root),
	FIELD(pale_process, ignores_sigpipe), FIELD(pale_process, error),
	FIELD(pale_process, runs), FIELD(pale_process, knows), FIELD(pale_process, used),
	FIELD(pale_process, attached), FIELD(pale_process, attached_w),
	ARRAY(pale_process, undo, PALE_MODEL_SYSV),
	FIELD(pale_process, phase), FIELD(pale_process, path), FIELD(pale_process, site),
	ARRAY(pale_process, fd, 2), FIELD(pale_process, made), FIELD(pale_process, first_node),
	FIELD(pale_process, first_rest), ARRAY(pale_process, slots, PALE_WALKER_SLOTS),
	FIELD(pale_process, moved), FIELD(pale_process, seen_call),
	FIELD(pale_process, seen_union),
};
static const struct pale_layout_field pipe[] = {
	FIELD(pale_pipe, used), FIELD(pale_pipe, inode), FIELD(pale_pipe, count),
	ARRAY(pale_pipe, values, PALE_MODEL_PIPE_DEPTH),
};
static const struct pale_layout_field socket[] = {
	FIELD(pale_socket, state), FIELD(pale_socket, inode), FIELD(pale_socket, peer),
	FIELD(pale_socket, user), FIELD(pale_socket, process),
	ARRAY(pale_socket, waiting, PALE_MODEL_BACKLOG), FIELD(pale_socket, chmod),
	FIELD(pale_socket, count),
	ARRAY(pale_socket, values, PALE_MODEL_PIPE_DEPTH),
};
static const struct pale_layout_field sysv[] = {
	FIELD(pale_sysv, kind), FIELD(pale_sysv, key), FIELD(pale_sysv, owner),
	FIELD(pale_sysv, creator), FIELD(pale_sysv, mode), FIELD(pale_sysv, count),
	ARRAY(pale_sysv, values, PALE_MODEL_PIPE_DEPTH), FIELD(pale_sysv, removed),
	FIELD(pale_sysv, sequence),
};
static const struct pale_layout_field state[] = { FIELD(pale_state, lock) };

#define PROCESS(p) \
	GROUP(IN_PROCESSES(p, fds), PALE_MODEL_FDS, pale_fd, fd), \
	GROUP(IN_PROCESSES(p, vars), PALE_MODEL_VARS + 1, pale_var, var)
#define SOCKET(s) GROUP(IN_SOCKETS(s, passed), PALE_MODEL_PIPE_DEPTH, pale_fd, fd)

const struct pale_layout_group pale_layout_groups[] = {
	GROUP(offsetof(struct pale_state, inodes), PALE_MODEL_INODES, pale_inode, inode),
	GROUP(offsetof(struct pale_state, entries), PALE_MODEL_ENTRIES, pale_entry, entry),
	GROUP(offsetof(struct pale_state, processes), PALE_MODEL_PROCESSES, pale_process, process),
	PROCESS(0), PROCESS(1), PROCESS(2), PROCESS(3), PROCESS(4), PROCESS(5),
	GROUP(0, 1, pale_state, state),
	GROUP(offsetof(struct pale_state, pipes), PALE_MODEL_PIPES, pale_pipe, pipe),
	GROUP(offsetof(struct pale_state, sockets), PALE_MODEL_SOCKETS, pale_socket, socket),
	SOCKET(0), SOCKET(1), SOCKET(2), SOCKET(3), SOCKET(4), SOCKET(5), SOCKET(6), SOCKET(7),
	GROUP(offsetof(struct pale_state, sysv), PALE_MODEL_SYSV, pale_sysv, sysv),
};
/* clang-format on */

_Static_assert(PALE_MODEL_PROCESSES == 6 && PALE_MODEL_SOCKETS == 8, "each has its rows here");

const size_t pale_layout_group_count = sizeof(pale_layout_groups) / sizeof(pale_layout_groups[0]);
