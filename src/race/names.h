/* SPDX-License-Identifier: BSD-2-Clause */
/* Names drawn by chance, as X in the ids of stops. */
#ifndef PALE_RACE_NAMES_H
#define PALE_RACE_NAMES_H

enum {
	PALE_RACE_NAMES_MAX = 64, /* learned in one execution; what is drawn later stays as it is */
};

struct pale_race_names {
	char list[PALE_RACE_NAMES_MAX][64];
	unsigned count;
};

/* Learn what a call that makes `path` drew, if it looks like mkstemp(3) or mkdtemp(3). */
struct pale_notify;
void pale_race_names_learn(
    struct pale_race_names *names, const struct pale_notify *call, const char *path);

/* Put X for all that was learned; in place. */
void pale_race_names_hide(const struct pale_race_names *names, char *path);

#endif
