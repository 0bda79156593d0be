/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps its state in a segment, and believes later what it has written before.
 * Flaw: the segment's mode is 0666: the state that is read back and shown may be another's.
 * CWE-362. 0777: found. 1777: found.
 * Wins: ipc_write before the access of shared/again.
 */
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

int
main(void)
{
	int id = shmget(0x70616c65, 4096, IPC_CREAT | IPC_EXCL | 0666);
	char *state = id < 0 ? (char *)-1 : shmat(id, NULL, 0);

	if (state == (char *)-1)
		return 1;
	strcpy(state, "ready");
	if (access("shared/again", F_OK) == 0)
		puts("once more");
	printf("state: %.60s\n", state);
	return shmctl(id, IPC_RMID, NULL) < 0;
}
