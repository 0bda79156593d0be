/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The dot-dot race, and a model checker that finds it: `cc toy.c && ./a.out`. `pale check` is this
 * with a real tree, more calls, real walkers and a search that stays small.
 *
 *     /tmp/sandbox/foo/bar      all that two processes were given lies in sandbox
 *
 * A looks up "bar/../.." from a descriptor of foo; the kernel takes one component at a time. The
 * rule of 2010 was: ".." is refused where the lookup stands on the directory it started from.
 * Meanwhile B moves bar from foo to sandbox. Who wins?
 * ("Connecting the Dot Dots: Model Checking Concurrency in Capsicum", Watson and Anderson.)
 *
 * Expected: the compare is beaten in 6 steps; a root that ".." cannot leave is not.
 */
#include <stdio.h>
#include <string.h>

enum { ROOT, TMP, SANDBOX, FOO, BAR, NODES, UP = NODES, END };

static const char *const names[] = { "/", "tmp", "sandbox", "foo", "bar" };
static int parent[NODES] = { ROOT, ROOT, TMP, SANDBOX, FOO }; /* bar's is part of the state */

/* What may be looked up: where from, and the components. */
static const struct {
	const char *call;
	int start, part[5];
} paths[] = {
	{ "openat(foo, \"bar/..\")", FOO, { BAR, UP, END } },
	{ "openat(foo, \"bar/../..\")", FOO, { BAR, UP, UP, END } },
	{ "openat(sandbox, \"foo/bar/../..\")", SANDBOX, { FOO, BAR, UP, UP, END } },
	{ "openat(sandbox, \"bar/..\")", SANDBOX, { BAR, UP, END } },
};
enum { PATHS = sizeof(paths) / sizeof(paths[0]), PARTS = 5 };

/* A state is bar's parent and, for each process, how far it is: idle, or path, part and place. */
enum { IDLE = PATHS * PARTS * NODES, PLACES = IDLE + 1, STATES = 2 * PLACES * PLACES };

static int came_from[STATES], depth[STATES], queue[STATES], queued;
static char label[STATES][64]; /* the step that led here */

static int
is_beneath(int node, int top)
{
	while (node != top && node != ROOT)
		node = parent[node];
	return node == top;
}

/* Walkers: where ".." leads from `at` in a lookup that started at `start`; -1 is an error. */
static int
up_by_compare(int at, int start)
{
	return at == start ? -1 : parent[at];
}

static int
up_in_mount(int at, int start)
{
	if (at == start)
		return start;                           /* the root of a mount is its own parent */
	return is_beneath(at, start) ? parent[at] : -1; /* what was moved out has none */
}

static void
reach(int state, int bar_in_foo, const int place[2], const char *actor, const char *what)
{
	int next = (bar_in_foo * PLACES + place[0]) * PLACES + place[1];

	if (depth[next] != 0)
		return;
	depth[next] = depth[state] + 1;
	came_from[next] = state;
	snprintf(label[next], sizeof(label[next]), "%s  %s", actor, what);
	queue[queued++] = next;
}

static void
print_way_to(int state)
{
	if (depth[state] == 1)
		return;
	print_way_to(came_from[state]);
	printf("#   %d  %s\n", depth[state] - 1, label[state]);
}

/* All that process p may do next; true if it just got what nobody gave it. */
static int
act(int state, int p, int (*up)(int, int))
{
	int bar_in_foo = state / PLACES / PLACES, at, part, path, mine;
	int place[2] = { state / PLACES % PLACES, state % PLACES }, was = place[p];
	const char *actor = p == 0 ? "A" : "B";
	char what[56];

	if (was == IDLE) {
		for (path = 0; path < PATHS; path++) {
			place[p] = path * PARTS * NODES + paths[path].start;
			reach(state, bar_in_foo, place, actor, paths[path].call);
		}
		place[p] = IDLE;
		reach(state, !bar_in_foo, place, actor,
		    bar_in_foo ? "renameat(foo, \"bar\", sandbox, \"bar\")"
			       : "renameat(sandbox, \"bar\", foo, \"bar\")");
		return 0;
	}
	path = was / NODES / PARTS, mine = was / NODES % PARTS, at = was % NODES;
	part = paths[path].part[mine];
	if (part == END) {
		place[p] = IDLE;
		snprintf(what, sizeof(what), "has a descriptor of %s", names[at]);
		reach(state, bar_in_foo, place, actor, what);
		if (is_beneath(at, SANDBOX))
			return 0;
		print_way_to(state);
		printf("#   %d  %s  %s, outside the sandbox\n", depth[state], actor, what);
		return 1;
	}
	at = part == UP ? up(at, paths[path].start) : parent[part] == at ? part : -1;
	snprintf(what, sizeof(what),
	    at < 0           ? "fails"
		: part == UP ? "up to %s"
			     : "down to %s",
	    at < 0 ? "" : names[at]);
	place[p] = at < 0 ? IDLE : (path * PARTS + mine + 1) * NODES + at;
	reach(state, bar_in_foo, place, actor, what);
	return 0;
}

/* Breadth first, so that the first way out is the shortest: its steps, or 0 if there is none. */
static int
search(int (*up)(int, int))
{
	int idle[2] = { IDLE, IDLE }, p;

	memset(depth, 0, sizeof(depth));
	queued = 0;
	reach(STATES - 1, 1, idle, "", "");
	for (int next = 0; next < queued; next++) {
		parent[BAR] = queue[next] / PLACES / PLACES ? FOO : SANDBOX;
		for (p = 0; p < 2; p++)
			if (act(queue[next], p, up))
				return depth[queue[next]];
	}
	return 0;
}

int
main(void)
{
	int compare = search(up_by_compare), in_mount = search(up_in_mount);

	printf("%s 1 - the start-directory compare is beaten in %d steps\n",
	    compare == 6 ? "ok" : "not ok", compare);
	printf("%s 2 - a mount root holds in all of %d states\n", in_mount == 0 ? "ok" : "not ok",
	    queued);
	printf("1..2\n");
	return compare == 6 && in_mount == 0 ? 0 : 1;
}
