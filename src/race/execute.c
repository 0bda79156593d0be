/* SPDX-License-Identifier: BSD-2-Clause */
/* One execution as its caller sees it, and the table of what the adversary can do. */
#include "race/execute.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "race/room.h"

const struct pale_race_action_row pale_race_actions[PALE_RACE_ACTION_COUNT] = {
	[PALE_RACE_NOTHING] = { "nothing", "", "do nothing" },
#define ACTION(name, at, summary) [PALE_RACE_##name] = { #name, at, summary },
#include "race/actions.def"
};

static int
copy(const void *from, size_t count, size_t size, void **ret)
{
	*ret = NULL;
	if (count == 0)
		return 0;
	*ret = malloc(count * size);
	if (*ret == NULL)
		return -ENOMEM;
	memcpy(*ret, from, count * size);
	return 0;
}

int
pale_race_execute(struct pale_race_world *world, const struct pale_race_plan *plan,
    struct pale_race_outcome *ret, struct pale_err *err)
{
	struct pale_race_room *room = world->room;
	struct pale_race_outcome outcome;
	char turn = PALE_RACE_TURN;
	void *stops, *objects;
	ssize_t got;

	memset(&room->plan, 0, sizeof(room->plan));
	if (plan != NULL)
		room->plan = *plan;
	if (send(world->control, &turn, 1, MSG_NOSIGNAL) != 1)
		return pale_fail(err, -EPIPE, "the keeper of the world ended");
	do
		got = recv(world->control, &turn, 1, 0);
	while (got < 0 && errno == EINTR);
	if (got != 1)
		return pale_fail(err, -EPIPE, "the keeper of the world ended");
	if (room->code < 0) {
		if (err != NULL)
			*err = room->err;
		return room->code;
	}
	outcome = room->outcome;
	if (copy(room->stops, outcome.stop_count, sizeof(room->stops[0]), &stops) < 0)
		return pale_fail(err, -ENOMEM, "no memory for the stops");
	if (copy(room->objects, outcome.object_count, sizeof(room->objects[0]), &objects) < 0) {
		free(stops);
		return pale_fail(err, -ENOMEM, "no memory for the objects");
	}
	outcome.stops = stops;
	outcome.objects = objects;
	*ret = outcome;
	return 0;
}

void
pale_race_outcome_done(struct pale_race_outcome *outcome)
{
	free(outcome->stops);
	free(outcome->objects);
	memset(outcome, 0, sizeof(*outcome));
}
