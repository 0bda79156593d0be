/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the supervisor performs, one file a family, and what they share. A function gets a call that
 * stands still, fetches what it names, asks pale_ask_holds, decides on what was fetched, performs.
 * It returns what the call is to return: 0 or more, -errno, or PALE_ASK_WAITS when a process of its
 * own took the call over (pale_ask_wait), or it was answered with a descriptor (pale_notify_give).
 */
#ifndef PALE_CAGE_ASK_ASK_H
#define PALE_CAGE_ASK_ASK_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <sys/vfs.h>

#include "cage/supervisor.h"
#include "kernel/notify.h"

enum {
	PALE_ASK_WAITS = INT32_MAX,
};

typedef int pale_ask_act(struct pale_supervisor *supervisor, const struct pale_notify *call);

/* sendto(2), sendmsg(2), sendmmsg(2): where connect would lead; no descriptor to the outside. */
pale_ask_act pale_ask_sendto, pale_ask_sendmsg, pale_ask_sendmmsg;
/* listen(2): of INET, where a grant says so. */
pale_ask_act pale_ask_listen;
/* socket(2), AF_UNIX: one that no descriptor can be sent to. */
pale_ask_act pale_ask_new_socket;
/* flock(2): only through a descriptor that may change something. */
pale_ask_act pale_ask_flock;
/* connect(2): to a path, where the mount that it lies in can be written to. */
pale_ask_act pale_ask_connect;
/* bind(2): to a path, as the cage's own processes could. */
pale_ask_act pale_ask_bind;
/* shmget(2) and the like with IPC_CREAT: what is there and granted, never a new one. */
pale_ask_act pale_ask_shmget, pale_ask_msgget, pale_ask_semget;
/* mq_open(2), mq_unlink(2): a granted queue for what it is granted, or the cage's own. */
pale_ask_act pale_ask_mq_open, pale_ask_mq_unlink;

/* PALE_CONTROL_NR: a way to whoever makes a cage inside; see nest.h. */
pale_ask_act pale_ask_nested;

/* Is the caller still there, and everything that was fetched really its own? */
bool pale_ask_holds(const struct pale_supervisor *supervisor, const struct pale_notify *call);

/* A socket address as the kernel would copy it: at most 128 bytes, the rest zero. */
struct pale_ask_addr {
	union {
		sa_family_t family;
		struct sockaddr generic;
		struct sockaddr_un un; /* not NUL-terminated; .path is */
		char room[sizeof(struct sockaddr_storage)];
	};
	socklen_t size;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1]; /* "" unless it has a path */
};

/*
 * Say which address, queue or the like a call is about, for whoever watches: the one that was
 * copied and is judged. Costs nothing where nobody does. Bounded, and forgotten with the call.
 */
void pale_ask_judged(struct pale_supervisor *supervisor, const void *address, size_t size);
void pale_ask_judged_text(struct pale_supervisor *supervisor, const char *text);

enum pale_ask_name {
	PALE_ASK_PATH,
	PALE_ASK_ABSTRACT,
	PALE_ASK_NAMELESS, /* the family alone: bind chooses a name, which nobody can know before */
};

/*
 * Fetch what bind and connect share: a copy of the socket (args[0]) and of the address (args[1],
 * args[2]).
 *
 *   ret_sock    owned by the caller
 *   ret_domain  AF_UNIX and so on
 */
int pale_ask_socket(struct pale_supervisor *supervisor, const struct pale_notify *call,
    int *ret_sock, int *ret_domain, struct pale_ask_addr *ret_addr);

/* Copy an address as the kernel does: -EINVAL for a size below 0 or above 128, -EFAULT. */
int pale_ask_address(struct pale_supervisor *supervisor, const struct pale_notify *call,
    uint64_t at, int size, struct pale_ask_addr *ret);

/* What an address of AF_UNIX names; fills in .path. Returns enum pale_ask_name, or -EINVAL. */
int pale_ask_unix_name(struct pale_ask_addr *addr);

/* What an address of AF_UNIX leads to. */
struct pale_ask_target {
	int fd; /* O_PATH of the inode, ours to close; -1: an abstract name, to be used as copied */
	const struct pale_door_socket *door; /* the door, or NULL: a place in the cage */
	bool is_mount; /* it is the door's own mount, as the program sees it */
	bool hidden;   /* nobody outside can reach the file system that it lies in */
};

/*
 * Find and judge what connect and send lead to: a socket in a mount that is not read-only, or a
 * door for connect. Asks pale_ask_holds.
 *
 * Returns 0, or -errno that the call is to return. Owned by the caller on success only.
 */
int pale_ask_find(struct pale_supervisor *supervisor, const struct pale_notify *call,
    const struct pale_ask_addr *addr, enum pale_ask_name name, struct pale_ask_target *ret);

/* Name what is pinned by its number, for a call of ours; an abstract name stays as it is. */
void pale_ask_name_target(struct pale_ask_addr *addr, const struct pale_ask_target *target);

/* The door for bind that a path is the name of; NULL: none. */
const struct pale_door_socket *pale_ask_bind_door(
    struct pale_supervisor *supervisor, const struct pale_notify *call, const char *path);

/* The door of an abstract name with a use; NULL: none. */
const struct pale_door_socket *pale_ask_abstract_door(const struct pale_supervisor *supervisor,
    const struct pale_ask_addr *addr, enum pale_door_use use);

/* Pin the socket that has the name of a door now. -ENOENT, or -EACCES if it is not acceptable. */
int pale_ask_open_door(const struct pale_door_socket *door, int *ret_fd);

/* Is it in a file system that is the cage's own? */
bool pale_ask_is_hidden(struct pale_supervisor *supervisor, dev_t dev);

/*
 * "/proc/self/fd/N/rest" and the like name the caller's descriptors, and would name ours here.
 *
 *   ret_fd    N
 *   ret_rest  what follows, without the slashes; "" for nothing; borrowed from path
 */
bool pale_ask_names_fd(const char *path, int *ret_fd, const char **ret_rest);

/* Work that blocks, for a process of its own. */
struct pale_ask_job {
	int fd;          /* what it is about; taken over by pale_ask_wait, whatever that returns */
	const int *keep; /* other descriptors that it needs, -1 for none; borrowed */
	size_t keep_count; /* at most PALE_ASK_KEEP_MAX */
	/* Runs in the process, with memory as it is when that is made. Returns what the call is to
	 * return: 0 or more, or -errno. */
	int64_t (*act)(const void *data);
	const void *data;
	int (*undo)(int fd); /* see struct pale_waiting; runs here; may be NULL */
	/* Runs here when the work has ended, before the caller is told; may be NULL. Of the call
	 * only .id and .tid are set. Returns what the call is to return. */
	int (*done)(struct pale_supervisor *supervisor, const struct pale_notify *call, uint64_t at,
	    int result);
	uint64_t done_at; /* handed to it */
	int64_t so_far;   /* what was achieved before it, if anything: holds if it is killed */
	int full;         /* -errno to return if too many wait already */
};

enum {
	PALE_ASK_KEEP_MAX = 256,
	PALE_ASK_UNDONE = INT32_MIN, /* a worker that has not ended its work */
};

/*
 * Have it done in a process that holds only these descriptors. If the caller gets a signal, the
 * process is killed and undone, or (no undo) its system call is interrupted by a signal of its own.
 *
 * Returns PALE_ASK_WAITS, or -errno.
 */
int pale_ask_wait(struct pale_supervisor *supervisor, const struct pale_notify *call,
    const struct pale_ask_job *job);

/* Look at all that wait: end those that are gone or have a signal, answer those that are done. */
void pale_ask_look(struct pale_supervisor *supervisor);

/* End them all. */
void pale_ask_end(struct pale_supervisor *supervisor);

/* Is this mount part of the cage? Reads the list of mounts once: a cage never gets another. */
bool pale_ask_is_cage_mount(struct pale_supervisor *supervisor, int fd);

#endif
