/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of one world share. The caller (a thread that searches) speaks to the keeper: a
 * process in the template of mounts, pinned to one processor, that starts each execution and is its
 * gate. Plan and outcome lie in memory that both map; a byte over a socket says whose turn it is.
 * If the caller dies, the socket ends, and with the keeper all that it started.
 *
 *   caller -- keeper (gate) -- init of the pid namespace -- victim
 *                                                      \-- adversary
 */
#ifndef PALE_RACE_ROOM_H
#define PALE_RACE_ROOM_H

#include <linux/filter.h>

#include "race/execute.h"

enum {
	PALE_RACE_OBJECTS_MAX = 4096, /* at the end of one execution; more: told as a limit */
	PALE_RACE_TASKS_MAX = 256,    /* processes and threads; more: told as a limit */
	PALE_RACE_FILTER_MAX = 1024,
	PALE_RACE_WALK_DEPTH = 32,
	PALE_RACE_PASS_FD = 1000, /* on which the filter lets the listener be passed */
	PALE_RACE_TURN = 'x',
};

/* Where the adversary keeps its own; and what it writes, and looks for. */
#define PALE_RACE_LAIR "/tmp/adversary"
#define PALE_RACE_SECRET "pale-secret-5f1c09d2b7"
#define PALE_RACE_MARK "pale-mark-77e0a4c13b"

/* Memory that caller, keeper, init and (until it drops its rights) the victim map. */
struct pale_race_room {
	struct pale_race_plan plan;
	struct pale_race_outcome outcome; /* without its pointers */
	struct pale_err err;
	int code;       /* of the machinery: 0 or -errno */
	int exec_errno; /* why the victim could not be started */
	bool first_ended;
	struct pale_race_object objects[PALE_RACE_OBJECTS_MAX];
	struct pale_race_stop stops[PALE_RACE_STOPS_MAX];
};

struct pale_race_world {
	const struct pale_race_setup *setup;
	struct pale_race_room *room;
	int control; /* to the other one: caller or keeper */
	pid_t keeper;
	char program[4096];
	char **env;
	char pale_world[32];
	struct sock_filter filter[PALE_RACE_FILTER_MAX];
	size_t filter_count;
};

/* What the adversary is asked, and answers. */
enum pale_race_ask {
	PALE_RACE_ASK_ACT,
	PALE_RACE_ASK_REACH,   /* can it change a component of these paths? */
	PALE_RACE_ASK_PEEK,    /* read what has come to what it holds, and to queues and segments */
	PALE_RACE_ASK_RESTORE, /* undo an exchange */
	PALE_RACE_ASK_FINISH,  /* look for the secret in all that it holds and may read */
};

struct pale_race_request {
	enum pale_race_ask ask;
	enum pale_race_action action;
	uint8_t up;
	int key;
	int id;    /* of a System V object, -1: by its key */
	char kind; /* of that: 'm' queue, 'h' segment, 'e' semaphores */
	char path[2][256];
	char protected[256]; /* what links point to */
};

struct pale_race_reply {
	enum pale_race_acted acted;
	bool yes;
	char text[PALE_RACE_TEXT_BYTES];
};

/* The keeper's life; returns when the caller is gone. keeper.c */
void pale_race_keep(struct pale_race_world *world);

/* One execution, by the keeper: results in the room. gate.c */
void pale_race_gate(struct pale_race_world *world);

/* The first process of an execution's namespaces. inside.c */
struct pale_race_ends {
	int init;      /* from init: its word, and the listener */
	int adversary; /* requests */
	int output;    /* what the victim writes */
};
_Noreturn void pale_race_inside(struct pale_race_world *world, const struct pale_race_ends *ends);

/* Serve requests until the socket ends. adversary.c */
_Noreturn void pale_race_adversary(const struct pale_race_setup *setup, int sock);

/* Every object beneath /tmp, /dev/shm and /run of a process's root. collect.c */
void pale_race_collect(struct pale_race_room *room, pid_t init);

/* The call filter. filter.c */
int pale_race_filter(struct sock_filter *prog, size_t max, size_t *ret_count, struct pale_err *err);

/* Is the call one that names something, or only passed through the gate? filter.c */
bool pale_race_is_stop(int nr);

/* The stop of a call that stands still, without its task and ordinal: paths, key, text. read.c */
struct pale_notify;
void pale_race_read(const struct pale_notify *call, struct pale_race_stop *ret);

/* Does a buffer hold these bytes? */
bool pale_race_holds(const char *buf, size_t size, const char *what);

#endif
