/* SPDX-License-Identifier: BSD-2-Clause */
/* What everybody does who stands between a user and a command in a cage. */
#ifndef PALE_CAGE_WAIT_H
#define PALE_CAGE_WAIT_H

#include <signal.h>
#include <stdbool.h>

/*
 * Did a signal reach us and not the command, which is in our process group? Looks at .si_signo and
 * .si_code.
 */
bool pale_wait_is_ours_alone(const siginfo_t *info);

/* Hold no end of the command's pipes: who reads its output is to see the end when it ends. */
void pale_wait_let_go(void);

#endif
