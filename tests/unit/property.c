/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each property with a scenario that violates it and one that nearly does; each term of an
 * assertion where it comes to hold and where it never does. Every state is visited.
 */
#include "model/property.h"

#include "check/world/world.h"
#include "core/scope.h"
#include "harness.h"
#include "model/read.h"
#include "model/term.h"

static struct pale_model *
read_model(const char *text)
{
	struct pale_model *model = NULL;
	struct pale_err err = { 0 };

	ck_assert_msg(pale_model_read("scenario", text, strlen(text), NULL, &model, &err) == 0,
	    "%s\n%s", err.text, text);
	return model;
}

/* Bits of all that can be violated. */
static uint32_t
violated(const char *text)
{
	const struct pale_explore_options options = { .threads = 1, .until = PALE_UNTIL_END };
	struct pale_model *model = read_model(text);
	struct pale_explored explored;
	struct pale_system system;
	uint32_t bits;

	pale_world_system(model, &system);
	ck_assert_int_eq(pale_explore(&system, &options, &explored, NULL), 0);
	ck_assert_int_eq(explored.limit, PALE_LIMIT_NONE);
	bits = explored.violated;
	pale_explored_done(&explored);
	pale_model_free(model);
	return bits;
}

#define BIT(name) (1U << PALE_PROPERTY_##name)

/* /tmp has what is outside, sandbox is wide, foo is narrow. */
#define TREE \
	"directory('/etc')\n" \
	"directory('/tmp/sandbox/foo/bar/x')\n"
#define ALL "property('union', 'root', 'call', 'rights')\n"
#define FOO "\topen('foo', '/tmp/sandbox/foo')\n"
#define SANDBOX "\topen('sandbox', '/tmp/sandbox')\n"
/* One process that may do one call. */
#define ONE(walker, delegated, call) \
	TREE "walker('" walker "')\n" ALL "compartment a {\n\tcalls('1')\n" delegated \
	     "\tmay('" call "')\n}\n"

TEST(finds, "properties are found by name, assertions by number")
{
	struct pale_model *model = read_model(
	    TREE "never('exists(/etc)')\nnever('not exists(/etc)')\ncompartment a {\n\tprogram("
		 "'umask(0)')\n}\n");
	char words[80];

	ck_assert_uint_eq(pale_property_find(model, "union"), BIT(UNION));
	ck_assert_uint_eq(pale_property_find(model, "progress"), BIT(PROGRESS));
	ck_assert_uint_eq(pale_property_find(model, "never"), 3U << PALE_PROPERTY_NEVER);
	ck_assert_uint_eq(pale_property_find(model, "never:2"), 2U << PALE_PROPERTY_NEVER);
	ck_assert_uint_eq(pale_property_find(model, "never:3"), 0);
	ck_assert_uint_eq(pale_property_find(model, "never:0"), 0);
	ck_assert_uint_eq(pale_property_find(model, "never:1x"), 0);
	ck_assert_uint_eq(pale_property_find(model, "unions"), 0);
	pale_property_print(model, PALE_PROPERTY_CALL, words, sizeof(words));
	ck_assert_str_eq(words, "call");
	pale_property_print(model, PALE_PROPERTY_NEVER + 1, words, sizeof(words));
	ck_assert_str_eq(words, "never: not exists(/etc)");
	pale_model_free(model);
}

TEST(union_leaves, "union: who obtains what is beneath nothing that was delegated violates it")
{
	ck_assert_uint_eq(
	    violated(ONE("none", FOO SANDBOX, "openat(*, ../..)")) & BIT(UNION), BIT(UNION));
	/* What a call changes outside it has obtained. */
	ck_assert_uint_eq(
	    violated(ONE("none", FOO SANDBOX, "mkdirat(foo, ../../bar)")) & BIT(UNION), BIT(UNION));
}

TEST(union_nearly, "union: what another delegated directory holds may be obtained from this one")
{
	ck_assert_uint_eq(violated(ONE("none", FOO SANDBOX, "openat(foo, ..)")), BIT(CALL));
	ck_assert_uint_eq(violated(ONE("none", FOO SANDBOX, "mkdirat(foo, ../new)")), BIT(CALL));
}

TEST(root_named, "root: who obtains the root directory violates it")
{
	ck_assert_uint_eq(
	    violated(ONE("none", FOO, "openat(foo, ../../..)")) & BIT(ROOT), BIT(ROOT));
	ck_assert_uint_eq(violated(ONE("none", FOO, "openat(foo, /)")) & BIT(ROOT), BIT(ROOT));
}

TEST(root_nearly, "root: not one above what is the root's, nor a root that was delegated")
{
	ck_assert_uint_eq(violated(ONE("none", FOO, "openat(foo, ../..)")) & BIT(ROOT), 0);
	ck_assert_uint_eq(
	    violated(ONE("none", FOO "\topen('r', '/')\n", "openat(r, .)")) & BIT(ROOT), 0);
}

TEST(call_leaves, "call: who obtains what was never beneath the own directory violates it")
{
	ck_assert_uint_eq(violated(ONE("none", FOO SANDBOX, "openat(foo, ..)")), BIT(CALL));
	ck_assert_uint_eq(
	    violated(ONE("none", SANDBOX FOO, "openat(foo, ../foo/../foo/..)")), BIT(CALL));
}

TEST(call_nearly, "call: `..` that stays, and the directory itself, are beneath it")
{
	ck_assert_uint_eq(violated(ONE("none", FOO, "openat(foo, bar/x/../..)")), 0);
	ck_assert_uint_eq(violated(ONE("none", FOO, "openat(foo, .)")), 0);
	ck_assert_uint_eq(violated(ONE("none", FOO, "openat(foo, bar/../../foo)")), 0);
}

/* Somebody else, who is not judged, moves bar out while it is looked up. */
#define MOVER \
	"compartment mover {\n\tprogram('renameat(AT_FDCWD, /tmp/sandbox/foo/bar, AT_FDCWD, " \
	"/etc/bar)')\n}\n"

TEST(moved_out, "what was beneath at any instant of the lookup may be obtained after it has gone")
{
	ck_assert_uint_eq(violated(ONE("none", FOO, "openat(foo, bar)") MOVER), 0);
}

TEST(pinned, "union and call: what is in a directory that was moved out is beneath that one only")
{
	uint32_t bits = violated(TREE "walker('none')\n" ALL "compartment a {\n\tcalls('2')\n" FOO
				      "\tmay('openat(*, bar)', 'openat(*, x)')\n}\n" MOVER);

	ck_assert_uint_eq(bits, BIT(UNION));
}

TEST(not_confined, "who was delegated no directory is not judged")
{
	ck_assert_uint_eq(
	    violated(ONE("none", "\tcwd('/tmp/sandbox/foo')\n",
		"open(../../..)") "compartment b {\n" FOO "\tprogram('openat(foo, bar)')\n}\n"),
	    0);
}

TEST(ambient, "the working directory of one who was delegated something is a dirfd like another")
{
	ck_assert_uint_eq(violated(ONE("none", FOO "\tcwd('/tmp/sandbox/foo')\n", "open(..)")),
	    BIT(UNION) | BIT(CALL) | BIT(RIGHTS));
}

#define NARROW "\topen('narrow', '/tmp/sandbox/foo')\n"
#define WIDE "\topen('wide', '/tmp/sandbox', 'lookup,read')\n"

TEST(rights_widened,
    "rights: who takes the rights of one directory to what another gives violates it")
{
	ck_assert_uint_eq(
	    violated(ONE("none", NARROW WIDE, "openat(narrow, ..)")), BIT(CALL) | BIT(RIGHTS));
}

#define CHILD(call) \
	TREE "walker('none')\nproperty('union')\n" \
	     "compartment a {\n" FOO "\tprogram('fork()')\n}\n" \
	     "compartment b {\n\tchild_of('a')\n\tprogram('" call "')\n}\n"

TEST(handed_on, "what a parent was delegated is delegated to its child")
{
	ck_assert_uint_eq(violated(CHILD("openat(foo, ..)")), BIT(UNION));
	ck_assert_uint_eq(violated(CHILD("openat(foo, bar)")), 0);
}

#define RECEIVER(call) \
	TREE "walker('none')\nproperty('union')\n" \
	     "compartment a {\n" FOO "\tprogram('s = socket()', 'bind(s, /tmp/sandbox/foo/s)', " \
	     "'listen(s)', 'c = accept(s)', 'sendfd(c, foo)')\n}\n" \
	     "compartment b {\n\tprogram('c = socket()', 'connect(c, /tmp/sandbox/foo/s)', " \
	     "'d = recvfd(c)', '" call "')\n}\n"

TEST(passed_on, "what a sender was delegated is delegated to who can receive")
{
	ck_assert_uint_eq(violated(RECEIVER("openat(d, ..)")), BIT(UNION));
	ck_assert_uint_eq(violated(RECEIVER("openat(d, bar)")), 0);
}

TEST(rights_nearly, "rights: from the wide directory with its few, from the narrow with its many")
{
	ck_assert_uint_eq(violated(ONE("none", NARROW WIDE, "openat(wide, foo/bar)")), 0);
	ck_assert_uint_eq(violated(ONE("none", NARROW WIDE, "openat(narrow, bar)")), 0);
	/* It was beneath the narrow one when it was found. */
	ck_assert_uint_eq(
	    violated(ONE("none", NARROW WIDE,
		"openat(narrow, bar)") "compartment mover {\n\tprogram('renameat(AT_FDCWD, "
				       "/tmp/sandbox/foo/bar, "
				       "AT_FDCWD, /tmp/sandbox/bar)')\n}\n"),
	    0);
}

TEST(linked_in, "union, call: to be linked beneath by the call itself is not to have been there")
{
	ck_assert_uint_eq(violated("directory('/a')\nfile('/b/f')\nsymlink('/a/l', '/b/f')\n"
				   "property('union', 'call')\ncompartment a {\n\topen('d', '/a')\n"
				   "\tprogram('linkat(d, l, d, g, AT_SYMLINK_FOLLOW)')\n}\n"),
	    BIT(UNION) | BIT(CALL));
	ck_assert_uint_eq(violated("directory('/a')\nfile('/a/f')\nsymlink('/a/l', 'f')\n"
				   "property('union', 'call')\ncompartment a {\n\topen('d', '/a')\n"
				   "\tprogram('linkat(d, l, d, g, AT_SYMLINK_FOLLOW)')\n}\n"),
	    0);
}

#define PROGRESS(walker, call) \
	TREE "walker('" walker "')\nproperty('progress')\ncompartment a {\n\tcalls('2')\n" \
	     "\tprocesses('2')\n" FOO SANDBOX "\tmay('" call "', 'renameat(*, bar, *, bar)')\n}\n"

TEST(progress_refuses, "progress: a walker that refuses a legal lookup violates it")
{
	ck_assert_uint_eq(violated(PROGRESS("reject-dotdot", "openat(*, bar/..)")), BIT(PROGRESS));
	ck_assert_uint_eq(
	    violated(PROGRESS("one-dotdot", "openat(*, bar/x/../..)")), BIT(PROGRESS));
}

TEST(progress_elsewhere, "progress: a walker that finds something else violates it")
{
	ck_assert_uint_eq(violated("symlink('/tmp/sandbox/foo/l', 'bar/x')\n" PROGRESS(
			      "clean-open", "openat(*, l/..)")),
	    BIT(PROGRESS));
	ck_assert_uint_eq(violated("symlink('/tmp/sandbox/foo/l', 'bar/x')\n" PROGRESS(
			      "none", "openat(*, l/..)")),
	    0);
}

TEST(progress_nearly,
    "progress: what leaves is not legal; whoever is disturbed or waits is not judged")
{
	ck_assert_uint_eq(violated(PROGRESS("reject-dotdot", "openat(*, bar)")), 0);
	ck_assert_uint_eq(violated(PROGRESS("start-compare", "openat(*, bar/..)")), 0);
	ck_assert_uint_eq(violated(PROGRESS("start-compare", "openat(foo, ..)")), 0);
	ck_assert_uint_eq(violated(PROGRESS("beneath", "openat(*, bar/..)")), 0);
	ck_assert_uint_eq(violated(PROGRESS("lock", "openat(*, bar/..)")), 0);
}

/* A term, where it comes to hold and where it never does. */
struct claim {
	const char *term; /* of terms.def */
	const char *claim, *holds, *nearly;
};

#define FILES \
	"directory('/d', 'mode=777')\nfile('/d/f', 'content=secret', 'mode=666')\n" \
	"file('/d/g', 'content=other', 'mode=755', 'user=100')\n" \
	"fifo('/d/p')\nshm('0x10', 'mode=644')\nshm('0x11', 'mode=600', 'user=100')\n"
#define A(...) "compartment a {\n\tuser('200')\n\tprogram(" #__VA_ARGS__ ")\n}\n"
#define B(...) "compartment b {\n\tprogram(" #__VA_ARGS__ ")\n}\n"

static const struct claim claims[] = {
	{ "knows", "knows(a, secret)", A('f = open(/d/f)', 'w = read(f)'), A('f = open(/d/f)') },
	{ "holds", "holds(a, /d/f, WRITE)", A('open(/d/f, O_RDWR)'), A('open(/d/f)') },
	{ "holds", "holds(a, /d/f)", A('open(/d/f)'), A('open(/d/g)') },
	{ "is", "is(a.v, /d/f)", A('v = fstatat(AT_FDCWD, /d/f)'),
	    A('v = fstatat(AT_FDCWD, /d/g)') },
	{ "is", "is(a.f, /d/f)", A('f = open(/d/f)'), A('f = open(/d/g)') },
	{ "value", "value(a.w, secret)", A('f = open(/d/f)', 'w = read(f)'),
	    A('f = open(/d/g)', 'w = read(f)') },
	{ "contains", "contains(/d/f, other)", A('f = open(/d/f, O_WRONLY)', 'write(f, other)'),
	    A('f = open(/d/g)', 'w = read(f)') },
	{ "received", "received(a, secret)", A('r, w = pipe()', 'write(w, secret)'),
	    A('r, w = pipe()', 'write(w, other)') },
	{ "received", "received(a, third)",
	    A('umask(0)') B('s = shmget(0x10)', 'shmat(s)', 'store(s, third)'),
	    A('umask(0)') B('s = shmget(0x11)', 'shmat(s)', 'store(s, third)') },
	{ "owned", "owned(/d/f, 100)", B('renameat(AT_FDCWD, /d/g, AT_FDCWD, /d/f)'),
	    B('renameat(AT_FDCWD, /d/f, AT_FDCWD, /d/g)') },
	{ "mode", "mode(/d/f, 022)", A('umask(0)'), NULL },
	{ "mode", "mode(/d/g, 022)", NULL, A('umask(0)') },
	{ "exists", "not exists(/d/f)", A('unlinkat(AT_FDCWD, /d/f)'), A('open(/d/f)') },
	{ "connected", "connected(a, b)",
	    A('c = socket()', 'try connect(c, /d/s)')
		B('umask(0)', 's = socket()', 'bind(s, /d/s)', 'listen(s)'),
	    A('c = socket()', 'try connect(c, /d/s)')
		B('umask(0)', 's = socket()', 'bind(s, /d/s)') },
	/* Whose it is says who holds it, and not who made it. */
	{ "connected", "connected(k, b)",
	    A('x, y = socketpair()', 'fork()', 'c = socket()', 'connect(c, /d/s)', 'sendfd(x, c)')
		B('umask(0)', 's = socket()', 'bind(s, /d/s)',
		    'listen(s)') "compartment k { child_of('a') program('k = recvfd(y)') }",
	    A('x, y = socketpair()', 'fork()', 'c = socket()', 'connect(c, /d/s)')
		B('umask(0)', 's = socket()', 'bind(s, /d/s)',
		    'listen(s)') "compartment k { child_of('a') program('k = recvfd(y)') }" },
	{ "attached", "attached(a, 0x10)", A('s = shmget(0x10)', 'shmat(s, SHM_RDONLY)'),
	    A('s = shmget(0x10)', 'try shmat(s)') },
	{ "attached", "attached(b, 0x10) and finished(a)",
	    A('umask(0)') B('m = shmget(0x10)', 'shmat(m)', 'ipcrm(m)', 'open(/d/p)'),
	    A('umask(0)') B('m = shmget(0x10)', 'ipcrm(m)', 'try shmat(m)', 'open(/d/p)') },
	{ "attached", "attached(b, 0x12)",
	    "msg('0x12')\nshm('0x12')\n" B('m = shmget(0x12)', 'shmat(m)'),
	    "msg('0x12')\nshm('0x12')\n" B('m = shmget(0x12)', 'q = msgget(0x12)') },
	{ "can_read", "can_read(a, 0x12)", "msg('0x12')\nshm('0x12', 'mode=644')\n" A('umask(0)'),
	    "msg('0x12')\nshm('0x12', 'mode=622')\n" A('umask(0)') },
	{ "can_read", "can_read(a, 0x10)", A('umask(0)'), NULL },
	{ "can_read", "can_read(a, 0x11)", NULL, A('umask(0)') },
	{ "can_read", "can_read(c, 0x11)",
	    "compartment c {\n\tuser('100')\n\tprogram('umask(0)')\n}\n", NULL },
	{ "can_write", "can_write(a, 0x10)", NULL, A('umask(0)') },
	{ "can_write", "can_write(b, 0x10)", B('umask(0)'), NULL },
	{ "blocked", "blocked(b)", B('open(/d/p)'), B('open(/d/p, O_RDONLY|O_NONBLOCK)') },
	{ "blocked", "blocked(b)", NULL, B('open(/d/p, O_RDWR)', 'f = open(/d/p)') },
	{ "killed", "killed(a)", A('r, w = pipe()', 'close(r)', 'write(w, other)'),
	    A('sigpipe_ignore()', 'r, w = pipe()', 'close(r)', 'write(w, other)') },
	{ "failed", "failed(a)", A('chroot(/d)'), A('try chroot(/d)') },
	{ "finished", "finished(b)", B('umask(0)'), B('open(/d/p)') },
	{ "used", "used(a, secret)", A('use(secret)'), A('use(other)') },
	{ "executes", "executes(a, /d/g)", A('exec(/d/g)'), A('try exec(/d/f)', 'open(/d/g)') },
};

static bool
comes_to_hold(const char *claim, const char *programs)
{
	char text[2000];

	snprintf(text, sizeof(text), FILES "never('%s')\n%s", claim, programs);
	return violated(text) != 0;
}

TEST(terms, "each term comes to hold where it should, and does not where it nearly does")
{
	for (size_t i = 0; i < PALE_COUNT(claims); i++) {
		const struct claim *c = &claims[i];

		if (c->holds != NULL)
			ck_assert_msg(comes_to_hold(c->claim, c->holds), "%s never holds: %s",
			    c->claim, c->holds);
		if (c->nearly != NULL)
			ck_assert_msg(!comes_to_hold(c->claim, c->nearly), "%s holds: %s", c->claim,
			    c->nearly);
	}
}

TEST(all_terms, "no term is without both")
{
	for (unsigned kind = 0; kind < PALE_TERM_COUNT; kind++) {
		bool holds = false, nearly = false;

		for (size_t i = 0; i < PALE_COUNT(claims); i++) {
			bool same = strcmp(claims[i].term, pale_terms[kind].name) == 0;

			holds |= same && claims[i].holds != NULL;
			nearly |= same && claims[i].nearly != NULL;
		}
		ck_assert_msg(holds && nearly, "%s", pale_terms[kind].name);
	}
}

TEST(together,
    "an assertion holds where all of its terms do at one instant, not one after the other")
{
	const char *programs = A('f = open(/d/f)', 'close(f)', 'g = open(/d/g)');

	ck_assert(comes_to_hold("holds(a, /d/g) and not holds(a, /d/f)", programs));
	ck_assert(!comes_to_hold("holds(a, /d/g) and holds(a, /d/f)", programs));
}

TEST_MAIN("property", finds, union_leaves, union_nearly, root_named, root_nearly, call_leaves,
    call_nearly, moved_out, pinned, not_confined, ambient, rights_widened, handed_on, passed_on,
    rights_nearly, linked_in, progress_refuses, progress_elsewhere, progress_elsewhere,
    progress_nearly, terms, all_terms, together)
