/* SPDX-License-Identifier: BSD-2-Clause */
/* The verb `pale doctor`: what this machine can enforce, and whether `pale run` works here. */
#ifndef PALE_CLI_DOCTOR_H
#define PALE_CLI_DOCTOR_H

/* Arguments without "pale doctor". Returns 0 (works), 2 (usage) or 3 (does not work). */
int pale_cli_doctor(int argc, char **argv, char **env);

#endif
