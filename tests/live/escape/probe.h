/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every table of attempts shares. A file holds one family or a few; an entry is one line,
 *
 *     TRY("absolute", "open a secret", ANYONE, open(out("secret"), O_RDONLY))
 *
 * or, when it needs several calls, ATTEMPT(...) followed by a body. An attempt runs in a child of
 * its own and answers ESCAPED, BROKEN, or the errno that stopped it. An attempt counts for nothing
 * unless the same code gets through without a cage, so each says who can succeed natively, and
 * `escape --engine native` holds it to that.
 */
#ifndef PALE_ESCAPE_PROBE_H
#define PALE_ESCAPE_PROBE_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "world.h"

enum {
	ESCAPED = 0,
	BROKEN = -1,  /* could not be set up; `note` says why */
	SKIPPED = -2, /* cannot be tried in this world; `note` says why */
};

enum kind {
	KIND_ATTEMPT,
	KIND_CONTROL,
	KIND_STATED,
};

/* Who gets through natively. */
#define ANYONE NULL
#define ROOT "root" /* root alone */
#define POWER MAYBE("needs all of root's capabilities, or more of the kernel")
#define MAYBE(why) "maybe " why /* where the kernel has it, or is lax enough */
#define NEVER(why) \
	"never " why /* not tried natively: it would harm the machine, or cannot work here */

struct attempt {
	const char *file; /* where the entry stands: entries run in that order */
	int line;
	enum kind kind;
	bool is_race; /* runs for the number of seconds asked for */
	const char *family;
	const char *sentence;
	const char *native;
	int (*run)(void);
};

#define PROBE_CAT2(a, b) a##b
#define PROBE_CAT(a, b) PROBE_CAT2(a, b)
#define PROBE_ROW(kind_, race_, family_, sentence_, native_) \
	static int PROBE_CAT(run_, __LINE__)(void); \
	static const struct attempt PROBE_CAT(row_, __LINE__) = { __FILE__, __LINE__, kind_, \
		race_, family_, sentence_, native_, PROBE_CAT(run_, __LINE__) }; \
	static const struct attempt *PROBE_CAT(entry_, __LINE__) \
	    __attribute__((used, section("attempts"))) = &PROBE_CAT(row_, __LINE__); \
	static int PROBE_CAT(run_, __LINE__)(void)

#define ATTEMPT(family, sentence, native) PROBE_ROW(KIND_ATTEMPT, false, family, sentence, native)
#define RACE(family, sentence, native) PROBE_ROW(KIND_ATTEMPT, true, family, sentence, native)
#define CONTROL(family, sentence) PROBE_ROW(KIND_CONTROL, false, family, sentence, ANYONE)
/* Any success of the call is an escape. */
#define TRY(family, sentence, native, call) \
	ATTEMPT(family, sentence, native) \
	{ \
		return got((long)(call)); \
	}
/* The same, where endpoints of the kind are not granted: then it is what they need. */
#define UNGRANTED(family, sentence, native, call) \
	ATTEMPT(family, sentence, native) \
	{ \
		return w.doors.given && !is_native ? skipped("it is granted") : got((long)(call)); \
	}
/* Not withheld by the default cage, and said so in the manual: why. Tried natively only. */
#define STATED(family, sentence, why, call) \
	PROBE_ROW(KIND_STATED, false, family, sentence, MAYBE(why)) \
	{ \
		return got((long)(call)); \
	}
/* The call must be refused before the kernel looks at its (harmless, often invalid) arguments. */
#define REFUSE(family, sentence, native, call) \
	ATTEMPT(family, sentence, native) \
	{ \
		return refused((long)(call)); \
	}
#define SIMPLE(family, sentence, condition) \
	CONTROL(family, sentence) \
	{ \
		return holds(condition); \
	}

extern struct world w;            /* as the driver wrote it */
extern const struct board *board; /* counters that the outside keeps, mapped read-only */
extern const char *world_dir;
extern bool is_native;
extern unsigned race_seconds;

/* Verdicts. A control answers 0 for "works" and an errno or BROKEN for "does not". */
int got(long ret);
int refused(long ret);
int holds(bool condition);
int broken(const char *why);
int skipped(const char *why);
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Paths, in a ring of static buffers: good until sixteen more were asked for. */
const char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *in_world(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *out(const char *name);
const char *ro(const char *name);
const char *rw(const char *name);
const char *fd_path(int fd);

/* Small helpers. */
void ignore(long ret);
int make_file(const char *path); /* an own file with a byte in it, closed */
int make_dir(const char *path);
long read_has(int fd, const char *wanted); /* 0 if what can be read holds it */
int wait_child(pid_t pid);                 /* exit status, 128+n, or -1 */
bool ask(char answer[ASK_SIZE], const char *format, ...) __attribute__((format(printf, 2, 3)));
bool grew(const unsigned *counter, unsigned before); /* polls the board for 0.3 s */
double now_s(void);
/* Become root of an own user and mount namespace where that is allowed: natively nearly always. */
void enter_namespace(int more);
long call_int80(long number, long a, long b, long c);

/* True if fd (or the path beneath it) is the outside directory or holds it. */
bool sees_outside(int fd);

#endif
