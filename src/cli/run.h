/* SPDX-License-Identifier: BSD-2-Clause */
/* The verb `pale run`. */
#ifndef PALE_CLI_RUN_H
#define PALE_CLI_RUN_H

/* argv without "pale run"; returns the exit code, or ends by the signal that ended the command. */
int pale_cli_run(int argc, char **argv, char **env);

#endif
