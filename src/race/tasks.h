/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The victim's processes and threads, named so that they are the same in each run: "1" is the first
 * process, "1.2" its second child, "1t2" its second thread. Children are numbered in the order of
 * their birth, which the parent's stops (before it makes one, and before it ends) show.
 */
#ifndef PALE_RACE_TASKS_H
#define PALE_RACE_TASKS_H

#include "race/room.h"

struct pale_race_task {
	pid_t tid, tgid;
	unsigned number;   /* in order of birth, from 1 */
	unsigned children; /* named so far */
	unsigned threads;
	bool forks; /* has made, or tried to make, another task */
	bool ended;
	bool dropped;   /* it, or who made it, called to change who it is */
	uint64_t drawn; /* random bytes it was given */
	char path[48];
};

struct pale_race_tasks {
	struct pale_race_task list[PALE_RACE_TASKS_MAX];
	unsigned count;
};

/* The task of a thread, found or new; NULL if there are more than there may be. */
struct pale_race_task *pale_race_task_get(struct pale_race_tasks *tasks, pid_t tid);

/* Name the children that a task has by now. */
void pale_race_task_children(struct pale_race_tasks *tasks, struct pale_race_task *task);

enum pale_race_rest {
	PALE_RACE_RUNS,    /* something runs, or waits for time */
	PALE_RACE_WAITS,   /* all wait for somebody who may come: poll, accept */
	PALE_RACE_BLOCKED, /* all wait in calls that nobody else is there to end */
};

/*
 * Do all processes beneath init wait, and for what? In ret the call and process that waits.
 * The adversary's process is not counted.
 */
enum pale_race_rest pale_race_tasks_rest(pid_t init, uid_t adversary, char *ret, size_t size);

/* Does the next program of a task inherit a descriptor of what its user could not open? kept.c */
bool pale_race_keeps_fd(pid_t tid);

/* Has a task System V memory attached? kept.c */
bool pale_race_keeps_segment(pid_t tid);

#endif
