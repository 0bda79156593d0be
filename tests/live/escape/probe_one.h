/* SPDX-License-Identifier: BSD-2-Clause */
/* Single acts of the probe that the driver watches from outside: probe_one.c. */
#ifndef PALE_ESCAPE_PROBE_ONE_H
#define PALE_ESCAPE_PROBE_ONE_H

/*
 * Do the act and print one line: "escaped", or "stopped" and why. Returns the exit status.
 * Acts that leave processes behind print "ready" and hold standard output open for as long as
 * anything of them lives.
 */
int probe_one(const char *name);

#endif
