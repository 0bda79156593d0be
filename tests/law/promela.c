/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SPIN's opinion: every walker and scope of the dot-dot race that can be said in Promela is written
 * with --promela's code, checked by SPIN breadth first, all errors counted, and must agree with the
 * search, with reductions off: the verdict of each property, the length of its shortest witness,
 * the number of states, and that of transitions. The granularity is the same, one d_step a step, so
 * the numbers are the same; but SPIN counts the initial state as a transition, too.
 */
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "check/explore.h"
#include "check/promela/promela.h"
#include "check/world/world.h"
#include "harness.h"
#include "model/property.h"
#include "model/read.h"
#include "model/walkers.h"

static const char scenario[] =
    "scenario('The dot-dot race of 2010')\n"
    "directory('/etc')\n"
    "file('/etc/passwd')\n"
    "directory('/tmp/sandbox/foo/bar')\n"
    "walker('none')\n"
    "property('root')\n"
    "compartment attacker {\n"
    "	processes('2')\n"
    "	calls('2')\n"
    "	open('foo', '/tmp/sandbox/foo')\n"
    "	open('sandbox', '/tmp/sandbox')\n"
    "	may('openat(*, bar|bar/..|bar/../..)', 'renameat(*, bar, *, bar)', 'mkdirat(*, bar)',\n"
    "	    'unlinkat(*, bar, AT_REMOVEDIR)')\n"
    "}\n";

/* Two compartments, one of them with less; several names, a file on the way, a dot, what is made
 * twice, a rename that must not replace. */
static const char two[] =
    "scenario('Two compartments')\n"
    "directory('/a/b/c')\n"
    "file('/a/b/c/f')\n"
    "spare('2')\n"
    "walker('none')\n"
    "property('root')\n"
    "compartment wide {\n"
    "	calls('2')\n"
    "	open('a', '/a')\n"
    "	open('b', '/a/b')\n"
    "	may('renameat(*, c|d, *, d, RENAME_NOREPLACE)', 'renameat(b, d, *, c)', 'mkdirat(*, d)',\n"
    "	    'unlinkat(b, d, AT_REMOVEDIR)', 'unlinkat(b, d)', 'openat(a, b/./c/f)')\n"
    "}\n"
    "compartment narrow {\n"
    "	calls('2')\n"
    "	open('c', '/a/b/c')\n"
    "	may('openat(*, ..)', 'openat(c, f/..)', 'openat(*, d/../f, O_DIRECTORY)',\n"
    "	    'mkdirat(c, d)', 'renameat(c, d, *, e)')\n"
    "}\n";

/* What SPIN says. */
struct said {
	unsigned long states, transitions;
	unsigned lengths[PALE_PROPERTY_COUNT]; /* 0: not violated */
	bool done;
};

static bool
is_there(const char *program)
{
	char command[64];

	(void)snprintf(command, sizeof(command), "command -v %s >/dev/null 2>&1", program);
	return system(command) == 0;
}

static void
read_line(const char *line, struct said *said)
{
	static const struct {
		unsigned property;
		const char *in; /* words of its assertion */
	} asserted[] = {
		{ PALE_PROPERTY_UNION, "seen_union" },
		{ PALE_PROPERTY_CALL, "seen_call" },
		{ PALE_PROPERTY_ROOT, "!=1" },
	};
	const char *depth = strstr(line, "(at depth ");

	for (size_t i = 0; depth != NULL && i < sizeof(asserted) / sizeof(asserted[0]); i++) {
		unsigned *length = &said->lengths[asserted[i].property];

		if (*length == 0 && strstr(line, asserted[i].in) != NULL)
			*length = 1 + (unsigned)strtoul(depth + strlen("(at depth "), NULL, 10);
	}
	if (strstr(line, " states, stored") != NULL) {
		said->states = strtoul(line, NULL, 10);
		said->done = true;
	}
	if (strstr(line, " transitions (= stored+matched)") != NULL)
		said->transitions = strtoul(line, NULL, 10);
}

static struct said
ask_spin(const char *text)
{
	char dir[] = "/tmp/pale-promela.XXXXXX", path[64], command[512], line[4096];
	struct said said = { 0 };
	FILE *file;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/model.pml", dir);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	(void)snprintf(command, sizeof(command),
	    "cd %s && spin -DBFS -o2 -a model.pml >spin.out 2>&1 && "
	    "cc -w -O0 -DSAFETY -DBFS -DNOREDUCE -DMEMLIM=2000 -o pan pan.c && "
	    "./pan -w20 -E -n -c0 2>&1; rm -rf %s",
	    dir, dir);
	file = popen(command, "r");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file) != NULL)
		read_line(line, &said);
	(void)pclose(file);
	return said;
}

static struct pale_model *
read_scenario(const char *text, const struct pale_read_options *options)
{
	struct pale_model *model = NULL;
	struct pale_err err;

	ck_assert_msg(pale_model_read("test", text, strlen(text), options, &model, &err) == 0, "%s",
	    err.text);
	return model;
}

static void
assert_agrees(const char *text, const char *walker, unsigned processes, unsigned calls)
{
	struct pale_read_options options = {
		.walker = pale_walker_find(walker),
		.property = "union,call,root",
		.processes = processes,
		.calls = calls,
	};
	struct pale_model *model = read_scenario(text, &options);
	struct pale_explore_options explore = { .threads = 1, .until = PALE_UNTIL_END };
	struct pale_explored ours;
	struct pale_system system;
	struct said said;
	struct pale_err err = { 0 };
	char *promela;

	ck_assert_msg(pale_promela_write(model, &promela, &err) == 0, "%s", err.text);
	said = ask_spin(promela);
	ck_assert_msg(said.done, "SPIN does not take it:\n%s", promela);
	pale_world_system(model, &system);
	ck_assert_int_eq(pale_explore(&system, &explore, &ours, &err), 0);
	for (unsigned i = PALE_PROPERTY_UNION; i <= PALE_PROPERTY_CALL; i++)
		ck_assert_msg(
		    said.lengths[i] == (ours.violations[i].found ? ours.violations[i].length : 0),
		    "%s: %s in %u steps by SPIN, %u by us", walker, pale_properties[i].name,
		    said.lengths[i], ours.violations[i].length);
	ck_assert_msg(said.states == ours.states && said.transitions == ours.transitions + 1,
	    "%s: %lu states and %lu transitions by SPIN, %" PRIu64 " and %" PRIu64 " by us", walker,
	    said.states, said.transitions, ours.states, ours.transitions);
	pale_explored_done(&ours);
	pale_model_free(model);
	free(promela);
}

/* One case for a few walkers, as the verifier is compiled for each. */
TEST(plain, "none, start-compare and depth-count")
{
	assert_agrees(scenario, "none", 0, 0);
	assert_agrees(scenario, "start-compare", 0, 0);
	assert_agrees(scenario, "depth-count", 0, 0);
}

TEST(limits, "reject-dotdot, one-dotdot and lock")
{
	assert_agrees(scenario, "reject-dotdot", 0, 0);
	assert_agrees(scenario, "one-dotdot", 0, 0);
	assert_agrees(scenario, "lock", 0, 0);
}

TEST(walks, "walk-atomic, walk-stepwise and walk-then-step")
{
	assert_agrees(scenario, "walk-atomic", 0, 0);
	assert_agrees(scenario, "walk-stepwise", 0, 0);
	assert_agrees(scenario, "walk-then-step", 0, 0);
}

TEST(finals, "walk-final, beneath, beneath-nofinal and in-root")
{
	assert_agrees(scenario, "walk-final", 0, 0);
	assert_agrees(scenario, "beneath", 0, 0);
	assert_agrees(scenario, "beneath-nofinal", 0, 0);
	assert_agrees(scenario, "in-root", 0, 0);
}

TEST(scopes, "one process, three processes, and three calls")
{
	assert_agrees(scenario, "start-compare", 1, 3);
	assert_agrees(scenario, "walk-stepwise", 3, 1);
	assert_agrees(scenario, "reject-dotdot", 2, 3);
}

TEST(compartments, "two compartments, several names, a file and a dot on the way")
{
	assert_agrees(two, "none", 0, 0);
	assert_agrees(two, "one-dotdot", 0, 0);
	assert_agrees(two, "lock", 0, 0);
}

/* What cannot be said is refused in words. */
static void
assert_refused(const char *from, const char *to, const char *walker, const char *words)
{
	static char text[sizeof(scenario) + 256];
	struct pale_read_options options = { .walker = pale_walker_find(walker) };
	const char *at = strstr(scenario, from);
	struct pale_model *model;
	struct pale_err err = { 0 };
	char *promela = NULL;

	ck_assert_ptr_nonnull(at);
	(void)snprintf(
	    text, sizeof(text), "%.*s%s%s", (int)(at - scenario), scenario, to, at + strlen(from));
	model = read_scenario(text, &options);
	ck_assert_int_eq(pale_promela_write(model, &promela, &err), -ENOTSUP);
	ck_assert_ptr_null(promela);
	ck_assert_msg(
	    strstr(err.text, words) != NULL, "'%s' says nothing of '%s'", err.text, words);
	pale_model_free(model);
}

TEST(refused, "what cannot be said is refused, and named")
{
	assert_refused("walker('none')", "", "tracker", "tracker");
	assert_refused(
	    "walker('none')", "walker('none') symlink('/tmp/l', '/etc')", "none", "links");
	assert_refused("walker('none')", "property('progress')", "none", "property");
	assert_refused("processes('2')", "user('100')", "none", "root");
	assert_refused("mkdirat(*, bar)", "mkdirat(*, bar/x)", "none", "components");
	assert_refused("mkdirat(*, bar)", "mkfifoat(*, bar, 0600)", "none", "mkfifoat");
	assert_refused("openat(*, bar|", "openat(*, /etc|", "none", "absolute");
	assert_refused("openat(*, bar|", "openat(*, x, O_CREAT|O_WRONLY)', 'openat(*, bar|", "none",
	    "writing");
}

int
main(void)
{
	const TTest *const all[] = { refused, plain, limits, walks, finals, scopes, compartments };
	size_t count = sizeof(all) / sizeof(all[0]);

	/* Compilers take their time. */
	(void)setenv("CK_TIMEOUT_MULTIPLIER", "8", 0);

	if (is_there("spin") && is_there("cc"))
		return test_run("promela", all, count);
	printf("# SPIN or a compiler is missing: what it would say is not asked (Debian: spin, "
	       "gcc)\n");
	return test_run("promela", all, 1);
}
