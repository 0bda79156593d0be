/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver's parts: world_make.c builds what lies outside and takes it down, outside.c keeps
 * victims and servers alive in it, runs.c and singles.c start programs in the cage, audit.c looks
 * at the end whether anything outside changed, advice.c holds the denial reports against the
 * attempts, driver.c ties them together and prints TAP.
 */
#ifndef PALE_ESCAPE_DRIVER_H
#define PALE_ESCAPE_DRIVER_H

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "world.h"

enum engine {
	ENGINE_PALE,
	ENGINE_NATIVE,
	ENGINE_BWRAP,
};

enum {
	SERVER_COUNT = 9,
	PATH_SIZE = 512,
	RUN_ARGS = 160,
};

/* Shared by the outer process, which cleans up, and the worker, which may die at any point. */
struct state {
	char dir[PATH_SIZE];
	struct world world;
	struct board *board;
	int master, slave;   /* the terminal of the run, the driver's side and the other */
	int master2, slave2; /* another terminal of the user */
	int servers[SERVER_COUNT];
	int pair_inner; /* the end of the socket pair that the run inherits */
	int listener;
	pid_t server;
	struct door_servers {
		int stream, seq, dgram, both, out, abstract, tcp, udp; /* granted */
		int near[9];                                           /* not granted */
	} doors;
};

/* What cage the one of the attempts is made in. */
enum around {
	AROUND_NOTHING,
	AROUND_SAME, /* one that grants the same */
	AROUND_WIDE, /* one that grants all that the attempts try to reach in the file system */
};

struct options {
	enum engine engine;
	enum around around;
	const char *probe, *pale, *base, *only;
	bool as_root, verbose;
	bool doors;  /* grant every kind of endpoint, too */
	bool advice; /* try what --trace proposes */
	unsigned seconds;
	uid_t uid;
};

extern struct state *state;
extern struct options options;

/* world_make.c */
const char *at(const char *format, ...) __attribute__((format(printf, 1, 2)));
void must(bool good, const char *what);
void copy_file(const char *from, const char *to, mode_t mode);
void world_prepare(
    void); /* in the outer process, before privileges go: W, W/bin, the set-user-id copy */
void world_make(void);       /* in the worker: everything else, and the objects of the host */
void world_write(void);      /* ro/world, once all numbers are known */
void world_forget_key(void); /* in the worker, who alone holds it */
void world_remove(void);     /* in the outer process; whatever there is */

int listen_unix(int type, const char *name, bool is_abstract);
int listen_inet(int family, int type, const char *address, int *io_port); /* 0: any; or -1 */

/* doors.c: endpoints that are granted one by one */
enum {
	DOOR_ARGS = 40,
};
void doors_make(void);
void doors_serve(void); /* in a process of its own */
void doors_remove(void);
const char *const *doors_options(void); /* of `pale run` */
int doors_meet(const char *name);       /* connect to a server of the program, and pass it more */
int doors_spill(const char *name);      /* send a datagram that passes more to an abstract name */

/* outside.c */
void outside_start(void);                         /* victim and servers */
void outside_count_signals(bool leader);          /* in the process that is to count */
void outside_answer(int from, int to, int outer); /* one question of the probe */

/* runs.c */
void run_execute(const char *const argv[]);
size_t command_for(
    const char *argv[], size_t size, const char *const *more, const char *const *run_options);
void run_leave_open(void); /* in the child that becomes the command */
void run_queue_descriptor(int *ret_inner, int *ret_outer);
void run_tables(int outer);

/* advice.c: instead of the tables, each attempt by itself, and again with what --trace proposes */
bool run_advice(int outer); /* false: a figure is too low */

/* singles.c */
void run_singles(void);

/* audit.c */
void audit_before(void);
void audit_after(void);

/* keep.c: the world as it was, for the next attempt. */
void keep_world(void);
void restore_world(void);

/* driver.c: one line of TAP each. */
void tap_line(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));
void tap_skip(const char *why, const char *format, ...) __attribute__((format(printf, 2, 3)));
void tap_note(const char *text);
void tap_attempt(const char *verdict, const char *name, const char *detail);
void tap_control(const char *verdict, const char *name, const char *detail);
void tap_outside(bool good, const char *sentence, const char *detail);

#endif
