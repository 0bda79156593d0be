/* SPDX-License-Identifier: BSD-2-Clause */
/* What the adversary holds, and how it acts: between adversary.c and acts.c. */
#ifndef PALE_RACE_ACTS_H
#define PALE_RACE_ACTS_H

#include "race/room.h"

enum {
	PALE_RACE_HELD_MAX = 64,
	PALE_RACE_READS_MAX = 64,       /* of one descriptor at a time: /dev/zero has no end */
	PALE_RACE_MESSAGE_BYTES = 8192, /* msgmax, as Linux has it */
};

struct pale_race_own {
	int held[PALE_RACE_HELD_MAX];  /* descriptors */
	bool mute[PALE_RACE_HELD_MAX]; /* it wrote there: reading would take that back */
	unsigned held_count;
	bool wrote_ipc;
	bool heard; /* the secret came already */
	char swapped[256], aside[300];
	const char *protected;
	const struct pale_race_request *request;
};

/* Do one action, and say what became of it. */
void pale_race_act(struct pale_race_own *own, const struct pale_race_request *request,
    struct pale_race_reply *reply);

/* Read once from a descriptor, queue or segment, and note the secret. False, -errno: nothing. */
bool pale_race_listen(struct pale_race_own *own, int fd);
int pale_race_read_queue(struct pale_race_own *own, int id);
int pale_race_read_segment(struct pale_race_own *own, int id);

#endif
