/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The empty root: a small tmpfs in which exactly the nodes of a plan exist. Runs in the process
 * that becomes the command, inside its pid namespace, before the old root goes.
 */
#ifndef PALE_CAGE_ROOT_H
#define PALE_CAGE_ROOT_H

#include "cage/cage.h"

/*
 * Build the root over "/", add each node's Landlock rule to `ruleset` (-1: none) and make it the
 * root of the mount namespace.
 */
int pale_root_build(struct pale_cage *cage, int ruleset, struct pale_err *err);

/* Is "/" itself granted? Then there is no empty root, and no name is missing in it. */
bool pale_root_is_granted(const struct pale_cage *cage);

#endif
