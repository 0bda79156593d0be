/* SPDX-License-Identifier: BSD-2-Clause */
/* Small scenarios at random; see reductions_scenario.h. */
#include "reductions_scenario.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "core/scope.h"
#include "model/walkers.h"
#include "random.h"

struct writer {
	char *text;
	size_t length;
	uint64_t *random;
};

__attribute__((format(printf, 2, 3))) static void
add(struct writer *w, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(w->text + w->length, SCENARIO_BYTES - w->length, fmt, args);
	va_end(args);
	if (n > 0 && w->length + (size_t)n < SCENARIO_BYTES)
		w->length += (size_t)n;
}

static bool
chance(struct writer *w, unsigned of)
{
	return test_below(w->random, of) == 0;
}

static const char *
pick(struct writer *w, const char *const *from, size_t count)
{
	return from[test_below(w->random, (unsigned)count)];
}
#define PICK(w, from) pick(w, from, PALE_COUNT(from))

/* One of each row; most calls find what they name. */
static const char *const trees[][3] = {
	{ "", "directory('/tmp/sandbox/x')\n", "directory('/tmp/sandbox/foo/bar/x')\n" },
	{ "file('/tmp/sandbox/foo/file', 'mode=666')\n",
	    "hardlink('/tmp/sandbox/foo/file', '/etc/passwd')\n",
	    "file('/tmp/sandbox/file', 'user=100')\n" },
	{ "symlink('/tmp/sandbox/foo/l', '../secret')\n",
	    "symlink('/tmp/sandbox/foo/l', 'bar/..')\n",
	    "symlink('/tmp/sandbox/foo/l', '/etc')\n" },
	{ "", "symlink('/tmp/sandbox/foo/bar/l', '../new')\n", "directory('/tmp/sandbox/baz')\n" },
	{ "", "", "protect('symlinks')\n" },
	{ "", "fifo('/tmp/sandbox/p')\n", "fifo('/tmp/sandbox/foo/p', 'mode=666')\n" },
};

static const char *const lookups[] = {
	"openat(*, bar)",
	"openat(*, bar/..)",
	"openat(*, bar/../..)",
	"openat(*, bar|bar/..|bar/../..)",
	"openat(*, bar/x/../..)",
	"openat(*, ..)",
	"openat(*, .)",
	"openat(*, l)",
	"openat(*, l/x)",
	"openat(*, bar/l)",
	"openat(foo, ../etc/passwd)",
	"openat(*, file, O_RDWR)",
	"openat(*, bar/file, O_RDONLY|O_NOFOLLOW)",
	"openat(*, bar, O_PATH)",
	"openat(*, l, O_PATH|O_NOFOLLOW)",
	"openat(*, bar/new, O_RDWR|O_CREAT, 0600)",
	"openat(*, l, O_RDWR|O_CREAT, 0600)",
	"openat(*, new, O_RDWR|O_CREAT|O_EXCL, 0600)",
	"openat(*, p, O_RDWR)",
	"openat(*, p, O_RDONLY)",
	"openat(*, p, O_WRONLY|O_NONBLOCK)",
	"open(/tmp/sandbox/foo/bar)",
	"fstatat(*, bar/..)",
	"chdir(/tmp/sandbox/foo/bar)",
	"fchdir(*)",
	"openat(AT_FDCWD, ..)",
};

static const char *const changes[] = {
	"renameat(*, bar, *, bar)",
	"renameat(foo, bar, sandbox, bar)",
	"renameat(*, bar, *, baz)",
	"renameat(foo, bar/x, sandbox, x)",
	"renameat(*, bar, *, file, RENAME_EXCHANGE)",
	"renameat(*, file, *, new, RENAME_NOREPLACE)",
	"mkdirat(*, bar)",
	"mkdirat(*, bar/new)",
	"mkdirat(*, x)",
	"unlinkat(*, bar, AT_REMOVEDIR)",
	"unlinkat(*, bar/x, AT_REMOVEDIR)",
	"unlinkat(*, file)",
	"unlinkat(*, l)",
	"symlinkat(bar, *, l)",
	"symlinkat(/etc/passwd, *, file)",
	"linkat(*, file, *, new)",
	"mkfifoat(*, p, 0600)",
	"fchmodat(*, bar, 0700)",
	"fchmodat(*, bar, 0)",
};

static const char *const others[] = {
	"close(*)",
	"dup(*)",
	"umask(0)",
	"write(*, secret)",
	"read(*)",
	"umask(077)",
};

/* Each as it could stand in a program: what it uses is made by the first ones. */
static const char *const steps[] = {
	"f = openat(foo, bar, O_RDONLY)",
	"try f = openat(foo, bar/new, O_RDWR|O_CREAT, 0600)",
	"f = openat(foo, file, O_RDWR|O_CREAT, 0600)",
	"try f = openat(foo, p, O_WRONLY)",
	"try f = openat(foo, p, O_RDONLY)",
	"try f = openat(foo, bar/..)",
	"f = openat(foo, bar/..)",
	"f = openat(foo, bar/../bar/.)",
	"try mkdirat(foo, bar)",
	"try mkdirat(foo, bar/new)",
	"try unlinkat(foo, bar, AT_REMOVEDIR)",
	"try renameat(foo, bar, sandbox, bar)",
	"mkfifoat(foo, p, 0600)",
	"umask(0)",
	"umask(077)",
	"try v = fstatat(foo, bar)",
	"try v = fstatat(foo, l)",
	"try chdir(/tmp/sandbox/foo/bar)",
	"try write(f, secret)",
	"try w = read(f)",
	"use(secret)",
	"try close(f)",
	"try fchmodat(foo, bar, 0)",
	"exit()",
};

static const char *const claims[] = {
	"holds(attacker, /etc/passwd)",
	"holds(attacker, /tmp)",
	"holds(attacker, /tmp/sandbox/foo/bar) and not exists(/tmp/sandbox/foo/bar)",
	"exists(/tmp/sandbox/foo/bar/new)",
	"exists(/tmp/secret)",
	"not exists(/tmp/sandbox/foo/bar)",
	"knows(attacker, secret)",
	"contains(/tmp/sandbox/foo/file, secret)",
	"owned(/tmp/sandbox/foo/file, 100)",
	"mode(/tmp/sandbox/foo/new, 066)",
};

static const char *const victim_claims[] = {
	"failed(victim)",
	"failed(victim) and not exists(/tmp/sandbox/foo/bar)",
	"finished(victim) and exists(/tmp/sandbox/foo/bar)",
	"blocked(victim)",
	"used(victim, secret) and holds(attacker, /tmp/sandbox)",
	"used(victim, secret) and not exists(/tmp/sandbox/foo/bar)",
	"not used(victim, secret) and holds(attacker, /tmp/sandbox)",
	"holds(victim, /tmp/sandbox/foo/bar) and not exists(/tmp/sandbox/foo/bar)",
	"killed(victim)",
};

static void
add_properties(struct writer *w, bool victim)
{
	static const char *const names[] = { "union", "root", "call", "rights", "progress" };
	bool any = false;

	for (size_t i = 0; i < PALE_COUNT(names); i++) {
		if (!chance(w, i == 4 ? 6 : 3) && (any || i != 2))
			continue;
		add(w, "property('%s')\n", names[i]);
		any = true;
	}
	for (unsigned i = test_below(w->random, 3); i > 0; i--)
		add(w, "never('%s')\n",
		    victim && chance(w, 2) ? PICK(w, victim_claims) : PICK(w, claims));
}

static void
add_attacker(struct writer *w, bool alone)
{
	unsigned processes = alone ? 1 + test_below(w->random, 3) : 1;
	unsigned calls = processes == 3 ? 1 : 1 + test_below(w->random, 2 + (processes == 1));

	add(w, "compartment attacker {\n\tprocesses('%u')\n\tcalls('%u')\n", processes, calls);
	if (chance(w, 4))
		add(w, "\tuser('100')\n");
	if (chance(w, 4))
		add(w, "\tcwd('/tmp/sandbox/foo')\n");
	add(w, "\topen('foo', '/tmp/sandbox/foo'%s)\n",
	    chance(w, 5) ? ", 'read,lookup,write'" : "");
	add(w, "\topen('sandbox', '/tmp/sandbox'%s)\n",
	    chance(w, 5) ? ", 'lookup,read,mkdirat'" : "");
	add(w, "\tmay('%s', '%s'", PICK(w, lookups), PICK(w, changes));
	for (unsigned i = test_below(w->random, 3); i > 0; i--)
		add(w, ", '%s'",
		    chance(w, 5)       ? PICK(w, others)
			: chance(w, 2) ? PICK(w, lookups)
				       : PICK(w, changes));
	add(w, ")\n}\n");
}

static void
add_victim(struct writer *w)
{
	add(w,
	    "compartment victim {\n\topen('foo', '/tmp/sandbox/foo')\n"
	    "\topen('sandbox', '/tmp/sandbox')\n\tprogram('%s'",
	    PICK(w, steps));
	for (unsigned i = 1 + test_below(w->random, 3); i > 0; i--)
		add(w, ", '%s'", PICK(w, steps));
	add(w, ")\n}\n");
}

void
make_scenario(uint64_t *random, const char *walker, char ret_text[SCENARIO_BYTES])
{
	struct writer w = { .text = ret_text, .random = random };
	bool victim = chance(&w, 3);

	ret_text[0] = '\0';
	add(&w,
	    "directory('/etc')\nfile('/etc/passwd', 'content=secret')\n"
	    "directory('/tmp/sandbox/foo/bar')\n");
	for (size_t i = 0; i < PALE_COUNT(trees); i++)
		add(&w, "%s", trees[i][test_below(random, 3)]);
	if (chance(&w, 4))
		add(&w, "spare(%u)\n", 1 + test_below(random, 2));
	add(&w, "walker('%s')\n",
	    walker != NULL ? walker
			   : pale_walkers[test_below(random, (unsigned)pale_walker_count)]->name);
	add_properties(&w, victim);
	add_attacker(&w, !victim);
	if (victim)
		add_victim(&w);
}
