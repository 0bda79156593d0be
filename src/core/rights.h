/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rights: every right of FreeBSD's capsicum(4) and the Linux additions, one row each in rights.def.
 * Inside pale a set of rights is one 128-bit word indexed by row; the two words of cap_rights_t are
 * made from the rows' index and bit where the outside world wants them.
 */
#ifndef PALE_CORE_RIGHTS_H
#define PALE_CORE_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum pale_right {
#define RIGHT(name, ...) PALE_RIGHT_##name,
#include "core/rights.def"
#undef RIGHT
	PALE_RIGHT_COUNT,
};

/* A set of rights: bit n stands for row n of rights.def. Passed by value. */
typedef unsigned __int128 pale_rights;

#define PALE_RIGHT_BIT(name) ((pale_rights)1 << PALE_RIGHT_##name)

/* RS(LOOKUP, READ): the set of up to eight named rights, as a constant expression. */
#define RS(...) PALE_RS_PICK(__VA_ARGS__, 8, 7, 6, 5, 4, 3, 2, 1)(__VA_ARGS__)
#define PALE_RS_PICK(a, b, c, d, e, f, g, h, n, ...) PALE_RS_GLUE(n)
#define PALE_RS_GLUE(n) PALE_RS_##n
#define PALE_RS_1(a) PALE_RIGHT_BIT(a)
#define PALE_RS_2(a, b) (PALE_RS_1(a) | PALE_RIGHT_BIT(b))
#define PALE_RS_3(a, b, c) (PALE_RS_2(a, b) | PALE_RIGHT_BIT(c))
#define PALE_RS_4(a, b, c, d) (PALE_RS_3(a, b, c) | PALE_RIGHT_BIT(d))
#define PALE_RS_5(a, b, c, d, e) (PALE_RS_4(a, b, c, d) | PALE_RIGHT_BIT(e))
#define PALE_RS_6(a, b, c, d, e, f) (PALE_RS_5(a, b, c, d, e) | PALE_RIGHT_BIT(f))
#define PALE_RS_7(a, b, c, d, e, f, g) (PALE_RS_6(a, b, c, d, e, f) | PALE_RIGHT_BIT(g))
#define PALE_RS_8(a, b, c, d, e, f, g, h) (PALE_RS_7(a, b, c, d, e, f, g) | PALE_RIGHT_BIT(h))

/*
 * What can withhold a right from a path grant of `pale run`, cheapest first. A right that comes
 * with another (WITH) cannot be withheld alone by any mechanism here and is shown as such.
 */
enum pale_right_how {
	PALE_HOW_NEVER,    /* has no meaning for a path grant: asking for it is refused */
	PALE_HOW_WITH,     /* comes with the rights in .with, cannot be withheld from them */
	PALE_HOW_MOUNT,    /* withheld per grant by a mount attribute */
	PALE_HOW_LANDLOCK, /* withheld per grant by Landlock */
	PALE_HOW_ASK,      /* withheld per grant by the supervisor, where the mount is read-only */
	PALE_HOW_SECCOMP,  /* withheld from the whole cage by the call filter, or from nobody */
};

/* Attributes of a grant's mount: what they are set on it takes away. */
enum pale_right_mount {
	PALE_MOUNT_NOTHING,
	PALE_MOUNT_RDONLY, /* set unless the grant holds a right that needs it writable */
	PALE_MOUNT_NOEXEC, /* set unless the grant holds a right that needs it executable */
};

/* LANDLOCK_ACCESS_FS_*, as the kernel numbers them, with the ABI that brought those above 1. */
enum pale_landlock_fs {
	PALE_LL_EXECUTE = 1 << 0,
	PALE_LL_WRITE_FILE = 1 << 1,
	PALE_LL_READ_FILE = 1 << 2,
	PALE_LL_READ_DIR = 1 << 3,
	PALE_LL_REMOVE_DIR = 1 << 4,
	PALE_LL_REMOVE_FILE = 1 << 5,
	PALE_LL_MAKE_CHAR = 1 << 6,
	PALE_LL_MAKE_DIR = 1 << 7,
	PALE_LL_MAKE_REG = 1 << 8,
	PALE_LL_MAKE_SOCK = 1 << 9,
	PALE_LL_MAKE_FIFO = 1 << 10,
	PALE_LL_MAKE_BLOCK = 1 << 11,
	PALE_LL_MAKE_SYM = 1 << 12,
	PALE_LL_REFER = 1 << 13,     /* 2 */
	PALE_LL_TRUNCATE = 1 << 14,  /* 3 */
	PALE_LL_IOCTL_DEV = 1 << 15, /* 5 */
};

enum {
	PALE_RIGHT_NAME_BYTES = 24,
	PALE_RIGHT_MEANING_BYTES = 72,
};

/* A row of rights.def. Its texts lie in it, as those of sys.h do. */
struct pale_right_row {
	char name[PALE_RIGHT_NAME_BYTES]; /* lower case, as people write it: "renameat_source" */
	uint8_t idx;                      /* word of cap_rights_t: 0 or 1 */
	uint64_t bits; /* the bits of that word, without index and version bits */
	char meaning[PALE_RIGHT_MEANING_BYTES]; /* one line */
	enum pale_right_how how;                /* how `run` withholds it from a path grant */
	enum pale_right_mount mount; /* attribute that takes it from every holder of the mount */
	pale_rights with;            /* any of these brings it, whatever .how says */
	pale_rights
	    only_with[2];     /* powerless in a grant that holds nothing of one of these; 0 = all */
	uint64_t landlock;    /* LANDLOCK_ACCESS_FS_* bits that carry it, 0 if none */
	uint8_t landlock_abi; /* Landlock ABI that brought those bits, 0 if none */
};

/* The row of a right; never NULL for right < PALE_RIGHT_COUNT. Borrowed, static. */
const struct pale_right_row *pale_right_row(enum pale_right right);

/* The right of a name, any case, with or without "CAP_"; -ENOENT if there is none. */
int pale_right_find(const char *name, enum pale_right *ret_right);

/*
 * Parse "read,write,lookup"; also the short words "r" "w" "x" (as -r -w -x give) alone or in the
 * list. Empty parts, unknown words: -EINVAL, err names the word and the nearest right.
 */
int pale_rights_parse(const char *text, pale_rights *ret_rights, struct pale_err *err);

/*
 * Print a set as a comma list of names, in row order, "none" for the empty set. Returns the length
 * without the NUL that the whole text needs, as snprintf does.
 */
size_t pale_rights_print(pale_rights rights, char *buf, size_t size);

/* Add what comes with the rights in the set (.with of the rows), until nothing changes. */
pale_rights pale_rights_close(pale_rights rights);

/* Leave out what the others of the set bring anyway: the shortest list that says the same. */
pale_rights pale_rights_essence(pale_rights rights);

/* What -r, -w, -x give, closed: see the presets in rights.c. */
pale_rights pale_rights_preset_read(void);
pale_rights pale_rights_preset_write(void);
pale_rights pale_rights_preset_execute(void);

/* The rights that need a mount without this attribute: a grant that holds none of them gets it. */
pale_rights pale_rights_of_mount(enum pale_right_mount mount);

/* The rights of one way of withholding; and the Landlock bits of a set. */
pale_rights pale_rights_of_how(enum pale_right_how how);
uint64_t pale_rights_landlock(pale_rights rights);

/*
 * The rights that a path grant does not hold and that nothing takes from it all the same.
 *
 *   grant         what the grant holds
 *   cage          what all grants of the cage hold together; the filter withholds the rest
 *   landlock_abi  of the running kernel, 0 for none
 *
 * Not empty: the policy has no exact mechanism here and --strict refuses it, naming these rights.
 *
 * Without Landlock (ABI 0) one thing is no right of a row: a read-only mount does not stop a FIFO
 * from being opened for writing, only Landlock's WRITE_FILE does. A read-only grant has no leak
 * here all the same, and whoever compiles a policy treats ABI 0 by itself (src/run/compile.c).
 * Test: tests/unit/rights.c
 */
pale_rights pale_rights_leak(pale_rights grant, pale_rights cage, unsigned landlock_abi);

/* To and from the two words of FreeBSD's cap_rights_t (version 0, index bits set). -EINVAL if
 * ill-formed. */
void pale_rights_to_words(pale_rights rights, uint64_t words[2]);
int pale_rights_from_words(const uint64_t words[2], pale_rights *ret_rights);

#endif
