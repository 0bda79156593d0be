/* SPDX-License-Identifier: BSD-2-Clause */
/* The root that tells of missing names, tested from outside: skeleton.c, on skeleton_cage.c. */
#ifndef PALE_TESTS_LIVE_SKELETON_H
#define PALE_TESTS_LIVE_SKELETON_H

#include <stdbool.h>
#include <sys/wait.h>

/*
 * Run a command in a cage of all kinds of nodes, and return as a shell tells it; 125 for what pale
 * refused, 124 where the root's server ended first. What was heard is appended to a file, a line
 * each.
 */
int run_in_cage(bool told, const char *world, const char *heard_path, char *const *argv);

#endif
