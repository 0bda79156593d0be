/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attempts that a cage refuses, for trace.c: each is made inside by the same executable. The world
 * is a directory with `in`, which may be read, `rw`, which may also be written to, and `out`, `rw2`
 * and `look`, which are not granted to all; each holds the same.
 */
#ifndef PALE_TESTS_LIVE_TRACE_H
#define PALE_TESTS_LIVE_TRACE_H

#include <netinet/in.h>
#include <stdbool.h>

enum {
	KEY = 0x70a1e, /* of System V objects that are there */
};

struct attempt {
	const char *name;
	int (*act)(const char *path);
	const char *path;  /* in the world */
	const char *calls; /* by which of them it is made, one after the other with spaces around */
	const char *grant; /* options beside those that all have, separated by spaces */
	bool never;        /* no grant allows it */
};

/* Ends with a row without a name. */
extern const struct attempt attempts[];

extern char world[64]; /* its path, the same inside and outside; it ends in the ports */
extern int tcp_port;   /* of servers on the loopback interface */
extern int udp_port;

/* A path in the world, good until eight more were asked for. */
const char *at(const char *name);
/* The name of a server's abstract socket, with "@". */
const char *abstract_name(void);
struct sockaddr_in loopback(int port);

#endif
