/* SPDX-License-Identifier: BSD-2-Clause */
/* Verbs that are executables of their own. */
#ifndef PALE_CLI_APART_H
#define PALE_CLI_APART_H

/*
 * Become pale-VERB, which lies beside this program. Returns the exit code of a program that is not
 * there, having said so: 3, "could not work", as the verbs that are apart have it.
 */
int pale_cli_apart(const char *verb, int argc, char **argv, char **env);

#endif
