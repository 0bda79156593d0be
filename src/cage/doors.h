/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Doors: what lies outside and is granted by name, and what only the supervisor can open, because
 * the name is in the caller's memory when it is asked for: UNIX sockets, POSIX queues, hosts. All
 * that is needed was opened before the cage's root hid the machine. Nothing here decides which
 * doors there are; that is the plan's.
 */
#ifndef PALE_CAGE_DOORS_H
#define PALE_CAGE_DOORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Bits of .use; they are those of enum pale_use in policy/policy.h, and a test says so. */
enum pale_door_use {
	PALE_DOOR_READ = 1,
	PALE_DOOR_WRITE = 2,
	PALE_DOOR_CONNECT = 4,
	PALE_DOOR_BIND = 8,
	PALE_DOOR_FOLLOW = 16,
	PALE_DOOR_SCM_IN = 32,
	PALE_DOOR_SCM_OUT = 64,
};

/* A UNIX socket. */
struct pale_door_socket {
	const char *path; /* inside, canonical; or "@NAME", an abstract one */
	int dir;          /* O_PATH of the machine's directory that has the name; -1: abstract */
	const char *name; /* in that directory, or of the abstract one, without "@" */
	dev_t dev;        /* the socket's inode when the cage started; ino 0: it was not there */
	ino_t ino;
	uid_t owner; /* of that; a later one by FOLLOW must have the same owner, if there was one */
	unsigned use; /* CONNECT BIND FOLLOW SCM_IN SCM_OUT */
};

/* A POSIX message queue. */
struct pale_door_queue {
	const char *name; /* as mq_open(2) takes it: without the slash */
	int fd;           /* O_PATH of its inode, to be opened by way of /proc/self/fd */
	unsigned use;     /* READ WRITE */
};

/* Hosts and ports of TCP or UDP. */
struct pale_door_host {
	bool tcp;            /* else UDP */
	bool any_host;       /* every address */
	uint8_t address[16]; /* IPv6, or IPv4 as ::ffff:a.b.c.d */
	uint32_t scope;      /* of a link-local address: the interface; else 0 */
	uint16_t port;       /* host order; 0 = every port */
	unsigned use;        /* CONNECT BIND */
};

struct pale_doors {
	const struct pale_door_socket *sockets;
	size_t socket_count;
	const struct pale_door_queue *queues;
	size_t queue_count;
	const struct pale_door_host *hosts;
	size_t host_count;
	/* The ipc namespace is the machine's, so no queue opens but by a door. */
	bool machine_ipc;
	/* INET addresses are not asked about: all of the machine's network, or one of the cage's
	 * own. */
	bool net_open;
	/* To connect to a door that is mounted goes on to the kernel, so that the peer sees the
	 * program: set where no other socket outside can be reached by a path, nor by what comes in
	 * (SCM_IN). GATE_SOCKET and GATE_LISTEN are closed then. */
	bool native;
	/* A cage around this one holds UDP to addresses, so a socket of it that was handed on may
	 * have been made there. */
	bool udp_held;
	/* Peers outside can be connected to or accepted from, so passing is judged; see ask/pass.c.
	 */
	bool crosses;
};

/* No doors. */
extern const struct pale_doors pale_doors_none;

#endif
