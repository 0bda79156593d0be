/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a file name looks like: one that is another at the next run, or one that tells a version. A
 * guess, and written beside every line that follows from it. Pure.
 */
#ifndef PALE_RUN_LEARN_NAME_H
#define PALE_RUN_LEARN_NAME_H

enum pale_name_kind {
	PALE_NAME_PLAIN,
	PALE_NAME_RANDOM,  /* "tmp.aB3xYz", "git_object_Qx91aZ": an end as mkstemp(3) makes it */
	PALE_NAME_HEX,     /* a hash, or a part of one: 16 and more hexadecimal digits */
	PALE_NAME_UUID,    /* 8-4-4-4-12 hexadecimal digits */
	PALE_NAME_PID,     /* "lock.12345": a number that may be a process */
	PALE_NAME_VERSION, /* "libfoo.so.1.2.3", "python3.11" */
};

/*
 * What the last component of a path looks like. Test: tests/unit/learn_name.c
 */
enum pale_name_kind pale_name_kind(const char *name);

/* "a name made at random"; for comments. */
const char *pale_name_words(enum pale_name_kind kind);

/* Two hexadecimal digits: a directory that hashes are kept in by their first byte. */
int pale_name_is_fan(const char *name);

#endif
