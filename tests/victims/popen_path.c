/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asks a tool who it is, through popen.
 * Flaw: the shell of popen looks for the tool along PATH, and one of its directories is not ours.
 * CWE-426. 0777: found. 1777: found.
 * Wins: plant_exec before newfstatat, with which the shell looks for it; or before its execve.
 */
#include <stdio.h>
#include <stdlib.h>

int
main(void)
{
	char line[64] = "";
	FILE *tool;

	/* As a careless profile sets it. */
	if (setenv("PATH", "shared:/usr/bin:/bin", 1) != 0)
		return 1;
	tool = popen("id -u", "r");
	if (tool == NULL || fgets(line, sizeof(line), tool) == NULL)
		return 1;
	return pclose(tool);
}
