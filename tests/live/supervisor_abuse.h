/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The supervisor under abuse, from both sides: supervisor_abuse.c starts `pale run` around this
 * same executable, which makes calls of each kind inside (supervisor_calls.c), and counts outside
 * what became of them (supervisor_servers.c). Both have a page: whoever calls writes down what it
 * is about to do and what it was told, and whoever serves what came.
 */
#ifndef PALE_TESTS_LIVE_SUPERVISOR_ABUSE_H
#define PALE_TESTS_LIVE_SUPERVISOR_ABUSE_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

/* Every kind of call that the filter asks about. */
enum kind {
	KIND_FLOCK,
	KIND_CONNECT,
	KIND_TCP,
	KIND_BIND,
	KIND_LISTEN,
	KIND_SENDTO,
	KIND_SENDMSG,
	KIND_SENDMMSG,
	KIND_STREAM, /* sendmsg on a connection */
	KIND_MQ_OPEN,
	KIND_CONTROL, /* the way to a cage inside */
	KIND_COUNT,
};

enum {
	NUMBERS_MAX = 1 << 20, /* a datagram has a number */
	BATCH = 3,             /* datagrams of one sendmmsg */
	DIR_BYTES = 64,
};

/* Words are written by one side each. */
struct page {
	volatile uint32_t tried[KIND_COUNT]; /* calls that were begun */
	volatile uint32_t done[KIND_COUNT];  /* those that are said to have succeeded */
	volatile uint32_t wins;              /* calls that must fail, and did not */
	volatile uint32_t wrong;             /* the line where an answer was a wrong one */
	volatile uint32_t ready;
	volatile uint32_t sent; /* datagrams, as it was told */
	volatile uint32_t next; /* the next datagram's number */
	/* By those who serve. */
	volatile uint32_t connected;
	volatile uint32_t tcp;
	volatile uint32_t datagrams;
	volatile uint32_t stream; /* the last word of the stream */
	volatile uint32_t stream_wrong;
	volatile uint32_t trespassed;       /* what came where nothing may come */
	volatile uint8_t told[NUMBERS_MAX]; /* by the caller: this one was sent */
	volatile uint8_t came[NUMBERS_MAX]; /* how often */
};

/* What is granted: the directory with `rw` (and `ro`), ports of 127.0.0.1, the queue. */
struct world {
	char dir[DIR_BYTES];
	uint16_t tcp;
	uint16_t udp;
	uint16_t listen;
	uint16_t quiet; /* not granted */
	char queue[32];
	unsigned amount; /* calls, or milliseconds */
	struct page *page;
};

extern struct world world;

/* Prepare to make calls; each thread for itself. NULL: what failed. */
const char *calls_start(void);
/* One call, or one that is not granted and has to fail; 0 or -1 and errno. */
int call_make(enum kind kind);
int call_forbidden(enum kind kind);
/* One with pointers that lead nowhere, or that change: it may succeed only where it may anyway. */
void call_astray(enum kind kind);
/* Swap, for as long as the process lives, what those pointers lead to. */
void calls_flip(void);

/*
 * What is outside: servers, files, the queue; `amount` is for those inside. All in a list to poll,
 * which has room for one more, and grows by the connections that are accepted.
 */
extern struct pollfd served[];
extern nfds_t served_count;
void world_make(unsigned amount);
void world_remove(void);
/* A path in it, until the next is asked for. */
const char *world_path(const char *name);
/* Take what came, without waiting, and count it. */
void world_serve(void);

#endif
