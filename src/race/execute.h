/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One execution: the victim in its world, stopped before every call that uses a name, changes who
 * it is or touches IPC, and the adversary's actions at the stops of the plan. What happened is told
 * as plain facts; what of it is a violation, oracle.h decides against the undisturbed run.
 *
 * The gate continues every call: it decides nothing, it only says when.
 */
#ifndef PALE_RACE_EXECUTE_H
#define PALE_RACE_EXECUTE_H

#include "race/world.h"

enum {
	PALE_RACE_STOPS_MAX = 20000, /* of one execution; more: told as a limit */
	PALE_RACE_ACTIONS_MAX = 2,   /* of one plan */
	PALE_RACE_ID_BYTES = 128,
	PALE_RACE_TEXT_BYTES = 256,
};

enum pale_race_action {
	PALE_RACE_NOTHING,
#define ACTION(name, at, summary) PALE_RACE_##name,
#include "race/actions.def"
	PALE_RACE_ACTION_COUNT,
};

struct pale_race_action_row {
	const char *name, *at, *summary;
};
extern const struct pale_race_action_row pale_race_actions[PALE_RACE_ACTION_COUNT];

/* A stop. Its id is the same in every run that goes the same way: task path ("1.2": the second
 * child of the first process), ordinal among the same calls of that task on that name, call, name.
 */
struct pale_race_stop {
	char id[PALE_RACE_ID_BYTES];     /* "1:openat:/tmp/world/shared/x#2" */
	char text[PALE_RACE_TEXT_BYTES]; /* openat(AT_FDCWD, "shared/x", O_WRONLY|O_CREAT, 0600) */
	char path[2][256];               /* absolute in the world, "" */
	char key[16];                    /* System V: "0x1234", or "id:7" */
	int nr;
	unsigned task;  /* number of the process in order of birth */
	bool reachable; /* the adversary can change a component, or use the object: tried by DAC,
			 * in the undisturbed run alone; so is touched_shared */
};

/* A plan: actions at stops. */
struct pale_race_plan {
	struct {
		char stop[PALE_RACE_ID_BYTES];
		enum pale_race_action action;
		uint8_t name; /* which of the stop's paths; and of its components, from the end */
		uint8_t up;
	} acts[PALE_RACE_ACTIONS_MAX];
	unsigned count;
};

/* What became of an action. */
enum pale_race_acted {
	PALE_RACE_NOT_REACHED, /* its stop did not come */
	PALE_RACE_DENIED,      /* DAC did not let it: prunes its like */
	PALE_RACE_ACTED,
	PALE_RACE_NO_USE, /* DAC let it, but it could not be: nothing was there, say */
};

/* An object of the world at the end (or at a peek), for oracle.c. */
struct pale_race_object {
	char path[256];
	unsigned mode;
	uid_t uid;
	uint64_t ino;
	uint64_t size;
	uint64_t hash;   /* of the content, of what is regular; of a link's target */
	bool has_secret; /* holds the secret's bytes, or the adversary's mark */
	bool has_mark;
};

struct pale_race_outcome {
	struct pale_race_stop *stops;
	size_t stop_count;
	struct pale_race_object *objects;
	size_t object_count;
	enum pale_race_acted acted[PALE_RACE_ACTIONS_MAX];
	char acted_text[PALE_RACE_ACTIONS_MAX][PALE_RACE_TEXT_BYTES];
	int status; /* as wait(2), of the victim's first process */
	bool hangs; /* and where: */
	char hangs_in[PALE_RACE_TEXT_BYTES];
	bool secret_got; /* the adversary read the secret: from a file, FIFO, socket, queue */
	bool mark_shown; /* what the adversary wrote came out on stdout or in a private file */
	bool executed;   /* code of the adversary ran as the victim */
	bool fd_kept;    /* an exec after a drop of rights kept a descriptor to what is private */
	bool segment_kept;
	bool touched_shared; /* it used anything that the adversary can reach */
	bool killed_by_pipe;
	char output[4096]; /* the victim's, stdout and stderr, cut */
	size_t output_bytes;
	bool limited; /* more stops, processes or time than there may be */
	char limit[64];
	uint64_t elapsed_ns;
};

/*
 * Run once.
 *
 *   plan   NULL or empty: the undisturbed run
 *
 * Returns 0, whatever the victim did; -errno where the machinery failed. No process, mount or
 * object is left, also where this process is killed in between.
 */
int pale_race_execute(struct pale_race_world *world, const struct pale_race_plan *plan,
    struct pale_race_outcome *ret, struct pale_err *err);
void pale_race_outcome_done(struct pale_race_outcome *outcome);

#endif
