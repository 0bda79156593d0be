/* SPDX-License-Identifier: BSD-2-Clause */
/* What a process is doing, by /proc. */
#ifndef PALE_TESTS_TWIN_LOOK_H
#define PALE_TESTS_TWIN_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A file of /proc/PID as text; false where there is none. */
bool twin_look(pid_t pid, const char *name, char *buf, size_t size);

/* As /proc/PID/stat has it: 'R', 'S', 'Z'; 'Z' also where the process is gone. */
char twin_process_state(pid_t pid);

/* Is it asleep in a call that can wait, other than to read from a descriptor of its own? */
bool twin_is_asleep(pid_t pid, int orders);

#endif
