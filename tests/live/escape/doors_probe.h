/* SPDX-License-Identifier: BSD-2-Clause */
/* What the attempts on granted endpoints share; doors_probe.c. */
#ifndef PALE_ESCAPE_DOORS_PROBE_H
#define PALE_ESCAPE_DOORS_PROBE_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "probe.h"

enum door_send {
	SEND_TO,
	SEND_MSG,
	SEND_MANY,      /* two, in one sendmmsg */
	SEND_CONNECTED, /* to the first by connect, to the second by its address */
	SEND_PAIR,      /* from one of a pair */
};

/* A path in doors/. */
const char *door(const char *name);

/* All return a descriptor or 0, or -1 with errno. */
int door_connect(int type, const char *path);
int door_connect_bytes(const char *abstract, size_t len);
long door_bind(const char *path);
long door_send(enum door_send how, int type, const char *first, const char *second);
long door_allow(int type, const char *path);

/* Pass a descriptor of our own, by sendmsg or sendmmsg. */
long door_pass(int fd, bool many);
long door_pass_this(int fd, int passed, bool many);
/* Does a descriptor of the outside arrive? Waits for the byte that comes with it, or without. */
bool door_take(int fd);

/* Does any descriptor arrive? */
bool door_receive(int fd);
/* Listen at a path; the listener, or -1. */
int door_serve(const char *path);
/* Listen at `path`; somebody outside connects to `name` in the world and passes a descriptor. */
int door_meet(const char *path, const char *name, bool pass);

/* 127.0.0.`last`:port. */
struct sockaddr_in door_address(int last, int port);

#endif
