/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The world around the cage, as the driver tells the probe of it: one struct in the file ro/world,
 * and a page of counters in ro/board that servers and victims outside keep up to date.
 */
#ifndef PALE_ESCAPE_WORLD_H
#define PALE_ESCAPE_WORLD_H

#include <stdint.h>
#include <sys/types.h>

enum {
	ASK_SIZE = 256,
	HANDLE_SIZE = 128,
	PREY_COUNT = 48,  /* files outside/prey.N and ro/prey.N, one for each destructive attempt */
	FD_DIR = 7,       /* inherited: outside/, opened for reading */
	FD_SECRET = 8,    /* outside/secret, for reading */
	FD_PATH = 9,      /* outside/public, O_PATH */
	FD_SOCKET = 10,   /* an end of a socket pair; a descriptor of outside/ waits in it */
	FD_WRITABLE = 11, /* outside/public, for reading and writing */
	FD_PIDFD = 12,    /* the victim */
	FD_RO_WRITABLE = 13, /* ro/file, for reading and writing */
	FD_LISTEN = 14,      /* a listening TCP socket */
	FD_HIGH = 200,       /* outside/, once more */
	NAME_SIZE = 96,
};

#define SECRET "s3cret-of-the-outside"
#define WORLD_MAGIC "escape world 1"

struct board {
	unsigned victim_signals; /* signals that the victim got */
	unsigned group_signals;  /* ... and the leader of the probe's process group */
	unsigned streams;        /* connections that the outside servers accepted */
	unsigned datagrams;
	unsigned fifo_bytes; /* what the outside reader of ro/fifo has read */
	unsigned queue_messages;
	/* What is granted, and somebody who is granted tells of: */
	unsigned door_streams;     /* connections to granted servers */
	unsigned door_datagrams;   /* ... and datagrams */
	unsigned door_bytes;       /* bytes that came by them */
	unsigned door_descriptors; /* descriptors that came by servers that may not get any */
	unsigned door_passed;      /* ... and by the one that may */
	pid_t door_peer;           /* the last peer's process, as the server sees it */
};

/* Endpoints of the machine that a cage is granted one by one, and what lies next to them. */
struct doors {
	int given; /* the cage has them; natively everybody has */
	char abstract[NAME_SIZE];
	int shm_id, msg_id, sem_id, shm_key, msg_key, sem_key;
	char mq_name[NAME_SIZE];
	int tcp_port,
	    udp_port; /* of 127.0.0.1; servers that are not granted have them at 127.0.0.2 */
};

struct world {
	char magic[32];
	uid_t uid;
	uint64_t outside_dev, outside_ino, world_dev, world_ino;
	/* processes */
	pid_t victim, leader, driver;
	uint64_t victim_address; /* SECRET lies here in the victim's memory */
	int victim_fd;           /* its descriptor of outside/secret */
	/* IPC of the host */
	int shm_id, msg_id, sem_id, shm_key, msg_key, sem_key;
	char mq_name[NAME_SIZE], shm_name[NAME_SIZE], tmp_path[NAME_SIZE], tty_path[NAME_SIZE];
	int key_id;
	/* sockets */
	char abstract_stream[NAME_SIZE], abstract_dgram[NAME_SIZE], abstract_seq[NAME_SIZE];
	int tcp_port, udp_port, tcp6_port;
	/* a file handle of outside/secret, for open_by_handle_at */
	int handle_type;
	unsigned handle_bytes;
	unsigned char handle[HANDLE_SIZE];
	int can_mount; /* the driver is root and can mount later */
	int has_suid;  /* bin/suid is a set-user-id root program */
	struct doors doors;
};

#endif
